/* SPDX-License-Identifier: Apache-2.0 */
/* Two states of the schemas: which versions are compared, and by what level. */
#include <string.h>

#include "inside.h"

static const struct mr_topic *topic_of(const struct mr_tree *tree, const char *name)
{
    return tree->catalog ? mr_catalog_topic(tree->catalog, mr_str_from(name)) : NULL;
}

/* What now's level promises; a level that was lowered in the same change still counts, as the
 * lowering itself is a finding, unless that is allowed for the topic. Without topics.yaml: all. */
static unsigned promised(const struct evolve *e, const char *name)
{
    const struct mr_topic *now = topic_of(e->now, name), *before = topic_of(e->before, name);
    const struct mr_rules_file *rules = e->options ? e->options->rules : NULL;
    size_t n;
    const struct mr_rule *lowered = &mr_rules(&n)[RULE_LEVEL_LOWERED];
    bool allowed = evolve_severity(rules, lowered, name) < MR_SEVERITY_ERROR;

    if (!now && !before)
        return evolve_level_bits(MR_COMPAT_FULL_TRANSITIVE);
    unsigned bits = now ? evolve_level_bits(now->compatibility) : 0;
    if (before && (!now || !allowed))
        bits |= evolve_level_bits(before->compatibility);
    return bits;
}

/* What an older version has too is told once, with all versions that have it. */
static void join_repeats(struct evolve *e, size_t first, size_t from)
{
    struct mr_report *report = e->report;
    size_t n = from;

    for (size_t i = from; i < report->n_items; i++) {
        struct mr_evolution *item = &report->items[i], *same = NULL;
        for (size_t k = first; k < from && !same; k++)
            if (report->items[k].rule == item->rule &&
                strcmp(report->items[k].path, item->path) == 0)
                same = &report->items[k];
        if (same)
            same->before = evolve_text(e, "%s, %s", same->before, item->before);
        else
            report->items[n++] = *item;
    }
    report->n_items = n;
}

static void tell_broken(struct evolve *e, const struct mr_version *version)
{
    struct mr_evolution *item = evolve_add_broken(e, version);

    item->now = version->label;
    item->breaks = "everybody: nothing can be built with it, and no registry takes it";
    item->order = "none";
    item->fix = "mend the file at this place";
}

/* What an older version of git's history and the newest one disagree about already is not of this
 * change: whoever let it pass had a reason. */
static void drop_known(struct evolve *e, const struct evolve_pair *pair,
                       const struct mr_version *newest, size_t from)
{
    struct mr_report *report = e->report;
    size_t end = report->n_items, n = from;

    if (!newest->schema)
        return;
    evolve_pair(
        e, &(struct evolve_pair){pair->before, newest, pair->topic, pair->backward, pair->forward});
    report->n_compared--;
    for (size_t i = from; i < end; i++) {
        bool known = false;
        for (size_t k = end; k < report->n_items && !known; k++)
            known = report->items[k].rule == report->items[i].rule &&
                    strcmp(report->items[k].path, report->items[i].path) == 0;
        if (!known)
            report->items[n++] = report->items[i];
    }
    report->n_items = n;
}

static void check_version(struct evolve *e, const struct mr_version *now)
{
    unsigned bits = promised(e, now->topic);
    size_t first = e->report->n_items;
    const struct mr_topic *topic = topic_of(e->now, now->topic);
    const struct mr_version *newest = NULL;

    if (!now->schema) {
        tell_broken(e, now);
        return;
    }
    for (size_t i = e->before->n_versions; i > 0 && bits && e->r == 0; i--) {
        const struct mr_version *before = &e->before->versions[i - 1];
        size_t from = e->report->n_items;
        if (strcmp(before->topic, now->topic) != 0 || (newest && !(bits & EVOLVE_TRANSITIVE)))
            continue;
        newest = newest ? newest : before;
        if (before->number < 0 && mr_str_eq(newest->text, now->text))
            break;
        if (!before->schema || mr_str_eq(before->text, now->text))
            continue;
        const struct evolve_pair pair = {before, now,
                                         topic ? topic : topic_of(e->before, now->topic),
                                         bits & EVOLVE_BACKWARD, bits & EVOLVE_FORWARD};
        evolve_pair(e, &pair);
        if (before->number < 0 && newest != before)
            drop_known(e, &pair, newest, from);
        join_repeats(e, first, from);
    }
}

int mr_evolve_check(const struct mr_tree *before, const struct mr_tree *now,
                    const struct mr_evolve_options *options, struct mr_report *report)
{
    struct evolve e = {
        .report = report, .options = options, .before = before, .now = now, .cap = report->n_items};

    evolve_topics(&e);
    for (size_t i = 0; i < now->n_versions && e.r == 0; i++)
        check_version(&e, &now->versions[i]);
    return evolve_finish(&e);
}
