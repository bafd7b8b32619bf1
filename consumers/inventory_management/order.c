/* SPDX-License-Identifier: Apache-2.0 */
/* What an order sets aside: all of it or nothing. order.validated tells of orders that pass the
 * check of stock, and follows from inventory.reserved; so an order of which a part is missing is
 * told of by none. */
#include "order.h"

#include <errno.h>
#include <stdlib.h>

/* A line, with the shelf that it shares with the order's other lines of its product. */
struct wish {
    struct line line;
    struct shelf *shelf;
    bool lacks; /* its product has too little for all its lines */
};

/* Outcomes: 0 with whether the product was deleted; as mr_sql. */
static int is_gone(struct mr_tx *tx, struct mr_str product_id, bool *ret_gone)
{
    int64_t gone = 0;

    int r = mr_sql_row(tx, MR_INTO(MR_INTO_INT(&gone)),
                       "SELECT CASE WHEN deleted_at >= coalesce(described_at, deleted_at)"
                       " THEN 1 ELSE 0 END FROM product WHERE product_id = ?1",
                       MR_TEXT(product_id));
    *ret_gone = gone != 0;
    return r == MR_ABSENT ? 0 : r;
}

static int by_product(const void *a, const void *b)
{
    const struct line *x = &(*(const struct wish *const *)a)->line,
                      *y = &(*(const struct wish *const *)b)->line;
    int order = mr_str_compare(x->product_id, y->product_id);

    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

/* Looks at the shelf of the first n wishes, all of one product. */
static int look(struct mr_tx *tx, struct wish **wishes, size_t n, struct shelf *shelf)
{
    const struct line *first = &wishes[0]->line;
    int64_t wanted = 0;
    bool gone = false;

    int r = inventory_open(tx, first->product_id, first->location_id, shelf);
    if (r == 0)
        r = inventory_expire(tx, shelf);
    if (r == 0)
        r = is_gone(tx, first->product_id, &gone);
    for (size_t i = 0; i < n; i++)
        if (__builtin_add_overflow(wanted, wishes[i]->line.quantity, &wanted))
            wanted = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        wishes[i]->shelf = shelf;
        wishes[i]->lacks = gone || inventory_available(shelf) < wanted;
    }
    return r;
}

/* Outcomes: 0 with whether there is enough of all; as mr_sql. */
static int look_at_all(struct mr_tx *tx, struct wish *wishes, size_t n, bool *ret_all)
{
    struct wish **sorted = mr_arena_array(mr_tx_arena(tx), n, sizeof(struct wish *));
    struct shelf *shelves = mr_arena_array(mr_tx_arena(tx), n, sizeof(*shelves));
    int r = sorted && shelves ? 0 : -ENOMEM;

    *ret_all = true;
    for (size_t i = 0; r == 0 && i < n; i++)
        sorted[i] = &wishes[i];
    if (r == 0)
        qsort(sorted, n, sizeof(struct wish *), by_product);
    for (size_t i = 0, next; r == 0 && i < n; i = next) {
        for (next = i + 1;
             next < n && mr_str_eq(sorted[next]->line.product_id, sorted[i]->line.product_id);)
            next++;
        r = look(tx, &sorted[i], next - i, &shelves[i]);
        *ret_all = *ret_all && !sorted[i]->lacks;
    }
    return r;
}

static int settle_wish(struct mr_tx *tx, struct wish *wish)
{
    struct line *l = &wish->line;
    struct mr_str id = inventory_reservation_id(tx, l);
    int r = id.data ? 0 : -ENOMEM;

    if (r == 0 && l->held)
        r = inventory_tell_reserved(tx, l);
    if (r == 0 && l->held)
        r = inventory_set_aside(tx, wish->shelf, l->quantity, MR_STR("reservation"),
                                MR_STR("order.created"));
    if (r != 0)
        return r;
    return mr_sql(tx,
                  "INSERT INTO reservation (order_id, line, product_id, location_id, quantity,"
                  " state, expires_at, reservation_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                  MR_TEXT(l->order_id), MR_INT(l->number), MR_TEXT(l->product_id),
                  MR_TEXT(l->location_id), MR_INT(l->quantity),
                  l->held       ? MR_TEXT_LIT("reserved")
                  : wish->lacks ? MR_TEXT_LIT("short")
                                : MR_TEXT_LIT("withheld"),
                  MR_INT(l->until), MR_TEXT(id));
}

int inventory_reserve(struct mr_tx *tx, const struct order_management_order_created_v1 *event)
{
    const struct inventory *self = mr_tx_self(tx);
    size_t n = event->data.n_items;
    bool all = true;

    if (n == 0)
        return 0;
    struct wish *wishes = mr_arena_array(mr_tx_arena(tx), n, sizeof(*wishes));
    if (!wishes)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        wishes[i] =
            (struct wish){.line = {.order_id = event->data.order_id,
                                   .product_id = event->data.items[i].product_id,
                                   .location_id = mr_str_from(self->location),
                                   .number = (int64_t)i + 1,
                                   .quantity = event->data.items[i].quantity,
                                   .until = event->envelope.timestamp + self->hold_ms * 1000}};
    int r = look_at_all(tx, wishes, n, &all);
    for (size_t i = 0; r == 0 && i < n; i++) {
        wishes[i].line.held = all;
        r = settle_wish(tx, &wishes[i]);
    }
    return r;
}
