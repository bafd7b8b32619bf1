/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-ticket: a refund of nothing is warned about. */
#include "festivo_ticket.gen.h"
#include "millrace/producer.h"

static int empty_refund(const struct festivo_ticket_ticket_refunded_v1 *event,
                        struct mr_check_context *context)
{
    if (event->data.refundAmount.unscaled != 0)
        return 0;
    return mr_check_broken(context, "/refundAmount", "is 0: nothing goes back");
}

#define CHECKS(ROW) ROW(festivo_ticket_ticket_refunded_v1, WARN, "empty-refund", empty_refund)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_festivo_ticket = {
    .service = "festivo-ticket",
    .summary = "Publishes tickets bought, refunded and cancelled",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
};
