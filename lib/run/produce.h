/* SPDX-License-Identifier: Apache-2.0 */
/* The producer's loop: input -> record -> Kafka -> delivery report -> position. */
#pragma once

#include "checkpoint.h"
#include "checks.h"
#include "input.h"
#include "intake.h"
#include "millrace/log.h"
#include "millrace/upcast.h"
#include "reject.h"
#include "renewals.h"
#include "settle.h"

struct produce_options {
    const char *event;
    const char *unknown; /* "refuse" or "drop" */
    bool strict, dry_run, print, json, dead_letter;
    const char *rejects;
    const char *checkpoint;
    int64_t checkpoint_every_ms, drain_ms;
};

struct produce_counts {
    uint64_t n_read;      /* documents */
    uint64_t n_delivered; /* acknowledged; in a dry run: would go out */
    uint64_t n_rejected;
    uint64_t n_undelivered; /* given up: they are in no topic and no reject file */
    uint64_t n_warned, n_dropped;
    uint64_t n_renewed; /* producers, each in the place of one that the brokers lost track of */
};

/* Another major that is written beside a topic's own. */
struct produce_also {
    struct intake_topic *topic;
    struct mr_upcast_way *way;
    struct mr_upcast *upcast;
    struct mr_buf value; /* of the document at hand */
};
struct produce_also_list {
    struct produce_also *items;
    size_t n;
};

struct produce {
    const struct mr_producer *producer;
    const struct mr_service *service;
    const struct produce_options *options;
    struct mr_log_context log;
    struct intake intake;
    struct checks checks;
    struct input input;
    struct settle settle;
    struct rejects rejects;
    struct checkpoint checkpoint;
    struct mr_kafka_producer *kafka; /* NULL in a dry run */
    struct produce_counts counts;
    struct renewals renewals;
    int64_t started, next_save, next_show; /* steady µs */
    bool terminal;                         /* progress is shown on stderr */
    bool shown;                            /* a progress line stands there */
    bool interrupted;                      /* by a signal, before the end of the input */
    bool partial; /* the last document is not complete yet: left for the next run */
    int failed;   /* why the loop ends early: MR_INVALID, MR_AGAIN, -errno */
    struct mr_buf scratch;
    struct produce_also_list *also;    /* by the intake's topics; NULL: none has any */
    struct mr_arena *arena;            /* of their making */
    struct mr_json_decoder **decoders; /* --print, per topic */
};

/* Everything is open: runs to the end of the input, drains, saves. Outcomes: 0; MR_INVALID,
 * MR_AGAIN or -errno after saying why on stderr; the counts tell how far it came. */
int produce_run(struct produce *produce);

enum { PRODUCE_WAIT_MS = 100 }; /* for a report, before a stop is looked for */
/* Serves reports, progress and checkpoint; waits at most wait_ms for a report. 0 or -errno after
 * saying why. */
int produce_serve(struct produce *produce, int wait_ms);
/* Says why the loop ends early, and remembers it. Gives r. */
int produce_fail(struct produce *produce, int r, const struct mr_error *error);

/* ---- one document (produce_document.c) ---- */
/* It begins at text, of which len bytes are read so far. Outcomes: 0 go on; MR_END stop asked for;
 * MR_INVALID --strict; -errno after saying why. */
int produce_document(struct produce *produce, const char *text, size_t len);
/* Queues, waiting while the queue is full. Outcomes: 0, MR_INVALID (too large), MR_END (stop asked
 * for), -errno with text. */
int produce_send(struct produce *produce, const char *topic, struct mr_bytes key,
                 const struct mr_bytes *value, const struct mr_header *headers, size_t n_headers,
                 uint64_t tag, struct mr_error *reterr);

/* ---- outcomes of single documents (produce_outcome.c) ---- */
/* The document of this tag does not go out: why says where and why. Kept in the reject file or as a
 * dead letter, it is settled. Outcomes: 0 go on; MR_INVALID --strict; -errno. */
int produce_reject(struct produce *produce, uint64_t tag, uint64_t line, const char *topic,
                   const struct mr_error *why, struct mr_str original, bool cut);
void produce_warn(void *self, const struct mr_check *check, uint64_t n_before,
                  const struct mr_error *why);
void produce_delivered(void *self, uint64_t tag, int r, int32_t partition, int64_t offset,
                       const char *text);
/* One --print line of a record. 0 or -errno. */
int produce_print(struct produce *produce, const struct intake_record *record);

/* ---- other majors beside it (produce_also.c) ---- */
int produce_also_open(struct produce *produce, struct mr_error *reterr);
void produce_also_close(struct produce *produce);
const struct produce_also_list *produce_also_of(const struct produce *produce,
                                                const struct intake_topic *topic);
/* Fills the list's values. Outcomes: 0, MR_INVALID (the document fits no older major), -errno. */
int produce_also_make(struct produce *produce, const struct intake_record *record,
                      struct mr_error *reterr);

/* ---- what people see (progress.c) ---- */
void progress_show(struct produce *produce, int64_t now);
void progress_clear(struct produce *produce);
/* The last line on stderr, or the JSON object on stdout. */
void progress_summary(struct produce *produce);
/* A line of its own on stderr, above the progress line. */
void progress_say(struct produce *produce, const char *fmt, ...) MR_PRINTF(2, 3);
