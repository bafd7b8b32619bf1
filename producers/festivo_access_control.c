/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-access-control: no rule beyond its schemas. */
#include "millrace/producer.h"

const struct mr_producer producer_festivo_access_control = {
    .service = "festivo-access-control",
    .summary = "Publishes entries and exits at the gates",
};
