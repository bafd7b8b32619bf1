/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded broker and a registry with all schemas, in this process, for fault tests of
 * consumers. */
#pragma once

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/catalog.h"
#include "millrace/codec.h"
#include "millrace/kafka.h"
#include "millrace/registry.h"

enum { CLUSTER_PARTITIONS = 3 };

struct cluster {
    struct mr_kafka_embedded *broker;
    struct mr_registry_server *server;
    struct mr_registry *registry;
    char url[64];
    struct mr_kafka_producer *producer;
    size_t delivered, failed;
};

static inline void cluster_delivered(void *self, MR_UNUSED uint64_t tag, int r,
                                     MR_UNUSED int32_t partition, MR_UNUSED int64_t offset,
                                     MR_UNUSED const char *text)
{
    struct cluster *c = self;

    c->delivered += r == 0;
    c->failed += r != 0;
}

/* listen: "127.0.0.1:0", or the address of one that was stopped. All schemas, in the catalogue's
 * order, so that ids are the same each time. */
static inline void cluster_start_registry(struct cluster *c, const char *listen)
{
    struct mr_registry_server_config server = {.listen = listen, .level = MR_COMPAT_BACKWARD};
    const struct mr_catalog *catalog = mr_catalog_builtin();
    struct mr_error error = MR_ERROR_INIT;
    char subject[256];
    int32_t id;

    ck_assert_msg(mr_registry_server_start(&server, &c->server, &error) == 0, "%s", error.text);
    (void)snprintf(c->url, sizeof(c->url), "http://%s", mr_registry_server_address(c->server));
    struct mr_registry_config config = {.urls = c->url};
    ck_assert_int_eq(mr_registry_new(&config, &c->registry, &error), 0);
    for (size_t i = 0; i < catalog->n_topics; i++) {
        const struct mr_topic *topic = &catalog->topics[i];
        if (!topic->schema_text || strncmp(topic->service, "ticketwave", 10) != 0)
            continue;
        (void)snprintf(subject, sizeof(subject), "%s-value", topic->name);
        ck_assert_msg(mr_registry_register(c->registry, subject,
                                           (struct mr_str){topic->schema_text, topic->schema_len},
                                           &id, &error) == 0,
                      "%s", error.text);
    }
}

static inline void cluster_stop_registry(struct cluster *c)
{
    c->registry = mr_registry_free(c->registry);
    c->server = mr_registry_server_stop(c->server);
}

static inline struct mr_kafka_config cluster_config(const struct cluster *c)
{
    return (struct mr_kafka_config){.brokers = mr_kafka_embedded_brokers(c->broker),
                                    .client_id = "test"};
}

static inline struct cluster *cluster_start(void)
{
    struct cluster *c = calloc(1, sizeof(*c));
    const struct mr_catalog *catalog = mr_catalog_builtin();
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_ptr_nonnull(c);
    ck_assert_msg(mr_kafka_embedded_start(1, &c->broker, &error) == 0, "%s", error.text);
    for (size_t i = 0; i < catalog->n_topics; i++)
        if (strncmp(catalog->topics[i].service, "ticketwave", 10) == 0)
            ck_assert_int_eq(
                mr_kafka_embedded_create(c->broker, catalog->topics[i].name, CLUSTER_PARTITIONS),
                0);
    cluster_start_registry(c, "127.0.0.1:0");
    struct mr_kafka_config config = cluster_config(c);
    ck_assert_msg(mr_kafka_producer_new(&config, cluster_delivered, c, &c->producer, &error) == 0,
                  "%s", error.text);
    return c;
}

static inline void cluster_stop(struct cluster *c)
{
    (void)mr_kafka_producer_free(c->producer);
    cluster_stop_registry(c);
    (void)mr_kafka_embedded_stop(c->broker);
    free(c);
}

static inline void cluster_flush(struct cluster *c)
{
    struct mr_error error = MR_ERROR_INIT;
    size_t left;

    ck_assert_msg(mr_kafka_flush(c->producer, 30000, &left, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(c->failed, 0);
}

/* A record whose bytes are given. */
static inline void cluster_send(struct cluster *c, const char *topic, struct mr_bytes key,
                                struct mr_bytes value)
{
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_msg(mr_kafka_produce(c->producer, topic, -1, key, &value, NULL, 0, 0, &error) == 0,
                  "%s", error.text);
}

/* Writes structs of one topic. */
struct cluster_topic {
    const struct mr_topic *topic;
    struct mr_schema *schema;
    struct mr_struct_writer *writer;
    int32_t id;
};

static inline void cluster_topic_open(struct cluster *c, struct cluster_topic *t,
                                      const struct mr_topic *topic)
{
    struct mr_str text = {topic->schema_text, topic->schema_len};
    struct mr_error error = MR_ERROR_INIT;
    char subject[256];

    t->topic = topic;
    (void)snprintf(subject, sizeof(subject), "%s-value", topic->name);
    ck_assert_msg(mr_registry_lookup(c->registry, subject, text, &t->id, NULL, &error) == 0, "%s",
                  error.text);
    ck_assert_int_eq(mr_schema_parse(text.data, text.len, NULL, &t->schema, &error), 0);
    ck_assert_int_eq(mr_struct_writer_new(t->schema, topic->record, &t->writer, &error), 0);
}

static inline void cluster_topic_close(struct cluster_topic *t)
{
    (void)mr_struct_writer_unref(t->writer);
    (void)mr_schema_unref(t->schema);
}

static inline void cluster_send_event(struct cluster *c, const struct cluster_topic *t,
                                      const void *record)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    const struct mr_envelope *e = record;
    struct mr_error error = MR_ERROR_INIT;
    uint8_t prefix[5] = {0, 0, (uint8_t)(t->id >> 16), (uint8_t)(t->id >> 8), (uint8_t)t->id};

    ck_assert_int_eq(mr_buf_append(&out, prefix, sizeof(prefix)), 0);
    ck_assert_msg(mr_struct_write(t->writer, record, &out, &error) == 0, "%s: %s", error.where,
                  error.text);
    cluster_send(c, t->topic->name,
                 (struct mr_bytes){(const uint8_t *)e->correlation_id.data, e->correlation_id.len},
                 (struct mr_bytes){out.data, out.len});
}
