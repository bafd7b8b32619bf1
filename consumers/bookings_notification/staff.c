/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-notification: assignments of staff, and the venues where they work. */
#include "../bookings_hours.h"
#include "event_operations.gen.h"
#include "message.h"

/* ---- staff ---- */
MR_HANDLER(event_operations_staff_assignment_created_v1, assignment_created)
{
    struct mr_str id = event->data.eventId;
    const char *how = LINE("Instructions", instructions);

    int r = mr_audience_is(tx, &bookings_staff, id, event->data.userId);
    return r ? r
             : bookings_send(tx, event->data.userId, id, "assignment-planned",
                             SAY("You are planned as %.*s", S(event->data.role)),
                             how ? SAY("From %s to %s\n%sEvent: %.*s\nAssignment: %.*s\n",
                                       MR_MOMENT(event->data.startTime),
                                       MR_MOMENT(event->data.endTime), how, S(id),
                                       S(event->data.assignmentId))
                                 : NULL);
}

static const char *pay_of(struct mr_tx *tx,
                          const struct event_operations_staff_assignment_offered_v1_data *offer)
{
    if (!offer->has_compensation)
        return "";
    const char *rate = mr_prose_money(mr_tx_arena(tx), offer->compensation.rate);
    return rate ? SAY("Rate: %s %.*s, hours estimated: %.15g\n", rate,
                      S(offer->compensation.currency), offer->compensation.estimatedHours)
                : NULL;
}

MR_HANDLER(event_operations_staff_assignment_offered_v1, assignment_offered)
{
    struct mr_str id = event->data.eventId;
    const char *pay = pay_of(tx, &event->data);

    int r = mr_audience_is(tx, &bookings_staff, id, event->data.userId);
    return r ? r
             : bookings_send(
                   tx, event->data.userId, id, "assignment-offered",
                   SAY("An assignment is offered to you: %.*s", S(event->data.location.name)),
                   pay ? SAY("Answer until %s\nPlace: %.*s\n%sEvent: %.*s\nAssignment: %.*s\n",
                             MR_MOMENT(event->data.responseDeadline),
                             S(event->data.location.address), pay, S(id),
                             S(event->data.assignmentId))
                       : NULL);
}

MR_HANDLER(event_operations_staff_assignment_accepted_v1, assignment_accepted)
{
    struct mr_str id = event->data.eventId;
    const char *notes = LINE("Remarks", notes);

    int r = mr_audience_is(tx, &bookings_staff, id, event->data.userId);
    return r ? r
             : bookings_tell(tx, &bookings_manager, id, "assignment-accepted",
                             SAY("Accepted by %.*s", S(event->data.userId)),
                             notes ? SAY("%sEvent: %.*s\nAssignment: %.*s\n", notes, S(id),
                                         S(event->data.assignmentId))
                                   : NULL);
}

MR_HANDLER(event_operations_staff_assignment_rejected_v1, assignment_rejected)
{
    return bookings_tell(
        tx, &bookings_manager, event->data.eventId, "assignment-rejected",
        SAY("Rejected by %.*s", S(event->data.userId)),
        SAY("Reason: %.*s\n%sEvent: %.*s\nAssignment: %.*s\n", S(event->data.reason),
            event->data.isAvailableForFuture ? "" : "Not available for others either.\n",
            S(event->data.eventId), S(event->data.assignmentId)));
}

MR_HANDLER(event_operations_staff_checked_in_v1, checked_in)
{
    struct mr_str method =
        event_operations_staff_checked_in_v1_verification_symbol(event->data.verificationMethod);

    return bookings_tell(tx, &bookings_manager, event->data.eventId, "staff-checked-in",
                         SAY("There: %.*s", S(event->data.userId)),
                         SAY("Since %s, by %.*s\nEvent: %.*s\n", MR_MOMENT(event->data.checkedInAt),
                             S(method), S(event->data.eventId)));
}

MR_HANDLER(event_operations_staff_checked_out_v1, checked_out)
{
    const char *feedback = LINE("Feedback", feedback);

    return bookings_tell(tx, &bookings_manager, event->data.eventId, "staff-checked-out",
                         SAY("Gone: %.*s", S(event->data.userId)),
                         feedback ? SAY("At %s, after %lld minutes of work\n%sEvent: %.*s\n",
                                        MR_MOMENT(event->data.checkedOutAt),
                                        (long long)bookings_minutes(event->data.hoursWorked),
                                        feedback, S(event->data.eventId))
                                  : NULL);
}

MR_HANDLER(event_operations_staff_no_show_v1, no_show)
{
    struct mr_str id = event->data.eventId;
    struct mr_str level =
        event_operations_staff_no_show_v1_consequence_symbol(event->data.consequenceLevel);
    const char *notes = LINE("Remarks", notes);

    int r = bookings_tell(tx, &bookings_manager, id, "staff-no-show",
                          SAY("Did not come: %.*s", S(event->data.userId)),
                          notes ? SAY("Consequence: %.*s\n%sEvent: %.*s\nAssignment: %.*s\n",
                                      S(level), notes, S(id), S(event->data.assignmentId))
                                : NULL);
    return r ? r
             : bookings_send(
                   tx, event->data.userId, id, "missed-assignment",
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

    return bookings_tell(
        tx, &bookings_manager, event->data.eventId, "venue-confirmed", "The venue is confirmed",
        contact ? SAY("%s%s%.*s%s%s%.*s%sLocation: %.*s\nEvent: %.*s\n", contact,
                      event->data.has_specialInstructions ? "Mind: " : "",
                      S(event->data.specialInstructions),
                      event->data.has_specialInstructions ? "\n" : "",
                      event->data.has_accessDetails ? "Access: " : "", S(event->data.accessDetails),
                      event->data.has_accessDetails ? "\n" : "", S(event->data.locationId),
                      S(event->data.eventId))
                : NULL);
}

MR_HANDLER(event_operations_location_issue_reported_v1, location_issue)
{
    return bookings_tell_issue(
        tx, event->data.eventId,
        event_operations_location_issue_reported_v1_issue_type_symbol(event->data.issueType),
        event_operations_location_issue_reported_v1_impact_symbol(event->data.impactLevel),
        event->data.needsImmediate ||
            event->data.impactLevel == EVENT_OPERATIONS_LOCATION_ISSUE_REPORTED_V1_IMPACT_MAJOR,
        SAY("%.*s\n%sReported by: %.*s\nLocation: %.*s\nEvent: %.*s\n", S(event->data.description),
            event->data.needsImmediate ? "Needed at once.\n" : "", S(event->data.reportedBy),
            S(event->data.locationId), S(event->data.eventId)));
}

MR_CHAPTER(bookings_of_staff,
           MR_ON(event_operations_staff_assignment_created_v1, assignment_created),
           MR_ON(event_operations_staff_assignment_offered_v1, assignment_offered),
           MR_ON(event_operations_staff_assignment_accepted_v1, assignment_accepted),
           MR_ON(event_operations_staff_assignment_rejected_v1, assignment_rejected),
           MR_ON(event_operations_staff_checked_in_v1, checked_in),
           MR_ON(event_operations_staff_checked_out_v1, checked_out),
           MR_ON(event_operations_staff_no_show_v1, no_show));

MR_CHAPTER(bookings_of_venues, MR_ON(event_operations_location_confirmed_v1, location_confirmed),
           MR_ON(event_operations_location_issue_reported_v1, location_issue));
