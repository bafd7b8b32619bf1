/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-notification: who is told what, in whatever order events come. */
#include "consumers_bench.h"

#include "festivo_access_control.gen.h"
#include "festivo_crowd_monitor.gen.h"
#include "festivo_notification.gen.h"
#include "festivo_orchestrator.gen.h"
#include "festivo_schedule.gen.h"
#include "festivo_ticket.gen.h"

extern const struct mr_consumer consumer_festivo_audit, consumer_festivo_notification;

static const char told[] = "SELECT recipient, kind, title FROM mr_notice ORDER BY seq";

static int64_t at(int minutes)
{
    return T0 + (int64_t)minutes * MINUTE;
}

/* ---- tickets ---- */

static void purchased(struct bench *b, const char *ticket, int minutes)
{
    SEND(b, festivo_ticket_ticket_purchased_v1, envelope(b, minutes, ticket),
         .data = {.ticketId = mr_str_from(ticket),
                  .ticketCode = MR_STR("FT-1"),
                  .ticketType = MR_STR("VIP"),
                  .price = money("59.8"),
                  .purchaseDate = at(minutes),
                  .customerId = MR_STR("cust")});
}

static void refunded(struct bench *b, const char *ticket, int minutes)
{
    SEND(b, festivo_ticket_ticket_refunded_v1, envelope(b, minutes, ticket),
         .data = {.ticketId = mr_str_from(ticket),
                  .ticketCode = MR_STR("FT-1"),
                  .reason = MR_STR("Customer request"),
                  .refundAmount = money("59"),
                  .refundDate = at(minutes)});
}

static void cancelled(struct bench *b, const char *ticket, int minutes)
{
    SEND(b, festivo_ticket_ticket_cancelled_v1, envelope(b, minutes, ticket),
         .data = {.ticketId = mr_str_from(ticket),
                  .ticketCode = MR_STR("FT-1"),
                  .reason = MR_STR("Storm"),
                  .cancellationDate = at(minutes)});
}

START_TEST(the_customer_is_told_of_purchase_cancellation_and_refund)
{
    struct bench *b = BENCH_WITH(festivo_notification, "--currency", "EUR");

    purchased(b, "t1", 0);
    cancelled(b, "t1", 5);
    refunded(b, "t1", 9);
    ck_assert_str_eq(ask(b, told), "cust|ticket-purchased|Your VIP ticket FT-1\n"
                                   "cust|ticket-cancelled|Ticket FT-1 was cancelled\n"
                                   "cust|ticket-refunded|Refund for ticket FT-1");
    ck_assert_str_eq(ask(b, "SELECT body FROM mr_notice WHERE kind = 'ticket-purchased'"),
                     "Thank you for your purchase.\n\nTicket: FT-1 (VIP)\nPrice: 59.80 EUR\n"
                     "Bought: 2024-01-15 10:30 UTC\n\nShow the code FT-1 at the gate.\n");
    ck_assert_str_eq(ask(b, "SELECT body FROM mr_notice WHERE kind = 'ticket-refunded'"),
                     "59.00 EUR for ticket FT-1 went back to you on 2024-01-15 10:39 UTC.\n"
                     "Reason: Customer request\n\nThe ticket no longer opens the gates.\n");
    bench_free(b);
}
END_TEST

START_TEST(a_message_waits_until_an_event_names_the_tickets_customer)
{
    struct bench *b = BENCH(festivo_notification);

    refunded(b, "t1", 9);
    cancelled(b, "t1", 5);
    refunded(b, "t2", 9);
    ck_assert_str_eq(ask(b, told), "");
    ck_assert_str_eq(ask(b, "SELECT ticket_id, kind FROM waiting_notice ORDER BY event_id"),
                     "t1|ticket-refunded\nt1|ticket-cancelled\nt2|ticket-refunded");
    purchased(b, "t1", 0);
    ck_assert_str_eq(ask(b, told), "cust|ticket-purchased|Your VIP ticket FT-1\n"
                                   "cust|ticket-cancelled|Ticket FT-1 was cancelled\n"
                                   "cust|ticket-refunded|Refund for ticket FT-1");
    ck_assert_str_eq(ask(b, "SELECT ticket_id FROM waiting_notice"), "t2");
    SEND(b, festivo_access_control_access_entry_denied_v1, envelope(b, 1, "t2"),
         .data = {.ticketId = MR_STR("t2"),
                  .ticketCode = MR_STR("FT-2"),
                  .gateId = MR_STR("gate-1"),
                  .reason = MR_STR("Ticket refunded"),
                  .deniedTime = at(1),
                  .customerId = MR_STR("other")});
    ck_assert_str_eq(ask(b, "SELECT recipient, kind FROM mr_notice WHERE recipient = 'other'"
                            " ORDER BY seq"),
                     "other|entry-denied\nother|ticket-refunded");
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM waiting_notice"), "0");
    bench_free(b);
}
END_TEST

/* ---- gates ---- */

START_TEST(a_visitor_who_cannot_leave_is_told_and_so_is_the_staff)
{
    struct bench *b = BENCH_WITH(festivo_notification, "--staff", "crew@festivo.test");

    SEND(b, festivo_access_control_access_entry_granted_v1, envelope(b, 0, "t1"),
         .data = {.ticketId = MR_STR("t1"),
                  .ticketCode = MR_STR("FT-1"),
                  .gateId = MR_STR("gate-1"),
                  .entryTime = at(0),
                  .customerId = MR_STR("cust")});
    SEND(b, festivo_access_control_access_exit_denied_v1, envelope(b, 7, "t1"),
         .data = {.ticketId = MR_STR("t1"),
                  .ticketCode = MR_STR("FT-1"),
                  .gateId = MR_STR("gate-2"),
                  .reason = MR_STR("Wrong side of the gate"),
                  .deniedTime = at(7),
                  .customerId = MR_STR("cust")});
    ck_assert_str_eq(ask(b, told),
                     "cust|entry-granted|Welcome\n"
                     "cust|exit-denied|Exit denied at gate gate-2\n"
                     "crew@festivo.test|exit-help|A visitor cannot leave by gate gate-2");
    bench_free(b);
}
END_TEST

START_TEST(a_very_long_name_is_cut_at_a_characters_edge)
{
    struct bench *b = BENCH(festivo_notification);
    char name[2002] = "x";

    for (size_t i = 1; i < 2001; i += 2)
        memcpy(name + i, "\xc3\xbc", 2);
    SEND(b, festivo_orchestrator_saga_failed_v1, envelope(b, 0, "f"),
         .data = {.sagaId = MR_STR("s1"),
                  .sagaType = mr_str_from(name),
                  .errorReason = mr_str_from(name),
                  .failedAt = at(0)});
    ck_assert_str_eq(ask(b, "SELECT recipient, kind, length(title) FROM mr_notice"),
                     "staff|saga-failed|87");
    bench_free(b);
}
END_TEST

/* ---- programme ---- */

static void scheduled(struct bench *b, bool created, const char *artist, int minutes)
{
    if (created)
        SEND(b, festivo_schedule_schedule_item_created_v1, envelope(b, minutes, "i1"),
             .data = {.itemId = MR_STR("i1"),
                      .stageId = MR_STR("stage-1"),
                      .stageName = MR_STR("Main"),
                      .artistName = mr_str_from(artist),
                      .startTime = at(600),
                      .endTime = at(660),
                      .createdAt = at(minutes)});
    else
        SEND(b, festivo_schedule_schedule_item_updated_v1, envelope(b, minutes, "i1"),
             .data = {.itemId = MR_STR("i1"),
                      .stageId = MR_STR("stage-1"),
                      .stageName = MR_STR("Main"),
                      .artistName = mr_str_from(artist),
                      .startTime = at(600),
                      .endTime = at(660),
                      .updatedAt = at(minutes)});
}

static void dropped(struct bench *b, int minutes)
{
    SEND(b, festivo_schedule_schedule_item_deleted_v1, envelope(b, minutes, "i1"),
         .data = {.itemId = MR_STR("i1"), .stageId = MR_STR("stage-1"), .deletedAt = at(minutes)});
}

START_TEST(attendees_hear_of_new_changed_and_cancelled_performances)
{
    struct bench *b = BENCH(festivo_notification);

    scheduled(b, true, "Old", 0);
    scheduled(b, false, "Young", 5);
    ck_assert_str_eq(ask(b, "SELECT artist_name FROM programme"), "Young");
    dropped(b, 9);
    ck_assert_str_eq(ask(b, told), "attendees|performance-added|New: Old, Main\n"
                                   "attendees|performance-changed|Changed: Young, Main\n"
                                   "attendees|performance-dropped|Cancelled: Young, Main");
    ck_assert_str_eq(ask(b, "SELECT body FROM mr_notice WHERE kind = 'performance-changed'"),
                     "Young\nStage: Main\nFrom: 2024-01-15 20:30 UTC\nTo: 2024-01-15 21:30 UTC\n");
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM programme"), "0");
    scheduled(b, false, "Back", 12); /* it plays after all */
    ck_assert_str_eq(ask(b, "SELECT artist_name FROM programme"), "Back");
    bench_free(b);
}
END_TEST

START_TEST(what_is_older_than_what_people_know_is_kept_but_not_told)
{
    struct bench *b = BENCH(festivo_notification);

    dropped(b, 9); /* nobody was told of it: nothing to take back */
    scheduled(b, false, "Young", 5);
    scheduled(b, true, "Old", 0);
    ck_assert_str_eq(ask(b, told), "");
    ck_assert_str_eq(ask(b, "SELECT artist_name, (deleted_at - said_at) / 60000000 FROM"
                            " schedule_item"),
                     "Young|4");
    bench_free(b);
}
END_TEST

/* ---- crowds ---- */

static void occupied(struct bench *b, int64_t people, int minutes)
{
    SEND(b, festivo_crowd_monitor_crowd_occupancy_updated_v1, envelope(b, minutes, "stage-1"),
         .data = {.stageId = MR_STR("stage-1"),
                  .stageName = MR_STR("Main"),
                  .currentOccupancy = people,
                  .maxCapacity = 100,
                  .occupancyPercentage = (double)people,
                  .updatedAt = at(minutes)});
}

static void alarmed(struct bench *b, char which, int64_t people, int minutes)
{
    if (which == 'W')
        SEND(b, festivo_crowd_monitor_crowd_capacity_warning_v1, envelope(b, minutes, "stage-1"),
             .data = {.stageId = MR_STR("stage-1"),
                      .stageName = MR_STR("Main"),
                      .currentOccupancy = people,
                      .maxCapacity = 100,
                      .occupancyPercentage = (double)people,
                      .warningThreshold = 80,
                      .issuedAt = at(minutes)});
    else if (which == 'C')
        SEND(b, festivo_crowd_monitor_crowd_capacity_critical_v1, envelope(b, minutes, "stage-1"),
             .data = {.stageId = MR_STR("stage-1"),
                      .stageName = MR_STR("Main"),
                      .currentOccupancy = people,
                      .maxCapacity = 100,
                      .occupancyPercentage = (double)people,
                      .criticalThreshold = 95,
                      .issuedAt = at(minutes)});
    else
        SEND(b, festivo_crowd_monitor_crowd_capacity_normal_v1, envelope(b, minutes, "stage-1"),
             .data = {.stageId = MR_STR("stage-1"),
                      .stageName = MR_STR("Main"),
                      .currentOccupancy = people,
                      .maxCapacity = 100,
                      .occupancyPercentage = (double)people,
                      .normalizedAt = at(minutes)});
}

START_TEST(staff_and_attendees_hear_of_alarms_and_nobody_of_each_head_count)
{
    struct bench *b = BENCH(festivo_notification);

    occupied(b, 79, 0);
    alarmed(b, 'W', 80, 1);
    alarmed(b, 'C', 97, 2);
    alarmed(b, 'N', 60, 3);
    ck_assert_str_eq(ask(b, told), "staff|capacity-warning|Main is getting full\n"
                                   "attendees|capacity-warning|Main is getting full\n"
                                   "staff|capacity-critical|Main is at its limit: act now\n"
                                   "attendees|capacity-critical|Main is full\n"
                                   "staff|capacity-normal|Main is back to normal\n"
                                   "attendees|capacity-normal|Main has room again");
    ck_assert_str_eq(
        ask(b,
            "SELECT body FROM mr_notice WHERE recipient = 'staff' AND kind = 'capacity-critical'"),
        "Main: 97 of 100 people, 97.0 %.\n\nLet nobody in, open the ways out, and watch the "
        "crowd.\n");
    ck_assert_str_eq(ask(b, "SELECT name, occupancy, max_capacity, level FROM stage"),
                     "Main|60|100|normal");
    bench_free(b);
}
END_TEST

START_TEST(an_alarm_that_comes_after_a_younger_one_is_not_told)
{
    struct bench *b = BENCH(festivo_notification);

    alarmed(b, 'N', 60, 3);
    alarmed(b, 'C', 97, 2);
    occupied(b, 79, 0);
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_notice"), "2");
    ck_assert_str_eq(ask(b, "SELECT occupancy, level FROM stage"), "60|normal");
    alarmed(b, 'C', 97, 5);
    alarmed(b, 'W', 97, 5); /* of one moment the graver one stays */
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_notice"), "4");
    ck_assert_str_eq(ask(b, "SELECT level FROM stage"), "critical");
    bench_free(b);
}
END_TEST

/* ---- what became of them ---- */

START_TEST(what_went_out_is_published_for_the_audit)
{
    struct bench *b = BENCH(festivo_notification), *audit = BENCH(festivo_audit);

    refunded(b, "t1", 9); /* waits for the purchase, but is about the refund */
    purchased(b, "t1", 0);
    alarmed(b, 'W', 80, 1);
    for (int i = 0; i < 4; i++)
        handle(b);
    ck_assert_uint_eq(b->fake->n_published, 4);
    forward(b, audit);
    ck_assert_str_eq(ask(audit, "SELECT recipient, channel, what, why FROM audit"
                                " ORDER BY recipient, what"),
                     "attendees|none|capacity-warning|com.festivo.crowd.capacity-warning.v1\n"
                     "cust|none|ticket-purchased|com.festivo.ticket.purchased.v1\n"
                     "cust|none|ticket-refunded|com.festivo.ticket.refunded.v1\n"
                     "staff|none|capacity-warning|com.festivo.crowd.capacity-warning.v1");
    ck_assert_str_eq(ask(audit, "SELECT count(*) FROM audit WHERE topic ="
                                " 'festivo-notification.notification.broadcast-sent.v1'"),
                     "2");
    bench_free(audit);
    bench_free(b);
}
END_TEST

static int notified(struct bench *b, struct mr_notice_fate fate)
{
    struct mr_envelope cause = envelope(b, 0, "f");
    struct mr_error error = MR_ERROR_INIT;
    struct consume_record record = {.topic = &topic_festivo_ticket_ticket_purchased_v1};
    struct mr_tx tx = {.run = &b->run, .record = &record, .event = {.envelope = &cause}};

    ck_assert_int_eq(mr_store_begin(b->store, &error), 0);
    int r = b->run.consumer->notified(&tx, &fate);
    mr_store_rollback(b->store);
    return r;
}

START_TEST(what_was_given_up_or_is_of_an_unknown_kind_is_not_published)
{
    struct bench *b = BENCH(festivo_notification);
    struct mr_notice_fate fate = {.notice = {.to = MR_STR("cust"), .kind = MR_STR("no-such")},
                                  .channel = "smtp"};

    ck_assert_int_eq(notified(b, fate), 0);
    fate.delivered = true;
    ck_assert_int_eq(notified(b, fate), MR_INVALID);
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_outbox"), "0");
    bench_free(b);
}
END_TEST

START_TEST(an_audience_that_no_channel_reaches_is_refused_at_the_start)
{
    const struct mr_consumer *consumer = &consumer_festivo_notification;
    const struct mr_option_table tables[] = {{.rows = consumer->options}, {.rows = NULL}};
    const struct mr_command command = {.name = consumer->name, .summary = "", .tables = tables};
    char longest[322] = {0};

    memset(longest, 'a', 321);
    const char *const wrong[][2] = {{"--staff", ""}, {"--attendees", ""}, {"--attendees", longest}};
    for (size_t i = 0; i < MR_N_ELEMENTS(wrong); i++) {
        _Alignas(max_align_t) unsigned char state[256] = {0};
        struct mr_error error = MR_ERROR_INIT;
        struct mr_options *options = NULL;
        enum mr_option_asked asked;
        char *argv[] = {NULL, (char *)(uintptr_t)wrong[i][0], (char *)(uintptr_t)wrong[i][1]};
        ck_assert_int_eq(mr_options_parse(&command, 3, argv, state, &options, &asked, &error), 0);
        ck_assert_int_eq(consumer->open(state, &error), MR_INVALID);
        ck_assert_msg(strstr(error.text, wrong[i][0]) == error.text, "%s", error.text);
        (void)mr_options_free(options);
    }
}
END_TEST

int main(void)
{
    return unit_run("consumers_festivo_notices",
                    (const TTest *[]){
                        the_customer_is_told_of_purchase_cancellation_and_refund,
                        a_message_waits_until_an_event_names_the_tickets_customer,
                        a_visitor_who_cannot_leave_is_told_and_so_is_the_staff,
                        a_very_long_name_is_cut_at_a_characters_edge,
                        attendees_hear_of_new_changed_and_cancelled_performances,
                        what_is_older_than_what_people_know_is_kept_but_not_told,
                        staff_and_attendees_hear_of_alarms_and_nobody_of_each_head_count,
                        an_alarm_that_comes_after_a_younger_one_is_not_told,
                        what_went_out_is_published_for_the_audit,
                        what_was_given_up_or_is_of_an_unknown_kind_is_not_published,
                        an_audience_that_no_channel_reaches_is_refused_at_the_start,
                        NULL,
                    });
}
