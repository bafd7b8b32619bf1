/* SPDX-License-Identifier: Apache-2.0 */
/* The loop, its backpressure and its end. */
#include "produce.h"

#include <errno.h>
#include <stdio.h>

#include "millrace/compiler.h"
#include "millrace/time.h"
#include "stop.h"

enum { SERVE_EVERY = 256, SHOW_US = 200000 };

int produce_fail(struct produce *produce, int r, const struct mr_error *error)
{
    progress_say(produce, "%s-producer: %s", produce->service->name,
                 error->text[0] ? error->text : mr_status_name(r));
    produce->failed = r;
    return r;
}

static int save(struct produce *produce)
{
    struct mr_error error = MR_ERROR_INIT;
    int r = produce->rejects.path ? rejects_sync(&produce->rejects, &error) : 0;

    if (r == 0 && produce->checkpoint.path && !produce->options->dry_run)
        r = checkpoint_save(&produce->checkpoint, produce->input.sources, produce->settle.settled,
                            produce->input.n_sources, &error);
    return r == 0 ? 0 : produce_fail(produce, r, &error);
}

/* What the old one had not delivered goes out again by itself, in order, with the same ids. 0 or
 * -errno. */
static MR_COLD int renew(struct produce *produce, const struct mr_error *why,
                         struct mr_error *reterr)
{
    int64_t now = mr_time_steady(), next = renewals_next(&produce->renewals, now);

    if (next == INT64_MAX)
        return mr_error_set(reterr, -EPROTO,
                            "the brokers lost track of %d producers within %d minutes: %s: start "
                            "again, with the checkpoint if there is one",
                            RENEWALS, RENEWALS_MINUTES, why->text);
    int r = next > now ? MR_AGAIN : mr_kafka_producer_renew(produce->kafka, reterr);
    if (r != 0)
        return r == MR_AGAIN ? 0 : r;
    renewals_add(&produce->renewals, now);
    produce->counts.n_renewed++;
    progress_say(produce,
                 "%s-producer: the brokers lost track of what was sent: what is not confirmed is "
                 "sent again: %s",
                 produce->service->name, why->text);
    return 0;
}

int produce_serve(struct produce *produce, int wait_ms)
{
    struct mr_error error = MR_ERROR_INIT;

    if (produce->kafka) {
        int n = mr_kafka_producer_poll(produce->kafka, wait_ms, &error);
        if (n == -EPROTO) {
            const struct mr_error why = error;
            n = renew(produce, &why, &error);
        }
        if (n < 0)
            return n == produce->failed ? n : produce_fail(produce, n, &error);
    }
    int64_t now = mr_time_steady();
    if (produce->terminal && now >= produce->next_show) {
        progress_show(produce, now);
        produce->next_show = now + SHOW_US;
    }
    if (produce->checkpoint.path && now >= produce->next_save) {
        produce->next_save = now + produce->options->checkpoint_every_ms * 1000;
        return save(produce);
    }
    return 0;
}

/* While the input waits for more: the other side goes on. */
static int idle(void *self)
{
    struct produce *produce = self;
    int r = produce_serve(produce, 0);

    if (r != 0 || produce->failed)
        return r != 0 ? r : produce->failed;
    return stop_requests() > 0 ? MR_END : 0;
}

/* ---- the whole ---- */

static int read_all(struct produce *produce)
{
    struct mr_error error = MR_ERROR_INIT;
    const char *text;
    size_t len;
    int r;

    produce->input.idle = idle;
    produce->input.self = produce;
    for (unsigned n = 0;; n++) {
        if (n % SERVE_EVERY == 0 && ((r = produce_serve(produce, 0)) != 0 || produce->failed))
            return r != 0 ? r : produce->failed;
        if (stop_requests() > 0)
            break;
        r = input_next(&produce->input, &text, &len, &error);
        if (MR_LIKELY(r == 0))
            r = produce_document(produce, text, len);
        else if (r < 0 && !produce->failed)
            return produce_fail(produce, r, &error);
        if (MR_UNLIKELY(r != 0))
            break;
    }
    produce->interrupted = stop_requests() > 0;
    return r == MR_END || produce->interrupted ? 0 : r;
}

/* Until every record is reported: librdkafka gives up by itself after message.timeout.ms; a stop
 * asked for by signal has its own deadline, and a second signal ends it at once. */
static int drain(struct produce *produce)
{
    int64_t deadline = INT64_MAX;
    int r = 0;

    while (r == 0 && produce->kafka && mr_kafka_outstanding(produce->kafka) > 0) {
        int64_t now = mr_time_steady();
        if (deadline == INT64_MAX && (stop_requests() > 0 || produce->failed))
            deadline = now + produce->options->drain_ms * 1000;
        if (now >= deadline || stop_requests() > 1)
            break;
        r = produce_serve(produce, PRODUCE_WAIT_MS);
    }
    size_t left = produce->kafka ? mr_kafka_outstanding(produce->kafka) : 0;
    if (left > 0 && r == 0) {
        const char *trouble = mr_kafka_trouble(mr_kafka_producer_client(produce->kafka));
        progress_say(produce, "%s-producer: gave up waiting for %zu delivery reports%s%s",
                     produce->service->name, left, *trouble ? ": " : "", trouble);
        produce->failed = MR_AGAIN;
    }
    produce->counts.n_undelivered += left;
    return r;
}

int produce_run(struct produce *produce)
{
    produce->started = mr_time_steady();
    produce->next_save = produce->started + produce->options->checkpoint_every_ms * 1000;
    int r = read_all(produce);
    int drained = drain(produce);
    int saved = save(produce);

    if (produce->options->print && fflush(stdout) != 0 && r == 0)
        r = -errno;
    progress_clear(produce);
    if (r == 0)
        r = drained != 0 ? drained : saved;
    return r == 0 ? produce->failed : r;
}
