/* SPDX-License-Identifier: Apache-2.0 */
/* Any two schema texts, cut by a NUL: check, diff and lint end, within their bounds, with findings
 * that have a rule, a place and a text; a schema compared with itself changes nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/evolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static struct mr_tree *read_text(const char *name, const uint8_t *data, size_t len)
{
    struct mr_tree *tree = NULL;
    struct mr_error error = MR_ERROR_INIT;
    int r = mr_tree_text(name, (struct mr_str){(const char *)data, len}, &tree, &error);

    must(r == 0 || (r == MR_INVALID && error.text[0]));
    return tree;
}

static void look(const struct mr_report *report)
{
    must(report->n_items <= MR_EVOLVE_MAX_FINDINGS);
    for (size_t i = 0; i < report->n_items; i++) {
        const struct mr_evolution *item = &report->items[i];
        must(item->rule && item->message && item->message[0] && item->file && item->path);
        must(item->severity != MR_SEVERITY_OFF);
    }
}

/* An event that Java's rules call ambiguous is so with itself, too. */
static void check(const struct mr_tree *before, const struct mr_tree *now)
{
    MR_AUTO(mr_report) struct mr_report report = {0};
    size_t n;

    must(mr_evolve_check(before, now, NULL, &report) == 0);
    look(&report);
    for (size_t i = 0; before == now && i < report.n_items; i++)
        must(report.items[i].rule == &mr_rules(&n)[MR_AMBIGUOUS_READER_FIELD]);
}

static void diff(const struct mr_tree *before, const struct mr_tree *now)
{
    struct mr_differences all = {0};

    must(mr_evolve_diff(before, now, &all) == 0);
    for (size_t i = 0; i < all.n_items; i++)
        must(all.items[i].what && (all.items[i].before || all.items[i].now));
    must(before != now || all.n_items == 0);
    mr_differences_done(&all);
}

static void lint(const struct mr_tree *tree)
{
    MR_AUTO(mr_report) struct mr_report report = {0};
    struct mr_version version = tree->versions[0];
    const struct mr_tree named = {.label = "here", .versions = &version, .n_versions = 1};

    version.topic = "service.domain.action.v1";
    must(mr_evolve_lint(&named, NULL, &report) == 0);
    look(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const uint8_t *cut = len ? memchr(data, 0, len) : NULL;
    size_t n = cut ? (size_t)(cut - data) : len;
    MR_AUTO(mr_tree) struct mr_tree *one = read_text("one", data, n);
    MR_AUTO(mr_tree) struct mr_tree *two = cut ? read_text("two", cut + 1, len - n - 1) : NULL;

    if (one) {
        check(one, one);
        diff(one, one);
        lint(one);
    }
    if (one && two) {
        check(one, two);
        diff(one, two);
        check(two, one);
    }
    return 0;
}
