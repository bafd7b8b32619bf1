/* SPDX-License-Identifier: Apache-2.0 */
/* From schema nodes to shapes. */
#include "shape.h"

#include <jansson.h>

static int shape_of(struct shapes *shapes, const struct mr_schema_node *node,
                    const struct json_t *field_props, const struct shape **ret_shape,
                    struct mr_error *reterr);

enum shape_op shape_op_of(const struct mr_schema_node *node, bool raw)
{
    bool bytes = node->type == MR_AVRO_BYTES;

    switch (raw ? MR_LOGICAL_NONE : node->logical) {
    case MR_LOGICAL_DECIMAL:
        return SHAPE_DECIMAL;
    case MR_LOGICAL_BIG_DECIMAL:
        return bytes ? SHAPE_BIG_DECIMAL : SHAPE_FIXED;
    case MR_LOGICAL_UUID:
        return node->type == MR_AVRO_STRING ? SHAPE_UUID : SHAPE_UUID_FIXED;
    case MR_LOGICAL_DURATION:
        return SHAPE_DURATION;
    case MR_LOGICAL_DATE:
    case MR_LOGICAL_TIME_MILLIS:
    case MR_LOGICAL_TIME_MICROS:
    case MR_LOGICAL_TIMESTAMP_MILLIS:
    case MR_LOGICAL_TIMESTAMP_MICROS:
    case MR_LOGICAL_TIMESTAMP_NANOS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_MICROS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_NANOS:
        return SHAPE_TIME;
    case MR_LOGICAL_NONE:
        break;
    }
    if (node->type == MR_AVRO_UNION && node->n_branches == 2 &&
        (node->branches[0]->type == MR_AVRO_NULL || node->branches[1]->type == MR_AVRO_NULL))
        return SHAPE_NULLABLE;
    return (enum shape_op)node->type;
}

static int add_rules(struct shapes *shapes, struct shape *shape, const struct json_t *field_props,
                     struct mr_error *reterr)
{
    struct constraint *rules;

    if (shapes->options.no_constraints)
        return 0;
    int r = constraint_new(shape->node, field_props, shapes->arena, &rules, reterr);
    if (r != 0 || !rules)
        return r;
    shape->rules = rules;
    if (shapes->n_rules == shapes->cap_rules) {
        size_t cap = shapes->cap_rules ? shapes->cap_rules * 2 : 16;
        struct constraint **grown = mr_arena_array(shapes->arena, cap, sizeof(struct constraint *));
        if (!grown) {
            constraint_done(rules);
            return -ENOMEM;
        }
        if (shapes->n_rules > 0)
            memcpy(grown, shapes->rules, shapes->n_rules * sizeof(struct constraint *));
        shapes->rules = grown;
        shapes->cap_rules = cap;
    }
    shapes->rules[shapes->n_rules++] = rules;
    if (rules->format == FORMAT_UUID && shape->op == SHAPE_STRING) {
        shape->op = SHAPE_UUID; /* which checks it, and writes it in lower case */
        rules->format = FORMAT_NONE;
    }
    return 0;
}

/* Code points are at most the bytes and at least a quarter of them. */
static void set_plain(struct shape *shape)
{
    const struct constraint *rules = shape->rules;

    shape->plain_least = SIZE_MAX;
    if (shape->op != SHAPE_STRING)
        return;
    if (rules &&
        (rules->pattern || rules->format != FORMAT_NONE || rules->min_length > SIZE_MAX / 4))
        return;
    shape->plain_least = !rules                   ? 0
                         : rules->min_length <= 1 ? rules->min_length
                                                  : rules->min_length * 4;
    shape->plain_most = rules ? rules->max_length : SIZE_MAX;
}

/* Tokens are compared eight bytes at a time: the copy is padded. */
static int set_name(struct shapes *shapes, struct shape_field *field, const char *name)
{
    enum { WORD = 8 };
    size_t len = strlen(name);
    char *token = mr_arena_alloc(shapes->arena, len + 2 + WORD);

    if (!token)
        return -ENOMEM;
    token[0] = '"';
    memcpy(token + 1, name, len);
    token[len + 1] = '"';
    field->token = (struct mr_str){token, len + 2};
    if (strpbrk(name, "\"\\"))
        field->token.len = SIZE_MAX; /* a lenient name that JSON escapes: never found this way */
    field->name = (struct mr_str){token + 1, len};
    return 0;
}

static bool takes_null(const struct shape *shape)
{
    if (shape->op == SHAPE_UNION)
        for (size_t i = 0; i < shape->node->n_branches; i++)
            if (shape->node->branches[i]->type == MR_AVRO_NULL)
                return true;
    return shape->op == SHAPE_NULL || shape->op == SHAPE_NULLABLE || shape->json_text;
}

static int add_fields(struct shapes *shapes, struct shape *shape, struct mr_error *reterr)
{
    size_t n = shape->node->n_fields;
    struct shape_field *fields = mr_arena_array(shapes->arena, n, sizeof(*fields));
    struct mr_str_map *names = mr_arena_alloc(shapes->arena, sizeof(*names));
    int r = 0;

    if (!fields || !names)
        return -ENOMEM;
    shape->fields = fields;
    shape->names = names;
    for (size_t i = 0; i < n; i++) {
        const struct mr_schema_field *from = &shape->node->fields[i];
        if ((r = set_name(shapes, &fields[i], from->name)) != 0)
            return r;
        r = shape_of(shapes, from->type, from->props, &fields[i].shape, reterr);
        if (r != 0) {
            if (r == MR_INVALID)
                mr_error_at(reterr, from->name, strlen(from->name));
            return r;
        }
        r = mr_str_map_add(names, shapes->arena, fields[i].name, &fields[i]);
        if (r < 0)
            return r;
        fields[i].null_is_absent = from->default_value && !takes_null(fields[i].shape);
    }
    return 0;
}

static int add_symbols(struct shapes *shapes, struct shape *shape)
{
    struct mr_str_map *names = mr_arena_alloc(shapes->arena, sizeof(*names));

    if (!names)
        return -ENOMEM;
    shape->names = names;
    for (size_t i = 0; i < shape->node->n_symbols; i++) {
        int r = mr_str_map_add(names, shapes->arena, mr_str_from(shape->node->symbols[i]),
                               (void *)(uintptr_t)(i + 1));
        if (r < 0)
            return r;
    }
    return 0;
}

static int add_branches(struct shapes *shapes, struct shape *shape,
                        const struct json_t *field_props, struct mr_error *reterr)
{
    const struct mr_schema_node *node = shape->node;
    const struct shape **branches =
        mr_arena_array(shapes->arena, node->n_branches, sizeof(*branches));
    int r = branches ? 0 : -ENOMEM;

    shape->branches = branches;
    for (size_t i = 0; r == 0 && i < node->n_branches; i++)
        r = shape_of(shapes, node->branches[i], field_props, &branches[i], reterr);
    if (r == 0 && shape->op == SHAPE_NULLABLE) {
        shape->null_first = node->branches[0]->type == MR_AVRO_NULL;
        shape->item = branches[shape->null_first ? 1 : 0];
    }
    return r != 0 ? r : shape_union_choices(shapes, shape);
}

static int fill(struct shapes *shapes, struct shape *shape, const struct json_t *field_props,
                struct mr_error *reterr)
{
    const struct mr_schema_node *node = shape->node;
    const struct json_t *text =
        node->type == MR_AVRO_STRING ? json_object_get(node->props, "x-json-text") : NULL;

    if (node->type == MR_AVRO_STRING && !text)
        text = json_object_get(field_props, "x-json-text");
    shape->op = shape_op_of(node, shapes->options.raw_logical || shapes->options.avro_json);
    shape->json_text =
        json_is_true(text) && shape->op == SHAPE_STRING && !shapes->options.avro_json;
    shape->is_int = node->type == MR_AVRO_INT;
    int r = add_rules(shapes, shape, field_props, reterr);
    if (r != 0)
        return r;
    set_plain(shape);
    if (node->type == MR_AVRO_RECORD)
        return add_fields(shapes, shape, reterr);
    if (node->type == MR_AVRO_ENUM)
        return add_symbols(shapes, shape);
    if (node->type == MR_AVRO_UNION)
        return add_branches(shapes, shape, field_props, reterr);
    if (node->items)
        return shape_of(shapes, node->items, NULL, &shape->item, reterr);
    return 0;
}

/* Keywords of a field make a shape of its own; all other mentions of a type share one, which also
 * closes the circle of recursive types. Records take no keywords. */
static int shape_of(struct shapes *shapes, const struct mr_schema_node *node,
                    const struct json_t *field_props, const struct shape **ret_shape,
                    struct mr_error *reterr)
{
    bool own = node->type != MR_AVRO_RECORD &&
               (constraint_any(field_props) || json_object_get(field_props, "x-json-text"));

    if (!own && shapes->plain[node->index]) {
        *ret_shape = shapes->plain[node->index];
        return 0;
    }
    struct shape *shape = mr_arena_alloc(shapes->arena, sizeof(*shape));
    if (!shape)
        return -ENOMEM;
    shape->node = node;
    if (!own)
        shapes->plain[node->index] = shape;
    *ret_shape = shape;
    return fill(shapes, shape, own ? field_props : NULL, reterr);
}

static int make_shapes(struct mr_schema *schema, const struct mr_schema_node *node,
                       const struct mr_json_options *options, bool for_defaults,
                       struct shapes **ret_shapes, const struct shape **ret_root,
                       struct mr_error *reterr)
{
    MR_AUTO(shapes) struct shapes *shapes = calloc(1, sizeof(*shapes));

    if (!shapes)
        return -ENOMEM;
    shapes->schema = mr_schema_ref(schema);
    shapes->for_defaults = for_defaults;
    if (options)
        shapes->options = *options;
    int r = mr_arena_new(0, &shapes->arena);
    if (r != 0)
        return r;
    shapes->plain =
        mr_arena_array(shapes->arena, mr_schema_n_nodes(schema), sizeof(struct shape *));
    if (!shapes->plain)
        return -ENOMEM;
    node = node ? node : mr_schema_root(schema);
    if ((r = shape_of(shapes, node, NULL, ret_root, reterr)) != 0)
        return r;
    if ((r = shapes_add_defaults(shapes, node, reterr)) != 0)
        return r;
    *ret_shapes = MR_MOVE(shapes);
    return 0;
}

int shapes_new(struct mr_schema *schema, const struct mr_schema_node *node,
               const struct mr_json_options *options, struct shapes **ret_shapes,
               const struct shape **ret_root, struct mr_error *reterr)
{
    return make_shapes(schema, node, options, false, ret_shapes, ret_root, reterr);
}

int shapes_for_defaults(struct mr_schema *schema, const struct mr_schema_node *node,
                        struct shapes **ret_shapes, struct mr_error *reterr)
{
    const struct mr_json_options plain = {
        .raw_logical = true, .no_constraints = true, .allow_nul = true};
    const struct shape *root;

    return make_shapes(schema, node, &plain, true, ret_shapes, &root, reterr);
}

struct shapes *shapes_free(struct shapes *shapes)
{
    if (shapes) {
        for (size_t i = 0; i < shapes->n_rules; i++)
            constraint_done(shapes->rules[i]);
        (void)mr_arena_free(shapes->arena);
        (void)mr_schema_unref(shapes->schema);
        free(shapes);
    }
    return NULL;
}
