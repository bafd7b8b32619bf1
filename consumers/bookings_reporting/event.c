/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-reporting: events, from the plan to what came of them. */
#include "../bookings_hours.h"
#include "event_operations.gen.h"
#include "report.h"

static const struct thing the_event = {"event", ROW("event_fact", "event_id")};

MR_HANDLER(event_operations_event_instances_generated_v1, generated)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < event->data.n_eventIds; i++) {
        bool told;
        r = reporting_note(tx, &the_event, event->data.eventIds[i], "generated",
                           event->data.generatedBy, &told);
        if (r == 0 && !told)
            r = mr_sql(tx,
                       "UPDATE event_fact SET booking_id = ?2, planned_at = ?3 WHERE event_id = ?1",
                       MR_TEXT(event->data.eventIds[i]), MR_TEXT(event->data.bookingId),
                       MR_INT(event->data.generatedAt));
    }
    return r;
}

TELLS(event_operations_event_assigned_to_manager_v1, assigned_to_manager, the_event, "assigned",
      eventId, assignedBy,
      "UPDATE event_fact SET booking_id = ?2, manager_id = ?3, assigned_at = ?4, event_date = ?5,"
      " location_name = ?6 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_TEXT(event->data.managerId),
      MR_INT(event->data.assignedAt), MR_TEXT(event->data.eventDate),
      MR_TEXT(event->data.location.name))
TELLS(event_operations_event_preparation_started_v1, preparation_started, the_event,
      "preparation-started", eventId, startedBy,
      "UPDATE event_fact SET booking_id = ?2, preparation_at = ?3 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_INT(event->data.startedAt))
TELLS(event_operations_event_ready_v1, ready, the_event, "ready", eventId, readyBy,
      "UPDATE event_fact SET booking_id = ?2, ready_at = ?3 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_INT(event->data.readyAt))
TELLS(event_operations_event_started_v1, started, the_event, "started", eventId, startedBy,
      "UPDATE event_fact SET booking_id = ?2, started_at = ?3 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_INT(event->data.startedAt))
TELLS(event_operations_event_cancelled_v1, cancelled, the_event, "cancelled", eventId, cancelledBy,
      "UPDATE event_fact SET booking_id = ?2, cancelled_at = ?3 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_INT(event->data.cancelledAt))
TELLS(event_operations_event_rescheduled_v1, rescheduled, the_event, "rescheduled", eventId,
      rescheduledBy,
      "UPDATE event_fact SET booking_id = ?2, rescheduled_to = ?3 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_TEXT(event->data.newDate))

MR_HANDLER(event_operations_event_completed_v1, completed)
{
    struct mr_str id = event->data.eventId;
    bool told;

    int r = reporting_note(tx, &the_event, id, "completed", event->data.completedBy, &told);
    if (r || told)
        return r;
    r = mr_sql(tx,
               "UPDATE event_fact SET booking_id = ?2, actual_start_at = ?3, actual_end_at = ?4,"
               " completed_at = ?5, met_expectations = ?6 WHERE event_id = ?1",
               MR_TEXT(id), MR_TEXT(event->data.bookingId), MR_INT(event->data.actualStartTime),
               MR_INT(event->data.actualEndTime), MR_INT(event->data.completedAt),
               MR_BOOL(event->data.outcomes.metExpectations));
    if (r == 0)
        r = reporting_measure(tx, "event", id, event->data.outcomes.metrics,
                              event->data.outcomes.n_metrics);
    if (r == 0)
        r = mr_sql(tx, "DELETE FROM staff_time WHERE event_id = ?1", MR_TEXT(id));
    for (size_t i = 0; r == 0 && i < event->data.n_staffParticipated; i++) {
        const struct event_operations_event_completed_v1_staff *who =
            &event->data.staffParticipated[i];
        r = mr_sql(tx,
                   "INSERT INTO staff_time VALUES (?1, ?2, ?3, ?4) ON CONFLICT (event_id, user_id,"
                   " role) DO UPDATE SET minutes = staff_time.minutes + excluded.minutes",
                   MR_TEXT(id), MR_TEXT(who->userId), MR_TEXT(who->role),
                   MR_INT(bookings_minutes(who->hoursWorked)));
    }
    return r;
}

MR_HANDLER(event_operations_event_issue_reported_v1, event_issue)
{
    const struct issue issue = {
        .subject = event->data.eventId,
        .event_id = event->data.eventId,
        .by = event->data.reportedBy,
        .at = event->data.reportedAt,
        .type = MR_TEXT(
            event_operations_event_issue_reported_v1_issue_type_symbol(event->data.issueType)),
        .severity = event_operations_event_issue_reported_v1_severity_symbol(event->data.severity)};

    return reporting_report(tx, &the_event, &issue);
}

MR_CHAPTER(reporting_of_events, MR_ON(event_operations_event_instances_generated_v1, generated),
           MR_ON(event_operations_event_assigned_to_manager_v1, assigned_to_manager),
           MR_ON(event_operations_event_preparation_started_v1, preparation_started),
           MR_ON(event_operations_event_ready_v1, ready),
           MR_ON(event_operations_event_started_v1, started),
           MR_ON(event_operations_event_completed_v1, completed),
           MR_ON(event_operations_event_cancelled_v1, cancelled),
           MR_ON(event_operations_event_rescheduled_v1, rescheduled),
           MR_ON(event_operations_event_issue_reported_v1, event_issue));
