/* SPDX-License-Identifier: Apache-2.0 */
/* lib/store: rows that fall due, each for who has its partition. */
#include <stdio.h>
#include <string.h>

#include "millrace/ledger.h"
#include "millrace/saga_store.h"
#include "store_bench.h"
#include "support/unit.h"

enum { OURS = 4, OTHERS = 4, LOOKED_AT = 100 };

/* One partition each: 0 ... OURS - 1 are `mine`, the rest `other`'s. */
static void deal(struct mr_store *mine, struct mr_store *other)
{
    int64_t epoch, next;

    ck_assert_int_eq(mr_ledger_open(mine, "stock", 1, NULL), 0);
    ck_assert_int_eq(mr_saga_open(mine, 1, NULL), 0);
    for (int32_t i = 0; i < OURS + OTHERS; i++)
        ck_assert_int_eq(mr_ledger_claim(i < OURS ? mine : other, "t.v1", i, &epoch, &next, NULL),
                         0);
}

static void park(struct mr_store *store, const char *flow, int32_t partition, int64_t when,
                 bool held)
{
    const struct mr_bytes key = {(const uint8_t *)flow, strlen(flow)};
    const struct mr_parked_state state = {when, held, MR_STR("later"), MR_STR("t.v1"), partition};

    ck_assert_int_eq(mr_parked_key_set(store, key, &state, NULL), 0);
}

static struct mr_cause cause_of(int32_t partition)
{
    return (struct mr_cause){.topic = MR_STR("t.v1"),
                             .partition = partition,
                             .event_id = MR_STR("e"),
                             .correlation_id = MR_STR("c"),
                             .trace = {(const uint8_t *)"", 0}};
}

static void begin_saga(struct mr_store *store, const char *id, int32_t partition, int64_t deadline)
{
    struct mr_saga_row row = {.id = mr_str_from(id),
                              .saga = MR_STR("refund"),
                              .key = mr_str_from(id),
                              .trigger = MR_STR("asked"),
                              .step = MR_STR("pay"),
                              .state = MR_STR("running"),
                              .why = {"", 0},
                              .vals = MR_STR("{}"),
                              .deadline = deadline,
                              .cause = cause_of(partition)};

    ck_assert_int_eq(mr_saga_insert(store, &row, NULL), 0);
    ck_assert_int_eq(mr_saga_save(store, &row, NULL), 0);
}

static void tell(struct mr_store *store, const char *key, int32_t partition, int64_t when)
{
    const struct mr_notice_row row = {.key = mr_str_from(key),
                                      .recipient = mr_str_from(key),
                                      .kind = MR_STR("mail"),
                                      .title = MR_STR("t"),
                                      .body = MR_STR("b"),
                                      .created_at = when,
                                      .cause = cause_of(partition)};

    ck_assert_int_eq(mr_notice_add(store, &row, NULL), 0);
}

/* Those that are due, in order, as "a b c". */
static bool flows_are(struct mr_store *store, int64_t now, const char *text)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_bytes keys[8];
    char found[64] = "";
    size_t n;

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    ck_assert_int_eq(mr_parked_due(store, arena, now, keys, 8, &n, NULL), 0);
    for (size_t i = 0; i < n; i++) {
        (void)strncat(strcat(found, i > 0 ? " " : ""), (const char *)keys[i].data, keys[i].len);
        ck_assert_int_eq(mr_parked_keep(store, keys[i], now, NULL), 0);
    }
    return strcmp(found, text) == 0;
}

static bool sagas_are(struct mr_store *store, int64_t now, const char *text)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_str ids[8];
    char found[64] = "";
    size_t n;

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    ck_assert_int_eq(mr_saga_due(store, arena, now, ids, 8, &n, NULL), 0);
    for (size_t i = 0; i < n; i++) {
        (void)strncat(strcat(found, i > 0 ? " " : ""), ids[i].data, ids[i].len);
        ck_assert_int_eq(mr_saga_keep_due(store, ids[i], now, NULL), 0);
    }
    return strcmp(found, text) == 0;
}

static int64_t next_flow(struct mr_store *store)
{
    int64_t when;

    ck_assert_int_eq(mr_parked_next(store, &when, NULL), 0);
    return when;
}

static int64_t next_saga(struct mr_store *store)
{
    int64_t when;

    ck_assert_int_eq(mr_saga_next(store, &when, NULL), 0);
    return when;
}

static int count(void *self, MR_UNUSED struct mr_bytes key)
{
    ++*(int *)self;
    return 0;
}

static void put_aside(struct mr_store *store, const char *flow, int32_t partition)
{
    const struct mr_bytes key = {(const uint8_t *)flow, strlen(flow)};
    const struct mr_parked_record record = {.topic = MR_STR("t.v1"), .partition = partition};

    ck_assert_int_eq(mr_parked_add(store, key, &record, NULL), 0);
}

static bool counts_are(struct mr_store *store, int64_t keys, int64_t held, int64_t events)
{
    int64_t found[3];

    ck_assert_int_eq(mr_parked_count(store, &found[0], &found[1], &found[2], NULL), 0);
    return found[0] == keys && found[1] == held && found[2] == events;
}

static void emit(struct mr_store *store, int32_t partition)
{
    const struct mr_outbox_record record = {
        .topic = MR_STR("out.v1"), .cause_topic = MR_STR("t.v1"), .cause_partition = partition};

    ck_assert_int_eq(mr_outbox_add(store, &record, NULL), 0);
}

static int count_records(void *self, MR_UNUSED const struct mr_outbox_record *record)
{
    ++*(int *)self;
    return 0;
}

START_TEST(what_falls_due_first_comes_first_whichever_of_our_partitions_it_is_of)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    int n_keys = 0;

    deal(store, store);
    ck_assert(next_flow(store) == INT64_MAX && next_saga(store) == INT64_MAX);
    park(store, "b", 2, 30, false);
    park(store, "held", 1, 10, true);
    park(store, "a", 3, 20, false);
    park(store, "c", 3, 40, false);
    begin_saga(store, "two", 2, 30);
    begin_saga(store, "idle", 2, 0);
    begin_saga(store, "twin", 3, 20);
    begin_saga(store, "one", 1, 20);
    ck_assert(flows_are(store, 19, "") && sagas_are(store, 19, ""));
    ck_assert(flows_are(store, 30, "a b") && sagas_are(store, 29, "one twin"));
    ck_assert(flows_are(store, 99, "a b c") && sagas_are(store, 99, "one twin two"));
    ck_assert_int_eq(mr_saga_keep_due(store, MR_STR("idle"), 99, NULL), MR_ABSENT);
    ck_assert(next_flow(store) == 20 && next_saga(store) == 20);
    park(store, "a", 3, 50, false);
    ck_assert(flows_are(store, 99, "b c a") && next_flow(store) == 30);
    ck_assert_int_eq(mr_parked_each_key(store, count, &n_keys, NULL), 0);
    ck_assert_int_eq(n_keys, 4);
}
END_TEST

START_TEST(what_waits_is_counted_for_who_has_its_partition)
{
    const char *url = fresh_url();
    MR_AUTO(mr_store) struct mr_store *store = NULL, *second = NULL;
    struct mr_store *other;

    ck_assert_int_eq(mr_store_open(url, NULL, &store, NULL), 0);
    if (on_postgres())
        ck_assert_int_eq(mr_store_open(url, NULL, &second, NULL), 0);
    other = second ? second : store;
    deal(store, other);
    ck_assert(counts_are(store, 0, 0, 0));
    park(store, "a", 1, 20, false);
    park(store, "b", 2, 20, true);
    park(other, "c", OURS, 20, true);
    put_aside(store, "a", 1);
    put_aside(store, "a", 1);
    put_aside(store, "b", 2);
    put_aside(other, "c", OURS);
    ck_assert(second ? counts_are(store, 2, 1, 3) : counts_are(store, 3, 2, 4));
    ck_assert(second ? counts_are(other, 1, 1, 1) : true);
}
END_TEST

START_TEST(more_than_are_asked_for_come_at_the_next_look)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_bytes keys[8];
    char flow[8];
    size_t n = 8;
    int looks = 0, seen = 0;

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    deal(store, store);
    for (int i = 0; i < 40; i++) { /* all of one partition */
        (void)snprintf(flow, sizeof(flow), "%03d", i);
        park(store, flow, 1, i, false);
    }
    for (; n > 0; looks++) {
        ck_assert_int_eq(mr_parked_due(store, arena, 99, keys, 8, &n, NULL), 0);
        for (size_t i = 0; i < n; i++, seen++) {
            (void)snprintf(flow, sizeof(flow), "%03d", seen);
            ck_assert(keys[i].len == 3 && memcmp(keys[i].data, flow, 3) == 0);
            ck_assert_int_eq(mr_parked_key_release(store, keys[i], NULL), 0);
            ck_assert_int_eq(mr_parked_keep(store, keys[i], 99, NULL), MR_ABSENT);
        }
    }
    ck_assert(seen == 40 && looks == 6);
}
END_TEST

/* ---- on PostgreSQL: what is another instance's is not even looked at ---- */

static const char fill[] =
    "INSERT INTO mr_parked_key (flow, next_try, held, why, topic, part)"
    " SELECT convert_to('other-' || i, 'UTF8'), i % 1000, i / 10000, '', 't.v1', 4 + i % 4"
    " FROM generate_series(0, 19999) AS i";
static const char fill_sagas[] =
    "INSERT INTO mr_saga (id, saga, skey, trigger_type, step, state, why, vals, attempt, heard,"
    " started_at, updated_at, deadline, cause_topic, cause_part, event_id, event_at,"
    " correlation_id, trace)"
    " SELECT 'other-' || i, 'refund', 'other-' || i, '', '', 'running', '', '{}', 0, 0, 0, 0,"
    " i % 1000, 't.v1', 4 + i % 4, '', 0, '', '' FROM generate_series(0, 19999) AS i";
static const char fill_notices[] =
    "INSERT INTO mr_notice (key, recipient, kind, title, body, state, channel, error, attempts,"
    " next_try, created_at, cause_topic, cause_part, event_id, event_at, correlation_id, trace)"
    " SELECT 'other-' || i, 'other-' || i, '', '', '', 'waiting', '', '', 0, i % 1000, 0, 't.v1',"
    " 4 + i % 4, '', 0, '', '' FROM generate_series(0, 19999) AS i";

static const char fill_events[] =
    "INSERT INTO mr_parked_event (flow, topic, part, offs, timestamp_ms, headers, attempts)"
    " SELECT convert_to('other-' || i, 'UTF8'), 't.v1', 4 + i % 4, i, 0, '', 0"
    " FROM generate_series(0, 19999) AS i";
static const char fill_outbox[] =
    "INSERT INTO mr_outbox (owner, cause_topic, cause_part, topic, headers)"
    " SELECT p.owner, p.topic, p.part, 'out.v1', '' FROM mr_offset AS p,"
    " generate_series(0, 19999) WHERE p.part = 4";

/* Rows and entries of indexes that the transaction has looked at. */
static int64_t looked_at(struct mr_store *store)
{
    return number(store, "SELECT CAST(sum(pg_stat_get_xact_tuples_returned(c.oid)) AS BIGINT)"
                         " FROM pg_class AS c WHERE c.relname LIKE 'mr%'"
                         " AND c.relnamespace = (SELECT n.oid FROM pg_namespace AS n"
                         " WHERE n.nspname = current_schema())");
}

static void look_for_flows(struct mr_store *store)
{
    ck_assert(flows_are(store, 5000, "ours") && next_flow(store) == 2000);
}

static void look_for_all_flows(struct mr_store *store)
{
    int n = 0;

    ck_assert_int_eq(mr_parked_each_key(store, count, &n, NULL), 0);
    ck_assert_int_eq(n, 1);
}

static void look_for_sagas(struct mr_store *store)
{
    ck_assert(sagas_are(store, 5000, "ours") && next_saga(store) == 2000);
}

static void look_for_notices(struct mr_store *store)
{
    int64_t seqs[8], when;
    size_t n;

    ck_assert_int_eq(mr_notice_due(store, 5000, true, seqs, 8, &n, NULL), 0);
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(mr_notice_next(store, 0, &when, NULL), 0);
    ck_assert_int_eq(when, 2000);
}

static void look_for_counts(struct mr_store *store)
{
    ck_assert(counts_are(store, 1, 0, 2));
}

static void look_into_outbox(struct mr_store *store)
{
    int64_t last, left;
    int n = 0;

    ck_assert_int_eq(mr_outbox_each(store, 0, 1000, count_records, &n, &last, NULL), 0);
    ck_assert_int_eq(n, 2);
    ck_assert_int_eq(mr_outbox_delete(store, last - 1, NULL), 0);
    ck_assert_int_eq(mr_outbox_count(store, &left, NULL), 0);
    ck_assert_int_eq(left, 1);
}

static void look(struct mr_store *store, const char *when)
{
    static const struct {
        const char *what;
        void (*look)(struct mr_store *store);
    } looks[] = {{"flows", look_for_flows},   {"all flows", look_for_all_flows},
                 {"sagas", look_for_sagas},   {"notices", look_for_notices},
                 {"counts", look_for_counts}, {"outbox", look_into_outbox}};

    for (size_t i = 0; i < MR_N_ELEMENTS(looks); i++) {
        ck_assert_int_eq(mr_store_begin(store, NULL), 0);
        int64_t before = looked_at(store);
        looks[i].look(store);
        int64_t rows = looked_at(store) - before;
        ck_assert_msg(rows > 0 && rows <= LOOKED_AT, "%s %s: %lld rows were looked at",
                      looks[i].what, when, (long long)rows);
        mr_store_rollback(store);
    }
}

START_TEST(behind_many_rows_of_other_instances_ours_are_found_by_a_handful)
{
    MR_AUTO(mr_store) struct mr_store *store = NULL, *other = NULL;
    const char *url = fresh_url();

    if (!on_postgres())
        return; /* a store of one process has no others; the integration suite runs it there */
    ck_assert_int_eq(mr_store_open(url, NULL, &store, NULL), 0);
    ck_assert_int_eq(mr_store_open(url, NULL, &other, NULL), 0);
    deal(store, other);
    run(store, fill);
    run(store, fill_sagas);
    run(store, fill_notices);
    run(store, fill_events);
    run(store, fill_outbox);
    park(store, "ours", 1, 2000, false);
    put_aside(store, "ours", 1);
    put_aside(store, "ours", 1);
    emit(store, 1);
    emit(store, 1);
    begin_saga(store, "ours", 1, 2000);
    tell(store, "ours", 1, 2000);
    look(store, "without statistics");
    run(store, "ANALYZE");
    look(store, "with statistics");
}
END_TEST

START_TEST(where_all_that_waits_is_of_one_partition_of_others_we_count_nothing_of_it)
{
    MR_AUTO(mr_store) struct mr_store *store = NULL, *other = NULL;
    const char *url = fresh_url();

    if (!on_postgres())
        return; /* as above */
    ck_assert_int_eq(mr_store_open(url, NULL, &store, NULL), 0);
    ck_assert_int_eq(mr_store_open(url, NULL, &other, NULL), 0);
    deal(store, other);
    run(store, fill);
    run(store, fill_events);
    run(store, "UPDATE mr_parked_key SET part = 4");
    run(store, "UPDATE mr_parked_event SET part = 4");
    run(store, "ANALYZE"); /* by which each partition holds as much */
    ck_assert_int_eq(mr_store_begin(store, NULL), 0);
    int64_t before = looked_at(store);
    ck_assert(counts_are(store, 0, 0, 0));
    int64_t rows = looked_at(store) - before;
    ck_assert_msg(rows > 0 && rows <= LOOKED_AT, "%lld rows were looked at", (long long)rows);
    mr_store_rollback(store);
}
END_TEST

static void end_saga(struct mr_store *store, const char *id)
{
    char sql[96];
    const struct mr_saga_note note = {
        .id = mr_str_from(id), .step = MR_STR("pay"), .what = MR_STR("done"), .text = MR_STR("")};

    begin_saga(store, id, 1, 2000);
    ck_assert_int_eq(mr_saga_note(store, &note, NULL), 0);
    (void)snprintf(sql, sizeof(sql), "UPDATE mr_saga SET forget_at = 5 WHERE id = '%s'", id);
    run(store, sql);
}

START_TEST(of_two_instances_one_at_a_time_forgets_sagas_with_all_their_steps)
{
    MR_AUTO(mr_store) struct mr_store *one = NULL, *two = NULL;
    const char *url = fresh_url();

    if (!on_postgres())
        return; /* as above */
    ck_assert_int_eq(mr_store_open(url, NULL, &one, NULL), 0);
    ck_assert_int_eq(mr_store_open(url, NULL, &two, NULL), 0);
    deal(one, two);
    end_saga(one, "a");
    end_saga(one, "b");
    ck_assert_int_eq(mr_store_begin(one, NULL), 0);
    ck_assert_int_eq(mr_store_begin(two, NULL), 0);
    ck_assert_int_eq(mr_saga_prune(one, 9, 0, 1, NULL), 0);
    ck_assert_int_eq(mr_saga_prune(two, 9, 0, 1, NULL), 0); /* and waits for nobody */
    ck_assert_int_eq(mr_store_commit(one, NULL), 0);
    ck_assert_int_eq(mr_store_commit(two, NULL), 0);
    ck_assert_int_eq(number(one, "SELECT count(*) FROM mr_saga WHERE id = 'b'"), 1);
    ck_assert_int_eq(number(one, "SELECT count(*) FROM mr_saga"), 1);
    ck_assert_int_eq(number(one, "SELECT count(*) FROM mr_saga_step"), 1);
    ck_assert_int_eq(mr_saga_prune(two, 9, 0, 1, NULL), 0);
    ck_assert_int_eq(number(one, "SELECT count(*) FROM mr_saga_step"), 0);
}
END_TEST

int main(void)
{
    return unit_run_within(
        "store_due", 30,
        (const TTest *[]){
            what_falls_due_first_comes_first_whichever_of_our_partitions_it_is_of,
            what_waits_is_counted_for_who_has_its_partition,
            more_than_are_asked_for_come_at_the_next_look,
            behind_many_rows_of_other_instances_ours_are_found_by_a_handful,
            where_all_that_waits_is_of_one_partition_of_others_we_count_nothing_of_it,
            of_two_instances_one_at_a_time_forgets_sagas_with_all_their_steps,
            NULL,
        });
}
