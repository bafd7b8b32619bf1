/* SPDX-License-Identifier: Apache-2.0 */
/* Services and their consumer groups as constant tables. */
#include <inttypes.h>

#include "gen.h"

static int put_topic_list(struct gen *gen, struct mr_buf *out, const struct mr_topic *const *topics,
                          size_t n_topics)
{
    int r = mr_buf_printf(out, ".n_topics = %zu, ", n_topics);

    if (r == 0 && n_topics)
        r = mr_buf_printf(out, "\n     .topics = (const struct mr_topic *const[]){");
    for (size_t i = 0; i < n_topics && r == 0; i++)
        r = mr_buf_printf(out, "&mr_builtin_topics[%td], ", topics[i] - gen->catalog->topics);
    return r == 0 && n_topics ? mr_buf_printf(out, "}, ") : r;
}

static int put_filter(struct mr_buf *out, const struct mr_filter *filter)
{
    int r =
        mr_buf_printf(out, "{.field = %d, .exists = %d, ", (int)filter->field, (int)filter->exists);

    if (r == 0)
        r = gen_named(out, "header", filter->header);
    if (r == 0)
        r = gen_words(out, "values", filter->values, filter->n_values);
    if (r == 0)
        r = gen_words(out, "prefixes", filter->prefixes, filter->n_prefixes);
    if (r == 0)
        r = gen_words(out, "others", filter->others, filter->n_others);
    if (r == 0 && filter->n_bounds)
        r = mr_buf_printf(out, ".n_bounds = %zu, .bounds = (const struct mr_filter_bound[]){",
                          filter->n_bounds);
    for (size_t i = 0; i < filter->n_bounds && r == 0; i++)
        r = mr_buf_printf(out, "{%d, %.17g}, ", (int)filter->bounds[i].op, filter->bounds[i].than);
    return r == 0 ? mr_buf_printf(out, "%s}, ", filter->n_bounds ? "}" : "") : r;
}

static int put_filters(struct mr_buf *out, const struct mr_consumer_group *group)
{
    int r =
        group->n_filters
            ? mr_buf_printf(out, "\n     .n_filters = %zu, .filters = (const struct mr_filter[]){",
                            group->n_filters)
            : 0;

    for (size_t i = 0; i < group->n_filters && r == 0; i++)
        r = put_filter(out, &group->filters[i]);
    return r == 0 && group->n_filters ? mr_buf_printf(out, "}, ") : r;
}

int gen_groups(struct gen *gen, struct mr_buf *out)
{
    const struct mr_catalog *catalog = gen->catalog;
    int r = mr_buf_printf(out, "const struct mr_consumer_group mr_builtin_groups[%zu] = {\n",
                          catalog->n_groups ? catalog->n_groups : 1);

    for (size_t i = 0; i < catalog->n_groups && r == 0; i++) {
        const struct mr_consumer_group *group = &catalog->groups[i];
        const struct mr_retry *retry = &group->retry;
        r = mr_buf_printf(out, "    {");
        if (r == 0)
            r = gen_named(out, "name", group->name);
        if (r == 0)
            r = gen_named(out, "dead_letter_topic", group->dead_letter_topic);
        if (r == 0)
            r = mr_buf_printf(
                out,
                ".platform = &platforms[%td],\n     .retry = {.max_attempts = %" PRId32
                ", .initial_ms = %" PRId64 ", .max_ms = %" PRId64
                ", .multiplier = %.17g, .jitter = %s, .hold_key = %s}, ",
                group->platform - catalog->platforms, retry->max_attempts, retry->initial_ms,
                retry->max_ms, retry->multiplier, gen_yes_no(retry->jitter),
                gen_yes_no(retry->hold_key));
        if (r == 0)
            r = mr_buf_printf(out, ".order = {%s, %" PRId64 ", %d}, ",
                              gen_yes_no(group->order.by_time), group->order.wait_ms,
                              (int)group->order.late);
        if (r == 0)
            r = put_filters(out, group);
        if (r == 0)
            r = put_topic_list(gen, out, group->topics, group->n_topics);
        if (r == 0)
            r = mr_buf_printf(out, "},\n");
    }
    return r == 0 ? mr_buf_printf(out, "};\n\n") : r;
}

int gen_services(struct gen *gen, struct mr_buf *out)
{
    const struct mr_catalog *catalog = gen->catalog;
    int r = mr_buf_printf(out, "const struct mr_service mr_builtin_services[%zu] = {\n",
                          catalog->n_services);

    for (size_t i = 0; i < catalog->n_services && r == 0; i++) {
        const struct mr_service *service = &catalog->services[i];
        r = mr_buf_printf(out, "    {");
        if (r == 0)
            r = gen_named(out, "name", service->name);
        if (r == 0)
            r = mr_buf_printf(
                out, ".platform = &platforms[%td], .dead_letter = &mr_builtin_topics[%td],\n     ",
                service->platform - catalog->platforms, service->dead_letter - catalog->topics);
        if (r == 0 && service->group)
            r = mr_buf_printf(out, ".group = &mr_builtin_groups[%td], ",
                              service->group - catalog->groups);
        if (r == 0)
            r = put_topic_list(gen, out, service->topics, service->n_topics);
        if (r == 0)
            r = mr_buf_printf(out, "},\n");
    }
    return r == 0 ? mr_buf_printf(out, "};\n\n") : r;
}
