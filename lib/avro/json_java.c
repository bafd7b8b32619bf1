/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as Java writes it. */
#include "json_java.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/status.h"

/* As everyone's, but for hexadecimal digits, which are upper case. */
int mr_java_string(struct mr_buf *out, const char *text, size_t len)
{
    size_t from = out->len;
    int r = mr_buf_json_plain(out, text, len);

    if (r != 0)
        return r;
    for (uint8_t *p = out->data + from, *end = out->data + out->len; p < end; p++) {
        if (*p != '\\')
            continue;
        if (*++p == 'u') {
            p[3] = (uint8_t)toupper(p[3]);
            p[4] = (uint8_t)toupper(p[4]);
        }
    }
    return 0;
}

/* digits: "d.ddde-dd" as printf gives it. Java: plain from 1e-3 up to 1e7, else d.dddE-dd. */
static int write_digits(struct mr_buf *out, const char *text)
{
    char digits[32];
    int n = 0, exponent = atoi(strchr(text, 'e') + 1);
    const char *sign = *text == '-' ? "-" : "";

    for (const char *p = text; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9')
            digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    digits[n] = '\0';
    if (exponent < -3 || exponent >= 7)
        return mr_buf_printf(out, "%s%c.%sE%d", sign, digits[0], n > 1 ? digits + 1 : "0",
                             exponent);
    if (exponent < 0)
        return mr_buf_printf(out, "%s0.%.*s%s", sign, -exponent - 1, "000", digits);
    int whole = exponent + 1;
    if (n <= whole)
        return mr_buf_printf(out, "%s%s%.*s.0", sign, digits, whole - n, "0000000");
    return mr_buf_printf(out, "%s%.*s.%s", sign, whole, digits, digits + whole);
}

static int write_special(struct mr_buf *out, double value)
{
    if (value == 0)
        return mr_buf_printf(out, signbit(value) ? "-0.0" : "0.0");
    if (isnan(value))
        return mr_buf_append_str(out, MR_STR("\"NaN\""));
    return mr_buf_printf(out, "\"%sInfinity\"", value < 0 ? "-" : "");
}

/* The shortest digits that read back as the same value, two at least. */
int mr_java_double(struct mr_buf *out, double value)
{
    char text[40] = "";

    if (value == 0 || !isfinite(value))
        return write_special(out, value);
    for (int n = 1; n <= 16; n++) {
        snprintf(text, sizeof(text), "%.*e", n, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return write_digits(out, text);
}

int mr_java_float(struct mr_buf *out, float value)
{
    char text[40] = "";

    if (value == 0 || !isfinite(value))
        return write_special(out, (double)value);
    for (int n = 1; n <= 8; n++) {
        snprintf(text, sizeof(text), "%.*e", n, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    return write_digits(out, text);
}

/* Bytes of UTF-8 in the order of UTF-16 units: what takes two units begins with 0xF0 to 0xF4 in
 * UTF-8, and its units come before U+E000, which begins with 0xEE. */
static int rank(char c)
{
    unsigned byte = (unsigned char)c;

    return (int)byte + (byte == 0xEE || byte == 0xEF ? 0x10 : 0);
}

int mr_java_compare(struct mr_str a, struct mr_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;

    for (size_t i = 0; i < n; i++)
        if (a.data[i] != b.data[i])
            return rank(a.data[i]) - rank(b.data[i]);
    return (a.len > b.len) - (a.len < b.len);
}

static int by_key(const void *a, const void *b)
{
    const struct mr_jnode *const *x = a, *const *y = b;

    return mr_java_compare((*x)->key, (*y)->key);
}

const struct mr_jnode **mr_java_sorted(const struct mr_jnode *object)
{
    const struct mr_jnode **list =
        calloc(object->n ? object->n : 1, sizeof(const struct mr_jnode *));
    size_t n = 0;

    if (!list)
        return NULL;
    for (const struct mr_jnode *m = object->first; m; m = m->next)
        list[n++] = m;
    qsort(list, n, sizeof(*list), by_key);
    return list;
}

static int write_number(struct mr_buf *out, const struct mr_jnode *node)
{
    if (mr_jtree_integral(node))
        return mr_buf_append_str(out, mr_str_is(node->text, "-0") ? MR_STR("0") : node->text);
    return mr_java_double(out, mr_jtree_double(node));
}

static int write_member(struct mr_buf *out, const struct mr_jnode *m, bool first, bool sorted)
{
    int r = first ? 0 : mr_buf_byte(out, ',');

    if (r == 0 && m->parent->kind == MR_J_OBJECT) {
        r = mr_java_string(out, m->key.data, m->key.len);
        if (r == 0)
            r = mr_buf_byte(out, ':');
    }
    return r == 0 ? mr_java_value(out, m, sorted) : r;
}

static int write_sorted(struct mr_buf *out, const struct mr_jnode *object)
{
    const struct mr_jnode **list = mr_java_sorted(object);
    int r = list ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < object->n; i++)
        r = write_member(out, list[i], i == 0, true);
    free(list);
    return r;
}

static int write_container(struct mr_buf *out, const struct mr_jnode *node, bool sorted)
{
    bool object = node->kind == MR_J_OBJECT;
    int r = mr_buf_byte(out, object ? '{' : '[');

    if (r == 0 && object && sorted)
        r = write_sorted(out, node);
    else
        for (const struct mr_jnode *c = node->first; r == 0 && c; c = c->next)
            r = write_member(out, c, c == node->first, sorted);
    return r != 0 ? r : mr_buf_byte(out, object ? '}' : ']');
}

int mr_java_value(struct mr_buf *out, const struct mr_jnode *node, bool sorted)
{
    switch (node->kind) {
    case MR_J_NULL:
        return mr_buf_append_str(out, MR_STR("null"));
    case MR_J_FALSE:
        return mr_buf_append_str(out, MR_STR("false"));
    case MR_J_TRUE:
        return mr_buf_append_str(out, MR_STR("true"));
    case MR_J_NUMBER:
        return write_number(out, node);
    case MR_J_STRING:
        return mr_java_string(out, node->text.data, node->text.len);
    case MR_J_ARRAY:
    case MR_J_OBJECT:
        break;
    }
    return write_container(out, node, sorted);
}

/* String.trim: controls are blanks. */
static struct mr_str trim(struct mr_str text)
{
    while (text.len > 0 && (unsigned char)text.data[0] <= ' ')
        text = (struct mr_str){text.data + 1, text.len - 1};
    while (text.len > 0 && (unsigned char)text.data[text.len - 1] <= ' ')
        text.len--;
    return text;
}

/* Digits and a point, then an exponent, then Java's type letter; or a hexadecimal number. */
static bool number_letters(const char *text)
{
    size_t n = strspn(text, "+-0123456789.eExXpPaAbBcCdDfF");

    return text[n] == '\0' && strpbrk(text, "0123456789");
}

int mr_java_parse_double(struct mr_str text, double *ret_value)
{
    char copy[1100]; /* no shorter text loses digits that matter */
    char *end;

    text = trim(text);
    if (text.len == 0 || text.len >= sizeof(copy))
        return MR_INVALID;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    const char *unsigned_part = copy + (*copy == '-' || *copy == '+');
    if (strcmp(unsigned_part, "NaN") != 0 && strcmp(unsigned_part, "Infinity") != 0 &&
        !number_letters(copy))
        return MR_INVALID;
    *ret_value = strtod(copy, &end);
    bool hex = strpbrk(copy, "xX") != NULL;
    if (end == copy || (hex && !strpbrk(copy, "pP")))
        return MR_INVALID;
    if (*end && strchr("fFdD", *end))
        end++;
    return *end ? MR_INVALID : 0;
}
