/* SPDX-License-Identifier: Apache-2.0 */
/* The store on a topic, against librdkafka's broker in the process: leading, being deposed, what
 * comes too late, brokers that do not answer, memory that runs out between append and apply. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "millrace/kafka.h"
#include "store_kafka_inside.h"
#include "support/registry_inside.h"
#include "support/unit.h"

#define TOPIC "_schemas"
#define INT_SCHEMA "{\"schema\":\"\\\"int\\\"\"}"
#define LONG_SCHEMA "{\"schema\":\"\\\"long\\\"\"}"
#define BYTES_SCHEMA "{\"schema\":\"\\\"bytes\\\"\"}"

static struct mr_kafka_embedded *broker;

static void start_broker(void)
{
    ck_assert_int_eq(mr_kafka_embedded_start(1, &broker, NULL), 0);
    ck_assert_int_eq(mr_kafka_embedded_create(broker, TOPIC, 1), 0);
}

static void stop_broker(void)
{
    broker = mr_kafka_embedded_stop(broker);
}

/* url: nobody listens there, so that whoever comes next takes over. */
static struct kafka_store *open_store(const char *url, bool follow, int timeout_ms)
{
    const struct mr_registry_kafka kafka = {.brokers = mr_kafka_embedded_brokers(broker),
                                            .topic = TOPIC,
                                            .replication = 1,
                                            .follow = follow,
                                            .timeout_ms = timeout_ms,
                                            .takeover_ms = 3600000};
    const struct mr_registry_server_config config = {.kafka = &kafka};
    struct mr_error error = MR_ERROR_INIT;
    struct store *store;

    ck_assert_msg(store_kafka_new(&config, url, &store, &error) == 0, "%s", error.text);
    return kafka_store(store);
}

static struct core *open_core(const char *url, bool follow, int timeout_ms)
{
    struct mr_error error = MR_ERROR_INIT;
    struct core *core;
    int r = core_new_take(&open_store(url, follow, timeout_ms)->store, MR_COMPAT_NONE, false, &core,
                          &error);

    ck_assert_msg(r == 0, "%s", error.text);
    return core;
}

#define URL(n) "http://127.0.0.1:" #n
enum { LONG_MS = 10000, SHORT_MS = 1500 };

/* Polls with a deadline. */
#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
        const struct timespec slice_ = {.tv_nsec = 2000000};                                       \
        int64_t deadline_ = mr_time_steady() + 10000000;                                           \
        while (!(condition) && mr_time_steady() < deadline_)                                       \
            (void)nanosleep(&slice_, NULL);                                                        \
        ck_assert_msg(condition, #condition);                                                      \
    } while (0)

static int ask(struct core *core, const char *method, const char *target, const char *body,
               unsigned *ret_status)
{
    struct reply reply = {0};
    int r = rest_handle(core, method, target, mr_str_from(body), false, &reply);

    *ret_status = reply.status;
    reply_done(&reply);
    return r;
}

static bool holds(struct core *core, const char *target, const char *text)
{
    struct reply reply = call(core, "GET", target, NULL);
    bool found = strstr((const char *)reply.body.data, text) != NULL;

    reply_done(&reply);
    return found;
}

START_TEST(what_was_answered_is_there_after_a_restart_and_for_followers)
{
    start_broker();
    struct core *leader = open_core(URL(1), false, LONG_MS);
    struct core *follower = open_core(URL(2), true, LONG_MS);
    struct reply reply = {0};
    unsigned status;

    ck_assert_int_eq(
        rest_handle(leader, "POST", "/subjects/s/versions", mr_str_from(INT_SCHEMA), true, &reply),
        MR_AGAIN); /* never on a thread that serves connections */
    expect(leader, "POST", "/subjects/s/versions", INT_SCHEMA, 200, "{\"id\":1}");
    expect(leader, "PUT", "/config/s", "{\"compatibility\":\"FULL\"}", 200, NULL);
    expect(leader, "POST", "/subjects/:.c:s/versions", LONG_SCHEMA, 200, "{\"id\":1}");
    EVENTUALLY(holds(follower, "/contexts", ".c"));
    expect(follower, "POST", "/subjects/s/versions", INT_SCHEMA, 200, "{\"id\":1}");
    ck_assert_int_eq(ask(follower, "POST", "/subjects/s/versions", LONG_SCHEMA, &status),
                     MR_ABSENT);
    ck_assert_int_eq(ask(follower, "DELETE", "/subjects/s", NULL, &status), MR_ABSENT);
    ck_assert_int_eq(ask(follower, "PUT", "/mode", "{\"mode\":\"READONLY\"}", &status), MR_ABSENT);
    expect(leader, "DELETE", "/subjects/s", NULL, 200, "[1]");
    expect(leader, "DELETE", "/subjects/s?permanent=true", NULL, 200, "[1]");
    (void)core_free(leader);
    leader = open_core(URL(1), false, LONG_MS);
    expect(leader, "GET", "/subjects?deleted=true&subjectPrefix=:*:", NULL, 200, "[\":.c:s\"]");
    expect(leader, "POST", "/subjects/t/versions", BYTES_SCHEMA, 200, "{\"id\":2}");
    (void)core_free(leader);
    (void)core_free(follower);
    stop_broker();
}
END_TEST

START_TEST(a_deposed_leader_changes_nothing_and_is_told_so_before_it_answers)
{
    start_broker();
    struct core *first = open_core(URL(1), false, LONG_MS);
    unsigned status;

    expect(first, "POST", "/subjects/s/versions", INT_SCHEMA, 200, "{\"id\":1}");
    struct core *second = open_core(URL(2), false, LONG_MS);
    expect(second, "POST", "/subjects/t/versions", LONG_SCHEMA, 200, "{\"id\":2}");
    /* as if it had slept since it asked whether it leads */
    struct record late = {.type = RECORD_SCHEMA, .subject = "late", .version = 1, .id = 2};
    ck_assert_int_eq(content_new_take(SCHEMA_AVRO, "\"bytes\"", 7, NULL, NULL, NULL, &late.content),
                     0);
    ck_assert(turn_take(&first->writer, true));
    ck_assert_int_eq(core_commit(first, &late, 1, NULL), MR_ABSENT);
    turn_give_back(&first->writer);
    (void)content_unref(late.content);
    ck_assert(!holds(first, "/subjects", "late"));
    ck_assert_int_eq(ask(first, "POST", "/subjects/u/versions", BYTES_SCHEMA, &status), MR_ABSENT);
    EVENTUALLY(kafka_store(second->store)->voided == NULL); /* mended */
    expect(second, "GET", "/subjects", NULL, 200, "[\"s\",\"t\"]");
    expect(second, "POST", "/subjects/u/versions", BYTES_SCHEMA, 200, "{\"id\":3}");
    EVENTUALLY(holds(first, "/subjects", "\"u\""));
    (void)core_free(first);
    (void)core_free(second);
    stop_broker();
}
END_TEST

START_TEST(without_brokers_changes_are_refused_in_time_reads_go_on_and_it_recovers)
{
    start_broker();
    struct core *core = open_core(URL(1), false, SHORT_MS);
    struct reply reply = {0};
    char epoch[KAFKA_EPOCH_MAX];

    expect(core, "POST", "/subjects/s/versions", INT_SCHEMA, 200, "{\"id\":1}");
    memcpy(epoch, kafka_store(core->store)->epoch, sizeof(epoch));
    ck_assert_int_eq(mr_kafka_embedded_broker_down(broker, 1, true), 0);
    int64_t begun = mr_time_steady();
    expect(core, "POST", "/subjects/t/versions", LONG_SCHEMA, 500, "\"error_code\":50002");
    ck_assert_int_lt(mr_time_steady() - begun, 6000000);
    expect(core, "POST", "/subjects/t/versions", LONG_SCHEMA, 500, "\"error_code\":50001");
    expect(core, "GET", "/subjects", NULL, 200, "[\"s\"]");
    ck_assert_int_eq(mr_kafka_embedded_broker_down(broker, 1, false), 0);
    do { /* until the epoch has been ended, nothing is written */
        reply_done(&reply);
        reply = call(core, "POST", "/subjects/u/versions", BYTES_SCHEMA);
    } while (reply.status == 500 && mr_time_steady() - begun < 25000000);
    ck_assert_msg(reply.status == 200, "%s", (char *)reply.body.data);
    reply_done(&reply);
    ck_assert_str_ne(epoch, kafka_store(core->store)->epoch);
    (void)core_free(core);
    stop_broker();
}
END_TEST

START_TEST(a_schema_that_is_too_large_for_the_brokers_is_refused_and_the_next_goes_through)
{
    enum { SIZE = 1020000 };
    MR_AUTO(mr_buf) struct mr_buf body = {0};
    const struct mr_str head =
        MR_STR("{\"schema\":\"{\\\"type\\\":\\\"string\\\",\\\"long\\\":\\\"");

    start_broker();
    struct core *core = open_core(URL(1), false, LONG_MS);
    ck_assert_int_eq(mr_buf_append_str(&body, head), 0);
    for (int i = 0; i < SIZE; i++)
        ck_assert_int_eq(mr_buf_byte(&body, 'x'), 0);
    ck_assert_int_eq(mr_buf_append_str(&body, MR_STR("\\\"}\"}")), 0);
    ck_assert_ptr_nonnull(mr_buf_cstr(&body));
    expect(core, "POST", "/subjects/s/versions", (const char *)body.data, 422, "message.max.bytes");
    expect(core, "POST", "/subjects/s/versions", INT_SCHEMA, 200, "{\"id\":1}");
    (void)core_free(core);
    stop_broker();
}
END_TEST

START_TEST(two_that_advertise_one_url_do_not_fight_over_the_topic)
{
    start_broker();
    struct core *first = open_core(URL(1), false, LONG_MS);
    struct core *second = open_core(URL(1), false, LONG_MS);
    unsigned status;

    ck_assert_int_eq(ask(first, "POST", "/subjects/s/versions", INT_SCHEMA, &status), MR_ABSENT);
    expect(second, "POST", "/subjects/s/versions", INT_SCHEMA, 200, NULL);
    EVENTUALLY(holds(first, "/subjects", "\"s\""));
    ck_assert_int_eq(ask(first, "POST", "/subjects/t/versions", LONG_SCHEMA, &status), MR_ABSENT);
    expect(second, "POST", "/subjects/t/versions", LONG_SCHEMA, 200, NULL);
    (void)core_free(second); /* in order: the other takes over */
    EVENTUALLY(core_leads(first, NULL));
    EVENTUALLY(ask(first, "POST", "/subjects/u/versions", BYTES_SCHEMA, &status) == 0 &&
               status == 200);
    (void)core_free(first);
    stop_broker();
}
END_TEST

/* ---- memory ---- */

struct hungry {
    _Atomic int refuse; /* so many times */
    _Atomic int n_applied;
    int32_t versions[8];
};

static int hungry_apply(void *opaque, const struct record *record)
{
    struct hungry *hungry = opaque;

    if (hungry->refuse > 0) {
        hungry->refuse--;
        return -ENOMEM;
    }
    hungry->versions[hungry->n_applied++ % 8] = record->version;
    return 0;
}

static int no_ids(void *opaque, json_t **ret_ids)
{
    (void)opaque;
    *ret_ids = json_object();
    return 0;
}

START_TEST(a_record_that_memory_lacks_for_is_applied_before_anything_behind_it)
{
    struct hungry hungry = {0};
    const struct store_sink sink = {.apply = hungry_apply, .ids = no_ids, .opaque = &hungry};
    struct record records[2] = {{.type = RECORD_DELETE_SUBJECT, .subject = "s", .version = 1},
                                {.type = RECORD_DELETE_SUBJECT, .subject = "s", .version = 2}};

    start_broker();
    struct store *store = &open_store(URL(1), false, LONG_MS)->store;
    ck_assert_int_eq(store->ops->replay(store, &sink, NULL), 0);
    ck_assert_int_eq(store->ops->lead(store, NULL), 0);
    hungry.refuse = 2;
    ck_assert_int_eq(store->ops->append(store, records, 2, NULL), 0);
    ck_assert_int_eq(hungry.n_applied, 2);
    ck_assert_int_eq(hungry.versions[0], 1);
    ck_assert_int_eq(hungry.versions[1], 2);
    store->ops->free(store);
    stop_broker();
}
END_TEST

START_TEST(it_is_unknown_to_the_client_when_memory_does_not_come_back_in_time)
{
    struct hungry hungry = {0};
    const struct store_sink sink = {.apply = hungry_apply, .ids = no_ids, .opaque = &hungry};
    const struct record record = {.type = RECORD_DELETE_SUBJECT, .subject = "s", .version = 1};

    start_broker();
    struct store *store = &open_store(URL(1), false, SHORT_MS)->store;
    ck_assert_int_eq(store->ops->replay(store, &sink, NULL), 0);
    hungry.refuse = 25;
    ck_assert_int_eq(store->ops->append(store, &record, 1, NULL), -ETIMEDOUT);
    ck_assert_int_eq(store->ops->lead(store, NULL), MR_AGAIN); /* nothing before it is applied */
    EVENTUALLY(store->ops->lead(store, NULL) == 0);
    ck_assert_int_eq(hungry.n_applied, 1);
    store->ops->free(store);
    stop_broker();
}
END_TEST

static void reported(void *self, uint64_t tag, int r, int32_t partition, int64_t offset,
                     const char *text)
{
    (void)self, (void)tag, (void)partition, (void)offset, (void)text;
    ck_assert_int_eq(r, 0);
}

/* Records that make no sense, by another writer. */
static void litter(int n)
{
    const struct mr_kafka_config config = {.brokers = mr_kafka_embedded_brokers(broker)};
    struct mr_kafka_producer *producer;
    const struct mr_bytes value = {(const uint8_t *)"{}", 2};

    ck_assert_int_eq(mr_kafka_producer_new(&config, reported, NULL, &producer, NULL), 0);
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(mr_kafka_produce(producer, TOPIC, 0,
                                          (struct mr_bytes){(const uint8_t *)"no key", 6}, &value,
                                          NULL, 0, 0, NULL),
                         0);
    ck_assert_int_eq(mr_kafka_flush(producer, LONG_MS, NULL, NULL), 0);
    (void)mr_kafka_producer_free(producer);
}

struct told {
    int n;
    bool last; /* it says that it is the last one */
};

static void on_notice(void *opaque, bool warn, const char *event, const char *text)
{
    struct told *told = opaque;

    if (strcmp(event, "record_skipped") != 0)
        return;
    ck_assert(warn && !told->last);
    told->n++;
    told->last = strstr(text, "more of these are not told") != NULL;
}

START_TEST(records_that_make_no_sense_are_told_20_times_and_counted)
{
    const struct store_sink sink = {
        .apply = hungry_apply, .ids = no_ids, .opaque = &(struct hungry){0}};
    struct told told = {0};

    start_broker();
    litter(KAFKA_NOTICES + 5);
    struct kafka_store *ks = open_store(URL(1), true, LONG_MS);
    ks->notice = on_notice;
    ks->notice_opaque = &told;
    ck_assert_int_eq(ks->store.ops->replay(&ks->store, &sink, NULL), 0);
    ck_assert_uint_eq(ks->n_skipped, KAFKA_NOTICES + 5);
    ck_assert_int_eq(told.n, KAFKA_NOTICES);
    ck_assert(told.last);
    ks->store.ops->free(&ks->store);
    stop_broker();
}
END_TEST

START_TEST(properties_that_the_promises_rest_on_are_refused)
{
    static const char *const bad[] = {"acks=1", "enable.idempotence=false", "no-equals-sign"};
    struct mr_registry_kafka kafka = {
        .brokers = "127.0.0.1:1", .topic = TOPIC, .n_properties = 1, .timeout_ms = 200};
    const struct mr_registry_server_config config = {.kafka = &kafka};
    struct mr_error error = MR_ERROR_INIT;
    struct store *store;

    for (size_t i = 0; i < MR_N_ELEMENTS(bad); i++) {
        kafka.properties = &bad[i];
        ck_assert_int_eq(store_kafka_new(&config, URL(1), &store, &error), MR_INVALID);
        ck_assert_msg(strstr(error.text, "propert"), "%s", error.text);
    }
    const char *many[65];
    for (size_t i = 0; i < MR_N_ELEMENTS(many); i++)
        many[i] = "log_level=6";
    kafka.properties = many;
    kafka.n_properties = MR_N_ELEMENTS(many);
    ck_assert_int_eq(store_kafka_new(&config, URL(1), &store, &error), MR_INVALID);
    ck_assert_msg(strstr(error.text, "at most 64"), "%s", error.text);
    kafka.n_properties = 0;
    char url[300];
    memset(url, 'x', sizeof(url) - 1);
    url[sizeof(url) - 1] = '\0';
    ck_assert_int_eq(store_kafka_new(&config, url, &store, &error), MR_INVALID);
    ck_assert_msg(strstr(error.text, "255 bytes"), "%s", error.text);
    ck_assert_int_eq(store_kafka_new(&config, URL(1), &store, &error), MR_AGAIN);
    ck_assert_msg(strstr(error.text, "127.0.0.1:1"), "%s", error.text);
}
END_TEST

int main(void)
{
    return unit_run_within(
        "fault_registry", 60,
        (const TTest *[]){
            what_was_answered_is_there_after_a_restart_and_for_followers,
            a_deposed_leader_changes_nothing_and_is_told_so_before_it_answers,
            without_brokers_changes_are_refused_in_time_reads_go_on_and_it_recovers,
            a_schema_that_is_too_large_for_the_brokers_is_refused_and_the_next_goes_through,
            two_that_advertise_one_url_do_not_fight_over_the_topic,
            a_record_that_memory_lacks_for_is_applied_before_anything_behind_it,
            it_is_unknown_to_the_client_when_memory_does_not_come_back_in_time,
            records_that_make_no_sense_are_told_20_times_and_counted,
            properties_that_the_promises_rest_on_are_refused,
            NULL,
        });
}
