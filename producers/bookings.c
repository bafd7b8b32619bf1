/* SPDX-License-Identifier: Apache-2.0 */
/* bookings: a series ends after it began; lists that say nothing are warned about. */
#include <string.h>

#include "bookings.gen.h"
#include "millrace/producer.h"

enum { DAY = 10 }; /* of a date or date-time, "2024-01-31": compared as text */

static int series_range(const struct bookings_booking_submitted_v1 *event,
                        struct mr_check_context *context)
{
    struct mr_str end = event->data.recurrencePattern.endDate;
    const struct mr_str *dates = event->data.eventDates, *first = dates;

    if (!event->data.has_recurrencePattern || event->data.n_eventDates == 0)
        return 0;
    for (size_t i = 1; i < event->data.n_eventDates; i++)
        if (memcmp(dates[i].data, first->data, DAY) < 0)
            first = &dates[i];
    if (memcmp(end.data, first->data, DAY) >= 0)
        return 0;
    return mr_check_broken(context, "/recurrencePattern/endDate",
                           "must not be before the first of eventDates, %.*s (was %.*s)", DAY,
                           first->data, DAY, end.data);
}

static int submitted_dates(const struct bookings_booking_submitted_v1 *event,
                           struct mr_check_context *context)
{
    return event->data.n_eventDates > 0 ? 0 : mr_check_broken(context, "/eventDates", "is empty");
}

static int approved_dates(const struct bookings_booking_approved_v1 *event,
                          struct mr_check_context *context)
{
    return event->data.n_eventDates > 0 ? 0 : mr_check_broken(context, "/eventDates", "is empty");
}

static int no_changes(const struct bookings_booking_changes_requested_v1 *event,
                      struct mr_check_context *context)
{
    return event->data.n_changes > 0 ? 0 : mr_check_broken(context, "/changes", "is empty");
}

static int no_fields(const struct bookings_booking_updated_v1 *event,
                     struct mr_check_context *context)
{
    return event->data.n_changedFields > 0 ? 0
                                           : mr_check_broken(context, "/changedFields", "is empty");
}

#define CHECKS(ROW)                                                                                \
    ROW(bookings_booking_submitted_v1, REJECT, "series-range", series_range)                       \
    ROW(bookings_booking_submitted_v1, WARN, "no-dates", submitted_dates)                          \
    ROW(bookings_booking_approved_v1, WARN, "no-dates", approved_dates)                            \
    ROW(bookings_booking_changes_requested_v1, WARN, "no-changes", no_changes)                     \
    ROW(bookings_booking_updated_v1, WARN, "no-changes", no_fields)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_bookings = {
    .service = "bookings",
    .summary = "Publishes the life of bookings",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
};
