/* SPDX-License-Identifier: Apache-2.0 */
/* Places in sorted arrays. */
#include "millrace/sorted.h"

size_t mr_lower_bound(const void *key, const void *items, size_t n_items, size_t size,
                      int (*compare)(const void *key, const void *item))
{
    size_t low = 0, high = n_items;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(key, (const char *)items + middle * size) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
