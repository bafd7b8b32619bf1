# SPDX-License-Identifier: Apache-2.0
"""What bookings-reporting keeps: facts as the youngest event of each sort told them, and what they add up to."""
import math
from collections import Counter, defaultdict

DAY, MINUTE = 86_400_000_000, 60_000_000

TABLES = {
    "happening": ["kind", "subject_id", "what", "happened_at", "event_id", "by_user"],
    "event_fact": ["event_id", "booking_id", "manager_id", "event_date", "location_name", "planned_at", "assigned_at",
                   "preparation_at", "ready_at", "started_at", "actual_start_at", "actual_end_at", "completed_at",
                   "met_expectations", "cancelled_at", "rescheduled_to"],
    "staff_time": ["event_id", "user_id", "role", "minutes"],
    "activity_fact": ["activity_id", "event_id", "activity_type", "planned_minutes", "created_at", "assigned_to", "assigned_at",
                      "started_at", "completed_at"],
    "metric": ["kind", "subject_id", "name", "value", "millionths"],
    "kit_fact": ["kit_assignment_id", "activity_id", "event_id", "kit_template_id", "quantity", "assigned_at", "prepared_at",
                 "checked_out_at", "returned_at", "condition", "missing", "damaged"],
    "issue": ["issue_id", "kind", "subject_id", "event_id", "issue_type", "severity", "reported_by", "reported_at"],
    "day_report": ["day_at", "kind", "what", "n", "subjects"],
    "event_report": ["event_id", "event_date", "preparation_minutes"],
    "manager_report": ["manager_id", "events", "completed", "cancelled", "met_expectations", "minutes", "staff_minutes",
                       "reschedules", "issues"],
    "staff_report": ["user_id", "role", "events", "minutes"],
    "activity_report": ["activity_type", "activities", "completed", "planned_minutes", "minutes", "issues"],
    "kit_report": ["kit_template_id", "assignments", "checked_out", "returned", "missing", "damaged", "issues"],
    "issue_report": ["kind", "issue_type", "severity", "kit_template_id", "n", "first_at", "last_at"],
}

# (kind, what) -> column of the fact, member of the data
FACTS = {
    ("event", "generated"): [("booking_id", "bookingId"), ("planned_at", "generatedAt")],
    ("event", "assigned"): [("booking_id", "bookingId"), ("manager_id", "managerId"), ("event_date", "eventDate"),
                            ("assigned_at", "assignedAt")],
    ("event", "preparation-started"): [("booking_id", "bookingId"), ("preparation_at", "startedAt")],
    ("event", "ready"): [("booking_id", "bookingId"), ("ready_at", "readyAt")],
    ("event", "started"): [("booking_id", "bookingId"), ("started_at", "startedAt")],
    ("event", "cancelled"): [("booking_id", "bookingId"), ("cancelled_at", "cancelledAt")],
    ("event", "rescheduled"): [("booking_id", "bookingId"), ("rescheduled_to", "newDate")],
    ("event", "completed"): [("booking_id", "bookingId"), ("actual_start_at", "actualStartTime"),
                             ("actual_end_at", "actualEndTime"), ("completed_at", "completedAt")],
    ("activity", "created"): [("event_id", "eventId"), ("activity_type", "activityType"), ("planned_minutes", "duration"),
                              ("created_at", "createdAt")],
    ("activity", "assigned"): [("event_id", "eventId"), ("assigned_to", "assignedTo"), ("assigned_at", "assignedAt")],
    ("activity", "started"): [("event_id", "eventId"), ("started_at", "startedAt")],
    ("activity", "completed"): [("event_id", "eventId"), ("completed_at", "completedAt")],
    ("kit", "assigned"): [("activity_id", "activityId"), ("event_id", "eventId"), ("kit_template_id", "kitTemplateId"),
                          ("quantity", "quantity"), ("assigned_at", "assignedAt")],
    ("kit", "prepared"): [("activity_id", "activityId"), ("event_id", "eventId"), ("prepared_at", "preparedAt")],
    ("kit", "checked-out"): [("activity_id", "activityId"), ("event_id", "eventId"), ("checked_out_at", "checkedOutAt")],
    ("kit", "returned"): [("activity_id", "activityId"), ("event_id", "eventId"), ("returned_at", "returnedAt"),
                          ("condition", "condition")],
}
ACTORS = ("generatedBy", "assignedBy", "startedBy", "readyBy", "completedBy", "cancelledBy", "rescheduledBy", "reportedBy",
          "createdBy", "preparedBy", "checkedOutBy", "returnedBy")
WHAT = {"instances-generated": "generated", "assigned-to-manager": "assigned", "assigned-to-activity": "assigned"}
IDS = {"event": "eventId", "activity": "activityId", "kit": "kitAssignmentId"}


def rounded(x):
    return int(math.copysign(math.floor(abs(x) + 0.5), x))


def facts(rows, kind, what, subject, at, d):
    row = rows[kind][subject]
    for column, member in FACTS.get((kind, what), []):
        row[column] = d[member]
    if (kind, what) == ("event", "assigned"):
        row["location_name"] = d["location"]["name"]
    if kind == "event" and what in ("assigned", "rescheduled"):  # what was said last; of one moment, the other day
        said = (at, what == "rescheduled")
        if said >= row.get("date_said", said):
            row.update(date_said=said, date=d["newDate" if what == "rescheduled" else "eventDate"])
    if what == "returned":
        row.update(missing=len(d["missingComponents"] or []), damaged=len(d["damagedComponents"] or []))
    if what == "completed":
        row["metrics"] = d["outcomes"]["metrics"]
    if (kind, what) == ("event", "completed"):
        row["met_expectations"], row["staff"] = d["outcomes"]["metExpectations"], Counter()
        for who in d["staffParticipated"]:
            row["staff"][who["userId"], who["role"]] += rounded(who["hoursWorked"] * 60)


def minutes(row, begin, end):
    """None: not over, or begun again."""
    over = row.get(begin) is not None and row.get(end) is not None and row[end] >= row[begin]
    return (row[end] - row[begin]) // MINUTE if over else None


def reports(tables, rows):
    issues = Counter((kind, subject) for _, kind, subject, *_ in tables["issue"])
    of_event = Counter(row[3] for row in tables["issue"])
    moved = Counter(row[1] for row in tables["happening"] if row[:3:2] == ("event", "rescheduled"))
    days, managers, staff, activities, kits, sorts = (defaultdict(list) for _ in range(6))
    for kind, subject, what, at, _, _ in tables["happening"]:
        days[at // DAY * DAY, kind, what].append(subject)
    for subject, e in rows["event"].items():
        worked = sum(e.get("staff", {}).values())
        managers[e.get("manager_id")].append((1, e.get("completed_at") is not None, e.get("cancelled_at") is not None,
                                              bool(e.get("met_expectations")), minutes(e, "actual_start_at", "actual_end_at") or 0,
                                              worked, moved[subject], of_event[subject]))
        for key, worked in e.get("staff", {}).items():
            staff[key].append((1, worked))
    for subject, a in rows["activity"].items():
        activities[a.get("activity_type")].append((1, a.get("completed_at") is not None, a.get("planned_minutes") or 0,
                                                   minutes(a, "started_at", "completed_at") or 0, issues["activity", subject]))
    for subject, k in rows["kit"].items():
        kits[k.get("kit_template_id")].append((1, k.get("checked_out_at") is not None, k.get("returned_at") is not None,
                                               k.get("missing") or 0, k.get("damaged") or 0, issues["kit", subject]))
    for _, kind, subject, _, sort, severity, _, at in tables["issue"]:
        template = rows["kit"][subject].get("kit_template_id") if kind == "kit" else None
        sorts[kind, sort, severity, template].append(at)
    tables["day_report"] = [(*key, len(seen), len(set(seen))) for key, seen in days.items()]
    tables["issue_report"] = [(*key, len(seen), min(seen), max(seen)) for key, seen in sorts.items()]
    tables["event_report"] = [(subject, e.get("date"), minutes(e, "preparation_at", "ready_at"))
                              for subject, e in rows["event"].items()]
    tables["staff_report"] = [(*key, *map(sum, zip(*seen))) for key, seen in staff.items()]
    for name, groups in (("manager_report", managers), ("activity_report", activities), ("kit_report", kits)):
        tables[name] = [(key, *map(sum, zip(*seen))) for key, seen in groups.items()]


def model(events):
    tables = {name: [] for name in TABLES}
    rows = {kind: defaultdict(dict) for kind in IDS}
    for e in events:  # in order of time: what comes later is younger
        _, kind, action, _ = e["topic"].split(".")
        what, d = WHAT.get(action, action), e["data"]
        by = next(d[actor] for actor in ACTORS if actor in d)
        for subject in dict.fromkeys(d["eventIds"] if what == "generated" else [d[IDS[kind]]]):
            tables["happening"].append((kind, subject, what, e["timestamp"], e["event_id"], by))
            facts(rows, kind, what, subject, e["timestamp"], d)
        if what == "issue-reported":
            tables["issue"].append((e["event_id"], kind, d[IDS[kind]], d["eventId"], d["issueType"],
                                    d.get("severity") or d["impactLevel"], by, d["reportedAt"]))
    for kind, table in (("event", "event_fact"), ("activity", "activity_fact"), ("kit", "kit_fact")):
        first, *columns = TABLES[table]
        tables[table] = [(subject, *(row.get(column) for column in columns)) for subject, row in rows[kind].items()]
        for subject, row in rows[kind].items():
            tables["staff_time"] += [(subject, *key, worked) for key, worked in row.get("staff", {}).items()]
            tables["metric"] += [(kind, subject, name, f"{value:.15g}", rounded(value * 1e6))
                                 for name, value in row.get("metrics", {}).items()]
    reports(tables, rows)
    return tables
