/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine's parts. One loop turn: what is due of the parked, what Kafka has queued, one
 * transaction over both, then the outbox. Private to lib/run and its tests. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consume_counters.h"
#include "millrace/arena.h"
#include "millrace/codec.h"
#include "millrace/consumer.h"
#include "millrace/kafka.h"
#include "millrace/ledger.h"
#include "millrace/log.h"
#include "millrace/saga.h"
#include "millrace/upcast.h"

enum {
    CONSUME_BATCH = 5000,          /* events of one transaction, at most */
    CONSUME_OUTBOX_WINDOW = 10000, /* records on their way to the broker, at most */
    CONSUME_PARKED = 10000,        /* events put aside before their partitions wait */
    CONSUME_WRITERS = 64,          /* writer schemas kept per topic */
    CONSUME_HEADERS = 256,         /* headers of one record that are kept */
    CONSUME_LEAST = 20,            /* records of a batch after losses, at least */
    CONSUME_LOSSES = 12,           /* transactions lost in a row before it is given up */
    CONSUME_NOTIFY_AT_ONCE = 8,    /* messages to people on their way */
    CONSUME_TOGETHER = 500, /* records of a batch from which on its events may share their fate */
    CONSUME_APART = 64,     /* batches handled event by event after one failed, at most */
    CONSUME_HELD_BACK = 64 << 20, /* bytes of records that wait for their turn by time */
    CONSUME_LOOK_MS = 1000, /* how often the parked table is looked at for an operator's word */
};

/* ---- what the engine reaches for, replaced by fakes in unit tests ---- */
/* How long a topic keeps a record. */
struct consume_keeps {
    int64_t retention_ms; /* -1: for ever */
    int64_t segment_ms;   /* a segment that is open this long is closed */
};

struct consume_broker {
    void *self;
    int (*poll)(void *self, int timeout_ms, struct mr_message *messages, size_t max,
                struct mr_error *reterr);
    void (*done)(void *self, struct mr_message *message);
    int (*header_at)(void *self, const struct mr_message *message, size_t index,
                     struct mr_header *ret_header);
    int (*pause)(void *self, const struct mr_topic_partition *item, bool pause);
    int (*seek)(void *self, const struct mr_topic_partition *item, struct mr_error *reterr);
    int (*commit)(void *self, const struct mr_topic_partition *items, size_t n_items, bool wait,
                  struct mr_error *reterr);
    int (*watermarks)(void *self, struct mr_topic_partition *items, size_t n_items, int64_t which,
                      struct mr_error *reterr);
    /* The end of a partition as the last fetch told it; -1: not known. NULL: never. */
    int64_t (*seen_end)(void *self, const char *topic, int32_t partition);
    int (*n_partitions)(void *self, const char *topic, int32_t *ret_n, struct mr_error *reterr);
    /* Outcomes: 0; else it is not told. NULL: never. */
    int (*keeps)(void *self, const char *topic, struct consume_keeps *ret, struct mr_error *reterr);
    /* As mr_kafka_produce with a tag; reports come through consume_delivered inside serve. */
    int (*produce)(void *self, const char *topic, struct mr_bytes key, const struct mr_bytes *value,
                   const struct mr_header *headers, size_t n_headers, uint64_t tag,
                   struct mr_error *reterr);
    int (*serve)(void *self, int timeout_ms, struct mr_error *reterr);
};

struct consume_registry {
    void *self;
    /* guid NULL: by id. Outcomes as mr_registry_schema. */
    int (*schema)(void *self, int32_t id, const uint8_t *guid, struct mr_schema **ret_schema,
                  struct mr_error *reterr);
    int (*lookup)(void *self, const char *subject, struct mr_str text, int32_t *ret_id,
                  struct mr_error *reterr);
};

struct consume_world {
    void *self;
    int64_t (*now)(void *self);     /* µs since the epoch */
    uint64_t (*random)(void *self); /* for jitter */
    bool (*stop)(void *self);       /* asked to end */
};

enum consume_from { CONSUME_FROM_BEGINNING, CONSUME_FROM_END };

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

/* ---- a record, from its topic or from the parked table ---- */
struct consume_record {
    const struct mr_topic *topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    struct mr_bytes key, value;       /* data NULL: null */
    const struct mr_message *message; /* its headers, unless NULL */
    struct mr_bytes headers;          /* packed, when message is NULL */
    int32_t attempt;                  /* this delivery, from 1 */
};

/* Why a record becomes a dead letter: its header mr_error_class. */
enum consume_fault {
    CONSUME_NO_WIRE_FORMAT,
    CONSUME_UNKNOWN_SCHEMA,
    CONSUME_UNREADABLE,
    CONSUME_NOT_UPCAST,
    CONSUME_REFUSED,
    CONSUME_EXHAUSTED,
    CONSUME_LATE,
};
const char *consume_fault_name(enum consume_fault fault);

/* ---- per topic ---- */
struct consume_writer {
    int32_t id;
    uint8_t guid[16];
    bool by_guid;
    struct mr_struct_reader *reader; /* NULL: cannot be read, `why` says so; or */
    struct mr_upcast *upcast;        /* made new first */
    struct mr_json_decoder *json;    /* made when a handler asks for JSON */
    char *why;
};

struct consume_topic {
    const struct mr_topic *topic; /* that records come from */
    const struct mr_topic *as;    /* whose events the handler takes: topic, or a younger major */
    mr_handle_fn handle;
    struct mr_schema *schema;        /* ours */
    struct mr_upcast_way *way;       /* from topic to as; NULL when they are the same */
    struct mr_struct_reader *reader; /* with it: what was made new */
    struct consume_writer writers[CONSUME_WRITERS];
    size_t n_writers, last;
};

struct consume_emission {
    const struct mr_topic *topic;
    struct mr_schema *schema;
    struct mr_struct_writer *writer;
    int32_t schema_id;
};

enum consume_hold {
    CONSUME_FLOWS,
    CONSUME_WAITS_REGISTRY,
    CONSUME_WAITS_PARKED,
    CONSUME_WAITS_ORDER, /* enough is held back: consume_merge.h */
};

struct consume_held;

struct consume_partition {
    struct consume_topic *topic;
    const char *seen_as; /* the pointer that messages carry */
    int32_t number;
    bool ours;
    int64_t epoch;
    int64_t stored; /* next, as the store has it */
    int64_t begun;  /* next, when it was assigned */
    int64_t next;   /* next to handle */
    int64_t told;   /* next, as Kafka was told */
    int64_t end;    /* --once: handled when next or eof has come here; -1 not known yet */
    int64_t eof;
    int64_t event_at; /* timestamp of the last event that was read */
    enum consume_hold hold;
    int64_t hold_until;
    int32_t hold_count; /* in a row, for the backoff */
    /* of a group that is ordered by time: what came, and waits for its turn */
    struct consume_held *first, *last;
    size_t n_bytes;
    int64_t fetched; /* next to come */
    int64_t moved;   /* when anything came last */
};

/* Order by time: consume_merge.h. */
struct consume_merge {
    size_t *sources; /* our partitions, those of one number together */
    size_t n_sources;
    size_t n, n_bytes; /* held back */
    size_t most;       /* of them; a partition is read on while it has less than its part */
};

/* The newest handled event of a flow, by the flow's hash. */
struct consume_newest {
    uint64_t hash; /* 0: empty */
    int64_t time;
};

struct consume_late {
    struct consume_newest *generations[2];
    size_t n; /* in the first */
    uint64_t seed;
    int64_t next_prune;
};

/* A record on its way to the broker. */
struct consume_flight {
    int64_t seq;
    bool acknowledged;
};

struct consume_outbox {
    struct consume_flight *flights; /* ring of CONSUME_OUTBOX_WINDOW */
    uint64_t first, next;           /* positions: first not acknowledged, next to send */
    int64_t sent;                   /* seq of the last record produced */
    int64_t acknowledged;           /* all up to this seq are */
    int64_t deleted;
    bool resend;  /* a delivery failed for now: all again once the rest is reported */
    bool waiting; /* rows are left to send */
    int fatal;    /* a delivery failed for good */
    struct mr_error error;
};

/* Hashes of the parked keys: a fast no for all others. Sorted. */
struct consume_keys {
    uint64_t *hashes;
    size_t n, cap;
};

/* ---- messages to people ---- */
struct notify_message {
    struct mr_str key; /* a UUID: the same for each try, and for a repeat of the event */
    struct mr_str to, kind, title, text;
    struct mr_str service, event_id, correlation_id;
    int64_t event_at, created_at;
    int64_t attempt; /* this one, from 1 */
};

struct notify_answer {
    int r;               /* 0 delivered; MR_AGAIN; MR_INVALID: never will be */
    bool channel_failed; /* MR_AGAIN: it is nobody's fault but the channel's */
    int64_t after_ms;    /* MR_AGAIN: not before, as the channel asks; 0: as we think */
    char why[512];
};

struct consume_channel {
    void *self;
    const char *name; /* "none", "smtp", "webhook" */
    /* NULL: none. Begins to send; all is copied. Its answer comes through consume_answered in
     * serve. Outcomes: 0, MR_INVALID (never will be: *reterr), -errno. */
    int (*send)(void *self, const struct notify_message *message, uint64_t tag,
                struct mr_error *reterr);
    /* Moves what is under way; does not wait. */
    int (*serve)(void *self, struct mr_error *reterr);
    void (*free)(void *self);
};

enum notify_slot_state { SLOT_FREE, SLOT_UNDER_WAY, SLOT_ANSWERED, SLOT_SETTLED };

struct notify_slot {
    enum notify_slot_state state;
    int64_t seq;
    struct notify_answer answer;
};

struct consume_notify {
    struct consume_channel channel;
    struct notify_slot slots[CONSUME_NOTIFY_AT_ONCE];
    bool look;          /* rows may be due */
    int64_t next_look;  /* look then as well */
    int64_t untold_at;  /* the consumer asked to be told again then */
    int64_t prune_at;   /* the oldest settled row has been kept long enough then */
    int64_t hold_until; /* the channel itself failed */
    int32_t n_failed;   /* in a row */
    bool ending;        /* nothing more is begun */
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
    int64_t next;  /* when timers and rows past their time are to be looked for */
    int64_t timer; /* when the next timer fires; INT64_MAX: none does */
    int64_t prune_at;
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
    int assignment_failed;
    struct mr_error assignment_error;

    struct mr_arena *arena;   /* of one event */
    struct mr_arena *scratch; /* of the parked record under way */
    struct mr_buf packed;     /* headers of the record under way */
    struct mr_buf flow;       /* the parked flow under way */
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
    int losses;                           /* in a row */
    int64_t fewer;                        /* records by which a batch is shorter for losses */
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

/* One record of p, within the transaction: handled, and p->next behind it; or p is held at it. 0,
 * -errno. */
int consume_take_record(struct consume *run, struct consume_partition *p,
                        struct consume_record *record, struct mr_error *reterr);

/* Begins a transaction, with a minute's patience for another writer. 0 or -errno. */
int consume_begin_store(struct consume *run, struct mr_error *reterr);

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

/* ---- consume_assign.c: partitions ---- */
void consume_assigned(void *run, struct mr_topic_partition *items, size_t n_items);
void consume_revoked(void *run, const struct mr_topic_partition *items, size_t n_items, bool lost);
int consume_check_assignment(struct consume *run, struct mr_error *reterr);
struct consume_partition *consume_partition_of(struct consume *run, const char *topic,
                                               int32_t partition);
/* ---- consume_hold.c: partitions that wait ---- */
/* The next record of a partition is that of item. Brokers that do not answer in time cost the
 * transaction, no more. Outcomes: 0, -EAGAIN, -errno. */
int consume_seek(struct consume *run, const struct mr_topic_partition *item,
                 struct mr_error *reterr);
/* The partition waits at its next record. */
int consume_hold(struct consume *run, struct consume_partition *p, enum consume_hold hold,
                 struct mr_error *reterr);
int consume_release(struct consume *run, struct mr_error *reterr);
bool consume_reached_end(const struct consume *run);

/* ---- consume_topics.c: what is read, and as what ---- */
int consume_topics_open(struct consume *run, struct mr_error *reterr);
void consume_topics_close(struct consume *run);
struct consume_topic *consume_topic_of(struct consume *run, struct mr_str name);
void consume_drop_writer(struct consume_writer *writer);

/* ---- consume_decode.c ---- */
/* Fills tx->event. Outcomes: 0; MR_INVALID with *ret_fault; MR_AGAIN: the registry cannot be
 * reached; -errno. */
int consume_decode(struct mr_tx *tx, enum consume_fault *ret_fault);

/* ---- consume_filter.c: what the group wants ---- */
/* By the record's headers. Outcomes: 0 it is wanted, MR_END it is not, MR_ABSENT: they do not tell.
 */
int consume_filter(struct consume *run, const struct consume_record *record);
/* Of one that was decoded. */
bool consume_wants(const struct mr_tx *tx);

/* ---- consume_event.c: one event ---- */
/* Makes *ret_tx ready for one delivery of record; what the last one allocated is gone. */
void consume_begin(struct consume *run, const struct consume_record *record, struct mr_tx *ret_tx);
/* A record from Kafka, to its end. Outcomes: 0; MR_AGAIN: hold the partition for the registry;
 * MR_FULL: hold it, too much is parked; -errno. */
int consume_event(struct consume *run, struct consume_record *record, struct mr_error *reterr);
/* One delivery: 0 done (or seen before), MR_AGAIN, MR_INVALID, undone then; -errno. */
int consume_deliver(struct mr_tx *tx);

/* ---- consume_keys.c: the flows that wait, by hash ---- */
uint64_t consume_flow_hash(struct mr_bytes flow);
bool consume_keys_have(const struct consume_keys *keys, uint64_t hash);
int consume_keys_add(struct consume_keys *keys, uint64_t hash); /* 0, -ENOMEM */
void consume_keys_remove(struct consume_keys *keys, uint64_t hash);

/* ---- consume_retry.c: parked flows ---- */
int consume_parked_open(struct consume *run, struct mr_error *reterr);
/* Whether events of this flow have to wait: 0 no, MR_AGAIN yes, -errno. */
int consume_is_parked(struct consume *run, struct mr_bytes flow, struct mr_error *reterr);
/* Puts a record behind its flow; held: until the operator releases it. MR_FULL: no room. */
int consume_park(struct mr_tx *tx, struct mr_bytes flow, bool first, struct mr_error *reterr);
/* After a dead letter: the flow waits for the operator, if the group's rule says so. */
int consume_after_dead_letter(struct mr_tx *tx, struct mr_bytes flow, struct mr_error *reterr);
/* Tries what is due, within the transaction. *ret_any: something was written. */
int consume_retry(struct consume *run, bool *ret_any, struct mr_error *reterr);
bool consume_retry_due(struct consume *run);
int64_t consume_backoff(const struct mr_retry *retry, int32_t failed, uint64_t random);

/* ---- consume_dead.c ---- */
int consume_dead_letter(struct mr_tx *tx, enum consume_fault fault, struct mr_error *reterr);

/* ---- consume_headers.c ---- */
/* Headers packed into bytes: for each, the name with its NUL, the value's length in 4 bytes, big
 * end first (all ones: no value), the value. */
int consume_pack(struct mr_buf *out, const char *name, struct mr_bytes value);
int consume_pack_record(struct consume *run, const struct consume_record *record,
                        struct mr_buf *out);
/* The header at *at, which moves on; borrowed from packed. Outcomes: 0, MR_END, MR_INVALID. */
int consume_unpack(struct mr_bytes packed, size_t *at, struct mr_header *ret_header);
int consume_find_header(struct consume *run, const struct consume_record *record, const char *name,
                        struct mr_bytes *ret_value);

/* ---- consume_outbox.c ---- */
int consume_outbox_open(struct consume *run, struct mr_error *reterr);
/* Produces what fits, serves reports. */
int consume_outbox_serve(struct consume *run, int timeout_ms, struct mr_error *reterr);
/* Forgets what was acknowledged, within the transaction. */
int consume_outbox_forget(struct consume *run, struct mr_error *reterr);
bool consume_outbox_full(const struct consume *run);
bool consume_outbox_idle(const struct consume *run);
bool consume_outbox_has_forgettable(const struct consume *run);
/* mr_delivery_fn; self is the struct consume. */
void consume_delivered(void *self, uint64_t tag, int r, int32_t partition, int64_t offset,
                       const char *text);

/* ---- saga.c, saga_event.c: sagas.yaml ---- */
int consume_sagas_open(struct consume *run, struct mr_error *reterr);
/* Their tables; within no transaction. */
int consume_sagas_open_store(struct consume *run, struct mr_error *reterr);
void consume_sagas_close(struct consume *run);
/* Moves what the event moves, after its handler and under its savepoint. Outcomes of a handler. */
int consume_saga_event(struct mr_tx *tx);
bool consume_sagas_due(const struct consume *run);
/* No timer fires soon: what --once has to wait for. */
bool consume_sagas_idle(const struct consume *run);
/* Fires timers whose time has come, each under a savepoint, within the transaction. */
int consume_sagas_fire(struct consume *run, struct mr_error *reterr);

/* ---- consume_emit.c ---- */
int consume_emissions_open(struct consume *run, struct mr_error *reterr);
void consume_emissions_close(struct consume *run);

/* ---- consume_notify.c: messages to people; consume_notify_settle.c: what became of them ---- */
/* What the store has, within or outside a transaction: at start, and when partitions came. */
int consume_notify_open(struct consume *run, struct mr_error *reterr);
void consume_notify_close(struct consume *run);
/* Takes answers, begins to send what is due. Outside a transaction. */
int consume_notify_serve(struct consume *run, struct mr_error *reterr);
/* An answer of the channel. */
void consume_answered(struct consume *run, uint64_t tag, const struct notify_answer *answer);
/* Whether consume_notify_settle has something to write. */
bool consume_notify_due(const struct consume *run);
/* Writes what became of messages and tells the consumer, within the transaction. */
int consume_notify_settle(struct consume *run, struct mr_error *reterr);
/* The transaction was kept, or not. */
void consume_notify_settled(struct consume *run, bool kept);
/* Nothing is under way and nothing due. */
bool consume_notify_idle(const struct consume *run);
bool consume_notify_under_way(const struct consume *run);
/* Longest wait for records until there is something to do again. */
int consume_notify_wait(const struct consume *run, int timeout_ms);

/* ---- consume_summary.c ---- */
/* One warning about the event under way: what became of it, and why. */
void consume_log_fate(const struct mr_tx *tx, const char *event, const char *next);
int consume_summary(const struct consume *run, struct mr_buf *out);
