/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-reporting: how many, how long, by whom and with what trouble events, activities and kits
 * were carried out. */
#include <math.h>
#include <stdio.h>

#include "event_operations.gen.h"
#include "millrace/consumer.h"

/* Every event stands in `happening`; a fact is what the youngest event of its kind told, so that
 * the order in which they come does not matter. */
static const char tables[] =
    "CREATE TABLE happening (kind TEXT NOT NULL, subject_id TEXT NOT NULL, what TEXT NOT NULL,"
    " happened_at INTEGER NOT NULL, event_id TEXT NOT NULL, by_user TEXT NOT NULL,"
    " PRIMARY KEY (kind, subject_id, what, happened_at, event_id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX happening_time ON happening (happened_at);"
    "CREATE TABLE event_fact (event_id TEXT NOT NULL PRIMARY KEY, booking_id TEXT,"
    " manager_id TEXT, event_date TEXT, location_name TEXT, planned_at INTEGER,"
    " assigned_at INTEGER, preparation_at INTEGER, ready_at INTEGER, started_at INTEGER,"
    " actual_start_at INTEGER, actual_end_at INTEGER, completed_at INTEGER,"
    " met_expectations INTEGER, cancelled_at INTEGER, rescheduled_to TEXT) STRICT, WITHOUT ROWID;"
    "CREATE INDEX event_fact_manager ON event_fact (manager_id);"
    "CREATE TABLE staff_time (event_id TEXT NOT NULL, user_id TEXT NOT NULL, role TEXT NOT NULL,"
    " minutes INTEGER NOT NULL, PRIMARY KEY (event_id, user_id, role)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX staff_time_user ON staff_time (user_id);"
    "CREATE TABLE activity_fact (activity_id TEXT NOT NULL PRIMARY KEY, event_id TEXT,"
    " activity_type TEXT, planned_minutes INTEGER, created_at INTEGER, assigned_to TEXT,"
    " assigned_at INTEGER, started_at INTEGER, completed_at INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE INDEX activity_fact_event ON activity_fact (event_id);"
    "CREATE TABLE metric (kind TEXT NOT NULL, subject_id TEXT NOT NULL, name TEXT NOT NULL,"
    " value TEXT NOT NULL, millionths INTEGER, PRIMARY KEY (kind, subject_id, name))"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX metric_name ON metric (name);"
    "CREATE TABLE kit_fact (kit_assignment_id TEXT NOT NULL PRIMARY KEY, activity_id TEXT,"
    " event_id TEXT, kit_template_id TEXT, quantity INTEGER, assigned_at INTEGER,"
    " prepared_at INTEGER, checked_out_at INTEGER, returned_at INTEGER, condition TEXT,"
    " missing INTEGER, damaged INTEGER) STRICT, WITHOUT ROWID;"
    "CREATE INDEX kit_fact_template ON kit_fact (kit_template_id);"
    "CREATE TABLE issue (issue_id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL,"
    " subject_id TEXT NOT NULL, event_id TEXT NOT NULL, issue_type TEXT NOT NULL,"
    " severity TEXT NOT NULL, reported_by TEXT NOT NULL, reported_at INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX issue_event ON issue (event_id);";

#define SUM(x) "CAST(coalesce(sum(" x "), 0) AS BIGINT)"
static const char views[] =
    "CREATE VIEW day_report AS SELECT happened_at - happened_at % 86400000000 AS day_at, kind,"
    " what, count(*) AS n, count(DISTINCT subject_id) AS subjects FROM happening"
    " GROUP BY happened_at - happened_at % 86400000000, kind, what;"
    "CREATE VIEW event_report AS SELECT e.event_id, e.booking_id, e.manager_id,"
    " coalesce(e.rescheduled_to, e.event_date) AS event_date,"
    " (e.ready_at - e.preparation_at) / 60000000 AS preparation_minutes,"
    " (e.actual_end_at - e.actual_start_at) / 60000000 AS minutes, e.met_expectations,"
    " (SELECT count(*) FROM happening AS h WHERE h.kind = 'event' AND h.subject_id = "
    "e.event_id"
    "   AND h.what = 'rescheduled') AS reschedules,"
    " (SELECT count(*) FROM issue AS i WHERE i.event_id = e.event_id) AS issues,"
    " (SELECT " SUM(
        "minutes") " FROM staff_time AS s WHERE s.event_id = e.event_id)"
                   " AS staff_minutes, e.completed_at, e.cancelled_at FROM event_fact AS e;"
                   "CREATE VIEW manager_report AS SELECT manager_id, count(*) AS events,"
                   " count(completed_at) AS completed, count(cancelled_at) AS cancelled,"
                   " " SUM("met_expectations") " AS met_expectations, " SUM("minutes") " AS "
                                                                                       "minutes,"
                                                                                       " " SUM("sta"
                                                                                               "ff_"
                                                                                               "min"
                                                                                               "ute"
                                                                                               "s") " "
                                                                                                    "A"
                                                                                                    "S"
                                                                                                    " "
                                                                                                    "s"
                                                                                                    "t"
                                                                                                    "a"
                                                                                                    "f"
                                                                                                    "f"
                                                                                                    "_"
                                                                                                    "m"
                                                                                                    "i"
                                                                                                    "n"
                                                                                                    "u"
                                                                                                    "t"
                                                                                                    "e"
                                                                                                    "s"
                                                                                                    ","
                                                                                                    " " SUM("reschedules") " AS reschedules,"
                                                                                                                           " " SUM("issues") " AS issues FROM event_report GROUP BY manager_id;"
                                                                                                                                             "CREATE VIEW staff_report AS SELECT user_id, role, count(*) AS events,"
                                                                                                                                             " " SUM("minutes") " AS minutes FROM staff_time GROUP BY user_id, role;"
                                                                                                                                                                "CREATE VIEW activity_report AS SELECT activity_type, count(*) AS activities,"
                                                                                                                                                                " count(completed_at) AS completed, " SUM("planned_minutes") " AS planned_minutes,"
                                                                                                                                                                                                                             " " SUM("(completed_at - started_at) / 60000000") " AS minutes,"
                                                                                                                                                                                                                                                                               " " SUM(
                                                                                                                                                                                                                                                                                   "(SELECT count(*) FROM issue AS i WHERE i.kind = 'activity'"
                                                                                                                                                                                                                                                                                   " AND i.subject_id = a.activity_id)") " AS issues"
                                                                                                                                                                                                                                                                                                                         " FROM activity_fact AS a GROUP BY activity_type;"
                                                                                                                                                                                                                                                                                                                         "CREATE VIEW kit_report AS SELECT kit_template_id, count(*) AS assignments,"
                                                                                                                                                                                                                                                                                                                         " count(checked_out_at) AS checked_out, count(returned_at) AS returned,"
                                                                                                                                                                                                                                                                                                                         " " SUM(
                                                                                                                                                                                                                                                                                                                             "missing") " AS missing, " SUM("damaged") " AS damaged,"
                                                                                                                                                                                                                                                                                                                                                                       " " SUM(
                                                                                                                                                                                                                                                                                                                                                                           "(SELECT count(*) FROM issue AS i WHERE i.kind = 'kit'"
                                                                                                                                                                                                                                                                                                                                                                           " AND i.subject_id = k.kit_assignment_id)") " AS issues"
                                                                                                                                                                                                                                                                                                                                                                                                                       " FROM kit_fact AS k GROUP BY kit_template_id;"
                                                                                                                                                                                                                                                                                                                                                                                                                       "CREATE VIEW issue_report AS SELECT i.kind, i.issue_type, i.severity, k.kit_template_id,"
                                                                                                                                                                                                                                                                                                                                                                                                                       " count(*) AS n, min(i.reported_at) AS first_at, max(i.reported_at) AS last_at"
                                                                                                                                                                                                                                                                                                                                                                                                                       " FROM issue AS i LEFT JOIN kit_fact AS k ON i.kind = 'kit'"
                                                                                                                                                                                                                                                                                                                                                                                                                       " AND k.kit_assignment_id = i.subject_id"
                                                                                                                                                                                                                                                                                                                                                                                                                       " GROUP BY i.kind, i.issue_type, i.severity, k.kit_template_id";

/* A thing that is reported on; row makes sure of its row, and locks it. */
struct thing {
    const char *kind, *row;
};
#define ROW(TABLE, ID)                                                                             \
    "INSERT INTO " TABLE " (" ID ") VALUES (?1) ON CONFLICT (" ID ") DO UPDATE SET " ID            \
    " = excluded." ID
static const struct thing the_event = {"event", ROW("event_fact", "event_id")};
static const struct thing the_activity = {"activity", ROW("activity_fact", "activity_id")};
static const struct thing the_kit = {"kit", ROW("kit_fact", "kit_assignment_id")};

/* Notes it. *ret_told: a younger event of the same sort told it otherwise. */
static int note(struct mr_tx *tx, const struct thing *thing, struct mr_str subject,
                const char *what, struct mr_str by, bool *ret_told)
{
    const struct mr_envelope *envelope = mr_tx_event(tx)->envelope;
    int64_t n_younger = 0;

    int r = mr_sql(tx, thing->row, MR_TEXT(subject));
    if (r == 0)
        r = mr_sql(tx,
                   "INSERT INTO happening VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                   MR_TEXT_OF(thing->kind), MR_TEXT(subject), MR_TEXT_OF(what),
                   MR_INT(envelope->timestamp), MR_TEXT(envelope->event_id), MR_TEXT(by));
    if (r == 0)
        r = mr_sql_row(tx, MR_INTO(MR_INTO_INT(&n_younger)),
                       "SELECT count(*) FROM happening WHERE kind = ?1 AND subject_id = ?2"
                       " AND what = ?3 AND (happened_at, event_id) > (?4, ?5)",
                       MR_TEXT_OF(thing->kind), MR_TEXT(subject), MR_TEXT_OF(what),
                       MR_INT(envelope->timestamp), MR_TEXT(envelope->event_id));
    *ret_told = n_younger > 0;
    return r;
}

/* A happening, and the facts it tells. */
#define TELLS(ID, NAME, THING, WHAT, SUBJECT, BY, SQL, ...)                                        \
    MR_HANDLER(ID, NAME)                                                                           \
    {                                                                                              \
        bool told;                                                                                 \
        int r = note(tx, &(THING), event->data.SUBJECT, WHAT, event->data.BY, &told);              \
        return r || told ? r : mr_sql(tx, SQL, MR_TEXT(event->data.SUBJECT), __VA_ARGS__);         \
    }

MR_HANDLER(event_operations_event_instances_generated_v1, generated)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < event->data.n_eventIds; i++) {
        bool told;
        r = note(tx, &the_event, event->data.eventIds[i], "generated", event->data.generatedBy,
                 &told);
        if (r == 0 && !told)
            r = mr_sql(tx,
                       "UPDATE event_fact SET booking_id = ?2, planned_at = ?3 WHERE event_id = ?1",
                       MR_TEXT(event->data.eventIds[i]), MR_TEXT(event->data.bookingId),
                       MR_INT(event->data.generatedAt));
    }
    return r;
}

TELLS(event_operations_event_assigned_to_manager_v1, assigned_to_manager, the_event, "assigned",
      eventId, assignedBy,
      "UPDATE event_fact SET booking_id = ?2, manager_id = ?3, assigned_at = ?4, event_date = ?5,"
      " location_name = ?6 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_TEXT(event->data.managerId),
      MR_INT(event->data.assignedAt), MR_TEXT(event->data.eventDate),
      MR_TEXT(event->data.location.name))
TELLS(event_operations_event_preparation_started_v1, preparation_started, the_event,
      "preparation-started", eventId, startedBy,
      "UPDATE event_fact SET booking_id = ?2, preparation_at = ?3 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_INT(event->data.startedAt))
TELLS(event_operations_event_ready_v1, ready, the_event, "ready", eventId, readyBy,
      "UPDATE event_fact SET booking_id = ?2, ready_at = ?3 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_INT(event->data.readyAt))
TELLS(event_operations_event_started_v1, started, the_event, "started", eventId, startedBy,
      "UPDATE event_fact SET booking_id = ?2, started_at = ?3 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_INT(event->data.startedAt))
TELLS(event_operations_event_cancelled_v1, cancelled, the_event, "cancelled", eventId, cancelledBy,
      "UPDATE event_fact SET booking_id = ?2, cancelled_at = ?3 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_INT(event->data.cancelledAt))
TELLS(event_operations_event_rescheduled_v1, rescheduled, the_event, "rescheduled", eventId,
      rescheduledBy,
      "UPDATE event_fact SET booking_id = ?2, rescheduled_to = ?3 WHERE event_id = ?1",
      MR_TEXT(event->data.bookingId), MR_TEXT(event->data.newDate))

/* Figures are kept as told and, for sums, in millionths, where they fit. */
static int measure(struct mr_tx *tx, const char *kind, struct mr_str subject,
                   const struct mr_pair_double *metrics, size_t n)
{
    int r = mr_sql(tx, "DELETE FROM metric WHERE kind = ?1 AND subject_id = ?2", MR_TEXT_OF(kind),
                   MR_TEXT(subject));

    for (size_t i = 0; r == 0 && i < n; i++) {
        char text[40];
        double millionths = metrics[i].value * 1e6;
        (void)snprintf(text, sizeof(text), "%.15g", metrics[i].value);
        r = mr_sql(tx, "INSERT INTO metric VALUES (?1, ?2, ?3, ?4, ?5)", MR_TEXT_OF(kind),
                   MR_TEXT(subject), MR_TEXT(metrics[i].key), MR_TEXT_OF(text),
                   MR_OPT(fabs(millionths) < 9e18, MR_INT(llround(millionths))));
    }
    return r;
}

MR_HANDLER(event_operations_event_completed_v1, completed)
{
    struct mr_str id = event->data.eventId;
    bool told;

    int r = note(tx, &the_event, id, "completed", event->data.completedBy, &told);
    if (r || told)
        return r;
    r = mr_sql(tx,
               "UPDATE event_fact SET booking_id = ?2, actual_start_at = ?3, actual_end_at = ?4,"
               " completed_at = ?5, met_expectations = ?6 WHERE event_id = ?1",
               MR_TEXT(id), MR_TEXT(event->data.bookingId), MR_INT(event->data.actualStartTime),
               MR_INT(event->data.actualEndTime), MR_INT(event->data.completedAt),
               MR_BOOL(event->data.outcomes.metExpectations));
    if (r == 0)
        r = measure(tx, "event", id, event->data.outcomes.metrics, event->data.outcomes.n_metrics);
    if (r == 0)
        r = mr_sql(tx, "DELETE FROM staff_time WHERE event_id = ?1", MR_TEXT(id));
    for (size_t i = 0; r == 0 && i < event->data.n_staffParticipated; i++) {
        const struct event_operations_event_completed_v1_staff *who =
            &event->data.staffParticipated[i];
        r = mr_sql(tx,
                   "INSERT INTO staff_time VALUES (?1, ?2, ?3, ?4) ON CONFLICT (event_id, user_id,"
                   " role) DO UPDATE SET minutes = staff_time.minutes + excluded.minutes",
                   MR_TEXT(id), MR_TEXT(who->userId), MR_TEXT(who->role),
                   MR_INT(llround(fmin(who->hoursWorked, 1e9) * 60)));
    }
    return r;
}

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

    int r = note(tx, &the_activity, id, "completed", event->data.completedBy, &told);
    if (r || told)
        return r;
    r = mr_sql(tx,
               "UPDATE activity_fact SET event_id = ?2, completed_at = ?3"
               " WHERE activity_id = ?1",
               MR_TEXT(id), MR_TEXT(event->data.eventId), MR_INT(event->data.completedAt));
    return r ? r
             : measure(tx, "activity", id, event->data.outcomes.metrics,
                       event->data.outcomes.n_metrics);
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

/* ---- issues: each is one, however often its thing has them ---- */
struct issue {
    struct mr_str subject, event_id, by, severity;
    struct mr_value type;
    int64_t at;
};

static int report(struct mr_tx *tx, const struct thing *thing, const struct issue *issue)
{
    bool told;

    int r = note(tx, thing, issue->subject, "issue-reported", issue->by, &told);
    if (r != 0)
        return r;
    return mr_sql(tx, "INSERT INTO issue VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                  MR_TEXT(mr_tx_event(tx)->envelope->event_id), MR_TEXT_OF(thing->kind),
                  MR_TEXT(issue->subject), MR_TEXT(issue->event_id), issue->type,
                  MR_TEXT(issue->severity), MR_TEXT(issue->by), MR_INT(issue->at));
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
        .severity = event_operations_event_issue_reported_v1_severity_symbol(event->data.severity)};

    return report(tx, &the_event, &issue);
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

    return report(tx, &the_activity, &issue);
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
        .severity = event_operations_kit_issue_reported_v1_impact_symbol(event->data.impactLevel)};

    return report(tx, &the_kit, &issue);
}

const struct mr_consumer consumer_bookings_reporting = {
    .name = "bookings-reporting",
    .summary = "Counts and times events, activities and kits, with their issues",
    .handles = MR_HANDLES(MR_ON(event_operations_event_instances_generated_v1, generated),
                          MR_ON(event_operations_event_assigned_to_manager_v1, assigned_to_manager),
                          MR_ON(event_operations_event_preparation_started_v1, preparation_started),
                          MR_ON(event_operations_event_ready_v1, ready),
                          MR_ON(event_operations_event_started_v1, started),
                          MR_ON(event_operations_event_completed_v1, completed),
                          MR_ON(event_operations_event_cancelled_v1, cancelled),
                          MR_ON(event_operations_event_rescheduled_v1, rescheduled),
                          MR_ON(event_operations_event_issue_reported_v1, event_issue),
                          MR_ON(event_operations_activity_created_v1, activity_created),
                          MR_ON(event_operations_activity_assigned_v1, activity_assigned),
                          MR_ON(event_operations_activity_started_v1, activity_started),
                          MR_ON(event_operations_activity_completed_v1, activity_completed),
                          MR_ON(event_operations_activity_issue_reported_v1, activity_issue),
                          MR_ON(event_operations_kit_assigned_to_activity_v1, kit_assigned),
                          MR_ON(event_operations_kit_prepared_v1, kit_prepared),
                          MR_ON(event_operations_kit_checked_out_v1, kit_checked_out),
                          MR_ON(event_operations_kit_returned_v1, kit_returned),
                          MR_ON(event_operations_kit_issue_reported_v1, kit_issue)),
    .migrations = MR_MIGRATIONS({1, tables}, {2, views}),
};
