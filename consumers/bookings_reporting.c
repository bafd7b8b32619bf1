/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-reporting: how many, how long, by whom and with what trouble events, activities and kits
 * were carried out. What each event tells stands in bookings_reporting/. */
#include <math.h>
#include <stdio.h>

#include "bookings_reporting/report.h"

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

/* clang-format off */
#define SUM(x) "CAST(coalesce(sum(" x "), 0) AS BIGINT)"
#define ISSUES_OF(KIND, ID)                                                                        \
    SUM("(SELECT count(*) FROM issue AS i WHERE i.kind = '" KIND "' AND i.subject_id = " ID ")")
#define REPORTS(DATE, PREPARATION) \
    "CREATE VIEW event_report AS SELECT e.event_id, e.booking_id, e.manager_id," \
    " " DATE " AS event_date," \
    " " PREPARATION " AS preparation_minutes," \
    " (e.actual_end_at - e.actual_start_at) / 60000000 AS minutes, e.met_expectations," \
    " (SELECT count(*) FROM happening AS h WHERE h.kind = 'event' AND h.subject_id = e.event_id" \
    "   AND h.what = 'rescheduled') AS reschedules," \
    " (SELECT count(*) FROM issue AS i WHERE i.event_id = e.event_id) AS issues," \
    " (SELECT " SUM("minutes") " FROM staff_time AS s WHERE s.event_id = e.event_id)" \
    " AS staff_minutes, e.completed_at, e.cancelled_at FROM event_fact AS e;" \
    "CREATE VIEW manager_report AS SELECT manager_id, count(*) AS events," \
    " count(completed_at) AS completed, count(cancelled_at) AS cancelled," \
    " " SUM("met_expectations") " AS met_expectations, " SUM("minutes") " AS minutes," \
    " " SUM("staff_minutes") " AS staff_minutes, " SUM("reschedules") " AS reschedules," \
    " " SUM("issues") " AS issues FROM event_report GROUP BY manager_id;"
#define ACTIVITIES(DURATION) \
    "CREATE VIEW activity_report AS SELECT activity_type, count(*) AS activities," \
    " count(completed_at) AS completed, " SUM("planned_minutes") " AS planned_minutes," \
    " " SUM(DURATION) " AS minutes," \
    " " ISSUES_OF("activity", "a.activity_id") " AS issues" \
    " FROM activity_fact AS a GROUP BY activity_type;"
#define BETWEEN(BEGIN, END) "(" END " - " BEGIN ") / 60000000"
static const char views[] =
    "CREATE VIEW day_report AS SELECT happened_at - happened_at % 86400000000 AS day_at, kind,"
    " what, count(*) AS n, count(DISTINCT subject_id) AS subjects FROM happening"
    " GROUP BY happened_at - happened_at % 86400000000, kind, what;"
    REPORTS("coalesce(e.rescheduled_to, e.event_date)", BETWEEN("e.preparation_at", "e.ready_at"))
    "CREATE VIEW staff_report AS SELECT user_id, role, count(*) AS events,"
    " " SUM("minutes") " AS minutes FROM staff_time GROUP BY user_id, role;"
    ACTIVITIES(BETWEEN("started_at", "completed_at"))
    "CREATE VIEW kit_report AS SELECT kit_template_id, count(*) AS assignments,"
    " count(checked_out_at) AS checked_out, count(returned_at) AS returned,"
    " " SUM("missing") " AS missing, " SUM("damaged") " AS damaged,"
    " " ISSUES_OF("kit", "k.kit_assignment_id") " AS issues"
    " FROM kit_fact AS k GROUP BY kit_template_id;"
    "CREATE VIEW issue_report AS SELECT i.kind, i.issue_type, i.severity, k.kit_template_id,"
    " count(*) AS n, min(i.reported_at) AS first_at, max(i.reported_at) AS last_at"
    " FROM issue AS i LEFT JOIN kit_fact AS k ON i.kind = 'kit'"
    " AND k.kit_assignment_id = i.subject_id"
    " GROUP BY i.kind, i.issue_type, i.severity, k.kit_template_id";

/* The date that was said last: an event that moved may be given another manager, for another day. */
#define SAID_AT(WHAT)                                                                              \
    "(SELECT max(h.happened_at) FROM happening AS h WHERE h.kind = 'event'"                        \
    " AND h.subject_id = e.event_id AND h.what = '" WHAT "')"
#define LAST_DATE                                                                                  \
    "CASE WHEN " SAID_AT("assigned") " > " SAID_AT("rescheduled")                                  \
    " THEN e.event_date ELSE coalesce(e.rescheduled_to, e.event_date) END"
static const char dates[] =
    "DROP VIEW manager_report; DROP VIEW event_report;"
    REPORTS(LAST_DATE, BETWEEN("e.preparation_at", "e.ready_at"));

/* What began again has not lasted less than no time: it is under way. */
#define ONCE_OVER(BEGIN, END)                                                                      \
    "CASE WHEN " END " >= " BEGIN " THEN " BETWEEN(BEGIN, END) " END"
static const char begun_again[] =
    "DROP VIEW manager_report; DROP VIEW event_report; DROP VIEW activity_report;"
    REPORTS(LAST_DATE, ONCE_OVER("e.preparation_at", "e.ready_at"))
    ACTIVITIES(ONCE_OVER("started_at", "completed_at"));
/* clang-format on */

int reporting_note(struct mr_tx *tx, const struct thing *thing, struct mr_str subject,
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

int reporting_measure(struct mr_tx *tx, const char *kind, struct mr_str subject,
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

int reporting_report(struct mr_tx *tx, const struct thing *thing, const struct issue *issue)
{
    bool told;

    int r = reporting_note(tx, thing, issue->subject, "issue-reported", issue->by, &told);
    if (r != 0)
        return r;
    return mr_sql(tx, "INSERT INTO issue VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                  MR_TEXT(mr_tx_event(tx)->envelope->event_id), MR_TEXT_OF(thing->kind),
                  MR_TEXT(issue->subject), MR_TEXT(issue->event_id), issue->type,
                  MR_TEXT(issue->severity), MR_TEXT(issue->by), MR_INT(issue->at));
}

const struct mr_consumer consumer_bookings_reporting = {
    .name = "bookings-reporting",
    .summary = "Counts and times events, activities and kits, with their issues",
    .handles = MR_HANDLES(MR_ON_ALL(reporting_of_events), MR_ON_ALL(reporting_of_activities),
                          MR_ON_ALL(reporting_of_kits)),
    .migrations = MR_MIGRATIONS({1, tables}, {2, views}, {3, dates}, {4, begun_again}),
};
