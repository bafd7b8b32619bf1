/* SPDX-License-Identifier: Apache-2.0 */
/* What the client remembers: answers by key, bounded in number and in bytes, the least recently
 * used leaves first. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/own.h"
#include "millrace/schema.h"

struct cache_value {
    struct mr_schema *schema; /* owned reference; NULL when the answer holds none */
    int32_t id, version;
    bool absent;     /* the registry said that it has no such thing */
    int64_t expires; /* mr_time_steady() at which it is forgotten; 0 = never */
};

struct cache;
int cache_new(size_t max_entries, size_t max_bytes, struct cache **ret_cache);
struct cache *cache_free(struct cache *cache);

/* NULL when unknown or expired; valid until the next call. */
const struct cache_value *cache_find(struct cache *cache, const void *key, size_t key_len,
                                     int64_t now);
/* Replaces what is there. `bytes` is what the value costs. Takes value->schema on success. */
int cache_put_take(struct cache *cache, const void *key, size_t key_len,
                   const struct cache_value *value, size_t bytes);
void cache_forget(struct cache *cache, const void *key, size_t key_len);
