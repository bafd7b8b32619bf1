/* SPDX-License-Identifier: Apache-2.0 */
/* Records out of the bytes of the `_schemas` topic, whoever wrote them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "entity.h"
#include "millrace/schema.h"
#include "millrace/status.h"
#include "names.h"
#include "record_json.h"

enum { MAX_EXCERPT = 80 }; /* of a key in an error */

void entry_done(struct entry *entry)
{
    json_decref(entry->key);
    json_decref(entry->value);
    json_decref(entry->config);
    json_decref(entry->extra);
    entry->content = content_unref(entry->content);
}

static int32_t int_of(const json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);
    json_int_t value = json_integer_value(member);

    return json_is_integer(member) && value >= 0 && value <= INT32_MAX ? (int32_t)value : -1;
}

/* Absent and null are none. False: it has another type. */
static bool optional(const json_t *object, const char *name, json_type type, json_t **ret_member)
{
    json_t *member = json_object_get(object, name);

    *ret_member = NULL;
    if (!member || json_is_null(member))
        return true;
    if (json_typeof(member) != type)
        return false;
    *ret_member = member;
    return true;
}

static bool good_references(const json_t *references)
{
    const json_t *reference;
    size_t i;

    json_array_foreach(references, i, reference)
    {
        if (!json_is_string(json_object_get(reference, "name")) ||
            !json_is_string(json_object_get(reference, "subject")) ||
            int_of(reference, "version") < 0)
            return false;
    }
    return true;
}

/* What is left of the value when all that is understood is taken away; NULL when nothing is. */
static int take_extra(const json_t *value, struct entry *entry)
{
    static const char *const known[] = {"subject",  "version", "id",     "schemaType", "references",
                                        "metadata", "ruleSet", "schema", "deleted"};
    json_t *extra = json_copy((json_t *)(uintptr_t)value);

    if (!extra)
        return -ENOMEM;
    for (size_t i = 0; i < MR_N_ELEMENTS(known); i++)
        (void)json_object_del(extra, known[i]);
    if (json_object_size(extra) > 0)
        entry->extra = extra;
    else
        json_decref(extra);
    entry->record.extra = entry->extra;
    return 0;
}

static int read_content(const json_t *value, struct entry *entry)
{
    json_t *type, *references, *metadata, *rules;
    const json_t *text = json_object_get(value, "schema");
    enum schema_type kind = SCHEMA_AVRO;

    if (!json_is_string(text) || json_string_length(text) > MR_SCHEMA_MAX_BYTES ||
        !optional(value, "schemaType", JSON_STRING, &type) ||
        (type && schema_type_parse(json_str(type), &kind) != 0) ||
        !optional(value, "references", JSON_ARRAY, &references) ||
        !optional(value, "metadata", JSON_OBJECT, &metadata) ||
        !optional(value, "ruleSet", JSON_OBJECT, &rules) || !good_references(references))
        return MR_INVALID;
    if (json_array_size(references) == 0)
        references = NULL;
    int r = content_new_take(kind, json_string_value(text), json_string_length(text),
                             json_incref(references), json_incref(metadata), json_incref(rules),
                             &entry->content);
    if (r != 0) {
        json_decref(references);
        json_decref(metadata);
        json_decref(rules);
        return r;
    }
    return record_identify(entry->content);
}

static int read_schema(const json_t *value, struct entry *entry, struct mr_error *reterr)
{
    struct record *record = &entry->record;
    const json_t *deleted = json_object_get(value, "deleted");

    record->version = int_of(entry->key, "version");
    if (!record->subject || record->version < 0)
        return mr_error_set(reterr, MR_INVALID, "its key has no subject, or no version");
    if (!value)
        return 0;
    record->id = int_of(value, "id");
    record->deleted = json_is_true(deleted);
    int r = record->id < 0 ? MR_INVALID : read_content(value, entry);
    if (r == MR_INVALID)
        return mr_error_set(reterr, r,
                            "its value has no id, no schema of at most %d bytes, or a "
                            "member of another type than it should have",
                            MR_SCHEMA_MAX_BYTES);
    record->content = entry->content;
    return r == 0 ? take_extra(value, entry) : r;
}

static int read_config(const json_t *value, struct entry *entry, struct mr_error *reterr)
{
    enum mr_compat_level level;
    json_t *text;

    if (!value)
        return 0;
    if (!optional(value, "compatibilityLevel", JSON_STRING, &text) ||
        (text && mr_compat_level_parse(json_str(text), &level) != 0))
        return mr_error_set(reterr, MR_INVALID, "its compatibilityLevel is none that is known");
    entry->config = json_copy((json_t *)(uintptr_t)value);
    if (!entry->config)
        return -ENOMEM;
    (void)json_object_del(entry->config, "subject");
    if (!text)
        (void)json_object_del(entry->config, "compatibilityLevel");
    entry->record.config = entry->config;
    return 0;
}

static int read_mode(const json_t *value, struct entry *entry, struct mr_error *reterr)
{
    struct mr_str text = json_str(json_object_get(value, "mode"));

    if (!value)
        return 0;
    if (text.len > 0 && mode_parse(text, &entry->record.mode) == 0)
        return 0;
    return mr_error_set(reterr, MR_INVALID, "its mode is none that is known");
}

static int read_delete(const json_t *value, struct entry *entry, struct mr_error *reterr)
{
    if (!value)
        return MR_ABSENT;
    entry->record.version = int_of(value, "version");
    if (!entry->record.subject || entry->record.version < 0)
        return mr_error_set(reterr, MR_INVALID, "it has no subject, or no version");
    return 0;
}

static int read_context(const json_t *value, struct entry *entry, struct mr_error *reterr)
{
    const json_t *name = json_object_get(entry->key, "context");

    entry->record.deleted = !value;
    entry->record.subject = json_string_value(name);
    return json_string_length(name) > 0 ? 0
                                        : mr_error_set(reterr, MR_INVALID, "it names no context");
}

static int read_clear(const json_t *value, struct entry *entry, struct mr_error *reterr)
{
    (void)entry, (void)reterr;
    return value ? 0 : MR_ABSENT;
}

static const struct {
    const char *keytype;
    enum record_type type;
    int (*read)(const json_t *value, struct entry *entry, struct mr_error *reterr);
} kinds[] = {
    {"SCHEMA", RECORD_SCHEMA, read_schema},
    {"CONFIG", RECORD_CONFIG, read_config},
    {"MODE", RECORD_MODE, read_mode},
    {"DELETE_SUBJECT", RECORD_DELETE_SUBJECT, read_delete},
    {"CLEAR_SUBJECT", RECORD_CLEAR_SUBJECT, read_clear},
    {"CONTEXT", RECORD_CONTEXT, read_context},
};

/* A name as the state spells it: ":.:s" is "s". MR_INVALID: no registry could have taken it. */
static int take_subject(struct entry *entry, struct mr_error *reterr)
{
    json_t *member;

    if (!optional(entry->key, "subject", JSON_STRING, &member))
        return mr_error_set(reterr, MR_INVALID, "the subject of its key is no string");
    if (!member)
        return 0;
    struct name name = name_split(json_str(member));
    bool is_default = name_is_default(&name);
    if (json_string_length(member) > NAME_MAX_BYTES)
        return mr_error_set(reterr, MR_INVALID, "its subject is longer than %d bytes",
                            NAME_MAX_BYTES);
    entry->record.subject = is_default ? name.subject.data : json_string_value(member);
    return 0;
}

static bool is_other_key(const struct entry *entry, struct mr_str key, int *ret_r)
{
    MR_AUTO(mr_buf) struct mr_buf own = {0};

    *ret_r = record_write_key(&entry->record, &own);
    return *ret_r == 0 && !mr_str_eq(key, (struct mr_str){(const char *)own.data, own.len});
}

int record_load(struct mr_str text, json_t **ret_json)
{
    /* no NUL in names: they are C strings from here on */
    return json_read(text, JSON_DECODE_ANY, ret_json, NULL);
}

static int read_value(struct mr_str text, struct entry *entry, struct mr_error *reterr)
{
    int r = text.len > 0 ? record_load(text, &entry->value) : 0;

    if (json_is_null(entry->value) ||
        (json_is_string(entry->value) && json_string_length(entry->value) == 0)) {
        json_decref(entry->value);
        entry->value = NULL;
    } else if (r == MR_INVALID || (entry->value && !json_is_object(entry->value))) {
        return mr_error_set(reterr, MR_INVALID, "its value is no JSON object");
    }
    return r;
}

static int read_kind(struct mr_str key, struct mr_str value, struct entry *entry,
                     struct mr_error *reterr)
{
    struct mr_str keytype = json_str(json_object_get(entry->key, "keytype"));

    for (size_t i = 0; i < MR_N_ELEMENTS(kinds); i++) {
        if (!mr_str_is(keytype, kinds[i].keytype))
            continue;
        entry->record.type = kinds[i].type;
        int r = take_subject(entry, reterr);
        if (r == 0)
            r = read_value(value, entry, reterr);
        if (r == 0)
            r = kinds[i].read(entry->value, entry, reterr);
        if (r == 0)
            entry->other_key = is_other_key(entry, key, &r);
        return r;
    }
    return MR_ABSENT;
}

int entry_read(struct mr_str key, struct mr_str value, struct entry *ret_entry,
               struct mr_error *reterr)
{
    MR_AUTO(entry) struct entry entry = {0};
    int r = record_load(key, &entry.key);

    if (r == -ENOMEM)
        return r;
    if (!json_is_object(entry.key))
        return mr_error_set(reterr, MR_INVALID, "its key is no JSON object: %.*s",
                            (int)(key.len < MAX_EXCERPT ? key.len : MAX_EXCERPT),
                            key.len ? key.data : "");
    r = read_kind(key, value, &entry, reterr);
    if (r != 0)
        return r;
    *ret_entry = entry;
    entry = (struct entry){0};
    return 0;
}
