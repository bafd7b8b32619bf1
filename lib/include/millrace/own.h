/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound ownership: MR_AUTO(type) releases at scope end, MR_MOVE lets one escape. And lists
 * that grow.
 *
 *   MR_DEFINE_AUTO(mr_schema, struct mr_schema *, mr_schema_unref)   once, in the type's header
 *   MR_AUTO(mr_schema) struct mr_schema *s = NULL;                   in a function
 *   *ret = MR_MOVE(s);                                              the only way out */
#pragma once

#include <stdint.h>
#include <stdlib.h>

#define MR_DEFINE_AUTO(name, type, release)                                                        \
    static inline void mr_auto_##name(type *x)                                                     \
    {                                                                                              \
        (void)release(*x);                                                                         \
    }                                                                                              \
    struct mr_auto_##name##_semicolon

/* unused: releasing is use enough, which clang does not count. */
#define MR_AUTO(name) __attribute__((cleanup(mr_auto_##name), unused))
#define MR_MOVE(x)                                                                                 \
    __extension__({                                                                                \
        __typeof__(x) mr_moved_ = (x);                                                             \
        (x) = NULL;                                                                                \
        mr_moved_;                                                                                 \
    })

static inline void mr_auto_free(void *x)
{
    free(*(void **)x);
}
/* MR_AUTO(free) char *text = NULL; */

/* A list of *cap items, n of them in use, with room for one more: twice as long, or `first` long,
 * when it was full. NULL: no memory, and the list stays as it is. */
static inline void *mr_room(void *list, size_t n, size_t *cap, size_t first, size_t item_size)
{
    if (n < *cap)
        return list;
    size_t more = *cap > 0 ? *cap * 2 : first;
    void *grown = more <= SIZE_MAX / item_size ? realloc(list, more * item_size) : NULL;
    if (grown)
        *cap = more;
    return grown;
}
