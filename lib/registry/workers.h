/* SPDX-License-Identifier: Apache-2.0 */
/* A few threads for requests that may take long, so that those which read never wait behind them.
 */
#pragma once

#include <stdbool.h>

struct job {
    struct job *next;
};

struct workers; /* threads start when there is work for them */

/* run is called with each job on one of at most `most` threads. 0 or -ENOMEM. */
int workers_new(unsigned most, void (*run)(struct job *job), struct workers **ret_workers);
/* False when no thread could be had, or after workers_stop: the caller must run it. Any thread. */
bool workers_push(struct workers *workers, struct job *job);
/* Jobs that no thread has taken yet. */
unsigned workers_waiting(struct workers *workers);
/* Waits until all jobs are done and the threads have ended. Twice is nothing. */
void workers_stop(struct workers *workers);
/* Stops first. NULL is accepted. */
struct workers *workers_free(struct workers *workers);
