/* SPDX-License-Identifier: Apache-2.0 */
/* Bookings: a client's booking goes through review; an approved one becomes events that are
 * prepared and held. Envelopes are id, type, payload. */
#include "bookings.h"

#define SERVICE "bookings"
#define OPERATIONS "event-operations"

enum { DAY = 86400 };

void bookings_begin(struct sim *s, const char *service, const char *type, const struct sim_id *flow,
                    const struct sim_id *user)
{
    struct sim_id id = sim_uuid(s), request = sim_uuid(s);

    sim_begin(s, service);
    sim_text(s, "id", id.text);
    sim_text(s, "type", type);
    sim_time(s, "timestamp", 0);
    sim_text(s, "correlationId", flow->text);
    sim_text(s, "source", service);
    if (user) {
        sim_object(s, "metadata");
        sim_text(s, "userId", user->text);
        sim_text(s, "requestId", request.text);
        sim_text(s, "version", "1.0");
        sim_long(s, "attempt", sim_between(s, 1, 3));
        sim_close(s, '}');
    }
    sim_object(s, "payload");
}

void bookings_end(struct sim *s)
{
    sim_close(s, '}');
    sim_end(s);
}

void operations_begin(struct sim *s, const char *type, const struct occasion *o, bool with_booking)
{
    bookings_begin(s, OPERATIONS, type, &o->flow, sim_percent(s, 80) ? &o->manager : NULL);
    sim_text(s, "eventId", o->id.text);
    if (with_booking)
        sim_text(s, "bookingId", o->booking.text);
}

static void begin(struct sim *s, const char *type, const struct occasion *o)
{
    bookings_begin(s, SERVICE, type, &o->flow, sim_percent(s, 80) ? &o->client : NULL);
    sim_text(s, "bookingId", o->booking.text);
    sim_text(s, "clientId", o->client.text);
}

/* Who did it and when: "<verb>By", "<verb>At". */
static void by(struct sim *s, const char *who, const char *when, const struct sim_id *user)
{
    sim_text(s, who, user->text);
    sim_time(s, when, 0);
}

static void dates(struct sim *s)
{
    sim_array(s, "eventDates");
    sim_date(s, NULL, 30 * DAY);
    sim_date(s, NULL, 37 * DAY);
    sim_close(s, ']');
}

static void submit(struct sim *s, const struct occasion *o)
{
    sim_wait(s, 30, 600);
    begin(s, "BOOKING_SUBMITTED", o);
    sim_text(s, "title", "Sampling am Mühlentag");
    by(s, "submittedBy", "submittedAt", &o->client);
    dates(s);
    if (sim_percent(s, 50)) {
        sim_object(s, "recurrencePattern");
        sim_text(s, "frequency", "weekly");
        sim_long(s, "interval", 1);
        sim_date(s, "endDate", 60 * DAY);
        sim_close(s, '}');
    }
    bookings_end(s);
}

static void request_changes(struct sim *s, const struct occasion *o)
{
    sim_wait(s, 60, 900);
    begin(s, "BOOKING_CHANGES_REQUESTED", o);
    by(s, "requestedBy", "requestedAt", &o->manager);
    sim_array(s, "changes");
    sim_object(s, NULL);
    sim_text(s, "field", "title");
    sim_text(s, "reason", "Too short");
    if (sim_percent(s, 50))
        sim_text(s, "suggestedValue", "Sampling am Mühlentag, Halle 2");
    sim_close(s, '}');
    sim_close(s, ']');
    bookings_end(s);
    sim_wait(s, 60, 900);
    begin(s, "BOOKING_UPDATED", o);
    by(s, "updatedBy", "updatedAt", &o->client);
    sim_array(s, "changedFields");
    sim_text(s, NULL, "title");
    sim_close(s, ']');
    sim_bool(s, "needsReapproval", true);
    bookings_end(s);
}

static void reject(struct sim *s, const struct occasion *o)
{
    sim_wait(s, 60, 900);
    begin(s, "BOOKING_REJECTED", o);
    by(s, "rejectedBy", "rejectedAt", &o->manager);
    sim_text(s, "reason", "Date already taken");
    sim_bool(s, "allowResubmission", true);
    bookings_end(s);
}

static void approve(struct sim *s, const struct occasion *o)
{
    sim_wait(s, 60, 900);
    begin(s, "BOOKING_APPROVED", o);
    sim_text(s, "title", "Sampling am Mühlentag");
    by(s, "approvedBy", "approvedAt", &o->manager);
    if (sim_percent(s, 30))
        sim_text(s, "notes", "Bring the banner");
    dates(s);
    bookings_end(s);
    sim_wait(s, 1, 10);
    bookings_begin(s, OPERATIONS, "EVENT_INSTANCES_GENERATED", &o->flow, &o->manager);
    sim_text(s, "bookingId", o->booking.text);
    sim_text(s, "clientId", o->client.text);
    sim_array(s, "eventIds");
    sim_text(s, NULL, o->id.text);
    sim_close(s, ']');
    by(s, "generatedBy", "generatedAt", &o->manager);
    sim_long(s, "totalEvents", 1);
    bookings_end(s);
}

static void location(struct sim *s, bool with_address)
{
    sim_object(s, "location");
    sim_text(s, "id", "loc-7");
    sim_text(s, "name", "Alte Mühle");
    if (with_address)
        sim_text(s, "address", "Am Mühlbach 7, 12345 Anytown");
    sim_close(s, '}');
}

static void prepare(struct sim *s, const struct occasion *o)
{
    sim_wait(s, 30, 600);
    operations_begin(s, "EVENT_ASSIGNED_TO_MANAGER", o, true);
    sim_text(s, "managerId", o->manager.text);
    by(s, "assignedBy", "assignedAt", &o->client);
    sim_date(s, "eventDate", 30 * DAY);
    location(s, true);
    bookings_end(s);
    sim_wait(s, 30, 600);
    operations_begin(s, "EVENT_PREPARATION_STARTED", o, true);
    by(s, "startedBy", "startedAt", &o->manager);
    sim_array(s, "preparationTasks");
    sim_object(s, NULL);
    sim_text(s, "id", "task-1");
    sim_text(s, "description", "Order the tables");
    sim_date(s, "dueDate", 20 * DAY);
    sim_close(s, '}');
    sim_close(s, ']');
    bookings_end(s);
}

static void ready(struct sim *s, const struct occasion *o)
{
    sim_wait(s, 30, 600);
    operations_begin(s, "EVENT_READY", o, true);
    by(s, "readyBy", "readyAt", &o->manager);
    sim_bool(s, "staffAssigned", true);
    sim_bool(s, "kitsAssigned", true);
    sim_bool(s, "logisticsConfirmed", true);
    sim_bool(s, "venueConfirmed", true);
    bookings_end(s);
}

static void hold(struct sim *s, const struct occasion *o)
{
    sim_wait(s, 900, 1800);
    operations_begin(s, "EVENT_STARTED", o, true);
    by(s, "startedBy", "startedAt", &o->manager);
    location(s, false);
    sim_array(s, "staffPresent");
    sim_object(s, NULL);
    sim_text(s, "userId", o->manager.text);
    sim_text(s, "role", "manager");
    sim_time(s, "checkedInAt", -600);
    sim_close(s, '}');
    sim_close(s, ']');
    bookings_end(s);
    sim_wait(s, 900, 1800);
    operations_begin(s, "EVENT_COMPLETED", o, true);
    by(s, "completedBy", "completedAt", &o->manager);
    sim_time(s, "actualStartTime", -800);
    sim_time(s, "actualEndTime", -60);
    sim_array(s, "staffParticipated");
    sim_object(s, NULL);
    sim_text(s, "userId", o->manager.text);
    sim_text(s, "role", "manager");
    sim_number(s, "hoursWorked", sim_between(s, 10, 90), 1);
    sim_close(s, '}');
    sim_close(s, ']');
    sim_object(s, "outcomes");
    sim_bool(s, "metExpectations", true);
    sim_object(s, "metrics");
    sim_long(s, "samples", sim_between(s, 50, 500));
    sim_number(s, "perHour", sim_between(s, 100, 999), 1);
    sim_close(s, '}');
    sim_text(s, "notes", "Sunny.\tMany children.");
    sim_close(s, '}');
    bookings_end(s);
}

static void reschedule(struct sim *s, const struct occasion *o)
{
    sim_wait(s, 30, 600);
    operations_begin(s, "EVENT_ISSUE_REPORTED", o, true);
    by(s, "reportedBy", "reportedAt", &o->manager);
    sim_text(s, "issueType", "venue");
    sim_text(s, "severity", "high");
    sim_text(s, "description", "High water");
    bookings_end(s);
    sim_wait(s, 30, 600);
    operations_begin(s, "EVENT_RESCHEDULED", o, true);
    by(s, "rescheduledBy", "rescheduledAt", &o->manager);
    sim_date(s, "originalDate", 30 * DAY);
    sim_date(s, "newDate", 44 * DAY);
    sim_text(s, "reason", "High water");
    sim_bool(s, "notifyStaff", true);
    sim_bool(s, "notifyClient", true);
    bookings_end(s);
}

static void call_off(struct sim *s, const struct occasion *o)
{
    sim_wait(s, 60, 900);
    begin(s, "BOOKING_CANCELLED", o);
    by(s, "cancelledBy", "cancelledAt", &o->client);
    sim_text(s, "reason", "Budget");
    sim_array(s, "affectedEventIds");
    sim_text(s, NULL, o->id.text);
    sim_close(s, ']');
    bookings_end(s);
    operations_begin(s, "EVENT_CANCELLED", o, true);
    by(s, "cancelledBy", "cancelledAt", &o->client);
    sim_text(s, "reason", "Booking cancelled");
    sim_bool(s, "notifyClient", false);
    bookings_end(s);
}

static void flow(struct sim *s, uint64_t round)
{
    struct occasion o = {
        .id = sim_uuid(s), .booking = sim_uuid(s), .client = sim_uuid(s), .manager = sim_uuid(s)};
    int64_t kind = round < 3 ? (int64_t)round : sim_between(s, 0, 9);

    o.flow = o.booking;
    begin(s, "BOOKING_CREATED", &o);
    sim_text(s, "title", "Sampling");
    sim_text(s, "status", "draft");
    sim_text(s, "createdBy", o.client.text);
    bookings_end(s);
    submit(s, &o);
    if (kind == 0) {
        request_changes(s, &o);
        reject(s, &o);
        return;
    }
    approve(s, &o);
    prepare(s, &o);
    if (kind == 1) {
        reschedule(s, &o);
        call_off(s, &o);
        return;
    }
    field_work(s, &o, round < 3);
    ready(s, &o);
    hold(s, &o);
}

const struct sim_platform sim_bookings = {.name = "bookings", .flow = flow, .pause = 300000000};
