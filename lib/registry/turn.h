/* SPDX-License-Identifier: Apache-2.0 */
/* Who may move the state: either the one change that is being decided, or the reader of the log.
 *
 * A change reads the state without a lock from its decision to its append, so nothing may be
 * applied meanwhile. While it waits for its append it reads nothing and lends its turn to the
 * reader, which brings the change itself back and whatever came before it. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

struct turn {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool taken;         /* by a change */
    bool lent;          /* by that change */
    bool applying;      /* the reader's */
    unsigned n_readers; /* waiting */
};

void turn_init(struct turn *turn);
void turn_done(struct turn *turn);
/* For a change. False when wait is not wished and it is another's. */
bool turn_take(struct turn *turn, bool wait);
void turn_give_back(struct turn *turn);
void turn_lend(struct turn *turn);
void turn_reclaim(struct turn *turn); /* waits for the reader's present record */
/* For the reader, around one batch. */
void turn_apply_begin(struct turn *turn);
void turn_apply_end(struct turn *turn);
