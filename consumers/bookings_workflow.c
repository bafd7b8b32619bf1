/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-workflow: where every booking, event, activity, assignment, kit and location stands, how
 * it came there, and what is to be done. Its things stand in bookings_workflow/, one a file. */
#include <errno.h>

#include "bookings_workflow/workflow.h"
#include "millrace/prose.h"

static const char tables[] = MR_LIFE_TABLES
    "CREATE TABLE booking (booking_id TEXT NOT NULL PRIMARY KEY, client_id TEXT, title TEXT,"
    " dates TEXT, recurrence TEXT, submitted_by TEXT, submitted_at INTEGER, decided_by TEXT,"
    " decided_at INTEGER, remarks TEXT, changed_fields TEXT, n_events INTEGER,"
    " cancelled_at INTEGER, cancel_reason TEXT) STRICT, WITHOUT ROWID;"
    "CREATE INDEX booking_client ON booking (client_id);"
    "CREATE TABLE event (event_id TEXT NOT NULL PRIMARY KEY, booking_id TEXT, manager_id TEXT,"
    " event_date TEXT, location_id TEXT, location_name TEXT, address TEXT, lacks TEXT,"
    " started_at INTEGER, ended_at INTEGER, met_expectations INTEGER, notes TEXT,"
    " cancelled_at INTEGER, cancel_reason TEXT, booking_cancelled_at INTEGER)"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX event_booking ON event (booking_id);"
    "CREATE INDEX event_manager ON event (manager_id);"
    "CREATE TABLE preparation_task (event_id TEXT NOT NULL, task_id TEXT NOT NULL,"
    " description TEXT NOT NULL, assigned_to TEXT, due_date TEXT NOT NULL,"
    " PRIMARY KEY (event_id, task_id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE activity (activity_id TEXT NOT NULL PRIMARY KEY, event_id TEXT,"
    " activity_type TEXT, description TEXT, minutes INTEGER, needs_kits TEXT, needs_roles TEXT,"
    " assignment_id TEXT, assigned_to TEXT, role TEXT, started_at INTEGER, completed_at INTEGER,"
    " notes TEXT) STRICT, WITHOUT ROWID;"
    "CREATE INDEX activity_event ON activity (event_id);"
    "CREATE TABLE assignment (assignment_id TEXT NOT NULL PRIMARY KEY, event_id TEXT,"
    " activity_id TEXT, user_id TEXT, role TEXT, begins_at INTEGER, ends_at INTEGER,"
    " answer_until_at INTEGER, answered_at INTEGER, remarks TEXT, checked_in_at INTEGER,"
    " checked_out_at INTEGER, minutes_worked INTEGER, consequence TEXT) STRICT, WITHOUT ROWID;"
    "CREATE INDEX assignment_event ON assignment (event_id);"
    "CREATE INDEX assignment_user ON assignment (user_id);"
    "CREATE TABLE kit (kit_assignment_id TEXT NOT NULL PRIMARY KEY, activity_id TEXT,"
    " event_id TEXT, kit_template_id TEXT, kit_instance_id TEXT, quantity INTEGER,"
    " components INTEGER, out_with TEXT, return_date TEXT, condition TEXT, missing TEXT,"
    " damaged INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE INDEX kit_event ON kit (event_id);"
    "CREATE TABLE venue (venue TEXT NOT NULL PRIMARY KEY, event_id TEXT, location_id TEXT,"
    " confirmed_by TEXT, confirmed_at INTEGER, contact TEXT, instructions TEXT)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE issue (issue_id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL,"
    " subject_id TEXT NOT NULL, event_id TEXT NOT NULL, issue_type TEXT NOT NULL,"
    " severity TEXT NOT NULL, urgent INTEGER NOT NULL, description TEXT NOT NULL, done TEXT,"
    " reported_by TEXT NOT NULL, reported_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX issue_event ON issue (event_id);";

#define STATE(KIND, ID)                                                                            \
    "CREATE VIEW " KIND "_state AS SELECT t.*, l.state, l.since_at, l.changed_at, l.last_step,"    \
    " l.steps, l.unexpected, l.impossible FROM " KIND " AS t JOIN life AS l ON l.kind = '" KIND    \
    "' AND l.subject_id = t." ID ";"
/* clang-format off */
static const char states[] =
    STATE("booking", "booking_id")
    STATE("event", "event_id")
    STATE("activity", "activity_id")
    STATE("assignment", "assignment_id")
    STATE("kit", "kit_assignment_id")
    STATE("venue", "venue");
/* clang-format on */

/* Which state leaves something to do. */
static const char tasks[] =
    "CREATE VIEW odd_step AS SELECT kind, subject_id, step, verdict, stepped_at, by_user,"
    " state AS state_after, event_id FROM life_step WHERE verdict <> 'expected';"
    "CREATE TABLE task_rule (kind TEXT NOT NULL, state TEXT NOT NULL, task TEXT NOT NULL,"
    " PRIMARY KEY (kind, state)) STRICT, WITHOUT ROWID;"
    "INSERT INTO task_rule VALUES ('booking', 'submitted', 'review'),"
    " ('booking', 'changes-requested', 'revise'), ('booking', 'rejected', 'revise'),"
    " ('booking', 'approved', 'generate-events'), ('event', 'planned', 'assign-manager'),"
    " ('event', 'assigned', 'prepare'), ('event', 'preparing', 'prepare'),"
    " ('assignment', 'offered', 'answer-offer'), ('assignment', 'rejected', 'replace-staff'),"
    " ('assignment', 'no-show', 'replace-staff'), ('kit', 'out', 'return-kit'),"
    " ('venue', 'in-question', 'settle-venue');"
    "CREATE VIEW open_task AS SELECT r.task, l.kind, l.subject_id, l.since_at,"
    " CASE r.task WHEN 'revise' THEN b.client_id WHEN 'generate-events' THEN b.decided_by"
    " WHEN 'review' THEN NULL ELSE coalesce(e.manager_id, a.user_id, k.out_with, v.confirmed_by)"
    " END AS who FROM life AS l JOIN task_rule AS r ON r.kind = l.kind AND r.state = l.state"
    " LEFT JOIN booking AS b ON l.kind = 'booking' AND b.booking_id = l.subject_id"
    " LEFT JOIN event AS e ON l.kind = 'event' AND e.event_id = l.subject_id"
    " LEFT JOIN assignment AS a ON l.kind = 'assignment' AND a.assignment_id = l.subject_id"
    " LEFT JOIN kit AS k ON l.kind = 'kit' AND k.kit_assignment_id = l.subject_id"
    " LEFT JOIN venue AS v ON l.kind = 'venue' AND v.venue = l.subject_id"
    " UNION ALL SELECT 'call-off', 'event', e.event_id, e.booking_cancelled_at, e.manager_id"
    " FROM event AS e JOIN life AS l ON l.kind = 'event' AND l.subject_id = e.event_id"
    " WHERE e.booking_cancelled_at IS NOT NULL AND l.state NOT IN ('cancelled', 'completed')";

/* What an event's people have to do ends with the event, and an event that lost its booking is only
 * to be called off. Who is to replace somebody is the manager, not who declined. */
static const char tasks_of_the_living[] =
    "DROP VIEW open_task;"
    "CREATE VIEW open_task AS SELECT r.task, l.kind, l.subject_id, l.since_at,"
    " CASE r.task WHEN 'revise' THEN b.client_id WHEN 'generate-events' THEN b.decided_by"
    " WHEN 'review' THEN NULL WHEN 'replace-staff' THEN of_event.manager_id"
    " WHEN 'settle-venue' THEN coalesce(of_event.manager_id, v.confirmed_by)"
    " ELSE coalesce(e.manager_id, a.user_id, k.out_with)"
    " END AS who FROM life AS l JOIN task_rule AS r ON r.kind = l.kind AND r.state = l.state"
    " LEFT JOIN booking AS b ON l.kind = 'booking' AND b.booking_id = l.subject_id"
    " LEFT JOIN event AS e ON l.kind = 'event' AND e.event_id = l.subject_id"
    " LEFT JOIN assignment AS a ON l.kind = 'assignment' AND a.assignment_id = l.subject_id"
    " LEFT JOIN kit AS k ON l.kind = 'kit' AND k.kit_assignment_id = l.subject_id"
    " LEFT JOIN venue AS v ON l.kind = 'venue' AND v.venue = l.subject_id"
    " LEFT JOIN event AS of_event ON of_event.event_id = coalesce(a.event_id, v.event_id)"
    " LEFT JOIN life AS end_of ON end_of.kind = 'event'"
    "  AND end_of.subject_id = coalesce(a.event_id, v.event_id)"
    "  AND end_of.state IN ('completed', 'cancelled')"
    " WHERE end_of.state IS NULL AND e.booking_cancelled_at IS NULL"
    " UNION ALL SELECT 'call-off', 'event', e.event_id, e.booking_cancelled_at, e.manager_id"
    " FROM event AS e JOIN life AS l ON l.kind = 'event' AND l.subject_id = e.event_id"
    " WHERE e.booking_cancelled_at IS NOT NULL AND l.state NOT IN ('cancelled', 'completed');"
    /* which kit is planned, and which it is */
    "DROP VIEW kit_state; ALTER TABLE kit ADD COLUMN planned_instance_id TEXT;" STATE(
        "kit", "kit_assignment_id");

struct mr_value workflow_joined(struct mr_tx *tx, const struct mr_str *items, size_t n)
{
    const char *text = mr_prose_list(mr_tx_arena(tx), items, n);

    return text ? MR_TEXT_OF(text) : MR_VALUES_END;
}

int workflow_report(struct mr_tx *tx, const struct mr_life *life, int step,
                    const struct issue *issue, uint32_t *ret_newer)
{
    if (!issue->subject.data)
        return -ENOMEM;
    int r = mr_life_step(tx, life, issue->subject, step, issue->by, ret_newer);
    if (r != 0)
        return r;
    return mr_sql(tx, "INSERT INTO issue VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                  MR_TEXT(mr_tx_event(tx)->envelope->event_id), MR_TEXT_OF(life->kind),
                  MR_TEXT(issue->subject), MR_TEXT(issue->event_id), issue->type,
                  MR_TEXT(issue->severity), MR_BOOL(issue->urgent), MR_TEXT(issue->description),
                  issue->done, MR_TEXT(issue->by), MR_INT(issue->at));
}

const struct mr_consumer consumer_bookings_workflow = {
    .name = "bookings-workflow",
    .summary = "Keeps where bookings, events, activities, staff, kits and locations stand",
    .handles = MR_HANDLES(MR_ON_ALL(workflow_of_bookings), MR_ON_ALL(workflow_of_events),
                          MR_ON_ALL(workflow_of_activities), MR_ON_ALL(workflow_of_staff),
                          MR_ON_ALL(workflow_of_kits), MR_ON_ALL(workflow_of_venues)),
    .migrations = MR_MIGRATIONS({1, tables}, {2, states}, {3, tasks}, {4, tasks_of_the_living}),
};
