/* SPDX-License-Identifier: Apache-2.0 */
/* ticketwave-notification: tells a customer about a booking, and answers whether that went out. */
#include <errno.h>

#include "millrace/consumer.h"
#include "millrace/prose.h"
#include "ticketwave_booking.gen.h"
#include "ticketwave_notification.gen.h"

enum { WORD = 100 };

struct notification {
    const char *channel; /* option */
};

static const char tables[] =
    "CREATE TABLE notification ("
    " request_id TEXT NOT NULL PRIMARY KEY, booking_id TEXT NOT NULL, user_id TEXT NOT NULL,"
    " event_id TEXT NOT NULL, kind TEXT NOT NULL, quantity INTEGER NOT NULL, total TEXT NOT NULL,"
    " channel TEXT NOT NULL, requested_at INTEGER NOT NULL, sent_at INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX notification_booking ON notification (booking_id);"
    "CREATE INDEX notification_user ON notification (user_id, sent_at)";

/* Sent later than asked for, or never. */
static const char with_fate[] =
    "ALTER TABLE notification RENAME TO notification_1;"
    "CREATE TABLE notification ("
    " request_id TEXT NOT NULL PRIMARY KEY, booking_id TEXT NOT NULL, user_id TEXT NOT NULL,"
    " event_id TEXT NOT NULL, kind TEXT NOT NULL, quantity INTEGER NOT NULL, total TEXT NOT NULL,"
    " channel TEXT NOT NULL, requested_at INTEGER NOT NULL, sent_at INTEGER, success INTEGER,"
    " error TEXT) STRICT, WITHOUT ROWID;"
    "INSERT INTO notification SELECT request_id, booking_id, user_id, event_id, kind, quantity,"
    " total, channel, requested_at, sent_at, 1, NULL FROM notification_1;"
    "DROP TABLE notification_1;"
    "CREATE INDEX notification_booking ON notification (booking_id);"
    "CREATE INDEX notification_user ON notification (user_id, sent_at)";

/* The contract's type is free text: in a message as far as it is a word. */
static struct mr_str word_of(struct mr_str type)
{
    if (type.len == 0 || type.len > WORD)
        return MR_STR("booking");
    for (size_t i = 0; i < type.len; i++)
        if ((unsigned char)type.data[i] < ' ' || type.data[i] == 0x7f)
            return MR_STR("booking");
    return type;
}

MR_HANDLER(ticketwave_booking_notification_send_requested_v1, send_requested)
{
    const struct notification *self = mr_tx_self(tx);
    struct mr_str kind = word_of(event->data.NotificationType);
    const char *total = mr_prose_money(mr_tx_arena(tx), event->data.TotalAmount);

    int r = mr_sql(tx,
                   "INSERT INTO notification (request_id, booking_id, user_id, event_id, kind,"
                   " quantity, total, channel, requested_at)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                   MR_TEXT(event->envelope.event_id), MR_TEXT(event->data.BookingId),
                   MR_TEXT(event->data.UserId), MR_TEXT(event->data.EventId),
                   MR_TEXT(event->data.NotificationType), MR_INT(event->data.Quantity),
                   MR_DECIMAL(event->data.TotalAmount), MR_TEXT_OF(self->channel),
                   MR_INT(event->data.RequestedAt));
    if (r != 0)
        return r;
    if (!total)
        return -ENOMEM;
    const char *text = mr_arena_printf(
        mr_tx_arena(tx), "%.*s\n\nBooking: %.*s\nEvent: %.*s\nTickets: %lld\nTotal: %s\n",
        MR_STR_ARG(kind), MR_STR_ARG(event->data.BookingId), MR_STR_ARG(event->data.EventId),
        (long long)event->data.Quantity, total);
    const char *title = mr_arena_printf(mr_tx_arena(tx), "Your booking: %.*s", MR_STR_ARG(kind));
    if (!text || !title)
        return -ENOMEM;
    const struct mr_notice notice = {
        .to = event->data.UserId,
        .kind = kind,
        .title = mr_str_from(title),
        .text = mr_str_from(text),
    };
    return mr_notify(tx, &notice);
}

static int went_out(struct mr_tx *tx, const struct mr_notice_fate *fate)
{
    const struct notification *self = mr_tx_self(tx);
    struct mr_value request = MR_TEXT(mr_tx_event(tx)->envelope->event_id);
    struct ticketwave_notification_notification_sent_v1 answer = {
        .data = {
            .Channel = mr_str_from(self->channel),
            .Success = fate->delivered,
            .has_ErrorMessage = !fate->delivered,
            .ErrorMessage = fate->error,
            .SentAt = fate->at,
        }};

    int r = mr_sql(tx,
                   "UPDATE notification SET sent_at = ?2, success = ?3, error = ?4"
                   " WHERE request_id = ?1",
                   request, MR_INT(fate->at), MR_BOOL(fate->delivered),
                   MR_OPT(!fate->delivered, MR_TEXT(fate->error)));
    if (r == 0)
        r = mr_sql_row(
            tx,
            MR_INTO(MR_INTO_TEXT(&answer.data.BookingId), MR_INTO_TEXT(&answer.data.UserId),
                    MR_INTO_TEXT(&answer.data.NotificationType)),
            "SELECT booking_id, user_id, kind FROM notification WHERE request_id = ?1", request);
    if (r == MR_ABSENT)
        return mr_tx_invalid(tx, "its row in table notification is gone");
    return r == 0 ? mr_emit(tx, ticketwave_notification_notification_sent_v1, &answer) : r;
}

const struct mr_consumer consumer_ticketwave_notification = {
    .name = "ticketwave-notification",
    .summary = "Tells customers about their bookings and answers whether that went out",
    .handles = MR_HANDLES(MR_ON(ticketwave_booking_notification_send_requested_v1, send_requested)),
    .emits = MR_EMITS(&topic_ticketwave_notification_notification_sent_v1),
    .migrations = MR_MIGRATIONS({1, tables}, {2, with_fate}),
    .notified = went_out,
    .size = sizeof(struct notification),
    .options = MR_OPTIONS(MR_OPT_STR(struct notification, channel, .name = "channel", .arg = "WORD",
                                     .def = "Email", .help = "What the answers call the channel")),
};
