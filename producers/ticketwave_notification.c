/* SPDX-License-Identifier: Apache-2.0 */
/* ticketwave-notification: a success that failed is warned about. */
#include "millrace/producer.h"
#include "ticketwave_notification.gen.h"

static int error_flag(const struct ticketwave_notification_notification_sent_v1 *event,
                      struct mr_check_context *context)
{
    if (event->data.Success != event->data.has_ErrorMessage)
        return 0;
    return mr_check_broken(context, "/Success", "is %s, %s ErrorMessage",
                           event->data.Success ? "true" : "false",
                           event->data.Success ? "yet there is an" : "yet there is no");
}

#define CHECKS(ROW)                                                                                \
    ROW(ticketwave_notification_notification_sent_v1, WARN, "error-flag", error_flag)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_ticketwave_notification = {
    .service = "ticketwave-notification",
    .summary = "Publishes which notifications were sent",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
};
