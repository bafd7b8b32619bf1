/* SPDX-License-Identifier: Apache-2.0 */
/* inventory-management's stock of a product: changed under its lock, and every change told. */
#pragma once

#include <stdbool.h>

#include "millrace/consumer.h"

/* Options of the consumer; first in its state. */
struct inventory {
    const char *location;  /* the contract's orders name no warehouse */
    int64_t opening_stock; /* of a product that was never seen */
    int64_t hold_ms;       /* how long a reservation lasts */
    int64_t low_stock;     /* below it somebody is told */
};

/* One product's stock at a location. */
struct shelf {
    struct mr_str product_id, location_id;
    int64_t on_hand, reserved, at;
};

/* A line of an order. */
struct line {
    struct mr_str order_id, product_id, location_id;
    struct mr_str flow; /* its order's; empty: that of the event under way */
    int64_t number, quantity, until;
    bool held; /* stock is set aside for it */
};

/* All outcomes as mr_sql. */

/* The first word of a product opens its stock, be it its own event or an order that came first. The
 * row is locked then: orders of other partitions, in other processes, want the same product. */
int inventory_open(struct mr_tx *tx, struct mr_str product_id, struct mr_str location_id,
                   struct shelf *ret_shelf);
/* What no order holds. */
int64_t inventory_available(const struct shelf *s);
/* Tells of it when the new level is low. The shelf's time never goes back, whatever order events
 * come in: of two levels the later one has the later time. */
int inventory_change(struct mr_tx *tx, struct shelf *s, int64_t on_hand, int64_t reserved);
/* Sets n units more aside, or -n fewer. Whether any is available is told by inventory.updated: the
 * catalogue hears neither of reservations nor of releases. */
int inventory_set_aside(struct mr_tx *tx, struct shelf *s, int64_t n, struct mr_str type,
                        struct mr_str source);
/* More left for the line than was known to be there: the level was wrong, and is put right. */
int inventory_correct(struct mr_tx *tx, const struct line *l, struct shelf *s);

/* inventory.updated with the shelf's levels. */
int inventory_tell_level(struct mr_tx *tx, const struct shelf *s, struct mr_str type,
                         struct mr_str source);
/* Derived from the order and its line: all say the same of one reservation. Empty without memory.
 */
struct mr_str inventory_reservation_id(struct mr_tx *tx, const struct line *l);
int inventory_tell_reserved(struct mr_tx *tx, const struct line *l);
/* In the flow of its order, whichever event found out. */
int inventory_tell_released(struct mr_tx *tx, const struct line *l, int64_t at,
                            struct mr_str reason);
int inventory_set_state(struct mr_tx *tx, const struct line *l, struct mr_value state);
/* What lapsed by the event's own time goes back: a replay decides the same. */
int inventory_expire(struct mr_tx *tx, struct shelf *s);
