/* SPDX-License-Identifier: Apache-2.0 */
/* TicketWave: each booking asks for seats, a payment and a notification, and each is answered. The
 * events are flat: their members are the event. */
#include "sim.h"

#define BOOKING "ticketwave-booking"
#define CATALOG "ticketwave-catalog"
#define PAYMENT "ticketwave-payment"
#define NOTIFICATION "ticketwave-notification"

static void answers(struct sim *s, const struct sim_id *booking, const struct sim_id *event,
                    const struct sim_id *user, int64_t quantity, int64_t cents)
{
    struct sim_id payment = sim_uuid(s);
    int64_t seats = sim_between(s, 10, 20000);

    sim_wait(s, 1, 3);
    sim_begin(s, CATALOG);
    sim_text(s, "EventId", event->text);
    sim_text(s, "BookingId", booking->text);
    sim_long(s, "PreviousAvailableTickets", seats);
    sim_long(s, "CurrentAvailableTickets", seats - quantity);
    sim_text(s, "UpdateType", "Reduced");
    sim_time(s, "UpdatedAt", 0);
    sim_end(s);
    sim_begin(s, PAYMENT);
    sim_text(s, "BookingId", booking->text);
    sim_text(s, "PaymentId", payment.text);
    sim_number(s, "Amount", cents, 2);
    sim_text(s, "Currency", "EUR");
    sim_time(s, "ExpiresAt", 900);
    sim_text(s, "PaymentUrl", "https://pay.example.com/p/1");
    sim_time(s, "PreparedAt", 0);
    sim_end(s);
    bool sent = sim_percent(s, 95);
    sim_begin(s, NOTIFICATION);
    sim_text(s, "BookingId", booking->text);
    sim_text(s, "UserId", user->text);
    sim_text(s, "NotificationType", "BookingConfirmation");
    sim_text(s, "Channel", "Email");
    sim_bool(s, "Success", sent);
    if (sent)
        sim_null(s, "ErrorMessage");
    else
        sim_text(s, "ErrorMessage", "Mailbox unavailable");
    sim_time(s, "SentAt", 0);
    sim_end(s);
}

static struct sim_id event_of_the_season(struct sim *s)
{
    /* few events, many bookings: seats of one event are what bookings share */
    static const char *const events[] = {
        "123e4567-e89b-12d3-a456-426614174000", "5b1e2a70-30c5-4d54-9d3f-0f6c2a7e1b01",
        "5b1e2a70-30c5-4d54-9d3f-0f6c2a7e1b02", "5b1e2a70-30c5-4d54-9d3f-0f6c2a7e1b03"};
    struct sim_id id = {""};
    const char *text = SIM_ONE_OF(s, events);

    for (size_t i = 0; text[i]; i++)
        id.text[i] = text[i];
    return id;
}

static void flow(struct sim *s, uint64_t round)
{
    struct sim_id booking = sim_uuid(s), event = event_of_the_season(s), user = sim_uuid(s);
    int64_t quantity = sim_between(s, 1, 6), cents = quantity * sim_between(s, 1500, 12000);

    (void)round;
    sim_begin(s, BOOKING);
    sim_text(s, "EventId", event.text);
    sim_text(s, "BookingId", booking.text);
    sim_long(s, "QuantityReduced", quantity);
    sim_time(s, "RequestedAt", 0);
    sim_end(s);
    sim_begin(s, BOOKING);
    sim_text(s, "BookingId", booking.text);
    sim_number(s, "Amount", cents, 2);
    sim_text(s, "Currency", "EUR");
    sim_text(s, "UserId", user.text);
    sim_time(s, "ExpiresAt", 900);
    sim_time(s, "RequestedAt", 0);
    sim_end(s);
    sim_begin(s, BOOKING);
    sim_text(s, "BookingId", booking.text);
    sim_text(s, "UserId", user.text);
    sim_text(s, "EventId", event.text);
    sim_long(s, "Quantity", quantity);
    sim_number(s, "TotalAmount", cents, 2);
    sim_text(s, "NotificationType", "BookingConfirmation");
    sim_time(s, "RequestedAt", 0);
    sim_end(s);
    answers(s, &booking, &event, &user, quantity, cents);
}

const struct sim_platform sim_ticketwave = {.name = "ticketwave", .flow = flow, .pause = 500000};
