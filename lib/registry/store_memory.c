/* SPDX-License-Identifier: Apache-2.0 */
/* The store of a registry that lives as long as its process. */
#include "store.h"

#include <errno.h>
#include <stdlib.h>

static int append(struct store *store, const struct record *records, size_t n,
                  struct mr_error *reterr)
{
    (void)store, (void)records, (void)n, (void)reterr;
    return 0;
}

static int replay(struct store *store, const struct store_sink *sink, struct mr_error *reterr)
{
    (void)store, (void)sink, (void)reterr;
    return 0;
}

static void free_store(struct store *store)
{
    free(store);
}

int store_memory_new(struct store **ret_store)
{
    static const struct store_ops ops = {
        .name = "memory", .append = append, .replay = replay, .free = free_store};
    struct store *store = malloc(sizeof(*store));

    if (!store)
        return -ENOMEM;
    store->ops = &ops;
    *ret_store = store;
    return 0;
}
