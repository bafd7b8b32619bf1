/* SPDX-License-Identifier: Apache-2.0 */
/* What it takes to hold one event: the place, staff, activities and kits. */
#include "bookings.h"

enum { MISHAP = 15 /* percent */ };

struct work {
    const struct occasion *o;
    struct sim_id activity, staff, assignment, kit, kit_assignment;
};

static void location(struct sim *s, const struct occasion *o, bool mishap)
{
    sim_wait(s, 30, 600);
    operations_begin(s, "LOCATION_CONFIRMED", o, false);
    sim_text(s, "locationId", "loc-7");
    sim_text(s, "confirmedBy", o->manager.text);
    sim_time(s, "confirmedAt", 0);
    if (sim_percent(s, 60)) {
        sim_object(s, "contactPerson");
        sim_text(s, "name", "Änne Müller");
        sim_text(s, "phone", "+49 30 1234567");
        sim_text(s, "email", "aenne@example.org");
        sim_close(s, '}');
    }
    bookings_end(s);
    if (!mishap)
        return;
    operations_begin(s, "LOCATION_ISSUE_REPORTED", o, false);
    sim_text(s, "locationId", "loc-7");
    sim_text(s, "reportedBy", o->manager.text);
    sim_time(s, "reportedAt", 0);
    sim_text(s, "issueType", "access");
    sim_text(s, "description", "The bridge is closed");
    sim_text(s, "impactLevel", "moderate");
    sim_bool(s, "needsImmediate", true);
    bookings_end(s);
}

static void activity_begin(struct sim *s, const char *type, const struct work *w, bool with_booking)
{
    sim_wait(s, 20, 300);
    operations_begin(s, type, w->o, with_booking);
    sim_text(s, "activityId", w->activity.text);
}

static void plan_activity(struct sim *s, const struct work *w)
{
    activity_begin(s, "ACTIVITY_CREATED", w, true);
    sim_text(s, "createdBy", w->o->manager.text);
    sim_time(s, "createdAt", 0);
    sim_text(s, "activityType", "sampling");
    sim_text(s, "description", "Hand out flour");
    sim_long(s, "duration", sim_between(s, 30, 240));
    sim_array(s, "requiredKitTemplateIds");
    sim_text(s, NULL, "kit-template-1");
    sim_close(s, ']');
    sim_array(s, "requiredStaffRoles");
    sim_text(s, NULL, "agent");
    sim_close(s, ']');
    bookings_end(s);
    activity_begin(s, "ACTIVITY_ASSIGNED", w, false);
    sim_text(s, "assignmentId", w->assignment.text);
    sim_text(s, "assignedTo", w->staff.text);
    sim_text(s, "assignedBy", w->o->manager.text);
    sim_time(s, "assignedAt", 0);
    sim_text(s, "role", "agent");
    if (sim_percent(s, 50))
        sim_text(s, "instructions", "Smile");
    bookings_end(s);
}

static void do_activity(struct sim *s, const struct work *w, bool mishap)
{
    activity_begin(s, "ACTIVITY_STARTED", w, false);
    sim_text(s, "startedBy", w->staff.text);
    sim_time(s, "startedAt", 0);
    sim_array(s, "kitsInUse");
    sim_text(s, NULL, w->kit.text);
    sim_close(s, ']');
    sim_array(s, "staffExecuting");
    sim_text(s, NULL, w->staff.text);
    sim_close(s, ']');
    bookings_end(s);
    if (mishap) {
        activity_begin(s, "ACTIVITY_ISSUE_REPORTED", w, false);
        sim_text(s, "reportedBy", w->staff.text);
        sim_time(s, "reportedAt", 0);
        sim_text(s, "issueType", "weather");
        sim_text(s, "description", "Rain");
        sim_text(s, "impactLevel", "minor");
        bookings_end(s);
    }
    activity_begin(s, "ACTIVITY_COMPLETED", w, false);
    sim_text(s, "completedBy", w->staff.text);
    sim_time(s, "completedAt", 0);
    sim_object(s, "outcomes");
    sim_object(s, "metrics");
    sim_long(s, "handedOut", sim_between(s, 10, 500));
    sim_close(s, '}');
    sim_text(s, "notes", "All gone");
    if (sim_percent(s, 50)) {
        sim_array(s, "photoUrls");
        sim_text(s, NULL, "https://photos.example.com/1.jpg");
        sim_close(s, ']');
    }
    sim_close(s, '}');
    bookings_end(s);
}

static void staff_begin(struct sim *s, const char *type, const struct work *w)
{
    sim_wait(s, 20, 300);
    operations_begin(s, type, w->o, false);
    sim_text(s, "assignmentId", w->assignment.text);
    sim_text(s, "userId", w->staff.text);
}

static void hire(struct sim *s, struct work *w)
{
    staff_begin(s, "STAFF_ASSIGNMENT_CREATED", w);
    sim_text(s, "activityId", w->activity.text);
    sim_text(s, "role", "agent");
    sim_text(s, "createdBy", w->o->manager.text);
    sim_time(s, "createdAt", 0);
    sim_time(s, "startTime", 86400);
    sim_time(s, "endTime", 86400 + 14400);
    bookings_end(s);
    staff_begin(s, "STAFF_ASSIGNMENT_OFFERED", w);
    sim_time(s, "offeredAt", 0);
    sim_text(s, "offeredBy", w->o->manager.text);
    sim_time(s, "responseDeadline", 43200);
    sim_object(s, "location");
    sim_text(s, "id", "loc-7");
    sim_text(s, "name", "Alte Mühle");
    sim_text(s, "address", "Am Mühlbach 7, 12345 Anytown");
    sim_close(s, '}');
    if (sim_percent(s, 70)) {
        sim_object(s, "compensation");
        sim_number(s, "rate", sim_between(s, 1500, 4500), 2);
        sim_text(s, "currency", "EUR");
        sim_number(s, "estimatedHours", sim_between(s, 20, 80), 1);
        sim_close(s, '}');
    }
    bookings_end(s);
}

static void refuse(struct sim *s, struct work *w)
{
    staff_begin(s, "STAFF_ASSIGNMENT_REJECTED", w);
    sim_time(s, "rejectedAt", 0);
    sim_text(s, "reason", "Away");
    sim_bool(s, "isAvailableForFuture", true);
    bookings_end(s);
    w->staff = sim_uuid(s);
    w->assignment = sim_uuid(s);
    hire(s, w);
}

static void position(struct sim *s)
{
    sim_object(s, "location");
    sim_number(s, "latitude", sim_between(s, -89999999, 89999999), 6);
    sim_number(s, "longitude", sim_between(s, -179999999, 179999999), 6);
    sim_number(s, "accuracy", sim_between(s, 10, 500), 1);
    sim_close(s, '}');
}

static void attend(struct sim *s, const struct work *w)
{
    static const char *const methods[] = {"gps", "qrcode", "manager", "other"};

    staff_begin(s, "STAFF_ASSIGNMENT_ACCEPTED", w);
    sim_time(s, "acceptedAt", 0);
    bookings_end(s);
    staff_begin(s, "STAFF_CHECKED_IN", w);
    sim_time(s, "checkedInAt", 0);
    position(s);
    sim_text(s, "verificationMethod", SIM_ONE_OF(s, methods));
    bookings_end(s);
}

static void leave(struct sim *s, const struct work *w)
{
    staff_begin(s, "STAFF_CHECKED_OUT", w);
    sim_time(s, "checkedOutAt", 0);
    sim_number(s, "hoursWorked", sim_between(s, 10, 80), 1);
    position(s);
    if (sim_percent(s, 30))
        sim_text(s, "feedback", "Nice place");
    bookings_end(s);
}

static void no_show(struct sim *s, const struct work *w)
{
    struct work absent = *w;

    absent.staff = sim_uuid(s);
    absent.assignment = sim_uuid(s);
    staff_begin(s, "STAFF_NO_SHOW", &absent);
    sim_text(s, "reportedBy", w->o->manager.text);
    sim_time(s, "reportedAt", 0);
    sim_text(s, "consequenceLevel", "warning");
    bookings_end(s);
}

static void kit_begin(struct sim *s, const char *type, const struct work *w, bool with_instance)
{
    sim_wait(s, 20, 300);
    operations_begin(s, type, w->o, false);
    sim_text(s, "kitAssignmentId", w->kit_assignment.text);
    sim_text(s, "activityId", w->activity.text);
    if (with_instance)
        sim_text(s, "kitInstanceId", w->kit.text);
}

static void ready_kit(struct sim *s, const struct work *w)
{
    kit_begin(s, "KIT_ASSIGNED_TO_ACTIVITY", w, false);
    sim_text(s, "kitTemplateId", "kit-template-1");
    sim_text(s, "assignedBy", w->o->manager.text);
    sim_time(s, "assignedAt", 0);
    sim_long(s, "quantity", sim_between(s, 1, 4));
    bookings_end(s);
    kit_begin(s, "KIT_PREPARED", w, true);
    sim_text(s, "preparedBy", w->o->manager.text);
    sim_time(s, "preparedAt", 0);
    sim_array(s, "components");
    for (int i = 0; i < 2; i++) {
        sim_object(s, NULL);
        sim_text(s, "id", i ? "component-2" : "component-1");
        sim_text(s, "name", i ? "Banner" : "Table");
        sim_long(s, "quantity", sim_between(s, 1, 3));
        sim_text(s, "condition", i ? "good" : "excellent");
        sim_close(s, '}');
    }
    sim_close(s, ']');
    bookings_end(s);
    kit_begin(s, "KIT_CHECKED_OUT", w, true);
    sim_text(s, "checkedOutBy", w->o->manager.text);
    sim_time(s, "checkedOutAt", 0);
    sim_text(s, "checkedOutTo", w->staff.text);
    sim_date(s, "expectedReturnDate", 3 * 86400);
    bookings_end(s);
}

static void return_kit(struct sim *s, const struct work *w, bool mishap)
{
    if (mishap) {
        kit_begin(s, "KIT_ISSUE_REPORTED", w, true);
        sim_text(s, "reportedBy", w->staff.text);
        sim_time(s, "reportedAt", 0);
        sim_text(s, "issueType", "damaged");
        sim_text(s, "description", "A leg is broken");
        sim_text(s, "impactLevel", "minor");
        sim_bool(s, "needsImmediate", false);
        bookings_end(s);
    }
    kit_begin(s, "KIT_RETURNED", w, true);
    sim_text(s, "returnedBy", w->staff.text);
    sim_time(s, "returnedAt", 0);
    sim_text(s, "receivedBy", w->o->manager.text);
    sim_text(s, "condition", mishap ? "damaged" : "good");
    if (mishap) {
        sim_array(s, "damagedComponents");
        sim_object(s, NULL);
        sim_text(s, "id", "component-1");
        sim_text(s, "description", "A leg is broken");
        sim_text(s, "severity", "minor");
        sim_close(s, '}');
        sim_close(s, ']');
    }
    bookings_end(s);
}

void field_work(struct sim *s, const struct occasion *o, bool all)
{
    struct work w = {.o = o,
                     .activity = sim_uuid(s),
                     .staff = sim_uuid(s),
                     .assignment = sim_uuid(s),
                     .kit = sim_uuid(s),
                     .kit_assignment = sim_uuid(s)};

    location(s, o, all || sim_percent(s, MISHAP));
    plan_activity(s, &w);
    hire(s, &w);
    if (all || sim_percent(s, MISHAP))
        refuse(s, &w);
    attend(s, &w);
    if (all || sim_percent(s, MISHAP))
        no_show(s, &w);
    ready_kit(s, &w);
    do_activity(s, &w, all || sim_percent(s, MISHAP));
    return_kit(s, &w, all || sim_percent(s, MISHAP));
    leave(s, &w);
}
