/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine while its producers move on: what is built in is 1.1, records of 1.0 and 1.2
 * come along, with headers that nobody knows, and a registry that is away just then. */
#include "consume_bench.h"

enum { V1_0 = FAKE_OTHERS, V1_2, V_BROKEN };

static char older[16384], younger[16384], broken[16384];

/* Replaces the first `find` behind `from` in a copy of the built-in schema. */
static void change(char out[16384], const char *text, const char *from, const char *find,
                   const char *put)
{
    const char *at = strstr(strstr(text, from), find);

    ck_assert_ptr_nonnull(at);
    ck_assert_int_lt(
        snprintf(out, 16384, "%.*s%s%s", (int)(at - text), text, put, at + strlen(find)), 16384);
}

/* 1.0 has no session_id yet; 1.2 has a member more, with a default; the third says text where ours
 * says number. */
static struct bench *bench_of_versions(void)
{
    struct bench *b = bench_new();
    const char *text = read_topics[0]->schema_text;
    const char *session = strstr(text, "{\n      \"name\": \"session_id\"");
    const char *metadata = strstr(text, "{\n      \"name\": \"metadata\"");

    ck_assert(session && metadata);
    ck_assert_int_lt(
        snprintf(older, sizeof(older), "%.*s%s", (int)(session - text), text, metadata),
        (int)sizeof(older));
    change(younger, text, "\"RequestedAt\"", "\n        ]",
           ", {\"name\": \"Channel\", \"type\": \"string\", \"default\": \"web\"}]");
    change(broken, text, "\"QuantityReduced\"", "\"long\"", "\"string\"");
    b->fake->other_texts[V1_0 - FAKE_OTHERS] = older;
    b->fake->other_texts[V1_2 - FAKE_OTHERS] = younger;
    b->fake->other_texts[V_BROKEN - FAKE_OTHERS] = broken;
    return b;
}

/* The last record that was sent becomes one of another version: `cut` bytes behind the user's id
 * less, `more` at its end. */
static void make(struct bench *b, int32_t id, size_t cut, const char *more)
{
    struct fake_record *last = &b->fake->records[b->fake->n_records - 1];
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    const uint8_t prefix[5] = {0, 0, 0, (uint8_t)(id >> 8), (uint8_t)id};
    const uint8_t *user = memmem(last->value.data, last->value.len, "\6u-1", 4);

    ck_assert_ptr_nonnull(user);
    size_t before = (size_t)(user + 4 - last->value.data);
    ck_assert_int_eq(mr_buf_append(&out, prefix, 5), 0);
    ck_assert_int_eq(mr_buf_append(&out, last->value.data + 5, before - 5), 0);
    ck_assert_int_eq(
        mr_buf_append(&out, last->value.data + before + cut, last->value.len - before - cut), 0);
    ck_assert_int_eq(mr_buf_append(&out, more, strlen(more)), 0);
    free((void *)(uintptr_t)last->value.data);
    last->value = fake_copy((struct mr_bytes){out.data, out.len});
}

START_TEST(a_consumer_of_one_minor_version_reads_older_and_younger_ones)
{
    struct bench *b = bench_of_versions();

    send(b, 'b', 1, 1);
    send(b, 'b', 2, 2);
    make(b, V1_0, 1, ""); /* without the branch of session_id */
    send(b, 'b', 3, 3);
    make(b, V1_2, 0, "\6app");
    send(b, 'b', 4, 4);
    turns(b);
    assert_effects(b, "1,2,3,4");
    ck_assert_uint_eq(letters(b), 0);
    ck_assert_uint_eq(b->fake->asked, 3); /* once for each version */
    bench_free(b);
}
END_TEST

START_TEST(a_version_that_is_none_of_ours_is_told_by_its_difference)
{
    struct bench *b = bench_of_versions();

    send(b, 'b', 1, 1);
    make(b, V_BROKEN, 0, "");
    send(b, 'b', 2, 2);
    turns(b);
    assert_effects(b, "2");
    ASSERT_HEADER(letter(b), "mr_error_class", "unreadable");
    ck_assert_ptr_nonnull(
        strstr(fake_header(letter(b), "__dlq.errors.message").data, "QuantityReduced"));
    bench_free(b);
}
END_TEST

START_TEST(a_registry_that_is_away_in_mid_flow_holds_only_what_it_does_not_know)
{
    struct bench *b = bench_of_versions();

    send(b, 'a', 1, 1);
    send(b, 'b', 2, 2);
    turns(b);
    b->fake->registry_r = MR_AGAIN;
    send(b, 'b', 3, 3); /* this version is known */
    send(b, 'b', 4, 4);
    make(b, V1_2, 0, "\6app"); /* this one is not: its partition waits */
    send(b, 'b', 5, 5);
    send(b, 'a', 6, 6);
    turns(b);
    assert_effects(b, "1,2,3,6");
    ck_assert_int_eq(number(b, "SELECT next FROM mr_offset WHERE part = 0"), 2);
    b->fake->registry_r = 0;
    restart(b); /* nor is it lost with the process, which now knows no version at all */
    b->fake->registry_r = MR_AGAIN;
    send(b, 'a', 7, 7);
    turns(b);
    assert_effects(b, "1,2,3,6");
    b->fake->registry_r = 0;
    b->fake->now += 2 * SECOND;
    turns(b);
    assert_effects(b, "1,2,3,6,4,5,7");
    ck_assert_uint_eq(letters(b), 0);
    bench_free(b);
}
END_TEST

START_TEST(a_header_that_nobody_knows_is_no_matter)
{
    struct bench *b = bench_new();

    send(b, 'b', 1, 1);
    struct fake_record *last = &b->fake->records[b->fake->n_records - 1];
    for (size_t i = 0; i < MR_N_ELEMENTS(last->headers); i++)
        last->headers[last->n_headers++] = (struct mr_header){
            i % 3 ? "x-unknown" : "ce_unknown", {(const uint8_t *)"\0\377", i % 2 ? 2 : 0}};
    last->headers[5].value.data = NULL;
    send(b, 'b', 2, 2);
    turns(b);
    assert_effects(b, "1,2");
    ck_assert_ptr_null(fake_header(&b->fake->published[0], "x-unknown").data); /* not passed on */
    bench_free(b);
}
END_TEST

int main(void)
{
    return unit_run("consume_versions",
                    (const TTest *[]){
                        a_consumer_of_one_minor_version_reads_older_and_younger_ones,
                        a_version_that_is_none_of_ours_is_told_by_its_difference,
                        a_registry_that_is_away_in_mid_flow_holds_only_what_it_does_not_know,
                        a_header_that_nobody_knows_is_no_matter,
                        NULL,
                    });
}
