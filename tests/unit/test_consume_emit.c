/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine: events that it emits, and their deliveries. */
#include <errno.h>

#include "consume_bench.h"

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

START_TEST(a_producer_at_its_end_is_made_anew_and_nothing_is_lost)
{
    struct bench *b = bench_new();

    send(b, 'a', 1, 1);
    b->fake->deliver_never = true; /* one is on its way, the next cannot be sent */
    turns(b);
    b->fake->deliver_never = false;
    b->fake->spoiled = true;
    send(b, 'a', 2, 2);
    turns(b);
    ck_assert_int_eq(b->run.count.renewals, 1);
    ck_assert_int_eq(b->run.count.published, 2);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_outbox"), 0);
    assert_effects(b, "1,2");
    bench_free(b);
}
END_TEST

START_TEST(producers_that_come_to_their_end_one_after_the_other_stop_the_consumer)
{
    struct bench *b = bench_new();
    int64_t begun = b->fake->now;
    int r = 0;

    b->fake->spoiled = b->fake->spoiled_again = true;
    send(b, 'a', 1, 1);
    for (int i = 0; i < 10000 && r == 0; i++, b->fake->now += SECOND / 10)
        r = consume_turn(&b->run, 0, &b->error);
    ck_assert_int_eq(r, -EPROTO);
    ck_assert_str_eq(b->error.text,
                     "the brokers lost track of 10 producers within 10 minutes: out of step");
    ck_assert_int_eq(b->run.count.renewals, 10);
    ck_assert_int_gt(b->fake->now - begun, 50 * SECOND); /* 0.1 s, doubled: 51.1 s */
    ck_assert_int_lt(b->fake->now - begun, 55 * SECOND);
    b->fake->now += 600 * SECOND; /* what was long ago does not count */
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), 0);
    ck_assert_int_eq(b->run.count.renewals, 11);
    b->fake->spoiled = b->fake->spoiled_again = false;
    turns(b);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_outbox"), 0);
    ck_assert_int_eq(b->run.count.published, 1);
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

int main(void)
{
    return unit_run("consume_emit",
                    (const TTest *[]){
                        an_emitted_event_is_caused_by_the_one_that_was_handled,
                        an_emitted_event_that_breaks_its_schema_makes_a_dead_letter_of_its_cause,
                        what_was_not_acknowledged_is_published_again_after_a_restart,
                        a_failed_delivery_is_repeated_in_order,
                        a_delivery_that_the_broker_refuses_stops_and_keeps_the_row,
                        while_the_broker_takes_nothing_nothing_more_is_read,
                        a_producer_at_its_end_is_made_anew_and_nothing_is_lost,
                        producers_that_come_to_their_end_one_after_the_other_stop_the_consumer,
                        a_missing_schema_of_what_is_emitted_refuses_the_start,
                        NULL,
                    });
}
