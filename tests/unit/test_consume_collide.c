/* SPDX-License-Identifier: Apache-2.0 */
/* Two instances of a consumer on one PostgreSQL store that change the same rows in another order.
 * On SQLite there is one instance, and only the ordinary way is looked at. */
#include <pthread.h>

#include "consume_bench.h"

enum { ROWS = 2, PATIENCE = 60 };

/* Where both have changed their first row, each now wants the other's. */
static pthread_barrier_t meeting;

static int touch(struct mr_tx *tx, struct script *script, int64_t row)
{
    bool first = script->calls[1] + script->calls[2] == 1;

    int r = mr_sql(tx, "UPDATE effect SET number = number + 1 WHERE seq = ?1", MR_INT(row));
    if (r != 0 || !first || !on_postgres())
        return r;
    ck_assert_int_eq(mr_sql_changes(tx), 1); /* it holds the row */
    (void)pthread_barrier_wait(&meeting);
    return 0;
}

MR_HANDLER(ticketwave_booking_inventory_update_requested_v1, cross)
{
    struct script *script = mr_tx_self(tx);
    int64_t i = event->data.QuantityReduced;

    script->calls[i]++;
    script->attempts[i] = mr_tx_event(tx)->attempt;
    return touch(tx, script, i);
}

static const struct mr_consumer crossing = {
    .name = "test-consumer",
    .summary = "For tests",
    .handles = MR_HANDLES(MR_ON(ticketwave_booking_inventory_update_requested_v1, cross)),
    .emits = MR_EMITS(&topic_ticketwave_catalog_inventory_updated_v1),
    .migrations = MR_MIGRATIONS(
        {1, "CREATE TABLE effect (seq INTEGER PRIMARY KEY, number INTEGER NOT NULL) STRICT;"
            "INSERT INTO effect VALUES (1, 0), (2, 0)"}),
    .size = sizeof(struct script),
};

/* With partitions that are its own: number 0 and 1, or 2 and 3. */
static struct bench *instance(const char *url, int number)
{
    struct bench *b = calloc(1, sizeof(*b));

    ck_assert_ptr_nonnull(b);
    b->fake = calloc(1, sizeof(*b->fake));
    b->fake->now = INT64_C(1700000000) * SECOND;
    fake_add_topic(b->fake, read_topics[0]->name, 2);
    for (size_t i = 0; i < 2; i++)
        b->fake->partitions[i].number += 2 * number;
    b->group = (struct mr_consumer_group){.name = "test-consumer",
                                          .dead_letter_topic = "test.dlq",
                                          .topics = read_topics,
                                          .n_topics = 1,
                                          .retry = {.max_attempts = 3, .initial_ms = 1000}};
    b->run = (struct consume){.consumer = &crossing,
                              .group = &b->group,
                              .self = &b->script,
                              .options = {.group = "test-group",
                                          .from = "beginning",
                                          .gap = "stop",
                                          .batch = 100,
                                          .parked = 100,
                                          .drain_ms = 1000}};
    ck_assert_int_eq(mr_store_open(url, NULL, &b->store, &b->error), 0);
    b->run.store = b->store;
    fake_attach(b->fake, &b->run);
    ck_assert_msg(consume_open(&b->run, &b->error) == 0, "%s", b->error.text);
    fake_assign(b->fake);
    return b;
}

/* An event of one partition after another, that changes row `number`. */
static void tell(struct bench *b, int64_t number, int id)
{
    char text[37];

    (void)snprintf(text, sizeof(text), "11111111-1111-4111-8111-%012d", id);
    struct ticketwave_booking_inventory_update_requested_v1 event = {
        .envelope = {.event_id = mr_str_from(text),
                     .event_type = MR_STR("t"),
                     .event_version = MR_STR("1.0"),
                     .timestamp = b->fake->now,
                     .correlation_id = mr_str_from(text),
                     .source_service = MR_STR("s")},
        .data = {.EventId = mr_str_from(text),
                 .BookingId = mr_str_from(text),
                 .QuantityReduced = (int32_t)number,
                 .RequestedAt = 1}};
    fake_send_event(b->fake, read_topics[0], b->fake->partitions[id % 2].number, &event);
}

static void *run_instance(void *arg)
{
    struct bench *b = arg;
    int r = 0;

    for (int i = 0; i < PATIENCE && r == 0 && b->run.count.handled < ROWS; i++)
        r = consume_turn(&b->run, 0, &b->error);
    return (void *)(intptr_t)r;
}

START_TEST(instances_that_wait_for_each_other_lose_one_batch_once_and_no_event)
{
    const char *url = fresh_url();
    struct bench *instances[2];
    pthread_t other;
    void *outcome = NULL;
    int n = on_postgres() ? 2 : 1;

    mr_log_set_level(MR_LOG_OFF);
    ck_assert_int_eq(pthread_barrier_init(&meeting, NULL, 2), 0);
    for (int i = 0; i < n; i++) {
        instances[i] = instance(url, i);
        for (int row = 0; row < ROWS; row++)
            tell(instances[i], i == 0 ? row + 1 : ROWS - row, 10 * i + row);
    }
    if (n == 2)
        ck_assert_int_eq(pthread_create(&other, NULL, run_instance, instances[1]), 0);
    void *own = run_instance(instances[0]);
    if (n == 2)
        ck_assert_int_eq(pthread_join(other, &outcome), 0);
    ck_assert_ptr_null(own);
    ck_assert_ptr_null(outcome);
    ck_assert_int_eq(number(instances[0], "SELECT sum(number) FROM effect"), n * ROWS);
    int64_t lost = 0, collisions = 0;
    for (int i = 0; i < n; i++) {
        struct bench *b = instances[i];
        lost += b->run.count.store_losses;
        collisions += b->run.count.collisions;
        ck_assert_int_eq(b->run.count.handled, ROWS);
        ck_assert_int_eq(b->run.count.parked + b->run.count.dead_lettered, 0);
        ck_assert_int_eq(b->script.attempts[1], 1); /* as if it had never been tried */
        ck_assert_int_eq(b->script.attempts[2], 1);
        ck_assert(!b->run.alone);
    }
    ck_assert_int_eq(lost, n - 1);
    ck_assert_int_eq(collisions, n - 1);
    ck_assert_int_eq(number(instances[0], "SELECT count(*) FROM mr_inbox"), n * ROWS);
    for (int i = 0; i < n; i++)
        bench_free(instances[i]);
}
END_TEST

/* What waits for its turn alone comes before what comes later, and is not overtaken. */
START_TEST(a_transaction_that_is_alone_waits_for_others_and_they_for_it)
{
    const char *url = fresh_url();
    MR_AUTO(mr_store) struct mr_store *one = NULL;
    MR_AUTO(mr_store) struct mr_store *other = NULL;
    struct mr_error error = MR_ERROR_INIT;

    if (!on_postgres())
        return;
    ck_assert_int_eq(mr_store_open(url, NULL, &one, NULL), 0);
    ck_assert_int_eq(mr_store_open(url, NULL, &other, NULL), 0);
    ck_assert_int_eq(mr_store_run(one, "SET lock_timeout = '100ms'", MR_NO_VALUES, NULL), 0);
    ck_assert_int_eq(mr_store_begin(other, NULL), 0);
    ck_assert_int_eq(mr_store_turn(other, false, NULL), 0);
    ck_assert_int_eq(mr_store_settle(other, NULL), 0);
    for (int alone = 0; alone < 2; alone++) {
        ck_assert_int_eq(mr_store_begin(one, NULL), 0);
        ck_assert_int_eq(mr_store_turn(one, alone, NULL), 0);
        ck_assert_int_eq(mr_store_settle(one, &error), alone ? -EAGAIN : 0);
        ck_assert(!mr_store_collided(one)); /* it waited for too long, in no circle */
        mr_store_rollback(one);
    }
    ck_assert_int_eq(mr_store_commit(other, NULL), 0);
    ck_assert_int_eq(mr_store_begin(other, NULL), 0);
    ck_assert_int_eq(mr_store_turn(other, true, NULL), 0);
    ck_assert_int_eq(mr_store_settle(other, NULL), 0);
    ck_assert_int_eq(mr_store_begin(one, NULL), 0);
    ck_assert_int_eq(mr_store_turn(one, false, NULL), 0);
    ck_assert_int_eq(mr_store_settle(one, NULL), -EAGAIN);
    mr_store_rollback(one);
    ck_assert_int_eq(mr_store_commit(other, NULL), 0);
}
END_TEST

int main(void)
{
    return unit_run_within("consume_collide", 60,
                           (const TTest *[]){
                               instances_that_wait_for_each_other_lose_one_batch_once_and_no_event,
                               a_transaction_that_is_alone_waits_for_others_and_they_for_it,
                               NULL,
                           });
}
