/* SPDX-License-Identifier: Apache-2.0 */
/* millrace registry verify: a registry beside another, or beside the folder. */
#include "registry_verify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry_two.h"
#include "schema_report.h"
#include "term.h"
#include "verb.h"

const struct mr_rule verify_rules[N_VERIFY_RULES] = {
    [VERIFY_SUBJECT_MISSING] = {"SUBJECT_MISSING", MR_SEVERITY_ERROR, false,
                                "a subject is not there"},
    [VERIFY_SUBJECT_EXTRA] = {"SUBJECT_EXTRA", MR_SEVERITY_ERROR, false,
                              "a subject is there alone"},
    [VERIFY_VERSION_MISSING] = {"VERSION_MISSING", MR_SEVERITY_ERROR, false,
                                "a version is not there"},
    [VERIFY_VERSION_EXTRA] = {"VERSION_EXTRA", MR_SEVERITY_ERROR, false,
                              "a version is there alone"},
    [VERIFY_ID] = {"ID_DIFFERS", MR_SEVERITY_ERROR, false,
                   "a version has another id: records of one side cannot be read with the other"},
    [VERIFY_SCHEMA] = {"SCHEMA_DIFFERS", MR_SEVERITY_ERROR, false,
                       "a version has another schema, other references, metadata or rules"},
    [VERIFY_DELETION] = {"DELETION_DIFFERS", MR_SEVERITY_ERROR, false,
                         "a version is deleted softly on one side"},
    [VERIFY_CONFIG] = {"CONFIG_DIFFERS", MR_SEVERITY_ERROR, false,
                       "a subject, a context or the registry is configured otherwise"},
    [VERIFY_LEVEL] = {"LEVEL_DIFFERS", MR_SEVERITY_ERROR, false,
                      "a subject's compatibility level is not that of topics.yaml"},
    [VERIFY_MODE] = {"MODE_DIFFERS", MR_SEVERITY_ERROR, false,
                     "a subject, a context or the registry is in another mode"},
};

struct verifying {
    struct registry_side from, to;
    const char *subject, *error_format, *fail_on;
    bool json;
    /* state */
    struct verify verify;
    char from_name[256], to_name[256];
};

static const struct mr_option rows[] = {
    MR_OPT_STR(struct verifying, subject, .name = "subject", .letter = 's', .arg = "GLOB",
               .help = "Only subjects of such names, and the versions that they refer to"),
    MR_OPT_CHOICE(struct verifying, error_format, .name = "error-format", .choices = report_forms,
                  .def = "text", .help = "Form of the findings"),
    MR_OPT_CHOICE(struct verifying, fail_on, .name = "fail-on", .choices = report_severities,
                  .def = "error", .help = "Exit 100 from this severity on"),
    MR_OPT_FLAG(struct verifying, json, .name = "json", .letter = 'J', .env = "",
                .help = "The same as --error-format json"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "First", .rows = registry_from_options, .base = offsetof(struct verifying, from)},
    {.title = "Second", .rows = registry_to_options, .base = offsetof(struct verifying, to)},
    {.rows = NULL},
};

static const struct mr_command verify_command = {
    .name = "registry verify",
    .program = "millrace",
    .synopsis = "[FOLDER]",
    .summary = "Compares a registry with another, or with the folder of schemas",
    .details =
        "With --to, two registries: subjects of all contexts, versions, ids, schemas, references, "
        "metadata and rules, soft deletions, configurations, modes. Without, the registry of "
        "--from and FOLDER (here, unless given): each schema of schemas/avro/ is the newest "
        "version of TOPIC-value, at the level of topics.yaml, in a mode that takes changes.\n\n"
        "Schemas are compared as a registry keeps them: white space, the order of members and "
        "what Java's text leaves out make no difference.\n\n"
        "Exit status 0 when nothing differs, 100 when something does, 2 for wrong usage, 1 when it "
        "could not be compared.",
    .tables = tables,
    .examples = "millrace registry verify --from http://old:8081 --to http://new:8081\tafter a "
                "copy\n"
                "millrace registry verify --from http://registry:8081\tbeside this folder\n"
                "millrace registry verify --from http://registry:8081 --error-format junit "
                "../contracts\tin CI\n",
};

const char *verify_text(struct verify *verify, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    const char *copy = len < 0 ? NULL : mr_arena_dup(verify->report.arena, text, (size_t)len);
    if (len >= 0)
        free(text);
    if (!copy)
        verify->r = -ENOMEM;
    return copy ? copy : "";
}

void verify_add(struct verify *verify, enum verify_rule rule, struct mr_evolution item)
{
    struct mr_report *report = &verify->report;

    if (report->n_items == MR_EVOLVE_MAX_FINDINGS) {
        report->n_lost++;
        return;
    }
    if (report->n_items == verify->cap) {
        size_t cap = verify->cap ? verify->cap * 2 : 64;
        struct mr_evolution *items = mr_arena_array(report->arena, cap, sizeof(*items));
        if (!items) {
            verify->r = -ENOMEM;
            return;
        }
        if (report->n_items > 0)
            memcpy(items, report->items, report->n_items * sizeof(*items));
        report->items = items;
        verify->cap = cap;
    }
    item.rule = &verify_rules[rule];
    if (item.severity == MR_SEVERITY_OFF)
        item.severity = item.rule->severity;
    if (!item.path)
        item.path = "";
    report->items[report->n_items++] = item;
    report->counts[item.severity]++;
}

static enum verify_rule rule_of(enum mr_image_difference_kind kind)
{
    static const enum verify_rule rules[] = {
        [MR_IMAGE_SUBJECT_MISSING] = VERIFY_SUBJECT_MISSING,
        [MR_IMAGE_SUBJECT_EXTRA] = VERIFY_SUBJECT_EXTRA,
        [MR_IMAGE_VERSION_MISSING] = VERIFY_VERSION_MISSING,
        [MR_IMAGE_VERSION_EXTRA] = VERIFY_VERSION_EXTRA,
        [MR_IMAGE_ID] = VERIFY_ID,
        [MR_IMAGE_SCHEMA] = VERIFY_SCHEMA,
        [MR_IMAGE_DELETED] = VERIFY_DELETION,
        [MR_IMAGE_CONFIG] = VERIFY_CONFIG,
        [MR_IMAGE_MODE] = VERIFY_MODE,
    };

    return rules[kind];
}

static const char *place_of(struct verify *verify, const struct mr_image_difference *d)
{
    bool setting = d->kind == MR_IMAGE_CONFIG || d->kind == MR_IMAGE_MODE;

    if (setting)
        return verify_text(verify, "%s/%s%s%s", verify->to,
                           d->kind == MR_IMAGE_CONFIG ? "config" : "mode", *d->subject ? "/" : "",
                           d->subject);
    if (d->version == 0)
        return verify_text(verify, "%s/subjects/%s", verify->to, d->subject);
    return verify_text(verify, "%s/subjects/%s/versions/%d", verify->to, d->subject,
                       (int)d->version);
}

/* What only the second side has cannot be mended by a copy to it. */
static const char *fix_of(struct verify *verify, const struct mr_image_difference *d)
{
    switch (d->kind) {
    case MR_IMAGE_SUBJECT_MISSING:
    case MR_IMAGE_VERSION_MISSING:
        return verify_text(verify, "millrace registry copy --from %s --to %s -s '%s'", verify->from,
                           verify->to, d->subject);
    case MR_IMAGE_ID:
    case MR_IMAGE_SCHEMA:
        return "nobody can have both: find out which side the records in the topics were written "
               "with, and delete and copy the other";
    case MR_IMAGE_SUBJECT_EXTRA:
    case MR_IMAGE_VERSION_EXTRA:
    case MR_IMAGE_DELETED:
    case MR_IMAGE_CONFIG:
    case MR_IMAGE_MODE:
        break;
    }
    return NULL;
}

static int take(void *opaque, const struct mr_image_difference *d)
{
    struct verify *verify = opaque;
    const char *what = *d->subject ? d->subject : "the registry";
    const char *version = d->version > 0 ? verify_text(verify, " version %d", (int)d->version) : "";

    verify_add(verify, rule_of(d->kind),
               (struct mr_evolution){
                   .file = place_of(verify, d),
                   .topic = verify_text(verify, "%s", d->subject),
                   .path = d->member ? verify_text(verify, "%s", d->member) : "",
                   .before = verify->from,
                   .now = verify->to,
                   .message = verify_text(verify, "%s%s: %s here, %s there", what, version,
                                          d->from ? d->from : "nothing", d->to ? d->to : "nothing"),
                   .fix = fix_of(verify, d),
               });
    return verify->r;
}

static int compare(struct verifying *verifying, const char *folder, struct mr_error *reterr)
{
    struct verify *verify = &verifying->verify;
    MR_AUTO(mr_registry) struct mr_registry *from = NULL;
    MR_AUTO(mr_registry) struct mr_registry *to = NULL;
    MR_AUTO(mr_image) struct mr_image *left = NULL;
    MR_AUTO(mr_image) struct mr_image *right = NULL;
    int r = registry_side_open(&verifying->from, NULL, &from, reterr);

    if (r == 0 && !folder)
        r = registry_side_open(&verifying->to, NULL, &to, reterr);
    if (r == 0) /* levels that hold for all are wanted beside a folder */
        r = mr_image_read(from, folder ? NULL : verifying->subject, &left, reterr);
    if (r == 0 && folder)
        return verify_folder(verify, left, folder, reterr);
    if (r == 0)
        r = mr_image_read(to, verifying->subject, &right, reterr);
    if (r != 0)
        return r;
    verify->report.n_compared = mr_image_n_subjects(left);
    r = mr_image_compare(left, right, take, verify);
    return r == 0 ? verify->r : r;
}

static int finish(struct verifying *verifying, int r, const struct mr_error *error)
{
    const struct mr_report *report = &verifying->verify.report;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    const struct report_view view = {report, verify_command.name, term_colour(STDOUT_FILENO),
                                     verify_rules, N_VERIFY_RULES};
    char counts[96];

    if (r == 0)
        r = report_write(&view, verifying->error_format, &out);
    if (r != 0)
        return (void)verb_fail(&verify_command, r, error), 1;
    if (verb_print(0, &out) != 0)
        return 1;
    (void)fprintf(stderr, "%zu subjects compared: %s\n", report->n_compared,
                  report_counts(report, counts, sizeof(counts)));
    return report_status(report, verifying->fail_on);
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct verifying verifying = {.json = false};
    struct verify *verify = &verifying.verify;
    int status;
    size_t n;

    if (!verb_options(&verify_command, argc, argv, &verifying, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    const char *wrong = !verifying.from.urls         ? "--from is missing: the URL of a registry"
                        : n > 1                      ? "one FOLDER at a time"
                        : n > 0 && verifying.to.urls ? "either --to or a FOLDER"
                                                     : NULL;
    if (wrong)
        return verb_fail(&verify_command, mr_error_set(&error, MR_INVALID, "%s", wrong), &error);
    const char *folder = verifying.to.urls ? NULL : n > 0 ? words[0] : ".";
    if (verifying.json)
        verifying.error_format = "json";
    verify->from = registry_side_name(&verifying.from, verifying.from_name, 256);
    verify->to = folder ? folder : registry_side_name(&verifying.to, verifying.to_name, 256);
    verify->glob = verifying.subject;
    int r = mr_arena_new(0, &verify->report.arena);
    if (r == 0)
        r = compare(&verifying, folder, &error);
    status = finish(&verifying, r, &error);
    mr_report_done(&verify->report);
    return status;
}

const struct verb verb_registry_verify = {.command = &verify_command, .run = run};
