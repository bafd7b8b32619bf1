/* SPDX-License-Identifier: Apache-2.0 */
/* lib/avro: container files, and avro-c as the second opinion on them. */
#include <avro.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "millrace/codec.h"
#include "millrace/container.h"
#include "support/unit.h"

static const char schema_text[] = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\","
                                  "\"type\":\"int\",\"minimum\":1},"
                                  "{\"name\":\"b\",\"type\":\"string\"}]}";
enum { N_DATA = 8000 };

static struct mr_schema *schema;

static void open_schema(void)
{
    ck_assert_int_eq(mr_schema_parse(schema_text, sizeof(schema_text) - 1, NULL, &schema, NULL), 0);
}

/* {i, "hello"} */
static size_t datum(int i, uint8_t out[16])
{
    uint64_t v = (uint64_t)i * 2;
    size_t n = 0;

    for (; v >= 0x80; v >>= 7)
        out[n++] = (uint8_t)v | 0x80;
    out[n++] = (uint8_t)v;
    memcpy(out + n, "\x0ahello", 6);
    return n + 6;
}

static void write_file(FILE *file, const char *codec, int n_data)
{
    MR_AUTO(mr_container_writer) struct mr_container_writer *writer = NULL;
    struct mr_error error = MR_ERROR_INIT;
    uint8_t bytes[16];

    int r = mr_container_writer_new(file, schema, codec, &writer, &error);
    ck_assert_msg(r == 0, "%s", error.text);
    for (int i = 0; i < n_data; i++)
        ck_assert_int_eq(mr_container_append(writer, bytes, datum(i, bytes), NULL), 0);
    ck_assert_int_eq(mr_container_flush(writer, NULL), 0);
    rewind(file);
}

static int read_file(FILE *file, int *ret_n, struct mr_error *error)
{
    MR_AUTO(mr_container_reader) struct mr_container_reader *reader = NULL;
    struct mr_container_block block;
    uint8_t bytes[16];
    int r = mr_container_reader_new(file, &reader, error);

    *ret_n = 0;
    while (r == 0 && (r = mr_container_next(reader, &block, error)) == 0) {
        const uint8_t *p = block.data;
        for (uint64_t i = 0; i < block.n; i++, ++*ret_n) {
            size_t len = datum(*ret_n, bytes);
            ck_assert(p + len <= block.data + block.len && memcmp(p, bytes, len) == 0);
            p += len;
        }
        ck_assert(p == block.data + block.len);
    }
    return r;
}

START_TEST(every_codec_gives_back_what_was_written)
{
    open_schema();
    for (const char *const *codec = mr_container_codecs; *codec; codec++) {
        FILE *file = tmpfile();
        struct mr_error error = MR_ERROR_INIT;
        int n;
        write_file(file, *codec, N_DATA);
        int r = read_file(file, &n, &error);
        ck_assert_msg(r == MR_END && n == N_DATA, "%s: %d, %d data, %s", *codec, r, n, error.text);
        fclose(file);
    }
    mr_schema_unref(schema);
}
END_TEST

static void read_by_peer(const char *path, const char *codec)
{
    avro_file_reader_t reader;
    avro_value_t value, field;
    int32_t a;
    const char *text;
    size_t size;

    ck_assert_msg(avro_file_reader(path, &reader) == 0, "%s: %s", codec, avro_strerror());
    avro_schema_t peer = avro_file_reader_get_writer_schema(reader);
    avro_value_iface_t *class = avro_generic_class_from_schema(peer);
    ck_assert_int_eq(avro_generic_value_new(class, &value), 0);
    for (int i = 0; i < N_DATA; i++) {
        ck_assert_msg(avro_file_reader_read_value(reader, &value) == 0, "%s: %s", codec,
                      avro_strerror());
        ck_assert_int_eq(avro_value_get_by_name(&value, "a", &field, NULL), 0);
        ck_assert_int_eq(avro_value_get_int(&field, &a), 0);
        ck_assert_int_eq(a, i);
        ck_assert_int_eq(avro_value_get_by_name(&value, "b", &field, NULL), 0);
        ck_assert_int_eq(avro_value_get_string(&field, &text, &size), 0);
        ck_assert_str_eq(text, "hello");
    }
    ck_assert_int_eq(avro_file_reader_read_value(reader, &value), EOF);
    avro_value_decref(&value);
    avro_value_iface_decref(class);
    avro_schema_decref(peer);
    avro_file_reader_close(reader);
}

static void write_by_peer(const char *path, const char *codec)
{
    avro_file_writer_t writer;
    avro_schema_t peer;
    avro_value_t value, field;

    ck_assert_int_eq(avro_schema_from_json_length(schema_text, sizeof(schema_text) - 1, &peer), 0);
    ck_assert_int_eq(avro_file_writer_create_with_codec(path, peer, &writer, codec, 0), 0);
    avro_value_iface_t *class = avro_generic_class_from_schema(peer);
    ck_assert_int_eq(avro_generic_value_new(class, &value), 0);
    for (int i = 0; i < N_DATA; i++) {
        avro_value_get_by_name(&value, "a", &field, NULL);
        avro_value_set_int(&field, i);
        avro_value_get_by_name(&value, "b", &field, NULL);
        avro_value_set_string(&field, "hello");
        ck_assert_int_eq(avro_file_writer_append_value(writer, &value), 0);
    }
    avro_value_decref(&value);
    avro_value_iface_decref(class);
    avro_file_writer_close(writer);
    avro_schema_decref(peer);
}

START_TEST(avro_c_reads_our_files_and_we_read_its)
{
    static const char *const shared[] = {"null", "deflate", "snappy"};
    open_schema();
    for (size_t i = 0; i < MR_N_ELEMENTS(shared); i++) {
        char path[] = "/tmp/millrace-container-XXXXXX";
        int fd = mkstemp(path), n;
        FILE *file = fdopen(fd, "w+");
        write_file(file, shared[i], N_DATA);
        fclose(file);
        read_by_peer(path, shared[i]);
        unlink(path);
        write_by_peer(path, shared[i]);
        file = fopen(path, "r");
        struct mr_error error = MR_ERROR_INIT;
        int r = read_file(file, &n, &error);
        ck_assert_msg(r == MR_END && n == N_DATA, "%s: %d, %d data, %s", shared[i], r, n,
                      error.text);
        fclose(file);
        unlink(path);
    }
    mr_schema_unref(schema);
}
END_TEST

START_TEST(the_schemas_text_is_kept_byte_for_byte)
{
    MR_AUTO(mr_container_reader) struct mr_container_reader *reader = NULL;
    FILE *file = tmpfile();

    open_schema();
    write_file(file, "null", 1);
    ck_assert_int_eq(mr_container_reader_new(file, &reader, NULL), 0);
    struct mr_str text = mr_schema_text(mr_container_schema(reader));
    ck_assert(mr_str_is(text, schema_text));
    fclose(file);
    mr_schema_unref(schema);
}
END_TEST

/* The bytes of a small file of this codec. */
static size_t small_file(const char *codec, uint8_t *out, size_t size)
{
    FILE *file = tmpfile();

    write_file(file, codec, 9);
    size_t n = fread(out, 1, size, file);
    fclose(file);
    return n;
}

static int read_bytes(const uint8_t *data, size_t len, int *ret_n, struct mr_error *error)
{
    char nothing[1];
    FILE *file = fmemopen(len ? (void *)(uintptr_t)data : nothing, len + !len, "r");

    if (len == 0)
        (void)getc(file); /* fmemopen takes no empty memory */
    int r = read_file(file, ret_n, error);
    fclose(file);
    return r;
}

START_TEST(a_file_cut_anywhere_or_damaged_anywhere_is_told_from_a_whole_one)
{
    uint8_t bytes[4096];
    int n;

    open_schema();
    for (const char *const *codec = mr_container_codecs; *codec; codec++) {
        size_t len = small_file(*codec, bytes, sizeof(bytes)), header = 0;
        /* The header ends with the sync marker, which comes again at the end. */
        while (memcmp(bytes + header, bytes + len - 16, 16) != 0)
            header++;
        header += 16;
        for (size_t cut = 0; cut < len; cut++)
            ck_assert_int_eq(read_bytes(bytes, cut, &n, NULL), cut == header ? MR_END : MR_INVALID);
        for (size_t i = len - 16; i < len; i++) {
            bytes[i] ^= 1;
            ck_assert_int_eq(read_bytes(bytes, len, &n, NULL), MR_INVALID);
            bytes[i] ^= 1;
        }
    }
    mr_schema_unref(schema);
}
END_TEST

START_TEST(a_block_that_unpacks_beyond_the_bound_is_refused)
{
    static const char head[] = "Obj\1\4\x16"
                               "avro.schema\x0e\"bytes\"\x14"
                               "avro.codec\x0e"
                               "deflate\0"
                               "0123456789abcdef";
    static uint8_t zeros[1 << 20], packed[1 << 18];
    z_stream z = {.next_out = packed, .avail_out = sizeof(packed)};
    FILE *file = tmpfile();
    struct mr_error error = MR_ERROR_INIT;
    int n;

    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    for (int i = 0; i < 80; i++) {
        z.next_in = zeros;
        z.avail_in = sizeof(zeros);
        ck_assert_int_eq(deflate(&z, i == 79 ? Z_FINISH : Z_NO_FLUSH),
                         i == 79 ? Z_STREAM_END : Z_OK);
    }
    size_t len = z.total_out;
    deflateEnd(&z);
    fwrite(head, 1, sizeof(head) - 1, file);
    fputc(2, file);
    uint64_t v = len * 2;
    for (; v >= 0x80; v >>= 7)
        fputc((int)(v & 0x7f) | 0x80, file);
    fputc((int)v, file);
    fwrite(packed, 1, len, file);
    fwrite("0123456789abcdef", 1, 16, file);
    rewind(file);
    ck_assert_int_eq(read_file(file, &n, &error), MR_INVALID);
    ck_assert_msg(strstr(error.text, "a block unpacks to more than 64 MiB") != NULL, "%s",
                  error.text);
    fclose(file);
}
END_TEST

START_TEST(a_header_that_lies_is_refused)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } rows[] = {
        {"Obj", 3, "this is no Avro container file"},
        {"Obj\2abcdef", 10, "this is no Avro container file"},
        {"Obj\1\0"
         "0123456789abcdef",
         21, "the header has no schema"},
        {"Obj\1\2\x16"
         "avro.schema\xfe\xff\xff\xff\x7f",
         22, "the header's metadata are too large"},
        {"Obj\1\2\x14"
         "avro.codec\x06lzo\0",
         21, "the file's codec \"lzo\" is none of Avro's"},
        {"Obj\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02", 15,
         "the header's metadata are too large"},
        {"Obj\1\2\x16"
         "avro.schema\x0c\"null\"\0"
         "0123456789abcdef"
         "\x80\x80\x80\x80\x80\x80\x01\0"
         "0123456789abcdef",
         65, "a block must not count more data than it has bytes, and 65536"},
    };
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct mr_error error = MR_ERROR_INIT;
        int n;
        ck_assert_int_eq(read_bytes((const uint8_t *)rows[i].bytes, rows[i].len, &n, &error),
                         MR_INVALID);
        ck_assert_msg(strstr(error.text, rows[i].text) == error.text, "%zu: %s", i, error.text);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        every_codec_gives_back_what_was_written,
        avro_c_reads_our_files_and_we_read_its,
        the_schemas_text_is_kept_byte_for_byte,
        a_file_cut_anywhere_or_damaged_anywhere_is_told_from_a_whole_one,
        a_block_that_unpacks_beyond_the_bound_is_refused,
        a_header_that_lies_is_refused,
        NULL,
    };
    return unit_run("codec_container", tests);
}
