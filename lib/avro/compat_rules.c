/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a reader fail on a writer's data. The rules and their order are those of Java Avro
 * 1.12's SchemaCompatibility. */
#include <errno.h>
#include <string.h>

#include "compat_pairs.h"

static struct mr_compat_place *step_index(struct walk *w, const struct both *b, size_t index)
{
    struct mr_compat_place *at = mr_compat_step(w, b, NULL);

    if (at)
        at->index = index;
    return at;
}

/* A fault one step down, under the given word. */
static int fault_at(struct walk *w, struct mr_compat_outcome *out, enum mr_finding_type type,
                    const struct both *b, const char *word)
{
    struct both below = {b->reader, b->writer, mr_compat_step(w, b, word)};

    return below.at ? mr_compat_add_fault(w, out, type, &below, NULL) : -ENOMEM;
}

/* An alias without namespace, given to a type that has one, is ".Name" for Java and fits nothing.
 */
static bool same_name(const struct mr_schema_node *reader, const struct mr_schema_node *writer)
{
    if (strcmp(reader->name, writer->name) == 0)
        return true;
    for (size_t i = 0; i < reader->n_aliases; i++)
        if (strcmp(reader->aliases[i], writer->fullname) == 0)
            return !*reader->space || strchr(reader->aliases[i], '.');
    return false;
}

static int check_name(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    return same_name(b->reader, b->writer) ? 0 : fault_at(w, out, MR_NAME_MISMATCH, b, "name");
}

static int check_fixed(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    int r = check_name(w, out, b);

    if (r != 0 || b->reader->fixed_size == b->writer->fixed_size)
        return r;
    return fault_at(w, out, MR_FIXED_SIZE_MISMATCH, b, "size");
}

static int check_enum(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    const struct mr_schema_node *writer = b->writer;
    int r = check_name(w, out, b);
    size_t i = 0;

    if (r != 0 || b->reader->default_symbol >= 0)
        return r;
    while (i < writer->n_symbols &&
           mr_schema_symbol_find(b->reader, mr_str_from(writer->symbols[i])) >= 0)
        i++;
    return i == writer->n_symbols ? 0 : fault_at(w, out, MR_MISSING_ENUM_SYMBOLS, b, "symbols");
}

/* By name and by aliases; the number of hits: two also when an alias is the name again. */
static size_t writer_fields(const struct mr_schema_node *writer,
                            const struct mr_schema_field *field,
                            const struct mr_schema_field **ret_field)
{
    const struct mr_schema_field *hit = mr_schema_field_find(writer, mr_str_from(field->name));
    size_t n = hit != NULL;

    *ret_field = hit;
    for (size_t i = 0; i < field->n_aliases; i++) {
        hit = mr_schema_field_find(writer, mr_str_from(field->aliases[i]));
        if (hit) {
            *ret_field = hit;
            n++;
        }
    }
    return n;
}

/* Java throws here, which ends the whole comparison: as the only finding. */
static int ambiguous(struct walk *w, const struct both *b, const struct mr_schema_field *field)
{
    w->stop =
        (struct mr_compat_fault){MR_AMBIGUOUS_READER_FIELD, b->reader, b->writer, b->at, field};
    return MR_END;
}

static int check_field(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    const struct mr_schema_field *field = b->at->field, *match;
    size_t n = writer_fields(b->writer, field, &match);

    if (n > 1)
        return ambiguous(w, b, field);
    if (n == 1)
        return mr_compat_add_part(
            w, out, (struct both){field->type, match->type, mr_compat_step(w, b, "type")});
    if (field->default_value)
        return 0;
    if (field->type->type == MR_AVRO_ENUM && field->type->default_symbol >= 0) /* as Java does */
        return mr_compat_add_part(
            w, out, (struct both){field->type, b->writer, mr_compat_step(w, b, "type")});
    return mr_compat_add_fault(w, out, MR_READER_FIELD_MISSING_DEFAULT_VALUE, b, field);
}

static int check_record(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    struct both fields = {b->reader, b->writer, mr_compat_step(w, b, "fields")};
    int r = fields.at ? check_name(w, out, b) : -ENOMEM;

    for (size_t i = 0; r == 0 && i < b->reader->n_fields; i++) {
        struct mr_compat_place *at = step_index(w, &fields, i);
        if (!at)
            return -ENOMEM;
        at->field = &b->reader->fields[i];
        r = check_field(w, out, &(struct both){b->reader, b->writer, at});
    }
    return r;
}

/* A union reads a union when it reads each branch; what is wrong inside a branch is not told. */
static int check_unions(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    const struct mr_compat_outcome *inner;
    int r = 0;

    for (size_t i = 0; r == 0 && i < b->writer->n_branches; i++) {
        struct both branch = {b->reader, b->writer->branches[i], NULL};
        r = mr_compat_pair(w, &branch, &inner);
        if (r != 0 || !inner->first)
            continue;
        branch.at = step_index(w, b, i);
        r = branch.at ? mr_compat_add_fault(w, out, MR_MISSING_UNION_BRANCH, &branch, NULL)
                      : -ENOMEM;
    }
    return r;
}

static int check_items(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    const char *word = b->reader->type == MR_AVRO_ARRAY ? "items" : "values";

    return mr_compat_add_part(
        w, out, (struct both){b->reader->items, b->writer->items, mr_compat_step(w, b, word)});
}

static int from_union(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < b->writer->n_branches; i++)
        r = mr_compat_add_part(
            w, out, (struct both){b->reader, b->writer->branches[i], step_index(w, b, i)});
    return r;
}

static int into_union(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    for (size_t i = 0; i < b->reader->n_branches; i++) {
        const struct mr_compat_outcome *inner;
        int r = mr_compat_pair(w, &(struct both){b->reader->branches[i], b->writer, NULL}, &inner);
        if (r != 0 || !inner->first)
            return r;
    }
    return mr_compat_add_fault(w, out, MR_MISSING_UNION_BRANCH, b, NULL);
}

#define FROM(type) (1u << MR_AVRO_##type)

static int different(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    static const unsigned promotes[MR_AVRO_FIXED + 1] = {
        [MR_AVRO_LONG] = FROM(INT),
        [MR_AVRO_FLOAT] = FROM(INT) | FROM(LONG),
        [MR_AVRO_DOUBLE] = FROM(INT) | FROM(LONG) | FROM(FLOAT),
        [MR_AVRO_BYTES] = FROM(STRING),
        [MR_AVRO_STRING] = FROM(BYTES),
    };

    if (b->writer->type == MR_AVRO_UNION)
        return from_union(w, out, b);
    if (b->reader->type == MR_AVRO_UNION)
        return into_union(w, out, b);
    if (promotes[b->reader->type] & 1u << b->writer->type)
        return 0;
    return mr_compat_add_fault(w, out, MR_TYPE_MISMATCH, b, NULL);
}

int mr_compat_judge(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    static int (*const same[MR_AVRO_FIXED + 1])(struct walk *, struct mr_compat_outcome *,
                                                const struct both *) = {
        [MR_AVRO_ARRAY] = check_items,  [MR_AVRO_MAP] = check_items,
        [MR_AVRO_FIXED] = check_fixed,  [MR_AVRO_RECORD] = check_record,
        [MR_AVRO_UNION] = check_unions, [MR_AVRO_ENUM] = check_enum,
    };

    if (b->reader->type != b->writer->type)
        return different(w, out, b);
    return same[b->reader->type] ? same[b->reader->type](w, out, b) : 0;
}
