/* SPDX-License-Identifier: Apache-2.0 */
/* A chained hash table whose entries also stand in one list by last use. */
#include "cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/hash.h"

struct entry {
    struct entry *chain;         /* same bucket */
    struct entry *newer, *older; /* by last use */
    struct cache_value value;
    size_t bytes;
    uint64_t hash;
    size_t key_len;
    unsigned char key[];
};

struct cache {
    struct entry **buckets;
    size_t n_buckets; /* power of two */
    size_t n_entries, max_entries;
    size_t bytes, max_bytes;
    struct entry *newest, *oldest;
};

int cache_new(size_t max_entries, size_t max_bytes, struct cache **ret_cache)
{
    struct cache *cache = calloc(1, sizeof(*cache));

    if (!cache)
        return -ENOMEM;
    cache->max_entries = max_entries;
    cache->max_bytes = max_bytes;
    cache->n_buckets = 64;
    while (cache->n_buckets < max_entries)
        cache->n_buckets *= 2;
    cache->buckets = calloc(cache->n_buckets, sizeof(*cache->buckets));
    if (!cache->buckets) {
        free(cache);
        return -ENOMEM;
    }
    *ret_cache = cache;
    return 0;
}

static struct entry **slot_of(struct cache *cache, const void *key, size_t key_len, uint64_t hash)
{
    struct entry **slot = &cache->buckets[hash & (cache->n_buckets - 1)];

    while (*slot && !((*slot)->hash == hash && (*slot)->key_len == key_len &&
                      memcmp((*slot)->key, key, key_len) == 0))
        slot = &(*slot)->chain;
    return slot;
}

static void list_remove(struct cache *cache, struct entry *entry)
{
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void list_push(struct cache *cache, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

static void drop(struct cache *cache, struct entry **slot)
{
    struct entry *entry = *slot;

    *slot = entry->chain;
    list_remove(cache, entry);
    cache->n_entries--;
    cache->bytes -= entry->bytes;
    (void)mr_schema_unref(entry->value.schema);
    free(entry);
}

static void drop_oldest(struct cache *cache)
{
    struct entry *entry = cache->oldest;

    drop(cache, slot_of(cache, entry->key, entry->key_len, entry->hash));
}

struct cache *cache_free(struct cache *cache)
{
    if (cache) {
        while (cache->oldest)
            drop_oldest(cache);
        free(cache->buckets);
        free(cache);
    }
    return NULL;
}

const struct cache_value *cache_find(struct cache *cache, const void *key, size_t key_len,
                                     int64_t now)
{
    struct entry **slot = slot_of(cache, key, key_len, mr_hash64(key, key_len, 0));
    struct entry *entry = *slot;

    if (!entry)
        return NULL;
    if (entry->value.expires != 0 && entry->value.expires <= now) {
        drop(cache, slot);
        return NULL;
    }
    list_remove(cache, entry);
    list_push(cache, entry);
    return &entry->value;
}

void cache_forget(struct cache *cache, const void *key, size_t key_len)
{
    struct entry **slot = slot_of(cache, key, key_len, mr_hash64(key, key_len, 0));

    if (*slot)
        drop(cache, slot);
}

int cache_put_take(struct cache *cache, const void *key, size_t key_len,
                   const struct cache_value *value, size_t bytes)
{
    struct entry *entry = malloc(sizeof(*entry) + key_len);

    if (!entry)
        return -ENOMEM;
    cache_forget(cache, key, key_len);
    *entry = (struct entry){.value = *value,
                            .bytes = bytes + sizeof(*entry) + key_len,
                            .hash = mr_hash64(key, key_len, 0),
                            .key_len = key_len};
    memcpy(entry->key, key, key_len);
    /* The newest answer always stays, whatever it costs: the caller is about to use it. */
    while (cache->oldest && (cache->n_entries >= cache->max_entries ||
                             cache->bytes + entry->bytes > cache->max_bytes))
        drop_oldest(cache);
    struct entry **slot = &cache->buckets[entry->hash & (cache->n_buckets - 1)];
    entry->chain = *slot;
    *slot = entry;
    list_push(cache, entry);
    cache->n_entries++;
    cache->bytes += entry->bytes;
    return 0;
}
