/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays and maps of structs: items in memory of the arena, bounded by the datum. */
#include "struct_read.h"

/* More room for items; what was there is copied. */
static int grow(struct read *read, const struct struct_items *items, size_t n, size_t *cap,
                uint8_t **data)
{
    size_t want = *cap == 0 ? n : *cap * 2 > n ? *cap * 2 : n, bytes;

    if (n <= *cap)
        return 0;
    if (__builtin_mul_overflow(want, (size_t)items->item_size, &bytes) || bytes > read->memory_left)
        return bin_error(&read->bin, read->reterr,
                         "the items would take more than %d times the memory of the datum",
                         MR_CODEC_MAX_MEMORY_TIMES);
    uint8_t *grown = mr_arena_alloc(read->arena, bytes);
    if (!grown)
        return -ENOMEM;
    if (*cap > 0)
        memcpy(grown, *data, *cap * items->item_size);
    read->memory_left -= bytes;
    *data = grown;
    *cap = want;
    return 0;
}

MR_COLD static void report_item(struct read *read, const struct struct_items *items,
                                const uint8_t *item, size_t index)
{
    struct mr_str key;

    if (!items->map) {
        mr_error_at_index(read->reterr, index);
        return;
    }
    memcpy(&key, item, sizeof(key));
    mr_error_at(read->reterr, key.data, key.len);
}

static int read_item(struct read *read, const struct struct_items *items, uint8_t *item)
{
    if (items->map) {
        struct mr_bytes key;
        int r = decode_text(&read->bin, &key, read->reterr);
        if (r != 0)
            return r;
        memcpy(item, &(struct mr_str){(const char *)key.data, key.len}, sizeof(struct mr_str));
    }
    return struct_run(read, items->program, item + items->value_offset);
}

int struct_read_items(struct read *read, const struct struct_op *op, uint8_t *base)
{
    const struct struct_items *items = op->items;
    uint8_t *data = NULL;
    size_t n = 0, cap = 0;
    struct decode_block block;
    int r = decode_enter(&read->guard, &read->bin, read->reterr);

    while (r == 0) {
        r = decode_block(&read->bin, &read->guard, items->min_size, items->map, &block,
                         read->reterr);
        if (r != 0 || block.n == 0)
            break;
        r = grow(read, items, n + block.n, &cap, &data);
        for (size_t i = 0; r == 0 && i < block.n; i++, n++) {
            uint8_t *item = data + n * items->item_size;
            r = read_item(read, items, item);
            if (MR_UNLIKELY(r == MR_INVALID))
                report_item(read, items, item, n);
        }
        if (r == 0)
            r = decode_block_end(&read->bin, &block, read->reterr);
    }
    read->guard.depth--;
    memcpy(member(base, op), &data, sizeof(data));
    memcpy(base + items->count_offset, &n, sizeof(n));
    return r;
}
