/* SPDX-License-Identifier: Apache-2.0 */
/* First Viscount's orders, for consumers that set stock aside for them. */
#pragma once

#include "consumers_bench.h"

/* Of `quantity` prod_1; n_items 2: and one prod_2. */
static inline void order_created(struct bench *b, const char *id, int minutes, int64_t quantity,
                                 size_t n_items)
{
    struct order_management_order_created_v1_item items[2] = {
        {.product_id = MR_STR("prod_1"),
         .quantity = quantity,
         .unit_price = money("1"),
         .total_price = money("1")},
        {.product_id = MR_STR("prod_2"),
         .quantity = 1,
         .unit_price = money("1"),
         .total_price = money("1")},
    };
    SEND(b, order_management_order_created_v1, envelope(b, minutes, id),
         .data = {.order_id = mr_str_from(id),
                  .customer_id = MR_STR("cust"),
                  .total_amount = money("47.98"),
                  .currency = MR_STR("USD"),
                  .status = MR_STR("pending"),
                  .items = items,
                  .n_items = n_items});
}

static inline void order_completed(struct bench *b, const char *id, int minutes)
{
    SEND(b, order_management_order_completed_v1, envelope(b, minutes, id),
         .data = {.order_id = mr_str_from(id),
                  .completion_time = T0 + minutes * MINUTE,
                  .payment_id = MR_STR("pay"),
                  .fulfillment_id = MR_STR("ful"),
                  .final_amount = money("47.98")});
}

static inline void order_cancelled(struct bench *b, const char *id, int minutes)
{
    SEND(b, order_management_order_cancelled_v1, envelope(b, minutes, id),
         .data = {.order_id = mr_str_from(id),
                  .cancellation_reason = MR_STR("why"),
                  .cancelled_by = MR_STR("customer"),
                  .cancelled_at = T0 + minutes * MINUTE,
                  .refund_required = true,
                  .refund_amount = money("47.98")});
}
