/* SPDX-License-Identifier: Apache-2.0 */
/* The GNU extensions this project uses, each behind a name; nothing else may use them bare. */
#pragma once

#define MR_API __attribute__((visibility("default")))
#define MR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MR_LIKELY(x) __builtin_expect(!!(x), 1)
#define MR_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define MR_NOINLINE __attribute__((noinline))
#define MR_COLD __attribute__((cold, noinline))
#define MR_UNUSED __attribute__((unused))

#define MR_N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

/* Wide enough for every decimal of precision 38. */
__extension__ typedef __int128 mr_int128;
__extension__ typedef unsigned __int128 mr_uint128;
