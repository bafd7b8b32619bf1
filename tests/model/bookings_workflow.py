# SPDX-License-Identifier: Apache-2.0
"""What bookings-workflow keeps: each thing's steps replayed in order of time, and what its events told last."""
from collections import defaultdict

TABLES = {
    "life": ["kind", "subject_id", "state", "since_at", "changed_at", "last_step", "last_event_id", "steps", "unexpected",
             "impossible"],
    "life_step": ["kind", "subject_id", "event_id", "step", "stepped_at", "by_user", "state", "verdict"],
    "booking": ["booking_id", "client_id", "title", "dates", "recurrence", "submitted_by", "submitted_at", "decided_by",
                "decided_at", "remarks", "changed_fields", "n_events", "cancelled_at", "cancel_reason"],
    "event": ["event_id", "booking_id", "manager_id", "event_date", "location_id", "location_name", "address", "lacks",
              "started_at", "ended_at", "met_expectations", "notes", "cancelled_at", "cancel_reason", "booking_cancelled_at"],
    "preparation_task": ["event_id", "task_id", "description", "assigned_to", "due_date"],
    "activity": ["activity_id", "event_id", "activity_type", "description", "minutes", "needs_kits", "needs_roles",
                 "assignment_id", "assigned_to", "role", "started_at", "completed_at", "notes"],
    "assignment": ["assignment_id", "event_id", "activity_id", "user_id", "role", "begins_at", "ends_at", "answer_until_at",
                   "answered_at", "remarks", "checked_in_at", "checked_out_at", "minutes_worked", "consequence"],
    "kit": ["kit_assignment_id", "activity_id", "event_id", "kit_template_id", "kit_instance_id", "quantity", "components",
            "planned_instance_id", "out_with", "return_date", "condition", "missing", "damaged"],
    "venue": ["venue", "event_id", "location_id", "confirmed_by", "confirmed_at", "contact", "instructions"],
    "issue": ["issue_id", "kind", "subject_id", "event_id", "issue_type", "severity", "urgent", "description", "done",
              "reported_by", "reported_at"],
    "open_task": ["task", "kind", "subject_id", "since_at", "who"],
}

# kind -> steps in the order of a life: (step, states where it is expected, where it still moves, state after; None: stays)
ALL = "*"
LIVES = {
    "booking": [
        ("created", {"unknown"}, (), "draft"),
        ("submitted", {"draft", "changes-requested", "rejected"}, (), "submitted"),
        ("changes-requested", {"submitted"}, (), "changes-requested"),
        ("updated", {"draft", "submitted", "changes-requested", "approved", "rejected", "scheduled"}, (), None),
        ("updated-to-review", {"draft", "rejected"}, (), None),
        ("updated-to-review", {"submitted", "changes-requested", "approved", "scheduled"}, (), "submitted"),
        ("approved", {"submitted"}, {"draft", "changes-requested"}, "approved"),
        ("rejected", {"submitted"}, {"draft", "changes-requested"}, "rejected"),
        ("refused", {"submitted"}, {"draft", "changes-requested"}, "refused"),
        ("events-generated", {"approved", "scheduled"}, {"submitted"}, "scheduled"),
        ("cancelled", {"draft", "submitted", "changes-requested", "approved", "rejected", "scheduled"}, (), "cancelled"),
    ],
    "event": [
        ("generated", {"unknown"}, (), "planned"),
        ("assigned", {"planned"}, (), "assigned"),
        ("assigned", {"assigned", "preparing", "ready", "running"}, (), None),
        ("rescheduled", {"planned", "assigned", "preparing", "ready"}, (), None),
        ("booking-cancelled", {"planned", "assigned", "preparing", "ready", "cancelled"}, {"running"}, None),
        ("preparation-started", {"assigned"}, {"planned"}, "preparing"),
        ("ready", {"preparing"}, {"planned", "assigned"}, "ready"),
        ("started", {"ready"}, {"planned", "assigned", "preparing"}, "running"),
        ("issue-reported", ALL, (), None),
        ("completed", {"running"}, {"planned", "assigned", "preparing", "ready"}, "completed"),
        ("cancelled", {"planned", "assigned", "preparing", "ready"}, {"running"}, "cancelled"),
    ],
    "activity": [
        ("created", {"unknown"}, (), "planned"),
        ("assigned", {"planned"}, (), "assigned"),
        ("assigned", {"assigned", "running"}, (), None),
        ("started", {"assigned"}, {"planned"}, "running"),
        ("issue-reported", ALL, (), None),
        ("completed", {"running"}, {"planned", "assigned"}, "completed"),
    ],
    "assignment": [
        ("created", {"unknown"}, (), "created"),
        ("offered", {"created", "offered", "rejected"}, (), "offered"),
        ("accepted", {"offered"}, {"created", "rejected"}, "accepted"),
        ("rejected", {"offered"}, {"created", "accepted"}, "rejected"),
        ("checked-in", {"accepted"}, {"created", "offered", "rejected", "no-show"}, "present"),
        ("no-show", {"accepted"}, {"created", "offered"}, "no-show"),
        ("checked-out", {"present"}, {"created", "offered", "accepted", "rejected", "no-show"}, "done"),
    ],
    "kit": [
        ("assigned", {"unknown"}, (), "assigned"),
        ("prepared", {"assigned"}, (), "prepared"),
        ("checked-out", {"prepared"}, {"assigned"}, "out"),
        ("issue-reported", ALL, (), None),
        ("returned", {"out"}, {"assigned", "prepared"}, "returned"),
    ],
    "venue": [
        ("confirmed", {"unknown", "confirmed", "in-question"}, (), "confirmed"),
        ("issue-reported", {"unknown", "confirmed", "in-question"}, (), "in-question"),
    ],
}


def move(kind, step, state):
    """(state after, verdict)."""
    rows = [row for row in LIVES[kind] if row[0] == step]
    for _, expected, also, after in rows:
        if expected == ALL or state in expected:
            return after or state, "expected"
        if state in also:
            return after or state, "unexpected"
    return (rows[0][3] or state, "unexpected") if state == "unknown" else (state, "impossible")


def steps_of(event):
    """[(kind, subject, step, by)] of an event."""
    service, domain, action, _ = event["topic"].split(".")
    d = event["data"]
    if domain == "booking":
        if action == "rejected" and not d["allowResubmission"]:
            action = "refused"
        if action == "updated" and d["needsReapproval"]:
            action = "updated-to-review"
        by = {"created": "createdBy", "submitted": "submittedBy", "approved": "approvedBy", "cancelled": "cancelledBy",
              "changes-requested": "requestedBy", "rejected": "rejectedBy", "refused": "rejectedBy"}.get(action, "updatedBy")
        steps = [("booking", d["bookingId"], action, d[by])]
        if action == "cancelled":
            steps += [("event", e, "booking-cancelled", d[by]) for e in dict.fromkeys(d["affectedEventIds"])]
        return steps
    if action == "instances-generated":
        return [("booking", d["bookingId"], "events-generated", d["generatedBy"])] + \
            [("event", e, "generated", d["generatedBy"]) for e in dict.fromkeys(d["eventIds"])]
    if domain == "event":
        step = "assigned" if action == "assigned-to-manager" else action
        by = next(d[k] for k in ("assignedBy", "startedBy", "readyBy", "completedBy", "cancelledBy", "rescheduledBy",
                                 "reportedBy") if k in d)
        return [("event", d["eventId"], step, by)]
    if domain == "activity":
        by = next(d[k] for k in ("createdBy", "assignedBy", "startedBy", "completedBy", "reportedBy") if k in d)
        return [("activity", d["activityId"], action, by)]
    if domain == "staff":
        by = next(d[k] for k in ("createdBy", "offeredBy", "reportedBy", "userId") if k in d)
        return [("assignment", d["assignmentId"], action.removeprefix("assignment-"), by)]
    if domain == "kit":
        step = "assigned" if action == "assigned-to-activity" else action
        by = next(d[k] for k in ("assignedBy", "preparedBy", "checkedOutBy", "reportedBy", "returnedBy") if k in d)
        return [("kit", d["kitAssignmentId"], step, by)]
    return [("venue", f"{d['eventId']}/{d['locationId']}", action, d.get("confirmedBy") or d["reportedBy"])]


def booking(row, step, d):
    row["client_id"] = d["clientId"]
    if step in ("created", "submitted", "approved"):
        row["title"] = d["title"]
    if step in ("submitted", "approved"):
        row["dates"] = ", ".join(d["eventDates"])
    if step == "submitted":
        again = d["recurrencePattern"]
        row.update(submitted_by=d["submittedBy"], submitted_at=d["submittedAt"], recurrence=again and
                   f"{again['frequency']}, every {again['interval']}, until {again['endDate']}")
    if step in ("approved", "rejected", "refused"):
        row.update(decided_by=d.get("approvedBy") or d["rejectedBy"], decided_at=d.get("approvedAt") or d["rejectedAt"],
                   remarks=d["notes"] if step == "approved" else d["reason"])
    if step == "changes-requested":
        row.update(decided_by=d["requestedBy"], decided_at=d["requestedAt"], remarks=", ".join(
            f"{c['field']}: {c['reason']}" + (f" ({c['suggestedValue']})" if c["suggestedValue"] is not None else "")
            for c in d["changes"]))
    if step.startswith("updated"):
        row["changed_fields"] = ", ".join(d["changedFields"])
    if step == "events-generated":
        row["n_events"] = d["totalEvents"]
    if step == "cancelled":
        row.update(cancelled_at=d["cancelledAt"], cancel_reason=d["reason"])


def event(row, step, d):
    row["booking_id"] = d["bookingId"]
    if step == "assigned":
        row.update(manager_id=d["managerId"], event_date=d["eventDate"], location_id=d["location"]["id"],
                   location_name=d["location"]["name"], address=d["location"]["address"])
    if step == "rescheduled":
        row["event_date"] = d["newDate"]
    if step == "preparation-started":
        row["tasks"] = {t["id"]: t for t in d["preparationTasks"]}
    if step == "ready":
        needs = {"staff": "staffAssigned", "kits": "kitsAssigned", "logistics": "logisticsConfirmed", "venue": "venueConfirmed"}
        row["lacks"] = ", ".join(name for name, field in needs.items() if not d[field]) or None
    if step == "started" and "ended_at" not in row:
        row["started_at"] = d["startedAt"]
    if step == "completed":
        row.update(started_at=d["actualStartTime"], ended_at=d["actualEndTime"], notes=d["outcomes"]["notes"],
                   met_expectations=d["outcomes"]["metExpectations"])
    if step == "cancelled":
        row.update(cancelled_at=d["cancelledAt"], cancel_reason=d["reason"])
    if step == "booking-cancelled":
        row["booking_cancelled_at"] = d["cancelledAt"]


def activity(row, step, d):
    row["event_id"] = d["eventId"]
    if step == "created":
        row.update(activity_type=d["activityType"], description=d["description"], minutes=d["duration"],
                   needs_kits=", ".join(d["requiredKitTemplateIds"]), needs_roles=", ".join(d["requiredStaffRoles"]))
    if step == "assigned":
        row.update(assignment_id=d["assignmentId"], assigned_to=d["assignedTo"], role=d["role"])
    if step == "started":
        row["started_at"] = d["startedAt"]
    if step == "completed":
        row.update(completed_at=d["completedAt"], notes=d["outcomes"]["notes"])


def assignment(row, step, d):
    row.update(event_id=d["eventId"], user_id=d["userId"])
    if step == "created":
        row.update(activity_id=d["activityId"], role=d["role"], begins_at=d["startTime"], ends_at=d["endTime"])
    if step == "offered":
        row["answer_until_at"] = d["responseDeadline"]
    if step == "accepted":
        row.update(answered_at=d["acceptedAt"], remarks=d["notes"])
    if step == "rejected":
        row.update(answered_at=d["rejectedAt"], remarks=d["reason"])
    if step == "checked-in":
        row["checked_in_at"] = d["checkedInAt"]
    if step == "checked-out":
        row.update(checked_out_at=d["checkedOutAt"], minutes_worked=int(d["hoursWorked"] * 60 + 0.5))
    if step == "no-show":
        row["consequence"] = d["consequenceLevel"]


def kit(row, step, d):
    row.update(activity_id=d["activityId"], event_id=d["eventId"])
    if step == "assigned":
        row.update(kit_template_id=d["kitTemplateId"], quantity=d["quantity"], planned_instance_id=d["kitInstanceId"])
    elif step != "issue-reported":
        row["kit_instance_id"] = d["kitInstanceId"]
    if step == "prepared":
        row["components"] = len(d["components"])
    if step == "checked-out":
        row.update(out_with=d["checkedOutTo"], return_date=d["expectedReturnDate"])
    if step == "returned":
        row.update(condition=d["condition"], missing=", ".join(d["missingComponents"] or []) or None,
                   damaged=len(d["damagedComponents"] or []))


def venue(row, step, d):
    row.update(event_id=d["eventId"], location_id=d["locationId"])
    if step == "confirmed":
        who = d["contactPerson"]
        row.update(confirmed_by=d["confirmedBy"], confirmed_at=d["confirmedAt"], instructions=d["specialInstructions"],
                   contact=who and f"{who['name']}, {who['phone']}, {who['email']}")


TELL = {"booking": booking, "event": event, "activity": activity, "assignment": assignment, "kit": kit, "venue": venue}


def issue(kind, subject, e):
    d = e["data"]
    urgent = d.get("needsImmediate", d.get("severity") == "critical")
    return (e["event_id"], kind, subject, d["eventId"], d["issueType"], d.get("severity") or d["impactLevel"], urgent,
            d["description"], d.get("immediateActionTaken"), d["reportedBy"], d["reportedAt"])


def tasks(kind, subject, state, since, row, events):
    of_event, at_event = events.get(row.get("event_id"), ({}, None)) if kind in ("assignment", "venue") else ({}, None)
    manager = of_event.get("manager_id")
    called_off = row.get("booking_cancelled_at") is not None and state not in ("cancelled", "completed")
    found = {
        "booking": {"submitted": ("review", None), "changes-requested": ("revise", row.get("client_id")),
                    "rejected": ("revise", row.get("client_id")), "approved": ("generate-events", row.get("decided_by"))},
        "event": {"planned": ("assign-manager", row.get("manager_id")), "assigned": ("prepare", row.get("manager_id")),
                  "preparing": ("prepare", row.get("manager_id"))},
        "assignment": {"offered": ("answer-offer", row.get("user_id")), "rejected": ("replace-staff", manager),
                       "no-show": ("replace-staff", manager)},
        "kit": {"out": ("return-kit", row.get("out_with"))},
        "venue": {"in-question": ("settle-venue", manager or row.get("confirmed_by"))},
    }.get(kind, {}).get(state)
    if found and at_event not in ("completed", "cancelled") and row.get("booking_cancelled_at") is None:
        yield found[0], kind, subject, since, found[1]
    if called_off:
        yield "call-off", kind, subject, row["booking_cancelled_at"], row.get("manager_id")


def model(events):
    lives, tables, stands = defaultdict(list), {name: [] for name in TABLES}, []
    for e in events:
        for kind, subject, step, by in steps_of(e):
            rank = [row[0] for row in LIVES[kind]].index(step)
            lives[kind, subject].append((e["timestamp"], rank, e["event_id"], step, by, e))
    for (kind, subject), steps in lives.items():
        state, since, verdicts, row = "unknown", None, defaultdict(int), {TABLES[kind][0]: subject}
        for at, _, event_id, step, by, e in sorted(steps, key=lambda s: s[:3]):
            before = state
            state, verdict = move(kind, step, state)
            since = at if state != before or since is None else since
            verdicts[verdict] += 1
            tables["life_step"].append((kind, subject, event_id, step, at, by, state, verdict))
            if step == "issue-reported":
                tables["issue"].append(issue(kind, subject, e))
            TELL[kind](row, step, e["data"])
            last = (at, step, event_id)
        tables["life"].append((kind, subject, state, since, *last, len(steps), verdicts["unexpected"], verdicts["impossible"]))
        tables[kind].append(tuple(row.get(column) for column in TABLES[kind]))
        stands.append((kind, subject, state, since, row))
        tables["preparation_task"] += [(subject, t["id"], t["description"], t["assignedTo"], t["dueDate"])
                                       for t in row.get("tasks", {}).values()]
    events = {subject: (row, state) for kind, subject, state, _, row in stands if kind == "event"}
    for stand in stands:
        tables["open_task"] += tasks(*stand, events)
    return tables
