/* SPDX-License-Identifier: Apache-2.0 */
/* What a saga remembers: fields of events as texts, kept as JSON. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "millrace/codec.h"
#include "saga.h"

/* ---- of an event ---- */

static int copy(struct mr_arena *arena, const char *data, size_t len, struct mr_str *ret)
{
    char *text = mr_arena_dup(arena, data, len);

    *ret = (struct mr_str){text, len};
    return text ? 0 : -ENOMEM;
}

static int text_of(enum mr_field_kind kind, const void *at, struct mr_arena *arena,
                   struct mr_str *ret)
{
    char text[64];
    int len = -1;
    const union {
        const void *any;
        const bool *boolean;
        const int32_t *i32;
        const int64_t *i64;
        const float *f32;
        const double *f64;
        const struct mr_str *str;
        const struct mr_decimal *decimal;
    } value = {at};

    if (kind == MR_FIELD_STRING)
        return copy(arena, value.str->data ? value.str->data : "", value.str->len, ret);
    if (kind == MR_FIELD_BOOL)
        return copy(arena, *value.boolean ? "true" : "false", *value.boolean ? 4 : 5, ret);
    if (kind == MR_FIELD_INT)
        len = snprintf(text, sizeof(text), "%" PRId32, *value.i32);
    else if (kind == MR_FIELD_LONG)
        len = snprintf(text, sizeof(text), "%" PRId64, *value.i64);
    else if (kind == MR_FIELD_FLOAT)
        len = snprintf(text, sizeof(text), "%.9g", (double)*value.f32);
    else if (kind == MR_FIELD_DOUBLE)
        len = snprintf(text, sizeof(text), "%.17g", *value.f64);
    else if (kind == MR_FIELD_DECIMAL)
        len = (int)mr_decimal_text(*value.decimal, text);
    return len < 0 ? -EINVAL : copy(arena, text, (size_t)len, ret);
}

static const struct mr_record_field *member(const struct mr_record_desc *desc, const char *name,
                                            size_t len)
{
    for (size_t i = 0; desc && i < desc->n_fields; i++)
        if (strlen(desc->fields[i].name) == len && memcmp(desc->fields[i].name, name, len) == 0)
            return &desc->fields[i];
    return NULL;
}

int saga_field_text(const struct mr_topic *topic, const void *record, const char *path,
                    struct mr_arena *arena, struct mr_str *ret_text)
{
    const struct mr_record_desc *desc = topic->record;
    const char *at = record;

    for (;;) {
        size_t len = strcspn(path, ".");
        const struct mr_record_field *f = member(desc, path, len);
        if (!f)
            return -EINVAL; /* the build has held it against the schema */
        if (f->has_offset != MR_NO_MEMBER && !*(const bool *)(const void *)(at + f->has_offset))
            return MR_ABSENT;
        at += f->offset;
        if (!path[len])
            return text_of(f->kind, at, arena, ret_text);
        path += len + 1;
        desc = f->kind == MR_FIELD_RECORD ? f->record : NULL;
    }
}

/* ---- remembered ---- */

static struct saga_slot *slot_of(struct saga_values *values, struct mr_str name)
{
    for (size_t i = 0; i < values->n; i++)
        if (mr_str_eq(values->slots[i].name, name))
            return &values->slots[i];
    return NULL;
}

const struct saga_slot *saga_value(const struct saga_values *values, struct mr_str name)
{
    for (size_t i = 0; i < values->n; i++)
        if (mr_str_eq(values->slots[i].name, name))
            return &values->slots[i];
    return NULL;
}

static int append(struct saga_slot *slot, struct mr_arena *arena, struct mr_str text)
{
    struct mr_str *items = mr_arena_array(arena, slot->n + 1, sizeof(*items));

    if (!items)
        return -ENOMEM;
    if (slot->n > 0)
        memcpy(items, slot->items, slot->n * sizeof(*items));
    items[slot->n++] = text;
    slot->items = items;
    return 0;
}

int saga_remember(struct saga_values *values, struct mr_arena *arena, struct mr_str name,
                  struct mr_str text)
{
    struct saga_slot *slot = slot_of(values, name);
    bool list = memmem(name.data, name.len, "[]", 2) != NULL;

    if (!slot) {
        if (values->n == MR_SAGA_MAX_VALUES)
            return MR_FULL;
        slot = &values->slots[values->n++];
        *slot = (struct saga_slot){.name = name, .list = list};
    }
    if (!list)
        slot->n = 0;
    return slot->n == MR_SAGA_MAX_LIST ? MR_FULL : append(slot, arena, text);
}

/* A value that the event does not have: of a list an empty text, so that its lists go in step. */
int saga_remember_event(struct saga_values *values, struct mr_tx *tx,
                        const struct mr_saga_clause *clause)
{
    struct mr_arena *arena = tx->run->arena;
    int r = 0;

    for (size_t i = 0; i < clause->n_remember && r == 0; i++) {
        struct mr_str name = mr_str_from(clause->remember[i].name), text = {"", 0};
        r = saga_field_text(tx->event.topic, tx->event.record, clause->remember[i].text, arena,
                            &text);
        if (r == 0 || (r == MR_ABSENT && memmem(name.data, name.len, "[]", 2)))
            r = saga_remember(values, arena, name, text);
        else if (r == MR_ABSENT)
            r = 0;
    }
    return r;
}

int saga_remember_all(struct saga_values *values, struct mr_arena *arena,
                      const struct saga_values *more)
{
    int r = 0;

    for (size_t i = 0; i < more->n; i++)
        for (size_t k = 0; k < more->slots[i].n && r == 0; k++)
            r = saga_remember(values, arena, more->slots[i].name, more->slots[i].items[k]);
    return r;
}

/* ---- JSON ---- */

static int write_slot(const struct saga_slot *slot, struct mr_buf *out)
{
    int r = mr_buf_json_string(out, slot->name.data, slot->name.len);

    if (r == 0)
        r = mr_buf_printf(out, slot->list ? ": [" : ": ");
    for (size_t i = 0; i < slot->n && r == 0; i++) {
        r = i > 0 ? mr_buf_printf(out, ", ") : 0;
        if (r == 0)
            r = mr_buf_json_string(out, slot->items[i].data, slot->items[i].len);
    }
    return r == 0 && slot->list ? mr_buf_byte(out, ']') : r;
}

int saga_values_write(const struct saga_values *values, struct mr_arena *arena,
                      struct mr_str *ret_json)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    int r = mr_buf_byte(&out, '{');

    for (size_t i = 0; i < values->n && r == 0; i++) {
        r = i > 0 ? mr_buf_printf(&out, ", ") : 0;
        if (r == 0)
            r = write_slot(&values->slots[i], &out);
    }
    if (r == 0)
        r = mr_buf_byte(&out, '}');
    return r == 0 ? copy(arena, (const char *)out.data, out.len, ret_json) : r;
}

/* At a character after white space; it is passed over if it is `c`. */
static bool take(struct mr_json_cursor *at, char c)
{
    mr_json_space(at);
    if (at->at == at->end || *at->at != c)
        return false;
    at->at++;
    return true;
}

static int read_text(struct mr_json_cursor *at, struct mr_arena *arena, struct mr_str *ret)
{
    MR_AUTO(mr_buf) struct mr_buf scratch = {0};

    mr_json_space(at);
    int r = mr_json_string(at, &scratch, ret, NULL);
    return r == 0 ? copy(arena, ret->data ? ret->data : "", ret->len, ret) : r;
}

static int read_list(struct mr_json_cursor *at, struct mr_arena *arena, struct saga_values *values,
                     struct mr_str name)
{
    struct mr_str text;
    int r = 0;

    if (take(at, ']'))
        return 0;
    do {
        r = read_text(at, arena, &text);
        if (r == 0)
            r = saga_remember(values, arena, name, text);
    } while (r == 0 && take(at, ','));
    return r != 0 ? r : take(at, ']') ? 0 : MR_INVALID;
}

static int read_member(struct mr_json_cursor *at, struct mr_arena *arena,
                       struct saga_values *values)
{
    struct mr_str name, text;
    int r = read_text(at, arena, &name);

    if (r != 0)
        return r;
    if (!take(at, ':'))
        return MR_INVALID;
    if (take(at, '['))
        return read_list(at, arena, values, name);
    r = read_text(at, arena, &text);
    return r == 0 ? saga_remember(values, arena, name, text) : r;
}

int saga_values_read(struct mr_str json, struct mr_arena *arena, struct saga_values *ret_values)
{
    struct mr_json_cursor at = {json.data, json.data, json.data + json.len};
    int r = take(&at, '{') ? 0 : MR_INVALID;

    ret_values->n = 0;
    if (r != 0 || take(&at, '}'))
        return r;
    do {
        r = read_member(&at, arena, ret_values);
    } while (r == 0 && take(&at, ','));
    return r != 0 ? r : take(&at, '}') ? 0 : MR_INVALID;
}
