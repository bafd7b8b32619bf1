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

/* Takes the tickets if there are enough. The first statement also locks the row: flows of other
 * partitions, in other processes, take tickets of the same event. Outcomes: 0 with *ret_before and
 * *ret_after, -errno. */
static int take(struct mr_tx *tx, struct mr_str event_id, int64_t quantity, int64_t *ret_before,
                int64_t *ret_after)
{
    const struct catalog *self = mr_tx_self(tx);

    int r = mr_sql(tx,
                   "INSERT INTO event_inventory VALUES (?1, ?2, ?2, ?3) ON CONFLICT (event_id)"
                   " DO UPDATE SET updated_at = excluded.updated_at",
                   MR_TEXT(event_id), MR_INT(self->capacity), MR_INT(mr_tx_now(tx)));
    if (r == 0)
        r = mr_sql_row(tx, MR_INTO(MR_INTO_INT(ret_before)),
                       "SELECT available FROM event_inventory WHERE event_id = ?1",
                       MR_TEXT(event_id));
    if (r != 0)
        return r;
    *ret_after = *ret_before >= quantity ? *ret_before - quantity : *ret_before;
    return mr_sql(tx, "UPDATE event_inventory SET available = ?2 WHERE event_id = ?1",
                  MR_TEXT(event_id), MR_INT(*ret_after));
}

/* Too few tickets is an answer, not a failure: the stock stays, and the booking is told so. */
MR_HANDLER(ticketwave_booking_inventory_update_requested_v1, update_requested)
{
    int64_t before, after;

    int r = take(tx, event->data.EventId, event->data.QuantityReduced, &before, &after);
    if (r == 0)
        r = mr_sql(tx, "INSERT INTO reduction VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                   MR_TEXT(event->envelope.event_id), MR_TEXT(event->data.EventId),
                   MR_TEXT(event->data.BookingId), MR_INT(event->data.QuantityReduced),
                   MR_BOOL(after < before), MR_INT(mr_tx_now(tx)));
    if (r != 0)
        return r;
    struct ticketwave_catalog_inventory_updated_v1 answer = {
        .data = {
            .EventId = event->data.EventId,
            .BookingId = event->data.BookingId,
            .PreviousAvailableTickets = before,
            .CurrentAvailableTickets = after,
            .UpdateType = after < before ? MR_STR("Reduced") : MR_STR("InsufficientTickets"),
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
    .migrations = MR_MIGRATIONS({1, tables}),
    .size = sizeof(struct catalog),
    .options = MR_OPTIONS(MR_OPT_INT(struct catalog, capacity, .name = "capacity", .arg = "N",
                                     .def = "1000", .min = 0, .max = INT64_C(1000000000),
                                     .help = "Tickets of an event that was never seen before")),
};
