/* SPDX-License-Identifier: Apache-2.0 */
/* millrace store release SERVICE [FLOW]...: flows that a dead letter holds go on. */
#include <stdio.h>
#include <string.h>

#include "millrace/error.h"
#include "millrace/ledger.h"
#include "store.h"
#include "verb.h"

struct release {
    struct store_choice store;
};

static const struct mr_option_table tables[] = {
    {.title = "Store", .rows = store_options, .base = offsetof(struct release, store)},
    {.rows = NULL},
};

static const struct mr_command release_command = {
    .name = "store release",
    .program = "millrace",
    .synopsis = "SERVICE [FLOW]...",
    .summary = "Lets flows go on that a dead letter holds",
    .details =
        "A group with 'key: hold' in topics.yaml keeps the later events of a flow when one of "
        "its events became a dead letter. FLOW is the record's key; without one all held "
        "flows go on. A running consumer sees it within a second.",
    .tables = tables,
    .examples = "millrace store query order-management/mr_parked_key\twhat waits, and why\n"
                "millrace store release order-management\tall of them\n",
};

static int release_all(struct mr_store *store, char **flows, size_t n_flows, int64_t *ret_n,
                       struct mr_error *reterr)
{
    int64_t n;
    int r = 0;

    *ret_n = 0;
    if (n_flows == 0)
        return mr_parked_let_go(store, NULL, ret_n, reterr);
    for (size_t i = 0; r == 0 && i < n_flows; i++) {
        struct mr_bytes flow = {(const uint8_t *)flows[i], strlen(flows[i])};
        r = mr_parked_let_go(store, &flow, &n, reterr);
        if (r == 0 && n == 0)
            r = mr_error_set(reterr, MR_ABSENT, "the flow '%s' is not held", flows[i]);
        *ret_n += n;
    }
    return r;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(mr_store) struct mr_store *store = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct release release = {.store = {0}};
    int status;
    size_t n_words;
    int64_t n = 0;

    if (!verb_options(&release_command, argc, argv, &release, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n_words);
    int r = n_words == 0
                ? mr_error_set(&error, MR_INVALID, "which service? give SERVICE [FLOW]...")
                : store_choose(&release.store, mr_str_from(words[0]), true, &store, &error);
    if (r == 0)
        r = release_all(store, words + 1, n_words - 1, &n, &error);
    if (r != 0)
        return verb_fail(&release_command, r, &error);
    (void)printf("%lld flows go on\n", (long long)n);
    return 0;
}

const struct verb verb_store_release = {.command = &release_command, .run = run};
