/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over a document: what the envelope knows is taken, the data is handed on, the rest joins
 * the metadata or is refused by name. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "envelope.h"
#include "millrace/compiler.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct reader {
    const struct envelope_walk *walk;
    struct envelope *out;
    struct mr_json_cursor cursor;
    uint64_t told;
    int switch_to; /* set with MR_ABSENT: begin again with this envelope */
    struct mr_error *reterr;
};

static MR_COLD int refuse(struct reader *reader, const char *at, const char *pointer,
                          const char *rule)
{
    return envelope_refuse(reader->reterr, reader->cursor.begin, at, pointer, "%s", rule);
}

/* The next byte that is not white space, or -1 at the end. */
static inline int peek(struct mr_json_cursor *cursor)
{
    const char *p = cursor->at;

    while (p < cursor->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    cursor->at = p;
    return p < cursor->end ? (unsigned char)*p : -1;
}

static int expect(struct reader *reader, char wanted, const char *rule)
{
    int c = peek(&reader->cursor);

    if (MR_LIKELY(c == wanted)) {
        reader->cursor.at++;
        return 0;
    }
    return c < 0 ? MR_END : refuse(reader, reader->cursor.at, "", rule);
}

static int pass(struct reader *reader)
{
    return mr_json_skip(&reader->cursor, reader->reterr);
}

/* A string at the cursor. Nearly all are plain ASCII without escapes: these are found here, sixteen
 * bytes at a time; every other one is the codec's. */
static inline int read_string(struct reader *reader, struct mr_str *ret_text)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'),
                  space = _mm_set1_epi8(0x20);
    const char *from = reader->cursor.at + 1, *p = from, *end = reader->cursor.end;

    for (; end - p >= 16; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        /* signed: bytes from 0x80 on are below the space as well */
        int other = _mm_movemask_epi8(
            _mm_or_si128(_mm_cmplt_epi8(bytes, space), _mm_cmpeq_epi8(bytes, slash)));
        int stop = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, quote));
        if ((other | stop) == 0)
            continue;
        int at = __builtin_ctz((unsigned)(other | stop));
        if ((stop >> at & 1) == 0)
            break;
        *ret_text = (struct mr_str){from, (size_t)(p + at - from)};
        reader->cursor.at = p + at + 1;
        return 0;
    }
#endif
    return mr_json_string(&reader->cursor, &reader->out->scratch, ret_text, reader->reterr);
}

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
static int read_name(struct reader *reader, struct envelope_object *object, size_t *guess,
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
    int r = read_string(reader, ret_name);
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

static int add_metadata(struct reader *reader, struct mr_str name)
{
    struct envelope *out = reader->out;
    struct mr_buf *metadata = &out->metadata;
    const char *at = reader->cursor.at;
    size_t len = metadata->len;

    if (peek(&reader->cursor) == 'n')
        return pass(reader);
    for (size_t i = 0; i < out->n_metadata; i++)
        if (mr_str_eq(out->names[i], name)) {
            (void)refuse(reader, at, "", "is told twice");
            mr_error_at(reader->reterr, name.data, name.len);
            return MR_INVALID;
        }
    if (out->n_metadata == ENVELOPE_MAX_METADATA)
        return refuse(reader, at, "", "has more than 256 members that join the metadata");
    int r = mr_buf_reserve(metadata, name.len + 10);
    if (r != 0)
        return r;
    uint64_t zigzag = (uint64_t)name.len << 1;
    for (; zigzag >= 0x80; zigzag >>= 7)
        metadata->data[metadata->len++] = (uint8_t)(zigzag | 0x80);
    metadata->data[metadata->len++] = (uint8_t)zigzag;
    memcpy(metadata->data + metadata->len, name.data, name.len);
    metadata->len += name.len;
    r = mr_json_encode(reader->walk->metadata_value, &reader->cursor, metadata, NULL,
                       reader->reterr);
    if (r != 0) {
        metadata->len = len;
        mr_error_at(reader->reterr, name.data, name.len);
        return r;
    }
    out->names[out->n_metadata++] = name;
    return 0;
}

/* Extensions of CloudEvents that become headers of their own. */
static int take_extension(struct reader *reader, struct mr_str name)
{
    struct envelope *out = reader->out;
    const struct {
        const char *name;
        struct mr_str *value;
    } known[] = {{"subject", &out->subject},
                 {"traceparent", &out->traceparent},
                 {"tracestate", &out->tracestate},
                 {"baggage", &out->baggage}};

    for (size_t i = 0; i < MR_N_ELEMENTS(known); i++) {
        struct mr_json_cursor copy = reader->cursor;
        if (mr_str_is(name, known[i].name) && peek(&copy) == '"')
            return mr_json_string(&copy, &out->scratch, known[i].value, reader->reterr);
    }
    return 0;
}

static int unknown(struct reader *reader, const struct envelope_object *object, struct mr_str name,
                   const char *at)
{
    const char *names[ENVELOPE_MAX_SLOTS];
    char buffer[ENVELOPE_MAX_SLOTS][64], word[64];

    if (reader->walk->unknown == MR_UNKNOWN_DROP) {
        reader->out->n_dropped++;
        return pass(reader);
    }
    for (size_t i = 0; i < object->n_slots; i++) {
        (void)snprintf(buffer[i], sizeof(buffer[i]), "%.*s", (int)object->slots[i].quoted_len - 2,
                       object->slots[i].quoted + 1);
        names[i] = buffer[i];
    }
    (void)snprintf(word, sizeof(word), "%.*s", MR_STR_ARG(name));
    const char *near = mr_nearest(word, names, object->n_slots);
    (void)envelope_refuse(reader->reterr, reader->cursor.begin, at, "",
                          "is no member of the envelope%s%s%s", near ? ": did you mean '" : "",
                          near ? near : "", near ? "'?" : "; --unknown drop lets it pass");
    mr_error_at(reader->reterr, name.data, name.len);
    return MR_INVALID;
}

static int read_object(struct reader *reader, struct envelope_object *object);

/* A string of the envelope. */
static int read_field(struct reader *reader, const struct envelope_slot *slot)
{
    struct envelope_value *value = &reader->out->fields[slot->field];
    struct mr_str text;
    int c = peek(&reader->cursor);
    const char *at = reader->cursor.at;

    if (MR_UNLIKELY(c != '"'))
        return c < 0      ? MR_END
               : c == 'n' ? pass(reader)
                          : refuse(reader, at, slot->pointer, "must be a string");
    int r = read_string(reader, &text);
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

static int read_data(struct reader *reader, const struct envelope_slot *slot)
{
    struct envelope *out = reader->out;
    struct envelope_value *value = &out->fields[MR_ENVELOPE_DATA];

    int c = peek(&reader->cursor);
    if (c == 'n')
        return pass(reader);
    if (value->text.data)
        return refuse(reader, reader->cursor.at, slot->pointer, "is data beside data");
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
        r = pass(reader);
    else if (r == MR_INVALID)
        envelope_error_below(reader->reterr, slot->pointer);
    value->text.len = (size_t)(reader->cursor.at - value->text.data);
    return r;
}

static int read_member(struct reader *reader, const struct envelope_slot *slot)
{
    const struct mr_envelope_member *member = slot->member;
    struct mr_str text;
    const char *at = reader->cursor.at;

    if (member->refuse) {
        int c = peek(&reader->cursor);
        if (c < 0 || c == 'n')
            return pass(reader);
        return envelope_refuse(reader->reterr, reader->cursor.begin, at, slot->pointer, "%s",
                               member->refuse);
    }
    if (member->value) {
        if (peek(&reader->cursor) != '"')
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
    return member->metadata ? add_metadata(reader, mr_str_from(member->metadata)) : pass(reader);
}

static int read_known(struct reader *reader, const struct envelope_slot *slot)
{
    const char *at = reader->cursor.at;

    if (slot->switch_to >= 0) {
        reader->switch_to = slot->switch_to;
        return MR_ABSENT;
    }
    if (MR_UNLIKELY((reader->told & slot->bit) != 0))
        return refuse(reader, at, slot->pointer, "is told twice");
    reader->told |= slot->bit;
    if (slot->field == MR_ENVELOPE_DATA)
        return read_data(reader, slot);
    if (slot->object) {
        int c = peek(&reader->cursor);
        if (c == '{') {
            int r = read_object(reader, slot->object);
            if (r == MR_INVALID && !slot->object->peek && reader->reterr &&
                strncmp(reader->reterr->where, slot->pointer, strlen(slot->pointer)) != 0)
                envelope_error_below(reader->reterr, slot->pointer);
            return r;
        }
        if (slot->object->peek || c == 'n')
            return pass(reader);
        return c < 0 ? MR_END : refuse(reader, at, slot->pointer, "must be an object");
    }
    if (slot->field >= 0)
        return read_field(reader, slot);
    return slot->member ? read_member(reader, slot) : pass(reader);
}

static int read_value(struct reader *reader, struct envelope_object *object,
                      const struct envelope_slot *slot, struct mr_str name)
{
    const char *at = reader->cursor.at;

    if (MR_LIKELY(slot != NULL))
        return read_known(reader, slot);
    if (object->peek)
        return pass(reader);
    if (!object->metadata)
        return unknown(reader, object, name, at);
    int r = object == &reader->out->plan->root ? take_extension(reader, name) : 0;
    return r != 0 ? r : add_metadata(reader, name);
}

/* The cursor is at '{'. */
static int read_object(struct reader *reader, struct envelope_object *object)
{
    struct envelope_slot *slot;
    size_t *guess = &object->first;
    struct mr_str name = {0};
    int r;

    reader->cursor.at++;
    if (peek(&reader->cursor) == '}') {
        reader->cursor.at++;
        return 0;
    }
    for (;;) {
        if (peek(&reader->cursor) != '"')
            return expect(reader, '"', "expected the name of a member");
        if ((r = read_name(reader, object, guess, &slot, &name)) != 0 ||
            (r = expect(reader, ':', "expected ':' after the name of a member")) != 0 ||
            (r = read_value(reader, object, slot, name)) != 0)
            return r;
        int c = peek(&reader->cursor);
        reader->cursor.at += c >= 0;
        if (c == '}')
            return 0;
        if (c != ',') {
            reader->cursor.at -= c >= 0;
            return expect(reader, ',', "expected ',' or '}'");
        }
        (void)peek(&reader->cursor);
        if (slot)
            guess = &slot->next;
    }
}

static MR_COLD int missing(struct reader *reader, uint32_t fields)
{
    const struct envelope_plan *plan = reader->out->plan;

    for (size_t i = 0; i < plan->root.n_slots; i++)
        if ((plan->root.slots[i].bit & plan->required & ~reader->told) != 0)
            return refuse(reader, NULL, plan->root.slots[i].pointer, "is required");
    for (enum mr_envelope_field field = 0; field < MR_ENVELOPE_N_FIELDS; field++)
        if ((fields >> field & 1) != 0)
            return refuse(reader, NULL, plan->map->fields[field].pointers[0], "is required");
    return 0;
}

static inline int check_required(struct reader *reader)
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

static int read_document(struct reader *reader, const struct mr_json_cursor *start)
{
    struct envelope_value *data = &reader->out->fields[MR_ENVELOPE_DATA];

    reader->cursor = *start;
    reader->told = 0;
    int c = peek(&reader->cursor);
    if (c != '{')
        return c < 0 ? MR_END
                     : refuse(reader, reader->cursor.at, "", "a document must be a JSON object");
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
    struct reader reader = {.walk = walk, .out = ret_envelope, .reterr = reterr};
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
