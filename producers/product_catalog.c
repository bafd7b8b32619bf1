/* SPDX-License-Identifier: Apache-2.0 */
/* product-catalog: changes that change nothing are warned about. */
#include "millrace/producer.h"
#include "product_catalog.gen.h"

static int no_changes(const struct product_catalog_product_updated_v1 *event,
                      struct mr_check_context *context)
{
    return event->data.n_changes > 0 ? 0 : mr_check_broken(context, "/changes", "is empty");
}

static int same_price(const struct product_catalog_product_price_changed_v1 *event,
                      struct mr_check_context *context)
{
    /* one scale in the schema: equal prices have equal digits */
    if (event->data.new_price.unscaled != event->data.old_price.unscaled)
        return 0;
    return mr_check_broken(context, "/new_price", "equals old_price");
}

#define CHECKS(ROW)                                                                                \
    ROW(product_catalog_product_updated_v1, WARN, "no-changes", no_changes)                        \
    ROW(product_catalog_product_price_changed_v1, WARN, "same-price", same_price)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_product_catalog = {
    .service = "product-catalog",
    .summary = "Publishes what happens to products and their prices",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
};
