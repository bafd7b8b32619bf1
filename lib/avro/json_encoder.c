/* SPDX-License-Identifier: Apache-2.0 */
/* JSON -> Avro: one call from its beginning to its end, and the object that people keep. */
#include "json_encode.h"

int encode_slots(struct encode *e, size_t n)
{
    if (MR_LIKELY(e->cap_slots - e->n_slots >= n))
        return 0;
    size_t cap = e->cap_slots * 2;
    while (cap - e->n_slots < n)
        cap *= 2;
    bool first = e->slots == e->first_slots;
    struct slot *slots = realloc(first ? NULL : e->slots, cap * sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    if (first)
        memcpy(slots, e->first_slots, sizeof(e->first_slots));
    e->slots = slots;
    e->cap_slots = cap;
    return 0;
}

/* How much may be read again for unions: a multiple of what there is to read. */
static size_t retry_budget(const struct mr_json_cursor *cursor)
{
    enum { TIMES = 16, AT_LEAST = 4096 };
    size_t left = (size_t)(cursor->end - cursor->at);

    return left > SIZE_MAX / 32 ? SIZE_MAX / 2 : left * TIMES + AT_LEAST;
}

/* Out may hold the datum twice while members are put in order. */
static size_t bounded(const struct mr_buf *out)
{
    size_t max = out->len + 2 * (size_t)MR_CODEC_MAX_BYTES;

    return out->max != 0 && out->max < max ? out->max : max;
}

void encode_init(struct encode *e, const struct shapes *shapes, struct mr_json_cursor in,
                 struct mr_buf *out, struct mr_error *reterr)
{
    /* Not as one initialiser: first_slots is large, and needs no zeros. */
    e->in = in;
    e->out = out;
    e->shapes = shapes;
    e->reterr = reterr;
    e->dropped = 0;
    e->zero_items = 0;
    e->retries = retry_budget(&in);
    e->depth = 0;
    e->drop = shapes->options.unknown == MR_UNKNOWN_DROP;
    e->tagged = shapes->options.avro_json;
    e->far = shapes->options.far_years;
    e->nul = shapes->options.allow_nul ? JSON_NUL_ALLOW : JSON_NUL_REFUSE;
    e->slots = e->first_slots;
    e->n_slots = 0;
    e->cap_slots = MR_N_ELEMENTS(e->first_slots);
}

void encode_done(struct encode *e)
{
    if (e->slots != e->first_slots)
        free(e->slots);
}

void encode_init_values(struct encode *e, const struct shapes *shapes, struct mr_buf *out,
                        struct mr_error *reterr)
{
    encode_init(e, shapes, (struct mr_json_cursor){"", "", ""}, out, reterr);
}

int encode_end_values(struct encode *e, size_t before, int r)
{
    encode_done(e);
    if (r == 0 && e->out->len - before > MR_CODEC_MAX_BYTES)
        r = mr_error_set(e->reterr, MR_INVALID, "a datum must not be larger than %d MiB",
                         MR_CODEC_MAX_BYTES >> 20);
    if (r != 0)
        e->out->len = before;
    if (r != 0 && e->reterr)
        e->reterr->offset = MR_NO_OFFSET;
    return r;
}

int shape_encode(const struct shapes *shapes, const struct shape *shape,
                 struct mr_json_cursor *cursor, struct mr_buf *out, size_t *ret_dropped,
                 struct mr_error *reterr)
{
    struct encode e;
    size_t begin = out->len, max = out->max;

    encode_init(&e, shapes, *cursor, out, reterr);
    out->max = bounded(out);
    int r = encode_value(&e, shape);
    out->max = max;
    encode_done(&e);
    if ((r == 0 && out->len - begin > MR_CODEC_MAX_BYTES) || (r == -EMSGSIZE && max == 0))
        r = json_error(&e.in, cursor->at, reterr, "a datum must not be larger than %d MiB",
                       MR_CODEC_MAX_BYTES >> 20);
    if (r != 0) {
        out->len = begin;
        return r;
    }
    *cursor = e.in;
    if (ret_dropped)
        *ret_dropped = e.dropped;
    return 0;
}

struct mr_json_encoder {
    struct shapes *shapes;
    const struct shape *root;
};

int mr_json_encoder_new(struct mr_schema *schema, const struct mr_schema_node *node,
                        const struct mr_json_options *options, struct mr_json_encoder **ret_encoder,
                        struct mr_error *reterr)
{
    MR_AUTO(mr_json_encoder) struct mr_json_encoder *encoder = calloc(1, sizeof(*encoder));

    if (!encoder)
        return -ENOMEM;
    int r = shapes_new(schema, node, options, &encoder->shapes, &encoder->root, reterr);
    if (r == 0)
        *ret_encoder = MR_MOVE(encoder);
    return r;
}

struct mr_json_encoder *mr_json_encoder_unref(struct mr_json_encoder *encoder)
{
    if (encoder) {
        (void)shapes_free(encoder->shapes);
        free(encoder);
    }
    return NULL;
}

int mr_json_encode(const struct mr_json_encoder *encoder, struct mr_json_cursor *cursor,
                   struct mr_buf *out, size_t *ret_dropped, struct mr_error *reterr)
{
    return shape_encode(encoder->shapes, encoder->root, cursor, out, ret_dropped, reterr);
}
