/* SPDX-License-Identifier: Apache-2.0 */
/* How long the id of a handled event is remembered: as long as its record may still be in its
 * topic, so that whatever is read again is known. The brokers say how long that is; where they do
 * not, topics.yaml does. */
#include "consume.h"

#define DAY_MS INT64_C(86400000)
enum {
    CHECK_MS = 15 * 60 * 1000, /* until a broker has looked for what is old, and has deleted it */
    KAFKA_DAYS = 7,            /* Kafka's own retention.ms, where topics.yaml says `cluster` */
    KAFKA_SEGMENT_DAYS = 7,    /* Kafka's own segment.ms */
    MICROS = 1000,
};

static void assume(const struct mr_topic *topic, struct consume_keeps *ret)
{
    ret->retention_ms = topic->retention_ms != 0 ? topic->retention_ms : KAFKA_DAYS * DAY_MS;
    ret->segment_ms = KAFKA_SEGMENT_DAYS * DAY_MS;
}

/* A record outlives its topic's retention until the segment that it stands in is closed. */
static int64_t kept_ms(const struct consume_keeps *keeps)
{
    if (keeps->retention_ms < 0 || keeps->retention_ms > INT64_MAX / MICROS / 4 ||
        keeps->segment_ms > INT64_MAX / MICROS / 4)
        return INT64_MAX;
    return keeps->retention_ms + keeps->segment_ms + CHECK_MS;
}

int64_t consume_window_ms(struct consume *run)
{
    struct mr_error ignored;
    int64_t longest = run->options.window_ms;

    if (longest > 0)
        return longest;
    for (size_t i = 0; i < run->n_topics; i++) {
        const struct mr_topic *topic = run->topics[i].topic;
        struct consume_keeps keeps;
        if (!run->broker.keeps ||
            run->broker.keeps(run->broker.self, topic->name, &keeps, &ignored) != 0)
            assume(topic, &keeps);
        if (kept_ms(&keeps) > longest)
            longest = kept_ms(&keeps);
    }
    return longest;
}

void consume_window_open(struct consume *run)
{
    int64_t ms = consume_window_ms(run);

    run->window = ms == INT64_MAX ? INT64_MAX : ms * MICROS;
    mr_inbox_set_window(run->inbox, run->window);
    if (ms == INT64_MAX)
        mr_info(&run->log, "inbox", "window=forever");
    else
        mr_info(&run->log, "inbox", "window_hours=%lld", (long long)(ms / 3600000));
}
