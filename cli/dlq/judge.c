/* SPDX-License-Identifier: Apache-2.0 */
/* Whether, where to and with which headers a dead letter goes back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../cluster.h"
#include "millrace/time.h"
#include "send.h"

/* Kafka's own retention, where neither brokers nor catalogue tell another. */
#define WEEK_MS INT64_C(604800000)

const char *dlq_why(enum dlq_verdict verdict)
{
    static const char *const texts[DLQ_N_VERDICTS] = {
        [DLQ_SEND] = "",
        [DLQ_NO_ORIGIN] = "no header tells which topic it comes from",
        [DLQ_DOCUMENT] = "a document that a producer refused: mend it and publish it there",
        [DLQ_NO_TOPIC] = "the cluster does not have its topic",
        [DLQ_NO_VALUE] =
            "its value is too large for the dead-letter topic: the record stands where "
            "its headers say",
        [DLQ_NOT_WIRE] = "not in wire format: --force sends it all the same",
        [DLQ_TOO_OLD] = "older than its topic's retention, so another group may handle it once "
                        "more: --force sends it all the same",
        [DLQ_SCATTERED] = "too many letters before it are left out to keep which: deal with those "
                          "first, by retry or dismiss",
    };

    return texts[verdict];
}

/* Other groups drop the record by its id, as long as they know it. */
static bool is_too_old(const struct dlq_copy *copy, const struct dlq_target *target, int64_t now_ms)
{
    int64_t at = copy->letter.timestamp_ms >= 0 ? copy->letter.timestamp_ms : copy->at_ms;

    if (target->only_group && mr_str_is(copy->letter.group, target->only_group))
        return false;
    return target->remembered_ms >= 0 && now_ms - at > target->remembered_ms;
}

enum dlq_verdict dlq_judge(const struct dlq_copy *copy, const struct dlq_target *target,
                           int64_t now_ms, bool force)
{
    if (copy->letter.refused_document)
        return DLQ_DOCUMENT;
    if (!target)
        return DLQ_NO_ORIGIN;
    if (target->n_partitions == 0)
        return DLQ_NO_TOPIC;
    if (copy->letter.value_left_out)
        return DLQ_NO_VALUE;
    if (!copy->letter.wire_format && !force)
        return DLQ_NOT_WIRE;
    return is_too_old(copy, target, now_ms) && !force ? DLQ_TOO_OLD : DLQ_SEND;
}

int32_t dlq_partition(const struct dlq_copy *copy, const struct dlq_target *target)
{
    return copy->letter.partition < target->n_partitions ? copy->letter.partition : -1;
}

size_t dlq_headers(const struct dlq_copy *copy, const char *of, const char *run,
                   struct mr_header *out)
{
    const struct mr_str group = copy->letter.group;
    size_t n = 0;

    for (size_t i = 0; i < copy->n_headers; i++)
        if (!mr_dead_letter_note(copy->headers[i].name) &&
            strcmp(copy->headers[i].name, "ce_replay") != 0)
            out[n++] = copy->headers[i];
    if (group.data)
        out[n++] =
            (struct mr_header){MR_HEADER_RETRY_GROUP, {(const uint8_t *)group.data, group.len}};
    out[n++] = (struct mr_header){MR_HEADER_RETRY_OF, {(const uint8_t *)of, strlen(of)}};
    out[n++] = (struct mr_header){"ce_replay", {(const uint8_t *)run, strlen(run)}};
    return n;
}

/* ---- the topics that letters name ---- */

static void on_setting(void *self, const char *key, const char *value, MR_UNUSED bool is_default)
{
    struct dlq_target *target = self;

    if (strcmp(key, "retention.ms") == 0)
        target->remembered_ms = strtoll(value, NULL, 10);
}

static bool reads(const struct mr_consumer_group *group, const char *topic)
{
    for (size_t i = 0; i < group->n_topics; i++)
        if (strcmp(group->topics[i]->name, topic) == 0)
            return true;
    return false;
}

static const char *only_group(const struct mr_catalog *catalog, const char *topic)
{
    const char *only = NULL;
    size_t n = 0;

    for (size_t i = 0; i < catalog->n_groups; i++) {
        if (!reads(&catalog->groups[i], topic))
            continue;
        only = catalog->groups[i].name;
        n++;
    }
    return n == 1 ? only : NULL;
}

static int look_up(struct dlq_target *target, struct mr_kafka_client *client,
                   const struct mr_kafka_topic_info *infos, size_t n_infos,
                   const struct mr_catalog *catalog, struct mr_error *reterr)
{
    const struct mr_kafka_topic_info *info = mr_kafka_topics_find(infos, n_infos, target->name);
    const struct mr_topic *topic = mr_catalog_topic(catalog, mr_str_from(target->name));

    target->n_partitions = info ? info->n_partitions : 0;
    target->remembered_ms = topic && topic->retention_ms != 0 ? topic->retention_ms : WEEK_MS;
    target->only_group = only_group(catalog, target->name);
    if (!info)
        return 0;
    int r = mr_kafka_topic_settings(client, target->name, CLUSTER_TIMEOUT_MS, on_setting, target,
                                    reterr);
    return r == -EOPNOTSUPP || r == MR_ABSENT ? 0 : r;
}

/* The pile is sorted for the most part: a letter's topic is often the one before's. */
static struct dlq_target *target_of(struct dlq_target *targets, size_t n, const char *name)
{
    while (n-- > 0)
        if (strcmp(targets[n].name, name) == 0)
            return &targets[n];
    return NULL;
}

int dlq_judge_all(struct dlq_pile *pile, struct dlq_reader *reader,
                  const struct mr_catalog *catalog, bool force, struct mr_error *reterr)
{
    struct mr_kafka_client *client = mr_kafka_consumer_client(reader->consumer);
    /* letters point into it: as long as they live */
    struct dlq_target *targets = mr_arena_array(pile->arena, pile->n + 1, sizeof(*targets));
    const int64_t now_ms = mr_time_now() / 1000;
    struct mr_kafka_topic_info *infos = NULL;
    size_t n_infos = 0, n_targets = 0;

    int r =
        targets ? mr_kafka_topics(client, CLUSTER_TIMEOUT_MS, &infos, &n_infos, reterr) : -ENOMEM;
    for (size_t i = 0; r == 0 && i < pile->n; i++) {
        struct dlq_copy *copy = &pile->items[i];
        struct dlq_target *target = NULL;
        if (*copy->topic)
            target = target_of(targets, n_targets, copy->topic);
        if (!target && *copy->topic) {
            target = &targets[n_targets++];
            *target = (struct dlq_target){.name = copy->topic};
            r = look_up(target, client, infos, n_infos, catalog, reterr);
        }
        copy->target = target;
        copy->verdict = dlq_judge(copy, target, now_ms, force);
        if (copy->verdict == DLQ_SEND)
            copy->partition = dlq_partition(copy, target);
    }
    mr_kafka_topics_free(infos, n_infos);
    return r;
}
