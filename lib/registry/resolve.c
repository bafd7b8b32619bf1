/* SPDX-License-Identifier: Apache-2.0 */
/* A schema from the registry with all that it refers to: references are fetched depth first, so
 * that every text stands after those it needs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "millrace/status.h"

enum { MAX_REFERENCES = 1000, MAX_REFERENCE_DEPTH = 64 };

struct references {
    char **texts; /* dependencies first */
    char **keys;  /* "subject\nversion" of each text, so that none comes twice */
    size_t n_items;
};

static void mr_auto_references(struct references *references)
{
    for (size_t i = 0; i < references->n_items; i++) {
        free(references->texts[i]);
        free(references->keys[i]);
    }
    free(references->texts);
    free(references->keys);
}

static bool known(const struct references *references, const char *key)
{
    for (size_t i = 0; i < references->n_items; i++)
        if (strcmp(references->keys[i], key) == 0)
            return true;
    return false;
}

/* Takes key. */
static int add_take(struct references *references, const char *text, char *key)
{
    size_t n = references->n_items;
    char **texts = realloc(references->texts, (n + 1) * sizeof(*texts));

    if (texts)
        references->texts = texts;
    char **keys = realloc(references->keys, (n + 1) * sizeof(*keys));
    if (keys)
        references->keys = keys;
    char *copy = texts && keys ? strdup(text) : NULL;
    if (!copy)
        return -ENOMEM;
    references->texts[n] = copy;
    references->keys[n] = key;
    references->n_items++;
    return 0;
}

static int collect(struct mr_registry *registry, const json_t *object, int depth,
                   struct references *references, struct mr_error *reterr);

static int fetch_one(struct mr_registry *registry, const char *subject, int version, int depth,
                     struct references *references, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf key = {0};
    MR_AUTO(json) json_t *object = NULL;
    char tail[64];

    if (mr_buf_printf(&key, "%s\n%d", subject, version) != 0)
        return -ENOMEM;
    if (known(references, (const char *)key.data))
        return 0;
    if (references->n_items == MAX_REFERENCES || depth == MAX_REFERENCE_DEPTH)
        return mr_error_set(reterr, MR_INVALID,
                            "the schema refers to more than %d others, or more "
                            "than %d levels deep",
                            MAX_REFERENCES, MAX_REFERENCE_DEPTH);
    (void)snprintf(tail, sizeof(tail), "/versions/%d?deleted=true", version);
    int r = client_subject_path(registry, subject, tail);
    if (r == 0)
        r = client_call(registry, "GET", (struct mr_str){0}, &object, NULL, reterr);
    if (r == MR_ABSENT)
        r = MR_INVALID; /* the schema asked for is there, but cannot be used */
    if (r == 0)
        r = collect(registry, object, depth + 1, references, reterr);
    if (r != 0)
        return r;
    const char *text = json_string_value(json_object_get(object, "schema"));
    if (!text)
        return client_odd(registry, "a version without schema", reterr);
    if (known(references, (const char *)key.data))
        return 0;
    char *name = strdup((const char *)key.data);
    r = name ? add_take(references, text, name) : -ENOMEM;
    if (r != 0)
        free(name);
    return r;
}

static int collect(struct mr_registry *registry, const json_t *object, int depth,
                   struct references *references, struct mr_error *reterr)
{
    const json_t *list = json_object_get(object, "references");
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        const char *subject = json_string_value(json_object_get(item, "subject"));
        const json_t *version = json_object_get(item, "version");

        if (!subject || !json_is_integer(version))
            return client_odd(registry, "a reference without subject or version", reterr);
        int r = fetch_one(registry, subject, (int)json_integer_value(version), depth, references,
                          reterr);
        if (r != 0)
            return r;
    }
    return 0;
}

int client_parse(struct mr_registry *registry, const json_t *object, struct mr_schema **ret_schema,
                 struct mr_error *reterr)
{
    MR_AUTO(references) struct references references = {0};
    const char *type = json_string_value(json_object_get(object, "schemaType"));
    const json_t *text = json_object_get(object, "schema");

    if (!json_is_string(text))
        return client_odd(registry, "no schema", reterr);
    if (type && strcmp(type, "AVRO") != 0)
        return mr_error_set(reterr, MR_INVALID, "a %s schema, and only AVRO can be read", type);
    int r = collect(registry, object, 0, &references, reterr);
    if (r != 0)
        return r;
    /* The registry has accepted it: what its own check let pass must not stop a reader. */
    struct mr_schema_options options = {
        .references = (const char *const *)references.texts,
        .n_references = references.n_items,
        .like_java = true,
    };
    return mr_schema_parse(json_string_value(text), json_string_length(text), &options, ret_schema,
                           reterr);
}
