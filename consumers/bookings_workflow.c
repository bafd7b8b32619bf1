/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-workflow: where every booking, event, activity, assignment, kit and location stands, how
 * it came there, and what is to be done. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "bookings.gen.h"
#include "bookings_workflow.h"
#include "event_operations.gen.h"
#include "millrace/consumer.h"

/* A step, and what it tells of the thing, unless a younger step of SETS has told so already. */
#define TAKES(ID, NAME, LIFE, STEP, SUBJECT, BY, SETS, SQL, ...)                                   \
    MR_HANDLER(ID, NAME)                                                                           \
    {                                                                                              \
        uint32_t newer;                                                                            \
        int r = mr_life_step(tx, &LIFE##_life, event->data.SUBJECT, STEP, event->data.BY, &newer); \
        return r || (newer & (SETS)) ? r                                                           \
                                     : mr_sql(tx, SQL, MR_TEXT(event->data.SUBJECT), __VA_ARGS__); \
    }
#define OPT_TEXT(field) MR_OPT(event->data.has_##field, MR_TEXT(event->data.field))

/* "a, b". Without memory it ends the list of values, which the store refuses. */
static struct mr_value joined(struct mr_tx *tx, const struct mr_str *items, size_t n)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
        len += items[i].len + 2;
    char *text = mr_arena_alloc(mr_tx_arena(tx), len + 1), *at = text;
    for (size_t i = 0; text && i < n; i++) {
        memcpy(at, i ? ", " : "", i ? 2 : 0);
        at += i ? 2 : 0;
        if (items[i].len)
            memcpy(at, items[i].data, items[i].len);
        at += items[i].len;
    }
    return text ? MR_TEXT(((struct mr_str){text, (size_t)(at - text)})) : MR_VALUES_END;
}
#define JOINED(list) joined(tx, event->data.list, event->data.n_##list)

#define DECISIONS (B(ASK_CHANGES) | B(APPROVE) | B(REJECT) | B(REFUSE))
static const char decided[] = "UPDATE booking SET client_id = ?2, decided_by = ?3, decided_at = ?4,"
                              " remarks = ?5 WHERE booking_id = ?1";
#define TITLED (B(CREATE) | B(SUBMIT) | B(APPROVE))
#define DATED (B(SUBMIT) | B(APPROVE))

/* Title and dates, which several steps tell. */
static int describe(struct mr_tx *tx, uint32_t newer, struct mr_str id, struct mr_str title,
                    struct mr_value dates)
{
    int r = newer & TITLED ? 0
                           : mr_sql(tx, "UPDATE booking SET title = ?2 WHERE booking_id = ?1",
                                    MR_TEXT(id), MR_TEXT(title));

    if (r == 0 && !(newer & DATED))
        r = mr_sql(tx, "UPDATE booking SET dates = ?2 WHERE booking_id = ?1", MR_TEXT(id), dates);
    return r;
}

TAKES(bookings_booking_created_v1, booking_created, booking, CREATE, bookingId, createdBy, TITLED,
      "UPDATE booking SET client_id = ?2, title = ?3 WHERE booking_id = ?1",
      MR_TEXT(event->data.clientId), MR_TEXT(event->data.title))

MR_HANDLER(bookings_booking_submitted_v1, booking_submitted)
{
    const struct bookings_booking_submitted_v1_recurrence *again = &event->data.recurrencePattern;
    struct mr_str unit = bookings_booking_submitted_v1_frequency_symbol(again->frequency);
    const char *recurrence =
        mr_arena_printf(mr_tx_arena(tx), "%.*s, every %lld, until %.*s", MR_STR_ARG(unit),
                        (long long)again->interval, MR_STR_ARG(again->endDate));
    uint32_t newer;

    if (!recurrence)
        return -ENOMEM;
    int r = mr_life_step(tx, &booking_life, event->data.bookingId, SUBMIT, event->data.submittedBy,
                         &newer);
    if (r == 0 && !(newer & B(SUBMIT)))
        r = mr_sql(tx,
                   "UPDATE booking SET client_id = ?2, submitted_by = ?3, submitted_at = ?4,"
                   " recurrence = ?5 WHERE booking_id = ?1",
                   MR_TEXT(event->data.bookingId), MR_TEXT(event->data.clientId),
                   MR_TEXT(event->data.submittedBy), MR_INT(event->data.submittedAt),
                   MR_OPT(event->data.has_recurrencePattern, MR_TEXT_OF(recurrence)));
    return r ? r
             : describe(tx, newer, event->data.bookingId, event->data.title,
                        joined(tx, event->data.eventDates, event->data.n_eventDates));
}

MR_HANDLER(bookings_booking_approved_v1, booking_approved)
{
    uint32_t newer;

    int r = mr_life_step(tx, &booking_life, event->data.bookingId, APPROVE, event->data.approvedBy,
                         &newer);
    if (r == 0 && !(newer & DECISIONS))
        r = mr_sql(tx, decided, MR_TEXT(event->data.bookingId), MR_TEXT(event->data.clientId),
                   MR_TEXT(event->data.approvedBy), MR_INT(event->data.approvedAt),
                   OPT_TEXT(notes));
    return r ? r
             : describe(tx, newer, event->data.bookingId, event->data.title,
                        joined(tx, event->data.eventDates, event->data.n_eventDates));
}

TAKES(bookings_booking_rejected_v1, booking_rejected, booking,
      event->data.allowResubmission ? REJECT : REFUSE, bookingId, rejectedBy, DECISIONS, decided,
      MR_TEXT(event->data.clientId), MR_TEXT(event->data.rejectedBy),
      MR_INT(event->data.rejectedAt), MR_TEXT(event->data.reason))

MR_HANDLER(bookings_booking_changes_requested_v1, booking_changes_requested)
{
    struct mr_str *wishes =
        mr_arena_array(mr_tx_arena(tx), event->data.n_changes + 1, sizeof(*wishes));
    uint32_t newer;

    if (!wishes)
        return -ENOMEM;
    for (size_t i = 0; i < event->data.n_changes; i++) {
        const struct bookings_booking_changes_requested_v1_change *wish = &event->data.changes[i];
        wishes[i] = mr_str_from(
            mr_arena_printf(mr_tx_arena(tx), "%.*s: %.*s%s%.*s%s", MR_STR_ARG(wish->field),
                            MR_STR_ARG(wish->reason), wish->has_suggestedValue ? " (" : "",
                            MR_STR_ARG(wish->suggestedValue), wish->has_suggestedValue ? ")" : ""));
        if (!wishes[i].data)
            return -ENOMEM;
    }
    int r = mr_life_step(tx, &booking_life, event->data.bookingId, ASK_CHANGES,
                         event->data.requestedBy, &newer);
    return r || (newer & DECISIONS)
               ? r
               : mr_sql(tx, decided, MR_TEXT(event->data.bookingId), MR_TEXT(event->data.clientId),
                        MR_TEXT(event->data.requestedBy), MR_INT(event->data.requestedAt),
                        joined(tx, wishes, event->data.n_changes));
}

TAKES(bookings_booking_updated_v1, booking_updated, booking,
      event->data.needsReapproval ? REOPEN : UPDATE, bookingId, updatedBy, B(UPDATE) | B(REOPEN),
      "UPDATE booking SET client_id = ?2, changed_fields = ?3 WHERE booking_id = ?1",
      MR_TEXT(event->data.clientId), JOINED(changedFields))

/* For an event that another thing's event names; at: ?3 of the SQL, or MR_VALUES_END. */
static int event_step(struct mr_tx *tx, struct mr_str event_id, int step, struct mr_str by,
                      const char *sql, struct mr_str booking_id, struct mr_value at)
{
    uint32_t newer;

    int r = mr_life_step(tx, &event_life, event_id, step, by, &newer);
    return r || (newer & B(step)) ? r : mr_sql(tx, sql, MR_TEXT(event_id), MR_TEXT(booking_id), at);
}

MR_HANDLER(bookings_booking_cancelled_v1, booking_cancelled)
{
    uint32_t newer;

    int r = mr_life_step(tx, &booking_life, event->data.bookingId, CANCEL, event->data.cancelledBy,
                         &newer);
    if (r == 0 && !(newer & B(CANCEL)))
        r = mr_sql(tx,
                   "UPDATE booking SET client_id = ?2, cancelled_at = ?3, cancel_reason = ?4"
                   " WHERE booking_id = ?1",
                   MR_TEXT(event->data.bookingId), MR_TEXT(event->data.clientId),
                   MR_INT(event->data.cancelledAt), MR_TEXT(event->data.reason));
    for (size_t i = 0; r == 0 && i < event->data.n_affectedEventIds; i++)
        r = event_step(tx, event->data.affectedEventIds[i], LOSE_BOOKING, event->data.cancelledBy,
                       "UPDATE event SET booking_id = ?2, booking_cancelled_at = ?3"
                       " WHERE event_id = ?1",
                       event->data.bookingId, MR_INT(event->data.cancelledAt));
    return r;
}

MR_HANDLER(event_operations_event_instances_generated_v1, instances_generated)
{
    uint32_t newer;

    int r = mr_life_step(tx, &booking_life, event->data.bookingId, GENERATE,
                         event->data.generatedBy, &newer);
    if (r == 0 && !(newer & B(GENERATE)))
        r = mr_sql(tx, "UPDATE booking SET client_id = ?2, n_events = ?3 WHERE booking_id = ?1",
                   MR_TEXT(event->data.bookingId), MR_TEXT(event->data.clientId),
                   MR_INT(event->data.totalEvents));
    for (size_t i = 0; r == 0 && i < event->data.n_eventIds; i++)
        r = event_step(tx, event->data.eventIds[i], PLAN, event->data.generatedBy,
                       "UPDATE event SET booking_id = ?2 WHERE event_id = ?1",
                       event->data.bookingId, MR_VALUES_END);
    return r;
}

MR_HANDLER(event_operations_event_assigned_to_manager_v1, assigned_to_manager)
{
    uint32_t newer;

    int r =
        mr_life_step(tx, &event_life, event->data.eventId, ASSIGN, event->data.assignedBy, &newer);
    if (r == 0 && !(newer & B(ASSIGN)))
        r = mr_sql(tx,
                   "UPDATE event SET booking_id = ?2, manager_id = ?3, location_id = ?4,"
                   " location_name = ?5, address = ?6 WHERE event_id = ?1",
                   MR_TEXT(event->data.eventId), MR_TEXT(event->data.bookingId),
                   MR_TEXT(event->data.managerId), MR_TEXT(event->data.location.id),
                   MR_TEXT(event->data.location.name), MR_TEXT(event->data.location.address));
    if (r == 0 && !(newer & (B(ASSIGN) | B(RESCHEDULE))))
        r = mr_sql(tx, "UPDATE event SET event_date = ?2 WHERE event_id = ?1",
                   MR_TEXT(event->data.eventId), MR_TEXT(event->data.eventDate));
    return r;
}

TAKES(event_operations_event_rescheduled_v1, rescheduled, event, RESCHEDULE, eventId, rescheduledBy,
      B(ASSIGN) | B(RESCHEDULE),
      "UPDATE event SET booking_id = ?2, event_date = ?3 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_TEXT(event->data.newDate))

MR_HANDLER(event_operations_event_preparation_started_v1, preparation_started)
{
    uint32_t newer;

    int r =
        mr_life_step(tx, &event_life, event->data.eventId, PREPARE, event->data.startedBy, &newer);
    if (r || (newer & B(PREPARE)))
        return r;
    r = mr_sql(tx, "UPDATE event SET booking_id = ?2 WHERE event_id = ?1",
               MR_TEXT(event->data.eventId), MR_TEXT(event->data.bookingId));
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
               : mr_sql(tx, "UPDATE event SET booking_id = ?2, lacks = ?3 WHERE event_id = ?1",
                        MR_TEXT(event->data.eventId), MR_TEXT(event->data.bookingId),
                        MR_OPT(n > 0, joined(tx, lacks, n)));
}

TAKES(event_operations_event_started_v1, event_started, event, START, eventId, startedBy, B(START),
      "UPDATE event SET booking_id = ?2, started_at = CASE WHEN ended_at IS NULL THEN ?3"
      " ELSE started_at END WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_INT(event->data.startedAt))
TAKES(event_operations_event_completed_v1, event_completed, event, COMPLETE, eventId, completedBy,
      B(COMPLETE),
      "UPDATE event SET booking_id = ?2, started_at = ?3, ended_at = ?4, met_expectations = ?5,"
      " notes = ?6 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_INT(event->data.actualStartTime),
      MR_INT(event->data.actualEndTime), MR_BOOL(event->data.outcomes.metExpectations),
      MR_TEXT(event->data.outcomes.notes))
TAKES(event_operations_event_cancelled_v1, event_cancelled, event, CALL_OFF, eventId, cancelledBy,
      B(CALL_OFF),
      "UPDATE event SET booking_id = ?2, cancelled_at = ?3, cancel_reason = ?4 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_INT(event->data.cancelledAt), MR_TEXT(event->data.reason))

TAKES(event_operations_activity_created_v1, activity_created, activity, MAKE, activityId, createdBy,
      B(MAKE),
      "UPDATE activity SET event_id = ?2, activity_type = ?3, description = ?4, minutes = ?5,"
      " needs_kits = ?6, needs_roles = ?7 WHERE activity_id = ?1",
      MR_TEXT(event->data.eventId), MR_TEXT(event->data.activityType),
      MR_TEXT(event->data.description), MR_INT(event->data.duration),
      JOINED(requiredKitTemplateIds), JOINED(requiredStaffRoles))
TAKES(event_operations_activity_assigned_v1, activity_assigned, activity, GIVE, activityId,
      assignedBy, B(GIVE),
      "UPDATE activity SET event_id = ?2, assignment_id = ?3, assigned_to = ?4, role = ?5"
      " WHERE activity_id = ?1",
      MR_TEXT(event->data.eventId), MR_TEXT(event->data.assignmentId),
      MR_TEXT(event->data.assignedTo), MR_TEXT(event->data.role))
TAKES(event_operations_activity_started_v1, activity_started, activity, BEGIN, activityId,
      startedBy, B(BEGIN),
      "UPDATE activity SET event_id = ?2, started_at = ?3 WHERE activity_id = ?1",
      MR_TEXT(event->data.eventId), MR_INT(event->data.startedAt))
TAKES(event_operations_activity_completed_v1, activity_completed, activity, END, activityId,
      completedBy, B(END),
      "UPDATE activity SET event_id = ?2, completed_at = ?3, notes = ?4 WHERE activity_id = ?1",
      MR_TEXT(event->data.eventId), MR_INT(event->data.completedAt),
      MR_TEXT(event->data.outcomes.notes))

TAKES(event_operations_staff_assignment_created_v1, assignment_created, assignment, PROPOSE,
      assignmentId, createdBy, B(PROPOSE),
      "UPDATE assignment SET event_id = ?2, user_id = ?3, activity_id = ?4, role = ?5,"
      " begins_at = ?6, ends_at = ?7 WHERE assignment_id = ?1",
      MR_TEXT(event->data.eventId), MR_TEXT(event->data.userId), OPT_TEXT(activityId),
      MR_TEXT(event->data.role), MR_INT(event->data.startTime), MR_INT(event->data.endTime))
TAKES(event_operations_staff_assignment_offered_v1, assignment_offered, assignment, OFFER,
      assignmentId, offeredBy, B(OFFER),
      "UPDATE assignment SET event_id = ?2, user_id = ?3, answer_until_at = ?4"
      " WHERE assignment_id = ?1",
      MR_TEXT(event->data.eventId), MR_TEXT(event->data.userId),
      MR_INT(event->data.responseDeadline))
static const char answered[] = "UPDATE assignment SET event_id = ?2, user_id = ?3,"
                               " answered_at = ?4, remarks = ?5 WHERE assignment_id = ?1";
#define ANSWERS (B(ACCEPT) | B(DECLINE))
TAKES(event_operations_staff_assignment_accepted_v1, assignment_accepted, assignment, ACCEPT,
      assignmentId, userId, ANSWERS, answered, MR_TEXT(event->data.eventId),
      MR_TEXT(event->data.userId), MR_INT(event->data.acceptedAt), OPT_TEXT(notes))
TAKES(event_operations_staff_assignment_rejected_v1, assignment_rejected, assignment, DECLINE,
      assignmentId, userId, ANSWERS, answered, MR_TEXT(event->data.eventId),
      MR_TEXT(event->data.userId), MR_INT(event->data.rejectedAt), MR_TEXT(event->data.reason))
TAKES(event_operations_staff_checked_in_v1, checked_in, assignment, COME, assignmentId, userId,
      B(COME),
      "UPDATE assignment SET event_id = ?2, user_id = ?3, checked_in_at = ?4"
      " WHERE assignment_id = ?1",
      MR_TEXT(event->data.eventId), MR_TEXT(event->data.userId), MR_INT(event->data.checkedInAt))
TAKES(event_operations_staff_checked_out_v1, checked_out, assignment, LEAVE, assignmentId, userId,
      B(LEAVE),
      "UPDATE assignment SET event_id = ?2, user_id = ?3, checked_out_at = ?4,"
      " minutes_worked = ?5 WHERE assignment_id = ?1",
      MR_TEXT(event->data.eventId), MR_TEXT(event->data.userId), MR_INT(event->data.checkedOutAt),
      MR_INT(llround(event->data.hoursWorked * 60)))
TAKES(event_operations_staff_no_show_v1, no_show, assignment, MISS, assignmentId, reportedBy,
      B(MISS),
      "UPDATE assignment SET event_id = ?2, user_id = ?3, consequence = ?4"
      " WHERE assignment_id = ?1",
      MR_TEXT(event->data.eventId), MR_TEXT(event->data.userId),
      MR_TEXT(event_operations_staff_no_show_v1_consequence_symbol(event->data.consequenceLevel)))

#define KIT_OF "UPDATE kit SET activity_id = ?2, event_id = ?3, "
TAKES(event_operations_kit_assigned_to_activity_v1, kit_assigned, kit, PUT_ASIDE, kitAssignmentId,
      assignedBy, B(PUT_ASIDE),
      KIT_OF "kit_template_id = ?4, quantity = ?5 WHERE kit_assignment_id = ?1",
      MR_TEXT(event->data.activityId), MR_TEXT(event->data.eventId),
      MR_TEXT(event->data.kitTemplateId), MR_INT(event->data.quantity))
TAKES(event_operations_kit_prepared_v1, kit_prepared, kit, FILL, kitAssignmentId, preparedBy,
      B(FILL), KIT_OF "kit_instance_id = ?4, components = ?5 WHERE kit_assignment_id = ?1",
      MR_TEXT(event->data.activityId), MR_TEXT(event->data.eventId),
      MR_TEXT(event->data.kitInstanceId), MR_INT((int64_t)event->data.n_components))
TAKES(event_operations_kit_checked_out_v1, kit_checked_out, kit, TAKE, kitAssignmentId,
      checkedOutBy, B(TAKE), KIT_OF "out_with = ?4, return_date = ?5 WHERE kit_assignment_id = ?1",
      MR_TEXT(event->data.activityId), MR_TEXT(event->data.eventId),
      MR_TEXT(event->data.checkedOutTo), MR_TEXT(event->data.expectedReturnDate))
TAKES(event_operations_kit_returned_v1, kit_returned, kit, BRING_BACK, kitAssignmentId, returnedBy,
      B(BRING_BACK),
      KIT_OF "condition = ?4, missing = ?5, damaged = ?6 WHERE kit_assignment_id = ?1",
      MR_TEXT(event->data.activityId), MR_TEXT(event->data.eventId),
      MR_TEXT(event_operations_kit_returned_v1_condition_symbol(event->data.condition)),
      MR_OPT(event->data.n_missingComponents > 0, JOINED(missingComponents)),
      MR_INT((int64_t)event->data.n_damagedComponents))

/* "event/location": a location is confirmed for an event. */
static struct mr_str venue_id(struct mr_tx *tx, struct mr_str event_id, struct mr_str location_id)
{
    return mr_str_from(mr_arena_printf(mr_tx_arena(tx), "%.*s/%.*s", MR_STR_ARG(event_id),
                                       MR_STR_ARG(location_id)));
}

MR_HANDLER(event_operations_location_confirmed_v1, location_confirmed)
{
    struct mr_str id = venue_id(tx, event->data.eventId, event->data.locationId);
    const char *contact = mr_arena_printf(
        mr_tx_arena(tx), "%.*s, %.*s, %.*s", MR_STR_ARG(event->data.contactPerson.name),
        MR_STR_ARG(event->data.contactPerson.phone), MR_STR_ARG(event->data.contactPerson.email));
    uint32_t newer;

    if (!id.data || !contact)
        return -ENOMEM;
    int r = mr_life_step(tx, &venue_life, id, CONFIRM, event->data.confirmedBy, &newer);
    return r || (newer & B(CONFIRM))
               ? r
               : mr_sql(tx,
                        "UPDATE venue SET event_id = ?2, location_id = ?3, confirmed_by = ?4,"
                        " confirmed_at = ?5, contact = ?6, instructions = ?7 WHERE venue = ?1",
                        MR_TEXT(id), MR_TEXT(event->data.eventId), MR_TEXT(event->data.locationId),
                        MR_TEXT(event->data.confirmedBy), MR_INT(event->data.confirmedAt),
                        MR_OPT(event->data.has_contactPerson, MR_TEXT_OF(contact)),
                        OPT_TEXT(specialInstructions));
}

/* ---- what went wrong ---- */
struct issue {
    struct mr_str subject, event_id, by, severity, description;
    struct mr_value type, done;
    bool urgent;
    int64_t at;
};

static int report(struct mr_tx *tx, const struct mr_life *life, int step, const struct issue *issue)
{
    uint32_t newer;

    if (!issue->subject.data)
        return -ENOMEM;
    int r = mr_life_step(tx, life, issue->subject, step, issue->by, &newer);
    if (r != 0)
        return r;
    return mr_sql(tx, "INSERT INTO issue VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                  MR_TEXT(mr_tx_event(tx)->envelope->event_id), MR_TEXT_OF(life->kind),
                  MR_TEXT(issue->subject), MR_TEXT(issue->event_id), issue->type,
                  MR_TEXT(issue->severity), MR_BOOL(issue->urgent), MR_TEXT(issue->description),
                  issue->done, MR_TEXT(issue->by), MR_INT(issue->at));
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
        .severity = event_operations_event_issue_reported_v1_severity_symbol(event->data.severity),
        .urgent =
            event->data.severity == EVENT_OPERATIONS_EVENT_ISSUE_REPORTED_V1_SEVERITY_CRITICAL,
        .description = event->data.description,
        .done = OPT_TEXT(immediateActionTaken)};

    return report(tx, &event_life, EVENT_ISSUE, &issue);
}

MR_HANDLER(event_operations_activity_issue_reported_v1, activity_issue)
{
    const struct issue issue = {
        .subject = event->data.activityId,
        .event_id = event->data.eventId,
        .by = event->data.reportedBy,
        .at = event->data.reportedAt,
        .type = MR_TEXT(event->data.issueType),
        .severity =
            event_operations_activity_issue_reported_v1_impact_symbol(event->data.impactLevel),
        .description = event->data.description,
        .done = MR_NULL};

    return report(tx, &activity_life, REPORT, &issue);
}

MR_HANDLER(event_operations_kit_issue_reported_v1, kit_issue)
{
    const struct issue issue = {
        .subject = event->data.kitAssignmentId,
        .event_id = event->data.eventId,
        .by = event->data.reportedBy,
        .at = event->data.reportedAt,
        .type = MR_TEXT(
            event_operations_kit_issue_reported_v1_issue_type_symbol(event->data.issueType)),
        .severity = event_operations_kit_issue_reported_v1_impact_symbol(event->data.impactLevel),
        .urgent = event->data.needsImmediate,
        .description = event->data.description,
        .done = MR_NULL};

    return report(tx, &kit_life, KIT_ISSUE, &issue);
}

MR_HANDLER(event_operations_location_issue_reported_v1, location_issue)
{
    const struct issue issue = {
        .subject = venue_id(tx, event->data.eventId, event->data.locationId),
        .event_id = event->data.eventId,
        .by = event->data.reportedBy,
        .at = event->data.reportedAt,
        .type = MR_TEXT(
            event_operations_location_issue_reported_v1_issue_type_symbol(event->data.issueType)),
        .severity =
            event_operations_location_issue_reported_v1_impact_symbol(event->data.impactLevel),
        .urgent = event->data.needsImmediate,
        .description = event->data.description,
        .done = MR_NULL};

    int r = report(tx, &venue_life, DOUBT, &issue);
    /* nobody may have confirmed it yet */
    return r ? r
             : mr_sql(tx, "UPDATE venue SET event_id = ?2, location_id = ?3 WHERE venue = ?1",
                      MR_TEXT(issue.subject), MR_TEXT(event->data.eventId),
                      MR_TEXT(event->data.locationId));
}

const struct mr_consumer consumer_bookings_workflow = {
    .name = "bookings-workflow",
    .summary = "Keeps where bookings, events, activities, staff, kits and locations stand",
    .handles = MR_HANDLES(MR_ON(bookings_booking_created_v1, booking_created),
                          MR_ON(bookings_booking_submitted_v1, booking_submitted),
                          MR_ON(bookings_booking_approved_v1, booking_approved),
                          MR_ON(bookings_booking_rejected_v1, booking_rejected),
                          MR_ON(bookings_booking_changes_requested_v1, booking_changes_requested),
                          MR_ON(bookings_booking_cancelled_v1, booking_cancelled),
                          MR_ON(bookings_booking_updated_v1, booking_updated),
                          MR_ON(event_operations_event_instances_generated_v1, instances_generated),
                          MR_ON(event_operations_event_assigned_to_manager_v1, assigned_to_manager),
                          MR_ON(event_operations_event_preparation_started_v1, preparation_started),
                          MR_ON(event_operations_event_ready_v1, event_ready),
                          MR_ON(event_operations_event_started_v1, event_started),
                          MR_ON(event_operations_event_completed_v1, event_completed),
                          MR_ON(event_operations_event_cancelled_v1, event_cancelled),
                          MR_ON(event_operations_event_rescheduled_v1, rescheduled),
                          MR_ON(event_operations_event_issue_reported_v1, event_issue),
                          MR_ON(event_operations_activity_created_v1, activity_created),
                          MR_ON(event_operations_activity_assigned_v1, activity_assigned),
                          MR_ON(event_operations_activity_started_v1, activity_started),
                          MR_ON(event_operations_activity_completed_v1, activity_completed),
                          MR_ON(event_operations_activity_issue_reported_v1, activity_issue),
                          MR_ON(event_operations_staff_assignment_created_v1, assignment_created),
                          MR_ON(event_operations_staff_assignment_offered_v1, assignment_offered),
                          MR_ON(event_operations_staff_assignment_accepted_v1, assignment_accepted),
                          MR_ON(event_operations_staff_assignment_rejected_v1, assignment_rejected),
                          MR_ON(event_operations_staff_checked_in_v1, checked_in),
                          MR_ON(event_operations_staff_checked_out_v1, checked_out),
                          MR_ON(event_operations_staff_no_show_v1, no_show),
                          MR_ON(event_operations_kit_assigned_to_activity_v1, kit_assigned),
                          MR_ON(event_operations_kit_prepared_v1, kit_prepared),
                          MR_ON(event_operations_kit_checked_out_v1, kit_checked_out),
                          MR_ON(event_operations_kit_returned_v1, kit_returned),
                          MR_ON(event_operations_kit_issue_reported_v1, kit_issue),
                          MR_ON(event_operations_location_confirmed_v1, location_confirmed),
                          MR_ON(event_operations_location_issue_reported_v1, location_issue)),
    .migrations = MR_MIGRATIONS({1, tables}, {2, states}, {3, tasks}),
};
