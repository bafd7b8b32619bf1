/* SPDX-License-Identifier: Apache-2.0 */
/* The client's calls about subjects: lookup, registration, checks, levels, lists. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "millrace/hash.h"
#include "millrace/own.h"
#include "millrace/status.h"
#include "millrace/time.h"

/* {"schema": text} */
static int schema_body(struct mr_registry *registry, struct mr_str text)
{
    registry->body.len = 0;
    int r = mr_buf_append_str(&registry->body, MR_STR("{\"schema\":"));
    if (r == 0)
        r = mr_buf_json_string(&registry->body, text.data, text.len);
    if (r == 0)
        r = mr_buf_byte(&registry->body, '}');
    return r;
}

static struct mr_str body_of(const struct mr_registry *registry)
{
    return (struct mr_str){(const char *)registry->body.data, registry->body.len};
}

/* "l" + SHA-256 of the text + subject: the text itself would make the cache as large as the texts.
 */
static int lookup_key(const char *subject, struct mr_str text, struct mr_buf *key)
{
    uint8_t digest[32];

    mr_sha256(text.data, text.len, digest);
    int r = mr_buf_byte(key, 'l');
    if (r == 0)
        r = mr_buf_append(key, digest, sizeof(digest));
    return r != 0 ? r : mr_buf_append_str(key, mr_str_from(subject));
}

static int int_member(struct mr_registry *registry, const json_t *json, const char *name,
                      int32_t *ret_value, struct mr_error *reterr)
{
    const json_t *value = json_object_get(json, name);

    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > INT32_MAX)
        return client_odd(registry, "no usable id or version", reterr);
    if (ret_value)
        *ret_value = (int32_t)json_integer_value(value);
    return 0;
}

static int ask_lookup(struct mr_registry *registry, const char *subject, struct mr_str text,
                      struct cache_value *ret_value, struct mr_error *reterr)
{
    MR_AUTO(json) json_t *json = NULL;
    int r = schema_body(registry, text);

    if (r == 0)
        r = client_subject_path(registry, subject, "");
    if (r == 0)
        r = client_call(registry, "POST", body_of(registry), &json, NULL, reterr);
    if (r == 0)
        r = int_member(registry, json, "id", &ret_value->id, reterr);
    if (r == 0)
        r = int_member(registry, json, "version", &ret_value->version, reterr);
    return r;
}

int mr_registry_lookup(struct mr_registry *registry, const char *subject, struct mr_str schema_text,
                       int32_t *ret_id, int32_t *ret_version, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf key = {0};
    struct cache_value fresh = {0};
    int r = lookup_key(subject, schema_text, &key);

    if (r != 0)
        return r;
    const struct cache_value *value =
        cache_find(registry->cache, key.data, key.len, mr_time_steady());
    if (value && value->absent)
        return mr_error_set(reterr, MR_ABSENT,
                            "subject '%s' does not hold this schema (asked less "
                            "than %d s ago)",
                            subject, ABSENT_SECONDS);
    if (!value) {
        r = ask_lookup(registry, subject, schema_text, &fresh, reterr);
        if (r == MR_ABSENT)
            client_remember_absent(registry, key.data, key.len);
        if (r != 0)
            return r;
        (void)cache_put_take(registry->cache, key.data, key.len, &fresh, 0); /* a luxury */
        value = &fresh;
    }
    if (ret_id)
        *ret_id = value->id;
    if (ret_version)
        *ret_version = value->version;
    return 0;
}

int mr_registry_latest(struct mr_registry *registry, const char *subject, int32_t *ret_id,
                       int32_t *ret_version, struct mr_buf *ret_text, struct mr_error *reterr)
{
    MR_AUTO(json) json_t *json = NULL;
    int r = client_subject_path(registry, subject, "/versions/latest");

    if (r == 0)
        r = client_call(registry, "GET", (struct mr_str){0}, &json, NULL, reterr);
    if (r == 0)
        r = int_member(registry, json, "id", ret_id, reterr);
    if (r == 0)
        r = int_member(registry, json, "version", ret_version, reterr);
    if (r != 0 || !ret_text)
        return r;
    const json_t *text = json_object_get(json, "schema");
    if (!json_is_string(text))
        return client_odd(registry, "a version without schema", reterr);
    return mr_buf_append(ret_text, json_string_value(text), json_string_length(text));
}

int mr_registry_register(struct mr_registry *registry, const char *subject,
                         struct mr_str schema_text, int32_t *ret_id, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf key = {0};
    MR_AUTO(json) json_t *json = NULL;
    int r = lookup_key(subject, schema_text, &key);

    if (r == 0)
        r = schema_body(registry, schema_text);
    if (r == 0)
        r = client_subject_path(registry, subject, "/versions");
    if (r == 0)
        r = client_call(registry, "POST", body_of(registry), &json, NULL, reterr);
    if (r != 0)
        return r == MR_ABSENT ? MR_INVALID : r;
    cache_forget(registry->cache, key.data, key.len);
    return int_member(registry, json, "id", ret_id, reterr);
}

static int incompatible(const json_t *json, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    const json_t *item;
    size_t i;

    json_array_foreach(json_object_get(json, "messages"), i, item) if (json_is_string(item))(void)
        mr_buf_printf(&text, "%s%s", i > 0 ? "; " : "", json_string_value(item));
    return mr_error_set(reterr, MR_INVALID, "not compatible: %s",
                        text.len > 0 ? (const char *)text.data : "the registry gives no reason");
}

int mr_registry_check(struct mr_registry *registry, const char *subject, struct mr_str schema_text,
                      struct mr_error *reterr)
{
    /* The first asks with the subject's level against all versions that it covers; registries that
     * lack it have the second. */
    static const char *const tails[] = {"/versions?verbose=true", "/versions/latest?verbose=true"};
    enum { SUBJECT_ABSENT = 40401, VERSION_ABSENT = 40402 };
    int r = schema_body(registry, schema_text);

    for (size_t i = 0; i < MR_N_ELEMENTS(tails) && r == 0; i++) {
        MR_AUTO(json) json_t *json = NULL;
        int code;

        registry->path.len = 0;
        if (mr_buf_append_str(&registry->path, MR_STR("/compatibility/subjects/")) != 0 ||
            http_escape(&registry->path, mr_str_from(subject)) != 0 ||
            mr_buf_append_str(&registry->path, mr_str_from(tails[i])) != 0)
            return -ENOMEM;
        r = client_call(registry, "POST", body_of(registry), &json, &code, reterr);
        if (r == 0)
            return json_is_false(json_object_get(json, "is_compatible"))
                       ? incompatible(json, reterr)
                       : 0;
        if (r == MR_ABSENT && (code == SUBJECT_ABSENT || code == VERSION_ABSENT))
            return 0;
        if (i == 0 && (registry->reply.status == 404 || registry->reply.status == 405))
            r = 0;
    }
    return r;
}

static int config_path(struct mr_registry *registry, const char *subject)
{
    registry->path.len = 0;
    int r = mr_buf_append_str(&registry->path, MR_STR("/config/"));
    return r != 0 ? r : http_escape(&registry->path, mr_str_from(subject));
}

int mr_registry_set_level(struct mr_registry *registry, const char *subject,
                          enum mr_compat_level level, struct mr_error *reterr)
{
    MR_AUTO(json) json_t *json = NULL;
    int r = config_path(registry, subject);

    registry->body.len = 0;
    if (r == 0)
        r = mr_buf_printf(&registry->body, "{\"compatibility\":\"%s\"}",
                          mr_compat_level_name(level));
    if (r == 0)
        r = client_call(registry, "PUT", body_of(registry), &json, NULL, reterr);
    return r == MR_ABSENT ? MR_INVALID : r;
}

int mr_registry_level(struct mr_registry *registry, const char *subject,
                      enum mr_compat_level *ret_level, struct mr_error *reterr)
{
    MR_AUTO(json) json_t *json = NULL;
    int r = config_path(registry, subject);

    if (r == 0)
        r = client_call(registry, "GET", (struct mr_str){0}, &json, NULL, reterr);
    if (r != 0)
        return r;
    const char *level = json_string_value(json_object_get(json, "compatibilityLevel"));
    if (!level)
        return MR_ABSENT; /* the subject is configured, but not its level */
    if (mr_compat_level_parse(mr_str_from(level), ret_level) != 0)
        return client_odd(registry, "an unknown compatibility level", reterr);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int mr_registry_subjects(struct mr_registry *registry, struct mr_buf *ret_lines,
                         struct mr_error *reterr)
{
    MR_AUTO(json) json_t *json = NULL;
    MR_AUTO(free) const char **names = NULL;
    const json_t *item;
    size_t i, n = 0;

    registry->path.len = 0;
    int r = mr_buf_append_str(&registry->path, MR_STR("/subjects"));
    if (r == 0)
        r = client_call(registry, "GET", (struct mr_str){0}, &json, NULL, reterr);
    if (r != 0)
        return r;
    names = calloc(json_array_size(json) + 1, sizeof(*names));
    if (!names)
        return -ENOMEM;
    json_array_foreach(json, i, item) if (json_is_string(item)) names[n++] =
        json_string_value(item);
    qsort(names, n, sizeof(*names), by_name);
    for (i = 0; i < n && r == 0; i++)
        r = mr_buf_printf(ret_lines, "%s\n", names[i]);
    return r;
}
