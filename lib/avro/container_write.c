/* SPDX-License-Identifier: Apache-2.0 */
/* Writing container files. */
#include "bin.h"
#include "container_codec.h"
#include "millrace/codec.h"
#include "millrace/uuid.h"

struct mr_container_writer {
    FILE *out;
    const struct container_codec *codec;
    struct mr_uuid sync;
    struct mr_buf block, packed;
    int64_t n; /* data in the block */
};

static int put(struct mr_container_writer *writer, const void *data, size_t len,
               struct mr_error *reterr)
{
    if (len > 0 && fwrite(data, 1, len, writer->out) != len)
        return mr_error_set(reterr, errno ? -errno : -EIO, "cannot write the container file: %s",
                            strerror(errno ? errno : EIO));
    return 0;
}

static int put_header(struct mr_container_writer *writer, const struct mr_schema *schema,
                      struct mr_error *reterr)
{
    struct mr_buf *header = &writer->packed;
    struct mr_str text = mr_schema_text(schema);
    int r = mr_buf_append(header, "Obj\1", 4);

    if (r == 0)
        r = bin_append_long(header, 2);
    if (r == 0)
        r = bin_append_bytes(header, "avro.schema", 11);
    if (r == 0)
        r = bin_append_bytes(header, text.data, text.len);
    if (r == 0)
        r = bin_append_bytes(header, "avro.codec", 10);
    if (r == 0)
        r = bin_append_bytes(header, writer->codec->name, strlen(writer->codec->name));
    if (r == 0)
        r = bin_append_long(header, 0);
    if (r == 0)
        r = mr_buf_append(header, writer->sync.bytes, sizeof(writer->sync.bytes));
    return r != 0 ? r : put(writer, header->data, header->len, reterr);
}

int mr_container_writer_new(FILE *out, const struct mr_schema *schema, const char *codec,
                            struct mr_container_writer **ret_writer, struct mr_error *reterr)
{
    MR_AUTO(mr_container_writer) struct mr_container_writer *writer = calloc(1, sizeof(*writer));

    if (!writer)
        return -ENOMEM;
    writer->out = out;
    writer->codec = container_codec_find(mr_str_from(codec));
    if (!writer->codec)
        return mr_error_set(reterr, MR_INVALID, "there is no codec \"%s\"", codec);
    int r = mr_uuid_v4(&writer->sync);
    if (r == 0)
        r = put_header(writer, schema, reterr);
    if (r == 0)
        *ret_writer = MR_MOVE(writer);
    return r;
}

static int close_block(struct mr_container_writer *writer, struct mr_error *reterr)
{
    uint8_t head[2 * BIN_LONG_MAX];

    if (writer->n == 0)
        return 0;
    writer->packed.len = 0;
    int r = writer->codec->pack((struct mr_bytes){writer->block.data, writer->block.len},
                                &writer->packed);
    if (r != 0)
        return mr_error_set(reterr, r, "cannot pack a block with %s", writer->codec->name);
    uint8_t *p = bin_put_long(head, writer->n);
    p = bin_put_long(p, (int64_t)writer->packed.len);
    if ((r = put(writer, head, (size_t)(p - head), reterr)) != 0 ||
        (r = put(writer, writer->packed.data, writer->packed.len, reterr)) != 0 ||
        (r = put(writer, writer->sync.bytes, sizeof(writer->sync.bytes), reterr)) != 0)
        return r;
    writer->block.len = 0;
    writer->n = 0;
    return 0;
}

int mr_container_append(struct mr_container_writer *writer, const uint8_t *avro, size_t len,
                        struct mr_error *reterr)
{
    if (len > MR_CONTAINER_MAX_BLOCK)
        return mr_error_set(reterr, MR_INVALID, "a datum must not be larger than a block's %d MiB",
                            MR_CONTAINER_MAX_BLOCK >> 20);
    bool full = writer->block.len + len > MR_CONTAINER_BLOCK ||
                writer->n == MR_CODEC_MAX_ZERO_BYTE_ITEMS; /* no reader of ours takes more */
    int r = full ? close_block(writer, reterr) : 0;
    if (r == 0)
        r = mr_buf_append(&writer->block, avro, len);
    if (r == 0)
        writer->n++;
    return r;
}

int mr_container_flush(struct mr_container_writer *writer, struct mr_error *reterr)
{
    int r = close_block(writer, reterr);

    if (r == 0 && fflush(writer->out) != 0)
        return mr_error_set(reterr, -errno, "cannot write the container file: %s", strerror(errno));
    return r;
}

struct mr_container_writer *mr_container_writer_free(struct mr_container_writer *writer)
{
    if (writer) {
        mr_buf_done(&writer->block);
        mr_buf_done(&writer->packed);
        free(writer);
    }
    return NULL;
}
