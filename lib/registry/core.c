/* SPDX-License-Identifier: Apache-2.0 */
/* Locks and commits. */
#include "core.h"

#include <errno.h>
#include <stdlib.h>

#include "millrace/status.h"

enum {
    PARSED_ENTRIES = 256,
    PARSED_BYTES = 1 << 20, /* of schema text */
};

/* What a store reads comes here: at the start, and as long as it follows a log. */
static int apply(void *opaque, const struct record *record)
{
    struct core *core = opaque;

    turn_apply_begin(&core->writer);
    (void)pthread_rwlock_wrlock(&core->lock);
    int r = state_apply(&core->state, record);
    (void)pthread_rwlock_unlock(&core->lock);
    turn_apply_end(&core->writer);
    return r;
}

static void init_locks(struct core *core)
{
    pthread_rwlockattr_t attr;

    (void)pthread_rwlockattr_init(&attr);
    /* A steady stream of readers must not keep a change out. */
    (void)pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    (void)pthread_rwlock_init(&core->lock, &attr);
    (void)pthread_rwlockattr_destroy(&attr);
    turn_init(&core->writer);
    (void)pthread_mutex_init(&core->parsed_lock, NULL);
}

static int give_all(void *opaque, int (*take)(void *to, const struct record *record), void *to)
{
    const struct core *core = opaque;

    return state_dump(&core->state, take, to);
}

static void tidy(struct core *core)
{
    if (core->store->ops->tidy)
        core->store->ops->tidy(core->store, &(struct store_source){give_all, core});
}

int core_new_take(struct store *store, enum mr_compat_level level, bool validate_defaults,
                  struct core **ret_core, struct mr_error *reterr)
{
    struct core *core = calloc(1, sizeof(*core));

    if (!core)
        return -ENOMEM;
    init_locks(core);
    core->level = level;
    core->validate_defaults = validate_defaults;
    int r = cache_new(PARSED_ENTRIES, PARSED_BYTES, &core->parsed);
    if (r == 0)
        r = state_init(&core->state);
    if (r == 0)
        r = store->ops->replay(store,
                               &(struct store_sink){.apply = apply,
                                                    .mend = core_mend,
                                                    .ids = core_ids,
                                                    .reserve = core_reserve,
                                                    .opaque = core},
                               reterr);
    if (r != 0) {
        (void)core_free(core);
        return r;
    }
    core->store = store;
    tidy(core);
    *ret_core = core;
    return 0;
}

struct core *core_free(struct core *core)
{
    if (core) {
        if (core->store)
            core->store->ops->free(core->store);
        state_done(&core->state);
        (void)cache_free(core->parsed);
        (void)pthread_rwlock_destroy(&core->lock);
        turn_done(&core->writer);
        (void)pthread_mutex_destroy(&core->parsed_lock);
        free(core);
    }
    return NULL;
}

static int apply_all(struct core *core, const struct record *records, size_t n)
{
    int r = 0;

    (void)pthread_rwlock_wrlock(&core->lock);
    for (size_t i = 0; i < n && r == 0; i++)
        r = state_apply(&core->state, &records[i]);
    (void)pthread_rwlock_unlock(&core->lock);
    return r;
}

/* Before the effect can be seen. */
static void note_ticket(struct core *core, const struct record *records, size_t n)
{
    uint64_t ticket = core->store->ops->ticket(core->store);
    uint64_t never = 0;

    for (size_t i = 0; i < n; i++, never = 0)
        if (records[i].content && !records[i].deleted)
            (void)atomic_compare_exchange_strong(&records[i].content->born, &never, ticket);
    core->owed = ticket;
    core->applied = ticket;
}

int core_commit(struct core *core, const struct record *records, size_t n, struct mr_error *reterr)
{
    struct store *store = core->store;

    if (store->ops->follows)
        turn_lend(&core->writer);
    int r = store->ops->append(store, records, n, reterr);
    if (store->ops->follows)
        turn_reclaim(&core->writer);
    if (r != 0)
        return r > 0 && r != MR_ABSENT ? -EAGAIN : r;
    if (store->ops->ticket)
        note_ticket(core, records, n);
    if (!store->ops->follows)
        r = apply_all(core, records, n);
    if (r == 0)
        tidy(core);
    else if (store->ops->ticket)
        core->stale = true; /* it is in the log */
    return r;
}

static int apply_fresh(void *opaque, const struct record *record)
{
    return state_apply(opaque, record);
}

/* The state anew from the log. The caller holds writer. */
static int reload(struct core *core, struct mr_error *reterr)
{
    struct store *store = core->store;
    struct state fresh, old;

    if (!core->stale)
        return 0;
    int r = state_init(&fresh);
    if (r == 0)
        r = store->ops->replay(store, &(struct store_sink){.apply = apply_fresh, .opaque = &fresh},
                               reterr);
    if (r != 0) {
        state_done(&fresh);
        return r;
    }
    (void)pthread_rwlock_wrlock(&core->lock);
    old = core->state;
    core->state = fresh;
    core->applied = store->ops->settled(store);
    core->stale = false;
    (void)pthread_rwlock_unlock(&core->lock);
    state_done(&old);
    return 0;
}

/* The same for whoever does not hold writer. */
static void mend(struct core *core)
{
    (void)turn_take(&core->writer, true);
    (void)reload(core, NULL); /* else the next change tries again */
    turn_give_back(&core->writer);
}

int core_write_lock(struct core *core, bool quick, struct mr_error *reterr)
{
    const struct store_ops *ops = core->store->ops;

    if ((quick && ops->slow) || !turn_take(&core->writer, !quick))
        return MR_AGAIN;
    if (core->stale) {
        int r = reload(core, reterr);
        if (r != 0)
            turn_give_back(&core->writer);
        return r > 0 ? -EIO : r;
    }
    if (!ops->lead)
        return 0;
    turn_lend(&core->writer);
    int r = ops->lead(core->store, reterr);
    turn_reclaim(&core->writer);
    if (r != 0)
        turn_give_back(&core->writer);
    return r == MR_AGAIN ? -EAGAIN : r;
}

bool core_leads(struct core *core, struct store_status *ret_status)
{
    struct store_status status = {.leads = true, .ready = true, .position = -1, .end = -1};

    if (core->store->ops->status)
        core->store->ops->status(core->store, &status);
    if (ret_status)
        *ret_status = status;
    return status.leads;
}

int core_write_unlock(struct core *core, int r, bool *ret_settled, struct mr_error *reterr)
{
    struct store *store = core->store;
    uint64_t owed = core->owed;

    core->owed = 0;
    turn_give_back(&core->writer);
    if (owed == 0)
        return r;
    int settled = store->ops->settle(store, owed, reterr);
    if (settled != 0)
        core->stale = true;
    if (core->stale)
        mend(core);
    *ret_settled = true;
    return r != 0 ? r : settled;
}

int core_see(struct core *core, bool quick, struct mr_error *reterr)
{
    struct store *store = core->store;
    uint64_t applied = core->applied;

    if (!store->ops->settled || store->ops->settled(store) >= applied)
        return 0;
    if (quick)
        return MR_AGAIN;
    int r = store->ops->wait(store, applied, reterr);
    if (r != 0)
        mend(core);
    return r;
}

bool core_holds(struct core *core, const struct content *content)
{
    struct store *store = core->store;
    uint64_t born = content->born;

    return born == 0 || !store->ops->settled || store->ops->settled(store) >= born;
}

void core_read_lock(struct core *core)
{
    (void)pthread_rwlock_rdlock(&core->lock);
}

void core_read_unlock(struct core *core)
{
    (void)pthread_rwlock_unlock(&core->lock);
}
