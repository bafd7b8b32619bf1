/* SPDX-License-Identifier: Apache-2.0 */
/* Avro -> JSON, written directly: arrays, maps, unions; and the calls. */
#include "decode_json.h"

static inline int put(struct to_json *j, const char *text, size_t len)
{
    return mr_buf_append(j->out, text, len);
}

static int put_key(struct to_json *j)
{
    struct mr_bytes key;
    int r = decode_text(&j->bin, &key, j->reterr);

    if (r != 0 || (r = to_json_put_string(j->out, key)) != 0)
        return r;
    return mr_buf_byte(j->out, ':');
}

/* An item's place for an error: its index, or its key, which is read again. */
MR_COLD static int item_failed(struct to_json *j, bool map, const uint8_t *item, size_t index,
                               int r)
{
    struct bin at = {j->bin.begin, item, j->bin.end};
    struct mr_bytes key;

    if (r != MR_INVALID)
        return r;
    if (!map)
        mr_error_at_index(j->reterr, index);
    else if (decode_text(&at, &key, NULL) == 0)
        mr_error_at(j->reterr, (const char *)key.data, key.len);
    return r;
}

static int put_items(struct to_json *j, const struct plan *plan)
{
    bool map = plan->op == PLAN_MAP;
    size_t n = 0;
    struct decode_block block;
    int r = decode_enter(&j->guard, &j->bin, j->reterr);

    if (r == 0)
        r = mr_buf_byte(j->out, map ? '{' : '[');
    if (r != 0)
        return r;
    while ((r = decode_block(&j->bin, &j->guard, plan->item->min_size, map, &block, j->reterr)) ==
               0 &&
           block.n > 0) {
        for (size_t i = 0; r == 0 && i < block.n; i++, n++) {
            const uint8_t *item = j->bin.at;
            if (n > 0)
                r = mr_buf_byte(j->out, ',');
            if (r == 0 && map)
                r = put_key(j);
            if (r == 0)
                r = to_json_value(j, plan->item);
            if (MR_UNLIKELY(r != 0))
                return item_failed(j, map, item, n, r);
        }
        if ((r = decode_block_end(&j->bin, &block, j->reterr)) != 0)
            return r;
    }
    if (r != 0)
        return r;
    j->guard.depth--;
    return mr_buf_byte(j->out, map ? '}' : ']');
}

static int put_enum(struct to_json *j, const struct plan *plan)
{
    size_t symbol;
    int r = decode_symbol(&j->bin, plan, &symbol, j->reterr);

    if (r != 0)
        return r;
    struct mr_str text = mr_str_from(plan->reader->symbols[symbol]);
    return to_json_put_string(j->out, (struct mr_bytes){(const uint8_t *)text.data, text.len});
}

/* {"name":value}; null stands alone. */
static int put_tagged(struct to_json *j, const struct plan *plan)
{
    struct mr_str tag = mr_str_from(plan->tag);
    int r;

    if (plan->item->op == PLAN_NULL)
        return to_json_value(j, plan->item);
    if ((r = decode_enter(&j->guard, &j->bin, j->reterr)) != 0 ||
        (r = mr_buf_byte(j->out, '{')) != 0 ||
        (r = to_json_put_string(j->out, (struct mr_bytes){(const uint8_t *)tag.data, tag.len})) !=
            0 ||
        (r = mr_buf_byte(j->out, ':')) != 0 || (r = to_json_value(j, plan->item)) != 0)
        return r;
    j->guard.depth--;
    return mr_buf_byte(j->out, '}');
}

static int put_boolean(struct to_json *j)
{
    bool value;
    int r = bin_boolean(&j->bin, &value, j->reterr);

    if (r != 0)
        return r;
    return value ? put(j, "true", 4) : put(j, "false", 5);
}

int to_json_value(struct to_json *j, const struct plan *plan)
{
    int r;

    if (plan->op == PLAN_UNION && (r = decode_branch(&j->bin, plan, &plan, j->reterr)) != 0)
        return r;
    switch (plan->op) {
    case PLAN_NULL:
        return put(j, "null", 4);
    case PLAN_BOOLEAN:
        return put_boolean(j);
    case PLAN_INT:
    case PLAN_LONG:
    case PLAN_FLOAT:
    case PLAN_DOUBLE:
    case PLAN_INT_TO_LONG:
    case PLAN_INT_TO_FLOAT:
    case PLAN_INT_TO_DOUBLE:
    case PLAN_LONG_TO_FLOAT:
    case PLAN_LONG_TO_DOUBLE:
    case PLAN_FLOAT_TO_DOUBLE:
        return to_json_number(j, plan);
    case PLAN_STRING:
    case PLAN_BYTES_TO_STRING:
        return to_json_text(j, plan);
    case PLAN_BYTES:
    case PLAN_STRING_TO_BYTES:
    case PLAN_FIXED:
        return to_json_bytes(j, plan);
    case PLAN_RECORD:
        return to_json_record(j, plan);
    case PLAN_ENUM:
        return put_enum(j, plan);
    case PLAN_ARRAY:
    case PLAN_MAP:
        return put_items(j, plan);
    case PLAN_TAGGED:
        return put_tagged(j, plan);
    case PLAN_UNION:
    case PLAN_ERROR:
        break;
    }
    return decode_error(&j->bin, plan, j->reterr);
}

struct mr_json_decoder {
    struct plans *plans;
};

int mr_json_decoder_new(struct mr_schema *writer, struct mr_schema *reader,
                        const struct mr_json_options *options, struct mr_json_decoder **ret_decoder,
                        struct mr_error *reterr)
{
    MR_AUTO(mr_json_decoder) struct mr_json_decoder *decoder = calloc(1, sizeof(*decoder));

    if (!decoder)
        return -ENOMEM;
    int r = plans_new(writer, reader, options, &decoder->plans, reterr);
    if (r == 0)
        *ret_decoder = MR_MOVE(decoder);
    return r;
}

struct mr_json_decoder *mr_json_decoder_unref(struct mr_json_decoder *decoder)
{
    if (decoder) {
        (void)plans_free(decoder->plans);
        free(decoder);
    }
    return NULL;
}

/* The most that the JSON of a datum of len bytes may take. */
static size_t json_bound(size_t len)
{
    enum { AT_LEAST = 1 << 20 };

    if (len >= MR_CODEC_MAX_JSON_BYTES / MR_CODEC_MAX_JSON_TIMES)
        return MR_CODEC_MAX_JSON_BYTES;
    return len * MR_CODEC_MAX_JSON_TIMES + AT_LEAST;
}

int mr_json_decode_first(const struct mr_json_decoder *decoder, const uint8_t *avro, size_t len,
                         size_t *ret_used, struct mr_buf *out, struct mr_error *reterr)
{
    size_t before = out->len, max = out->max, bound = before + json_bound(len);

    struct to_json j = {.out = out, .reterr = reterr, .guard = decode_guard(len)};
    int r = decode_begin(avro, len, &j.bin, reterr);
    if (r != 0)
        return r;
    out->max = max != 0 && max < bound ? max : bound;
    r = to_json_value(&j, decoder->plans->root);
    out->max = max;
    free(j.places);
    if (r == -EMSGSIZE && (max == 0 || max >= bound))
        r = mr_error_set(reterr, MR_INVALID,
                         "the JSON of this datum would be larger than %zu bytes", json_bound(len));
    if (r != 0)
        out->len = before;
    else
        *ret_used = (size_t)(j.bin.at - j.bin.begin);
    return r;
}

int mr_json_decode(const struct mr_json_decoder *decoder, const uint8_t *avro, size_t len,
                   struct mr_buf *out, struct mr_error *reterr)
{
    size_t before = out->len, used;
    int r = mr_json_decode_first(decoder, avro, len, &used, out, reterr);

    if (r == 0 && used != len) {
        out->len = before;
        if (reterr)
            reterr->offset = used;
        return mr_error_set(reterr, MR_INVALID, "%zu byte%s left over behind the datum", len - used,
                            len - used == 1 ? "" : "s");
    }
    return r;
}
