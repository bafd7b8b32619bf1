/* SPDX-License-Identifier: Apache-2.0 */
/* ticketwave-catalog: takes booked tickets out of an event's stock and answers what is left. */
#include "millrace/consumer.h"
#include "ticketwave_booking.gen.h"
#include "ticketwave_catalog.gen.h"

struct catalog {
    int64_t capacity; /* option: tickets of an event that was never seen */
};

static const char tables[] =
    "CREATE TABLE event_inventory ("
    " event_id TEXT NOT NULL PRIMARY KEY, capacity INTEGER NOT NULL,"
    " available INTEGER NOT NULL CHECK (available >= 0), updated_at INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE reduction ("
    " request_id TEXT NOT NULL PRIMARY KEY, event_id TEXT NOT NULL, booking_id TEXT NOT NULL,"
    " quantity INTEGER NOT NULL, accepted INTEGER NOT NULL, decided_at INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX reduction_event ON reduction (event_id, decided_at)";

/* A booking that asks again gets its answer again. In the order that is asked for: else the index
 * of the event, which has that, is taken, and all of its bookings are gone through. */
static const char by_booking[] =
    "CREATE INDEX reduction_booking ON reduction (booking_id, event_id, decided_at, request_id)";

struct taking {
    const struct ticketwave_booking_inventory_update_requested_v1 *event;
    int64_t available; /* before */
    int64_t quantity;  /* that the booking asked for before; 0: it never did */
    int64_t accepted;
};

/* The event's stock, whose row is locked - flows of other partitions, in other processes, take
 * tickets of the same event - and what was decided when the booking asked before: its publisher
 * may ask again, at another moment, so as an event of its own. */
static int find(struct mr_tx *tx, struct taking *taking)
{
    const struct catalog *self = mr_tx_self(tx);
    struct mr_value event_id = MR_TEXT(taking->event->data.EventId);

    int r = mr_sql(tx,
                   "INSERT INTO event_inventory VALUES (?1, ?2, ?2, ?3) ON CONFLICT (event_id)"
                   " DO UPDATE SET available = event_inventory.available",
                   event_id, MR_INT(self->capacity), MR_INT(mr_tx_now(tx)));
    if (r == 0)
        r = mr_sql_row(tx,
                       MR_INTO(MR_INTO_INT(&taking->available), MR_INTO_INT(&taking->quantity),
                               MR_INTO_INT(&taking->accepted)),
                       "SELECT i.available, r.quantity, r.accepted FROM event_inventory AS i"
                       " LEFT JOIN reduction AS r ON r.booking_id = ?2 AND r.event_id = i.event_id"
                       " WHERE i.event_id = ?1 ORDER BY r.decided_at, r.request_id LIMIT 1",
                       event_id, MR_TEXT(taking->event->data.BookingId));
    if (r == 0 && taking->quantity != 0 && taking->quantity != taking->event->data.QuantityReduced)
        return mr_tx_invalid(tx, "a booking that asks again, for another number of tickets");
    if (r == 0 && taking->accepted)
        taking->available += taking->quantity;
    return r;
}

static int take(struct mr_tx *tx, struct taking *taking)
{
    const struct ticketwave_booking_inventory_update_requested_v1 *event = taking->event;
    int64_t quantity = event->data.QuantityReduced;

    taking->accepted = taking->available >= quantity;
    int r = mr_sql(tx, "INSERT INTO reduction VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                   MR_TEXT(event->envelope.event_id), MR_TEXT(event->data.EventId),
                   MR_TEXT(event->data.BookingId), MR_INT(quantity), MR_INT(taking->accepted),
                   MR_INT(mr_tx_now(tx)));
    if (r != 0 || !taking->accepted)
        return r;
    return mr_sql(
        tx, "UPDATE event_inventory SET available = ?2, updated_at = ?3 WHERE event_id = ?1",
        MR_TEXT(event->data.EventId), MR_INT(taking->available - quantity), MR_INT(mr_tx_now(tx)));
}

/* Too few tickets is an answer, not a failure: the stock stays, and the booking is told so. */
MR_HANDLER(ticketwave_booking_inventory_update_requested_v1, update_requested)
{
    struct taking taking = {.event = event};

    int r = find(tx, &taking);
    if (r == 0 && taking.quantity == 0)
        r = take(tx, &taking);
    if (r != 0)
        return r;
    struct ticketwave_catalog_inventory_updated_v1 answer = {
        .data = {
            .EventId = event->data.EventId,
            .BookingId = event->data.BookingId,
            .PreviousAvailableTickets = taking.available,
            .CurrentAvailableTickets =
                taking.available - (taking.accepted ? event->data.QuantityReduced : 0),
            .UpdateType = taking.accepted ? MR_STR("Reduced") : MR_STR("InsufficientTickets"),
            .UpdatedAt = mr_tx_now(tx),
        }};
    return mr_emit(tx, ticketwave_catalog_inventory_updated_v1, &answer);
}

const struct mr_consumer consumer_ticketwave_catalog = {
    .name = "ticketwave-catalog",
    .summary = "Takes booked tickets out of stock and answers what is left",
    .handles =
        MR_HANDLES(MR_ON(ticketwave_booking_inventory_update_requested_v1, update_requested)),
    .emits = MR_EMITS(&topic_ticketwave_catalog_inventory_updated_v1),
    .migrations = MR_MIGRATIONS({1, tables}, {2, by_booking}),
    .size = sizeof(struct catalog),
    .options = MR_OPTIONS(MR_OPT_INT(struct catalog, capacity, .name = "capacity", .arg = "N",
                                     .def = "1000", .min = 0, .max = INT64_C(1000000000),
                                     .help = "Tickets of an event that was never seen before")),
};
