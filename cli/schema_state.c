/* SPDX-License-Identifier: Apache-2.0 */
/* Words on the command line to states of the schemas. */
#include "schema_state.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

int schema_registry(struct schema_args *args, struct mr_options *options,
                    struct mr_registry **ret_registry, struct mr_error *reterr)
{
    int r = mr_common_resolve(&args->common, options, false, true, reterr);

    if (r != 0)
        return r;
    const struct mr_registry_config config = mr_registry_config_from(&args->common);
    return mr_registry_new(&config, ret_registry, reterr);
}

static int from_registry(struct schema_args *args, struct mr_options *options, const char *word,
                         struct mr_tree **ret_tree, struct mr_error *reterr)
{
    MR_AUTO(mr_registry) struct mr_registry *registry = NULL;

    if (strcmp(word, "registry") != 0)
        args->common.registry = word;
    int r = schema_registry(args, options, &registry, reterr);
    if (r != 0)
        return r;
    /* A URL may carry a password: what is shown never does. */
    const char *host = strrchr(args->common.registry, '@');
    const char *shown = host ? host + 1 : args->common.registry;
    return mr_tree_registry(registry, shown, ret_tree, reterr);
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
    struct mr_error none = MR_ERROR_INIT;
    bool there = has_schemas(word);
    int r = there ? mr_tree_folder(word, word, NULL, ret_tree, &none) : MR_ABSENT;
    if (r == MR_ABSENT) /* a folder without schemas may be named as a branch */
        r = mr_tree_git(folder, word, args->merge_base, ret_tree, reterr);
    if (r != 0 && there)
        *reterr = none;
    return r;
}

/* "SUBJECT@3", "SUBJECT@latest": *ret_number 0 for the latter. */
static bool is_version(const char *word, int32_t *ret_number)
{
    const char *at = strrchr(word, '@');
    char *end;

    if (!at || at == word || strchr(word, '{'))
        return false;
    *ret_number = 0;
    if (strcmp(at + 1, "latest") == 0)
        return true;
    long number = strtol(at + 1, &end, 10);
    *ret_number = (int32_t)number;
    return isdigit((unsigned char)at[1]) && *end == '\0' && number > 0 && number <= INT32_MAX;
}

/* ".../schemas/avro/SERVICE/NAME.avsc" tells its topic. */
static void topic_of_path(const char *path, char out[512])
{
    const char *at = NULL;

    for (const char *next = path; (next = strstr(next, "schemas/avro/")); next++)
        at = next + strlen("schemas/avro/");
    size_t len = at ? strlen(at) : 0;
    if (len <= strlen(".avsc") || len >= 500 || strcmp(at + len - 5, ".avsc") != 0)
        return;
    (void)snprintf(out, 512, "%.*s", (int)len - 5, at);
    char *slash = strchr(out, '/');
    if (slash)
        *slash = '.';
}

static int one_version(struct schema_args *args, struct mr_options *options, const char *word,
                       int32_t number, struct schema_side *side, struct mr_error *reterr)
{
    MR_AUTO(mr_registry) struct mr_registry *registry = NULL;
    size_t len = (size_t)(strrchr(word, '@') - word), tail = strlen("-value");
    int r = schema_registry(args, options, &registry, reterr);

    (void)snprintf(side->topic, sizeof(side->topic), "%.*s", (int)(len < 500 ? len : 500), word);
    side->single = true;
    if (r == 0)
        r = mr_tree_registry_version(registry, side->topic, number, &side->tree, reterr);
    if (len > tail && len < 500 && strcmp(side->topic + len - tail, "-value") == 0)
        side->topic[len - tail] = '\0';
    return r;
}

int schema_side(struct schema_args *args, struct mr_options *options, const char *word,
                struct schema_side *ret_side, struct mr_error *reterr)
{
    struct stat status;
    int32_t number;
    size_t len = strlen(word);
    bool named = len > 5 && strcmp(word + len - 5, ".avsc") == 0 && !strchr(word, ':');

    *ret_side = (struct schema_side){.single = false};
    if (strcmp(word, "registry") == 0 || strstr(word, "://"))
        return from_registry(args, options, word, &ret_side->tree, reterr);
    if (named || (stat(word, &status) == 0 && S_ISREG(status.st_mode))) {
        ret_side->single = true;
        topic_of_path(word, ret_side->topic);
        return mr_tree_file(word, &ret_side->tree, reterr);
    }
    if (is_version(word, &number))
        return one_version(args, options, word, number, ret_side, reterr);
    if (strchr(word, ':') && !has_schemas(word)) {
        topic_of_path(strchr(word, ':') + 1, ret_side->topic);
        return mr_tree_git_path(".", word, &ret_side->tree, &ret_side->single, reterr);
    }
    return schema_state(args, options, ".", word, &ret_side->tree, reterr);
}

int schema_rules(const struct schema_args *args, const char *folder,
                 struct mr_rules_file **ret_rules, struct mr_error *reterr)
{
    char path[4096];

    if (args->rules)
        return mr_rules_file_read(args->rules, ret_rules, reterr);
    (void)snprintf(path, sizeof(path), "%s/schemas/rules.conf", folder);
    int r = mr_rules_file_read(path, ret_rules, reterr);
    (void)snprintf(path, sizeof(path), "%s/schemas/avro", folder);
    if (r == MR_ABSENT && access(path, F_OK) != 0) { /* folder is schemas/avro itself */
        (void)snprintf(path, sizeof(path), "%s/../rules.conf", folder);
        r = mr_rules_file_read(path, ret_rules, reterr);
    }
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
