/* SPDX-License-Identifier: Apache-2.0 */
/* `platforms:`: who speaks which envelope. */
#include <string.h>

#include "load.h"

static struct mr_envelope_map *find_envelope(struct load *load, const yaml_node_t *node,
                                             const char *name)
{
    for (size_t i = 0; i < load->n_envelopes; i++)
        if (strcmp(load->envelopes[i].name, name) == 0) {
            load->envelope_used[i] = true;
            return &load->envelopes[i];
        }
    const char **words = mr_arena_array(load->scratch, load->n_envelopes, sizeof(*words));
    for (size_t i = 0; words && i < load->n_envelopes; i++)
        words[i] = load->envelopes[i].name;
    load_note(load, node, "there is no envelope '%.100s'%s", name,
              load_hint(load, name, words, words ? load->n_envelopes : 0));
    return NULL;
}

static void read_envelopes(struct load *load, const yaml_node_t *node,
                           const struct row_platform *row, struct mr_platform *platform)
{
    const struct mr_envelope_map **maps = load_array(load, row->n_envelopes, sizeof(const void *));

    for (size_t i = 0; maps && i < row->n_envelopes; i++) {
        const yaml_node_t *at = load_item(load, node, i);
        const struct mr_envelope_map *map = find_envelope(load, at, row->envelopes[i]);
        if (!map)
            continue;
        if (i + 1 < row->n_envelopes && !map->when)
            load_note(load, at,
                      "envelope '%s' has no 'when', so those after it are never tried: put it "
                      "last",
                      map->name);
        maps[platform->n_envelopes++] = map;
    }
    platform->envelopes = maps;
}

void load_platforms(struct load *load)
{
    const struct row_file *file = load->file;
    const yaml_node_t *list = load_at(load, load_root(load), "platforms");

    load->platforms = load_array(load, file->n_platforms, sizeof(*load->platforms));
    load->envelope_used = mr_arena_array(load->scratch, load->n_envelopes, sizeof(bool));
    if (!load->envelope_used)
        load->r = -ENOMEM;
    for (size_t i = 0; load->r == 0 && i < file->n_platforms; i++) {
        const struct row_platform *row = &file->platforms[i];
        const yaml_node_t *node = load_item(load, list, i);
        const yaml_node_t *at = load_at(load, node, "platform");
        struct mr_platform *platform = &load->platforms[i];
        (void)load_name(load, at, "platform", row->name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(load->platforms[j].name, row->name) == 0)
                load_note(load, at, "platform '%s' is defined twice", row->name);
        *platform =
            (struct mr_platform){.name = load_text(load, row->name),
                                 .title = load_text(load, row->title),
                                 .version_parts = row->version ? (int)*row->version : 0,
                                 .drop_unknown = row->unknown && *row->unknown == ROW_UNKNOWN_DROP};
        read_envelopes(load, load_at(load, node, "envelopes"), row, platform);
        load_check_defaults(load, load_at(load, node, "defaults"), row->defaults, false);
        load->n_platforms = i + 1;
    }
    const yaml_node_t *envelopes = load_at(load, load_root(load), "envelopes");
    for (size_t i = 0; load->r == 0 && i < load->n_envelopes; i++)
        if (!load->envelope_used[i])
            load_note(load, load_at(load, load_item(load, envelopes, i), "envelope"),
                      "no platform uses envelope '%s'", load->envelopes[i].name);
}
