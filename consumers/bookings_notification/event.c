/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-notification: what all hear of events, from the plan to the end. */
#include <errno.h>
#include <stdlib.h>

#include "event_operations.gen.h"
#include "message.h"

MR_HANDLER(event_operations_event_instances_generated_v1, instances_generated)
{
    struct mr_str id = event->data.bookingId;
    long long n = event->data.totalEvents;
    const char *text = SAY("Booking: %.*s\n", S(id));

    int r = mr_audience_is(tx, &bookings_client, id, event->data.clientId);
    if (r == 0)
        r = bookings_tell(tx, &bookings_client, id, "events-planned",
                          SAY("Events planned for you: %lld", n), text);
    return r ? r
             : bookings_send_office(tx, id, "managers-wanted",
                                    SAY("Events without a manager: %lld", n), text);
}

MR_HANDLER(event_operations_event_assigned_to_manager_v1, assigned_to_manager)
{
    struct mr_str id = event->data.eventId;

    int r = mr_audience_is(tx, &bookings_manager, id, event->data.managerId);
    return r ? r
             : bookings_send(tx, event->data.managerId, id, "event-assigned",
                             SAY("You manage an event on %.*s", S(event->data.eventDate)),
                             SAY("Place: %.*s, %.*s\nEvent: %.*s\nBooking: %.*s\n",
                                 S(event->data.location.name), S(event->data.location.address),
                                 S(id), S(event->data.bookingId)));
}

static int by_person(const void *a, const void *b)
{
    const struct event_operations_event_preparation_started_v1_task
        *x = *(const struct event_operations_event_preparation_started_v1_task *const *)a,
        *y = *(const struct event_operations_event_preparation_started_v1_task *const *)b;
    int order = mr_str_compare(x->assignedTo, y->assignedTo);

    return order != 0 ? order : (x > y) - (x < y); /* of one person, as told */
}

/* To the person of the first: all n tasks are theirs. */
static int send_tasks(struct mr_tx *tx, struct mr_str id,
                      const struct event_operations_event_preparation_started_v1_task **tasks,
                      size_t n)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++)
        r = mr_buf_printf(&text, "%.*s, until %.*s\n", S(tasks[i]->description),
                          S(tasks[i]->dueDate));
    if (r == 0)
        r = mr_buf_printf(&text, "Event: %.*s\n", S(id));
    return r ? r
             : bookings_send(tx, tasks[0]->assignedTo, id, "preparation-tasks",
                             "You have tasks for an event", bookings_text(tx, &text));
}

/* One message for each who has tasks, with all of theirs. */
MR_HANDLER(event_operations_event_preparation_started_v1, preparation_started)
{
    const struct event_operations_event_preparation_started_v1_task *tasks =
        event->data.preparationTasks;
    struct mr_str id = event->data.eventId;
    size_t n = 0;
    int r = 0;

    const struct event_operations_event_preparation_started_v1_task **given =
        mr_arena_array(mr_tx_arena(tx), event->data.n_preparationTasks + 1, sizeof(tasks));
    if (!given)
        return -ENOMEM;
    for (size_t i = 0; i < event->data.n_preparationTasks; i++)
        if (tasks[i].has_assignedTo)
            given[n++] = &tasks[i];
    qsort(given, n, sizeof(tasks), by_person);
    for (size_t i = 0, next; r == 0 && i < n; i = next) {
        for (next = i + 1; next < n && mr_str_eq(given[next]->assignedTo, given[i]->assignedTo);)
            next++;
        r = send_tasks(tx, id, &given[i], next - i);
    }
    return r ? r
             : bookings_tell(tx, &bookings_client, event->data.bookingId, "event-in-preparation",
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
    int r = bookings_tell(tx, &bookings_client, event->data.bookingId, "event-ready",
                          "Your event is ready", SAY("Event: %.*s\n", S(id)));
    return r || len < 0 ? r
                        : bookings_tell(tx, &bookings_manager, id, "event-lacks",
                                        SAY("Declared ready without: %.*s", len, lacks),
                                        SAY("Declared by: %.*s\nEvent: %.*s\n",
                                            S(event->data.readyBy), S(id)));
}

MR_HANDLER(event_operations_event_started_v1, event_started)
{
    return bookings_tell(
        tx, &bookings_client, event->data.bookingId, "event-started", "Your event has begun",
        SAY("Place: %.*s\nBegun: %s\nStaff there: %zu\nEvent: %.*s\n", S(event->data.location.name),
            MR_MOMENT(event->data.startedAt), event->data.n_staffPresent, S(event->data.eventId)));
}

MR_HANDLER(event_operations_event_completed_v1, event_completed)
{
    return bookings_tell(
        tx, &bookings_client, event->data.bookingId, "event-completed", "Your event is over",
        SAY("From %s to %s\nRemarks: %.*s\nEvent: %.*s\n", MR_MOMENT(event->data.actualStartTime),
            MR_MOMENT(event->data.actualEndTime), S(event->data.outcomes.notes),
            S(event->data.eventId)));
}

MR_HANDLER(event_operations_event_cancelled_v1, event_cancelled)
{
    struct mr_str id = event->data.eventId;
    const char *text = SAY("Reason: %.*s\nEvent: %.*s\nBooking: %.*s\n", S(event->data.reason),
                           S(id), S(event->data.bookingId));

    int r = bookings_tell(tx, &bookings_manager, id, "event-cancelled",
                          "An event of yours is cancelled", text);
    if (r == 0)
        r = bookings_tell(tx, &bookings_staff, id, "event-cancelled",
                          "An event of yours is cancelled", text);
    if (r == 0 && event->data.notifyClient)
        r = bookings_tell(tx, &bookings_client, event->data.bookingId, "event-cancelled",
                          "Your event is cancelled", text);
    return r;
}

MR_HANDLER(event_operations_event_rescheduled_v1, event_rescheduled)
{
    struct mr_str id = event->data.eventId;
    const char *title = SAY("An event moves to %.*s", S(event->data.newDate));
    const char *text =
        SAY("Before: %.*s\nReason: %.*s\nEvent: %.*s\nBooking: %.*s\n", S(event->data.originalDate),
            S(event->data.reason), S(id), S(event->data.bookingId));

    int r = bookings_tell(tx, &bookings_manager, id, "event-rescheduled", title, text);
    if (r == 0 && event->data.notifyStaff)
        r = bookings_tell(tx, &bookings_staff, id, "event-rescheduled", title, text);
    if (r == 0 && event->data.notifyClient)
        r = bookings_tell(tx, &bookings_client, event->data.bookingId, "event-rescheduled", title,
                          text);
    return r;
}

MR_HANDLER(event_operations_event_issue_reported_v1, event_issue)
{
    return bookings_tell_issue(
        tx, event->data.eventId,
        event_operations_event_issue_reported_v1_issue_type_symbol(event->data.issueType),
        event_operations_event_issue_reported_v1_severity_symbol(event->data.severity),
        event->data.severity >= EVENT_OPERATIONS_EVENT_ISSUE_REPORTED_V1_SEVERITY_HIGH,
        SAY("%.*s\n%s%.*s%sReported by: %.*s\nEvent: %.*s\n", S(event->data.description),
            event->data.has_immediateActionTaken ? "Done: " : "",
            S(event->data.immediateActionTaken), event->data.has_immediateActionTaken ? "\n" : "",
            S(event->data.reportedBy), S(event->data.eventId)));
}

MR_CHAPTER(bookings_of_events,
           MR_ON(event_operations_event_instances_generated_v1, instances_generated),
           MR_ON(event_operations_event_assigned_to_manager_v1, assigned_to_manager),
           MR_ON(event_operations_event_preparation_started_v1, preparation_started),
           MR_ON(event_operations_event_ready_v1, event_ready),
           MR_ON(event_operations_event_started_v1, event_started),
           MR_ON(event_operations_event_completed_v1, event_completed),
           MR_ON(event_operations_event_cancelled_v1, event_cancelled),
           MR_ON(event_operations_event_rescheduled_v1, event_rescheduled),
           MR_ON(event_operations_event_issue_reported_v1, event_issue));
