/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's tables: their shape, and offsets. */
#include "millrace/ledger.h"

#include <errno.h>

#include "backend.h"

/* A shared store says whose each partition is, and ties what waits to its partition: whoever takes
 * the partition takes that along. */
static const char shared_tables[] =
    "CREATE TABLE mr_owner (name TEXT NOT NULL PRIMARY KEY, since INTEGER NOT NULL);"
    "CREATE TABLE mr_inbox (event_id UUID NOT NULL PRIMARY KEY,"
    " seq INTEGER GENERATED ALWAYS AS IDENTITY);"
    "CREATE INDEX mr_inbox_seq ON mr_inbox (seq);"
    "CREATE TABLE mr_offset ("
    " topic TEXT NOT NULL, part INTEGER NOT NULL, next INTEGER NOT NULL, epoch INTEGER NOT NULL,"
    " owner INTEGER NOT NULL, PRIMARY KEY (topic, part)) WITH (fillfactor = 50);"
    "CREATE TABLE mr_outbox ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER NOT NULL, cause_topic TEXT NOT NULL,"
    " cause_part INTEGER NOT NULL, topic TEXT NOT NULL, key BLOB, value BLOB,"
    " headers BLOB NOT NULL);"
    "CREATE INDEX mr_outbox_cause ON mr_outbox (cause_topic, cause_part);"
    "CREATE TABLE mr_parked_key ("
    " flow BLOB NOT NULL PRIMARY KEY, next_try INTEGER NOT NULL, held INTEGER NOT NULL,"
    " why TEXT NOT NULL, topic TEXT NOT NULL, part INTEGER NOT NULL);"
    "CREATE INDEX mr_parked_key_due ON mr_parked_key (held, next_try);"
    "CREATE TABLE mr_parked_event ("
    " seq INTEGER PRIMARY KEY AUTOINCREMENT, flow BLOB NOT NULL, topic TEXT NOT NULL,"
    " part INTEGER NOT NULL, offs INTEGER NOT NULL, timestamp_ms INTEGER NOT NULL, key BLOB,"
    " value BLOB, headers BLOB NOT NULL, attempts INTEGER NOT NULL);"
    "CREATE INDEX mr_parked_event_flow ON mr_parked_event (flow, seq)";

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
     "CREATE INDEX mr_parked_event_flow ON mr_parked_event (flow, seq)",
     shared_tables},
    /* next_try NULL: nothing is left to do */
    {2, "CREATE TABLE mr_notice ("
        " seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,"
        " recipient TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,"
        " state TEXT NOT NULL, channel TEXT NOT NULL, error TEXT NOT NULL,"
        " attempts INTEGER NOT NULL, next_try INTEGER, created_at INTEGER NOT NULL,"
        " settled_at INTEGER, " MR_CAUSE_TABLE ") STRICT;"
        "CREATE INDEX mr_notice_due ON mr_notice (next_try, seq) WHERE next_try IS NOT NULL;"
        "CREATE INDEX mr_notice_line ON mr_notice (recipient, correlation_id, seq)"
        " WHERE next_try IS NOT NULL;"
        "CREATE INDEX mr_notice_settled ON mr_notice (settled_at) WHERE next_try IS NULL"},
    /* of a shared store, each instance looks for its partitions' */
    {3, "",
     "DROP INDEX mr_notice_due;"
     "CREATE INDEX mr_notice_due ON mr_notice (cause_topic, cause_part, next_try, seq)"
     " WHERE next_try IS NOT NULL"},
    {4, "",
     "DROP INDEX mr_parked_key_due;"
     "CREATE INDEX mr_parked_key_due ON mr_parked_key (topic, part, held, next_try)"},
    {5, "",
     "CREATE INDEX mr_parked_event_part ON mr_parked_event (topic, part, offs);"
     "ALTER TABLE mr_outbox DROP CONSTRAINT mr_outbox_pkey;"
     "ALTER TABLE mr_outbox ADD PRIMARY KEY (owner, seq)"},
};

/* Older ids: runs of one stretch of time, cut into pages by the ids' hash. A shared store keeps
 * all as rows. */
static const struct mr_migration inbox[] = {
    {1,
     "CREATE TABLE mr_inbox_seed (seed BLOB NOT NULL) STRICT;"
     "CREATE TABLE mr_inbox_run ("
     " run INTEGER PRIMARY KEY, state INTEGER NOT NULL, bits INTEGER NOT NULL,"
     " ids INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,"
     " through INTEGER NOT NULL, merged_into INTEGER NOT NULL, done INTEGER NOT NULL) STRICT;"
     "CREATE TABLE mr_inbox_page (place INTEGER PRIMARY KEY, ids BLOB NOT NULL) STRICT",
     "ALTER TABLE mr_inbox ADD COLUMN handled_at INTEGER NOT NULL"
     " DEFAULT CAST(extract(epoch FROM now()) * 1000000 AS BIGINT);"
     "ALTER TABLE mr_inbox ALTER COLUMN handled_at DROP DEFAULT"},
};

/* The newest handled event of a flow, of groups that are ordered by time. */
static const struct mr_migration flows[] = {
    {1, "CREATE TABLE mr_flow ("
        " flow BLOB NOT NULL PRIMARY KEY, newest_at INTEGER NOT NULL, handled_at INTEGER NOT NULL)"
        " STRICT, WITHOUT ROWID;"
        "CREATE INDEX mr_flow_handled_at ON mr_flow (handled_at)"},
};

/* Exact sums of money in SQL. SQLite has the same by sqlite_decimal.c; there the names are those of
 * its own decimal extension, which its shell carries, so that views can be read by that, too. */
static const struct mr_migration decimals[] = {
    {1, "",
     "CREATE FUNCTION decimal_text(numeric) RETURNS \"text\" LANGUAGE sql IMMUTABLE STRICT AS"
     " 'SELECT CASE WHEN strpos($1::text, ''.'') > 0 THEN rtrim(rtrim($1::text, ''0''), ''.'')"
     "  ELSE $1::text END';"
     "CREATE FUNCTION decimal_add(\"text\", \"text\") RETURNS \"text\" LANGUAGE sql IMMUTABLE "
     "STRICT"
     " AS 'SELECT decimal_text($1::numeric + $2::numeric)';"
     "CREATE FUNCTION decimal_sub(\"text\", \"text\") RETURNS \"text\" LANGUAGE sql IMMUTABLE "
     "STRICT"
     " AS 'SELECT decimal_text($1::numeric - $2::numeric)';"
     "CREATE FUNCTION decimal_cmp(\"text\", \"text\") RETURNS bigint LANGUAGE sql IMMUTABLE STRICT"
     " AS 'SELECT sign($1::numeric - $2::numeric)::bigint';"
     "CREATE FUNCTION decimal_plus(numeric, \"text\") RETURNS numeric LANGUAGE sql IMMUTABLE"
     " AS 'SELECT $1 + coalesce($2::numeric, 0)';"
     "CREATE AGGREGATE decimal_sum(\"text\") (SFUNC = decimal_plus, STYPE = numeric,"
     " INITCOND = '0', FINALFUNC = decimal_text)"},
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
        r = mr_store_migrate(store, "inbox", inbox, MR_N_ELEMENTS(inbox), now, reterr);
    if (r == 0)
        r = mr_store_migrate(store, "order", flows, MR_N_ELEMENTS(flows), now, reterr);
    if (r == 0)
        r = mr_store_migrate(store, "decimal", decimals, MR_N_ELEMENTS(decimals), now, reterr);
    if (r == 0)
        r = mr_store_begin(store, reterr);
    if (r != 0)
        return r;
    r = mr_store_lock(store, reterr);
    if (r == 0)
        r = take_ownership(store, owner, now, reterr);
    if (r == 0)
        return mr_store_commit(store, reterr);
    mr_store_rollback(store);
    return r;
}

/* What the last owner left to publish comes along, behind what is ours already. */
static int adopt(struct mr_store *store, const char *topic, int32_t partition,
                 struct mr_error *reterr)
{
    return mr_store_run(
        store,
        "WITH old AS (DELETE FROM mr_outbox WHERE cause_topic = ?1 AND cause_part = ?2"
        " AND owner <> CAST(?3 AS BIGINT) RETURNING *)"
        " INSERT INTO mr_outbox (owner, cause_topic, cause_part, topic, key, value, headers)"
        " SELECT CAST(?3 AS BIGINT), cause_topic, cause_part, topic, key, value, headers"
        " FROM old ORDER BY seq",
        MR_VALUES(MR_TEXT_OF(topic), MR_INT(partition), MR_INT(store->instance)), reterr);
}

static int claim_shared(struct mr_store *store, const char *topic, int32_t partition,
                        int64_t *ret_epoch, int64_t *ret_next, struct mr_error *reterr)
{
    int r = mr_store_row(
        store, NULL, MR_INTO(MR_INTO_INT(ret_epoch), MR_INTO_INT(ret_next)),
        "INSERT INTO mr_offset (topic, part, next, epoch, owner) VALUES (?1, ?2, -1, 1, ?3)"
        " ON CONFLICT (topic, part) DO UPDATE SET epoch = mr_offset.epoch + 1,"
        " owner = excluded.owner RETURNING epoch, next",
        MR_VALUES(MR_TEXT_OF(topic), MR_INT(partition), MR_INT(store->instance)), reterr);

    return r == 0 ? adopt(store, topic, partition, reterr) : r;
}

int mr_ledger_claim(struct mr_store *store, const char *topic, int32_t partition,
                    int64_t *ret_epoch, int64_t *ret_next, struct mr_error *reterr)
{
    if (mr_store_is_shared(store))
        return claim_shared(store, topic, partition, ret_epoch, ret_next, reterr);
    return mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(ret_epoch), MR_INTO_INT(ret_next)),
                        "INSERT INTO mr_offset (topic, part, next, epoch) VALUES (?1, ?2, -1, 1)"
                        " ON CONFLICT (topic, part) DO UPDATE SET epoch = mr_offset.epoch + 1"
                        " RETURNING epoch, next",
                        MR_VALUES(MR_TEXT_OF(topic), MR_INT(partition)), reterr);
}

int mr_ledger_where(struct mr_store *store, const char *topic, int32_t partition, int64_t epoch,
                    int64_t *ret_next, struct mr_error *reterr)
{
    return mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(ret_next)),
                        "SELECT next FROM mr_offset WHERE topic = ?1 AND part = ?2 AND epoch = ?3",
                        MR_VALUES(MR_TEXT_OF(topic), MR_INT(partition), MR_INT(epoch)), reterr);
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
