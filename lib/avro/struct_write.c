/* SPDX-License-Identifier: Apache-2.0 */
/* struct -> Avro: the record descriptor and the shape walked side by side, every value held to the
 * same rules as if it had come as JSON. */
#include "json_encode.h"
#include "struct_fit.h"

struct mr_struct_writer {
    struct shapes *shapes;
    const struct shape *root;
    const struct mr_record_desc *desc;
};

static int write_record(struct encode *e, const struct shape *shape,
                        const struct mr_record_desc *desc, const uint8_t *base);

static int write_text(struct encode *e, const struct shape *shape, const void *at)
{
    struct mr_str text;
    size_t bad;

    memcpy(&text, at, sizeof(text));
    if (text.len > 0 && !mr_utf8_valid(text.data, text.len, &bad))
        return json_error(&e->in, e->in.at, e->reterr, "a string must be well-formed UTF-8");
    if (e->nul == JSON_NUL_REFUSE && text.len > 0 && memchr(text.data, 0, text.len))
        return json_error(&e->in, e->in.at, e->reterr, "a string must not hold the character NUL");
    return encode_put_string(e, shape, text, e->in.at);
}

static int write_bytes(struct encode *e, const struct shape *shape, const void *at)
{
    struct mr_bytes bytes;

    memcpy(&bytes, at, sizeof(bytes));
    if (shape->node->type == MR_AVRO_BYTES)
        return bin_append_bytes(e->out, bytes.data, bytes.len);
    if (bytes.len != shape->node->fixed_size)
        return json_error(&e->in, e->in.at, e->reterr, "must have %zu bytes (had %zu)",
                          shape->node->fixed_size, bytes.len);
    return mr_buf_append(e->out, bytes.data, bytes.len);
}

/* To the scale of the type: up is exact, down must lose only zeros. */
static int write_decimal(struct encode *e, const struct shape *shape, const void *at)
{
    const struct mr_schema_node *node = shape->node;
    struct mr_decimal decimal;

    memcpy(&decimal, at, sizeof(decimal));
    for (; decimal.scale > node->scale; decimal.scale--) {
        if (decimal.unscaled % 10 != 0)
            return json_error(&e->in, e->in.at, e->reterr, "must have at most %d decimals",
                              node->scale);
        decimal.unscaled /= 10;
    }
    unsigned digits = node->precision < 38 ? (unsigned)node->precision : 38;
    mr_int128 most = decimal_power(digits);
    for (; decimal.scale < node->scale; decimal.scale++)
        if (__builtin_mul_overflow(decimal.unscaled, 10, &decimal.unscaled))
            decimal.unscaled = most;
    if (decimal.unscaled >= most || decimal.unscaled <= -most)
        return json_error(&e->in, e->in.at, e->reterr,
                          "must have at most %u digits, %d of them decimals", digits, node->scale);
    return encode_put_decimal(e, shape, decimal.unscaled, e->in.at);
}

static int write_long(struct encode *e, const struct shape *shape, int64_t value)
{
    return shape->op == SHAPE_TIME ? encode_long(e, value)
                                   : encode_put_long(e, shape, value, e->in.at);
}

static int write_number(struct encode *e, const struct shape *shape, enum mr_field_kind kind,
                        const void *at)
{
    int64_t whole;
    int32_t narrow;
    unsigned symbol;
    double value;
    float single;

    switch (kind) {
    case MR_FIELD_BOOL:
        return mr_buf_byte(e->out, *(const bool *)at);
    case MR_FIELD_INT:
        memcpy(&narrow, at, sizeof(narrow));
        return write_long(e, shape, narrow);
    case MR_FIELD_LONG:
        memcpy(&whole, at, sizeof(whole));
        return write_long(e, shape, whole);
    case MR_FIELD_FLOAT:
        memcpy(&single, at, sizeof(single));
        return encode_put_double(e, shape, (double)single, e->in.at);
    case MR_FIELD_DOUBLE:
        memcpy(&value, at, sizeof(value));
        return encode_put_double(e, shape, value, e->in.at);
    case MR_FIELD_STRING:
    case MR_FIELD_BYTES:
    case MR_FIELD_FIXED:
    case MR_FIELD_DECIMAL:
    case MR_FIELD_ENUM:
    case MR_FIELD_RECORD:
    case MR_FIELD_ARRAY:
    case MR_FIELD_MAP:
        break;
    }
    memcpy(&symbol, at, sizeof(symbol));
    return encode_put_symbol(e, shape, symbol, e->in.at);
}

/* A value that is no array and no map. */
static int write_value(struct encode *e, const struct shape *shape, enum mr_field_kind kind,
                       const struct mr_record_desc *desc, const uint8_t *at)
{
    if (kind == MR_FIELD_STRING)
        return write_text(e, shape, at);
    if (kind == MR_FIELD_BYTES || kind == MR_FIELD_FIXED)
        return write_bytes(e, shape, at);
    if (kind == MR_FIELD_DECIMAL)
        return write_decimal(e, shape, at);
    if (kind == MR_FIELD_RECORD)
        return write_record(e, shape, desc, at);
    return write_number(e, shape, kind, at);
}

static int write_item(struct encode *e, const struct shape *shape,
                      const struct mr_record_field *field, const uint8_t *item)
{
    if (field->kind == MR_FIELD_MAP) {
        struct mr_str key;
        memcpy(&key, item, sizeof(key));
        if (!mr_utf8_valid(key.data, key.len, NULL))
            return json_error(&e->in, e->in.at, e->reterr, "a map's key must be well-formed UTF-8");
        int r = bin_append_bytes(e->out, key.data, key.len);
        if (r != 0)
            return r;
        item += field->item_offset;
    }
    return write_value(e, shape->item, field->item, field->record, item);
}

static void report_item(struct encode *e, const struct mr_record_field *field, const uint8_t *item,
                        size_t index)
{
    struct mr_str key;

    if (field->kind != MR_FIELD_MAP) {
        mr_error_at_index(e->reterr, index);
        return;
    }
    memcpy(&key, item, sizeof(key));
    mr_error_at(e->reterr, key.data, key.len);
}

static int write_items(struct encode *e, const struct shape *shape,
                       const struct mr_record_field *field, const uint8_t *base)
{
    const uint8_t *data;
    size_t n;
    int r = encode_enter(e);

    memcpy(&data, base + field->offset, sizeof(data));
    memcpy(&n, base + field->count_offset, sizeof(n));
    if (r != 0 || (r = encode_check_items(e, shape, n, e->in.at)) != 0)
        return r;
    if (n > 0)
        r = encode_long(e, (int64_t)n);
    for (size_t i = 0; r == 0 && i < n; i++) {
        const uint8_t *item = data + i * field->item_size;
        r = write_item(e, shape, field, item);
        if (r == MR_INVALID)
            report_item(e, field, item, i);
    }
    e->depth--;
    return r != 0 ? r : mr_buf_byte(e->out, 0);
}

static int write_field(struct encode *e, const struct shape *shape,
                       const struct mr_record_field *field, const uint8_t *base)
{
    if (shape->op == SHAPE_NULLABLE) {
        bool has = base[field->has_offset] != 0;
        int r = encode_long(e, has == shape->null_first);
        if (r != 0 || !has)
            return r;
        shape = shape->item;
    }
    if (field->kind == MR_FIELD_ARRAY || field->kind == MR_FIELD_MAP)
        return write_items(e, shape, field, base);
    return write_value(e, shape, field->kind, field->record, base + field->offset);
}

static int write_record(struct encode *e, const struct shape *shape,
                        const struct mr_record_desc *desc, const uint8_t *base)
{
    int r = encode_enter(e);

    for (size_t i = 0; r == 0 && i < desc->n_fields; i++) {
        r = write_field(e, shape->fields[i].shape, &desc->fields[i], base);
        if (r == MR_INVALID)
            mr_error_at(e->reterr, desc->fields[i].name, strlen(desc->fields[i].name));
    }
    e->depth--;
    return r;
}

int mr_struct_write(const struct mr_struct_writer *writer, const void *record, struct mr_buf *out,
                    struct mr_error *reterr)
{
    size_t before = out->len;
    struct encode e;

    encode_init_values(&e, writer->shapes, out, reterr);
    return encode_end_values(&e, before, write_record(&e, writer->root, writer->desc, record));
}

int mr_struct_writer_new(struct mr_schema *schema, const struct mr_record_desc *desc,
                         struct mr_struct_writer **ret_writer, struct mr_error *reterr)
{
    MR_AUTO(mr_struct_writer) struct mr_struct_writer *writer = calloc(1, sizeof(*writer));

    if (!writer)
        return -ENOMEM;
    writer->desc = desc;
    int r = shapes_new(schema, NULL, NULL, &writer->shapes, &writer->root, reterr);
    if (r == 0 && !struct_fits(desc, writer->root))
        r = mr_error_set(reterr, MR_INVALID, "the record descriptor %s does not fit the schema",
                         desc->fullname);
    if (r == 0)
        *ret_writer = MR_MOVE(writer);
    return r;
}

struct mr_struct_writer *mr_struct_writer_unref(struct mr_struct_writer *writer)
{
    if (writer) {
        (void)shapes_free(writer->shapes);
        free(writer);
    }
    return NULL;
}
