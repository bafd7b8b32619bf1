/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine: events that the group's filter does not want. */
#include "consume_bench.h"

static void with_filter(struct bench *b, const struct mr_filter *filters, size_t n)
{
    b->group.filters = filters;
    b->group.n_filters = n;
}

static void put_header(struct bench *b, const char *name, const char *value)
{
    struct fake_record *last = &b->fake->records[b->fake->n_records - 1];

    last->headers[last->n_headers++] =
        (struct mr_header){name, {(const uint8_t *)value, value ? strlen(value) : 0}};
}

#define FIELD(id) .field = MR_ENVELOPE_##id
#define TEXTS(member, ...)                                                                         \
    .member = (const char *const[]){__VA_ARGS__},                                                  \
    .n_##member = MR_N_ELEMENTS(((const char *const[]){__VA_ARGS__}))

START_TEST(what_the_header_says_is_not_wanted_is_neither_decoded_nor_remembered)
{
    const struct mr_filter filter[] = {{FIELD(EVENT_TYPE), TEXTS(values, "wanted", "too")}};
    struct bench *b = bench_new();

    with_filter(b, filter, 1);
    send(b, 'b', 1, 1);
    put_header(b, "ce_type", "other");
    fake_send(b->fake, read_topics[0]->name, 0, (struct mr_bytes){NULL, 0},
              (struct mr_bytes){(const uint8_t *)"no event", 8}, NULL, 0);
    put_header(b, "ce_type", "wanted-not");
    turns(b);
    ck_assert_uint_eq(b->fake->asked, 0);
    ck_assert_int_eq(b->run.count.filtered, 2);
    ck_assert_int_eq(b->run.count.handled, 0);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_inbox"), 0);
    ck_assert_int_eq(number(b, "SELECT next FROM mr_offset WHERE part = 0"), 2);
    send(b, 'b', 3, 3);
    put_header(b, "ce_type", "wanted");
    send(b, 'b', 4, 4);
    put_header(b, "ce_type", "too");
    restart(b);
    turns(b);
    assert_effects(b, "3,4");
    ck_assert_uint_eq(letters(b), 0);
    bench_free(b);
}
END_TEST

START_TEST(without_the_header_the_envelope_decides)
{
    const struct mr_filter yes[] = {{FIELD(EVENT_TYPE), TEXTS(values, "t")}},
                           no[] = {{FIELD(EVENT_TYPE), TEXTS(values, "x")}};
    struct bench *b = bench_new();

    with_filter(b, yes, 1);
    send(b, 'b', 1, 1);
    send(b, 'b', 2, 2);
    put_header(b, "ce_type", NULL); /* a header without a value says nothing */
    turns(b);
    with_filter(b, no, 1);
    send(b, 'b', 3, 3);
    turns(b);
    assert_effects(b, "1,2");
    ck_assert_int_eq(b->run.count.filtered, 1);
    ck_assert_int_eq(number(b, "SELECT next FROM mr_offset WHERE part = 0"), 3);
    bench_free(b);
}
END_TEST

/* Whether an event of source "s", user "u-1", without session, passes. */
static bool passes(struct bench *b, const struct mr_filter *filters, size_t n, const char *header)
{
    int64_t handled = b->run.count.handled, filtered = b->run.count.filtered;
    static int id;

    with_filter(b, filters, n);
    send(b, 'b', 1, ++id);
    if (header)
        put_header(b, "x-weight", header);
    turn(b);
    bool passed = b->run.count.handled == handled + 1;
    ck_assert_int_eq(b->run.count.filtered, filtered + !passed);
    return passed;
}

START_TEST(a_filter_compares_as_subscription_policies_do)
{
    const struct {
        struct mr_filter filter;
        const char *header;
        bool passes;
    } rows[] = {
        {{FIELD(USER_ID), TEXTS(values, "u-2", "u-1")}, NULL, true},
        {{FIELD(USER_ID), TEXTS(values, "u-", "U-1", "u-11")}, NULL, false},
        {{FIELD(USER_ID), TEXTS(prefixes, "v", "u-")}, NULL, true},
        {{FIELD(USER_ID), TEXTS(prefixes, "u-1x")}, NULL, false},
        {{FIELD(USER_ID), TEXTS(others, "u-2", "u-3")}, NULL, true},
        {{FIELD(USER_ID), TEXTS(others, "u-2", "u-1")}, NULL, false},
        {{FIELD(USER_ID), .exists = MR_FILTER_PRESENT}, NULL, true},
        {{FIELD(USER_ID), .exists = MR_FILTER_ABSENT}, NULL, false},
        {{FIELD(SESSION_ID), .exists = MR_FILTER_ABSENT}, NULL, true},
        {{FIELD(SESSION_ID), .exists = MR_FILTER_PRESENT}, NULL, false},
        {{FIELD(SESSION_ID), TEXTS(others, "x")}, NULL, false},
        {{FIELD(SESSION_ID), TEXTS(values, "x"), .exists = MR_FILTER_ABSENT}, NULL, true},
        {{.header = "x-weight", TEXTS(values, "10")}, "10", true},
        {{.header = "x-weight", TEXTS(values, "10")}, NULL, false},
        {{.header = "x-weight", .exists = MR_FILTER_ABSENT}, NULL, true},
#define FROM_10_BELOW_20                                                                           \
    .bounds = (const struct mr_filter_bound[]){{MR_FILTER_GE, 10}, {MR_FILTER_LT, 20}},            \
    .n_bounds = 2
        {{.header = "x-weight", FROM_10_BELOW_20}, "10.0", true},
        {{.header = "x-weight", FROM_10_BELOW_20}, "19.99", true},
        {{.header = "x-weight", FROM_10_BELOW_20}, "20", false},
        {{.header = "x-weight", FROM_10_BELOW_20}, "9", false},
        {{.header = "x-weight", FROM_10_BELOW_20}, "12 kg", false},
        {{.header = "x-weight", FROM_10_BELOW_20}, "", false},
        {{.header = "x-weight", FROM_10_BELOW_20}, "nan", false},
        {{.header = "x-weight", FROM_10_BELOW_20}, NULL, false},
    };

    struct bench *b = bench_new();
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++)
        ck_assert_msg(passes(b, &rows[i].filter, 1, rows[i].header) == rows[i].passes, "row %zu",
                      i);
    bench_free(b);
}
END_TEST

START_TEST(all_filters_of_a_group_must_hold)
{
    const struct mr_filter filters[] = {
        {FIELD(USER_ID), TEXTS(values, "u-1")},
        {.header = "x-weight", TEXTS(values, "1")},
    };

    struct bench *b = bench_new();

    ck_assert(passes(b, filters, 2, "1"));
    ck_assert(!passes(b, filters, 2, "2"));
    ck_assert(!passes(b, filters, 2, NULL));
    bench_free(b);
}
END_TEST

START_TEST(a_filtered_event_does_not_wait_behind_its_flow)
{
    const struct mr_filter filter[] = {{.header = "x", .exists = MR_FILTER_ABSENT}};
    struct bench *b = bench_new();

    with_filter(b, filter, 1);
    b->script.order[1] = DO_AGAIN;
    send(b, 'b', 1, 1);
    send(b, 'b', 2, 2);
    put_header(b, "x", "1");
    turns(b);
    ck_assert_int_eq(b->run.count.parked, 1);
    ck_assert_int_eq(b->run.count.filtered, 1);
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consume_filter",
                    (const TTest *[]){
                        what_the_header_says_is_not_wanted_is_neither_decoded_nor_remembered,
                        without_the_header_the_envelope_decides,
                        a_filter_compares_as_subscription_policies_do,
                        all_filters_of_a_group_must_hold,
                        a_filtered_event_does_not_wait_behind_its_flow,
                        NULL,
                    });
}
