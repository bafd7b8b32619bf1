/* SPDX-License-Identifier: Apache-2.0 */
/* Avro records as JSON objects: members in the reader's order, their names ready to be copied. */
#include "decode_json.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

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
                  control = _mm_set1_epi8(0x1f), one = _mm_set1_epi8(1);
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
        /* one more, so that DEL counts with what is not ASCII */
        unsigned bad = (unsigned)_mm_movemask_epi8(_mm_or_si128(stop, _mm_adds_epu8(v, one)));
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

int to_json_record(struct to_json *j, const struct plan *plan)
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
