/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine: what becomes a dead letter, and what is skipped. */
#include "consume_bench.h"

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
    ck_assert_ptr_nonnull(strstr(fake_header(letter(b), "__dlq.errors.message").data,
                                 on_postgres() ? "effect_number_check" : "number >= 0"));
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

START_TEST(a_dead_letter_that_is_too_large_goes_out_without_its_value_and_holds_up_nobody)
{
    struct bench *b = bench_new();
    char large[600];

    memset(large, 'x', sizeof(large));
    b->fake->largest = sizeof(large) - 1;
    send_raw(b, large, sizeof(large));
    send_raw(b, "no Avro", 7);
    send_raw(b, large, sizeof(large));
    send(b, 'a', 1, 1);
    for (int i = 0; i < 10; i++)
        turn(b);
    assert_effects(b, "1");
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_outbox"), 0);
    ck_assert_int_eq(b->run.count.dead_lettered, 3);
    int n_short = 0;
    for (size_t i = 0; i < b->fake->n_published; i++) {
        const struct fake_record *record = &b->fake->published[i];
        if (record->value.data)
            continue;
        ASSERT_HEADER(record, "mr_value_left_out", "600");
        ASSERT_HEADER(record, "mr_error_class", "no-wire-format");
        n_short |= mr_str_is(fake_header(record, "__dlq.errors.offset"), "0") ? 1 : 2;
    }
    ck_assert_int_eq(n_short, 1 | 2);
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

int main(void)
{
    return unit_run(
        "consume_dead",
        (const TTest *[]){
            a_refused_event_goes_to_the_dead_letters_untouched_with_its_story,
            a_value_that_the_tables_refuse_makes_a_dead_letter,
            bytes_that_are_no_event_make_dead_letters_by_class,
            a_dead_letter_that_is_too_large_goes_out_without_its_value_and_holds_up_nobody,
            a_cut_event_and_one_of_another_topic_are_unreadable,
            the_schema_may_be_named_in_a_header,
            a_null_value_is_counted_and_skipped,
            NULL,
        });
}
