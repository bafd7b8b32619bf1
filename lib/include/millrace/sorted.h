/* SPDX-License-Identifier: Apache-2.0 */
/* Places in sorted arrays. */
#pragma once

#include <stddef.h>

/* Index of the first item that is not before key; n_items when all are. compare as bsearch's. */
size_t mr_lower_bound(const void *key, const void *items, size_t n_items, size_t size,
                      int (*compare)(const void *key, const void *item));
