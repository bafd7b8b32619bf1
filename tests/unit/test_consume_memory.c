/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine when memory runs out, at every allocation in turn: it says so, it leaks
 * nothing, and what it does afterwards is as if nothing had happened. */
#include <limits.h>
#include <stdio.h>

#define FAILING_OURS true /* SQLite's and libc's as well: a round gives all of it back */
#include "support/failing_malloc.h"

#include "support/fake_broker.h"
#include "support/unit.h"
#include "ticketwave_booking.gen.h"

extern const struct mr_consumer consumer_ticketwave_catalog;

#if FAILING_MALLOC
enum { EVENTS = 6, ONE_BY_ONE = 150, STEP = 37, TURNS = 4 };

struct bench {
    struct fake *fake;
    struct mr_store *store;
    struct consume run;
    int64_t capacity;
    struct mr_consumer_group group;
    enum mr_late late;
    bool by_time;
};

static void send_all(struct fake *f)
{
    for (int i = 0; i < EVENTS; i++) {
        char id[37];
        (void)snprintf(id, sizeof(id), "11111111-1111-4111-8111-%012d", i);
        struct ticketwave_booking_inventory_update_requested_v1 event = {
            .envelope = {.event_id = mr_str_from(id),
                         .event_type = MR_STR("t"),
                         .event_version = MR_STR("1.0"),
                         .timestamp = 1,
                         .correlation_id = mr_str_from(id),
                         .source_service = MR_STR("s")},
            .data = {.EventId = MR_STR("33333333-3333-4333-8333-333333333333"),
                     .BookingId = mr_str_from(id),
                     .QuantityReduced = 1,
                     .RequestedAt = 1}};
        fake_send_event(f, &topic_ticketwave_booking_inventory_update_requested_v1, 0, &event);
    }
    fake_send(f, topic_ticketwave_booking_inventory_update_requested_v1.name, 0,
              (struct mr_bytes){(const uint8_t *)"k", 1},
              (struct mr_bytes){(const uint8_t *)"no", 2}, NULL, 0);
}

static int run_once(struct bench *b)
{
    struct mr_error error = MR_ERROR_INIT;

    b->capacity = 100;
    b->group = *mr_catalog_group(mr_catalog_builtin(), MR_STR("ticketwave-catalog"));
    b->group.order = (struct mr_order){.by_time = b->by_time, .wait_ms = 1, .late = b->late};
    b->run = (struct consume){.consumer = &consumer_ticketwave_catalog,
                              .group = &b->group,
                              .options = {.group = "g",
                                          .once = true,
                                          .from = "beginning",
                                          .gap = "stop",
                                          .batch = 4,
                                          .parked = 10,
                                          .drain_ms = 1000},
                              .store = b->store,
                              .self = &b->capacity};
    fake_attach(b->fake, &b->run);
    b->fake->n_tags = 0;
    int r = consume_open(&b->run, &error);
    if (r == 0) {
        fake_assign(b->fake);
        r = consume_turn(&b->run, 0, &error);
        for (int i = 0; r == 0 && i < TURNS; i++)
            r = consume_turn(&b->run, 0, &error);
    }
    if (r != 0 && r != MR_END && getenv("SAY"))
        (void)fprintf(stderr, "%s: %s\n", mr_status_name(r), error.text);
    if (r != 0 && r != MR_END)
        mr_store_rollback(b->store);
    consume_close(&b->run);
    return r == MR_END ? 0 : r;
}

static int64_t number(struct bench *b, const char *sql)
{
    int64_t n = -1;

    ck_assert_int_eq(
        mr_store_row(b->store, NULL, MR_INTO(MR_INTO_INT(&n)), sql, MR_NO_VALUES, NULL), 0);
    return n;
}

/* True when the n-th allocation was never reached. */
static bool sweep(long n, bool by_time)
{
    struct bench b = {.fake = calloc(1, sizeof(*b.fake)), .by_time = by_time, .late = MR_LATE_FLAG};
    struct mr_schema *schema;

    ck_assert_ptr_nonnull(b.fake);
    fake_add_topic(b.fake, topic_ticketwave_booking_inventory_update_requested_v1.name, 1);
    send_all(b.fake);
    for (size_t i = 0; i < mr_catalog_builtin()->n_topics; i++) /* the fake's own memory: before */
        if (strncmp(mr_catalog_builtin()->topics[i].service, "ticketwave", 10) == 0)
            (void)fake_schema(b.fake, (int32_t)i + 1, NULL, &schema, NULL);
    ck_assert_int_eq(mr_store_open("sqlite::memory:", NULL, &b.store, NULL), 0);

    b.fake->produce_r =
        MR_FULL; /* what is published is copied by the fake: not while memory fails */
    failing_in = n;
    int r = run_once(&b);
    bool reached = failing_in == 0;
    failing_in = -1;
    b.fake->produce_r = 0;
    ck_assert_msg(!reached || r <= 0 || r == MR_AGAIN, "allocation %ld: %s", n, mr_status_name(r));

    ck_assert_msg(run_once(&b) == 0, "after allocation %ld", n);
    ck_assert_msg(number(&b, "SELECT count(*) FROM reduction") == EVENTS, "allocation %ld", n);
    ck_assert_msg(number(&b, "SELECT capacity - available FROM event_inventory") == EVENTS,
                  "allocation %ld", n);
    ck_assert_int_eq(number(&b, "SELECT count(*) FROM mr_outbox"), 0);
    ck_assert_uint_eq(b.fake->n_published, EVENTS + 1);
    (void)mr_store_free(b.store);
    fake_free(b.fake);
    return !reached;
}

static void sweep_all(bool by_time)
{
    long n = 0, held;
    bool done = false;

    mr_log_set_level(MR_LOG_OFF);
    (void)sweep(LONG_MAX, by_time); /* what libraries keep for ever is there now */
    while (!done) {
        held = failing_held;
        done = sweep(n, by_time);
        ck_assert_msg(failing_held == held, "allocation %ld: %ld left behind", n,
                      failing_held - held);
        n += n < ONE_BY_ONE ? 1 : STEP;
    }
    ck_assert_int_gt(n, ONE_BY_ONE);
}

START_TEST(memory_that_runs_out_loses_no_event_and_doubles_no_effect)
{
    sweep_all(false);
}
END_TEST

START_TEST(nor_does_it_where_events_are_held_back_for_their_order)
{
    sweep_all(true);
}
END_TEST
#else
START_TEST(nor_does_it_where_events_are_held_back_for_their_order)
{
    (void)fprintf(stderr, "SKIPPED: the sanitizer has an allocator of its own\n");
}
END_TEST

START_TEST(memory_that_runs_out_loses_no_event_and_doubles_no_effect)
{
    (void)fprintf(stderr, "SKIPPED: the sanitizer has an allocator of its own\n");
}
END_TEST
#endif

int main(void)
{
    return unit_run("consume_memory", (const TTest *[]){
                                          memory_that_runs_out_loses_no_event_and_doubles_no_effect,
                                          nor_does_it_where_events_are_held_back_for_their_order,
                                          NULL,
                                      });
}
