/* SPDX-License-Identifier: Apache-2.0 */
/* Words on the command line to states of the schemas. */
#include "schema_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "millrace/registry.h"
#include "schema_report.h"
#include "term.h"
#include "verb.h"

const struct mr_option schema_rule_options[] = {
    MR_OPT_CHOICE(struct schema_args, error_format, .name = "error-format", .choices = report_forms,
                  .def = "text", .help = "Form of the findings"),
    MR_OPT_CHOICE(struct schema_args, fail_on, .name = "fail-on", .choices = report_severities,
                  .def = "error", .help = "Exit 100 from this severity on"),
    MR_OPT_STR(
        struct schema_args, rules, .name = "rules", .arg = "FILE",
        .help = "Severities of rules; default: schemas/rules.conf of the project, if it is there"),
    MR_OPT_FLAG(struct schema_args, list_rules, .name = "list-rules", .env = "",
                .help = "List the rules with their severities, and end"),
    MR_OPT_END,
};

static int from_registry(struct schema_args *args, struct mr_options *options, const char *word,
                         struct mr_tree **ret_tree, struct mr_error *reterr)
{
    MR_AUTO(mr_registry) struct mr_registry *registry = NULL;

    if (strcmp(word, "registry") != 0)
        args->common.registry = word;
    int r = mr_common_resolve(&args->common, options, false, true, reterr);
    if (r != 0)
        return r;
    const struct mr_registry_config config = mr_registry_config_from(&args->common);
    r = mr_registry_new(&config, &registry, reterr);
    /* A URL may carry a password: what is shown never does. */
    const char *host = strrchr(args->common.registry, '@');
    const char *shown = host ? host + 1 : args->common.registry;
    return r == 0 ? mr_tree_registry(registry, shown, ret_tree, reterr) : r;
}

/* A folder that has schemas: others may have the name of a branch. */
static bool has_schemas(const char *word)
{
    char path[4096];
    struct stat status;

    if (snprintf(path, sizeof(path), "%s/schemas/avro", word) >= (int)sizeof(path))
        return false;
    if (stat(path, &status) == 0)
        return true;
    return strchr(word, '/') && stat(word, &status) == 0 && S_ISDIR(status.st_mode);
}

int schema_state(struct schema_args *args, struct mr_options *options, const char *folder,
                 const char *word, struct mr_tree **ret_tree, struct mr_error *reterr)
{
    if (strcmp(word, "registry") == 0 || strstr(word, "://"))
        return from_registry(args, options, word, ret_tree, reterr);
    if (has_schemas(word))
        return mr_tree_folder(word, word, NULL, ret_tree, reterr);
    return mr_tree_git(folder, word, args->merge_base, ret_tree, reterr);
}

int schema_rules(const struct schema_args *args, const char *folder,
                 struct mr_rules_file **ret_rules, struct mr_error *reterr)
{
    char path[4096];

    if (args->rules)
        return mr_rules_file_read(args->rules, ret_rules, reterr);
    (void)snprintf(path, sizeof(path), "%s/schemas/rules.conf", folder);
    int r = mr_rules_file_read(path, ret_rules, reterr);
    return r == MR_ABSENT ? 0 : r;
}

int schema_list_rules(bool lint)
{
    static const char *const headings[] = {"RULE", "SEVERITY", "WHAT"};
    struct term_table table = {.headings = headings, .n_columns = MR_N_ELEMENTS(headings)};
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    size_t n;
    const struct mr_rule *rules = mr_rules(&n);

    for (size_t i = 0; i < n; i++) {
        if (rules[i].lint != lint)
            continue;
        term_cell(&table, "%s", rules[i].id);
        term_cell(&table, "%s", mr_severity_name(rules[i].severity));
        term_cell(&table, "%s", rules[i].summary);
    }
    return verb_print(term_table_print(&table, isatty(STDOUT_FILENO),
                                       term_style(term_colour(STDOUT_FILENO)), &out),
                      &out);
}
