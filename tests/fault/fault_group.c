/* SPDX-License-Identifier: Apache-2.0 */
/* Group consumers against the embedded broker, whose first join takes three seconds. */
#include "support/kafka_fixture.h"
#include "support/unit.h"

struct group {
    int n_assigned, n_revoked;
};

static void assigned(void *self, struct mr_topic_partition *items, size_t n_items)
{
    struct group *group = self;

    group->n_assigned += (int)n_items;
    for (size_t i = 0; i < n_items; i++)
        items[i].offset = 1; /* a store's offset wins */
}

static void revoked(void *self, const struct mr_topic_partition *items, size_t n_items, bool lost)
{
    struct group *group = self;

    (void)items;
    ck_assert(!lost);
    group->n_revoked += (int)n_items;
}

START_TEST(a_group_starts_where_its_store_says_and_commits_what_it_is_told)
{
    struct fixture f;
    struct group group = {0};
    const struct mr_rebalance rebalance = {assigned, revoked, &group};
    static const char *const topics[] = {"orders"};
    struct mr_error error = MR_ERROR_INIT;
    struct mr_kafka_consumer *consumer = NULL;
    struct mr_message m;

    open_fixture(&f, 1);
    ck_assert_int_eq(put(&f, "k", "first", 0), 0);
    ck_assert_int_eq(put(&f, "k", "second", 0), 0);
    ck_assert_int_eq(mr_kafka_flush(f.producer, WAIT, NULL, NULL), 0);
    struct mr_kafka_config config = {.brokers = f.config.brokers};
    ck_assert_int_eq(mr_kafka_consumer_new(&config, "stock", &rebalance, &consumer, &error), 0);
    ck_assert_int_eq(mr_kafka_subscribe(consumer, topics, 1, &error), 0);
    read_n(consumer, &m, 1);
    ck_assert_mem_eq(m.value.data, "second", 6);
    ck_assert_int_eq(group.n_assigned, 3);
    struct mr_topic_partition position = {"orders", m.partition, m.offset + 1};
    mr_kafka_message_done(&m);
    ck_assert_msg(mr_kafka_commit(consumer, &position, 1, true, &error) == 0, "%s", error.text);
    position.offset = 0;
    ck_assert_int_eq(mr_kafka_committed(consumer, &position, 1, WAIT, &error), 0);
    ck_assert_int_eq(position.offset, 2);
    consumer = mr_kafka_consumer_free(consumer);
    ck_assert_int_eq(group.n_revoked, 3);
    close_fixture(&f);
}
END_TEST

int main(void)
{
    return unit_run("group", (const TTest *[]){
                                 a_group_starts_where_its_store_says_and_commits_what_it_is_told,
                                 NULL,
                             });
}
