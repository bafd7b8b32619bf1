/* SPDX-License-Identifier: Apache-2.0 */
/* `filter` of a service: which events its consumer wants, as subscription filter policies say it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

/* Every spelling of the type of what the group consumes. */
static const char **type_words(struct load *load, const struct mr_consumer_group *group,
                               size_t *ret_n)
{
    size_t n = 0;

    for (size_t i = 0; i < group->n_topics; i++)
        n += group->topics[i]->n_types;
    const char **words = mr_arena_array(load->scratch, n + 1, sizeof(*words));
    if (!words) {
        load->r = -ENOMEM;
        return NULL;
    }
    *ret_n = 0;
    for (size_t i = 0; i < group->n_topics; i++)
        for (size_t j = 0; j < group->topics[i]->n_types; j++)
            words[(*ret_n)++] = group->topics[i]->types[j];
    return words;
}

/* A filter on event_type can only tell apart what the group's topics carry. */
static void check_types(struct load *load, const yaml_node_t *list, char *const *texts,
                        size_t n_texts, bool prefix, const struct mr_consumer_group *group)
{
    size_t n_words = 0;
    const char **words = type_words(load, group, &n_words);

    for (size_t i = 0; words && i < n_texts; i++) {
        size_t len = strlen(texts[i]) + !prefix;
        bool known = false;
        for (size_t j = 0; j < n_words && !known; j++)
            known = strncmp(words[j], texts[i], len) == 0;
        if (!known)
            load_note(load, load_item(load, list, i), "'%s' consumes no event of %s '%.100s'%s",
                      group->name, prefix ? "a type that begins with" : "type", texts[i],
                      load_hint(load, texts[i], words, n_words));
    }
}

/* ---- numeric: [">=", 10, "<", 20] ---- */

static bool read_op(const char *text, enum mr_filter_op *ret)
{
    static const char *const ops[] = {[MR_FILTER_EQ] = "=",
                                      [MR_FILTER_LT] = "<",
                                      [MR_FILTER_LE] = "<=",
                                      [MR_FILTER_GT] = ">",
                                      [MR_FILTER_GE] = ">="};

    for (size_t i = 0; i < MR_N_ELEMENTS(ops); i++) {
        *ret = (enum mr_filter_op)i;
        if (strcmp(text, ops[i]) == 0)
            return true;
    }
    return false;
}

/* A list that no number fits would let nothing through, in silence. */
static void check_bounds(struct load *load, const yaml_node_t *list,
                         const struct mr_filter_bound *bounds, size_t n)
{
    double low = -INFINITY, high = INFINITY;
    bool low_open = false, high_open = false;

    for (size_t i = 0; i < n; i++) {
        enum mr_filter_op op = bounds[i].op;
        double than = bounds[i].than;
        if (op != MR_FILTER_LT && op != MR_FILTER_LE && than >= low) {
            low_open = op == MR_FILTER_GT || (low_open && than == low);
            low = than;
        }
        if (op != MR_FILTER_GT && op != MR_FILTER_GE && than <= high) {
            high_open = op == MR_FILTER_LT || (high_open && than == high);
            high = than;
        }
    }
    if (low > high || (low == high && (low_open || high_open)))
        load_note(load, list, "no number is all of this: nothing would come through");
}

static void read_bounds(struct load *load, const yaml_node_t *list, const struct row_filter *row,
                        struct mr_filter *filter)
{
    struct mr_filter_bound *bounds = load_array(load, row->n_bounds / 2, sizeof(*bounds));
    bool well = true;

    if (row->n_bounds % 2 != 0)
        load_note(load, list,
                  "'numeric' takes pairs of a comparison and a number, like [\">=\", 10, \"<\", "
                  "20]");
    for (size_t i = 0; bounds && i + 1 < row->n_bounds; i += 2) {
        char *end;
        bounds[i / 2].than = strtod(row->bounds[i + 1], &end);
        bool is_op = read_op(row->bounds[i], &bounds[i / 2].op);
        bool is_number = !*end && end != row->bounds[i + 1] && isfinite(bounds[i / 2].than);
        if (!is_op)
            load_note(load, load_item(load, list, i),
                      "'%.100s' is no comparison: '=', '<', '<=', '>' or '>='", row->bounds[i]);
        if (!is_number)
            load_note(load, load_item(load, list, i + 1), "'%.100s' is no number",
                      row->bounds[i + 1]);
        well = well && is_op && is_number;
    }
    if (bounds && well)
        check_bounds(load, list, bounds, row->n_bounds / 2);
    filter->bounds = bounds;
    filter->n_bounds = row->n_bounds / 2;
}

/* ---- one entry ---- */

static void check_entry(struct load *load, const yaml_node_t *node, const struct row_filter *row)
{
    if (!row->field == !row->header)
        load_note(load, node,
                  "a filter compares one thing: give 'field' (of the envelope) or 'header' (of the "
                  "record)%s",
                  row->field ? ", not both" : "");
    if (!row->n_values && !row->n_prefixes && !row->n_others && !row->n_bounds && !row->exists)
        load_note(load, node,
                  "a filter must say what it lets through: 'values', 'prefix', 'anything-but', "
                  "'numeric' or 'exists'");
}

static void read_entry(struct load *load, const yaml_node_t *node, const struct row_filter *row,
                       const struct mr_consumer_group *group, struct mr_filter *ret)
{
    check_entry(load, node, row);
    *ret = (struct mr_filter){
        .field = row->field ? *row->field : MR_ENVELOPE_N_FIELDS,
        .header = row->header ? load_text(load, row->header) : NULL,
        .values = load_texts(load, row->values, row->n_values),
        .n_values = row->n_values,
        .prefixes = load_texts(load, row->prefixes, row->n_prefixes),
        .n_prefixes = row->n_prefixes,
        .others = load_texts(load, row->others, row->n_others),
        .n_others = row->n_others,
        .exists = !row->exists   ? MR_FILTER_ANYWAY
                  : *row->exists ? MR_FILTER_PRESENT
                                 : MR_FILTER_ABSENT,
    };
    if (row->n_bounds)
        read_bounds(load, load_at(load, node, "numeric"), row, ret);
    if (ret->field != MR_ENVELOPE_EVENT_TYPE || load->incomplete)
        return;
    check_types(load, load_at(load, node, "values"), row->values, row->n_values, false, group);
    check_types(load, load_at(load, node, "prefix"), row->prefixes, row->n_prefixes, true, group);
    check_types(load, load_at(load, node, "anything-but"), row->others, row->n_others, false,
                group);
}

void load_filters(struct load *load, const yaml_node_t *node, const struct row_service *row,
                  struct mr_consumer_group *group)
{
    const yaml_node_t *list = load_at(load, node, "filter");
    struct mr_filter *filters = load_array(load, row->n_filter, sizeof(*filters));

    for (size_t i = 0; filters && i < row->n_filter; i++)
        read_entry(load, load_item(load, list, i), &row->filter[i], group, &filters[i]);
    group->filters = filters;
    group->n_filters = row->n_filter;
}
