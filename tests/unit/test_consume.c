/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine, with topics, registry and clock in memory: one test for each row of
 * docs/errors.md that needs no broker. */
#include <errno.h>
#include <stdio.h>

#include "support/fake_broker.h"
#include "support/unit.h"
#include "ticketwave_booking.gen.h"
#include "ticketwave_catalog.gen.h"

enum { SECOND = 1000000 };

/* ---- a consumer that does what its events say ---- */

enum order { DO_KEEP, DO_AGAIN, DO_INVALID, DO_STOP, DO_NONSENSE, DO_SQL_REFUSED, DO_BAD_EMIT };

struct script {
    enum order order[16]; /* by QuantityReduced */
    int calls[16];
    int32_t attempts[16];
};

MR_HANDLER(ticketwave_booking_inventory_update_requested_v1, obey)
{
    struct script *script = mr_tx_self(tx);
    int64_t i = event->data.QuantityReduced;
    struct ticketwave_catalog_inventory_updated_v1 answer = {
        .data = {.EventId = event->data.EventId,
                 .BookingId = event->data.BookingId,
                 .PreviousAvailableTickets = script->order[i] == DO_BAD_EMIT ? -1 : 10,
                 .CurrentAvailableTickets = 9,
                 .UpdateType = MR_STR("x"),
                 .UpdatedAt = 77 * SECOND}};

    script->calls[i]++;
    script->attempts[i] = mr_tx_event(tx)->attempt;
    int r = mr_sql(tx, "INSERT INTO effect (number) VALUES (?1)", MR_INT(i));
    if (r == 0)
        r = mr_emit(tx, ticketwave_catalog_inventory_updated_v1, &answer);
    if (r != 0)
        return r;
    switch (script->order[i]) {
    case DO_AGAIN:
        return mr_tx_again(tx, "not yet");
    case DO_INVALID:
        return mr_tx_invalid(tx, "quantity %d is not for me", (int)i);
    case DO_STOP:
        return -EDOM;
    case DO_NONSENSE:
        return MR_FULL;
    case DO_SQL_REFUSED:
        return mr_sql(tx, "INSERT INTO effect (number) VALUES (-1)");
    case DO_KEEP:
    case DO_BAD_EMIT:
        break;
    }
    return 0;
}

static const struct mr_consumer consumer = {
    .name = "test-consumer",
    .summary = "For tests",
    .handles = MR_HANDLES(MR_ON(ticketwave_booking_inventory_update_requested_v1, obey)),
    .emits = MR_EMITS(&topic_ticketwave_catalog_inventory_updated_v1),
    .migrations =
        MR_MIGRATIONS({1, "CREATE TABLE effect (seq INTEGER PRIMARY KEY, number INTEGER NOT NULL"
                          " CHECK (number >= 0)) STRICT"}),
    .size = sizeof(struct script),
};

/* ---- the bench ---- */

struct bench {
    struct fake *fake;
    struct mr_store *store;
    struct script script;
    struct mr_consumer_group group;
    struct consume run;
    struct mr_error error;
};

static const struct mr_topic *const read_topics[] = {
    &topic_ticketwave_booking_inventory_update_requested_v1};

static void start(struct bench *b)
{
    b->error = MR_ERROR_INIT;
    struct consume_options options = b->run.options;
    b->run = (struct consume){.consumer = &consumer,
                              .group = &b->group,
                              .options = options,
                              .store = b->store,
                              .self = &b->script};
    fake_attach(b->fake, &b->run);
    b->fake->n_tags = 0;
    ck_assert_msg(consume_open(&b->run, &b->error) == 0, "%s", b->error.text);
    fake_assign(b->fake);
}

static struct bench *bench_new(void)
{
    struct bench *b = calloc(1, sizeof(*b));

    ck_assert_ptr_nonnull(b);
    mr_log_set_level(MR_LOG_OFF);
    b->fake = calloc(1, sizeof(*b->fake));
    b->fake->now = INT64_C(1700000000) * SECOND;
    b->fake->random = UINT64_MAX;
    fake_add_topic(b->fake, read_topics[0]->name, 2);
    b->group = (struct mr_consumer_group){
        .name = "test-consumer",
        .dead_letter_topic = "test.dlq",
        .topics = read_topics,
        .n_topics = 1,
        .retry = {.max_attempts = 3, .initial_ms = 1000, .max_ms = 3000, .multiplier = 2}};
    b->run.options = (struct consume_options){.group = "test-group",
                                              .from = "beginning",
                                              .gap = "stop",
                                              .batch = 100,
                                              .parked = 100,
                                              .inbox = 1000,
                                              .drain_ms = 1000};
    ck_assert_int_eq(mr_store_open("sqlite::memory:", NULL, &b->store, NULL), 0);
    start(b);
    return b;
}

static void bench_free(struct bench *b)
{
    consume_close(&b->run);
    (void)mr_store_free(b->store);
    fake_free(b->fake);
    free(b);
}

/* As after a crash: what was not committed is gone. */
static void restart(struct bench *b)
{
    mr_store_rollback(b->store);
    consume_close(&b->run);
    start(b);
}

/* flow: 'a' ... : the booking; number: what the script says; id: of the event. */
static void send(struct bench *b, char flow, int number, int id)
{
    char booking[37] = "00000000-0000-4000-8000-00000000000x", event_id[37];

    booking[35] = flow;
    (void)snprintf(event_id, sizeof(event_id), "11111111-1111-4111-8111-%012d", id);
    struct ticketwave_booking_inventory_update_requested_v1 event = {
        .envelope = {.event_id = mr_str_from(event_id),
                     .event_type = MR_STR("t"),
                     .event_version = MR_STR("1.0"),
                     .timestamp = b->fake->now,
                     .correlation_id = mr_str_from(booking),
                     .source_service = MR_STR("s"),
                     .has_user_id = true,
                     .user_id = MR_STR("u-1")},
        .data = {.EventId = mr_str_from(event_id),
                 .BookingId = mr_str_from(booking),
                 .QuantityReduced = number,
                 .RequestedAt = 1}};
    fake_send_event(b->fake, read_topics[0], flow % 2, &event);
}

static void turn(struct bench *b)
{
    int r = consume_turn(&b->run, 0, &b->error);

    ck_assert_msg(r == 0 || r == MR_END, "%s: %s", mr_status_name(r), b->error.text);
}

static void turns(struct bench *b)
{
    for (int i = 0; i < 3; i++)
        turn(b);
}

static int64_t number(struct bench *b, const char *sql)
{
    int64_t n = -1;

    ck_assert_int_eq(
        mr_store_row(b->store, NULL, MR_INTO(MR_INTO_INT(&n)), sql, MR_NO_VALUES, NULL), 0);
    return n;
}

/* "1,2,3": the effects in their order. */
static void assert_effects(struct bench *b, const char *want)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_str got;

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    ck_assert_int_eq(mr_store_row(b->store, arena, MR_INTO(MR_INTO_TEXT(&got)),
                                  "SELECT coalesce(group_concat(number, ','), '') FROM"
                                  " (SELECT number FROM effect ORDER BY seq)",
                                  MR_NO_VALUES, NULL),
                     0);
    ck_assert_msg(mr_str_is(got, want), "effects are %.*s, not %s", MR_STR_ARG(got), want);
}

static size_t letters(const struct bench *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->fake->n_published; i++)
        n += strcmp(b->fake->published[i].topic, "test.dlq") == 0;
    return n;
}

static const struct fake_record *letter(const struct bench *b)
{
    for (size_t i = 0; i < b->fake->n_published; i++)
        if (strcmp(b->fake->published[i].topic, "test.dlq") == 0)
            return &b->fake->published[i];
    ck_abort_msg("no dead letter");
    return NULL;
}

#define ASSERT_HEADER(record, name, want)                                                          \
    do {                                                                                           \
        struct mr_str got_ = fake_header(record, name);                                            \
        ck_assert_msg(mr_str_is(got_, want), "%s is '%.*s', not '%s'", name, MR_STR_ARG(got_),     \
                      want);                                                                       \
    } while (0)

/* ---- once only ---- */

START_TEST(events_are_handled_once_and_offsets_move_with_their_effects)
{
    struct bench *b = bench_new();

    for (int i = 1; i <= 5; i++)
        send(b, (char)('a' + i % 2), i, i);
    turns(b);
    assert_effects(b, "1,2,3,4,5");
    ck_assert_int_eq(number(b, "SELECT sum(next) FROM mr_offset"), 5);
    ck_assert_int_eq(fake_partition(b->fake, read_topics[0]->name, 0)->committed, 3);
    ck_assert_int_eq(b->run.count.handled, 5);
    ck_assert_int_eq(b->run.count.published, 5);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_outbox"), 0);
    bench_free(b);
}
END_TEST

START_TEST(a_repeat_is_counted_and_skipped_also_after_a_restart)
{
    struct bench *b = bench_new();

    send(b, 'a', 1, 1);
    send(b, 'a', 1, 1);
    turns(b);
    restart(b);
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    turns(b);
    assert_effects(b, "1,2");
    ck_assert_int_eq(b->run.count.duplicates, 1);
    bench_free(b);
}
END_TEST

START_TEST(the_stores_offsets_win_over_kafkas)
{
    struct bench *b = bench_new();

    send(b, 'b', 1, 1);
    send(b, 'b', 2, 2);
    turns(b);
    fake_partition(b->fake, read_topics[0]->name, 0)->committed = 0;
    restart(b);
    ck_assert_int_eq(fake_partition(b->fake, read_topics[0]->name, 0)->position, 2);
    send(b, 'b', 3, 3);
    turns(b);
    assert_effects(b, "1,2,3");
    ck_assert_int_eq(b->run.count.duplicates, 0);
    bench_free(b);
}
END_TEST

START_TEST(a_crash_before_commit_leaves_nothing_and_the_batch_comes_again)
{
    struct bench *b = bench_new();

    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    b->script.order[2] = DO_STOP;
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), -EDOM);
    assert_effects(b, "");
    b->script.order[2] = DO_KEEP;
    restart(b);
    turns(b);
    assert_effects(b, "1,2");
    ck_assert_uint_eq(b->fake->n_published, 2);
    bench_free(b);
}
END_TEST

START_TEST(an_owner_that_was_overtaken_commits_nothing)
{
    struct bench *b = bench_new();
    int64_t epoch, next;

    turn(b);
    ck_assert_int_eq(mr_ledger_claim(b->store, read_topics[0]->name, 1, &epoch, &next, NULL), 0);
    send(b, 'a', 1, 1);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), -ESTALE);
    ck_assert_ptr_nonnull(strstr(b->error.text, "another process has taken"));
    assert_effects(b, "");
    bench_free(b);
}
END_TEST

START_TEST(a_handlers_nonsense_stops_the_process_with_its_name)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_NONSENSE;
    send(b, 'a', 1, 1);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), -EPROTO);
    ck_assert_ptr_nonnull(
        strstr(b->error.text, "test-consumer: the handler of ticketwave-booking"));
    bench_free(b);
}
END_TEST

/* ---- emitted events ---- */

START_TEST(an_emitted_event_is_caused_by_the_one_that_was_handled)
{
    struct bench *b = bench_new();
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_struct_reader *reader = NULL;
    struct mr_schema *schema = NULL;
    struct ticketwave_catalog_inventory_updated_v1 got;

    send(b, 'a', 1, 1);
    b->fake->records[0].headers[0] = (struct mr_header){
        "traceparent",
        {(const uint8_t *)"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", 55}};
    b->fake->records[0].headers[1] = (struct mr_header){"baggage", {(const uint8_t *)"k=v", 3}};
    b->fake->records[0].n_headers = 2;
    turns(b);
    ck_assert_uint_eq(b->fake->n_published, 1);
    const struct fake_record *record = &b->fake->published[0];
    int32_t id = fake_schema_id(&topic_ticketwave_catalog_inventory_updated_v1);
    ck_assert_str_eq(record->topic, topic_ticketwave_catalog_inventory_updated_v1.name);
    ck_assert_int_eq(record->value.data[0], 0);
    ck_assert_int_eq(record->value.data[4], id);
    ck_assert_int_eq(fake_schema(b->fake, id, NULL, &schema, NULL), 0);
    ck_assert_int_eq(mr_struct_reader_new(schema, schema,
                                          &ticketwave_catalog_inventory_updated_v1_desc, &reader,
                                          NULL),
                     0);
    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    ck_assert_int_eq(
        mr_struct_read(reader, record->value.data + 5, record->value.len - 5, arena, &got, NULL),
        0);
    const struct mr_envelope *e = &got.envelope;
    ck_assert(mr_str_is(e->causation_id, "11111111-1111-4111-8111-000000000001"));
    ck_assert(mr_str_is(e->correlation_id, "00000000-0000-4000-8000-00000000000a"));
    ck_assert(mr_str_is(e->user_id, "u-1") && e->has_user_id && !e->has_session_id);
    ck_assert(mr_str_is(e->event_type, "InventoryUpdatedIntegrationEvent"));
    ck_assert(mr_str_is(e->event_version, "1.0"));
    ck_assert(mr_str_is(e->source_service, "ticketwave-catalog"));
    ck_assert_int_eq(e->timestamp, 77 * SECOND); /* topics.yaml: UpdatedAt is the time */
    struct mr_uuid cause, want;
    char text[MR_UUID_TEXT];
    static const char name[] = "ticketwave-catalog.inventory.updated.v1/0";
    ck_assert_int_eq(mr_uuid_parse(e->causation_id, &cause), 0);
    mr_uuid_v5(&cause, name, sizeof(name) - 1, &want);
    mr_uuid_format(&want, text);
    ck_assert(mr_str_eq(e->event_id, (struct mr_str){text, sizeof(text)}));
    ASSERT_HEADER(record, "ce_specversion", "1.0");
    ASSERT_HEADER(record, "ce_type", "InventoryUpdatedIntegrationEvent");
    ASSERT_HEADER(record, "ce_correlationid", "00000000-0000-4000-8000-00000000000a");
    ASSERT_HEADER(record, "ce_causationid", "11111111-1111-4111-8111-000000000001");
    ASSERT_HEADER(record, "baggage", "k=v");
    struct mr_str trace = fake_header(record, "traceparent");
    ck_assert(trace.len == 55 &&
              memcmp(trace.data, "00-0af7651916cd43dd8448eb211c80319c-", 36) == 0);
    ck_assert(memcmp(trace.data + 36, text, 8) == 0 && memcmp(trace.data + 52, "-01", 3) == 0);
    (void)mr_struct_reader_unref(reader);
    bench_free(b);
}
END_TEST

START_TEST(an_emitted_event_that_breaks_its_schema_makes_a_dead_letter_of_its_cause)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_BAD_EMIT;
    send(b, 'a', 1, 1);
    turns(b);
    assert_effects(b, "");
    ck_assert_uint_eq(letters(b), 1);
    ASSERT_HEADER(letter(b), "mr_error_class", "refused");
    bench_free(b);
}
END_TEST

START_TEST(what_was_not_acknowledged_is_published_again_after_a_restart)
{
    struct bench *b = bench_new();

    b->fake->deliver_never = true;
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    turns(b);
    ck_assert_uint_eq(b->fake->n_published, 2);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_outbox"), 2);
    restart(b);
    b->fake->deliver_never = false;
    turns(b);
    ck_assert_uint_eq(b->fake->n_published, 4);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_outbox"), 0);
    assert_effects(b, "1,2");
    bench_free(b);
}
END_TEST

START_TEST(a_failed_delivery_is_repeated_in_order)
{
    struct bench *b = bench_new();

    b->fake->deliver_r = MR_AGAIN;
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    turns(b);
    ck_assert_int_eq(b->run.count.published, 0);
    b->fake->deliver_r = 0;
    turns(b);
    size_t n = b->fake->n_published;
    ck_assert_uint_ge(n, 4);
    ck_assert_int_eq(b->run.count.published, 2);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_outbox"), 0);
    ASSERT_HEADER(&b->fake->published[n - 2], "ce_causationid",
                  "11111111-1111-4111-8111-000000000001");
    ASSERT_HEADER(&b->fake->published[n - 1], "ce_causationid",
                  "11111111-1111-4111-8111-000000000002");
    bench_free(b);
}
END_TEST

START_TEST(a_delivery_that_the_broker_refuses_stops_and_keeps_the_row)
{
    struct bench *b = bench_new();
    int r = 0;

    b->fake->deliver_r = MR_INVALID;
    send(b, 'a', 1, 1);
    for (int i = 0; i < 3 && r == 0; i++)
        r = consume_turn(&b->run, 0, &b->error);
    ck_assert_int_eq(r, -EMSGSIZE);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_outbox"), 1);
    bench_free(b);
}
END_TEST

START_TEST(while_the_broker_takes_nothing_nothing_more_is_read)
{
    struct bench *b = bench_new();

    b->fake->produce_r = MR_FULL;
    send(b, 'a', 1, 1);
    turns(b);
    send(b, 'a', 2, 2);
    turns(b);
    assert_effects(b, "1");
    b->fake->produce_r = 0;
    turns(b);
    assert_effects(b, "1,2");
    ck_assert_uint_eq(b->fake->n_published, 2);
    bench_free(b);
}
END_TEST

START_TEST(a_missing_schema_of_what_is_emitted_refuses_the_start)
{
    struct bench *b = bench_new();

    consume_close(&b->run);
    b->fake->registry_r = MR_ABSENT;
    b->run = (struct consume){.consumer = &consumer,
                              .group = &b->group,
                              .store = b->store,
                              .options = b->run.options,
                              .self = &b->script};
    fake_attach(b->fake, &b->run);
    ck_assert_int_eq(consume_open(&b->run, &b->error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(b->error.text, "millrace schema register"));
    bench_free(b);
}
END_TEST

/* ---- retry by key ---- */

START_TEST(a_failing_event_holds_up_its_own_flow_only_and_in_order)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_AGAIN;
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    send(b, 'c', 3, 3); /* the same partition, another flow */
    send(b, 'b', 4, 4);
    send(b, 'a', 5, 5);
    turns(b);
    assert_effects(b, "3,4");
    ck_assert_int_eq(b->run.count.parked, 3);
    restart(b); /* waiting survives */
    b->script.order[1] = DO_KEEP;
    turns(b);
    assert_effects(b, "3,4");
    b->fake->now += 2 * SECOND;
    turns(b);
    assert_effects(b, "3,4,1,2,5");
    ck_assert_int_eq(b->script.attempts[1], 2);
    ck_assert_int_eq(b->script.attempts[2], 1);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_parked_key"), 0);
    send(b, 'a', 6, 6);
    turns(b);
    assert_effects(b, "3,4,1,2,5,6");
    bench_free(b);
}
END_TEST

START_TEST(waits_double_up_to_the_cap_with_jitter)
{
    struct mr_retry retry = {.initial_ms = 1000, .max_ms = 5000, .multiplier = 2};

    ck_assert_int_eq(consume_backoff(&retry, 1, 0), 1000000);
    ck_assert_int_eq(consume_backoff(&retry, 2, 0), 2000000);
    ck_assert_int_eq(consume_backoff(&retry, 3, 0), 4000000);
    ck_assert_int_eq(consume_backoff(&retry, 4, 0), 5000000);
    ck_assert_int_eq(consume_backoff(&retry, 1000, 0), 5000000);
    retry.jitter = true;
    ck_assert_int_eq(consume_backoff(&retry, 1, 0), 500000);
    ck_assert_int_eq(consume_backoff(&retry, 1, UINT64_MAX), 1000000);
    ck_assert_int_eq(consume_backoff(&retry, 2, UINT64_MAX / 2 + 1), 1500000);
}
END_TEST

START_TEST(after_the_last_attempt_comes_the_dead_letter_and_the_flow_goes_on)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_AGAIN;
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    for (int i = 0; i < 3; i++) {
        turns(b);
        b->fake->now += 4 * SECOND;
    }
    turns(b);
    ck_assert_int_eq(b->script.calls[1], 3);
    assert_effects(b, "2");
    ck_assert_uint_eq(letters(b), 1);
    ASSERT_HEADER(letter(b), "__dlq.errors.delivery.count", "3");
    ASSERT_HEADER(letter(b), "__dlq.errors.message", "not yet");
    ASSERT_HEADER(letter(b), "mr_error_class", "retries-exhausted");
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_parked_event"), 0);
    bench_free(b);
}
END_TEST

START_TEST(a_held_flow_waits_for_the_operator)
{
    struct bench *b = bench_new();

    b->group.retry.hold_key = true;
    b->script.order[1] = DO_INVALID;
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    send(b, 'c', 3, 3);
    turns(b);
    b->fake->now += 100 * SECOND;
    turns(b);
    assert_effects(b, "3");
    ck_assert_uint_eq(letters(b), 1);
    ck_assert_int_eq(number(b, "SELECT held FROM mr_parked_key"), 1);
    ck_assert_int_eq(mr_store_run(b->store, "UPDATE mr_parked_key SET held = 0, next_try = 0",
                                  MR_NO_VALUES, NULL),
                     0); /* as an operator would, beside the running consumer */
    b->fake->now += 2 * SECOND;
    turns(b);
    assert_effects(b, "3,2");
    bench_free(b);
}
END_TEST

START_TEST(too_many_parked_events_make_their_partition_wait)
{
    struct bench *b = bench_new();

    b->run.options.parked = 2;
    b->script.order[1] = DO_AGAIN;
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    send(b, 'a', 3, 3);
    send(b, 'c', 4, 4);
    send(b, 'b', 5, 5);
    turns(b);
    assert_effects(b, "5");
    ck_assert(fake_partition(b->fake, read_topics[0]->name, 1)->paused);
    ck_assert_int_eq(number(b, "SELECT next FROM mr_offset WHERE part = 1"), 2);
    b->script.order[1] = DO_KEEP;
    b->fake->now += 2 * SECOND;
    turns(b);
    turns(b);
    assert_effects(b, "5,1,2,3,4");
    ck_assert(!fake_partition(b->fake, read_topics[0]->name, 1)->paused);
    bench_free(b);
}
END_TEST

START_TEST(a_repeat_of_a_parked_event_is_handled_once)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_AGAIN;
    send(b, 'a', 1, 1);
    send(b, 'a', 1, 1);
    turns(b);
    b->script.order[1] = DO_KEEP;
    b->fake->now += 2 * SECOND;
    turns(b);
    assert_effects(b, "1");
    ck_assert_int_eq(b->run.count.duplicates, 1);
    bench_free(b);
}
END_TEST

/* ---- dead letters ---- */

START_TEST(a_refused_event_goes_to_the_dead_letters_untouched_with_its_story)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_INVALID;
    send(b, 'a', 1, 1);
    b->fake->records[0].headers[0] = (struct mr_header){"x-own", {(const uint8_t *)"kept", 4}};
    b->fake->records[0].headers[1] =
        (struct mr_header){"__dlq.errors.topic", {(const uint8_t *)"older", 5}};
    b->fake->records[0].headers[2] = (struct mr_header){"x-none", {NULL, 0}};
    b->fake->records[0].n_headers = 3;
    send(b, 'a', 2, 2);
    turns(b);
    assert_effects(b, "2");
    const struct fake_record *dead = letter(b), *was = &b->fake->records[0];
    ck_assert(dead->key.len == was->key.len &&
              memcmp(dead->key.data, was->key.data, was->key.len) == 0);
    ck_assert(dead->value.len == was->value.len &&
              memcmp(dead->value.data, was->value.data, was->value.len) == 0);
    ASSERT_HEADER(dead, "__dlq.errors.topic", read_topics[0]->name);
    ASSERT_HEADER(dead, "__dlq.errors.partition", "1");
    ASSERT_HEADER(dead, "__dlq.errors.offset", "0");
    ASSERT_HEADER(dead, "__dlq.errors.group", "test-group");
    ASSERT_HEADER(dead, "__dlq.errors.delivery.count", "1");
    ASSERT_HEADER(dead, "__dlq.errors.message", "quantity 1 is not for me");
    ASSERT_HEADER(dead, "mr_error_class", "refused");
    ASSERT_HEADER(dead, "mr_failed_at", "2023-11-14T22:13:20.000000Z");
    ASSERT_HEADER(dead, "x-own", "kept");
    ck_assert_uint_eq(dead->n_headers, 11);
    bench_free(b);
}
END_TEST

START_TEST(a_value_that_the_tables_refuse_makes_a_dead_letter)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_SQL_REFUSED;
    send(b, 'a', 1, 1);
    turns(b);
    assert_effects(b, "");
    ASSERT_HEADER(letter(b), "mr_error_class", "refused");
    ck_assert_ptr_nonnull(
        strstr(fake_header(letter(b), "__dlq.errors.message").data, "number >= 0"));
    bench_free(b);
}
END_TEST

static void send_raw(struct bench *b, const char *bytes, size_t len)
{
    fake_send(b->fake, read_topics[0]->name, 0, (struct mr_bytes){(const uint8_t *)"k", 1},
              (struct mr_bytes){(const uint8_t *)bytes, len}, NULL, 0);
}

START_TEST(bytes_that_are_no_event_make_dead_letters_by_class)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *class;
    } rows[] = {
        {"", 0, "no-wire-format"},
        {"\0\0\0", 3, "no-wire-format"},
        {"{\"json\": 1}", 11, "no-wire-format"},
        {"\0\0\0\3\347rest", 9, "unknown-schema"},
        {"\0\0\0\0\1rest", 9, "unknown-schema"}, /* a dead-letter topic: no schema */
    };
    struct bench *b = bench_new();

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++)
        send_raw(b, rows[i].bytes, rows[i].len);
    send(b, 'b', 2, 2);
    turns(b);
    assert_effects(b, "2");
    ck_assert_uint_eq(letters(b), MR_N_ELEMENTS(rows));
    size_t k = 0;
    for (size_t i = 0; i < b->fake->n_published; i++)
        if (strcmp(b->fake->published[i].topic, "test.dlq") == 0)
            ASSERT_HEADER(&b->fake->published[i], "mr_error_class", rows[k++].class);
    bench_free(b);
}
END_TEST

START_TEST(a_cut_event_and_one_of_another_topic_are_unreadable)
{
    struct bench *b = bench_new();
    uint8_t other[] = {0, 0, 0, 0, 0, 1, 2, 3};

    send(b, 'a', 1, 1);
    b->fake->records[0].value.len -= 3;
    other[4] = (uint8_t)fake_schema_id(&topic_ticketwave_catalog_inventory_updated_v1);
    send_raw(b, (const char *)other, sizeof(other));
    turns(b);
    assert_effects(b, "");
    ck_assert_uint_eq(letters(b), 2);
    for (size_t i = 0; i < 2; i++)
        ASSERT_HEADER(&b->fake->published[i], "mr_error_class", "unreadable");
    bench_free(b);
}
END_TEST

START_TEST(the_schema_may_be_named_in_a_header)
{
    struct bench *b = bench_new();
    uint8_t guid[17] = {1}, id[5] = {0};

    send(b, 'b', 1, 1);
    send(b, 'b', 2, 2);
    guid[1] = (uint8_t)(fake_schema_id(read_topics[0]) - 1);
    id[4] = (uint8_t)fake_schema_id(read_topics[0]);
    for (size_t i = 0; i < 2; i++) {
        struct fake_record *record = &b->fake->records[i];
        memmove((uint8_t *)(uintptr_t)record->value.data, record->value.data + 5,
                record->value.len - 5);
        record->value.len -= 5;
        record->headers[0] = (struct mr_header){
            "__value_schema_id", {i == 0 ? guid : id, i == 0 ? sizeof(guid) : sizeof(id)}};
        record->n_headers = 1;
    }
    turns(b);
    assert_effects(b, "1,2");
    bench_free(b);
}
END_TEST

START_TEST(a_null_value_is_counted_and_skipped)
{
    struct bench *b = bench_new();

    fake_send(b->fake, read_topics[0]->name, 0, (struct mr_bytes){(const uint8_t *)"k", 1},
              (struct mr_bytes){0}, NULL, 0);
    turns(b);
    ck_assert_int_eq(b->run.count.tombstones, 1);
    ck_assert_uint_eq(b->fake->n_published, 0);
    ck_assert_int_eq(number(b, "SELECT sum(next) FROM mr_offset WHERE part = 0"), 1);
    bench_free(b);
}
END_TEST

/* ---- the registry is away ---- */

START_TEST(without_the_registry_a_partition_waits_and_nothing_is_skipped)
{
    struct bench *b = bench_new();

    b->fake->registry_r = MR_AGAIN;
    send(b, 'b', 1, 1);
    send(b, 'b', 2, 2);
    turns(b);
    assert_effects(b, "");
    ck_assert_int_eq(b->run.count.holds, 1);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_offset WHERE next > 0"), 0);
    b->fake->now += SECOND;
    turns(b);
    ck_assert_int_eq(b->run.count.holds, 2);
    b->fake->registry_r = 0;
    b->fake->now += SECOND;
    turns(b);
    assert_effects(b, "1,2");
    ck_assert_uint_eq(letters(b), 0);
    bench_free(b);
}
END_TEST

START_TEST(a_parked_event_does_not_lose_attempts_to_an_absent_registry)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_AGAIN;
    send(b, 'a', 1, 1);
    turns(b);
    restart(b); /* the plan is gone from memory */
    b->fake->registry_r = MR_AGAIN;
    b->script.order[1] = DO_KEEP;
    for (int i = 0; i < 10; i++) {
        b->fake->now += 2 * SECOND;
        turn(b);
    }
    ck_assert_int_eq(number(b, "SELECT attempts FROM mr_parked_event"), 1);
    b->fake->registry_r = 0;
    b->fake->now += 2 * SECOND;
    turns(b);
    assert_effects(b, "1");
    bench_free(b);
}
END_TEST

START_TEST(a_refused_certificate_stops_the_process)
{
    struct bench *b = bench_new();

    b->fake->registry_r = -EACCES;
    send(b, 'b', 1, 1);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), -EACCES);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_offset WHERE next > 0"), 0);
    bench_free(b);
}
END_TEST

/* ---- partitions ---- */

START_TEST(a_part_of_the_partitions_is_refused_by_a_store_for_one)
{
    struct bench *b = bench_new();
    struct mr_topic_partition item = {read_topics[0]->name, 1, -1001};

    turn(b);
    consume_revoked(&b->run, &(struct mr_topic_partition){read_topics[0]->name, 0, 0}, 1, false);
    consume_revoked(&b->run, &item, 1, false);
    turn(b); /* between taking and giving nothing is judged */
    consume_assigned(&b->run, &item, 1);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(b->error.text, "1 of 2 partitions"));
    bench_free(b);
}
END_TEST

START_TEST(records_of_a_partition_that_was_taken_away_are_left_alone)
{
    struct bench *b = bench_new();

    turn(b);
    send(b, 'a', 1, 1);
    consume_revoked(&b->run, &(struct mr_topic_partition){read_topics[0]->name, 1, 0}, 1, true);
    turn(b);
    assert_effects(b, "");
    bench_free(b);
}
END_TEST

START_TEST(records_deleted_before_they_were_read_stop_the_start_unless_accepted)
{
    struct bench *b = bench_new();

    send(b, 'b', 1, 1);
    turns(b);
    for (int i = 2; i <= 5; i++)
        send(b, 'b', i, i);
    fake_partition(b->fake, read_topics[0]->name, 0)->low = 3;
    restart(b);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(b->error.text, "records 1 to 2 were deleted"));
    b->run.options.gap = "accept";
    restart(b);
    turns(b);
    assert_effects(b, "1,4,5");
    ck_assert_int_eq(b->run.count.gaps, 1);
    bench_free(b);
}
END_TEST

START_TEST(a_topic_that_was_made_anew_stops_the_start_unless_accepted)
{
    struct bench *b = bench_new();

    send(b, 'b', 1, 1);
    send(b, 'b', 2, 2);
    turns(b);
    fake_free_records(b->fake->records, b->fake->n_records, false);
    b->fake->n_records = 0;
    fake_partition(b->fake, read_topics[0]->name, 0)->high = 0;
    restart(b);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(b->error.text, "it was made anew"));
    b->run.options.gap = "accept";
    restart(b);
    send(b, 'b', 3, 3);
    turns(b);
    assert_effects(b, "1,2,3");
    bench_free(b);
}
END_TEST

START_TEST(once_ends_when_all_that_was_there_is_handled_and_published)
{
    struct bench *b = bench_new();
    int r = 0;

    b->run.options.once = true;
    send(b, 'a', 1, 1);
    send(b, 'b', 2, 2);
    b->fake->deliver_never = true;
    restart(b);
    turns(b);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), 0);
    b->fake->deliver_never = false;
    for (int i = 0; i < 5 && r == 0; i++)
        r = consume_turn(&b->run, 0, &b->error);
    ck_assert_int_eq(r, MR_END);
    assert_effects(b, "1,2");
    bench_free(b);
}
END_TEST

START_TEST(a_dry_run_handles_and_keeps_nothing)
{
    struct bench *b = bench_new();

    consume_close(&b->run);
    (void)mr_store_free(b->store);
    struct mr_store_options rehearse = {.rehearse = true};
    ck_assert_int_eq(mr_store_open("sqlite:/nonexistent/x.db", &rehearse, &b->store, NULL), 0);
    b->run.options.dry_run = b->run.options.once = true;
    b->script.order[2] = DO_INVALID;
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    start(b);
    ck_assert_int_eq(consume_run(&b->run, &b->error), 0);
    ck_assert_int_eq(b->run.count.handled, 1);
    ck_assert_int_eq(b->run.count.dead_lettered, 1);
    ck_assert_uint_eq(b->fake->n_published, 0);
    ck_assert_int_eq(fake_partition(b->fake, read_topics[0]->name, 1)->committed, 0);
    bench_free(b);
}
END_TEST

START_TEST(a_request_to_end_finishes_the_batch_and_publishes_what_it_emitted)
{
    struct bench *b = bench_new();

    send(b, 'a', 1, 1);
    turn(b); /* committed, perhaps not published */
    b->fake->stop = true;
    ck_assert_int_eq(consume_run(&b->run, &b->error), 0);
    ck_assert_uint_eq(b->fake->n_published, 1);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_outbox"), 0);
    ck_assert_int_eq(fake_partition(b->fake, read_topics[0]->name, 1)->committed, 1);
    bench_free(b);
}
END_TEST

START_TEST(the_summary_counts_every_outcome)
{
    struct bench *b = bench_new();
    MR_AUTO(mr_buf) struct mr_buf out = {0};

    b->script.order[2] = DO_AGAIN;
    b->script.order[3] = DO_INVALID;
    for (int i = 1; i <= 4; i++)
        send(b, (char)('a' + i), i, i);
    send(b, 'b', 1, 1);
    turns(b);
    b->fake->now += 3 * SECOND / 2;
    ck_assert_int_eq(consume_summary(&b->run, &out), 0);
    ck_assert_str_eq(mr_buf_cstr(&out),
                     "test-consumer: 2 handled, 1 duplicate, 0 retried, 1 parked, "
                     "1 dead-lettered, 2 emitted in 1.5 s, 1 still put aside in the store\n");
    out.len = 0;
    b->run.options.json = true;
    ck_assert_int_eq(consume_summary(&b->run, &out), 0);
    ck_assert_ptr_nonnull(strstr(mr_buf_cstr(&out), "\"handled\":2,\"duplicates\":1,"));
    ck_assert_ptr_nonnull(
        strstr(mr_buf_cstr(&out), "\"waiting_events\":1,\"waiting_flows\":1,\"held_flows\":0}"));
    bench_free(b);
}
END_TEST

/* ---- headers as bytes ---- */

START_TEST(packed_headers_come_back_and_broken_ones_are_refused)
{
    MR_AUTO(mr_buf) struct mr_buf packed = {0};
    struct mr_header header;
    size_t at = 0;

    ck_assert_int_eq(consume_pack(&packed, "a", (struct mr_bytes){(const uint8_t *)"xyz", 3}), 0);
    ck_assert_int_eq(consume_pack(&packed, "none", (struct mr_bytes){NULL, 0}), 0);
    ck_assert_int_eq(consume_pack(&packed, "empty", (struct mr_bytes){(const uint8_t *)"", 0}), 0);
    struct mr_bytes all = {packed.data, packed.len};
    ck_assert_int_eq(consume_unpack(all, &at, &header), 0);
    ck_assert_str_eq(header.name, "a");
    ck_assert(header.value.len == 3 && memcmp(header.value.data, "xyz", 3) == 0);
    ck_assert_int_eq(consume_unpack(all, &at, &header), 0);
    ck_assert_ptr_null(header.value.data);
    ck_assert_int_eq(consume_unpack(all, &at, &header), 0);
    ck_assert(header.value.data != NULL && header.value.len == 0);
    ck_assert_int_eq(consume_unpack(all, &at, &header), MR_END);
    for (size_t len = 1; len < packed.len; len++) {
        uint8_t *cut = malloc(len); /* an exact end, for the sanitizer */
        int r = 0;
        memcpy(cut, packed.data, len);
        for (at = 0; r == 0;)
            r = consume_unpack((struct mr_bytes){cut, len}, &at, &header);
        ck_assert(r == MR_END || r == MR_INVALID);
        free(cut);
    }
}
END_TEST

int main(void)
{
    return unit_run("consume",
                    (const TTest *[]){
                        events_are_handled_once_and_offsets_move_with_their_effects,
                        a_repeat_is_counted_and_skipped_also_after_a_restart,
                        the_stores_offsets_win_over_kafkas,
                        a_crash_before_commit_leaves_nothing_and_the_batch_comes_again,
                        an_owner_that_was_overtaken_commits_nothing,
                        a_handlers_nonsense_stops_the_process_with_its_name,
                        an_emitted_event_is_caused_by_the_one_that_was_handled,
                        an_emitted_event_that_breaks_its_schema_makes_a_dead_letter_of_its_cause,
                        what_was_not_acknowledged_is_published_again_after_a_restart,
                        a_failed_delivery_is_repeated_in_order,
                        a_delivery_that_the_broker_refuses_stops_and_keeps_the_row,
                        while_the_broker_takes_nothing_nothing_more_is_read,
                        a_missing_schema_of_what_is_emitted_refuses_the_start,
                        a_failing_event_holds_up_its_own_flow_only_and_in_order,
                        waits_double_up_to_the_cap_with_jitter,
                        after_the_last_attempt_comes_the_dead_letter_and_the_flow_goes_on,
                        a_held_flow_waits_for_the_operator,
                        too_many_parked_events_make_their_partition_wait,
                        a_repeat_of_a_parked_event_is_handled_once,
                        a_refused_event_goes_to_the_dead_letters_untouched_with_its_story,
                        a_value_that_the_tables_refuse_makes_a_dead_letter,
                        bytes_that_are_no_event_make_dead_letters_by_class,
                        a_cut_event_and_one_of_another_topic_are_unreadable,
                        the_schema_may_be_named_in_a_header,
                        a_null_value_is_counted_and_skipped,
                        without_the_registry_a_partition_waits_and_nothing_is_skipped,
                        a_parked_event_does_not_lose_attempts_to_an_absent_registry,
                        a_refused_certificate_stops_the_process,
                        a_part_of_the_partitions_is_refused_by_a_store_for_one,
                        records_of_a_partition_that_was_taken_away_are_left_alone,
                        records_deleted_before_they_were_read_stop_the_start_unless_accepted,
                        a_topic_that_was_made_anew_stops_the_start_unless_accepted,
                        once_ends_when_all_that_was_there_is_handled_and_published,
                        a_dry_run_handles_and_keeps_nothing,
                        a_request_to_end_finishes_the_batch_and_publishes_what_it_emitted,
                        the_summary_counts_every_outcome,
                        packed_headers_come_back_and_broken_ones_are_refused,
                        NULL,
                    });
}
