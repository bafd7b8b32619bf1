/* SPDX-License-Identifier: Apache-2.0 */
/* What mr-gen makes: the built-in catalogue and the descriptors of all records. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/catalog.h"
#include "millrace/record.h"
#include "millrace/schema.h"
#include "support/unit.h"

#include "event_operations.gen.h"
#include "order_management.gen.h"
#include "product_management.gen.h"
#include "ticketwave_booking.gen.h"
#include "topics.gen.h"

static struct mr_catalog *load_source(void)
{
    MR_AUTO(mr_buf) struct mr_buf report = {0};
    struct mr_catalog *catalog = NULL;
    char path[4096];
    const char *source = getenv("MILLRACE_SOURCE");

    ck_assert_ptr_nonnull(source);
    (void)snprintf(path, sizeof(path), "%s/topics.yaml", source);
    int r = mr_catalog_load(path, NULL, &catalog, &report);
    ck_assert_msg(r == 0, "%s", mr_buf_cstr(&report));
    return catalog;
}

static void same_text(const char *a, const char *b)
{
    ck_assert_msg((!a && !b) || (a && b && strcmp(a, b) == 0), "%s, %s", a ? a : "-", b ? b : "-");
}

static void same_texts(const char *const *a, size_t n_a, const char *const *b, size_t n_b)
{
    ck_assert_uint_eq(n_a, n_b);
    for (size_t i = 0; i < n_a; i++)
        same_text(a[i], b[i]);
}

static void same_topic(const struct mr_topic *a, const struct mr_topic *b)
{
    const char *const texts[][2] = {
        {a->name, b->name},
        {a->service, b->service},
        {a->domain, b->domain},
        {a->action, b->action},
        {a->event, b->event},
        {a->cleanup, b->cleanup},
        {a->key, b->key},
        {a->time, b->time},
        {a->platform->name, b->platform->name},
        {a->schema_path, b->schema_path},
        {a->schema_text, b->schema_text},
    };
    for (size_t i = 0; i < MR_N_ELEMENTS(texts); i++)
        same_text(texts[i][0], texts[i][1]);
    same_texts(a->types, a->n_types, b->types, b->n_types);
    same_texts(a->consumers, a->n_consumers, b->consumers, b->n_consumers);
    for (size_t i = 0; i < a->n_consumers; i++)
        ck_assert_int_eq(a->consumer_optional[i], b->consumer_optional[i]);
    ck_assert_int_eq(a->major, b->major);
    ck_assert_int_eq(a->partitions, b->partitions);
    ck_assert_int_eq(a->replication, b->replication);
    ck_assert_int_eq(a->retention_ms, b->retention_ms);
    ck_assert_int_eq(a->compatibility, b->compatibility);
    ck_assert_int_eq(a->dead_letter, b->dead_letter);
    ck_assert_uint_eq(a->schema_len, b->schema_len);
    ck_assert_int_eq(a->record != NULL, !a->dead_letter);
    ck_assert_ptr_null(b->record);
}

static void same_source(const struct mr_envelope_source *a, const struct mr_envelope_source *b)
{
    same_texts(a->pointers, a->n_pointers, b->pointers, b->n_pointers);
    ck_assert_uint_eq(a->n_defaults, b->n_defaults);
    for (size_t i = 0; i < a->n_defaults; i++) {
        ck_assert_int_eq(a->defaults[i].kind, b->defaults[i].kind);
        same_text(a->defaults[i].text, b->defaults[i].text);
    }
    ck_assert(a->required == b->required && a->uuid == b->uuid);
}

static void same_envelope(const struct mr_envelope_map *a, const struct mr_envelope_map *b)
{
    same_text(a->name, b->name);
    same_text(a->when, b->when);
    ck_assert(a->flat == b->flat && a->extensions == b->extensions);
    for (size_t i = 0; i < MR_ENVELOPE_N_FIELDS; i++)
        same_source(&a->fields[i], &b->fields[i]);
    ck_assert_uint_eq(a->n_members, b->n_members);
    for (size_t i = 0; i < a->n_members; i++) {
        same_text(a->members[i].pointer, b->members[i].pointer);
        same_text(a->members[i].value, b->members[i].value);
        same_text(a->members[i].metadata, b->members[i].metadata);
        same_text(a->members[i].refuse, b->members[i].refuse);
        ck_assert_int_eq(a->members[i].required, b->members[i].required);
    }
}

static void same_group(const struct mr_consumer_group *a, const struct mr_consumer_group *b)
{
    same_text(a->name, b->name);
    same_text(a->platform->name, b->platform->name);
    same_text(a->dead_letter_topic, b->dead_letter_topic);
    ck_assert_int_eq(a->retry.max_attempts, b->retry.max_attempts);
    ck_assert_int_eq(a->retry.initial_ms, b->retry.initial_ms);
    ck_assert_int_eq(a->retry.max_ms, b->retry.max_ms);
    ck_assert(memcmp(&a->retry.multiplier, &b->retry.multiplier, sizeof(double)) == 0);
    ck_assert(a->retry.jitter == b->retry.jitter && a->retry.hold_key == b->retry.hold_key);
    ck_assert_uint_eq(a->n_topics, b->n_topics);
    for (size_t i = 0; i < a->n_topics; i++)
        same_text(a->topics[i]->name, b->topics[i]->name);
    ck_assert_uint_eq(a->n_filters, b->n_filters);
    for (size_t i = 0; i < a->n_filters; i++) {
        ck_assert_int_eq(a->filters[i].field, b->filters[i].field);
        same_texts(a->filters[i].values, a->filters[i].n_values, b->filters[i].values,
                   b->filters[i].n_values);
    }
}

START_TEST(the_built_in_catalogue_is_the_file)
{
    MR_AUTO(mr_catalog) struct mr_catalog *file = load_source();
    const struct mr_catalog *built = mr_catalog_builtin();

    ck_assert_uint_eq(built->n_topics, file->n_topics);
    for (size_t i = 0; i < built->n_topics; i++)
        same_topic(&built->topics[i], &file->topics[i]);
    ck_assert_uint_eq(built->n_platforms, file->n_platforms);
    for (size_t i = 0; i < built->n_platforms; i++) {
        const struct mr_platform *a = &built->platforms[i], *b = &file->platforms[i];
        same_text(a->name, b->name);
        same_text(a->title, b->title);
        ck_assert_int_eq(a->drop_unknown, b->drop_unknown);
        ck_assert_int_eq(a->version_parts, b->version_parts);
        ck_assert_uint_eq(a->n_envelopes, b->n_envelopes);
        for (size_t j = 0; j < a->n_envelopes; j++)
            same_envelope(a->envelopes[j], b->envelopes[j]);
    }
    ck_assert_uint_eq(built->n_groups, file->n_groups);
    for (size_t i = 0; i < built->n_groups; i++)
        same_group(&built->groups[i], &file->groups[i]);
    ck_assert_uint_eq(built->n_services, file->n_services);
    for (size_t i = 0; i < built->n_services; i++) {
        same_text(built->services[i].name, file->services[i].name);
        same_text(built->services[i].dead_letter->name, file->services[i].dead_letter->name);
        ck_assert_uint_eq(built->services[i].n_topics, file->services[i].n_topics);
        ck_assert_int_eq(built->services[i].group != NULL, file->services[i].group != NULL);
    }
    ck_assert_uint_eq(built->n_aliases, file->n_aliases);
    for (size_t i = 0; i < built->n_aliases; i++) {
        same_text(built->aliases[i].word, file->aliases[i].word);
        same_text(built->aliases[i].topic->name, file->aliases[i].topic->name);
    }
}
END_TEST

/* ---- descriptors against the schemas they were made from ---- */

struct walk {
    const struct mr_record_desc *seen[64];
    size_t n_seen, n_fields;
};

static void check_record(struct walk *walk, const struct mr_record_desc *desc,
                         const struct mr_schema_node *node);

static void check_field(struct walk *walk, const struct mr_record_desc *desc,
                        const struct mr_record_field *field, const struct mr_schema_field *from)
{
    bool nullable = from->type->type == MR_AVRO_UNION;
    const struct mr_schema_node *node = nullable ? from->type->branches[1] : from->type;
    bool many = node->type == MR_AVRO_ARRAY || node->type == MR_AVRO_MAP;
    const struct mr_schema_node *item = many ? node->items : node;

    ck_assert_str_eq(field->name, from->name);
    ck_assert_int_eq(field->has_offset != MR_NO_MEMBER, nullable);
    ck_assert_int_eq(field->count_offset != MR_NO_MEMBER, many);
    ck_assert_uint_lt(field->offset, desc->size);
    ck_assert(!nullable || field->has_offset < field->offset);
    ck_assert(!many || field->count_offset == field->offset + sizeof(void *));
    ck_assert(many ? field->item_size > 0 : field->item == field->kind);
    ck_assert_int_eq(field->kind == MR_FIELD_ARRAY, node->type == MR_AVRO_ARRAY);
    ck_assert_int_eq(field->kind == MR_FIELD_MAP, node->type == MR_AVRO_MAP);
    ck_assert_int_eq(field->item == MR_FIELD_DECIMAL, item->logical == MR_LOGICAL_DECIMAL);
    ck_assert_int_eq(field->item == MR_FIELD_RECORD, item->type == MR_AVRO_RECORD);
    ck_assert_int_eq(field->item == MR_FIELD_ENUM, item->type == MR_AVRO_ENUM);
    ck_assert_int_eq(field->item == MR_FIELD_STRING, item->type == MR_AVRO_STRING);
    ck_assert_int_eq(field->record != NULL, item->type == MR_AVRO_RECORD);
    if (field->record) {
        ck_assert(!many || field->item_size == field->record->size);
        check_record(walk, field->record, item);
    }
    walk->n_fields++;
}

static void check_record(struct walk *walk, const struct mr_record_desc *desc,
                         const struct mr_schema_node *node)
{
    for (size_t i = 0; i < walk->n_seen; i++)
        if (walk->seen[i] == desc)
            return;
    ck_assert_uint_lt(walk->n_seen, MR_N_ELEMENTS(walk->seen));
    walk->seen[walk->n_seen++] = desc;
    ck_assert_str_eq(desc->fullname, node->fullname);
    ck_assert_uint_eq(desc->n_fields, node->n_fields);
    ck_assert_uint_eq(desc->size % desc->align, 0);
    for (size_t i = 0; i < desc->n_fields; i++)
        check_field(walk, desc, &desc->fields[i], &node->fields[i]);
}

START_TEST(every_record_is_described_as_its_schema_has_it)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();
    size_t n_events = 0;

    for (size_t i = 0; i < catalog->n_topics; i++) {
        const struct mr_topic *topic = &catalog->topics[i];
        MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
        struct mr_error error = MR_ERROR_INIT;
        struct walk walk = {0};
        if (topic->dead_letter)
            continue;
        int r = mr_schema_parse(topic->schema_text, topic->schema_len, NULL, &schema, &error);
        ck_assert_msg(r == 0, "%s: %s", topic->schema_path, error.text);
        check_record(&walk, topic->record, mr_schema_root(schema));
        ck_assert_uint_ge(walk.n_fields, 12);
        n_events++;
    }
    ck_assert_uint_ge(n_events, 82); /* the contracts' */
}
END_TEST

START_TEST(structs_have_the_contracts_own_words)
{
    struct order_management_order_created_v1 order = {0};
    struct ticketwave_booking_payment_prepare_requested_v1 payment = {0};
    struct product_management_product_created_v1 product = {0};
    struct event_operations_kit_returned_v1_damage damage = {0};

    ck_assert_ptr_eq(&order, &order.envelope);
    order.data.items = &(const struct order_management_order_created_v1_item){.quantity = 2};
    order.data.n_items = 1;
    payment.data.Amount = (struct mr_decimal){.unscaled = 2499, .scale = 2};
    damage.severity = EVENT_OPERATIONS_KIT_RETURNED_V1_DAMAGE_SEVERITY_MINOR;
    product.data.category = PRODUCT_MANAGEMENT_PRODUCT_CREATED_V1_CATEGORY_BOOKS;
    ck_assert_int_eq(product.data.category, 3);
    ck_assert(!product.data.has_createdAt);
    ck_assert_int_eq(damage.severity, 1);
    ck_assert_int_eq(payment.data.Amount.scale, 2);
    ck_assert_ptr_eq(MR_RECORD(order_management_order_created_v1),
                     topic_order_management_order_created_v1.record);
    ck_assert_str_eq(MR_TOPIC(order_management_order_created_v1)->event, "OrderCreatedEvent");
    ck_assert_str_eq(group_product_management_notifications.name,
                     "product-management-notifications");
    ck_assert_int_eq(group_product_management_notifications.retry.max_attempts, 3);
    ck_assert_uint_ge(service_order_management.n_topics, 5);
}
END_TEST

START_TEST(each_event_is_found_by_each_of_its_names_within_its_service)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();

    for (size_t i = 0; i < catalog->n_topics; i++) {
        const struct mr_topic *topic = &catalog->topics[i];
        struct mr_str names[16];
        size_t n_names = 0;
        if (topic->dead_letter)
            continue;
        names[n_names++] = mr_str_from(topic->name);
        names[n_names++] = mr_str_from(topic->event);
        for (size_t j = 0; j < topic->n_types && n_names < MR_N_ELEMENTS(names); j++)
            names[n_names++] = mr_str_from(topic->types[j]);
        for (size_t j = 0; j < n_names; j++) {
            const struct mr_topic *found = mr_catalog_event(catalog, topic->service, names[j]);
            bool newer = found && found->major > topic->major; /* shares the names, and wins */
            ck_assert(found == topic || (newer && strcmp(found->action, topic->action) == 0));
        }
    }
    const struct mr_topic *reserved = &topic_inventory_management_inventory_reserved_v1;
    ck_assert_ptr_eq(mr_catalog_event(catalog, NULL, MR_STR("InventoryReserved")), reserved);
    ck_assert_ptr_eq(mr_catalog_event(catalog, NULL, MR_STR("inventory.reserved")), reserved);
    ck_assert_str_eq(reserved->types[0], "InventoryReserved");
}
END_TEST

int main(void)
{
    return unit_run("records", (const TTest *[]){
                                   the_built_in_catalogue_is_the_file,
                                   every_record_is_described_as_its_schema_has_it,
                                   structs_have_the_contracts_own_words,
                                   each_event_is_found_by_each_of_its_names_within_its_service,
                                   NULL,
                               });
}
