/* SPDX-License-Identifier: Apache-2.0 */
/* Avro -> JSON, written directly: records, arrays, maps, unions. */
#include "decode_json.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline int put(struct to_json *j, const char *text, size_t len)
{
    return mr_buf_append(j->out, text, len);
}

/* ,"name": with the comma left out for the first member. Tokens are padded to whole blocks. Room
 * was made. */
static inline uint8_t *copy_name(uint8_t *to, const struct plan_step *step, bool first)
{
    const char *from = step->token.data + first;
    size_t len = step->token.len - first;

    memcpy(to, from, PLAN_BLOCK);
    if (MR_UNLIKELY(len > PLAN_BLOCK))
        memcpy(to + PLAN_BLOCK, from + PLAN_BLOCK, len - PLAN_BLOCK);
    return to + len;
}

static inline int put_name(struct to_json *j, const struct plan_step *step, bool first)
{
    struct mr_buf *out = j->out;
    int r = mr_buf_reserve(out, step->token.len + PLAN_BLOCK);

    if (MR_LIKELY(r == 0))
        out->len = (size_t)(copy_name(out->data + out->len, step, first) - out->data);
    return r;
}

/* Most members are short plain strings: name and value are copied in one go, the value looked at
 * meanwhile. False: nothing was done, and the long way must be taken. */
static inline bool put_short_string(struct to_json *j, const struct plan_step *step, bool first)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                  control = _mm_set1_epi8(0x1f);
    struct mr_buf *out = j->out;
    const uint8_t *p = j->bin.at;

    if (MR_UNLIKELY(p == j->bin.end || (*p & 0x81) != 0)) /* up to 63 bytes */
        return false;
    size_t len = *p++ / 2;
    if (MR_UNLIKELY((size_t)(j->bin.end - p) < len + PLAN_BLOCK ||
                    out->cap - out->len < step->token.len + len + 3 * PLAN_BLOCK))
        return false;
    uint8_t *to = copy_name(out->data + out->len, step, first);
    *to++ = '"';
    for (size_t i = 0; i < len; i += PLAN_BLOCK) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        _mm_storeu_si128((__m128i *)(void *)(to + i), v);
        __m128i stop =
            _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),
                         _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
        unsigned bad = (unsigned)_mm_movemask_epi8(_mm_or_si128(stop, v));
        size_t n = len - i;
        if (n < PLAN_BLOCK)
            bad &= (1u << n) - 1;
        if (MR_UNLIKELY(bad != 0))
            return false;
    }
    to[len] = '"';
    out->len = (size_t)(to + len + 1 - out->data);
    j->bin.at = p + len;
    return true;
#else
    (void)j;
    (void)step;
    (void)first;
    return false;
#endif
}

static int put_default(struct to_json *j, const struct plan_step *step)
{
    struct bin outer = j->bin;
    const uint8_t *data = step->otherwise.data;
    int r;

    j->bin = (struct bin){data, data, data + step->otherwise.len};
    r = to_json_value(j, step->plan);
    j->bin = outer;
    return r;
}

static int put_step(struct to_json *j, const struct plan_step *step, bool *first)
{
    int r;

    if (step->plan->op == PLAN_STRING && MR_LIKELY(step->kind == STEP_FIELD) &&
        MR_LIKELY(put_short_string(j, step, *first))) {
        *first = false;
        return 0;
    }
    if (step->kind == STEP_SKIP)
        return decode_skip(&j->bin, step->plan, &j->guard, j->reterr);
    if ((r = put_name(j, step, *first)) != 0)
        return r;
    *first = false;
    if (MR_UNLIKELY(step->kind == STEP_DEFAULT))
        return put_default(j, step);
    return to_json_value(j, step->plan);
}

static int failed_at(struct to_json *j, const struct plan_step *step, int r)
{
    if (r == MR_INVALID)
        mr_error_at(j->reterr, step->name, strlen(step->name));
    return r;
}

static int grow_places(struct to_json *j, size_t n)
{
    size_t cap = j->cap_places ? j->cap_places * 2 : 64;

    if (j->cap_places - j->n_places >= n)
        return 0;
    while (cap - j->n_places < n)
        cap *= 2;
    size_t *places = realloc(j->places, cap * sizeof(*places));
    if (!places)
        return -ENOMEM;
    j->places = places;
    j->cap_places = cap;
    return 0;
}

/* The writer's order is not the reader's: first all fields are found, then written in order. */
static int put_out_of_order(struct to_json *j, const struct plan *plan)
{
    size_t n = plan->reader->n_fields, base = j->n_places;
    bool first = true;
    int r = grow_places(j, 2 * n);

    if (r != 0)
        return r;
    j->n_places += 2 * n; /* by reader's field: its step, and where it begins */
    for (size_t i = 0; i < plan->n_steps; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (step->kind != STEP_SKIP) {
            j->places[base + step->reader_field] = i;
            j->places[base + n + step->reader_field] = (size_t)(j->bin.at - j->bin.begin);
        }
        if (step->kind == STEP_SKIP) {
            r = decode_skip(&j->bin, step->plan, &j->guard, j->reterr);
        } else if (step->kind == STEP_FIELD) {
            struct decode_guard ahead = j->guard; /* its values are counted when they are read */
            r = decode_skip(&j->bin, step->over, &ahead, j->reterr);
        }
        if (r != 0)
            return failed_at(j, step, r);
    }
    const uint8_t *end = j->bin.at;
    for (size_t i = 0; i < n; i++) {
        const struct plan_step *step = &plan->steps[j->places[base + i]];
        j->bin.at = j->bin.begin + j->places[base + n + i];
        if ((r = put_step(j, step, &first)) != 0)
            return failed_at(j, step, r);
    }
    j->bin.at = end;
    j->n_places = base;
    return 0;
}

static int put_record(struct to_json *j, const struct plan *plan)
{
    bool first = true;
    int r = decode_enter(&j->guard, &j->bin, j->reterr);

    if (r != 0 || (r = decode_zeros(&j->guard, plan->n_zero_fields, &j->bin, j->reterr)) != 0 ||
        (r = mr_buf_byte(j->out, '{')) != 0)
        return r;
    if (MR_LIKELY(plan->in_order)) {
        for (size_t i = 0; i < plan->n_steps; i++)
            if ((r = put_step(j, &plan->steps[i], &first)) != 0)
                return failed_at(j, &plan->steps[i], r);
    } else if ((r = put_out_of_order(j, plan)) != 0) {
        return r;
    }
    j->guard.depth--;
    return mr_buf_byte(j->out, '}');
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
        return put_record(j, plan);
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
    static const uint8_t nothing[1];
    size_t before = out->len, max = out->max, bound = before + json_bound(len);

    if (len > MR_CODEC_MAX_BYTES)
        return mr_error_set(reterr, MR_INVALID, "a datum must not be larger than %d MiB",
                            MR_CODEC_MAX_BYTES >> 20);
    avro = len > 0 ? avro : nothing;
    struct to_json j = {
        .bin = {avro, avro, avro + len}, .out = out, .reterr = reterr, .guard = decode_guard(len)};
    out->max = max != 0 && max < bound ? max : bound;
    int r = to_json_value(&j, decoder->plans->root);
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
        return mr_error_set(reterr, MR_INVALID, "%zu bytes are left over behind the datum",
                            len - used);
    }
    return r;
}
