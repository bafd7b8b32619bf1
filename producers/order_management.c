/* SPDX-License-Identifier: Apache-2.0 */
/* order-management: sums and flags that contradict each other are warned about. */
#include <stdio.h>

#include "millrace/producer.h"
#include "order_management.gen.h"

/* Money is compared exactly: one scale in the schema, 38 digits in 128 bits. */
static int differs(struct mr_check_context *context, const char *pointer, struct mr_decimal told,
                   const char *what, mr_int128 unscaled)
{
    char a[MR_DECIMAL_MAX], b[MR_DECIMAL_MAX];
    size_t a_len = mr_decimal_text(told, a);
    size_t b_len = mr_decimal_text((struct mr_decimal){unscaled, told.scale}, b);

    return mr_check_broken(context, pointer, "is not %s, %.*s (was %.*s)", what, (int)b_len, b,
                           (int)a_len, a);
}

static int item_total(const struct order_management_order_created_v1 *event,
                      struct mr_check_context *context)
{
    for (size_t i = 0; i < event->data.n_items; i++) {
        const struct order_management_order_created_v1_item *item = &event->data.items[i];
        mr_int128 total;
        char pointer[64];
        bool fits =
            !__builtin_mul_overflow(item->unit_price.unscaled, (mr_int128)item->quantity, &total);
        if (fits && total == item->total_price.unscaled)
            continue;
        (void)snprintf(pointer, sizeof(pointer), "/items/%zu/total_price", i);
        if (!fits)
            return mr_check_broken(context, pointer,
                                   "is not quantity x unit_price, which has more than 38 digits");
        return differs(context, pointer, item->total_price, "quantity x unit_price", total);
    }
    return 0;
}

static int order_total(const struct order_management_order_created_v1 *event,
                       struct mr_check_context *context)
{
    mr_int128 sum = 0;

    for (size_t i = 0; i < event->data.n_items; i++)
        if (__builtin_add_overflow(sum, event->data.items[i].total_price.unscaled, &sum))
            return mr_check_broken(context, "/items", "add up to more than 38 digits");
    if (sum == event->data.total_amount.unscaled)
        return 0;
    return differs(context, "/total_amount", event->data.total_amount, "the sum of the items", sum);
}

static int no_items(const struct order_management_order_created_v1 *event,
                    struct mr_check_context *context)
{
    return event->data.n_items > 0 ? 0 : mr_check_broken(context, "/items", "is empty");
}

static int currency(const struct order_management_order_created_v1 *event,
                    struct mr_check_context *context)
{
    return mr_check_currency(context, "/currency", event->data.currency);
}

static int failed_check(const struct order_management_order_validated_v1 *event,
                        struct mr_check_context *context)
{
    const struct order_management_order_validated_v1_results *results =
        &event->data.validation_results;
    const struct {
        const char *pointer;
        struct mr_str value;
    } checks[] = {{"/validation_results/inventory_check", results->inventory_check},
                  {"/validation_results/pricing_check", results->pricing_check},
                  {"/validation_results/customer_check", results->customer_check}};

    for (size_t i = 0; i < MR_N_ELEMENTS(checks); i++)
        if (!mr_str_is(checks[i].value, "passed"))
            return mr_check_broken(context, checks[i].pointer,
                                   "is not \"passed\", yet the order is validated (was \"%.*s\")",
                                   (int)(checks[i].value.len < 64 ? checks[i].value.len : 64),
                                   checks[i].value.data);
    return 0;
}

static int refund_flag(const struct order_management_order_cancelled_v1 *event,
                       struct mr_check_context *context)
{
    bool amount = event->data.refund_amount.unscaled > 0;

    if (event->data.refund_required == amount)
        return 0;
    return mr_check_broken(context, "/refund_amount", "%s, yet refund_required is %s",
                           amount ? "is above 0" : "is 0", amount ? "false" : "true");
}

static int empty_refund(const struct order_management_order_refunded_v1 *event,
                        struct mr_check_context *context)
{
    if (event->data.refund_amount.unscaled != 0)
        return 0;
    return mr_check_broken(context, "/refund_amount", "is 0: nothing goes back");
}

#define CHECKS(ROW)                                                                                \
    ROW(order_management_order_created_v1, WARN, "item-total", item_total)                         \
    ROW(order_management_order_created_v1, WARN, "order-total", order_total)                       \
    ROW(order_management_order_created_v1, WARN, "no-items", no_items)                             \
    ROW(order_management_order_created_v1, WARN, "currency-code", currency)                        \
    ROW(order_management_order_validated_v1, WARN, "failed-check", failed_check)                   \
    ROW(order_management_order_cancelled_v1, WARN, "refund-flag", refund_flag)                     \
    ROW(order_management_order_refunded_v1, WARN, "empty-refund", empty_refund)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_order_management = {
    .service = "order-management",
    .summary = "Publishes the life of orders",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
};
