/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts, instants and lists as messages to people have them. Texts are in the arena; NULL: no
 * memory. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "millrace/arena.h"
#include "millrace/decimal.h"
#include "millrace/str.h"
#include "millrace/time.h"

/* Exact, with two decimals at least: "59.80", "0.125", "-3.00". */
const char *mr_prose_money(struct mr_arena *arena, struct mr_decimal amount);
/* "a, b". */
const char *mr_prose_list(struct mr_arena *arena, const struct mr_str *items, size_t n_items);
/* "2024-01-15 10:30 UTC", in `text`; µs since the epoch. */
const char *mr_prose_moment(int64_t micros, char text[MR_TIME_MAX]);
/* Valid to the end of the block. */
#define MR_MOMENT(micros) mr_prose_moment(micros, (char[MR_TIME_MAX]){0})
