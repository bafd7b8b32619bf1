/* SPDX-License-Identifier: Apache-2.0 */
/* What a row needs to act later as its event did - a message's fate, a saga's timer - and the
 * making of a transaction from it. Private to lib/run. */
#pragma once

#include "consume.h"

enum { CONSUME_NAME = 200 }; /* bytes of a name, at most */

/* The cause of what tx writes, for the columns of MR_CAUSE_COLUMNS (ledger.h); borrowed from tx and
 * its arena. Of a tx that was made from a cause: that cause. Outcomes: 0, -errno. */
int consume_cause_of(struct mr_tx *tx, struct mr_cause *ret_cause);

/* A transaction's worth of one cause: what tx points into. */
struct consume_caused {
    struct mr_tx tx;
    struct consume_record record;
    struct mr_envelope envelope;
    struct mr_topic gone; /* of a topic that this build no longer reads */
};

/* Makes ret->tx ready for one run of what `cause` asked for. mr_sql, mr_emit and mr_notify work in
 * it; ids are derived from the cause and `name`, which says what is done in its name: a repeat
 * derives the same, another name others, and none is one that the event's handler derived. cause
 * and name are borrowed and stay valid as long as *ret, which is not moved. What the run's arena
 * held is kept: they may be in it. Outcomes: 0; MR_INVALID: the row is none of ours. */
int consume_begin_cause(struct consume *run, const struct mr_cause *cause, struct mr_str name,
                        struct consume_caused *ret);
