/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides of bench_consume share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOST_DELAYS = 1 << 20 };

struct measured {
    struct consume *run;
    int64_t want;                /* events */
    bool follow;                 /* from the end of the topic on */
    int64_t first_at, last_at;   /* record, commit: how long a group takes to meet is not counted */
    int64_t half_kib, end_kib;   /* resident when half was committed, and when all was */
    int64_t delays[MOST_DELAYS]; /* from an event's timestamp to its commit, us; not of the first
                                  * fifth: what wakes up first is not measured */
    size_t n, committed;         /* those between are of the transaction under way */
};
extern struct measured measured;

_Noreturn void die(const char *what, const char *why);

/* Reads measured.want events; how many it was. */
int64_t run_naive(const char *brokers, const char *path);
