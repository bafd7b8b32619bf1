/* SPDX-License-Identifier: Apache-2.0 */
/* ticketwave-catalog: an update that updates nothing is warned about. */
#include "millrace/producer.h"
#include "ticketwave_catalog.gen.h"

static int same_tickets(const struct ticketwave_catalog_inventory_updated_v1 *event,
                        struct mr_check_context *context)
{
    return event->data.CurrentAvailableTickets != event->data.PreviousAvailableTickets
               ? 0
               : mr_check_broken(context, "/CurrentAvailableTickets",
                                 "equals PreviousAvailableTickets");
}

#define CHECKS(ROW) ROW(ticketwave_catalog_inventory_updated_v1, WARN, "same-tickets", same_tickets)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_ticketwave_catalog = {
    .service = "ticketwave-catalog",
    .summary = "Publishes how many tickets are left",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
};
