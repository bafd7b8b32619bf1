/* SPDX-License-Identifier: Apache-2.0 */
/* Sagas on topics, registry and clock in memory: those of this project, and such as a test writes.
 */
#pragma once

#include <unistd.h>

#include "consumers_bench.h"
#include "festivo_access_control.gen.h"
#include "festivo_crowd_monitor.gen.h"
#include "festivo_orchestrator.gen.h"
#include "millrace/codec.h"
#include "saga.h"

extern const struct mr_consumer consumer_festivo_orchestrator;

/* ---- sagas of a test's own ---- */

struct leaves {
    struct mr_arena *arena;
    struct mr_schema *schemas[256];
    size_t n;
};

static inline int leaves_of(void *self, const struct mr_topic *topic,
                            const struct mr_schema_leaf **ret_leaves, size_t *ret_n)
{
    struct leaves *l = self;

    ck_assert_int_eq(
        mr_schema_parse(topic->schema_text, topic->schema_len, NULL, &l->schemas[l->n], NULL), 0);
    return mr_schema_leaves(l->schemas[l->n++], l->arena, ret_leaves, ret_n);
}

static inline struct mr_sagas *sagas_of(const char *yaml)
{
    struct leaves l = {.n = 0};
    const struct mr_saga_fields fields = {&l, leaves_of};
    MR_AUTO(mr_buf) struct mr_buf report = {0};
    struct mr_sagas *sagas = NULL;
    char path[] = "/tmp/mr-sagas-XXXXXX";
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, yaml, strlen(yaml)), (int)strlen(yaml));
    (void)close(fd);
    ck_assert_int_eq(mr_arena_new(0, &l.arena), 0);
    int r = mr_sagas_load(path, mr_catalog_builtin(), &fields, &sagas, &report);
    ck_assert_msg(r == 0, "%s", mr_buf_cstr(&report));
    (void)unlink(path);
    while (l.n > 0)
        (void)mr_schema_unref(l.schemas[--l.n]);
    (void)mr_arena_free(l.arena);
    return sagas;
}

static inline struct bench *bench_with(const char *yaml, struct mr_sagas **ret_sagas)
{
    struct bench *b = BENCH(festivo_orchestrator);

    *ret_sagas = sagas_of(yaml);
    engine_reopen(b->fake, &b->run, *ret_sagas);
    return b;
}

/* ---- time and what was said ---- */

static inline void after(struct bench *b, int64_t seconds)
{
    b->fake->now += seconds * SECOND;
    handle(b);
}

/* The actions of the events that were published since *from, e.g. "started,completed". */
static inline const char *said_since(struct bench *b, size_t *from)
{
    static char text[512];
    size_t len = 0;

    text[0] = '\0';
    for (; *from < b->fake->n_published; ++*from) {
        const struct mr_topic *topic =
            mr_catalog_topic(mr_catalog_builtin(), mr_str_from(b->fake->published[*from].topic));
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? "," : "",
                                topic->action ? topic->action : "dead-letter");
    }
    return text;
}

/* The event number i as JSON. */
static inline const char *event_json(struct bench *b, size_t i)
{
    static char text[4096];
    const struct fake_record *record = &b->fake->published[i];
    const struct mr_topic *topic =
        mr_catalog_topic(mr_catalog_builtin(), mr_str_from(record->topic));
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    MR_AUTO(mr_json_decoder) struct mr_json_decoder *decoder = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};

    ck_assert_uint_lt(i, b->fake->n_published);
    ck_assert_int_eq(mr_schema_parse(topic->schema_text, topic->schema_len, NULL, &schema, NULL),
                     0);
    ck_assert_int_eq(mr_json_decoder_new(schema, NULL, NULL, &decoder, NULL), 0);
    ck_assert_int_eq(
        mr_json_decode(decoder, record->value.data + 5, record->value.len - 5, &out, NULL), 0);
    (void)snprintf(text, sizeof(text), "%s", mr_buf_cstr(&out));
    return text;
}

#define ASSERT_HAS(text, part)                                                                     \
    do {                                                                                           \
        const char *text_ = (text);                                                                \
        ck_assert_msg(strstr(text_, part) != NULL, "no %s in %s", part, text_);                    \
    } while (0)

#define ASSERT_SAID(b, from, want) ck_assert_str_eq(said_since(b, from), want)
#define ASSERT_SAGAS(b, want)                                                                      \
    ck_assert_str_eq(ask(b, "SELECT saga, skey, state, why FROM mr_saga"                           \
                            " ORDER BY started_at, saga, skey"),                                   \
                     want)

/* ---- Festivo's events, minutes after T0 ---- */

static inline void deny(struct bench *b, int minutes, const char *ticket, const char *reason)
{
    SEND(b, festivo_access_control_access_entry_denied_v1, envelope(b, minutes, "flow-1"),
         .data = {.ticketId = mr_str_from(ticket),
                  .ticketCode = MR_STR("C-1"),
                  .gateId = MR_STR("g"),
                  .reason = mr_str_from(reason),
                  .deniedTime = T0 + minutes * MINUTE,
                  .customerId = MR_STR("v")});
}

static inline void request(struct bench *b, int minutes, const char *ticket)
{
    SEND(b, festivo_access_control_access_entry_requested_v1, envelope(b, minutes, "flow-2"),
         .data = {.ticketId = mr_str_from(ticket),
                  .ticketCode = MR_STR("C-1"),
                  .gateId = MR_STR("g"),
                  .requestTime = T0 + minutes * MINUTE,
                  .customerId = MR_STR("v")});
}
