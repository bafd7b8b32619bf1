/* SPDX-License-Identifier: Apache-2.0 */
/* What a consumer says: about single events that failed, and about all of them at its end. */
#include "consume.h"

enum { LINES_PER_SECOND = 10, SECOND = 1000000 };

void consume_log_fate(const struct mr_tx *tx, const char *event, const char *next)
{
    struct consume *run = tx->run;
    const struct consume_record *record = tx->record;
    struct mr_log_context log = run->log;
    char why[512];

    if (tx->now / SECOND != run->log_second) {
        if (run->log_left_out > 0)
            mr_warn(&run->log, "more", "left_out=%d", run->log_left_out);
        run->log_second = tx->now / SECOND;
        run->log_lines = run->log_left_out = 0;
    }
    if (run->log_lines++ >= LINES_PER_SECOND) {
        run->log_left_out++;
        return;
    }
    log.topic = record->topic->name;
    log.partition = record->partition;
    log.offset = record->offset;
    mr_warn(&log, event, "attempt=%d next=%s where=%s why=%s", record->attempt, next,
            tx->error.where[0] ? tx->error.where : "-",
            mr_log_quote(tx->error.text, why, sizeof(why)));
}

static double seconds_of(const struct consume *run)
{
    return (double)(run->world.now(run->world.self) - run->begun_at) / SECOND;
}

static int as_json(const struct consume *run, int64_t keys, int64_t held, struct mr_buf *out)
{
    const struct consume_counters *c = &run->count;

    int r = mr_buf_printf(out, "{\"consumer\":\"%s\",\"seconds\":%.3f", run->consumer->name,
                          seconds_of(run));
#define PUT(name, what)                                                                            \
    if (r == 0)                                                                                    \
        r = mr_buf_printf(out, ",\"" #name "\":%lld", (long long)c->name);
    CONSUME_COUNTERS(PUT)
#undef PUT
    if (r == 0)
        r = mr_buf_printf(out,
                          ",\"waiting_events\":%lld,\"waiting_flows\":%lld,\"held_flows\":%lld}\n",
                          (long long)run->parked_events, (long long)keys, (long long)held);
    return r;
}

static int as_text(const struct consume *run, int64_t held, struct mr_buf *out)
{
    const struct consume_counters *c = &run->count;

    int r = mr_buf_printf(out,
                          "%s: %lld handled, %lld duplicate, %lld retried, %lld parked, "
                          "%lld dead-lettered, %lld emitted in %.1f s%s",
                          run->consumer->name, (long long)c->handled, (long long)c->duplicates,
                          (long long)c->retried, (long long)c->parked, (long long)c->dead_lettered,
                          (long long)c->emitted, seconds_of(run),
                          run->options.dry_run ? " (dry run: nothing was kept)" : "");
    if (r == 0 && c->tombstones > 0)
        r = mr_buf_printf(out, ", %lld null values skipped", (long long)c->tombstones);
    if (r == 0 && c->filtered > 0)
        r = mr_buf_printf(out, ", %lld not wanted", (long long)c->filtered);
    if (r == 0 && run->parked_events > 0)
        r = mr_buf_printf(out, ", %lld still put aside in the store",
                          (long long)run->parked_events);
    if (r == 0 && held > 0)
        r = mr_buf_printf(out, ", %lld flows held for the operator", (long long)held);
    return r != 0 ? r : mr_buf_printf(out, "\n");
}

int consume_summary(const struct consume *run, struct mr_buf *out)
{
    int64_t keys, held, events;

    int r = mr_parked_count(run->store, &keys, &held, &events, NULL);
    if (r != 0)
        return r;
    return run->options.json ? as_json(run, keys, held, out) : as_text(run, held, out);
}
