/* SPDX-License-Identifier: Apache-2.0 */
/* millrace store create [SERVICE]...: where the consumers' stores on PostgreSQL will be. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/catalog.h"
#include "millrace/error.h"
#include "store.h"
#include "verb.h"

struct create {
    const char *url;
    /* state, one of each per store */
    char **schemas;
    bool *made;
    size_t n;
};

static const struct mr_option rows[] = {
    MR_OPT_STR(struct create, url, .name = "store", .arg = "URL",
               .help = "The database: postgresql://USER@HOST/DATABASE, as the consumers have it"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.rows = NULL},
};

static const struct mr_command create_command = {
    .name = "store create",
    .program = "millrace",
    .synopsis = "[SERVICE]...",
    .summary = "Makes the schemas that a PostgreSQL database lacks, one for each consumer",
    .details =
        "SERVICE is the name of a consumer; without one, all. Its schema is the same name with _ "
        "for -: order-management keeps its store in order_management. What is there is left as it "
        "is; tables are made by the consumer at its start. SQLite stores need nothing of this.\n\n"
        "Prints the schemas that it made.",
    .tables = tables,
    .examples = "millrace store create -F /etc/millrace/store.conf\tstore = postgresql://...\n"
                "millrace store create --store postgresql://events@db/events order-management\tone "
                "of them\n",
};

static int add(struct create *c, const char *service)
{
    char *schema = strdup(service);

    if (!schema)
        return -ENOMEM;
    for (char *p = schema; *p; p++)
        if (*p == '-')
            *p = '_';
    c->schemas[c->n++] = schema;
    return 0;
}

static int add_named(struct create *c, const struct mr_catalog *catalog, const char *service,
                     struct mr_error *reterr)
{
    char hint[160];

    if (mr_catalog_group(catalog, mr_str_from(service)))
        return add(c, service);
    return mr_error_set(reterr, MR_INVALID, "there is no consumer '%s'%s", service,
                        store_hint(service, hint, sizeof(hint)));
}

static int choose(struct create *c, char **words, size_t n_words, struct mr_error *reterr)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();
    int r = 0;

    c->schemas = calloc(catalog->n_groups + n_words + 1, sizeof(*c->schemas));
    c->made = calloc(catalog->n_groups + n_words + 1, sizeof(*c->made));
    if (!c->schemas || !c->made)
        return -ENOMEM;
    for (size_t i = 0; r == 0 && i < n_words; i++)
        r = add_named(c, catalog, words[i], reterr);
    for (size_t i = 0; r == 0 && n_words == 0 && i < catalog->n_groups; i++)
        r = add(c, catalog->groups[i].name);
    return r;
}

static int create(struct create *c, struct mr_options *options, struct mr_error *reterr)
{
    size_t n_words;
    char **words = mr_options_rest(options, &n_words);
    int r = choose(c, words, n_words, reterr);

    if (r != 0)
        return r;
    if (!c->url)
        return mr_error_set(reterr, MR_INVALID,
                            "which database? give --store postgresql://..., or --config FILE that "
                            "has it");
    return mr_store_create(c->url, (const char *const *)c->schemas, c->n, c->made, reterr);
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct create c = {.n = 0};
    size_t n_made = 0;
    int status;

    if (!verb_options(&create_command, argc, argv, &c, &options, &status))
        return status;
    int r = create(&c, options, &error);
    for (size_t i = 0; i < c.n; i++) {
        if (r == 0 && c.made[i]) {
            r = mr_buf_printf(&out, "%s\n", c.schemas[i]);
            n_made++;
        }
        free(c.schemas[i]);
    }
    free(c.schemas);
    free(c.made);
    if (r != 0)
        return verb_fail(&create_command, r, &error);
    status = verb_print(r, &out);
    (void)fprintf(stderr, "%zu schemas: %zu there, %zu made\n", c.n, c.n - n_made, n_made);
    return status;
}

const struct verb verb_store_create = {.command = &create_command, .run = run};
