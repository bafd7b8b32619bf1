/* SPDX-License-Identifier: Apache-2.0 */
/* lib/store: the engine's own tables. */
#include "millrace/ledger.h"
#include "store_bench.h"
#include "support/unit.h"

START_TEST(a_store_belongs_to_one_consumer)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_int_eq(mr_ledger_open(store, "stock", 1, NULL), 0);
    ck_assert_int_eq(mr_ledger_open(store, "stock", 2, NULL), 0);
    ck_assert_int_eq(mr_ledger_open(store, "orders", 3, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "belongs to consumer stock"));
}
END_TEST

START_TEST(offsets_move_only_for_their_newest_owner)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    int64_t epoch, next, older;

    ck_assert_int_eq(mr_ledger_open(store, "stock", 1, NULL), 0);
    ck_assert_int_eq(mr_ledger_claim(store, "a.b.v1", 0, &epoch, &next, NULL), 0);
    ck_assert_int_eq(next, MR_OFFSET_UNKNOWN);
    ck_assert_int_eq(mr_ledger_move(store, "a.b.v1", 0, epoch, MR_OFFSET_UNKNOWN, 10, NULL), 0);
    ck_assert_int_eq(mr_ledger_move(store, "a.b.v1", 0, epoch, 10, 25, NULL), 0);
    ck_assert_int_eq(mr_ledger_move(store, "a.b.v1", 0, epoch, 10, 30, NULL), MR_ABSENT);
    older = epoch;
    ck_assert_int_eq(mr_ledger_claim(store, "a.b.v1", 0, &epoch, &next, NULL), 0);
    ck_assert_int_eq(next, 25);
    ck_assert_int_eq(mr_ledger_move(store, "a.b.v1", 0, older, 25, 30, NULL), MR_ABSENT);
    ck_assert_int_eq(mr_ledger_move(store, "a.b.v1", 0, epoch, 25, 30, NULL), 0);
}
END_TEST

static size_t n_due(struct mr_store *store, struct mr_arena *arena, int64_t now,
                    struct mr_bytes *ret_key)
{
    size_t n;

    ck_assert_int_eq(mr_parked_due(store, arena, now, ret_key, 1, &n, NULL), 0);
    return n;
}

START_TEST(what_waits_goes_with_its_partition_to_the_next_owner)
{
    MR_AUTO(mr_store) struct mr_store *one = NULL, *other = NULL;
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    const char *url = fresh_url();
    struct mr_bytes flow = {(const uint8_t *)"a", 1}, key;
    const struct mr_parked_state state = {5, false, MR_STR("later"), MR_STR("t.v1"), 0};
    struct mr_outbox_record record = {.topic = MR_STR("out"), .cause_topic = MR_STR("t.v1")};
    int64_t epoch, next, n;

    if (!on_postgres())
        return;
    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    ck_assert_int_eq(mr_store_open(url, NULL, &one, NULL), 0);
    ck_assert_int_eq(mr_store_open(url, NULL, &other, NULL), 0);
    ck_assert_int_eq(mr_ledger_open(one, "stock", 1, NULL), 0);
    ck_assert_int_eq(mr_ledger_claim(one, "t.v1", 0, &epoch, &next, NULL), 0);
    ck_assert_int_eq(mr_parked_key_set(one, flow, &state, NULL), 0);
    ck_assert_int_eq(mr_outbox_add(one, &record, NULL), 0);
    ck_assert_uint_eq(n_due(other, arena, 9, &key), 0);
    ck_assert_int_eq(mr_parked_keep(other, flow, 9, NULL), MR_ABSENT);
    ck_assert_int_eq(mr_outbox_count(other, &n, NULL), 0);
    ck_assert_int_eq(n, 0);
    ck_assert_int_eq(mr_ledger_claim(other, "t.v1", 0, &next, &next, NULL), 0);
    ck_assert_uint_eq(n_due(other, arena, 9, &key), 1);
    ck_assert_int_eq(mr_parked_keep(other, key, 9, NULL), 0);
    ck_assert_int_eq(mr_parked_keep(other, key, 4, NULL), MR_ABSENT);
    ck_assert_uint_eq(n_due(one, arena, 9, &key), 0);
    ck_assert_int_eq(mr_parked_keep(one, flow, 9, NULL), MR_ABSENT);
    ck_assert_int_eq(mr_outbox_delete(one, INT64_MAX, NULL), 0);
    ck_assert_int_eq(mr_outbox_count(other, &n, NULL), 0);
    ck_assert_int_eq(n, 1);
    ck_assert_int_eq(mr_ledger_where(one, "t.v1", 0, epoch, &next, NULL), MR_ABSENT);
    ck_assert_int_eq(mr_ledger_where(other, "t.v1", 0, epoch + 1, &next, NULL), 0);
}
END_TEST

/* Of a shared store, as a build before migration 5 of the engine left it. */
static const char older[] = "ALTER TABLE mr_outbox DROP CONSTRAINT mr_outbox_pkey;"
                            "ALTER TABLE mr_outbox ADD PRIMARY KEY (seq);"
                            "DROP INDEX mr_parked_event_part;"
                            "DELETE FROM mr_migration WHERE name = 'millrace' AND number = 5";

START_TEST(an_older_store_gets_its_indexes_and_keeps_what_waits)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    const struct mr_outbox_record emitted = {.topic = MR_STR("out"), .cause_topic = MR_STR("t.v1")};
    const struct mr_parked_record aside = {.topic = MR_STR("t.v1"), .partition = 0};
    const struct mr_bytes flow = {(const uint8_t *)"a", 1};
    int64_t epoch, keys, held, events, n;

    if (!on_postgres())
        return; /* no other store has them */
    ck_assert_int_eq(mr_ledger_open(store, "stock", 1, NULL), 0);
    ck_assert_int_eq(mr_ledger_claim(store, "t.v1", 0, &epoch, &n, NULL), 0);
    for (const char *sql = older, *end; sql; sql = end ? end + 1 : NULL) {
        char one[256] = "";
        end = strchr(sql, ';');
        memcpy(one, sql, end ? (size_t)(end - sql) : strlen(sql));
        run(store, one);
    }
    ck_assert_int_eq(mr_outbox_add(store, &emitted, NULL), 0);
    ck_assert_int_eq(mr_parked_add(store, flow, &aside, NULL), 0);
    ck_assert_int_eq(mr_ledger_open(store, "stock", 2, NULL), 0);
    ck_assert_int_eq(mr_outbox_add(store, &emitted, NULL), 0);
    ck_assert_int_eq(mr_outbox_count(store, &n, NULL), 0);
    ck_assert_int_eq(n, 2);
    ck_assert_int_eq(mr_parked_count(store, &keys, &held, &events, NULL), 0);
    ck_assert_int_eq(events, 1);
    ck_assert_int_eq(number(store, "SELECT count(*) FROM pg_indexes WHERE"
                                   " schemaname = current_schema() AND (indexname ="
                                   " 'mr_parked_event_part' OR indexdef LIKE '%(owner, seq)%')"),
                     2);
}
END_TEST

struct collected {
    int64_t seqs[8];
    size_t n, stop_at;
};

static int collect(void *self, const struct mr_outbox_record *record)
{
    struct collected *c = self;

    if (c->n == c->stop_at)
        return MR_FULL;
    ck_assert(mr_str_is(record->topic, "t.v1"));
    ck_assert(record->key.len == 1 && record->headers.len == 0);
    ck_assert((record->value.data == NULL) == (record->key.data[0] == '1'));
    c->seqs[c->n++] = record->seq;
    return 0;
}

START_TEST(the_outbox_gives_records_in_order_until_they_are_acknowledged)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    struct collected c = {.stop_at = 2};
    int64_t last, left;

    ck_assert_int_eq(mr_ledger_open(store, "stock", 1, NULL), 0);
    for (int i = 0; i < 4; i++) {
        struct mr_outbox_record record = {.topic = MR_STR("t.v1"),
                                          .key = {(const uint8_t *)&"0123"[i], 1},
                                          .value = {i == 1 ? NULL : (const uint8_t *)"", 0}};
        ck_assert_int_eq(mr_outbox_add(store, &record, NULL), 0);
    }
    ck_assert_int_eq(mr_outbox_each(store, 0, 100, collect, &c, &last, NULL), MR_FULL);
    ck_assert_int_eq(last, c.seqs[1]);
    c.stop_at = 8;
    ck_assert_int_eq(mr_outbox_each(store, last, 100, collect, &c, &last, NULL), 0);
    ck_assert_uint_eq(c.n, 4);
    ck_assert_int_eq(mr_outbox_delete(store, c.seqs[2], NULL), 0);
    ck_assert_int_eq(mr_outbox_count(store, &left, NULL), 0);
    ck_assert_int_eq(left, 1);
}
END_TEST

START_TEST(parked_events_of_a_key_come_back_in_order)
{
    MR_AUTO(mr_store) struct mr_store *store = open_fresh();
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_bytes a = {(const uint8_t *)"a", 1}, b = {(const uint8_t *)"b", 1}, key;
    struct mr_parked_record record = {
        .topic = MR_STR("t.v1"), .partition = 2, .timestamp_ms = 9, .key = a, .attempts = 1};
    const struct mr_parked_state later = {200, false, MR_STR("later"), MR_STR("t.v1"), 2};
    const struct mr_parked_state held_state = {100, true, MR_STR("held"), MR_STR("t.v1"), 2};
    int64_t when, keys, held, events;

    ck_assert_int_eq(mr_arena_new(0, &arena), 0);
    ck_assert_int_eq(mr_ledger_open(store, "stock", 1, NULL), 0);
    ck_assert_int_eq(mr_ledger_claim(store, "t.v1", 2, &when, &keys, NULL), 0);
    ck_assert_int_eq(mr_parked_next(store, &when, NULL), 0);
    ck_assert(when == INT64_MAX);
    for (int64_t i = 0; i < 3; i++) {
        record.offset = i;
        ck_assert_int_eq(mr_parked_add(store, i == 1 ? b : a, &record, NULL), 0);
    }
    ck_assert_int_eq(mr_parked_key_set(store, a, &later, NULL), 0);
    ck_assert_int_eq(mr_parked_key_set(store, b, &held_state, NULL), 0);
    ck_assert_int_eq(mr_parked_next(store, &when, NULL), 0);
    ck_assert_int_eq(when, 200);
    ck_assert_uint_eq(n_due(store, arena, 199, &key), 0);
    ck_assert_int_eq(mr_parked_keep(store, a, 199, NULL), MR_ABSENT);
    ck_assert_uint_eq(n_due(store, arena, 200, &key), 1);
    ck_assert_int_eq(mr_parked_keep(store, key, 200, NULL), 0);
    ck_assert_int_eq(mr_parked_keep(store, b, 200, NULL), MR_ABSENT);
    ck_assert(key.len == 1 && key.data[0] == 'a');
    for (int64_t i = 0; i < 3; i += 2) {
        ck_assert_int_eq(mr_parked_first(store, arena, a, &record, NULL), 0);
        ck_assert_int_eq(record.offset, i);
        ck_assert(record.value.data == NULL && record.key.data[0] == 'a' && record.partition == 2);
        ck_assert_int_eq(mr_parked_attempted(store, record.seq, 2, NULL), 0);
        ck_assert_int_eq(mr_parked_first(store, arena, a, &record, NULL), 0);
        ck_assert_int_eq(record.attempts, 2);
        ck_assert_int_eq(mr_parked_delete(store, record.seq, NULL), 0);
    }
    ck_assert_int_eq(mr_parked_first(store, arena, a, &record, NULL), MR_ABSENT);
    ck_assert_int_eq(mr_parked_key_release(store, a, NULL), 0);
    ck_assert_int_eq(mr_parked_count(store, &keys, &held, &events, NULL), 0);
    ck_assert(keys == 1 && held == 1 && events == 1);
}
END_TEST

int main(void)
{
    return unit_run("ledger", (const TTest *[]){
                                  a_store_belongs_to_one_consumer,
                                  offsets_move_only_for_their_newest_owner,
                                  what_waits_goes_with_its_partition_to_the_next_owner,
                                  an_older_store_gets_its_indexes_and_keeps_what_waits,
                                  the_outbox_gives_records_in_order_until_they_are_acknowledged,
                                  parked_events_of_a_key_come_back_in_order,
                                  NULL,
                              });
}
