/* SPDX-License-Identifier: Apache-2.0 */
/* JSON arrays and objects to Avro arrays and maps: one block each. */
#include "json_encode.h"

int encode_close_block(struct encode *e, size_t start, size_t n_items)
{
    uint8_t count[BIN_LONG_MAX];
    struct mr_buf *out = e->out;

    if (n_items == 0) {
        out->data[start] = 0;
        return 0;
    }
    size_t n = (size_t)(bin_put_long(count, (int64_t)n_items) - count);
    int r = mr_buf_reserve(out, n);
    if (r != 0)
        return r;
    if (n > 1)
        memmove(out->data + start + n, out->data + start + 1, out->len - start - 1);
    memcpy(out->data + start, count, n);
    out->len += n - 1;
    out->data[out->len++] = 0;
    return 0;
}

/* What `open` opened: passes over it and leaves one byte for the count. */
static int begin(struct encode *e, size_t *ret_start)
{
    int r = encode_enter(e);

    if (r != 0)
        return r;
    e->in.at++;
    *ret_start = e->out->len;
    return mr_buf_byte(e->out, 0);
}

int encode_check_items(struct encode *e, const struct shape *shape, size_t n, const char *at)
{
    int r = shape->rules ? constraint_items(shape->rules, n, e->reterr) : 0;

    if (r == MR_INVALID && e->reterr)
        e->reterr->offset = (size_t)(at - e->in.begin);
    return r;
}

static int array_items(struct encode *e, const struct shape *shape, size_t *n)
{
    int c = json_peek(&e->in);
    int r;

    for (; c != ']'; ++*n) {
        if ((r = encode_next(e, shape->item)) != 0) {
            if (r == MR_INVALID)
                mr_error_at_index(e->reterr, *n);
            return r;
        }
        c = json_peek(&e->in);
        if (c == ',')
            e->in.at++;
        else if (c != ']')
            return json_expected(&e->in, "',' or ']'", e->reterr);
    }
    e->in.at++;
    return 0;
}

int encode_array(struct encode *e, const struct shape *shape)
{
    const char *at = e->in.at;
    size_t start, n = 0;
    int r;

    if (*at != '[')
        return encode_wrong_kind(e, "an array");
    if ((r = begin(e, &start)) != 0 || (r = array_items(e, shape, &n)) != 0)
        return r;
    e->depth--;
    if ((r = encode_check_items(e, shape, n, at)) != 0)
        return r;
    if (MR_UNLIKELY(n > 0 && e->out->len == start + 1) &&
        (e->zero_items += n) > MR_CODEC_MAX_ZERO_BYTE_ITEMS)
        return json_error(&e->in, at, e->reterr, "more than %d items that take no bytes",
                          MR_CODEC_MAX_ZERO_BYTE_ITEMS);
    return encode_close_block(e, start, n);
}

/* A map's slots hold where each key was written, to find one that comes twice. */
static struct mr_bytes key_at(const uint8_t *map, const struct slot *slot)
{
    return (struct mr_bytes){map + slot->from, slot->to - slot->from};
}

static int compare_keys(const void *a, const void *b, void *map)
{
    struct mr_bytes x = key_at(map, a), y = key_at(map, b);
    int order = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);

    return order != 0 ? order : (x.len > y.len) - (x.len < y.len);
}

static int check_keys(struct encode *e, size_t base, size_t start)
{
    enum { FEW = 8 };
    struct slot *slots = e->slots + base;
    size_t n = e->n_slots - base;
    uint8_t *map = e->out->data + start;
    const struct slot *twice = NULL;

    if (n <= FEW) {
        for (size_t i = 1; i < n && !twice; i++)
            for (size_t k = 0; k < i; k++)
                if (compare_keys(&slots[i], &slots[k], map) == 0)
                    twice = &slots[i];
    } else {
        qsort_r(slots, n, sizeof(*slots), compare_keys, map);
        for (size_t i = 1; i < n && !twice; i++)
            if (compare_keys(&slots[i], &slots[i - 1], map) == 0)
                twice = &slots[i];
    }
    if (!twice)
        return 0;
    json_report(&e->in, e->in.at, e->reterr, "stands here twice");
    mr_error_at(e->reterr, (const char *)map + twice->from, twice->to - twice->from);
    return MR_INVALID;
}

/* Where any JSON may stand, null says that there is nothing: the entry is taken back. */
static int null_entry(struct encode *e, size_t before)
{
    int r = json_word(&e->in, "null", e->reterr);

    e->out->len = before;
    e->n_slots--;
    return r;
}

/* "key": value */
static int map_entry(struct encode *e, const struct shape *shape, size_t start)
{
    size_t before = e->out->len;
    struct mr_str key;
    int r;

    if (json_peek(&e->in) != '"')
        return json_expected(&e->in, "a member's name", e->reterr);
    if ((r = encode_slots(e, 1)) != 0 || (r = encode_string_at(e, &key)) != 0 ||
        (r = encode_put_text(e, key)) != 0)
        return r;
    size_t to = e->out->len - start;
    e->slots[e->n_slots++] = (struct slot){(uint32_t)(to - key.len), (uint32_t)to, SLOT_READ};
    if (json_peek(&e->in) != ':')
        return json_expected(&e->in, "':'", e->reterr);
    e->in.at++;
    if (MR_UNLIKELY(shape->item->json_text) && json_peek(&e->in) == 'n')
        return null_entry(e, before);
    r = encode_next(e, shape->item);
    if (r == MR_INVALID)
        mr_error_at(e->reterr, (const char *)e->out->data + start + to - key.len, key.len);
    return r;
}

static int map_entries(struct encode *e, const struct shape *shape, size_t start, size_t base)
{
    int c = json_peek(&e->in);
    int r;

    while (c != '}') {
        if ((r = map_entry(e, shape, start)) != 0)
            return r;
        c = json_peek(&e->in);
        if (c == ',')
            e->in.at++;
        else if (c != '}')
            return json_expected(&e->in, "',' or '}'", e->reterr);
    }
    e->in.at++;
    return e->n_slots - base > 1 ? check_keys(e, base, start) : 0;
}

int encode_map(struct encode *e, const struct shape *shape)
{
    size_t start, base = e->n_slots;
    int r;

    if (*e->in.at != '{')
        return encode_wrong_kind(e, "an object");
    if ((r = begin(e, &start)) != 0 || (r = map_entries(e, shape, start, base)) != 0)
        return r;
    size_t n = e->n_slots - base;
    e->n_slots = base;
    e->depth--;
    return encode_close_block(e, start, n);
}
