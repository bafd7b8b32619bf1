/* SPDX-License-Identifier: Apache-2.0 */
/* Records that wait for their turn by time: copies, in the order of their partition. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consume.h"
#include "consume_merge.h"
#include "millrace/time.h"

enum {
    MICROS = 1000,
    LEAST_PER_SOURCE = 256 << 10, /* bytes held back of one partition */
    MOST_PER_SOURCE = 4 << 20,
};

/* ---- one partition's records, as they came ---- */

void consume_merge_drop(struct consume *run, struct consume_partition *p)
{
    for (struct consume_held *held; (held = p->first);) {
        p->first = held->next;
        run->merge.n--;
        run->merge.n_bytes -= held->size;
        free(held);
    }
    p->last = NULL;
    p->n_bytes = 0;
    p->fetched = p->next;
    p->eof = -1; /* of what was fetched: that is not read now */
    p->moved = run->world.now(run->world.self);
}

void consume_held_pop(struct consume *run, struct consume_partition *p)
{
    struct consume_held *held = p->first;

    p->first = held->next;
    if (!p->first)
        p->last = NULL;
    p->n_bytes -= held->size;
    run->merge.n--;
    run->merge.n_bytes -= held->size;
    free(held);
}

static struct mr_bytes put(uint8_t **at, struct mr_bytes bytes)
{
    struct mr_bytes copy = {bytes.data ? *at : NULL, bytes.len};

    if (bytes.data && bytes.len > 0)
        memcpy(*at, bytes.data, bytes.len);
    *at += bytes.len;
    return copy;
}

static int push(struct consume *run, struct consume_partition *p,
                const struct consume_record *record, int64_t time)
{
    run->packed.len = 0;
    int r = consume_pack_record(run, record, &run->packed);
    if (r != 0)
        return r;
    struct mr_bytes headers = {run->packed.data, run->packed.len};
    size_t size = sizeof(struct consume_held) + record->key.len + record->value.len + headers.len;
    struct consume_held *held = malloc(size + 1); /* what is empty has an address, too */
    if (!held)
        return -ENOMEM;
    uint8_t *at = (uint8_t *)(held + 1);
    *held = (struct consume_held){.time = time,
                                  .arrived = run->world.now(run->world.self),
                                  .offset = record->offset,
                                  .timestamp_ms = record->timestamp_ms,
                                  .size = size};
    held->key = put(&at, record->key);
    held->value = put(&at, record->value);
    held->headers = put(&at, headers);
    if (p->last)
        p->last->next = held;
    else
        p->first = held;
    p->last = held;
    p->moved = held->arrived;
    p->n_bytes += size;
    run->merge.n++;
    run->merge.n_bytes += size;
    return 0;
}

/* ---- when an event was ---- */

/* Of the header, where there is one, so that most records are decoded once. What is no event, or
 * is not wanted, waits for nobody. While the registry is away, the broker's time stands in: the
 * record's turn comes, and then its partition waits. */
static int64_t time_of(struct consume *run, const struct consume_record *record)
{
    struct consume_counters count = run->count;
    enum consume_fault fault;
    struct mr_bytes header;
    struct mr_tx tx;
    int64_t time;

    if (!record->value.data || (run->group->n_filters > 0 && consume_filter(run, record) == MR_END))
        return INT64_MIN;
    if (consume_find_header(run, record, "ce_time", &header) == 0 && header.data &&
        mr_time_parse_micros((struct mr_str){(const char *)header.data, header.len}, &time) == 0)
        return time;
    if (run->merge.away)
        return record->timestamp_ms * MICROS;
    consume_begin(run, record, &tx);
    int r = consume_decode(&tx, &fault);
    run->count = count;
    if (r == 0)
        return tx.event.envelope->timestamp;
    run->merge.away = r != MR_INVALID;
    return r == MR_INVALID ? INT64_MIN : record->timestamp_ms * MICROS;
}

/* ---- what came ---- */

static int hold_back(struct consume *run, struct consume_partition *p,
                     struct consume_record *record, MR_UNUSED struct mr_error *reterr)
{
    int r = push(run, p, record, time_of(run, record));

    if (r == 0)
        p->fetched = record->offset + 1;
    return r;
}

static size_t most_per_source(const struct consume *run)
{
    size_t most = run->merge.most / (run->merge.n_sources ? run->merge.n_sources : 1);

    if (run->merge.most < LEAST_PER_SOURCE)
        return most;
    return most < LEAST_PER_SOURCE  ? LEAST_PER_SOURCE
           : most > MOST_PER_SOURCE ? MOST_PER_SOURCE
                                    : most;
}

bool consume_merge_has_room(const struct consume *run, const struct consume_partition *p)
{
    return p->n_bytes < most_per_source(run) / 2;
}

int consume_merge_take(struct consume *run, struct mr_error *reterr)
{
    run->merge.away = false;
    int r = consume_take_messages(run, hold_back, reterr);
    for (size_t i = 0; r == 0 && i < run->n_partitions; i++) {
        struct consume_partition *p = &run->partitions[i];
        if (p->ours && p->hold == CONSUME_FLOWS && p->n_bytes >= most_per_source(run))
            r = consume_hold(run, p, CONSUME_WAITS_ORDER, reterr);
    }
    return r;
}
