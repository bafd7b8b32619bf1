/* SPDX-License-Identifier: Apache-2.0 */
/* lib/kafka: a new producer in the place of one that came to its end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/kafka_fixture.h"
#include "support/unit.h"

enum { KEYS = 3, OUT_OF_ORDER = 45 }; /* Kafka's code */

/* Number i under one of the keys; tag and value are i. */
static int put_number(struct fixture *f, int i)
{
    static const char *const keys[KEYS] = {"a", "bb", "ccc"};
    char value[16];

    (void)snprintf(value, sizeof(value), "%d", i);
    return put(f, keys[i % KEYS], value, (uint64_t)i);
}

static void put_numbers(struct fixture *f, int from, int to)
{
    for (int i = from; i < to; i++)
        ck_assert_int_eq(put_number(f, i), 0);
}

static void poll_until_broken(struct fixture *f, struct mr_error *error)
{
    int r = 0;

    for (int i = 0; i < WAIT && r >= 0; i++)
        r = mr_kafka_producer_poll(f->producer, 1, error);
    ck_assert_int_eq(r, -EPROTO);
}

static void renew(struct fixture *f)
{
    struct mr_error error = MR_ERROR_INIT;
    int r = MR_AGAIN;

    for (int i = 0; i < WAIT && r == MR_AGAIN; i++) {
        (void)mr_kafka_producer_poll(f->producer, 1, NULL);
        r = mr_kafka_producer_renew(f->producer, &error);
    }
    ck_assert_msg(r == 0, "%d: %s", r, error.text);
}

/* Each number is on the topic, those of a key in order if repeats are dropped, with its headers;
 * each was reported once, as delivered. Gives the number of records. */
static int64_t check_numbers(struct fixture *f, int n)
{
    MR_AUTO(mr_kafka_consumer) struct mr_kafka_consumer *consumer = reader(f);
    struct mr_topic_partition ends[3];
    int last[KEYS] = {-1, -1, -1};
    int64_t n_records = 0;
    struct mr_message m;

    ck_assert_uint_eq(f->reports.n_failed, 0);
    ck_assert_uint_eq(f->reports.n_ok, (size_t)n);
    ck_assert_uint_eq(f->reports.tags, (uint64_t)n * (uint64_t)(n - 1) / 2);
    for (int i = 0; i < 3; i++)
        ends[i] = (struct mr_topic_partition){"orders", i, 0};
    ck_assert_int_eq(mr_kafka_offsets_for_time(consumer, ends, 3, MR_OFFSET_END, WAIT, NULL), 0);
    for (int i = 0; i < 3; i++)
        n_records += ends[i].offset;
    for (int64_t i = 0; i < n_records; i++) {
        struct mr_bytes type;
        char text[16] = "";
        read_n(consumer, &m, 1);
        memcpy(text, m.value.data, m.value.len);
        int number = (int)strtol(text, NULL, 10);
        int key = (int)m.key.len - 1;
        ck_assert_int_eq(number % KEYS, key);
        ck_assert_int_le(number, last[key] < 0 ? key : last[key] + KEYS);
        if (number > last[key])
            last[key] = number;
        ck_assert_int_eq(mr_kafka_header(&m, "ce_type", &type), 0);
        ck_assert_mem_eq(type.data, "order.created", 13);
        ck_assert_uint_eq(mr_kafka_n_headers(&m), 2);
        mr_kafka_message_done(&m);
    }
    for (int i = 0; i < KEYS; i++)
        ck_assert_int_ge(last[i], n - KEYS);
    return n_records;
}

START_TEST(what_a_producer_at_its_end_had_not_delivered_goes_out_again_in_order)
{
    struct mr_error error = MR_ERROR_INIT;
    struct fixture f;

    open_fixture(&f, 1);
    mr_kafka_producer_renewable(f.producer);
    put_numbers(&f, 0, 30);
    ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    put_numbers(&f, 30, 60); /* some on their way, some not yet */
    mr_kafka_producer_spoil(f.producer);
    ck_assert_int_eq(put_number(&f, 60), MR_FULL);
    poll_until_broken(&f, &error);
    ck_assert_ptr_nonnull(strstr(error.text, "a test"));
    renew(&f);
    ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    put_numbers(&f, 60, 90);
    ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    ck_assert_int_ge(check_numbers(&f, 90), 90);
    ck_assert_uint_eq(mr_kafka_outstanding(f.producer), 0);
    close_fixture(&f);
}
END_TEST

/* The embedded broker does not check sequences: what follows a refused request would come before
 * it, so there is one at a time. */
START_TEST(brokers_that_lost_count_of_a_producer_get_all_of_it_from_a_new_one)
{
    static const char *const one[] = {"linger.ms=1", "max.in.flight=1", "retry.backoff.ms=10"};
    static const int errors[] = {OUT_OF_ORDER};
    struct mr_error error = MR_ERROR_INIT;
    struct fixture f;

    open_fixture(&f, 1);
    f.producer = mr_kafka_producer_free(f.producer);
    f.config.properties = one;
    f.config.n_properties = MR_N_ELEMENTS(one);
    ck_assert_int_eq(mr_kafka_producer_new(&f.config, delivered, &f.reports, &f.producer, &error),
                     0);
    mr_kafka_producer_renewable(f.producer);
    put_numbers(&f, 0, 30);
    ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    ck_assert_int_eq(mr_kafka_embedded_fail(f.embedded, 0, errors, 1), 0);
    put_numbers(&f, 30, 60);
    poll_until_broken(&f, &error);
    renew(&f);
    ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    ck_assert_int_ge(check_numbers(&f, 60), 60);
    close_fixture(&f);
}
END_TEST

START_TEST(a_producer_may_be_made_anew_again_and_again)
{
    struct mr_error error = MR_ERROR_INIT;
    struct fixture f;

    open_fixture(&f, 1);
    mr_kafka_producer_renewable(f.producer);
    for (int i = 0; i < 5; i++) {
        put_numbers(&f, i * 12, i * 12 + 12);
        mr_kafka_producer_spoil(f.producer);
        poll_until_broken(&f, &error);
        renew(&f);
        mr_kafka_producer_spoil(f.producer); /* with all of it kept once more */
        poll_until_broken(&f, &error);
        renew(&f);
    }
    ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    ck_assert_int_ge(check_numbers(&f, 60), 60);
    close_fixture(&f);
}
END_TEST

START_TEST(what_is_kept_is_freed_with_its_producer)
{
    struct mr_error error = MR_ERROR_INIT;
    struct fixture f;

    open_fixture(&f, 1);
    mr_kafka_producer_renewable(f.producer);
    ck_assert_int_eq(mr_kafka_embedded_broker_down(f.embedded, -1, true), 0);
    put_numbers(&f, 0, 30);
    ck_assert_int_eq(put(&f, "k", NULL, 30), 0); /* a null value */
    mr_kafka_producer_spoil(f.producer);
    poll_until_broken(&f, &error);
    ck_assert_uint_eq(mr_kafka_outstanding(f.producer), 31);
    ck_assert_uint_eq(f.reports.n_failed, 0);
    close_fixture(&f);
}
END_TEST

START_TEST(who_did_not_ask_for_it_is_told_of_the_end_as_an_error)
{
    struct mr_error error = MR_ERROR_INIT;
    struct fixture f;

    open_fixture(&f, 1);
    mr_kafka_producer_spoil(f.producer);
    ck_assert_int_eq(put_number(&f, 0), -EPROTO);
    ck_assert_int_eq(mr_kafka_producer_poll(f.producer, 100, &error), -EPROTO);
    ck_assert_uint_eq(mr_kafka_outstanding(f.producer), 0);
    close_fixture(&f);
}
END_TEST

int main(void)
{
    return unit_run("kafka_renew",
                    (const TTest *[]){
                        what_a_producer_at_its_end_had_not_delivered_goes_out_again_in_order,
                        brokers_that_lost_count_of_a_producer_get_all_of_it_from_a_new_one,
                        a_producer_may_be_made_anew_again_and_again,
                        what_is_kept_is_freed_with_its_producer,
                        who_did_not_ask_for_it_is_told_of_the_end_as_an_error,
                        NULL,
                    });
}
