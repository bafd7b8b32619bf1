/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters kept for sending, in the order in which their records were. */
#pragma once

#include "millrace/arena.h"
#include "read.h"

struct dlq_target; /* send.h */

struct dlq_copy {
    int32_t at_partition; /* of the letter */
    int64_t at_offset;
    int64_t at_ms;
    struct mr_dead_letter letter; /* its texts, too, are copies */
    const char *topic;            /* letter.topic with NUL */
    struct mr_bytes key, value;   /* value.data NULL: none */
    const struct mr_header *headers;
    size_t n_headers;
    /* state */
    const struct dlq_target *target;
    int verdict;       /* enum dlq_verdict */
    int32_t partition; /* where it goes; -1: by key */
    size_t twin;       /* of the letter that stands for it, when it is one of several; else own */
    bool sent, failed;
};

struct dlq_pile {
    struct mr_arena *arena;
    struct dlq_copy *items;
    size_t n, cap, limit;
    size_t n_more; /* that were not taken, for lack of room */
};

/* limit: most letters. 0, -ENOMEM. */
int dlq_pile_init(struct dlq_pile *pile, size_t limit);
void dlq_pile_done(struct dlq_pile *pile);
/* 0 (also when there is no room: n_more), -ENOMEM. */
int dlq_pile_add(struct dlq_pile *pile, const struct dlq_item *item);

/* Records of one partition by their offsets, and of several by their time as far as that lets:
 * those of a key are in the order in which they were published. Letters that tell of one record of
 * one group twice stand together, and the later ones' twin is the first. 0, -ENOMEM. */
int dlq_pile_sort(struct dlq_pile *pile);
