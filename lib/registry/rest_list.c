/* SPDX-License-Identifier: Apache-2.0 */
/* GET /schemas: versions of many subjects. */
#include <errno.h>
#include <stdlib.h>

#include "rest_common.h"

enum { MAX_SCHEMAS = 1000 }; /* of one answer */

/* Does this configuration make its subject, whose name begins with the prefix, an alias? */
static bool is_alias(const struct setting *setting, const struct subject *subject,
                     struct mr_str prefix)
{
    struct mr_str alias =
        setting ? json_str(json_object_get(setting->config, "alias")) : (struct mr_str){0};
    char beside[2 * NAME_MAX_BYTES];

    return alias.len > 0 && name_matches(prefix, mr_str_from(setting->name)) &&
           name_beside(mr_str_from(setting->name), alias, beside) &&
           strcmp(beside, subject->name) == 0;
}

static bool has_alias(const struct request *request, const struct subject *subject,
                      struct mr_str prefix)
{
    const struct table *settings = &request->core->state.settings;

    for (size_t i = 0; i < settings->n_slots; i++)
        if (is_alias(settings->slots[i].value, subject, prefix))
            return true;
    return false;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds "aliases" to the version that was just written. */
static int write_aliases(struct request *request, const struct subject *subject,
                         struct reply *reply)
{
    const struct table *settings = &request->core->state.settings;
    const char **names = mr_arena_array(request->arena, settings->n_items + 1, sizeof(*names));
    struct mr_str prefix = query_text(request, "subjectPrefix");
    size_t n = 0;
    int r = names ? 0 : -ENOMEM;

    for (size_t i = 0; i < settings->n_slots && r == 0; i++) {
        const struct setting *setting = settings->slots[i].value;
        if (is_alias(setting, subject, prefix))
            names[n++] = setting->name;
    }
    if (r != 0 || n == 0)
        return r;
    qsort(names, n, sizeof(*names), by_text);
    reply->body.len--; /* the brace is put back */
    for (size_t i = 0; i < n && r == 0; i++) {
        r = mr_buf_append_str(&reply->body, i == 0 ? MR_STR(",\"aliases\":[") : MR_STR(","));
        if (r == 0)
            r = mr_buf_json_string(&reply->body, names[i], strlen(names[i]));
    }
    return r == 0 ? mr_buf_append_str(&reply->body, MR_STR("]}")) : r;
}

static int list_schema(struct request *request, const struct subject *subject,
                       const struct version *version, struct page *page, struct reply *reply)
{
    struct mr_str rule_type = query_text(request, "ruleType");

    if (rule_type.len > 0 && !rule_set_has_type(version->content->rule_set, rule_type))
        return 0;
    if (!page_takes(page))
        return 0;
    int r = list_comma(reply);
    if (r == 0)
        r = write_version(subject->name, version, &reply->body);
    return r == 0 && query_flag(request, "aliases") ? write_aliases(request, subject, reply) : r;
}

/* Whether the subject, or with aliases=true a name that stands for it, begins with the prefix. */
static bool is_listed(const struct request *request, const struct subject *subject,
                      struct mr_str prefix)
{
    struct mr_str name = mr_str_from(subject->name);

    return may_read(request, subject->name) &&
           (name_matches(prefix, name) ||
            (query_flag(request, "aliases") && has_alias(request, subject, prefix)));
}

int rest_schemas(struct request *request, struct reply *reply)
{
    const struct state *state = &request->core->state;
    struct mr_str prefix = query_text(request, "subjectPrefix");
    bool deleted = query_flag(request, "deleted"), latest = query_flag(request, "latestOnly");
    struct page page = page_of(request, MAX_SCHEMAS);
    int r = list_begin(reply);

    core_read_lock(request->core);
    for (size_t i = 0; i < state->n_sorted && r == 0 && page.left > 0; i++) {
        const struct subject *subject = state->sorted[i];
        const struct version *last = NULL;
        if (!is_listed(request, subject, prefix))
            continue;
        for (size_t v = 0; v < subject->n_versions && r == 0; v++) {
            const struct version *version = &subject->versions[v];
            if (version->deleted && !deleted)
                continue;
            last = version;
            if (!latest)
                r = list_schema(request, subject, version, &page, reply);
        }
        if (latest && last && r == 0)
            r = list_schema(request, subject, last, &page, reply);
    }
    core_read_unlock(request->core);
    return r == 0 ? mr_buf_byte(&reply->body, ']') : r;
}
