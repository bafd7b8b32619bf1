/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over a document: what the envelope knows is taken, the data is handed on, the rest joins
 * the metadata or is refused by name. */
#include <string.h>

#include "envelope_reader.h"

/* Whether the text at p, with more than quoted_len bytes, begins with the slot's name. */
static inline bool is_name(const struct envelope_slot *slot, const char *p)
{
    uint64_t front, back;

    if (slot->front == 0)
        return memcmp(p, slot->quoted, slot->quoted_len) == 0;
    memcpy(&front, p, 8);
    memcpy(&back, p + slot->quoted_len - 8, 8);
    return front == slot->front && back == slot->back;
}

/* The name of a member at the cursor: its slot, or NULL with the name itself. The slot that
 * followed the last one in the document before is tried first: producers do not reorder their
 * members. */
static int read_name(struct envelope_reader *reader, struct envelope_object *object, size_t *guess,
                     struct envelope_slot **ret_slot, struct mr_str *ret_name)
{
    struct mr_json_cursor *cursor = &reader->cursor;

    if (MR_LIKELY(*guess < object->n_slots)) {
        struct envelope_slot *slot = &object->slots[*guess];
        if ((size_t)(cursor->end - cursor->at) > slot->quoted_len && is_name(slot, cursor->at)) {
            cursor->at += slot->quoted_len;
            *ret_slot = slot;
            return 0;
        }
    }
    int r = reader_string(reader, ret_name);
    *ret_slot = NULL;
    for (size_t i = 0; r == 0 && i < object->n_slots; i++) {
        struct envelope_slot *slot = &object->slots[i];
        if (slot->quoted_len == ret_name->len + 2 &&
            memcmp(slot->quoted + 1, ret_name->data, ret_name->len) == 0) {
            *guess = i;
            *ret_slot = slot;
            break;
        }
    }
    return r;
}

static int read_object(struct envelope_reader *reader, struct envelope_object *object);

/* A string of the envelope. */
static int read_field(struct envelope_reader *reader, const struct envelope_slot *slot)
{
    struct envelope_value *value = &reader->out->fields[slot->field];
    struct mr_str text;
    int c = reader_peek(&reader->cursor);
    const char *at = reader->cursor.at;

    if (MR_UNLIKELY(c != '"'))
        return c < 0      ? MR_END
               : c == 'n' ? reader_pass(reader)
                          : reader_refuse(reader, at, slot->pointer, "must be a string");
    int r = reader_string(reader, &text);
    if (r != 0) {
        envelope_error_below(reader->reterr, slot->pointer);
        return r;
    }
    if (!value->text.data) {
        *value = (struct envelope_value){text, at, slot->pointer};
        return 0;
    }
    if (mr_str_eq(value->text, text))
        return 0;
    return envelope_refuse(reader->reterr, reader->cursor.begin, at, slot->pointer,
                           "says something else than %s", value->pointer);
}

static int read_data(struct envelope_reader *reader, const struct envelope_slot *slot)
{
    struct envelope *out = reader->out;
    struct envelope_value *value = &out->fields[MR_ENVELOPE_DATA];

    int c = reader_peek(&reader->cursor);
    if (c == 'n')
        return reader_pass(reader);
    if (value->text.data)
        return reader_refuse(reader, reader->cursor.at, slot->pointer, "is data beside data");
    *value = (struct envelope_value){{reader->cursor.at, 1}, reader->cursor.at, slot->pointer};
    if (slot->object) { /* other fields stand inside */
        struct mr_json_cursor start = reader->cursor;
        int r = c == '{' ? read_object(reader, slot->object) : 0;
        if (r != 0)
            return r;
        reader->cursor = start;
    }
    int r = reader->walk->on_data(reader->walk->self, out, &reader->cursor, reader->reterr);
    out->data_taken = r == 0;
    if (r == MR_ABSENT)
        r = reader_pass(reader);
    else if (r == MR_INVALID)
        envelope_error_below(reader->reterr, slot->pointer);
    value->text.len = (size_t)(reader->cursor.at - value->text.data);
    return r;
}

static int read_member(struct envelope_reader *reader, const struct envelope_slot *slot)
{
    const struct mr_envelope_member *member = slot->member;
    struct mr_str text;
    const char *at = reader->cursor.at;

    if (member->refuse) {
        int c = reader_peek(&reader->cursor);
        if (c < 0 || c == 'n')
            return reader_pass(reader);
        return envelope_refuse(reader->reterr, reader->cursor.begin, at, slot->pointer, "%s",
                               member->refuse);
    }
    if (member->value) {
        if (reader_peek(&reader->cursor) != '"')
            return reader->cursor.at == reader->cursor.end
                       ? MR_END
                       : envelope_refuse(reader->reterr, reader->cursor.begin, at, slot->pointer,
                                         "must be \"%s\"", member->value);
        int r = mr_json_string(&reader->cursor, &reader->out->scratch, &text, reader->reterr);
        if (r == 0 && !mr_str_is(text, member->value))
            r = envelope_refuse(reader->reterr, reader->cursor.begin, at, slot->pointer,
                                "must be \"%s\" (was \"%.*s\")", member->value,
                                (int)(text.len < 64 ? text.len : 64), text.data);
        return r;
    }
    return member->metadata ? reader_metadata(reader, mr_str_from(member->metadata))
                            : reader_pass(reader);
}

static int read_known(struct envelope_reader *reader, const struct envelope_slot *slot)
{
    const char *at = reader->cursor.at;

    if (slot->switch_to >= 0) {
        reader->switch_to = slot->switch_to;
        return MR_ABSENT;
    }
    if (MR_UNLIKELY((reader->told & slot->bit) != 0))
        return reader_refuse(reader, at, slot->pointer, "is told twice");
    reader->told |= slot->bit;
    if (slot->field == MR_ENVELOPE_DATA)
        return read_data(reader, slot);
    if (slot->object) {
        int c = reader_peek(&reader->cursor);
        if (c == '{') {
            int r = read_object(reader, slot->object);
            if (r == MR_INVALID && !slot->object->peek && reader->reterr &&
                strncmp(reader->reterr->where, slot->pointer, strlen(slot->pointer)) != 0)
                envelope_error_below(reader->reterr, slot->pointer);
            return r;
        }
        if (slot->object->peek || c == 'n')
            return reader_pass(reader);
        return c < 0 ? MR_END : reader_refuse(reader, at, slot->pointer, "must be an object");
    }
    if (slot->field >= 0)
        return read_field(reader, slot);
    return slot->member ? read_member(reader, slot) : reader_pass(reader);
}

static int read_value(struct envelope_reader *reader, struct envelope_object *object,
                      const struct envelope_slot *slot, struct mr_str name)
{
    const char *at = reader->cursor.at;

    if (MR_LIKELY(slot != NULL))
        return read_known(reader, slot);
    if (object->peek)
        return reader_pass(reader);
    if (!object->metadata)
        return reader_unknown(reader, object, name, at);
    int r = object == &reader->out->plan->root ? reader_extension(reader, name) : 0;
    return r != 0 ? r : reader_metadata(reader, name);
}

/* The cursor is at '{'. */
static int read_object(struct envelope_reader *reader, struct envelope_object *object)
{
    struct envelope_slot *slot;
    size_t *guess = &object->first;
    struct mr_str name = {0};
    int r;

    reader->cursor.at++;
    if (reader_peek(&reader->cursor) == '}') {
        reader->cursor.at++;
        return 0;
    }
    for (;;) {
        if (reader_peek(&reader->cursor) != '"')
            return reader_expect(reader, '"', "expected the name of a member");
        if ((r = read_name(reader, object, guess, &slot, &name)) != 0 ||
            (r = reader_expect(reader, ':', "expected ':' after the name of a member")) != 0 ||
            (r = read_value(reader, object, slot, name)) != 0)
            return r;
        int c = reader_peek(&reader->cursor);
        reader->cursor.at += c >= 0;
        if (c == '}')
            return 0;
        if (c != ',') {
            reader->cursor.at -= c >= 0;
            return reader_expect(reader, ',', "expected ',' or '}'");
        }
        (void)reader_peek(&reader->cursor);
        if (slot)
            guess = &slot->next;
    }
}

static MR_COLD int missing(struct envelope_reader *reader, uint32_t fields)
{
    const struct envelope_plan *plan = reader->out->plan;

    for (size_t i = 0; i < plan->root.n_slots; i++)
        if ((plan->root.slots[i].bit & plan->required & ~reader->told) != 0)
            return reader_refuse(reader, NULL, plan->root.slots[i].pointer, "is required");
    for (enum mr_envelope_field field = 0; field < MR_ENVELOPE_N_FIELDS; field++)
        if ((fields >> field & 1) != 0)
            return reader_refuse(reader, NULL, plan->map->fields[field].pointers[0], "is required");
    return 0;
}

static inline int check_required(struct envelope_reader *reader)
{
    const struct envelope *out = reader->out;
    uint32_t absent = 0;

    for (unsigned field = 0; field < MR_ENVELOPE_N_FIELDS; field++)
        absent |= (uint32_t)(out->fields[field].text.data == NULL) << field;
    absent &= out->plan->required_fields;
    return MR_LIKELY(absent == 0 && (out->plan->required & ~reader->told) == 0)
               ? 0
               : missing(reader, absent);
}

static void reset(struct envelope *out, const struct envelope_plan *plan)
{
    out->plan = plan;
    memset(out->fields, 0, sizeof(out->fields));
    out->data_taken = false;
    out->metadata.len = out->scratch.len = 0;
    out->n_metadata = out->n_dropped = 0;
    out->subject = out->traceparent = out->tracestate = out->baggage = (struct mr_str){0};
}

static int read_document(struct envelope_reader *reader, const struct mr_json_cursor *start)
{
    struct envelope_value *data = &reader->out->fields[MR_ENVELOPE_DATA];

    reader->cursor = *start;
    reader->told = 0;
    int c = reader_peek(&reader->cursor);
    if (c != '{')
        return c < 0 ? MR_END
                     : reader_refuse(reader, reader->cursor.at, "",
                                     "a document must be a JSON object");
    if (reader->out->plan->map->flat)
        *data = (struct envelope_value){{reader->cursor.at, 1}, reader->cursor.at, ""};
    union {
        const struct envelope_object *in;
        struct envelope_object *out;
    } unconst = {&reader->out->plan->root};
    int r = read_object(reader, unconst.out);
    if (r == 0 && reader->out->plan->map->flat)
        data->text.len = (size_t)(reader->cursor.at - data->text.data);
    return r != 0 ? r : check_required(reader);
}

int envelope_read(const struct envelope_walk *walk, struct mr_json_cursor *cursor,
                  struct envelope *ret_envelope, struct mr_error *reterr)
{
    const struct envelope_plans *plans = walk->plans;
    struct envelope_reader reader = {.walk = walk, .out = ret_envelope, .reterr = reterr};
    size_t plan = plans->n_plans - 1;

    /* texts borrow from scratch: it must not move during the walk */
    int r = mr_buf_reserve(&ret_envelope->scratch, (size_t)(cursor->end - cursor->at));
    if (r != 0)
        return r;
    do {
        reset(ret_envelope, &plans->plans[plan]);
        r = read_document(&reader, cursor);
        plan = (size_t)reader.switch_to; /* always an earlier one */
    } while (r == MR_ABSENT);
    if (r == 0)
        *cursor = reader.cursor;
    return r;
}

void envelope_done(struct envelope *envelope)
{
    mr_buf_done(&envelope->metadata);
    mr_buf_done(&envelope->scratch);
}
