/* SPDX-License-Identifier: Apache-2.0 */
/* product-management: changes and amounts that look odd are warned about. */
#include <inttypes.h>

#include "millrace/producer.h"
#include "product_management.gen.h"

static const mr_int128 ONE = 1000000000; /* a cent, at the schema's nine decimals */

static int broken_cents(const struct product_management_product_created_v1 *event,
                        struct mr_check_context *context)
{
    return event->data.price.unscaled % ONE == 0
               ? 0
               : mr_check_broken(context, "/price", "has a fraction of a cent");
}

static int no_changes(const struct product_management_product_updated_v1 *event,
                      struct mr_check_context *context)
{
    const struct product_management_product_updated_v1_changes *changes = &event->data.changes;

    if (changes->has_name || changes->has_description || changes->has_price ||
        changes->has_quantity || changes->has_category)
        return 0;
    return mr_check_broken(context, "/changes", "tells no change");
}

static bool is_category(struct mr_str word)
{
    static const char *const words[] = {"electronics", "clothing", "books",
                                        "home",        "sports",   "other"};

    for (size_t i = 0; i < MR_N_ELEMENTS(words); i++)
        if (mr_str_is(word, words[i]))
            return true;
    return false;
}

/* Characters, not bytes: the limits of ProductCreated. */
static size_t n_characters(struct mr_str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return n;
}

static int odd_changes(const struct product_management_product_updated_v1 *event,
                       struct mr_check_context *context)
{
    const struct product_management_product_updated_v1_changes *changes = &event->data.changes;
    size_t name = n_characters(changes->name);

    if (changes->has_price && changes->price.unscaled < 0)
        return mr_check_broken(context, "/changes/price", "is under 0");
    if (changes->has_quantity && changes->quantity < 0)
        return mr_check_broken(context, "/changes/quantity", "is under 0");
    if (changes->has_name && (name == 0 || name > 255))
        return mr_check_broken(context, "/changes/name", "is empty or longer than 255 characters");
    if (changes->has_description && n_characters(changes->description) > 1000)
        return mr_check_broken(context, "/changes/description", "is longer than 1000 characters");
    if (changes->has_category && !is_category(changes->category))
        return mr_check_broken(context, "/changes/category", "is no category of ProductCreated");
    return 0;
}

static int above_threshold(const struct product_management_product_low_stock_warning_v1 *event,
                           struct mr_check_context *context)
{
    if (event->data.currentQuantity <= event->data.threshold)
        return 0;
    return mr_check_broken(context, "/currentQuantity",
                           "is above threshold, %" PRId64 " (was %" PRId64 ")",
                           event->data.threshold, event->data.currentQuantity);
}

#define CHECKS(ROW)                                                                                \
    ROW(product_management_product_created_v1, WARN, "broken-cents", broken_cents)                 \
    ROW(product_management_product_updated_v1, WARN, "no-changes", no_changes)                     \
    ROW(product_management_product_updated_v1, WARN, "odd-changes", odd_changes)                   \
    ROW(product_management_product_low_stock_warning_v1, WARN, "above-threshold", above_threshold)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_product_management = {
    .service = "product-management",
    .summary = "Publishes what happens to products and their stock",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
};
