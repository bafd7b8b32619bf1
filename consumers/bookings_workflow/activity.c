/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-workflow: what is done at an event, and by whom. */
#include "event_operations.gen.h"
#include "workflow.h"

static const char *const activity_states[] = {"unknown", "planned", "assigned", "running",
                                              "completed"};
enum { PLANNED = 1, ASSIGNED, RUNNING, COMPLETED };
enum { MAKE, GIVE, BEGIN, REPORT, END };
static const char *const activity_steps[] = {"created", "assigned", "started", "issue-reported",
                                             "completed"};
static const struct mr_life_move activity_moves[] = {
    {MAKE, B(UNKNOWN), 0, PLANNED},
    {GIVE, B(PLANNED), 0, ASSIGNED},
    {GIVE, B(ASSIGNED) | B(RUNNING), 0, STAYS},
    {BEGIN, B(ASSIGNED), B(PLANNED), RUNNING},
    {REPORT, ~UINT32_C(0), 0, STAYS},
    {END, B(RUNNING), B(PLANNED) | B(ASSIGNED), COMPLETED}};
LIFE(activity, "activity_id");

TAKES(event_operations_activity_created_v1, activity_created, activity, MAKE, activityId, createdBy,
      B(MAKE),
      "UPDATE activity SET event_id = coalesce(?2, event_id), activity_type = ?3, description = "
      "?4, minutes = ?5,"
      " needs_kits = ?6, needs_roles = ?7 WHERE activity_id = ?1",
      LAST(MR_TEXT(event->data.eventId)), MR_TEXT(event->data.activityType),
      MR_TEXT(event->data.description), MR_INT(event->data.duration),
      JOINED(requiredKitTemplateIds), JOINED(requiredStaffRoles))
TAKES(event_operations_activity_assigned_v1, activity_assigned, activity, GIVE, activityId,
      assignedBy, B(GIVE),
      "UPDATE activity SET event_id = coalesce(?2, event_id), assignment_id = ?3, assigned_to = "
      "?4, role = ?5"
      " WHERE activity_id = ?1",
      LAST(MR_TEXT(event->data.eventId)), MR_TEXT(event->data.assignmentId),
      MR_TEXT(event->data.assignedTo), MR_TEXT(event->data.role))
TAKES(
    event_operations_activity_started_v1, activity_started, activity, BEGIN, activityId, startedBy,
    B(BEGIN),
    "UPDATE activity SET event_id = coalesce(?2, event_id), started_at = ?3 WHERE activity_id = ?1",
    LAST(MR_TEXT(event->data.eventId)), MR_INT(event->data.startedAt))
TAKES(event_operations_activity_completed_v1, activity_completed, activity, END, activityId,
      completedBy, B(END),
      "UPDATE activity SET event_id = coalesce(?2, event_id), completed_at = ?3, notes = ?4 WHERE "
      "activity_id = ?1",
      LAST(MR_TEXT(event->data.eventId)), MR_INT(event->data.completedAt),
      MR_TEXT(event->data.outcomes.notes))

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

    uint32_t newer;
    int r = workflow_report(tx, &activity_life, REPORT, &issue, &newer);
    return r || newer ? r
                      : mr_sql(tx, "UPDATE activity SET event_id = ?2 WHERE activity_id = ?1",
                               MR_TEXT(issue.subject), MR_TEXT(issue.event_id));
}

MR_CHAPTER(workflow_of_activities, MR_ON(event_operations_activity_created_v1, activity_created),
           MR_ON(event_operations_activity_assigned_v1, activity_assigned),
           MR_ON(event_operations_activity_started_v1, activity_started),
           MR_ON(event_operations_activity_completed_v1, activity_completed),
           MR_ON(event_operations_activity_issue_reported_v1, activity_issue));
