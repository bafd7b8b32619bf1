/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the catalogue as constant C tables. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gen.h"

static int put_text(struct mr_buf *out, const char *text)
{
    return text ? gen_literal(out, text, strlen(text)) : mr_buf_printf(out, "NULL");
}

/* ".key = "text", " */
static int put_named(struct mr_buf *out, const char *key, const char *text)
{
    int r = text ? mr_buf_printf(out, ".%s = ", key) : 0;

    if (r == 0 && text)
        r = put_text(out, text);
    return r == 0 && text ? mr_buf_printf(out, ", ") : r;
}

static int put_words(struct mr_buf *out, const char *key, const char *const *words, size_t n_words)
{
    int r = n_words ? mr_buf_printf(out, ".%s = (const char *const[]){", key) : 0;

    for (size_t i = 0; i < n_words && r == 0; i++) {
        r = put_text(out, words[i]);
        if (r == 0 && i + 1 < n_words)
            r = mr_buf_printf(out, ", ");
    }
    return r == 0 && n_words ? mr_buf_printf(out, "}, .n_%s = %zu, ", key, n_words) : r;
}

static const char *yes_no(bool yes)
{
    return yes ? "true" : "false";
}

/* ---- envelopes: each once, though several platforms share it ---- */

static int put_source(struct mr_buf *out, enum mr_envelope_field field,
                      const struct mr_envelope_source *source)
{
    int r = mr_buf_printf(out, "        [%d] = {", (int)field);

    if (r == 0)
        r = put_words(out, "pointers", source->pointers, source->n_pointers);
    if (r == 0 && source->n_defaults)
        r = mr_buf_printf(out,
                          ".n_defaults = %zu, .defaults = (const struct mr_envelope_default[]){",
                          source->n_defaults);
    for (size_t i = 0; i < source->n_defaults && r == 0; i++) {
        r = mr_buf_printf(out, "{.kind = %d, ", (int)source->defaults[i].kind);
        if (r == 0)
            r = put_named(out, "text", source->defaults[i].text);
        if (r == 0)
            r = mr_buf_printf(out, "}, ");
    }
    return r == 0 ? mr_buf_printf(out, "%s.required = %s, .uuid = %s},\n",
                                  source->n_defaults ? "}, " : "", yes_no(source->required),
                                  yes_no(source->uuid))
                  : r;
}

static int put_members(struct mr_buf *out, const struct mr_envelope_map *map)
{
    int r =
        map->n_members
            ? mr_buf_printf(
                  out,
                  "    .n_members = %zu,\n    .members = (const struct mr_envelope_member[]){\n",
                  map->n_members)
            : 0;

    for (size_t i = 0; i < map->n_members && r == 0; i++) {
        const struct mr_envelope_member *member = &map->members[i];
        r = mr_buf_printf(out, "        {");
        if (r == 0)
            r = put_named(out, "pointer", member->pointer);
        if (r == 0)
            r = put_named(out, "value", member->value);
        if (r == 0)
            r = put_named(out, "metadata", member->metadata);
        if (r == 0)
            r = put_named(out, "refuse", member->refuse);
        if (r == 0)
            r = mr_buf_printf(out, ".required = %s},\n", yes_no(member->required));
    }
    return r == 0 && map->n_members ? mr_buf_printf(out, "    },\n") : r;
}

static int put_envelope(struct mr_buf *out, const char *id, const struct mr_envelope_map *map)
{
    int r = mr_buf_printf(out, "static const struct mr_envelope_map envelope_%s = {\n    ", id);

    if (r == 0)
        r = put_named(out, "name", map->name);
    if (r == 0)
        r = put_named(out, "when", map->when);
    if (r == 0)
        r = mr_buf_printf(out, "\n    .flat = %s, .extensions = %s,\n", yes_no(map->flat),
                          yes_no(map->extensions));
    if (r == 0)
        r = put_members(out, map);
    if (r == 0)
        r = mr_buf_printf(out, "    .fields = {\n");
    for (enum mr_envelope_field field = 0; field < MR_ENVELOPE_N_FIELDS && r == 0; field++)
        r = put_source(out, field, &map->fields[field]);
    return r == 0 ? mr_buf_printf(out, "    },\n};\n\n") : r;
}

static bool is_first(const struct mr_catalog *catalog, size_t platform, size_t envelope)
{
    const struct mr_envelope_map *map = catalog->platforms[platform].envelopes[envelope];

    for (size_t i = 0; i <= platform; i++)
        for (size_t j = 0; j < (i < platform ? catalog->platforms[i].n_envelopes : envelope); j++)
            if (catalog->platforms[i].envelopes[j] == map)
                return false;
    return true;
}

static int put_platforms(struct gen *gen, struct mr_buf *out)
{
    const struct mr_catalog *catalog = gen->catalog;
    int r = 0;

    for (size_t i = 0; i < catalog->n_platforms; i++)
        for (size_t j = 0; j < catalog->platforms[i].n_envelopes && r == 0; j++)
            if (is_first(catalog, i, j))
                r = put_envelope(out, gen_identifier(gen, catalog->platforms[i].envelopes[j]->name),
                                 catalog->platforms[i].envelopes[j]);
    if (r == 0)
        r = mr_buf_printf(out, "static const struct mr_platform platforms[] = {\n");
    for (size_t i = 0; i < catalog->n_platforms && r == 0; i++) {
        const struct mr_platform *platform = &catalog->platforms[i];
        r = mr_buf_printf(out, "    {");
        if (r == 0)
            r = put_named(out, "name", platform->name);
        if (r == 0)
            r = put_named(out, "title", platform->title);
        if (r == 0)
            r = mr_buf_printf(out,
                              ".version_parts = %d, .drop_unknown = %s, .n_envelopes = %zu,\n"
                              "     .envelopes = (const struct mr_envelope_map *const[]){",
                              platform->version_parts, yes_no(platform->drop_unknown),
                              platform->n_envelopes);
        for (size_t j = 0; j < platform->n_envelopes && r == 0; j++)
            r = mr_buf_printf(out, "&envelope_%s, ",
                              gen_identifier(gen, platform->envelopes[j]->name));
        if (r == 0)
            r = mr_buf_printf(out, "}},\n");
    }
    return r == 0 ? mr_buf_printf(out, "};\n\n") : r;
}

/* ---- topics ---- */

static int put_consumers(struct mr_buf *out, const struct mr_topic *topic)
{
    int r = put_words(out, "consumers", topic->consumers, topic->n_consumers);

    if (r == 0 && topic->n_consumers)
        r = mr_buf_printf(out, "\n     .consumer_optional = (const bool[]){");
    for (size_t i = 0; i < topic->n_consumers && r == 0; i++)
        r = mr_buf_printf(out, "%s, ", yes_no(topic->consumer_optional[i]));
    return r == 0 && topic->n_consumers ? mr_buf_printf(out, "},\n     ") : r;
}

static int put_schema(struct gen *gen, struct mr_buf *out, const struct mr_topic *topic)
{
    int r = put_named(out, "schema_path", topic->schema_path);

    if (r == 0)
        r = mr_buf_printf(out, ".schema_len = %zu, .record = &%s_desc,\n     .schema_text = ",
                          topic->schema_len, gen_identifier(gen, topic->name));
    return r == 0 ? gen_literal(out, topic->schema_text, topic->schema_len) : r;
}

static int put_topic(struct gen *gen, struct mr_buf *out, const struct mr_topic *topic)
{
    const struct {
        const char *key, *text;
    } texts[] = {{"name", topic->name},     {"service", topic->service},
                 {"domain", topic->domain}, {"action", topic->action},
                 {"event", topic->event},   {"cleanup", topic->cleanup},
                 {"key", topic->key},       {"time", topic->time}};
    int r = mr_buf_printf(out, "    {");

    for (size_t i = 0; i < MR_N_ELEMENTS(texts) && r == 0; i++)
        r = put_named(out, texts[i].key, texts[i].text);
    if (r == 0)
        r = mr_buf_printf(out,
                          "\n     .platform = &platforms[%td], .major = %" PRId32
                          ", .partitions = %" PRId32 ", .replication = %d, .retention_ms = %" PRId64
                          ",\n"
                          "     .compatibility = %d, .dead_letter = %s,\n     ",
                          topic->platform - gen->catalog->platforms, topic->major,
                          topic->partitions, topic->replication, topic->retention_ms,
                          (int)topic->compatibility, yes_no(topic->dead_letter));
    if (r == 0)
        r = put_words(out, "types", topic->types, topic->n_types);
    if (r == 0)
        r = put_consumers(out, topic);
    if (r == 0)
        r = gen_majors(gen, topic, out);
    if (r == 0 && !topic->dead_letter)
        r = put_schema(gen, out, topic);
    return r == 0 ? mr_buf_printf(out, "},\n") : r;
}

static int put_topics(struct gen *gen, struct mr_buf *out)
{
    const struct mr_catalog *catalog = gen->catalog;
    int r =
        mr_buf_printf(out, "const struct mr_topic mr_builtin_topics[%zu] = {\n", catalog->n_topics);

    for (size_t i = 0; i < catalog->n_topics && r == 0; i++)
        r = put_topic(gen, out, &catalog->topics[i]);
    return r == 0 ? mr_buf_printf(out, "};\n\n") : r;
}

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

/* ---- groups and services ---- */

static int put_filter(struct mr_buf *out, const struct mr_filter *filter)
{
    int r =
        mr_buf_printf(out, "{.field = %d, .exists = %d, ", (int)filter->field, (int)filter->exists);

    if (r == 0)
        r = put_named(out, "header", filter->header);
    if (r == 0)
        r = put_words(out, "values", filter->values, filter->n_values);
    if (r == 0)
        r = put_words(out, "prefixes", filter->prefixes, filter->n_prefixes);
    if (r == 0)
        r = put_words(out, "others", filter->others, filter->n_others);
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

static int put_groups(struct gen *gen, struct mr_buf *out)
{
    const struct mr_catalog *catalog = gen->catalog;
    int r = mr_buf_printf(out, "const struct mr_consumer_group mr_builtin_groups[%zu] = {\n",
                          catalog->n_groups ? catalog->n_groups : 1);

    for (size_t i = 0; i < catalog->n_groups && r == 0; i++) {
        const struct mr_consumer_group *group = &catalog->groups[i];
        const struct mr_retry *retry = &group->retry;
        r = mr_buf_printf(out, "    {");
        if (r == 0)
            r = put_named(out, "name", group->name);
        if (r == 0)
            r = put_named(out, "dead_letter_topic", group->dead_letter_topic);
        if (r == 0)
            r = mr_buf_printf(
                out,
                ".platform = &platforms[%td],\n     .retry = {.max_attempts = %" PRId32
                ", .initial_ms = %" PRId64 ", .max_ms = %" PRId64
                ", .multiplier = %.17g, .jitter = %s, .hold_key = %s}, ",
                group->platform - catalog->platforms, retry->max_attempts, retry->initial_ms,
                retry->max_ms, retry->multiplier, yes_no(retry->jitter), yes_no(retry->hold_key));
        if (r == 0)
            r = mr_buf_printf(out, ".order = {%s, %" PRId64 ", %d}, ", yes_no(group->order.by_time),
                              group->order.wait_ms, (int)group->order.late);
        if (r == 0)
            r = put_filters(out, group);
        if (r == 0)
            r = put_topic_list(gen, out, group->topics, group->n_topics);
        if (r == 0)
            r = mr_buf_printf(out, "},\n");
    }
    return r == 0 ? mr_buf_printf(out, "};\n\n") : r;
}

static int put_services(struct gen *gen, struct mr_buf *out)
{
    const struct mr_catalog *catalog = gen->catalog;
    int r = mr_buf_printf(out, "const struct mr_service mr_builtin_services[%zu] = {\n",
                          catalog->n_services);

    for (size_t i = 0; i < catalog->n_services && r == 0; i++) {
        const struct mr_service *service = &catalog->services[i];
        r = mr_buf_printf(out, "    {");
        if (r == 0)
            r = put_named(out, "name", service->name);
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

static int put_catalog(struct gen *gen, struct mr_buf *out)
{
    const struct mr_catalog *catalog = gen->catalog;
    int r = mr_buf_printf(out, "static const struct mr_alias aliases[] = {\n");

    for (size_t i = 0; i < catalog->n_aliases && r == 0; i++) {
        r = mr_buf_printf(out, "    {");
        if (r == 0)
            r = put_text(out, catalog->aliases[i].word);
        if (r == 0)
            r = mr_buf_printf(out, ", &mr_builtin_topics[%td]},\n",
                              catalog->aliases[i].topic - catalog->topics);
    }
    if (r == 0)
        r = mr_buf_printf(out,
                          "};\n\nconst struct mr_catalog *mr_catalog_builtin(void)\n{\n"
                          "    static const struct mr_catalog catalog = {\n"
                          "        .platforms = platforms, .n_platforms = %zu,\n"
                          "        .topics = mr_builtin_topics, .n_topics = %zu,\n"
                          "        .groups = mr_builtin_groups, .n_groups = %zu,\n"
                          "        .services = mr_builtin_services, .n_services = %zu,\n"
                          "        .aliases = aliases, .n_aliases = %zu,\n    };\n\n"
                          "    return &catalog;\n}\n",
                          catalog->n_platforms, catalog->n_topics, catalog->n_groups,
                          catalog->n_services, catalog->n_aliases);
    return r;
}

int gen_topics_source(struct gen *gen, struct mr_buf *out)
{
    static int (*const parts[])(struct gen * gen, struct mr_buf * out) = {
        put_platforms, put_topics, put_groups, put_services, put_catalog};
    int r = mr_buf_printf(
        out, "/* SPDX-License-Identifier: Apache-2.0 */\n"
             "/* topics.yaml and its schemas as constant tables. Made by mr-gen: do not edit. */\n"
             "#pragma GCC diagnostic ignored \"-Woverlength-strings\" /* schemas as they are */\n"
             "#include \"topics.gen.h\"\n\n");

    for (size_t i = 0; i < gen->catalog->n_services && r == 0; i++)
        if (gen->catalog->services[i].n_topics > 0)
            r = mr_buf_printf(out, "#include \"%s.gen.h\"\n",
                              gen_identifier(gen, gen->catalog->services[i].name));
    if (r == 0)
        r = mr_buf_printf(out, "\n");
    for (size_t i = 0; i < MR_N_ELEMENTS(parts) && r == 0; i++)
        r = parts[i](gen, out);
    return r;
}

int gen_topics_header(struct gen *gen, struct mr_buf *out)
{
    const struct mr_catalog *catalog = gen->catalog;
    int r = mr_buf_printf(out,
                          "/* SPDX-License-Identifier: Apache-2.0 */\n"
                          "/* Symbols for what topics.yaml lists: &topic_<name>, &group_<name>,\n"
                          " * &service_<name>. Made by mr-gen: do not edit. */\n"
                          "#pragma once\n\n#include \"millrace/catalog.h\"\n\n"
                          "extern const struct mr_topic mr_builtin_topics[%zu];\n"
                          "extern const struct mr_consumer_group mr_builtin_groups[%zu];\n"
                          "extern const struct mr_service mr_builtin_services[%zu];\n\n",
                          catalog->n_topics, catalog->n_groups ? catalog->n_groups : 1,
                          catalog->n_services);

    for (size_t i = 0; i < catalog->n_topics && r == 0; i++)
        r = mr_buf_printf(out, "#define topic_%s (mr_builtin_topics[%zu])\n",
                          gen_identifier(gen, catalog->topics[i].name), i);
    for (size_t i = 0; i < catalog->n_groups && r == 0; i++)
        r = mr_buf_printf(out, "#define group_%s (mr_builtin_groups[%zu])\n",
                          gen_identifier(gen, catalog->groups[i].name), i);
    for (size_t i = 0; i < catalog->n_services && r == 0; i++)
        r = mr_buf_printf(out, "#define service_%s (mr_builtin_services[%zu])\n",
                          gen_identifier(gen, catalog->services[i].name), i);
    return r;
}
