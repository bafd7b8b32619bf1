/* SPDX-License-Identifier: Apache-2.0 */
/* Records into the bytes of the `_schemas` topic. */
#include <string.h>

#include "record_json.h"

static const char *const keytypes[] = {
    [RECORD_SCHEMA] = "SCHEMA",
    [RECORD_CONFIG] = "CONFIG",
    [RECORD_MODE] = "MODE",
    [RECORD_DELETE_SUBJECT] = "DELETE_SUBJECT",
    [RECORD_CLEAR_SUBJECT] = "CLEAR_SUBJECT",
    [RECORD_CONTEXT] = "CONTEXT",
};

static int put_name(struct mr_buf *out, const char *name)
{
    int r = out->data[out->len - 1] == '{' ? 0 : mr_buf_byte(out, ',');

    if (r == 0)
        r = mr_buf_json_plain(out, name, strlen(name));
    return r == 0 ? mr_buf_byte(out, ':') : r;
}

static int put_text(struct mr_buf *out, const char *name, const char *text)
{
    int r = put_name(out, name);

    return r != 0 ? r : mr_buf_json_plain(out, text, strlen(text));
}

static int put_json(struct mr_buf *out, const char *name, const json_t *json)
{
    int r = put_name(out, name);

    return r != 0 ? r : json_append(out, json);
}

/* Key and value of a context both name it. */
static int put_context(struct mr_buf *out, const char *context)
{
    int r = put_text(out, "tenant", "default");

    return r != 0 ? r : put_text(out, "context", context);
}

int record_write_key(const struct record *record, struct mr_buf *out)
{
    int r = mr_buf_printf(out, "{\"keytype\":\"%s\"", keytypes[record->type]);

    if (r == 0 && record->type == RECORD_CONTEXT)
        r = put_context(out, record->subject);
    else if (r == 0 && record->subject)
        r = put_text(out, "subject", record->subject);
    if (r == 0 && record->type == RECORD_SCHEMA)
        r = mr_buf_printf(out, ",\"version\":%d", (int)record->version);
    return r != 0 ? r : mr_buf_printf(out, ",\"magic\":%d}", record->type == RECORD_SCHEMA);
}

static int put_extra(struct mr_buf *out, const json_t *extra)
{
    const char *name;
    json_t *member;
    int r = 0;

    json_object_foreach((json_t *)(uintptr_t)extra, name, member)
    {
        r = put_json(out, name, member);
        if (r != 0)
            break;
    }
    return r;
}

static int write_schema(const struct record *record, struct mr_buf *out)
{
    int r = put_text(out, "subject", record->subject);

    if (r == 0)
        r = mr_buf_printf(out, ",\"version\":%d,\"id\":%d", (int)record->version, (int)record->id);
    if (r == 0)
        r = content_write(record->content, out);
    if (r == 0)
        r = mr_buf_printf(out, ",\"deleted\":%s", record->deleted ? "true" : "false");
    return r == 0 ? put_extra(out, record->extra) : r;
}

static int write_config(const struct record *record, struct mr_buf *out)
{
    static const char *const first[] = {"alias",
                                        "normalize",
                                        "validateFields",
                                        "compatibilityLevel",
                                        "compatibilityGroup",
                                        "defaultMetadata",
                                        "overrideMetadata",
                                        "defaultRuleSet",
                                        "overrideRuleSet"};
    const char *name;
    json_t *member;
    int r = record->subject ? put_text(out, "subject", record->subject) : 0;

    for (size_t i = 0; i < MR_N_ELEMENTS(first) && r == 0; i++) {
        member = json_object_get(record->config, first[i]);
        if (member)
            r = put_json(out, first[i], member);
    }
    json_object_foreach(record->config, name, member)
    {
        bool done = false;
        for (size_t i = 0; i < MR_N_ELEMENTS(first); i++)
            done = done || strcmp(first[i], name) == 0;
        if (r == 0 && !done)
            r = put_json(out, name, member);
    }
    return r;
}

static int write_mode(const struct record *record, struct mr_buf *out)
{
    int r = record->subject ? put_text(out, "subject", record->subject) : 0;

    return r != 0 ? r : put_text(out, "mode", mode_name(record->mode));
}

static bool is_tombstone(const struct record *record)
{
    return (record->type == RECORD_SCHEMA && !record->content) ||
           (record->type == RECORD_CONFIG && !record->config) ||
           (record->type == RECORD_MODE && record->mode == MODE_NONE) ||
           (record->type == RECORD_CONTEXT && record->deleted);
}

static int write_members(const struct record *record, struct mr_buf *out)
{
    int r = 0;

    switch (record->type) {
    case RECORD_SCHEMA:
        return write_schema(record, out);
    case RECORD_CONFIG:
        return write_config(record, out);
    case RECORD_MODE:
        return write_mode(record, out);
    case RECORD_DELETE_SUBJECT:
        r = put_text(out, "subject", record->subject);
        return r != 0 ? r : mr_buf_printf(out, ",\"version\":%d", (int)record->version);
    case RECORD_CLEAR_SUBJECT:
        return record->subject ? put_text(out, "subject", record->subject) : 0;
    case RECORD_CONTEXT:
        return put_context(out, record->subject);
    }
    return r;
}

int record_write_value(const struct record *record, struct mr_buf *out, bool *ret_tombstone)
{
    *ret_tombstone = is_tombstone(record);
    if (*ret_tombstone)
        return 0;
    int r = mr_buf_byte(out, '{');
    if (r == 0)
        r = write_members(record, out);
    return r == 0 ? mr_buf_byte(out, '}') : r;
}
