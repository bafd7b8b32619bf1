/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that wait to be tried again, and the events that wait behind them. */
#include "millrace/ledger.h"
#include "ours.h"

int mr_parked_key_set(struct mr_store *store, struct mr_bytes key,
                      const struct mr_parked_state *state, struct mr_error *reterr)
{
    if (mr_store_is_shared(store))
        return mr_store_run(
            store,
            "INSERT INTO mr_parked_key (flow, next_try, held, why, topic, part)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (flow) DO UPDATE"
            " SET next_try = excluded.next_try, held = excluded.held, why = excluded.why",
            MR_VALUES(MR_BLOB(key), MR_INT(state->next_try), MR_BOOL(state->held),
                      MR_TEXT(state->why), MR_TEXT(state->topic), MR_INT(state->partition)),
            reterr);
    return mr_store_run(
        store,
        "INSERT INTO mr_parked_key (flow, next_try, held, why)"
        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (flow) DO UPDATE"
        " SET next_try = excluded.next_try, held = excluded.held, why = excluded.why",
        MR_VALUES(MR_BLOB(key), MR_INT(state->next_try), MR_BOOL(state->held), MR_TEXT(state->why)),
        reterr);
}

int mr_parked_has_key(struct mr_store *store, struct mr_bytes key, struct mr_error *reterr)
{
    int64_t one;

    return mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(&one)),
                        "SELECT 1 FROM mr_parked_key WHERE flow = ?1", MR_VALUES(MR_BLOB(key)),
                        reterr);
}

int mr_parked_is_held(struct mr_store *store, struct mr_bytes key, struct mr_error *reterr)
{
    int64_t one;

    return mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(&one)),
                        "SELECT 1 FROM mr_parked_key WHERE flow = ?1 AND held <> 0",
                        MR_VALUES(MR_BLOB(key)), reterr);
}

int mr_parked_let_go(struct mr_store *store, const struct mr_bytes *key, int64_t *ret_n,
                     struct mr_error *reterr)
{
    int r =
        key ? mr_store_run(store,
                           "UPDATE mr_parked_key SET held = 0, next_try = 0"
                           " WHERE held <> 0 AND flow = ?1",
                           MR_VALUES(MR_BLOB(*key)), reterr)
            : mr_store_run(store, "UPDATE mr_parked_key SET held = 0, next_try = 0 WHERE held <> 0",
                           MR_NO_VALUES, reterr);

    *ret_n = r == 0 ? mr_store_changes(store) : 0;
    return r;
}

int mr_parked_key_release(struct mr_store *store, struct mr_bytes key, struct mr_error *reterr)
{
    return mr_store_run(store, "DELETE FROM mr_parked_key WHERE flow = ?1", MR_VALUES(MR_BLOB(key)),
                        reterr);
}

int mr_parked_add(struct mr_store *store, struct mr_bytes flow,
                  const struct mr_parked_record *record, struct mr_error *reterr)
{
    return mr_store_run(store,
                        "INSERT INTO mr_parked_event"
                        " (flow, topic, part, offs, timestamp_ms, key, value, headers, attempts)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                        MR_VALUES(MR_BLOB(flow), MR_TEXT(record->topic), MR_INT(record->partition),
                                  MR_INT(record->offset), MR_INT(record->timestamp_ms),
                                  MR_OPT(record->key.data != NULL, MR_BLOB(record->key)),
                                  MR_OPT(record->value.data != NULL, MR_BLOB(record->value)),
                                  MR_BLOB(record->headers), MR_INT(record->attempts)),
                        reterr);
}

int mr_parked_first(struct mr_store *store, struct mr_arena *arena, struct mr_bytes flow,
                    struct mr_parked_record *ret_record, struct mr_error *reterr)
{
    struct mr_parked_record record = {0};
    int64_t partition, attempts, key_null, value_null;

    int r = mr_store_row(
        store, arena,
        MR_INTO(MR_INTO_INT(&record.seq), MR_INTO_TEXT(&record.topic), MR_INTO_INT(&partition),
                MR_INTO_INT(&record.offset), MR_INTO_INT(&record.timestamp_ms),
                MR_INTO_BLOB(&record.key), MR_INTO_BLOB(&record.value),
                MR_INTO_BLOB(&record.headers), MR_INTO_INT(&attempts), MR_INTO_INT(&key_null),
                MR_INTO_INT(&value_null)),
        "SELECT seq, topic, part, offs, timestamp_ms, key, value, headers, attempts,"
        " key IS NULL, value IS NULL FROM mr_parked_event WHERE flow = ?1 ORDER BY seq LIMIT 1",
        MR_VALUES(MR_BLOB(flow)), reterr);
    if (r != 0)
        return r;
    record.partition = (int32_t)partition;
    record.attempts = (int32_t)attempts;
    if (key_null)
        record.key.data = NULL;
    if (value_null)
        record.value.data = NULL;
    *ret_record = record;
    return 0;
}

int mr_parked_attempted(struct mr_store *store, int64_t seq, int32_t attempts,
                        struct mr_error *reterr)
{
    return mr_store_run(store, "UPDATE mr_parked_event SET attempts = ?2 WHERE seq = ?1",
                        MR_VALUES(MR_INT(seq), MR_INT(attempts)), reterr);
}

int mr_parked_delete(struct mr_store *store, int64_t seq, struct mr_error *reterr)
{
    return mr_store_run(store, "DELETE FROM mr_parked_event WHERE seq = ?1", MR_VALUES(MR_INT(seq)),
                        reterr);
}

/* ---- whose turn it is ---- */

#define KEYS "mr_parked_key"
#define EVENTS "mr_parked_event"
#define OF "t.topic = p.topic AND t.part = p.part"
#define DUE "t.held = 0 AND t.next_try <= ?2"

int mr_parked_due(struct mr_store *store, struct mr_arena *arena, int64_t now,
                  struct mr_bytes *ret_keys, size_t n_keys, size_t *ret_n, struct mr_error *reterr)
{
    static const struct ours due = OURS_FIRST("t.flow", KEYS, OF, DUE, "t.next_try", "16", "?3");
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    size_t n = 0;

    int r = ours_query(store, &due,
                       MR_VALUES(MR_INT(store->instance), MR_INT(now), MR_INT((int64_t)n_keys)),
                       &rows, reterr);
    while (r == 0 && n < n_keys && (r = mr_rows_next(rows, reterr)) == 0)
        r = mr_rows_take(rows, arena, MR_INTO(MR_INTO_BLOB(&ret_keys[n++])));
    *ret_n = n;
    return r == MR_END ? 0 : r;
}

int mr_parked_keep(struct mr_store *store, struct mr_bytes key, int64_t now,
                   struct mr_error *reterr)
{
    static const struct ours one = OURS_ALL("1", KEYS, OF, DUE " AND t.flow = ?3", OURS_KEPT);
    int64_t is_due;

    return ours_row(store, NULL, MR_INTO(MR_INTO_INT(&is_due)), &one,
                    MR_VALUES(MR_INT(store->instance), MR_INT(now), MR_BLOB(key)), reterr);
}

int mr_parked_next(struct mr_store *store, int64_t *ret_when, struct mr_error *reterr)
{
    static const struct ours next =
        OURS_FIRST("t.next_try", KEYS, OF, "t.held = 0", "t.next_try", "1", "1");

    return ours_when(store, &next, MR_VALUES(MR_INT(store->instance)), ret_when, reterr);
}

int mr_parked_count(struct mr_store *store, int64_t *ret_keys, int64_t *ret_held,
                    int64_t *ret_events, struct mr_error *reterr)
{
#define OUR_KEYS OURS_ANY(KEYS, OF, "t.held, t.next_try")
#define OUR_EVENTS OURS_ANY(EVENTS, OF, "t.offs")
    static const struct ours count = {
        "SELECT CAST(coalesce(sum(k.n), 0) AS BIGINT), CAST(coalesce(sum(k.held), 0) AS BIGINT),"
        " CAST(coalesce(sum(e.n), 0) AS BIGINT) FROM mr_offset AS p"
        " CROSS JOIN LATERAL (SELECT count(*) AS n, count(*) FILTER (WHERE t.held <> 0) AS held"
        " FROM " KEYS " AS t WHERE " OUR_KEYS ") AS k"
        " CROSS JOIN LATERAL (SELECT count(*) AS n FROM " EVENTS " AS t WHERE " OUR_EVENTS ") AS e"
        " WHERE p.owner = ?1",
        "SELECT (SELECT count(*) FROM " KEYS "), (SELECT count(*) FROM " KEYS
        " WHERE held <> 0), (SELECT count(*) FROM " EVENTS ")"};

    return ours_row(store, NULL,
                    MR_INTO(MR_INTO_INT(ret_keys), MR_INTO_INT(ret_held), MR_INTO_INT(ret_events)),
                    &count, MR_VALUES(MR_INT(store->instance)), reterr);
}

int mr_parked_each_key(struct mr_store *store, int (*fn)(void *self, struct mr_bytes key),
                       void *self, struct mr_error *reterr)
{
    /* OFFSET: by the index of each of our partitions, whatever the planner takes them for */
    static const struct ours all = {
        "SELECT t.flow FROM mr_offset AS p CROSS JOIN LATERAL (SELECT t.flow FROM " KEYS
        " AS t WHERE " OF " OFFSET 0) AS t WHERE p.owner = ?1",
        "SELECT flow FROM " KEYS};
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;

    int r = ours_query(store, &all, MR_VALUES(MR_INT(store->instance)), &rows, reterr);
    while (r == 0 && (r = mr_rows_next(rows, reterr)) == 0)
        r = fn(self, mr_rows_value(rows, 0).as.blob);
    return r == MR_END ? 0 : r;
}
