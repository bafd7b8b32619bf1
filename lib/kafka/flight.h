/* SPDX-License-Identifier: Apache-2.0 */
/* What goes with a record until its delivery report: the caller's tag, its place in the order of
 * sending, and a list of headers that is used again and again. librdkafka keeps each header in a
 * piece of memory of its own; making and freeing them for every record costs more than encoding it.
 * So a list comes back with the report (rd_kafka_message_detach_headers), and only values that
 * differ are written over. */
#pragma once

#include <librdkafka/rdkafka.h>

#include "millrace/kafka.h"

enum { FLIGHT_HEADERS = 16 };

struct flight_value {
    const char *name; /* a fixed one: what the caller pointed to; else the list's copy */
    union {
        const uint8_t *source; /* of a fixed value: what the caller pointed to */
        uint8_t *value;        /* else where it stands in the list; NULL: without value */
    } at;
    uint32_t len;
    bool fixed_name, fixed_value;
};

struct flight {
    uint64_t tag;
    uint64_t order;           /* counts what the producer was given */
    rd_kafka_headers_t *hdrs; /* NULL: no headers */
    struct flight *next;      /* free ones: the last used first */
    struct flight_pool *pool;
    uint32_t n_values; /* UINT32_MAX: more than FLIGHT_HEADERS, never used again */
    int32_t partition; /* as the caller gave it */
    bool out;          /* librdkafka owns hdrs */
    struct flight_value values[FLIGHT_HEADERS];
};

struct flight_pool;
struct flight_pool *flight_pool_new(void);
/* After the client is closed: lists that are out were freed with their messages. */
void flight_pool_free(struct flight_pool *pool);

/* A flight with these headers. 0 or -ENOMEM. */
int flight_take(struct flight_pool *pool, const struct mr_header *headers, size_t n_headers,
                uint64_t tag, struct flight **ret_flight);
/* Its headers are ours again. */
void flight_back(struct flight *flight);
