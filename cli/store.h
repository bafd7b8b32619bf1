/* SPDX-License-Identifier: Apache-2.0 */
/* What the store verbs share: which store, and rows as text or JSON. */
#pragma once

#include "millrace/option.h"
#include "millrace/store.h"

struct store_choice {
    const char *url; /* --store */
};
extern const struct mr_option store_options[];

/* Beside its consumer, which may be running. url, else <service>.db in the working directory;
 * service may be empty. Outcomes as mr_store_open, MR_INVALID when neither is given. */
int store_choose(const struct store_choice *choice, struct mr_str service, bool writes,
                 struct mr_store **ret_store, struct mr_error *reterr);

/* ": did you mean 'order-management'?" of a word that is no consumer, or "". Returns out. */
const char *store_hint(const char *service, char *out, size_t cap);

/* Columns named ..._at hold instants: written as RFC 3339, unless raw. Bytes are written in hex. */
int store_value_text(const char *column, struct mr_value value, bool raw, struct mr_buf *out);
int store_value_json(const char *column, struct mr_value value, bool raw, struct mr_buf *out);
