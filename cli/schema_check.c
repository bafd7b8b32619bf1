/* SPDX-License-Identifier: Apache-2.0 */
/* millrace schema check: what a change of schemas/avro/ and topics.yaml would break. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/error.h"
#include "schema_readers.h"
#include "schema_report.h"
#include "schema_sample.h"
#include "schema_state.h"
#include "term.h"
#include "verb.h"

struct check {
    struct schema_args args;
    struct mr_option_list against;
    int64_t sample;
    /* state */
    struct mr_tree **before; /* one for each word of against */
    size_t n_before;
    struct mr_report report;
};

static const struct mr_option rows[] = {
    MR_OPT_LIST(struct check, against, .name = "against", .arg = "REF|FOLDER|URL",
                .help = "What to compare with: a ref of git, another folder, a registry's URL, or "
                        "\"registry\" for that of --registry; may be given several times"),
    MR_OPT_FLAG(struct check, args.merge_base, .name = "merge-base",
                .help = "Compare with the commit where HEAD left the ref, not with its tip"),
    MR_OPT_FLAG(struct check, args.tip_only, .name = "tip-only",
                .help = "Compare with the commit alone, not with what its files were before it"),
    MR_OPT_INT(struct check, sample, .name = "sample", .arg = "N", .def = "0", .min = 0,
               .max = MR_EVOLVE_MAX_SAMPLE,
               .help =
                   "Read the last N records of each topic whose schema changed (of all, without "
                   "--against) with the new schema; needs -b and -r"),
    MR_OPT_LIST(struct check, args.readers, .name = "readers", .arg = "FILE",
                .help =
                    "Which fields deployed consumers read, as `schema readers` prints it; without, "
                    "those compiled in"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Rules", .rows = schema_rule_options, .base = offsetof(struct check, args)},
    {.title = "Registry", .rows = mr_common_options, .base = offsetof(struct check, args.common)},
    {.rows = NULL},
};

static const struct mr_command check_command = {
    .name = "schema check",
    .program = "millrace",
    .synopsis = "[FOLDER]",
    .summary = "Tells whom a change of the schemas would break",
    .details =
        "Compares FOLDER (a project with schemas/avro/ and topics.yaml, or a folder of schemas; "
        "here, "
        "unless given) as it is with an earlier state: with a commit of git, of which nothing is "
        "checked out (a shallow clone that has the commit will do), with another folder, or with "
        "all "
        "that a registry holds. Every finding is told, with its place, its rule, who breaks in "
        "which "
        "order of deployment, and what mends it.\n\n"
        "Where its level is transitive, a schema that changed is compared with all that it was on "
        "the way to that commit (along first parents), as with all versions of a registry.\n\n"
        "--sample decodes real records: each with the schema that it was written with and the new "
        "one, as consumers do. A finding names topic, partition and offset.\n\n"
        "Compatibility is judged as registries do, at the level that topics.yaml gives the topic. "
        "Rules "
        "of our own look at constraints, logical types, defaults, and at topics that are gone, "
        "renamed "
        "or promise less; --list-rules has them all. schemas/rules.conf changes their severities: "
        "lines \"RULE = error|warning|note|off [TOPIC-GLOB]\".\n\n"
        "Exit status 0 when nothing was found, 100 when something was, 2 for wrong usage, 1 when "
        "it "
        "could not be checked.",
    .tables = tables,
    .examples =
        "millrace schema check --against main\tbefore a pull request\n"
        "millrace schema check --against main --against registry -r http://registry:8081\tboth\n"
        "millrace schema check --against main --error-format github-actions\tin a workflow\n"
        "millrace schema check --against main --sample 1000 -b kafka:9092 -r "
        "http://registry:8081\twith what is in the topics\n"
        "millrace schema check --against ../released --error-format json | jq .findings\twith a "
        "folder\n",
};

/* Transitive levels are about every version that there was: those of git's history join. */
static int add_past(const struct check *check, const char *folder, struct mr_tree *before,
                    const struct mr_tree *now, struct mr_error *reterr)
{
    bool changed = false;

    for (size_t i = 0; i < now->n_versions && before->commit && !check->args.tip_only; i++) {
        const struct mr_version *there = mr_tree_newest(before, now->versions[i].topic);
        changed = changed || !there || !mr_str_eq(there->text, now->versions[i].text);
    }
    int r = changed ? mr_tree_git_past(folder, before, NULL, now, reterr) : 0;
    if (r == 0 && before->cut)
        (void)fprintf(stderr,
                      "millrace schema check: the history of '%s' is cut here: versions before it "
                      "were not compared; `git fetch --unshallow` brings them\n",
                      before->label);
    return r;
}

/* Topics whose schema is another than in any state compared with; without any, all. */
static int add_sample(struct check *check, struct mr_options *options, const struct mr_tree *now,
                      const struct mr_evolve_options *how, struct mr_error *reterr)
{
    MR_AUTO(free) const char **topics = calloc(now->n_versions + 1, sizeof(*topics));
    size_t n = 0;

    if (!topics)
        return -ENOMEM;
    for (size_t i = 0; i < now->n_versions; i++) {
        bool changed = check->against.n_items == 0;
        for (size_t k = 0; k < check->against.n_items && !changed; k++) {
            const struct mr_version *there =
                mr_tree_newest(check->before[k], now->versions[i].topic);
            changed = !there || !mr_str_eq(there->text, now->versions[i].text);
        }
        if (changed)
            topics[n++] = now->versions[i].topic;
    }
    struct schema_sample sample = {.args = &check->args,
                                   .options = options,
                                   .now = now,
                                   .how = how,
                                   .report = &check->report,
                                   .last = check->sample,
                                   .topics = topics,
                                   .n_topics = n};
    int r = n > 0 ? schema_sample(&sample, reterr) : 0;
    if (r == 0)
        (void)fprintf(stderr, "%zu records of %zu topics read; the cluster lacks %zu topics\n",
                      sample.n_records, n - sample.n_missing, sample.n_missing);
    return r;
}

static int compare(struct check *check, struct mr_options *options, const char *folder,
                   struct mr_error *reterr)
{
    MR_AUTO(mr_tree) struct mr_tree *now = NULL;
    MR_AUTO(mr_rules_file) struct mr_rules_file *rules = NULL;
    MR_AUTO(readers) struct readers readers = {0};
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    int r = schema_rules(&check->args, folder, &rules, reterr);

    if (r == 0)
        r = readers_open(&check->args.readers, &readers, reterr);
    if (r == 0)
        r = mr_tree_folder(folder, NULL, NULL, &now, reterr);
    const struct mr_evolve_options how = {.rules = rules, .readers = &readers.all};
    for (size_t i = 0; r == 0 && i < check->against.n_items; i++) {
        r = schema_state(&check->args, options, folder, check->against.items[i], &check->before[i],
                         reterr);
        if (r == 0)
            r = add_past(check, folder, check->before[i], now, reterr);
        if (r == 0)
            r = mr_evolve_check(check->before[i], now, &how, &check->report);
    }
    if (r == 0 && check->sample > 0)
        r = add_sample(check, options, now, &how, reterr);
    if (r != 0)
        return r;
    const struct report_view view = {&check->report, check_command.name,
                                     term_colour(STDOUT_FILENO)};
    r = report_write(&view, check->args.error_format, &out);
    return r == 0 && verb_print(0, &out) != 0 ? -EIO : r; /* while the trees are there */
}

static int finish(const struct check *check, int r, const struct mr_error *error)
{
    char counts[96];

    if (r != 0)
        return (void)verb_fail(&check_command, r, error), 1;
    (void)fprintf(stderr, "%zu differing pairs of versions compared: %s\n",
                  check->report.n_compared, report_counts(&check->report, counts, sizeof(counts)));
    return report_status(&check->report, check->args.fail_on);
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct check check = {.n_before = 0};
    int status;
    size_t n;

    if (!verb_options(&check_command, argc, argv, &check, &options, &status))
        return status;
    if (check.args.list_rules)
        return schema_list_rules(false);
    char **words = mr_options_rest(options, &n);
    if (n > 1 || (check.against.n_items == 0 && check.sample == 0))
        return verb_fail(&check_command,
                         mr_error_set(&error, MR_INVALID,
                                      n > 1 ? "one FOLDER at a time"
                                            : "--against is missing: a ref such as main, a "
                                              "folder, a registry's URL; or --sample N"),
                         &error);
    check.before = calloc(check.against.n_items + 1, sizeof(*check.before));
    int r = check.before ? compare(&check, options, n ? words[0] : ".", &error) : -ENOMEM;
    status = finish(&check, r, &error);
    for (size_t i = 0; check.before && i < check.against.n_items; i++)
        (void)mr_tree_free(check.before[i]);
    free(check.before);
    mr_report_done(&check.report);
    return status;
}

const struct verb verb_schema_check = {.command = &check_command, .run = run};
