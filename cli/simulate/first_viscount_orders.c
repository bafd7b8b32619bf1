/* SPDX-License-Identifier: Apache-2.0 */
/* First Viscount's orders: created, reserved and validated; then completed, or cancelled, released
 * and refunded. */
#include <stdio.h>

#include "first_viscount.h"

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
    struct order o = {.id = sim_serial(s, "order_", 100000000, 999999999),
                      .customer = sim_numbered(s, "cust_", 1, 5000),
                      .n_lines = (int)sim_between(s, 1, 4)};

    (void)snprintf(o.flow.text, sizeof(o.flow.text), "order_%.36s", id.text);
    for (int i = 0; i < o.n_lines; i++) {
        o.lines[i] = (struct line){.product = viscount_product(s),
                                   .reservation = sim_serial(s, "res_", 100000000, 999999999),
                                   .quantity = sim_between(s, 1, 3),
                                   .cents = sim_between(s, 500, 9999)};
        o.cents += o.lines[i].quantity * o.lines[i].cents;
    }
    viscount_begin(s, VISCOUNT_ORDER, "order.created", o.flow.text);
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
    viscount_end(s);
    return o;
}

/* Takes the goods of every line off the shelf, or puts them back. */
static void move_stock(struct sim *s, const struct order *o, bool back)
{
    for (int i = 0; i < o->n_lines; i++) {
        sim_wait(s, 1, 3);
        viscount_begin(s, VISCOUNT_INVENTORY, back ? "InventoryReleased" : "InventoryReserved",
                       o->flow.text);
        sim_text(s, "reservation_id", o->lines[i].reservation.text);
        sim_text(s, "product_id", o->lines[i].product.text);
        sim_long(s, "quantity", o->lines[i].quantity);
        sim_text(s, "location_id", "warehouse_main");
        if (back) {
            sim_text(s, "reason", "order_cancelled");
        } else {
            sim_text(s, "order_id", o->id.text);
            sim_time(s, "expires_at", 900);
        }
        viscount_end(s);
    }
}

static void validate(struct sim *s, const struct order *o)
{
    sim_wait(s, 2, 20);
    viscount_begin(s, VISCOUNT_ORDER, "order.validated", o->flow.text);
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
    viscount_end(s);
}

static void cancel(struct sim *s, const struct order *o)
{
    struct sim_id refund = sim_serial(s, "ref_", 100000000, 999999999);

    sim_wait(s, 30, 300);
    viscount_begin(s, VISCOUNT_ORDER, "order.cancelled", o->flow.text);
    sim_text(s, "order_id", o->id.text);
    sim_text(s, "cancellation_reason", "customer_request");
    sim_text(s, "cancelled_by", "customer");
    sim_time(s, "cancelled_at", 0);
    sim_bool(s, "refund_required", true);
    sim_number_text(s, "refund_amount", o->cents, 2);
    viscount_end(s);
    move_stock(s, o, true);
    sim_wait(s, 30, 300);
    viscount_begin(s, VISCOUNT_ORDER, "order.refunded", o->flow.text);
    sim_text(s, "order_id", o->id.text);
    sim_text(s, "refund_id", refund.text);
    sim_number_text(s, "refund_amount", o->cents, 2);
    sim_text(s, "refund_reason", "order_cancelled");
    sim_text(s, "refund_method", "original_payment_method");
    sim_time(s, "processed_at", 0);
    viscount_end(s);
}

static void complete(struct sim *s, const struct order *o)
{
    struct sim_id payment = sim_serial(s, "pay_", 100000000, 999999999),
                  fulfilment = sim_serial(s, "ful_", 100000000, 999999999);

    sim_wait(s, 60, 700);
    viscount_begin(s, VISCOUNT_ORDER, "order.completed", o->flow.text);
    sim_text(s, "order_id", o->id.text);
    sim_time(s, "completion_time", 0);
    sim_text(s, "payment_id", payment.text);
    sim_text(s, "fulfillment_id", fulfilment.text);
    sim_number_text(s, "final_amount", o->cents, 2);
    viscount_end(s);
}

void viscount_order(struct sim *s, bool cancelled)
{
    struct order o = place_order(s);

    move_stock(s, &o, false);
    validate(s, &o);
    if (cancelled)
        cancel(s, &o);
    else
        complete(s, &o);
}
