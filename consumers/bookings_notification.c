/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-notification: tells clients, managers, staff and the office what concerns them. */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "bookings.gen.h"
#include "event_operations.gen.h"
#include "millrace/audience.h"
#include "millrace/buf.h"
#include "millrace/time.h"

struct office {
    const char *name; /* option */
};

/* Of a booking, of an event, of an event. */
static const struct mr_role client = {.name = "client"}, manager = {.name = "manager"},
                            staff = {.name = "staff", .many = true};

#define SAY(...) mr_arena_printf(mr_tx_arena(tx), __VA_ARGS__)
#define S(text) MR_STR_ARG(text)
#define WHEN(at) when(at, (char[MR_TIME_MAX]){0})

/* An instant as people read it: 2024-01-15 10:30 UTC. */
static const char *when(int64_t at, char text[MR_TIME_MAX])
{
    (void)mr_time_format_micros(at, text);
    if (text[10] == 'T') { /* else a year of more than four digits: as it is */
        text[10] = ' ';
        (void)snprintf(text + 16, MR_TIME_MAX - 16, " UTC");
    }
    return text;
}

static int tell(struct mr_tx *tx, const struct mr_role *role, struct mr_str of, const char *kind,
                const char *title, const char *text)
{
    if (!title || !text)
        return -ENOMEM;
    return mr_audience_tell(tx, role, of,
                            &(struct mr_notice){.kind = mr_str_from(kind),
                                                .title = mr_str_from(title),
                                                .text = mr_str_from(text)});
}

static int send_to(struct mr_tx *tx, struct mr_str to, struct mr_str of, const char *kind,
                   const char *title, const char *text)
{
    if (!title || !text)
        return -ENOMEM;
    return mr_audience_send(tx, of,
                            &(struct mr_notice){.to = to,
                                                .kind = mr_str_from(kind),
                                                .title = mr_str_from(title),
                                                .text = mr_str_from(text)});
}

static int send_office(struct mr_tx *tx, struct mr_str of, const char *kind, const char *title,
                       const char *text)
{
    const struct office *self = mr_tx_self(tx);

    return self->name[0] ? send_to(tx, mr_str_from(self->name), of, kind, title, text) : 0;
}

/* "a, b" in the arena; NULL: no memory. */
static const char *joined(struct mr_tx *tx, const struct mr_str *items, size_t n)
{
    const char *text = "";

    for (size_t i = 0; text && i < n; i++)
        text = SAY("%s%s%.*s", text, i ? ", " : "", S(items[i]));
    return text;
}

/* ---- bookings ---- */
MR_HANDLER(bookings_booking_created_v1, booking_created)
{
    struct mr_str id = event->data.bookingId;

    int r = mr_audience_is(tx, &client, id, event->data.clientId);
    return r ? r
             : tell(tx, &client, id, "booking-created",
                    SAY("Your booking is a draft: %.*s", S(event->data.title)),
                    SAY("Submit it for review when it is complete.\nBooking: %.*s\n", S(id)));
}

MR_HANDLER(bookings_booking_submitted_v1, booking_submitted)
{
    struct mr_str id = event->data.bookingId, title = event->data.title;
    const char *dates = joined(tx, event->data.eventDates, event->data.n_eventDates);
    const char *text = dates ? SAY("Dates: %s\nSubmitted by: %.*s\nBooking: %.*s\n", dates,
                                   S(event->data.submittedBy), S(id))
                             : NULL;

    int r = mr_audience_is(tx, &client, id, event->data.clientId);
    if (r == 0)
        r = tell(tx, &client, id, "booking-submitted",
                 SAY("Your booking is under review: %.*s", S(title)), text);
    return r ? r : send_office(tx, id, "booking-to-review", SAY("To review: %.*s", S(title)), text);
}

MR_HANDLER(bookings_booking_approved_v1, booking_approved)
{
    struct mr_str id = event->data.bookingId;
    const char *dates = joined(tx, event->data.eventDates, event->data.n_eventDates);

    int r = mr_audience_is(tx, &client, id, event->data.clientId);
    return r ? r
             : tell(tx, &client, id, "booking-approved",
                    SAY("Your booking is approved: %.*s", S(event->data.title)),
                    dates ? SAY("Dates: %s\n%s%.*s%sBooking: %.*s\n", dates,
                                event->data.has_notes ? "Remarks: " : "", S(event->data.notes),
                                event->data.has_notes ? "\n" : "", S(id))
                          : NULL);
}

MR_HANDLER(bookings_booking_rejected_v1, booking_rejected)
{
    struct mr_str id = event->data.bookingId;

    int r = mr_audience_is(tx, &client, id, event->data.clientId);
    return r ? r
             : tell(tx, &client, id, "booking-rejected", "Your booking is rejected",
                    SAY("Reason: %.*s\n%s\nBooking: %.*s\n", S(event->data.reason),
                        event->data.allowResubmission ? "You may change it and submit it again."
                                                      : "It cannot be submitted again.",
                        S(id)));
}

MR_HANDLER(bookings_booking_changes_requested_v1, booking_changes_requested)
{
    struct mr_str id = event->data.bookingId;
    const char *text = "";

    for (size_t i = 0; text && i < event->data.n_changes; i++) {
        const struct bookings_booking_changes_requested_v1_change *wish = &event->data.changes[i];
        text = SAY("%s%.*s: %.*s%s%.*s%s\n", text, S(wish->field), S(wish->reason),
                   wish->has_suggestedValue ? " (suggested: " : "", S(wish->suggestedValue),
                   wish->has_suggestedValue ? ")" : "");
    }
    int r = mr_audience_is(tx, &client, id, event->data.clientId);
    return r ? r
             : tell(tx, &client, id, "booking-changes-requested",
                    "Changes of your booking are asked for",
                    text ? SAY("%sBooking: %.*s\n", text, S(id)) : NULL);
}

MR_HANDLER(bookings_booking_cancelled_v1, booking_cancelled)
{
    struct mr_str id = event->data.bookingId;
    const char *text =
        SAY("Reason: %.*s\nEvents: %zu\nCancelled by: %.*s\nBooking: %.*s\n", S(event->data.reason),
            event->data.n_affectedEventIds, S(event->data.cancelledBy), S(id));

    int r = mr_audience_is(tx, &client, id, event->data.clientId);
    if (r == 0)
        r = tell(tx, &client, id, "booking-cancelled", "Your booking is cancelled", text);
    return r ? r
             : send_office(
                   tx, id, "booking-cancelled",
                   SAY("Booking cancelled, %zu events to call off", event->data.n_affectedEventIds),
                   text);
}

/* Clients are not told what they did themselves; the office only when there is something to do. */
MR_HANDLER(bookings_booking_updated_v1, booking_updated)
{
    struct mr_str id = event->data.bookingId;
    const char *fields = joined(tx, event->data.changedFields, event->data.n_changedFields);
    const char *text = fields ? SAY("Changed: %s\nBy: %.*s\nBooking: %.*s\n", fields,
                                    S(event->data.updatedBy), S(id))
                              : NULL;

    int r = mr_audience_is(tx, &client, id, event->data.clientId);
    if (r == 0 && !mr_str_eq(event->data.updatedBy, event->data.clientId))
        r = tell(tx, &client, id, "booking-updated", "Your booking was changed", text);
    if (r == 0 && event->data.needsReapproval)
        r = send_office(tx, id, "booking-to-review", "A booking is to be reviewed again", text);
    return r;
}

/* ---- events ---- */
MR_HANDLER(event_operations_event_instances_generated_v1, instances_generated)
{
    struct mr_str id = event->data.bookingId;
    long long n = event->data.totalEvents;
    const char *text = SAY("Booking: %.*s\n", S(id));

    int r = mr_audience_is(tx, &client, id, event->data.clientId);
    if (r == 0)
        r = tell(tx, &client, id, "events-planned", SAY("Events planned for you: %lld", n), text);
    return r ? r
             : send_office(tx, id, "managers-wanted", SAY("Events without a manager: %lld", n),
                           text);
}

MR_HANDLER(event_operations_event_assigned_to_manager_v1, assigned_to_manager)
{
    struct mr_str id = event->data.eventId;

    int r = mr_audience_is(tx, &manager, id, event->data.managerId);
    return r ? r
             : send_to(tx, event->data.managerId, id, "event-assigned",
                       SAY("You manage an event on %.*s", S(event->data.eventDate)),
                       SAY("Place: %.*s, %.*s\nEvent: %.*s\nBooking: %.*s\n",
                           S(event->data.location.name), S(event->data.location.address), S(id),
                           S(event->data.bookingId)));
}

/* One message for each who has tasks, with all of theirs. */
MR_HANDLER(event_operations_event_preparation_started_v1, preparation_started)
{
    const struct event_operations_event_preparation_started_v1_task *tasks =
        event->data.preparationTasks;
    size_t n = event->data.n_preparationTasks;
    struct mr_str id = event->data.eventId;
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        const char *text = "";
        bool told = !tasks[i].has_assignedTo;
        for (size_t k = 0; k < i; k++)
            told = told ||
                   (tasks[k].has_assignedTo && mr_str_eq(tasks[k].assignedTo, tasks[i].assignedTo));
        for (size_t k = i; !told && text && k < n; k++)
            if (tasks[k].has_assignedTo && mr_str_eq(tasks[k].assignedTo, tasks[i].assignedTo))
                text =
                    SAY("%s%.*s, until %.*s\n", text, S(tasks[k].description), S(tasks[k].dueDate));
        if (!told)
            r = send_to(tx, tasks[i].assignedTo, id, "preparation-tasks",
                        "You have tasks for an event",
                        text ? SAY("%sEvent: %.*s\n", text, S(id)) : NULL);
    }
    return r ? r
             : tell(tx, &client, event->data.bookingId, "event-in-preparation",
                    "Your event is being prepared", SAY("Event: %.*s\n", S(id)));
}

MR_HANDLER(event_operations_event_ready_v1, event_ready)
{
    struct mr_str id = event->data.eventId;
    const char *lacks = SAY("%s%s%s%s", event->data.staffAssigned ? "" : "staff, ",
                            event->data.kitsAssigned ? "" : "kits, ",
                            event->data.logisticsConfirmed ? "" : "logistics, ",
                            event->data.venueConfirmed ? "" : "venue, ");

    if (!lacks)
        return -ENOMEM;
    int len = (int)mr_str_from(lacks).len - 2; /* without the last comma */
    int r = tell(tx, &client, event->data.bookingId, "event-ready", "Your event is ready",
                 SAY("Event: %.*s\n", S(id)));
    return r || len < 0
               ? r
               : tell(tx, &manager, id, "event-lacks",
                      SAY("Declared ready without: %.*s", len, lacks),
                      SAY("Declared by: %.*s\nEvent: %.*s\n", S(event->data.readyBy), S(id)));
}

MR_HANDLER(event_operations_event_started_v1, event_started)
{
    return tell(tx, &client, event->data.bookingId, "event-started", "Your event has begun",
                SAY("Place: %.*s\nBegun: %s\nStaff there: %zu\nEvent: %.*s\n",
                    S(event->data.location.name), WHEN(event->data.startedAt),
                    event->data.n_staffPresent, S(event->data.eventId)));
}

MR_HANDLER(event_operations_event_completed_v1, event_completed)
{
    return tell(tx, &client, event->data.bookingId, "event-completed", "Your event is over",
                SAY("From %s to %s\nRemarks: %.*s\nEvent: %.*s\n",
                    WHEN(event->data.actualStartTime), WHEN(event->data.actualEndTime),
                    S(event->data.outcomes.notes), S(event->data.eventId)));
}

MR_HANDLER(event_operations_event_cancelled_v1, event_cancelled)
{
    struct mr_str id = event->data.eventId;
    const char *text = SAY("Reason: %.*s\nEvent: %.*s\nBooking: %.*s\n", S(event->data.reason),
                           S(id), S(event->data.bookingId));

    int r = tell(tx, &manager, id, "event-cancelled", "An event of yours is cancelled", text);
    if (r == 0)
        r = tell(tx, &staff, id, "event-cancelled", "An event of yours is cancelled", text);
    if (r == 0 && event->data.notifyClient)
        r = tell(tx, &client, event->data.bookingId, "event-cancelled", "Your event is cancelled",
                 text);
    return r;
}

MR_HANDLER(event_operations_event_rescheduled_v1, event_rescheduled)
{
    struct mr_str id = event->data.eventId;
    const char *title = SAY("An event moves to %.*s", S(event->data.newDate));
    const char *text =
        SAY("Before: %.*s\nReason: %.*s\nEvent: %.*s\nBooking: %.*s\n", S(event->data.originalDate),
            S(event->data.reason), S(id), S(event->data.bookingId));

    int r = tell(tx, &manager, id, "event-rescheduled", title, text);
    if (r == 0 && event->data.notifyStaff)
        r = tell(tx, &staff, id, "event-rescheduled", title, text);
    if (r == 0 && event->data.notifyClient)
        r = tell(tx, &client, event->data.bookingId, "event-rescheduled", title, text);
    return r;
}

/* What is grave goes to the office as well. */
static int tell_issue(struct mr_tx *tx, struct mr_str id, struct mr_str what, struct mr_str grade,
                      bool grave, const char *text)
{
    const char *title = SAY("Trouble with an event: %.*s, %.*s", S(what), S(grade));

    int r = tell(tx, &manager, id, "issue", title, text);
    return r || !grave ? r : send_office(tx, id, "issue", title, text);
}

MR_HANDLER(event_operations_event_issue_reported_v1, event_issue)
{
    return tell_issue(
        tx, event->data.eventId,
        event_operations_event_issue_reported_v1_issue_type_symbol(event->data.issueType),
        event_operations_event_issue_reported_v1_severity_symbol(event->data.severity),
        event->data.severity >= EVENT_OPERATIONS_EVENT_ISSUE_REPORTED_V1_SEVERITY_HIGH,
        SAY("%.*s\n%s%.*s%sReported by: %.*s\nEvent: %.*s\n", S(event->data.description),
            event->data.has_immediateActionTaken ? "Done: " : "",
            S(event->data.immediateActionTaken), event->data.has_immediateActionTaken ? "\n" : "",
            S(event->data.reportedBy), S(event->data.eventId)));
}

/* ---- staff ---- */
MR_HANDLER(event_operations_staff_assignment_created_v1, assignment_created)
{
    struct mr_str id = event->data.eventId;

    int r = mr_audience_is(tx, &staff, id, event->data.userId);
    return r ? r
             : send_to(tx, event->data.userId, id, "assignment-planned",
                       SAY("You are planned as %.*s", S(event->data.role)),
                       SAY("From %s to %s\nEvent: %.*s\nAssignment: %.*s\n",
                           WHEN(event->data.startTime), WHEN(event->data.endTime), S(id),
                           S(event->data.assignmentId)));
}

MR_HANDLER(event_operations_staff_assignment_offered_v1, assignment_offered)
{
    struct mr_str id = event->data.eventId;
    char rate[MR_DECIMAL_MAX];
    size_t len = mr_decimal_text(event->data.compensation.rate, rate);
    const char *pay = event->data.has_compensation ? SAY("Pay: %.*s %.*s\n", (int)len, rate,
                                                         S(event->data.compensation.currency))
                                                   : "";

    int r = mr_audience_is(tx, &staff, id, event->data.userId);
    return r ? r
             : send_to(tx, event->data.userId, id, "assignment-offered",
                       SAY("An assignment is offered to you: %.*s", S(event->data.location.name)),
                       pay ? SAY("Answer until %s\nPlace: %.*s\n%sEvent: %.*s\nAssignment: %.*s\n",
                                 WHEN(event->data.responseDeadline),
                                 S(event->data.location.address), pay, S(id),
                                 S(event->data.assignmentId))
                           : NULL);
}

MR_HANDLER(event_operations_staff_assignment_accepted_v1, assignment_accepted)
{
    struct mr_str id = event->data.eventId;

    int r = mr_audience_is(tx, &staff, id, event->data.userId);
    return r ? r
             : tell(tx, &manager, id, "assignment-accepted",
                    SAY("Accepted by %.*s", S(event->data.userId)),
                    SAY("Event: %.*s\nAssignment: %.*s\n", S(id), S(event->data.assignmentId)));
}

MR_HANDLER(event_operations_staff_assignment_rejected_v1, assignment_rejected)
{
    return tell(tx, &manager, event->data.eventId, "assignment-rejected",
                SAY("Rejected by %.*s", S(event->data.userId)),
                SAY("Reason: %.*s\n%sEvent: %.*s\nAssignment: %.*s\n", S(event->data.reason),
                    event->data.isAvailableForFuture ? "" : "Not available for others either.\n",
                    S(event->data.eventId), S(event->data.assignmentId)));
}

MR_HANDLER(event_operations_staff_checked_in_v1, checked_in)
{
    struct mr_str method =
        event_operations_staff_checked_in_v1_verification_symbol(event->data.verificationMethod);

    return tell(tx, &manager, event->data.eventId, "staff-checked-in",
                SAY("There: %.*s", S(event->data.userId)),
                SAY("Since %s, by %.*s\nEvent: %.*s\n", WHEN(event->data.checkedInAt), S(method),
                    S(event->data.eventId)));
}

MR_HANDLER(event_operations_staff_checked_out_v1, checked_out)
{
    return tell(tx, &manager, event->data.eventId, "staff-checked-out",
                SAY("Gone: %.*s", S(event->data.userId)),
                SAY("At %s, after %lld minutes of work\nEvent: %.*s\n",
                    WHEN(event->data.checkedOutAt), llround(event->data.hoursWorked * 60),
                    S(event->data.eventId)));
}

MR_HANDLER(event_operations_staff_no_show_v1, no_show)
{
    struct mr_str id = event->data.eventId;
    struct mr_str level =
        event_operations_staff_no_show_v1_consequence_symbol(event->data.consequenceLevel);

    int r =
        tell(tx, &manager, id, "staff-no-show", SAY("Did not come: %.*s", S(event->data.userId)),
             SAY("Consequence: %.*s\nEvent: %.*s\nAssignment: %.*s\n", S(level), S(id),
                 S(event->data.assignmentId)));
    return r ? r
             : send_to(tx, event->data.userId, id, "missed-assignment",
                       SAY("You missed an assignment: %.*s", S(level)),
                       SAY("Event: %.*s\nAssignment: %.*s\n", S(id), S(event->data.assignmentId)));
}

/* ---- venues ---- */
MR_HANDLER(event_operations_location_confirmed_v1, location_confirmed)
{
    const char *contact =
        event->data.has_contactPerson
            ? SAY("Contact: %.*s, %.*s, %.*s\n", S(event->data.contactPerson.name),
                  S(event->data.contactPerson.phone), S(event->data.contactPerson.email))
            : "";

    return tell(tx, &manager, event->data.eventId, "venue-confirmed", "The venue is confirmed",
                contact
                    ? SAY("%s%s%.*s%s%s%.*s%sLocation: %.*s\nEvent: %.*s\n", contact,
                          event->data.has_specialInstructions ? "Mind: " : "",
                          S(event->data.specialInstructions),
                          event->data.has_specialInstructions ? "\n" : "",
                          event->data.has_accessDetails ? "Access: " : "",
                          S(event->data.accessDetails), event->data.has_accessDetails ? "\n" : "",
                          S(event->data.locationId), S(event->data.eventId))
                    : NULL);
}

MR_HANDLER(event_operations_location_issue_reported_v1, location_issue)
{
    return tell_issue(
        tx, event->data.eventId,
        event_operations_location_issue_reported_v1_issue_type_symbol(event->data.issueType),
        event_operations_location_issue_reported_v1_impact_symbol(event->data.impactLevel),
        event->data.needsImmediate ||
            event->data.impactLevel == EVENT_OPERATIONS_LOCATION_ISSUE_REPORTED_V1_IMPACT_MAJOR,
        SAY("%.*s\n%sReported by: %.*s\nLocation: %.*s\nEvent: %.*s\n", S(event->data.description),
            event->data.needsImmediate ? "Needed at once.\n" : "", S(event->data.reportedBy),
            S(event->data.locationId), S(event->data.eventId)));
}

const struct mr_consumer consumer_bookings_notification = {
    .name = "bookings-notification",
    .summary = "Tells clients, managers, staff and the office what concerns them",
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
                          MR_ON(event_operations_event_rescheduled_v1, event_rescheduled),
                          MR_ON(event_operations_event_issue_reported_v1, event_issue),
                          MR_ON(event_operations_staff_assignment_created_v1, assignment_created),
                          MR_ON(event_operations_staff_assignment_offered_v1, assignment_offered),
                          MR_ON(event_operations_staff_assignment_accepted_v1, assignment_accepted),
                          MR_ON(event_operations_staff_assignment_rejected_v1, assignment_rejected),
                          MR_ON(event_operations_staff_checked_in_v1, checked_in),
                          MR_ON(event_operations_staff_checked_out_v1, checked_out),
                          MR_ON(event_operations_staff_no_show_v1, no_show),
                          MR_ON(event_operations_location_confirmed_v1, location_confirmed),
                          MR_ON(event_operations_location_issue_reported_v1, location_issue)),
    .migrations = MR_MIGRATIONS({1, MR_AUDIENCE_TABLES}),
    .size = sizeof(struct office),
    .options = MR_OPTIONS(
        MR_OPT_STR(struct office, name, .name = "office", .arg = "NAME", .def = "bookings-office",
                   .help = "Who reviews bookings and hears of grave trouble; empty: nobody")),
};
