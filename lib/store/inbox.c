/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox: an append-only table, and an index of it in memory.
 *
 * An index slot is 8 bytes: 32 bits of the id's hash, 32 bits of its row number. A slot's home is
 * the top of its hash bits, collisions go to the next slot, removal shifts back. A hash that fits
 * is verified against the row, so that no event is ever taken for another. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inbox_shared.h"
#include "millrace/hash.h"

enum { FIRST_BITS = 10, LAST_BITS = 27, EVICT_STEP = 4096 };

struct mr_inbox {
    struct inbox_shared *shared; /* all of it, when the store is; else NULL */
    struct mr_store *store;
    size_t window;
    uint64_t *slots; /* hash << 32 | low half of seq; 0 is empty: hash is never 0 */
    unsigned bits;
    size_t count;
    uint64_t seed;
    int64_t oldest; /* seq of the oldest row */
    int64_t next;   /* seq of the next row */

    struct mr_uuid *added; /* by the transaction under way: rows next - n_added ... next - 1 */
    size_t n_added, cap_added;
    struct mr_uuid *evicted; /* rows oldest ... oldest + n_evicted - 1 */
    size_t n_evicted, cap_evicted;
};

static size_t mask_of(const struct mr_inbox *inbox)
{
    return ((size_t)1 << inbox->bits) - 1;
}

static uint32_t hash_of(const struct mr_inbox *inbox, const struct mr_uuid *id)
{
    uint32_t hash = (uint32_t)(mr_hash64(id->bytes, sizeof(id->bytes), inbox->seed) >> 32);

    return hash ? hash : 1;
}

static size_t home_of(const struct mr_inbox *inbox, uint32_t hash)
{
    return hash >> (32 - inbox->bits);
}

static void put(struct mr_inbox *inbox, uint64_t slot)
{
    size_t mask = mask_of(inbox);
    size_t i = home_of(inbox, (uint32_t)(slot >> 32));

    while (inbox->slots[i] != 0)
        i = (i + 1) & mask;
    inbox->slots[i] = slot;
    inbox->count++;
}

static int grow(struct mr_inbox *inbox)
{
    size_t old_cap = inbox->slots ? mask_of(inbox) + 1 : 0;
    uint64_t *old = inbox->slots;

    if (old && inbox->bits == LAST_BITS)
        return -ENOMEM;
    unsigned bits = old ? inbox->bits + 1 : FIRST_BITS;
    uint64_t *slots = calloc((size_t)1 << bits, sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    inbox->slots = slots;
    inbox->bits = bits;
    inbox->count = 0;
    for (size_t i = 0; i < old_cap; i++)
        if (old[i] != 0)
            put(inbox, old[i]);
    free(old);
    return 0;
}

static int insert(struct mr_inbox *inbox, const struct mr_uuid *id, int64_t seq)
{
    if (!inbox->slots || inbox->count >= (mask_of(inbox) + 1) / 4 * 3) {
        int r = grow(inbox);
        if (r != 0)
            return r;
    }
    put(inbox, (uint64_t)hash_of(inbox, id) << 32 | (uint32_t)seq);
    return 0;
}

/* Closes the gap at `hole` so that no probe sequence breaks. */
static void shift_back(struct mr_inbox *inbox, size_t hole)
{
    size_t mask = mask_of(inbox);

    for (size_t i = (hole + 1) & mask; inbox->slots[i] != 0; i = (i + 1) & mask) {
        size_t home = home_of(inbox, (uint32_t)(inbox->slots[i] >> 32));
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            inbox->slots[hole] = inbox->slots[i];
            hole = i;
        }
    }
    inbox->slots[hole] = 0;
    inbox->count--;
}

static void take_out(struct mr_inbox *inbox, const struct mr_uuid *id, int64_t seq)
{
    uint32_t hash = hash_of(inbox, id);
    uint64_t slot = (uint64_t)hash << 32 | (uint32_t)seq;
    size_t mask = mask_of(inbox);

    for (size_t i = home_of(inbox, hash); inbox->slots[i] != 0; i = (i + 1) & mask) {
        if (inbox->slots[i] == slot) {
            shift_back(inbox, i);
            return;
        }
    }
}

/* ---- rows ---- */

static int load(struct mr_inbox *inbox, struct mr_error *reterr)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    bool first = true;

    int r = mr_store_query(inbox->store, "SELECT seq, event_id FROM mr_inbox ORDER BY seq",
                           MR_NO_VALUES, &rows, reterr);
    while (r == 0 && (r = mr_rows_next(rows, reterr)) == 0) {
        int64_t seq = mr_rows_value(rows, 0).as.integer;
        struct mr_bytes bytes = mr_rows_value(rows, 1).as.blob;
        struct mr_uuid id;
        if (bytes.len != sizeof(id.bytes))
            continue;
        memcpy(id.bytes, bytes.data, sizeof(id.bytes));
        if (first)
            inbox->oldest = seq;
        first = false;
        inbox->next = seq + 1;
        r = insert(inbox, &id, seq);
    }
    return r == MR_END ? 0 : r;
}

int mr_inbox_new(struct mr_store *store, size_t window, struct mr_inbox **ret_inbox,
                 struct mr_error *reterr)
{
    struct mr_inbox *inbox = calloc(1, sizeof(*inbox));
    struct mr_uuid seed;

    if (!inbox)
        return -ENOMEM;
    if (mr_store_is_shared(store)) {
        int opened = inbox_shared_new(store, window, &inbox->shared);
        if (opened == 0)
            *ret_inbox = inbox;
        else
            free(inbox);
        return opened;
    }
    inbox->store = store;
    inbox->window = window;
    inbox->oldest = inbox->next = 1;
    int r = mr_uuid_v4(&seed); /* ids come from outside: nobody may aim at one slot */
    if (r == 0) {
        memcpy(&inbox->seed, seed.bytes, sizeof(inbox->seed));
        r = grow(inbox);
    }
    if (r == 0)
        r = load(inbox, reterr);
    if (r != 0) {
        (void)mr_inbox_free(inbox);
        return r;
    }
    *ret_inbox = inbox;
    return 0;
}

struct mr_inbox *mr_inbox_free(struct mr_inbox *inbox)
{
    if (inbox) {
        (void)inbox_shared_free(inbox->shared);
        free(inbox->slots);
        free(inbox->added);
        free(inbox->evicted);
        free(inbox);
    }
    return NULL;
}

/* Whether the row that a slot points to holds `id`. Outcomes: 0, MR_ABSENT, -errno. */
static int verify(struct mr_inbox *inbox, uint32_t low, const struct mr_uuid *id,
                  struct mr_error *reterr)
{
    int64_t seq = inbox->next - (int64_t)((uint32_t)inbox->next - low);
    int64_t first_added = inbox->next - (int64_t)inbox->n_added;
    int64_t found;

    if (seq >= first_added)
        return memcmp(&inbox->added[seq - first_added], id, sizeof(*id)) == 0 ? 0 : MR_ABSENT;
    return mr_store_row(inbox->store, NULL, MR_INTO(MR_INTO_INT(&found)),
                        "SELECT 1 FROM mr_inbox WHERE seq = ?1 AND event_id = ?2",
                        MR_VALUES(MR_INT(seq), MR_BLOB(((struct mr_bytes){id->bytes, 16}))),
                        reterr);
}

int mr_inbox_seen(struct mr_inbox *inbox, const struct mr_uuid *id, struct mr_error *reterr)
{
    if (inbox->shared)
        return inbox_shared_seen(inbox->shared, id);
    uint32_t hash = hash_of(inbox, id);
    size_t mask = mask_of(inbox);

    for (size_t i = home_of(inbox, hash); inbox->slots[i] != 0; i = (i + 1) & mask) {
        if ((uint32_t)(inbox->slots[i] >> 32) != hash)
            continue;
        int r = verify(inbox, (uint32_t)inbox->slots[i], id, reterr);
        if (r != MR_ABSENT)
            return r;
    }
    return MR_ABSENT;
}

int mr_inbox_confirm(struct mr_inbox *inbox, const struct mr_uuid *id, struct mr_error *reterr)
{
    return inbox->shared ? inbox_shared_confirm(inbox->shared, id, reterr) : MR_ABSENT;
}

static int room_for(struct mr_uuid **list, size_t *cap, size_t n)
{
    if (n < *cap)
        return 0;
    size_t more = *cap ? *cap * 2 : 512;
    struct mr_uuid *grown = realloc(*list, more * sizeof(**list));
    if (!grown)
        return -ENOMEM;
    *list = grown;
    *cap = more;
    return 0;
}

int mr_inbox_add(struct mr_inbox *inbox, const struct mr_uuid *id)
{
    if (inbox->shared)
        return inbox_shared_add(inbox->shared, id);
    int r = room_for(&inbox->added, &inbox->cap_added, inbox->n_added);

    if (r == 0)
        r = insert(inbox, id, inbox->next);
    if (r != 0)
        return r;
    inbox->added[inbox->n_added++] = *id;
    inbox->next++;
    return 0;
}

/* Notes the ids of the oldest rows, so that settle can take them out of the index. */
static int evict(struct mr_inbox *inbox, size_t n, struct mr_error *reterr)
{
    MR_AUTO(mr_rows) struct mr_rows *rows = NULL;
    int64_t end = inbox->oldest + (int64_t)n;

    int r =
        mr_store_query(inbox->store, "SELECT event_id FROM mr_inbox WHERE seq < ?1 ORDER BY seq",
                       MR_VALUES(MR_INT(end)), &rows, reterr);
    while (r == 0 && (r = mr_rows_next(rows, reterr)) == 0) {
        struct mr_bytes bytes = mr_rows_value(rows, 0).as.blob;
        r = room_for(&inbox->evicted, &inbox->cap_evicted, inbox->n_evicted);
        if (r == 0 && bytes.len == sizeof(struct mr_uuid))
            memcpy(&inbox->evicted[inbox->n_evicted++], bytes.data, bytes.len);
    }
    rows = mr_rows_done(rows);
    if (r != MR_END)
        return r;
    return mr_store_run(inbox->store, "DELETE FROM mr_inbox WHERE seq < ?1", MR_VALUES(MR_INT(end)),
                        reterr);
}

int mr_inbox_write(struct mr_inbox *inbox, struct mr_error *reterr)
{
    if (inbox->shared)
        return inbox_shared_write(inbox->shared, reterr);
    int64_t seq = inbox->next - (int64_t)inbox->n_added;
    int r = 0;

    for (size_t i = 0; r == 0 && i < inbox->n_added; i++, seq++)
        r = mr_store_run(
            inbox->store, "INSERT INTO mr_inbox (seq, event_id) VALUES (?1, ?2)",
            MR_VALUES(MR_INT(seq), MR_BLOB(((struct mr_bytes){inbox->added[i].bytes, 16}))),
            reterr);
    if (r == 0 && inbox->count >= inbox->window + EVICT_STEP)
        r = evict(inbox, inbox->count - inbox->window, reterr);
    return r;
}

void mr_inbox_settle(struct mr_inbox *inbox, bool committed)
{
    if (inbox->shared) {
        inbox_shared_settle(inbox->shared, committed);
        return;
    }
    int64_t first_added = inbox->next - (int64_t)inbox->n_added;

    if (committed) {
        for (size_t i = 0; i < inbox->n_evicted; i++)
            take_out(inbox, &inbox->evicted[i], inbox->oldest + (int64_t)i);
        inbox->oldest += (int64_t)inbox->n_evicted;
    } else {
        for (size_t i = 0; i < inbox->n_added; i++)
            take_out(inbox, &inbox->added[i], first_added + (int64_t)i);
        inbox->next = first_added;
    }
    inbox->n_added = inbox->n_evicted = 0;
}

size_t mr_inbox_count(const struct mr_inbox *inbox)
{
    return inbox->shared ? inbox_shared_count(inbox->shared) : inbox->count;
}
