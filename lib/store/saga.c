/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of sagas. */
#include "millrace/saga_store.h"

#include "ours.h"

static const struct mr_migration migrations[] = {
    {1,
     "CREATE TABLE mr_saga ("
     " id TEXT NOT NULL PRIMARY KEY, saga TEXT NOT NULL, skey TEXT NOT NULL,"
     " trigger_type TEXT NOT NULL, step TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL,"
     " vals TEXT NOT NULL, attempt INTEGER NOT NULL, heard INTEGER NOT NULL,"
     " started_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deadline INTEGER,"
     " forget_at INTEGER, " MR_CAUSE_TABLE ") STRICT;"
     "CREATE INDEX mr_saga_deadline ON mr_saga (deadline);"
     "CREATE INDEX mr_saga_forget ON mr_saga (forget_at);"
     "CREATE INDEX mr_saga_state ON mr_saga (state, updated_at);"
     "CREATE TABLE mr_saga_step ("
     " seq INTEGER PRIMARY KEY AUTOINCREMENT, saga_id TEXT NOT NULL, at INTEGER NOT NULL,"
     " step TEXT NOT NULL, what TEXT NOT NULL, topic TEXT, event_id TEXT, note TEXT NOT NULL)"
     " STRICT;"
     "CREATE INDEX mr_saga_step_of ON mr_saga_step (saga_id, seq);"
     "CREATE TABLE mr_saga_key ("
     " saga TEXT NOT NULL, skey TEXT NOT NULL, running TEXT, last TEXT, seen_at INTEGER NOT NULL,"
     " PRIMARY KEY (saga, skey)) STRICT, WITHOUT ROWID;"
     "CREATE INDEX mr_saga_key_seen ON mr_saga_key (seen_at);"
     "CREATE TABLE mr_saga_early ("
     " seq INTEGER PRIMARY KEY AUTOINCREMENT, saga TEXT NOT NULL, skey TEXT NOT NULL,"
     " step TEXT NOT NULL, kind INTEGER NOT NULL, clause INTEGER NOT NULL, topic TEXT NOT NULL,"
     " event_id TEXT NOT NULL, event_at INTEGER NOT NULL, vals TEXT NOT NULL,"
     " kept_at INTEGER NOT NULL) STRICT;"
     "CREATE INDEX mr_saga_early_of ON mr_saga_early (saga, skey, event_at);"
     "CREATE INDEX mr_saga_early_kept ON mr_saga_early (kept_at)",
     NULL},
    /* of a shared store, each instance looks for its partitions' */
    {2, "",
     "DROP INDEX mr_saga_deadline;"
     "CREATE INDEX mr_saga_deadline ON mr_saga (cause_topic, cause_part, deadline, id)"
     " WHERE deadline IS NOT NULL"},
};

int mr_saga_open(struct mr_store *store, int64_t now, struct mr_error *reterr)
{
    return mr_store_migrate(store, "millrace-saga", migrations, MR_N_ELEMENTS(migrations), now,
                            reterr);
}

/* The row of the key is what two processes wait for each other at. */
int mr_saga_lock(struct mr_store *store, struct mr_arena *arena, struct mr_str saga,
                 struct mr_str key, int64_t now, struct mr_str *ret_running,
                 struct mr_str *ret_last, struct mr_error *reterr)
{
    return mr_store_row(store, arena, MR_INTO(MR_INTO_TEXT(ret_running), MR_INTO_TEXT(ret_last)),
                        "INSERT INTO mr_saga_key (saga, skey, seen_at) VALUES (?1, ?2, ?3)"
                        " ON CONFLICT (saga, skey) DO UPDATE SET seen_at = excluded.seen_at"
                        " RETURNING running, last",
                        MR_VALUES(MR_TEXT(saga), MR_TEXT(key), MR_INT(now)), reterr);
}

int mr_saga_insert(struct mr_store *store, const struct mr_saga_row *row, struct mr_error *reterr)
{
    int r = mr_store_run(
        store,
        "INSERT INTO mr_saga (id, saga, skey, trigger_type, step, state, why, vals, attempt, heard,"
        " started_at, updated_at, " MR_CAUSE_COLUMNS ")"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
        " ?19, ?20) ON CONFLICT (id) DO NOTHING",
        MR_VALUES(MR_TEXT(row->id), MR_TEXT(row->saga), MR_TEXT(row->key), MR_TEXT(row->trigger),
                  MR_TEXT(row->step), MR_TEXT(row->state), MR_TEXT(row->why), MR_TEXT(row->vals),
                  MR_INT(row->attempt), MR_INT(row->heard), MR_INT(row->started_at),
                  MR_INT(row->updated_at), MR_CAUSE_VALUES(&row->cause)),
        reterr);
    if (r == 0 && mr_store_changes(store) == 0)
        return MR_ABSENT;
    return r != 0 ? r
                  : mr_store_run(store,
                                 "UPDATE mr_saga_key SET running = ?1, last = ?1"
                                 " WHERE saga = ?2 AND skey = ?3",
                                 MR_VALUES(MR_TEXT(row->id), MR_TEXT(row->saga), MR_TEXT(row->key)),
                                 reterr);
}

int mr_saga_load(struct mr_store *store, struct mr_arena *arena, struct mr_str id,
                 struct mr_saga_row *ret_row, struct mr_error *reterr)
{
    struct mr_saga_row *row = ret_row;

    return mr_store_row(
        store, arena,
        MR_INTO(MR_INTO_TEXT(&row->id), MR_INTO_TEXT(&row->saga), MR_INTO_TEXT(&row->key),
                MR_INTO_TEXT(&row->trigger), MR_INTO_TEXT(&row->step), MR_INTO_TEXT(&row->state),
                MR_INTO_TEXT(&row->why), MR_INTO_TEXT(&row->vals), MR_INTO_INT(&row->attempt),
                MR_INTO_INT(&row->heard), MR_INTO_INT(&row->started_at),
                MR_INTO_INT(&row->updated_at), MR_INTO_INT(&row->deadline),
                MR_INTO_INT(&row->forget_at), MR_CAUSE_INTO(&row->cause)),
        "SELECT id, saga, skey, trigger_type, step, state, why, vals, attempt, heard, started_at,"
        " updated_at, coalesce(deadline, 0), coalesce(forget_at, 0), " MR_CAUSE_COLUMNS
        " FROM mr_saga WHERE id = ?1",
        MR_VALUES(MR_TEXT(id)), reterr);
}

int mr_saga_save(struct mr_store *store, const struct mr_saga_row *row, struct mr_error *reterr)
{
    int r = mr_store_run(
        store,
        "UPDATE mr_saga SET step = ?2, state = ?3, why = ?4, vals = ?5, attempt = ?6, heard = ?7,"
        " updated_at = ?8, deadline = ?9, forget_at = ?10 WHERE id = ?1",
        MR_VALUES(MR_TEXT(row->id), MR_TEXT(row->step), MR_TEXT(row->state), MR_TEXT(row->why),
                  MR_TEXT(row->vals), MR_INT(row->attempt), MR_INT(row->heard),
                  MR_INT(row->updated_at), MR_OPT(row->deadline, MR_INT(row->deadline)),
                  MR_OPT(row->forget_at, MR_INT(row->forget_at))),
        reterr);

    if (r != 0 || row->forget_at == 0)
        return r;
    return mr_store_run(store,
                        "UPDATE mr_saga_key SET running = NULL WHERE saga = ?1 AND skey = ?2",
                        MR_VALUES(MR_TEXT(row->saga), MR_TEXT(row->key)), reterr);
}

int mr_saga_note(struct mr_store *store, const struct mr_saga_note *note, struct mr_error *reterr)
{
    return mr_store_run(
        store,
        "INSERT INTO mr_saga_step (saga_id, at, step, what, topic, event_id, note)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        MR_VALUES(MR_TEXT(note->id), MR_INT(note->at), MR_TEXT(note->step), MR_TEXT(note->what),
                  MR_OPT(note->topic.data, MR_TEXT(note->topic)),
                  MR_OPT(note->event_id.data, MR_TEXT(note->event_id)), MR_TEXT(note->text)),
        reterr);
}

/* ---- events before their turn ---- */

int mr_saga_keep(struct mr_store *store, const struct mr_saga_early *early, int64_t now,
                 int64_t most, struct mr_error *reterr)
{
    int r = mr_store_run(
        store,
        "INSERT INTO mr_saga_early (saga, skey, step, kind, clause, topic, event_id, event_at,"
        " vals, kept_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        MR_VALUES(MR_TEXT(early->saga), MR_TEXT(early->key), MR_TEXT(early->step),
                  MR_INT(early->kind), MR_INT(early->clause), MR_TEXT(early->topic),
                  MR_TEXT(early->event_id), MR_INT(early->at), MR_TEXT(early->vals), MR_INT(now)),
        reterr);

    return r != 0 ? r
                  : mr_store_run(store,
                                 "DELETE FROM mr_saga_early WHERE seq IN (SELECT seq FROM"
                                 " mr_saga_early WHERE saga = ?1 AND skey = ?2"
                                 " ORDER BY event_at DESC, seq DESC LIMIT 1000 OFFSET ?3)",
                                 MR_VALUES(MR_TEXT(early->saga), MR_TEXT(early->key), MR_INT(most)),
                                 reterr);
}

int mr_saga_early_first(struct mr_store *store, struct mr_arena *arena, struct mr_str saga,
                        struct mr_str key, struct mr_str step, struct mr_saga_early *ret_early,
                        struct mr_error *reterr)
{
    struct mr_saga_early *e = ret_early;

    *e = (struct mr_saga_early){.saga = saga, .key = key, .step = step};
    return mr_store_row(
        store, arena,
        MR_INTO(MR_INTO_INT(&e->seq), MR_INTO_INT(&e->kind), MR_INTO_INT(&e->clause),
                MR_INTO_TEXT(&e->topic), MR_INTO_TEXT(&e->event_id), MR_INTO_INT(&e->at),
                MR_INTO_TEXT(&e->vals)),
        "SELECT seq, kind, clause, topic, event_id, event_at, vals FROM mr_saga_early"
        " WHERE saga = ?1 AND skey = ?2 AND step = ?3 ORDER BY event_at, seq LIMIT 1",
        MR_VALUES(MR_TEXT(saga), MR_TEXT(key), MR_TEXT(step)), reterr);
}

int mr_saga_early_drop(struct mr_store *store, int64_t seq, struct mr_error *reterr)
{
    return mr_store_run(store, "DELETE FROM mr_saga_early WHERE seq = ?1", MR_VALUES(MR_INT(seq)),
                        reterr);
}

/* ---- timers ---- */

#define OF "t.cause_topic = p.topic AND t.cause_part = p.part"
#define IN_ORDER "t.deadline, t.id"

int mr_saga_due(struct mr_store *store, struct mr_arena *arena, int64_t now, struct mr_str *ret_ids,
                size_t n_ids, size_t *ret_n, struct mr_error *reterr)
{
    static const struct ours due =
        OURS_FIRST("t.id", "mr_saga", OF, "t.deadline <= ?2", IN_ORDER, "16", "?3");
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    size_t n = 0;

    int r = ours_query(store, &due,
                       MR_VALUES(MR_INT(store->instance), MR_INT(now), MR_INT((int64_t)n_ids)),
                       &rows, reterr);
    while (r == 0 && n < n_ids && (r = mr_rows_next(rows, reterr)) == 0)
        r = mr_rows_take(rows, arena, MR_INTO(MR_INTO_TEXT(&ret_ids[n++])));
    *ret_n = n;
    return r == MR_END ? 0 : r;
}

int mr_saga_keep_due(struct mr_store *store, struct mr_str id, int64_t now, struct mr_error *reterr)
{
    static const struct ours one =
        OURS_ALL("1", "mr_saga", OF, "t.id = ?2 AND t.deadline <= ?3", OURS_KEPT);
    int64_t is_due;

    return ours_row(store, NULL, MR_INTO(MR_INTO_INT(&is_due)), &one,
                    MR_VALUES(MR_INT(store->instance), MR_TEXT(id), MR_INT(now)), reterr);
}

int mr_saga_next(struct mr_store *store, int64_t *ret_when, struct mr_error *reterr)
{
    static const struct ours next =
        OURS_FIRST("t.deadline", "mr_saga", OF, "t.deadline IS NOT NULL", IN_ORDER, "1", "1");

    return ours_when(store, &next, MR_VALUES(MR_INT(store->instance)), ret_when, reterr);
}

/* Two instances that forget at once would each take other rows with every statement, and leave
 * steps whose saga is gone. Whoever comes second leaves it for the next time. */
static int take_prune(struct mr_store *store, int64_t *ret_mine, struct mr_error *reterr)
{
    *ret_mine = 1;
    if (!mr_store_is_shared(store))
        return 0;
    return mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(ret_mine)),
                        "SELECT CASE WHEN pg_try_advisory_xact_lock(hashtext('millrace-prune'),"
                        " hashtext(current_schema())) THEN 1 ELSE 0 END",
                        MR_NO_VALUES, reterr);
}

int mr_saga_prune(struct mr_store *store, int64_t now, int64_t early, int64_t limit,
                  struct mr_error *reterr)
{
#define FORGOTTEN "(SELECT id FROM mr_saga WHERE forget_at <= ?1 ORDER BY forget_at, id LIMIT ?2)"
    static const char *const by_time[] = {
        "DELETE FROM mr_saga_step WHERE saga_id IN " FORGOTTEN,
        "UPDATE mr_saga_key SET last = NULL WHERE last IN " FORGOTTEN " AND (saga, skey) IN"
        " (SELECT saga, skey FROM mr_saga WHERE forget_at <= ?1 ORDER BY forget_at, id LIMIT ?2)",
        "DELETE FROM mr_saga WHERE id IN " FORGOTTEN,
    };
    static const char *const by_arrival[] = {
        "DELETE FROM mr_saga_early WHERE seq IN"
        " (SELECT seq FROM mr_saga_early WHERE kept_at <= ?1 ORDER BY kept_at LIMIT ?2)",
        "DELETE FROM mr_saga_key WHERE running IS NULL AND last IS NULL AND (saga, skey) IN"
        " (SELECT saga, skey FROM mr_saga_key WHERE seen_at <= ?1 AND running IS NULL"
        " AND last IS NULL ORDER BY seen_at LIMIT ?2)",
    };
    int64_t mine;
    int r = take_prune(store, &mine, reterr);

    if (r != 0 || !mine)
        return r;
    for (size_t i = 0; i < MR_N_ELEMENTS(by_time) && r == 0; i++)
        r = mr_store_run(store, by_time[i], MR_VALUES(MR_INT(now), MR_INT(limit)), reterr);
    for (size_t i = 0; i < MR_N_ELEMENTS(by_arrival) && r == 0; i++)
        r = mr_store_run(store, by_arrival[i], MR_VALUES(MR_INT(early), MR_INT(limit)), reterr);
    return r;
}
