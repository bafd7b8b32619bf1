/* SPDX-License-Identifier: Apache-2.0 */
/* Which data of a writer can a reader read? The rules, their order and the places are those of Java
 * Avro 1.12's SchemaCompatibility, since registries are judged by it: pairs are remembered by
 * identity, one in progress counts as compatible, and one met again repeats its first places. */
#include <errno.h>
#include <stdlib.h>

#include "compat_pairs.h"
#include "millrace/hash.h"

static const struct mr_compat_outcome compatible;

static struct seen *find(struct seen *table, size_t cap, uint64_t key)
{
    size_t i = (size_t)mr_hash64(&key, sizeof(key), 0) & (cap - 1);

    while (table[i].key != 0 && table[i].key != key)
        i = (i + 1) & (cap - 1);
    return &table[i];
}

static int make_room(struct walk *w)
{
    if (w->n == MR_COMPAT_MAX_PAIRS)
        return MR_FULL;
    if (w->n < w->cap / 4 * 3)
        return 0;
    size_t cap = w->cap ? w->cap * 2 : 256;
    struct seen *table = calloc(cap, sizeof(*table));
    if (!table)
        return -ENOMEM;
    for (size_t i = 0; i < w->cap; i++)
        if (w->seen[i].key != 0)
            *find(table, cap, w->seen[i].key) = w->seen[i];
    free(w->seen);
    w->seen = table;
    w->cap = cap;
    return 0;
}

static int add(struct walk *w, struct mr_compat_outcome *out, struct mr_compat_item item)
{
    struct mr_compat_item *copy = mr_arena_alloc(w->arena, sizeof(*copy));

    if (!copy)
        return -ENOMEM;
    *copy = item;
    if (out->last)
        out->last->next = copy;
    else
        out->first = copy;
    out->last = copy;
    return 0;
}

int mr_compat_add_fault(struct walk *w, struct mr_compat_outcome *out, enum mr_finding_type type,
                        const struct both *b, const struct mr_schema_field *field)
{
    return add(w, out,
               (struct mr_compat_item){.fault = {type, b->reader, b->writer, b->at, field}});
}

struct mr_compat_place *mr_compat_step(struct walk *w, const struct both *b, const char *word)
{
    struct mr_compat_place *at = mr_arena_alloc(w->arena, sizeof(*at));

    if (at)
        *at = (struct mr_compat_place){.up = b->at, .word = word};
    return at;
}

int mr_compat_add_part(struct walk *w, struct mr_compat_outcome *out, struct both below)
{
    const struct mr_compat_outcome *inner;
    int r = below.at ? mr_compat_pair(w, &below, &inner) : -ENOMEM;

    return r == 0 && inner->first ? add(w, out, (struct mr_compat_item){.part = inner}) : r;
}

int mr_compat_pair(struct walk *w, const struct both *b, const struct mr_compat_outcome **ret)
{
    uint64_t key = ((uint64_t)b->reader->index << 32 | b->writer->index) + 1;
    int r = make_room(w);

    if (r != 0)
        return r;
    struct seen *slot = find(w->seen, w->cap, key);
    if (slot->key == key) {
        *ret = slot->outcome ? slot->outcome : &compatible;
        return 0;
    }
    if (w->depth == MR_COMPAT_MAX_DEPTH)
        return MR_FULL;
    struct mr_compat_outcome *out = mr_arena_alloc(w->arena, sizeof(*out));
    if (!out)
        return -ENOMEM;
    *slot = (struct seen){.key = key};
    w->n++;
    w->depth++;
    r = mr_compat_judge(w, out, b);
    w->depth--;
    find(w->seen, w->cap, key)->outcome = out; /* the table may have moved */
    *ret = out;
    return r;
}

int mr_schema_compatible(const struct mr_schema *reader, const struct mr_schema *writer,
                         struct mr_findings *findings)
{
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct both roots = {mr_schema_root(reader), mr_schema_root(writer), NULL};
    const struct mr_compat_outcome *whole;
    int r = mr_arena_new(0, &arena);

    if (r != 0)
        return r;
    struct walk w = {.arena = arena};
    r = mr_compat_pair(&w, &roots, &whole);
    free(w.seen);
    if (r == MR_END) {
        struct mr_compat_item only = {.fault = w.stop};
        return mr_compat_list(&(struct mr_compat_outcome){&only, &only}, findings);
    }
    return r == 0 ? mr_compat_list(whole, findings) : r;
}
