/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-workflow's tables, and which step of a thing may follow which. */
#pragma once

#include "millrace/life.h"

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

/* ---- what may follow what ---- */
#define B(n) MR_LIFE_BIT(n)
#define N_OF(list) (int)(sizeof(list) / sizeof((list)[0]))
#define LIFE(KIND, ID)                                                                             \
    static const struct mr_life KIND##_life = {#KIND,                                              \
                                               KIND##_states,                                      \
                                               KIND##_steps,                                       \
                                               N_OF(KIND##_steps),                                 \
                                               KIND##_moves,                                       \
                                               N_OF(KIND##_moves),                                 \
                                               "INSERT INTO " #KIND " (" ID                        \
                                               ") VALUES (?1) ON CONFLICT (" ID ") DO NOTHING"}
enum { UNKNOWN = MR_LIFE_UNKNOWN, STAYS = MR_LIFE_STAYS };

enum { DRAFT = 1, SUBMITTED, TO_CHANGE, APPROVED, REJECTED, REFUSED, SCHEDULED, CALLED_OFF };
static const char *const booking_states[] = {"unknown",           "draft",     "submitted",
                                             "changes-requested", "approved",  "rejected",
                                             "refused",           "scheduled", "cancelled"};
enum { CREATE, SUBMIT, ASK_CHANGES, UPDATE, REOPEN, APPROVE, REJECT, REFUSE, GENERATE, CANCEL };
static const char *const booking_steps[] = {
    "created",  "submitted", "changes-requested", "updated",          "updated-to-review",
    "approved", "rejected",  "refused",           "events-generated", "cancelled"};
static const struct mr_life_move booking_moves[] = {
    {CREATE, B(UNKNOWN), 0, DRAFT},
    {SUBMIT, B(DRAFT) | B(TO_CHANGE) | B(REJECTED), 0, SUBMITTED},
    {ASK_CHANGES, B(SUBMITTED), 0, TO_CHANGE},
    {UPDATE, B(DRAFT) | B(SUBMITTED) | B(TO_CHANGE) | B(APPROVED) | B(REJECTED) | B(SCHEDULED), 0,
     STAYS},
    {REOPEN, B(DRAFT) | B(REJECTED), 0, STAYS}, /* they are submitted anyway */
    {REOPEN, B(SUBMITTED) | B(TO_CHANGE) | B(APPROVED) | B(SCHEDULED), 0, SUBMITTED},
    {APPROVE, B(SUBMITTED), B(DRAFT) | B(TO_CHANGE), APPROVED},
    {REJECT, B(SUBMITTED), B(DRAFT) | B(TO_CHANGE), REJECTED},
    {REFUSE, B(SUBMITTED), B(DRAFT) | B(TO_CHANGE), REFUSED},
    {GENERATE, B(APPROVED) | B(SCHEDULED), B(SUBMITTED), SCHEDULED},
    {CANCEL, B(DRAFT) | B(SUBMITTED) | B(TO_CHANGE) | B(APPROVED) | B(REJECTED) | B(SCHEDULED), 0,
     CALLED_OFF}};
LIFE(booking, "booking_id");

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
    {COMPLETE, B(RUNNING), B(ASSIGNED) | B(PREPARING) | B(READY), COMPLETED},
    {CALL_OFF, B(PLANNED) | B(ASSIGNED) | B(PREPARING) | B(READY), B(RUNNING), CANCELLED}};
LIFE(event, "event_id");

static const char *const activity_states[] = {"unknown", "planned", "assigned", "running",
                                              "completed"};
enum { ACTIVITY_ASSIGNED = 2, ACTIVITY_RUNNING, ACTIVITY_COMPLETED };
enum { MAKE, GIVE, BEGIN, REPORT, END };
static const char *const activity_steps[] = {"created", "assigned", "started", "issue-reported",
                                             "completed"};
static const struct mr_life_move activity_moves[] = {
    {MAKE, B(UNKNOWN), 0, PLANNED},
    {GIVE, B(PLANNED), 0, ACTIVITY_ASSIGNED},
    {GIVE, B(ACTIVITY_ASSIGNED) | B(ACTIVITY_RUNNING), 0, STAYS},
    {BEGIN, B(ACTIVITY_ASSIGNED), B(PLANNED), ACTIVITY_RUNNING},
    {REPORT, ~UINT32_C(0), 0, STAYS},
    {END, B(ACTIVITY_RUNNING), B(PLANNED) | B(ACTIVITY_ASSIGNED), ACTIVITY_COMPLETED}};
LIFE(activity, "activity_id");

enum { PROPOSED = 1, OFFERED, ACCEPTED, DECLINED, PRESENT, DONE, ABSENT };
static const char *const assignment_states[] = {"unknown",  "created", "offered", "accepted",
                                                "rejected", "present", "done",    "no-show"};
enum { PROPOSE, OFFER, ACCEPT, DECLINE, COME, MISS, LEAVE };
static const char *const assignment_steps[] = {"created",    "offered", "accepted",   "rejected",
                                               "checked-in", "no-show", "checked-out"};
static const struct mr_life_move assignment_moves[] = {
    {PROPOSE, B(UNKNOWN), 0, PROPOSED},
    {OFFER, B(PROPOSED), 0, OFFERED},
    {ACCEPT, B(OFFERED), B(PROPOSED), ACCEPTED},
    {DECLINE, B(OFFERED), B(PROPOSED) | B(ACCEPTED), DECLINED},
    {COME, B(ACCEPTED), B(PROPOSED) | B(OFFERED) | B(ABSENT), PRESENT},
    {MISS, B(ACCEPTED), B(PROPOSED) | B(OFFERED), ABSENT},
    {LEAVE, B(PRESENT), B(ACCEPTED), DONE}};
LIFE(assignment, "assignment_id");

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

enum { CONFIRMED = 1, IN_QUESTION };
static const char *const venue_states[] = {"unknown", "confirmed", "in-question"};
enum { CONFIRM, DOUBT };
static const char *const venue_steps[] = {"confirmed", "issue-reported"};
static const struct mr_life_move venue_moves[] = {
    {CONFIRM, B(UNKNOWN) | B(CONFIRMED) | B(IN_QUESTION), 0, CONFIRMED},
    {DOUBT, B(UNKNOWN) | B(CONFIRMED) | B(IN_QUESTION), 0, IN_QUESTION}};
LIFE(venue, "venue");
