/* SPDX-License-Identifier: Apache-2.0 */
/* From the loop to the pages: a copy at most every quarter of a second, and the time of each turn.
 */
#include "consume_health.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/time.h"

enum { MICROS = 1000, PUBLISH_MS = 250 };

static const int64_t seconds_bounds[HEALTH_BUCKETS] = {5000,    10000,   25000,   50000,   75000,
                                                       100000,  250000,  500000,  750000,  1000000,
                                                       2500000, 5000000, 7500000, 10000000};
static const int64_t size_bounds[HEALTH_SIZES] = {0, 1, 10, 100, 500, 1000, 5000, 50000};

static const int64_t delay_bounds[HEALTH_BUCKETS] = {
    10000,   50000,    100000,   250000,   500000,    1000000,    2500000,
    5000000, 10000000, 30000000, 60000000, 300000000, 1800000000, 7200000000};

static void observe(struct health_histogram *h, const int64_t *bounds, size_t n, int64_t x)
{
    size_t i = 0;

    while (i < n && x > bounds[i])
        i++;
    h->counts[i]++;
    h->sum += (double)x;
}

/* The time of an event may be any number, that of a clock that is ahead as well. */
void consume_health_event(struct consume *run, int64_t now, int64_t event_at)
{
    int64_t delay;

    if (!run->health)
        return;
    if (__builtin_sub_overflow(now, event_at, &delay))
        delay = INT64_MAX;
    observe(&run->health->pending, delay_bounds, HEALTH_BUCKETS, delay > 0 ? delay : 0);
}

void consume_health_undone(struct consume *run)
{
    if (run->health)
        run->health->pending = (struct health_histogram){0};
}

static void keep_pending(struct consume_health *h)
{
    for (size_t i = 0; i <= HEALTH_BUCKETS; i++)
        h->delays.counts[i] += h->pending.counts[i];
    h->delays.sum += h->pending.sum;
    h->pending = (struct health_histogram){0};
}

void consume_health_batch(struct consume *run, int64_t micros, size_t n_records)
{
    struct consume_health *h = run->health;

    if (!h)
        return;
    observe(&h->seconds, seconds_bounds, HEALTH_BUCKETS, micros);
    observe(&h->sizes, size_bounds, HEALTH_SIZES, (int64_t)n_records);
    keep_pending(h);
}

/* ---- publishing ---- */

static bool make_room(struct consume_health *h, size_t n)
{
    if (n <= h->cap)
        return true;
    struct health_partition *grown = realloc(h->shown.partitions, 2 * n * sizeof(*grown));
    if (!grown)
        return false; /* what was shown stays */
    h->shown.partitions = grown;
    h->cap = 2 * n;
    return true;
}

static void copy_partitions(struct consume *run, struct health_state *to)
{
    to->n_partitions = to->registry_holds = 0;
    for (size_t i = 0; i < run->n_partitions; i++) {
        const struct consume_partition *p = &run->partitions[i];
        if (!p->ours)
            continue;
        const char *topic = p->topic->topic->name;
        int64_t seen =
            run->broker.seen_end ? run->broker.seen_end(run->broker.self, topic, p->number) : -1;
        to->registry_holds += p->hold == CONSUME_WAITS_REGISTRY;
        to->partitions[to->n_partitions++] = (struct health_partition){
            .topic = topic,
            .number = p->number,
            .next = p->next,
            .end = seen > p->end ? seen : p->end,
            .event_at = p->event_at,
        };
    }
}

static void publish(struct consume *run, bool draining)
{
    struct consume_health *h = run->health;

    (void)pthread_mutex_lock(&h->lock);
    if (make_room(h, run->n_partitions)) {
        struct health_state *to = &h->shown;
        to->count = run->count;
        copy_partitions(run, to);
        to->parked_events = run->parked_events;
        to->parked_flows = (int64_t)run->parked_keys.n;
        to->notices_under_way = 0;
        for (size_t i = 0; i < CONSUME_NOTIFY_AT_ONCE; i++)
            to->notices_under_way += run->notify.slots[i].state != SLOT_FREE;
        to->seconds = h->seconds;
        to->sizes = h->sizes;
        to->delays = h->delays;
        to->assigned = run->assigned;
        to->store_lost = run->lost || run->store_away;
        to->brokers_away = run->asking.since != 0 || run->asking.left;
        to->draining = draining;
    }
    (void)pthread_mutex_unlock(&h->lock);
}

void consume_health_turn(struct consume *run, bool draining)
{
    struct consume_health *h = run->health;

    if (!h)
        return;
    int64_t now = mr_time_steady();
    atomic_store(&h->turned_at, now);
    if (!draining && now - h->published_at < (int64_t)PUBLISH_MS * MICROS)
        return;
    h->published_at = now;
    publish(run, draining);
}

void consume_health_changed(struct consume *run)
{
    if (run->health)
        run->health->published_at = 0;
    consume_health_turn(run, false);
}

/* ---- the server's side ---- */

static unsigned write_health(struct consume_health *h, struct mr_buf *out)
{
    int64_t ms = (mr_time_steady() - atomic_load(&h->turned_at)) / MICROS;
    bool alive = ms < h->stuck_ms;

    if (mr_buf_printf(out, "{\"status\":\"%s\",\"last_turn_ms\":%lld}\n", alive ? "ok" : "stuck",
                      (long long)(ms < 0 ? 0 : ms)) != 0)
        return 500;
    return alive ? 200 : 503;
}

static unsigned write_ready(const struct health_state *s, struct mr_buf *out)
{
    bool ready =
        s->assigned && !s->store_lost && !s->brokers_away && s->registry_holds == 0 && !s->draining;

    if (mr_buf_printf(out,
                      "{\"ready\":%s,\"assigned\":%s,\"partitions\":%zu,\"store\":\"%s\","
                      "\"registry\":\"%s\",\"brokers\":\"%s\",\"draining\":%s}\n",
                      ready ? "true" : "false", s->assigned ? "true" : "false", s->n_partitions,
                      s->store_lost ? "away" : "ok", s->registry_holds > 0 ? "away" : "ok",
                      s->brokers_away ? "away" : "ok", s->draining ? "true" : "false") != 0)
        return 500;
    return ready ? 200 : 503;
}

static unsigned write_metrics(const struct consume_health *h, struct mr_buf *out)
{
    int r = consume_metrics_write(&h->shown, mr_time_now(), out);

    if (r == 0)
        r = mr_ops_process(out, h->started);
    return r == 0 ? 200 : 500;
}

static unsigned write_page(void *self, enum mr_ops page, struct mr_buf *out)
{
    struct consume_health *h = self;

    if (page == MR_OPS_HEALTH)
        return write_health(h, out);
    (void)pthread_mutex_lock(&h->lock);
    unsigned status = page == MR_OPS_READY ? write_ready(&h->shown, out) : write_metrics(h, out);
    (void)pthread_mutex_unlock(&h->lock);
    return status;
}

int consume_health_open(struct consume *run, const char *where, int64_t stuck_ms,
                        struct mr_error *reterr)
{
    struct consume_health *h = calloc(1, sizeof(*h));
    const struct mr_ops_pages pages = {.self = h, .write = write_page};

    if (!h)
        return -ENOMEM;
    (void)pthread_mutex_init(&h->lock, NULL);
    h->shown.service = run->consumer->name;
    h->shown.group = run->options.group;
    h->stuck_ms = stuck_ms;
    h->started = mr_time_now();
    atomic_store(&h->turned_at, mr_time_steady());
    run->health = h;
    int r = mr_ops_server_new(where, &pages, &h->server, reterr);
    if (r != 0) {
        consume_health_close(run);
        return r;
    }
    mr_info(&run->log, "metrics", "address=%s", mr_ops_server_address(h->server));
    return 0;
}

void consume_health_close(struct consume *run)
{
    struct consume_health *h = run->health;

    if (!h)
        return;
    (void)mr_ops_server_free(h->server);
    (void)pthread_mutex_destroy(&h->lock);
    free(h->shown.partitions);
    free(h);
    run->health = NULL;
}
