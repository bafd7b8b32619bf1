/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox where several processes write: the table's unique key has the last word.
 *
 * An event is taken for new unless this process knows better; when the batch is written, an id that
 * is there already was handled by another process: the batch is done again, with that id known. So
 * the usual event costs no question, and no event takes effect twice. What is known are the last
 * ids that this process handled or met, in two generations of which the older is forgotten. */
#include "inbox_shared.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/buf.h"
#include "millrace/hash.h"

enum { GENERATION = 1 << 18, EVICT_STEP = 4096, EVICT_MOST = 20000, FIRST = 1024 };

/* Open addressing; the nil UUID is an empty place, so it is never known. */
struct ids {
    struct mr_uuid *places;
    size_t cap; /* a power of two */
    size_t n;
};

struct inbox_shared {
    struct mr_store *store;
    uint64_t seed;
    struct ids current, previous;
    struct ids pending;    /* of the transaction under way */
    struct mr_uuid *added; /* the same, in order */
    size_t n_added, cap_added;
    size_t since_eviction;
    struct mr_buf array; /* of the statement under way */
};

static const struct mr_uuid nil;

static bool is_same(const struct mr_uuid *a, const struct mr_uuid *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static size_t place_of(const struct ids *ids, uint64_t seed, const struct mr_uuid *id)
{
    size_t i = (size_t)mr_hash64(id->bytes, sizeof(id->bytes), seed) & (ids->cap - 1);

    while (!is_same(&ids->places[i], &nil) && !is_same(&ids->places[i], id))
        i = (i + 1) & (ids->cap - 1);
    return i;
}

static bool has(const struct ids *ids, uint64_t seed, const struct mr_uuid *id)
{
    return ids->n > 0 && is_same(&ids->places[place_of(ids, seed, id)], id);
}

static int grow(struct ids *ids, uint64_t seed)
{
    struct ids wider = {.cap = ids->cap ? ids->cap * 2 : FIRST};

    wider.places = calloc(wider.cap, sizeof(*wider.places));
    if (!wider.places)
        return -ENOMEM;
    for (size_t i = 0; i < ids->cap; i++)
        if (!is_same(&ids->places[i], &nil))
            wider.places[place_of(&wider, seed, &ids->places[i])] = ids->places[i];
    wider.n = ids->n;
    free(ids->places);
    *ids = wider;
    return 0;
}

static int put(struct ids *ids, uint64_t seed, const struct mr_uuid *id)
{
    int r = ids->n >= ids->cap / 2 ? grow(ids, seed) : 0;

    if (r != 0 || is_same(id, &nil))
        return r;
    struct mr_uuid *place = &ids->places[place_of(ids, seed, id)];
    ids->n += is_same(place, &nil);
    *place = *id;
    return 0;
}

static void clear(struct ids *ids)
{
    if (ids->n > 0)
        memset(ids->places, 0, ids->cap * sizeof(*ids->places));
    ids->n = 0;
}

/* Only a hint: what there is no memory for is asked of the table again. */
static void learn(struct inbox_shared *inbox, const struct mr_uuid *id)
{
    if (inbox->current.n >= GENERATION) {
        struct ids oldest = inbox->previous;
        inbox->previous = inbox->current;
        inbox->current = oldest;
        clear(&inbox->current);
    }
    (void)put(&inbox->current, inbox->seed, id);
}

int inbox_shared_new(struct mr_store *store, struct inbox_shared **ret)
{
    struct inbox_shared *inbox = calloc(1, sizeof(*inbox));
    struct mr_uuid seed;

    int r = inbox ? mr_uuid_v4(&seed) : -ENOMEM;
    if (r != 0) {
        free(inbox);
        return r;
    }
    inbox->store = store;
    memcpy(&inbox->seed, seed.bytes, sizeof(inbox->seed));
    *ret = inbox;
    return 0;
}

struct inbox_shared *inbox_shared_free(struct inbox_shared *inbox)
{
    if (!inbox)
        return NULL;
    free(inbox->current.places);
    free(inbox->previous.places);
    free(inbox->pending.places);
    free(inbox->added);
    mr_buf_done(&inbox->array);
    free(inbox);
    return NULL;
}

int inbox_shared_seen(const struct inbox_shared *inbox, const struct mr_uuid *id)
{
    return has(&inbox->current, inbox->seed, id) || has(&inbox->previous, inbox->seed, id) ||
                   has(&inbox->pending, inbox->seed, id)
               ? 0
               : MR_ABSENT;
}

int inbox_shared_confirm(struct inbox_shared *inbox, const struct mr_uuid *id,
                         struct mr_error *reterr)
{
    int64_t found;

    int r = mr_store_row(inbox->store, NULL, MR_INTO(MR_INTO_INT(&found)),
                         "SELECT 1 FROM mr_inbox WHERE event_id = ?1",
                         MR_VALUES(MR_BLOB(((struct mr_bytes){id->bytes, 16}))), reterr);
    if (r == 0)
        learn(inbox, id);
    return r;
}

int inbox_shared_add(struct inbox_shared *inbox, const struct mr_uuid *id)
{
    struct mr_uuid *room =
        mr_room(inbox->added, inbox->n_added, &inbox->cap_added, 512, sizeof(*room));

    if (!room)
        return -ENOMEM;
    inbox->added = room;
    inbox->added[inbox->n_added++] = *id;
    return put(&inbox->pending, inbox->seed, id);
}

/* ---- rows ---- */

static int put_be32(struct mr_buf *out, uint32_t x)
{
    const uint8_t bytes[4] = {(uint8_t)(x >> 24), (uint8_t)(x >> 16), (uint8_t)(x >> 8),
                              (uint8_t)x};

    return mr_buf_append(out, bytes, sizeof(bytes));
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct mr_uuid));
}

/* uuid[] as PostgreSQL sends and receives it: dimensions, nulls?, type, length, lowest index. */
static int put_array(struct inbox_shared *inbox)
{
    enum { OID_UUID = 2950 };
    const uint32_t head[] = {1, 0, OID_UUID, (uint32_t)inbox->n_added, 1};
    struct mr_buf *out = &inbox->array;
    int r = 0;

    /* In the order of the index, so that one look into a page of it serves several. */
    qsort(inbox->added, inbox->n_added, sizeof(*inbox->added), by_bytes);
    out->len = 0;
    for (size_t i = 0; r == 0 && i < MR_N_ELEMENTS(head); i++)
        r = put_be32(out, head[i]);
    for (size_t i = 0; r == 0 && i < inbox->n_added; i++) {
        r = put_be32(out, sizeof(inbox->added[i].bytes));
        if (r == 0)
            r = mr_buf_append(out, inbox->added[i].bytes, sizeof(inbox->added[i].bytes));
    }
    return r;
}

/* Ids that the table had before this transaction. */
static int learn_foreign(struct inbox_shared *inbox, struct mr_value array, struct mr_error *reterr)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    struct mr_uuid id;
    int64_t n = 0;

    int r = mr_store_query(inbox->store,
                           "SELECT event_id FROM mr_inbox WHERE event_id = ANY (CAST(?1 AS uuid[]))"
                           " AND xmin <> CAST(pg_current_xact_id() AS xid)",
                           MR_VALUES(array), &rows, reterr);
    while (r == 0 && (r = mr_rows_next(rows, reterr)) == 0)
        if (mr_uuid_parse(mr_rows_value(rows, 0).as.text, &id) == 0) {
            learn(inbox, &id);
            n++;
        }
    if (r != MR_END)
        return r;
    return mr_error_set(reterr, -EAGAIN, "%lld events were handled by another instance before",
                        (long long)n);
}

/* Rows leave in the order in which they came, a bounded slice at a time: of those with the lowest
 * numbers the ones that are old enough. Several processes may do this at once: each takes rows that
 * no other has. */
static int evict(struct inbox_shared *inbox, int64_t oldest, struct mr_error *reterr)
{
    inbox->since_eviction += inbox->n_added;
    if (inbox->since_eviction < EVICT_STEP)
        return 0;
    inbox->since_eviction = 0;
    return mr_store_run(inbox->store,
                        "DELETE FROM mr_inbox WHERE seq IN (SELECT seq FROM mr_inbox"
                        " WHERE seq < (SELECT min(seq) FROM mr_inbox) + ?2 AND handled_at < ?1"
                        " FOR UPDATE SKIP LOCKED)",
                        MR_VALUES(MR_INT(oldest), MR_INT(EVICT_MOST)), reterr);
}

int inbox_shared_write(struct inbox_shared *inbox, int64_t now, int64_t window,
                       struct mr_error *reterr)
{
    if (inbox->n_added == 0)
        return 0;
    int r = put_array(inbox);
    if (r != 0)
        return r;
    struct mr_value array = MR_BLOB(((struct mr_bytes){inbox->array.data, inbox->array.len}));
    r = mr_store_run(inbox->store,
                     "INSERT INTO mr_inbox (event_id, handled_at) SELECT id, ?2"
                     " FROM unnest(CAST(?1 AS uuid[])) AS t (id) ON CONFLICT DO NOTHING",
                     MR_VALUES(array, MR_INT(now)), reterr);
    if (r == 0 && mr_store_changes(inbox->store) != (int64_t)inbox->n_added)
        r = learn_foreign(inbox, array, reterr);
    return r == 0 && window != INT64_MAX ? evict(inbox, now - window, reterr) : r;
}

void inbox_shared_settle(struct inbox_shared *inbox, bool committed)
{
    for (size_t i = 0; committed && i < inbox->n_added; i++)
        learn(inbox, &inbox->added[i]);
    inbox->n_added = 0;
    clear(&inbox->pending);
}

size_t inbox_shared_count(const struct inbox_shared *inbox)
{
    return inbox->current.n + inbox->previous.n + inbox->pending.n;
}
