/* SPDX-License-Identifier: Apache-2.0 */
/* The Kafka store as the core sees it. */
#include "store_kafka.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "millrace/status.h"
#include "store_kafka_inside.h"

void kafka_store_notice(const struct kafka_store *ks, bool warn, const char *event, const char *fmt,
                        ...)
{
    char text[1024];
    va_list args;

    if (!ks->notice)
        return;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    ks->notice(ks->notice_opaque, warn, event, text);
}

bool kafka_store_sleep(struct kafka_store *ks, int64_t deadline)
{
    const struct timespec until = {.tv_sec = deadline / 1000000,
                                   .tv_nsec = deadline % 1000000 * 1000};

    return pthread_cond_timedwait(&ks->moved, &ks->lock, &until) == 0;
}

static int lead(struct store *store, struct mr_error *reterr)
{
    struct kafka_store *ks = kafka_store(store);
    int r;

    (void)pthread_mutex_lock(&ks->lock);
    bool ours = kafka_store_is_ours(ks);
    if (ours && (ks->broken || ks->unclear))
        r = mr_error_set(reterr, MR_AGAIN,
                         "topic '%s' cannot be written now, nothing was changed: try again%s%s",
                         ks->topic, ks->trouble[0] ? ": " : "", ks->trouble);
    else
        r = ours ? 0 : MR_ABSENT;
    (void)pthread_mutex_unlock(&ks->lock);
    return r;
}

static void status(struct store *store, struct store_status *ret_status)
{
    struct kafka_store *ks = kafka_store(store);
    struct store_status *status = ret_status;

    (void)pthread_mutex_lock(&ks->lock);
    bool ours = kafka_store_is_ours(ks);
    int64_t seen = mr_kafka_seen_end(ks->consumer, ks->topic, 0);
    if (seen < ks->start_end)
        seen = ks->start_end;
    *status = (struct store_status){
        .leads = ours,
        .ready = ks->ready,
        .position = ks->position,
        .end = seen > ks->position ? seen : ks->position,
    };
    (void)snprintf(status->leader, sizeof(status->leader), "%s", ours ? "" : ks->leader);
    (void)snprintf(status->trouble, sizeof(status->trouble), "%s", ks->trouble);
    (void)pthread_mutex_unlock(&ks->lock);
}

static int replay(struct store *store, const struct store_sink *sink, struct mr_error *reterr)
{
    struct kafka_store *ks = kafka_store(store);

    ks->sink = *sink;
    int r = kafka_store_read_start(ks, reterr);
    if (r == 0)
        r = kafka_store_begin(ks, reterr);
    if (r == 0)
        r = kafka_store_keeper_start(ks);
    if (r != 0)
        kafka_store_read_stop(ks); /* the sink goes before the store does */
    return r;
}

static void free_spellings(struct kafka_store *ks)
{
    for (size_t i = 0; i < ks->spellings.n_slots; i++) {
        struct spelling *spelling = ks->spellings.slots[i].value;
        for (size_t n = 0; spelling && n < spelling->n_others; n++)
            mr_buf_done(&spelling->others[n]);
        if (!spelling)
            continue;
        free(spelling->others);
        mr_buf_done(&spelling->own);
        free(spelling);
    }
    table_done(&ks->spellings);
}

static void free_store(struct store *store)
{
    struct kafka_store *ks = kafka_store(store);

    if (ks->reader_runs)
        kafka_store_resign(ks);
    kafka_store_read_stop(ks);
    (void)mr_kafka_producer_free(ks->producer);
    (void)mr_kafka_consumer_free(ks->consumer);
    kafka_store_voided_done(ks->voided);
    free_spellings(ks);
    (void)pthread_mutex_destroy(&ks->lock);
    (void)pthread_mutex_destroy(&ks->writing);
    (void)pthread_cond_destroy(&ks->moved);
    for (size_t i = 0; i < ks->n_properties; i++)
        free(ks->properties[i]);
    free(ks->properties);
    free(ks->brokers);
    free(ks->topic);
    free(ks->advertised);
    free(ks);
}

static void init_locks(struct kafka_store *ks)
{
    pthread_condattr_t attr;

    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&ks->moved, &attr);
    (void)pthread_condattr_destroy(&attr);
    (void)pthread_mutex_init(&ks->lock, NULL);
    (void)pthread_mutex_init(&ks->writing, NULL);
}

static int copy_texts(struct kafka_store *ks, const struct mr_registry_kafka *kafka,
                      const char *advertised)
{
    ks->brokers = strdup(kafka->brokers);
    ks->topic = strdup(kafka->topic);
    ks->advertised = strdup(advertised);
    ks->properties = calloc(kafka->n_properties + 1, sizeof(*ks->properties));
    if (!ks->brokers || !ks->topic || !ks->advertised || !ks->properties)
        return -ENOMEM;
    for (size_t i = 0; i < kafka->n_properties; i++) {
        ks->properties[i] = strdup(kafka->properties[i]);
        if (!ks->properties[i])
            return -ENOMEM;
        ks->n_properties++;
    }
    return 0;
}

static int open_store(struct kafka_store *ks, const struct mr_registry_kafka *kafka,
                      const char *advertised, struct mr_error *reterr)
{
    struct kafka_settings settings;
    int r = copy_texts(ks, kafka, advertised);

    if (r == 0 && strlen(advertised) >= sizeof(ks->leader))
        r = mr_error_set(reterr, MR_INVALID, "the URL to be reached under is longer than %zu bytes",
                         sizeof(ks->leader) - 1);
    if (r == 0)
        r = kafka_store_settings(ks, false, &settings, reterr);
    if (r == 0)
        r = mr_kafka_consumer_new(&settings.config, NULL, NULL, &ks->consumer, reterr);
    return r == 0 ? kafka_store_topic(ks, reterr) : r;
}

int store_kafka_new(const struct mr_registry_server_config *config, const char *advertised,
                    struct store **ret_store, struct mr_error *reterr)
{
    static const struct store_ops ops = {.name = "kafka",
                                         .follows = true,
                                         .slow = true,
                                         .replay = replay,
                                         .append = kafka_store_append,
                                         .lead = lead,
                                         .status = status,
                                         .free = free_store};
    const struct mr_registry_kafka *kafka = config->kafka;
    struct kafka_store *ks = calloc(1, sizeof(*ks));

    if (!ks)
        return -ENOMEM;
    *ks = (struct kafka_store){.store = {&ops},
                               .replication = kafka->replication,
                               .follow = kafka->follow,
                               .timeout_ms = kafka->timeout_ms,
                               .takeover_ms = kafka->takeover_ms,
                               .notice = config->notice,
                               .notice_opaque = config->notice_opaque,
                               .position = -1,
                               .void_from = INT64_MAX};
    init_locks(ks);
    int r = open_store(ks, kafka, advertised, reterr);
    if (r != 0) {
        free_store(&ks->store);
        return r;
    }
    *ret_store = &ks->store;
    return 0;
}
