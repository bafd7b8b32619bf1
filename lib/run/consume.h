/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine's parts. One loop turn: what is due of the parked, what Kafka has queued, one
 * transaction over both, then the outbox. Private to lib/run and its tests. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consume_counters.h"
#include "consume_late.h"
#include "consume_merge.h"
#include "consume_notify.h"
#include "consume_outbox.h"
#include "consume_outside.h"
#include "consume_partition.h"
#include "consume_record.h"
#include "consume_retry.h"
#include "millrace/arena.h"
#include "millrace/codec.h"
#include "millrace/consumer.h"
#include "millrace/kafka.h"
#include "millrace/ledger.h"
#include "millrace/log.h"
#include "millrace/saga.h"
#include "millrace/upcast.h"

enum {
    CONSUME_BATCH = 5000,   /* events of one transaction, at most */
    CONSUME_PARKED = 10000, /* events put aside before their partitions wait */
    CONSUME_LEAST = 20,     /* records of a batch after losses, at least */
    CONSUME_LOSSES = 12,    /* transactions lost in a row before it is given up */
    CONSUME_TOGETHER = 500, /* records of a batch from which on its events may share their fate */
    CONSUME_APART = 64,     /* batches handled event by event after one failed, at most */
    CONSUME_LOOK_MS = 1000, /* how often the parked table is looked at for an operator's word */
};

struct consume_options {
    const char *store;
    const char *group;
    bool once, dry_run, json;
    const char *from; /* "beginning", "end" */
    const char *gap;  /* "stop", "accept" */
    int64_t batch;
    int64_t parked;
    int64_t window_ms; /* of ids; 0: as the topics keep their records */
    int64_t drain_ms;
    const char *instance;   /* of the group, known by name; NULL: none */
    const char *rebalance;  /* "auto", "eager", "cooperative" */
    const char *metrics;    /* where pages are served; NULL: nowhere */
    int64_t stuck_ms;       /* a turn of the loop that takes longer is told as stuck */
    int64_t notify_for_ms;  /* a message is tried for so long */
    int64_t notify_keep_ms; /* a settled one is kept for so long */
};

/* Batches whose events are undone one by one, because of some that shared their fate one failed. */
struct consume_apart {
    size_t from;   /* records of a batch whose events share their fate; 0: CONSUME_TOGETHER */
    int left;      /* batches yet to come */
    int last;      /* as many it was the last time; doubled when it happens again */
    bool backlog;  /* the batch under way is long enough */
    bool together; /* and not one of them */
};

/* The sagas that the consumer's service owns: saga*.c. */
struct consume_sagas {
    const struct mr_sagas *all; /* NULL: those of sagas.yaml */
    const struct mr_saga **items;
    size_t n_items;
    int64_t timer; /* when the next one is due; INT64_MAX: none is, 0: to be looked for */
    int64_t prune_at;
    /* saga_clock.c; 0: never */
    int64_t asked_at;   /* when the brokers told the partitions' ends, */
    int64_t ask_at;     /* when they may be asked again */
    int64_t read_until; /* all that was published before is handled */
};

struct consume {
    const struct mr_consumer *consumer;
    const struct mr_consumer_group *group;
    struct consume_options options;
    struct consume_broker broker;
    struct consume_registry registry;
    struct consume_world world;
    struct mr_store *store;
    void *self; /* the consumer's state */
    struct mr_log_context log;

    struct mr_inbox *inbox;
    struct consume_topic *topics;
    size_t n_topics;
    struct consume_emission *emissions;
    size_t n_emissions;
    struct consume_partition *partitions;
    size_t n_partitions, cap_partitions, last_partition;
    bool assigned; /* at least once, and checked */
    bool assignment_changed;
    bool gone;       /* of some partition */
    bool store_away; /* it takes no transaction for now */
    int assignment_failed;
    struct mr_error assignment_error;
    struct consume_asking asking;

    struct mr_arena *arena;   /* of one event */
    struct mr_arena *scratch; /* of the parked record under way */
    struct mr_arena *due;     /* of what is due: flows, sagas */
    struct mr_buf packed;     /* headers of the record under way */
    struct mr_buf value;      /* of the event being emitted */
    struct mr_buf upcast;     /* Avro of the record under way, made new */
    struct mr_message *messages;
    size_t n_messages;
    struct consume_keys parked_keys;
    int64_t parked_events;
    int64_t next_look;
    struct consume_merge merge;
    struct consume_late late;
    int64_t window; /* of ids and flows, µs; INT64_MAX: for ever */
    struct consume_outbox outbox;
    struct consume_notify notify;
    struct consume_health *health; /* consume_health.h; NULL: nobody asks */
    int64_t event_at;              /* timestamp of the last event that was decoded */
    struct consume_sagas sagas;
    struct consume_counters count;
    struct consume_counters count_before; /* the transaction under way */
    bool lost;                            /* a transaction was: what is in memory is not so */
    int64_t registry_until;               /* it did not answer: not asked before */
    int losses;                           /* in a row */
    bool alone;    /* the last one to a deadlock: the next transaction keeps others out */
    int64_t fewer; /* records by which a batch is shorter for losses */
    struct consume_apart apart;
    int64_t begun_at;
    int64_t log_second; /* events' fates are logged a few per second, the rest are counted */
    int log_lines, log_left_out;
};

/* What a handler works with. */
struct mr_tx {
    struct consume *run;
    const struct consume_record *record;
    struct mr_event event;
    struct mr_error error;
    int64_t now;
    enum consume_fault fault; /* why an event that was delivered is refused */
    struct mr_str name; /* what is done in the event's name later: consume_cause.h; else empty */
    uint32_t n_emitted, n_notices;
};

/* ---- consume.c: the loop ---- */
/* run: consumer, group, options, broker, registry, world, store and self are given. Opens tables
 * and schemas. Outcomes: 0, MR_INVALID, MR_AGAIN (registry), -errno. */
int consume_open(struct consume *run, struct mr_error *reterr);
void consume_close(struct consume *run);
/* One turn; waits at most timeout_ms for records. Outcomes: 0, MR_END (--once: all is done),
 * MR_INVALID or -errno fatal. */
int consume_turn(struct consume *run, int timeout_ms, struct mr_error *reterr);
/* Until stop or --once's end, then drains. */
int consume_run(struct consume *run, struct mr_error *reterr);

/* ---- consume_batch.c: one transaction ---- */
/* Begins a transaction, with a minute's patience for another writer. 0 or -errno. */
int consume_begin_store(struct consume *run, struct mr_error *reterr);
/* What is due of the parked, when retry_due, of messages and timers, then what was polled; all or
 * nothing of it is kept. 0, -errno. */
int consume_work(struct consume *run, bool retry_due, struct mr_error *reterr);

typedef int (*consume_take_fn)(struct consume *run, struct consume_partition *p,
                               struct consume_record *record, struct mr_error *reterr);
/* What was polled: take gets each record that is next to come; all messages are given back. 0, or
 * take's. */
int consume_take_messages(struct consume *run, consume_take_fn take, struct mr_error *reterr);
/* One record of p, within the transaction: handled, and p->next behind it; or p is held at it. 0,
 * -errno. */
int consume_take_record(struct consume *run, struct consume_partition *p,
                        struct consume_record *record, struct mr_error *reterr);
/* What was polled, not handled. */
void consume_give_back(struct consume *run);

/* ---- consume_window.c ---- */
/* How long ids are remembered; INT64_MAX: for ever. */
int64_t consume_window_ms(struct consume *run);
/* Tells the inbox. */
void consume_window_open(struct consume *run);

/* ---- consume_lost.c: a transaction that was lost ---- */
/* r, of a turn: unless it tells of a lost transaction, given back. Else 0: the next turn begins
 * with consume_again; or fatal, when too many were lost in a row. */
int consume_lost(struct consume *run, int r, struct mr_error *reterr);
/* Within a transaction, before its records: a backlog's events share their fate if the store gains
 * by it and it went well of late. */
void consume_together(struct consume *run);
/* After a commit. */
void consume_kept(struct consume *run);
/* Records of the next batch, at most: fewer for a while after one was lost, since instances that
 * change the same rows get into each other's way the less, the less each changes at a time. */
size_t consume_most(const struct consume *run);
/* Back to what the store has. Outcomes: 0, -EAGAIN, -errno. */
int consume_again(struct consume *run, struct mr_error *reterr);

/* ---- saga.c, saga_clock.c, saga_event.c: sagas.yaml ---- */
int consume_sagas_open(struct consume *run, struct mr_error *reterr);
/* Their tables; within no transaction. */
int consume_sagas_open_store(struct consume *run, struct mr_error *reterr);
void consume_sagas_close(struct consume *run);
/* Moves what the event moves, after its handler and under its savepoint. Outcomes of a handler. */
int consume_saga_event(struct mr_tx *tx);
/* Between transactions: whether timers whose time has come may fire, asks the brokers. 0, -errno.
 */
int consume_sagas_look(struct consume *run, struct mr_error *reterr);
/* What was read is no longer all there is, or no longer known. */
void consume_sagas_unsure(struct consume *run);
bool consume_sagas_due(const struct consume *run);
/* No timer fires soon: what --once has to wait for. */
bool consume_sagas_idle(const struct consume *run);
/* Fires timers that may, each under a savepoint, within the transaction. */
int consume_sagas_fire(struct consume *run, struct mr_error *reterr);

/* ---- consume_summary.c ---- */
/* One warning about the event under way: what became of it, and why. */
void consume_log_fate(const struct mr_tx *tx, const char *event, const char *next);
int consume_summary(const struct consume *run, struct mr_buf *out);
