/* SPDX-License-Identifier: Apache-2.0 */
/* A lock with a loan. */
#include "turn.h"

void turn_init(struct turn *turn)
{
    *turn = (struct turn){0};
    (void)pthread_mutex_init(&turn->lock, NULL);
    (void)pthread_cond_init(&turn->changed, NULL);
}

void turn_done(struct turn *turn)
{
    (void)pthread_mutex_destroy(&turn->lock);
    (void)pthread_cond_destroy(&turn->changed);
}

bool turn_take(struct turn *turn, bool wait)
{
    (void)pthread_mutex_lock(&turn->lock);
    /* a reader that waits goes first, so that changes in a row do not keep others' records out */
    while (wait && (turn->taken || turn->applying || turn->n_readers > 0))
        (void)pthread_cond_wait(&turn->changed, &turn->lock);
    bool mine = !turn->taken && !turn->applying && turn->n_readers == 0;
    if (mine)
        turn->taken = true;
    (void)pthread_mutex_unlock(&turn->lock);
    return mine;
}

static void set(struct turn *turn, bool *flag, bool value)
{
    (void)pthread_mutex_lock(&turn->lock);
    *flag = value;
    (void)pthread_cond_broadcast(&turn->changed);
    (void)pthread_mutex_unlock(&turn->lock);
}

void turn_give_back(struct turn *turn)
{
    set(turn, &turn->taken, false);
}

void turn_lend(struct turn *turn)
{
    set(turn, &turn->lent, true);
}

void turn_reclaim(struct turn *turn)
{
    (void)pthread_mutex_lock(&turn->lock);
    while (turn->applying)
        (void)pthread_cond_wait(&turn->changed, &turn->lock);
    turn->lent = false;
    (void)pthread_mutex_unlock(&turn->lock);
}

void turn_apply_begin(struct turn *turn)
{
    (void)pthread_mutex_lock(&turn->lock);
    turn->n_readers++;
    while (turn->taken && !turn->lent)
        (void)pthread_cond_wait(&turn->changed, &turn->lock);
    turn->n_readers--;
    turn->applying = true;
    (void)pthread_mutex_unlock(&turn->lock);
}

void turn_apply_end(struct turn *turn)
{
    set(turn, &turn->applying, false);
}
