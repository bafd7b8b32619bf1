/* SPDX-License-Identifier: Apache-2.0 */
/* millrace schema lint and millrace schema fmt: each schema by itself. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "millrace/error.h"
#include "millrace/file.h"
#include "schema_report.h"
#include "schema_state.h"
#include "term.h"
#include "verb.h"

static const struct mr_option_table lint_tables[] = {
    {.title = "Rules", .rows = schema_rule_options},
    {.rows = NULL},
};
static const struct mr_command lint_command = {
    .name = "schema lint",
    .program = "millrace",
    .synopsis = "[FOLDER]",
    .summary = "Holds every schema against the house's rules",
    .details =
        "FOLDER is a project or a folder of schemas; here, unless given. A rule is switched by "
        "schemas/rules.conf (lines \"RULE = error|warning|note|off [TOPIC-GLOB]\"), or in the "
        "schema: \"x-lint-off\": [\"RULE\"] on a field or type, or on the outermost record for "
        "the file. --list-rules has them all.\n\n"
        "Exit status 0 when nothing was found, 100 when something was, 2 for wrong usage, 1 when "
        "it could not be looked at.",
    .tables = lint_tables,
    .examples = "millrace schema lint\there\n"
                "millrace schema lint --error-format sarif > lint.sarif\tfor a service\n",
};

struct fmt {
    bool dry_run;
    size_t n_files, n_changed;
};
static const struct mr_option fmt_rows[] = {
    MR_OPT_FLAG(struct fmt, dry_run, .name = "dry-run", .letter = 'n', .env = "",
                .help = "Only name the files that would change; exit 3 when there are any"),
    MR_OPT_END,
};
static const struct mr_option_table fmt_tables[] = {{.rows = fmt_rows}, {.rows = NULL}};
static const struct mr_command fmt_command = {
    .name = "schema fmt",
    .program = "millrace",
    .synopsis = "[FOLDER|FILE]...",
    .summary = "Writes schemas in the common layout",
    .details =
        "On one line what fits into 100 characters and holds no fields, else a member a line. Only "
        "white space and escapes change: what a parser reads stays as it is, and members keep "
        "their order. Names of changed files go to stdout. FOLDER is a project or a folder of "
        "schemas; here, unless given.",
    .tables = fmt_tables,
    .examples = "millrace schema fmt\tall\nmillrace schema fmt --dry-run\tin CI\n",
};

static int lint(const struct schema_args *args, const char *folder, struct mr_report *report,
                struct mr_error *reterr)
{
    MR_AUTO(mr_tree) struct mr_tree *tree = NULL;
    MR_AUTO(mr_rules_file) struct mr_rules_file *rules = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    int r = schema_rules(args, folder, &rules, reterr);

    if (r == 0)
        r = mr_tree_folder(folder, NULL, NULL, &tree, reterr);
    const struct mr_evolve_options how = {.rules = rules};
    if (r == 0)
        r = mr_evolve_lint(tree, &how, report);
    const struct report_view view = {report, lint_command.name, term_colour(STDOUT_FILENO)};
    if (r == 0)
        r = report_write(&view, args->error_format, &out);
    return r == 0 && verb_print(0, &out) != 0 ? -EIO : r;
}

static int run_lint(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(mr_report) struct mr_report report = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct schema_args args = {.rules = NULL};
    char counts[96];
    int status;
    size_t n;

    if (!verb_options(&lint_command, argc, argv, &args, &options, &status))
        return status;
    if (args.list_rules)
        return schema_list_rules(true);
    char **words = mr_options_rest(options, &n);
    if (n > 1)
        return verb_fail(&lint_command, mr_error_set(&error, MR_INVALID, "one FOLDER at a time"),
                         &error);
    int r = lint(&args, n ? words[0] : ".", &report, &error);
    if (r != 0)
        return (void)verb_fail(&lint_command, r, &error), 1;
    (void)fprintf(stderr, "%zu schemas: %s\n", report.n_compared,
                  report_counts(&report, counts, sizeof(counts)));
    return report_status(&report, args.fail_on);
}

const struct verb verb_schema_lint = {.command = &lint_command, .run = run_lint};

/* A whole new file takes the old one's place: whoever reads sees one or the other. */
static int replace(const char *path, const struct mr_buf *text)
{
    char name[4096 + 16];
    struct stat status;

    (void)snprintf(name, sizeof(name), "%s.XXXXXX", path);
    int fd = stat(path, &status) == 0 ? mkstemp(name) : -1;
    if (fd < 0)
        return -errno;
    bool whole =
        mr_file_write(fd, text->data, text->len) == 0 && fchmod(fd, status.st_mode & 07777) == 0;
    int r = close(fd) == 0 && whole && rename(name, path) == 0 ? 0 : -EIO;
    if (r != 0)
        (void)unlink(name);
    return r;
}

static int fmt_file(struct fmt *fmt, const char *path, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {.max = MR_SCHEMA_MAX_BYTES};
    MR_AUTO(mr_buf) struct mr_buf pretty = {0};
    int r = mr_buf_read_file(&text, path);

    if (r != 0)
        return mr_error_set(reterr, r, "cannot read '%s': %s", path, strerror(-r));
    r = mr_schema_layout((struct mr_str){(const char *)text.data, text.len}, &pretty, reterr);
    if (r == MR_INVALID)
        (void)snprintf(reterr->where, sizeof(reterr->where), "%s:%u:%u", path, reterr->line,
                       reterr->column);
    fmt->n_files++;
    if (r != 0 || (pretty.len == text.len && memcmp(pretty.data, text.data, text.len) == 0))
        return r;
    fmt->n_changed++;
    (void)printf("%s\n", path);
    r = fmt->dry_run ? 0 : replace(path, &pretty);
    return r == 0 ? 0 : mr_error_set(reterr, r, "cannot write '%s': %s", path, strerror(-r));
}

static int fmt_word(struct fmt *fmt, const char *word, struct mr_error *reterr)
{
    MR_AUTO(mr_tree) struct mr_tree *tree = NULL;
    struct stat status;

    if (stat(word, &status) == 0 && S_ISREG(status.st_mode))
        return fmt_file(fmt, word, reterr);
    int r = mr_tree_folder(word, NULL, NULL, &tree, reterr);
    for (size_t i = 0; r == 0 && i < tree->n_versions; i++)
        r = fmt_file(fmt, tree->versions[i].file, reterr);
    return r;
}

static int run_fmt(int argc, char **argv)
{
    static char here[] = ".";
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct fmt fmt = {.dry_run = false};
    int status, r = 0;
    size_t n;

    if (!verb_options(&fmt_command, argc, argv, &fmt, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    for (size_t i = 0; r == 0 && i < (n ? n : 1); i++)
        r = fmt_word(&fmt, n ? words[i] : here, &error);
    if (r != 0)
        return (void)verb_fail(&fmt_command, r, &error), 1;
    (void)fprintf(stderr, "%zu of %zu files %schanged\n", fmt.n_changed, fmt.n_files,
                  fmt.dry_run ? "would be " : "");
    return fmt.dry_run && fmt.n_changed > 0 ? 3 : 0;
}

const struct verb verb_schema_fmt = {.command = &fmt_command, .run = run_fmt};
