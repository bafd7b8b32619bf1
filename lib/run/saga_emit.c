/* SPDX-License-Identifier: Apache-2.0 */
/* Events that sagas publish: a struct of the topic, filled field by field from templates. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "saga.h"

/* ---- one value ---- */

static int whole(struct mr_str text, int64_t *ret)
{
    char copy[32], *end;

    if (text.len == 0 || text.len >= sizeof(copy))
        return MR_INVALID;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    errno = 0;
    *ret = strtoll(copy, &end, 10);
    return errno == 0 && !*end ? 0 : MR_INVALID;
}

static int real(struct mr_str text, double *ret)
{
    char copy[64], *end;

    if (text.len == 0 || text.len >= sizeof(copy))
        return MR_INVALID;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    *ret = strtod(copy, &end);
    return *end ? MR_INVALID : 0;
}

static int put(enum mr_field_kind kind, void *at, struct mr_str text)
{
    struct mr_decimal decimal;
    int64_t number = 0;
    double floating = 0;
    int r = 0;

    if (kind == MR_FIELD_STRING) {
        memcpy(at, &text, sizeof(text));
    } else if (kind == MR_FIELD_BOOL) {
        *(bool *)at = mr_str_is(text, "true");
        r = mr_str_is(text, "true") || mr_str_is(text, "false") ? 0 : MR_INVALID;
    } else if (kind == MR_FIELD_DECIMAL) {
        r = mr_decimal_parse(text, &decimal);
        if (r == 0)
            memcpy(at, &decimal, sizeof(decimal));
    } else if (kind == MR_FIELD_DOUBLE) {
        r = real(text, &floating);
        memcpy(at, &floating, sizeof(floating));
    } else if (kind == MR_FIELD_LONG || kind == MR_FIELD_INT) {
        r = whole(text, &number);
        int32_t less = (int32_t)number;
        if (kind == MR_FIELD_INT && less != number)
            r = MR_INVALID;
        memcpy(at, kind == MR_FIELD_INT ? (void *)&less : (void *)&number,
               kind == MR_FIELD_INT ? sizeof(less) : sizeof(number));
    } else {
        r = -EINVAL; /* the build has held it against the schema */
    }
    return r;
}

/* ---- fields ---- */

struct filling {
    struct saga_instance *in;
    const struct mr_saga_emission *emission;
    const char *text;
    size_t item;
};

static int fill(struct filling *f, const struct mr_record_desc *desc, const char *path, char *at);

/* The longest list among those that fill the same array. */
static size_t n_items(const struct filling *f, const char *path)
{
    const struct mr_saga_emission *e = f->emission;
    size_t most = 1;

    for (size_t i = 0; i < e->n_fields; i++) {
        const char *list = strstr(e->fields[i].name, "[]");
        size_t len = strcspn(path, "[");
        if (!list || !strstr(e->fields[i].name, path) || strncmp(list - len, path, len) != 0)
            continue;
        size_t n = saga_list_len(f->in, e->fields[i].text);
        if (n > most)
            most = n;
    }
    return most;
}

static int fill_value(struct filling *f, const struct mr_record_field *field,
                      enum mr_field_kind kind, char *record, char *at)
{
    struct mr_str text;
    int r = saga_render(f->in, f->text, f->item, &text);

    if (r == MR_ABSENT && field->has_offset != MR_NO_MEMBER)
        return 0; /* stays null */
    if (r == MR_ABSENT)
        return mr_error_set(&f->in->tx->error, MR_INVALID,
                            "saga %s: %s of %s is to be '%s', which no event told",
                            f->in->saga->name, field->name, f->emission->topic->name, f->text);
    if (r == 0)
        r = put(kind, at, text);
    if (r == 0 && field->has_offset != MR_NO_MEMBER)
        *(bool *)(void *)(record + field->has_offset) = true;
    return r == MR_INVALID ? mr_error_set(&f->in->tx->error, r,
                                          "saga %s: %s of %s cannot be '%.*s'", f->in->saga->name,
                                          field->name, f->emission->topic->name, MR_STR_ARG(text))
                           : r;
}

static int fill_items(struct filling *f, const struct mr_record_field *field, const char *path,
                      char *record)
{
    size_t len = strcspn(path, "["), n = n_items(f, path);
    char *items;
    int r = 0;

    memcpy(&items, record + field->offset, sizeof(items));
    if (!items) {
        items = mr_arena_array(f->in->tx->run->arena, n, field->item_size);
        if (!items)
            return -ENOMEM;
        memcpy(record + field->offset, &items, sizeof(items));
        memcpy(record + field->count_offset, &n, sizeof(n));
        if (field->has_offset != MR_NO_MEMBER)
            *(bool *)(void *)(record + field->has_offset) = true;
    }
    for (f->item = 0; f->item < n && r == 0; f->item++) {
        char *at = items + f->item * field->item_size;
        r = path[len + 2] ? fill(f, field->record, path + len + 3, at)
                          : fill_value(f, field, field->item, record, at);
    }
    f->item = 0;
    return r;
}

static int fill(struct filling *f, const struct mr_record_desc *desc, const char *path, char *at)
{
    size_t len = strcspn(path, ".[");

    for (size_t i = 0; desc && i < desc->n_fields; i++) {
        const struct mr_record_field *field = &desc->fields[i];
        if (strlen(field->name) != len || memcmp(field->name, path, len) != 0)
            continue;
        if (path[len] == '[')
            return fill_items(f, field, path, at);
        if (!path[len])
            return fill_value(f, field, field->kind, at, at + field->offset);
        if (field->has_offset != MR_NO_MEMBER)
            *(bool *)(void *)(at + field->has_offset) = true;
        return fill(f, field->record, path + len + 1, at + field->offset);
    }
    return -EINVAL; /* the build has held it against the schema */
}

static const struct mr_record_field *data_of(const struct mr_topic *topic)
{
    for (size_t i = 0; i < topic->record->n_fields; i++)
        if (strcmp(topic->record->fields[i].name, "data") == 0)
            return &topic->record->fields[i];
    return NULL;
}

static int emit_one(struct saga_instance *in, const struct mr_saga_emission *emission)
{
    const struct mr_record_field *data = data_of(emission->topic);
    char *record = mr_arena_alloc(in->tx->run->arena, emission->topic->record->size);
    struct filling f = {.in = in, .emission = emission};
    int r = !record ? -ENOMEM : data ? 0 : -EINVAL;

    for (size_t i = 0; i < emission->n_fields && r == 0; i++) {
        f.text = emission->fields[i].text;
        r = fill(&f, data->record, emission->fields[i].name, record + data->offset);
    }
    return r == 0 ? mr_tx_emit(in->tx, emission->topic, record) : r;
}

/* The instance's flow and people, whoever the event that moves it belongs to; caused by that event.
 */
int saga_emit(struct saga_instance *in, const struct mr_saga_emits *emits)
{
    const struct mr_envelope *before = in->tx->event.envelope;
    const struct mr_cause *cause = &in->row.cause;
    struct mr_envelope envelope = *before;
    int r = 0;

    envelope.correlation_id = cause->correlation_id;
    envelope.has_user_id = cause->user_id.data != NULL;
    envelope.user_id = cause->user_id;
    envelope.has_session_id = cause->session_id.data != NULL;
    envelope.session_id = cause->session_id;
    in->tx->event.envelope = &envelope;
    for (size_t i = 0; i < emits->n_items && r == 0; i++)
        r = emit_one(in, emits->items[i]);
    in->tx->event.envelope = before;
    return r;
}
