/* SPDX-License-Identifier: Apache-2.0 */
/* What the fields of an envelope become: told, or by default; ids, versions, times by their rules.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "intake.h"
#include "millrace/compiler.h"
#include "millrace/time.h"

struct making {
    struct intake *intake;
    const struct intake_topic *topic;
    const char *begin;
    struct mr_error *reterr;
};

static const char *pointer_of(const struct making *making, enum mr_envelope_field field)
{
    const struct envelope_value *value = &making->intake->envelope.fields[field];
    const struct mr_envelope_source *source = &making->intake->envelope.plan->map->fields[field];

    if (value->pointer)
        return value->pointer;
    return source->n_pointers > 0 ? source->pointers[0] : "";
}

static MR_COLD int refuse(const struct making *making, enum mr_envelope_field field,
                          const char *rule)
{
    const struct envelope_value *value = &making->intake->envelope.fields[field];
    int shown = value->text.len < 64 ? (int)value->text.len : 64;

    if (!value->text.data)
        return envelope_refuse(making->reterr, making->begin, NULL, pointer_of(making, field), "%s",
                               rule);
    return envelope_refuse(making->reterr, making->begin, value->at, pointer_of(making, field),
                           "%s (was \"%.*s\")", rule, shown, value->text.data);
}

/* A member of the data that the topic names as key or time. */
static int from_data(const struct making *making, const char *name, enum mr_envelope_field field)
{
    struct envelope_value *values = making->intake->envelope.fields;
    struct mr_error error = MR_ERROR_INIT;

    if (!name)
        return 0;
    int r = envelope_data_member(values[MR_ENVELOPE_DATA].text, name, &making->intake->scratch,
                                 &values[field], &error);
    return r == MR_ABSENT || r == MR_INVALID ? 0 : r;
}

static int apply_default(const struct making *making, const struct mr_envelope_default *value,
                         enum mr_envelope_field field, struct mr_str *ret_text)
{
    struct intake *intake = making->intake;
    const struct mr_topic *topic = making->topic->topic;
    const char *name = value->kind == MR_DEFAULT_KEY    ? topic->key
                       : value->kind == MR_DEFAULT_TIME ? topic->time
                                                        : NULL;
    int r = from_data(making, name, field);

    switch (value->kind) {
    case MR_DEFAULT_TEXT:
        *ret_text = mr_str_from(value->text);
        break;
    case MR_DEFAULT_SERVICE:
        *ret_text = mr_str_from(topic->service);
        break;
    case MR_DEFAULT_TYPE:
        *ret_text = making->topic->type;
        break;
    case MR_DEFAULT_VERSION:
        *ret_text = mr_str_from(mr_topic_version(topic, intake->version));
        break;
    case MR_DEFAULT_EVENT_ID:
        *ret_text = intake->text[MR_ENVELOPE_EVENT_ID];
        break;
    case MR_DEFAULT_KEY:
    case MR_DEFAULT_TIME:
        *ret_text = intake->envelope.fields[field].text;
        break;
    case MR_DEFAULT_CONTENT:
        break; /* see event_id */
    }
    return r;
}

/* ret_text->data stays NULL where the schema allows null. */
static int told_or_default(const struct making *making, enum mr_envelope_field field, bool nullable,
                           struct mr_str *ret_text)
{
    const struct envelope_value *value = &making->intake->envelope.fields[field];
    const struct mr_envelope_source *source = &making->intake->envelope.plan->map->fields[field];
    int r = 0;

    *ret_text = value->text;
    if (MR_LIKELY(ret_text->data != NULL))
        return 0;
    for (size_t i = 0; r == 0 && !ret_text->data && i < source->n_defaults; i++)
        r = apply_default(making, &source->defaults[i], field, ret_text);
    if (r == 0 && !ret_text->data && !nullable)
        r = refuse(making, field, "is required");
    return r;
}

/* A UUID is published in lower case, whoever wrote it how; *ret_is tells whether it is one. */
static void lower_uuid(struct intake *intake, enum mr_envelope_field field, bool *ret_is)
{
    struct mr_str *text = &intake->text[field];
    struct mr_uuid uuid;

    *ret_is = true;
    if (MR_LIKELY(mr_uuid_is_canonical(*text)))
        return;
    *ret_is = mr_uuid_parse(*text, &uuid) == 0;
    if (!*ret_is)
        return;
    mr_uuid_format(&uuid, intake->uuids[field]);
    *text = (struct mr_str){intake->uuids[field], MR_UUID_TEXT};
}

static int id_field(const struct making *making, enum mr_envelope_field field, bool nullable,
                    bool *ret_is_uuid)
{
    struct intake *intake = making->intake;
    struct mr_str *text = &intake->text[field];

    *text = intake->envelope.fields[field].text;
    if (nullable && !text->data && intake->envelope.plan->map->fields[field].n_defaults == 0)
        return 0;
    int r = told_or_default(making, field, nullable, text);
    if (r != 0 || !text->data)
        return r;
    lower_uuid(intake, field, ret_is_uuid);
    if (!*ret_is_uuid && intake->envelope.plan->map->fields[field].uuid)
        return refuse(making, field, "must be a UUID");
    if (text->len == 0 && !nullable)
        return refuse(making, field, "must not be empty");
    return 0;
}

/* UUIDv5 of a name under our space, as the event's id. */
static void derive_id(struct intake *intake, const struct mr_buf *name)
{
    struct mr_uuid uuid;

    mr_uuid_v5(&mr_uuid_space, name->data, name->len, &uuid);
    mr_uuid_format(&uuid, intake->uuids[MR_ENVELOPE_EVENT_ID]);
    intake->text[MR_ENVELOPE_EVENT_ID] =
        (struct mr_str){intake->uuids[MR_ENVELOPE_EVENT_ID], MR_UUID_TEXT};
}

static bool by_content(const struct mr_envelope_source *source)
{
    for (size_t i = 0; i < source->n_defaults; i++)
        if (source->defaults[i].kind == MR_DEFAULT_CONTENT)
            return true;
    return false;
}

/* After source_service. An id that is no UUID is only unique within its source. */
static int event_id(const struct making *making)
{
    struct intake *intake = making->intake;
    const struct envelope_value *told = &intake->envelope.fields[MR_ENVELOPE_EVENT_ID];
    struct mr_buf *name = &intake->name;
    bool is_uuid;
    int r = 0;

    name->len = 0;
    intake->original_id = (struct mr_str){0};
    if (!told->text.data && by_content(&intake->envelope.plan->map->fields[MR_ENVELOPE_EVENT_ID])) {
        r = mr_buf_printf(name, "%s\n", making->topic->topic->name);
        if (r == 0)
            r = mr_buf_append(name, intake->data.data, intake->data.len);
        if (r == 0)
            derive_id(intake, name);
        return r;
    }
    r = id_field(making, MR_ENVELOPE_EVENT_ID, false, &is_uuid);
    if (r != 0 || is_uuid)
        return r;
    intake->original_id = intake->text[MR_ENVELOPE_EVENT_ID];
    if ((r = mr_buf_append_str(name, intake->text[MR_ENVELOPE_SOURCE_SERVICE])) != 0 ||
        (r = mr_buf_byte(name, '/')) != 0 ||
        (r = mr_buf_append_str(name, intake->original_id)) != 0)
        return r;
    derive_id(intake, name);
    return 0;
}

/* MAJOR.MINOR or MAJOR.MINOR.PATCH, or the one that the platform wants; the major, or -1. */
static int32_t parse_version(struct mr_str text, int want_parts)
{
    int64_t major = 0;
    int parts = 0;
    size_t i = 0;

    for (;; i++, parts++) {
        size_t from = i;
        for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++)
            if (parts == 0 && major <= INT32_MAX / 10)
                major = major * 10 + (text.data[i] - '0');
        if (i == from)
            return -1;
        if (i == text.len)
            break;
        if (text.data[i] != '.' || parts == 2)
            return -1;
    }
    return parts >= 1 && (want_parts == 0 || parts + 1 == want_parts) && major <= INT32_MAX
               ? (int32_t)major
               : -1;
}

int32_t intake_major(const struct envelope *envelope, const struct mr_topic *topic)
{
    const struct envelope_value *value = &envelope->fields[MR_ENVELOPE_EVENT_VERSION];

    return value->text.data ? parse_version(value->text, topic->platform->version_parts) : 0;
}

int intake_version(struct intake *intake, const struct envelope *envelope,
                   const struct mr_topic *topic, const char *begin, struct mr_error *reterr)
{
    const struct envelope_value *value = &envelope->fields[MR_ENVELOPE_EVENT_VERSION];

    if (!value->text.data)
        return 0;
    int parts = topic->platform->version_parts;
    int32_t major = parse_version(value->text, parts);
    if (MR_LIKELY(major == topic->major))
        return 0;
    int shown = value->text.len < 64 ? (int)value->text.len : 64;
    if (major < 0)
        return envelope_refuse(reterr, begin, value->at, value->pointer,
                               "must be a version such as %s (was \"%.*s\")",
                               parts == 2   ? "\"1.0\""
                               : parts == 3 ? "\"1.0.0\""
                                            : "\"1.0\" or \"1.0.0\"",
                               shown, value->text.data);
    const struct mr_topic *other = mr_catalog_major(intake->catalog, topic, major);
    return envelope_refuse(reterr, begin, value->at, value->pointer,
                           "version %.*s does not belong to %s but to %s.%s.%s.v%d%s", shown,
                           value->text.data, topic->name, topic->service, topic->domain,
                           topic->action, (int)major,
                           other ? "" : ", which topics.yaml does not have");
}

static int timestamp(const struct making *making)
{
    struct mr_str text;
    int r = told_or_default(making, MR_ENVELOPE_TIMESTAMP, false, &text);

    if (r == 0 && mr_time_parse_micros(text, &making->intake->timestamp) != 0)
        r = refuse(making, MR_ENVELOPE_TIMESTAMP,
                   "must be an RFC 3339 time with zone, such as 2024-01-31T12:00:00Z");
    making->intake->text[MR_ENVELOPE_TIMESTAMP] = text;
    return r;
}

int intake_fields(struct intake *intake, const struct intake_topic *topic, const char *begin,
                  struct mr_error *reterr)
{
    const struct making making = {intake, topic, begin, reterr};
    struct mr_str *text = intake->text;
    bool is_uuid;

    intake->scratch.len = 0;
    int r = mr_buf_reserve(&intake->scratch, intake->envelope.fields[MR_ENVELOPE_DATA].text.len);
    if (r == 0)
        r = told_or_default(&making, MR_ENVELOPE_SOURCE_SERVICE, false,
                            &text[MR_ENVELOPE_SOURCE_SERVICE]);
    if (r == 0 && text[MR_ENVELOPE_SOURCE_SERVICE].len == 0)
        r = refuse(&making, MR_ENVELOPE_SOURCE_SERVICE, "must not be empty");
    if (r == 0)
        r = event_id(&making);
    if (r == 0)
        r = told_or_default(&making, MR_ENVELOPE_EVENT_VERSION, false,
                            &text[MR_ENVELOPE_EVENT_VERSION]);
    if (r == 0)
        r = timestamp(&making);
    if (r == 0)
        r = id_field(&making, MR_ENVELOPE_CORRELATION_ID, false, &is_uuid);
    if (r == 0)
        r = id_field(&making, MR_ENVELOPE_CAUSATION_ID, true, &is_uuid);
    if (r == 0)
        r = id_field(&making, MR_ENVELOPE_USER_ID, true, &is_uuid);
    return r == 0 ? id_field(&making, MR_ENVELOPE_SESSION_ID, true, &is_uuid) : r;
}
