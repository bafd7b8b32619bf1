/* SPDX-License-Identifier: Apache-2.0 */
/* lib/avro: every allocation of the codec fails in turn. Nothing is lost, nothing half done. */
#include <check.h>
#include <stdio.h>
#include <unistd.h>

#include "millrace/codec.h"
#include "millrace/container.h"
#define FAILING_OURS true /* libraries hold memory for us: what they lose, we lose */
#include "support/failing_malloc.h"
#include "support/unit.h"

#include "order_management.gen.h"
#include "topics.gen.h"

#if FAILING_MALLOC

static const char json_text[] =
    "{\"data\":{\"billing_address\":{\"street\":\"\\u00e4\",\"city\":\"c\",\"state\":\"s\",\"zip\":"
    "\"z\","
    "\"country\":\"US\"},\"order_id\":\"o\",\"customer_id\":\"c\",\"total_amount\":59.97,"
    "\"currency\":\"USD\","
    "\"status\":\"p\",\"items\":[{\"product_id\":\"p\",\"quantity\":2,\"unit_price\":\"1\",\"total_"
    "price\":2}],"
    "\"shipping_address\":{\"street\":\"s\",\"city\":\"c\",\"state\":\"s\",\"zip\":\"z\","
    "\"country\":\"US\"}},"
    "\"event_id\":\"550e8400-e29b-41d4-a716-446655440000\",\"event_type\":\"order.created\","
    "\"event_version\":\"1.0\",\"timestamp\":\"2024-01-15T10:30:00Z\",\"correlation_id\":\"x\","
    "\"source_service\":\"order-management\",\"metadata\":{\"a\":1,\"b\":[ 2 ],\"c\":\"d\"}}";

/* The whole way of one event: JSON, Avro, JSON, struct, Avro, file. 0 or -ENOMEM. */
static int whole_way(struct mr_schema *schema)
{
    MR_AUTO(mr_json_encoder) struct mr_json_encoder *encoder = NULL;
    MR_AUTO(mr_json_decoder) struct mr_json_decoder *decoder = NULL;
    MR_AUTO(mr_struct_reader) struct mr_struct_reader *reader = NULL;
    MR_AUTO(mr_struct_writer) struct mr_struct_writer *writer = NULL;
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    MR_AUTO(mr_buf) struct mr_buf avro = {0};
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_json_cursor cursor = {json_text, json_text, json_text + sizeof(json_text) - 1};
    struct order_management_order_created_v1 event;
    const struct mr_record_desc *desc = &order_management_order_created_v1_desc;
    int r;

    if ((r = mr_json_encoder_new(schema, NULL, NULL, &encoder, NULL)) != 0 ||
        (r = mr_json_decoder_new(schema, schema, NULL, &decoder, NULL)) != 0 ||
        (r = mr_struct_reader_new(schema, schema, desc, &reader, NULL)) != 0 ||
        (r = mr_struct_writer_new(schema, desc, &writer, NULL)) != 0 ||
        (r = mr_arena_new(0, &arena)) != 0 ||
        (r = mr_json_encode(encoder, &cursor, &avro, NULL, NULL)) != 0 ||
        (r = mr_json_decode(decoder, avro.data, avro.len, &out, NULL)) != 0)
        return r;
    out.len = 0;
    if ((r = mr_struct_read(reader, avro.data, avro.len, arena, &event, NULL)) != 0 ||
        (r = mr_struct_write(writer, &event, &out, NULL)) != 0)
        return r;
    return out.len == avro.len && memcmp(out.data, avro.data, out.len) == 0 ? 0 : -EILSEQ;
}

/* check's own macros allocate even when they hold. */
static void judge(const char *what, long n, int r, long held)
{
    if (r != 0 && r != -ENOMEM)
        ck_abort_msg("%s, allocation %ld: %d", what, n, r);
    if (failing_held != held)
        ck_abort_msg("%s, allocation %ld: %ld are lost", what, n, failing_held - held);
    if (n > 100000)
        ck_abort_msg("%s never succeeds", what);
}

START_TEST(any_allocation_may_fail)
{
    const char *text = topic_order_management_order_created_v1.schema_text;
    struct mr_schema *schema = NULL;
    int r = -1;

    ck_assert_int_eq(mr_schema_parse(text, strlen(text), NULL, &schema, NULL), 0);
    ck_assert_int_eq(whole_way(schema), 0); /* what is kept for a thread is made here */
    for (long n = 0; r != 0; n++) {
        long held = failing_held;
        failing_in = n;
        r = whole_way(schema);
        failing_in = -1;
        judge("an event's way", n, r, held);
    }
    mr_schema_unref(schema);
}
END_TEST

static int copy_file(FILE *in, FILE *out, const char *codec)
{
    MR_AUTO(mr_container_reader) struct mr_container_reader *reader = NULL;
    MR_AUTO(mr_container_writer) struct mr_container_writer *writer = NULL;
    struct mr_container_block block;
    int r = mr_container_reader_new(in, &reader, NULL);

    if (r == 0)
        r = mr_container_writer_new(out, mr_container_schema(reader), codec, &writer, NULL);
    while (r == 0 && (r = mr_container_next(reader, &block, NULL)) == 0)
        r = mr_container_append(writer, block.data, block.len, NULL);
    return r == MR_END ? mr_container_flush(writer, NULL) : r;
}

START_TEST(any_allocation_may_fail_while_a_file_is_copied)
{
    static const char text[] = "\"string\"";
    struct mr_schema *schema = NULL;
    FILE *files[2] = {tmpfile(), tmpfile()};

    ck_assert_int_eq(mr_schema_parse(text, sizeof(text) - 1, NULL, &schema, NULL), 0);
    for (const char *const *codec = mr_container_codecs; *codec; codec++) {
        struct mr_container_writer *writer = NULL;
        int r = -1;
        if (strcmp(*codec, "snappy") == 0)
            continue; /* its library is C++ and ends the process (docs/limits.md) */
        rewind(files[0]);
        ck_assert_int_eq(mr_container_writer_new(files[0], schema, *codec, &writer, NULL), 0);
        for (int i = 0; i < 100; i++)
            ck_assert_int_eq(mr_container_append(writer, (const uint8_t *)"\x0ahello", 6, NULL), 0);
        ck_assert_int_eq(mr_container_flush(writer, NULL), 0);
        mr_container_writer_free(writer);
        ck_assert_int_eq(ftruncate(fileno(files[0]), ftell(files[0])), 0);
        rewind(files[0]);
        ck_assert_int_eq(copy_file(files[0], files[1], *codec), 0); /* files take their buffers */
        for (long n = 0; r != 0; n++) {
            long held = failing_held;
            rewind(files[0]);
            rewind(files[1]);
            failing_in = n;
            r = copy_file(files[0], files[1], *codec);
            failing_in = -1;
            judge(*codec, n, r == -EIO ? -ENOMEM : r, held); /* not all libraries say why */
        }
    }
    fclose(files[0]);
    fclose(files[1]);
    mr_schema_unref(schema);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {any_allocation_may_fail, any_allocation_may_fail_while_a_file_is_copied,
                            NULL};
    return unit_run("codec_memory", tests);
}

#else

START_TEST(a_sanitizer_has_an_allocator_of_its_own)
{
}
END_TEST

int main(void)
{
    const TTest *tests[] = {a_sanitizer_has_an_allocator_of_its_own, NULL};
    return unit_run("codec_memory", tests);
}

#endif
