/* SPDX-License-Identifier: Apache-2.0 */
/* Records that wait to be published. In a shared store each process publishes its own. */
#include "backend.h"
#include "millrace/ledger.h"

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

static int add_shared(struct mr_store *store, const struct mr_outbox_record *record,
                      struct mr_error *reterr)
{
    return mr_store_run(
        store,
        "INSERT INTO mr_outbox (topic, key, value, headers, owner, cause_topic, cause_part)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        MR_VALUES(MR_TEXT(record->topic), blob_or_null(record->key), blob_or_null(record->value),
                  MR_BLOB(record->headers), MR_INT(store->instance), MR_TEXT(record->cause_topic),
                  MR_INT(record->cause_partition)),
        reterr);
}

int mr_outbox_add(struct mr_store *store, const struct mr_outbox_record *record,
                  struct mr_error *reterr)
{
    if (mr_store_is_shared(store))
        return add_shared(store, record, reterr);
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
    int r = mr_store_is_shared(store)
                ? mr_store_query(store,
                                 "SELECT seq, topic, key, value, headers FROM mr_outbox"
                                 " WHERE seq > ?1 AND owner = ?3 ORDER BY seq LIMIT ?2",
                                 MR_VALUES(MR_INT(after), MR_INT(limit), MR_INT(store->instance)),
                                 &rows, reterr)
                : mr_store_query(store,
                                 "SELECT seq, topic, key, value, headers FROM mr_outbox"
                                 " WHERE seq > ?1 ORDER BY seq LIMIT ?2",
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
    if (mr_store_is_shared(store))
        return mr_store_run(store, "DELETE FROM mr_outbox WHERE seq <= ?1 AND owner = ?2",
                            MR_VALUES(MR_INT(seq), MR_INT(store->instance)), reterr);
    return mr_store_run(store, "DELETE FROM mr_outbox WHERE seq <= ?1", MR_VALUES(MR_INT(seq)),
                        reterr);
}

int mr_outbox_count(struct mr_store *store, int64_t *ret_n, struct mr_error *reterr)
{
    if (mr_store_is_shared(store))
        return mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(ret_n)),
                            "SELECT count(*) FROM mr_outbox WHERE owner = ?1",
                            MR_VALUES(MR_INT(store->instance)), reterr);
    return mr_store_row(store, NULL, MR_INTO(MR_INTO_INT(ret_n)), "SELECT count(*) FROM mr_outbox",
                        MR_NO_VALUES, reterr);
}
