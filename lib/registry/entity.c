/* SPDX-License-Identifier: Apache-2.0 */
/* Drafts, configurations and modes. */
#include "entity.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "entity_members.h"
#include "entity_rules.h"
#include "millrace/status.h"
#include "names.h"

void draft_done(struct draft *draft)
{
    json_decref(draft->references);
    json_decref(draft->metadata);
    json_decref(draft->rule_set);
}

bool draft_has_text(const struct draft *draft)
{
    for (size_t i = 0; draft->text && i < draft->len; i++)
        if (!isspace((unsigned char)draft->text[i]))
            return true;
    return false;
}

/* A member that may be missing or null; otherwise of that type, or made to be (scalar_as). */
static int optional(const json_t *body, const char *name, json_type type, const char *word,
                    json_t **ret_member, int *ret_code, struct mr_error *reterr)
{
    json_t *member = json_object_get(body, name);
    bool right =
        json_typeof(member ? member : body) == type || (type == JSON_TRUE && json_is_false(member));

    *ret_member = NULL;
    if (!member || json_is_null(member))
        return 0;
    if (!right) {
        int r = scalar_as(member, type, &member);
        if (r == 0 && member)
            r = json_object_set_new((json_t *)(uintptr_t)body, name, member);
        if (r != 0)
            return -ENOMEM;
        right = member != NULL;
    }
    if (!right) {
        *ret_code = CODE_BAD_REQUEST;
        return mr_error_set(reterr, MR_INVALID, "'%s' must be %s", name, word);
    }
    *ret_member = member;
    return 0;
}

static int optional_int(const json_t *body, const char *name, int32_t *ret_value, int *ret_code,
                        struct mr_error *reterr)
{
    json_t *member;
    int r = optional(body, name, JSON_INTEGER, "an integer", &member, ret_code, reterr);

    if (r != 0 || !member)
        return r;
    json_int_t value = json_integer_value(member);
    if (value < INT32_MIN || value > INT32_MAX) {
        *ret_code = CODE_BAD_REQUEST;
        return mr_error_set(reterr, MR_INVALID, "'%s' must be within 32 bits", name);
    }
    *ret_value = (int32_t)value;
    return 0;
}

static int add_reference(const json_t *item, json_t *references, int *ret_code,
                         struct mr_error *reterr)
{
    json_t *name, *subject;
    int32_t version = 0;
    int r = json_is_object(item) ? 0 : MR_INVALID;

    *ret_code = CODE_BAD_REQUEST;
    if (r != 0)
        return mr_error_set(reterr, r, "'references' must hold objects {name, subject, version}");
    r = optional(item, "name", JSON_STRING, "a string", &name, ret_code, reterr);
    if (r == 0)
        r = optional(item, "subject", JSON_STRING, "a string", &subject, ret_code, reterr);
    if (r == 0)
        r = optional_int(item, "version", &version, ret_code, reterr);
    if (r != 0)
        return r;
    if (!name || !subject || !json_is_integer(json_object_get(item, "version"))) {
        *ret_code = CODE_INVALID_SCHEMA;
        return mr_error_set(reterr, MR_INVALID,
                            "a reference needs name, subject and version: give all three");
    }
    json_t *kept =
        json_pack("{s:O,s:O,s:i}", "name", name, "subject", subject, "version", (int)version);
    return !kept || json_array_append_new(references, kept) != 0 ? -ENOMEM : 0;
}

static int read_references(const json_t *body, struct draft *draft, int *ret_code,
                           struct mr_error *reterr)
{
    json_t *list, *item;
    size_t i;
    int r = optional(body, "references", JSON_ARRAY, "an array", &list, ret_code, reterr);

    if (r != 0 || json_array_size(list) == 0)
        return r;
    draft->references = json_array();
    if (!draft->references)
        return -ENOMEM;
    json_array_foreach(list, i, item)
    {
        r = add_reference(item, draft->references, ret_code, reterr);
        if (r != 0)
            break;
    }
    return r;
}

int draft_read(const json_t *body, struct draft *ret_draft, int *ret_code, struct mr_error *reterr)
{
    struct draft draft = {.type = "AVRO", .id = -1};
    json_t *text, *type;
    int r =
        optional(body, "schema", JSON_STRING,
                 "a string that holds the schema, not the schema itself", &text, ret_code, reterr);

    if (r == 0 && json_string_length(text) > MR_SCHEMA_MAX_BYTES) {
        *ret_code = CODE_TOO_LARGE;
        r = mr_error_set(reterr, MR_INVALID, "the schema is larger than %d bytes",
                         MR_SCHEMA_MAX_BYTES);
    }
    if (r == 0)
        r = optional(body, "schemaType", JSON_STRING, "a string", &type, ret_code, reterr);
    if (r == 0)
        r = optional_int(body, "version", &draft.version, ret_code, reterr);
    if (r == 0)
        r = optional_int(body, "id", &draft.id, ret_code, reterr);
    if (r == 0)
        r = read_references(body, &draft, ret_code, reterr);
    if (r == 0)
        r = metadata_read(body, "metadata", &draft.metadata, ret_code, reterr);
    if (r == 0)
        r = rule_set_read(body, "ruleSet", &draft.rule_set, ret_code, reterr);
    if (r != 0) {
        draft_done(&draft);
        return r;
    }
    draft.text = json_string_value(text);
    draft.len = json_string_length(text);
    if (type)
        draft.type = json_string_value(type);
    *ret_draft = draft;
    return 0;
}

static int read_level(const json_t *body, json_t *config, json_t *echo, int *ret_code,
                      struct mr_error *reterr)
{
    enum mr_compat_level level;
    json_t *member;
    char upper[32];
    int r = optional(body, "compatibility", JSON_STRING, "a string", &member, ret_code, reterr);

    if (r != 0 || !member)
        return r;
    struct mr_str text = json_str(member);
    for (size_t i = 0; i < text.len && i < sizeof(upper); i++)
        upper[i] = (char)toupper((unsigned char)text.data[i]);
    if (text.len > sizeof(upper) ||
        mr_compat_level_parse((struct mr_str){upper, text.len}, &level) != 0) {
        *ret_code = CODE_INVALID_LEVEL;
        return mr_error_set(reterr, MR_INVALID,
                            "'%.*s' is not a compatibility level: give NONE, "
                            "BACKWARD, FORWARD, FULL, or one of the last three with _TRANSITIVE",
                            (int)(text.len < 64 ? text.len : 64), text.data);
    }
    return json_object_set_new(config, "compatibilityLevel",
                               json_string(mr_compat_level_name(level))) != 0 ||
                   json_object_set(echo, "compatibility", member) != 0
               ? -ENOMEM
               : 0;
}

static int read_plain(const json_t *body, json_t *config, int *ret_code, struct mr_error *reterr)
{
    static const struct {
        const char *name, *word;
        json_type type;
    } rows[] = {
        {"alias", "a string", JSON_STRING},
        {"aliasForDeks", "a string", JSON_STRING},
        {"normalize", "true or false", JSON_TRUE},
        {"validateFields", "true or false", JSON_TRUE},
        {"validateNewSchemas", "true or false", JSON_TRUE},
        {"validateRules", "true or false", JSON_TRUE},
        {"compatibilityPolicy", "a string", JSON_STRING},
        {"compatibilityGroup", "a string", JSON_STRING},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        json_t *member;
        int r = optional(body, rows[i].name, rows[i].type, rows[i].word, &member, ret_code, reterr);
        if (r != 0)
            return r;
        if (member && json_object_set(config, rows[i].name, member) != 0)
            return -ENOMEM;
    }
    return 0;
}

static int read_defaults(const json_t *body, json_t *config, int *ret_code, struct mr_error *reterr)
{
    static const struct {
        const char *name;
        int (*read)(const json_t *body, const char *name, json_t **ret, int *ret_code,
                    struct mr_error *reterr);
    } rows[] = {
        {"defaultMetadata", metadata_read},
        {"overrideMetadata", metadata_read},
        {"defaultRuleSet", rule_set_read},
        {"overrideRuleSet", rule_set_read},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        json_t *member = NULL;
        int r = rows[i].read(body, rows[i].name, &member, ret_code, reterr);
        if (r != 0)
            return r;
        if (member && json_object_set_new(config, rows[i].name, member) != 0)
            return -ENOMEM;
    }
    return 0;
}

/* null takes a member back. */
static int add_nulls(const json_t *body, json_t *config)
{
    static const char *const names[] = {
        "alias",           "aliasForDeks",       "normalize",           "validateFields",
        "validateRules",   "validateNewSchemas", "compatibilityPolicy", "compatibilityGroup",
        "defaultMetadata", "overrideMetadata",   "defaultRuleSet",      "overrideRuleSet"};

    for (size_t i = 0; i < MR_N_ELEMENTS(names); i++)
        if (json_is_null(json_object_get(body, names[i])) &&
            json_object_set_new(config, names[i], json_null()) != 0)
            return -ENOMEM;
    if (json_is_null(json_object_get(body, "compatibility")))
        return json_object_set_new(config, "compatibilityLevel", json_null()) != 0 ? -ENOMEM : 0;
    return 0;
}

int config_read(const json_t *body, json_t **ret_config, json_t **ret_echo, int *ret_code,
                struct mr_error *reterr)
{
    MR_AUTO(json) json_t *config = json_object();
    MR_AUTO(json) json_t *echo = json_object();
    int r = config && echo ? read_plain(body, config, ret_code, reterr) : -ENOMEM;

    if (r == 0)
        r = read_defaults(body, config, ret_code, reterr);
    if (r == 0 && json_object_update(echo, config) != 0)
        r = -ENOMEM;
    if (r == 0)
        r = read_level(body, config, echo, ret_code, reterr);
    if (r == 0)
        r = add_nulls(body, config);
    if (r != 0)
        return r;
    *ret_config = MR_MOVE(config);
    *ret_echo = MR_MOVE(echo);
    return 0;
}

json_t *config_update(const json_t *old, const json_t *change)
{
    json_t *merged = json_object();
    const char *name;
    json_t *member;
    void *next;

    if (merged && ((old && json_object_update(merged, (json_t *)(uintptr_t)old) != 0) ||
                   json_object_update(merged, (json_t *)(uintptr_t)change) != 0)) {
        json_decref(merged);
        merged = NULL;
    }
    json_object_foreach_safe(merged, next, name, member)
    {
        if (json_is_null(member))
            (void)json_object_del(merged, name);
    }
    return merged;
}

static const char *const mode_names[] = {
    [MODE_READWRITE] = "READWRITE",
    [MODE_READONLY] = "READONLY",
    [MODE_READONLY_OVERRIDE] = "READONLY_OVERRIDE",
    [MODE_IMPORT] = "IMPORT",
};

int mode_parse(struct mr_str text, enum mode *ret_mode)
{
    for (size_t i = MODE_READWRITE; i < MR_N_ELEMENTS(mode_names); i++) {
        if (strlen(mode_names[i]) == text.len &&
            strncasecmp(mode_names[i], text.data, text.len) == 0) {
            *ret_mode = (enum mode)i;
            return 0;
        }
    }
    return MR_INVALID;
}

const char *mode_name(enum mode mode)
{
    return mode_names[mode];
}
