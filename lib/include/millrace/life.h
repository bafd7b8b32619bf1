/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a thing as a read model: every step of it is kept, and its state is what the steps
 * add up to in the order of their time, whatever order they come in. A step that the state does not
 * allow is kept as well, with the verdict that it is impossible, and changes nothing. For
 * consumers; docs/services/bookings.md shows one. */
#pragma once

#include <stdint.h>

#include "millrace/consumer.h"

enum { MR_LIFE_UNKNOWN = 0, MR_LIFE_STAYS = -1 };

/* Sets of states or steps; both have at most 32. */
#define MR_LIFE_BIT(n) (UINT32_C(1) << (n))

struct mr_life_move {
    int step;
    uint32_t from; /* states in which it is expected */
    uint32_t also; /* states in which it is not, and still moves: something before it is missing */
    int to;        /* a state, or MR_LIFE_STAYS */
};

struct mr_life {
    const char *kind; /* "booking" */
    const char *const
        *states; /* names; [0] is of a thing of which too little is known: "unknown" */
    const char *const
        *steps; /* names, in the order of a life: it decides between two of one moment */
    int n_steps;
    const struct mr_life_move *moves; /* the first that fits counts; a list for each step */
    size_t n_moves;
    const char *row; /* SQL that makes sure of the thing's own row, ?1 its id; NULL: none */
};

/* The tables, for a migration. life: one row a thing. life_step: one row a step; verdict is
 * 'expected', 'unexpected' (it moved, though not from here) or 'impossible'. A thing whose first
 * known step is in the midst of its life begins there, unexpectedly. */
#define MR_LIFE_TABLES                                                                             \
    "CREATE TABLE life ("                                                                          \
    " kind TEXT NOT NULL, subject_id TEXT NOT NULL, state TEXT NOT NULL, since_at INTEGER,"        \
    " changed_at INTEGER, last_step TEXT, last_event_id TEXT, steps INTEGER NOT NULL,"             \
    " unexpected INTEGER NOT NULL, impossible INTEGER NOT NULL, PRIMARY KEY (kind, subject_id))"   \
    " STRICT, WITHOUT ROWID;"                                                                      \
    "CREATE INDEX life_state ON life (kind, state, since_at);"                                     \
    "CREATE TABLE life_step ("                                                                     \
    " kind TEXT NOT NULL, subject_id TEXT NOT NULL, event_id TEXT NOT NULL, step TEXT NOT NULL,"   \
    " stepped_at INTEGER NOT NULL, by_user TEXT, state TEXT NOT NULL, verdict TEXT NOT NULL,"      \
    " PRIMARY KEY (kind, subject_id, event_id)) STRICT, WITHOUT ROWID;"                            \
    "CREATE INDEX life_step_time ON life_step (stepped_at);"                                       \
    "CREATE INDEX life_step_odd ON life_step (verdict, stepped_at) WHERE verdict <> 'expected';"

/* The event of tx is a step of the thing `subject`, done by `by` (empty: nobody known), at the
 * event's timestamp. *ret_newer: the steps (bits) of this thing that are younger than this one, so
 * that a column is only set when none of them set it; all bits when the event has taken this step
 * already. Outcomes as mr_sql. */
int mr_life_step(struct mr_tx *tx, const struct mr_life *life, struct mr_str subject, int step,
                 struct mr_str by, uint32_t *ret_newer);
