/* SPDX-License-Identifier: Apache-2.0 */
/* ticketwave-booking: an offer lapses after it was made. */
#include "millrace/producer.h"
#include "ticketwave_booking.gen.h"

static int expired(const struct ticketwave_booking_payment_prepare_requested_v1 *event,
                   struct mr_check_context *context)
{
    return mr_check_not_before(context, "/ExpiresAt", event->data.ExpiresAt, "RequestedAt",
                               event->data.RequestedAt);
}

static int currency(const struct ticketwave_booking_payment_prepare_requested_v1 *event,
                    struct mr_check_context *context)
{
    return mr_check_currency(context, "/Currency", event->data.Currency);
}

#define CHECKS(ROW)                                                                                \
    ROW(ticketwave_booking_payment_prepare_requested_v1, REJECT, "expired", expired)               \
    ROW(ticketwave_booking_payment_prepare_requested_v1, WARN, "currency-code", currency)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_ticketwave_booking = {
    .service = "ticketwave-booking",
    .summary = "Publishes what a booking asks of catalog, payment and notification",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
};
