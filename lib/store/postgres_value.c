/* SPDX-License-Identifier: Apache-2.0 */
/* Values and columns of PostgreSQL. They travel as text, whose types the server knows from the
 * tables; bytes travel as they are, so 16 of them are a uuid as well. */
#include <errno.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_internal.h"

/* pg_type.h, which never changes */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_NUMERIC = 1700
};

/* ---- values ---- */

static int put_text(struct postgres_statement *s, struct mr_str text, struct mr_error *reterr)
{
    if (text.len > 0 && memchr(text.data, '\0', text.len))
        return mr_error_set(reterr, MR_INVALID,
                            "store: PostgreSQL's text cannot hold a zero byte, in: %s",
                            s->rows.text);
    int r = text.len > 0 ? mr_buf_append(&s->texts, text.data, text.len) : 0;
    return r == 0 ? mr_buf_byte(&s->texts, '\0') : r;
}

static int put_decimal(struct postgres_statement *s, struct mr_decimal decimal,
                       struct mr_error *reterr)
{
    char text[MR_DECIMAL_MAX];

    return put_text(s, (struct mr_str){text, mr_decimal_text(decimal, text)}, reterr);
}

/* Not by printf: it is half of the cost of a row. */
static int put_int(struct postgres_statement *s, int64_t x)
{
    char text[24], *at = text + sizeof(text);
    uint64_t left = x < 0 ? -(uint64_t)x : (uint64_t)x;

    *--at = '\0';
    do
        *--at = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (x < 0)
        *--at = '-';
    return mr_buf_append(&s->texts, at, (size_t)(text + sizeof(text) - at));
}

static int bind_one(struct postgres_statement *s, struct postgres_bound *b,
                    const struct mr_value *value, struct mr_error *reterr)
{
    int at = b->n++;

    b->formats[at] = 0;
    b->values[at] = "";
    b->offsets[at] = s->texts.len;
    switch (value->type) {
    case MR_VALUE_INT:
        return put_int(s, value->as.integer);
    case MR_VALUE_REAL:
        return mr_buf_printf(&s->texts, "%.17g%c", value->as.real, '\0');
    case MR_VALUE_TEXT:
        return put_text(s, value->as.text, reterr);
    case MR_VALUE_DECIMAL:
        return put_decimal(s, value->as.decimal, reterr);
    case MR_VALUE_BLOB:
        b->formats[at] = 1;
        b->lengths[at] = (int)value->as.blob.len;
        if (value->as.blob.len > 0)
            b->values[at] = (const char *)value->as.blob.data;
        return 0;
    case MR_VALUE_NULL:
    case MR_VALUE_STOP:
        break;
    }
    b->values[at] = NULL;
    return 0;
}

int mr_postgres_bind(struct postgres_statement *s, struct postgres_bound *b,
                     const struct mr_value *values, struct mr_error *reterr)
{
    int r = 0;

    b->n = 0;
    s->texts.len = 0;
    while (r == 0 && values && values[b->n].type != MR_VALUE_STOP && b->n < POSTGRES_VALUES)
        r = bind_one(s, b, &values[b->n], reterr);
    if (r == 0 && (unsigned)b->n != s->n_values)
        r = mr_error_set(reterr, -EINVAL, "store: %d values given, %u wanted: %s", b->n,
                         s->n_values, s->rows.text);
    for (int i = 0; i < b->n; i++) /* texts has grown, and moved, until now */
        if (b->formats[i] == 0 && b->values[i])
            b->values[i] = (const char *)s->texts.data + b->offsets[i];
    return r;
}

/* ---- columns ---- */

size_t mr_postgres_n_columns(const struct mr_rows *rows)
{
    return (size_t)PQnfields(postgres_statement_of(rows)->result);
}

const char *mr_postgres_column_name(const struct mr_rows *rows, size_t column)
{
    return PQfname(postgres_statement_of(rows)->result, (int)column);
}

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* "\x00ff", over itself: bytes are fewer than digits. Once decoded the x is gone. */
static struct mr_bytes decode(char *text, size_t len)
{
    size_t n = len < 2 ? 0 : (len - 2) / 2;
    uint8_t *bytes = (uint8_t *)text + 2;

    if (len >= 2 && text[1] == 'x') {
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(nibble((char)bytes[2 * i]) << 4 | nibble((char)bytes[2 * i + 1]));
        text[1] = '\0';
    }
    return (struct mr_bytes){bytes, n};
}

/* sum() of whole numbers is one. */
static bool is_whole(const char *text)
{
    size_t digits = strspn(text + (*text == '-'), "0123456789");

    return digits > 0 && digits < 19 && text[(*text == '-') + digits] == '\0';
}

struct mr_value mr_postgres_column(const struct mr_rows *rows, size_t column)
{
    const PGresult *result = postgres_statement_of(rows)->result;
    int row = postgres_statement_of(rows)->row, at = (int)column;

    if (PQgetisnull(result, row, at))
        return MR_NULL;
    char *text = PQgetvalue(result, row, at);
    size_t len = (size_t)PQgetlength(result, row, at);
    switch (PQftype(result, at)) {
    case OID_INT8:
    case OID_INT4:
    case OID_INT2:
        return mr_value_int(strtoll(text, NULL, 10));
    case OID_BOOL:
        return mr_value_int(*text == 't');
    case OID_BYTEA:
        return mr_value_blob(decode(text, len));
    case OID_FLOAT4:
    case OID_FLOAT8:
        return (struct mr_value){MR_VALUE_REAL, {.real = strtod(text, NULL)}};
    case OID_NUMERIC:
        if (is_whole(text))
            return mr_value_int(strtoll(text, NULL, 10));
        return mr_value_text((struct mr_str){text, len});
    default:
        return mr_value_text((struct mr_str){text, len});
    }
}
