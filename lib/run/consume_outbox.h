/* SPDX-License-Identifier: Apache-2.0 */
/* What the consumer engine publishes: emitted events and dead letters, by way of the store. Private
 * to lib/run and its tests. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "millrace/codec.h"
#include "millrace/consumer.h"
#include "millrace/kafka.h"
#include "renewals.h"

struct consume;

enum {
    CONSUME_OUTBOX_WINDOW = 10000, /* records on their way to the broker, at most */
    CONSUME_SHORT_LETTERS = 64,
};

/* A topic that handlers emit to. */
struct consume_emission {
    const struct mr_topic *topic;
    struct mr_schema *schema;
    struct mr_struct_writer *writer;
    int32_t schema_id;
};

/* A record on its way to the broker. */
struct consume_flight {
    int64_t seq;
    bool acknowledged;
    bool letter; /* a dead letter, with the value that it is about */
};

struct consume_outbox {
    struct consume_flight *flights; /* ring of CONSUME_OUTBOX_WINDOW */
    uint64_t first, next;           /* positions: first not acknowledged, next to send */
    int64_t sent;                   /* seq of the last record produced */
    int64_t acknowledged;           /* all up to this seq are */
    int64_t deleted;
    bool resend;  /* a delivery failed for now: all again once the rest is reported */
    bool waiting; /* rows are left to send */
    int fatal;    /* a delivery failed for good */
    struct mr_error error;
    struct renewals renewals;
    /* dead letters that the broker refused with their value: they go without */
    int64_t short_letters[CONSUME_SHORT_LETTERS];
    size_t n_short_letters; /* ever; the youngest are kept */
};

/* ---- consume_outbox.c ---- */
int consume_outbox_open(struct consume *run, struct mr_error *reterr);
/* Produces what fits, serves reports. */
int consume_outbox_serve(struct consume *run, int timeout_ms, struct mr_error *reterr);
/* Serves reports alone. A producer that came to its end is made anew, by and by. 0 or more; -errno.
 */
int consume_outbox_reports(struct consume *run, int timeout_ms, struct mr_error *reterr);
/* Forgets what was acknowledged, within the transaction. */
int consume_outbox_forget(struct consume *run, struct mr_error *reterr);
bool consume_outbox_full(const struct consume *run);
bool consume_outbox_idle(const struct consume *run);
bool consume_outbox_has_forgettable(const struct consume *run);
/* mr_delivery_fn; self is the struct consume. */
void consume_delivered(void *self, uint64_t tag, int r, int32_t partition, int64_t offset,
                       const char *text);

/* ---- consume_emit.c ---- */
int consume_emissions_open(struct consume *run, struct mr_error *reterr);
void consume_emissions_close(struct consume *run);
