/* SPDX-License-Identifier: Apache-2.0 */
/* Lets every allocation of the process fail from the n-th on, those of shared libraries included,
 * and counts what our own code still holds (libyaml 0.2.5 loses a stack when memory runs out within
 * it). Include it in one file of a test program. With a sanitizer, which has an allocator of its
 * own, it is not there: FAILING_MALLOC is 0. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "millrace/compiler.h"

#if defined(__SANITIZE_ADDRESS__)
#define FAILING_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FAILING_MALLOC 0
#endif
#endif
#ifndef FAILING_MALLOC
#define FAILING_MALLOC 1
#endif

#if FAILING_MALLOC
/* MR_API: hidden ones would serve the test's own calls alone. Inlined ones would not see who calls.
 */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *memory);

static long failing_in = -1; /* allocations until all fail; -1: never */
static long failing_held;    /* allocations less releases, by code of the program itself */

extern char __executable_start, etext; /* the linker's */
#ifndef FAILING_OURS /* define it as true to count the libraries' allocations as well */
#define FAILING_OURS                                                                               \
    ((char *)__builtin_return_address(0) >= &__executable_start &&                                 \
     (char *)__builtin_return_address(0) < &etext)
#endif

static bool failing_now(void)
{
    if (failing_in < 0)
        return false;
    if (failing_in > 0) {
        failing_in--;
        return false;
    }
    errno = ENOMEM;
    return true;
}

static void *failing_count(bool ours, void *memory)
{
    failing_held += ours && memory;
    return memory;
}

MR_API MR_NOINLINE void *malloc(size_t size)
{
    return failing_now() ? NULL : failing_count(FAILING_OURS, __libc_malloc(size));
}

MR_API MR_NOINLINE void *calloc(size_t n, size_t size)
{
    return failing_now() ? NULL : failing_count(FAILING_OURS, __libc_calloc(n, size));
}

MR_API MR_NOINLINE void *realloc(void *old, size_t size)
{
    if (failing_now())
        return NULL;
    void *memory = __libc_realloc(old, size);
    failing_held -= FAILING_OURS && old && !memory && size == 0;
    return old ? memory : failing_count(FAILING_OURS, memory);
}

MR_API MR_NOINLINE void free(void *memory)
{
    failing_held -= FAILING_OURS && memory;
    __libc_free(memory);
}
#endif
