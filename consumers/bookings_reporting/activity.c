/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-reporting: activities, and the kits that they take. */
#include "event_operations.gen.h"
#include "report.h"

static const struct thing the_activity = {"activity", ROW("activity_fact", "activity_id")};
static const struct thing the_kit = {"kit", ROW("kit_fact", "kit_assignment_id")};

TELLS(event_operations_activity_created_v1, activity_created, the_activity, "created", activityId,
      createdBy,
      "UPDATE activity_fact SET event_id = ?2, activity_type = ?3, planned_minutes = ?4,"
      " created_at = ?5 WHERE activity_id = ?1",
      MR_TEXT(event->data.eventId), MR_TEXT(event->data.activityType), MR_INT(event->data.duration),
      MR_INT(event->data.createdAt))
TELLS(event_operations_activity_assigned_v1, activity_assigned, the_activity, "assigned",
      activityId, assignedBy,
      "UPDATE activity_fact SET event_id = ?2, assigned_to = ?3, assigned_at = ?4"
      " WHERE activity_id = ?1",
      MR_TEXT(event->data.eventId), MR_TEXT(event->data.assignedTo), MR_INT(event->data.assignedAt))
TELLS(event_operations_activity_started_v1, activity_started, the_activity, "started", activityId,
      startedBy, "UPDATE activity_fact SET event_id = ?2, started_at = ?3 WHERE activity_id = ?1",
      MR_TEXT(event->data.eventId), MR_INT(event->data.startedAt))

MR_HANDLER(event_operations_activity_completed_v1, activity_completed)
{
    struct mr_str id = event->data.activityId;
    bool told;

    int r = reporting_note(tx, &the_activity, id, "completed", event->data.completedBy, &told);
    if (r || told)
        return r;
    r = mr_sql(tx,
               "UPDATE activity_fact SET event_id = ?2, completed_at = ?3"
               " WHERE activity_id = ?1",
               MR_TEXT(id), MR_TEXT(event->data.eventId), MR_INT(event->data.completedAt));
    return r ? r
             : reporting_measure(tx, "activity", id, event->data.outcomes.metrics,
                                 event->data.outcomes.n_metrics);
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
            event_operations_activity_issue_reported_v1_impact_symbol(event->data.impactLevel)};

    return reporting_report(tx, &the_activity, &issue);
}

TELLS(event_operations_kit_assigned_to_activity_v1, kit_assigned, the_kit, "assigned",
      kitAssignmentId, assignedBy,
      "UPDATE kit_fact SET activity_id = ?2, event_id = ?3, kit_template_id = ?4, quantity = ?5,"
      " assigned_at = ?6 WHERE kit_assignment_id = ?1",
      MR_TEXT(event->data.activityId), MR_TEXT(event->data.eventId),
      MR_TEXT(event->data.kitTemplateId), MR_INT(event->data.quantity),
      MR_INT(event->data.assignedAt))
TELLS(event_operations_kit_prepared_v1, kit_prepared, the_kit, "prepared", kitAssignmentId,
      preparedBy,
      "UPDATE kit_fact SET activity_id = ?2, event_id = ?3, prepared_at = ?4"
      " WHERE kit_assignment_id = ?1",
      MR_TEXT(event->data.activityId), MR_TEXT(event->data.eventId), MR_INT(event->data.preparedAt))
TELLS(event_operations_kit_checked_out_v1, kit_checked_out, the_kit, "checked-out", kitAssignmentId,
      checkedOutBy,
      "UPDATE kit_fact SET activity_id = ?2, event_id = ?3, checked_out_at = ?4"
      " WHERE kit_assignment_id = ?1",
      MR_TEXT(event->data.activityId), MR_TEXT(event->data.eventId),
      MR_INT(event->data.checkedOutAt))
TELLS(event_operations_kit_returned_v1, kit_returned, the_kit, "returned", kitAssignmentId,
      returnedBy,
      "UPDATE kit_fact SET activity_id = ?2, event_id = ?3, returned_at = ?4, condition = ?5,"
      " missing = ?6, damaged = ?7 WHERE kit_assignment_id = ?1",
      MR_TEXT(event->data.activityId), MR_TEXT(event->data.eventId), MR_INT(event->data.returnedAt),
      MR_TEXT(event_operations_kit_returned_v1_condition_symbol(event->data.condition)),
      MR_INT((int64_t)event->data.n_missingComponents),
      MR_INT((int64_t)event->data.n_damagedComponents))

MR_HANDLER(event_operations_kit_issue_reported_v1, kit_issue)
{
    const struct issue issue = {
        .subject = event->data.kitAssignmentId,
        .event_id = event->data.eventId,
        .by = event->data.reportedBy,
        .at = event->data.reportedAt,
        .type = MR_TEXT(
            event_operations_kit_issue_reported_v1_issue_type_symbol(event->data.issueType)),
        .severity = event_operations_kit_issue_reported_v1_impact_symbol(event->data.impactLevel)};

    return reporting_report(tx, &the_kit, &issue);
}

MR_CHAPTER(reporting_of_activities, MR_ON(event_operations_activity_created_v1, activity_created),
           MR_ON(event_operations_activity_assigned_v1, activity_assigned),
           MR_ON(event_operations_activity_started_v1, activity_started),
           MR_ON(event_operations_activity_completed_v1, activity_completed),
           MR_ON(event_operations_activity_issue_reported_v1, activity_issue));

MR_CHAPTER(reporting_of_kits, MR_ON(event_operations_kit_assigned_to_activity_v1, kit_assigned),
           MR_ON(event_operations_kit_prepared_v1, kit_prepared),
           MR_ON(event_operations_kit_checked_out_v1, kit_checked_out),
           MR_ON(event_operations_kit_returned_v1, kit_returned),
           MR_ON(event_operations_kit_issue_reported_v1, kit_issue));
