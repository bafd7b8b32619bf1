/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks, branches, symbols, skipping; and what goes wrong with them. */
#include "decode.h"

#include <assert.h>
#include <inttypes.h>

void decode_report_text(const struct bin *bin, struct mr_bytes text, struct mr_error *reterr)
{
    struct bin at = *bin;
    size_t bad = 0;

    (void)mr_utf8_valid((const char *)text.data, text.len, &bad);
    at.at = text.data + bad;
    bin_report(&at, reterr, "a string must be well-formed UTF-8");
}

/* A negative count is followed by the block's size in bytes. */
static int block_size(struct bin *bin, int64_t *count, struct decode_block *block,
                      struct mr_error *reterr)
{
    struct bin before = *bin;
    int64_t size;

    if (*count == INT64_MIN)
        return bin_error(bin, reterr, "a block's count must not be %" PRId64, *count);
    int r = bin_long(bin, &size, reterr);
    if (r != 0)
        return r;
    if ((uint64_t)size > bin_left(bin))
        return bin_error(&before, reterr, "a block of %" PRId64 " bytes does not fit the data",
                         size);
    *count = -*count;
    block->end = bin->at + size;
    return 0;
}

int decode_block(struct bin *bin, struct decode_guard *guard, size_t min_size, bool map,
                 struct decode_block *ret_block, struct mr_error *reterr)
{
    struct bin before = *bin;
    struct decode_block block = {0};
    int64_t count;
    int r = bin_long(bin, &count, reterr);

    if (r == 0 && MR_UNLIKELY(count < 0))
        r = block_size(bin, &count, &block, reterr);
    if (r != 0)
        return r;
    size_t item = min_size + map;
    if (item > 0 && (uint64_t)count > bin_left(bin) / item)
        return bin_error(&before, reterr,
                         "%" PRId64 " items do not fit the %zu bytes that are left", count,
                         bin_left(bin));
    if (item == 0 && (r = decode_zeros(guard, (size_t)count, &before, reterr)) != 0)
        return r;
    block.n = (size_t)count;
    *ret_block = block;
    return 0;
}

int decode_block_end(const struct bin *bin, const struct decode_block *block,
                     struct mr_error *reterr)
{
    if (MR_LIKELY(!block->end || block->end == bin->at))
        return 0;
    return bin_error(bin, reterr, "a block's items must take as many bytes as it says");
}

int decode_branch(struct bin *bin, const struct plan *plan, const struct plan **ret_branch,
                  struct mr_error *reterr)
{
    struct bin before = *bin;
    int64_t branch;
    int r = bin_long(bin, &branch, reterr);

    if (MR_UNLIKELY(r != 0))
        return r;
    if (MR_UNLIKELY((uint64_t)branch >= plan->writer->n_branches))
        return bin_error(&before, reterr, "a union of %zu branches has no branch %" PRId64,
                         plan->writer->n_branches, branch);
    *ret_branch = plan->branches[branch];
    return 0;
}

int decode_symbol(struct bin *bin, const struct plan *plan, size_t *ret_symbol,
                  struct mr_error *reterr)
{
    struct bin before = *bin;
    int32_t index;
    int r = bin_int(bin, &index, reterr);

    if (MR_UNLIKELY(r != 0))
        return r;
    if (MR_UNLIKELY((uint32_t)index >= plan->writer->n_symbols))
        return bin_error(&before, reterr, "%s has no symbol with index %" PRId32,
                         plan->writer->fullname, index);
    if (plan->symbols) {
        if (plan->symbols[index] < 0)
            return bin_error(&before, reterr,
                             "the reader's %s does not know the symbol \"%s\" and has no default",
                             plan->reader->fullname, plan->writer->symbols[index]);
        index = plan->symbols[index];
    }
    *ret_symbol = (size_t)index;
    return 0;
}

static int skip_record(struct bin *bin, const struct plan *plan, struct decode_guard *guard,
                       struct mr_error *reterr)
{
    int r = decode_enter(guard, bin, reterr);

    if (r == 0)
        r = decode_zeros(guard, plan->n_zero_fields, bin, reterr);
    for (size_t i = 0; r == 0 && i < plan->n_steps; i++) {
        r = decode_skip(bin, plan->steps[i].plan, guard, reterr);
        if (r != 0)
            mr_error_at(reterr, plan->steps[i].name, strlen(plan->steps[i].name));
    }
    guard->depth--;
    return r;
}

/* A block that says its size is passed over at once. */
static int skip_items(struct bin *bin, const struct plan *plan, struct decode_guard *guard,
                      struct mr_error *reterr)
{
    bool map = plan->op == PLAN_MAP;
    struct decode_block block;
    struct mr_bytes key;
    int r = decode_enter(guard, bin, reterr);

    if (r != 0)
        return r;
    while ((r = decode_block(bin, guard, plan->item->min_size, map, &block, reterr)) == 0 &&
           block.n > 0) {
        if (block.end) {
            bin->at = block.end;
            continue;
        }
        for (size_t i = 0; r == 0 && i < block.n; i++) {
            if (map)
                r = bin_bytes(bin, &key, reterr);
            if (r == 0)
                r = decode_skip(bin, plan->item, guard, reterr);
        }
        if (r != 0)
            return r;
    }
    guard->depth--;
    return r;
}

static int skip_scalar(struct bin *bin, const struct plan *plan, struct mr_error *reterr)
{
    const uint8_t *data;
    struct mr_bytes bytes;
    int64_t value;
    int32_t narrow;
    bool flag;

    switch (plan->writer->type) {
    case MR_AVRO_NULL:
        return 0;
    case MR_AVRO_BOOLEAN:
        return bin_boolean(bin, &flag, reterr);
    case MR_AVRO_INT:
    case MR_AVRO_ENUM:
        return bin_int(bin, &narrow, reterr);
    case MR_AVRO_LONG:
        return bin_long(bin, &value, reterr);
    case MR_AVRO_FLOAT:
        return bin_fixed(bin, sizeof(float), &data, reterr);
    case MR_AVRO_DOUBLE:
        return bin_fixed(bin, sizeof(double), &data, reterr);
    case MR_AVRO_FIXED:
        return bin_fixed(bin, plan->writer->fixed_size, &data, reterr);
    case MR_AVRO_BYTES:
    case MR_AVRO_STRING:
    case MR_AVRO_RECORD:
    case MR_AVRO_ARRAY:
    case MR_AVRO_MAP:
    case MR_AVRO_UNION:
        break;
    }
    return bin_bytes(bin, &bytes, reterr);
}

int decode_skip(struct bin *bin, const struct plan *plan, struct decode_guard *guard,
                struct mr_error *reterr)
{
    int r;

    assert(!plan->reader);
    switch (plan->writer->type) {
    case MR_AVRO_RECORD:
        return plan->op == PLAN_ERROR ? decode_error(bin, plan, reterr)
                                      : skip_record(bin, plan, guard, reterr);
    case MR_AVRO_ARRAY:
    case MR_AVRO_MAP:
        return skip_items(bin, plan, guard, reterr);
    case MR_AVRO_UNION:
        r = decode_branch(bin, plan, &plan, reterr);
        return r != 0 ? r : decode_skip(bin, plan, guard, reterr);
    case MR_AVRO_NULL:
    case MR_AVRO_BOOLEAN:
    case MR_AVRO_INT:
    case MR_AVRO_LONG:
    case MR_AVRO_FLOAT:
    case MR_AVRO_DOUBLE:
    case MR_AVRO_BYTES:
    case MR_AVRO_STRING:
    case MR_AVRO_ENUM:
    case MR_AVRO_FIXED:
        break;
    }
    return skip_scalar(bin, plan, reterr);
}
