/* SPDX-License-Identifier: Apache-2.0 */
/* lib/catalog: topics.yaml becomes what its readers need. */
#include "catalog_fixture.h"
#include "support/unit.h"

START_TEST(a_file_becomes_topics_groups_and_services_in_order)
{
    MR_AUTO(mr_catalog) struct mr_catalog *catalog = NULL;
    struct folder folder;

    open_folder(&folder);
    load_good(&folder, &catalog);
    static const char *const names[] = {"gates.dlq",
                                        "gates.gate.opened.v1",
                                        "orders.dlq",
                                        "orders.order.created.v1",
                                        "orders.order.created.v2",
                                        "stock-watch.dlq"};
    ck_assert_uint_eq(catalog->n_topics, MR_N_ELEMENTS(names));
    for (size_t i = 0; i < MR_N_ELEMENTS(names); i++) {
        ck_assert_str_eq(catalog->topics[i].name, names[i]);
        ck_assert_ptr_eq(mr_catalog_topic(catalog, mr_str_from(names[i])), &catalog->topics[i]);
        ck_assert_int_eq(catalog->topics[i].dead_letter, strstr(names[i], "dlq") != NULL);
    }
    ck_assert_ptr_null(mr_catalog_topic(catalog, MR_STR("orders.order.created.v")));
    ck_assert_ptr_null(mr_catalog_topic(catalog, MR_STR("orders.dlq\0x")));
    ck_assert_ptr_null(mr_catalog_topic(catalog, MR_STR("")));
    ck_assert_uint_eq(catalog->n_groups, 2);
    const struct mr_consumer_group *group = mr_catalog_group(catalog, MR_STR("stock-watch"));
    ck_assert_uint_eq(group->n_topics, 2);
    ck_assert_str_eq(group->topics[1]->name, "orders.order.created.v1");
    ck_assert_str_eq(group->dead_letter_topic, "stock-watch.dlq");
    const struct mr_service *service = mr_catalog_service(catalog, MR_STR("orders"));
    ck_assert_uint_eq(service->n_topics, 2);
    ck_assert_ptr_null(service->group);
    ck_assert_ptr_eq(mr_catalog_service(catalog, MR_STR("stock-watch"))->group, group);
    ck_assert_str_eq(mr_catalog_platform(catalog, MR_STR("fair"))->title, "Fair");
    close_folder(&folder);
}
END_TEST

START_TEST(the_innermost_setting_holds)
{
    MR_AUTO(mr_catalog) struct mr_catalog *catalog = NULL;
    struct folder folder;
    const int64_t day = 24LL * 3600 * 1000;

    open_folder(&folder);
    load_good(&folder, &catalog);
    const struct mr_topic *v1 = mr_catalog_topic(catalog, MR_STR("orders.order.created.v1"));
    const struct mr_topic *v2 = mr_catalog_topic(catalog, MR_STR("orders.order.created.v2"));
    const struct mr_topic *gate = mr_catalog_topic(catalog, MR_STR("gates.gate.opened.v1"));
    ck_assert_int_eq(v1->partitions, 12);
    ck_assert_int_eq(v2->partitions, 3);
    ck_assert_int_eq(v1->retention_ms, 0);
    ck_assert_int_eq(v2->retention_ms, -1);
    ck_assert_int_eq(gate->retention_ms, 7 * 365 * day);
    ck_assert_str_eq(v1->cleanup, "delete");
    ck_assert_str_eq(v2->cleanup, "compact,delete");
    ck_assert_int_eq(v1->replication, -1);
    ck_assert_int_eq(v1->compatibility, MR_COMPAT_FULL);
    ck_assert_int_eq(mr_catalog_topic(catalog, MR_STR("orders.dlq"))->retention_ms, 14 * day);
    ck_assert_int_eq(mr_catalog_topic(catalog, MR_STR("stock-watch.dlq"))->retention_ms, 30 * day);
    ck_assert_int_eq(mr_catalog_topic(catalog, MR_STR("stock-watch.dlq"))->partitions, 1);
    const struct mr_retry *retry = &mr_catalog_group(catalog, MR_STR("stock-watch"))->retry;
    ck_assert_int_eq(retry->max_attempts, 3);
    ck_assert_int_eq(retry->initial_ms, 1000);
    ck_assert_int_eq(retry->max_ms, 60000);
    ck_assert(retry->multiplier > 1.9 && retry->multiplier < 2.1 && retry->jitter &&
              retry->hold_key);
    ck_assert_uint_eq(v1->n_consumers, 2);
    ck_assert_str_eq(v1->consumers[0], "gates");
    ck_assert(v1->consumer_optional[0] && !v1->consumer_optional[1]);
    ck_assert_str_eq(gate->types[0], "GateOpened");
    ck_assert_str_eq(v1->schema_text, "\"string\"");
    close_folder(&folder);
}
END_TEST

START_TEST(an_event_is_found_by_any_of_its_names_and_the_newest_major_wins)
{
    MR_AUTO(mr_catalog) struct mr_catalog *catalog = NULL;
    struct folder folder;

    open_folder(&folder);
    load_good(&folder, &catalog);
    const struct mr_topic *v1 = mr_catalog_topic(catalog, MR_STR("orders.order.created.v1"));
    const struct mr_topic *v2 = mr_catalog_topic(catalog, MR_STR("orders.order.created.v2"));
    ck_assert_ptr_eq(mr_catalog_event(catalog, "orders", MR_STR("order.created")), v2);
    ck_assert_ptr_eq(mr_catalog_event(catalog, NULL, MR_STR("OrderCreated")), v2);
    ck_assert_ptr_eq(mr_catalog_event(catalog, NULL, MR_STR("orders.order.created.v1")), v1);
    ck_assert_ptr_null(mr_catalog_event(catalog, "gates", MR_STR("OrderCreated")));
    ck_assert_ptr_null(mr_catalog_event(catalog, NULL, MR_STR("OrderCreate")));
    ck_assert_ptr_null(mr_catalog_event(catalog, NULL, MR_STR("orders.dlq")));
    ck_assert_ptr_eq(mr_catalog_major(catalog, v2, 1), v1);
    ck_assert_ptr_null(mr_catalog_major(catalog, v2, 3));
    ck_assert_ptr_null(
        mr_catalog_major(catalog, mr_catalog_topic(catalog, MR_STR("orders.dlq")), 1));
    ck_assert_str_eq(mr_catalog_nearest_event(catalog, "gates", "GateOpend"), "GateOpened");
    ck_assert_ptr_null(mr_catalog_nearest_event(catalog, "orders", "GateOpend"));
    ck_assert_str_eq(mr_catalog_nearest_topic(catalog, "gate.gate.opened.v1"),
                     "gates.gate.opened.v1");
    ck_assert_str_eq(mr_catalog_nearest_service(catalog, "order"), "orders");
    close_folder(&folder);
}
END_TEST

START_TEST(envelopes_say_where_each_field_comes_from)
{
    MR_AUTO(mr_catalog) struct mr_catalog *catalog = NULL;
    struct folder folder;

    open_folder(&folder);
    load_good(&folder, &catalog);
    const struct mr_platform *fair = mr_catalog_platform(catalog, MR_STR("fair"));
    ck_assert(!fair->drop_unknown && mr_catalog_platform(catalog, MR_STR("shop"))->drop_unknown);
    ck_assert_int_eq(fair->version_parts, 0);
    ck_assert_int_eq(mr_catalog_platform(catalog, MR_STR("shop"))->version_parts, 2);
    ck_assert_uint_eq(fair->n_envelopes, 2);
    const struct mr_envelope_map *cloud = fair->envelopes[0], *flat = fair->envelopes[1];
    ck_assert_str_eq(cloud->when, "/specversion");
    ck_assert(cloud->extensions && !cloud->flat && flat->flat && !flat->extensions);
    const struct mr_envelope_source *id = &cloud->fields[MR_ENVELOPE_EVENT_ID];
    ck_assert(id->required && id->uuid && id->n_pointers == 1 && id->n_defaults == 0);
    ck_assert_str_eq(cloud->fields[MR_ENVELOPE_EVENT_TYPE].pointers[1], "/metadata/type");
    const struct mr_envelope_source *flow = &cloud->fields[MR_ENVELOPE_CORRELATION_ID];
    ck_assert_int_eq(flow->defaults[0].kind, MR_DEFAULT_KEY);
    ck_assert_int_eq(flow->defaults[1].kind, MR_DEFAULT_EVENT_ID);
    ck_assert_str_eq(cloud->fields[MR_ENVELOPE_EVENT_VERSION].defaults[0].text, "1.0");
    ck_assert_uint_eq(cloud->n_members, 2);
    ck_assert_str_eq(cloud->members[0].value, "1.0");
    ck_assert_str_eq(cloud->members[1].metadata, "about");
    ck_assert_int_eq(flat->fields[MR_ENVELOPE_EVENT_ID].defaults[0].kind, MR_DEFAULT_CONTENT);
    const struct mr_consumer_group *group = mr_catalog_group(catalog, MR_STR("stock-watch"));
    ck_assert_uint_eq(group->n_filters, 1);
    ck_assert_int_eq(group->filters[0].field, MR_ENVELOPE_EVENT_TYPE);
    ck_assert_str_eq(group->filters[0].values[1], "GateOpened");
    close_folder(&folder);
}
END_TEST

START_TEST(the_order_of_a_group_is_by_arrival_unless_a_layer_says_by_time)
{
    MR_AUTO(mr_catalog) struct mr_catalog *catalog = NULL;
    MR_AUTO(mr_catalog) struct mr_catalog *ordered = NULL;
    MR_AUTO(mr_buf) struct mr_buf report = {0};
    struct folder folder;
    char text[sizeof(good) + 1024];

    open_folder(&folder);
    load_good(&folder, &catalog);
    const struct mr_order *order = &mr_catalog_group(catalog, MR_STR("gates"))->order;
    ck_assert(!order->by_time && order->wait_ms == 500 && order->late == MR_LATE_HANDLE);
    const char *at = strstr(good, "retry: {key: hold}");
    (void)snprintf(text, sizeof(text), "%.*sorder: {by: time, late: flag}, %s", (int)(at - good),
                   good, at);
    char *partitions = strstr(text, "partitions: 12");
    memcpy(partitions, "partitions:  3", strlen("partitions:  3"));
    write_text(folder.yaml, text, strlen(text));
    ck_assert_msg(mr_catalog_load(folder.yaml, folder.schemas, &ordered, &report) == 0, "%s",
                  mr_buf_cstr(&report));
    order = &mr_catalog_group(ordered, MR_STR("stock-watch"))->order;
    ck_assert(order->by_time && order->wait_ms == 500 && order->late == MR_LATE_FLAG);
    close_folder(&folder);
}
END_TEST

START_TEST(filters_say_all_that_subscription_policies_can)
{
    MR_AUTO(mr_catalog) struct mr_catalog *catalog = NULL;
    MR_AUTO(mr_buf) struct mr_buf report = {0};
    struct folder folder;
    char text[sizeof(good) + 1024];

    open_folder(&folder);
    (void)snprintf(text, sizeof(text), "%.*s%s", (int)(strstr(good, "    filter: ") - good), good,
                   "    filter:\n"
                   "      - {field: event_type, prefix: [order., Gate]}\n"
                   "      - {field: user_id, anything-but: [a, b], exists: false}\n"
                   "      - {header: x-weight, numeric: [\">=\", 1.5, \"<\", 20]}\n"
                   "      - {header: x-tenant, exists: true}\n");
    write_text(folder.yaml, text, strlen(text));
    ck_assert_msg(mr_catalog_load(folder.yaml, folder.schemas, &catalog, &report) == 0, "%s",
                  mr_buf_cstr(&report));
    const struct mr_filter *f = mr_catalog_group(catalog, MR_STR("stock-watch"))->filters;
    ck_assert_uint_eq(mr_catalog_group(catalog, MR_STR("stock-watch"))->n_filters, 4);
    ck_assert(f[0].n_prefixes == 2 && f[0].n_values == 0 && !f[0].header);
    ck_assert_str_eq(f[0].prefixes[1], "Gate");
    ck_assert(f[1].field == MR_ENVELOPE_USER_ID && f[1].n_others == 2);
    ck_assert_int_eq(f[1].exists, MR_FILTER_ABSENT);
    ck_assert_str_eq(f[2].header, "x-weight");
    ck_assert(f[2].n_bounds == 2 && f[2].bounds[0].op == MR_FILTER_GE);
    ck_assert(f[2].bounds[0].than > 1.49 && f[2].bounds[0].than < 1.51);
    ck_assert_int_eq(f[2].bounds[1].op, MR_FILTER_LT);
    ck_assert_int_eq(f[3].exists, MR_FILTER_PRESENT);
    close_folder(&folder);
}
END_TEST

int main(void)
{
    return unit_run("catalog", (const TTest *[]){
                                   a_file_becomes_topics_groups_and_services_in_order,
                                   the_innermost_setting_holds,
                                   an_event_is_found_by_any_of_its_names_and_the_newest_major_wins,
                                   envelopes_say_where_each_field_comes_from,
                                   the_order_of_a_group_is_by_arrival_unless_a_layer_says_by_time,
                                   filters_say_all_that_subscription_policies_can,
                                   NULL,
                               });
}
