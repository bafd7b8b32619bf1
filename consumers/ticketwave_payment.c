/* SPDX-License-Identifier: Apache-2.0 */
/* ticketwave-payment: prepares the payment of a booking and answers where to make it. */
#include <errno.h>

#include "millrace/consumer.h"
#include "millrace/decimal.h"
#include "millrace/uuid.h"
#include "ticketwave_booking.gen.h"
#include "ticketwave_payment.gen.h"

struct payment {
    const char *url; /* option */
};

static const char tables[] =
    "CREATE TABLE payment ("
    " payment_id TEXT NOT NULL PRIMARY KEY, booking_id TEXT NOT NULL, user_id TEXT NOT NULL,"
    " amount TEXT NOT NULL, currency TEXT NOT NULL, url TEXT NOT NULL, requested_at INTEGER NOT "
    "NULL,"
    " expires_at INTEGER NOT NULL, prepared_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX payment_booking ON payment (booking_id);"
    "CREATE INDEX payment_expiry ON payment (expires_at)";

/* One payment for a booking, whatever is asked again: its id is derived from the booking's. */
static struct mr_str payment_id(struct mr_tx *tx, struct mr_str booking_id)
{
    const char *name =
        mr_arena_printf(mr_tx_arena(tx), "ticketwave-payment/%.*s", MR_STR_ARG(booking_id));
    char *text = mr_arena_alloc(mr_tx_arena(tx), MR_UUID_TEXT);
    struct mr_uuid id;

    if (!name || !text)
        return (struct mr_str){0};
    mr_uuid_v5(&mr_uuid_space, name, mr_str_from(name).len, &id);
    mr_uuid_format(&id, text);
    return (struct mr_str){text, MR_UUID_TEXT};
}

/* The payment as the youngest request has it, also where that is not the one that asks: two answers
 * that differ would leave the booking with an amount that is not asked for. */
static int answer(struct mr_tx *tx, struct mr_str booking_id, struct mr_str id)
{
    struct ticketwave_payment_payment_data_prepared_v1 answer = {
        .data = {.BookingId = booking_id, .PaymentId = id}};
    struct mr_str amount;

    int r = mr_sql_row(
        tx,
        MR_INTO(MR_INTO_TEXT(&amount), MR_INTO_TEXT(&answer.data.Currency),
                MR_INTO_TEXT(&answer.data.PaymentUrl), MR_INTO_INT(&answer.data.ExpiresAt),
                MR_INTO_INT(&answer.data.PreparedAt)),
        "SELECT amount, currency, url, expires_at, prepared_at FROM payment WHERE payment_id = ?1",
        MR_TEXT(id));
    if (r == 0 && mr_decimal_parse(amount, &answer.data.Amount) != 0)
        return mr_tx_invalid(tx, "payment.amount is not an amount: mend the table, then redrive");
    return r == 0 ? mr_emit(tx, ticketwave_payment_payment_data_prepared_v1, &answer) : r;
}

MR_HANDLER(ticketwave_booking_payment_prepare_requested_v1, prepare_requested)
{
    const struct payment *self = mr_tx_self(tx);
    struct mr_str id = payment_id(tx, event->data.BookingId);
    const char *url = mr_arena_printf(mr_tx_arena(tx), "%s/%.*s", self->url, MR_STR_ARG(id));

    if (!id.data || !url)
        return -ENOMEM;
    int r = mr_sql(tx,
                   "INSERT INTO payment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                   " ON CONFLICT (payment_id) DO UPDATE SET user_id = excluded.user_id,"
                   " amount = excluded.amount, currency = excluded.currency,"
                   " url = excluded.url, requested_at = excluded.requested_at,"
                   " expires_at = excluded.expires_at, prepared_at = excluded.prepared_at"
                   " WHERE excluded.requested_at >= payment.requested_at",
                   MR_TEXT(id), MR_TEXT(event->data.BookingId), MR_TEXT(event->data.UserId),
                   MR_DECIMAL(event->data.Amount), MR_TEXT(event->data.Currency), MR_TEXT_OF(url),
                   MR_INT(event->data.RequestedAt), MR_INT(event->data.ExpiresAt),
                   MR_INT(mr_tx_now(tx)));
    return r == 0 ? answer(tx, event->data.BookingId, id) : r;
}

const struct mr_consumer consumer_ticketwave_payment = {
    .name = "ticketwave-payment",
    .summary = "Prepares the payment of a booking and answers where to make it",
    .handles =
        MR_HANDLES(MR_ON(ticketwave_booking_payment_prepare_requested_v1, prepare_requested)),
    .emits = MR_EMITS(&topic_ticketwave_payment_payment_data_prepared_v1),
    .migrations = MR_MIGRATIONS({1, tables}),
    .size = sizeof(struct payment),
    .options = MR_OPTIONS(MR_OPT_STR(struct payment, url, .name = "payment-url", .arg = "URL",
                                     .def = "https://pay.example/ticketwave",
                                     .help = "Page of a payment, without the id at its end")),
};
