/* SPDX-License-Identifier: Apache-2.0 */
/* A consumer of two topics that are read in the order of their events' own time: it notes what it
 * handles. */
#pragma once

#include <stdio.h>

#include "engine_bench.h"
#include "millrace/time.h"
#include "ticketwave_booking.gen.h"
#include "ticketwave_catalog.gen.h"

enum { MS = 1000 };

struct script {
    int fail; /* this number: try again */
};

static inline int note(struct mr_tx *tx, const char *topic, int64_t number)
{
    const struct script *script = mr_tx_self(tx);

    if (number == script->fail)
        return mr_tx_again(tx, "not yet");
    return mr_sql(tx, "INSERT INTO effect (topic, number, late) VALUES (?1, ?2, ?3)",
                  MR_TEXT_OF(topic), MR_INT(number), MR_BOOL(mr_tx_late(tx)));
}

MR_HANDLER(ticketwave_booking_inventory_update_requested_v1, asked)
{
    return note(tx, "a", event->data.QuantityReduced);
}

MR_HANDLER(ticketwave_catalog_inventory_updated_v1, answered)
{
    return note(tx, "b", event->data.CurrentAvailableTickets);
}

static MR_CHAPTER(answers, MR_ON(ticketwave_catalog_inventory_updated_v1, answered));

static const struct mr_consumer consumer = {
    .name = "test-consumer",
    .summary = "For tests",
    .handles = MR_HANDLES(MR_ON(ticketwave_booking_inventory_update_requested_v1, asked),
                          MR_ON_ALL(answers)),
    .migrations =
        MR_MIGRATIONS({1, "CREATE TABLE effect (seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT"
                          " NOT NULL, number INTEGER NOT NULL, late INTEGER NOT NULL) STRICT"}),
    .size = sizeof(struct script),
};

static const struct mr_topic *const topics[] = {
    &topic_ticketwave_booking_inventory_update_requested_v1,
    &topic_ticketwave_catalog_inventory_updated_v1};

struct bench {
    struct fake *fake;
    struct script script;
    struct mr_consumer_group group;
    struct consume run;
    struct mr_error error;
    int n_sent;
    bool headers; /* ce_time is written */
};

static inline struct bench *bench_new(enum mr_late late)
{
    struct bench *b = calloc(1, sizeof(*b));

    ck_assert_ptr_nonnull(b);
    b->fake = engine_fake(INT64_C(1700000000) * SECOND);
    b->group = engine_group(b->fake, topics, MR_N_ELEMENTS(topics));
    b->group.order = (struct mr_order){.by_time = true, .wait_ms = 500, .late = late};
    b->run = (struct consume){.consumer = &consumer,
                              .group = &b->group,
                              .options = {.group = "test-group", ENGINE_OPTIONS},
                              .store = open_fresh(),
                              .self = &b->script};
    engine_open(b->fake, &b->run);
    return b;
}

static inline void bench_free(struct bench *b)
{
    engine_free(b->fake, &b->run);
    free(b);
}

static inline void restart(struct bench *b)
{
    engine_reopen(b->fake, &b->run, NULL);
}

/* topic: 'a', 'b'; ago: ms before now; flow: even and odd ones have partitions of their own. */
static inline void send(struct bench *b, char topic, int number, int ago, char flow)
{
    char booking[37] = "00000000-0000-4000-8000-00000000000x", id[37];
    static char whens[64][MR_TIME_MAX + 1];

    booking[35] = flow;
    (void)snprintf(id, sizeof(id), "11111111-1111-4111-8111-%012d", ++b->n_sent);
    struct mr_envelope envelope = {.event_id = mr_str_from(id),
                                   .event_type = MR_STR("t"),
                                   .event_version = MR_STR("1.0"),
                                   .timestamp = b->fake->now - (int64_t)ago * MS,
                                   .correlation_id = mr_str_from(booking),
                                   .source_service = MR_STR("s")};
    struct ticketwave_booking_inventory_update_requested_v1 a = {
        .envelope = envelope,
        .data = {.EventId = mr_str_from(id),
                 .BookingId = mr_str_from(booking),
                 .QuantityReduced = number,
                 .RequestedAt = 1}};
    struct ticketwave_catalog_inventory_updated_v1 c = {.envelope = envelope,
                                                        .data = {.EventId = mr_str_from(id),
                                                                 .BookingId = mr_str_from(booking),
                                                                 .CurrentAvailableTickets = number,
                                                                 .UpdateType = MR_STR("x"),
                                                                 .UpdatedAt = 1}};
    if (topic == 'a')
        fake_send_event(b->fake, topics[0], flow % 2, &a);
    else
        fake_send_event(b->fake, topics[1], flow % 2, &c);
    if (!b->headers)
        return;
    struct fake_record *last = &b->fake->records[b->fake->n_records - 1];
    char *when = whens[b->n_sent % 64];
    when[mr_time_format_micros(envelope.timestamp, when)] = '\0';
    last->headers[last->n_headers++] =
        (struct mr_header){"ce_time", {(const uint8_t *)when, strlen(when)}};
}

static inline void turn(struct bench *b)
{
    engine_turn(&b->run);
}

static inline void pass(struct bench *b, int ms)
{
    b->fake->now += (int64_t)ms * MS;
    for (int i = 0; i < 3; i++)
        turn(b);
}

/* "b1 a2!": the effects in their order, late ones with a mark. */
static inline void assert_effects(struct bench *b, const char *want)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    char got[1024] = "";
    size_t len = 0;
    int r;

    ck_assert_int_eq(mr_store_query(b->run.store,
                                    "SELECT topic, number, late FROM effect ORDER BY seq",
                                    MR_NO_VALUES, &rows, NULL),
                     0);
    while ((r = mr_rows_next(rows, NULL)) == 0) {
        struct mr_str topic = mr_rows_value(rows, 0).as.text;
        len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%.*s%lld%s", len ? " " : "",
                                MR_STR_ARG(topic), (long long)mr_rows_value(rows, 1).as.integer,
                                mr_rows_value(rows, 2).as.integer ? "!" : "");
    }
    ck_assert_int_eq(r, MR_END);
    ck_assert_msg(strcmp(got, want) == 0, "effects are '%s', not '%s'", got, want);
}

static inline int64_t number(struct bench *b, const char *sql)
{
    return engine_number(&b->run, sql);
}
