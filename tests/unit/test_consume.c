/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine: effects once, partitions, the end of a run. */
#include "consume_bench.h"

/* ---- once only ---- */

START_TEST(events_are_handled_once_and_offsets_move_with_their_effects)
{
    struct bench *b = bench_new();

    for (int i = 1; i <= 5; i++)
        send(b, (char)('a' + i % 2), i, i);
    turns(b);
    assert_effects(b, "1,2,3,4,5");
    ck_assert_int_eq(number(b, "SELECT sum(next) FROM mr_offset"), 5);
    ck_assert_int_eq(fake_partition(b->fake, read_topics[0]->name, 0)->committed, 3);
    ck_assert_int_eq(b->run.count.handled, 5);
    ck_assert_int_eq(b->run.count.published, 5);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_outbox"), 0);
    bench_free(b);
}
END_TEST

START_TEST(a_repeat_is_counted_and_skipped_also_after_a_restart)
{
    struct bench *b = bench_new();

    send(b, 'a', 1, 1);
    send(b, 'a', 1, 1);
    turns(b);
    restart(b);
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    turns(b);
    assert_effects(b, "1,2");
    ck_assert_int_eq(b->run.count.duplicates, 1);
    bench_free(b);
}
END_TEST

START_TEST(the_stores_offsets_win_over_kafkas)
{
    struct bench *b = bench_new();

    send(b, 'b', 1, 1);
    send(b, 'b', 2, 2);
    turns(b);
    fake_partition(b->fake, read_topics[0]->name, 0)->committed = 0;
    restart(b);
    ck_assert_int_eq(fake_partition(b->fake, read_topics[0]->name, 0)->position, 2);
    send(b, 'b', 3, 3);
    turns(b);
    assert_effects(b, "1,2,3");
    ck_assert_int_eq(b->run.count.duplicates, 0);
    bench_free(b);
}
END_TEST

START_TEST(a_crash_before_commit_leaves_nothing_and_the_batch_comes_again)
{
    struct bench *b = bench_new();

    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    b->script.order[2] = DO_STOP;
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), -EDOM);
    assert_effects(b, "");
    b->script.order[2] = DO_KEEP;
    restart(b);
    turns(b);
    assert_effects(b, "1,2");
    ck_assert_uint_eq(b->fake->n_published, 2);
    bench_free(b);
}
END_TEST

START_TEST(an_owner_that_was_overtaken_commits_nothing)
{
    struct bench *b = bench_new();
    int64_t epoch, next;

    turn(b);
    ck_assert_int_eq(mr_ledger_claim(b->store, read_topics[0]->name, 1, &epoch, &next, NULL), 0);
    send(b, 'a', 1, 1);
    if (on_postgres()) { /* where others may live: it lets go, and goes on with what is its own */
        turn(b);
        send(b, 'b', 2, 0);
        turn(b);
        turn(b);
        assert_effects(b, "2");
    } else {
        ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), -ESTALE);
        ck_assert_ptr_nonnull(strstr(b->error.text, "another process has taken"));
        assert_effects(b, "");
    }
    bench_free(b);
}
END_TEST

START_TEST(a_handlers_nonsense_stops_the_process_with_its_name)
{
    struct bench *b = bench_new();

    b->script.order[1] = DO_NONSENSE;
    send(b, 'a', 1, 1);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), -EPROTO);
    ck_assert_ptr_nonnull(
        strstr(b->error.text, "test-consumer: the handler of ticketwave-booking"));
    bench_free(b);
}
END_TEST

/* ---- partitions ---- */

START_TEST(a_part_of_the_partitions_is_refused_by_a_store_for_one)
{
    struct bench *b = bench_new();
    struct mr_topic_partition item = {read_topics[0]->name, 1, -1001};

    turn(b);
    consume_revoked(&b->run, &(struct mr_topic_partition){read_topics[0]->name, 0, 0}, 1, false);
    consume_revoked(&b->run, &item, 1, false);
    turn(b); /* between taking and giving nothing is judged */
    consume_assigned(&b->run, &item, 1);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), on_postgres() ? 0 : MR_INVALID);
    if (!on_postgres())
        ck_assert_ptr_nonnull(strstr(b->error.text, "1 of 2 partitions"));
    bench_free(b);
}
END_TEST

START_TEST(records_of_a_partition_that_was_taken_away_are_left_alone)
{
    struct bench *b = bench_new();

    turn(b);
    send(b, 'a', 1, 1);
    consume_revoked(&b->run, &(struct mr_topic_partition){read_topics[0]->name, 1, 0}, 1, true);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), on_postgres() ? 0 : MR_INVALID);
    assert_effects(b, "");
    bench_free(b);
}
END_TEST

START_TEST(where_a_partition_was_begun_is_known_after_a_restart_before_its_first_event)
{
    struct bench *b = bench_new();

    send(b, 'a', 1, 1);
    send(b, 'b', 2, 2);
    ck_assert_int_eq(mr_store_run(b->store, "DELETE FROM mr_offset", MR_NO_VALUES, NULL), 0);
    b->run.options.from = "end";
    restart(b);
    turns(b);
    assert_effects(b, "");
    send(b, 'a', 3, 3);
    send(b, 'b', 4, 4);
    restart(b);
    turns(b);
    assert_effects(b, "3,4");
    bench_free(b);
}
END_TEST

START_TEST(records_deleted_before_the_first_event_of_a_begun_partition_stop_the_start)
{
    struct bench *b = bench_new();

    turns(b);
    for (int i = 1; i <= 3; i++)
        send(b, 'b', i, i);
    fake_partition(b->fake, read_topics[0]->name, 0)->low = 2;
    restart(b);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(b->error.text, "records 0 to 1 were deleted"));
    bench_free(b);
}
END_TEST

START_TEST(records_deleted_before_they_were_read_stop_the_start_unless_accepted)
{
    struct bench *b = bench_new();

    send(b, 'b', 1, 1);
    turns(b);
    for (int i = 2; i <= 5; i++)
        send(b, 'b', i, i);
    fake_partition(b->fake, read_topics[0]->name, 0)->low = 3;
    restart(b);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(b->error.text, "records 1 to 2 were deleted"));
    b->run.options.gap = "accept";
    restart(b);
    turns(b);
    assert_effects(b, "1,4,5");
    ck_assert_int_eq(b->run.count.gaps, 1);
    bench_free(b);
}
END_TEST

START_TEST(a_topic_that_was_made_anew_stops_the_start_unless_accepted)
{
    struct bench *b = bench_new();

    send(b, 'b', 1, 1);
    send(b, 'b', 2, 2);
    turns(b);
    fake_free_records(b->fake->records, b->fake->n_records, false);
    b->fake->n_records = 0;
    fake_partition(b->fake, read_topics[0]->name, 0)->high = 0;
    restart(b);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(b->error.text, "it was made anew"));
    b->run.options.gap = "accept";
    restart(b);
    send(b, 'b', 3, 3);
    turns(b);
    assert_effects(b, "1,2,3");
    bench_free(b);
}
END_TEST

START_TEST(once_ends_when_all_that_was_there_is_handled_and_published)
{
    struct bench *b = bench_new();
    int r = 0;

    b->run.options.once = true;
    send(b, 'a', 1, 1);
    send(b, 'b', 2, 2);
    b->fake->deliver_never = true;
    restart(b);
    turns(b);
    ck_assert_int_eq(consume_turn(&b->run, 0, &b->error), 0);
    b->fake->deliver_never = false;
    for (int i = 0; i < 5 && r == 0; i++)
        r = consume_turn(&b->run, 0, &b->error);
    ck_assert_int_eq(r, MR_END);
    assert_effects(b, "1,2");
    bench_free(b);
}
END_TEST

START_TEST(a_dry_run_handles_and_keeps_nothing)
{
    struct bench *b = bench_new();

    consume_close(&b->run);
    (void)mr_store_free(b->store);
    struct mr_store_options rehearse = {.rehearse = true};
    ck_assert_int_eq(mr_store_open("sqlite:/nonexistent/x.db", &rehearse, &b->store, NULL), 0);
    b->run.options.dry_run = b->run.options.once = true;
    b->script.order[2] = DO_INVALID;
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    start(b);
    ck_assert_int_eq(consume_run(&b->run, &b->error), 0);
    ck_assert_int_eq(b->run.count.handled, 1);
    ck_assert_int_eq(b->run.count.dead_lettered, 1);
    ck_assert_uint_eq(b->fake->n_published, 0);
    ck_assert_int_eq(fake_partition(b->fake, read_topics[0]->name, 1)->committed, 0);
    bench_free(b);
}
END_TEST

START_TEST(a_request_to_end_finishes_the_batch_and_publishes_what_it_emitted)
{
    struct bench *b = bench_new();

    send(b, 'a', 1, 1);
    turn(b); /* committed, perhaps not published */
    b->fake->stop = true;
    ck_assert_int_eq(consume_run(&b->run, &b->error), 0);
    ck_assert_uint_eq(b->fake->n_published, 1);
    ck_assert_int_eq(number(b, "SELECT count(*) FROM mr_outbox"), 0);
    ck_assert_int_eq(fake_partition(b->fake, read_topics[0]->name, 1)->committed, 1);
    bench_free(b);
}
END_TEST

START_TEST(the_summary_counts_every_outcome)
{
    struct bench *b = bench_new();
    MR_AUTO(mr_buf) struct mr_buf out = {0};

    b->script.order[2] = DO_AGAIN;
    b->script.order[3] = DO_INVALID;
    for (int i = 1; i <= 4; i++)
        send(b, (char)('a' + i), i, i);
    send(b, 'b', 1, 1);
    turns(b);
    b->fake->now += 3 * SECOND / 2;
    ck_assert_int_eq(consume_summary(&b->run, &out), 0);
    ck_assert_str_eq(mr_buf_cstr(&out),
                     "test-consumer: 2 handled, 1 duplicate, 0 retried, 1 parked, "
                     "1 dead-lettered, 2 emitted in 1.5 s, 1 still put aside in the store\n");
    out.len = 0;
    b->run.options.json = true;
    ck_assert_int_eq(consume_summary(&b->run, &out), 0);
    ck_assert_ptr_nonnull(strstr(mr_buf_cstr(&out), "\"handled\":2,\"duplicates\":1,"));
    ck_assert_ptr_nonnull(
        strstr(mr_buf_cstr(&out), "\"waiting_events\":1,\"waiting_flows\":1,\"held_flows\":0}"));
    bench_free(b);
}
END_TEST

/* ---- the window of ids ---- */

START_TEST(ids_are_remembered_as_long_as_the_longest_of_the_topics_keeps_records)
{
    const int64_t day = INT64_C(86400000), slack = 15 * 60 * 1000;
    struct bench *b = bench_new();

    /* not told: topics.yaml says `cluster`, so Kafka's own default, and its open segment */
    ck_assert_int_eq(consume_window_ms(&b->run), 14 * day + slack);
    b->fake->keeps = (struct consume_keeps){3 * day, day / 2};
    ck_assert_int_eq(consume_window_ms(&b->run), 3 * day + day / 2 + slack);
    b->fake->keeps.retention_ms = -1;
    ck_assert_int_eq(consume_window_ms(&b->run), INT64_MAX);
    b->fake->keeps.retention_ms = INT64_MAX;
    ck_assert_int_eq(consume_window_ms(&b->run), INT64_MAX);
    b->run.options.window_ms = 5000;
    ck_assert_int_eq(consume_window_ms(&b->run), 5000);
    bench_free(b);
}
END_TEST

START_TEST(a_repeat_a_day_later_is_known_also_after_a_restart)
{
    struct bench *b = bench_new();

    consume_window_open(&b->run);
    send(b, 'a', 1, 1);
    turns(b);
    b->fake->now += INT64_C(86400) * SECOND;
    restart(b);
    consume_window_open(&b->run);
    send(b, 'a', 1, 1);
    send(b, 'a', 2, 2);
    turns(b);
    assert_effects(b, "1,2");
    /* a store for many learns it from the table, and does the batch again */
    ck_assert_int_eq(b->run.count.duplicates, 1);
    bench_free(b);
}
END_TEST

/* ---- headers as bytes ---- */

START_TEST(packed_headers_come_back_and_broken_ones_are_refused)
{
    MR_AUTO(mr_buf) struct mr_buf packed = {0};
    struct mr_header header;
    size_t at = 0;

    ck_assert_int_eq(consume_pack(&packed, "a", (struct mr_bytes){(const uint8_t *)"xyz", 3}), 0);
    ck_assert_int_eq(consume_pack(&packed, "none", (struct mr_bytes){NULL, 0}), 0);
    ck_assert_int_eq(consume_pack(&packed, "empty", (struct mr_bytes){(const uint8_t *)"", 0}), 0);
    struct mr_bytes all = {packed.data, packed.len};
    ck_assert_int_eq(consume_unpack(all, &at, &header), 0);
    ck_assert_str_eq(header.name, "a");
    ck_assert(header.value.len == 3 && memcmp(header.value.data, "xyz", 3) == 0);
    ck_assert_int_eq(consume_unpack(all, &at, &header), 0);
    ck_assert_ptr_null(header.value.data);
    ck_assert_int_eq(consume_unpack(all, &at, &header), 0);
    ck_assert(header.value.data != NULL && header.value.len == 0);
    ck_assert_int_eq(consume_unpack(all, &at, &header), MR_END);
    for (size_t len = 1; len < packed.len; len++) {
        uint8_t *cut = malloc(len); /* an exact end, for the sanitizer */
        int r = 0;
        memcpy(cut, packed.data, len);
        for (at = 0; r == 0;)
            r = consume_unpack((struct mr_bytes){cut, len}, &at, &header);
        ck_assert(r == MR_END || r == MR_INVALID);
        free(cut);
    }
}
END_TEST

int main(void)
{
    return unit_run("consume",
                    (const TTest *[]){
                        events_are_handled_once_and_offsets_move_with_their_effects,
                        a_repeat_is_counted_and_skipped_also_after_a_restart,
                        the_stores_offsets_win_over_kafkas,
                        a_crash_before_commit_leaves_nothing_and_the_batch_comes_again,
                        an_owner_that_was_overtaken_commits_nothing,
                        a_handlers_nonsense_stops_the_process_with_its_name,
                        a_part_of_the_partitions_is_refused_by_a_store_for_one,
                        records_of_a_partition_that_was_taken_away_are_left_alone,
                        where_a_partition_was_begun_is_known_after_a_restart_before_its_first_event,
                        records_deleted_before_the_first_event_of_a_begun_partition_stop_the_start,
                        records_deleted_before_they_were_read_stop_the_start_unless_accepted,
                        a_topic_that_was_made_anew_stops_the_start_unless_accepted,
                        once_ends_when_all_that_was_there_is_handled_and_published,
                        a_dry_run_handles_and_keeps_nothing,
                        a_request_to_end_finishes_the_batch_and_publishes_what_it_emitted,
                        the_summary_counts_every_outcome,
                        ids_are_remembered_as_long_as_the_longest_of_the_topics_keeps_records,
                        a_repeat_a_day_later_is_known_also_after_a_restart,
                        packed_headers_come_back_and_broken_ones_are_refused,
                        NULL,
                    });
}
