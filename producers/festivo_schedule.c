/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-schedule: a performance ends after it began. */
#include "festivo_schedule.gen.h"
#include "millrace/producer.h"

static int created_range(const struct festivo_schedule_schedule_item_created_v1 *event,
                         struct mr_check_context *context)
{
    return mr_check_not_before(context, "/endTime", event->data.endTime, "startTime",
                               event->data.startTime);
}

static int updated_range(const struct festivo_schedule_schedule_item_updated_v1 *event,
                         struct mr_check_context *context)
{
    return mr_check_not_before(context, "/endTime", event->data.endTime, "startTime",
                               event->data.startTime);
}

#define CHECKS(ROW)                                                                                \
    ROW(festivo_schedule_schedule_item_created_v1, REJECT, "schedule-range", created_range)        \
    ROW(festivo_schedule_schedule_item_updated_v1, REJECT, "schedule-range", updated_range)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_festivo_schedule = {
    .service = "festivo-schedule",
    .summary = "Publishes the festival programme: performances added, moved and removed",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
};
