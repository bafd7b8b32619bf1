/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of an inbox share: inbox_open.c reads what there is, inbox.c does the rest.
 * Private to lib/store. */
#pragma once

#include <errno.h>

#include "inbox_index.h"
#include "inbox_runs.h"
#include "inbox_shared.h"
#include "millrace/own.h"

struct mr_inbox {
    struct inbox_shared *shared; /* all of it, when the store is; else NULL */
    struct mr_store *store;
    struct inbox_runs runs;
    int64_t window;    /* µs */
    int64_t opened_at; /* µs since the epoch */
    int64_t since;     /* no id in memory was handled before */
    struct inbox_index index;

    struct mr_uuid *ids; /* rows first ... first + n_ids - 1 */
    size_t n_ids, cap_ids;
    int64_t first;
    size_t n_added;           /* the last of them: by the transaction under way */
    struct mr_uuid filler;    /* stands for a row that is gone; no event's id */
    int64_t stale, stale_end; /* rows stale ... stale_end - 1 are in runs, and to be deleted */
    int64_t stale_done;       /* by the transaction under way */
};

/* Only memory can fail here. */
static inline int inbox_insert(struct mr_inbox *inbox, const struct mr_uuid *id, int64_t seq)
{
    return inbox_index_put(&inbox->index, inbox_hash(inbox->runs.seed, id), (uint32_t)seq);
}

static inline int inbox_push(struct mr_inbox *inbox, const struct mr_uuid *id)
{
    struct mr_uuid *room = mr_room(inbox->ids, inbox->n_ids, &inbox->cap_ids, 512, sizeof(*room));

    if (!room)
        return -ENOMEM;
    inbox->ids = room;
    inbox->ids[inbox->n_ids++] = *id;
    return 0;
}

/* A slice of all that is to be done, within a transaction. 0, -errno. */
int inbox_work(struct mr_inbox *inbox, size_t budget, int64_t now, struct mr_error *reterr);
