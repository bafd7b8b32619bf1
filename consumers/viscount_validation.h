/* SPDX-License-Identifier: Apache-2.0 */
/* First Viscount: what an order.validated is worth. For those of its consumers that read it. */
#pragma once

#include <stdbool.h>

#include "millrace/str.h"

static inline bool viscount_passed(struct mr_str check)
{
    return mr_str_is(check, "passed") || mr_str_is(check, "not_checked");
}

/* By the words of its checks. The contract publishes it for an order that "passes all validation
 * checks". A check that nobody made holds nothing up; any other word but `passed` contradicts the
 * event. viscount-fulfillment says the same in SQL. */
static inline bool viscount_is_valid(struct mr_str inventory, struct mr_str pricing,
                                     struct mr_str customer)
{
    return viscount_passed(inventory) && viscount_passed(pricing) && viscount_passed(customer);
}
