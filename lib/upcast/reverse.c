/* SPDX-License-Identifier: Apache-2.0 */
/* The way back of a mapping: what moved, moves back; what was made, is dropped; what was dropped
 * is null. Whether the types let that be is the compiler's to say. */
#include <errno.h>
#include <string.h>

#include "mapping.h"
#include "millrace/status.h"

struct turning {
    struct mr_arena *arena;
    struct mistakes *mistakes;
    struct mapping *to;
};

static void cannot(struct turning *t, struct spot at, const char *path, const char *why)
{
    mistake(t->mistakes, at,
            "'%.200s' cannot be turned round: %s; write a mapping for the way back", path, why);
}

/* The function that undoes one; NULL: none. */
static const char *undoes(const char *compute)
{
    static const char *const pairs[][2] = {
        {"decimal-from-minor", "minor-from-decimal"}, {"instant", "epoch"}, {"map", "map"}};

    for (size_t i = 0; i < MR_N_ELEMENTS(pairs); i++) {
        if (strcmp(compute, pairs[i][0]) == 0)
            return pairs[i][1];
        if (strcmp(compute, pairs[i][1]) == 0)
            return pairs[i][0];
    }
    return NULL;
}

static bool turn_cases(struct turning *t, const struct mapping_entry *from,
                       struct mapping_param *param)
{
    size_t n = param->n_cases;
    struct mapping_case *cases = mr_arena_array(t->arena, n + !n, sizeof(*cases));

    if (!cases) {
        t->mistakes->r = -ENOMEM;
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        cases[i] = (struct mapping_case){param->cases[i].to, param->cases[i].from};
        for (size_t k = 0; k <= i; k++)
            if (!cases[i].from.text ||
                (k < i && strcmp(cases[i].from.text, cases[k].from.text) == 0)) {
                cannot(t, from->at, from->to, "two old values became the same, or one no word");
                return false;
            }
    }
    param->cases = cases;
    return true;
}

static void turn_entry(struct turning *t, struct mapping_entry *from)
{
    struct mapping_entry *to = &t->to->entries[t->to->n_entries];
    struct mapping_path *path = mr_arena_alloc(t->arena, sizeof(*path));

    if (!path) {
        t->mistakes->r = -ENOMEM;
        return;
    }
    if (strcmp(from->to, "event_version") == 0)
        return; /* each version says its own */
    *path = (struct mapping_path){from->to, from->at};
    if (from->value) {
        t->to->drops[t->to->n_drops++] = *path;
        return;
    }
    const char *compute = from->compute ? undoes(from->compute) : NULL;
    if (from->compute && !compute) {
        cannot(t, from->at, from->to, "nothing undoes its function");
        return;
    }
    if (from->n_from != 1) {
        cannot(t, from->at, from->to, "it does not come from one field");
        return;
    }
    *to = *from;
    to->to = from->from[0].path;
    to->from = path;
    to->n_from = 1;
    to->compute = compute;
    to->otherwise = NULL;
    to->params[PARAM_OTHERS].given = false;
    if (!to->params[PARAM_CASES].given || turn_cases(t, from, &to->params[PARAM_CASES]))
        t->to->n_entries++;
}

static void turn_drop(struct turning *t, const struct mapping_path *drop)
{
    static const struct constant null = {.text = "null", .plain = true, .json = "null"};
    struct mapping_entry *to = &t->to->entries[t->to->n_entries++];
    struct constant *constant = mr_arena_alloc(t->arena, sizeof(*constant));

    if (!constant) {
        t->mistakes->r = -ENOMEM;
        return;
    }
    *constant = null;
    constant->at = drop->at;
    *to = (struct mapping_entry){.to = drop->path, .at = drop->at, .value = constant};
}

int mapping_reverse(struct mapping *mapping, struct mr_arena *arena, struct mistakes *mistakes)
{
    size_t n = mapping->n_entries + mapping->n_drops;
    struct mapping to = {.entries = mr_arena_array(arena, n + !n, sizeof(*to.entries)),
                         .drops = mr_arena_array(arena, n + !n, sizeof(*to.drops))};
    struct turning t = {arena, mistakes, &to};

    if (!to.entries || !to.drops)
        return -ENOMEM;
    for (size_t i = 0; i < mapping->n_entries; i++)
        turn_entry(&t, &mapping->entries[i]);
    for (size_t i = 0; i < mapping->n_drops; i++)
        turn_drop(&t, &mapping->drops[i]);
    *mapping = to;
    return mistakes->r;
}
