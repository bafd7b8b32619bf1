/* SPDX-License-Identifier: Apache-2.0 */
/* millrace topics check [FILE]: every mistake in a topics.yaml, placed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "millrace/catalog.h"
#include "millrace/error.h"
#include "millrace/upcast.h"
#include "verb.h"

struct check {
    const char *schemas;
};

static const struct mr_option rows[] = {
    MR_OPT_STR(struct check, schemas, .name = "schemas", .arg = "FOLDER",
               .help = "Where its schemas are; default: schemas/avro beside it"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {{.rows = rows}, {.rows = NULL}};

static const struct mr_command check_command = {
    .name = "topics check",
    .program = "millrace",
    .synopsis = "[FILE]",
    .summary = "Checks a topics.yaml with its schemas and mappings, and tells every mistake",
    .details = "FILE is topics.yaml unless given. Each mistake is one line on stdout: "
               "file:line:column, the rule, and the nearest right word. Exit status 100 when there "
               "is any.",
    .tables = tables,
};

/* Mapping files between majors: what the build would say of them. */
static int check_mappings(const struct check *check, const char *file,
                          const struct mr_catalog *catalog, struct mr_buf *report)
{
    MR_AUTO(free) char *prefix = NULL;
    const char *slash = strrchr(file, '/');
    int len = check->schemas ? asprintf(&prefix, "%s/", check->schemas)
                             : asprintf(&prefix, "%.*sschemas/avro/",
                                        slash ? (int)(slash - file + 1) : 0, file);

    return len < 0 ? -ENOMEM : mr_upcast_check(catalog, prefix, report);
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(mr_catalog) struct mr_catalog *catalog = NULL;
    MR_AUTO(mr_buf) struct mr_buf report = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct check check = {0};
    int status;
    size_t n;

    if (!verb_options(&check_command, argc, argv, &check, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    if (n > 1)
        return verb_fail(&check_command, mr_error_set(&error, MR_INVALID, "one FILE at a time"),
                         &error);
    const char *file = n ? words[0] : "topics.yaml";
    int r = mr_catalog_load(file, check.schemas, &catalog, &report);
    if (r == 0)
        r = check_mappings(&check, file, catalog, &report);
    if (r < 0)
        return verb_fail(&check_command, mr_error_set(&error, r, "%s", strerror(-r)), &error);
    if (verb_print(0, &report) != 0)
        return 1;
    if (r == 0)
        (void)fprintf(stderr, "%zu topics of %zu services, no mistake\n", catalog->n_topics,
                      catalog->n_services);
    return r == 0 ? 0 : r == MR_ABSENT ? 2 : 100;
}

const struct verb verb_topics_check = {.command = &check_command, .run = run};
