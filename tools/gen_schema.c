/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the schema of every topic, gives its records and enums a C name each, and every field its C
 * type as millrace/record.h has it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gen.h"

void gen_mistake(struct gen *gen, const struct gen_topic *topic, unsigned line, unsigned column,
                 const char *fmt, ...)
{
    va_list args;

    (void)fprintf(stderr, "%s:%u:%u: ", topic->path, line ? line : 1, column ? column : 1);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputc('\n', stderr);
    gen->n_mistakes++;
}

const struct gen_type *gen_find_type(const struct gen_topic *topic,
                                     const struct mr_schema_node *node)
{
    for (size_t i = 0; i < topic->n_types; i++)
        if (topic->types[i].node == node)
            return &topic->types[i];
    return NULL;
}

/* The event's own struct is the topic's; the others are the topic's with what their name adds to
 * the event's: OrderCreatedEventItem -> ..._item. */
static const char *make_tag(struct gen *gen, const struct gen_topic *topic,
                            const struct mr_schema_node *node)
{
    const struct mr_schema_node *root = mr_schema_root(topic->schema);
    const char *rest = node->name;
    size_t len = strlen(root->name);

    if (node == root)
        return topic->id;
    if (strncmp(rest, root->name, len) == 0 && rest[len] != '\0')
        rest += len;
    return gen_printf(gen, "%s_%s", topic->id, gen_snake(gen, rest, false));
}

static void add_type(struct gen *gen, struct gen_topic *topic, const struct mr_schema_node *node)
{
    const char *tag = make_tag(gen, topic, node);

    for (size_t i = 0; i < topic->n_types; i++)
        if (strcmp(topic->types[i].tag, tag) == 0)
            gen_mistake(gen, topic, node->line, node->column,
                        "'%s' and '%s' would both be '%s' in C: rename one", node->fullname,
                        topic->types[i].node->fullname, tag);
    topic->types[topic->n_types++] = (struct gen_type){node, tag};
}

/* Depth first: a struct stands after those it holds. `open` marks the records on the way down. A
 * record within itself is fine behind an array's pointer, where its struct need only be declared.
 */
static void collect(struct gen *gen, struct gen_topic *topic, const struct mr_schema_node *node,
                    bool *open)
{
    if (gen_find_type(topic, node) || open[node->index])
        return;
    open[node->index] = true;
    for (size_t i = 0; i < node->n_fields; i++)
        collect(gen, topic, node->fields[i].type, open);
    for (size_t i = 0; i < node->n_branches; i++)
        collect(gen, topic, node->branches[i], open);
    if (node->items)
        collect(gen, topic, node->items, open);
    if (node->type == MR_AVRO_RECORD || node->type == MR_AVRO_ENUM)
        add_type(gen, topic, node);
}

static enum mr_field_kind plain_kind(const struct mr_schema_node *node)
{
    static const enum mr_field_kind kinds[] = {
        [MR_AVRO_BOOLEAN] = MR_FIELD_BOOL,  [MR_AVRO_INT] = MR_FIELD_INT,
        [MR_AVRO_LONG] = MR_FIELD_LONG,     [MR_AVRO_FLOAT] = MR_FIELD_FLOAT,
        [MR_AVRO_DOUBLE] = MR_FIELD_DOUBLE, [MR_AVRO_BYTES] = MR_FIELD_BYTES,
        [MR_AVRO_STRING] = MR_FIELD_STRING, [MR_AVRO_RECORD] = MR_FIELD_RECORD,
        [MR_AVRO_ENUM] = MR_FIELD_ENUM,     [MR_AVRO_ARRAY] = MR_FIELD_ARRAY,
        [MR_AVRO_MAP] = MR_FIELD_MAP,       [MR_AVRO_FIXED] = MR_FIELD_FIXED,
    };

    return node->logical == MR_LOGICAL_DECIMAL ? MR_FIELD_DECIMAL : kinds[node->type];
}

static const char *plain_type(struct gen *gen, const struct gen_topic *topic,
                              const struct mr_schema_node *node, const struct gen_type **ret_record)
{
    static const char *const types[] = {
        [MR_FIELD_BOOL] = "bool",
        [MR_FIELD_INT] = "int32_t",
        [MR_FIELD_LONG] = "int64_t",
        [MR_FIELD_FLOAT] = "float",
        [MR_FIELD_DOUBLE] = "double",
        [MR_FIELD_STRING] = "struct mr_str",
        [MR_FIELD_BYTES] = "struct mr_bytes",
        [MR_FIELD_FIXED] = "struct mr_bytes",
        [MR_FIELD_DECIMAL] = "struct mr_decimal",
    };
    enum mr_field_kind kind = plain_kind(node);
    const struct gen_type *named = gen_find_type(topic, node);

    if (kind == MR_FIELD_RECORD)
        *ret_record = named;
    if (named)
        return gen_printf(gen, "%s %s", kind == MR_FIELD_ENUM ? "enum" : "struct", named->tag);
    return types[kind];
}

/* The branch beside null; NULL when the union is of another shape. */
static const struct mr_schema_node *not_null(const struct mr_schema_node *node)
{
    const struct mr_schema_node *const *branches = node->branches;

    if (node->n_branches == 1 && branches[0]->type != MR_AVRO_NULL)
        return branches[0];
    if (node->n_branches != 2 ||
        (branches[0]->type == MR_AVRO_NULL) == (branches[1]->type == MR_AVRO_NULL))
        return NULL;
    return branches[0]->type == MR_AVRO_NULL ? branches[1] : branches[0];
}

static bool read_items(struct gen *gen, const struct gen_topic *topic,
                       const struct mr_schema_field *field, const struct mr_schema_node *node,
                       struct gen_member *member)
{
    const struct mr_schema_node *item = node->items;
    enum mr_avro_type type = item->type;

    if (type == MR_AVRO_UNION || type == MR_AVRO_NULL || type == MR_AVRO_ARRAY ||
        type == MR_AVRO_MAP) {
        gen_mistake(gen, topic, item->line, item->column,
                    "field '%s': items of type %s have no form in C: wrap them in a record",
                    field->name, mr_avro_type_name(type));
        return false;
    }
    member->item = plain_kind(item);
    member->type = plain_type(gen, topic, item, &member->record);
    if (node->type == MR_AVRO_ARRAY)
        return true;
    if (member->item == MR_FIELD_STRING)
        member->type = "struct mr_pair_str";
    else if (member->item == MR_FIELD_LONG)
        member->type = "struct mr_pair_long";
    else if (member->item == MR_FIELD_DOUBLE)
        member->type = "struct mr_pair_double";
    else
        gen_mistake(
            gen, topic, item->line, item->column,
            "field '%s': a map's values can be string, long or double: use an array of records",
            field->name);
    return true;
}

bool gen_member(struct gen *gen, const struct gen_topic *topic, const struct mr_schema_field *field,
                struct gen_member *ret_member)
{
    const struct mr_schema_node *node = field->type;

    *ret_member =
        (struct gen_member){.name = gen_member_name(gen, field->name), .schema_name = field->name};
    if (node->type == MR_AVRO_UNION) {
        ret_member->nullable = node->n_branches == 2;
        node = not_null(node);
    }
    if (!node || node->type == MR_AVRO_NULL) {
        gen_mistake(gen, topic, field->line, field->column,
                    "field '%s': only a union of null and one other type has a form in C",
                    field->name);
        return false;
    }
    ret_member->kind = plain_kind(node);
    ret_member->item = ret_member->kind;
    if (node->type == MR_AVRO_ARRAY || node->type == MR_AVRO_MAP)
        return read_items(gen, topic, field, node, ret_member);
    ret_member->type = plain_type(gen, topic, node, &ret_member->record);
    return true;
}

static void load_topic(struct gen *gen, struct gen_topic *topic)
{
    struct mr_error error = MR_ERROR_INIT;
    int r = mr_schema_parse(topic->topic->schema_text, topic->topic->schema_len, NULL,
                            &topic->schema, &error);

    if (r != 0) {
        gen->no_memory |= r < 0;
        gen_mistake(gen, topic, error.line, error.column, "%s%s%s", error.where,
                    error.where[0] ? ": " : "", error.text);
        return;
    }
    size_t n_nodes = mr_schema_n_nodes(topic->schema);
    bool *open = mr_arena_array(gen->arena, n_nodes, sizeof(*open));
    topic->types = mr_arena_array(gen->arena, n_nodes, sizeof(*topic->types));
    if (!open || !topic->types) {
        gen->no_memory = true;
        return;
    }
    collect(gen, topic, mr_schema_root(topic->schema), open);
    gen_check(gen, topic);
}

void gen_load(struct gen *gen)
{
    const struct mr_catalog *catalog = gen->catalog;

    gen->topics = mr_arena_array(gen->arena, catalog->n_topics + 1, sizeof(*gen->topics));
    gen->no_memory |= !gen->topics;
    for (size_t i = 0; i < catalog->n_topics && !gen->no_memory; i++) {
        if (catalog->topics[i].dead_letter)
            continue;
        struct gen_topic *topic = &gen->topics[gen->n_topics++];
        topic->topic = &catalog->topics[i];
        topic->id = gen_identifier(gen, catalog->topics[i].name);
        topic->path = gen_printf(gen, "%s/%s", gen->schema_dir, catalog->topics[i].schema_path);
        load_topic(gen, topic);
    }
}

void gen_done(struct gen *gen)
{
    gen->sagas = mr_sagas_free(gen->sagas);
    for (size_t i = 0; i < gen->n_topics; i++)
        gen->topics[i].schema = mr_schema_unref(gen->topics[i].schema);
}
