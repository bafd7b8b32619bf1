/* SPDX-License-Identifier: Apache-2.0 */
/* A consumer of this project on topics, registry and clock in memory. */
#pragma once

#include <stdio.h>

#include "engine_bench.h"
#include "inventory_management.gen.h"
#include "order_management.gen.h"
#include "product_catalog.gen.h"
#include "ticketwave_booking.gen.h"
#include "ticketwave_catalog.gen.h"
#include "ticketwave_notification.gen.h"
#include "ticketwave_payment.gen.h"

extern const struct mr_consumer consumer_inventory_management, consumer_order_management,
    consumer_ticketwave_booking, consumer_ticketwave_catalog, consumer_ticketwave_notification,
    consumer_ticketwave_payment;

enum { MINUTE = 60 * SECOND };
static const int64_t T0 = INT64_C(1705314600) * SECOND; /* 2024-01-15T10:30:00Z */

#define BOOKING "00000000-0000-4000-8000-00000000000b"
#define EVENT "00000000-0000-4000-8000-00000000000e"
#define USER "00000000-0000-4000-8000-0000000000aa"

struct bench {
    struct fake *fake;
    struct mr_store *store;
    struct mr_options *options;
    struct consume run;
    int n_sent;
    bool hold; /* what is sent is not handled yet */
    char *argv[8];
    _Alignas(max_align_t) unsigned char state[256];
};

static inline struct bench *bench_of(const struct mr_consumer *consumer, const char *const *options)
{
    struct bench *b = calloc(1, sizeof(*b));
    const struct mr_option_table tables[] = {{.rows = consumer->options}, {.rows = NULL}};
    const struct mr_command command = {.name = consumer->name, .summary = "", .tables = tables};
    struct mr_error error = MR_ERROR_INIT;
    enum mr_option_asked asked;
    int argc = 1;

    ck_assert_ptr_nonnull(b);
    b->fake = engine_fake(T0 + INT64_C(3600) * SECOND);
    for (; options[argc - 1]; argc++)
        b->argv[argc] = (char *)(uintptr_t)options[argc - 1];
    ck_assert_uint_le(consumer->size, sizeof(b->state));
    if (consumer->options)
        ck_assert_msg(
            mr_options_parse(&command, argc, b->argv, b->state, &b->options, &asked, &error) == 0,
            "%s", error.text);
    if (consumer->open)
        ck_assert_msg(consumer->open(b->state, &error) == 0, "%s", error.text);
    const struct mr_consumer_group *group =
        mr_catalog_group(mr_catalog_builtin(), mr_str_from(consumer->name));
    ck_assert_ptr_nonnull(group);
    for (size_t i = 0; i < group->n_topics; i++)
        fake_add_topic(b->fake, group->topics[i]->name, 1);
    b->store = open_fresh();
    b->run = (struct consume){.consumer = consumer,
                              .group = group,
                              .store = b->store,
                              .self = b->state,
                              .options = {.group = consumer->name, ENGINE_OPTIONS}};
    engine_open(b->fake, &b->run);
    return b;
}
#define BENCH(consumer) bench_of(&consumer_##consumer, (const char *[]){NULL})
#define BENCH_WITH(consumer, ...)                                                                  \
    bench_of(&consumer_##consumer, (const char *[]){__VA_ARGS__, NULL})

static inline void bench_free(struct bench *b)
{
    engine_free(b->fake, &b->run);
    if (b->run.consumer->close)
        b->run.consumer->close(b->state);
    (void)mr_options_free(b->options);
    free(b);
}

/* An envelope with an id of its own, `minutes` after T0. */
static inline struct mr_envelope envelope(struct bench *b, int minutes, const char *flow)
{
    static char ids[64][37];
    char *id = ids[b->n_sent % 64];

    (void)snprintf(id, sizeof(ids[0]), "11111111-1111-4111-8111-%012d", ++b->n_sent);
    return (struct mr_envelope){.event_id = mr_str_from(id),
                                .event_type = MR_STR("t"),
                                .event_version = MR_STR("1.0"),
                                .timestamp = T0 + (int64_t)minutes * MINUTE,
                                .correlation_id = mr_str_from(flow),
                                .source_service = MR_STR("s")};
}

static inline struct mr_decimal money(const char *text)
{
    mr_int128 unscaled = 0;
    int32_t scale = 0;
    bool point = false;

    for (; *text; text++) {
        if (*text == '.') {
            point = true;
            continue;
        }
        unscaled = unscaled * 10 + (*text - '0');
        scale += point;
    }
    for (; scale < 9; scale++)
        unscaled *= 10;
    return (struct mr_decimal){.unscaled = unscaled, .scale = 9};
}

/* Sends struct `id`, of its topic's type, handles it, and expects it to be accepted. */
#define SEND(b, id, ...)                                                                           \
    do {                                                                                           \
        struct id event_ = {.envelope = __VA_ARGS__};                                              \
        event_.envelope.event_type = mr_str_from(topic_##id.types[0]);                             \
        fake_send_event((b)->fake, &topic_##id, 0, &event_);                                       \
        handle(b);                                                                                 \
    } while (0)

static inline void handle(struct bench *b)
{
    for (int i = 0; i < 3 && !b->hold; i++)
        engine_turn(&b->run);
}

/* One text for the whole answer: columns by |, rows by newline. */
static const char *ask(struct bench *b, const char *sql)
{
    static char text[2048];
    struct mr_error error = MR_ERROR_INIT;
    struct mr_rows *rows;
    size_t len = 0;

    text[0] = '\0';
    ck_assert_msg(mr_store_query(b->store, sql, MR_NO_VALUES, &rows, &error) == 0, "%s",
                  error.text);
    while (mr_rows_next(rows, &error) == 0) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", len ? "\n" : "");
        for (size_t i = 0; i < mr_rows_n_columns(rows); i++) {
            struct mr_value v = mr_rows_value(rows, i);
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", i ? "|" : "");
            if (v.type == MR_VALUE_INT)
                len += (size_t)snprintf(text + len, sizeof(text) - len, "%lld",
                                        (long long)v.as.integer);
            else if (v.type == MR_VALUE_TEXT)
                len +=
                    (size_t)snprintf(text + len, sizeof(text) - len, "%.*s", MR_STR_ARG(v.as.text));
            else
                ck_assert_int_eq(v.type, MR_VALUE_NULL);
        }
    }
    (void)mr_rows_done(rows);
    return text;
}

/* The events that were published, decoded by the next service: fed into another bench. */
static inline void forward(struct bench *from, struct bench *to)
{
    for (size_t i = 0; i < from->fake->n_published; i++) {
        const struct fake_record *record = &from->fake->published[i];
        const struct mr_topic *topic =
            mr_catalog_topic(mr_catalog_builtin(), mr_str_from(record->topic));
        fake_send(to->fake, topic->name, 0, record->key, record->value, NULL, 0);
    }
    handle(to);
}
