/* SPDX-License-Identifier: Apache-2.0 */
/* First Viscount: what an order.refunded says, kept once for each refund. For those of its
 * consumers that have all of it. */
#pragma once

#include "millrace/consumer.h"
#include "order_management.gen.h"

#define VISCOUNT_REFUND                                                                            \
    "CREATE TABLE refund ("                                                                        \
    " refund_id TEXT NOT NULL PRIMARY KEY, order_id TEXT NOT NULL, amount TEXT NOT NULL,"          \
    " reason TEXT NOT NULL, method TEXT NOT NULL, processed_at INTEGER NOT NULL,"                  \
    " said_at INTEGER NOT NULL, said_by TEXT NOT NULL) STRICT, WITHOUT ROWID;"

/* Of several events of one refund the youngest is right; of an older one mr_sql_changes is 0. */
static inline int viscount_keep_refund(struct mr_tx *tx,
                                       const struct order_management_order_refunded_v1 *event)
{
    return mr_sql(
        tx,
        "INSERT INTO refund VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (refund_id)"
        " DO UPDATE SET order_id = excluded.order_id, amount = excluded.amount,"
        " reason = excluded.reason, method = excluded.method,"
        " processed_at = excluded.processed_at, said_at = excluded.said_at,"
        " said_by = excluded.said_by"
        " WHERE (excluded.said_at, excluded.said_by) > (refund.said_at, refund.said_by)",
        MR_TEXT(event->data.refund_id), MR_TEXT(event->data.order_id),
        MR_DECIMAL(event->data.refund_amount), MR_TEXT(event->data.refund_reason),
        MR_TEXT(event->data.refund_method), MR_INT(event->data.processed_at),
        MR_INT(event->envelope.timestamp), MR_TEXT(event->envelope.event_id));
}
