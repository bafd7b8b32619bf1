/* SPDX-License-Identifier: Apache-2.0 */
/* Container files that lie: each is refused with its block and byte, for a bounded price. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "millrace/codec.h"
#include "millrace/container.h"
#include "support/unit.h"

#define SYNC "0123456789abcdef"

static void put_long(struct mr_buf *out, uint64_t value)
{
    for (value *= 2; value >= 0x80; value >>= 7)
        ck_assert_int_eq(mr_buf_byte(out, (uint8_t)(value | 0x80)), 0);
    ck_assert_int_eq(mr_buf_byte(out, (uint8_t)value), 0);
}

static void put_bytes(struct mr_buf *out, const void *data, size_t len)
{
    ck_assert_int_eq(mr_buf_append(out, data, len), 0);
}

static void put_sized(struct mr_buf *out, const void *data, size_t len)
{
    put_long(out, len);
    put_bytes(out, data, len);
}

static void put_header(struct mr_buf *out, const char *schema, const char *codec)
{
    out->len = 0;
    put_bytes(out, "Obj\1", 4);
    put_long(out, 2);
    put_sized(out, "avro.schema", 11);
    put_sized(out, schema, strlen(schema));
    put_sized(out, "avro.codec", 10);
    put_sized(out, codec, strlen(codec));
    put_long(out, 0);
    put_bytes(out, SYNC, 16);
}

static void put_block(struct mr_buf *out, uint64_t n, const void *data, size_t len)
{
    put_long(out, n);
    put_sized(out, data, len);
    put_bytes(out, SYNC, 16);
}

/* Reads all blocks and decodes all data, as `millrace avro decode` does. */
static int read_all(const uint8_t *data, size_t len, uint64_t *ret_n, struct mr_error *error)
{
    MR_AUTO(mr_container_reader) struct mr_container_reader *reader = NULL;
    MR_AUTO(mr_json_decoder) struct mr_json_decoder *decoder = NULL;
    MR_AUTO(mr_buf) struct mr_buf json = {0};
    struct mr_container_block block;
    FILE *file = fmemopen((void *)(uintptr_t)data, len, "r");

    *error = MR_ERROR_INIT;
    *ret_n = 0;
    ck_assert_ptr_nonnull(file);
    int r = mr_container_reader_new(file, &reader, error);
    if (r == 0)
        r = mr_json_decoder_new(mr_container_schema(reader), NULL, NULL, &decoder, error);
    while (r == 0 && (r = mr_container_next(reader, &block, error)) == 0) {
        size_t used, at = 0;
        for (uint64_t i = 0; r == 0 && i < block.n; i++, ++*ret_n, at += used) {
            json.len = used = 0;
            r = mr_json_decode_first(decoder, block.data + at, block.len - at, &used, &json, error);
        }
    }
    (void)fclose(file);
    return r;
}

static void refused(const struct mr_buf *file, const char *text)
{
    struct mr_error error;
    uint64_t n;

    ck_assert_int_eq(read_all(file->data, file->len, &n, &error), MR_INVALID);
    ck_assert_msg(strcmp(error.text, text) == 0, "%s\nis not %s", error.text, text);
}

/* A small file as our writer makes it. */
static void small_file(const char *codec, struct mr_buf *out)
{
    static const char text[] = "{\"type\":\"array\",\"items\":[\"null\",\"string\",\"double\"]}";
    static const uint8_t datum[] = "\x06\x02\x0ahello\0\x02\x02x\0";
    struct mr_container_writer *writer = NULL;
    struct mr_schema *schema = NULL;
    char *data;
    size_t len;
    FILE *file = open_memstream(&data, &len);

    ck_assert_int_eq(mr_schema_parse(text, sizeof(text) - 1, NULL, &schema, NULL), 0);
    ck_assert_int_eq(mr_container_writer_new(file, schema, codec, &writer, NULL), 0);
    for (int block = 0; block < 2; block++) {
        for (int i = 0; i < 5; i++)
            ck_assert_int_eq(mr_container_append(writer, datum, sizeof(datum) - 1, NULL), 0);
        ck_assert_int_eq(mr_container_flush(writer, NULL), 0);
    }
    (void)mr_container_writer_free(writer);
    (void)mr_schema_unref(schema);
    (void)fclose(file);
    out->len = 0;
    put_bytes(out, data, len);
    free(data);
}

START_TEST(any_damaged_byte_of_any_codec_ends_in_data_or_in_one_clear_error)
{
    static const uint8_t flips[] = {0x01, 0x02, 0x80, 0xff};
    MR_AUTO(mr_buf) struct mr_buf file = {0};
    struct mr_error error;
    uint64_t n;

    for (const char *const *codec = mr_container_codecs; *codec; codec++) {
        small_file(*codec, &file);
        ck_assert_int_eq(read_all(file.data, file.len, &n, &error), MR_END);
        ck_assert_uint_eq(n, 10);
        for (size_t at = 0; at < file.len; at++)
            for (size_t i = 0; i < MR_N_ELEMENTS(flips); i++) {
                file.data[at] ^= flips[i];
                int r = read_all(file.data, file.len, &n, &error);
                file.data[at] ^= flips[i];
                ck_assert_msg(r == MR_END || (r == MR_INVALID && error.text[0]),
                              "%s, byte %zu ^ %d: %d", *codec, at, flips[i], r);
                ck_assert_uint_le(n, 10 + MR_CODEC_MAX_ZERO_BYTE_ITEMS);
            }
    }
}
END_TEST

START_TEST(errors_name_block_and_byte)
{
    MR_AUTO(mr_buf) struct mr_buf file = {0};

    put_header(&file, "\"int\"", "null");
    put_block(&file, 1, "\2", 1);
    put_block(&file, 1, "\4", 1);
    file.data[file.len - 1] ^= 1;
    refused(&file, "a block must end with the file's sync marker: the file is damaged (in block 2, "
                   "at byte 94)");
    file.len -= 17;
    refused(&file, "the file ends in the middle (in block 2, at byte 77)");
    put_header(&file, "\"int\"", "deflate");
    put_block(&file, 1, "\xff\xff", 2);
    refused(&file, "a block is no sound deflate: the file is damaged (in block 1, at byte 79)");
    put_header(&file, "{\"type\":\"record\",\n\"name\":\"R\",\"fields\":[{}]}", "null");
    refused(
        &file,
        "the header's schema cannot be read: 2:22: /fields/0: a field needs \"name\", a string");
    put_header(&file, "\"int\"", "null");
    put_bytes(&file, "\x80\x80\0", 3);
    refused(&file, "a varint must be minimal and fit 64 bits (in block 1, at byte 59)");
}
END_TEST

START_TEST(a_size_that_lies_takes_no_more_than_the_file_has)
{
    MR_AUTO(mr_buf) struct mr_buf file = {0};

    put_header(&file, "\"bytes\"", "null");
    put_long(&file, 1);
    put_long(&file, MR_CONTAINER_MAX_BLOCK);
    put_bytes(&file, "x", 1);
    refused(&file, "the file ends in the middle (in block 1, at byte 63)");
    put_header(&file, "\"bytes\"", "null");
    put_long(&file, 1);
    put_long(&file, MR_CONTAINER_MAX_BLOCK + 1);
    refused(&file, "a block must count from 0 data and have from 0 to 64 MiB: its sizes lie (in "
                   "block 1, at byte 63)");
    /* snappy says first how much it will be: 2^32 - 1 */
    put_header(&file, "\"bytes\"", "snappy");
    put_block(&file, 1, "\xff\xff\xff\xff\x0f\0\0\0\0\0", 10);
    refused(&file, "a block is no sound snappy: the file is damaged (in block 1, at byte 88)");
}
END_TEST

START_TEST(metadata_without_end_are_refused)
{
    MR_AUTO(mr_buf) struct mr_buf file = {0};
    static char value[1 << 20];

    put_bytes(&file, "Obj\1", 4);
    put_long(&file, 1000);
    for (int i = 0; i < 5; i++) {
        put_sized(&file, "key", 3);
        put_sized(&file, value, sizeof(value));
    }
    refused(&file, "the header's metadata are too large (in the header, at byte 3145766)");
}
END_TEST

START_TEST(data_of_no_bytes_have_a_bound_in_a_block_and_in_a_file)
{
    MR_AUTO(mr_buf) struct mr_buf file = {0};
    MR_AUTO(mr_container_reader) struct mr_container_reader *reader = NULL;
    struct mr_container_block block;
    struct mr_error error = MR_ERROR_INIT;
    uint64_t n = 0;
    int r;

    put_header(&file, "\"null\"", "null");
    put_block(&file, MR_CODEC_MAX_ZERO_BYTE_ITEMS + 1, "", 0);
    refused(&file, "a block must not count more data than it has bytes, and 65536 (in block 1, at "
                   "byte 77)");
    put_header(&file, "\"null\"", "null");
    for (int i = 0; i < 300; i++)
        put_block(&file, MR_CODEC_MAX_ZERO_BYTE_ITEMS, "", 0);
    FILE *in = fmemopen(file.data, file.len, "r");
    ck_assert_int_eq(mr_container_reader_new(in, &reader, NULL), 0);
    while ((r = mr_container_next(reader, &block, &error)) == 0)
        n += block.n;
    (void)fclose(in);
    ck_assert_int_eq(r, MR_INVALID);
    ck_assert_uint_eq(n, MR_CONTAINER_MAX_EMPTY);
    ck_assert_ptr_nonnull(strstr(error.text, "16,777,216 data of no bytes (in block 257"));
}
END_TEST

START_TEST(what_we_write_of_data_without_bytes_we_read)
{
    static const char text[] = "\"null\"";
    MR_AUTO(mr_container_writer) struct mr_container_writer *writer = NULL;
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    struct mr_error error;
    char *data;
    size_t len;
    uint64_t n;
    FILE *out = open_memstream(&data, &len);

    ck_assert_int_eq(mr_schema_parse(text, sizeof(text) - 1, NULL, &schema, NULL), 0);
    ck_assert_int_eq(mr_container_writer_new(out, schema, "null", &writer, NULL), 0);
    for (int i = 0; i < 2 * MR_CODEC_MAX_ZERO_BYTE_ITEMS + 1; i++)
        ck_assert_int_eq(mr_container_append(writer, (const uint8_t *)"", 0, NULL), 0);
    ck_assert_int_eq(mr_container_flush(writer, NULL), 0);
    (void)fclose(out);
    ck_assert_int_eq(read_all((uint8_t *)data, len, &n, &error), MR_END);
    ck_assert_uint_eq(n, 2 * MR_CODEC_MAX_ZERO_BYTE_ITEMS + 1);
    free(data);
}
END_TEST

/* A dictionary of 256 MiB in the header of the block, with its checksum. */
START_TEST(xz_that_wants_too_much_memory_is_refused)
{
    static const uint8_t stream[] = {0xfd, '7', 'z', 'X', 'Z', 0, 0, 4, 0xe6, 0xd6, 0xb4, 0x46};
    uint8_t head[12] = {0x02, 0, 0x21, 1, 32};
    MR_AUTO(mr_buf) struct mr_buf file = {0}, packed = {0};
    uint32_t crc = (uint32_t)crc32(0, head, 8);

    for (int i = 0; i < 4; i++, crc >>= 8)
        head[8 + i] = (uint8_t)crc;
    put_bytes(&packed, stream, sizeof(stream));
    put_bytes(&packed, head, sizeof(head));
    put_bytes(&packed, "\1\0\0x\0", 5);
    put_header(&file, "\"bytes\"", "xz");
    put_block(&file, 1, packed.data, packed.len);
    refused(&file, "a block needs more than 128 MiB of memory to be unpacked (in block 1, at byte "
                   "103)");
}
END_TEST

START_TEST(zstandard_that_wants_too_much_memory_or_gives_too_much_is_refused)
{
    MR_AUTO(mr_buf) struct mr_buf file = {0}, packed = {0};

    put_bytes(&packed, "\x28\xb5\x2f\xfd\0\x90\x09\0\0x", 10); /* a window of 2^28, one byte */
    put_header(&file, "\"bytes\"", "zstandard");
    put_block(&file, 1, packed.data, packed.len);
    refused(&file, "a block needs more than 128 MiB of memory to be unpacked (in block 1, at byte "
                   "91)");
    packed.len = 0;
    put_bytes(&packed, "\x28\xb5\x2f\xfd\0\x58", 6);
    for (int i = 0; i < 600; i++) /* each 128 KiB of x */
        put_bytes(&packed, "\x02\0\x10x", 4);
    put_header(&file, "\"bytes\"", "zstandard");
    put_block(&file, 1, packed.data, packed.len);
    refused(&file, "a block unpacks to more than 64 MiB (in block 1, at byte 2488)");
}
END_TEST

/* A few bytes can be a long text: items without bytes, with long names. */
START_TEST(json_beyond_its_bound_is_refused)
{
    MR_AUTO(mr_buf) struct mr_buf file = {0}, schema = {0}, data = {0};
    char name[1001] = "";

    memset(name, 'n', sizeof(name) - 1);
    ck_assert_int_eq(mr_buf_printf(&schema,
                                   "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":"
                                   "\"R\",\"fields\":[{\"name\":\"%s\",\"type\":\"null\"}]}}",
                                   name),
                     0);
    put_header(&file, mr_buf_cstr(&schema), "null");
    put_long(&data, MR_CODEC_MAX_ZERO_BYTE_ITEMS / 2); /* the records and their nulls */
    put_long(&data, 0);
    put_block(&file, 1, data.data, data.len);
    struct mr_error error;
    uint64_t n;
    ck_assert_int_eq(read_all(file.data, file.len, &n, &error), MR_INVALID);
    ck_assert_msg(strstr(error.text, "JSON") != NULL, "%s", error.text);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        any_damaged_byte_of_any_codec_ends_in_data_or_in_one_clear_error,
        errors_name_block_and_byte,
        a_size_that_lies_takes_no_more_than_the_file_has,
        metadata_without_end_are_refused,
        data_of_no_bytes_have_a_bound_in_a_block_and_in_a_file,
        what_we_write_of_data_without_bytes_we_read,
        xz_that_wants_too_much_memory_is_refused,
        json_beyond_its_bound_is_refused,
        zstandard_that_wants_too_much_memory_or_gives_too_much_is_refused,
        NULL,
    };
    return unit_run("codec_hostile", tests);
}
