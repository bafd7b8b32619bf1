/* SPDX-License-Identifier: Apache-2.0 */
/* From one major version of an event to the next: a mapping file beside the schema, compiled
 * against both schemas, moves Avro data of the one to Avro data of the other. The same serves the
 * way back. docs/upcasting.md has the language. */
#pragma once

#include <stdint.h>

#include "millrace/arena.h"
#include "millrace/buf.h"
#include "millrace/catalog.h"
#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/schema.h"

enum {
    MR_UPCAST_MAX_BYTES = MR_CATALOG_MAX_MAPPING, /* of one mapping file */
    MR_UPCAST_MAX_FIELDS = 4096,                  /* paths in one schema */
    MR_UPCAST_MAX_MISTAKES = 200,                 /* told of one file; the rest is counted */
    MR_UPCAST_MAX_HOPS = MR_CATALOG_MAX_HOPS,     /* majors between the writer's and the reader's */
    MR_UPCAST_MAX_ARGUMENTS = 16,                 /* values that one function takes */
    MR_UPCAST_MAX_MEMORY_TIMES = 256 /* values made: this times the datum's bytes, and 64 KiB */
};

/* ---- one hop ---- */
/* Immutable, any thread; holds both schemas. */
struct mr_upcaster;

/* text: the mapping file at `path`, a name for texts only. from, to: the schemas as they are now;
 * version: what event_version becomes, NULL: as any other field. All mistakes are appended to
 * *report, one a line (path:line:column: what, nearest word). Outcomes: 0, MR_INVALID, -errno. */
int mr_upcaster_new(struct mr_schema *from, struct mr_schema *to, const char *version,
                    const char *path, struct mr_str text, struct mr_upcaster **ret_upcaster,
                    struct mr_buf *report);
/* The way back of the mapping in text, which goes from `to` to `from`: what cannot be turned round
 * is a mistake. */
int mr_upcaster_new_reverse(struct mr_schema *from, struct mr_schema *to, const char *version,
                            const char *path, struct mr_str text, struct mr_upcaster **ret_upcaster,
                            struct mr_buf *report);
struct mr_upcaster *mr_upcaster_free(struct mr_upcaster *upcaster);
MR_DEFINE_AUTO(mr_upcaster, struct mr_upcaster *, mr_upcaster_free);

/* What is copied into a field with stricter constraints than it had, one a line as in the report;
 * such records may be refused. Borrowed. */
struct mr_str mr_upcaster_notes(const struct mr_upcaster *upcaster);

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

/* ---- a way of the catalogue ---- */
/* All hops of a way, compiled; immutable, any thread. */
struct mr_upcast_way;
/* file_prefix: what paths in the report begin with, "schemas/avro/". Outcomes: 0; MR_INVALID, see
 * the report; -errno. */
int mr_upcast_way_new(const struct mr_topic_way *from, const char *file_prefix,
                      struct mr_upcast_way **ret_way, struct mr_buf *report);
struct mr_upcast_way *mr_upcast_way_free(struct mr_upcast_way *way);
MR_DEFINE_AUTO(mr_upcast_way, struct mr_upcast_way *, mr_upcast_way_free);
/* The last schema; borrowed. */
struct mr_schema *mr_upcast_way_to(const struct mr_upcast_way *way);
/* Appends the notes of its hops. 0 or -errno. */
int mr_upcast_way_notes(const struct mr_upcast_way *way, struct mr_buf *out);
/* For data of one writer; the way must outlive it. writer NULL: the first schema itself. Outcomes
 * as mr_upcast_new. */
int mr_upcast_of_way(const struct mr_upcast_way *way, struct mr_schema *writer,
                     struct mr_upcast **ret_upcast, struct mr_error *reterr);

/* Compiles every way of the catalogue, each mistake told once. Outcomes: 0; MR_INVALID, see the
 * report; -errno. */
int mr_upcast_check(const struct mr_catalog *catalog, const char *file_prefix,
                    struct mr_buf *report);
