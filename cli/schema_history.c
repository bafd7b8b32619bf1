/* SPDX-License-Identifier: Apache-2.0 */
/* millrace schema history: the versions of one subject, in a registry or in git, and what each
 * changed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "millrace/error.h"
#include "schema_state.h"
#include "verb.h"

struct history {
    struct schema_args args;
    const char *output, *from;
    bool json;
    /* state */
    struct mr_buf out;
    struct doc doc;
    bool text;
    struct mr_version before; /* its schema is a reference of ours */
};
static const struct mr_option rows[] = {
    MR_OPT_STR(struct history, from, .name = "from", .arg = "REF|URL|registry",
               .help = "Where the versions are: a commit of git and all before it, or a registry; "
                       "default: the registry, where one is given, else HEAD"),
    MR_OPT_CHOICE(struct history, output, .name = "output", .letter = 'o', .choices = doc_forms,
                  .def = "text", .help = "Form of the answer"),
    MR_OPT_FLAG(struct history, json, .name = "json", .letter = 'J', .env = "",
                .help = "The same as -o json"),
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
    .summary = "Lists the versions of a topic's schema, and what each changed",
    .details =
        "TOPIC may also be a subject: TOPIC-value. Each version is told with its id, or its commit "
        "and day, and its difference from the one before, as `schema diff` has it. Oldest first. "
        "In git these are the versions along the commit's first parents.",
    .tables = tables,
    .examples =
        "millrace schema history order-management.order.created.v1 -r http://registry:8081\tall\n"
        "millrace schema history order-management.order.created.v1 --from main\tof git\n",
};

static void put_head(struct history *h, const struct mr_version *now, int32_t id)
{
    if (h->text && id > 0) {
        h->doc.r = mr_buf_printf(&h->out, "version %d, id %d\n", (int)now->number, (int)id);
    } else if (h->text) {
        h->doc.r = mr_buf_printf(&h->out, "%s%s%s\n", now->label, now->note ? ": " : "",
                                 now->note ? now->note : "");
    } else {
        doc_object(&h->doc, NULL);
        if (id > 0) {
            doc_long(&h->doc, "version", now->number);
            doc_long(&h->doc, "id", id);
        } else {
            doc_text(&h->doc, "commit", now->label);
            doc_text(&h->doc, "subject", now->note);
        }
        doc_list(&h->doc, "changes");
    }
}

static void put_change(struct history *h, const struct mr_difference *d)
{
    const char *mark = !d->whole ? "~" : d->now ? "+" : "-";

    if (h->text) {
        h->doc.r = mr_buf_printf(&h->out, "    %s %s: %s: %s -> %s\n", mark,
                                 *d->path ? d->path : "(schema)", d->what,
                                 d->before ? d->before : "(none)", d->now ? d->now : "(none)");
        return;
    }
    doc_object(&h->doc, NULL);
    doc_text(&h->doc, "path", d->path);
    doc_text(&h->doc, "what", d->what);
    doc_text(&h->doc, "before", d->before);
    doc_text(&h->doc, "now", d->now);
    doc_end(&h->doc);
}

/* Of the first version nothing is told but that it is there. */
static int tell(struct history *h, struct mr_version *now, int32_t id)
{
    struct mr_differences all = {0};
    const struct mr_tree old = {.versions = &h->before, .n_versions = h->before.schema ? 1 : 0};
    const struct mr_tree new = {.versions = now, .n_versions = 1};
    int r = h->before.schema && now->schema ? mr_evolve_diff(&old, &new, &all) : 0;

    if (r == 0)
        put_head(h, now, id);
    if (r == 0 && !now->schema && h->text)
        h->doc.r = mr_buf_printf(&h->out, "    is no schema: %s\n", now->error.text);
    for (size_t i = 0; r == 0 && h->doc.r == 0 && i < all.n_items; i++)
        put_change(h, &all.items[i]);
    if (!h->text) {
        doc_end(&h->doc);
        doc_end(&h->doc);
    }
    mr_differences_done(&all);
    if (now->schema) {
        (void)mr_schema_unref(h->before.schema);
        h->before = *now;
        h->before.schema = mr_schema_ref(now->schema);
    }
    return r != 0 ? r : h->doc.r;
}

static int of_registry(struct history *h, struct mr_options *options, const char *topic,
                       struct mr_error *reterr)
{
    MR_AUTO(mr_registry) struct mr_registry *registry = NULL;
    MR_AUTO(free) int32_t *numbers = NULL;
    char subject[600];
    size_t n = 0;
    int r = schema_registry(&h->args, options, &registry, reterr);

    (void)snprintf(subject, sizeof(subject), "%s-value", topic);
    if (r == 0)
        r = mr_registry_versions(registry, subject, &numbers, &n, reterr);
    for (size_t i = 0; r == 0 && i < n; i++) {
        MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
        int32_t id = 0;
        r = mr_registry_version(registry, subject, numbers[i], &id, &schema, reterr);
        struct mr_version now = {.topic = "", .number = numbers[i], .schema = schema};
        if (r == 0)
            now.text = mr_schema_text(schema);
        if (r == 0)
            r = tell(h, &now, id);
    }
    return r;
}

static int of_git(struct history *h, const char *topic, struct mr_error *reterr)
{
    MR_AUTO(mr_tree) struct mr_tree *tree = NULL;
    const char *ref = h->from ? h->from : "HEAD";
    size_t n = 0;
    int r = mr_tree_git(".", ref, false, &tree, reterr);

    if (r == 0)
        r = mr_tree_git_past(".", tree, topic, NULL, reterr);
    for (size_t i = 0; r == 0 && i < tree->n_versions; i++) {
        struct mr_version now = tree->versions[i];
        if (strcmp(now.topic, topic) != 0)
            continue;
        now.topic = "";
        r = tell(h, &now, 0);
        n++;
    }
    (void)mr_schema_unref(h->before.schema); /* while its texts are there */
    h->before.schema = NULL;
    if (r == 0 && tree->cut)
        (void)fprintf(stderr,
                      "millrace schema history: the history of '%s' is cut here: this is a "
                      "shallow clone; `git fetch --unshallow` brings the rest\n",
                      ref);
    return r == 0 && n == 0
               ? mr_error_set(reterr, MR_ABSENT,
                              "'%s' and what was before it have no schema of '%s'", ref, topic)
               : r;
}

/* Nobody knows it: perhaps a topic of this name's neighbourhood was meant. */
static int unknown(const char *topic, struct mr_error *reterr)
{
    const char *near = mr_catalog_nearest_topic(mr_catalog_builtin(), topic);
    size_t len = strlen(reterr->text);

    if (near && strcmp(near, topic) != 0)
        (void)snprintf(reterr->text + len, sizeof(reterr->text) - len, "; did you mean '%s'?",
                       near);
    return MR_ABSENT;
}

static int ask(struct history *h, struct mr_options *options, const char *word,
               struct mr_error *reterr)
{
    char topic[512];
    size_t len = strlen(word), tail = strlen("-value");
    bool url = h->from && strstr(h->from, "://");

    if (len > tail && strcmp(word + len - tail, "-value") == 0)
        len -= tail;
    if (len >= sizeof(topic))
        return mr_error_set(reterr, MR_INVALID, "'%.40s...' is too long for a topic", word);
    (void)snprintf(topic, sizeof(topic), "%.*s", (int)len, word);
    if (url)
        h->args.common.registry = h->from;
    bool registry = h->from ? url || strcmp(h->from, "registry") == 0
                            : mr_common_resolve(&h->args.common, options, false, true, NULL) == 0;
    if (!h->text)
        doc_list(&h->doc, NULL);
    int r = registry ? of_registry(h, options, topic, reterr) : of_git(h, topic, reterr);
    if (r == MR_ABSENT)
        r = unknown(topic, reterr);
    if (r == 0 && !h->text)
        doc_end(&h->doc);
    r = r == 0 ? h->doc.r : r;
    return r == 0 && verb_print(0, &h->out) != 0 ? -EIO : r;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct history h = {.output = NULL};
    int status;
    size_t n;

    if (!verb_options(&history_command, argc, argv, &h, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    if (n != 1)
        return verb_fail(&history_command, mr_error_set(&error, MR_INVALID, "one TOPIC is needed"),
                         &error);
    h.text = !h.json && strcmp(h.output, "text") == 0;
    h.doc = (struct doc){.out = &h.out, .yaml = !h.json && strcmp(h.output, "yaml") == 0};
    int r = ask(&h, options, words[0], &error);
    (void)mr_schema_unref(h.before.schema);
    mr_buf_done(&h.out);
    return r == 0 ? 0 : verb_fail(&history_command, r, &error);
}

const struct verb verb_schema_history = {.command = &history_command, .run = run};
