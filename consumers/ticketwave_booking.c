/* SPDX-License-Identifier: Apache-2.0 */
/* ticketwave-booking: gathers the three answers to a booking; complete when all have come. */
#include "millrace/consumer.h"
#include "ticketwave_catalog.gen.h"
#include "ticketwave_notification.gen.h"
#include "ticketwave_payment.gen.h"

/* Answers come in any order, each from a topic of its own. An instant tells that its answer is
 * there; of two answers of a kind the younger stays. */
/* ANSWERS: how many have come. LAST: when the last of three came, NULL before. */
#define TABLES(ANSWERS, LAST)                                                                      \
    "CREATE TABLE booking ("                                                                       \
    " booking_id TEXT NOT NULL PRIMARY KEY,"                                                       \
    " event_id TEXT, tickets_taken INTEGER, tickets_left INTEGER, inventory_at INTEGER,"           \
    " payment_id TEXT, payment_url TEXT, amount TEXT, currency TEXT, payment_expires_at INTEGER,"  \
    " payment_at INTEGER,"                                                                         \
    " channel TEXT, told INTEGER, told_error TEXT, notified_at INTEGER) STRICT, WITHOUT ROWID;"    \
    "CREATE VIEW booking_state AS SELECT booking_id,"                                              \
    " " ANSWERS " AS answers,"                                                                     \
    " CASE WHEN inventory_at IS NULL OR payment_at IS NULL OR notified_at IS NULL THEN 'waiting'"  \
    " WHEN tickets_taken > 0 THEN 'complete' ELSE 'refused' END AS state,"                         \
    " tickets_taken, amount, currency, payment_url, told,"                                         \
    " " LAST " AS completed_at FROM booking"

/* Who gets no tickets is refused, whatever else is still to come. */
#define REFUSED_AT_ONCE(ANSWERS, LAST)                                                             \
    "DROP VIEW booking_state;"                                                                     \
    "CREATE VIEW booking_state AS SELECT booking_id,"                                              \
    " " ANSWERS " AS answers,"                                                                     \
    " CASE WHEN tickets_taken <= 0 THEN 'refused'"                                                 \
    " WHEN inventory_at IS NULL OR payment_at IS NULL OR notified_at IS NULL THEN 'waiting'"       \
    " ELSE 'complete' END AS state, tickets_taken, amount, currency, payment_url, told,"           \
    " " LAST " AS completed_at FROM booking"

#define SQLITE_ANSWERS                                                                             \
    "(inventory_at IS NOT NULL) + (payment_at IS NOT NULL) + (notified_at IS NOT NULL)"
#define SQLITE_LAST "max(inventory_at, payment_at, notified_at)"
#define POSTGRES_ANSWERS "num_nonnulls(inventory_at, payment_at, notified_at)"
#define POSTGRES_LAST                                                                              \
    "CASE WHEN num_nulls(inventory_at, payment_at, notified_at) = 0"                               \
    " THEN greatest(inventory_at, payment_at, notified_at) END"

MR_HANDLER(ticketwave_catalog_inventory_updated_v1, inventory_updated)
{
    return mr_sql(
        tx,
        "INSERT INTO booking (booking_id, event_id, tickets_taken, tickets_left, inventory_at)"
        " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (booking_id) DO UPDATE"
        " SET event_id = excluded.event_id, tickets_taken = excluded.tickets_taken,"
        " tickets_left = excluded.tickets_left, inventory_at = excluded.inventory_at"
        " WHERE excluded.inventory_at >= coalesce(booking.inventory_at, 0)",
        MR_TEXT(event->data.BookingId), MR_TEXT(event->data.EventId),
        MR_INT(event->data.PreviousAvailableTickets - event->data.CurrentAvailableTickets),
        MR_INT(event->data.CurrentAvailableTickets), MR_INT(event->data.UpdatedAt));
}

MR_HANDLER(ticketwave_payment_payment_data_prepared_v1, data_prepared)
{
    return mr_sql(tx,
                  "INSERT INTO booking (booking_id, payment_id, payment_url, amount, currency,"
                  " payment_expires_at, payment_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                  " ON CONFLICT (booking_id) DO UPDATE SET payment_id = excluded.payment_id,"
                  " payment_url = excluded.payment_url, amount = excluded.amount,"
                  " currency = excluded.currency, payment_expires_at = excluded.payment_expires_at,"
                  " payment_at = excluded.payment_at"
                  " WHERE excluded.payment_at >= coalesce(booking.payment_at, 0)",
                  MR_TEXT(event->data.BookingId), MR_TEXT(event->data.PaymentId),
                  MR_TEXT(event->data.PaymentUrl), MR_DECIMAL(event->data.Amount),
                  MR_TEXT(event->data.Currency), MR_INT(event->data.ExpiresAt),
                  MR_INT(event->data.PreparedAt));
}

MR_HANDLER(ticketwave_notification_notification_sent_v1, sent)
{
    return mr_sql(tx,
                  "INSERT INTO booking (booking_id, channel, told, told_error, notified_at)"
                  " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (booking_id) DO UPDATE"
                  " SET channel = excluded.channel, told = excluded.told,"
                  " told_error = excluded.told_error, notified_at = excluded.notified_at"
                  " WHERE excluded.notified_at >= coalesce(booking.notified_at, 0)",
                  MR_TEXT(event->data.BookingId), MR_TEXT(event->data.Channel),
                  MR_BOOL(event->data.Success),
                  MR_OPT(event->data.has_ErrorMessage, MR_TEXT(event->data.ErrorMessage)),
                  MR_INT(event->data.SentAt));
}

const struct mr_consumer consumer_ticketwave_booking = {
    .name = "ticketwave-booking",
    .summary = "Gathers the three answers to a booking",
    .handles = MR_HANDLES(MR_ON(ticketwave_catalog_inventory_updated_v1, inventory_updated),
                          MR_ON(ticketwave_payment_payment_data_prepared_v1, data_prepared),
                          MR_ON(ticketwave_notification_notification_sent_v1, sent)),
    .migrations = MR_MIGRATIONS(
        {1, TABLES(SQLITE_ANSWERS, SQLITE_LAST), TABLES(POSTGRES_ANSWERS, POSTGRES_LAST)},
        {2, REFUSED_AT_ONCE(SQLITE_ANSWERS, SQLITE_LAST),
         REFUSED_AT_ONCE(POSTGRES_ANSWERS, POSTGRES_LAST)}),
};
