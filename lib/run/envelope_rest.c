/* SPDX-License-Identifier: Apache-2.0 */
/* Members that an envelope does not know: they join the metadata, become headers, or are refused by
 * name. */
#include <stdio.h>
#include <string.h>

#include "envelope_reader.h"

int reader_refuse(struct envelope_reader *reader, const char *at, const char *pointer,
                  const char *rule)
{
    return envelope_refuse(reader->reterr, reader->cursor.begin, at, pointer, "%s", rule);
}

int reader_metadata(struct envelope_reader *reader, struct mr_str name)
{
    struct envelope *out = reader->out;
    struct mr_buf *metadata = &out->metadata;
    const char *at = reader->cursor.at;
    size_t len = metadata->len;

    if (reader_peek(&reader->cursor) == 'n')
        return reader_pass(reader);
    for (size_t i = 0; i < out->n_metadata; i++)
        if (mr_str_eq(out->names[i], name)) {
            (void)reader_refuse(reader, at, "", "is told twice");
            mr_error_at(reader->reterr, name.data, name.len);
            return MR_INVALID;
        }
    if (out->n_metadata == ENVELOPE_MAX_METADATA)
        return reader_refuse(reader, at, "", "has more than 256 members that join the metadata");
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
int reader_extension(struct envelope_reader *reader, struct mr_str name)
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
        if (mr_str_is(name, known[i].name) && reader_peek(&copy) == '"')
            return mr_json_string(&copy, &out->scratch, known[i].value, reader->reterr);
    }
    return 0;
}

int reader_unknown(struct envelope_reader *reader, const struct envelope_object *object,
                   struct mr_str name, const char *at)
{
    const char *names[ENVELOPE_MAX_SLOTS];
    char buffer[ENVELOPE_MAX_SLOTS][64], word[64];

    if (reader->walk->unknown == MR_UNKNOWN_DROP) {
        reader->out->n_dropped++;
        return reader_pass(reader);
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
