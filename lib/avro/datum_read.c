/* SPDX-License-Identifier: Apache-2.0 */
/* Avro -> a tree of values, by plan. */
#include "decode.h"
#include "millrace/datum.h"

struct mr_datum_reader {
    struct plans *plans;
};

struct read_datum {
    struct bin bin;
    struct mr_arena *arena;
    struct mr_error *reterr;
    struct decode_guard guard;
    size_t memory_left;
};

static int read_value(struct read_datum *d, const struct plan *plan, struct mr_datum *ret);

static int more_memory(struct read_datum *d, size_t n, size_t size, void **ret)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes) || bytes > d->memory_left)
        return bin_error(&d->bin, d->reterr,
                         "the items would take more than %d times the memory of the datum",
                         MR_CODEC_MAX_MEMORY_TIMES);
    d->memory_left -= bytes;
    *ret = mr_arena_alloc(d->arena, bytes ? bytes : 1);
    return *ret ? 0 : -ENOMEM;
}

/* ---- arrays and maps ---- */

struct growing {
    struct mr_datum *items;
    struct mr_str *keys;
    size_t n, cap;
};

static int grow(struct read_datum *d, struct growing *g, size_t n, bool map)
{
    size_t cap = g->cap * 2 > n ? g->cap * 2 : n;
    void *items, *keys = NULL;

    if (n <= g->cap)
        return 0;
    int r = more_memory(d, cap, sizeof(*g->items), &items);
    if (r == 0 && map)
        r = more_memory(d, cap, sizeof(*g->keys), &keys);
    if (r != 0)
        return r;
    if (g->n > 0)
        memcpy(items, g->items, g->n * sizeof(*g->items));
    if (g->n > 0 && map)
        memcpy(keys, g->keys, g->n * sizeof(*g->keys));
    *g = (struct growing){items, keys, g->n, cap};
    return 0;
}

static int read_item(struct read_datum *d, const struct plan *plan, struct growing *g)
{
    bool map = plan->op == PLAN_MAP;
    struct mr_bytes key = {0};
    int r = map ? decode_text(&d->bin, &key, d->reterr) : 0;

    if (r != 0)
        return r;
    if (map)
        g->keys[g->n] = (struct mr_str){(const char *)key.data, key.len};
    r = read_value(d, plan->item, &g->items[g->n]);
    if (r == MR_INVALID && map)
        mr_error_at(d->reterr, (const char *)key.data, key.len);
    else if (r == MR_INVALID)
        mr_error_at_index(d->reterr, g->n);
    g->n++;
    return r;
}

static int read_items(struct read_datum *d, const struct plan *plan, struct mr_datum *ret)
{
    bool map = plan->op == PLAN_MAP;
    struct growing g = {0};
    struct decode_block block;
    int r = decode_enter(&d->guard, &d->bin, d->reterr);

    if (r != 0)
        return r;
    while ((r = decode_block(&d->bin, &d->guard, plan->item->min_size, map, &block, d->reterr)) ==
               0 &&
           block.n > 0) {
        r = grow(d, &g, g.n + block.n, map);
        for (size_t i = 0; r == 0 && i < block.n; i++)
            r = read_item(d, plan, &g);
        if (r != 0 || (r = decode_block_end(&d->bin, &block, d->reterr)) != 0)
            return r;
    }
    d->guard.depth--;
    ret->items = g.items;
    ret->keys = g.keys;
    ret->n = g.n;
    return r;
}

/* ---- records ---- */

static int read_default(struct read_datum *d, const struct plan_step *step, struct mr_datum *ret)
{
    struct bin outer = d->bin;
    const uint8_t *data = step->otherwise.data;

    d->bin = (struct bin){data, data, data + step->otherwise.len};
    int r = read_value(d, step->plan, ret);
    d->bin = outer;
    return r;
}

static int read_step(struct read_datum *d, const struct plan_step *step, struct mr_datum *fields)
{
    if (step->kind == STEP_SKIP)
        return decode_skip(&d->bin, step->plan, &d->guard, d->reterr);
    if (step->kind == STEP_DEFAULT)
        return read_default(d, step, &fields[step->reader_field]);
    return read_value(d, step->plan, &fields[step->reader_field]);
}

static int read_record(struct read_datum *d, const struct plan *plan, struct mr_datum *ret)
{
    void *fields;
    int r = decode_enter(&d->guard, &d->bin, d->reterr);

    if (r == 0)
        r = decode_zeros(&d->guard, plan->n_zero_fields, &d->bin, d->reterr);
    if (r == 0)
        r = more_memory(d, plan->reader->n_fields, sizeof(struct mr_datum), &fields);
    for (size_t i = 0; r == 0 && i < plan->n_steps; i++) {
        r = read_step(d, &plan->steps[i], fields);
        if (r == MR_INVALID)
            mr_error_at(d->reterr, plan->steps[i].name, strlen(plan->steps[i].name));
    }
    if (r != 0)
        return r;
    d->guard.depth--;
    ret->items = fields;
    ret->n = plan->reader->n_fields;
    return 0;
}

/* ---- the rest ---- */

static int read_bytes(struct read_datum *d, const struct plan *plan, struct mr_datum *ret)
{
    if (plan->op == PLAN_FIXED) {
        ret->bytes.len = plan->reader->fixed_size;
        return bin_fixed(&d->bin, ret->bytes.len, &ret->bytes.data, d->reterr);
    }
    if (plan->op == PLAN_STRING || plan->op == PLAN_BYTES_TO_STRING)
        return decode_text(&d->bin, &ret->bytes, d->reterr);
    return bin_bytes(&d->bin, &ret->bytes, d->reterr);
}

static int read_whole(struct read_datum *d, const struct plan *plan, struct mr_datum *ret)
{
    bool flag = false;
    int32_t narrow = 0;
    size_t symbol = 0;
    int r;

    if (plan->op == PLAN_LONG)
        return bin_long(&d->bin, &ret->whole, d->reterr);
    if (plan->op == PLAN_BOOLEAN) {
        r = bin_boolean(&d->bin, &flag, d->reterr);
        ret->whole = flag;
    } else if (plan->op == PLAN_ENUM) {
        r = decode_symbol(&d->bin, plan, &symbol, d->reterr);
        ret->whole = (int64_t)symbol;
    } else {
        r = bin_int(&d->bin, &narrow, d->reterr);
        ret->whole = narrow;
    }
    return r;
}

static int read_real(struct read_datum *d, const struct plan *plan, struct mr_datum *ret)
{
    bool single = plan->op == PLAN_INT_TO_FLOAT || plan->op == PLAN_LONG_TO_FLOAT;
    int64_t whole;
    float narrow;
    int r;

    if (plan->op == PLAN_DOUBLE)
        return bin_double(&d->bin, &ret->real, d->reterr);
    if (plan->op == PLAN_FLOAT || plan->op == PLAN_FLOAT_TO_DOUBLE) {
        if ((r = bin_float(&d->bin, &narrow, d->reterr)) == 0)
            ret->real = (double)narrow;
        return r;
    }
    if ((r = bin_long(&d->bin, &whole, d->reterr)) == 0)
        ret->real = single ? (double)(float)whole : (double)whole;
    return r;
}

static int read_value(struct read_datum *d, const struct plan *plan, struct mr_datum *ret)
{
    int r;

    if (plan->op == PLAN_UNION && (r = decode_branch(&d->bin, plan, &plan, d->reterr)) != 0)
        return r;
    *ret = (struct mr_datum){.node = plan->reader};
    switch (plan->op) {
    case PLAN_NULL:
        return 0;
    case PLAN_BOOLEAN:
    case PLAN_INT:
    case PLAN_LONG:
    case PLAN_INT_TO_LONG:
    case PLAN_ENUM:
        return read_whole(d, plan, ret);
    case PLAN_FLOAT:
    case PLAN_DOUBLE:
    case PLAN_INT_TO_FLOAT:
    case PLAN_INT_TO_DOUBLE:
    case PLAN_LONG_TO_FLOAT:
    case PLAN_LONG_TO_DOUBLE:
    case PLAN_FLOAT_TO_DOUBLE:
        return read_real(d, plan, ret);
    case PLAN_BYTES:
    case PLAN_STRING:
    case PLAN_FIXED:
    case PLAN_BYTES_TO_STRING:
    case PLAN_STRING_TO_BYTES:
        return read_bytes(d, plan, ret);
    case PLAN_RECORD:
        return read_record(d, plan, ret);
    case PLAN_ARRAY:
    case PLAN_MAP:
        return read_items(d, plan, ret);
    case PLAN_UNION:
    case PLAN_TAGGED:
    case PLAN_ERROR:
        break;
    }
    return decode_error(&d->bin, plan, d->reterr);
}

static int read_all(const struct plan *plan, const uint8_t *avro, size_t len,
                    struct mr_arena *arena, struct mr_datum *ret_datum, struct mr_error *reterr)
{
    struct read_datum d = {.arena = arena,
                           .reterr = reterr,
                           .guard = decode_guard(len),
                           .memory_left = decode_memory(len)};
    int r = decode_begin(avro, len, &d.bin, reterr);

    return r == 0 ? decode_end(&d.bin, read_value(&d, plan, ret_datum), reterr) : r;
}

int mr_datum_read(const struct mr_datum_reader *reader, const uint8_t *avro, size_t len,
                  struct mr_arena *arena, struct mr_datum *ret_datum, struct mr_error *reterr)
{
    return read_all(reader->plans->root, avro, len, arena, ret_datum, reterr);
}

int mr_datum_reader_new(struct mr_schema *writer, struct mr_schema *reader,
                        struct mr_datum_reader **ret_reader, struct mr_error *reterr)
{
    MR_AUTO(mr_datum_reader) struct mr_datum_reader *self = calloc(1, sizeof(*self));

    if (!self)
        return -ENOMEM;
    int r = plans_new(writer, reader, NULL, &self->plans, reterr);
    if (r == 0)
        *ret_reader = MR_MOVE(self);
    return r;
}

struct mr_datum_reader *mr_datum_reader_free(struct mr_datum_reader *reader)
{
    if (reader) {
        (void)plans_free(reader->plans);
        free(reader);
    }
    return NULL;
}

int mr_datum_from_json(struct mr_schema *schema, const struct mr_schema_node *node,
                       struct mr_str json, struct mr_arena *arena, struct mr_datum *ret_datum,
                       struct mr_error *reterr)
{
    MR_AUTO(mr_json_encoder) struct mr_json_encoder *encoder = NULL;
    MR_AUTO(plans) struct plans *plans = NULL;
    MR_AUTO(mr_buf) struct mr_buf avro = {.max = MR_CODEC_MAX_BYTES};
    struct mr_json_cursor cursor = {json.data, json.data, json.data + json.len};
    const struct plan *plan;

    int r = mr_json_encoder_new(schema, node, NULL, &encoder, reterr);
    if (r == 0)
        r = mr_json_encode(encoder, &cursor, &avro, NULL, reterr);
    if (r == MR_END)
        r = mr_error_set(reterr, MR_INVALID, "ends before its value does");
    if (r == 0)
        r = plans_new(schema, NULL, NULL, &plans, reterr);
    if (r == 0)
        r = plan_resolve(plans, (struct plan_key){node, node, 0}, &plan);
    if (r != 0)
        return r;
    const char *kept = mr_arena_dup(arena, (const char *)avro.data, avro.len);
    return kept ? read_all(plan, (const uint8_t *)kept, avro.len, arena, ret_datum, reterr)
                : -ENOMEM;
}
