/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine: events of two topics in the order of their own time. */
#include <stdio.h>

#include "consume_health.h"
#include "engine_bench.h"
#include "millrace/time.h"
#include "ticketwave_booking.gen.h"
#include "ticketwave_catalog.gen.h"

enum { MS = 1000 };

/* ---- a consumer of two topics that notes what it handles ---- */

struct script {
    int fail; /* this number: try again */
};

static int note(struct mr_tx *tx, const char *topic, int64_t number)
{
    const struct script *script = mr_tx_self(tx);

    if (number == script->fail)
        return mr_tx_again(tx, "not yet");
    return mr_sql(tx, "INSERT INTO effect (topic, number, late) VALUES (?1, ?2, ?3)",
                  MR_TEXT_OF(topic), MR_INT(number), MR_BOOL(mr_tx_late(tx)));
}

MR_HANDLER(ticketwave_booking_inventory_update_requested_v1, asked)
{
    return note(tx, "a", event->data.QuantityReduced);
}

MR_HANDLER(ticketwave_catalog_inventory_updated_v1, answered)
{
    return note(tx, "b", event->data.CurrentAvailableTickets);
}

static MR_CHAPTER(answers, MR_ON(ticketwave_catalog_inventory_updated_v1, answered));

static const struct mr_consumer consumer = {
    .name = "test-consumer",
    .summary = "For tests",
    .handles = MR_HANDLES(MR_ON(ticketwave_booking_inventory_update_requested_v1, asked),
                          MR_ON_ALL(answers)),
    .migrations =
        MR_MIGRATIONS({1, "CREATE TABLE effect (seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT"
                          " NOT NULL, number INTEGER NOT NULL, late INTEGER NOT NULL) STRICT"}),
    .size = sizeof(struct script),
};

static const struct mr_topic *const topics[] = {
    &topic_ticketwave_booking_inventory_update_requested_v1,
    &topic_ticketwave_catalog_inventory_updated_v1};

/* ---- the bench ---- */

struct bench {
    struct fake *fake;
    struct script script;
    struct mr_consumer_group group;
    struct consume run;
    struct mr_error error;
    int n_sent;
    bool headers; /* ce_time is written */
};

static struct bench *bench_new(enum mr_late late)
{
    struct bench *b = calloc(1, sizeof(*b));

    ck_assert_ptr_nonnull(b);
    b->fake = engine_fake(INT64_C(1700000000) * SECOND);
    b->group = engine_group(b->fake, topics, MR_N_ELEMENTS(topics));
    b->group.order = (struct mr_order){.by_time = true, .wait_ms = 500, .late = late};
    b->run = (struct consume){.consumer = &consumer,
                              .group = &b->group,
                              .options = {.group = "test-group", ENGINE_OPTIONS},
                              .store = open_fresh(),
                              .self = &b->script};
    engine_open(b->fake, &b->run);
    return b;
}

static void bench_free(struct bench *b)
{
    engine_free(b->fake, &b->run);
    free(b);
}

static void restart(struct bench *b)
{
    engine_reopen(b->fake, &b->run, NULL);
}

/* topic: 'a', 'b'; ago: ms before now; flow: even and odd ones have partitions of their own. */
static void send(struct bench *b, char topic, int number, int ago, char flow)
{
    char booking[37] = "00000000-0000-4000-8000-00000000000x", id[37];
    static char whens[64][MR_TIME_MAX + 1];

    booking[35] = flow;
    (void)snprintf(id, sizeof(id), "11111111-1111-4111-8111-%012d", ++b->n_sent);
    struct mr_envelope envelope = {.event_id = mr_str_from(id),
                                   .event_type = MR_STR("t"),
                                   .event_version = MR_STR("1.0"),
                                   .timestamp = b->fake->now - (int64_t)ago * MS,
                                   .correlation_id = mr_str_from(booking),
                                   .source_service = MR_STR("s")};
    struct ticketwave_booking_inventory_update_requested_v1 a = {
        .envelope = envelope,
        .data = {.EventId = mr_str_from(id),
                 .BookingId = mr_str_from(booking),
                 .QuantityReduced = number,
                 .RequestedAt = 1}};
    struct ticketwave_catalog_inventory_updated_v1 c = {.envelope = envelope,
                                                        .data = {.EventId = mr_str_from(id),
                                                                 .BookingId = mr_str_from(booking),
                                                                 .CurrentAvailableTickets = number,
                                                                 .UpdateType = MR_STR("x"),
                                                                 .UpdatedAt = 1}};
    if (topic == 'a')
        fake_send_event(b->fake, topics[0], flow % 2, &a);
    else
        fake_send_event(b->fake, topics[1], flow % 2, &c);
    if (!b->headers)
        return;
    struct fake_record *last = &b->fake->records[b->fake->n_records - 1];
    char *when = whens[b->n_sent % 64];
    when[mr_time_format_micros(envelope.timestamp, when)] = '\0';
    last->headers[last->n_headers++] =
        (struct mr_header){"ce_time", {(const uint8_t *)when, strlen(when)}};
}

static void turn(struct bench *b)
{
    engine_turn(&b->run);
}

static void pass(struct bench *b, int ms)
{
    b->fake->now += (int64_t)ms * MS;
    for (int i = 0; i < 3; i++)
        turn(b);
}

/* "b1 a2!": the effects in their order, late ones with a mark. */
static void assert_effects(struct bench *b, const char *want)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    char got[1024] = "";
    size_t len = 0;
    int r;

    ck_assert_int_eq(mr_store_query(b->run.store,
                                    "SELECT topic, number, late FROM effect ORDER BY seq",
                                    MR_NO_VALUES, &rows, NULL),
                     0);
    while ((r = mr_rows_next(rows, NULL)) == 0) {
        struct mr_str topic = mr_rows_value(rows, 0).as.text;
        len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%.*s%lld%s", len ? " " : "",
                                MR_STR_ARG(topic), (long long)mr_rows_value(rows, 1).as.integer,
                                mr_rows_value(rows, 2).as.integer ? "!" : "");
    }
    ck_assert_int_eq(r, MR_END);
    ck_assert_msg(strcmp(got, want) == 0, "effects are '%s', not '%s'", got, want);
}

static int64_t number(struct bench *b, const char *sql)
{
    return engine_number(&b->run, sql);
}

/* ---- who goes first ---- */

START_TEST(the_older_event_goes_first_though_it_comes_later)
{
    for (int headers = 0; headers < 2; headers++) {
        struct bench *b = bench_new(MR_LATE_HANDLE);
        b->headers = headers;
        send(b, 'a', 2, 100, 'b');
        pass(b, 0);
        assert_effects(b, "");
        send(b, 'b', 1, 200, 'b');
        pass(b, 0);
        assert_effects(b, "b1"); /* a has a younger one, so nothing older comes */
        pass(b, 399);
        assert_effects(b, "b1");
        pass(b, 1);
        assert_effects(b, "b1 a2");
        ck_assert_int_eq(b->run.count.late, 0);
        bench_free(b);
    }
}
END_TEST

START_TEST(an_idle_topic_does_not_stall_the_others)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    for (int i = 1; i <= 5; i++)
        send(b, 'a', i, 60000 - i, 'b');
    pass(b, 0); /* b is read to its end, as its fetch position tells */
    assert_effects(b, "a1 a2 a3 a4 a5");
    ck_assert_int_eq(number(b, "SELECT next FROM mr_offset WHERE part = 0 AND next > 0"), 5);
    bench_free(b);
}
END_TEST

START_TEST(what_is_still_to_be_fetched_is_waited_for_unless_its_topic_is_stuck)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    b->fake->end_unknown = true; /* no fetch was answered yet */
    send(b, 'a', 2, 60000, 'b');
    pass(b, 0);
    pass(b, 9000);
    assert_effects(b, "");
    send(b, 'b', 1, 70000, 'b');
    pass(b, 0);
    assert_effects(b, "b1");
    pass(b, 9999); /* there may be more where that came from */
    assert_effects(b, "b1");
    pass(b, 1);
    assert_effects(b, "b1 a2");
    send(b, 'a', 3, 60000, 'b');
    pass(b, 0);
    pass(b, 499); /* stuck for long */
    assert_effects(b, "b1 a2");
    pass(b, 1);
    assert_effects(b, "b1 a2 a3");
    bench_free(b);
}
END_TEST

START_TEST(a_backlog_of_two_topics_is_merged_by_time)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    for (int i = 1; i <= 9; i += 2)
        send(b, 'a', i, 60000 - i, 'b');
    for (int i = 2; i <= 8; i += 2)
        send(b, 'b', i, 60000 - i, 'b');
    send(b, 'b', 20, 50000, 'c'); /* another partition: a lane of its own */
    pass(b, 0);
    assert_effects(b, "a1 b2 a3 b4 a5 b6 a7 b8 a9 b20");
    bench_free(b);
}
END_TEST

START_TEST(events_of_one_partition_keep_their_order_and_those_of_the_same_time_too)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    send(b, 'a', 1, 5000, 'b');
    send(b, 'a', 2, 7000, 'b'); /* its producer was late */
    send(b, 'b', 3, 6000, 'b');
    send(b, 'b', 4, 6000, 'b');
    pass(b, 0);
    assert_effects(b, "b3 b4 a1 a2!");
    ck_assert_int_eq(b->run.count.late, 1);
    bench_free(b);
}
END_TEST

START_TEST(once_waits_for_nothing_that_is_not_there)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);
    int r = 0;

    b->run.options.once = true;
    send(b, 'a', 2, 0, 'b');
    send(b, 'b', 1, 1, 'b');
    send(b, 'a', 3, -60000, 'c'); /* its clock is ahead */
    restart(b);
    for (int i = 0; i < 5 && r == 0; i++)
        r = consume_turn(&b->run, 0, &b->error);
    ck_assert_int_eq(r, MR_END);
    assert_effects(b, "b1 a2 a3");
    bench_free(b);
}
END_TEST

START_TEST(an_event_of_the_future_waits_as_long_as_any_other)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    send(b, 'a', 1, -3600000, 'b');
    pass(b, 0);
    pass(b, 499);
    assert_effects(b, "");
    pass(b, 1);
    assert_effects(b, "a1");
    bench_free(b);
}
END_TEST

START_TEST(what_is_no_event_or_is_not_wanted_waits_for_nobody)
{
    struct mr_filter filter = {.header = "x", .exists = MR_FILTER_ABSENT};
    struct bench *b = bench_new(MR_LATE_HANDLE);

    b->group.filters = &filter;
    b->group.n_filters = 1;
    b->fake->end_unknown = true;
    fake_send(b->fake, topics[0]->name, 0, (struct mr_bytes){NULL, 0}, (struct mr_bytes){NULL, 0},
              NULL, 0);
    fake_send(b->fake, topics[0]->name, 0, (struct mr_bytes){NULL, 0},
              (struct mr_bytes){(const uint8_t *)"x", 1}, NULL, 0);
    send(b, 'a', 1, 0, 'b');
    b->fake->records[2].headers[0] = (struct mr_header){"x", {(const uint8_t *)"1", 1}};
    b->fake->records[2].n_headers = 1;
    pass(b, 0);
    ck_assert_int_eq(b->run.count.tombstones, 1);
    ck_assert_int_eq(b->run.count.dead_lettered, 1);
    ck_assert_int_eq(b->run.count.filtered, 1);
    ck_assert_int_eq(number(b, "SELECT max(next) FROM mr_offset"), 3);
    bench_free(b);
}
END_TEST

/* ---- nothing is lost, nothing comes twice ---- */

START_TEST(what_is_held_back_is_not_read_yet_as_far_as_the_offsets_say)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    send(b, 'a', 2, 100, 'b');
    send(b, 'b', 1, 200, 'b');
    pass(b, 0);
    assert_effects(b, "b1");
    ck_assert_int_eq(number(b, "SELECT sum(next) FROM mr_offset WHERE next > 0"), 1);
    restart(b); /* a crash */
    pass(b, 1000);
    assert_effects(b, "b1 a2");
    ck_assert_int_eq(b->run.count.duplicates, 0);
    bench_free(b);
}
END_TEST

START_TEST(a_request_to_end_leaves_what_is_held_back_for_the_next_start)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    send(b, 'a', 1, 0, 'b');
    pass(b, 0);
    b->fake->stop = true;
    ck_assert_int_eq(consume_run(&b->run, &b->error), 0);
    assert_effects(b, "");
    b->fake->stop = false;
    restart(b);
    pass(b, 500);
    assert_effects(b, "a1");
    bench_free(b);
}
END_TEST

START_TEST(what_is_held_back_goes_with_its_partition)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);
    struct mr_topic_partition items[4];

    send(b, 'a', 1, 0, 'b');
    pass(b, 0);
    for (size_t i = 0; i < 4; i++)
        items[i] = (struct mr_topic_partition){b->fake->partitions[i].topic,
                                               b->fake->partitions[i].number, 0};
    consume_revoked(&b->run, items, 4, false);
    ck_assert_uint_eq(b->run.merge.n_bytes, 0);
    pass(b, 1000);
    assert_effects(b, "");
    fake_assign(b->fake);
    pass(b, 1000);
    pass(b, 1000);
    assert_effects(b, "a1");
    ck_assert_int_eq(b->run.count.duplicates, 0);
    bench_free(b);
}
END_TEST

START_TEST(a_flow_that_waits_for_another_try_keeps_its_order_across_topics)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    b->script.fail = 1;
    send(b, 'b', 2, 5000, 'b');
    send(b, 'a', 1, 6000, 'b');
    send(b, 'a', 3, 4000, 'd'); /* another flow, the same partition */
    pass(b, 0);
    assert_effects(b, "a3");
    b->script.fail = 0;
    pass(b, 2000);
    assert_effects(b, "a3 a1 b2");
    ck_assert_int_eq(b->run.count.late, 0);
    bench_free(b);
}
END_TEST

START_TEST(while_the_registry_is_away_nothing_is_lost_or_skipped)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    b->fake->registry_r = MR_AGAIN;
    send(b, 'a', 1, 7000, 'b');
    send(b, 'b', 2, 6000, 'b');
    pass(b, 600);
    assert_effects(b, "");
    ck_assert_int_ge(b->run.count.holds, 1);
    b->fake->registry_r = 0;
    for (int i = 0; i < 20; i++)
        pass(b, 1000);
    assert_effects(b, "a1 b2");
    bench_free(b);
}
END_TEST

START_TEST(memory_is_bounded_and_the_partition_that_is_ahead_waits)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);
    char want[1024] = "";

    b->run.merge.most = 4 * 2000; /* of four partitions */
    b->run.options.batch = 10;
    b->fake->end_unknown = true;
    for (int i = 1; i <= 60; i++)
        send(b, 'a', i, 60000 - i, 'b');
    for (int i = 0; i < 12; i++)
        turn(b);
    assert_effects(b, "");
    ck_assert_uint_le(b->run.merge.n_bytes, 2000 + 10 * 600);
    ck_assert(fake_partition(b->fake, topics[0]->name, 0)->paused);
    ck_assert_int_eq(b->run.count.holds, 0);
    for (int i = 0; i < 40; i++)
        pass(b, 10000);
    for (int i = 1; i <= 60; i++)
        (void)snprintf(want + strlen(want), sizeof(want) - strlen(want), "%sa%d", i > 1 ? " " : "",
                       i);
    assert_effects(b, want);
    ck_assert_uint_eq(b->run.merge.n_bytes, 0);
    ck_assert(!fake_partition(b->fake, topics[0]->name, 0)->paused);
    bench_free(b);
}
END_TEST

/* ---- late ---- */

static void send_late(struct bench *b)
{
    send(b, 'a', 2, 5000, 'b');
    pass(b, 0);
    send(b, 'b', 1, 6000, 'b');
    send(b, 'b', 3, 6000, 'd'); /* another flow */
    pass(b, 0);
}

START_TEST(a_late_event_is_handled_and_counted)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    send_late(b);
    assert_effects(b, "a2 b1! b3");
    ck_assert_int_eq(b->run.count.late, 1);
    ck_assert_int_eq(b->run.count.handled, 3);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_flow"), 0);
    bench_free(b);
}
END_TEST

START_TEST(a_handler_can_ask_whether_its_event_is_late_also_after_a_restart)
{
    struct bench *b = bench_new(MR_LATE_FLAG);

    send_late(b);
    assert_effects(b, "a2 b1! b3");
    restart(b);
    send(b, 'b', 4, 6000, 'b');
    send(b, 'b', 5, 5000, 'b'); /* of the same moment: not late */
    pass(b, 0);
    assert_effects(b, "a2 b1! b3 b4! b5");
    bench_free(b);
}
END_TEST

START_TEST(a_late_event_can_be_a_dead_letter_also_after_a_restart)
{
    struct bench *b = bench_new(MR_LATE_DEAD_LETTER);

    send_late(b);
    assert_effects(b, "a2 b3");
    restart(b);
    send(b, 'b', 4, 5001, 'b');
    pass(b, 0);
    assert_effects(b, "a2 b3");
    ck_assert_int_eq(b->run.count.late, 1);
    ck_assert_uint_eq(b->fake->n_published, 2);
    ck_assert(mr_str_is(fake_header(&b->fake->published[1], "mr_error_class"), "late"));
    ck_assert(mr_str_is(fake_header(&b->fake->published[1], "__dlq.errors.message"),
                        "late: 0.001000 s older than the newest handled event of its flow"));
    bench_free(b);
}
END_TEST

START_TEST(a_late_dead_letter_that_is_sent_back_is_handled_by_its_group_alone)
{
    struct bench *b = bench_new(MR_LATE_DEAD_LETTER);

    send_late(b);
    ck_assert_uint_eq(b->fake->n_published, 1);
    for (int i = 0; i < 2; i++) {
        const char *group = i ? b->run.options.group : "other-group";
        b->n_sent = 1; /* the late one's id */
        send(b, 'b', 1, 6000, 'b');
        struct fake_record *record = &b->fake->records[b->fake->n_records - 1];
        record->headers[record->n_headers++] =
            (struct mr_header){"mr_retry_group", {(const uint8_t *)group, strlen(group)}};
        pass(b, 0);
        assert_effects(b, i ? "a2 b3 b1!" : "a2 b3");
        ck_assert_uint_eq(b->fake->n_published, 1);
    }
    ck_assert_int_eq(b->run.count.duplicates, 1);
    bench_free(b);
}
END_TEST

START_TEST(a_repeat_is_no_late_event)
{
    struct bench *b = bench_new(MR_LATE_DEAD_LETTER);

    send(b, 'a', 1, 6000, 'b');
    b->n_sent--;
    pass(b, 0);
    b->n_sent++;
    send(b, 'a', 2, 5000, 'b');
    pass(b, 0);
    b->n_sent = 0;
    send(b, 'a', 1, 7000, 'b');
    pass(b, 0);
    assert_effects(b, "a1 a2");
    ck_assert_int_eq(b->run.count.duplicates, 1);
    ck_assert_int_eq(b->run.count.late, 0);
    bench_free(b);
}
END_TEST

START_TEST(flows_that_are_over_are_forgotten_with_the_ids)
{
    struct bench *b = bench_new(MR_LATE_FLAG);

    b->run.options.window_ms = 3600000;
    consume_window_open(&b->run);
    send(b, 'a', 1, 6000, 'b');
    pass(b, 0);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_flow"), 1);
    pass(b, 3500000);
    send(b, 'a', 2, 6000, 'd');
    pass(b, 0);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_flow"), 2);
    pass(b, 3500000);
    send(b, 'a', 3, 6000, 'f');
    pass(b, 0);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_flow"), 2);
    bench_free(b);
}
END_TEST

START_TEST(what_was_undone_makes_nothing_late)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);
    int64_t epoch, next;

    send(b, 'a', 1, 6000, 'b');
    send(b, 'a', 2, 5000, 'b');
    ck_assert_int_eq(mr_ledger_claim(b->run.store, topics[0]->name, 0, &epoch, &next, NULL),
                     0); /* overtaken */
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), on_postgres() ? 0 : -ESTALE);
    assert_effects(b, "");
    restart(b);
    pass(b, 0);
    assert_effects(b, "a1 a2");
    ck_assert_int_eq(b->run.count.late, 0);
    bench_free(b);
}
END_TEST

/* ---- what it needs ---- */

START_TEST(topics_of_unequal_partitions_are_refused_with_the_numbers)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    b->fake->partitions[b->fake->n_partitions++] =
        (struct fake_partition){.topic = topics[1]->name, .number = 2};
    fake_assign(b->fake);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_INVALID);
    ck_assert_str_eq(b->error.text,
                     "group test-group is ordered by time, which needs topics of equally many "
                     "partitions: ticketwave-booking.inventory.update-requested.v1 has 2, "
                     "ticketwave-catalog.inventory.updated.v1 has 3; make them equal, or say "
                     "`order: {by: arrival}` in topics.yaml");
    bench_free(b);
}
END_TEST

START_TEST(an_instance_that_is_given_half_of_a_lane_stops)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    turn(b);
    consume_revoked(&b->run, &(struct mr_topic_partition){topics[0]->name, 1, 0}, 1, false);
    consume_assigned(&b->run, NULL, 0);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_INVALID);
    if (on_postgres())
        ck_assert_ptr_nonnull(strstr(b->error.text, "partition 1 of 1 topics only, of 2"));
    bench_free(b);
}
END_TEST

START_TEST(what_is_held_back_is_handled_before_what_comes_of_a_topic_made_anew)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    b->run.options.gap = "accept";
    for (int i = 1; i <= 3; i++)
        send(b, 'a', i, 60000 - i, 'b');
    pass(b, 0);
    send(b, 'a', 4, 100, 'b');
    pass(b, 0); /* held back */
    fake_free_records(b->fake->records, b->fake->n_records, false);
    b->fake->n_records = 0;
    fake_partition(b->fake, topics[0]->name, 0)->high = 0;
    send(b, 'a', 5, 50, 'b');
    pass(b, 0);
    ck_assert_int_eq(b->run.count.gaps, 1);
    pass(b, 1000);
    assert_effects(b, "a1 a2 a3 a4 a5");
    ck_assert_int_eq(number(b, "SELECT next FROM mr_offset WHERE part = 0 AND next > 0"), 1);
    bench_free(b);
}
END_TEST

START_TEST(the_records_of_a_transaction_are_those_that_it_handled)
{
    struct bench *b = bench_new(MR_LATE_HANDLE);

    ck_assert_int_eq(consume_health_open(&b->run, "0", 60000, &b->error), 0);
    for (int i = 1; i <= 3; i++)
        send(b, 'a', i, 60000 - i, 'b');
    pass(b, 0);
    assert_effects(b, "a1 a2 a3");
    ck_assert_int_eq((int)b->run.health->sizes.sum, 3);
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consume_order",
                    (const TTest *[]){
                        the_older_event_goes_first_though_it_comes_later,
                        an_idle_topic_does_not_stall_the_others,
                        what_is_still_to_be_fetched_is_waited_for_unless_its_topic_is_stuck,
                        a_backlog_of_two_topics_is_merged_by_time,
                        events_of_one_partition_keep_their_order_and_those_of_the_same_time_too,
                        once_waits_for_nothing_that_is_not_there,
                        an_event_of_the_future_waits_as_long_as_any_other,
                        what_is_no_event_or_is_not_wanted_waits_for_nobody,
                        what_is_held_back_is_not_read_yet_as_far_as_the_offsets_say,
                        a_request_to_end_leaves_what_is_held_back_for_the_next_start,
                        what_is_held_back_goes_with_its_partition,
                        a_flow_that_waits_for_another_try_keeps_its_order_across_topics,
                        while_the_registry_is_away_nothing_is_lost_or_skipped,
                        memory_is_bounded_and_the_partition_that_is_ahead_waits,
                        a_late_event_is_handled_and_counted,
                        a_handler_can_ask_whether_its_event_is_late_also_after_a_restart,
                        a_late_event_can_be_a_dead_letter_also_after_a_restart,
                        a_late_dead_letter_that_is_sent_back_is_handled_by_its_group_alone,
                        a_repeat_is_no_late_event,
                        flows_that_are_over_are_forgotten_with_the_ids,
                        what_was_undone_makes_nothing_late,
                        topics_of_unequal_partitions_are_refused_with_the_numbers,
                        an_instance_that_is_given_half_of_a_lane_stops,
                        what_is_held_back_is_handled_before_what_comes_of_a_topic_made_anew,
                        the_records_of_a_transaction_are_those_that_it_handled,
                        NULL,
                    });
}
