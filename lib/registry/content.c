/* SPDX-License-Identifier: Apache-2.0 */
/* Schema contents and their identity. */
#include "content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "millrace/hash.h"
#include "millrace/status.h"
#include "millrace/uuid.h"

static const char *const type_names[N_SCHEMA_TYPES] = {
    [SCHEMA_AVRO] = "AVRO", [SCHEMA_JSON] = "JSON", [SCHEMA_PROTOBUF] = "PROTOBUF"};

const char *schema_type_name(enum schema_type type)
{
    return type_names[type];
}

int schema_type_parse(struct mr_str text, enum schema_type *ret_type)
{
    for (size_t i = 0; i < N_SCHEMA_TYPES; i++) {
        if (mr_str_is(text, type_names[i])) {
            *ret_type = (enum schema_type)i;
            return 0;
        }
    }
    return MR_INVALID;
}

static int add_text(struct mr_buf *all, const json_t *text)
{
    return mr_buf_append(all, json_string_value(text), json_string_length(text));
}

/* Texts, lists of texts, and maps with their keys, one after another. */
static int add_texts(struct mr_buf *all, json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;
    int r = 0;

    if (json_is_string(value))
        return add_text(all, value);
    json_array_foreach(value, i, item)
    {
        if (r == 0)
            r = add_text(all, item);
    }
    json_object_foreach(value, key, item)
    {
        if (r == 0)
            r = mr_buf_append(all, key, strlen(key));
        if (r == 0)
            r = add_texts(all, item);
    }
    return r;
}

static int add_references(struct mr_buf *all, const json_t *references)
{
    const json_t *reference;
    size_t i;

    json_array_foreach(references, i, reference)
    {
        uint32_t version = (uint32_t)json_integer_value(json_object_get(reference, "version"));
        const uint8_t bytes[] = {(uint8_t)(version >> 24), (uint8_t)(version >> 16),
                                 (uint8_t)(version >> 8), (uint8_t)version};
        int r = add_text(all, json_object_get(reference, "name"));
        if (r == 0)
            r = add_text(all, json_object_get(reference, "subject"));
        if (r == 0)
            r = mr_buf_append(all, bytes, sizeof(bytes));
        if (r != 0)
            return r;
    }
    return 0;
}

static int add_members(struct mr_buf *all, const json_t *object, const char *const *names, size_t n)
{
    int r = object ? mr_buf_byte(all, 1) : 0;

    for (size_t i = 0; i < n && object && r == 0; i++)
        r = add_texts(all, json_object_get(object, names[i]));
    return r;
}

static int add_rules(struct mr_buf *all, const json_t *rules)
{
    static const char *const names[] = {"name", "doc",    "kind", "mode",      "type",
                                        "tags", "params", "expr", "onSuccess", "onFailure"};
    const json_t *rule;
    size_t i;

    json_array_foreach(rules, i, rule)
    {
        int r = 0;
        for (size_t n = 0; n < MR_N_ELEMENTS(names) && r == 0; n++)
            r = add_texts(all, json_object_get(rule, names[n]));
        if (r == 0 && json_is_true(json_object_get(rule, "disabled")))
            r = mr_buf_byte(all, 1);
        if (r != 0)
            return r;
    }
    return 0;
}

/* Byte for byte what Confluent's registry hashes, from version 8 on for the GUID that a message may
 * carry in a header: messages stay readable when schemas move from one registry to the other. */
static int make_digest(struct content *content, struct mr_str text)
{
    static const char *const metadata[] = {"tags", "properties", "sensitive"};
    MR_AUTO(mr_buf) struct mr_buf all = {0};
    int r = mr_buf_append_str(&all, text);

    if (r == 0)
        r = add_references(&all, content->references);
    if (r == 0)
        r = add_members(&all, content->metadata, metadata, MR_N_ELEMENTS(metadata));
    if (r == 0 && content->rule_set)
        r = mr_buf_byte(&all, 1);
    if (r == 0)
        r = add_rules(&all, json_object_get(content->rule_set, "migrationRules"));
    if (r == 0)
        r = add_rules(&all, json_object_get(content->rule_set, "domainRules"));
    if (r == 0)
        mr_md5(all.data, all.len, content->digest);
    return r;
}

int content_new_take(enum schema_type type, const char *text, size_t len, json_t *references,
                     json_t *metadata, json_t *rule_set, struct content **ret_content)
{
    struct content *content = calloc(1, sizeof(*content) + len + 1);

    if (!content)
        return -ENOMEM;
    atomic_init(&content->n_refs, 1);
    content->type = type;
    content->len = len;
    memcpy(content->text, text, len);
    content->references = references;
    content->metadata = metadata;
    content->rule_set = rule_set;
    int r = make_digest(content, (struct mr_str){content->text, content->len});
    if (r != 0) {
        free(content);
        return r;
    }
    *ret_content = content;
    return 0;
}

int content_identify(struct content *content, struct mr_str text)
{
    return make_digest(content, text);
}

static bool same_json(const json_t *a, const json_t *b)
{
    return a == b || (a && b && json_equal(a, b));
}

bool content_same(const struct content *a, const struct content *b)
{
    return a == b ||
           (a->type == b->type && a->len == b->len &&
            memcmp(a->digest, b->digest, sizeof(a->digest)) == 0 &&
            memcmp(a->text, b->text, a->len) == 0 && same_json(a->references, b->references) &&
            same_json(a->metadata, b->metadata) && same_json(a->rule_set, b->rule_set));
}

struct content *content_ref(struct content *content)
{
    atomic_fetch_add_explicit(&content->n_refs, 1, memory_order_relaxed);
    return content;
}

struct content *content_unref(struct content *content)
{
    if (content && atomic_fetch_sub_explicit(&content->n_refs, 1, memory_order_acq_rel) == 1) {
        struct MHD_Response *response = atomic_load(&content->by_id);
        if (response)
            MHD_destroy_response(response);
        json_decref(content->references);
        json_decref(content->metadata);
        json_decref(content->rule_set);
        free(content);
    }
    return NULL;
}

int content_write_guid(const struct content *content, struct mr_buf *out)
{
    struct mr_uuid guid;
    char text[MR_UUID_TEXT];

    memcpy(guid.bytes, content->digest, sizeof(guid.bytes));
    mr_uuid_format(&guid, text);
    return mr_buf_printf(out, ",\"guid\":\"%.*s\"", MR_UUID_TEXT, text);
}

int content_write_as(const struct content *content, struct mr_str text, struct mr_buf *out)
{
    const struct {
        const char *name;
        const json_t *json;
    } members[] = {{"references", content->references},
                   {"metadata", content->metadata},
                   {"ruleSet", content->rule_set}};
    int r = content->type == SCHEMA_AVRO
                ? 0
                : mr_buf_printf(out, ",\"schemaType\":\"%s\"", schema_type_name(content->type));

    for (size_t i = 0; i < MR_N_ELEMENTS(members) && r == 0; i++) {
        if (!members[i].json)
            continue;
        r = mr_buf_printf(out, ",\"%s\":", members[i].name);
        if (r == 0)
            r = json_append(out, members[i].json);
    }
    if (r == 0)
        r = mr_buf_append_str(out, MR_STR(",\"schema\":"));
    return r != 0 ? r : mr_buf_json_plain(out, text.data, text.len);
}

int content_write(const struct content *content, struct mr_buf *out)
{
    return content_write_as(content, (struct mr_str){content->text, content->len}, out);
}
