/* SPDX-License-Identifier: Apache-2.0 */
/* What sagas.yaml can say, on sagas of the test's own: retries, the way back, bounds, upgrades. */
#include "saga_bench.h"

#define EMISSIONS                                                                                  \
    "emissions:\n"                                                                                 \
    "  - emission: ask\n"                                                                          \
    "    event: festivo-orchestrator.saga.refund-requested.v1\n"                                   \
    "    fields: {ticketId: '{ticket}', ticketCode: '{saga.step}', reason: '{saga.why}',"          \
    " refundAmount: '1', requestedAt: '{now}'}\n"                                                  \
    "  - emission: back\n"                                                                         \
    "    event: festivo-orchestrator.saga.compensation-triggered.v1\n"                             \
    "    fields: {sagaId: '{saga.id}', sagaType: '{saga.type}', compensationAction:"               \
    " '{saga.step}', reason: '{saga.why}', triggeredAt: '{now}'}\n"                                \
    "  - emission: ended\n"                                                                        \
    "    event: festivo-orchestrator.saga.failed.v1\n"                                             \
    "    fields: {sagaId: '{saga.id}', sagaType: '{saga.type}', errorReason: '{saga.why}',"        \
    " failedAt: '{now}'}\n"
#define DENIED "festivo-access-control.access.entry-denied.v1"
#define REQUESTED "festivo-access-control.access.entry-requested.v1"
#define HEAD                                                                                       \
    "sagas:\n"                                                                                     \
    "  - saga: Test\n"                                                                             \
    "    service: festivo-orchestrator\n"                                                          \
    "    summary: For tests\n"                                                                     \
    "    key: data.ticketId\n"                                                                     \
    "    starts:\n"                                                                                \
    "      - on: " DENIED "\n"                                                                     \
    "        when: [{field: data.reason, is: [start]}]\n"                                          \
    "        remember: {ticket: data.ticketId}\n"
#define WHEN(reason)                                                                               \
    "          - on: " DENIED "\n"                                                                 \
    "            when: [{field: data.reason, is: [" reason "]}]\n"

static const char two_steps[] = EMISSIONS HEAD
    "    failed: [ended]\n"
    "    compensated: [ended]\n"
    "    steps:\n"
    "      - step: one\n"
    "        emit: [ask]\n"
    "        answers:\n" WHEN(
        "done-1") "        timeout: 10s\n"
                  "        retry: 2\n"
                  "        undo: [back]\n"
                  "      - step: two\n"
                  "        emit: [ask]\n"
                  "        answers:\n" WHEN("done-2") "        failures:\n" WHEN(
                      "broken") "            why: 'broken by {ticket}'\n"
                                "        timeout: 1m\n"
                                "        undo: [back, ask]\n"
                                "        undone:\n" WHEN(
                                    "undone-2") "        end: 'all done for {ticket}'\n";

START_TEST(a_step_without_answer_is_begun_again_and_then_undone)
{
    struct mr_sagas *sagas;
    struct bench *b = bench_with(two_steps, &sagas);
    size_t from = 0;

    deny(b, 1, "t", "start");
    ASSERT_SAID(b, &from, "refund-requested");
    after(b, 10);
    after(b, 10);
    ASSERT_SAID(b, &from, "refund-requested,refund-requested");
    ck_assert_str_eq(ask(b, "SELECT attempt, state FROM mr_saga"), "3|running");
    after(b, 10);
    ASSERT_SAID(b, &from, "compensation-triggered,failed");
    ASSERT_SAGAS(b, "Test|t|compensated|one: no answer within 10s");
    bench_free(b);
    (void)mr_sagas_free(sagas);
}
END_TEST

START_TEST(steps_are_undone_in_reverse_each_confirmed_where_that_is_asked)
{
    struct mr_sagas *sagas;
    struct bench *b = bench_with(two_steps, &sagas);
    size_t from = 0;

    deny(b, 1, "t", "start");
    deny(b, 2, "t", "done-1");
    ASSERT_SAID(b, &from, "refund-requested,refund-requested");
    deny(b, 3, "t", "broken");
    ASSERT_SAID(b, &from, "compensation-triggered,refund-requested");
    ASSERT_HAS(event_json(b, 2), "\"compensationAction\":\"two\",\"reason\":\"broken by t\"");
    ck_assert_str_eq(ask(b, "SELECT step, state FROM mr_saga"), "two|compensating");
    deny(b, 4, "t", "done-2"); /* too late */
    engine_reopen(b->fake, &b->run, sagas);
    deny(b, 5, "t", "undone-2");
    ASSERT_SAID(b, &from, "compensation-triggered,failed");
    ASSERT_HAS(event_json(b, 4), "\"compensationAction\":\"one\",\"reason\":\"broken by t\"");
    ASSERT_SAGAS(b, "Test|t|compensated|broken by t");
    bench_free(b);
    (void)mr_sagas_free(sagas);
}
END_TEST

START_TEST(a_way_back_that_nobody_confirms_is_for_people_to_see)
{
    struct mr_sagas *sagas;
    struct bench *b = bench_with(two_steps, &sagas);
    size_t from = 0;

    deny(b, 1, "t", "start");
    deny(b, 2, "t", "done-1");
    deny(b, 3, "t", "broken");
    after(b, 60);
    (void)said_since(b, &from);
    ASSERT_SAGAS(b, "Test|t|failed|two: no confirmation that it is undone within 1m");
    ck_assert_int_eq(b->run.count.sagas_failed, 1);
    bench_free(b);
    (void)mr_sagas_free(sagas);
}
END_TEST

START_TEST(an_answer_to_a_later_step_waits_for_it)
{
    struct mr_sagas *sagas;
    struct bench *b = bench_with(two_steps, &sagas);

    deny(b, 3, "t", "done-2");
    deny(b, 0, "t", "done-1"); /* older than the start: of another time */
    deny(b, 1, "t", "start");
    ck_assert_str_eq(ask(b, "SELECT step, state FROM mr_saga"), "one|running");
    deny(b, 2, "t", "done-1");
    ASSERT_SAGAS(b, "Test|t|completed|all done for t");
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_saga_early"), "0");
    bench_free(b);
    (void)mr_sagas_free(sagas);
}
END_TEST

START_TEST(a_key_keeps_the_youngest_sixteen_events_for_an_hour)
{
    struct mr_sagas *sagas;
    struct bench *b = bench_with(two_steps, &sagas);

    for (int i = 0; i < SAGA_EARLY_MOST + 4; i++)
        deny(b, i, "t", "done-2");
    ck_assert_str_eq(ask(b, "SELECT count(*), (min(event_at) - 1705314600000000) / 60000000"
                            " FROM mr_saga_early"),
                     "16|4");
    after(b, 3599);
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_saga_early"), "16");
    after(b, 61);
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_saga_early"), "0");
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_saga_key"), "0");
    bench_free(b);
    (void)mr_sagas_free(sagas);
}
END_TEST

START_TEST(an_ended_saga_is_forgotten_after_its_time)
{
    struct mr_sagas *sagas;
    struct bench *b = bench_with(two_steps, &sagas);

    deny(b, 1, "t", "start");
    deny(b, 2, "t", "done-1");
    deny(b, 3, "t", "done-2");
    after(b, INT64_C(29) * 24 * 3600);
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_saga"), "1");
    after(b, INT64_C(1) * 24 * 3600 + 61);
    ck_assert_str_eq(ask(b, "SELECT (SELECT count(*) FROM mr_saga), (SELECT count(*) FROM"
                            " mr_saga_step), (SELECT count(*) FROM mr_saga_key)"),
                     "0|0|0");
    bench_free(b);
    (void)mr_sagas_free(sagas);
}
END_TEST

START_TEST(the_same_event_never_starts_a_second_saga)
{
    struct mr_sagas *sagas;
    struct bench *b = bench_with(two_steps, &sagas);
    size_t from = 0;

    deny(b, 1, "t", "start");
    deny(b, 2, "t", "done-1");
    deny(b, 3, "t", "done-2");
    ASSERT_SAID(b, &from, "refund-requested,refund-requested");
    ck_assert_int_eq(mr_store_run(b->store, "DELETE FROM mr_inbox", MR_NO_VALUES, NULL), 0);
    engine_reopen(b->fake, &b->run, sagas); /* a store that has forgotten what it has seen */
    ck_assert_int_eq(b->run.count.handled, 0);
    b->n_sent = 0; /* the same id */
    deny(b, 1, "t", "start");
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_saga"), "1");
    ASSERT_SAID(b, &from, "");
    bench_free(b);
    (void)mr_sagas_free(sagas);
}
END_TEST

START_TEST(a_timer_that_cannot_do_its_work_fails_the_saga_alone)
{
    static const char yaml[] =
        "emissions:\n"
        "  - emission: lost\n"
        "    event: festivo-orchestrator.saga.refund-requested.v1\n"
        "    fields: {ticketId: '{code}', ticketCode: x, reason: x, refundAmount: '1',"
        " requestedAt: '{now}'}\n" HEAD "    steps:\n"
        "      - step: one\n"
        "        answers:\n" WHEN("done") "            remember: {code: data.reason}\n"
                                          "        timeout: 10s\n"
                                          "        on_timeout: go-on\n"
                                          "      - step: two\n"
                                          "        emit: [lost]\n"
                                          "        end: done\n";
    struct mr_sagas *sagas;
    struct bench *b = bench_with(yaml, &sagas);
    deny(b, 1, "t", "start");
    deny(b, 1, "u", "start");
    deny(b, 2, "u", "done");
    after(b, 10);
    ck_assert_str_eq(
        ask(b, "SELECT skey, state, why FROM mr_saga ORDER BY skey"),
        "t|failed|saga Test: ticketId of festivo-orchestrator.saga.refund-requested.v1 is to be"
        " '{code}', which no event told\nu|completed|done");
    deny(b, 9, "v", "start"); /* the consumer goes on */
    ck_assert_str_eq(ask(b, "SELECT count(*) FROM mr_saga WHERE state = 'running'"), "1");
    bench_free(b);
    (void)mr_sagas_free(sagas);
}
END_TEST

START_TEST(an_event_whose_saga_cannot_move_is_a_dead_letter_and_leaves_nothing)
{
    static const char yaml[] =
        "emissions:\n"
        "  - emission: lost\n"
        "    event: festivo-orchestrator.saga.refund-requested.v1\n"
        "    fields: {ticketId: '{code}', ticketCode: x, reason: x, refundAmount: '1',"
        " requestedAt: '{now}'}\n" HEAD "      - on: " DENIED "\n"
        "        when: [{field: data.reason, is: [fine]}]\n"
        "        remember: {code: data.ticketId}\n"
        "    steps:\n"
        "      - step: one\n"
        "        emit: [lost]\n"
        "        end: done\n";
    struct mr_sagas *sagas;
    struct bench *b = bench_with(yaml, &sagas);
    size_t from = 0;

    deny(b, 1, "t", "start");
    ASSERT_SAID(b, &from, "dead-letter");
    ck_assert_str_eq(ask(b, "SELECT (SELECT count(*) FROM mr_saga), (SELECT count(*) FROM denial)"),
                     "0|0");
    ck_assert_int_eq(b->run.count.sagas_started, 0);
    deny(b, 2, "t", "fine");
    ASSERT_SAID(b, &from, "refund-requested");
    bench_free(b);
    (void)mr_sagas_free(sagas);
}
END_TEST

START_TEST(a_saga_that_a_new_build_no_longer_has_is_retired_by_its_timer)
{
    struct mr_sagas *sagas, *other;
    struct bench *b = bench_with(two_steps, &sagas);

    deny(b, 1, "t", "start");
    engine_reopen(b->fake, &b->run, NULL); /* this project's sagas: none is called Test */
    after(b, 10);
    ASSERT_SAGAS(b, "Test|t|failed|sagas.yaml no longer has saga Test");
    bench_free(b);

    b = bench_with(two_steps, &other);
    deny(b, 1, "t", "start");
    ck_assert_int_eq(mr_store_run(b->store, "UPDATE mr_saga SET step = 'zero'", MR_NO_VALUES, NULL),
                     0);
    after(b, 10);
    ASSERT_SAGAS(b, "Test|t|failed|saga Test is at step 'zero', which sagas.yaml no longer has");
    bench_free(b);
    (void)mr_sagas_free(sagas);
    (void)mr_sagas_free(other);
}
END_TEST

/* A second instance of the consumer on the store of the first. */
static struct bench *beside(struct bench *b)
{
    struct bench *other = BENCH(festivo_orchestrator);
    struct mr_error error = MR_ERROR_INIT;
    char url[1024];

    (void)snprintf(url, sizeof(url), "%s&options=-csearch_path%%3D%s",
                   getenv("MILLRACE_TEST_POSTGRES"), ask(b, "SELECT current_schema()"));
    struct consume fresh = {.consumer = other->run.consumer,
                            .group = other->run.group,
                            .options = other->run.options,
                            .self = other->state};
    consume_close(&other->run);
    (void)mr_store_free(other->store);
    ck_assert_msg(mr_store_open(url, NULL, &fresh.store, &error) == 0, "%s", error.text);
    other->store = fresh.store;
    other->run = fresh;
    other->fake->now = b->fake->now;
    for (size_t i = 0; i < b->fake->n_partitions; i++) /* the same topics */
        other->fake->partitions[i].high = b->fake->partitions[i].high;
    engine_open(other->fake, &other->run);
    return other;
}

START_TEST(on_postgresql_a_timer_moves_with_its_partition_and_fires_once)
{
    size_t from = 0, others = 0;

    if (!on_postgres())
        return; /* the integration suite runs it there */
    struct bench *b = BENCH(festivo_orchestrator);
    deny(b, 1, "t-1", "Area full");
    ASSERT_SAID(b, &from, "started");
    b->fake->now += INT64_C(16) * MINUTE;
    struct bench *heir = beside(b); /* every partition is its own now */
    handle(b);
    ASSERT_SAID(b, &from, "");
    handle(heir);
    ASSERT_SAID(heir, &others, "compensation-triggered,refund-requested,failed");
    handle(b);
    handle(heir);
    ASSERT_SAID(b, &from, "");
    ASSERT_SAID(heir, &others, "");
    bench_free(heir);
    bench_free(b);
}
END_TEST

START_TEST(a_field_from_an_option_that_there_is_not_stops_the_start)
{
    static const char yaml[] =
        "emissions:\n"
        "  - emission: ask\n"
        "    event: festivo-orchestrator.saga.refund-requested.v1\n"
        "    fields: {ticketId: '{ticket}', ticketCode: x, reason: x, refundAmount:"
        " '{option.refund-amuont}', requestedAt: '{now}'}\n" HEAD "    steps:\n"
        "      - step: one\n"
        "        emit: [ask]\n"
        "        end: done\n";
    struct mr_sagas *sagas = sagas_of(yaml);
    struct bench *b = BENCH(festivo_orchestrator);
    struct mr_error error = MR_ERROR_INIT;
    struct consume run = {.consumer = b->run.consumer, .sagas = {.all = sagas}};

    ck_assert_int_eq(consume_sagas_open(&run, &error), -EINVAL);
    ASSERT_HAS(error.text, "--refund-amuont, which is no text or number option of "
                           "festivo-orchestrator");
    consume_sagas_close(&run);
    bench_free(b);
    (void)mr_sagas_free(sagas);
}
END_TEST

START_TEST(values_go_into_json_and_back)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct saga_values *values = calloc(2, sizeof(*values));
    struct mr_str json;

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    ck_assert_int_eq(saga_remember(values, arena, MR_STR("a"), MR_STR("x\"\n\xc3\xa9")), 0);
    ck_assert_int_eq(saga_remember(values, arena, MR_STR("l[].b"), MR_STR("1")), 0);
    ck_assert_int_eq(saga_remember(values, arena, MR_STR("l[].b"), MR_STR("2")), 0);
    ck_assert_int_eq(saga_remember(values, arena, MR_STR("a"), MR_STR("")), 0);
    ck_assert_int_eq(saga_remember(values, arena, MR_STR("c"), MR_STR("x\"\n\xc3\xa9")), 0);
    ck_assert_int_eq(saga_values_write(values, arena, &json), 0);
    ck_assert(
        mr_str_is(json, "{\"a\": \"\", \"l[].b\": [\"1\", \"2\"], \"c\": \"x\\\"\\n\xc3\xa9\"}"));
    ck_assert_int_eq(saga_values_read(json, arena, &values[1]), 0);
    ck_assert_uint_eq(values[1].n, 3);
    ck_assert(mr_str_is(saga_value(&values[1], MR_STR("l[].b"))->items[1], "2"));
    ck_assert_int_eq(saga_values_read(MR_STR("{}"), arena, &values[1]), 0);
    ck_assert_uint_eq(values[1].n, 0);
    static const char *const broken[] = {
        "", "[", "{\"a\"", "{\"a\": ", "{\"a\": \"x\"", "{\"a\": 1}", "{\"a\": [\"x\" \"y\"]}"};
    for (size_t i = 0; i < MR_N_ELEMENTS(broken); i++)
        ck_assert_int_gt(saga_values_read(mr_str_from(broken[i]), arena, &values[1]), 0);
    for (int i = 0; i < MR_SAGA_MAX_LIST - 2; i++)
        ck_assert_int_eq(saga_remember(values, arena, MR_STR("l[].b"), MR_STR("n")), 0);
    ck_assert_int_eq(saga_remember(values, arena, MR_STR("l[].b"), MR_STR("n")), MR_FULL);
    free(values);
}
END_TEST

int main(void)
{
    return unit_run("saga_steps",
                    (const TTest *[]){
                        a_step_without_answer_is_begun_again_and_then_undone,
                        steps_are_undone_in_reverse_each_confirmed_where_that_is_asked,
                        a_way_back_that_nobody_confirms_is_for_people_to_see,
                        an_answer_to_a_later_step_waits_for_it,
                        a_key_keeps_the_youngest_sixteen_events_for_an_hour,
                        an_ended_saga_is_forgotten_after_its_time,
                        the_same_event_never_starts_a_second_saga,
                        a_timer_that_cannot_do_its_work_fails_the_saga_alone,
                        an_event_whose_saga_cannot_move_is_a_dead_letter_and_leaves_nothing,
                        a_saga_that_a_new_build_no_longer_has_is_retired_by_its_timer,
                        on_postgresql_a_timer_moves_with_its_partition_and_fires_once,
                        a_field_from_an_option_that_there_is_not_stops_the_start,
                        values_go_into_json_and_back,
                        NULL,
                    });
}
