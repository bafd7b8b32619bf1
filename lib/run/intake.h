/* SPDX-License-Identifier: Apache-2.0 */
/* From a JSON document to a Kafka record: the envelope mapped, the data encoded, key and headers
 * made. Nothing here knows Kafka or files. */
#pragma once

#include "envelope.h"
#include "millrace/kafka.h"
#include "millrace/uuid.h"

struct intake_topic {
    const struct mr_topic *topic;
    struct mr_schema *schema;
    const struct mr_schema_node *data_node;
    struct mr_json_encoder *data;
    int32_t schema_id;
    struct mr_str type; /* as it is published */
    bool majors;        /* there are several of it: the version in the document decides */
    uint64_t n_records;
};

enum { INTAKE_MAX_HEADERS = 12 };

/* One event, ready to go out. Borrows from the intake and the document: valid until the next. */
struct intake_record {
    struct intake_topic *topic;
    struct mr_bytes key, value;
    struct mr_header headers[INTAKE_MAX_HEADERS];
    size_t n_headers;
    size_t n_dropped;   /* members passed over under --unknown drop */
    size_t len;         /* of the document */
    struct mr_str data; /* its data's JSON */
    const char *data_pointer;
};

struct intake {
    const struct mr_catalog *catalog;
    const struct mr_service *service;
    struct intake_topic *topics;
    size_t n_topics;
    struct intake_topic *forced; /* --event, or the service's only one; NULL: by type */
    struct intake_topic *last;
    struct intake_topic *found; /* of the document at hand, also when it is refused; else NULL */
    struct envelope_plans plans;
    struct mr_json_encoder *metadata_value;
    struct envelope_walk walk;
    struct envelope envelope;
    struct mr_buf value, data, scratch, name;
    size_t n_dropped;

    /* what the fields of the event at hand become */
    struct mr_str text[MR_ENVELOPE_N_FIELDS];
    char uuids[MR_ENVELOPE_N_FIELDS][MR_UUID_TEXT];
    struct mr_str original_id; /* of an event_id that is no UUID */
    int64_t timestamp;
    char version[MR_TOPIC_VERSION], time[48], traceparent[56];
};

/* event: NULL, or any name of one event of the service. Outcomes: 0, MR_INVALID, -errno. */
int intake_init(struct intake *intake, const struct mr_catalog *catalog,
                const struct mr_service *service, const char *event, enum mr_unknown unknown,
                struct mr_error *reterr);
void intake_done(struct intake *intake);

/* text begins with the document. Outcomes: 0; MR_END it goes on (feed more); MR_INVALID: where is a
 * pointer in the document, offset counts from text; -errno. */
int intake_read(struct intake *intake, const char *text, size_t len,
                struct intake_record *ret_record, struct mr_error *reterr);

/* ---- parts, for tests and for the loop ---- */
/* on_data of struct envelope_walk; self is the intake. */
int intake_on_data(void *self, const struct envelope *envelope, struct mr_json_cursor *cursor,
                   struct mr_error *reterr);
/* Which event the envelope at hand is. Outcomes: 0, MR_INVALID, -errno. */
int intake_choose(struct intake *intake, const struct envelope *envelope,
                  struct intake_topic **ret_topic, const char *begin, struct mr_error *reterr);
/* After the topics are known: which of them are majors of one event. */
void intake_mark_majors(struct intake *intake);
/* Fills intake->text and what belongs to it. Outcomes: 0, MR_INVALID, -errno. */
int intake_fields(struct intake *intake, const struct intake_topic *topic, const char *begin,
                  struct mr_error *reterr);
/* The major of the version that is told; 0: none is told, -1: it is no version. */
int32_t intake_major(const struct envelope *envelope, const struct mr_topic *topic);
/* The version that is told, if any, belongs to topic. Outcomes: 0, MR_INVALID. */
int intake_version(struct intake *intake, const struct envelope *envelope,
                   const struct mr_topic *topic, const char *begin, struct mr_error *reterr);
