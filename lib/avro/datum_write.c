/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of values -> Avro, each held to the same rules as if it had come as JSON. */
#include "json_encode.h"
#include "millrace/datum.h"

struct mr_datum_writer {
    struct shapes *shapes;
    const struct shape *root;
};

static int write_value(struct encode *e, const struct shape *shape, const struct mr_datum *datum);

static int write_text(struct encode *e, const struct shape *shape, struct mr_bytes bytes)
{
    struct mr_str text = {(const char *)bytes.data, bytes.len};

    if (text.len > 0 && !mr_utf8_valid(text.data, text.len, NULL))
        return mr_error_set(e->reterr, MR_INVALID, "a string must be well-formed UTF-8");
    if (e->nul == JSON_NUL_REFUSE && text.len > 0 && memchr(text.data, 0, text.len))
        return mr_error_set(e->reterr, MR_INVALID, "a string must not hold the character NUL");
    return encode_put_string(e, shape, text, e->in.at);
}

static int write_bytes(struct encode *e, const struct shape *shape, struct mr_bytes bytes)
{
    if (shape->node->type == MR_AVRO_BYTES)
        return bin_append_bytes(e->out, bytes.data, bytes.len);
    if (bytes.len != shape->node->fixed_size)
        return mr_error_set(e->reterr, MR_INVALID, "must have %zu bytes (had %zu)",
                            shape->node->fixed_size, bytes.len);
    return mr_buf_append(e->out, bytes.data, bytes.len);
}

/* Beyond 128 bits only what was read as such comes here: its bytes stay as they are. */
static int write_decimal(struct encode *e, const struct shape *shape, struct mr_bytes bytes)
{
    const struct mr_schema_node *node = shape->node;
    mr_int128 value;

    if (!decimal_to_int128(bytes, &value))
        return bytes.len == 0
                   ? mr_error_set(e->reterr, MR_INVALID, "a decimal must have at least one byte")
                   : write_bytes(e, shape, bytes);
    if (node->precision <= 38) {
        mr_int128 most = decimal_power((unsigned)node->precision);
        if (value >= most || value <= -most)
            return mr_error_set(e->reterr, MR_INVALID,
                                "must have at most %d digits, %d of them decimals",
                                (int)node->precision, (int)node->scale);
    }
    return encode_put_decimal(e, shape, value, e->in.at);
}

static int write_items(struct encode *e, const struct shape *shape, const struct mr_datum *datum)
{
    int r = encode_enter(e);

    if (r != 0 || (r = encode_check_items(e, shape, datum->n, e->in.at)) != 0)
        return r;
    if (datum->n > 0)
        r = encode_long(e, (int64_t)datum->n);
    size_t start = e->out->len;
    for (size_t i = 0; r == 0 && i < datum->n; i++) {
        if (shape->op == SHAPE_MAP)
            r = bin_append_bytes(e->out, datum->keys[i].data, datum->keys[i].len);
        if (r == 0)
            r = write_value(e, shape->item, &datum->items[i]);
        if (r == MR_INVALID && shape->op == SHAPE_MAP)
            mr_error_at(e->reterr, datum->keys[i].data, datum->keys[i].len);
        else if (r == MR_INVALID)
            mr_error_at_index(e->reterr, i);
    }
    e->depth--;
    if (r == 0 && e->out->len == start &&
        (e->zero_items += datum->n) > MR_CODEC_MAX_ZERO_BYTE_ITEMS)
        return mr_error_set(e->reterr, MR_INVALID, "more than %d values that take no bytes",
                            MR_CODEC_MAX_ZERO_BYTE_ITEMS);
    return r != 0 ? r : mr_buf_byte(e->out, 0);
}

static int write_record(struct encode *e, const struct shape *shape, const struct mr_datum *datum)
{
    int r = encode_enter(e);

    for (size_t i = 0; r == 0 && i < datum->n; i++) {
        const struct shape_field *field = &shape->fields[i];
        r = write_value(e, field->shape, &datum->items[i]);
        if (r == MR_INVALID)
            mr_error_at(e->reterr, field->name.data, field->name.len);
    }
    e->depth--;
    return r;
}

static int write_branch(struct encode *e, const struct shape *shape, const struct mr_datum *datum)
{
    const struct mr_schema_node *node = shape->node;
    size_t branch = 0;

    while (branch < node->n_branches && node->branches[branch] != datum->node)
        branch++;
    if (branch == node->n_branches)
        return -EINVAL; /* made by another schema */
    int r = encode_long(e, (int64_t)branch);
    if (r != 0 || datum->node->type == MR_AVRO_NULL)
        return r;
    return write_value(e, shape->op == SHAPE_NULLABLE ? shape->item : shape->branches[branch],
                       datum);
}

static int write_real(struct encode *e, const struct shape *shape, double value)
{
    if (shape->op == SHAPE_FLOAT && value - value == 0 && (double)(float)value != value)
        return mr_error_set(e->reterr, MR_INVALID, "must be a number that a float holds exactly");
    return encode_put_double(e, shape, value, e->in.at);
}

static int write_value(struct encode *e, const struct shape *shape, const struct mr_datum *datum)
{
    switch (shape->op) {
    case SHAPE_UNION:
    case SHAPE_NULLABLE:
        return write_branch(e, shape, datum);
    case SHAPE_NULL:
        return 0;
    case SHAPE_BOOLEAN:
        return mr_buf_byte(e->out, datum->whole != 0);
    case SHAPE_INT:
    case SHAPE_LONG:
        return encode_put_long(e, shape, datum->whole, e->in.at);
    case SHAPE_TIME:
        return encode_long(e, datum->whole);
    case SHAPE_FLOAT:
    case SHAPE_DOUBLE:
        return write_real(e, shape, datum->real);
    case SHAPE_ENUM:
        return encode_put_symbol(e, shape, (size_t)datum->whole, e->in.at);
    case SHAPE_STRING:
    case SHAPE_UUID:
        return write_text(e, shape, datum->bytes);
    case SHAPE_DECIMAL:
        return write_decimal(e, shape, datum->bytes);
    case SHAPE_BYTES:
    case SHAPE_FIXED:
    case SHAPE_BIG_DECIMAL:
    case SHAPE_UUID_FIXED:
    case SHAPE_DURATION:
        return write_bytes(e, shape, datum->bytes);
    case SHAPE_ARRAY:
    case SHAPE_MAP:
        return write_items(e, shape, datum);
    case SHAPE_RECORD:
        break;
    }
    return write_record(e, shape, datum);
}

int mr_datum_write(const struct mr_datum_writer *writer, const struct mr_datum *datum,
                   struct mr_buf *out, struct mr_error *reterr)
{
    size_t before = out->len;
    struct encode e;

    encode_init_values(&e, writer->shapes, out, reterr);
    return encode_end_values(&e, before, write_value(&e, writer->root, datum));
}

int mr_datum_writer_new(struct mr_schema *schema, struct mr_datum_writer **ret_writer,
                        struct mr_error *reterr)
{
    MR_AUTO(mr_datum_writer) struct mr_datum_writer *writer = calloc(1, sizeof(*writer));

    if (!writer)
        return -ENOMEM;
    int r = shapes_new(schema, NULL, NULL, &writer->shapes, &writer->root, reterr);
    if (r == 0)
        *ret_writer = MR_MOVE(writer);
    return r;
}

struct mr_datum_writer *mr_datum_writer_free(struct mr_datum_writer *writer)
{
    if (writer) {
        (void)shapes_free(writer->shapes);
        free(writer);
    }
    return NULL;
}

/* ---- decimals ---- */

int mr_datum_decimal(const struct mr_datum *datum, struct mr_decimal *ret_decimal)
{
    ret_decimal->scale = datum->node->scale;
    return decimal_to_int128(datum->bytes, &ret_decimal->unscaled) ? 0 : MR_INVALID;
}

int mr_datum_set_decimal(struct mr_datum *datum, struct mr_arena *arena, mr_int128 unscaled)
{
    struct decimal_bytes bytes;

    decimal_from_int128(unscaled, &bytes);
    const char *kept = mr_arena_dup(arena, (const char *)decimal_begin(&bytes), bytes.len);
    datum->bytes = (struct mr_bytes){(const uint8_t *)kept, bytes.len};
    return kept ? 0 : -ENOMEM;
}
