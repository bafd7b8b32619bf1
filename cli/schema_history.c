/* SPDX-License-Identifier: Apache-2.0 */
/* millrace schema history: the versions of one subject, and what each changed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "millrace/error.h"
#include "millrace/registry.h"
#include "schema_state.h"
#include "verb.h"

struct history {
    struct schema_args args;
    const char *output;
};
static const struct mr_option rows[] = {
    MR_OPT_CHOICE(struct history, output, .name = "output", .letter = 'o', .choices = doc_forms,
                  .def = "text", .help = "Form of the answer"),
    MR_OPT_END,
};
static const struct mr_option_table tables[] = {
    {.rows = rows},
    {.title = "Registry", .rows = mr_common_options, .base = offsetof(struct history, args.common)},
    {.rows = NULL},
};
static const struct mr_command history_command = {
    .name = "schema history",
    .program = "millrace",
    .synopsis = "TOPIC",
    .summary = "Lists the versions of a topic's schema in a registry, and what each changed",
    .details = "TOPIC may also be a subject: TOPIC-value. Each version is told with its id and its "
               "difference from the one before, as `schema diff` has it.",
    .tables = tables,
    .examples =
        "millrace schema history order-management.order.created.v1 -r http://registry:8081\tall\n",
};

static int put_version(struct doc *doc, struct mr_buf *out, bool text, int32_t id,
                       const struct mr_version *now, const struct mr_differences *all)
{
    int r = text ? mr_buf_printf(out, "version %d, id %d\n", (int)now->number, (int)id) : 0;

    if (!text) {
        doc_object(doc, NULL);
        doc_long(doc, "version", now->number);
        doc_long(doc, "id", id);
        doc_list(doc, "changes");
    }
    for (size_t i = 0; r == 0 && i < all->n_items; i++) {
        const struct mr_difference *d = &all->items[i];
        if (text) {
            r = mr_buf_printf(out, "    %s %s: %s: %s -> %s\n",
                              !d->whole ? "~"
                              : d->now  ? "+"
                                        : "-",
                              *d->path ? d->path : "(schema)", d->what,
                              d->before ? d->before : "(none)", d->now ? d->now : "(none)");
            continue;
        }
        doc_object(doc, NULL);
        doc_text(doc, "path", d->path);
        doc_text(doc, "what", d->what);
        doc_text(doc, "before", d->before);
        doc_text(doc, "now", d->now);
        doc_end(doc);
    }
    if (!text) {
        doc_end(doc);
        doc_end(doc);
    }
    return r != 0 ? r : doc->r;
}

/* Of the first version nothing is told but that it is there. */
static int tell(struct doc *doc, bool text, int32_t id, struct mr_version *before,
                struct mr_version *now)
{
    struct mr_differences all = {0};
    const struct mr_tree old = {.versions = before, .n_versions = before->schema ? 1 : 0};
    const struct mr_tree new = {.versions = now, .n_versions = 1};
    int r = before->schema ? mr_evolve_diff(&old, &new, &all) : 0;

    if (r == 0)
        r = put_version(doc, doc->out, text, id, now, &all);
    mr_differences_done(&all);
    return r;
}

static int tell_all(const struct history *history, struct mr_registry *registry,
                    const char *subject, struct mr_buf *out, struct mr_error *reterr)
{
    MR_AUTO(free) int32_t *numbers = NULL;
    struct doc doc = {.out = out, .yaml = strcmp(history->output, "yaml") == 0};
    bool text = strcmp(history->output, "text") == 0;
    struct mr_version before = {.schema = NULL};
    size_t n = 0;
    int r = mr_registry_versions(registry, subject, &numbers, &n, reterr);

    if (r == 0 && !text)
        doc_list(&doc, NULL);
    for (size_t i = 0; r == 0 && i < n; i++) {
        struct mr_version now = {.topic = "", .number = numbers[i]};
        int32_t id = 0;
        r = mr_registry_version(registry, subject, numbers[i], &id, &now.schema, reterr);
        if (r == 0)
            now.text = mr_schema_text(now.schema);
        if (r == 0)
            r = tell(&doc, text, id, &before, &now);
        (void)mr_schema_unref(before.schema);
        before = (struct mr_version){.topic = "", .schema = now.schema, .text = now.text};
    }
    (void)mr_schema_unref(before.schema);
    if (r == 0 && !text)
        doc_end(&doc);
    return r != 0 ? r : doc.r;
}

static int ask(struct history *history, struct mr_options *options, const char *word,
               struct mr_error *reterr)
{
    static const char ending[] = "-value";
    MR_AUTO(mr_registry) struct mr_registry *registry = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    char subject[600];
    size_t len = strlen(word), tail = sizeof(ending) - 1;
    bool whole = len > tail && strcmp(word + len - tail, ending) == 0;
    int r = mr_common_resolve(&history->args.common, options, false, true, reterr);

    (void)snprintf(subject, sizeof(subject), "%.500s%s", word, whole ? "" : ending);
    if (r != 0)
        return r;
    const struct mr_registry_config config = mr_registry_config_from(&history->args.common);
    r = mr_registry_new(&config, &registry, reterr);
    if (r == 0)
        r = tell_all(history, registry, subject, &out, reterr);
    return r == 0 && verb_print(0, &out) != 0 ? -EIO : r;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct history history = {.output = NULL};
    int status;
    size_t n;

    if (!verb_options(&history_command, argc, argv, &history, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    if (n != 1)
        return verb_fail(&history_command, mr_error_set(&error, MR_INVALID, "one TOPIC is needed"),
                         &error);
    int r = ask(&history, options, words[0], &error);
    return r == 0 ? 0 : verb_fail(&history_command, r, &error);
}

const struct verb verb_schema_history = {.command = &history_command, .run = run};
