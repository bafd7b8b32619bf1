/* SPDX-License-Identifier: Apache-2.0 */
/* --where FIELD=VALUE: which decoded records are wanted. */
#pragma once

#include <stdbool.h>

#include "millrace/error.h"
#include "millrace/option.h"
#include "millrace/str.h"

struct filter_term {
    char *path;   /* "data.items.sku" */
    char *value;  /* within the same memory */
    bool negated; /* FIELD!=VALUE */
    bool found;   /* some record had such a field */
};

struct filter {
    struct filter_term *terms; /* all must hold */
    size_t n_terms;
    bool asked; /* of at least one record */
    struct mr_buf scratch;
};

/* Outcomes: 0, MR_INVALID, -ENOMEM. filter_done() in any case. */
int filter_init(struct filter *filter, const struct mr_option_list *where, struct mr_error *reterr);
void filter_done(struct filter *filter);

/* json: a valid JSON value. A path that the value does not have is looked for below "data", too. An
 * absent value equals nothing; numbers are compared as numbers (24.90 = 24.9), all else as text. */
bool filter_matches(struct filter *filter, struct mr_str json);
/* At the end, to stderr: a misspelt field would else look like a topic without such records. */
void filter_tell_unknown(const struct filter *filter);
