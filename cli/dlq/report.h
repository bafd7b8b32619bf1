/* SPDX-License-Identifier: Apache-2.0 */
/* What became of dead letters: the answer of `dlq retry` and `dlq dismiss`. */
#pragma once

#include "order.h"

struct dlq_report {
    const struct dlq_pile *pile;
    const char *output; /* a word of doc_forms */
    bool dry_run, dismisses;
};

/* By topic and fate to standard output, and the sum to standard error. Gives the exit status: 1
 * when something failed or was left alone, 3 when a dry run found something to do. */
int dlq_report(const struct dlq_report *report);
