/* SPDX-License-Identifier: Apache-2.0 */
/* Where the log of records is kept. */
#pragma once

#include "record.h"

struct store {
    const struct store_ops *ops;
};

struct store_ops {
    const char *name;
    /* Makes all of them durable, in order, all or none. Called by one thread at a time. 0, MR_AGAIN
     * (may be tried again), -errno. */
    int (*append)(struct store *store, const struct record *records, size_t n,
                  struct mr_error *reterr);
    /* Gives every record to apply, oldest first; stops at its first result that is not 0. */
    int (*replay)(struct store *store, int (*apply)(void *opaque, const struct record *record),
                  void *opaque, struct mr_error *reterr);
    void (*free)(struct store *store);
};

/* Keeps nothing: the state is the store. */
int store_memory_new(struct store **ret_store);
