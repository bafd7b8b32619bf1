/* SPDX-License-Identifier: Apache-2.0 */
/* The six codecs of container files, each on its own library. What a block unpacks to is never
 * believed beforehand: the output grows step by step up to its bound. */
#include "container_codec.h"

#include <bzlib.h>
#include <lzma.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
    STEP = 64 << 10,
    XZ_MEMORY = 128 << 20,
    ZSTD_WINDOW_LOG = 27, /* 128 MiB: what zstd itself allows by default */
    CRC = 4,
    ZLIB_TAIL = 4, /* Avro for Python leaves part of zlib's checksum behind the deflate data */
};

/* Room for the next step, and where it is. */
static int step_room(struct mr_buf *out, uint8_t **ret_to, size_t *ret_room)
{
    size_t room = STEP;

    if (out->max != 0 && out->max - out->len < room)
        room = out->max - out->len;
    if (room == 0)
        return -EMSGSIZE;
    int r = mr_buf_reserve(out, room);
    *ret_to = out->data + out->len;
    *ret_room = room;
    return r;
}

static int null_copy(struct mr_bytes in, struct mr_buf *out)
{
    return mr_buf_append(out, in.data, in.len);
}

/* zlib and bzip2 have not learnt const. */
static unsigned char *unconst(const uint8_t *data)
{
    return (unsigned char *)(uintptr_t)data;
}

static int deflate_pack(struct mr_bytes in, struct mr_buf *out)
{
    z_stream z = {.next_in = unconst(in.data), .avail_in = (uInt)in.len};

    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return -ENOMEM;
    uLong bound = deflateBound(&z, in.len);
    int r = mr_buf_reserve(out, bound);
    if (r == 0) {
        z.next_out = out->data + out->len;
        z.avail_out = (uInt)bound;
        r = deflate(&z, Z_FINISH) == Z_STREAM_END ? 0 : -EIO;
        out->len += z.total_out;
    }
    (void)deflateEnd(&z);
    return r;
}

static int deflate_unpack(struct mr_bytes in, struct mr_buf *out)
{
    z_stream z = {.next_in = unconst(in.data), .avail_in = (uInt)in.len};
    int r = 0, state = Z_OK;

    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return -ENOMEM;
    while (r == 0 && state == Z_OK) {
        uint8_t *to = NULL;
        size_t room = 0;
        if ((r = step_room(out, &to, &room)) != 0)
            break;
        z.next_out = to;
        z.avail_out = (uInt)room;
        state = inflate(&z, Z_NO_FLUSH);
        out->len += room - z.avail_out;
    }
    (void)inflateEnd(&z);
    if (r == 0 && state == Z_MEM_ERROR)
        return -ENOMEM;
    return r != 0 ? r : state == Z_STREAM_END && z.avail_in <= ZLIB_TAIL ? 0 : MR_INVALID;
}

static uint32_t read_big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Followed by the CRC-32 of what was packed. */
static int snappy_pack(struct mr_bytes in, struct mr_buf *out)
{
    size_t len = snappy_max_compressed_length(in.len);
    int r = mr_buf_reserve(out, len + CRC);

    if (r != 0)
        return r;
    uint8_t *to = out->data + out->len;
    if (snappy_compress((const char *)in.data, in.len, (char *)to, &len) != SNAPPY_OK)
        return -EIO;
    uint32_t crc = (uint32_t)crc32(0, in.data, (uInt)in.len);
    for (int i = 0; i < CRC; i++)
        to[len + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
    out->len += len + CRC;
    return 0;
}

static int snappy_unpack(struct mr_bytes in, struct mr_buf *out)
{
    size_t len;

    if (in.len < CRC ||
        snappy_uncompressed_length((const char *)in.data, in.len - CRC, &len) != SNAPPY_OK)
        return MR_INVALID;
    /* snappy packs at most about 21 to 1: a larger promise is a lie, before memory is taken. */
    if (len / 32 > in.len)
        return MR_INVALID;
    int r = mr_buf_reserve(out, len);
    if (r != 0)
        return r;
    uint8_t *to = out->data + out->len;
    if (snappy_uncompress((const char *)in.data, in.len - CRC, (char *)to, &len) != SNAPPY_OK ||
        crc32(0, to, (uInt)len) != read_big_endian(in.data + in.len - CRC))
        return MR_INVALID;
    out->len += len;
    return 0;
}

static int xz_pack(struct mr_bytes in, struct mr_buf *out)
{
    size_t bound = lzma_stream_buffer_bound(in.len);
    int r = mr_buf_reserve(out, bound);

    if (r != 0)
        return r;
    /* A dictionary larger than the block would only cost memory: 8 MiB by default. */
    lzma_options_lzma options;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    (void)lzma_lzma_preset(&options, LZMA_PRESET_DEFAULT);
    if (in.len < options.dict_size)
        options.dict_size = in.len > LZMA_DICT_SIZE_MIN ? (uint32_t)in.len : LZMA_DICT_SIZE_MIN;
    lzma_ret ret = lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC64, NULL, in.data, in.len,
                                             out->data, &out->len, out->cap);
    return ret == LZMA_OK ? 0 : ret == LZMA_MEM_ERROR ? -ENOMEM : -EIO;
}

static int xz_unpack(struct mr_bytes in, struct mr_buf *out)
{
    lzma_stream xz = LZMA_STREAM_INIT;
    lzma_ret state = lzma_stream_decoder(&xz, XZ_MEMORY, 0);
    int r = state == LZMA_OK ? 0 : -ENOMEM;

    xz.next_in = in.data;
    xz.avail_in = in.len;
    while (r == 0 && state == LZMA_OK) {
        uint8_t *to = NULL;
        size_t room = 0;
        if ((r = step_room(out, &to, &room)) != 0)
            break;
        xz.next_out = to;
        xz.avail_out = room;
        state = lzma_code(&xz, LZMA_FINISH);
        out->len += room - xz.avail_out;
    }
    size_t left = xz.avail_in;
    lzma_end(&xz);
    if (r == 0 && state == LZMA_MEM_ERROR)
        return -ENOMEM;
    if (r == 0 && state == LZMA_MEMLIMIT_ERROR)
        return MR_FULL;
    return r != 0 ? r : state == LZMA_STREAM_END && left == 0 ? 0 : MR_INVALID;
}

static int zstd_pack(struct mr_bytes in, struct mr_buf *out)
{
    size_t bound = ZSTD_compressBound(in.len);
    int r = mr_buf_reserve(out, bound);

    if (r != 0)
        return r;
    size_t len = ZSTD_compress(out->data + out->len, bound, in.data, in.len, ZSTD_CLEVEL_DEFAULT);
    if (ZSTD_isError(len))
        return -EIO;
    out->len += len;
    return 0;
}

static int zstd_unpack(struct mr_bytes in, struct mr_buf *out)
{
    ZSTD_DCtx *zstd = ZSTD_createDCtx();
    ZSTD_inBuffer from = {in.data, in.len, 0};
    size_t state = 1; /* what is still to come of the frame; 0: it is complete */
    int r = zstd ? 0 : -ENOMEM;

    if (r == 0)
        (void)ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
    while (r == 0 && state != 0) {
        uint8_t *to = NULL;
        size_t room = 0;
        if ((r = step_room(out, &to, &room)) != 0)
            break;
        ZSTD_outBuffer step = {to, room, 0};
        state = ZSTD_decompressStream(zstd, &step, &from);
        if (ZSTD_getErrorCode(state) == ZSTD_error_frameParameter_windowTooLarge)
            r = MR_FULL;
        else if (ZSTD_isError(state) || (step.pos == 0 && from.pos == from.size && state != 0))
            r = MR_INVALID;
        out->len += step.pos;
    }
    (void)ZSTD_freeDCtx(zstd);
    return r == 0 && from.pos != from.size ? MR_INVALID : r;
}

static int bzip2_pack(struct mr_bytes in, struct mr_buf *out)
{
    unsigned bound = (unsigned)(in.len + in.len / 100 + 600);
    int r = mr_buf_reserve(out, bound);

    if (r != 0)
        return r;
    int state = BZ2_bzBuffToBuffCompress((char *)out->data + out->len, &bound,
                                         (char *)unconst(in.data), (unsigned)in.len, 9, 0, 0);
    if (state != BZ_OK)
        return state == BZ_MEM_ERROR ? -ENOMEM : -EIO;
    out->len += bound;
    return 0;
}

static int bzip2_unpack(struct mr_bytes in, struct mr_buf *out)
{
    bz_stream bz = {.next_in = (char *)unconst(in.data), .avail_in = (unsigned)in.len};
    int r = 0, state = BZ_OK;

    if (BZ2_bzDecompressInit(&bz, 0, 0) != BZ_OK)
        return -ENOMEM;
    while (r == 0 && state == BZ_OK) {
        uint8_t *to = NULL;
        size_t room = 0;
        if ((r = step_room(out, &to, &room)) != 0)
            break;
        bz.next_out = (char *)to;
        bz.avail_out = (unsigned)room;
        state = BZ2_bzDecompress(&bz);
        out->len += room - bz.avail_out;
        if (state == BZ_OK && bz.avail_in == 0 && bz.avail_out > 0)
            r = MR_INVALID; /* it ends too early */
    }
    unsigned left = bz.avail_in;
    (void)BZ2_bzDecompressEnd(&bz);
    if (r == 0 && state == BZ_MEM_ERROR)
        return -ENOMEM;
    return r != 0 ? r : state == BZ_STREAM_END && left == 0 ? 0 : MR_INVALID;
}

static const struct container_codec codecs[] = {
    {"null", null_copy, null_copy},         {"deflate", deflate_pack, deflate_unpack},
    {"snappy", snappy_pack, snappy_unpack}, {"xz", xz_pack, xz_unpack},
    {"zstandard", zstd_pack, zstd_unpack},  {"bzip2", bzip2_pack, bzip2_unpack},
};

const char *const mr_container_codecs[] = {"null",      "deflate", "snappy", "xz",
                                           "zstandard", "bzip2",   NULL};

const struct container_codec *container_codec_find(struct mr_str name)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(codecs); i++)
        if (mr_str_is(name, codecs[i].name))
            return &codecs[i];
    return NULL;
}
