/* SPDX-License-Identifier: Apache-2.0 */
/* Topics as constant C tables, in one file with what stands around them, and their header. */
#include <inttypes.h>
#include <string.h>

#include "gen.h"

static int put_consumers(struct mr_buf *out, const struct mr_topic *topic)
{
    int r = gen_words(out, "consumers", topic->consumers, topic->n_consumers);

    if (r == 0 && topic->n_consumers)
        r = mr_buf_printf(out, "\n     .consumer_optional = (const bool[]){");
    for (size_t i = 0; i < topic->n_consumers && r == 0; i++)
        r = mr_buf_printf(out, "%s, ", gen_yes_no(topic->consumer_optional[i]));
    return r == 0 && topic->n_consumers ? mr_buf_printf(out, "},\n     ") : r;
}

static int put_schema(struct gen *gen, struct mr_buf *out, const struct mr_topic *topic)
{
    int r = gen_named(out, "schema_path", topic->schema_path);

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
        r = gen_named(out, texts[i].key, texts[i].text);
    if (r == 0)
        r = mr_buf_printf(out,
                          "\n     .platform = &platforms[%td], .major = %" PRId32
                          ", .partitions = %" PRId32 ", .replication = %d, .retention_ms = %" PRId64
                          ",\n"
                          "     .compatibility = %d, .dead_letter = %s,\n     ",
                          topic->platform - gen->catalog->platforms, topic->major,
                          topic->partitions, topic->replication, topic->retention_ms,
                          (int)topic->compatibility, gen_yes_no(topic->dead_letter));
    if (r == 0)
        r = gen_words(out, "types", topic->types, topic->n_types);
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

static int put_catalog(struct gen *gen, struct mr_buf *out)
{
    const struct mr_catalog *catalog = gen->catalog;
    int r = mr_buf_printf(out, "static const struct mr_alias aliases[] = {\n");

    for (size_t i = 0; i < catalog->n_aliases && r == 0; i++) {
        r = mr_buf_printf(out, "    {");
        if (r == 0)
            r = gen_literal(out, catalog->aliases[i].word, strlen(catalog->aliases[i].word));
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
        gen_platforms, put_topics, gen_groups, gen_services, put_catalog};
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
