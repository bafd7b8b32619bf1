/* SPDX-License-Identifier: Apache-2.0 */
/* Avro -> struct: the loop over a flat program. */
#include "struct_read.h"

#include <stdatomic.h>

#include "struct_quick.h"

static int read_default(struct read *read, const struct struct_op *op, uint8_t *base)
{
    struct bin outer = read->bin;
    struct mr_bytes bytes = op->value->bytes;

    read->bin = (struct bin){bytes.data, bytes.data, bytes.data + bytes.len};
    int r = struct_run(read, op->value->program, base);
    read->bin = outer;
    return r;
}

static int read_union(struct read *read, const struct struct_op *op, uint8_t *base)
{
    const struct plan *plan = op->branches->plan;
    struct bin before = read->bin;
    int64_t branch;
    int r = bin_long(&read->bin, &branch, read->reterr);

    if (r != 0)
        return r;
    if ((uint64_t)branch >= plan->writer->n_branches)
        return bin_error(&before, read->reterr, "a union of %zu branches has no branch %lld",
                         plan->writer->n_branches, (long long)branch);
    return struct_run(read, op->branches->programs[branch], base);
}

static int read_decimal(struct read *read, const struct struct_op *op, uint8_t *base)
{
    struct mr_decimal *out = member(base, op);
    struct mr_bytes bytes;
    size_t size = op->plan->writer->fixed_size;
    int r;

    if (op->code == OP_DECIMAL) {
        r = bin_bytes(&read->bin, &bytes, read->reterr);
    } else {
        bytes.len = size;
        r = bin_fixed(&read->bin, size, &bytes.data, read->reterr);
    }
    if (MR_UNLIKELY(r != 0))
        return r;
    if (MR_UNLIKELY(!decimal_to_int128(bytes, &out->unscaled)))
        return bin_error(&read->bin, read->reterr, "a decimal must have 1 to 38 digits");
    out->scale = op->plan->reader->scale;
    return 0;
}

/* The number that was written, for the kinds that promotions know. */
static int read_number(struct read *read, const struct struct_op *op, uint8_t *base)
{
    int64_t whole = 0;
    int32_t narrow = 0;
    float single = 0;
    int r;

    if (op->plan->writer->type == MR_AVRO_LONG) {
        r = bin_long(&read->bin, &whole, read->reterr);
    } else if (op->plan->writer->type == MR_AVRO_INT) {
        r = bin_int(&read->bin, &narrow, read->reterr);
        whole = narrow;
    } else {
        r = bin_float(&read->bin, &single, read->reterr);
    }
    if (r != 0)
        return r;
    if (op->code == OP_INT_TO_LONG)
        *(int64_t *)member(base, op) = whole;
    else if (op->code == OP_FLOAT_TO_DOUBLE)
        *(double *)member(base, op) = (double)single;
    else if (op->code == OP_INT_TO_FLOAT || op->code == OP_LONG_TO_FLOAT)
        *(float *)member(base, op) = (float)whole;
    else
        *(double *)member(base, op) = (double)whole;
    return 0;
}

static int read_string(struct read *read, const struct struct_op *op, uint8_t *base)
{
    struct mr_bytes text;
    int r = decode_text(&read->bin, &text, read->reterr);

    if (MR_LIKELY(r == 0))
        *(struct mr_str *)member(base, op) = (struct mr_str){(const char *)text.data, text.len};
    return r;
}

static int read_fixed(struct read *read, const struct struct_op *op, uint8_t *base)
{
    struct mr_bytes *out = member(base, op);

    out->len = op->n;
    return bin_fixed(&read->bin, op->n, &out->data, read->reterr);
}

static int read_symbol(struct read *read, const struct struct_op *op, uint8_t *base)
{
    size_t symbol = 0;
    int r = decode_symbol(&read->bin, op->plan, &symbol, read->reterr);
    unsigned value = (unsigned)symbol;

    memcpy(member(base, op), &value, sizeof(value)); /* any enum of up to 2^31 symbols */
    return r;
}

/* The branch's index: null or the other. */
static inline int read_null(struct read *read, const struct struct_op *op, uint8_t *base,
                            bool *ret_null)
{
    struct bin *bin = &read->bin;
    int64_t branch = 0;

    if (MR_LIKELY(bin->at < bin->end) && (*bin->at == 0 || *bin->at == 2)) {
        branch = *bin->at++ / 2;
    } else {
        struct bin before = *bin;
        int r = bin_long(bin, &branch, read->reterr);
        return r != 0 ? r
                      : bin_error(&before, read->reterr, "a union of 2 branches has no branch %lld",
                                  (long long)branch);
    }
    *ret_null = branch == op->null_branch;
    *(bool *)member(base, op) = !*ret_null;
    return 0;
}

MR_COLD static int failed(struct read *read, const struct struct_op *op, int r)
{
    for (const struct struct_path *path = r == MR_INVALID ? op->path : NULL; path;
         path = path->outer)
        mr_error_at(read->reterr, path->name, strlen(path->name));
    return r;
}

/* The long way of an operation. */
static int step(struct read *read, const struct struct_op *op, uint8_t *base)
{
    struct bin *bin = &read->bin;

    switch ((enum struct_code)op->code) {
    case OP_STRING:
        return read_string(read, op, base);
    case OP_LONG:
        return bin_long(bin, member(base, op), read->reterr);
    case OP_DECIMAL:
    case OP_DECIMAL_FIXED:
        return read_decimal(read, op, base);
    case OP_INT:
        return bin_int(bin, member(base, op), read->reterr);
    case OP_BOOL:
        return bin_boolean(bin, member(base, op), read->reterr);
    case OP_DOUBLE:
        return bin_double(bin, member(base, op), read->reterr);
    case OP_FLOAT:
        return bin_float(bin, member(base, op), read->reterr);
    case OP_BYTES:
        return bin_bytes(bin, member(base, op), read->reterr);
    case OP_FIXED:
        return read_fixed(read, op, base);
    case OP_ENUM:
        return read_symbol(read, op, base);
    case OP_ARRAY:
    case OP_MAP:
        return struct_read_items(read, op, base);
    case OP_INT_TO_LONG:
    case OP_INT_TO_FLOAT:
    case OP_LONG_TO_FLOAT:
    case OP_INT_TO_DOUBLE:
    case OP_LONG_TO_DOUBLE:
    case OP_FLOAT_TO_DOUBLE:
        return read_number(read, op, base);
    case OP_SKIP:
        return decode_skip(bin, op->plan, &read->guard, read->reterr);
    case OP_UNION:
        return read_union(read, op, base);
    case OP_DEFAULT:
        return read_default(read, op, base);
    case OP_ZEROS:
        return decode_zeros(&read->guard, op->n, bin, read->reterr);
    case OP_ERROR:
        return decode_error(bin, op->plan, read->reterr);
    case OP_PRESENT:
        *(bool *)member(base, op) = true;
        return 0;
    case OP_NULLABLE:
    case OP_END:
        break;
    }
    return 0;
}

int struct_run(struct read *read, const struct struct_program *program, uint8_t *base)
{
    const uint8_t *end = read->bin.end, *next;
    bool null = false;
    int r;

    for (const struct struct_op *op = program->ops; op->code != OP_END; op++) {
        if (op->code == OP_STRING && (next = quick_string(read->bin.at, end, member(base, op)))) {
            read->bin.at = next;
            continue;
        }
        if (op->code == OP_DECIMAL &&
            (next = quick_decimal(read->bin.at, end, op, member(base, op)))) {
            read->bin.at = next;
            continue;
        }
        if (op->code == OP_NULLABLE) {
            if (MR_UNLIKELY((r = read_null(read, op, base, &null)) != 0))
                return failed(read, op, r);
            op += null ? op->n : 0;
            continue;
        }
        if (MR_UNLIKELY((r = step(read, op, base)) != 0))
            return failed(read, op, r);
    }
    return 0;
}

struct mr_struct_reader {
    atomic_uint refs;
    struct plans *plans;
    const struct struct_program *program;
    size_t size;
};

int mr_struct_reader_new(struct mr_schema *writer, struct mr_schema *reader,
                         const struct mr_record_desc *desc, struct mr_struct_reader **ret_reader,
                         struct mr_error *reterr)
{
    MR_AUTO(mr_struct_reader) struct mr_struct_reader *self = calloc(1, sizeof(*self));

    if (!self)
        return -ENOMEM;
    atomic_init(&self->refs, 1);
    self->size = desc->size;
    int r = plans_new(writer, reader, NULL, &self->plans, reterr);
    if (r == 0)
        r = struct_program_new(self->plans->root, desc, self->plans->arena, &self->program, reterr);
    if (r == 0)
        *ret_reader = MR_MOVE(self);
    return r;
}

struct mr_struct_reader *mr_struct_reader_ref(struct mr_struct_reader *reader)
{
    (void)atomic_fetch_add_explicit(&reader->refs, 1, memory_order_relaxed);
    return reader;
}

struct mr_struct_reader *mr_struct_reader_unref(struct mr_struct_reader *reader)
{
    if (reader && atomic_fetch_sub_explicit(&reader->refs, 1, memory_order_acq_rel) == 1) {
        (void)plans_free(reader->plans);
        free(reader);
    }
    return NULL;
}

int mr_struct_read(const struct mr_struct_reader *reader, const uint8_t *avro, size_t len,
                   struct mr_arena *arena, void *record, struct mr_error *reterr)
{
    struct read read = {.arena = arena,
                        .reterr = reterr,
                        .guard = decode_guard(len),
                        .memory_left = decode_memory(len)};
    int r = decode_begin(avro, len, &read.bin, reterr);

    if (r != 0)
        return r;
    memset(record, 0, reader->size);
    return decode_end(&read.bin, struct_run(&read, reader->program, record), reterr);
}
