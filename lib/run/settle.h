/* SPDX-License-Identifier: Apache-2.0 */
/* Which documents have reached a final outcome: delivery reports come in any order, a position may
 * only pass what is settled without gap. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a document stands in the input. */
struct place {
    uint32_t source;    /* index in the input's list */
    uint32_t topic;     /* index in the service's list */
    int64_t begin, end; /* offsets in the source */
    uint64_t line;      /* of begin */
    uint64_t end_line;  /* of end */
};

struct position {
    int64_t offset;
    uint64_t line;
};

struct settle {
    struct settle_entry *ring;
    uint64_t mask;            /* size of the ring - 1 */
    uint64_t head, next;      /* tags: oldest unsettled, next to give out */
    struct position *settled; /* per source: everything before it is settled */
    size_t n_sources;
};

int settle_init(struct settle *settle, size_t n_sources);
void settle_done(struct settle *settle);

/* A new document; its tag is what a delivery report brings back. 0 or -ENOMEM. */
int settle_add(struct settle *settle, const struct place *place, uint64_t *ret_tag);
/* So many reports are awaited for the newest tag; one unless told. */
void settle_expect(struct settle *settle, uint64_t tag, unsigned n_reports);
/* A report came; refused: its record is not in its topic. True when it was the last: *ret_refused
 * says whether any was. */
bool settle_report(struct settle *settle, uint64_t tag, bool refused, bool *ret_refused);
/* It reached its outcome: delivered, or its rejection is kept. Called once per tag. */
void settle_final(struct settle *settle, uint64_t tag);
/* Takes back the newest tag: nothing was sent under it. */
void settle_forget(struct settle *settle, uint64_t tag);
/* Where the document of an unsettled tag stands. */
const struct place *settle_place(const struct settle *settle, uint64_t tag);
static inline uint64_t settle_pending(const struct settle *settle)
{
    return settle->next - settle->head;
}
