/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-workflow: kits, from the shelf and back. */
#include "event_operations.gen.h"
#include "workflow.h"

enum { SET_ASIDE = 1, PREPARED, OUT, BACK };
static const char *const kit_states[] = {"unknown", "assigned", "prepared", "out", "returned"};
enum { PUT_ASIDE, FILL, TAKE, KIT_ISSUE, BRING_BACK };
static const char *const kit_steps[] = {"assigned", "prepared", "checked-out", "issue-reported",
                                        "returned"};
static const struct mr_life_move kit_moves[] = {
    {PUT_ASIDE, B(UNKNOWN), 0, SET_ASIDE},
    {FILL, B(SET_ASIDE), 0, PREPARED},
    {TAKE, B(PREPARED), B(SET_ASIDE), OUT},
    {KIT_ISSUE, ~UINT32_C(0), 0, STAYS},
    {BRING_BACK, B(OUT), B(SET_ASIDE) | B(PREPARED), BACK}};
LIFE(kit, "kit_assignment_id");

#define KIT_OF                                                                                     \
    "UPDATE kit SET activity_id = coalesce(?2, activity_id), event_id = coalesce(?3, event_id), "
/* Three steps tell which kit it is: the youngest of them is right. */
#define INSTANCE "kit_instance_id = coalesce(?4, kit_instance_id), "
#define UNLESS_TOLD(field)                                                                         \
    MR_OPT(!(newer & (B(FILL) | B(TAKE) | B(BRING_BACK))), MR_TEXT(event->data.field))

TAKES(event_operations_kit_assigned_to_activity_v1, kit_assigned, kit, PUT_ASIDE, kitAssignmentId,
      assignedBy, B(PUT_ASIDE),
      KIT_OF "kit_template_id = ?4, quantity = ?5, planned_instance_id = ?6"
             " WHERE kit_assignment_id = ?1",
      LAST(MR_TEXT(event->data.activityId)), LAST(MR_TEXT(event->data.eventId)),
      MR_TEXT(event->data.kitTemplateId), MR_INT(event->data.quantity), OPT_TEXT(kitInstanceId))
TAKES(event_operations_kit_prepared_v1, kit_prepared, kit, FILL, kitAssignmentId, preparedBy,
      B(FILL), KIT_OF INSTANCE "components = ?5 WHERE kit_assignment_id = ?1",
      LAST(MR_TEXT(event->data.activityId)), LAST(MR_TEXT(event->data.eventId)),
      UNLESS_TOLD(kitInstanceId), MR_INT((int64_t)event->data.n_components))
TAKES(event_operations_kit_checked_out_v1, kit_checked_out, kit, TAKE, kitAssignmentId,
      checkedOutBy, B(TAKE),
      KIT_OF INSTANCE "out_with = ?5, return_date = ?6 WHERE kit_assignment_id = ?1",
      LAST(MR_TEXT(event->data.activityId)), LAST(MR_TEXT(event->data.eventId)),
      UNLESS_TOLD(kitInstanceId), MR_TEXT(event->data.checkedOutTo),
      MR_TEXT(event->data.expectedReturnDate))
TAKES(event_operations_kit_returned_v1, kit_returned, kit, BRING_BACK, kitAssignmentId, returnedBy,
      B(BRING_BACK),
      KIT_OF INSTANCE "condition = ?5, missing = ?6, damaged = ?7 WHERE kit_assignment_id = ?1",
      LAST(MR_TEXT(event->data.activityId)), LAST(MR_TEXT(event->data.eventId)),
      UNLESS_TOLD(kitInstanceId),
      MR_TEXT(event_operations_kit_returned_v1_condition_symbol(event->data.condition)),
      MR_OPT(event->data.n_missingComponents > 0, JOINED(missingComponents)),
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
        .severity = event_operations_kit_issue_reported_v1_impact_symbol(event->data.impactLevel),
        .urgent = event->data.needsImmediate,
        .description = event->data.description,
        .done = MR_NULL};

    uint32_t newer;
    int r = workflow_report(tx, &kit_life, KIT_ISSUE, &issue, &newer);
    return r || newer ? r
                      : mr_sql(tx,
                               "UPDATE kit SET activity_id = ?2, event_id = ?3"
                               " WHERE kit_assignment_id = ?1",
                               MR_TEXT(issue.subject), MR_TEXT(event->data.activityId),
                               MR_TEXT(issue.event_id));
}

MR_CHAPTER(workflow_of_kits, MR_ON(event_operations_kit_assigned_to_activity_v1, kit_assigned),
           MR_ON(event_operations_kit_prepared_v1, kit_prepared),
           MR_ON(event_operations_kit_checked_out_v1, kit_checked_out),
           MR_ON(event_operations_kit_returned_v1, kit_returned),
           MR_ON(event_operations_kit_issue_reported_v1, kit_issue));
