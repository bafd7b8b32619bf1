/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-workflow: who is to work at an event, and whether they came. */
#include "../bookings_hours.h"
#include "event_operations.gen.h"
#include "workflow.h"

enum { PROPOSED = 1, OFFERED, ACCEPTED, DECLINED, PRESENT, DONE, ABSENT };
static const char *const assignment_states[] = {"unknown",  "created", "offered", "accepted",
                                                "rejected", "present", "done",    "no-show"};
enum { PROPOSE, OFFER, ACCEPT, DECLINE, COME, MISS, LEAVE };
static const char *const assignment_steps[] = {"created",    "offered", "accepted",   "rejected",
                                               "checked-in", "no-show", "checked-out"};
static const struct mr_life_move assignment_moves[] = {
    {PROPOSE, B(UNKNOWN), 0, PROPOSED},
    /* again, after a no or no answer */
    {OFFER, B(PROPOSED) | B(OFFERED) | B(DECLINED), 0, OFFERED},
    {ACCEPT, B(OFFERED), B(PROPOSED) | B(DECLINED), ACCEPTED},
    {DECLINE, B(OFFERED), B(PROPOSED) | B(ACCEPTED), DECLINED},
    {COME, B(ACCEPTED), B(PROPOSED) | B(OFFERED) | B(DECLINED) | B(ABSENT), PRESENT},
    {MISS, B(ACCEPTED), B(PROPOSED) | B(OFFERED), ABSENT},
    {LEAVE, B(PRESENT), B(PROPOSED) | B(OFFERED) | B(ACCEPTED) | B(DECLINED) | B(ABSENT), DONE}};
LIFE(assignment, "assignment_id");

TAKES(event_operations_staff_assignment_created_v1, assignment_created, assignment, PROPOSE,
      assignmentId, createdBy, B(PROPOSE),
      "UPDATE assignment SET event_id = coalesce(?2, event_id), user_id = coalesce(?3, user_id), "
      "activity_id = ?4, role = ?5,"
      " begins_at = ?6, ends_at = ?7 WHERE assignment_id = ?1",
      LAST(MR_TEXT(event->data.eventId)), LAST(MR_TEXT(event->data.userId)), OPT_TEXT(activityId),
      MR_TEXT(event->data.role), MR_INT(event->data.startTime), MR_INT(event->data.endTime))
TAKES(event_operations_staff_assignment_offered_v1, assignment_offered, assignment, OFFER,
      assignmentId, offeredBy, B(OFFER),
      "UPDATE assignment SET event_id = coalesce(?2, event_id), user_id = coalesce(?3, user_id), "
      "answer_until_at = ?4"
      " WHERE assignment_id = ?1",
      LAST(MR_TEXT(event->data.eventId)), LAST(MR_TEXT(event->data.userId)),
      MR_INT(event->data.responseDeadline))
static const char answered[] =
    "UPDATE assignment SET event_id = coalesce(?2, event_id), user_id = coalesce(?3, user_id),"
    " answered_at = ?4, remarks = ?5 WHERE assignment_id = ?1";
#define ANSWERS (B(ACCEPT) | B(DECLINE))
TAKES(event_operations_staff_assignment_accepted_v1, assignment_accepted, assignment, ACCEPT,
      assignmentId, userId, ANSWERS, answered, LAST(MR_TEXT(event->data.eventId)),
      LAST(MR_TEXT(event->data.userId)), MR_INT(event->data.acceptedAt), OPT_TEXT(notes))
TAKES(event_operations_staff_assignment_rejected_v1, assignment_rejected, assignment, DECLINE,
      assignmentId, userId, ANSWERS, answered, LAST(MR_TEXT(event->data.eventId)),
      LAST(MR_TEXT(event->data.userId)), MR_INT(event->data.rejectedAt),
      MR_TEXT(event->data.reason))
TAKES(event_operations_staff_checked_in_v1, checked_in, assignment, COME, assignmentId, userId,
      B(COME),
      "UPDATE assignment SET event_id = coalesce(?2, event_id), user_id = coalesce(?3, user_id), "
      "checked_in_at = ?4"
      " WHERE assignment_id = ?1",
      LAST(MR_TEXT(event->data.eventId)), LAST(MR_TEXT(event->data.userId)),
      MR_INT(event->data.checkedInAt))
TAKES(event_operations_staff_checked_out_v1, checked_out, assignment, LEAVE, assignmentId, userId,
      B(LEAVE),
      "UPDATE assignment SET event_id = coalesce(?2, event_id), user_id = coalesce(?3, user_id), "
      "checked_out_at = ?4,"
      " minutes_worked = ?5 WHERE assignment_id = ?1",
      LAST(MR_TEXT(event->data.eventId)), LAST(MR_TEXT(event->data.userId)),
      MR_INT(event->data.checkedOutAt), MR_INT(bookings_minutes(event->data.hoursWorked)))
TAKES(event_operations_staff_no_show_v1, no_show, assignment, MISS, assignmentId, reportedBy,
      B(MISS),
      "UPDATE assignment SET event_id = coalesce(?2, event_id), user_id = coalesce(?3, user_id), "
      "consequence = ?4"
      " WHERE assignment_id = ?1",
      LAST(MR_TEXT(event->data.eventId)), LAST(MR_TEXT(event->data.userId)),
      MR_TEXT(event_operations_staff_no_show_v1_consequence_symbol(event->data.consequenceLevel)))

MR_CHAPTER(workflow_of_staff,
           MR_ON(event_operations_staff_assignment_created_v1, assignment_created),
           MR_ON(event_operations_staff_assignment_offered_v1, assignment_offered),
           MR_ON(event_operations_staff_assignment_accepted_v1, assignment_accepted),
           MR_ON(event_operations_staff_assignment_rejected_v1, assignment_rejected),
           MR_ON(event_operations_staff_checked_in_v1, checked_in),
           MR_ON(event_operations_staff_checked_out_v1, checked_out),
           MR_ON(event_operations_staff_no_show_v1, no_show));
