/* SPDX-License-Identifier: Apache-2.0 */
/* lib/avro: Avro <-> generated structs. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "millrace/codec.h"
#include "millrace/hash.h"
#include "support/unit.h"

#include "order_management.gen.h"
#include "topics.gen.h"

/* ---- an event of the catalogue ---- */

static const char order_json[] =
    "{\"event_id\":\"550e8400-e29b-41d4-a716-446655440000\",\"event_type\":\"order.created\","
    "\"event_version\":\"1.0\",\"timestamp\":\"2024-01-15T10:30:00.000000Z\","
    "\"correlation_id\":\"550e8400-e29b-41d4-a716-446655440001\",\"causation_id\":null,"
    "\"source_service\":\"order-management\",\"user_id\":\"u-1\",\"session_id\":null,"
    "\"metadata\":{\"k\":\"v\",\"l\":\"w\"},\"data\":{\"order_id\":\"ord_1\",\"customer_id\":\"c_"
    "1\","
    "\"total_amount\":\"59.97\",\"currency\":\"USD\",\"status\":\"pending\",\"items\":["
    "{\"product_id\":\"p1\",\"quantity\":2,\"unit_price\":\"24.99\",\"total_price\":\"49.98\"},"
    "{\"product_id\":\"p2\",\"quantity\":1,\"unit_price\":\"9.99\",\"total_price\":\"9.99\"}],"
    "\"shipping_address\":{\"street\":\"1 "
    "M\xc3\xbchlstr.\",\"city\":\"C\",\"state\":\"S\",\"zip\":\"1\","
    "\"country\":\"DE\"},\"billing_address\":{\"street\":\"s\",\"city\":\"c\",\"state\":\"s\","
    "\"zip\":\"z\",\"country\":\"US\"}}}";

struct order_kit {
    struct mr_schema *schema;
    struct mr_struct_reader *reader;
    struct mr_struct_writer *writer;
    struct mr_arena *arena;
    struct mr_buf avro;
};

static void open_kit(struct order_kit *kit)
{
    const struct mr_topic *topic = &topic_order_management_order_created_v1;
    struct mr_error error = MR_ERROR_INIT;
    MR_AUTO(mr_json_encoder) struct mr_json_encoder *encoder = NULL;
    struct mr_json_cursor cursor = {order_json, order_json, order_json + sizeof(order_json) - 1};

    *kit = (struct order_kit){0};
    ck_assert_int_eq(
        mr_schema_parse(topic->schema_text, strlen(topic->schema_text), NULL, &kit->schema, &error),
        0);
    int r = mr_struct_reader_new(kit->schema, kit->schema, &order_management_order_created_v1_desc,
                                 &kit->reader, &error);
    ck_assert_msg(r == 0, "%s: %s", error.where, error.text);
    r = mr_struct_writer_new(kit->schema, &order_management_order_created_v1_desc, &kit->writer,
                             &error);
    ck_assert_msg(r == 0, "%s: %s", error.where, error.text);
    ck_assert_int_eq(mr_arena_new(0, &kit->arena), 0);
    ck_assert_int_eq(mr_json_encoder_new(kit->schema, NULL, NULL, &encoder, &error), 0);
    r = mr_json_encode(encoder, &cursor, &kit->avro, NULL, &error);
    ck_assert_msg(r == 0, "%s: %s", error.where, error.text);
}

static void close_kit(struct order_kit *kit)
{
    mr_struct_reader_unref(kit->reader);
    mr_struct_writer_unref(kit->writer);
    mr_schema_unref(kit->schema);
    mr_arena_free(kit->arena);
    mr_buf_done(&kit->avro);
}

START_TEST(an_event_becomes_a_struct_and_the_same_bytes_again)
{
    struct order_kit kit;
    struct order_management_order_created_v1 event;
    struct mr_error error = MR_ERROR_INIT;
    MR_AUTO(mr_buf) struct mr_buf again = {0};

    open_kit(&kit);
    int r = mr_struct_read(kit.reader, kit.avro.data, kit.avro.len, kit.arena, &event, &error);
    ck_assert_msg(r == 0, "%s: %s", error.where, error.text);
    ck_assert(mr_str_is(event.envelope.event_id, "550e8400-e29b-41d4-a716-446655440000"));
    ck_assert(event.envelope.timestamp == 1705314600000000);
    ck_assert(!event.envelope.has_causation_id && event.envelope.has_user_id);
    ck_assert(mr_str_is(event.envelope.user_id, "u-1"));
    ck_assert_uint_eq(event.envelope.n_metadata, 2);
    ck_assert(mr_str_is(event.envelope.metadata[1].key, "l"));
    ck_assert(mr_str_is(event.envelope.metadata[1].value, "w"));
    ck_assert(event.data.total_amount.unscaled == 59970000000 &&
              event.data.total_amount.scale == 9);
    ck_assert_uint_eq(event.data.n_items, 2);
    ck_assert(event.data.items[0].quantity == 2);
    ck_assert(mr_str_is(event.data.items[1].product_id, "p2"));
    ck_assert(mr_str_is(event.data.shipping_address.street, "1 M\xc3\xbchlstr."));
    ck_assert(mr_str_is(event.data.billing_address.country, "US"));
    /* borrowed, not copied */
    ck_assert((const uint8_t *)event.data.status.data > kit.avro.data &&
              (const uint8_t *)event.data.status.data < kit.avro.data + kit.avro.len);
    r = mr_struct_write(kit.writer, &event, &again, &error);
    ck_assert_msg(r == 0, "%s: %s", error.where, error.text);
    ck_assert_uint_eq(again.len, kit.avro.len);
    ck_assert_mem_eq(again.data, kit.avro.data, again.len);
    close_kit(&kit);
}
END_TEST

START_TEST(a_struct_is_held_to_the_same_rules_as_json)
{
    struct order_kit kit;
    struct order_management_order_created_v1 event;
    struct order_management_order_created_v1_item items[2];
    struct mr_error error = MR_ERROR_INIT;
    MR_AUTO(mr_buf) struct mr_buf out = {0};

    open_kit(&kit);
    ck_assert_int_eq(
        mr_struct_read(kit.reader, kit.avro.data, kit.avro.len, kit.arena, &event, NULL), 0);
    memcpy(items, event.data.items, sizeof(items));
    items[1].quantity = 0;
    event.data.items = items;
    ck_assert_int_eq(mr_struct_write(kit.writer, &event, &out, &error), MR_INVALID);
    ck_assert_str_eq(error.where, "/data/items/1/quantity");
    ck_assert_str_eq(error.text, "must be at least 1 (was 0)");
    ck_assert_uint_eq(out.len, 0);
    items[1].quantity = 1;
    items[0].unit_price = (struct mr_decimal){-5, 1};
    error = MR_ERROR_INIT;
    ck_assert_int_eq(mr_struct_write(kit.writer, &event, &out, &error), MR_INVALID);
    ck_assert_str_eq(error.where, "/data/items/0/unit_price");
    ck_assert_str_eq(error.text, "must be at least 0 (was -0.5)");
    items[0].unit_price = (struct mr_decimal){5, 1};
    event.data.order_id = MR_STR("\xff");
    error = MR_ERROR_INIT;
    ck_assert_int_eq(mr_struct_write(kit.writer, &event, &out, &error), MR_INVALID);
    ck_assert_str_eq(error.where, "/data/order_id");
    close_kit(&kit);
}
END_TEST

START_TEST(a_datum_cut_anywhere_is_refused)
{
    struct order_kit kit;
    struct order_management_order_created_v1 event;

    open_kit(&kit);
    for (size_t n = 0; n < kit.avro.len; n++) {
        uint8_t *cut = malloc(n + !n);
        memcpy(cut, kit.avro.data, n);
        ck_assert_int_eq(mr_struct_read(kit.reader, cut, n, kit.arena, &event, NULL), MR_INVALID);
        mr_arena_reset(kit.arena);
        free(cut);
    }
    close_kit(&kit);
}
END_TEST

START_TEST(a_place_in_nested_records_is_told_by_its_path)
{
    struct order_kit kit;
    struct order_management_order_created_v1 event;
    struct mr_error error = MR_ERROR_INIT;

    open_kit(&kit);
    uint8_t *street = memmem(kit.avro.data, kit.avro.len, "1 M\xc3\xbc", 5);
    ck_assert_ptr_nonnull(street);
    street[4] = 'x';
    ck_assert_int_eq(
        mr_struct_read(kit.reader, kit.avro.data, kit.avro.len, kit.arena, &event, &error),
        MR_INVALID);
    ck_assert_str_eq(error.where, "/data/shipping_address/street");
    ck_assert_str_eq(error.text, "a string must be well-formed UTF-8");
    street[4] = 0xbc;
    uint8_t *item = memmem(kit.avro.data, kit.avro.len, "\x04p2", 3);
    item[2] = 0xff;
    error = MR_ERROR_INIT;
    ck_assert_int_eq(
        mr_struct_read(kit.reader, kit.avro.data, kit.avro.len, kit.arena, &event, &error),
        MR_INVALID);
    ck_assert_str_eq(error.where, "/data/items/1/product_id");
    close_kit(&kit);
}
END_TEST

/* ---- resolution into a struct of our own ---- */

enum color { RED, GREEN };
struct leaf {
    bool has_name;
    struct mr_str name;
    double size;
};
struct tree {
    int64_t id;
    double weight;
    float ratio;
    enum color color;
    bool has_note;
    struct mr_str note;
    struct leaf leaf;
    const struct tree *kids;
    size_t n_kids;
    const struct mr_pair_long *counts;
    size_t n_counts;
    struct mr_bytes raw, tag;
    struct mr_decimal price;
    bool has_best;
    struct leaf best;
};

#define MEMBER(T, f) .name = #f, .offset = offsetof(struct T, f), .count_offset = MR_NO_MEMBER
#define PLAIN(T, f, k)                                                                             \
    {                                                                                              \
        MEMBER(T, f), .has_offset = MR_NO_MEMBER, .kind = k, .item = k                             \
    }
#define MAYBE(T, f, k)                                                                             \
    {                                                                                              \
        MEMBER(T, f), .has_offset = offsetof(struct T, has_##f), .kind = k, .item = k              \
    }

static const struct mr_record_field leaf_fields[] = {
    MAYBE(leaf, name, MR_FIELD_STRING),
    PLAIN(leaf, size, MR_FIELD_DOUBLE),
};
static const struct mr_record_desc leaf_desc = {"Leaf", sizeof(struct leaf), _Alignof(struct leaf),
                                                leaf_fields, MR_N_ELEMENTS(leaf_fields)};
extern const struct mr_record_desc tree_desc;
static const struct mr_record_field tree_fields[] = {
    PLAIN(tree, id, MR_FIELD_LONG),
    PLAIN(tree, weight, MR_FIELD_DOUBLE),
    PLAIN(tree, ratio, MR_FIELD_FLOAT),
    PLAIN(tree, color, MR_FIELD_ENUM),
    MAYBE(tree, note, MR_FIELD_STRING),
    {MEMBER(tree, leaf), .has_offset = MR_NO_MEMBER, .kind = MR_FIELD_RECORD,
     .item = MR_FIELD_RECORD, .record = &leaf_desc},
    {.name = "kids",
     .offset = offsetof(struct tree, kids),
     .has_offset = MR_NO_MEMBER,
     .count_offset = offsetof(struct tree, n_kids),
     .kind = MR_FIELD_ARRAY,
     .item = MR_FIELD_RECORD,
     .item_size = sizeof(struct tree),
     .record = &tree_desc},
    {.name = "counts",
     .offset = offsetof(struct tree, counts),
     .has_offset = MR_NO_MEMBER,
     .count_offset = offsetof(struct tree, n_counts),
     .kind = MR_FIELD_MAP,
     .item = MR_FIELD_LONG,
     .item_size = sizeof(struct mr_pair_long),
     .item_offset = offsetof(struct mr_pair_long, value)},
    PLAIN(tree, raw, MR_FIELD_BYTES),
    PLAIN(tree, tag, MR_FIELD_FIXED),
    PLAIN(tree, price, MR_FIELD_DECIMAL),
    {MEMBER(tree, best), .has_offset = offsetof(struct tree, has_best), .kind = MR_FIELD_RECORD,
     .item = MR_FIELD_RECORD, .record = &leaf_desc},
};
const struct mr_record_desc tree_desc = {"Tree", sizeof(struct tree), _Alignof(struct tree),
                                         tree_fields, MR_N_ELEMENTS(tree_fields)};

#define COLORS(s) "{\"type\":\"enum\",\"name\":\"Color\",\"symbols\":[" s "]}"
#define LEAF                                                                                       \
    "{\"type\":\"record\",\"name\":\"Leaf\",\"fields\":[{\"name\":\"name\",\"type\":[\"null\","    \
    "\"string\"],\"default\":null},"                                                               \
    "{\"name\":\"size\",\"type\":\"double\",\"default\":2.5}]}"
static const char tree_reader[] =
    "{\"type\":\"record\",\"name\":\"Tree\",\"fields\":["
    "{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"weight\",\"type\":\"double\"},"
    "{\"name\":\"ratio\",\"type\":\"float\",\"default\":0.5},"
    "{\"name\":\"color\",\"type\":" COLORS(
        "\"RED\",\"GREEN\"") ",\"default\":\"GREEN\"},"
                             "{\"name\":\"note\",\"type\":[\"string\",\"null\"],\"default\":"
                             "\"none\"},"
                             "{\"name\":\"leaf\",\"type\":" LEAF
                             ",\"default\":{\"name\":null,\"size\":7}},"
                             "{\"name\":\"kids\",\"type\":{\"type\":\"array\",\"items\":\"Tree\"},"
                             "\"default\":[]},"
                             "{\"name\":\"counts\",\"type\":{\"type\":\"map\",\"values\":\"long\"},"
                             "\"default\":{\"a\":1}},"
                             "{\"name\":\"raw\",\"type\":\"bytes\",\"default\":\"\\u00ff\"},"
                             "{\"name\":\"tag\",\"type\":{\"type\":\"fixed\",\"name\":\"Tag\","
                             "\"size\":2},\"default\":\"ab\"},"
                             "{\"name\":\"price\",\"type\":{\"type\":\"bytes\",\"logicalType\":"
                             "\"decimal\",\"precision\":9,"
                             "\"scale\":2},\"default\":\"\\u0005\"},"
                             "{\"name\":\"best\",\"type\":[\"null\",\"Leaf\"],\"default\":null}]}";

static void read_tree(const char *writer_text, const char *hex, struct tree *tree,
                      struct mr_arena *arena, struct mr_struct_reader **ret_reader)
{
    MR_AUTO(mr_schema) struct mr_schema *writer = NULL;
    MR_AUTO(mr_schema) struct mr_schema *reader = NULL;
    struct mr_error error = MR_ERROR_INIT;
    static uint8_t avro[1024];

    ck_assert_int_eq(mr_schema_parse(writer_text, strlen(writer_text), NULL, &writer, &error), 0);
    int r = mr_schema_parse(tree_reader, strlen(tree_reader), NULL, &reader, &error);
    ck_assert_msg(r == 0, "%s: %s", error.where, error.text);
    r = mr_struct_reader_new(writer, reader, &tree_desc, ret_reader, &error);
    ck_assert_msg(r == 0, "%s: %s", error.where, error.text);
    size_t n = mr_hex_decode(hex, strlen(hex), avro);
    r = mr_struct_read(*ret_reader, avro, n, arena, tree, &error);
    ck_assert_msg(r == 0, "%s: %s", error.where, error.text);
}

START_TEST(an_older_writer_is_read_with_promotions_and_defaults)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    MR_AUTO(mr_struct_reader) struct mr_struct_reader *reader = NULL;
    struct tree tree;

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    read_tree("{\"type\":\"record\",\"name\":\"Tree\",\"fields\":[{\"name\":\"gone\",\"type\":"
              "\"string\"},"
              "{\"name\":\"weight\",\"type\":\"int\"},{\"name\":\"id\",\"type\":\"int\"}]}",
              "0678797a0a0e", &tree, arena, &reader);
    ck_assert(tree.id == 7 && tree.weight == 5 && tree.ratio == 0.5f && tree.color == GREEN);
    ck_assert(tree.has_note && mr_str_is(tree.note, "none"));
    ck_assert(!tree.leaf.has_name && tree.leaf.size == 7);
    ck_assert(tree.n_kids == 0 && tree.n_counts == 1 && tree.counts[0].value == 1);
    ck_assert(tree.raw.len == 1 && tree.raw.data[0] == 0xff);
    ck_assert(tree.tag.len == 2 && tree.tag.data[1] == 'b');
    ck_assert(tree.price.unscaled == 5 && tree.price.scale == 2);
    ck_assert(!tree.has_best);
}
END_TEST

START_TEST(unions_and_enums_of_the_writer_land_in_members)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    MR_AUTO(mr_struct_reader) struct mr_struct_reader *reader = NULL;
    struct tree tree;

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    read_tree(
        "{\"type\":\"record\",\"name\":\"Tree\",\"fields\":["
        "{\"name\":\"id\",\"type\":[\"null\",\"int\",\"long\"]},{\"name\":\"weight\",\"type\":"
        "\"float\"},"
        "{\"name\":\"color\",\"type\":" COLORS(
            "\"GREEN\",\"BLUE\",\"RED\"") "},"
                                          "{\"name\":\"note\",\"type\":[\"int\",\"null\",\"bytes\"]"
                                          "},"
                                          "{\"name\":\"kids\",\"type\":{\"type\":\"array\","
                                          "\"items\":{\"type\":\"record\",\"name\":\"x.Tree\","
                                          "\"fields\":[{\"name\":\"weight\",\"type\":\"long\"},{"
                                          "\"name\":\"id\",\"type\":\"int\"}]}}},"
                                          "{\"name\":\"best\",\"type\":" LEAF "}]}",
        "020e"
        "0000a040"
        "04"
        "040461"
        "62"
        "0202"
        "04"
        "01"
        "04"
        "0608"
        "00"
        "02"
        "0278"
        "0000000000001040",
        &tree, arena, &reader);
    ck_assert(tree.id == 7 && tree.weight == 5 && tree.color == RED);
    ck_assert(tree.has_note && mr_str_is(tree.note, "ab"));
    ck_assert_uint_eq(tree.n_kids, 2);
    ck_assert(tree.kids[0].id == 2 && tree.kids[0].weight == 1);
    ck_assert(tree.kids[1].id == 4 && tree.kids[1].weight == 3 && tree.kids[1].n_counts == 1);
    ck_assert(tree.has_best && tree.best.size == 4 && mr_str_is(tree.best.name, "x"));
}
END_TEST

START_TEST(a_descriptor_of_another_schema_is_refused)
{
    static const char other[] =
        "{\"type\":\"record\",\"name\":\"Leaf\",\"fields\":[{\"name\":\"name\","
        "\"type\":\"string\"},{\"name\":\"size\",\"type\":\"double\"}]}";
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    struct mr_struct_reader *reader = NULL;
    struct mr_struct_writer *writer = NULL;
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_int_eq(mr_schema_parse(other, strlen(other), NULL, &schema, NULL), 0);
    ck_assert_int_eq(mr_struct_writer_new(schema, &leaf_desc, &writer, &error), MR_INVALID);
    ck_assert_str_eq(error.text, "the record descriptor Leaf does not fit the schema");
    ck_assert_int_eq(mr_struct_reader_new(schema, schema, &tree_desc, &reader, &error), MR_INVALID);
}
END_TEST

START_TEST(memory_for_arrays_is_bounded_by_the_datum)
{
    /* A kid takes two bytes of Avro and a few hundred of memory. */
    static const char w[] =
        "{\"type\":\"record\",\"name\":\"Tree\",\"fields\":[{\"name\":\"id\",\"type\":\"int\"},"
        "{\"name\":\"weight\",\"type\":\"int\"},{\"name\":\"kids\",\"type\":{\"type\":\"array\","
        "\"items\":{\"type\":\"record\",\"name\":\"k.Tree\",\"fields\":[{\"name\":\"id\",\"type\":"
        "\"int\"},"
        "{\"name\":\"weight\",\"type\":{\"type\":\"record\",\"name\":\"N\",\"fields\":[]}}]}}}]}";
    MR_AUTO(mr_schema) struct mr_schema *writer = NULL;
    MR_AUTO(mr_schema) struct mr_schema *reader = NULL;
    MR_AUTO(mr_struct_reader) struct mr_struct_reader *plan = NULL;
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_error error = MR_ERROR_INIT;
    struct tree tree;
    static uint8_t avro[4096] = {0, 0, 0x80, 0x3e}; /* 4000 kids of one byte */

    ck_assert_int_eq(mr_schema_parse(w, strlen(w), NULL, &writer, NULL), 0);
    ck_assert_int_eq(mr_schema_parse(tree_reader, strlen(tree_reader), NULL, &reader, NULL), 0);
    ck_assert_int_eq(mr_struct_reader_new(writer, reader, &tree_desc, &plan, &error), 0);
    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    ck_assert_int_eq(mr_struct_read(plan, avro, 4 + 4000 + 1, arena, &tree, &error), MR_INVALID);
    ck_assert_uint_le(mr_arena_used(arena), 4005 * MR_CODEC_MAX_MEMORY_TIMES + (1 << 16));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        an_event_becomes_a_struct_and_the_same_bytes_again,
        a_struct_is_held_to_the_same_rules_as_json,
        a_datum_cut_anywhere_is_refused,
        a_place_in_nested_records_is_told_by_its_path,
        an_older_writer_is_read_with_promotions_and_defaults,
        unions_and_enums_of_the_writer_land_in_members,
        a_descriptor_of_another_schema_is_refused,
        memory_for_arrays_is_bounded_by_the_datum,
        NULL,
    };
    return unit_run("codec_struct", tests);
}
