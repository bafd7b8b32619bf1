/* SPDX-License-Identifier: Apache-2.0 */
/* millrace schema register: brings a registry to what the catalogue has. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doc.h"
#include "millrace/error.h"
#include "millrace/registry.h"
#include "schema_files.h"
#include "term.h"
#include "verb.h"

struct result {
    char subject[512];
    struct mr_publication publication;
    struct mr_error why; /* of a refusal */
};

struct reg {
    struct choose choose;
    struct mr_common common;
    const char *output;
    bool dry_run;
    /* state */
    struct result *results; /* one per schema */
    size_t n_results, n_outcomes[MR_PUBLISH_REFUSED + 1], n_levels;
};

static const struct mr_option rows[] = {
    MR_OPT_FLAG(struct reg, dry_run, .name = "dry-run", .letter = 'n', .env = "",
                .help = "Only say what would happen; exit 3 when anything would change"),
    MR_OPT_CHOICE(struct reg, output, .name = "output", .letter = 'o', .choices = doc_forms,
                  .def = "text", .help = "Form of the answer"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Catalogue", .rows = choose_options, .base = offsetof(struct reg, choose)},
    {.title = "Connection", .rows = mr_common_options, .base = offsetof(struct reg, common)},
    {.rows = NULL},
};

static const struct mr_command register_command = {
    .name = "schema register",
    .program = "millrace",
    .synopsis = "[TOPIC|FOLDER|FILE]...",
    .summary = "Puts schemas into a registry, with the levels of topics.yaml",
    .details =
        "Without a word, the schemas that were compiled in. TOPIC is the name of a topic, event or "
        "service, or a glob; FOLDER (such as schemas/avro) and FILE.avsc are read from disk, and "
        "their paths say which topic they are. Subject is TOPIC-value; its compatibility level is "
        "set first, then the file's own bytes are registered.\n\n"
        "Exit status 0 when the registry has them all, 1 when one was refused or the registry does "
        "not answer; with --dry-run 3 when something would change.",
    .tables = tables,
    .examples = "millrace schema register -r http://registry:8081 --dry-run\tthe plan\n"
                "millrace schema register -r http://registry:8081 schemas/avro\tdo it\n"
                "millrace schema register 'order-management.*'\tsome of them\n",
};

static const char *outcome_word(const struct mr_publication *p, char *out, size_t cap)
{
    switch (p->outcome) {
    case MR_PUBLISH_UNCHANGED:
        (void)snprintf(out, cap, "unchanged, version %d", (int)p->version);
        break;
    case MR_PUBLISH_NEW:
        (void)snprintf(out, cap, "%s", p->dry_run ? "would be new, version 1" : "new");
        break;
    case MR_PUBLISH_ADDED:
        (void)snprintf(out, cap, "%sversion %d", p->dry_run ? "would be " : "", (int)p->version);
        break;
    case MR_PUBLISH_REFUSED:
        (void)snprintf(out, cap, "%srefused", p->dry_run ? "would be " : "");
        break;
    }
    return out;
}

static const char *const outcome_names[] = {
    [MR_PUBLISH_UNCHANGED] = "unchanged",
    [MR_PUBLISH_NEW] = "new",
    [MR_PUBLISH_ADDED] = "added",
    [MR_PUBLISH_REFUSED] = "refused",
};

static void write_doc(const struct reg *reg, struct doc *doc)
{
    doc_list(doc, NULL);
    for (size_t i = 0; i < reg->n_results; i++) {
        const struct result *result = &reg->results[i];
        const struct mr_publication *p = &result->publication;
        doc_object(doc, NULL);
        doc_text(doc, "subject", result->subject);
        doc_text(doc, "outcome", outcome_names[p->outcome]);
        doc_text(doc, "level", mr_compat_level_name(p->level));
        doc_bool(doc, "level_changed", p->level_changed);
        if (p->outcome != MR_PUBLISH_REFUSED)
            doc_long(doc, "version", p->version);
        if (p->id > 0)
            doc_long(doc, "id", p->id);
        if (p->outcome == MR_PUBLISH_REFUSED)
            doc_text(doc, "why", result->why.text);
        doc_end(doc);
    }
    doc_end(doc);
}

static int write_table(const struct reg *reg, struct mr_buf *out)
{
    static const char *const headings[] = {"SUBJECT", "OUTCOME", "LEVEL", "WHY"};
    struct term_table table = {.headings = headings, .n_columns = MR_N_ELEMENTS(headings)};
    char word[64];

    for (size_t i = 0; i < reg->n_results; i++) {
        const struct result *result = &reg->results[i];
        const struct mr_publication *p = &result->publication;
        const char *level = mr_compat_level_name(p->level);
        term_cell(&table, "%s", result->subject);
        term_cell(&table, "%s", outcome_word(p, word, sizeof(word)));
        term_cell(&table, "%s%s", level,
                  !p->level_changed ? ""
                  : p->dry_run      ? " (would be set)"
                                    : " (set)");
        term_cell(&table, "%s", p->outcome == MR_PUBLISH_REFUSED ? result->why.text : "");
    }
    return term_table_print(&table, isatty(STDOUT_FILENO), term_style(term_colour(STDOUT_FILENO)),
                            out);
}

static int report(const struct reg *reg, struct mr_buf *out)
{
    struct doc doc = {.out = out, .yaml = strcmp(reg->output, "yaml") == 0};

    if (strcmp(reg->output, "text") == 0)
        return write_table(reg, out);
    write_doc(reg, &doc);
    return doc.r;
}

static int publish_all(struct reg *reg, struct mr_registry *registry,
                       const struct schema_files *files, struct mr_error *reterr)
{
    reg->results = calloc(files->n_items, sizeof(*reg->results));
    if (!reg->results)
        return -ENOMEM;
    for (size_t i = 0; i < files->n_items; i++) {
        const struct schema_file *file = &files->items[i];
        struct result *result = &reg->results[reg->n_results];
        (void)snprintf(result->subject, sizeof(result->subject), "%s-value", file->topic->name);
        result->why = MR_ERROR_INIT;
        result->publication = (struct mr_publication){.subject = result->subject,
                                                      .text = file->text,
                                                      .level = file->topic->compatibility,
                                                      .dry_run = reg->dry_run};
        int r = mr_registry_publish(registry, &result->publication, &result->why);
        if (r != 0)
            return mr_error_set(reterr, r, "%s: %s", result->subject, result->why.text);
        reg->n_results++;
        reg->n_outcomes[result->publication.outcome]++;
        reg->n_levels += result->publication.level_changed;
    }
    return 0;
}

static int bring(struct reg *reg, struct mr_options *options, const struct choose *choose,
                 struct mr_error *reterr)
{
    MR_AUTO(schema_files) struct schema_files files = {0};
    MR_AUTO(mr_registry) struct mr_registry *registry = NULL;
    size_t n_words;
    char **words = mr_options_rest(options, &n_words);
    int r = schema_files_open(choose, words, n_words, &files, reterr);

    if (r == 0)
        r = mr_common_resolve(&reg->common, options, false, true, reterr);
    if (r != 0)
        return r;
    const struct mr_registry_config config = mr_registry_config_from(&reg->common);
    r = mr_registry_new(&config, &registry, reterr);
    return r == 0 ? publish_all(reg, registry, &files, reterr) : r;
}

static void summarize(const struct reg *reg)
{
    const size_t *n = reg->n_outcomes;
    const char *would = reg->dry_run ? " would be" : "";

    (void)fprintf(stderr,
                  "%zu schemas: %zu unchanged, %zu%s new, %zu%s further versions, %zu%s "
                  "refused; %zu levels%s set\n",
                  reg->n_results, n[MR_PUBLISH_UNCHANGED], n[MR_PUBLISH_NEW], would,
                  n[MR_PUBLISH_ADDED], would, n[MR_PUBLISH_REFUSED], would, reg->n_levels, would);
}

/* A fault on the way: what was done until then is told all the same. */
static int finish(struct reg *reg, int r, const struct mr_error *error)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    int status = reg->n_results > 0 ? verb_print(report(reg, &out), &out) : 0;

    if (reg->n_results > 0)
        summarize(reg);
    if (r != 0) {
        status = verb_fail(&register_command, r, error);
        return reg->n_results > 0 ? 1 : status;
    }
    if (reg->n_outcomes[MR_PUBLISH_REFUSED] > 0)
        return 1;
    bool pending =
        reg->n_levels + reg->n_outcomes[MR_PUBLISH_NEW] + reg->n_outcomes[MR_PUBLISH_ADDED] > 0;
    return reg->dry_run && pending && status == 0 ? 3 : status;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct reg reg = {.dry_run = false};
    int status;

    if (!verb_options(&register_command, argc, argv, &reg, &options, &status))
        return status;
    MR_AUTO(choose) struct choose choose = reg.choose;
    int r = choose_open(&choose, &error);
    if (r == 0)
        r = bring(&reg, options, &choose, &error);
    status = finish(&reg, r, &error);
    free(reg.results);
    return status;
}

const struct verb verb_schema_register = {.command = &register_command, .run = run};
