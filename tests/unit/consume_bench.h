/* SPDX-License-Identifier: Apache-2.0 */
/* A consumer that does what its events say, on topics, registry and clock in memory: for the tests
 * of the engine. */
#pragma once

#include <errno.h>
#include <stdio.h>

#include "engine_bench.h"
#include "ticketwave_booking.gen.h"
#include "ticketwave_catalog.gen.h"

/* ---- a consumer that does what its events say ---- */

enum order {
    DO_KEEP,
    DO_AGAIN,
    DO_INVALID,
    DO_STOP,
    DO_NONSENSE,
    DO_SQL_REFUSED,
    DO_SQL_REFUSED_AND_AGAIN,
    DO_SQL_LOST, /* the first time; on PostgreSQL only */
    DO_BAD_EMIT,
    DO_NOTIFY
};

struct script {
    enum order order[16]; /* by QuantityReduced */
    int calls[16];
    int32_t attempts[16];
    struct heard {
        char to[40], title[80], channel[16], error[80], cause[40];
        bool delivered;
        int32_t attempts;
    } heard[16]; /* what .notified was told */
    int n_heard;
    enum order on_heard;
};

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
static const struct mr_notice two_notices[] = {
    {TEXT("u-1"), TEXT("kind-a"), TEXT("Grüße"), TEXT(".\nzwei\n")},
    {TEXT("staff"), TEXT("kind-b"), TEXT("Second"), TEXT("text")},
};

MR_HANDLER(ticketwave_booking_inventory_update_requested_v1, obey)
{
    struct script *script = mr_tx_self(tx);
    int64_t i = event->data.QuantityReduced;
    struct ticketwave_catalog_inventory_updated_v1 answer = {
        .data = {.EventId = event->data.EventId,
                 .BookingId = event->data.BookingId,
                 .PreviousAvailableTickets = script->order[i] == DO_BAD_EMIT ? -1 : 10,
                 .CurrentAvailableTickets = 9,
                 .UpdateType = MR_STR("x"),
                 .UpdatedAt = 77 * SECOND}};

    script->calls[i]++;
    script->attempts[i] = mr_tx_event(tx)->attempt;
    int r = mr_sql(tx, "INSERT INTO effect (number) VALUES (?1)", MR_INT(i));
    if (r == 0)
        r = mr_emit(tx, ticketwave_catalog_inventory_updated_v1, &answer);
    if (r != 0)
        return r;
    switch (script->order[i]) {
    case DO_AGAIN:
        return mr_tx_again(tx, "not yet");
    case DO_INVALID:
        return mr_tx_invalid(tx, "quantity %d is not for me", (int)i);
    case DO_STOP:
        return -EDOM;
    case DO_NONSENSE:
        return MR_FULL;
    case DO_SQL_REFUSED:
        return mr_sql(tx, "INSERT INTO effect (number) VALUES (-1)");
    case DO_NOTIFY:
        r = mr_notify(tx, &two_notices[0]);
        return r == 0 ? mr_notify(tx, &two_notices[1]) : r;
    case DO_SQL_REFUSED_AND_AGAIN: /* what the store said first counts */
        r = mr_sql(tx, "INSERT INTO effect (number) VALUES (-1)");
        return r != 0 ? r : mr_tx_again(tx, "not yet");
    case DO_SQL_LOST:
        return script->calls[i] > 1
                   ? 0
                   : mr_sql(tx, "DO 'BEGIN RAISE EXCEPTION USING ERRCODE = ''40P01''; END'");
    case DO_KEEP:
    case DO_BAD_EMIT:
        break;
    }
    return 0;
}

#define COPY(to, text) (void)snprintf(to, sizeof(to), "%.*s", MR_STR_ARG(text))

/* Writes an effect and emits, as its handler does. */
static int hear(struct mr_tx *tx, const struct mr_notice_fate *fate)
{
    struct script *script = mr_tx_self(tx);
    const struct mr_envelope *cause = mr_tx_event(tx)->envelope;
    struct heard *heard = &script->heard[script->n_heard++];
    struct ticketwave_catalog_inventory_updated_v1 told = {
        .data = {.EventId = cause->event_id,
                 .BookingId = cause->correlation_id,
                 .PreviousAvailableTickets = 10,
                 .CurrentAvailableTickets = 9,
                 .UpdateType = fate->notice.kind,
                 .UpdatedAt = fate->at}};

    COPY(heard->to, fate->notice.to);
    COPY(heard->title, fate->notice.title);
    COPY(heard->error, fate->error);
    COPY(heard->cause, cause->event_id);
    (void)snprintf(heard->channel, sizeof(heard->channel), "%s", fate->channel);
    heard->delivered = fate->delivered;
    heard->attempts = fate->attempts;
    int r = mr_sql(tx, "INSERT INTO effect (number) VALUES (?1)",
                   MR_INT(script->on_heard == DO_SQL_REFUSED ? -1 : 100));
    if (r == 0)
        r = mr_emit(tx, ticketwave_catalog_inventory_updated_v1, &told);
    if (r != 0)
        return r;
    return script->on_heard == DO_AGAIN     ? mr_tx_again(tx, "not yet")
           : script->on_heard == DO_INVALID ? mr_tx_invalid(tx, "not for me")
           : script->on_heard == DO_STOP    ? -EDOM
                                            : 0;
}

static const struct mr_consumer consumer = {
    .name = "test-consumer",
    .summary = "For tests",
    .handles = MR_HANDLES(MR_ON(ticketwave_booking_inventory_update_requested_v1, obey)),
    .emits = MR_EMITS(&topic_ticketwave_catalog_inventory_updated_v1),
    .migrations =
        MR_MIGRATIONS({1, "CREATE TABLE effect (seq INTEGER PRIMARY KEY AUTOINCREMENT, number"
                          " INTEGER NOT NULL"
                          " CHECK (number >= 0)) STRICT"}),
    .notified = hear,
    .size = sizeof(struct script),
};

/* ---- the bench ---- */

struct bench {
    struct fake *fake;
    struct mr_store *store;
    struct script script;
    struct mr_consumer_group group;
    struct consume run;
    struct mr_error error;
};

static const struct mr_topic *const read_topics[] = {
    &topic_ticketwave_booking_inventory_update_requested_v1};

static inline void start(struct bench *b)
{
    b->error = MR_ERROR_INIT;
    b->run = (struct consume){.consumer = &consumer,
                              .group = &b->group,
                              .options = b->run.options,
                              .store = b->store,
                              .self = &b->script};
    engine_open(b->fake, &b->run);
}

static inline struct bench *bench_new(void)
{
    struct bench *b = calloc(1, sizeof(*b));

    ck_assert_ptr_nonnull(b);
    b->fake = engine_fake(INT64_C(1700000000) * SECOND);
    b->group = engine_group(b->fake, read_topics, MR_N_ELEMENTS(read_topics));
    b->run.options = (struct consume_options){.group = "test-group", ENGINE_OPTIONS};
    b->store = open_fresh();
    start(b);
    return b;
}

static inline void bench_free(struct bench *b)
{
    engine_free(b->fake, &b->run);
    free(b);
}

static inline void restart(struct bench *b)
{
    b->error = MR_ERROR_INIT;
    engine_reopen(b->fake, &b->run, NULL);
}

/* flow: 'a' ... : the booking; number: what the script says; id: of the event. */
static inline void send(struct bench *b, char flow, int number, int id)
{
    char booking[37] = "00000000-0000-4000-8000-00000000000x", event_id[37];

    booking[35] = flow;
    (void)snprintf(event_id, sizeof(event_id), "11111111-1111-4111-8111-%012d", id);
    struct ticketwave_booking_inventory_update_requested_v1 event = {
        .envelope = {.event_id = mr_str_from(event_id),
                     .event_type = MR_STR("t"),
                     .event_version = MR_STR("1.0"),
                     .timestamp = b->fake->now,
                     .correlation_id = mr_str_from(booking),
                     .source_service = MR_STR("s"),
                     .has_user_id = true,
                     .user_id = MR_STR("u-1")},
        .data = {.EventId = mr_str_from(event_id),
                 .BookingId = mr_str_from(booking),
                 .QuantityReduced = number,
                 .RequestedAt = 1}};
    fake_send_event(b->fake, read_topics[0], flow % 2, &event);
}

static inline void turn(struct bench *b)
{
    engine_turn(&b->run);
}

static inline void turns(struct bench *b)
{
    for (int i = 0; i < 3; i++)
        turn(b);
}

static inline int64_t number(struct bench *b, const char *sql)
{
    return engine_number(&b->run, sql);
}

/* "1,2,3": the effects in their order. */
static inline void assert_effects(struct bench *b, const char *want)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_str got;

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    ck_assert_int_eq(mr_store_row(b->store, arena, MR_INTO(MR_INTO_TEXT(&got)),
                                  on_postgres()
                                      ? "SELECT coalesce(string_agg(CAST(number AS TEXT), ','"
                                        " ORDER BY seq), '') FROM effect"
                                      : "SELECT coalesce(group_concat(number, ','), '') FROM"
                                        " (SELECT number FROM effect ORDER BY seq)",
                                  MR_NO_VALUES, NULL),
                     0);
    ck_assert_msg(mr_str_is(got, want), "effects are %.*s, not %s", MR_STR_ARG(got), want);
}

static inline size_t letters(const struct bench *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->fake->n_published; i++)
        n += strcmp(b->fake->published[i].topic, "test.dlq") == 0;
    return n;
}

static inline const struct fake_record *letter(const struct bench *b)
{
    for (size_t i = 0; i < b->fake->n_published; i++)
        if (strcmp(b->fake->published[i].topic, "test.dlq") == 0)
            return &b->fake->published[i];
    ck_abort_msg("no dead letter");
    return NULL;
}

#define ASSERT_HEADER(record, name, want)                                                          \
    do {                                                                                           \
        struct mr_str got_ = fake_header(record, name);                                            \
        ck_assert_msg(mr_str_is(got_, want), "%s is '%.*s', not '%s'", name, MR_STR_ARG(got_),     \
                      want);                                                                       \
    } while (0)
