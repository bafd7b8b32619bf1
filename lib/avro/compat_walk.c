/* SPDX-License-Identifier: Apache-2.0 */
/* Which data of a writer can a reader read? The rules, their order and the places are those of Java
 * Avro 1.12's SchemaCompatibility, since registries are judged by it: pairs are remembered by
 * identity, one in progress counts as compatible, and one met again repeats its first places. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"
#include "millrace/hash.h"
#include "schema_model.h"

struct seen {
    uint64_t key;                            /* 0: free */
    const struct mr_compat_outcome *outcome; /* NULL: in progress */
};

struct walk {
    struct mr_arena *arena;
    struct seen *seen;
    size_t cap, n, depth;
    struct mr_compat_fault stop; /* what ends the whole comparison at once */
};

/* A pair of types, and where the reader's stands. */
struct both {
    const struct mr_schema_node *reader, *writer;
    const struct mr_compat_place *at;
};

static const struct mr_compat_outcome compatible;

static int pair(struct walk *w, const struct both *b, const struct mr_compat_outcome **ret);

static struct seen *find(struct seen *table, size_t cap, uint64_t key)
{
    size_t i = (size_t)mr_hash64(&key, sizeof(key), 0) & (cap - 1);

    while (table[i].key != 0 && table[i].key != key)
        i = (i + 1) & (cap - 1);
    return &table[i];
}

static int make_room(struct walk *w)
{
    if (w->n == MR_COMPAT_MAX_PAIRS)
        return MR_FULL;
    if (w->n < w->cap / 4 * 3)
        return 0;
    size_t cap = w->cap ? w->cap * 2 : 256;
    struct seen *table = calloc(cap, sizeof(*table));
    if (!table)
        return -ENOMEM;
    for (size_t i = 0; i < w->cap; i++)
        if (w->seen[i].key != 0)
            *find(table, cap, w->seen[i].key) = w->seen[i];
    free(w->seen);
    w->seen = table;
    w->cap = cap;
    return 0;
}

static int add(struct walk *w, struct mr_compat_outcome *out, struct mr_compat_item item)
{
    struct mr_compat_item *copy = mr_arena_alloc(w->arena, sizeof(*copy));

    if (!copy)
        return -ENOMEM;
    *copy = item;
    if (out->last)
        out->last->next = copy;
    else
        out->first = copy;
    out->last = copy;
    return 0;
}

static int fault(struct walk *w, struct mr_compat_outcome *out, enum mr_finding_type type,
                 const struct both *b, const struct mr_schema_field *field)
{
    return add(w, out,
               (struct mr_compat_item){.fault = {type, b->reader, b->writer, b->at, field}});
}

/* One step further down from b; lives as long as the walk, since faults point to it. */
static struct mr_compat_place *step(struct walk *w, const struct both *b, const char *word)
{
    struct mr_compat_place *at = mr_arena_alloc(w->arena, sizeof(*at));

    if (at)
        *at = (struct mr_compat_place){.up = b->at, .word = word};
    return at;
}

static struct mr_compat_place *step_index(struct walk *w, const struct both *b, size_t index)
{
    struct mr_compat_place *at = step(w, b, NULL);

    if (at)
        at->index = index;
    return at;
}

/* A fault one step down, under the given word. */
static int fault_at(struct walk *w, struct mr_compat_outcome *out, enum mr_finding_type type,
                    const struct both *b, const char *word)
{
    struct both below = {b->reader, b->writer, step(w, b, word)};

    return below.at ? fault(w, out, type, &below, NULL) : -ENOMEM;
}

static int part(struct walk *w, struct mr_compat_outcome *out, struct both below)
{
    const struct mr_compat_outcome *inner;
    int r = below.at ? pair(w, &below, &inner) : -ENOMEM;

    return r == 0 && inner->first ? add(w, out, (struct mr_compat_item){.part = inner}) : r;
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
        return part(w, out, (struct both){field->type, match->type, step(w, b, "type")});
    if (field->default_value)
        return 0;
    if (field->type->type == MR_AVRO_ENUM && field->type->default_symbol >= 0) /* as Java does */
        return part(w, out, (struct both){field->type, b->writer, step(w, b, "type")});
    return fault(w, out, MR_READER_FIELD_MISSING_DEFAULT_VALUE, b, field);
}

static int check_record(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    struct both fields = {b->reader, b->writer, step(w, b, "fields")};
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
        r = pair(w, &branch, &inner);
        if (r != 0 || !inner->first)
            continue;
        branch.at = step_index(w, b, i);
        r = branch.at ? fault(w, out, MR_MISSING_UNION_BRANCH, &branch, NULL) : -ENOMEM;
    }
    return r;
}

static int check_items(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    const char *word = b->reader->type == MR_AVRO_ARRAY ? "items" : "values";

    return part(w, out, (struct both){b->reader->items, b->writer->items, step(w, b, word)});
}

static int from_union(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < b->writer->n_branches; i++)
        r = part(w, out, (struct both){b->reader, b->writer->branches[i], step_index(w, b, i)});
    return r;
}

static int into_union(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
{
    for (size_t i = 0; i < b->reader->n_branches; i++) {
        const struct mr_compat_outcome *inner;
        int r = pair(w, &(struct both){b->reader->branches[i], b->writer, NULL}, &inner);
        if (r != 0 || !inner->first)
            return r;
    }
    return fault(w, out, MR_MISSING_UNION_BRANCH, b, NULL);
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
    return fault(w, out, MR_TYPE_MISMATCH, b, NULL);
}

static int judge(struct walk *w, struct mr_compat_outcome *out, const struct both *b)
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

static int pair(struct walk *w, const struct both *b, const struct mr_compat_outcome **ret)
{
    uint64_t key = ((uint64_t)b->reader->index << 32 | b->writer->index) + 1;
    int r = make_room(w);

    if (r != 0)
        return r;
    struct seen *slot = find(w->seen, w->cap, key);
    if (slot->key == key) {
        *ret = slot->outcome ? slot->outcome : &compatible;
        return 0;
    }
    if (w->depth == MR_COMPAT_MAX_DEPTH)
        return MR_FULL;
    struct mr_compat_outcome *out = mr_arena_alloc(w->arena, sizeof(*out));
    if (!out)
        return -ENOMEM;
    *slot = (struct seen){.key = key};
    w->n++;
    w->depth++;
    r = judge(w, out, b);
    w->depth--;
    find(w->seen, w->cap, key)->outcome = out; /* the table may have moved */
    *ret = out;
    return r;
}

int mr_schema_compatible(const struct mr_schema *reader, const struct mr_schema *writer,
                         struct mr_findings *findings)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct both roots = {mr_schema_root(reader), mr_schema_root(writer), NULL};
    const struct mr_compat_outcome *whole;
    int r = mr_arena_new(0, &arena);

    if (r != 0)
        return r;
    struct walk w = {.arena = arena};
    r = pair(&w, &roots, &whole);
    free(w.seen);
    if (r == MR_END) {
        struct mr_compat_item only = {.fault = w.stop};
        return mr_compat_list(&(struct mr_compat_outcome){&only, &only}, findings);
    }
    return r == 0 ? mr_compat_list(whole, findings) : r;
}
