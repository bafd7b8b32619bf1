/* SPDX-License-Identifier: Apache-2.0 */
/* First Viscount: products are listed and priced, stock moves, orders are reserved, validated and
 * completed, cancelled or refunded. snake_case envelopes; the five inventory events spell theirs
 * differently, as the contract does. */
#include <stdio.h>
#include <string.h>

#include "first_viscount.h"

void viscount_begin(struct sim *s, const char *service, const char *type, const char *flow)
{
    struct sim_id id = sim_uuid(s);
    bool inventory = strcmp(service, VISCOUNT_INVENTORY) == 0;
    char source[64];

    (void)snprintf(source, sizeof(source), "%s-service", service);
    sim_begin(s, service);
    sim_text(s, "event_id", id.text);
    sim_text(s, "correlation_id", flow);
    sim_time(s, "timestamp", 0);
    sim_text(s, "source_service", source);
    sim_text(s, inventory ? "version" : "event_version", "1.0");
    sim_text(s, "event_type", type);
    sim_object(s, "data");
}

void viscount_end(struct sim *s)
{
    sim_close(s, '}');
    sim_end(s);
}

struct sim_id viscount_product(struct sim *s)
{
    return sim_numbered(s, "prod_", 1, 200);
}

static void details(struct sim *s, const struct sim_id *product, bool organic)
{
    static const char *const origins[] = {"Guatemala", "Perú", "Äthiopien", "Kenya"};

    sim_text(s, "product_id", product->text);
    sim_text(s, "name", "Coffee \"Mühle\"");
    sim_text(s, "description", organic ? "Beans, now organic" : "Beans");
    sim_text(s, "category_id", "cat_beverages");
    sim_number_text(s, "price", sim_between(s, 500, 9999), 2);
    sim_text(s, "sku", product->text + 5);
    sim_bool(s, "is_active", true);
    sim_object(s, "attributes");
    sim_text(s, "weight", "1kg");
    sim_text(s, "origin", SIM_ONE_OF(s, origins));
    if (organic)
        sim_bool(s, "organic", true);
    sim_close(s, '}');
}

static void change(struct sim *s, const char *field, const char *old, const char *new)
{
    sim_object(s, NULL);
    sim_text(s, "field", field);
    if (old)
        sim_text(s, "old_value", old);
    else
        sim_null(s, "old_value");
    sim_text(s, "new_value", new);
    sim_close(s, '}');
}

static void stock(struct sim *s, const char *flow, const struct sim_id *product, int64_t quantity)
{
    int64_t reserved = sim_between(s, 0, quantity < 5 ? quantity : 5);

    viscount_begin(s, VISCOUNT_INVENTORY, "InventoryUpdated", flow);
    sim_text(s, "product_id", product->text);
    sim_text(s, "location_id", "warehouse_main");
    sim_long(s, "quantity", quantity);
    sim_long(s, "reserved_quantity", reserved);
    sim_long(s, "available_quantity", quantity - reserved);
    sim_text(s, "update_type", "restock");
    sim_text(s, "source_event", "purchase_order_received");
    viscount_end(s);
}

static void product_life(struct sim *s)
{
    struct sim_id product = viscount_product(s), flow = sim_uuid(s);

    viscount_begin(s, VISCOUNT_CATALOG, "product.created", flow.text);
    details(s, &product, false);
    viscount_end(s);
    sim_wait(s, 5, 60);
    stock(s, flow.text, &product, sim_between(s, 50, 500));
    sim_wait(s, 60, 600);
    viscount_begin(s, VISCOUNT_CATALOG, "product.updated", flow.text);
    details(s, &product, true);
    sim_array(s, "changes");
    change(s, "description", "Beans", "Beans, now organic");
    change(s, "attributes.organic", NULL, "true");
    sim_close(s, ']');
    viscount_end(s);
    sim_wait(s, 60, 600);
    int64_t old = sim_between(s, 1000, 9999);
    viscount_begin(s, VISCOUNT_CATALOG, "product.price_changed", flow.text);
    sim_text(s, "product_id", product.text);
    sim_number_text(s, "old_price", old, 2);
    sim_number_text(s, "new_price", old * 9 / 10, 2);
    sim_time(s, "effective_date", 86400);
    viscount_end(s);
}

static void product_end(struct sim *s)
{
    struct sim_id product = viscount_product(s), flow = sim_uuid(s);

    viscount_begin(s, VISCOUNT_CATALOG, "product.out_of_stock", flow.text);
    sim_text(s, "product_id", product.text);
    sim_long(s, "last_stock_level", 0);
    sim_text(s, "location_id", "warehouse_main");
    viscount_end(s);
    if (!sim_percent(s, 20) && s->sequence > 20) /* the first one always goes to the end */
        return;
    sim_wait(s, 60, 600);
    viscount_begin(s, VISCOUNT_CATALOG, "product.deleted", flow.text);
    sim_text(s, "product_id", product.text);
    sim_text(s, "name", "Coffee \"Mühle\"");
    sim_text(s, "reason", "discontinued");
    viscount_end(s);
}

static void stock_keeping(struct sim *s)
{
    struct sim_id product = viscount_product(s), id = sim_uuid(s),
                  reference = sim_numbered(s, "ADJ-", 1000, 9999);
    char flow[80];
    int64_t had = sim_between(s, 10, 100), lost = sim_between(s, 1, 8);

    (void)snprintf(flow, sizeof(flow), "adjustment_%.36s", id.text);
    viscount_begin(s, VISCOUNT_INVENTORY, "InventoryAdjusted", flow);
    sim_text(s, "product_id", product.text);
    sim_text(s, "location_id", "warehouse_main");
    sim_long(s, "old_quantity", had);
    sim_long(s, "new_quantity", had - lost);
    sim_text(s, "adjustment_type", "damage");
    sim_text(s, "reason", "Damaged in the store");
    sim_text(s, "reference_number", reference.text);
    viscount_end(s);
    sim_wait(s, 1, 10);
    viscount_begin(s, VISCOUNT_INVENTORY, "LowStockAlert", flow);
    sim_text(s, "product_id", product.text);
    sim_text(s, "location_id", "warehouse_main");
    sim_long(s, "current_quantity", sim_between(s, 0, 9));
    sim_long(s, "threshold", 10);
    sim_text(s, "alert_level", "warning");
    viscount_end(s);
}

static void flow(struct sim *s, uint64_t round)
{
    int64_t kind = round < 5 ? (int64_t)round : sim_between(s, 0, 19);

    switch (kind) {
    case 0:
    case 5:
    case 6:
        product_life(s);
        break;
    case 1:
        product_end(s);
        break;
    case 2:
    case 7:
        stock_keeping(s);
        break;
    case 3:
    case 8:
    case 9:
        viscount_order(s, true);
        break;
    default:
        viscount_order(s, false);
    }
}

const struct sim_platform sim_first_viscount = {
    .name = "first-viscount", .flow = flow, .pause = 20000000};
