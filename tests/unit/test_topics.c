/* SPDX-License-Identifier: Apache-2.0 */
/* Catalogue against cluster, on the embedded broker. Real Kafka: tests/integration/test_topics.py.
 */
#include <check.h>
#include <string.h>

#include "choose.h"
#include "cluster.h"
#include "millrace/error.h"
#include "support/unit.h"

START_TEST(what_a_cluster_lacks_or_has_otherwise_is_told)
{
    MR_AUTO(mr_kafka_embedded) struct mr_kafka_embedded *embedded = NULL;
    MR_AUTO(mr_kafka_client) struct mr_kafka_client *client = NULL;
    struct mr_error error = MR_ERROR_INIT;
    const struct mr_catalog *catalog = mr_catalog_builtin();
    const struct mr_topic *topics[3] = {&catalog->topics[0], &catalog->topics[1], NULL};
    struct cluster_topic items[3];
    char text[256];

    topics[2] = mr_catalog_topic(catalog, MR_STR("order-management.order.created.v1"));
    ck_assert_ptr_nonnull(topics[2]);
    ck_assert_int_eq(mr_kafka_embedded_start(1, &embedded, &error), 0);
    ck_assert_int_eq(mr_kafka_embedded_create(embedded, topics[0]->name, topics[0]->partitions), 0);
    ck_assert_int_eq(mr_kafka_embedded_create(embedded, topics[2]->name, topics[2]->partitions + 4),
                     0);
    const struct mr_kafka_config config = {.brokers = mr_kafka_embedded_brokers(embedded)};
    ck_assert_int_eq(mr_kafka_client_new(&config, &client, &error), 0);
    ck_assert_msg(cluster_compare(client, topics, 3, items, &error) == 0, "%s", error.text);
    ck_assert_str_eq(cluster_state(&items[0], text, sizeof(text)), "there");
    ck_assert_str_eq(cluster_state(&items[1], text, sizeof(text)), "missing");
    ck_assert_str_eq(cluster_state(&items[2], text, sizeof(text)), "partitions 7, not 3");
    ck_assert(!items[0].settings_known);
}
END_TEST

START_TEST(a_topic_is_made_with_the_settings_of_the_catalogue)
{
    const struct mr_topic kept = {.cleanup = "compact,delete", .retention_ms = -1};
    const struct mr_topic plain = {.cleanup = "delete", .retention_ms = 0};
    char settings[2][64];

    ck_assert_uint_eq(cluster_settings(&kept, settings), 2);
    ck_assert_str_eq(settings[0], "cleanup.policy=compact,delete");
    ck_assert_str_eq(settings[1], "retention.ms=-1");
    ck_assert_uint_eq(cluster_settings(&plain, settings), 1);
}
END_TEST

START_TEST(retention_is_told_in_its_largest_unit)
{
    char out[32];

    ck_assert_str_eq(choose_retention(INT64_C(14) * 86400000, out, sizeof(out)), "14d");
    ck_assert_str_eq(choose_retention(INT64_C(7) * 365 * 86400000, out, sizeof(out)), "7y");
    ck_assert_str_eq(choose_retention(90000, out, sizeof(out)), "90s");
    ck_assert_str_eq(choose_retention(-1, out, sizeof(out)), "for ever");
    ck_assert_str_eq(choose_retention(0, out, sizeof(out)), "cluster's own");
}
END_TEST

int main(void)
{
    return unit_run("topics", (const TTest *[]){
                                  what_a_cluster_lacks_or_has_otherwise_is_told,
                                  a_topic_is_made_with_the_settings_of_the_catalogue,
                                  retention_is_told_in_its_largest_unit,
                                  NULL,
                              });
}
