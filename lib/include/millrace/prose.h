/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts and instants as messages to people have them. Texts are in the arena; NULL: no memory. */
#pragma once

#include <stdint.h>

#include "millrace/arena.h"
#include "millrace/decimal.h"

/* Exact, with two decimals at least: "59.80", "0.125", "-3.00". */
const char *mr_prose_money(struct mr_arena *arena, struct mr_decimal amount);
/* "2024-01-15 10:30 UTC"; µs since the epoch. */
const char *mr_prose_moment(struct mr_arena *arena, int64_t micros);
