/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox of a store that several processes write to. Private to lib/store. */
#pragma once

#include "millrace/ledger.h"

struct inbox_shared;
int inbox_shared_new(struct mr_store *store, struct inbox_shared **ret);
struct inbox_shared *inbox_shared_free(struct inbox_shared *inbox);
/* The functions of ledger.h, for this kind. */
int inbox_shared_seen(const struct inbox_shared *inbox, const struct mr_uuid *id);
int inbox_shared_confirm(struct inbox_shared *inbox, const struct mr_uuid *id,
                         struct mr_error *reterr);
int inbox_shared_add(struct inbox_shared *inbox, const struct mr_uuid *id);
/* window: µs; INT64_MAX: nothing is dropped. */
int inbox_shared_write(struct inbox_shared *inbox, int64_t now, int64_t window,
                       struct mr_error *reterr);
void inbox_shared_settle(struct inbox_shared *inbox, bool committed);
size_t inbox_shared_count(const struct inbox_shared *inbox);
