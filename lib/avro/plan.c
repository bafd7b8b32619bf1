/* SPDX-License-Identifier: Apache-2.0 */
/* Building plans: each pair of types once, so that recursive types close their circle. */
#include "plan.h"

#include <jansson.h>

#include "millrace/hash.h"

struct plan_slot {
    struct plan_key key;
    struct plan *plan; /* NULL: free */
};

static struct plan_slot *find_slot(struct plan_slot *slots, size_t cap, const struct plan_key *key)
{
    uintptr_t words[] = {(uintptr_t)key->writer, (uintptr_t)key->reader, key->side};
    size_t i = mr_hash64(words, sizeof(words), 0) & (cap - 1);

    while (slots[i].plan && (slots[i].key.writer != key->writer ||
                             slots[i].key.reader != key->reader || slots[i].key.side != key->side))
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

static int grow_slots(struct plans *plans)
{
    size_t cap = plans->cap_slots ? plans->cap_slots * 2 : 64;

    if (plans->n_slots * 2 < plans->cap_slots)
        return 0;
    struct plan_slot *slots = mr_arena_array(plans->arena, cap, sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    for (size_t i = 0; i < plans->cap_slots; i++)
        if (plans->slots[i].plan)
            *find_slot(slots, cap, &plans->slots[i].key) = plans->slots[i];
    plans->slots = slots;
    plans->cap_slots = cap;
    return 0;
}

/* Sums that cannot overflow what a datum may hold. */
static size_t add_sizes(size_t a, size_t b)
{
    size_t sum = a + b;

    return sum > MR_CODEC_MAX_BYTES ? MR_CODEC_MAX_BYTES : sum;
}

static size_t record_size(struct plans *plans, const struct mr_schema_node *node, unsigned side)
{
    size_t *known = &plans->min_sizes[side][node->index];

    if (node->endless)
        return 1; /* never read */
    if (*known == SIZE_MAX) {
        size_t size = 0;
        for (size_t i = 0; i < node->n_fields; i++)
            size = add_sizes(size, plan_min_size(plans, node->fields[i].type, side));
        *known = size;
    }
    return *known;
}

size_t plan_min_size(struct plans *plans, const struct mr_schema_node *node, unsigned side)
{
    switch (node->type) {
    case MR_AVRO_NULL:
        return 0;
    case MR_AVRO_FLOAT:
        return sizeof(float);
    case MR_AVRO_DOUBLE:
        return sizeof(double);
    case MR_AVRO_FIXED:
        return node->fixed_size > MR_CODEC_MAX_BYTES ? MR_CODEC_MAX_BYTES : node->fixed_size;
    case MR_AVRO_RECORD:
        return record_size(plans, node, side);
    case MR_AVRO_BOOLEAN:
    case MR_AVRO_INT:
    case MR_AVRO_LONG:
    case MR_AVRO_BYTES:
    case MR_AVRO_STRING:
    case MR_AVRO_ENUM:
    case MR_AVRO_ARRAY:
    case MR_AVRO_MAP:
    case MR_AVRO_UNION:
        break;
    }
    return 1;
}

static const char *type_words(const struct mr_schema_node *node)
{
    return node->type == MR_AVRO_UNION ? "union"
           : node->fullname            ? node->fullname
                                       : mr_avro_type_name(node->type);
}

static int set_error(struct plans *plans, struct plan *plan)
{
    const struct mr_schema_node *w = plan->writer, *r = plan->reader;
    bool scales = w->logical == MR_LOGICAL_DECIMAL && r && r->logical == MR_LOGICAL_DECIMAL &&
                  w->scale != r->scale;
    bool sizes =
        w->type == MR_AVRO_FIXED && r && r->type == MR_AVRO_FIXED && w->fixed_size != r->fixed_size;

    plan->op = PLAN_ERROR;
    plan->why =
        w->endless ? mr_arena_printf(plans->arena, "%s contains itself: no value of it exists",
                                     type_words(w))
        : scales   ? mr_arena_printf(plans->arena,
                                     "a decimal of scale %d cannot be read as one of scale %d",
                                     (int)w->scale, (int)r->scale)
        : sizes
            ? mr_arena_printf(plans->arena,
                              "the writer's %s of %zu bytes cannot be read as the reader's %s of "
                              "%zu",
                              type_words(w), w->fixed_size, type_words(r), r->fixed_size)
            : mr_arena_printf(plans->arena, "the writer's %s cannot be read as the reader's %s",
                              type_words(w), type_words(r));
    return plan->why ? 0 : -ENOMEM;
}

static int set_symbols(struct plans *plans, struct plan *plan)
{
    const struct mr_schema_node *w = plan->writer, *r = plan->reader;
    bool same = w->n_symbols <= r->n_symbols;
    struct mr_str_map names = {0};

    for (size_t i = 0; same && i < w->n_symbols; i++)
        same = strcmp(w->symbols[i], r->symbols[i]) == 0;
    if (same)
        return 0;
    int32_t *symbols = mr_arena_array(plans->arena, w->n_symbols, sizeof(*symbols));
    if (!symbols)
        return -ENOMEM;
    for (size_t i = 0; i < r->n_symbols; i++)
        if (mr_str_map_add(&names, plans->arena, mr_str_from(r->symbols[i]),
                           (void *)(uintptr_t)(i + 1)) < 0)
            return -ENOMEM;
    for (size_t i = 0; i < w->n_symbols; i++) {
        uintptr_t at = (uintptr_t)mr_str_map_get(&names, mr_str_from(w->symbols[i]));
        symbols[i] = at > 0 ? (int32_t)at - 1 : r->default_symbol;
    }
    plan->symbols = symbols;
    return 0;
}

static int set_branches(struct plans *plans, struct plan_key key, struct plan *plan)
{
    size_t n = key.writer->n_branches;
    const struct plan **branches = mr_arena_array(plans->arena, n, sizeof(*branches));
    int r = branches ? 0 : -ENOMEM;

    plan->op = PLAN_UNION;
    plan->branches = branches;
    for (size_t i = 0; r == 0 && i < n; i++)
        r = plan_resolve(plans, (struct plan_key){key.writer->branches[i], key.reader, key.side},
                         &branches[i]);
    return r;
}

/* The writer's type into a branch of the reader's union, where tags must be told. */
static int set_tagged(struct plans *plans, struct plan_key key, struct plan *plan)
{
    size_t branch = plan_branch(key.writer, key.reader);

    if (branch == SIZE_MAX)
        return set_error(plans, plan);
    const struct mr_schema_node *node = key.reader->branches[branch];
    plan->op = PLAN_TAGGED;
    plan->tag = node->fullname ? node->fullname : mr_avro_type_name(node->type);
    return plan_resolve(plans, (struct plan_key){key.writer, node, key.side}, &plan->item);
}

/* A decimal's text has all its decimals, unless the type says how many must be shown. */
static int32_t decimals_kept(const struct mr_schema_node *node)
{
    const json_t *keep = json_object_get(node->props, "x-min-scale");

    if (json_is_integer(keep) && json_integer_value(keep) >= 0 &&
        json_integer_value(keep) < node->scale)
        return (int32_t)json_integer_value(keep);
    return node->scale;
}

static int fill(struct plans *plans, struct plan_key key, struct plan *plan)
{
    const struct mr_schema_node *w = key.writer, *r = key.reader;

    plan->min_size = plan_min_size(plans, w, key.side);
    if (w->type == MR_AVRO_UNION)
        return set_branches(plans, key, plan);
    if (r && r->type == MR_AVRO_UNION)
        return set_tagged(plans, key, plan);
    plan->op = r ? plan_match(w, r) : (enum plan_op)w->type;
    plan->form = r ? shape_op_of(r, plans->raw || plans->tagged) : SHAPE_NULL;
    plan->keep_scale = r && plan->form == SHAPE_DECIMAL ? decimals_kept(r) : 0;
    if (plan->op == PLAN_ERROR || (w->type == MR_AVRO_RECORD && w->endless))
        return set_error(plans, plan);
    if (plan->op == PLAN_RECORD)
        return plan_record(plans, key, plan);
    if (plan->op == PLAN_ENUM && r)
        return set_symbols(plans, plan);
    if (plan->op == PLAN_ARRAY || plan->op == PLAN_MAP)
        return plan_resolve(plans, (struct plan_key){w->items, r ? r->items : NULL, key.side},
                            &plan->item);
    return 0;
}

int plan_resolve(struct plans *plans, struct plan_key key, const struct plan **ret_plan)
{
    /* Without tags a branch of the reader's union is read as if it stood alone. */
    if (!plans->tagged && key.reader && key.reader->type == MR_AVRO_UNION &&
        key.writer->type != MR_AVRO_UNION) {
        size_t branch = plan_branch(key.writer, key.reader);
        if (branch != SIZE_MAX)
            key.reader = key.reader->branches[branch];
    }
    int r = grow_slots(plans);
    if (r != 0)
        return r;
    struct plan_slot *slot = find_slot(plans->slots, plans->cap_slots, &key);
    if (slot->plan) {
        *ret_plan = slot->plan;
        return 0;
    }
    struct plan *plan = mr_arena_alloc(plans->arena, sizeof(*plan));
    if (!plan)
        return -ENOMEM;
    plan->writer = key.writer;
    plan->reader = key.reader;
    *slot = (struct plan_slot){key, plan};
    plans->n_slots++;
    *ret_plan = plan;
    if (!plans->tagged && key.reader && key.reader->type == MR_AVRO_UNION &&
        key.writer->type != MR_AVRO_UNION) {
        plan->min_size = plan_min_size(plans, key.writer, key.side);
        return set_error(plans, plan);
    }
    return fill(plans, key, plan);
}

static int prepare(struct plans *plans)
{
    const struct mr_schema *schemas[] = {plans->writer, plans->reader};

    for (size_t side = 0; side < 2; side++) {
        size_t n = mr_schema_n_nodes(schemas[side]);
        plans->min_sizes[side] = mr_arena_array(plans->arena, n, sizeof(size_t));
        if (!plans->min_sizes[side])
            return -ENOMEM;
        memset(plans->min_sizes[side], 0xff, n * sizeof(size_t));
    }
    return 0;
}

int plans_new(struct mr_schema *writer, struct mr_schema *reader,
              const struct mr_json_options *options, struct plans **ret_plans,
              struct mr_error *reterr)
{
    MR_AUTO(plans) struct plans *plans = calloc(1, sizeof(*plans));

    if (!plans)
        return -ENOMEM;
    plans->writer = mr_schema_ref(writer);
    plans->reader = mr_schema_ref(reader ? reader : writer);
    plans->raw = options && options->raw_logical;
    plans->tagged = options && options->avro_json;
    int r = mr_arena_new(0, &plans->arena);
    if (r == 0)
        r = prepare(plans);
    if (r == 0)
        r = plan_resolve(
            plans, (struct plan_key){mr_schema_root(writer), mr_schema_root(plans->reader), 0},
            &plans->root);
    if (r != 0)
        return r;
    if (plan_is_hopeless(plans->root, reterr))
        return MR_INVALID;
    *ret_plans = MR_MOVE(plans);
    return 0;
}

struct plans *plans_free(struct plans *plans)
{
    if (plans) {
        (void)shapes_free(plans->defaults);
        (void)mr_arena_free(plans->arena);
        (void)mr_schema_unref(plans->writer);
        (void)mr_schema_unref(plans->reader);
        free(plans);
    }
    return NULL;
}
