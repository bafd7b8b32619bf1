/* SPDX-License-Identifier: Apache-2.0 */
/* JSON objects to Avro records, members in any order.
 *
 * Avro wants fields in schema order. Members mostly come in it: the next field's name is compared
 * first, and its value is written at its place. A field that is passed over gets its default at
 * once, in the hope that it will not come. When a member does come late, its value is written at
 * the end, and the pieces are put in order after the last member. */
#include "json_encode.h"

struct record {
    const struct shape *shape;
    size_t start; /* of the record in out */
    size_t base;  /* of its slots */
    size_t next;  /* field that is expected now: all before it have a slot that was decided */
    size_t n_missing;
    bool disordered;
};

static struct slot *slot_of(struct encode *e, const struct record *record, size_t field)
{
    return &e->slots[record->base + field];
}

/* Text at p is the quoted name; compared in whole words, the last two overlapping. */
static inline bool is_token(const char *p, const char *end, struct mr_str token)
{
    uint64_t a, b;

    if (MR_UNLIKELY((size_t)(end - p) < token.len))
        return false;
    if (token.len < sizeof(a))
        return memcmp(p, token.data, token.len) == 0;
    for (size_t i = 0; i + sizeof(a) < token.len; i += sizeof(a)) {
        memcpy(&a, p + i, sizeof(a));
        memcpy(&b, token.data + i, sizeof(b));
        if (a != b)
            return false;
    }
    memcpy(&a, p + token.len - sizeof(a), sizeof(a));
    memcpy(&b, token.data + token.len - sizeof(b), sizeof(b));
    return a == b;
}

static int put_default(struct encode *e, struct record *record, size_t field)
{
    struct mr_bytes otherwise = record->shape->fields[field].otherwise;
    struct slot *slot = slot_of(e, record, field);
    size_t from = e->out->len;

    if (!otherwise.data) {
        *slot = (struct slot){.state = SLOT_MISSING};
        record->n_missing++;
        return 0;
    }
    int r = mr_buf_append(e->out, otherwise.data, otherwise.len);
    *slot = (struct slot){(uint32_t)(from - record->start), (uint32_t)(e->out->len - record->start),
                          SLOT_DEFAULT};
    return r;
}

/* Puts the place of a member to an error text that is already there. */
MR_COLD static int named(struct encode *e, struct mr_str name, const char *at)
{
    if (e->reterr) {
        e->reterr->offset = (size_t)(at - e->in.begin);
        mr_error_at(e->reterr, name.data, name.len);
    }
    return MR_INVALID;
}

MR_COLD static int unknown_member(struct encode *e, const struct record *record, struct mr_str name,
                                  const char *at)
{
    size_t n = record->shape->node->n_fields;
    const struct mr_schema_field *fields = record->shape->node->fields;
    MR_AUTO(free) const char **words = calloc(n + 1, sizeof(*words));
    char word[64];
    const char *near = NULL;

    for (size_t i = 0; words && i < n; i++)
        words[i] = fields[i].name;
    if (words && name.len < sizeof(word)) {
        memcpy(word, name.data, name.len);
        word[name.len] = '\0';
        near = mr_nearest(word, words, n);
    }
    if (near)
        (void)mr_error_set(e->reterr, MR_INVALID, "is unknown here; did you mean \"%s\"?", near);
    else
        (void)mr_error_set(e->reterr, MR_INVALID, "is unknown here: %s has no such member",
                           record->shape->node->name);
    return named(e, name, at);
}

/* Which field the member at the cursor is, by its name; SIZE_MAX: none. The cursor moves behind the
 * name. */
static int find_field(struct encode *e, const struct record *record, size_t *ret_field)
{
    const struct shape *shape = record->shape;
    const char *at = e->in.at;
    struct mr_str name;
    int r;

    if (json_peek(&e->in) != '"')
        return json_expected(&e->in, "a member's name", e->reterr);
    if ((r = encode_string_at(e, &name)) != 0)
        return r;
    const struct shape_field *field = mr_str_map_get(shape->names, name);
    if (!field && !e->drop)
        return unknown_member(e, record, name, at);
    *ret_field = field ? (size_t)(field - shape->fields) : SIZE_MAX;
    return 0;
}

static int pass_colon(struct encode *e)
{
    if (MR_UNLIKELY(e->in.at == e->in.end || *e->in.at != ':') && json_peek(&e->in) != ':')
        return json_expected(&e->in, "':'", e->reterr);
    e->in.at++;
    return 0;
}

MR_NOINLINE static int null_as_default(struct encode *e, const struct shape_field *field,
                                       bool *ret_done)
{
    *ret_done = false;
    if (!field->otherwise.data || json_peek(&e->in) != 'n')
        return 0;
    *ret_done = true;
    int r = json_word(&e->in, "null", e->reterr);
    return r != 0 ? r : mr_buf_append(e->out, field->otherwise.data, field->otherwise.len);
}

static inline int member_value(struct encode *e, const struct record *record, size_t index)
{
    const struct shape_field *field = &record->shape->fields[index];
    bool done = false;
    int r = MR_UNLIKELY(field->null_is_absent) ? null_as_default(e, field, &done) : 0;

    if (r == 0 && !done)
        r = encode_next(e, field->shape);
    if (MR_UNLIKELY(r == MR_INVALID))
        mr_error_at(e->reterr, field->name.data, field->name.len);
    return r;
}

/* A member that is not the expected one: later in the schema, earlier, or unknown. */
MR_NOINLINE static int other_member(struct encode *e, struct record *record, const char *at,
                                    size_t index)
{
    int r = 0;

    if (index == SIZE_MAX) {
        e->dropped++;
        return json_skip(&e->in, e->depth, NULL, e->reterr);
    }
    for (; r == 0 && record->next < index; record->next++)
        r = put_default(e, record, record->next);
    if (r != 0)
        return r;
    struct slot *slot = slot_of(e, record, index);
    if (index == record->next) {
        record->next++;
    } else if (slot->state == SLOT_READ) {
        (void)mr_error_set(e->reterr, MR_INVALID, "stands here twice");
        return named(e, record->shape->fields[index].name, at);
    } else {
        record->n_missing -= slot->state == SLOT_MISSING;
        record->disordered = true;
    }
    size_t from = e->out->len;
    if ((r = member_value(e, record, index)) != 0)
        return r;
    slot = slot_of(e, record, index); /* the stack may have moved */
    *slot = (struct slot){(uint32_t)(from - record->start), (uint32_t)(e->out->len - record->start),
                          SLOT_READ};
    return 0;
}

static inline int member(struct encode *e, struct record *record)
{
    const struct shape *shape = record->shape;
    const char *at = e->in.at;
    size_t index = 0;
    int r;

    if (MR_LIKELY(record->next < shape->node->n_fields) &&
        MR_LIKELY(is_token(at, e->in.end, shape->fields[record->next].token))) {
        index = record->next;
        e->in.at = at + shape->fields[index].token.len;
    } else if ((r = find_field(e, record, &index)) != 0) {
        return r;
    }
    if ((r = pass_colon(e)) != 0)
        return r;
    if (MR_UNLIKELY(index != record->next))
        return other_member(e, record, at, index);
    record->next++;
    size_t from = e->out->len;
    if ((r = member_value(e, record, index)) != 0)
        return r;
    *slot_of(e, record, index) = (struct slot){(uint32_t)(from - record->start),
                                               (uint32_t)(e->out->len - record->start), SLOT_READ};
    return 0;
}

MR_COLD static int missing_member(struct encode *e, const struct record *record)
{
    size_t i = 0;

    while (slot_of(e, record, i)->state != SLOT_MISSING)
        i++;
    (void)mr_error_set(e->reterr, MR_INVALID,
                       record->shape->node->fields[i].default_value
                           ? "is missing, and its default is no value of its type"
                           : "is required and missing");
    return named(e, record->shape->fields[i].name, e->in.at);
}

/* Copies the pieces behind the record in the order of the schema, and moves them to its place. */
static int put_in_order(struct encode *e, const struct record *record)
{
    size_t total = 0, n = record->shape->node->n_fields;
    struct mr_buf *out = e->out;

    for (size_t i = 0; i < n; i++)
        total += slot_of(e, record, i)->to - slot_of(e, record, i)->from;
    int r = mr_buf_reserve(out, total);
    if (r != 0)
        return r;
    uint8_t *start = out->data + record->start, *to = out->data + out->len;
    for (size_t i = 0; i < n; i++) {
        const struct slot *slot = slot_of(e, record, i);
        memcpy(to, start + slot->from, slot->to - slot->from);
        to += slot->to - slot->from;
    }
    memmove(start, out->data + out->len, total);
    out->len = record->start + total;
    return 0;
}

static int finish(struct encode *e, struct record *record)
{
    int r = 0;

    for (; r == 0 && record->next < record->shape->node->n_fields; record->next++)
        r = put_default(e, record, record->next);
    if (r != 0)
        return r;
    if (MR_UNLIKELY(record->n_missing > 0))
        return missing_member(e, record);
    if (record->disordered && (r = put_in_order(e, record)) != 0)
        return r;
    e->in.at++; /* the bracket */
    return 0;
}

static int members(struct encode *e, struct record *record)
{
    int c = json_peek(&e->in);
    int r;

    while (c != '}') {
        if ((r = member(e, record)) != 0)
            return r;
        c = json_peek(&e->in);
        if (c == ',') {
            e->in.at++;
            if (json_peek(&e->in) != '"')
                return json_expected(&e->in, "a member's name", e->reterr);
            c = '"';
        } else if (c != '}') {
            return json_expected(&e->in, "',' or '}'", e->reterr);
        }
    }
    return finish(e, record);
}

int encode_record(struct encode *e, const struct shape *shape)
{
    struct record record = {.shape = shape, .start = e->out->len, .base = e->n_slots};
    int r;

    if (MR_UNLIKELY(*e->in.at != '{'))
        return encode_wrong_kind(e, "an object");
    if ((r = encode_enter(e)) != 0 || (r = encode_slots(e, shape->node->n_fields)) != 0)
        return r;
    e->n_slots += shape->node->n_fields;
    e->in.at++;
    r = members(e, &record);
    e->n_slots = record.base;
    e->depth--;
    return r;
}
