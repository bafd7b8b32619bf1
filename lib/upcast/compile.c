/* SPDX-License-Identifier: Apache-2.0 */
/* One upcaster: the mapping read, compiled, judged. */
#include "compile.h"

#include <errno.h>
#include <string.h>

#include "millrace/upcast.h"
#include "upcaster.h"

/* Entries that the walk did not come by. */
static void judge_entries(struct compile *c)
{
    for (size_t i = 0; i < c->mapping->n_entries; i++) {
        const struct mapping_entry *entry = &c->mapping->entries[i];
        const struct mapping_entry *above = NULL;
        if (entry->used || !*entry->to)
            continue;
        for (size_t k = 0; k < c->mapping->n_entries && !above; k++) {
            const struct mapping_entry *other = &c->mapping->entries[k];
            size_t len = strlen(other->to);
            if (other->used && strncmp(entry->to, other->to, len) == 0 && entry->to[len])
                above = other;
        }
        if (above)
            mistake(c->mistakes, entry->at, "'%.200s' is covered already, by '%.200s' in line %u",
                    entry->to, above->to, above->at.line);
        else
            mistake(c->mistakes, entry->at, "the new version has no '%.200s'%s", entry->to,
                    mistake_hint(c->mistakes, c->scratch, entry->to, c->paths, c->n_paths));
    }
}

static int compile_all(struct compile *c, const struct make **ret_root)
{
    int r = places_find_all(&c->places, mr_schema_root(c->from), c->scratch);

    if (r == MR_FULL)
        mistake(c->mistakes, (struct spot){1, 1}, "the old schema has more than %d fields",
                MR_UPCAST_MAX_FIELDS);
    if (r != 0)
        return r;
    c->frames[c->n_frames++] = PLACE_ROOT;
    *ret_root = compile_value(c, "", mr_schema_root(c->to), PLACE_ROOT);
    judge_entries(c);
    places_judge(&c->places, c->mapping, c->scratch, c->mistakes);
    return c->mistakes->r;
}

static int new_upcaster(struct compile *c, struct mr_str text, struct mr_upcaster *upcaster)
{
    struct mapping mapping;
    int r = mapping_read(text, c->scratch, &mapping, c->mistakes);

    if (r == 0 && c->mistakes->n == 0 && c->reverse)
        r = mapping_reverse(&mapping, c->scratch, c->mistakes);
    if (r != 0 || c->mistakes->n > 0)
        return r != 0 ? r : MR_INVALID;
    c->mapping = &mapping;
    c->arena = upcaster->arena;
    c->notes = &upcaster->notes;
    r = compile_all(c, &upcaster->root);
    return r != 0 ? r : c->mistakes->n > 0 ? MR_INVALID : 0;
}

static int make_upcaster(struct compile *c, struct mr_str text, struct mr_upcaster **ret_upcaster)
{
    MR_AUTO(mr_upcaster) struct mr_upcaster *self = calloc(1, sizeof(*self));
    MR_AUTO(mr_arena) struct mr_arena *scratch = NULL;
    struct mistakes *mistakes = c->mistakes;

    if (!self)
        return -ENOMEM;
    self->from = mr_schema_ref(c->from);
    self->to = mr_schema_ref(c->to);
    int r = mr_arena_new(0, &self->arena);
    if (r == 0)
        r = mr_arena_new(0, &scratch);
    if (r != 0)
        return r;
    c->scratch = scratch;
    r = new_upcaster(c, text, self);
    if (mistakes->n > MR_UPCAST_MAX_MISTAKES && r >= 0 &&
        mr_buf_printf(mistakes->report, "%s: and %zu more\n", mistakes->path,
                      mistakes->n - MR_UPCAST_MAX_MISTAKES) != 0)
        r = -ENOMEM;
    if (r == 0)
        *ret_upcaster = MR_MOVE(self);
    return r == MR_FULL ? MR_INVALID : r;
}

int mr_upcaster_new(struct mr_schema *from, struct mr_schema *to, const char *version,
                    const char *path, struct mr_str text, struct mr_upcaster **ret_upcaster,
                    struct mr_buf *report)
{
    struct mistakes mistakes = {.path = path, .report = report};
    struct compile c = {.from = from, .to = to, .version = version, .mistakes = &mistakes};

    return make_upcaster(&c, text, ret_upcaster);
}

int mr_upcaster_new_reverse(struct mr_schema *from, struct mr_schema *to, const char *version,
                            const char *path, struct mr_str text, struct mr_upcaster **ret_upcaster,
                            struct mr_buf *report)
{
    struct mistakes mistakes = {.path = path, .report = report};
    struct compile c = {
        .from = from, .to = to, .version = version, .mistakes = &mistakes, .reverse = true};

    return make_upcaster(&c, text, ret_upcaster);
}

struct mr_upcaster *mr_upcaster_free(struct mr_upcaster *upcaster)
{
    if (upcaster) {
        (void)mr_schema_unref(upcaster->from);
        (void)mr_schema_unref(upcaster->to);
        (void)mr_arena_free(upcaster->arena);
        mr_buf_done(&upcaster->notes);
        free(upcaster);
    }
    return NULL;
}

struct mr_str mr_upcaster_notes(const struct mr_upcaster *upcaster)
{
    return (struct mr_str){(const char *)upcaster->notes.data, upcaster->notes.len};
}
