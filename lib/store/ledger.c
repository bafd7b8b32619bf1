/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's tables: their shape, offsets and outbox. */
#include "millrace/ledger.h"

#include <errno.h>

static const struct mr_migration migrations[] = {
    {1,
     "CREATE TABLE mr_owner (name TEXT NOT NULL PRIMARY KEY, since INTEGER NOT NULL) STRICT;"
     /* ids of handled events, in the order of handling */
     "CREATE TABLE mr_inbox (seq INTEGER PRIMARY KEY, event_id BLOB NOT NULL) STRICT;"
     "CREATE TABLE mr_offset ("
     " topic TEXT NOT NULL, part INTEGER NOT NULL, next INTEGER NOT NULL, epoch INTEGER NOT NULL,"
     " PRIMARY KEY (topic, part)) STRICT, WITHOUT ROWID;"
     "CREATE TABLE mr_outbox ("
     " seq INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, key BLOB, value BLOB,"
     " headers BLOB NOT NULL) STRICT;"
     "CREATE TABLE mr_parked_key ("
     " flow BLOB NOT NULL PRIMARY KEY, next_try INTEGER NOT NULL, held INTEGER NOT NULL,"
     " why TEXT NOT NULL) STRICT, WITHOUT ROWID;"
     "CREATE INDEX mr_parked_key_due ON mr_parked_key (held, next_try);"
     "CREATE TABLE mr_parked_event ("
     " seq INTEGER PRIMARY KEY AUTOINCREMENT, flow BLOB NOT NULL, topic TEXT NOT NULL,"
     " part INTEGER NOT NULL, offs INTEGER NOT NULL, timestamp_ms INTEGER NOT NULL, key BLOB,"
     " value BLOB, headers BLOB NOT NULL, attempts INTEGER NOT NULL) STRICT;"
     "CREATE INDEX mr_parked_event_flow ON mr_parked_event (flow, seq)"},
};

static int take_ownership(struct mr_store *store, const char *owner, int64_t now,
                          struct mr_error *reterr)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_str was;

    int r = mr_arena_new(0, &arena);
    if (r != 0)
        return r;
    r = mr_store_row(store, arena, MR_INTO(MR_INTO_TEXT(&was)), "SELECT name FROM mr_owner",
                     MR_NO_VALUES, reterr);
    if (r == MR_ABSENT)
        return mr_store_run(store, "INSERT INTO mr_owner VALUES (?1, ?2)",
                            MR_VALUES(MR_TEXT_OF(owner), MR_INT(now)), reterr);
    if (r != 0 || mr_str_is(was, owner))
        return r;
    return mr_error_set(reterr, MR_INVALID,
                        "store %s belongs to consumer %.*s: give %s one of its own",
                        mr_store_name(store), MR_STR_ARG(was), owner);
}

int mr_ledger_open(struct mr_store *store, const char *owner, int64_t now, struct mr_error *reterr)
{
    int r = mr_store_migrate(store, "millrace", migrations, MR_N_ELEMENTS(migrations), now, reterr);

    if (r == 0)
        r = mr_store_begin(store, reterr);
    if (r != 0)
        return r;
    r = take_ownership(store, owner, now, reterr);
    if (r == 0)
        return mr_store_commit(store, reterr);
    mr_store_rollback(store);
    return r;
}

int mr_ledger_claim(struct mr_store *store, const char *topic, int32_t partition,
                    int64_t *ret_epoch, int64_t *ret_next, struct mr_error *reterr)
{
    return mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(ret_epoch), MR_INTO_INT(ret_next)),
                        "INSERT INTO mr_offset (topic, part, next, epoch) VALUES (?1, ?2, -1, 1)"
                        " ON CONFLICT (topic, part) DO UPDATE SET epoch = mr_offset.epoch + 1"
                        " RETURNING epoch, next",
                        MR_VALUES(MR_TEXT_OF(topic), MR_INT(partition)), reterr);
}

int mr_ledger_move(struct mr_store *store, const char *topic, int32_t partition, int64_t epoch,
                   int64_t from, int64_t to, struct mr_error *reterr)
{
    int r = mr_store_run(
        store,
        "UPDATE mr_offset SET next = ?1"
        " WHERE topic = ?2 AND part = ?3 AND epoch = ?4 AND next = ?5",
        MR_VALUES(MR_INT(to), MR_TEXT_OF(topic), MR_INT(partition), MR_INT(epoch), MR_INT(from)),
        reterr);

    if (r != 0 || mr_store_changes(store) == 1)
        return r;
    return mr_error_set(reterr, MR_ABSENT, "another process has taken %s/%d in store %s", topic,
                        partition, mr_store_name(store));
}

/* ---- outbox ---- */

static struct mr_value blob_or_null(struct mr_bytes bytes)
{
    return MR_OPT(bytes.data != NULL, MR_BLOB(bytes));
}

/* An empty blob that is not NULL. */
static const uint8_t nothing[1];

static struct mr_bytes bytes_of(struct mr_value value)
{
    if (value.type != MR_VALUE_BLOB && value.type != MR_VALUE_TEXT)
        return (struct mr_bytes){0};
    struct mr_bytes bytes = value.as.blob;
    if (!bytes.data)
        bytes.data = nothing;
    return bytes;
}

int mr_outbox_add(struct mr_store *store, const struct mr_outbox_record *record,
                  struct mr_error *reterr)
{
    return mr_store_run(
        store, "INSERT INTO mr_outbox (topic, key, value, headers) VALUES (?1, ?2, ?3, ?4)",
        MR_VALUES(MR_TEXT(record->topic), blob_or_null(record->key), blob_or_null(record->value),
                  MR_BLOB(record->headers)),
        reterr);
}

int mr_outbox_each(struct mr_store *store, int64_t after, int64_t limit,
                   int (*fn)(void *self, const struct mr_outbox_record *record), void *self,
                   int64_t *ret_last, struct mr_error *reterr)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;

    *ret_last = after;
    int r = mr_store_query(store,
                           "SELECT seq, topic, key, value, headers FROM mr_outbox WHERE seq > ?1"
                           " ORDER BY seq LIMIT ?2",
                           MR_VALUES(MR_INT(after), MR_INT(limit)), &rows, reterr);
    while (r == 0 && (r = mr_rows_next(rows, reterr)) == 0) {
        struct mr_outbox_record record = {
            .seq = mr_rows_value(rows, 0).as.integer,
            .topic = mr_rows_value(rows, 1).as.text,
            .key = bytes_of(mr_rows_value(rows, 2)),
            .value = bytes_of(mr_rows_value(rows, 3)),
            .headers = bytes_of(mr_rows_value(rows, 4)),
        };
        r = fn(self, &record);
        if (r == 0)
            *ret_last = record.seq;
    }
    return r == MR_END ? 0 : r;
}

int mr_outbox_delete(struct mr_store *store, int64_t seq, struct mr_error *reterr)
{
    return mr_store_run(store, "DELETE FROM mr_outbox WHERE seq <= ?1", MR_VALUES(MR_INT(seq)),
                        reterr);
}

int mr_outbox_count(struct mr_store *store, int64_t *ret_n, struct mr_error *reterr)
{
    return mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(ret_n)), "SELECT count(*) FROM mr_outbox",
                        MR_NO_VALUES, reterr);
}
