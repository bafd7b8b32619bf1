/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the record together: wire header, envelope, data; key and headers. */
#include "intake.h"

#include <string.h>

#include "millrace/compiler.h"
#include "millrace/hash.h"
#include "millrace/time.h"

static int encode_data(struct intake *intake, const struct intake_topic *topic,
                       struct mr_json_cursor *cursor, struct mr_error *reterr)
{
    intake->data.len = 0;
    return mr_json_encode(topic->data, cursor, &intake->data, &intake->n_dropped, reterr);
}

/* The data is encoded where it stands when the event is known by then; mistakes in the envelope
 * wait for the end of the walk, so that they are told before those in the data. */
int intake_on_data(void *self, const struct envelope *envelope, struct mr_json_cursor *cursor,
                   struct mr_error *reterr)
{
    struct intake *intake = self;
    struct intake_topic *topic;

    if (!envelope->fields[MR_ENVELOPE_EVENT_TYPE].text.data && !intake->forced)
        return MR_ABSENT;
    if (intake_choose(intake, envelope, &topic, NULL, NULL) != 0 ||
        intake_version(intake, envelope, topic->topic, NULL, NULL) != 0 ||
        (topic->majors && !envelope->fields[MR_ENVELOPE_EVENT_VERSION].text.data))
        return MR_ABSENT;
    intake->last = intake->found = topic;
    return encode_data(intake, topic, cursor, reterr);
}

/* ---- Avro: the ten fields before the data are the same in every schema (test_intake holds it)
 * ---- */

static uint8_t *put_long(uint8_t *p, int64_t value)
{
    uint64_t zigzag = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);

    for (; zigzag >= 0x80; zigzag >>= 7)
        *p++ = (uint8_t)(zigzag | 0x80);
    *p++ = (uint8_t)zigzag;
    return p;
}

static uint8_t *put_text(uint8_t *p, struct mr_str text)
{
    p = put_long(p, (int64_t)text.len);
    memcpy(p, text.data, text.len);
    return p + text.len;
}

/* ["null", "string"] */
static uint8_t *put_optional(uint8_t *p, struct mr_str text)
{
    if (!text.data) {
        *p++ = 0;
        return p;
    }
    *p++ = 2;
    return put_text(p, text);
}

static uint8_t *put_metadata(uint8_t *p, const struct intake *intake)
{
    const struct envelope *envelope = &intake->envelope;
    size_t n = envelope->n_metadata + (intake->original_id.data != NULL);

    if (n > 0) {
        p = put_long(p, (int64_t)n);
        if (envelope->metadata.len > 0)
            memcpy(p, envelope->metadata.data, envelope->metadata.len);
        p += envelope->metadata.len;
        if (intake->original_id.data) {
            p = put_text(p, MR_STR("original_event_id"));
            p = put_text(p, intake->original_id);
        }
    }
    *p++ = 0;
    return p;
}

static int put_value(struct intake *intake, const struct intake_topic *topic)
{
    enum { FIXED = 256 }; /* wire header, lengths, branches, timestamp, names of our own */
    const struct mr_str *text = intake->text;
    size_t room =
        FIXED + intake->envelope.metadata.len + intake->original_id.len + intake->data.len;

    for (size_t i = 0; i < MR_ENVELOPE_METADATA; i++)
        room += text[i].len;
    intake->value.len = 0;
    int r = mr_buf_reserve(&intake->value, room);
    if (r != 0)
        return r;
    uint8_t *p = intake->value.data;
    uint32_t id = (uint32_t)topic->schema_id;
    *p++ = 0;
    *p++ = (uint8_t)(id >> 24);
    *p++ = (uint8_t)(id >> 16);
    *p++ = (uint8_t)(id >> 8);
    *p++ = (uint8_t)id;
    p = put_text(p, text[MR_ENVELOPE_EVENT_ID]);
    p = put_text(p, topic->type);
    p = put_text(p, text[MR_ENVELOPE_EVENT_VERSION]);
    p = put_long(p, intake->timestamp);
    p = put_text(p, text[MR_ENVELOPE_CORRELATION_ID]);
    p = put_optional(p, text[MR_ENVELOPE_CAUSATION_ID]);
    p = put_text(p, text[MR_ENVELOPE_SOURCE_SERVICE]);
    p = put_optional(p, text[MR_ENVELOPE_USER_ID]);
    p = put_optional(p, text[MR_ENVELOPE_SESSION_ID]);
    p = put_metadata(p, intake);
    memcpy(p, intake->data.data, intake->data.len);
    intake->value.len = (size_t)(p - intake->value.data) + intake->data.len;
    return 0;
}

/* ---- headers: CloudEvents' Kafka binding, binary mode ---- */

static struct mr_bytes bytes(struct mr_str text)
{
    return (struct mr_bytes){(const uint8_t *)text.data, text.len};
}

static void add_header(struct intake_record *record, const char *name, struct mr_str value)
{
    record->headers[record->n_headers++] = (struct mr_header){name, bytes(value), true, false};
}

/* One whose text lives as long as the catalogue. */
static void add_constant(struct intake_record *record, const char *name, struct mr_str value)
{
    record->headers[record->n_headers++] = (struct mr_header){name, bytes(value), true, true};
}

/* W3C trace context: the same trace, and this hop as its parent. */
static void renew_trace(struct intake *intake, struct intake_record *record)
{
    struct mr_str old = intake->envelope.traceparent;
    struct mr_uuid fresh;
    char *out = intake->traceparent;

    if (old.len != 55 || old.data[2] != '-' || old.data[35] != '-' || old.data[52] != '-' ||
        mr_uuid_v4(&fresh) != 0)
        return; /* what is no trace context is not passed on */
    memcpy(out, old.data, 55);
    (void)mr_hex_encode(fresh.bytes, 8, out + 36);
    add_header(record, "traceparent", (struct mr_str){out, 55});
    if (intake->envelope.tracestate.data)
        add_header(record, "tracestate", intake->envelope.tracestate);
}

/* As it was told when that is UTC already, in the form that everybody reads. */
static struct mr_str header_time(struct intake *intake)
{
    struct mr_str told = intake->text[MR_ENVELOPE_TIMESTAMP];

    if (told.data[told.len - 1] == 'Z' && told.data[10] == 'T')
        return told;
    return (struct mr_str){intake->time, mr_time_format_micros(intake->timestamp, intake->time)};
}

/* Few and short, in docs' order: each costs as much as encoding ten members. */
static void put_headers(struct intake *intake, const struct intake_topic *topic,
                        struct intake_record *record)
{
    const struct mr_str *text = intake->text;

    record->n_headers = 0;
    add_constant(record, "ce_specversion", MR_STR("1.0"));
    add_header(record, "ce_id",
               intake->original_id.data ? intake->original_id : text[MR_ENVELOPE_EVENT_ID]);
    add_header(record, "ce_source", text[MR_ENVELOPE_SOURCE_SERVICE]);
    add_constant(record, "ce_type", topic->type);
    add_header(record, "ce_time", header_time(intake));
    add_constant(record, "content-type", MR_STR("application/avro"));
    add_header(record, "ce_correlationid", text[MR_ENVELOPE_CORRELATION_ID]);
    if (text[MR_ENVELOPE_CAUSATION_ID].data)
        add_header(record, "ce_causationid", text[MR_ENVELOPE_CAUSATION_ID]);
    if (intake->envelope.subject.data)
        add_header(record, "ce_subject", intake->envelope.subject);
    if (MR_UNLIKELY(intake->envelope.traceparent.data != NULL))
        renew_trace(intake, record);
    if (intake->envelope.baggage.data)
        add_header(record, "baggage", intake->envelope.baggage);
}

/* ---- the whole ---- */

/* Type and version may stand behind the data, which were then taken by --event or as some version.
 */
static int check_told_later(struct intake *intake, const char *begin, struct mr_error *reterr)
{
    const struct envelope *envelope = &intake->envelope;
    const struct envelope_value *fields = envelope->fields;
    const char *data = fields[MR_ENVELOPE_DATA].at;
    struct intake_topic *topic = intake->last;
    int r = 0;

    if (MR_UNLIKELY(fields[MR_ENVELOPE_EVENT_TYPE].at > data))
        r = intake_choose(intake, envelope, &topic, begin, reterr);
    if (MR_UNLIKELY(r != 0))
        intake->found = NULL;
    if (r == 0 && MR_UNLIKELY(fields[MR_ENVELOPE_EVENT_VERSION].at > data))
        r = intake_version(intake, envelope, topic->topic, begin, reterr);
    return r;
}

static int read_rest(struct intake *intake, struct mr_json_cursor *cursor,
                     struct intake_topic **ret_topic, struct mr_error *reterr)
{
    struct envelope *envelope = &intake->envelope;
    const struct envelope_value *data = &envelope->fields[MR_ENVELOPE_DATA];
    int r;

    if (MR_LIKELY(envelope->data_taken)) {
        *ret_topic = intake->last;
        if ((r = check_told_later(intake, cursor->begin, reterr)) != 0)
            return r;
    } else {
        r = intake_choose(intake, envelope, ret_topic, cursor->begin, reterr);
        if (r == 0)
            r = intake_version(intake, envelope, (*ret_topic)->topic, cursor->begin, reterr);
        if (r != 0)
            return r;
        intake->found = *ret_topic;
        struct mr_json_cursor at = {cursor->begin, data->text.data,
                                    data->text.data + data->text.len};
        r = encode_data(intake, *ret_topic, &at, reterr);
        if (r == MR_INVALID)
            envelope_error_below(reterr, data->pointer);
        if (r != 0)
            return r;
    }
    r = intake_fields(intake, *ret_topic, cursor->begin, reterr);
    return r != 0 ? r : put_value(intake, *ret_topic);
}

int intake_read(struct intake *intake, const char *text, size_t len,
                struct intake_record *ret_record, struct mr_error *reterr)
{
    struct mr_json_cursor cursor = {text, text, text + len};
    struct intake_topic *topic;

    intake->n_dropped = 0;
    intake->found = NULL;
    int r = envelope_read(&intake->walk, &cursor, &intake->envelope, reterr);
    if (r == 0)
        r = read_rest(intake, &cursor, &topic, reterr);
    if (MR_UNLIKELY(r != 0))
        return r;
    ret_record->topic = topic;
    ret_record->key = bytes(intake->text[MR_ENVELOPE_CORRELATION_ID]);
    ret_record->value = (struct mr_bytes){intake->value.data, intake->value.len};
    ret_record->n_dropped = intake->n_dropped + intake->envelope.n_dropped;
    ret_record->len = (size_t)(cursor.at - text);
    ret_record->data = intake->envelope.fields[MR_ENVELOPE_DATA].text;
    ret_record->data_pointer = intake->envelope.fields[MR_ENVELOPE_DATA].pointer;
    put_headers(intake, topic, ret_record);
    return 0;
}
