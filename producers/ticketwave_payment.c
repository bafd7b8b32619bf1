/* SPDX-License-Identifier: Apache-2.0 */
/* ticketwave-payment: what came late is warned about. */
#include "millrace/producer.h"
#include "ticketwave_payment.gen.h"

static int expired(const struct ticketwave_payment_payment_data_prepared_v1 *event,
                   struct mr_check_context *context)
{
    return mr_check_not_before(context, "/ExpiresAt", event->data.ExpiresAt, "PreparedAt",
                               event->data.PreparedAt);
}

static int currency(const struct ticketwave_payment_payment_data_prepared_v1 *event,
                    struct mr_check_context *context)
{
    return mr_check_currency(context, "/Currency", event->data.Currency);
}

#define CHECKS(ROW)                                                                                \
    ROW(ticketwave_payment_payment_data_prepared_v1, WARN, "expired", expired)                     \
    ROW(ticketwave_payment_payment_data_prepared_v1, WARN, "currency-code", currency)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_ticketwave_payment = {
    .service = "ticketwave-payment",
    .summary = "Publishes payments that are ready to be made",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
};
