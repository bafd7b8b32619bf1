/* SPDX-License-Identifier: Apache-2.0 */
/* millrace registry copy: a registry's contents brought to another under the same ids. */
#include "millrace/registry_copy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doc.h"
#include "registry_two.h"
#include "stopped.h"
#include "term.h"
#include "verb.h"

struct told {
    const char *what; /* constant */
    char *subject;
    char *from, *to; /* NULL: nothing */
    const char *member;
    int32_t version;
};

struct copying {
    struct registry_side from, to;
    const char *subject, *output;
    bool json, dry_run, keep_modes;
    /* state */
    struct told *told;
    size_t n_told;
    int r; /* of remembering them */
    struct mr_copy_result result;
};

static const struct mr_option rows[] = {
    MR_OPT_STR(struct copying, subject, .name = "subject", .letter = 's', .arg = "GLOB",
               .help = "Only subjects of such names, and the versions that they refer to"),
    MR_OPT_FLAG(struct copying, dry_run, .name = "dry-run", .letter = 'n', .env = "",
                .help = "Only say what would happen; exit 3 when anything would change"),
    MR_OPT_FLAG(struct copying, keep_modes, .name = "keep-modes",
                .help = "Leave the modes of --to as they are (but for the time of the copy)"),
    MR_OPT_CHOICE(struct copying, output, .name = "output", .letter = 'o', .choices = doc_forms,
                  .def = "text", .help = "Form of the answer"),
    MR_OPT_FLAG(struct copying, json, .name = "json", .letter = 'J', .env = "",
                .help = "The same as --output json"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Source", .rows = registry_from_options, .base = offsetof(struct copying, from)},
    {.title = "Target", .rows = registry_to_options, .base = offsetof(struct copying, to)},
    {.rows = NULL},
};

static const struct mr_command copy_command = {
    .name = "registry copy",
    .program = "millrace",
    .summary = "Copies a registry to another, ids and versions included",
    .details =
        "Brings all that --from holds to --to: subjects of all contexts with their versions under "
        "the same ids, those that are deleted softly, configurations and modes. Each subject of "
        "the target is in mode IMPORT while it is written to, and afterwards in its own again, "
        "also after a failure or Ctrl-C. Nothing of the target is overwritten: where it holds "
        "another schema under the same version or id, all such places are told and nothing is "
        "changed. What is there already is left alone, so the same command goes on after a "
        "failure. At the end everything is read back and compared.\n\n"
        "A configuration or mode of a subject without any version is not told by registries, and "
        "so not copied.\n\n"
        "Exit status 0 when the target holds it all, 1 when something is in the way or fails; with "
        "--dry-run 3 when something would change.",
    .tables = tables,
    .examples = "millrace registry copy --from http://old:8081 --to http://new:8081 -n\tthe plan\n"
                "millrace registry copy --from http://old:8081 --to http://new:8081\tdo it\n"
                "millrace registry copy --from http://old:8081 --to http://new:8081 -s "
                "'order*'\tsome subjects\n",
};

static char *keep(struct copying *copying, const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    if (text && !copy)
        copying->r = -ENOMEM;
    return copy;
}

static void remember(void *opaque, const char *what, const struct mr_image_difference *about)
{
    struct copying *copying = opaque;
    struct told *told = reallocarray(copying->told, copying->n_told + 1, sizeof(*told));

    if (!told) {
        copying->r = -ENOMEM;
        return;
    }
    copying->told = told;
    told[copying->n_told++] = (struct told){
        .what = what,
        .subject = keep(copying, *about->subject ? about->subject : "(the registry)"),
        .from = keep(copying, about->from),
        .to = keep(copying, about->to),
        .member = about->member,
        .version = about->version,
    };
}

static int write_table(const struct copying *copying, struct mr_buf *out)
{
    static const char *const headings[] = {"WHAT", "SUBJECT", "VERSION", "", "FROM", "TO"};
    struct term_table table = {.headings = headings, .n_columns = MR_N_ELEMENTS(headings)};

    for (size_t i = 0; i < copying->n_told; i++) {
        const struct told *told = &copying->told[i];
        term_cell(&table, "%s", told->what);
        term_cell(&table, "%s", told->subject ? told->subject : "");
        if (told->version > 0)
            term_cell(&table, "%d", (int)told->version);
        else
            term_cell(&table, "%s", "");
        term_cell(&table, "%s", told->member ? told->member : "");
        term_cell(&table, "%s", told->from ? told->from : "");
        term_cell(&table, "%s", told->to ? told->to : "");
    }
    return term_table_print(&table, isatty(STDOUT_FILENO), term_style(term_colour(STDOUT_FILENO)),
                            out);
}

static void write_doc(const struct copying *copying, struct doc *doc)
{
    const struct mr_copy_result *result = &copying->result;
    char name[256];

    doc_object(doc, NULL);
    doc_text(doc, "from", registry_side_name(&copying->from, name, sizeof(name)));
    doc_text(doc, "to", registry_side_name(&copying->to, name, sizeof(name)));
    doc_bool(doc, "dry_run", copying->dry_run);
    doc_long(doc, "subjects", (int64_t)result->n_subjects);
    doc_long(doc, "versions", (int64_t)result->n_versions);
    doc_long(doc, "equal", (int64_t)result->n_equal);
    doc_long(doc, "imported", (int64_t)result->n_imported);
    doc_long(doc, "deleted", (int64_t)result->n_deleted);
    doc_long(doc, "configs", (int64_t)result->n_configs);
    doc_long(doc, "modes", (int64_t)result->n_modes);
    doc_long(doc, "conflicts", (int64_t)result->n_conflicts);
    doc_long(doc, "verified", (int64_t)result->n_verified);
    doc_list(doc, "steps");
    for (size_t i = 0; i < copying->n_told; i++) {
        const struct told *told = &copying->told[i];
        doc_object(doc, NULL);
        doc_text(doc, "what", told->what);
        doc_text(doc, "subject", told->subject);
        if (told->version > 0)
            doc_long(doc, "version", told->version);
        if (told->member)
            doc_text(doc, "member", told->member);
        doc_text(doc, "from", told->from);
        doc_text(doc, "to", told->to);
        doc_end(doc);
    }
    doc_end(doc);
    doc_end(doc);
}

static void summarize(const struct copying *copying)
{
    const struct mr_copy_result *result = &copying->result;
    const char *would = copying->dry_run ? " would be" : "";

    (void)fprintf(stderr,
                  "%zu subject%s, %zu version%s: %zu there already, %zu%s imported, %zu%s deleted "
                  "softly; %zu configurations and %zu modes%s set",
                  result->n_subjects, result->n_subjects == 1 ? "" : "s", result->n_versions,
                  result->n_versions == 1 ? "" : "s", result->n_equal, result->n_imported, would,
                  result->n_deleted, would, result->n_configs, result->n_modes, would);
    if (result->n_conflicts > 0)
        (void)fprintf(stderr, "; %zu in the way: nothing was changed", result->n_conflicts);
    if (result->n_verified > 0)
        (void)fprintf(stderr, "; %zu versions read back and equal", result->n_verified);
    (void)fprintf(stderr, "\n");
}

static int copy(struct copying *copying, struct mr_error *reterr)
{
    MR_AUTO(mr_registry) struct mr_registry *from = NULL;
    MR_AUTO(mr_registry) struct mr_registry *to = NULL;
    const struct mr_copy_options options = {
        .glob = copying->subject,
        .dry_run = copying->dry_run,
        .keep_modes = copying->keep_modes,
        .stop = stopped,
        .told = remember,
        .told_opaque = copying,
    };
    int r = registry_side_open(&copying->from, stopped, &from, reterr);

    if (r == 0)
        r = registry_side_open(&copying->to, stopped, &to, reterr);
    return r == 0 ? mr_registry_copy(from, to, &options, &copying->result, reterr) : r;
}

/* What was done before a fault is told all the same. */
static int finish(struct copying *copying, int r, const struct mr_error *error)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct doc doc = {.out = &out, .yaml = strcmp(copying->output, "yaml") == 0};
    const struct mr_copy_result *result = &copying->result;

    if (strcmp(copying->output, "text") == 0)
        doc.r = write_table(copying, &out);
    else
        write_doc(copying, &doc);
    int status = verb_print(doc.r != 0 ? doc.r : copying->r, &out);
    summarize(copying);
    if (r != 0)
        return (void)verb_fail(&copy_command, r, error), 1;
    if (result->n_conflicts > 0)
        return 1;
    bool pending = result->n_imported + result->n_deleted + result->n_configs + result->n_modes > 0;
    return copying->dry_run && pending && status == 0 ? 3 : status;
}

static void forget(struct copying *copying)
{
    for (size_t i = 0; i < copying->n_told; i++) {
        free(copying->told[i].subject);
        free(copying->told[i].from);
        free(copying->told[i].to);
    }
    free(copying->told);
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct copying copying = {.dry_run = false};
    int status;

    if (!verb_options(&copy_command, argc, argv, &copying, &options, &status))
        return status;
    if (copying.json)
        copying.output = "json";
    if (!copying.from.urls || !copying.to.urls)
        return verb_fail(&copy_command,
                         mr_error_set(&error, MR_INVALID, "--%s is missing: the URL of a registry",
                                      copying.from.urls ? "to" : "from"),
                         &error);
    stopped_listen();
    int r = copy(&copying, &error);
    status = finish(&copying, r, &error);
    forget(&copying);
    return status;
}

const struct verb verb_registry_copy = {.command = &copy_command, .run = run};
