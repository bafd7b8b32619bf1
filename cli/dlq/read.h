/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a dead-letter topic to its end, and remembers which of its letters are dealt with: in the
 * committed offsets of a group of its own, so that lag tools show what is open. */
#pragma once

#include "../choose.h"
#include "done.h"
#include "millrace/dead_letter.h"
#include "millrace/option.h"

/* What all verbs of this group take. */
struct dlq_args {
    struct choose choose;
    struct mr_common common;
    const char *topic, *reason, *key; /* NULL: any */
    struct mr_option_list ids;
    int64_t partition, offset; /* -1: any */
};
extern const struct mr_option dlq_select_options[];
/* Whether the options fit each other. 0, MR_INVALID. */
int dlq_check_args(const struct dlq_args *args, struct mr_error *reterr);
bool dlq_any_wish(const struct dlq_args *args);

struct dlq_item {
    const struct mr_message *message; /* of the dead-letter topic */
    const struct mr_header *headers;
    size_t n_headers;
    struct mr_dead_letter letter;
    bool done;
};
/* Whether the options choose it; done ones too. */
bool dlq_wanted(const struct dlq_args *args, const struct dlq_item *item);

struct dlq_partition {
    int32_t partition;
    int64_t low, high, next;
    bool finished;
    struct done done;
};

struct dlq_reader {
    struct mr_kafka_consumer *consumer;
    char *topic, *group;
    struct dlq_partition *items;
    size_t n_items, n_left;
};

/* The dead-letter topic that word means: of the service of that name, else the topic. Borrowed. */
const char *dlq_topic(const struct mr_catalog *catalog, const char *word);
/* word is as the user gave it. Outcomes: 0; MR_INVALID: no such topic; MR_AGAIN; -errno.
 * dlq_close() in any case. */
int dlq_open(struct dlq_reader *reader, const struct dlq_args *args, const char *word,
             struct mr_error *reterr);
void dlq_close(struct dlq_reader *reader);
static inline void mr_auto_dlq_reader(struct dlq_reader *reader)
{
    dlq_close(reader);
}

typedef int (*dlq_fn)(void *self, const struct dlq_item *item);
/* Each letter up to the end as it was when the reader was opened, by partition and offset; only
 * those not dealt with, unless all. What fn gives other than 0 ends it and is given back. Outcomes:
 * 0; MR_AGAIN: brokers silent for half a minute; -EINTR: asked to stop; -errno. */
int dlq_each(struct dlq_reader *reader, bool all, dlq_fn fn, void *self, struct mr_error *reterr);
/* Of the partition that the letter lies in. */
struct done *dlq_done_of(struct dlq_reader *reader, int32_t partition);
/* Whether what is dealt with can be kept: MR_FULL when it is too scattered. */
int dlq_fits(const struct done *done);
/* Keeps what is dealt with. */
int dlq_commit(struct dlq_reader *reader, struct mr_error *reterr);
