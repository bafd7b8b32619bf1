/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of the topic: the only one who changes the state. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "millrace/status.h"
#include "store_kafka_inside.h"

enum { BATCH = 256, POLL_MS = 200, MEMORY_PAUSE_MS = 100 };

static void break_down(struct kafka_store *ks, const char *why)
{
    (void)pthread_mutex_lock(&ks->lock);
    bool tell = ks->ready && !ks->stop && !ks->broken;
    ks->broken = true;
    (void)snprintf(ks->trouble, sizeof(ks->trouble), "%.255s", why);
    (void)pthread_cond_broadcast(&ks->moved);
    (void)pthread_mutex_unlock(&ks->lock);
    if (tell)
        kafka_store_notice(ks, true, "store_lost",
                           "why=\"%s\" then=\"reads go on with what was read; changes are refused; "
                           "restart when it is mended\"",
                           why);
}

bool kafka_store_went_back(struct kafka_store *ks, int64_t offset, int64_t position)
{
    char why[256];

    if (offset >= position)
        return false;
    (void)snprintf(
        why, sizeof(why),
        "topic '%.128s' had been read to offset %lld, and goes on with %lld: it was made "
        "anew, or cut",
        ks->topic, (long long)position, (long long)offset);
    break_down(ks, why);
    return true;
}

static bool stopping(struct kafka_store *ks)
{
    (void)pthread_mutex_lock(&ks->lock);
    bool stop = ks->stop;
    (void)pthread_mutex_unlock(&ks->lock);
    return stop;
}

/* A record that is in the topic is part of the registry: when there is no memory for it, nothing
 * behind it is applied either, and it is tried again until there is. */
static void take_surely(struct kafka_store *ks, const struct mr_message *message)
{
    const struct timespec pause = {.tv_nsec = MEMORY_PAUSE_MS * 1000000L};
    int r;

    while ((r = kafka_store_take(ks, message)) != 0 && !stopping(ks)) {
        (void)pthread_mutex_lock(&ks->lock);
        (void)snprintf(ks->trouble, sizeof(ks->trouble), "offset %lld cannot be applied: %s",
                       (long long)message->offset, strerrordesc_np(-r));
        (void)pthread_mutex_unlock(&ks->lock);
        (void)nanosleep(&pause, NULL);
    }
}

static void at_end(struct kafka_store *ks, int64_t offset)
{
    (void)pthread_mutex_lock(&ks->lock);
    ks->ready = true;
    if (offset > ks->position)
        ks->position = offset; /* records before it were compacted away */
    (void)pthread_cond_broadcast(&ks->moved);
    (void)pthread_mutex_unlock(&ks->lock);
}

static bool ended(struct kafka_store *ks)
{
    (void)pthread_mutex_lock(&ks->lock);
    bool ended = ks->stop || ks->broken;
    (void)pthread_mutex_unlock(&ks->lock);
    return ended;
}

static void *read_on(void *opaque)
{
    struct kafka_store *ks = opaque;
    struct mr_message messages[BATCH];
    struct mr_error error = MR_ERROR_INIT;
    int n;

    while (!ended(ks)) {
        n = mr_kafka_poll(ks->consumer, POLL_MS, messages, BATCH, &error);
        if (n < 0) {
            break_down(ks, error.text);
            break;
        }
        for (int i = 0; i < n; i++) {
            if (messages[i].end)
                at_end(ks, messages[i].offset);
            else if (!ended(ks))
                take_surely(ks, &messages[i]);
            mr_kafka_message_done(&messages[i]);
        }
        if (ended(ks))
            break;
        const char *trouble = mr_kafka_trouble(mr_kafka_consumer_client(ks->consumer));
        (void)pthread_mutex_lock(&ks->lock);
        (void)snprintf(ks->trouble, sizeof(ks->trouble), "%s", trouble);
        (void)pthread_mutex_unlock(&ks->lock);
    }
    return NULL;
}

int kafka_store_read_start(struct kafka_store *ks, struct mr_error *reterr)
{
    struct mr_topic_partition all = {ks->topic, 0, 0};
    int r = mr_kafka_watermarks(ks->consumer, ks->topic, 0, ks->timeout_ms, &all.offset,
                                &ks->start_end, reterr);

    if (r == 0)
        r = mr_kafka_assign(ks->consumer, &all, 1, reterr);
    if (r != 0)
        return r;
    if (all.offset == ks->start_end)
        at_end(ks, all.offset);
    if (pthread_create(&ks->reader, NULL, read_on, ks) != 0)
        return -EAGAIN;
    ks->reader_runs = true;
    (void)pthread_mutex_lock(&ks->lock);
    int64_t seen = -2, deadline = 0;
    while (!ks->ready && !ks->broken) {
        if (ks->position > seen) /* as long as it gets on */
            deadline = kafka_store_deadline(ks->timeout_ms);
        seen = ks->position;
        if (!kafka_store_sleep(ks, deadline))
            break;
    }
    if (!ks->ready)
        r = mr_error_set(reterr, ks->broken ? -EIO : MR_AGAIN,
                         "topic '%s' could not be read to its end%s%s", ks->topic,
                         ks->trouble[0] ? ": " : "", ks->trouble);
    (void)pthread_mutex_unlock(&ks->lock);
    return r;
}

void kafka_store_read_stop(struct kafka_store *ks)
{
    (void)pthread_mutex_lock(&ks->lock);
    ks->stop = true;
    (void)pthread_cond_broadcast(&ks->moved);
    (void)pthread_mutex_unlock(&ks->lock);
    if (ks->keeper_runs)
        (void)pthread_join(ks->keeper, NULL);
    if (ks->reader_runs)
        (void)pthread_join(ks->reader, NULL);
    ks->keeper_runs = ks->reader_runs = false;
}
