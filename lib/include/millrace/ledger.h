/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's own tables in a consumer's store: what was seen, how far each partition was read,
 * what waits to be published, what waits to be tried again. Written in the transaction of the
 * effects, so that they can never disagree. Used by lib/run and by `millrace store`;
 * docs/consumers.md describes the tables to operators. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/store.h"
#include "millrace/uuid.h"

/* Makes the tables and takes the store for `owner` (the consumer's name). Outcomes: 0; MR_INVALID:
 * it belongs to another consumer, or to a newer build; -errno. */
int mr_ledger_open(struct mr_store *store, const char *owner, int64_t now, struct mr_error *reterr);

/* ---- inbox: the ids of the events that were handled, for as long as a window says ----
 * The last ones are in memory, older ones on disk in runs of one stretch of time each, with a
 * filter of two bytes an id in memory: an id that is new, as almost all are, asks the disk nothing.
 * In a store that several processes share the table itself answers. docs/consumers.md. */
struct mr_inbox;

/* For tests: NULL takes what docs/limits.md says. */
struct mr_inbox_options {
    unsigned run_bits; /* a run begins with 64 << run_bits ids */
    size_t memory;     /* bytes of all filters, at most */
};

/* Reads what the store remembers; forgets nothing until it is told a window. now: µs since the
 * epoch. */
int mr_inbox_new(struct mr_store *store, int64_t now, const struct mr_inbox_options *options,
                 struct mr_inbox **ret_inbox, struct mr_error *reterr);
/* An id is known for this many µs after it was handled, at least; INT64_MAX: for ever. */
void mr_inbox_set_window(struct mr_inbox *inbox, int64_t window);
struct mr_inbox *mr_inbox_free(struct mr_inbox *inbox);
/* Outcomes: 0 it was handled before, MR_ABSENT it was not, -errno. */
int mr_inbox_seen(struct mr_inbox *inbox, const struct mr_uuid *id, struct mr_error *reterr);
/* Of an event that failed, in a store that several processes write to: whether another one handled
 * it before. There the answer above is only what this process knows; the table has the last word
 * when the ids are written. Outcomes as seen. */
int mr_inbox_confirm(struct mr_inbox *inbox, const struct mr_uuid *id, struct mr_error *reterr);
/* Remembers an id within the transaction under way. 0 or -ENOMEM. */
int mr_inbox_add(struct mr_inbox *inbox, const struct mr_uuid *id);
/* Before commit: writes what was added, and does a slice of tidying up: what fell out of the window
 * is dropped. -EAGAIN: another process has handled some of them, which are known from now on: roll
 * back, do the batch again. */
int mr_inbox_write(struct mr_inbox *inbox, int64_t now, struct mr_error *reterr);
/* After commit or rollback. */
void mr_inbox_settle(struct mr_inbox *inbox, bool committed);
size_t mr_inbox_count(const struct mr_inbox *inbox);

/* ---- offsets: the next record to read, owned by the newest claim ---- */
#define MR_OFFSET_UNKNOWN (-1)
/* Takes the partition: from now on only moves with this epoch are taken. *ret_next is
 * MR_OFFSET_UNKNOWN when it was never read. */
int mr_ledger_claim(struct mr_store *store, const char *topic, int32_t partition,
                    int64_t *ret_epoch, int64_t *ret_next, struct mr_error *reterr);
/* Compare-and-set within the transaction. Outcomes: 0, MR_ABSENT: another owner has claimed or
 * moved it, nothing was changed, roll back; -errno. */
int mr_ledger_move(struct mr_store *store, const char *topic, int32_t partition, int64_t epoch,
                   int64_t from, int64_t to, struct mr_error *reterr);

/* How far the claim with this epoch has come. Outcomes: 0; MR_ABSENT: another owner has it; -errno.
 */
int mr_ledger_where(struct mr_store *store, const char *topic, int32_t partition, int64_t epoch,
                    int64_t *ret_next, struct mr_error *reterr);

/* ---- outbox: records to publish, in order ---- */
struct mr_outbox_record {
    int64_t seq; /* given by the store */
    struct mr_str topic;
    struct mr_bytes key;       /* data NULL: no key */
    struct mr_bytes value;     /* data NULL: a null value */
    struct mr_bytes headers;   /* packed by lib/run */
    struct mr_str cause_topic; /* of the record that it comes of: in a shared store whoever takes */
    int32_t cause_partition;   /* this partition publishes it */
};
int mr_outbox_add(struct mr_store *store, const struct mr_outbox_record *record,
                  struct mr_error *reterr);
/* Calls fn for the records after `after`, in order, at most `limit`; fn's first outcome other than
 * 0 ends it and is returned. *ret_last is the last seq for which fn gave 0 (or `after`). */
int mr_outbox_each(struct mr_store *store, int64_t after, int64_t limit,
                   int (*fn)(void *self, const struct mr_outbox_record *record), void *self,
                   int64_t *ret_last, struct mr_error *reterr);
/* All up to and with `seq` were acknowledged. */
int mr_outbox_delete(struct mr_store *store, int64_t seq, struct mr_error *reterr);
int mr_outbox_count(struct mr_store *store, int64_t *ret_n, struct mr_error *reterr);

/* ---- parked: keys that wait, and their events in order ---- */
struct mr_parked_record {
    int64_t seq;
    struct mr_str topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    struct mr_bytes key;   /* the record's own key; data NULL: none */
    struct mr_bytes value; /* data NULL: null */
    struct mr_bytes headers;
    int32_t attempts; /* deliveries so far */
};
/* A key: a held one waits for the operator. Who has the partition of the record that parked it
 * first tries it again; in a store for one that is always us. */
struct mr_parked_state {
    int64_t next_try; /* µs since the epoch */
    bool held;
    struct mr_str why;
    struct mr_str topic;
    int32_t partition;
};
int mr_parked_key_set(struct mr_store *store, struct mr_bytes key,
                      const struct mr_parked_state *state, struct mr_error *reterr);
/* Outcomes: 0 it is parked, MR_ABSENT, -errno. */
int mr_parked_has_key(struct mr_store *store, struct mr_bytes key, struct mr_error *reterr);
/* Outcomes: 0 it is parked, and held; MR_ABSENT; -errno. */
int mr_parked_is_held(struct mr_store *store, struct mr_bytes key, struct mr_error *reterr);
/* The operator's word: a held flow (NULL: all) may go on. *ret_n of them were held. Safe beside the
 * running consumer, which looks every second. */
int mr_parked_let_go(struct mr_store *store, const struct mr_bytes *key, int64_t *ret_n,
                     struct mr_error *reterr);
int mr_parked_key_release(struct mr_store *store, struct mr_bytes key, struct mr_error *reterr);
int mr_parked_add(struct mr_store *store, struct mr_bytes flow,
                  const struct mr_parked_record *record, struct mr_error *reterr);
/* The oldest of a key, copied into arena. Outcomes: 0, MR_ABSENT, -errno. */
int mr_parked_first(struct mr_store *store, struct mr_arena *arena, struct mr_bytes flow,
                    struct mr_parked_record *ret_record, struct mr_error *reterr);
int mr_parked_attempted(struct mr_store *store, int64_t seq, int32_t attempts,
                        struct mr_error *reterr);
int mr_parked_delete(struct mr_store *store, int64_t seq, struct mr_error *reterr);
/* The first keys whose turn has come, in order, copied into arena: some, at most n_keys, unless
 * there is none. Outcomes: 0, -errno. */
int mr_parked_due(struct mr_store *store, struct mr_arena *arena, int64_t now,
                  struct mr_bytes *ret_keys, size_t n_keys, size_t *ret_n, struct mr_error *reterr);
/* One of them is still due and ours; in a shared store its partition is kept ours until the
 * transaction ends. Outcomes: 0, MR_ABSENT, -errno. */
int mr_parked_keep(struct mr_store *store, struct mr_bytes key, int64_t now,
                   struct mr_error *reterr);
/* When the next key that is not held is due; INT64_MAX when none is. */
int mr_parked_next(struct mr_store *store, int64_t *ret_when, struct mr_error *reterr);
/* What waits, and of the keys those that are held; of a shared store: of our partitions. */
int mr_parked_count(struct mr_store *store, int64_t *ret_keys, int64_t *ret_held,
                    int64_t *ret_events, struct mr_error *reterr);
/* Calls fn once per key. */
int mr_parked_each_key(struct mr_store *store, int (*fn)(void *self, struct mr_bytes key),
                       void *self, struct mr_error *reterr);

/* ---- causes: what a row keeps of the event that made it ----
 * Enough to act later as its event did: lib/run makes a struct mr_tx of it. Columns of a table of
 * the engine that needs it (mr_notice): MR_CAUSE_TABLE where it is made, the rest in statements. */
struct mr_cause {
    struct mr_str topic; /* who has this partition acts: as for the outbox */
    int64_t partition;
    struct mr_str event_id;
    int64_t event_at; /* its timestamp */
    struct mr_str correlation_id;
    struct mr_str user_id, session_id; /* data NULL: none */
    struct mr_bytes trace;             /* headers of the trace, packed by lib/run */
};
#define MR_CAUSE_TABLE                                                                             \
    "cause_topic TEXT NOT NULL, cause_part INTEGER NOT NULL, event_id TEXT NOT NULL,"              \
    " event_at INTEGER NOT NULL, correlation_id TEXT NOT NULL, user_id TEXT, session_id TEXT,"     \
    " trace BLOB NOT NULL"
#define MR_CAUSE_COLUMNS                                                                           \
    "cause_topic, cause_part, event_id, event_at, correlation_id, user_id, session_id, trace"
/* Eight values, eight columns. */
#define MR_CAUSE_VALUES(c)                                                                         \
    MR_TEXT((c)->topic), MR_INT((c)->partition), MR_TEXT((c)->event_id), MR_INT((c)->event_at),    \
        MR_TEXT((c)->correlation_id), MR_OPT((c)->user_id.data, MR_TEXT((c)->user_id)),            \
        MR_OPT((c)->session_id.data, MR_TEXT((c)->session_id)), MR_BLOB((c)->trace)
#define MR_CAUSE_INTO(c)                                                                           \
    MR_INTO_TEXT(&(c)->topic), MR_INTO_INT(&(c)->partition), MR_INTO_TEXT(&(c)->event_id),         \
        MR_INTO_INT(&(c)->event_at), MR_INTO_TEXT(&(c)->correlation_id),                           \
        MR_INTO_TEXT(&(c)->user_id), MR_INTO_TEXT(&(c)->session_id), MR_INTO_BLOB(&(c)->trace)

/* ---- notices: messages to people ----
 * A row is due while next_try is not NULL: to be sent, or sent and to be told to the consumer. Of
 * one recipient and correlation id only the oldest is ever due. */
enum mr_notice_state {
    MR_NOTICE_WAITING,
    MR_NOTICE_DELIVERED,
    MR_NOTICE_RECORDED,
    MR_NOTICE_FAILED
};

struct mr_notice_row {
    int64_t seq; /* given by the store */
    struct mr_str key;
    struct mr_str recipient, kind, title, body;
    enum mr_notice_state state;
    struct mr_str channel, error;
    int64_t attempts;
    int64_t created_at, settled_at; /* settled_at 0: not yet */
    struct mr_cause cause;
};

/* With next_try = created_at. One of a key that is there already is left as it is. */
int mr_notice_add(struct mr_store *store, const struct mr_notice_row *row, struct mr_error *reterr);
/* Calls fn with the rows that are to be sent now, first come first; as mr_outbox_each. */
int mr_notice_each_due(struct mr_store *store, int64_t now, int64_t limit,
                       int (*fn)(void *self, const struct mr_notice_row *row), void *self,
                       struct mr_error *reterr);
/* The first rows that are to be settled now, at most n_seqs: the first of each line whose fate is
 * known, or, when `waiting_too`, all that are due, of a line in their order. Outcomes: 0, -errno.
 */
int mr_notice_due(struct mr_store *store, int64_t now, bool waiting_too, int64_t *ret_seqs,
                  size_t n_seqs, size_t *ret_n, struct mr_error *reterr);
/* A row that is not settled, copied into arena, unless it is another process's or settled by now:
 * MR_ABSENT. In a shared store its partition is kept ours until the transaction ends. */
int mr_notice_get(struct mr_store *store, struct mr_arena *arena, int64_t seq,
                  struct mr_notice_row *ret_row, struct mr_error *reterr);
/* Writes state, channel, error, attempts, settled_at; next_try 0: nothing is left to do. */
int mr_notice_set(struct mr_store *store, const struct mr_notice_row *row, int64_t next_try,
                  struct mr_error *reterr);
/* When the next of ours is due, after `after`; INT64_MAX when none is. */
int mr_notice_next(struct mr_store *store, int64_t after, int64_t *ret_when,
                   struct mr_error *reterr);
/* How many of ours are not settled. */
int mr_notice_count(struct mr_store *store, int64_t *ret_n, struct mr_error *reterr);
/* When the oldest of those with nothing left to do was settled; INT64_MAX: there is none. */
int mr_notice_oldest(struct mr_store *store, int64_t *ret_when, struct mr_error *reterr);
/* Forgets at most `limit` that were settled before `before`. */
int mr_notice_prune(struct mr_store *store, int64_t before, int64_t limit, struct mr_error *reterr);
