/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-workflow: an event from its manager to its end. */
#include "event_operations.gen.h"
#include "workflow.h"

enum { PLANNED = 1, ASSIGNED, PREPARING, READY, RUNNING, COMPLETED, CANCELLED };
static const char *const event_states[] = {"unknown", "planned", "assigned",  "preparing",
                                           "ready",   "running", "completed", "cancelled"};
enum {
    PLAN,
    ASSIGN,
    RESCHEDULE,
    LOSE_BOOKING,
    PREPARE,
    GET_READY,
    START,
    EVENT_ISSUE,
    COMPLETE,
    CALL_OFF
};
static const char *const event_steps[] = {
    "generated", "assigned", "rescheduled",    "booking-cancelled", "preparation-started",
    "ready",     "started",  "issue-reported", "completed",         "cancelled"};
static const struct mr_life_move event_moves[] = {
    {PLAN, B(UNKNOWN), 0, PLANNED},
    {ASSIGN, B(PLANNED), 0, ASSIGNED},
    {ASSIGN, B(ASSIGNED) | B(PREPARING) | B(READY) | B(RUNNING), 0, STAYS},
    {RESCHEDULE, B(PLANNED) | B(ASSIGNED) | B(PREPARING) | B(READY), 0, STAYS},
    {LOSE_BOOKING, B(PLANNED) | B(ASSIGNED) | B(PREPARING) | B(READY) | B(CANCELLED), B(RUNNING),
     STAYS},
    {PREPARE, B(ASSIGNED), B(PLANNED), PREPARING},
    {GET_READY, B(PREPARING), B(PLANNED) | B(ASSIGNED), READY},
    {START, B(READY), B(PLANNED) | B(ASSIGNED) | B(PREPARING), RUNNING},
    {EVENT_ISSUE, ~UINT32_C(0), 0, STAYS},
    {COMPLETE, B(RUNNING), B(PLANNED) | B(ASSIGNED) | B(PREPARING) | B(READY), COMPLETED},
    {CALL_OFF, B(PLANNED) | B(ASSIGNED) | B(PREPARING) | B(READY), B(RUNNING), CANCELLED}};
LIFE(event, "event_id");

/* For an event that another thing's event names; at: ?3 of the SQL, or MR_VALUES_END. */
static int event_step(struct mr_tx *tx, struct mr_str event_id, int step, struct mr_str by,
                      const char *sql, struct mr_str booking_id, struct mr_value at)
{
    uint32_t newer;

    int r = mr_life_step(tx, &event_life, event_id, step, by, &newer);
    return r || (newer & B(step))
               ? r
               : mr_sql(tx, sql, MR_TEXT(event_id), LAST(MR_TEXT(booking_id)), at);
}

int workflow_event_loses_booking(struct mr_tx *tx, struct mr_str event_id, struct mr_str by,
                                 struct mr_str booking_id, int64_t at)
{
    return event_step(
        tx, event_id, LOSE_BOOKING, by,
        "UPDATE event SET booking_id = coalesce(?2, booking_id), booking_cancelled_at = ?3"
        " WHERE event_id = ?1",
        booking_id, MR_INT(at));
}

int workflow_event_is_planned(struct mr_tx *tx, struct mr_str event_id, struct mr_str by,
                              struct mr_str booking_id)
{
    return event_step(tx, event_id, PLAN, by,
                      "UPDATE event SET booking_id = coalesce(?2, booking_id) WHERE event_id = ?1",
                      booking_id, MR_VALUES_END);
}

MR_HANDLER(event_operations_event_assigned_to_manager_v1, assigned_to_manager)
{
    uint32_t newer;

    int r =
        mr_life_step(tx, &event_life, event->data.eventId, ASSIGN, event->data.assignedBy, &newer);
    if (r == 0 && !(newer & B(ASSIGN)))
        r = mr_sql(tx,
                   "UPDATE event SET booking_id = coalesce(?2, booking_id), manager_id = ?3, "
                   "location_id = ?4,"
                   " location_name = ?5, address = ?6 WHERE event_id = ?1",
                   MR_TEXT(event->data.eventId), LAST(MR_TEXT(event->data.bookingId)),
                   MR_TEXT(event->data.managerId), MR_TEXT(event->data.location.id),
                   MR_TEXT(event->data.location.name), MR_TEXT(event->data.location.address));
    if (r == 0 && !(newer & (B(ASSIGN) | B(RESCHEDULE))))
        r = mr_sql(tx, "UPDATE event SET event_date = ?2 WHERE event_id = ?1",
                   MR_TEXT(event->data.eventId), MR_TEXT(event->data.eventDate));
    return r;
}

TAKES(event_operations_event_rescheduled_v1, rescheduled, event, RESCHEDULE, eventId, rescheduledBy,
      B(ASSIGN) | B(RESCHEDULE),
      "UPDATE event SET booking_id = coalesce(?2, booking_id), event_date = ?3 WHERE event_id = ?1",
      LAST(MR_TEXT(event->data.bookingId)), MR_TEXT(event->data.newDate))

MR_HANDLER(event_operations_event_preparation_started_v1, preparation_started)
{
    uint32_t newer;

    int r =
        mr_life_step(tx, &event_life, event->data.eventId, PREPARE, event->data.startedBy, &newer);
    if (r || (newer & B(PREPARE)))
        return r;
    r = mr_sql(tx, "UPDATE event SET booking_id = coalesce(?2, booking_id) WHERE event_id = ?1",
               MR_TEXT(event->data.eventId), LAST(MR_TEXT(event->data.bookingId)));
    if (r == 0)
        r = mr_sql(tx, "DELETE FROM preparation_task WHERE event_id = ?1",
                   MR_TEXT(event->data.eventId));
    for (size_t i = 0; r == 0 && i < event->data.n_preparationTasks; i++) {
        const struct event_operations_event_preparation_started_v1_task *task =
            &event->data.preparationTasks[i];
        r = mr_sql(tx,
                   "INSERT INTO preparation_task VALUES (?1, ?2, ?3, ?4, ?5)"
                   " ON CONFLICT (event_id, task_id) DO UPDATE SET"
                   " description = excluded.description, assigned_to = excluded.assigned_to,"
                   " due_date = excluded.due_date",
                   MR_TEXT(event->data.eventId), MR_TEXT(task->id), MR_TEXT(task->description),
                   MR_OPT(task->has_assignedTo, MR_TEXT(task->assignedTo)), MR_TEXT(task->dueDate));
    }
    return r;
}

MR_HANDLER(event_operations_event_ready_v1, event_ready)
{
    const struct {
        bool there;
        struct mr_str what;
    } needs[] = {{event->data.staffAssigned, MR_STR("staff")},
                 {event->data.kitsAssigned, MR_STR("kits")},
                 {event->data.logisticsConfirmed, MR_STR("logistics")},
                 {event->data.venueConfirmed, MR_STR("venue")}};
    struct mr_str lacks[4];
    size_t n = 0;
    uint32_t newer;

    for (size_t i = 0; i < 4; i++)
        if (!needs[i].there)
            lacks[n++] = needs[i].what;
    int r =
        mr_life_step(tx, &event_life, event->data.eventId, GET_READY, event->data.readyBy, &newer);
    return r || (newer & B(GET_READY))
               ? r
               : mr_sql(tx,
                        "UPDATE event SET booking_id = coalesce(?2, booking_id), lacks = ?3 WHERE "
                        "event_id = ?1",
                        MR_TEXT(event->data.eventId), LAST(MR_TEXT(event->data.bookingId)),
                        MR_OPT(n > 0, workflow_joined(tx, lacks, n)));
}

TAKES(event_operations_event_started_v1, event_started, event, START, eventId, startedBy, B(START),
      "UPDATE event SET booking_id = coalesce(?2, booking_id), started_at = CASE WHEN ended_at IS "
      "NULL THEN ?3"
      " ELSE started_at END WHERE event_id = ?1",
      LAST(MR_TEXT(event->data.bookingId)), MR_INT(event->data.startedAt))
TAKES(event_operations_event_completed_v1, event_completed, event, COMPLETE, eventId, completedBy,
      B(COMPLETE),
      "UPDATE event SET booking_id = coalesce(?2, booking_id), started_at = ?3, ended_at = ?4, "
      "met_expectations = ?5,"
      " notes = ?6 WHERE event_id = ?1",
      LAST(MR_TEXT(event->data.bookingId)), MR_INT(event->data.actualStartTime),
      MR_INT(event->data.actualEndTime), MR_BOOL(event->data.outcomes.metExpectations),
      MR_TEXT(event->data.outcomes.notes))
TAKES(event_operations_event_cancelled_v1, event_cancelled, event, CALL_OFF, eventId, cancelledBy,
      B(CALL_OFF),
      "UPDATE event SET booking_id = coalesce(?2, booking_id), cancelled_at = ?3, cancel_reason = "
      "?4 WHERE event_id = ?1",
      LAST(MR_TEXT(event->data.bookingId)), MR_INT(event->data.cancelledAt),
      MR_TEXT(event->data.reason))

MR_HANDLER(event_operations_event_issue_reported_v1, event_issue)
{
    const struct issue issue = {
        .subject = event->data.eventId,
        .event_id = event->data.eventId,
        .by = event->data.reportedBy,
        .at = event->data.reportedAt,
        .type = MR_TEXT(
            event_operations_event_issue_reported_v1_issue_type_symbol(event->data.issueType)),
        .severity = event_operations_event_issue_reported_v1_severity_symbol(event->data.severity),
        .urgent =
            event->data.severity == EVENT_OPERATIONS_EVENT_ISSUE_REPORTED_V1_SEVERITY_CRITICAL,
        .description = event->data.description,
        .done = OPT_TEXT(immediateActionTaken)};

    uint32_t newer;
    int r = workflow_report(tx, &event_life, EVENT_ISSUE, &issue, &newer);
    return r || newer ? r
                      : mr_sql(tx, "UPDATE event SET booking_id = ?2 WHERE event_id = ?1",
                               MR_TEXT(issue.subject), MR_TEXT(event->data.bookingId));
}

MR_CHAPTER(workflow_of_events,
           MR_ON(event_operations_event_assigned_to_manager_v1, assigned_to_manager),
           MR_ON(event_operations_event_preparation_started_v1, preparation_started),
           MR_ON(event_operations_event_ready_v1, event_ready),
           MR_ON(event_operations_event_started_v1, event_started),
           MR_ON(event_operations_event_completed_v1, event_completed),
           MR_ON(event_operations_event_cancelled_v1, event_cancelled),
           MR_ON(event_operations_event_rescheduled_v1, rescheduled),
           MR_ON(event_operations_event_issue_reported_v1, event_issue));
