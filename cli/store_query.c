/* SPDX-License-Identifier: Apache-2.0 */
/* millrace store query [SERVICE/]NAME: a consumer's read model, also while it runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "millrace/error.h"
#include "store.h"
#include "store_print.h"
#include "verb.h"

enum { MAX_WHERE = 8, NAMES = 64, MOST_COLUMNS = 32 };

struct query {
    struct store_choice store;
    struct mr_option_list where; /* COLUMN=VALUE */
    int64_t limit;
    bool json, raw;
};

static const struct mr_option rows_of_query[] = {
    MR_OPT_LIST(struct query, where, .name = "where", .arg = "COLUMN=VALUE", .env = "",
                .help = "Only rows with this value; several: all must hold"),
    MR_OPT_INT(struct query, limit, .name = "limit", .letter = 'n', .arg = "N", .env = "",
               .def = "0", .min = 0, .max = INT64_MAX,
               .help = "Most rows; 0: all, on a terminal 1000"),
    MR_OPT_FLAG(struct query, json, .name = "json", .letter = 'J', .env = "",
                .help = "One JSON object a line"),
    MR_OPT_FLAG(struct query, raw, .name = "raw", .env = "",
                .help = "Instants as microseconds since 1970, as they are stored"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows_of_query},
    {.title = "Store", .rows = store_options, .base = offsetof(struct query, store)},
    {.rows = NULL},
};

static const struct mr_command query_command = {
    .name = "store query",
    .program = "millrace",
    .synopsis = "[SERVICE/][NAME]",
    .summary = "Shows a table or view of a consumer's read model",
    .details = "Without NAME: the names there are. The store may be in use by its consumer; plain "
               "sqlite3 shows the same.\n\n"
               "On a terminal a table; else the columns separated by tabs, without heading.",
    .tables = tables,
    .examples =
        "millrace store query inventory-management/stock_state\tfrom ./inventory-management.db\n"
        "millrace store query booking_state --store sqlite:/var/lib/b.db --json\tfor programs\n"
        "millrace store query order-management/order_state --where state=reserved\tsome rows\n",
};

/* ---- names ---- */

struct names {
    char *names[NAMES];
    size_t n;
};

static int add_name(void *self, const char *name, MR_UNUSED bool is_view)
{
    struct names *names = self;

    if (names->n == NAMES)
        return 0;
    names->names[names->n] = strdup(name);
    return names->names[names->n++] ? 0 : -ENOMEM;
}

static void names_done(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->names[i]);
}

static bool is_engines(const char *name)
{
    return strncmp(name, "mr_", 3) == 0;
}

static int check_name(const struct names *names, struct mr_str name, struct mr_error *reterr)
{
    char text[128];

    for (size_t i = 0; i < names->n; i++)
        if (mr_str_is(name, names->names[i]))
            return 0;
    (void)snprintf(text, sizeof(text), "%.*s", MR_STR_ARG(name));
    const char *near = mr_nearest(text, (const char *const *)names->names, names->n);
    return mr_error_set(reterr, MR_INVALID, "the store has no table or view '%s'%s%s%s", text,
                        near ? ": did you mean '" : ": 'store query' without a name lists them",
                        near ? near : "", near ? "'?" : "");
}

static int list_names(const struct names *names, struct mr_buf *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < names->n; i++)
        if (!is_engines(names->names[i]))
            r = mr_buf_printf(out, "%s\n", names->names[i]);
    return r;
}

/* ---- the statement ---- */

static int quote_name(struct mr_buf *out, const char *name, size_t len)
{
    int r = mr_buf_byte(out, '"');

    for (size_t i = 0; r == 0 && i < len; i++) {
        if (name[i] == '"')
            r = mr_buf_byte(out, '"');
        if (r == 0)
            r = mr_buf_byte(out, (uint8_t)name[i]);
    }
    return r == 0 ? mr_buf_byte(out, '"') : r;
}

/* A name that is no column would be taken for a text by SQLite: so it is looked up first. */
static int check_column(const struct mr_rows *rows, const char *name, size_t len,
                        struct mr_error *reterr)
{
    const char *columns[MOST_COLUMNS];
    char text[128];
    size_t n = 0;

    for (size_t i = 0; i < mr_rows_n_columns(rows); i++) {
        const char *column = mr_rows_column_name(rows, i);
        if (strlen(column) == len && memcmp(column, name, len) == 0)
            return 0;
        if (n < MOST_COLUMNS)
            columns[n++] = column;
    }
    (void)snprintf(text, sizeof(text), "%.*s", (int)len, name);
    const char *near = mr_nearest(text, columns, n);
    return mr_error_set(reterr, MR_INVALID, "there is no column '%s'%s%s%s", text,
                        near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int check_where(struct mr_store *store, const struct query *q, const char *sql,
                       struct mr_error *reterr)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;

    int r = mr_store_query(store, sql, MR_NO_VALUES, &rows, reterr);
    for (size_t i = 0; r == 0 && i < q->where.n_items; i++) {
        const char *item = q->where.items[i], *eq = strchr(item, '=');
        r = eq ? check_column(rows, item, (size_t)(eq - item), reterr)
               : mr_error_set(reterr, MR_INVALID, "--where %s: give COLUMN=VALUE", item);
    }
    return r;
}

static int put_where(const struct query *q, struct mr_value values[MAX_WHERE + 1],
                     struct mr_buf *sql, struct mr_error *reterr)
{
    int r = 0;

    if (q->where.n_items > MAX_WHERE)
        return mr_error_set(reterr, MR_INVALID, "at most %d --where", MAX_WHERE);
    for (size_t i = 0; r == 0 && i < q->where.n_items; i++) {
        const char *item = q->where.items[i], *eq = strchr(item, '=');
        r = mr_buf_printf(sql, "%s CAST(", i == 0 ? " WHERE" : " AND");
        if (r == 0)
            r = quote_name(sql, item, (size_t)(eq - item));
        if (r == 0)
            r = mr_buf_printf(sql, " AS TEXT) = ?%zu", i + 1);
        values[i] = MR_TEXT_OF(eq + 1);
    }
    values[q->where.n_items] = MR_VALUES_END;
    return r;
}

static int put_select(struct mr_store *store, const struct query *q, struct mr_str name,
                      struct mr_value values[MAX_WHERE + 1], struct mr_buf *sql,
                      struct mr_error *reterr)
{
    int r = mr_buf_printf(sql, "SELECT * FROM ");

    if (r == 0)
        r = quote_name(sql, name.data, name.len);
    if (r == 0)
        r = mr_buf_cstr(sql) ? check_where(store, q, mr_buf_cstr(sql), reterr) : -ENOMEM;
    return r == 0 ? put_where(q, values, sql, reterr) : r;
}

/* ---- the verb ---- */

static int show(struct mr_store *store, const struct query *q, struct mr_str name,
                struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf sql = {0};
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    struct mr_value values[MAX_WHERE + 1];

    int r = put_select(store, q, name, values, &sql, reterr);
    if (r == 0)
        r = mr_buf_cstr(&sql) ? mr_store_query(store, mr_buf_cstr(&sql), values, &rows, reterr)
                              : -ENOMEM;
    if (r != 0)
        return r;
    r = store_print(
        rows,
        &(struct store_print){
            .verb = query_command.name, .json = q->json, .raw = q->raw, .limit = q->limit},
        reterr);
    rows = mr_rows_done(rows); /* before its text goes */
    return r;
}

static int answer(const struct query *q, struct mr_str service, struct mr_str name,
                  struct mr_error *reterr)
{
    MR_AUTO(mr_store) struct mr_store *store = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct names names = {.n = 0};

    int r = store_choose(&q->store, service, false, &store, reterr);
    if (r == 0)
        r = mr_store_each_relation(store, add_name, &names, reterr);
    if (r == 0 && name.len > 0)
        r = check_name(&names, name, reterr);
    if (r == 0 && name.len > 0)
        r = show(store, q, name, reterr);
    else if (r == 0)
        r = list_names(&names, &out) != 0 ? -ENOMEM : mr_buf_write(&out, stdout) ? 0 : -EIO;
    names_done(&names);
    return r;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct query q = {.limit = 0};
    int status;
    size_t n_words;

    if (!verb_options(&query_command, argc, argv, &q, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n_words);
    struct mr_str name = mr_str_from(n_words > 0 ? words[0] : ""), service = {0};
    const char *slash = n_words > 0 ? strchr(words[0], '/') : NULL;
    if (slash) {
        service = (struct mr_str){words[0], (size_t)(slash - words[0])};
        name = mr_str_from(slash + 1);
    }
    int r = n_words > 1 ? mr_error_set(&error, MR_INVALID, "give one NAME") : 0;
    if (r == 0)
        r = answer(&q, service, name, &error);
    return r == 0 ? 0 : verb_fail(&query_command, r, &error);
}

const struct verb verb_store_query = {.command = &query_command, .run = run};
