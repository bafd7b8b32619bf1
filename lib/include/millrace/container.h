/* SPDX-License-Identifier: Apache-2.0 */
/* Avro object container files: read and written block by block, with every codec of the
 * specification. Source: Apache Avro 1.12, "Object Container Files".
 *
 * avro-c's own reader is not used: it trusts counts and sizes of the file, keeps no bound on what a
 * block unpacks to, and parses the schema leniently (avro-c datafile.c). Its files are read, and it
 * reads ours: test_container holds that. One thread at a time. */
#pragma once

#include <stdio.h>

#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/schema.h"

enum {
    MR_CONTAINER_MAX_BLOCK = 64 << 20, /* bytes of a block, packed and unpacked */
    MR_CONTAINER_MAX_HEADER = 4 << 20, /* bytes of all metadata */
    MR_CONTAINER_MAX_EMPTY = 16 << 20, /* data of no bytes in a file, beyond one for each byte */
    MR_CONTAINER_BLOCK = 64 << 10,     /* a writer closes a block when it has this many bytes */
};

/* "null", "deflate", "snappy", "xz", "zstandard", "bzip2"; NULL-terminated. */
extern const char *const mr_container_codecs[];

struct mr_container_block {
    const uint8_t *data; /* `n` data behind each other; borrowed until the next call */
    size_t len;
    uint64_t n;
    uint64_t number; /* of the file's blocks, from 1 */
    uint64_t at;     /* where it begins in the file */
};

struct mr_container_reader;
/* Reads the header. `in` stays the caller's. Outcomes: 0, MR_INVALID (no container file, unknown
 * codec, schema wrong), -errno. */
int mr_container_reader_new(FILE *in, struct mr_container_reader **ret_reader,
                            struct mr_error *reterr);
struct mr_container_reader *mr_container_reader_free(struct mr_container_reader *reader);
MR_DEFINE_AUTO(mr_container_reader, struct mr_container_reader *, mr_container_reader_free);

struct mr_schema *mr_container_schema(const struct mr_container_reader *reader); /* borrowed */
const char *mr_container_codec(const struct mr_container_reader *reader);
/* The next block. Outcomes: 0, MR_END, MR_INVALID (sizes, sync marker, checksum, packing; the text
 * names block and byte), -errno. */
int mr_container_next(struct mr_container_reader *reader, struct mr_container_block *ret_block,
                      struct mr_error *reterr);

struct mr_container_writer;
/* Writes the header. The schema's text goes into the file byte for byte. Outcomes: 0, MR_INVALID
 * (codec), -errno. */
int mr_container_writer_new(FILE *out, const struct mr_schema *schema, const char *codec,
                            struct mr_container_writer **ret_writer, struct mr_error *reterr);
/* Appends one datum in Avro binary. Outcomes: 0, MR_INVALID (larger than a block may be), -errno.
 */
int mr_container_append(struct mr_container_writer *writer, const uint8_t *avro, size_t len,
                        struct mr_error *reterr);
/* Closes the block that is open and flushes. 0 or -errno. */
int mr_container_flush(struct mr_container_writer *writer, struct mr_error *reterr);
/* Does not flush. */
struct mr_container_writer *mr_container_writer_free(struct mr_container_writer *writer);
MR_DEFINE_AUTO(mr_container_writer, struct mr_container_writer *, mr_container_writer_free);
