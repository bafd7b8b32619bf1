/* SPDX-License-Identifier: Apache-2.0 */
/* First Viscount: products are listed and priced, stock moves, orders are reserved, validated and
 * completed, cancelled or refunded. snake_case envelopes; the five inventory events spell theirs
 * differently, as the contract does. */
#include <stdio.h>
#include <string.h>

#include "sim.h"

#define CATALOG "product-catalog"
#define INVENTORY "inventory-management"
#define ORDER "order-management"

struct line {
    struct sim_id product, reservation;
    int64_t quantity, cents;
};

struct order {
    struct sim_id id, flow, customer;
    struct line lines[4];
    int n_lines;
    int64_t cents;
};

/* `type` as the platform's own: dotted, or PascalCase for inventory events. */
static void begin(struct sim *s, const char *service, const char *type, const char *flow)
{
    struct sim_id id = sim_uuid(s);
    bool inventory = strcmp(service, INVENTORY) == 0;
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

static void end(struct sim *s)
{
    sim_close(s, '}');
    sim_end(s);
}

static struct sim_id product_id(struct sim *s)
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

    begin(s, INVENTORY, "InventoryUpdated", flow);
    sim_text(s, "product_id", product->text);
    sim_text(s, "location_id", "warehouse_main");
    sim_long(s, "quantity", quantity);
    sim_long(s, "reserved_quantity", reserved);
    sim_long(s, "available_quantity", quantity - reserved);
    sim_text(s, "update_type", "restock");
    sim_text(s, "source_event", "purchase_order_received");
    end(s);
}

static void product_life(struct sim *s)
{
    struct sim_id product = product_id(s), flow = sim_uuid(s);

    begin(s, CATALOG, "product.created", flow.text);
    details(s, &product, false);
    end(s);
    sim_wait(s, 5, 60);
    stock(s, flow.text, &product, sim_between(s, 50, 500));
    sim_wait(s, 60, 600);
    begin(s, CATALOG, "product.updated", flow.text);
    details(s, &product, true);
    sim_array(s, "changes");
    change(s, "description", "Beans", "Beans, now organic");
    change(s, "attributes.organic", NULL, "true");
    sim_close(s, ']');
    end(s);
    sim_wait(s, 60, 600);
    int64_t old = sim_between(s, 1000, 9999);
    begin(s, CATALOG, "product.price_changed", flow.text);
    sim_text(s, "product_id", product.text);
    sim_number_text(s, "old_price", old, 2);
    sim_number_text(s, "new_price", old * 9 / 10, 2);
    sim_time(s, "effective_date", 86400);
    end(s);
}

static void product_end(struct sim *s)
{
    struct sim_id product = product_id(s), flow = sim_uuid(s);

    begin(s, CATALOG, "product.out_of_stock", flow.text);
    sim_text(s, "product_id", product.text);
    sim_long(s, "last_stock_level", 0);
    sim_text(s, "location_id", "warehouse_main");
    end(s);
    if (!sim_percent(s, 20) && s->sequence > 20) /* the first one always goes to the end */
        return;
    sim_wait(s, 60, 600);
    begin(s, CATALOG, "product.deleted", flow.text);
    sim_text(s, "product_id", product.text);
    sim_text(s, "name", "Coffee \"Mühle\"");
    sim_text(s, "reason", "discontinued");
    end(s);
}

static void stock_keeping(struct sim *s)
{
    struct sim_id product = product_id(s), id = sim_uuid(s),
                  reference = sim_numbered(s, "ADJ-", 1000, 9999);
    char flow[80];
    int64_t had = sim_between(s, 10, 100), lost = sim_between(s, 1, 8);

    (void)snprintf(flow, sizeof(flow), "adjustment_%.36s", id.text);
    begin(s, INVENTORY, "InventoryAdjusted", flow);
    sim_text(s, "product_id", product.text);
    sim_text(s, "location_id", "warehouse_main");
    sim_long(s, "old_quantity", had);
    sim_long(s, "new_quantity", had - lost);
    sim_text(s, "adjustment_type", "damage");
    sim_text(s, "reason", "Damaged in the store");
    sim_text(s, "reference_number", reference.text);
    end(s);
    sim_wait(s, 1, 10);
    begin(s, INVENTORY, "LowStockAlert", flow);
    sim_text(s, "product_id", product.text);
    sim_text(s, "location_id", "warehouse_main");
    sim_long(s, "current_quantity", sim_between(s, 0, 9));
    sim_long(s, "threshold", 10);
    sim_text(s, "alert_level", "warning");
    end(s);
}

static void address(struct sim *s, const char *name)
{
    sim_object(s, name);
    sim_text(s, "street", "Am Mühlbach 7");
    sim_text(s, "city", "Anytown");
    sim_text(s, "state", "CA");
    sim_text(s, "zip", "12345");
    sim_text(s, "country", "US");
    sim_close(s, '}');
}

static struct order place_order(struct sim *s)
{
    struct sim_id id = sim_uuid(s);
    struct order o = {.id = sim_numbered(s, "order_", 100000000, 999999999),
                      .customer = sim_numbered(s, "cust_", 1, 5000),
                      .n_lines = (int)sim_between(s, 1, 4)};

    (void)snprintf(o.flow.text, sizeof(o.flow.text), "order_%.36s", id.text);
    for (int i = 0; i < o.n_lines; i++) {
        o.lines[i] = (struct line){.product = product_id(s),
                                   .reservation = sim_numbered(s, "res_", 100000000, 999999999),
                                   .quantity = sim_between(s, 1, 3),
                                   .cents = sim_between(s, 500, 9999)};
        o.cents += o.lines[i].quantity * o.lines[i].cents;
    }
    begin(s, ORDER, "order.created", o.flow.text);
    sim_text(s, "order_id", o.id.text);
    sim_text(s, "customer_id", o.customer.text);
    sim_number_text(s, "total_amount", o.cents, 2);
    sim_text(s, "currency", "USD");
    sim_text(s, "status", "pending");
    sim_array(s, "items");
    for (int i = 0; i < o.n_lines; i++) {
        sim_object(s, NULL);
        sim_text(s, "product_id", o.lines[i].product.text);
        sim_long(s, "quantity", o.lines[i].quantity);
        sim_number_text(s, "unit_price", o.lines[i].cents, 2);
        sim_number_text(s, "total_price", o.lines[i].cents * o.lines[i].quantity, 2);
        sim_close(s, '}');
    }
    sim_close(s, ']');
    address(s, "shipping_address");
    address(s, "billing_address");
    end(s);
    return o;
}

static void reserve(struct sim *s, const struct order *o)
{
    for (int i = 0; i < o->n_lines; i++) {
        sim_wait(s, 1, 3);
        begin(s, INVENTORY, "InventoryReserved", o->flow.text);
        sim_text(s, "reservation_id", o->lines[i].reservation.text);
        sim_text(s, "product_id", o->lines[i].product.text);
        sim_long(s, "quantity", o->lines[i].quantity);
        sim_text(s, "location_id", "warehouse_main");
        sim_text(s, "order_id", o->id.text);
        sim_time(s, "expires_at", 900);
        end(s);
    }
}

static void release(struct sim *s, const struct order *o)
{
    for (int i = 0; i < o->n_lines; i++) {
        sim_wait(s, 1, 3);
        begin(s, INVENTORY, "InventoryReleased", o->flow.text);
        sim_text(s, "reservation_id", o->lines[i].reservation.text);
        sim_text(s, "product_id", o->lines[i].product.text);
        sim_long(s, "quantity", o->lines[i].quantity);
        sim_text(s, "location_id", "warehouse_main");
        sim_text(s, "reason", "order_cancelled");
        end(s);
    }
}

static void validate(struct sim *s, const struct order *o)
{
    sim_wait(s, 2, 20);
    begin(s, ORDER, "order.validated", o->flow.text);
    sim_text(s, "order_id", o->id.text);
    sim_object(s, "validation_results");
    sim_text(s, "inventory_check", "passed");
    sim_text(s, "pricing_check", "passed");
    sim_text(s, "customer_check", "passed");
    sim_close(s, '}');
    sim_array(s, "reservations");
    for (int i = 0; i < o->n_lines; i++) {
        sim_object(s, NULL);
        sim_text(s, "product_id", o->lines[i].product.text);
        sim_text(s, "reservation_id", o->lines[i].reservation.text);
        sim_long(s, "quantity", o->lines[i].quantity);
        sim_close(s, '}');
    }
    sim_close(s, ']');
    end(s);
}

static void cancel(struct sim *s, const struct order *o)
{
    struct sim_id refund = sim_numbered(s, "ref_", 100000000, 999999999);

    sim_wait(s, 30, 300);
    begin(s, ORDER, "order.cancelled", o->flow.text);
    sim_text(s, "order_id", o->id.text);
    sim_text(s, "cancellation_reason", "customer_request");
    sim_text(s, "cancelled_by", "customer");
    sim_time(s, "cancelled_at", 0);
    sim_bool(s, "refund_required", true);
    sim_number_text(s, "refund_amount", o->cents, 2);
    end(s);
    release(s, o);
    sim_wait(s, 30, 300);
    begin(s, ORDER, "order.refunded", o->flow.text);
    sim_text(s, "order_id", o->id.text);
    sim_text(s, "refund_id", refund.text);
    sim_number_text(s, "refund_amount", o->cents, 2);
    sim_text(s, "refund_reason", "order_cancelled");
    sim_text(s, "refund_method", "original_payment_method");
    sim_time(s, "processed_at", 0);
    end(s);
}

static void complete(struct sim *s, const struct order *o)
{
    struct sim_id payment = sim_numbered(s, "pay_", 100000000, 999999999),
                  fulfilment = sim_numbered(s, "ful_", 100000000, 999999999);

    sim_wait(s, 60, 700);
    begin(s, ORDER, "order.completed", o->flow.text);
    sim_text(s, "order_id", o->id.text);
    sim_time(s, "completion_time", 0);
    sim_text(s, "payment_id", payment.text);
    sim_text(s, "fulfillment_id", fulfilment.text);
    sim_number_text(s, "final_amount", o->cents, 2);
    end(s);
}

static void order(struct sim *s, bool cancelled)
{
    struct order o = place_order(s);

    reserve(s, &o);
    validate(s, &o);
    if (cancelled)
        cancel(s, &o);
    else
        complete(s, &o);
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
        order(s, true);
        break;
    default:
        order(s, false);
    }
}

const struct sim_platform sim_first_viscount = {
    .name = "first-viscount", .flow = flow, .pause = 20000000};
