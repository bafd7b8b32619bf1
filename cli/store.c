/* SPDX-License-Identifier: Apache-2.0 */
/* What the store verbs share. */
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/catalog.h"
#include "millrace/hash.h"
#include "millrace/own.h"
#include "millrace/time.h"

const struct mr_option store_options[] = {
    MR_OPT_STR(struct store_choice, url, .name = "store", .arg = "URL",
               .help =
                   "Store of the consumer: sqlite:PATH or postgresql://...; default SERVICE.db"),
    MR_OPT_END,
};

const char *store_hint(const char *service, char *out, size_t cap)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();
    MR_AUTO(free) const char **names = calloc(catalog->n_groups + 1, sizeof(*names));

    for (size_t i = 0; names && i < catalog->n_groups; i++)
        names[i] = catalog->groups[i].name;
    const char *near = names ? mr_nearest(service, names, catalog->n_groups) : NULL;
    (void)snprintf(out, cap, "%s%s%s", near ? ": did you mean '" : "", near ? near : "",
                   near ? "'?" : "");
    return out;
}

/* A name that is none of ours is misspelt; else its consumer has not run here. */
static int say_absent(struct mr_str service, struct mr_error *reterr)
{
    char name[128], hint[160];

    (void)snprintf(name, sizeof(name), "%.*s", MR_STR_ARG(service));
    if (mr_catalog_group(mr_catalog_builtin(), service))
        return mr_error_set(reterr, MR_ABSENT,
                            "there is no store %s.db here: give --store with the URL that "
                            "%s-consumer has",
                            name, name);
    return mr_error_set(reterr, MR_ABSENT, "there is no store %s.db, and no consumer '%s'%s", name,
                        name, store_hint(name, hint, sizeof(hint)));
}

int store_choose(const struct store_choice *choice, struct mr_str service, bool writes,
                 struct mr_store **ret_store, struct mr_error *reterr)
{
    struct mr_store_options how = {.read_only = !writes, .beside = writes};
    char path[256];

    if (choice->url)
        return mr_store_open(choice->url, &how, ret_store, reterr);
    if (service.len == 0)
        return mr_error_set(
            reterr, MR_INVALID,
            "which store? give SERVICE/NAME (SERVICE/ alone: the names there are), or "
            "--store URL");
    (void)snprintf(path, sizeof(path), "sqlite:%.*s.db", MR_STR_ARG(service));
    int r = mr_store_open(path, &how, ret_store, reterr);
    return r == MR_ABSENT ? say_absent(service, reterr) : r;
}

static bool is_instant(const char *column, struct mr_value value, bool raw)
{
    size_t len = strlen(column);

    return !raw && value.type == MR_VALUE_INT && len > 3 && strcmp(column + len - 3, "_at") == 0;
}

static int put_hex(struct mr_bytes bytes, struct mr_buf *out)
{
    int r = mr_buf_reserve(out, 2 * bytes.len);

    if (r == 0)
        out->len += mr_hex_encode(bytes.data, bytes.len, (char *)out->data + out->len);
    return r;
}

/* Without quotes; *ret_quote tells JSON whether they are due. */
static int put_value(const char *column, struct mr_value value, bool raw, bool *ret_quote,
                     struct mr_buf *out)
{
    char when[MR_TIME_MAX];

    *ret_quote = false;
    switch (value.type) {
    case MR_VALUE_INT:
        if (!is_instant(column, value, raw))
            return mr_buf_printf(out, "%lld", (long long)value.as.integer);
        *ret_quote = true;
        return mr_buf_append(out, when, mr_time_format_micros(value.as.integer, when));
    case MR_VALUE_REAL:
        return mr_buf_printf(out, "%.17g", value.as.real);
    case MR_VALUE_BLOB:
        *ret_quote = true;
        return put_hex(value.as.blob, out);
    case MR_VALUE_TEXT:
        *ret_quote = true;
        return mr_buf_append_str(out, value.as.text);
    case MR_VALUE_NULL:
    case MR_VALUE_STOP:
    case MR_VALUE_DECIMAL:
        break;
    }
    return 0;
}

int store_value_text(const char *column, struct mr_value value, bool raw, struct mr_buf *out)
{
    size_t from = out->len;
    bool quote;

    int r = value.type == MR_VALUE_NULL ? mr_buf_byte(out, '-')
                                        : put_value(column, value, raw, &quote, out);
    for (size_t i = from; r == 0 && i < out->len; i++) /* one row, one line */
        if (out->data[i] < 0x20 || out->data[i] == 0x7f)
            out->data[i] = ' ';
    return r;
}

int store_value_json(const char *column, struct mr_value value, bool raw, struct mr_buf *out)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    bool quote;

    if (value.type == MR_VALUE_NULL)
        return mr_buf_printf(out, "null");
    int r = put_value(column, value, raw, &quote, &text);
    if (r != 0)
        return r;
    return quote ? mr_buf_json_string(out, (const char *)text.data, text.len)
                 : mr_buf_append(out, text.data, text.len);
}
