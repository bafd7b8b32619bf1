/* SPDX-License-Identifier: Apache-2.0 */
/* From one major version of an event to the next: a mapping file beside the schema, compiled
 * against both schemas, moves Avro data of the one to Avro data of the other. The same serves the
 * way back. docs/upcasting.md has the language. */
#pragma once

#include <stdint.h>

#include "millrace/arena.h"
#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/schema.h"

enum {
    MR_UPCAST_MAX_BYTES = 64 << 10,  /* of one mapping file */
    MR_UPCAST_MAX_FIELDS = 4096,     /* paths in one schema */
    MR_UPCAST_MAX_MISTAKES = 200,    /* told of one file; the rest is counted */
    MR_UPCAST_MAX_HOPS = 16,         /* majors between the writer's and the reader's */
    MR_UPCAST_MAX_ARGUMENTS = 16,    /* values that one function takes */
    MR_UPCAST_MAX_MEMORY_TIMES = 256 /* values made: this times the datum's bytes, and 64 KiB */
};

/* ---- one hop ---- */
/* Immutable, any thread; holds both schemas. */
struct mr_upcaster;

/* text: the mapping file at `path`, a name for texts only. from, to: the schemas as they are now;
 * major: of `to`, for its event_version. All mistakes are appended to *report, one a line
 * (path:line:column: what, nearest word). Outcomes: 0, MR_INVALID, -errno. */
int mr_upcaster_new(struct mr_schema *from, struct mr_schema *to, int32_t major, const char *path,
                    struct mr_str text, struct mr_upcaster **ret_upcaster, struct mr_buf *report);
/* The way back of the mapping in text, which goes from `to` to `from`: what cannot be turned round
 * is a mistake. major: of `to`. */
int mr_upcaster_new_reverse(struct mr_schema *from, struct mr_schema *to, int32_t major,
                            const char *path, struct mr_str text, struct mr_upcaster **ret_upcaster,
                            struct mr_buf *report);
struct mr_upcaster *mr_upcaster_free(struct mr_upcaster *upcaster);
MR_DEFINE_AUTO(mr_upcaster, struct mr_upcaster *, mr_upcaster_free);

/* The functions that `compute` knows, for help: name and summary of number i, or NULL. */
const char *mr_upcast_function(size_t i, const char **ret_summary);

/* ---- all hops, for the data of one writer ---- */
struct mr_upcast;
/* writer: what the data were written with, resolved to hops[0]'s first schema. The hops stay the
 * caller's and must outlive it. Outcomes: 0; MR_INVALID (no datum of writer could be read, hops
 * that do not follow each other); -ENOMEM. */
int mr_upcast_new(struct mr_schema *writer, const struct mr_upcaster *const *hops, size_t n_hops,
                  struct mr_upcast **ret_upcast, struct mr_error *reterr);
struct mr_upcast *mr_upcast_free(struct mr_upcast *upcast);
MR_DEFINE_AUTO(mr_upcast, struct mr_upcast *, mr_upcast_free);
/* Appends the datum as the last schema has it, its constraints enforced. scratch holds values
 * meanwhile: the caller resets it. Outcomes: 0; MR_INVALID: where is a pointer to the value, text
 * the rule; -errno; on failure out is as before. */
int mr_upcast_run(const struct mr_upcast *upcast, const uint8_t *avro, size_t len,
                  struct mr_arena *scratch, struct mr_buf *out, struct mr_error *reterr);
