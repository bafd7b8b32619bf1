/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that several steps share: names, JSON pointers, and the layers of settings. */
#include <inttypes.h>
#include <string.h>

#include "load.h"
#include "millrace/time.h"

enum {
    MOST_ATTEMPTS = 1000,
    LONGEST_WAIT_MS = 24 * 3600 * 1000,
    LONGEST_HOLD_MS = 60000,
    LARGEST_MULTIPLIER = 100
};

bool load_name(struct load *load, const yaml_node_t *node, const char *what, const char *name)
{
    size_t len = strlen(name);
    bool fits =
        name[0] >= 'a' && name[0] <= 'z' && len <= MR_CATALOG_MAX_NAME && name[len - 1] != '-';

    for (size_t i = 0; i < len && fits; i++) {
        bool word = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9');
        fits = word || (name[i] == '-' && name[i - 1] != '-');
    }
    if (!fits)
        load_note(
            load, node,
            "%s '%.100s' must be lower-case letters and digits in words joined by '-', a letter "
            "first, at most %d in all",
            what, name, MR_CATALOG_MAX_NAME);
    return fits;
}

bool load_pointer(struct load *load, const yaml_node_t *node, const char *pointer)
{
    bool fits = pointer[0] == '\0' || pointer[0] == '/';

    for (const char *p = pointer; *p && fits; p++)
        fits = *p != '~' || p[1] == '0' || p[1] == '1';
    if (!fits)
        load_note(load, node, "'%.100s' is no JSON pointer: write /member or /member/inner%s",
                  pointer, strchr(pointer, '~') ? ", '~' as ~0" : "");
    return fits;
}

/* A number with its unit, to ms. */
static bool duration(const char *text, int64_t *ret_ms)
{
    size_t len = strlen(text);

    return len > 0 && (text[len - 1] < '0' || text[len - 1] > '9') &&
           mr_duration_parse((struct mr_str){text, len}, "ms", ret_ms) == 0;
}

bool load_duration(const char *text, int64_t *ret_ms)
{
    return duration(text, ret_ms);
}

static bool retention(const char *text, int64_t *ret_ms)
{
    if (strcmp(text, "cluster") == 0 || strcmp(text, "forever") == 0) {
        *ret_ms = text[0] == 'c' ? 0 : -1;
        return true;
    }
    return duration(text, ret_ms) && *ret_ms >= 1000;
}

static void check_range(struct load *load, const yaml_node_t *node, const char *key,
                        const int32_t *value, int32_t most)
{
    if (value && (*value < 1 || *value > most))
        load_note(load, load_at(load, node, key),
                  "'%s' must be from 1 to %" PRId32 ", not %" PRId32, key, most, *value);
}

void load_check_settings(struct load *load, const yaml_node_t *node, const struct row_settings *row)
{
    static const char *const words[] = {"cluster", "forever"};
    int64_t ms;

    check_range(load, node, "partitions", row->partitions, MR_CATALOG_MAX_PARTITIONS);
    check_range(load, node, "replication", row->replication, INT16_MAX);
    if (row->retention && !retention(row->retention, &ms)) {
        const char *near = mr_nearest(row->retention, words, MR_N_ELEMENTS(words));
        load_note(load, load_at(load, node, "retention"),
                  "'retention' takes a time like 36h, 14d or 7y of at least 1s, or 'cluster' or "
                  "'forever', not '%.100s'%s%s%s",
                  row->retention, near ? "; did you mean '" : "", near ? near : "",
                  near ? "'?" : "");
    }
}

static void check_wait(struct load *load, const yaml_node_t *node, const char *key,
                       const char *text)
{
    int64_t ms;

    if (text && (!duration(text, &ms) || ms < 1 || ms > LONGEST_WAIT_MS))
        load_note(load, load_at(load, node, key),
                  "'%s' takes a time from 1ms to 1d, like 500ms or 30s, "
                  "not '%.100s'",
                  key, text);
}

void load_check_retry(struct load *load, const yaml_node_t *node, const struct row_retry *row)
{
    check_range(load, node, "attempts", row->attempts, MOST_ATTEMPTS);
    check_wait(load, node, "initial", row->initial);
    check_wait(load, node, "max", row->max);
    if (row->multiplier && (*row->multiplier < 1 || *row->multiplier > LARGEST_MULTIPLIER))
        load_note(load, load_at(load, node, "multiplier"), "'multiplier' must be from 1 to %d",
                  LARGEST_MULTIPLIER);
}

static void check_order(struct load *load, const yaml_node_t *node, const struct row_order *row)
{
    int64_t ms;

    if (row->wait && (!duration(row->wait, &ms) || ms < 1 || ms > LONGEST_HOLD_MS))
        load_note(load, load_at(load, node, "wait"),
                  "'wait' takes a time from 1ms to 1m, like 500ms, not '%.100s'", row->wait);
}

/* Nothing is assumed silently: the file itself names every default. */
static void check_complete(struct load *load, const yaml_node_t *node, const char *group,
                           const char *const *keys)
{
    const yaml_node_t *mapping = load_at(load, node, group);

    if (!mapping) {
        load_note(load, node, "key '%s' is missing in 'defaults'", group);
        return;
    }
    for (; *keys; keys++)
        if (!load_at(load, mapping, *keys))
            load_note(load, mapping, "key '%s' is missing in '%s' of the file's defaults", *keys,
                      group);
}

void load_check_defaults(struct load *load, const yaml_node_t *node, const struct row_defaults *row,
                         bool complete)
{
    static const char *const topics[] = {"partitions", "retention", "cleanup", "compatibility",
                                         NULL};
    static const char *const dead_letters[] = {"partitions", "retention", "cleanup", NULL};
    static const char *const retry[] = {"attempts", "initial", "max", "multiplier",
                                        "jitter",   "key",     NULL};

    if (!row)
        return;
    if (row->topics)
        load_check_settings(load, load_at(load, node, "topics"), row->topics);
    if (row->dead_letters)
        load_check_settings(load, load_at(load, node, "dead_letters"), row->dead_letters);
    if (row->retry)
        load_check_retry(load, load_at(load, node, "retry"), row->retry);
    if (row->order)
        check_order(load, load_at(load, node, "order"), row->order);
    if (complete) {
        check_complete(load, node, "topics", topics);
        check_complete(load, node, "dead_letters", dead_letters);
        check_complete(load, node, "retry", retry);
    }
}

void load_merge_settings(struct mr_topic *topic, const struct row_settings *row)
{
    int64_t ms;

    if (!row)
        return;
    if (row->partitions)
        topic->partitions = *row->partitions;
    if (row->replication)
        topic->replication = (int16_t)*row->replication;
    if (row->retention && retention(row->retention, &ms))
        topic->retention_ms = ms;
    if (row->cleanup)
        topic->cleanup = row_cleanup_words[*row->cleanup];
    if (row->compatibility)
        topic->compatibility = *row->compatibility;
}

void load_merge_retry(struct mr_retry *retry, const struct row_retry *row)
{
    int64_t ms;

    if (!row)
        return;
    if (row->attempts)
        retry->max_attempts = *row->attempts;
    if (row->initial && duration(row->initial, &ms))
        retry->initial_ms = ms;
    if (row->max && duration(row->max, &ms))
        retry->max_ms = ms;
    if (row->multiplier)
        retry->multiplier = *row->multiplier;
    if (row->jitter)
        retry->jitter = *row->jitter;
    if (row->key)
        retry->hold_key = *row->key == ROW_KEY_HOLD;
}

void load_merge_order(struct mr_order *order, const struct row_order *row)
{
    int64_t ms;

    if (!row)
        return;
    if (row->by)
        order->by_time = *row->by == ROW_BY_TIME;
    if (row->wait && duration(row->wait, &ms))
        order->wait_ms = ms;
    if (row->late)
        order->late = *row->late;
}
