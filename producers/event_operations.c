/* SPDX-License-Identifier: Apache-2.0 */
/* event-operations: ranges end after they began; states that contradict each other are warned
 * about. */
#include <inttypes.h>

#include "event_operations.gen.h"
#include "millrace/producer.h"
#include "millrace/time.h"

static int event_count(const struct event_operations_event_instances_generated_v1 *event,
                       struct mr_check_context *context)
{
    if (event->data.totalEvents >= 0 && (uint64_t)event->data.totalEvents == event->data.n_eventIds)
        return 0;
    return mr_check_broken(context, "/totalEvents",
                           "is not the number of eventIds, %zu (was %" PRId64 ")",
                           event->data.n_eventIds, event->data.totalEvents);
}

static int not_ready(const struct event_operations_event_ready_v1 *event,
                     struct mr_check_context *context)
{
    const struct {
        const char *pointer;
        bool value;
    } flags[] = {{"/staffAssigned", event->data.staffAssigned},
                 {"/kitsAssigned", event->data.kitsAssigned},
                 {"/logisticsConfirmed", event->data.logisticsConfirmed},
                 {"/venueConfirmed", event->data.venueConfirmed}};

    for (size_t i = 0; i < MR_N_ELEMENTS(flags); i++)
        if (!flags[i].value)
            return mr_check_broken(context, flags[i].pointer, "is false, yet the event is ready");
    return 0;
}

static int event_range(const struct event_operations_event_completed_v1 *event,
                       struct mr_check_context *context)
{
    return mr_check_not_before(context, "/actualEndTime", event->data.actualEndTime,
                               "actualStartTime", event->data.actualStartTime);
}

static int same_date(const struct event_operations_event_rescheduled_v1 *event,
                     struct mr_check_context *context)
{
    return mr_str_eq(event->data.newDate, event->data.originalDate)
               ? mr_check_broken(context, "/newDate", "equals originalDate")
               : 0;
}

static int shift_range(const struct event_operations_staff_assignment_created_v1 *event,
                       struct mr_check_context *context)
{
    return mr_check_not_before(context, "/endTime", event->data.endTime, "startTime",
                               event->data.startTime);
}

static int deadline_passed(const struct event_operations_staff_assignment_offered_v1 *event,
                           struct mr_check_context *context)
{
    return mr_check_not_before(context, "/responseDeadline", event->data.responseDeadline,
                               "offeredAt", event->data.offeredAt);
}

static int currency(const struct event_operations_staff_assignment_offered_v1 *event,
                    struct mr_check_context *context)
{
    return event->data.has_compensation ? mr_check_currency(context, "/compensation/currency",
                                                            event->data.compensation.currency)
                                        : 0;
}

static int long_shift(const struct event_operations_staff_checked_out_v1 *event,
                      struct mr_check_context *context)
{
    return event->data.hoursWorked <= 24
               ? 0
               : mr_check_broken(context, "/hoursWorked", "is above 24 (was %g)",
                                 event->data.hoursWorked);
}

/* A date has no zone: one day of room. */
static int return_passed(const struct event_operations_kit_checked_out_v1 *event,
                         struct mr_check_context *context)
{
    enum { DAY = 10 }; /* "2024-01-31" */
    struct mr_str told = event->data.expectedReturnDate;
    int64_t micros = event->data.checkedOutAt, day = 86400000000;
    int64_t out = micros / day - (micros % day < 0);
    int32_t expected;

    told.len = told.len < DAY ? told.len : DAY;
    if (mr_date_parse(told, &expected) != 0 || expected >= out - 1)
        return 0;
    return mr_check_broken(context, "/expectedReturnDate", "is before checkedOutAt (was %.*s)",
                           MR_STR_ARG(told));
}

static int kit_state(const struct event_operations_kit_returned_v1 *event,
                     struct mr_check_context *context)
{
    if (event->data.condition != EVENT_OPERATIONS_KIT_RETURNED_V1_CONDITION_EXCELLENT ||
        event->data.n_missingComponents + event->data.n_damagedComponents == 0)
        return 0;
    return mr_check_broken(context, "/condition", "is excellent, yet parts are missing or damaged");
}

#define CHECKS(ROW)                                                                                \
    ROW(event_operations_event_instances_generated_v1, REJECT, "event-count", event_count)         \
    ROW(event_operations_event_ready_v1, WARN, "not-ready", not_ready)                             \
    ROW(event_operations_event_completed_v1, REJECT, "event-range", event_range)                   \
    ROW(event_operations_event_rescheduled_v1, WARN, "same-date", same_date)                       \
    ROW(event_operations_staff_assignment_created_v1, REJECT, "shift-range", shift_range)          \
    ROW(event_operations_staff_assignment_offered_v1, REJECT, "deadline-passed", deadline_passed)  \
    ROW(event_operations_staff_assignment_offered_v1, WARN, "currency-code", currency)             \
    ROW(event_operations_staff_checked_out_v1, WARN, "long-shift", long_shift)                     \
    ROW(event_operations_kit_checked_out_v1, REJECT, "return-passed", return_passed)               \
    ROW(event_operations_kit_returned_v1, WARN, "kit-state", kit_state)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_event_operations = {
    .service = "event-operations",
    .summary = "Publishes events, activities, staff, kits and locations",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
};
