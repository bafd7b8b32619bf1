/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles the envelopes of a platform into tables of member names. */
#include <errno.h>
#include <string.h>

#include "envelope.h"

struct compile {
    struct envelope_plans *plans;
    struct envelope_plan *plan;
    struct mr_error *reterr;
};

/* The first segment of a pointer, unescaped (RFC 6901), and the rest. */
static const char *segment(struct mr_arena *arena, const char **pointer)
{
    const char *from = *pointer + 1;
    size_t len = strcspn(from, "/"), n = 0;
    char *name = mr_arena_alloc(arena, len + 1);

    *pointer = from + len;
    for (size_t i = 0; name && i < len; i++) {
        char c = from[i];
        if (c == '~' && i + 1 < len)
            c = from[++i] == '0' ? '~' : '/';
        name[n++] = c;
    }
    return name;
}

static struct envelope_slot *find_slot(const struct envelope_object *object,
                                       const struct mr_buf *quoted)
{
    for (size_t i = 0; i < object->n_slots; i++)
        if (object->slots[i].quoted_len == quoted->len &&
            memcmp(object->slots[i].quoted, quoted->data, quoted->len) == 0)
            return &object->slots[i];
    return NULL;
}

static int add_slot(struct compile *compile, struct envelope_object *object,
                    const struct mr_buf *quoted, const char *pointer, size_t pointer_len,
                    struct envelope_slot **ret_slot)
{
    struct mr_arena *arena = compile->plans->arena;

    if (compile->plan->n_bits == ENVELOPE_MAX_SLOTS)
        return mr_error_set(compile->reterr, MR_INVALID, "envelope %s names more than %d members",
                            compile->plan->map->name, ENVELOPE_MAX_SLOTS);
    if (!object->slots)
        object->slots = mr_arena_array(arena, ENVELOPE_MAX_SLOTS, sizeof(*object->slots));
    char *copy = mr_arena_dup(arena, (const char *)quoted->data, quoted->len);
    char *path = mr_arena_dup(arena, pointer, pointer_len);
    if (!object->slots || !copy || !path)
        return -ENOMEM;
    struct envelope_slot *slot = &object->slots[object->n_slots++];
    *slot = (struct envelope_slot){.quoted = copy,
                                   .quoted_len = quoted->len,
                                   .pointer = path,
                                   .bit = 1ull << compile->plan->n_bits++,
                                   .field = -1,
                                   .switch_to = -1,
                                   .next = object->n_slots};
    if (slot->quoted_len >= 8 && slot->quoted_len <= 16) {
        memcpy(&slot->front, copy, 8);
        memcpy(&slot->back, copy + slot->quoted_len - 8, 8);
    }
    *ret_slot = slot;
    return 0;
}

/* The slot that a pointer leads to; those on the way are made objects. */
static int slot_at(struct compile *compile, const char *pointer, struct envelope_slot **ret_slot)
{
    struct mr_arena *arena = compile->plans->arena;
    struct envelope_object *object = &compile->plan->root;
    const char *rest = pointer;
    MR_AUTO(mr_buf) struct mr_buf quoted = {0};

    for (;;) {
        const char *name = segment(arena, &rest);
        quoted.len = 0;
        int r = name ? mr_buf_json_plain(&quoted, name, strlen(name)) : -ENOMEM;
        if (r != 0)
            return r;
        struct envelope_slot *slot = find_slot(object, &quoted);
        if (!slot &&
            (r = add_slot(compile, object, &quoted, pointer, (size_t)(rest - pointer), &slot)) != 0)
            return r;
        *ret_slot = slot;
        if (!*rest)
            return 0;
        if (!slot->object && !(slot->object = mr_arena_alloc(arena, sizeof(*slot->object))))
            return -ENOMEM;
        object = slot->object;
    }
}

static int add_field(struct compile *compile, enum mr_envelope_field field)
{
    const struct mr_envelope_source *source = &compile->plan->map->fields[field];

    if (source->required && field != MR_ENVELOPE_METADATA && source->n_pointers > 0 &&
        *source->pointers[0])
        compile->plan->required_fields |= 1u << field;
    for (size_t i = 0; i < source->n_pointers; i++) {
        struct envelope_slot *slot;
        if (!*source->pointers[i])
            continue; /* the whole document: see flat */
        int r = slot_at(compile, source->pointers[i], &slot);
        if (r != 0)
            return r;
        slot->field = (int)field;
        if (field != MR_ENVELOPE_METADATA)
            continue;
        if (!slot->object &&
            !(slot->object = mr_arena_alloc(compile->plans->arena, sizeof(*slot->object))))
            return -ENOMEM;
        slot->object->metadata = true;
    }
    return 0;
}

/* Below the data nothing but what was asked for is ours. */
static void mark_peek(struct envelope_object *object)
{
    object->peek = true;
    for (size_t i = 0; i < object->n_slots; i++)
        if (object->slots[i].object)
            mark_peek(object->slots[i].object);
}

static void mark_data(struct envelope_plan *plan, struct envelope_object *object)
{
    for (size_t i = 0; i < object->n_slots; i++) {
        struct envelope_slot *slot = &object->slots[i];
        if (slot->object && slot->field == MR_ENVELOPE_DATA)
            mark_peek(slot->object);
        else if (slot->object)
            mark_data(plan, slot->object);
    }
}

static int compile_plan(struct compile *compile, size_t index)
{
    const struct mr_envelope_map *map = compile->plan->map;
    struct envelope_slot *slot;
    int r = 0;

    for (enum mr_envelope_field field = 0; r == 0 && field < MR_ENVELOPE_N_FIELDS; field++)
        r = add_field(compile, field);
    for (size_t i = 0; r == 0 && i < map->n_members; i++) {
        if ((r = slot_at(compile, map->members[i].pointer, &slot)) != 0)
            break;
        slot->member = &map->members[i];
        if (slot->member->required)
            compile->plan->required |= slot->bit;
    }
    /* the members that announce an envelope that goes before this one */
    for (size_t i = 0; r == 0 && i < index; i++) {
        const char *when = compile->plans->platform->envelopes[i]->when;
        if (when && (r = slot_at(compile, when, &slot)) == 0)
            slot->switch_to = (int)i;
    }
    compile->plan->root.metadata = map->extensions;
    if (map->flat)
        mark_peek(&compile->plan->root);
    else
        mark_data(compile->plan, &compile->plan->root);
    return r;
}

int envelope_plans_init(struct envelope_plans *plans, const struct mr_platform *platform,
                        struct mr_error *reterr)
{
    *plans = (struct envelope_plans){.platform = platform};
    int r = mr_arena_new(0, &plans->arena);
    if (r != 0)
        return r;
    plans->plans = mr_arena_array(plans->arena, platform->n_envelopes, sizeof(*plans->plans));
    if (!plans->plans)
        return -ENOMEM;
    plans->n_plans = platform->n_envelopes;
    for (size_t i = 0; r == 0 && i < plans->n_plans; i++) {
        struct compile compile = {plans, &plans->plans[i], reterr};
        plans->plans[i].map = platform->envelopes[i];
        r = compile_plan(&compile, i);
    }
    return r;
}

void envelope_plans_done(struct envelope_plans *plans)
{
    (void)mr_arena_free(plans->arena);
    *plans = (struct envelope_plans){0};
}
