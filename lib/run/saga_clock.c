/* SPDX-License-Identifier: Apache-2.0 */
/* When timers of sagas may fire. A deadline is a moment of the clock; but an answer that was
 * published before it may lie unread, behind a backlog or an outage, and "no answer" would be
 * wrong. So the brokers are asked where the partitions end, and once all of that is handled,
 * nothing from before the asking is unread: timers up to that moment may fire. */
#include "saga.h"

#include <errno.h>
#include <stdlib.h>

enum { ASK_MS = 250, AWAY_MS = 2000, MICROS = 1000 };

void consume_sagas_unsure(struct consume *run)
{
    run->sagas.asked_at = run->sagas.read_until = run->sagas.ask_at = 0;
}

static bool has_read_what_was_asked(const struct consume *run)
{
    for (size_t i = 0; i < run->n_partitions; i++) {
        const struct consume_partition *p = &run->partitions[i];
        if (p->ours && !consume_has_read(p, p->asked))
            return false;
    }
    return true;
}

/* A partition that was taken away has its timers here until its heir claims it: what lies unread
 * there nobody knows. Outcomes: 0 there is none, MR_AGAIN, -errno. */
static int look_for_orphans(struct consume *run, struct mr_error *reterr)
{
    int r = MR_ABSENT;
    int64_t next;

    for (size_t i = 0; i < run->n_partitions && r == MR_ABSENT; i++) {
        struct consume_partition *p = &run->partitions[i];
        if (p->ours || p->epoch == 0)
            continue;
        r = mr_ledger_where(run->store, p->topic->topic->name, p->number, p->epoch, &next, reterr);
        if (r == MR_ABSENT) /* somebody has it */
            p->epoch = 0;
    }
    return r == MR_ABSENT ? 0 : r == 0 ? MR_AGAIN : r;
}

static int ask(struct consume *run, struct mr_error *reterr)
{
    MR_AUTO(free) struct mr_topic_partition *ends = calloc(run->n_partitions + 1, sizeof(*ends));
    int64_t now = run->world.now(run->world.self);
    size_t n = 0;

    if (!ends)
        return -ENOMEM;
    for (size_t i = 0; i < run->n_partitions; i++)
        if (run->partitions[i].ours)
            ends[n++] = (struct mr_topic_partition){.topic = run->partitions[i].topic->topic->name,
                                                    .partition = run->partitions[i].number};
    int r = run->broker.ends(run->broker.self, ends, n, reterr);
    run->sagas.ask_at = now + (r == 0 ? ASK_MS : AWAY_MS) * MICROS;
    if (r != 0)
        return r;
    n = 0;
    for (size_t i = 0; i < run->n_partitions; i++)
        if (run->partitions[i].ours)
            run->partitions[i].asked = ends[n++].offset;
    run->sagas.asked_at = now;
    return 0;
}

int consume_sagas_look(struct consume *run, struct mr_error *reterr)
{
    struct consume_sagas *sagas = &run->sagas;
    int64_t now = run->world.now(run->world.self);

    /* of what is not read nothing is known */
    if (!run->assigned || !consume_begun(run) || now < sagas->timer ||
        sagas->timer <= sagas->read_until)
        return 0;
    if (sagas->asked_at < sagas->timer && now >= sagas->ask_at) {
        int r = look_for_orphans(run, reterr);
        sagas->ask_at = now + (int64_t)ASK_MS * MICROS;
        if (r == 0)
            r = ask(run, reterr);
        if (r != 0) /* away: it is asked again */
            return r < 0 ? r : 0;
    }
    if (sagas->asked_at >= sagas->timer && has_read_what_was_asked(run))
        sagas->read_until = sagas->asked_at;
    return 0;
}

bool consume_sagas_due(const struct consume *run)
{
    const struct consume_sagas *sagas = &run->sagas;
    int64_t now = run->world.now(run->world.self);

    return sagas->n_items > 0 && (now >= sagas->prune_at || sagas->timer <= sagas->read_until);
}

bool consume_sagas_idle(const struct consume *run)
{
    int64_t left = run->sagas.timer - run->world.now(run->world.self);

    return run->sagas.n_items == 0 || left > (int64_t)SAGA_ONCE_S * 1000 * MICROS;
}
