/* SPDX-License-Identifier: Apache-2.0 */
/* Platforms and their envelopes as constant tables: an envelope once, though several share it. */
#include "gen.h"

static int put_source(struct mr_buf *out, enum mr_envelope_field field,
                      const struct mr_envelope_source *source)
{
    int r = mr_buf_printf(out, "        [%d] = {", (int)field);

    if (r == 0)
        r = gen_words(out, "pointers", source->pointers, source->n_pointers);
    if (r == 0 && source->n_defaults)
        r = mr_buf_printf(out,
                          ".n_defaults = %zu, .defaults = (const struct mr_envelope_default[]){",
                          source->n_defaults);
    for (size_t i = 0; i < source->n_defaults && r == 0; i++) {
        r = mr_buf_printf(out, "{.kind = %d, ", (int)source->defaults[i].kind);
        if (r == 0)
            r = gen_named(out, "text", source->defaults[i].text);
        if (r == 0)
            r = mr_buf_printf(out, "}, ");
    }
    return r == 0 ? mr_buf_printf(out, "%s.required = %s, .uuid = %s},\n",
                                  source->n_defaults ? "}, " : "", gen_yes_no(source->required),
                                  gen_yes_no(source->uuid))
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
            r = gen_named(out, "pointer", member->pointer);
        if (r == 0)
            r = gen_named(out, "value", member->value);
        if (r == 0)
            r = gen_named(out, "metadata", member->metadata);
        if (r == 0)
            r = gen_named(out, "refuse", member->refuse);
        if (r == 0)
            r = mr_buf_printf(out, ".required = %s},\n", gen_yes_no(member->required));
    }
    return r == 0 && map->n_members ? mr_buf_printf(out, "    },\n") : r;
}

static int put_envelope(struct mr_buf *out, const char *id, const struct mr_envelope_map *map)
{
    int r = mr_buf_printf(out, "static const struct mr_envelope_map envelope_%s = {\n    ", id);

    if (r == 0)
        r = gen_named(out, "name", map->name);
    if (r == 0)
        r = gen_named(out, "when", map->when);
    if (r == 0)
        r = mr_buf_printf(out, "\n    .flat = %s, .extensions = %s,\n", gen_yes_no(map->flat),
                          gen_yes_no(map->extensions));
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

int gen_platforms(struct gen *gen, struct mr_buf *out)
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
            r = gen_named(out, "name", platform->name);
        if (r == 0)
            r = gen_named(out, "title", platform->title);
        if (r == 0)
            r = mr_buf_printf(out,
                              ".version_parts = %d, .drop_unknown = %s, .n_envelopes = %zu,\n"
                              "     .envelopes = (const struct mr_envelope_map *const[]){",
                              platform->version_parts, gen_yes_no(platform->drop_unknown),
                              platform->n_envelopes);
        for (size_t j = 0; j < platform->n_envelopes && r == 0; j++)
            r = mr_buf_printf(out, "&envelope_%s, ",
                              gen_identifier(gen, platform->envelopes[j]->name));
        if (r == 0)
            r = mr_buf_printf(out, "}},\n");
    }
    return r == 0 ? mr_buf_printf(out, "};\n\n") : r;
}
