/* SPDX-License-Identifier: Apache-2.0 */
/* inventory-management: a reservation ends after it began; quantities that do not add up are warned
 * about. */
#include <inttypes.h>

#include "inventory_management.gen.h"
#include "millrace/producer.h"

static int expired(const struct inventory_management_inventory_reserved_v1 *event,
                   struct mr_check_context *context)
{
    return mr_check_not_before(context, "/expires_at", event->data.expires_at,
                               "the event's own time", event->envelope.timestamp);
}

static int same_quantity(const struct inventory_management_inventory_adjusted_v1 *event,
                         struct mr_check_context *context)
{
    if (event->data.new_quantity != event->data.old_quantity)
        return 0;
    return mr_check_broken(context, "/new_quantity", "equals old_quantity");
}

static int above_threshold(const struct inventory_management_inventory_low_stock_alert_v1 *event,
                           struct mr_check_context *context)
{
    if (event->data.current_quantity <= event->data.threshold)
        return 0;
    return mr_check_broken(context, "/current_quantity",
                           "is above threshold, %" PRId64 " (was %" PRId64 ")",
                           event->data.threshold, event->data.current_quantity);
}

static int available_sum(const struct inventory_management_inventory_updated_v1 *event,
                         struct mr_check_context *context)
{
    int64_t left;

    if (!__builtin_sub_overflow(event->data.quantity, event->data.reserved_quantity, &left) &&
        left == event->data.available_quantity)
        return 0;
    return mr_check_broken(
        context, "/available_quantity",
        "is not quantity - reserved_quantity, %" PRId64 " - %" PRId64 " (was %" PRId64 ")",
        event->data.quantity, event->data.reserved_quantity, event->data.available_quantity);
}

#define CHECKS(ROW)                                                                                \
    ROW(inventory_management_inventory_reserved_v1, REJECT, "expired", expired)                    \
    ROW(inventory_management_inventory_adjusted_v1, WARN, "same-quantity", same_quantity)          \
    ROW(inventory_management_inventory_low_stock_alert_v1, WARN, "above-threshold",                \
        above_threshold)                                                                           \
    ROW(inventory_management_inventory_updated_v1, WARN, "available-sum", available_sum)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_inventory_management = {
    .service = "inventory-management",
    .summary = "Publishes stock levels and reservations",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
};
