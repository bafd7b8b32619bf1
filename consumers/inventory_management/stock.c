/* SPDX-License-Identifier: Apache-2.0 */
/* The stock of a product and what is told of it. */
#include "stock.h"

#include <errno.h>
#include <inttypes.h>

#include "inventory_management.gen.h"
#include "millrace/uuid.h"

int64_t inventory_available(const struct shelf *s)
{
    return s->on_hand > s->reserved ? s->on_hand - s->reserved : 0;
}

int inventory_tell_level(struct mr_tx *tx, const struct shelf *s, struct mr_str type,
                         struct mr_str source)
{
    struct inventory_management_inventory_updated_v1 event = {
        .envelope = {.timestamp = s->at},
        .data = {.product_id = s->product_id,
                 .location_id = s->location_id,
                 .quantity = s->on_hand,
                 .reserved_quantity = s->reserved,
                 .available_quantity = inventory_available(s),
                 .update_type = type,
                 .source_event = source}};

    return mr_emit(tx, inventory_management_inventory_updated_v1, &event);
}

int inventory_open(struct mr_tx *tx, struct mr_str product_id, struct mr_str location_id,
                   struct shelf *s)
{
    const struct inventory *self = mr_tx_self(tx);

    *s = (struct shelf){product_id, location_id, self->opening_stock, 0,
                        mr_tx_event(tx)->envelope->timestamp};
    int r = mr_sql(tx,
                   "INSERT INTO stock VALUES (?1, ?2, ?3, 0, ?4) ON CONFLICT (product_id,"
                   " location_id) DO NOTHING",
                   MR_TEXT(product_id), MR_TEXT(location_id), MR_INT(s->on_hand), MR_INT(s->at));
    if (r != 0)
        return r;
    if (mr_sql_changes(tx) > 0)
        return inventory_tell_level(tx, s, MR_STR("initial"), MR_STR("opening_stock"));
    r = mr_sql(tx,
               "UPDATE stock SET changed_at = changed_at WHERE product_id = ?1"
               " AND location_id = ?2",
               MR_TEXT(product_id), MR_TEXT(location_id));
    if (r != 0)
        return r;
    return mr_sql_row(
        tx, MR_INTO(MR_INTO_INT(&s->on_hand), MR_INTO_INT(&s->reserved), MR_INTO_INT(&s->at)),
        "SELECT on_hand, reserved, changed_at FROM stock WHERE product_id = ?1 AND location_id = "
        "?2",
        MR_TEXT(product_id), MR_TEXT(location_id));
}

/* Says once that little is left, and once more that nothing is. */
static int tell_low_stock(struct mr_tx *tx, const struct shelf *s, int64_t before)
{
    const struct inventory *self = mr_tx_self(tx);
    bool none = inventory_available(s) == 0;

    if (inventory_available(s) >= self->low_stock || before == inventory_available(s) ||
        (before < self->low_stock && !none))
        return 0;
    struct inventory_management_inventory_low_stock_alert_v1 event = {
        .envelope = {.timestamp = s->at},
        .data = {.product_id = s->product_id,
                 .location_id = s->location_id,
                 .current_quantity = inventory_available(s),
                 .threshold = self->low_stock,
                 .alert_level = none ? MR_STR("critical") : MR_STR("warning")}};
    return mr_emit(tx, inventory_management_inventory_low_stock_alert_v1, &event);
}

int inventory_change(struct mr_tx *tx, struct shelf *s, int64_t on_hand, int64_t reserved)
{
    int64_t before = inventory_available(s), at = mr_tx_event(tx)->envelope->timestamp;

    s->on_hand = on_hand;
    s->reserved = reserved;
    s->at = at > s->at ? at : s->at + 1;
    int r = mr_sql(tx,
                   "UPDATE stock SET on_hand = ?3, reserved = ?4, changed_at = ?5"
                   " WHERE product_id = ?1 AND location_id = ?2",
                   MR_TEXT(s->product_id), MR_TEXT(s->location_id), MR_INT(on_hand),
                   MR_INT(reserved), MR_INT(s->at));
    return r != 0 || inventory_available(s) >= before ? r : tell_low_stock(tx, s, before);
}

int inventory_set_aside(struct mr_tx *tx, struct shelf *s, int64_t n, struct mr_str type,
                        struct mr_str source)
{
    bool none = inventory_available(s) == 0;

    int r = inventory_change(tx, s, s->on_hand, s->reserved + n);
    return r != 0 || (inventory_available(s) == 0) == none
               ? r
               : inventory_tell_level(tx, s, type, source);
}

int inventory_correct(struct mr_tx *tx, const struct line *l, struct shelf *s)
{
    struct inventory_management_inventory_adjusted_v1 event = {
        .data = {.product_id = l->product_id,
                 .location_id = l->location_id,
                 .old_quantity = s->on_hand > 0 ? s->on_hand : 0,
                 .new_quantity = l->quantity,
                 .adjustment_type = MR_STR("correction"),
                 .reason = MR_STR("an order was shipped of more than was on hand"),
                 .reference_number = l->order_id}};

    int r = inventory_change(tx, s, l->quantity, s->reserved);
    event.envelope.timestamp = s->at;
    return r != 0 ? r : mr_emit(tx, inventory_management_inventory_adjusted_v1, &event);
}

/* ---- reservations ---- */

struct mr_str inventory_reservation_id(struct mr_tx *tx, const struct line *l)
{
    const char *name = mr_arena_printf(mr_tx_arena(tx), "inventory-management/%.*s/%" PRId64,
                                       MR_STR_ARG(l->order_id), l->number);
    char text[MR_UUID_TEXT];
    struct mr_uuid id;

    if (!name)
        return (struct mr_str){0};
    mr_uuid_v5(&mr_uuid_space, name, strlen(name), &id);
    mr_uuid_format(&id, text);
    return mr_str_from(mr_arena_printf(mr_tx_arena(tx), "res_%.*s", MR_UUID_TEXT, text));
}

int inventory_tell_reserved(struct mr_tx *tx, const struct line *l)
{
    struct mr_str id = inventory_reservation_id(tx, l);
    struct inventory_management_inventory_reserved_v1 event = {
        .envelope = {.timestamp = mr_tx_event(tx)->envelope->timestamp},
        .data = {.reservation_id = id,
                 .product_id = l->product_id,
                 .quantity = l->quantity,
                 .location_id = l->location_id,
                 .order_id = l->order_id,
                 .expires_at = l->until}};

    return id.data ? mr_emit(tx, inventory_management_inventory_reserved_v1, &event) : -ENOMEM;
}

int inventory_tell_released(struct mr_tx *tx, const struct line *l, int64_t at,
                            struct mr_str reason)
{
    struct mr_str id = inventory_reservation_id(tx, l);
    struct inventory_management_inventory_released_v1 event = {
        .envelope = {.timestamp = at, .correlation_id = l->flow},
        .data = {.reservation_id = id,
                 .product_id = l->product_id,
                 .quantity = l->quantity,
                 .location_id = l->location_id,
                 .reason = reason}};

    return id.data ? mr_emit(tx, inventory_management_inventory_released_v1, &event) : -ENOMEM;
}

int inventory_set_state(struct mr_tx *tx, const struct line *l, struct mr_value state)
{
    return mr_sql(tx, "UPDATE reservation SET state = ?3 WHERE order_id = ?1 AND line = ?2",
                  MR_TEXT(l->order_id), MR_INT(l->number), state);
}

int inventory_expire(struct mr_tx *tx, struct shelf *s)
{
    struct line l = {.product_id = s->product_id, .location_id = s->location_id};
    int r;

    while ((r = mr_sql_row(
                tx,
                MR_INTO(MR_INTO_TEXT(&l.order_id), MR_INTO_INT(&l.number), MR_INTO_INT(&l.quantity),
                        MR_INTO_INT(&l.until), MR_INTO_TEXT(&l.flow)),
                "SELECT r.order_id, r.line, r.quantity, r.expires_at, o.correlation_id"
                " FROM reservation AS r JOIN order_state AS o ON o.order_id = r.order_id"
                " WHERE r.product_id = ?1 AND r.location_id = ?2 AND r.state = 'reserved'"
                " AND r.expires_at <= ?3 ORDER BY r.expires_at, r.order_id, r.line LIMIT 1",
                MR_TEXT(s->product_id), MR_TEXT(s->location_id),
                MR_INT(mr_tx_event(tx)->envelope->timestamp))) == 0) {
        r = inventory_set_state(tx, &l, MR_TEXT_LIT("expired"));
        if (r == 0)
            r = inventory_set_aside(tx, s, -l.quantity, MR_STR("release"),
                                    MR_STR("reservation_expired"));
        if (r == 0)
            r = inventory_tell_released(tx, &l, l.until, MR_STR("reservation_expired"));
        if (r != 0)
            return r;
    }
    return r == MR_ABSENT ? 0 : r;
}
