/* SPDX-License-Identifier: Apache-2.0 */
/* ticketwave-notification: records what a customer is told and answers that it went out. */
#include "millrace/consumer.h"
#include "ticketwave_booking.gen.h"
#include "ticketwave_notification.gen.h"

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

/* The row is the outgoing message: whatever mails it reads it from here. */
MR_HANDLER(ticketwave_booking_notification_send_requested_v1, send_requested)
{
    const struct notification *self = mr_tx_self(tx);
    struct mr_str channel = mr_str_from(self->channel);

    int r = mr_sql(tx, "INSERT INTO notification VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                   MR_TEXT(event->envelope.event_id), MR_TEXT(event->data.BookingId),
                   MR_TEXT(event->data.UserId), MR_TEXT(event->data.EventId),
                   MR_TEXT(event->data.NotificationType), MR_INT(event->data.Quantity),
                   MR_DECIMAL(event->data.TotalAmount), MR_TEXT(channel),
                   MR_INT(event->data.RequestedAt), MR_INT(mr_tx_now(tx)));
    if (r != 0)
        return r;
    struct ticketwave_notification_notification_sent_v1 answer = {
        .data = {
            .BookingId = event->data.BookingId,
            .UserId = event->data.UserId,
            .NotificationType = event->data.NotificationType,
            .Channel = channel,
            .Success = true,
            .SentAt = mr_tx_now(tx),
        }};
    return mr_emit(tx, ticketwave_notification_notification_sent_v1, &answer);
}

const struct mr_consumer consumer_ticketwave_notification = {
    .name = "ticketwave-notification",
    .summary = "Records what a customer is told and answers that it went out",
    .handles = MR_HANDLES(MR_ON(ticketwave_booking_notification_send_requested_v1, send_requested)),
    .emits = MR_EMITS(&topic_ticketwave_notification_notification_sent_v1),
    .migrations = MR_MIGRATIONS({1, tables}),
    .size = sizeof(struct notification),
    .options = MR_OPTIONS(MR_OPT_STR(struct notification, channel, .name = "channel", .arg = "WORD",
                                     .def = "Email", .help = "Channel that messages go out by")),
};
