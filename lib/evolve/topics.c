/* SPDX-License-Identifier: Apache-2.0 */
/* Topics and their rows in topics.yaml: gone, renamed, or promising less than before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inside.h"

enum { SIMILAR_PERCENT = 80 /* of the data's fields: another name for the same topic */ };

static struct mr_evolution *add_topic(struct evolve *e, enum evolve_rule rule, const char *topic,
                                      const char *key)
{
    struct mr_evolution *item = evolve_add(e, rule);

    item->file = e->now->topics_file ? e->now->topics_file : "topics.yaml";
    item->topic = topic;
    item->before = e->before->label;
    item->now = e->now->label;
    evolve_locate_topic(e->now, topic, key, &item->line);
    return item;
}

/* "a.b.c.v2" -> the length of "a.b.c". */
static size_t stem(const char *topic)
{
    const char *dot = strrchr(topic, '.');

    return dot && dot[1] == 'v' ? (size_t)(dot - topic) : strlen(topic);
}

static const struct mr_schema_node *data_of(const struct mr_version *version)
{
    const struct mr_schema_node *root = version->schema ? mr_schema_root(version->schema) : NULL;
    const struct mr_schema_field *data =
        root && root->type == MR_AVRO_RECORD ? mr_schema_field_find(root, MR_STR("data")) : NULL;

    return data && data->type->type == MR_AVRO_RECORD ? data->type : root;
}

/* How much of the larger one's fields both have, in percent. */
static size_t likeness(const struct mr_version *a, const struct mr_version *b)
{
    const struct mr_schema_node *left = data_of(a), *right = data_of(b);
    size_t n = 0;

    if (!left || !right || left->type != MR_AVRO_RECORD || right->type != MR_AVRO_RECORD)
        return 0;
    for (size_t i = 0; i < left->n_fields; i++)
        n += mr_schema_field_find(right, mr_str_from(left->fields[i].name)) != NULL;
    size_t most = left->n_fields > right->n_fields ? left->n_fields : right->n_fields;
    return most ? 100 * n / most : 0;
}

/* The new topic of now that stands where the old one stood: another major of it (*ret_major), or
 * the one that is most like it; NULL when there is none. */
static const struct mr_version *successor(const struct evolve *e, const struct mr_version *gone,
                                          bool *ret_major)
{
    const struct mr_version *best = NULL;
    size_t most = SIMILAR_PERCENT - 1;

    for (size_t i = 0; i < e->now->n_versions; i++) {
        const struct mr_version *version = &e->now->versions[i];
        size_t len = stem(gone->topic);
        *ret_major = stem(version->topic) == len && strncmp(version->topic, gone->topic, len) == 0;
        if (*ret_major)
            return version;
        if (mr_tree_newest(e->before, version->topic))
            continue;
        size_t like = likeness(gone, version);
        if (like > most) {
            most = like;
            best = version;
        }
    }
    return best;
}

static void tell_gone(struct evolve *e, const struct mr_version *gone)
{
    bool major;
    const struct mr_version *next = successor(e, gone, &major);
    const struct mr_topic *topic =
        e->before->catalog ? mr_catalog_topic(e->before->catalog, mr_str_from(gone->topic)) : NULL;
    struct mr_evolution *item = evolve_add(e, !next   ? RULE_TOPIC_REMOVED
                                              : major ? RULE_MAJOR_WITHOUT_NEW_TOPIC
                                                      : RULE_TOPIC_RENAMED);

    item->topic = gone->topic;
    item->file = next ? next->file : gone->file;
    item->line = next ? 1 : 0;
    item->before = gone->label;
    item->now = e->now->label;
    item->breaks =
        evolve_text(e,
                    "its readers (%s) wait for records that no longer come; its producer "
                    "does not start",
                    evolve_consumers(e, topic));
    if (!next) {
        item->message = evolve_text(e, "'%s' is gone", gone->topic);
        item->order = "consumers first, without it; then the producer";
        item->fix = "bring it back; or, when its retention is over and nobody reads it, switch the "
                    "rule off for this topic in the rules file";
        return;
    }
    item->message = major ? evolve_text(e, "'%s' took the place of '%s'", next->topic, gone->topic)
                          : evolve_text(e, "'%s' is called '%s' now", gone->topic, next->topic);
    item->order =
        "the new topic beside the old, consumers to both, producers to the new; the old one "
        "last, after its retention";
    item->fix = evolve_text(e, "keep '%s' and its schema, and add '%s' beside it", gone->topic,
                            next->topic);
}

static void tell_lowered(struct evolve *e, const char *topic, enum mr_compat_level before,
                         enum mr_compat_level now)
{
    struct mr_evolution *item = add_topic(e, RULE_LEVEL_LOWERED, topic, "compatibility");

    item->message = evolve_text(e, "compatibility was %s and is %s", mr_compat_level_name(before),
                                mr_compat_level_name(now));
    item->breaks = "whoever relies on what the old level promised: from the next change on";
    item->order = "any: it is a promise about later changes";
    item->fix = evolve_text(e, "keep %s; one change that needs less is a new major version",
                            mr_compat_level_name(before));
}

/* Bits: what a level promises. */
unsigned evolve_level_bits(enum mr_compat_level level)
{
    static const unsigned bits[] = {
        [MR_COMPAT_NONE] = 0,
        [MR_COMPAT_BACKWARD] = EVOLVE_BACKWARD,
        [MR_COMPAT_BACKWARD_TRANSITIVE] = EVOLVE_BACKWARD | EVOLVE_TRANSITIVE,
        [MR_COMPAT_FORWARD] = EVOLVE_FORWARD,
        [MR_COMPAT_FORWARD_TRANSITIVE] = EVOLVE_FORWARD | EVOLVE_TRANSITIVE,
        [MR_COMPAT_FULL] = EVOLVE_BACKWARD | EVOLVE_FORWARD,
        [MR_COMPAT_FULL_TRANSITIVE] = EVOLVE_BACKWARD | EVOLVE_FORWARD | EVOLVE_TRANSITIVE,
    };

    return bits[level];
}

static void check_level(struct evolve *e, const char *topic, enum mr_compat_level before,
                        enum mr_compat_level now)
{
    if (evolve_level_bits(before) & ~evolve_level_bits(now))
        tell_lowered(e, topic, before, now);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool listed(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static void check_lists(struct evolve *e, const struct mr_topic *before, const struct mr_topic *now)
{
    for (size_t i = 0; i < before->n_types; i++) {
        if (listed(before->types[i], now->types, now->n_types))
            continue;
        struct mr_evolution *item = add_topic(e, RULE_EVENT_TYPE_REMOVED, now->name, "types");
        item->message = evolve_text(e, "event type '%s' is no longer taken", before->types[i]);
        item->breaks = "sources that still write it: their events are refused";
        item->order = "sources first";
        item->fix = "keep the spelling in `types`, after the one that is published";
    }
    for (size_t i = 0; i < before->n_consumers; i++) {
        if (listed(before->consumers[i], now->consumers, now->n_consumers))
            continue;
        struct mr_evolution *item = add_topic(e, RULE_CONSUMER_REMOVED, now->name, "consumers");
        item->message = evolve_text(e, "consumer '%s' no longer takes it", before->consumers[i]);
        item->breaks = "that consumer, where it is still deployed: its offsets and dead letters "
                       "belong to nobody";
        item->order = "the consumer goes first, then its name here";
        item->fix = "keep the name until it is gone";
    }
}

static void check_row(struct evolve *e, const struct mr_topic *before, const struct mr_topic *now)
{
    check_level(e, now->name, before->compatibility, now->compatibility);
    if (!same_text(before->key, now->key)) {
        struct mr_evolution *item = add_topic(e, RULE_KEY_CHANGED, now->name, "key");
        item->message =
            evolve_text(e, "key was '%s' and is '%s'", before->key ? before->key : "none",
                        now->key ? now->key : "none");
        item->breaks =
            "consumers that rely on the order of one flow's events: old and new records of "
            "it lie on different partitions";
        item->order =
            "stop the producers, let the consumers read all there is, change, start again";
        item->fix = "keep the key, or publish a new major version";
    }
    if (before->partitions != now->partitions) {
        struct mr_evolution *item = add_topic(e, RULE_PARTITIONS_CHANGED, now->name, "partitions");
        item->message = evolve_text(e, "%d partitions were and %d are wanted",
                                    (int)before->partitions, (int)now->partitions);
        item->breaks = "order within a flow, while records from before the change are unread";
        item->order =
            "stop the producers, let the consumers read all there is, change, start again";
        item->fix = "keep the number, or make the change in that order";
    }
    check_lists(e, before, now);
}

/* "FILE:LINE:COLUMN: text" of the catalogue's own report. */
static void tell_mistakes(struct evolve *e)
{
    for (const char *line = e->now->mistakes; line && *line;) {
        size_t len = strcspn(line, "\n");
        struct mr_evolution *item = evolve_add(e, RULE_TOPICS_INVALID);
        char file[1024] = "";
        int used = 0;
        bool placed =
            sscanf(line, "%1023[^:\n]:%u:%u: %n", file, &item->line, &item->column, &used) == 3;
        item->file = placed ? evolve_text(e, "%s", file) : e->now->topics_file;
        item->message = evolve_text(e, "%.*s", (int)len - used, line + used);
        item->breaks = "everybody: nothing can be built with it";
        item->order = "none";
        item->fix = "`millrace topics check` tells the same";
        line += len + (line[len] == '\n');
    }
}

/* A registry serves other houses as well: only subjects of services that are here are ours. */
static bool is_ours(const struct evolve *e, const struct mr_version *version)
{
    size_t len = strcspn(version->topic, ".") + 1;

    for (size_t i = 0; version->number > 0 && i < e->now->n_versions; i++)
        if (strncmp(e->now->versions[i].topic, version->topic, len) == 0)
            return true;
    return version->number == 0;
}

/* Without the file nothing below can be compared: its levels, keys and topics would go unseen. */
static void tell_file_gone(struct evolve *e)
{
    if (!e->before->catalog || e->now->catalog || e->now->mistakes || !e->now->topics_file)
        return;
    struct mr_evolution *item = evolve_add(e, RULE_TOPICS_INVALID);
    item->file = e->now->topics_file;
    item->before = e->before->label;
    item->now = e->now->label;
    item->message = "the file is gone, and with it every topic's level, key and consumers";
    item->breaks = "everybody: nothing can be built without it";
    item->order = "none";
    item->fix = "bring it back";
}

void evolve_topics(struct evolve *e)
{
    const struct mr_catalog *before = e->before->catalog, *now = e->now->catalog;

    tell_mistakes(e);
    tell_file_gone(e);
    for (size_t i = 0; i < e->before->n_versions; i++) {
        const struct mr_version *version = &e->before->versions[i];
        bool newest = mr_tree_newest(e->before, version->topic) == version;
        if (newest && is_ours(e, version) && !mr_tree_newest(e->now, version->topic))
            tell_gone(e, version);
    }
    for (size_t i = 0; before && now && i < before->n_topics; i++) {
        const struct mr_topic *topic = mr_catalog_topic(now, mr_str_from(before->topics[i].name));
        if (topic && !topic->dead_letter)
            check_row(e, &before->topics[i], topic);
    }
    for (size_t i = 0; now && i < e->before->n_levels; i++) {
        const struct mr_topic_level *level = &e->before->levels[i];
        const struct mr_topic *topic = mr_catalog_topic(now, mr_str_from(level->topic));
        if (topic)
            check_level(e, topic->name, level->level, topic->compatibility);
    }
}
