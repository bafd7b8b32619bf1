/* SPDX-License-Identifier: Apache-2.0 */
/* Reading container files. */
#include "millrace/container.h"

#include "bin.h"
#include "container_codec.h"
#include "millrace/codec.h"

enum { SYNC = 16, MAGIC = 4 };
static const char magic[MAGIC] = {'O', 'b', 'j', 1};

struct mr_container_reader {
    FILE *in;
    uint64_t at;      /* bytes read so far */
    uint64_t block;   /* being read; 0: the header */
    uint64_t n_empty; /* data that the blocks counted beyond their bytes */
    struct mr_schema *schema;
    const struct container_codec *codec;
    uint8_t sync[SYNC];
    struct mr_buf packed, unpacked;
};

static int wrong(const struct mr_container_reader *reader, const char *rule,
                 struct mr_error *reterr)
{
    unsigned long long at = reader->at, block = reader->block;

    if (reterr)
        reterr->offset = (size_t)reader->at;
    if (block == 0)
        return mr_error_set(reterr, MR_INVALID, "%s (in the header, at byte %llu)", rule, at);
    return mr_error_set(reterr, MR_INVALID, "%s (in block %llu, at byte %llu)", rule, block, at);
}

static int ended(const struct mr_container_reader *reader, struct mr_error *reterr)
{
    if (ferror(reader->in))
        return mr_error_set(reterr, -EIO, "cannot read the container file");
    return wrong(reader, "the file ends in the middle", reterr);
}

static int read_bytes(struct mr_container_reader *reader, void *out, size_t len,
                      struct mr_error *reterr)
{
    if (len > 0 && fread(out, 1, len, reader->in) != len)
        return ended(reader, reterr);
    reader->at += len;
    return 0;
}

/* A varint, gathered byte by byte and read by the one reader there is. */
static int read_long(struct mr_container_reader *reader, int64_t *ret_value,
                     struct mr_error *reterr)
{
    uint8_t bytes[BIN_LONG_MAX];
    size_t n = 0;

    do {
        if (n == sizeof(bytes))
            return wrong(reader, "a varint must fit 64 bits in at most 10 bytes", reterr);
        int r = read_bytes(reader, &bytes[n], 1, reterr);
        if (r != 0)
            return r;
    } while (bytes[n++] >= 0x80);
    struct bin bin = {bytes, bytes, bytes + n};
    return bin_long(&bin, ret_value, NULL) == 0
               ? 0
               : wrong(reader, "a varint must be minimal and fit 64 bits", reterr);
}

/* Length and bytes into buf, which keeps what it has. */
static int read_sized(struct mr_container_reader *reader, struct mr_buf *buf, struct mr_str *ret,
                      struct mr_error *reterr)
{
    int64_t len;
    int r = read_long(reader, &len, reterr);

    if (r != 0)
        return r;
    if (len < 0 || reader->at + (uint64_t)len > MR_CONTAINER_MAX_HEADER)
        return wrong(reader, "the header's metadata are too large", reterr);
    if ((r = mr_buf_reserve(buf, (size_t)len)) != 0)
        return r;
    *ret = (struct mr_str){(char *)buf->data + buf->len, (size_t)len};
    buf->len += (size_t)len;
    return read_bytes(reader, buf->data + buf->len - len, (size_t)len, reterr);
}

static int take_schema(struct mr_container_reader *reader, struct mr_str text,
                       struct mr_error *reterr)
{
    struct mr_error error = MR_ERROR_INIT;
    int r = mr_schema_parse(text.data, text.len, NULL, &reader->schema, &error);

    return r == 0 ? 0
                  : mr_error_set(reterr, r, "the header's schema cannot be read: %u:%u: %s%s%s",
                                 error.line, error.column, error.where, *error.where ? ": " : "",
                                 error.text);
}

static int take_meta(struct mr_container_reader *reader, struct mr_str key, struct mr_str value,
                     struct mr_error *reterr)
{
    if (mr_str_is(key, "avro.codec")) {
        reader->codec = container_codec_find(value);
        if (!reader->codec)
            return mr_error_set(reterr, MR_INVALID,
                                "the file's codec \"%.*s\" is none of Avro's: null, deflate, "
                                "snappy, xz, zstandard, bzip2",
                                value.len < 64 ? (int)value.len : 64, value.data);
    } else if (mr_str_is(key, "avro.schema")) {
        reader->schema = mr_schema_unref(reader->schema);
        return take_schema(reader, value, reterr);
    }
    return 0;
}

static int read_meta_block(struct mr_container_reader *reader, int64_t n, struct mr_error *reterr)
{
    struct mr_str key, value;
    int r = 0;

    for (int64_t i = 0; r == 0 && i < n; i++) {
        reader->packed.len = 0;
        r = read_sized(reader, &reader->packed, &key, reterr);
        /* The value lands in the same buffer, which may move: the key is found again. */
        size_t key_len = r == 0 ? key.len : 0;
        if (r == 0)
            r = read_sized(reader, &reader->packed, &value, reterr);
        if (r == 0)
            r = take_meta(reader, (struct mr_str){(char *)reader->packed.data, key_len}, value,
                          reterr);
    }
    return r;
}

static int read_header(struct mr_container_reader *reader, struct mr_error *reterr)
{
    char begin[MAGIC];
    int64_t n, size;
    int r;

    if (fread(begin, 1, MAGIC, reader->in) != MAGIC || memcmp(begin, magic, MAGIC) != 0)
        return mr_error_set(reterr, MR_INVALID,
                            "this is no Avro container file: it does not begin with \"Obj\" and 1");
    reader->at = MAGIC;
    while ((r = read_long(reader, &n, reterr)) == 0 && n != 0) {
        if (n < 0 && (r = read_long(reader, &size, reterr)) != 0)
            return r;
        if (n == INT64_MIN)
            return wrong(reader, "the header's metadata are too large", reterr);
        if ((r = read_meta_block(reader, n < 0 ? -n : n, reterr)) != 0)
            return r;
    }
    if (r == 0)
        r = read_bytes(reader, reader->sync, SYNC, reterr);
    if (r == 0 && !reader->schema)
        return wrong(reader, "the header has no schema", reterr);
    return r;
}

int mr_container_reader_new(FILE *in, struct mr_container_reader **ret_reader,
                            struct mr_error *reterr)
{
    MR_AUTO(mr_container_reader) struct mr_container_reader *reader = calloc(1, sizeof(*reader));

    if (!reader)
        return -ENOMEM;
    reader->in = in;
    reader->codec = container_codec_find(MR_STR("null"));
    int r = read_header(reader, reterr);
    reader->packed.max = reader->unpacked.max = MR_CONTAINER_MAX_BLOCK;
    if (r == 0)
        *ret_reader = MR_MOVE(reader);
    return r;
}

struct mr_container_reader *mr_container_reader_free(struct mr_container_reader *reader)
{
    if (reader) {
        (void)mr_schema_unref(reader->schema);
        mr_buf_done(&reader->packed);
        mr_buf_done(&reader->unpacked);
        free(reader);
    }
    return NULL;
}

struct mr_schema *mr_container_schema(const struct mr_container_reader *reader)
{
    return reader->schema;
}

const char *mr_container_codec(const struct mr_container_reader *reader)
{
    return reader->codec->name;
}

/* The packed bytes come in steps, so that a size that lies takes no more than the file has. */
static int read_packed(struct mr_container_reader *reader, size_t len, struct mr_error *reterr)
{
    enum { STEP = 1 << 20 };

    reader->packed.len = 0;
    while (reader->packed.len < len) {
        size_t step = len - reader->packed.len < STEP ? len - reader->packed.len : STEP;
        int r = mr_buf_reserve(&reader->packed, step);
        if (r == 0)
            r = read_bytes(reader, reader->packed.data + reader->packed.len, step, reterr);
        if (r != 0)
            return r;
        reader->packed.len += step;
    }
    return 0;
}

static int read_block(struct mr_container_reader *reader, int64_t *ret_n, struct mr_error *reterr)
{
    uint8_t sync[SYNC];
    int64_t n, len;
    int r = read_long(reader, &n, reterr);

    if (r == 0)
        r = read_long(reader, &len, reterr);
    if (r != 0)
        return r;
    if (n < 0 || len < 0 || len > MR_CONTAINER_MAX_BLOCK)
        return wrong(reader,
                     "a block must count from 0 data and have from 0 to 64 MiB: its sizes lie",
                     reterr);
    if ((r = read_packed(reader, (size_t)len, reterr)) != 0 ||
        (r = read_bytes(reader, sync, SYNC, reterr)) != 0)
        return r;
    if (memcmp(sync, reader->sync, SYNC) != 0)
        return wrong(reader, "a block must end with the file's sync marker: the file is damaged",
                     reterr);
    *ret_n = n;
    return 0;
}

/* Data of no bytes cost the sender nothing: 2^40 of them must not cost us days. */
static int check_count(struct mr_container_reader *reader, uint64_t n, struct mr_error *reterr)
{
    uint64_t empty = n > reader->unpacked.len ? n - reader->unpacked.len : 0;

    if (empty > MR_CODEC_MAX_ZERO_BYTE_ITEMS)
        return wrong(reader, "a block must not count more data than it has bytes, and 65536",
                     reterr);
    reader->n_empty += empty;
    if (reader->n_empty > MR_CONTAINER_MAX_EMPTY)
        return wrong(reader, "the blocks count more than 16,777,216 data of no bytes", reterr);
    return 0;
}

static int unpack(struct mr_container_reader *reader, struct mr_error *reterr)
{
    char text[64];

    reader->unpacked.len = 0;
    int r = reader->codec->unpack((struct mr_bytes){reader->packed.data, reader->packed.len},
                                  &reader->unpacked);
    if (r == -EMSGSIZE)
        return wrong(reader, "a block unpacks to more than 64 MiB", reterr);
    if (r == MR_FULL)
        return wrong(reader, "a block needs more than 128 MiB of memory to be unpacked", reterr);
    if (r != MR_INVALID)
        return r;
    (void)snprintf(text, sizeof(text), "a block is no sound %s: the file is damaged",
                   reader->codec->name);
    return wrong(reader, text, reterr);
}

int mr_container_next(struct mr_container_reader *reader, struct mr_container_block *ret_block,
                      struct mr_error *reterr)
{
    int64_t n = 0;
    int c = getc(reader->in);

    if (c == EOF)
        return ferror(reader->in) ? mr_error_set(reterr, -EIO, "cannot read the container file")
                                  : MR_END;
    (void)ungetc(c, reader->in);
    reader->block++;
    uint64_t at = reader->at;
    int r = read_block(reader, &n, reterr);
    if (r == 0)
        r = unpack(reader, reterr);
    if (r == 0)
        r = check_count(reader, (uint64_t)n, reterr);
    if (r == 0)
        *ret_block = (struct mr_container_block){.data = reader->unpacked.data,
                                                 .len = reader->unpacked.len,
                                                 .n = (uint64_t)n,
                                                 .number = reader->block,
                                                 .at = at};
    return r;
}
