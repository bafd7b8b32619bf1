/* SPDX-License-Identifier: Apache-2.0 */
/* What only the brokers can tell: where partitions begin and end. Brokers that are away, or that do
 * not know a partition as they come back, are asked again, between turns of the loop. */
#include <errno.h>

#include "consume.h"

enum {
    MICROS = 1000,
    FIRST_MS = 1000,        /* for an answer; doubled with each that does not come */
    MOST_MS = 4000,         /* a stop waits for no longer */
    TELL_MS = 1000,         /* until it is told */
    ONCE_MS = 60 * 1000,    /* whoever wants to come to an end waits for no longer */
    ABSENT_MS = 300 * 1000, /* brokers that answer, and know no such topic */
};

bool consume_may_ask(const struct consume *run)
{
    return run->world.now(run->world.self) >= run->asking.next;
}

void consume_ask_settled(struct consume *run)
{
    struct consume_asking *asking = &run->asking;
    int64_t now = run->world.now(run->world.self);

    if (asking->told)
        mr_info(&run->log, "brokers-back", "after_ms=%lld",
                (long long)((now - asking->since) / MICROS));
    *asking = (struct consume_asking){.left = asking->left};
}

static int give_up(const struct consume *run, int64_t now, struct mr_error *reterr)
{
    const struct consume_asking *asking = &run->asking;
    bool ends = run->options.once || run->options.dry_run;
    struct mr_error why = reterr ? *reterr : MR_ERROR_INIT;

    if (ends && now - asking->since >= (int64_t)ONCE_MS * MICROS)
        return mr_error_set(reterr, -ETIMEDOUT, "nothing was heard of the brokers for %d s: %s",
                            ONCE_MS / 1000, why.text);
    if (asking->absent != 0 && now - asking->absent >= (int64_t)ABSENT_MS * MICROS)
        return mr_error_set(reterr, -ENOENT,
                            "the brokers have not known it for %d minutes: %s: if it was deleted, "
                            "run `millrace topics create`",
                            ABSENT_MS / 60000, why.text);
    return MR_AGAIN;
}

/* Asked again after as long as it took: what flows has its turns. */
static int not_told(struct consume *run, int r, int64_t asked_at, struct mr_error *reterr)
{
    struct consume_asking *asking = &run->asking;
    int64_t now = run->world.now(run->world.self);
    char text[512];

    if (asking->since == 0)
        asking->since = asked_at;
    asking->absent = r != MR_ABSENT ? 0 : asking->absent != 0 ? asking->absent : asked_at;
    asking->next = now + (now - asked_at);
    if (asking->wait_ms < MOST_MS)
        asking->wait_ms *= 2;
    if (!asking->told && now - asking->since >= (int64_t)TELL_MS * MICROS) {
        asking->told = true;
        mr_warn(&run->log, "brokers-away", "why=%s next=asked-again",
                mr_log_quote(reterr ? reterr->text : "", text, sizeof(text)));
    }
    return give_up(run, now, reterr);
}

/* Real offsets: librdkafka would wait half a second for symbolic ones. */
int consume_ask_marks(struct consume *run, const struct mr_topic_partition *items, size_t n_items,
                      struct mr_topic_partition *low, struct mr_topic_partition *high,
                      struct mr_error *reterr)
{
    struct consume_broker *broker = &run->broker;
    int64_t asked_at = run->world.now(run->world.self);

    if (n_items == 0)
        return 0;
    if (run->asking.wait_ms == 0)
        run->asking.wait_ms = FIRST_MS;
    int ms = run->asking.wait_ms;
    for (size_t i = 0; i < n_items; i++)
        low[i] = high[i] = items[i];
    int r = broker->watermarks(broker->self, low, n_items, MR_OFFSET_BEGINNING, ms, reterr);
    if (r == 0 && run->world.stop(run->world.self))
        return MR_AGAIN;
    if (r == 0)
        r = broker->watermarks(broker->self, high, n_items, MR_OFFSET_END, ms, reterr);
    if (r == MR_AGAIN || r == MR_ABSENT)
        return not_told(run, r, asked_at, reterr);
    if (r == 0)
        consume_ask_settled(run);
    return r;
}
