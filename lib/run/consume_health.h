/* SPDX-License-Identifier: Apache-2.0 */
/* What a consumer shows of itself over HTTP. The loop publishes a copy of its numbers; the server's
 * thread reads only that copy. Private to lib/run and its tests. */
#pragma once

#include <pthread.h>

#include "consume.h"
#include "millrace/ops.h"

enum { HEALTH_BUCKETS = 14, HEALTH_SIZES = 8 };

/* µs or events; the last bucket of counts: longer than all. */
struct health_histogram {
    uint64_t counts[HEALTH_BUCKETS + 1];
    double sum;
};

struct health_partition {
    const char *topic; /* of the catalogue: stays */
    int32_t number;
    int64_t next, end; /* -1: not known */
    int64_t event_at;  /* of the last event, µs since the epoch; 0: none yet */
};

/* All that pages are written from. */
struct health_state {
    const char *service, *group; /* stay */
    struct consume_counters count;
    struct health_partition *partitions; /* ours */
    size_t n_partitions;
    int64_t parked_events, parked_flows, notices_under_way;
    struct health_histogram seconds, sizes; /* of transactions */
    struct health_histogram delays;         /* of events */
    bool assigned, draining;
    bool store_lost;       /* the last transaction was */
    bool brokers_away;     /* where a partition begins is not told, or the group has missed us */
    size_t registry_holds; /* partitions that wait for the registry */
};

struct consume_health {
    pthread_mutex_t lock;
    struct health_state shown; /* under lock */
    size_t cap;                /* of shown.partitions */
    _Atomic int64_t turned_at; /* steady µs of the last turn */
    int64_t stuck_ms;
    int64_t published_at; /* the loop's own */
    struct health_histogram seconds, sizes, delays;
    struct health_histogram pending; /* delays of the transaction under way */
    struct mr_ops_server *server;
    int64_t started;
};

/* where as mr_ops_server_new. Outcomes as that. */
int consume_health_open(struct consume *run, const char *where, int64_t stuck_ms,
                        struct mr_error *reterr);
void consume_health_close(struct consume *run);

/* ---- the loop's side; nothing without a server ---- */
void consume_health_turn(struct consume *run, bool draining);
/* Something that readiness hangs on is other than it was: shown now, for the loop may stand still.
 */
void consume_health_changed(struct consume *run);
/* An event of this time was handled, µs both; it counts when its transaction is kept. */
void consume_health_event(struct consume *run, int64_t now, int64_t event_at);
/* The transaction was undone. */
void consume_health_undone(struct consume *run);
/* A transaction was kept: how long it took, how many records it held. */
void consume_health_batch(struct consume *run, int64_t micros, size_t n_records);

/* ---- pages, from a copy (consume_metrics.c) ---- */
/* now: µs since the epoch. */
int consume_metrics_write(const struct health_state *state, int64_t now, struct mr_buf *out);
