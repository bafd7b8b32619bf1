/* SPDX-License-Identifier: Apache-2.0 */
/* millrace saga show ID: one instance, and what happened to it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "millrace/error.h"
#include "saga.h"
#include "store_print.h"
#include "term.h"
#include "verb.h"

struct show {
    struct saga_choice choice;
    bool json;
};

static const struct mr_option rows_of_show[] = {
    MR_OPT_FLAG(struct show, json, .name = "json", .letter = 'J', .env = "",
                .help = "One JSON object, its history under \"steps\""),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows_of_show},
    {.title = "Store", .rows = saga_options, .base = offsetof(struct show, choice)},
    {.rows = NULL},
};

static const struct mr_command show_command = {
    .name = "saga show",
    .program = "millrace",
    .synopsis = "ID",
    .summary = "Shows one saga: where it stands, its deadline, why, and each event that moved it",
    .details = "ID is that of 'saga list', or its first letters when no other begins so.",
    .tables = tables,
    .examples = "millrace saga show 3f2a --service festivo-orchestrator\n",
};

static const char one[] =
    "SELECT id, saga, skey AS \"key\", state, step, why, attempt, started_at, updated_at,"
    " deadline AS deadline_at, forget_at, trigger_type AS \"trigger\", event_id AS cause,"
    " correlation_id, vals AS remembered FROM mr_saga WHERE id = ?1";
static const char history[] = "SELECT at AS happened_at, step, what, topic, event_id, note"
                              " FROM mr_saga_step WHERE saga_id = ?1 ORDER BY seq";

/* The whole id. Outcomes: 0; MR_ABSENT; MR_INVALID: several begin so. */
static int find(struct mr_store *store, struct mr_arena *arena, const char *id,
                struct mr_str *ret_id, struct mr_error *reterr)
{
    int64_t n = 0;
    int r = mr_store_row(store, arena, MR_INTO(MR_INTO_INT(&n), MR_INTO_TEXT(ret_id)),
                         "SELECT count(*), min(id) FROM mr_saga"
                         " WHERE substr(id, 1, length(?1)) = ?1",
                         MR_VALUES(MR_TEXT_OF(id)), reterr);

    if (r != 0 || n == 1)
        return r;
    return n == 0 ? mr_error_set(reterr, MR_ABSENT,
                                 "there is no saga '%s': 'saga list' names those there are", id)
                  : mr_error_set(reterr, MR_INVALID, "%lld sagas begin with '%s': give more of it",
                                 (long long)n, id);
}

/* ---- JSON ---- */

static int put_steps(struct mr_rows *rows, struct mr_buf *out, struct mr_error *reterr)
{
    int r, n = 0;

    while ((r = mr_rows_next(rows, reterr)) == 0) {
        r = n++ > 0 ? mr_buf_byte(out, ',') : 0;
        if (r == 0)
            r = store_row_json(rows, false, out);
        if (r != 0)
            return r;
    }
    return r == MR_END ? 0 : r;
}

static int as_json(struct mr_rows *head, struct mr_rows *steps, struct mr_buf *out,
                   struct mr_error *reterr)
{
    int r = store_row_json(head, false, out);

    if (r == 0) {
        out->len--; /* its last brace */
        r = mr_buf_printf(out, ",\"steps\":[");
    }
    if (r == 0)
        r = put_steps(steps, out, reterr);
    return r == 0 ? mr_buf_printf(out, "]}\n") : r;
}

/* ---- text ---- */

static int put_head(const struct mr_rows *rows, const struct term_style *style, struct mr_buf *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < mr_rows_n_columns(rows); i++) {
        const char *name = mr_rows_column_name(rows, i);
        r = mr_buf_printf(out, "%s%-14s%s  ", style->bold, name, style->plain);
        if (r == 0)
            r = store_value_text(name, mr_rows_value(rows, i), false, out);
        if (r == 0)
            r = mr_buf_byte(out, '\n');
    }
    return r == 0 ? mr_buf_byte(out, '\n') : r;
}

static int as_text(struct mr_rows *head, struct mr_rows *steps, struct mr_buf *out,
                   struct mr_error *reterr)
{
    static const char *const headings[] = {"at", "step", "what", "topic", "event_id", "note"};
    MR_AUTO(mr_buf) struct mr_buf cell = {0};
    struct term_table table = {.headings = headings, .n_columns = MR_N_ELEMENTS(headings)};
    const struct term_style *style = term_style(term_colour(STDOUT_FILENO));

    int r = put_head(head, style, out);
    while (r == 0 && (r = mr_rows_next(steps, reterr)) == 0)
        for (size_t i = 0; r == 0 && i < table.n_columns; i++) {
            cell.len = 0;
            r = store_value_text(mr_rows_column_name(steps, i), mr_rows_value(steps, i), false,
                                 &cell);
            term_cell(&table, "%s", mr_buf_cstr(&cell));
        }
    int printed = term_table_print(&table, true, style, out);
    return r != MR_END ? r : printed;
}

/* ---- the verb ---- */

static int answer(const struct show *s, const char *id, struct mr_buf *out, struct mr_error *reterr)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    MR_AUTO(mr_store) struct mr_store *store = NULL;
    struct mr_rows *head = NULL, *steps = NULL;
    struct mr_str whole;

    int r = mr_arena_new(0, &arena);
    if (r == 0)
        r = saga_choose(&s->choice, &store, reterr);
    if (r == 0)
        r = find(store, arena, id, &whole, reterr);
    if (r == 0)
        r = mr_store_query(store, one, MR_VALUES(MR_TEXT(whole)), &head, reterr);
    if (r == 0)
        r = mr_rows_next(head, reterr);
    if (r == 0)
        r = mr_store_query(store, history, MR_VALUES(MR_TEXT(whole)), &steps, reterr);
    if (r == 0)
        r = s->json ? as_json(head, steps, out, reterr) : as_text(head, steps, out, reterr);
    (void)mr_rows_done(steps);
    (void)mr_rows_done(head);
    return r == MR_END ? mr_error_set(reterr, MR_ABSENT, "it has just been forgotten") : r;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct show s = {.json = false};
    int status;
    size_t n_words;

    if (!verb_options(&show_command, argc, argv, &s, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n_words);
    int r = n_words != 1 ? mr_error_set(&error, MR_INVALID, "which saga? give one ID")
                         : answer(&s, words[0], &out, &error);
    return r == 0 ? verb_print(0, &out) : verb_fail(&show_command, r, &error);
}

const struct verb verb_saga_show = {.command = &show_command, .run = run};
