/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of the documents in flight, in input order. */
#include "settle.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "millrace/compiler.h"

enum { FIRST_RING = 1024 };

struct settle_entry {
    struct place place;
    unsigned n_reports; /* that are awaited */
    bool final, refused;
};

int settle_init(struct settle *settle, size_t n_sources)
{
    *settle = (struct settle){.mask = FIRST_RING - 1, .n_sources = n_sources};
    settle->ring = calloc(FIRST_RING, sizeof(*settle->ring));
    settle->settled = calloc(n_sources + 1, sizeof(*settle->settled));
    return settle->ring && settle->settled ? 0 : -ENOMEM;
}

void settle_done(struct settle *settle)
{
    free(settle->ring);
    free(settle->settled);
    *settle = (struct settle){0};
}

static MR_COLD int grow(struct settle *settle)
{
    uint64_t size = settle->mask + 1;
    struct settle_entry *ring = calloc(size * 2, sizeof(*ring));

    if (!ring)
        return -ENOMEM;
    for (uint64_t tag = settle->head; tag != settle->next; tag++)
        ring[tag & (size * 2 - 1)] = settle->ring[tag & settle->mask];
    free(settle->ring);
    settle->ring = ring;
    settle->mask = size * 2 - 1;
    return 0;
}

int settle_add(struct settle *settle, const struct place *place, uint64_t *ret_tag)
{
    if (MR_UNLIKELY(settle_pending(settle) > settle->mask)) {
        int r = grow(settle);
        if (r != 0)
            return r;
    }
    settle->ring[settle->next & settle->mask] =
        (struct settle_entry){.place = *place, .n_reports = 1};
    *ret_tag = settle->next++;
    return 0;
}

void settle_expect(struct settle *settle, uint64_t tag, unsigned n_reports)
{
    settle->ring[tag & settle->mask].n_reports = n_reports;
}

bool settle_report(struct settle *settle, uint64_t tag, bool refused, bool *ret_refused)
{
    struct settle_entry *entry = &settle->ring[tag & settle->mask];

    assert(tag - settle->head < settle_pending(settle) && !entry->final && entry->n_reports > 0);
    entry->refused |= refused;
    *ret_refused = entry->refused;
    return --entry->n_reports == 0;
}

void settle_final(struct settle *settle, uint64_t tag)
{
    struct settle_entry *entry = &settle->ring[tag & settle->mask];

    assert(tag - settle->head < settle_pending(settle) && !entry->final);
    entry->final = true;
    if (tag != settle->head)
        return;
    do {
        struct position *position = &settle->settled[entry->place.source];
        position->offset = entry->place.end;
        position->line = entry->place.end_line;
        settle->head++;
        entry = &settle->ring[settle->head & settle->mask];
    } while (settle->head != settle->next && entry->final);
}

const struct place *settle_place(const struct settle *settle, uint64_t tag)
{
    assert(tag - settle->head < settle_pending(settle));
    return &settle->ring[tag & settle->mask].place;
}

void settle_forget(struct settle *settle, uint64_t tag)
{
    assert(tag + 1 == settle->next);
    settle->next--;
    (void)tag;
}
