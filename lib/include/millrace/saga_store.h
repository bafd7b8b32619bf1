/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of sagas in a consumer's store: instances, what happened to each, events that came
 * before their turn. Written in the transaction of the event or timer that moves the saga. Used by
 * lib/run; docs/sagas.md describes the tables. */
#pragma once

#include <stdint.h>

#include "millrace/ledger.h"

/* Makes the tables. Outcomes as mr_store_migrate. */
int mr_saga_open(struct mr_store *store, int64_t now, struct mr_error *reterr);

/* One instance. */
struct mr_saga_row {
    struct mr_str id;                 /* UUIDv5 of the event that started it and the saga's name */
    struct mr_str saga, key, trigger; /* trigger: event_type of that event */
    struct mr_str step, state, why;
    struct mr_str vals; /* what it remembers, JSON */
    int64_t attempt, heard;
    int64_t started_at, updated_at;
    int64_t deadline;  /* 0: none */
    int64_t forget_at; /* 0: it has not ended */
    struct mr_cause cause;
};

/* Takes the turn of (saga, key) until the transaction ends, in a store that several processes write
 * to. The instance that runs and the last there was; data NULL: none. */
int mr_saga_lock(struct mr_store *store, struct mr_arena *arena, struct mr_str saga,
                 struct mr_str key, int64_t now, struct mr_str *ret_running,
                 struct mr_str *ret_last, struct mr_error *reterr);
/* Outcomes: 0; MR_ABSENT: one of that id has been there, nothing was written; as mr_store_run. */
int mr_saga_insert(struct mr_store *store, const struct mr_saga_row *row, struct mr_error *reterr);
/* Outcomes: 0, MR_ABSENT, as mr_store_row. Texts are copied into arena. */
int mr_saga_load(struct mr_store *store, struct mr_arena *arena, struct mr_str id,
                 struct mr_saga_row *ret_row, struct mr_error *reterr);
/* forget_at set: it has ended, the key's next may run. */
int mr_saga_save(struct mr_store *store, const struct mr_saga_row *row, struct mr_error *reterr);

/* What happened to an instance. topic, event_id: data NULL when no event did it. */
struct mr_saga_note {
    struct mr_str id;
    int64_t at;
    struct mr_str step, what, topic, event_id, text;
};
int mr_saga_note(struct mr_store *store, const struct mr_saga_note *note, struct mr_error *reterr);

/* ---- events that came before the instance, or its step, that waits for them ---- */
struct mr_saga_early {
    int64_t seq;
    struct mr_str saga, key, step;
    int64_t kind, clause; /* lib/run's */
    struct mr_str topic, event_id;
    int64_t at; /* its timestamp */
    struct mr_str vals;
};
/* Of a key only the youngest `most` are kept. */
int mr_saga_keep(struct mr_store *store, const struct mr_saga_early *early, int64_t now,
                 int64_t most, struct mr_error *reterr);
/* The oldest by timestamp that waits for the step. Outcomes: 0, MR_ABSENT, as mr_store_row. */
int mr_saga_early_first(struct mr_store *store, struct mr_arena *arena, struct mr_str saga,
                        struct mr_str key, struct mr_str step, struct mr_saga_early *ret_early,
                        struct mr_error *reterr);
int mr_saga_early_drop(struct mr_store *store, int64_t seq, struct mr_error *reterr);

/* ---- timers: in a shared store, who has the partition of an instance's cause has its timer ----
 */
/* The ids of the first instances whose deadline has come, and whether one is still due and ours, as
 * mr_parked_due and mr_parked_keep. */
int mr_saga_due(struct mr_store *store, struct mr_arena *arena, int64_t now, struct mr_str *ret_ids,
                size_t n_ids, size_t *ret_n, struct mr_error *reterr);
int mr_saga_keep_due(struct mr_store *store, struct mr_str id, int64_t now,
                     struct mr_error *reterr);
/* When the next is due; INT64_MAX when none is. */
int mr_saga_next(struct mr_store *store, int64_t *ret_when, struct mr_error *reterr);
/* Forgets ended instances past their time and events kept since before `early`, at most `limit` of
 * each. */
int mr_saga_prune(struct mr_store *store, int64_t now, int64_t early, int64_t limit,
                  struct mr_error *reterr);
