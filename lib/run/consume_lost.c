/* SPDX-License-Identifier: Apache-2.0 */
/* When a transaction is lost - the server went away, a deadlock, another instance was faster -
 * nothing of it was kept: the engine takes up what the store has, goes back in the topics and does
 * it again. A partition that another instance has taken since is its own: this one lets go of it.
 */
#include <errno.h>

#include "consume.h"
#include "consume_merge.h"

enum { FIRST_WAIT_MS = 50, MOST_WAIT_MS = 5000 };

/* ---- how long a batch is ---- */

size_t consume_most(const struct consume *run)
{
    return (size_t)(run->options.batch - run->fewer);
}

/* A quarter of it the next time; longer again by an eighth with each that is kept. */
static void take_fewer(struct consume *run)
{
    int64_t most = (int64_t)consume_most(run) / 4;
    int64_t least = run->options.batch < CONSUME_LEAST ? run->options.batch : CONSUME_LEAST;

    run->fewer = run->options.batch - (most > least ? most : least);
}

static void take_more(struct consume *run)
{
    int64_t more = (int64_t)consume_most(run) / 8 + 1;

    run->fewer = run->fewer > more ? run->fewer - more : 0;
}

/* ---- events that share their fate ---- */

/* A short batch gains nothing, and whoever waits for its events would wait for the second try. */
void consume_together(struct consume *run)
{
    struct consume_apart *apart = &run->apart;

    apart->backlog =
        run->n_messages + run->merge.n >= (apart->from > 0 ? apart->from : CONSUME_TOGETHER);
    apart->together = apart->backlog && apart->left == 0 && mr_store_together(run->store);
}

void consume_kept(struct consume *run)
{
    struct consume_apart *apart = &run->apart;

    run->losses = 0;
    run->alone = false;
    take_more(run);
    if (apart->together)
        apart->last /= 2;
    else if (apart->backlog && apart->left > 0)
        apart->left--;
    apart->backlog = apart->together = false;
}

/* One of them failed, nobody can tell which: again, and for a while, each for itself. */
static void take_apart(struct consume *run)
{
    int twice = run->apart.last * 2;

    run->apart.last = twice == 0 ? 1 : twice < CONSUME_APART ? twice : CONSUME_APART;
    run->apart.left = run->apart.last;
    run->apart.backlog = run->apart.together = false;
    run->lost = true;
    run->count.redone++;
    mr_debug(&run->log, "apart", "batches=%d", run->apart.left);
}

/* ---- lost ---- */

int consume_lost(struct consume *run, int r, struct mr_error *reterr)
{
    bool fenced = r == -ESTALE && mr_store_is_shared(run->store);

    if (r != -EAGAIN && !fenced)
        return r;
    if (r == -EAGAIN && mr_store_apart(run->store)) {
        take_apart(run);
        return 0;
    }
    if (++run->losses > CONSUME_LOSSES)
        return r == -EAGAIN ? -EIO : r;
    run->lost = true;
    run->alone = r == -EAGAIN && mr_store_collided(run->store);
    take_fewer(run);
    run->count.store_losses++;
    run->count.collisions += run->alone;
    mr_log(run->alone && run->losses == 1 ? MR_LOG_INFO : MR_LOG_WARN, &run->log,
           fenced ? "fenced" : "store-again", "lost=%d why=\"%s\" next=%s", run->losses,
           reterr->text,
           fenced       ? "let-go"
           : run->alone ? "again-alone"
                        : "again");
    return 0;
}

/* The first loss costs no wait: mostly there was somebody faster. Then times 0.5 to 1: instances
 * that lost the same server do not all come back at once. */
static int wait(struct consume *run, struct mr_error *reterr)
{
    int ms = FIRST_WAIT_MS;

    for (int i = 2; i < run->losses && ms < MOST_WAIT_MS; i++)
        ms *= 2;
    if (run->losses < 2)
        return 0;
    ms = ms < MOST_WAIT_MS ? ms : MOST_WAIT_MS;
    ms -= (int)(run->world.random(run->world.self) % (uint64_t)(ms / 2 + 1));
    int r = consume_outbox_reports(run, ms, reterr);
    return r < 0 ? r : 0;
}

/* A commit whose answer was lost may have been done: the store knows. */
static int ask(struct consume *run, struct consume_partition *p, struct mr_error *reterr)
{
    const char *topic = p->topic->topic->name;

    int r = mr_ledger_where(run->store, topic, p->number, p->epoch, &p->stored, reterr);
    if (r != MR_ABSENT)
        return r;
    consume_begin_fenced(run, p);
    mr_warn(&run->log, "fenced", "topic=%s partition=%d next=another-instance-has-it", topic,
            p->number);
    return 0;
}

static int go_back(struct consume *run, struct consume_partition *p, struct mr_error *reterr)
{
    p->next = p->stored == MR_OFFSET_UNKNOWN ? p->begun : p->stored;
    p->eof = -1;
    consume_merge_drop(run, p);
    struct mr_topic_partition item = {p->topic->topic->name, p->number, p->next};
    int r = consume_seek(run, &item, reterr);
    if (r == 0 && p->hold != CONSUME_FLOWS)
        r = run->broker.pause(run->broker.self, &item, false);
    if (r == 0) /* else it is let go of with the next try */
        p->hold = CONSUME_FLOWS;
    return r;
}

static int take_up(struct consume *run, struct mr_error *reterr)
{
    int r = consume_parked_open(run, reterr);

    for (size_t i = 0; r == 0 && i < run->n_partitions; i++)
        if (run->partitions[i].ours)
            r = ask(run, &run->partitions[i], reterr);
    return r == 0 ? mr_store_commit(run->store, reterr) : r;
}

int consume_again(struct consume *run, struct mr_error *reterr)
{
    int r = wait(run, reterr);

    if (r == 0)
        r = consume_begin_store(run, reterr);
    if (r != 0)
        return r;
    r = take_up(run, reterr);
    if (r != 0)
        mr_store_rollback(run->store);
    for (size_t i = 0; r == 0 && i < run->n_partitions; i++)
        if (run->partitions[i].ours)
            r = go_back(run, &run->partitions[i], reterr);
    run->lost = r != 0;
    return r;
}
