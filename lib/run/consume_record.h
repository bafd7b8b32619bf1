/* SPDX-License-Identifier: Apache-2.0 */
/* One record of the consumer engine: how it is read, wanted, handled, refused. Private to lib/run
 * and its tests. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/codec.h"
#include "millrace/consumer.h"
#include "millrace/kafka.h"
#include "millrace/upcast.h"

struct consume;

enum {
    CONSUME_WRITERS = 64,  /* writer schemas kept per topic */
    CONSUME_HEADERS = 256, /* headers of one record that are kept */
};

/* From its topic or from the parked table. */
struct consume_record {
    const struct mr_topic *topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    struct mr_bytes key, value;       /* data NULL: null */
    const struct mr_message *message; /* its headers, unless NULL */
    struct mr_bytes headers;          /* packed, when message is NULL */
    int32_t attempt;                  /* this delivery, from 1 */
};

/* Why a record becomes a dead letter: its header mr_error_class. */
enum consume_fault {
    CONSUME_NO_WIRE_FORMAT,
    CONSUME_UNKNOWN_SCHEMA,
    CONSUME_UNREADABLE,
    CONSUME_NOT_UPCAST,
    CONSUME_REFUSED,
    CONSUME_EXHAUSTED,
    CONSUME_LATE,
};
const char *consume_fault_name(enum consume_fault fault);

/* A writer's schema of a topic. */
struct consume_writer {
    int32_t id;
    uint8_t guid[16];
    bool by_guid;
    struct mr_struct_reader *reader; /* NULL: cannot be read, `why` says so; or */
    struct mr_upcast *upcast;        /* made new first */
    struct mr_json_decoder *json;    /* made when a handler asks for JSON */
    char *why;
};

struct consume_topic {
    const struct mr_topic *topic; /* that records come from */
    const struct mr_topic *as;    /* whose events the handler takes: topic, or a younger major */
    mr_handle_fn handle;
    struct mr_schema *schema;        /* ours */
    struct mr_upcast_way *way;       /* from topic to as; NULL when they are the same */
    struct mr_struct_reader *reader; /* with it: what was made new */
    struct consume_writer writers[CONSUME_WRITERS];
    size_t n_writers, last;
};

/* ---- consume_topics.c: what is read, and as what ---- */
int consume_topics_open(struct consume *run, struct mr_error *reterr);
void consume_topics_close(struct consume *run);
struct consume_topic *consume_topic_of(struct consume *run, struct mr_str name);
void consume_drop_writer(struct consume_writer *writer);

/* ---- consume_decode.c ---- */
/* Fills tx->event. Outcomes: 0; MR_INVALID with *ret_fault; MR_AGAIN: the registry cannot be
 * reached; -errno. */
int consume_decode(struct mr_tx *tx, enum consume_fault *ret_fault);

/* ---- consume_filter.c: what the group wants ---- */
/* By the record's headers. Outcomes: 0 it is wanted, MR_END it is not, MR_ABSENT: they do not tell.
 */
int consume_filter(struct consume *run, const struct consume_record *record);
/* Of one that was decoded. */
bool consume_wants(const struct mr_tx *tx);

/* ---- consume_event.c: one event ---- */
/* Makes *ret_tx ready for one delivery of record; what the last one allocated is gone. */
void consume_begin(struct consume *run, const struct consume_record *record, struct mr_tx *ret_tx);
/* A record from Kafka, to its end. Outcomes: 0; MR_AGAIN: hold the partition for the registry;
 * MR_FULL: hold it, too much is parked; -errno. */
int consume_event(struct consume *run, struct consume_record *record, struct mr_error *reterr);
/* One delivery: 0 done (or seen before), MR_AGAIN, MR_INVALID, undone then; -errno. */
int consume_deliver(struct mr_tx *tx);

/* ---- consume_dead.c ---- */
int consume_dead_letter(struct mr_tx *tx, enum consume_fault fault, struct mr_error *reterr);

/* ---- consume_headers.c ---- */
/* Headers packed into bytes: for each, the name with its NUL, the value's length in 4 bytes, big
 * end first (all ones: no value), the value. */
int consume_pack(struct mr_buf *out, const char *name, struct mr_bytes value);
int consume_pack_record(struct consume *run, const struct consume_record *record,
                        struct mr_buf *out);
/* The header at *at, which moves on; borrowed from packed. Outcomes: 0, MR_END, MR_INVALID. */
int consume_unpack(struct mr_bytes packed, size_t *at, struct mr_header *ret_header);
int consume_find_header(struct consume *run, const struct consume_record *record, const char *name,
                        struct mr_bytes *ret_value);
/* Whose a record is: a dead letter that was sent back is one group's. Reading headers costs as much
 * as a tenth of an event, so it is asked only where something is amiss: a record of others that is
 * handled once more is known by its id. */
enum consume_whose { CONSUME_ALL, CONSUME_OURS, CONSUME_OTHERS };
enum consume_whose consume_whose(struct consume *run, const struct consume_record *record);
