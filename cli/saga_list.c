/* SPDX-License-Identifier: Apache-2.0 */
/* millrace saga list: the instances that a consumer's store holds. */
#include <stdio.h>
#include <string.h>

#include "millrace/error.h"
#include "saga.h"
#include "store_print.h"
#include "verb.h"

/* ---- which store ---- */

const struct mr_option saga_options[] = {
    MR_OPT_STR(struct saga_choice, service, .name = "service", .arg = "SERVICE", .env = "",
               .help = "Consumer whose sagas they are; its store is SERVICE.db unless --store says "
                       "another"),
    MR_OPT_STR(struct saga_choice, store.url, .name = "store", .arg = "URL",
               .help =
                   "Store of the consumer: sqlite:PATH or postgresql://...; default SERVICE.db"),
    MR_OPT_END,
};

static int is_saga_table(void *self, const char *name, MR_UNUSED bool is_view)
{
    bool *found = self;

    *found |= strcmp(name, "mr_saga") == 0;
    return 0;
}

int saga_choose(const struct saga_choice *choice, struct mr_store **ret_store,
                struct mr_error *reterr)
{
    bool found = false;

    if (!choice->service && !choice->store.url)
        return mr_error_set(reterr, MR_INVALID, "which store? give --service NAME, or --store URL");
    int r = store_choose(&choice->store, mr_str_from(choice->service), false, ret_store, reterr);
    if (r == 0)
        r = mr_store_each_relation(*ret_store, is_saga_table, &found, reterr);
    if (r == 0 && !found)
        return mr_error_set(reterr, MR_ABSENT,
                            "store %s holds no sagas: sagas.yaml has none of its service",
                            mr_store_name(*ret_store));
    return r;
}

/* ---- the verb ---- */

struct list {
    struct saga_choice choice;
    const char *state, *saga, *key;
    int64_t limit;
    bool json;
};

static const char *const states[] = {"running",     "compensating", "completed",
                                     "compensated", "failed",       NULL};
static const struct mr_option rows_of_list[] = {
    MR_OPT_CHOICE(struct list, state, .name = "state", .choices = states, .env = "",
                  .help = "Only those in this state"),
    MR_OPT_STR(struct list, saga, .name = "saga", .arg = "NAME", .env = "",
               .help = "Only those of this saga"),
    MR_OPT_STR(struct list, key, .name = "key", .arg = "TEXT", .env = "",
               .help = "Only those with this key: a ticket's id, a booking's"),
    MR_OPT_INT(struct list, limit, .name = "limit", .letter = 'n', .arg = "N", .env = "",
               .def = "0", .min = 0, .max = INT64_MAX,
               .help = "Most rows; 0: all, on a terminal 1000"),
    MR_OPT_FLAG(struct list, json, .name = "json", .letter = 'J', .env = "",
                .help = "One JSON object a line"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows_of_list},
    {.title = "Store", .rows = saga_options, .base = offsetof(struct list, choice)},
    {.rows = NULL},
};

static const struct mr_command list_command = {
    .name = "saga list",
    .program = "millrace",
    .synopsis = "",
    .summary = "Lists the sagas of a consumer, those changed last first",
    .details =
        "The store may be in use by its consumer.\n\nOn a terminal a table; else the columns "
        "separated by tabs, without heading.",
    .tables = tables,
    .examples =
        "millrace saga list --service festivo-orchestrator --state running\tfrom "
        "./festivo-orchestrator.db\n"
        "millrace saga list --store postgresql://host/orders --state failed --json\tfor programs\n",
};

static int query(const struct list *l, struct mr_store *store, struct mr_rows **ret_rows,
                 struct mr_error *reterr)
{
    /* an empty text stands for any */
    return mr_store_query(
        store,
        "SELECT saga, skey AS \"key\", id, state, step, started_at, updated_at,"
        " deadline AS deadline_at, why FROM mr_saga WHERE (?1 = '' OR state = ?1)"
        " AND (?2 = '' OR saga = ?2) AND (?3 = '' OR skey = ?3) ORDER BY updated_at DESC, id",
        MR_VALUES(MR_TEXT_OF(l->state ? l->state : ""), MR_TEXT_OF(l->saga ? l->saga : ""),
                  MR_TEXT_OF(l->key ? l->key : "")),
        ret_rows, reterr);
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(mr_store) struct mr_store *store = NULL;
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct list l = {.limit = 0};
    int status;
    size_t n_words;

    if (!verb_options(&list_command, argc, argv, &l, &options, &status))
        return status;
    (void)mr_options_rest(options, &n_words);
    int r = n_words > 0 ? mr_error_set(&error, MR_INVALID, "takes no words: give --service NAME")
                        : saga_choose(&l.choice, &store, &error);
    if (r == 0)
        r = query(&l, store, &rows, &error);
    if (r == 0)
        r = store_print(
            rows,
            &(struct store_print){.verb = list_command.name, .json = l.json, .limit = l.limit},
            &error);
    rows = mr_rows_done(rows);
    return r == 0 ? 0 : verb_fail(&list_command, r, &error);
}

const struct verb verb_saga_list = {.command = &list_command, .run = run};
