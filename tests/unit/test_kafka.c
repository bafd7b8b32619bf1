/* SPDX-License-Identifier: Apache-2.0 */
/* lib/kafka against the embedded broker. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/kafka/kafka_consumer.h"
#include "support/kafka_fixture.h"
#include "support/unit.h"

START_TEST(a_record_comes_back_with_its_key_value_and_headers)
{
    struct fixture f;
    struct mr_message m;
    struct mr_bytes type;
    struct mr_header header;

    open_fixture(&f, 1);
    ck_assert_int_eq(put(&f, "flow-1", "hello", 7), 0);
    ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    ck_assert_uint_eq(f.reports.n_ok, 1);
    ck_assert_uint_eq(f.reports.tags, 7);

    MR_AUTO(mr_kafka_consumer) struct mr_kafka_consumer *consumer = reader(&f);
    read_n(consumer, &m, 1);
    ck_assert_str_eq(m.topic, "orders");
    ck_assert_int_eq(m.offset, 0);
    ck_assert(!m.tombstone && !m.end);
    ck_assert_mem_eq(m.key.data, "flow-1", 6);
    ck_assert_uint_eq(m.value.len, 5);
    ck_assert_mem_eq(m.value.data, "hello", 5);
    ck_assert_int_gt(m.timestamp_ms, 0);
    ck_assert_uint_eq(mr_kafka_n_headers(&m), 2);
    ck_assert_int_eq(mr_kafka_header(&m, "ce_type", &type), 0);
    ck_assert_mem_eq(type.data, "order.created", 13);
    ck_assert_int_eq(mr_kafka_header(&m, "ce_id", &type), MR_ABSENT);
    ck_assert_int_eq(mr_kafka_header_at(&m, 1, &header), 0);
    ck_assert_str_eq(header.name, "empty");
    ck_assert_ptr_null(header.value.data);
    mr_kafka_message_done(&m);
    close_fixture(&f);
}
END_TEST

/* Header lists are used again for the next record: what the caller points to may have changed. */
START_TEST(a_header_that_changes_in_place_is_sent_as_it_is_now)
{
    static const char *const names[] = {"first", "other"};
    struct fixture f;
    struct mr_message m[2];
    struct mr_header header;
    char name[6];
    uint8_t value[2];
    const struct mr_header now = {name, {value, sizeof(value)}, false};
    const struct mr_bytes body = {(const uint8_t *)"x", 1};

    open_fixture(&f, 1);
    for (int i = 0; i < 2; i++) {
        memcpy(name, names[i], sizeof(name));
        memset(value, 'a' + i, sizeof(value));
        ck_assert_int_eq(mr_kafka_produce(f.producer, "orders", 0, body, &body, &now, 1, 1, NULL),
                         0);
        ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    }
    MR_AUTO(mr_kafka_consumer) struct mr_kafka_consumer *consumer = reader(&f);
    read_n(consumer, m, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(mr_kafka_header_at(&m[i], 0, &header), 0);
        ck_assert_str_eq(header.name, names[i]);
        ck_assert_int_eq(header.value.data[0], 'a' + i);
        mr_kafka_message_done(&m[i]);
    }
    close_fixture(&f);
}
END_TEST

START_TEST(a_tombstone_is_not_an_empty_value)
{
    struct fixture f;
    struct mr_message m[2];

    open_fixture(&f, 1);
    ck_assert_int_eq(put(&f, "k", NULL, 0), 0);
    ck_assert_int_eq(put(&f, "k", "", 0), 0);
    ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    MR_AUTO(mr_kafka_consumer) struct mr_kafka_consumer *consumer = reader(&f);
    read_n(consumer, m, 2);
    ck_assert(m[0].tombstone);
    ck_assert(!m[1].tombstone);
    ck_assert_uint_eq(m[1].value.len, 0);
    mr_kafka_message_done(&m[0]);
    mr_kafka_message_done(&m[1]);
    close_fixture(&f);
}
END_TEST

START_TEST(one_key_stays_on_one_partition_in_order)
{
    enum { N = 300 };
    struct fixture f;
    static struct mr_message m[N];
    int32_t partition = -1;
    int64_t next = 0;

    open_fixture(&f, 1);
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(put(&f,
                             i % 3 == 0   ? "a"
                             : i % 3 == 1 ? "bb"
                                          : "ccc",
                             "v", (uint64_t)i),
                         0);
    ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    ck_assert_uint_eq(f.reports.n_ok, N);
    ck_assert_uint_eq(f.reports.tags, N * (N - 1) / 2);
    ck_assert_uint_eq(mr_kafka_outstanding(f.producer), 0);
    MR_AUTO(mr_kafka_consumer) struct mr_kafka_consumer *consumer = reader(&f);
    read_n(consumer, m, N);
    for (int i = 0; i < N; i++) {
        if (m[i].key.len == 1) {
            ck_assert(partition < 0 || m[i].partition == partition);
            ck_assert_int_ge(m[i].offset, next);
            partition = m[i].partition;
            next = m[i].offset + 1;
        }
        mr_kafka_message_done(&m[i]);
    }
    close_fixture(&f);
}
END_TEST

START_TEST(a_passing_broker_error_loses_nothing)
{
    static const int errors[] = {6, 7, 19, MR_EMBEDDED_DISCONNECT}; /* Kafka's protocol numbers */
    struct fixture f;

    open_fixture(&f, 1);
    ck_assert_int_eq(mr_kafka_embedded_fail(f.embedded, 0, errors, MR_N_ELEMENTS(errors)), 0);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(put(&f, "k", "v", 1), 0);
    ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    ck_assert_uint_eq(f.reports.n_ok, 10);
    ck_assert_uint_eq(f.reports.n_failed, 0);
    close_fixture(&f);
}
END_TEST

START_TEST(a_record_that_is_too_large_is_refused_with_its_size)
{
    struct fixture f;
    struct mr_error error = MR_ERROR_INIT;
    static uint8_t big[2 << 20];
    const struct mr_bytes value = {big, sizeof(big)};

    open_fixture(&f, 1);
    ck_assert_int_eq(mr_kafka_produce(f.producer, "orders", -1, (struct mr_bytes){big, 1}, &value,
                                      NULL, 0, 0, &error),
                     MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "2097152 bytes"));
    ck_assert_uint_eq(mr_kafka_outstanding(f.producer), 0);
    close_fixture(&f);
}
END_TEST

START_TEST(a_full_queue_says_so_and_takes_more_after_a_poll)
{
    struct fixture f;
    struct mr_error error = MR_ERROR_INIT;
    static const char *const properties[] = {"queue.buffering.max.messages=10", "linger.ms=0"};
    int r = 0, n = 0;

    open_fixture(&f, 1);
    f.producer = mr_kafka_producer_free(f.producer);
    f.config.properties = properties;
    f.config.n_properties = MR_N_ELEMENTS(properties);
    ck_assert_int_eq(mr_kafka_producer_new(&f.config, delivered, &f.reports, &f.producer, &error),
                     0);
    while (n < 100 && (r = put(&f, "k", "v", 1)) == 0)
        n++;
    ck_assert_int_eq(r, MR_FULL);
    ck_assert_int_eq(n, 10);
    ck_assert_int_gt(mr_kafka_producer_poll(f.producer, WAIT, &error), 0);
    ck_assert_int_eq(put(&f, "k", "v", 1), 0);
    ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    ck_assert_uint_eq(f.reports.n_ok, 11);
    close_fixture(&f);
}
END_TEST

static void count_assigned(void *self, struct mr_topic_partition *items, size_t n_items)
{
    (void)items;
    *(size_t *)self += n_items;
}

/* Nobody polls while the group lets it in: its partitions come when it closes. */
START_TEST(what_is_assigned_to_a_consumer_that_closes_is_given_back_untouched)
{
    const char *const topics[] = {"orders"};
    struct fixture f;
    size_t n_assigned = 0;
    struct mr_rebalance rebalance = {.assigned = count_assigned, .self = &n_assigned};
    struct mr_kafka_consumer *consumer;
    struct mr_error error = MR_ERROR_INIT;

    open_fixture(&f, 1);
    ck_assert_int_eq(mr_kafka_consumer_new(&f.config, "group", &rebalance, &consumer, &error), 0);
    ck_assert_int_eq(mr_kafka_subscribe(consumer, topics, 1, &error), 0);
    while (rd_kafka_queue_length(consumer->queue) == 0)
        (void)usleep(10000); /* the embedded broker waits 3 s for more members */
    ck_assert_ptr_null(mr_kafka_consumer_free(consumer));
    ck_assert_uint_eq(n_assigned, 0);
    close_fixture(&f);
}
END_TEST

START_TEST(watermarks_of_all_partitions_come_in_one_call)
{
    struct fixture f;
    struct mr_error error = MR_ERROR_INIT;
    int64_t low, high;

    open_fixture(&f, 1);
    ck_assert_int_eq(put(&f, "flow-1", "v", 0), 0);
    ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    MR_AUTO(mr_kafka_consumer) struct mr_kafka_consumer *consumer = reader(&f);
    struct mr_topic_partition items[] = {{"orders", 0, 0}, {"orders", 1, 0}, {"orders", 2, 0}};
    ck_assert_msg(mr_kafka_offsets_for_time(consumer, items, 3, MR_OFFSET_END, WAIT, &error) == 0,
                  "%s", error.text);
    ck_assert_int_eq(items[0].offset + items[1].offset + items[2].offset, 1);
    ck_assert_int_eq(
        mr_kafka_offsets_for_time(consumer, items, 3, MR_OFFSET_BEGINNING, WAIT, &error), 0);
    ck_assert_int_eq(items[0].offset + items[1].offset + items[2].offset, 0);
    ck_assert_int_eq(mr_kafka_watermarks(consumer, "orders", 0, WAIT, &low, &high, &error), 0);
    ck_assert_int_eq(low, 0);
    close_fixture(&f);
}
END_TEST

START_TEST(topics_are_listed_by_name_and_none_is_made_by_asking)
{
    struct fixture f;
    struct mr_kafka_topic_info *topics;
    size_t n;
    struct mr_error error = MR_ERROR_INIT;

    open_fixture(&f, 1);
    ck_assert_int_eq(mr_kafka_embedded_create(f.embedded, "alerts", 1), 0);
    ck_assert_int_eq(mr_kafka_embedded_create(f.embedded, "alerts", 1), MR_ABSENT);
    ck_assert_int_eq(
        mr_kafka_topics(mr_kafka_producer_client(f.producer), WAIT, &topics, &n, &error), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(topics[0].name, "alerts");
    ck_assert_int_eq(topics[1].n_partitions, 3);
    ck_assert_ptr_eq(mr_kafka_topics_find(topics, n, "orders"), &topics[1]);
    ck_assert_ptr_null(mr_kafka_topics_find(topics, n, "order"));
    mr_kafka_topics_free(topics, n);
    close_fixture(&f);
}
END_TEST

START_TEST(properties_that_break_a_promise_or_do_not_exist_are_refused)
{
    static const char *const cases[][2] = {
        {"delivery.report.only.error=true", "delivery report"},
        {"no.such.property=1", "no.such.property"},
        {"linger.ms=never", "linger.ms"},
        {"linger.ms", "key=value"},
    };
    struct mr_kafka_producer *producer = NULL;
    struct mr_kafka_consumer *consumer = NULL;

    for (size_t i = 0; i < MR_N_ELEMENTS(cases); i++) {
        struct mr_error error = MR_ERROR_INIT;
        struct mr_kafka_config config = {"127.0.0.1:1", NULL, &cases[i][0], 1};
        ck_assert_int_eq(mr_kafka_producer_new(&config, delivered, NULL, &producer, &error),
                         MR_INVALID);
        ck_assert_msg(strstr(error.text, cases[i][1]) != NULL, "%s", error.text);
    }
    struct mr_error error = MR_ERROR_INIT;
    static const char *const commits[] = {"enable.auto.commit=true"};
    struct mr_kafka_config config = {"127.0.0.1:1", NULL, commits, 1};
    ck_assert_int_eq(mr_kafka_consumer_new(&config, "g", NULL, &consumer, &error), MR_INVALID);
    config = (struct mr_kafka_config){0};
    ck_assert_int_eq(mr_kafka_producer_new(&config, delivered, NULL, &producer, &error),
                     MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "MILLRACE_BROKERS"));
}
END_TEST

START_TEST(an_unreachable_broker_is_named_with_its_reason)
{
    struct mr_kafka_config config = {.brokers = "127.0.0.1:1"};
    MR_AUTO(mr_kafka_client) struct mr_kafka_client *client = NULL;
    struct mr_kafka_topic_info *topics;
    size_t n;
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_int_eq(mr_kafka_client_new(&config, &client, &error), 0);
    ck_assert_int_eq(mr_kafka_topics(client, 300, &topics, &n, &error), MR_AGAIN);
    ck_assert_ptr_nonnull(strstr(error.text, "127.0.0.1:1"));
    ck_assert_msg(strstr(error.text, "refused") != NULL, "%s", error.text);
}
END_TEST

START_TEST(every_error_has_a_class)
{
    ck_assert_int_eq(mr_kafka_classify(0), 0);
    ck_assert_int_eq(mr_kafka_classify(3), MR_ABSENT);   /* UNKNOWN_TOPIC_OR_PART */
    ck_assert_int_eq(mr_kafka_classify(10), MR_INVALID); /* MSG_SIZE_TOO_LARGE */
    ck_assert_int_eq(mr_kafka_classify(19), MR_AGAIN);   /* NOT_ENOUGH_REPLICAS */
    ck_assert_int_eq(mr_kafka_classify(29), -EACCES);    /* TOPIC_AUTHORIZATION_FAILED */
    ck_assert_int_eq(mr_kafka_classify(-184), MR_FULL);  /* _QUEUE_FULL */
    ck_assert_int_eq(mr_kafka_classify(-12345), -EIO);
}
END_TEST

int main(void)
{
    return unit_run("kafka", (const TTest *[]){
                                 a_record_comes_back_with_its_key_value_and_headers,
                                 a_header_that_changes_in_place_is_sent_as_it_is_now,
                                 a_tombstone_is_not_an_empty_value,
                                 one_key_stays_on_one_partition_in_order,
                                 a_passing_broker_error_loses_nothing,
                                 a_record_that_is_too_large_is_refused_with_its_size,
                                 a_full_queue_says_so_and_takes_more_after_a_poll,
                                 what_is_assigned_to_a_consumer_that_closes_is_given_back_untouched,
                                 watermarks_of_all_partitions_come_in_one_call,
                                 topics_are_listed_by_name_and_none_is_made_by_asking,
                                 properties_that_break_a_promise_or_do_not_exist_are_refused,
                                 an_unreachable_broker_is_named_with_its_reason,
                                 every_error_has_a_class,
                                 NULL,
                             });
}
