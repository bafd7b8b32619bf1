/* SPDX-License-Identifier: Apache-2.0 */
/* Renewals within the last minutes, counted. */
#include "renewals.h"

static const int64_t WITHIN = INT64_C(60000000) * RENEWALS_MINUTES;

/* What the clock says is yet to come was before somebody set it back: it does not count. */
int64_t renewals_next(const struct renewals *renewals, int64_t now)
{
    uint64_t n_known = renewals->n < RENEWALS ? renewals->n : RENEWALS;
    int64_t last = 0;
    int n = 0;

    for (uint64_t i = 0; i < n_known; i++) {
        int64_t at = renewals->at[i];
        if (at > now || now - at > WITHIN)
            continue;
        n++;
        last = at > last ? at : last;
    }
    if (n == RENEWALS)
        return INT64_MAX;
    int64_t next = n == 0 ? now : last + ((INT64_C(1000) * RENEWALS_WAIT_MS) << (n - 1));
    return next > now ? next : now;
}

void renewals_add(struct renewals *renewals, int64_t now)
{
    renewals->at[renewals->n++ % RENEWALS] = now;
}
