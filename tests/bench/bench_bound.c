/* SPDX-License-Identifier: Apache-2.0 */
/* What librdkafka itself takes for the records that a producer sends: keys, values and headers of
 * the same sizes, ready in memory, with nothing read, parsed, checked or encoded.
 *
 * usage: bench_bound TOPIC RECORDS VALUE_BYTES N_HEADERS    environment: MILLRACE_BROKERS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/error.h"
#include "millrace/kafka.h"

enum { KEY = 36, MAX_VALUE = 4096, SERVE_EVERY = 256 };

static size_t n_delivered;

static void delivered(void *self, uint64_t tag, int r, int32_t partition, int64_t offset,
                      const char *text)
{
    (void)self;
    (void)tag;
    (void)partition;
    (void)offset;
    (void)text;
    n_delivered += r == 0;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

/* As compressible as ids in hexadecimal. */
static void fill(char *to, size_t len, uint64_t *state)
{
    for (size_t i = 0; i < len; i++)
        to[i] = "0123456789abcdef"[next_random(state) >> 60];
}

static int send_all(struct mr_kafka_producer *producer, const char *topic, size_t n, size_t len,
                    size_t n_headers, struct mr_error *reterr)
{
    char key[KEY], value[MAX_VALUE], id[KEY];
    const struct mr_bytes bytes = {(const uint8_t *)value, len};
    const struct mr_header headers[] = {
        {"ce_specversion", {(const uint8_t *)"1.0", 3}, true, true},
        {"ce_id", {(const uint8_t *)id, KEY}, true, false},
        {"ce_source", {(const uint8_t *)"order-management-service", 24}, true, false},
        {"ce_type", {(const uint8_t *)"order.completed", 15}, true, true},
        {"ce_time", {(const uint8_t *)"2024-01-15T12:00:01.001Z", 24}, true, false},
        {"content-type", {(const uint8_t *)"application/avro", 16}, true, true},
        {"ce_correlationid", {(const uint8_t *)key, KEY}, true, false},
    };
    uint64_t state = 88172645463325252u;
    int r = 0;

    fill(value, len, &state);
    for (size_t i = 0; r >= 0 && i < n; i++) {
        fill(key, KEY, &state);
        memcpy(id, value + i % (len - KEY), KEY);
        memcpy(value + i % (len - KEY), key, KEY);
        while (
            (r = mr_kafka_produce(producer, topic, -1, (struct mr_bytes){(const uint8_t *)key, KEY},
                                  &bytes, headers, n_headers, i, reterr)) == MR_FULL)
            if ((r = mr_kafka_producer_poll(producer, 100, reterr)) < 0)
                return r;
        if (r == 0 && i % SERVE_EVERY == 0)
            r = mr_kafka_producer_poll(producer, 0, reterr);
        if (r > 0 && i % SERVE_EVERY != 0)
            return r;
    }
    return r < 0 ? r : mr_kafka_flush(producer, 60000, NULL, reterr);
}

int main(int argc, char **argv)
{
    /* as the producers have it: lib/run/producer.c */
    static const char *const properties[] = {"queue.buffering.max.messages=8000"};
    const struct mr_kafka_config config = {getenv("MILLRACE_BROKERS"), "bench-bound", properties,
                                           1};
    MR_AUTO(mr_kafka_producer) struct mr_kafka_producer *producer = NULL;
    struct mr_error error = MR_ERROR_INIT;

    if (argc != 5) {
        (void)fprintf(stderr, "usage: bench_bound TOPIC RECORDS VALUE_BYTES N_HEADERS\n");
        return 2;
    }
    size_t n = strtoul(argv[2], NULL, 10), len = strtoul(argv[3], NULL, 10);
    size_t n_headers = strtoul(argv[4], NULL, 10);
    if (len <= KEY || len > MAX_VALUE || n_headers > 7)
        return 2;
    int r = mr_kafka_producer_new(&config, delivered, NULL, &producer, &error);
    if (r == 0)
        r = send_all(producer, argv[1], n, len, n_headers, &error);
    if (r != 0 || n_delivered != n) {
        (void)fprintf(stderr, "bench_bound: %zu of %zu delivered: %s\n", n_delivered, n,
                      error.text);
        return 1;
    }
    return 0;
}
