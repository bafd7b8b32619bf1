/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes of the flows that wait, sorted: a fast no for all others. */
#include <errno.h>
#include <string.h>

#include "consume.h"
#include "millrace/hash.h"

uint64_t consume_flow_hash(struct mr_bytes flow)
{
    return mr_hash64(flow.data, flow.len, 0);
}

/* Index of the first hash that is not less. */
static size_t find(const struct consume_keys *keys, uint64_t hash)
{
    size_t low = 0, high = keys->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (keys->hashes[mid] < hash)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

bool consume_keys_have(const struct consume_keys *keys, uint64_t hash)
{
    size_t i = find(keys, hash);

    return i < keys->n && keys->hashes[i] == hash;
}

int consume_keys_add(struct consume_keys *keys, uint64_t hash)
{
    uint64_t *room = mr_room(keys->hashes, keys->n, &keys->cap, 64, sizeof(*room));

    if (!room)
        return -ENOMEM;
    keys->hashes = room;
    size_t i = find(keys, hash);
    memmove(keys->hashes + i + 1, keys->hashes + i, (keys->n - i) * sizeof(hash));
    keys->hashes[i] = hash;
    keys->n++;
    return 0;
}

void consume_keys_remove(struct consume_keys *keys, uint64_t hash)
{
    size_t i = find(keys, hash);

    if (i == keys->n || keys->hashes[i] != hash)
        return;
    keys->n--;
    memmove(keys->hashes + i, keys->hashes + i + 1, (keys->n - i) * sizeof(hash));
}
