/* SPDX-License-Identifier: Apache-2.0 */
/* The pool of flights: as many as ever were outstanding, which librdkafka's queue bounds. */
#include "flight.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/compiler.h"

enum { BLOCK = 64 };

struct block {
    struct block *next;
    struct flight flights[BLOCK];
};

struct flight_pool {
    struct block *blocks;
    struct flight *free;
};

struct flight_pool *flight_pool_new(void)
{
    return calloc(1, sizeof(struct flight_pool));
}

void flight_pool_free(struct flight_pool *pool)
{
    struct block *next;

    if (!pool)
        return;
    for (struct block *block = pool->blocks; block; block = next) {
        next = block->next;
        for (size_t i = 0; i < BLOCK; i++)
            if (block->flights[i].hdrs && !block->flights[i].out)
                rd_kafka_headers_destroy(block->flights[i].hdrs);
        free(block);
    }
    free(pool);
}

static MR_COLD int add_block(struct flight_pool *pool)
{
    struct block *block = calloc(1, sizeof(*block));

    if (!block)
        return -ENOMEM;
    block->next = pool->blocks;
    pool->blocks = block;
    for (size_t i = 0; i < BLOCK; i++) {
        block->flights[i].pool = pool;
        block->flights[i].next = pool->free;
        pool->free = &block->flights[i];
    }
    return 0;
}

/* The text behind a name that is not fixed may have changed in place. */
static bool same_name(const struct flight_value *value, const struct mr_header *header)
{
    if (value->fixed_name && header->fixed_name)
        return value->name == header->name;
    return strcmp(value->name, header->name) == 0;
}

/* Writes the values into the list that the flight had before; false when it does not fit them. */
static bool use_again(struct flight *flight, const struct mr_header *headers, size_t n_headers)
{
    if (flight->n_values != n_headers)
        return false;
    for (size_t i = 0; i < n_headers; i++) {
        const struct flight_value *value = &flight->values[i];
        const struct mr_bytes *now = &headers[i].value;
        if (value->len != now->len || value->fixed_value != headers[i].fixed_value ||
            !same_name(value, &headers[i]))
            return false;
        if (value->fixed_value) {
            if (value->at.source != now->data)
                return false;
        } else if (!value->at.value != !now->data) {
            return false;
        } else if (now->len > 0 && memcmp(value->at.value, now->data, now->len) != 0) {
            memcpy(value->at.value, now->data, now->len);
        }
    }
    return true;
}

/* What comes next was last seen thousands of records ago, by another core: its memory is asked for
 * while this record is made. */
static void prefetch(const struct flight *flight)
{
    const struct flight *next = flight->next;

    if (!next)
        return;
    for (size_t i = 0; next->n_values <= FLIGHT_HEADERS && i < next->n_values; i++)
        if (!next->values[i].fixed_value)
            __builtin_prefetch(next->values[i].at.value, 1);
    if (next->next) {
        const char *after = (const char *)next->next;
        for (size_t i = 0; i < offsetof(struct flight, values[8]); i += 64)
            __builtin_prefetch(after + i);
    }
}

/* Where librdkafka put the name and the value of a header: its memory is ours to write as long as
 * the list is not with a message. */
static uint8_t *value_at(const rd_kafka_headers_t *hdrs, size_t index, const char **ret_name)
{
    union {
        const void *in;
        uint8_t *out;
    } value = {NULL};
    size_t len;

    (void)rd_kafka_header_get_all(hdrs, index, ret_name, &value.in, &len);
    return value.out;
}

static void make(struct flight *flight, const struct mr_header *headers, size_t n_headers)
{
    if (flight->hdrs)
        rd_kafka_headers_destroy(flight->hdrs);
    flight->hdrs = n_headers > 0 ? rd_kafka_headers_new(n_headers) : NULL;
    flight->n_values = n_headers <= FLIGHT_HEADERS ? (uint32_t)n_headers : UINT32_MAX;
    for (size_t i = 0; i < n_headers; i++) {
        const struct mr_bytes *value = &headers[i].value;
        (void)rd_kafka_header_add(flight->hdrs, headers[i].name, -1, value->data,
                                  value->data ? (ssize_t)value->len : -1);
        if (i >= FLIGHT_HEADERS)
            continue;
        struct flight_value *kept = &flight->values[i];
        *kept = (struct flight_value){.len = (uint32_t)value->len,
                                      .fixed_name = headers[i].fixed_name,
                                      .fixed_value = headers[i].fixed_value};
        kept->at.value = value_at(flight->hdrs, i, &kept->name);
        if (kept->fixed_name)
            kept->name = headers[i].name;
        if (kept->fixed_value)
            kept->at.source = value->data;
    }
}

int flight_take(struct flight_pool *pool, const struct mr_header *headers, size_t n_headers,
                uint64_t tag, struct flight **ret_flight)
{
    if (MR_UNLIKELY(!pool->free)) {
        int r = add_block(pool);
        if (r != 0)
            return r;
    }
    struct flight *flight = pool->free;
    pool->free = flight->next;
    prefetch(flight);
    if (MR_UNLIKELY(!use_again(flight, headers, n_headers)))
        make(flight, headers, n_headers);
    flight->tag = tag;
    flight->out = true;
    *ret_flight = flight;
    return 0;
}

void flight_back(struct flight *flight)
{
    flight->out = false;
    flight->next = flight->pool->free;
    flight->pool->free = flight;
}
