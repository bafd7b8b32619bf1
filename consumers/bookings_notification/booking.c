/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-notification: what clients and the office hear of bookings. */
#include "bookings.gen.h"
#include "message.h"

MR_HANDLER(bookings_booking_created_v1, booking_created)
{
    struct mr_str id = event->data.bookingId;

    int r = mr_audience_is(tx, &bookings_client, id, event->data.clientId);
    return r ? r
             : bookings_tell(
                   tx, &bookings_client, id, "booking-created",
                   SAY("Your booking is a draft: %.*s", S(event->data.title)),
                   SAY("Submit it for review when it is complete.\nBooking: %.*s\n", S(id)));
}

/* "weekly, every 2, until 2024-06-30". */
static const char *recurrence(struct mr_tx *tx, const struct bookings_booking_submitted_v1_data *d)
{
    struct mr_str unit =
        bookings_booking_submitted_v1_frequency_symbol(d->recurrencePattern.frequency);

    return d->has_recurrencePattern
               ? SAY("Repeated: %.*s, every %lld, until %.*s\n", S(unit),
                     (long long)d->recurrencePattern.interval, S(d->recurrencePattern.endDate))
               : "";
}

MR_HANDLER(bookings_booking_submitted_v1, booking_submitted)
{
    struct mr_str id = event->data.bookingId, title = event->data.title;
    const char *dates =
        mr_prose_list(mr_tx_arena(tx), event->data.eventDates, event->data.n_eventDates);
    const char *again = recurrence(tx, &event->data);
    const char *text = dates && again ? SAY("Dates: %s\n%sSubmitted by: %.*s\nBooking: %.*s\n",
                                            dates, again, S(event->data.submittedBy), S(id))
                                      : NULL;

    int r = mr_audience_is(tx, &bookings_client, id, event->data.clientId);
    if (r == 0)
        r = bookings_tell(tx, &bookings_client, id, "booking-submitted",
                          SAY("Your booking is under review: %.*s", S(title)), text);
    return r ? r
             : bookings_send_office(tx, id, "booking-to-review", SAY("To review: %.*s", S(title)),
                                    text);
}

MR_HANDLER(bookings_booking_approved_v1, booking_approved)
{
    struct mr_str id = event->data.bookingId;
    const char *dates =
        mr_prose_list(mr_tx_arena(tx), event->data.eventDates, event->data.n_eventDates);

    int r = mr_audience_is(tx, &bookings_client, id, event->data.clientId);
    return r ? r
             : bookings_tell(tx, &bookings_client, id, "booking-approved",
                             SAY("Your booking is approved: %.*s", S(event->data.title)),
                             dates ? SAY("Dates: %s\n%s%.*s%sBooking: %.*s\n", dates,
                                         event->data.has_notes ? "Remarks: " : "",
                                         S(event->data.notes), event->data.has_notes ? "\n" : "",
                                         S(id))
                                   : NULL);
}

MR_HANDLER(bookings_booking_rejected_v1, booking_rejected)
{
    struct mr_str id = event->data.bookingId;

    int r = mr_audience_is(tx, &bookings_client, id, event->data.clientId);
    return r ? r
             : bookings_tell(
                   tx, &bookings_client, id, "booking-rejected", "Your booking is rejected",
                   SAY("Reason: %.*s\n%s\nBooking: %.*s\n", S(event->data.reason),
                       event->data.allowResubmission ? "You may change it and submit it again."
                                                     : "It cannot be submitted again.",
                       S(id)));
}

MR_HANDLER(bookings_booking_changes_requested_v1, booking_changes_requested)
{
    struct mr_str id = event->data.bookingId;
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < event->data.n_changes; i++) {
        const struct bookings_booking_changes_requested_v1_change *wish = &event->data.changes[i];
        r = mr_buf_printf(&text, "%.*s: %.*s%s%.*s%s\n", S(wish->field), S(wish->reason),
                          wish->has_suggestedValue ? " (suggested: " : "", S(wish->suggestedValue),
                          wish->has_suggestedValue ? ")" : "");
    }
    if (r == 0)
        r = mr_buf_printf(&text, "Booking: %.*s\n", S(id));
    if (r == 0)
        r = mr_audience_is(tx, &bookings_client, id, event->data.clientId);
    return r ? r
             : bookings_tell(tx, &bookings_client, id, "booking-changes-requested",
                             "Changes of your booking are asked for", bookings_text(tx, &text));
}

MR_HANDLER(bookings_booking_cancelled_v1, booking_cancelled)
{
    struct mr_str id = event->data.bookingId;
    const char *text =
        SAY("Reason: %.*s\nEvents: %zu\nCancelled by: %.*s\nBooking: %.*s\n", S(event->data.reason),
            event->data.n_affectedEventIds, S(event->data.cancelledBy), S(id));

    int r = mr_audience_is(tx, &bookings_client, id, event->data.clientId);
    if (r == 0)
        r = bookings_tell(tx, &bookings_client, id, "booking-cancelled",
                          "Your booking is cancelled", text);
    return r ? r
             : bookings_send_office(
                   tx, id, "booking-cancelled",
                   SAY("Booking cancelled, %zu events to call off", event->data.n_affectedEventIds),
                   text);
}

/* Clients are not told what they did themselves; the office only when there is something to do. */
MR_HANDLER(bookings_booking_updated_v1, booking_updated)
{
    struct mr_str id = event->data.bookingId;
    const char *fields =
        mr_prose_list(mr_tx_arena(tx), event->data.changedFields, event->data.n_changedFields);
    const char *text = fields ? SAY("Changed: %s\nBy: %.*s\nBooking: %.*s\n", fields,
                                    S(event->data.updatedBy), S(id))
                              : NULL;

    int r = mr_audience_is(tx, &bookings_client, id, event->data.clientId);
    if (r == 0 && !mr_str_eq(event->data.updatedBy, event->data.clientId))
        r = bookings_tell(tx, &bookings_client, id, "booking-updated", "Your booking was changed",
                          text);
    if (r == 0 && event->data.needsReapproval)
        r = bookings_send_office(tx, id, "booking-to-review", "A booking is to be reviewed again",
                                 text);
    return r;
}

MR_CHAPTER(bookings_of_bookings, MR_ON(bookings_booking_created_v1, booking_created),
           MR_ON(bookings_booking_submitted_v1, booking_submitted),
           MR_ON(bookings_booking_approved_v1, booking_approved),
           MR_ON(bookings_booking_rejected_v1, booking_rejected),
           MR_ON(bookings_booking_changes_requested_v1, booking_changes_requested),
           MR_ON(bookings_booking_cancelled_v1, booking_cancelled),
           MR_ON(bookings_booking_updated_v1, booking_updated));
