/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-notification: no rule beyond its schemas. */
#include "millrace/producer.h"

const struct mr_producer producer_festivo_notification = {
    .service = "festivo-notification",
    .summary = "Publishes which notifications were sent",
};
