/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine on topics, registry, clock and store in memory: what all its benches do. */
#pragma once

#include <stdlib.h>

#include "support/fake_broker.h"
#include "support/store_under_test.h"
#include "support/unit.h"

enum { SECOND = 1000000 };

/* Of struct consume_options. */
#define ENGINE_OPTIONS                                                                             \
    .from = "beginning", .gap = "stop", .batch = 100, .parked = 100, .drain_ms = 1000

static inline struct fake *engine_fake(int64_t now)
{
    struct fake *fake = calloc(1, sizeof(*fake));

    ck_assert_ptr_nonnull(fake);
    mr_log_set_level(MR_LOG_OFF);
    fake->now = now;
    fake->random = UINT64_MAX;
    return fake;
}

/* A group of `topics` that a test's own consumer reads, two partitions of each. */
static inline struct mr_consumer_group
engine_group(struct fake *fake, const struct mr_topic *const *topics, size_t n_topics)
{
    for (size_t i = 0; i < n_topics; i++)
        fake_add_topic(fake, topics[i]->name, 2);
    return (struct mr_consumer_group){
        .name = "test-consumer",
        .dead_letter_topic = "test.dlq",
        .topics = topics,
        .n_topics = n_topics,
        .retry = {.max_attempts = 3, .initial_ms = 1000, .max_ms = 3000, .multiplier = 2}};
}

/* run has consumer, group, options, store and self. */
static inline void engine_open(struct fake *fake, struct consume *run)
{
    struct mr_error error = MR_ERROR_INIT;

    fake_attach(fake, run);
    fake->n_tags = 0;
    ck_assert_msg(consume_open(run, &error) == 0, "%s", error.text);
    fake_assign(fake);
}

/* As after a crash: what was not committed is gone. sagas NULL: this project's. */
static inline void engine_reopen(struct fake *fake, struct consume *run,
                                 const struct mr_sagas *sagas)
{
    struct consume fresh = {.consumer = run->consumer,
                            .group = run->group,
                            .options = run->options,
                            .store = run->store,
                            .self = run->self,
                            .sagas = {.all = sagas}};

    mr_store_rollback(run->store);
    consume_close(run);
    *run = fresh;
    engine_open(fake, run);
}

static inline void engine_free(struct fake *fake, struct consume *run)
{
    consume_close(run);
    (void)mr_store_free(run->store);
    fake_free(fake);
}

static inline void engine_turn(struct consume *run)
{
    struct mr_error error = MR_ERROR_INIT;
    int r = consume_turn(run, 0, &error);

    ck_assert_msg(r == 0 || r == MR_END, "%s: %s", mr_status_name(r), error.text);
}

static inline int64_t engine_number(const struct consume *run, const char *sql)
{
    int64_t n = -1;

    ck_assert_int_eq(
        mr_store_row(run->store, NULL, MR_INTO(MR_INTO_INT(&n)), sql, MR_NO_VALUES, NULL), 0);
    return n;
}
