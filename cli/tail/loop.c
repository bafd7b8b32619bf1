/* SPDX-License-Identifier: Apache-2.0 */
/* From broker to standard output, until the plan is done, enough is shown, or a signal comes. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../stopped.h"
#include "millrace/file.h"
#include "tail.h"

enum { FLUSH_BYTES = 256 << 10, WAIT_MS = 100 };

static int flush(struct tail *t)
{
    int r = mr_file_write(STDOUT_FILENO, t->out.data, t->out.len);

    t->out.len = 0;
    return r == 0 ? 0 : mr_error_set(&t->render.error, r, "cannot write: %s", strerror(-r));
}

/* The partition has been read to its stop. */
static void finish(struct tail *t, struct plan_partition *item)
{
    if (!item->done)
        t->plan.n_left--;
    item->done = true;
}

static bool wanted(const struct tail *t, const struct mr_message *message)
{
    if (t->correlation && !plan_keys_match(&t->keys, message->key))
        return false;
    return !t->plan.scans ||
           (message->timestamp_ms >= t->plan.from_ms && message->timestamp_ms < t->plan.to_ms);
}

static int take(struct tail *t, const struct mr_message *message, struct plan_cursor *cursor)
{
    struct plan_partition *item = plan_find(&t->plan, message, cursor);

    if (MR_UNLIKELY(!item || t->counted))
        return 0;
    if (MR_UNLIKELY(message->end)) {
        /* what lies between here and the stop is no record: marks of transactions, or open ones */
        if (item->stop != INT64_MAX)
            finish(t, item);
        return 0;
    }
    if (message->offset >= item->stop) {
        finish(t, item);
        return 0;
    }
    item->next = message->offset + 1;
    t->n_read++;
    int r = MR_IDLE;
    if (wanted(t, message))
        r = render_record(&t->render, message, &t->out);
    if (r == 0)
        t->counted = ++t->n_shown == t->count;
    if (item->next >= item->stop)
        finish(t, item);
    return r == MR_IDLE ? 0 : r;
}

/* Passing trouble is told when it changes; librdkafka tries on. */
static void tell_trouble(struct tail *t)
{
    const char *trouble = mr_kafka_trouble(mr_kafka_consumer_client(t->consumer));

    if (strcmp(trouble, t->trouble) == 0)
        return;
    (void)snprintf(t->trouble, sizeof(t->trouble), "%s", trouble);
    if (*trouble)
        (void)fprintf(stderr, "millrace tail: %s; trying on\n", trouble);
}

/* One record on its way through loop. */
struct passage {
    struct tail *t;
    struct plan_cursor cursor;
    int r;
};

static bool serve(void *self, const struct mr_message *message)
{
    struct passage *passage = self;
    struct tail *t = passage->t;

    passage->r = take(t, message, &passage->cursor);
    if (MR_LIKELY(passage->r == 0) && t->out.len >= FLUSH_BYTES)
        passage->r = flush(t);
    return passage->r == 0 && !stopped(NULL) && !t->counted && t->plan.n_left > 0;
}

int tail_loop(struct tail *t)
{
    struct passage passage = {.t = t};

    while (passage.r == 0 && !stopped(NULL) && !t->counted && t->plan.n_left > 0) {
        int n = mr_kafka_serve(t->consumer, 0, serve, &passage, &t->render.error);
        if (n == 0 && (passage.r = flush(t)) == 0) {
            n = mr_kafka_serve(t->consumer, WAIT_MS, serve, &passage, &t->render.error);
            tell_trouble(t);
        }
        if (n < 0)
            passage.r = n;
    }
    int flushed = flush(t);
    return passage.r != 0 ? passage.r : flushed;
}
