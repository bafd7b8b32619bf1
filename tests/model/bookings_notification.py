# SPDX-License-Identifier: Apache-2.0
"""What bookings-notification tells, and to whom: clients of bookings, managers and staff of events, the office."""
import datetime

import audience

OFFICE = "the-office"
OPTIONS = ["--office", OFFICE]
TABLES = {"holder": audience.HOLDER, "wish": audience.WISH, "message": audience.MESSAGE, "mr_notice": audience.NOTICE}


def when(micros):
    return datetime.datetime.fromtimestamp(micros // 1_000_000, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def lines(*parts):
    """Each on a line of its own; None: left out."""
    return "".join(f"{part}\n" for part in parts if part is not None)


def money(text):
    """Two decimals at least."""
    whole, _, part = text.partition(".")
    return f"{whole}.{part.rstrip('0'):0<2}"


def given(label, text):
    """A line for an optional member."""
    return None if text is None else f"{label}: {text}"


class Teller:
    def __init__(self):
        self.audience, self.e, self.d = audience.Audience(many=["staff"]), None, None

    def client(self, kind, title, *text):
        self.audience.tell(self.e, "client", self.d["bookingId"], kind, title, lines(*text))

    def manager(self, kind, title, *text):
        self.audience.tell(self.e, "manager", self.d["eventId"], kind, title, lines(*text))

    def staff(self, kind, title, *text):
        self.audience.tell(self.e, "staff", self.d["eventId"], kind, title, lines(*text))

    def send(self, to, kind, title, *text):
        of = self.d["eventId"] if "eventId" in self.d else self.d["bookingId"]
        self.audience.send(self.e, to, of, kind, title, lines(*text))

    def office(self, kind, title, *text):
        self.send(OFFICE, kind, title, *text)

    def take(self, e):
        self.e, d = e, e["data"]
        self.d = d
        _, domain, action, _ = e["topic"].split(".")
        if "clientId" in d:
            self.audience.holds(e, "client", d["bookingId"], d["clientId"])
        if action == "assigned-to-manager":
            self.audience.holds(e, "manager", d["eventId"], d["managerId"])
        if action in ("assignment-created", "assignment-offered", "assignment-accepted"):
            self.audience.holds(e, "staff", d["eventId"], d["userId"])
        getattr(self, f"{domain}_{action.replace('-', '_')}")(d, f"Booking: {d.get('bookingId')}", f"Event: {d.get('eventId')}",
                                                              f"Assignment: {d.get('assignmentId')}")

    def booking_created(self, d, booking, *_):
        self.client("booking-created", f"Your booking is a draft: {d['title']}", "Submit it for review when it is complete.",
                    booking)

    def booking_submitted(self, d, booking, *_):
        again = d["recurrencePattern"]
        text = "Dates: " + ", ".join(d["eventDates"]), \
            again and f"Repeated: {again['frequency']}, every {again['interval']}, until {again['endDate']}", \
            f"Submitted by: {d['submittedBy']}", booking
        self.client("booking-submitted", f"Your booking is under review: {d['title']}", *text)
        self.office("booking-to-review", f"To review: {d['title']}", *text)

    def booking_approved(self, d, booking, *_):
        self.client("booking-approved", f"Your booking is approved: {d['title']}", "Dates: " + ", ".join(d["eventDates"]),
                    None if d["notes"] is None else f"Remarks: {d['notes']}", booking)

    def booking_rejected(self, d, booking, *_):
        self.client("booking-rejected", "Your booking is rejected", f"Reason: {d['reason']}",
                    "You may change it and submit it again." if d["allowResubmission"] else "It cannot be submitted again.",
                    booking)

    def booking_changes_requested(self, d, booking, *_):
        wishes = [f"{c['field']}: {c['reason']}" + ("" if c["suggestedValue"] is None else f" (suggested: {c['suggestedValue']})")
                  for c in d["changes"]]
        self.client("booking-changes-requested", "Changes of your booking are asked for", *wishes, booking)

    def booking_cancelled(self, d, booking, *_):
        n = len(d["affectedEventIds"])
        text = f"Reason: {d['reason']}", f"Events: {n}", f"Cancelled by: {d['cancelledBy']}", booking
        self.client("booking-cancelled", "Your booking is cancelled", *text)
        self.office("booking-cancelled", f"Booking cancelled, {n} events to call off", *text)

    def booking_updated(self, d, booking, *_):
        text = "Changed: " + ", ".join(d["changedFields"]), f"By: {d['updatedBy']}", booking
        if d["updatedBy"] != d["clientId"]:
            self.client("booking-updated", "Your booking was changed", *text)
        if d["needsReapproval"]:
            self.office("booking-to-review", "A booking is to be reviewed again", *text)

    def event_instances_generated(self, d, booking, *_):
        self.client("events-planned", f"Events planned for you: {d['totalEvents']}", booking)
        self.office("managers-wanted", f"Events without a manager: {d['totalEvents']}", booking)

    def event_assigned_to_manager(self, d, booking, event, _):
        place = d["location"]
        self.send(d["managerId"], "event-assigned", f"You manage an event on {d['eventDate']}",
                  f"Place: {place['name']}, {place['address']}", event, booking)

    def event_preparation_started(self, d, _, event, __):
        for user in dict.fromkeys(task["assignedTo"] for task in d["preparationTasks"] if task["assignedTo"] is not None):
            self.send(user, "preparation-tasks", "You have tasks for an event",
                      *(f"{task['description']}, until {task['dueDate']}" for task in d["preparationTasks"]
                        if task["assignedTo"] == user), event)
        self.client("event-in-preparation", "Your event is being prepared", event)

    def event_ready(self, d, _, event, __):
        self.client("event-ready", "Your event is ready", event)
        needs = {"staff": "staffAssigned", "kits": "kitsAssigned", "logistics": "logisticsConfirmed", "venue": "venueConfirmed"}
        lacks = ", ".join(name for name, flag in needs.items() if not d[flag])
        if lacks:
            self.manager("event-lacks", f"Declared ready without: {lacks}", f"Declared by: {d['readyBy']}", event)

    def event_started(self, d, _, event, __):
        self.client("event-started", "Your event has begun", f"Place: {d['location']['name']}", f"Begun: {when(d['startedAt'])}",
                    f"Staff there: {len(d['staffPresent'])}", event)

    def event_completed(self, d, _, event, __):
        self.client("event-completed", "Your event is over", f"From {when(d['actualStartTime'])} to {when(d['actualEndTime'])}",
                    f"Remarks: {d['outcomes']['notes']}", event)

    def event_cancelled(self, d, booking, event, _):
        text = f"Reason: {d['reason']}", event, booking
        self.manager("event-cancelled", "An event of yours is cancelled", *text)
        self.staff("event-cancelled", "An event of yours is cancelled", *text)
        if d["notifyClient"]:
            self.client("event-cancelled", "Your event is cancelled", *text)

    def event_rescheduled(self, d, booking, event, _):
        said = "event-rescheduled", f"An event moves to {d['newDate']}", f"Before: {d['originalDate']}", \
            f"Reason: {d['reason']}", event, booking
        self.manager(*said)
        if d["notifyStaff"]:
            self.staff(*said)
        if d["notifyClient"]:
            self.client(*said)

    def issue(self, d, grade, grave, *text):
        said = "issue", f"Trouble with an event: {d['issueType']}, {grade}", *text
        self.manager(*said)
        if grave:
            self.office(*said)

    def event_issue_reported(self, d, _, event, __):
        self.issue(d, d["severity"], d["severity"] in ("high", "critical"), d["description"],
                   None if d["immediateActionTaken"] is None else f"Done: {d['immediateActionTaken']}",
                   f"Reported by: {d['reportedBy']}", event)

    def location_issue_reported(self, d, _, event, __):
        self.issue(d, d["impactLevel"], d["needsImmediate"] or d["impactLevel"] == "major", d["description"],
                   "Needed at once." if d["needsImmediate"] else None, f"Reported by: {d['reportedBy']}",
                   f"Location: {d['locationId']}", event)

    def staff_assignment_created(self, d, _, event, assignment):
        self.send(d["userId"], "assignment-planned", f"You are planned as {d['role']}",
                  f"From {when(d['startTime'])} to {when(d['endTime'])}", given("Instructions", d["instructions"]), event, assignment)

    def staff_assignment_offered(self, d, _, event, assignment):
        pay = d["compensation"]
        self.send(d["userId"], "assignment-offered", f"An assignment is offered to you: {d['location']['name']}",
                  f"Answer until {when(d['responseDeadline'])}", f"Place: {d['location']['address']}",
                  pay and f"Rate: {money(pay['rate'])} {pay['currency']}, hours estimated: {pay['estimatedHours']:.15g}", event, assignment)

    def staff_assignment_accepted(self, d, _, event, assignment):
        self.manager("assignment-accepted", f"Accepted by {d['userId']}", given("Remarks", d["notes"]), event, assignment)

    def staff_assignment_rejected(self, d, _, event, assignment):
        self.manager("assignment-rejected", f"Rejected by {d['userId']}", f"Reason: {d['reason']}",
                     None if d["isAvailableForFuture"] else "Not available for others either.", event, assignment)

    def staff_checked_in(self, d, _, event, __):
        self.manager("staff-checked-in", f"There: {d['userId']}",
                     f"Since {when(d['checkedInAt'])}, by {d['verificationMethod']}", event)

    def staff_checked_out(self, d, _, event, __):
        self.manager("staff-checked-out", f"Gone: {d['userId']}",
                     f"At {when(d['checkedOutAt'])}, after {int(d['hoursWorked'] * 60 + 0.5)} minutes of work",
                     given("Feedback", d["feedback"]), event)

    def staff_no_show(self, d, _, event, assignment):
        self.manager("staff-no-show", f"Did not come: {d['userId']}", f"Consequence: {d['consequenceLevel']}",
                     given("Remarks", d["notes"]), event, assignment)
        self.send(d["userId"], "missed-assignment", f"You missed an assignment: {d['consequenceLevel']}", event, assignment)

    def location_confirmed(self, d, _, event, __):
        who = d["contactPerson"]
        self.manager("venue-confirmed", "The venue is confirmed",
                     who and f"Contact: {who['name']}, {who['phone']}, {who['email']}",
                     None if d["specialInstructions"] is None else f"Mind: {d['specialInstructions']}",
                     None if d["accessDetails"] is None else f"Access: {d['accessDetails']}",
                     f"Location: {d['locationId']}", event)


def model(events):
    teller = Teller()
    for e in events:
        teller.take(e)
    return teller.audience.tables()
