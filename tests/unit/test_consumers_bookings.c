/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-workflow: states are what the steps add up to by time; what cannot be is kept and told.
 */
#include "bookings.gen.h"
#include "consumers_bench.h"
#include "event_operations.gen.h"

extern const struct mr_consumer consumer_bookings_workflow, consumer_bookings_reporting,
    consumer_bookings_notification;

#define CLIENT "client-1"
#define THE_BOOKING .bookingId = MR_STR(BOOKING), .clientId = MR_STR(CLIENT)
#define THE_EVENT .eventId = MR_STR(EVENT), .bookingId = MR_STR(BOOKING)
#define AT(minutes) (T0 + (int64_t)(minutes)*MINUTE)

static void create(struct bench *b, int minutes)
{
    SEND(b, bookings_booking_created_v1, envelope(b, minutes, BOOKING),
         .data = {THE_BOOKING, .title = MR_STR("Fair"),
                  .status = BOOKINGS_BOOKING_CREATED_V1_STATUS_DRAFT, .createdBy = MR_STR(CLIENT)});
}

static void submit(struct bench *b, int minutes, const char *title)
{
    const struct mr_str dates[] = {MR_STR("2024-03-01"), MR_STR("2024-03-08")};

    SEND(b, bookings_booking_submitted_v1, envelope(b, minutes, BOOKING),
         .data = {THE_BOOKING, .title = mr_str_from(title), .submittedBy = MR_STR(CLIENT),
                  .submittedAt = AT(minutes), .eventDates = dates, .n_eventDates = 2});
}

static void approve(struct bench *b, int minutes)
{
    SEND(b, bookings_booking_approved_v1, envelope(b, minutes, BOOKING),
         .data = {THE_BOOKING, .title = MR_STR("Fair"), .approvedBy = MR_STR("admin"),
                  .approvedAt = AT(minutes)});
}

static void reject(struct bench *b, int minutes, bool again)
{
    SEND(b, bookings_booking_rejected_v1, envelope(b, minutes, BOOKING),
         .data = {THE_BOOKING, .rejectedBy = MR_STR("admin"), .rejectedAt = AT(minutes),
                  .reason = MR_STR("Date taken"), .allowResubmission = again});
}

static void cancel(struct bench *b, int minutes)
{
    const struct mr_str events[] = {MR_STR(EVENT), MR_STR(EVENT)};

    SEND(b, bookings_booking_cancelled_v1, envelope(b, minutes, BOOKING),
         .data = {THE_BOOKING, .cancelledBy = MR_STR(CLIENT), .cancelledAt = AT(minutes),
                  .reason = MR_STR("Rain"), .affectedEventIds = events, .n_affectedEventIds = 2});
}

static void generate(struct bench *b, int minutes)
{
    const struct mr_str events[] = {MR_STR(EVENT)};

    SEND(b, event_operations_event_instances_generated_v1, envelope(b, minutes, BOOKING),
         .data = {THE_BOOKING, .eventIds = events, .n_eventIds = 1, .generatedBy = MR_STR("admin"),
                  .generatedAt = AT(minutes), .totalEvents = 1});
}

static void assign(struct bench *b, int minutes, const char *manager, const char *date)
{
    SEND(b, event_operations_event_assigned_to_manager_v1, envelope(b, minutes, BOOKING),
         .data = {THE_EVENT, .managerId = mr_str_from(manager), .assignedBy = MR_STR("admin"),
                  .assignedAt = AT(minutes), .eventDate = mr_str_from(date),
                  .location = {MR_STR("loc-7"), MR_STR("Mill"), MR_STR("Mill Lane 7")}});
}

static void reschedule(struct bench *b, int minutes, const char *date)
{
    SEND(b, event_operations_event_rescheduled_v1, envelope(b, minutes, BOOKING),
         .data = {THE_EVENT, .rescheduledBy = MR_STR("admin"), .rescheduledAt = AT(minutes),
                  .originalDate = MR_STR("2024-03-01"), .newDate = mr_str_from(date),
                  .reason = MR_STR("Rain")});
}

static void start(struct bench *b, int minutes)
{
    SEND(b, event_operations_event_started_v1, envelope(b, minutes, BOOKING),
         .data = {THE_EVENT, .startedBy = MR_STR("m1"), .startedAt = AT(minutes),
                  .location = {MR_STR("loc-7"), MR_STR("Mill")}});
}

START_TEST(a_booking_stands_where_its_steps_lead_whatever_comes_first)
{
    struct bench *b = BENCH(bookings_workflow);

    approve(b, 30);
    ck_assert_str_eq(ask(b, "SELECT state, steps, unexpected FROM booking_state"), "approved|1|1");
    submit(b, 20, "Spring fair");
    create(b, 10);
    ck_assert_str_eq(ask(b, "SELECT state, steps, unexpected, impossible, client_id, title,"
                            " dates, decided_by, submitted_by FROM booking_state"),
                     "approved|3|0|0|" CLIENT "|Fair||admin|" CLIENT);
    ck_assert_str_eq(ask(b, "SELECT step, state FROM life_step WHERE kind = 'booking'"
                            " ORDER BY stepped_at"),
                     "created|draft\nsubmitted|submitted\napproved|approved");
    bench_free(b);
}
END_TEST

START_TEST(an_impossible_step_is_kept_and_told_and_changes_no_state)
{
    struct bench *b = BENCH(bookings_workflow);

    create(b, 0);
    submit(b, 1, "Fair");
    reject(b, 2, false);
    approve(b, 3);
    submit(b, 4, "Fair again");
    ck_assert_str_eq(ask(b, "SELECT state, impossible, last_step FROM booking_state"),
                     "refused|2|submitted");
    ck_assert_str_eq(ask(b, "SELECT step, verdict, state_after, by_user FROM odd_step"
                            " ORDER BY stepped_at"),
                     "approved|impossible|refused|admin\nsubmitted|impossible|refused|" CLIENT);
    bench_free(b);
}
END_TEST

START_TEST(a_step_that_comes_late_can_make_another_one_possible)
{
    struct bench *b = BENCH(bookings_workflow);

    create(b, 0);
    submit(b, 1, "Fair");
    reject(b, 2, true);
    approve(b, 9);
    ck_assert_str_eq(ask(b, "SELECT state, impossible FROM booking_state"), "rejected|1");
    submit(b, 5, "Fair again");
    ck_assert_str_eq(ask(b, "SELECT state, impossible, unexpected FROM booking_state"),
                     "approved|0|0");
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM odd_step"), "0");
    bench_free(b);
}
END_TEST

START_TEST(of_two_steps_of_one_moment_the_earlier_in_a_life_counts_first)
{
    for (int first = 0; first < 2; first++) {
        struct bench *b = BENCH(bookings_workflow);
        if (first)
            create(b, 0);
        submit(b, 0, "Fair");
        if (!first)
            create(b, 0);
        ck_assert_str_eq(ask(b, "SELECT state, unexpected, impossible FROM booking_state"),
                         "submitted|0|0");
        bench_free(b);
    }
}
END_TEST

START_TEST(a_cancelled_booking_leaves_events_to_call_off)
{
    struct bench *b = BENCH(bookings_workflow);

    create(b, 0);
    submit(b, 1, "Fair");
    approve(b, 2);
    generate(b, 3);
    assign(b, 4, "m1", "2024-03-01");
    cancel(b, 5); /* names its event twice */
    ck_assert_str_eq(ask(b, "SELECT state FROM booking_state"), "cancelled");
    ck_assert_str_eq(ask(b, "SELECT task, who FROM open_task ORDER BY task"),
                     "call-off|m1"); /* and no longer to prepare */
    SEND(b, event_operations_event_cancelled_v1, envelope(b, 6, BOOKING),
         .data = {THE_EVENT, .cancelledBy = MR_STR("m1"), .cancelledAt = AT(6),
                  .reason = MR_STR("Booking cancelled")});
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM open_task"), "0");
    start(b, 7);
    ck_assert_str_eq(ask(b, "SELECT state, impossible FROM event_state"), "cancelled|1");
    bench_free(b);
}
END_TEST

START_TEST(an_event_is_on_the_day_that_was_said_last_with_its_last_manager)
{
    struct bench *b = BENCH(bookings_workflow);

    reschedule(b, 30, "2024-04-01");
    assign(b, 40, "m2", "2024-04-01");
    reschedule(b, 50, "2024-05-01");
    assign(b, 10, "m1", "2024-03-01");
    generate(b, 5);
    ck_assert_str_eq(ask(b, "SELECT state, event_date, manager_id, booking_id, impossible"
                            " FROM event_state"),
                     "assigned|2024-05-01|m2|" BOOKING "|0");
    start(b, 60);
    ck_assert_str_eq(ask(b, "SELECT state, unexpected FROM event_state"), "running|1");
    bench_free(b);
}
END_TEST

START_TEST(what_several_steps_tell_is_what_the_youngest_of_them_told)
{
    struct bench *b = BENCH(bookings_workflow);

    create(b, 9); /* "Fair", younger than what follows */
    submit(b, 5, "Spring fair");
    ck_assert_str_eq(ask(b, "SELECT title, dates FROM booking"), "Fair|2024-03-01, 2024-03-08");
    SEND(b, event_operations_event_completed_v1, envelope(b, 10, BOOKING),
         .data = {THE_EVENT, .completedBy = MR_STR("m1"), .completedAt = AT(10),
                  .actualStartTime = AT(2), .actualEndTime = AT(8)});
    start(b, 12); /* what was measured counts more than what was announced */
    ck_assert_str_eq(ask(b, "SELECT state, (ended_at - started_at) / 60000000, impossible"
                            " FROM event_state"),
                     "completed|6|1");
    bench_free(b);
}
END_TEST

static void kit_issue(struct bench *b, int minutes)
{
    SEND(b, event_operations_kit_issue_reported_v1, envelope(b, minutes, BOOKING),
         .data = {.kitAssignmentId = MR_STR("k"),
                  .activityId = MR_STR("a"),
                  .eventId = MR_STR(EVENT),
                  .kitInstanceId = MR_STR("k-7"),
                  .reportedBy = MR_STR("u"),
                  .reportedAt = AT(minutes),
                  .issueType = EVENT_OPERATIONS_KIT_ISSUE_REPORTED_V1_ISSUE_TYPE_MISSING,
                  .description = MR_STR("No poles"),
                  .impactLevel = EVENT_OPERATIONS_KIT_ISSUE_REPORTED_V1_IMPACT_MAJOR,
                  .needsImmediate = true});
}

START_TEST(an_issue_is_kept_with_its_thing_and_says_nothing_of_its_state)
{
    struct bench *b = BENCH(bookings_workflow);
    const struct mr_str missing[] = {MR_STR("pole")};

    kit_issue(b, 20);
    ck_assert_str_eq(ask(b, "SELECT state, unexpected FROM kit_state"), "unknown|0");
    SEND(b, event_operations_kit_checked_out_v1, envelope(b, 10, BOOKING),
         .data = {.kitAssignmentId = MR_STR("k"),
                  .activityId = MR_STR("a"),
                  .eventId = MR_STR(EVENT),
                  .kitInstanceId = MR_STR("k-7"),
                  .checkedOutBy = MR_STR("u"),
                  .checkedOutAt = AT(10),
                  .checkedOutTo = MR_STR("team"),
                  .expectedReturnDate = MR_STR("2024-03-02")});
    ck_assert_str_eq(ask(b, "SELECT task, subject_id, who FROM open_task"), "return-kit|k|team");
    SEND(b, event_operations_kit_returned_v1, envelope(b, 30, BOOKING),
         .data = {.kitAssignmentId = MR_STR("k"),
                  .activityId = MR_STR("a"),
                  .eventId = MR_STR(EVENT),
                  .kitInstanceId = MR_STR("k-7"),
                  .returnedBy = MR_STR("u"),
                  .returnedAt = AT(30),
                  .receivedBy = MR_STR("store"),
                  .condition = EVENT_OPERATIONS_KIT_RETURNED_V1_CONDITION_DAMAGED,
                  .has_missingComponents = true,
                  .missingComponents = missing,
                  .n_missingComponents = 1});
    ck_assert_str_eq(ask(b, "SELECT state, condition, missing, out_with FROM kit_state"),
                     "returned|damaged|pole|team");
    ck_assert_str_eq(ask(b, "SELECT kind, subject_id, issue_type, severity, urgent FROM issue"),
                     "kit|k|missing|major|1");
    bench_free(b);
}
END_TEST

/* ---- reporting ---- */

static void plan_staff(struct bench *b, int minutes, const char *user)
{
    SEND(b, event_operations_staff_assignment_created_v1, envelope(b, minutes, BOOKING),
         .data = {.assignmentId = mr_str_from(user),
                  .eventId = MR_STR(EVENT),
                  .userId = mr_str_from(user),
                  .role = MR_STR("host"),
                  .createdBy = MR_STR("m1"),
                  .createdAt = AT(minutes),
                  .startTime = AT(60),
                  .endTime = AT(90)});
}

static void miss(struct bench *b, int minutes, const char *notes)
{
    SEND(b, event_operations_staff_no_show_v1, envelope(b, minutes, BOOKING),
         .data = {.assignmentId = MR_STR("as-1"),
                  .eventId = MR_STR(EVENT),
                  .userId = MR_STR("anna"),
                  .reportedBy = MR_STR("m1"),
                  .reportedAt = AT(minutes),
                  .consequenceLevel = EVENT_OPERATIONS_STAFF_NO_SHOW_V1_CONSEQUENCE_WARNING,
                  .has_notes = notes != NULL,
                  .notes = mr_str_from(notes ? notes : "")});
}

static void update(struct bench *b, int minutes, const char *client)
{
    const struct mr_str fields[] = {MR_STR("clientId")};

    SEND(b, bookings_booking_updated_v1, envelope(b, minutes, BOOKING),
         .data = {.bookingId = MR_STR(BOOKING),
                  .clientId = mr_str_from(client),
                  .updatedBy = MR_STR("admin"),
                  .updatedAt = AT(minutes),
                  .changedFields = fields,
                  .n_changedFields = 1});
}

START_TEST(a_booking_that_changed_hands_is_of_the_last_client_in_either_order)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(bookings_workflow);
        if (order == 1)
            update(b, 9, "client-2");
        create(b, 0);
        submit(b, 1, "Fair");
        approve(b, 2);
        if (order == 0)
            update(b, 9, "client-2");
        reject(b, 3, true); /* late */
        ck_assert_str_eq(ask(b, "SELECT client_id FROM booking"), "client-2");
        bench_free(b);
    }
}
END_TEST

START_TEST(what_is_known_by_an_issue_only_is_known_with_its_event)
{
    struct bench *b = BENCH(bookings_workflow);

    kit_issue(b, 1);
    ck_assert_str_eq(ask(b, "SELECT event_id FROM kit_state"), EVENT);
    SEND(b, event_operations_activity_issue_reported_v1, envelope(b, 2, BOOKING),
         .data = {.activityId = MR_STR("a"),
                  .eventId = MR_STR(EVENT),
                  .reportedBy = MR_STR("u"),
                  .reportedAt = AT(2),
                  .issueType = MR_STR("noise"),
                  .description = MR_STR("d"),
                  .impactLevel = EVENT_OPERATIONS_ACTIVITY_ISSUE_REPORTED_V1_IMPACT_MINOR});
    ck_assert_str_eq(ask(b, "SELECT event_id FROM activity_state"), EVENT);
    SEND(b, event_operations_event_issue_reported_v1, envelope(b, 3, BOOKING),
         .data = {THE_EVENT, .reportedBy = MR_STR("m1"), .reportedAt = AT(3),
                  .issueType = EVENT_OPERATIONS_EVENT_ISSUE_REPORTED_V1_ISSUE_TYPE_VENUE,
                  .severity = EVENT_OPERATIONS_EVENT_ISSUE_REPORTED_V1_SEVERITY_LOW,
                  .description = MR_STR("High water")});
    ck_assert_str_eq(ask(b, "SELECT booking_id FROM event_state"), BOOKING);
    bench_free(b);
}
END_TEST

START_TEST(who_is_missing_is_replaced_by_the_manager_until_the_event_is_over)
{
    struct bench *b = BENCH(bookings_workflow);

    miss(b, 10, NULL);
    ck_assert_str_eq(ask(b, "SELECT task, subject_id, who FROM open_task"), "replace-staff|as-1|");
    assign(b, 1, "m1", "2024-03-01");
    ck_assert_str_eq(ask(b, "SELECT task, who FROM open_task ORDER BY task"),
                     "prepare|m1\nreplace-staff|m1");
    start(b, 5);
    ck_assert_str_eq(ask(b, "SELECT task, who FROM open_task"), "replace-staff|m1");
    SEND(b, event_operations_event_completed_v1, envelope(b, 30, BOOKING),
         .data = {THE_EVENT, .completedBy = MR_STR("m1"), .completedAt = AT(30),
                  .actualStartTime = AT(5), .actualEndTime = AT(30)});
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM open_task"), "0");
    bench_free(b);
}
END_TEST

#define KIT                                                                                        \
    .kitAssignmentId = MR_STR("k"), .activityId = MR_STR("a"), .eventId = MR_STR(EVENT),           \
    .kitInstanceId = mr_str_from(instance)

static void kit_assigned(struct bench *b, int minutes, const char *instance)
{
    SEND(b, event_operations_kit_assigned_to_activity_v1, envelope(b, minutes, BOOKING),
         .data = {KIT, .has_kitInstanceId = true, .kitTemplateId = MR_STR("tent"),
                  .assignedBy = MR_STR("u"), .assignedAt = AT(minutes), .quantity = 1});
}

static void kit_out(struct bench *b, int minutes, const char *instance)
{
    SEND(b, event_operations_kit_checked_out_v1, envelope(b, minutes, BOOKING),
         .data = {KIT, .checkedOutBy = MR_STR("u"), .checkedOutAt = AT(minutes),
                  .checkedOutTo = MR_STR("anna"), .expectedReturnDate = MR_STR("2024-03-02")});
}

static void kit_prepared(struct bench *b, int minutes, const char *instance)
{
    SEND(b, event_operations_kit_prepared_v1, envelope(b, minutes, BOOKING),
         .data = {KIT, .preparedBy = MR_STR("u"), .preparedAt = AT(minutes)});
}

START_TEST(what_was_carried_out_was_carried_out_though_no_start_was_told)
{
    struct bench *b = BENCH(bookings_workflow);

    generate(b, 1);
    SEND(b, event_operations_event_completed_v1, envelope(b, 30, BOOKING),
         .data = {THE_EVENT, .completedBy = MR_STR("m1"), .completedAt = AT(30),
                  .actualStartTime = AT(5), .actualEndTime = AT(30)});
    ck_assert_str_eq(ask(b, "SELECT state, unexpected, impossible FROM event_state"),
                     "completed|1|0");
    plan_staff(b, 2, "anna");
    SEND(b, event_operations_staff_checked_out_v1, envelope(b, 31, BOOKING),
         .data = {.assignmentId = MR_STR("anna"),
                  .eventId = MR_STR(EVENT),
                  .userId = MR_STR("anna"),
                  .checkedOutAt = AT(31),
                  .hoursWorked = 0.5});
    ck_assert_str_eq(ask(b, "SELECT state, unexpected, minutes_worked FROM assignment_state"),
                     "done|1|30");
    bench_free(b);
}
END_TEST

#define ASSIGNED .assignmentId = MR_STR("as-1"), .eventId = MR_STR(EVENT)

static void offer(struct bench *b, int minutes, const char *user)
{
    SEND(b, event_operations_staff_assignment_offered_v1, envelope(b, minutes, BOOKING),
         .data = {ASSIGNED, .userId = mr_str_from(user), .offeredAt = AT(minutes),
                  .offeredBy = MR_STR("m1"), .responseDeadline = AT(minutes + 60),
                  .location = {MR_STR("loc-7"), MR_STR("Mill"), MR_STR("Mill Lane 7")}});
}

static void decline(struct bench *b, int minutes, const char *user)
{
    SEND(b, event_operations_staff_assignment_rejected_v1, envelope(b, minutes, BOOKING),
         .data = {ASSIGNED, .userId = mr_str_from(user), .rejectedAt = AT(minutes),
                  .reason = MR_STR("Ill")});
}

static void come(struct bench *b, int minutes, const char *user)
{
    SEND(b, event_operations_staff_checked_in_v1, envelope(b, minutes, BOOKING),
         .data = {ASSIGNED, .userId = mr_str_from(user), .checkedInAt = AT(minutes),
                  .verificationMethod = EVENT_OPERATIONS_STAFF_CHECKED_IN_V1_VERIFICATION_MANAGER});
}

START_TEST(an_assignment_that_was_declined_can_be_offered_again)
{
    struct bench *b = BENCH(bookings_workflow);

    offer(b, 0, "anna");
    decline(b, 5, "anna");
    ck_assert_str_eq(ask(b, "SELECT task FROM open_task"), "replace-staff");
    offer(b, 10, "bert");
    ck_assert_str_eq(ask(b, "SELECT task, who FROM open_task"), "answer-offer|bert");
    SEND(b, event_operations_staff_assignment_accepted_v1, envelope(b, 15, BOOKING),
         .data = {ASSIGNED, .userId = MR_STR("bert"), .acceptedAt = AT(15)});
    come(b, 20, "bert");
    ck_assert_str_eq(ask(b, "SELECT state, user_id, impossible FROM assignment_state"),
                     "present|bert|0");
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM open_task"), "0");
    bench_free(b);
}
END_TEST

START_TEST(who_declined_and_came_after_all_is_there)
{
    struct bench *b = BENCH(bookings_workflow);

    offer(b, 0, "anna");
    decline(b, 5, "anna");
    come(b, 20, "anna");
    ck_assert_str_eq(ask(b, "SELECT state, unexpected, impossible FROM assignment_state"),
                     "present|2|0"); /* nothing was told of its making either */
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM open_task"), "0");
    bench_free(b);
}
END_TEST

START_TEST(the_kit_that_went_out_is_known_and_so_is_the_one_that_was_planned)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(bookings_workflow);
        if (order == 0)
            kit_assigned(b, 1, "tent-1");
        kit_out(b, 3, "tent-3"); /* another one than was prepared */
        ck_assert_str_eq(ask(b, "SELECT kit_instance_id FROM kit_state"), "tent-3");
        kit_prepared(b, 2, "tent-2"); /* late */
        if (order == 1)
            kit_assigned(b, 1, "tent-1");
        ck_assert_str_eq(ask(b, "SELECT planned_instance_id, kit_instance_id, out_with, components"
                                " FROM kit_state"),
                         "tent-1|tent-3|anna|0");
        bench_free(b);
    }
}
END_TEST

START_TEST(hours_beyond_all_clocks_are_no_negative_minutes)
{
    struct bench *b = BENCH(bookings_workflow);

    SEND(b, event_operations_staff_checked_out_v1, envelope(b, 1, BOOKING),
         .data = {.assignmentId = MR_STR("as-1"),
                  .eventId = MR_STR(EVENT),
                  .userId = MR_STR("anna"),
                  .checkedOutAt = AT(1),
                  .hoursWorked = 1e300});
    ck_assert_str_eq(ask(b, "SELECT minutes_worked FROM assignment"), "60000000000");
    bench_free(b);
}
END_TEST

START_TEST(a_venue_with_only_an_issue_is_known_by_its_event_and_place)
{
    struct bench *b = BENCH(bookings_workflow);

    SEND(b, event_operations_location_issue_reported_v1, envelope(b, 10, BOOKING),
         .data = {.eventId = MR_STR(EVENT),
                  .locationId = MR_STR("hall-2"),
                  .reportedBy = MR_STR("m1"),
                  .reportedAt = AT(10),
                  .issueType = EVENT_OPERATIONS_LOCATION_ISSUE_REPORTED_V1_ISSUE_TYPE_OTHER,
                  .impactLevel = EVENT_OPERATIONS_LOCATION_ISSUE_REPORTED_V1_IMPACT_MODERATE,
                  .description = MR_STR("Under water")});
    ck_assert_str_eq(ask(b, "SELECT venue, event_id, location_id FROM venue"),
                     EVENT "/hall-2|" EVENT "|hall-2");
    bench_free(b);
}
END_TEST

START_TEST(reports_add_up_whatever_comes_first)
{
    struct bench *b = BENCH(bookings_reporting);
    const struct event_operations_event_completed_v1_staff staff[] = {
        {MR_STR("u"), MR_STR("host"), 1.25}, {MR_STR("u"), MR_STR("host"), 0.5}};
    const struct mr_pair_double metrics[] = {{MR_STR("visitors"), 120.5}};

    for (int minutes = 30; minutes > 0; minutes -= 20) /* the younger one first: 30, then 10 */
        SEND(b, event_operations_event_completed_v1, envelope(b, minutes, BOOKING),
             .data = {THE_EVENT, .completedBy = MR_STR("m1"), .completedAt = AT(minutes),
                      .actualStartTime = AT(0), .actualEndTime = AT(minutes),
                      .staffParticipated = staff, .n_staffParticipated = minutes == 30 ? 2 : 1,
                      .outcomes = {.metExpectations = minutes == 30,
                                   .metrics = metrics,
                                   .n_metrics = minutes == 30 ? 1 : 0}});
    assign(b, 2, "m1", "2024-03-01");
    reschedule(b, 3, "2024-04-01");
    reschedule(b, 4, "2024-05-01");
    ck_assert_str_eq(ask(b, "SELECT event_date FROM event_report"), "2024-05-01");
    assign(b, 5, "m1", "2024-05-02"); /* said last */
    ck_assert_str_eq(ask(b, "SELECT event_date, minutes, met_expectations, reschedules,"
                            " staff_minutes FROM event_report"),
                     "2024-05-02|30|1|2|105");
    ck_assert_str_eq(ask(b, "SELECT manager_id, events, completed, minutes, staff_minutes"
                            " FROM manager_report"),
                     "m1|1|1|30|105");
    ck_assert_str_eq(ask(b, "SELECT what, n, subjects FROM day_report ORDER BY what"),
                     "assigned|2|1\ncompleted|2|1\nrescheduled|2|1");
    ck_assert_str_eq(ask(b, "SELECT name, value, millionths FROM metric"),
                     "visitors|120.5|120500000");
    bench_free(b);
}
END_TEST

START_TEST(kits_and_their_issues_are_reported_by_template)
{
    struct bench *b = BENCH(bookings_reporting);

    kit_issue(b, 20);
    kit_issue(b, 21);
    ck_assert_str_eq(ask(b, "SELECT kit_template_id, n FROM issue_report"), "|2");
    SEND(b, event_operations_kit_assigned_to_activity_v1, envelope(b, 10, BOOKING),
         .data = {.kitAssignmentId = MR_STR("k"),
                  .activityId = MR_STR("a"),
                  .eventId = MR_STR(EVENT),
                  .kitTemplateId = MR_STR("tent"),
                  .assignedBy = MR_STR("u"),
                  .assignedAt = AT(10),
                  .quantity = 3});
    ck_assert_str_eq(ask(b, "SELECT kit_template_id, issue_type, severity, n FROM issue_report"),
                     "tent|missing|major|2");
    ck_assert_str_eq(
        ask(b, "SELECT kit_template_id, assignments, returned, issues FROM kit_report"),
        "tent|1|0|2");
    bench_free(b);
}
END_TEST

static void prepare(struct bench *b, int minutes)
{
    SEND(b, event_operations_event_preparation_started_v1, envelope(b, minutes, BOOKING),
         .data = {THE_EVENT, .startedBy = MR_STR("m1"), .startedAt = AT(minutes)});
}

static void begin_activity(struct bench *b, int minutes)
{
    SEND(b, event_operations_activity_started_v1, envelope(b, minutes, BOOKING),
         .data = {.activityId = MR_STR("a"),
                  .eventId = MR_STR(EVENT),
                  .startedBy = MR_STR("u"),
                  .startedAt = AT(minutes)});
}

START_TEST(what_began_again_has_not_lasted_less_than_no_time)
{
    struct bench *b = BENCH(bookings_reporting);

    prepare(b, 10);
    SEND(b, event_operations_event_ready_v1, envelope(b, 40, BOOKING),
         .data = {THE_EVENT, .readyBy = MR_STR("m1"), .readyAt = AT(40)});
    begin_activity(b, 10);
    SEND(b, event_operations_activity_completed_v1, envelope(b, 25, BOOKING),
         .data = {.activityId = MR_STR("a"),
                  .eventId = MR_STR(EVENT),
                  .completedBy = MR_STR("u"),
                  .completedAt = AT(25)});
    ck_assert_str_eq(ask(b, "SELECT e.preparation_minutes, a.minutes FROM event_report AS e,"
                            " activity_report AS a"),
                     "30|15");
    prepare(b, 90); /* for another day */
    begin_activity(b, 90);
    ck_assert_str_eq(ask(b, "SELECT e.preparation_minutes, a.minutes FROM event_report AS e,"
                            " activity_report AS a"),
                     "|0");
    bench_free(b);
}
END_TEST

/* ---- notification ---- */

#define MESSAGES "SELECT recipient, kind FROM message ORDER BY recipient, kind"

static void cancel_event(struct bench *b, int minutes)
{
    SEND(b, event_operations_event_cancelled_v1, envelope(b, minutes, BOOKING),
         .data = {THE_EVENT, .cancelledBy = MR_STR("m1"), .cancelledAt = AT(minutes),
                  .reason = MR_STR("Rain"), .notifyClient = true});
}

START_TEST(a_message_waits_for_whoever_it_is_for)
{
    struct bench *b = BENCH(bookings_notification);

    cancel_event(b, 30);
    ck_assert_str_eq(ask(b, MESSAGES), "");
    ck_assert_str_eq(ask(b, "SELECT role, state FROM wish ORDER BY role"),
                     "client|waiting\nmanager|waiting\nstaff|open");
    create(b, 0);
    ck_assert_str_eq(ask(b, MESSAGES), CLIENT "|booking-created\n" CLIENT "|event-cancelled");
    assign(b, 10, "m1", "2024-03-01");
    assign(b, 40, "m2", "2024-03-01"); /* after the cancellation: not told of it */
    ck_assert_str_eq(ask(b, "SELECT recipient, kind FROM message WHERE role IS NULL"
                            " OR role = 'manager' ORDER BY recipient, kind"),
                     "m1|event-assigned\nm1|event-cancelled\nm2|event-assigned");
    ck_assert_str_eq(ask(b, "SELECT recipient, title, body FROM mr_notice"
                            " WHERE kind = 'event-cancelled' AND recipient = 'm1'"),
                     "m1|An event of yours is cancelled|Reason: Rain\nEvent: " EVENT
                     "\nBooking: " BOOKING "\n");
    bench_free(b);
}
END_TEST

START_TEST(who_manages_an_event_again_is_told_of_it_again)
{
    for (int order = 0; order < 2; order++) {
        struct bench *b = BENCH(bookings_notification);
        if (order == 1)
            assign(b, 20, "m1", "2024-03-01");
        assign(b, 0, "m1", "2024-03-01");
        assign(b, 10, "m2", "2024-03-01");
        if (order == 0)
            assign(b, 20, "m1", "2024-03-01");
        reschedule(b, 15, "2024-03-02"); /* late */
        cancel_event(b, 30);
        ck_assert_str_eq(ask(b, "SELECT recipient, kind FROM message WHERE role = 'manager'"
                                " ORDER BY kind"),
                         "m1|event-cancelled\nm2|event-rescheduled");
        ck_assert_str_eq(ask(b, "SELECT user_id, (last_at - since_at) / 60000000 FROM holder"
                                " WHERE role = 'manager' ORDER BY user_id"),
                         "m1|20\nm2|0");
        bench_free(b);
    }
}
END_TEST

START_TEST(all_staff_that_there_was_by_then_is_told_once)
{
    struct bench *b = BENCH(bookings_notification);

    plan_staff(b, 10, "anna");
    plan_staff(b, 12, "anna"); /* a second assignment */
    plan_staff(b, 35, "late");
    cancel_event(b, 30);
    plan_staff(b, 20, "bert"); /* older, came later */
    ck_assert_str_eq(ask(b, "SELECT recipient FROM message WHERE role = 'staff' ORDER BY 1"),
                     "anna\nbert");
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_notice WHERE kind = 'event-cancelled'"), "2");
    bench_free(b);
}
END_TEST

START_TEST(who_has_several_tasks_gets_one_message_and_the_office_hears_of_grave_trouble)
{
    struct bench *b = BENCH_WITH(bookings_notification, "--office", "desk");
    const struct event_operations_event_preparation_started_v1_task tasks[] = {
        {MR_STR("t1"), MR_STR("Order tables"), true, MR_STR("anna"), MR_STR("2024-02-01")},
        {MR_STR("t2"), MR_STR("Nobody's"), false, {0}, MR_STR("2024-02-01")},
        {MR_STR("t3"), MR_STR("Call the mill"), true, MR_STR("anna"), MR_STR("2024-02-02")}};

    SEND(b, event_operations_event_preparation_started_v1, envelope(b, 1, BOOKING),
         .data = {THE_EVENT, .startedBy = MR_STR("m1"), .startedAt = AT(1),
                  .preparationTasks = tasks, .n_preparationTasks = 3});
    ck_assert_str_eq(ask(b, "SELECT recipient, body FROM message"),
                     "anna|Order tables, until 2024-02-01\nCall the mill, until 2024-02-02\n"
                     "Event: " EVENT "\n");
    for (int severity = EVENT_OPERATIONS_EVENT_ISSUE_REPORTED_V1_SEVERITY_MEDIUM;
         severity <= EVENT_OPERATIONS_EVENT_ISSUE_REPORTED_V1_SEVERITY_HIGH; severity++)
        SEND(b, event_operations_event_issue_reported_v1, envelope(b, severity, BOOKING),
             .data = {THE_EVENT, .reportedBy = MR_STR("m1"), .reportedAt = AT(2),
                      .issueType = EVENT_OPERATIONS_EVENT_ISSUE_REPORTED_V1_ISSUE_TYPE_VENUE,
                      .severity = (enum event_operations_event_issue_reported_v1_severity)severity,
                      .description = MR_STR("High water")});
    ck_assert_str_eq(ask(b, "SELECT recipient, title FROM mr_notice WHERE kind = 'issue'"),
                     "desk|Trouble with an event: venue, high");
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM wish WHERE kind = 'issue'"), "2");
    bench_free(b);
    b = BENCH_WITH(bookings_notification, "--office", "");
    submit(b, 1, "Fair");
    ck_assert_str_eq(ask(b, MESSAGES), CLIENT "|booking-submitted");
    bench_free(b);
}
END_TEST

START_TEST(what_somebody_adds_reaches_whom_it_concerns)
{
    struct bench *b = BENCH(bookings_notification);

    assign(b, 0, "m1", "2024-03-01");
    SEND(b, event_operations_staff_assignment_offered_v1, envelope(b, 1, BOOKING),
         .data = {.assignmentId = MR_STR("as-1"),
                  .eventId = MR_STR(EVENT),
                  .userId = MR_STR("anna"),
                  .offeredAt = AT(1),
                  .offeredBy = MR_STR("m1"),
                  .responseDeadline = AT(30),
                  .location = {MR_STR("loc-7"), MR_STR("Mill"), MR_STR("Mill Lane 7")},
                  .has_compensation = true,
                  .compensation = {money("21.5"), MR_STR("EUR"), 7.5}});
    ck_assert_str_eq(ask(b, "SELECT body FROM message WHERE kind = 'assignment-offered'"),
                     "Answer until 2024-01-15 11:00 UTC\nPlace: Mill Lane 7\n"
                     "Rate: 21.50 EUR, hours estimated: 7.5\nEvent: " EVENT "\nAssignment: as-1\n");
    SEND(b, event_operations_staff_assignment_accepted_v1, envelope(b, 2, BOOKING),
         .data = {.assignmentId = MR_STR("as-1"),
                  .eventId = MR_STR(EVENT),
                  .userId = MR_STR("anna"),
                  .acceptedAt = AT(2),
                  .has_notes = true,
                  .notes = MR_STR("Only by train")});
    ck_assert_str_eq(ask(b, "SELECT recipient, body FROM message"
                            " WHERE kind = 'assignment-accepted'"),
                     "m1|Remarks: Only by train\nEvent: " EVENT "\nAssignment: as-1\n");
    miss(b, 3, "No call");
    ck_assert_str_eq(ask(b, "SELECT recipient, body FROM message WHERE kind = 'staff-no-show'"),
                     "m1|Consequence: warning\nRemarks: No call\nEvent: " EVENT
                     "\nAssignment: as-1\n");
    bench_free(b);
}
END_TEST

/* As many as a record can hold: time and memory grow with them, not with their square. */
START_TEST(a_message_of_thousands_of_tasks_or_wishes_is_made_in_one_go)
{
    enum { N = 40000 };
    struct bench *b = BENCH(bookings_notification);
    struct bookings_booking_changes_requested_v1_change *wishes = calloc(N, sizeof(*wishes));
    struct event_operations_event_preparation_started_v1_task *tasks = calloc(N, sizeof(*tasks));

    ck_assert(wishes && tasks);
    for (size_t i = 0; i < N; i++) {
        tasks[i] = (struct event_operations_event_preparation_started_v1_task){
            .id = MR_STR("t"),
            .description = MR_STR("d"),
            .dueDate = MR_STR("2024-01-01"),
            .has_assignedTo = true,
            .assignedTo = i % 2 ? MR_STR("anna") : MR_STR("bert")};
        wishes[i] = (struct bookings_booking_changes_requested_v1_change){
            .field = MR_STR("f"), .reason = MR_STR("why not?")};
    }
    SEND(b, event_operations_event_preparation_started_v1, envelope(b, 1, BOOKING),
         .data = {THE_EVENT, .startedBy = MR_STR("m1"), .startedAt = AT(1),
                  .preparationTasks = tasks, .n_preparationTasks = N});
    SEND(b, bookings_booking_changes_requested_v1, envelope(b, 2, BOOKING),
         .data = {THE_BOOKING, .requestedBy = MR_STR("admin"), .requestedAt = AT(2),
                  .changes = wishes, .n_changes = N});
    ck_assert_str_eq(ask(b, "SELECT recipient, length(body) FROM message"
                            " WHERE kind <> 'event-in-preparation' ORDER BY recipient"),
                     "anna|262144\nbert|262144\n" CLIENT "|262144"); /* what a message may be */
    submit(b, 3, "Fair");                                            /* nobody is stopped */
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM message WHERE kind = 'booking-submitted'"), "1");
    free(wishes);
    free(tasks);
    bench_free(b);
}
END_TEST

START_TEST(a_long_title_is_cut_and_stops_no_message)
{
    struct bench *b = BENCH(bookings_notification);
    char title[3001];

    for (size_t i = 0; i < 1500; i++)
        memcpy(title + 2 * i, "\xc3\xa4", 3); /* two bytes each */
    submit(b, 1, title);
    ck_assert_str_eq(ask(b, "SELECT kind, length(title) FROM message WHERE recipient = '" CLIENT
                            "'"), /* 30 letters before it, and 485 of two bytes: 1000 */
                     "booking-submitted|515");
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run(
        "consumers_bookings",
        (const TTest *[]){
            a_booking_stands_where_its_steps_lead_whatever_comes_first,
            an_impossible_step_is_kept_and_told_and_changes_no_state,
            a_step_that_comes_late_can_make_another_one_possible,
            of_two_steps_of_one_moment_the_earlier_in_a_life_counts_first,
            a_cancelled_booking_leaves_events_to_call_off,
            an_event_is_on_the_day_that_was_said_last_with_its_last_manager,
            what_several_steps_tell_is_what_the_youngest_of_them_told,
            an_issue_is_kept_with_its_thing_and_says_nothing_of_its_state,
            a_venue_with_only_an_issue_is_known_by_its_event_and_place,
            a_booking_that_changed_hands_is_of_the_last_client_in_either_order,
            what_is_known_by_an_issue_only_is_known_with_its_event,
            who_is_missing_is_replaced_by_the_manager_until_the_event_is_over,
            what_was_carried_out_was_carried_out_though_no_start_was_told,
            an_assignment_that_was_declined_can_be_offered_again,
            who_declined_and_came_after_all_is_there,
            the_kit_that_went_out_is_known_and_so_is_the_one_that_was_planned,
            hours_beyond_all_clocks_are_no_negative_minutes,
            reports_add_up_whatever_comes_first,
            kits_and_their_issues_are_reported_by_template,
            what_began_again_has_not_lasted_less_than_no_time,
            a_message_waits_for_whoever_it_is_for,
            who_manages_an_event_again_is_told_of_it_again,
            all_staff_that_there_was_by_then_is_told_once,
            who_has_several_tasks_gets_one_message_and_the_office_hears_of_grave_trouble,
            what_somebody_adds_reaches_whom_it_concerns,
            a_message_of_thousands_of_tasks_or_wishes_is_made_in_one_go,
            a_long_title_is_cut_and_stops_no_message,
            NULL,
        });
}
