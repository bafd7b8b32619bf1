/* SPDX-License-Identifier: Apache-2.0 */
/* What the saga verbs share: which store. */
#pragma once

#include "store.h"

struct saga_choice {
    struct store_choice store;
    const char *service; /* --service */
};
extern const struct mr_option saga_options[];

/* A store that holds sagas, read-only. Outcomes as store_choose, MR_ABSENT: it holds none. */
int saga_choose(const struct saga_choice *choice, struct mr_store **ret_store,
                struct mr_error *reterr);
