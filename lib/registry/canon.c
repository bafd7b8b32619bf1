/* SPDX-License-Identifier: Apache-2.0 */
/* Schema texts parsed with their references, and brought into the form that is stored. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "foreign.h"
#include "millrace/hash.h"
#include "millrace/status.h"

enum { MAX_REFERENCES = 1000, MAX_REFERENCE_DEPTH = 64 };

struct resolved {
    struct content **contents; /* references held; dependencies first */
    const char **names;        /* under which each was asked for; borrowed from its JSON */
    size_t n_items;
    size_t n_names; /* grows before n_items: a name on its way is not followed again */
};

static void mr_auto_resolved(struct resolved *resolved)
{
    for (size_t i = 0; i < resolved->n_items; i++)
        (void)content_unref(resolved->contents[i]);
    free(resolved->contents);
    free(resolved->names);
}

static bool visited(const struct resolved *resolved, const char *name)
{
    for (size_t i = 0; i < resolved->n_names; i++)
        if (strcmp(resolved->names[i], name) == 0)
            return true;
    return false;
}

static int resolve(struct core *core, const char *parent, json_t *references, int depth,
                   struct resolved *resolved, struct mr_error *reterr);

static int resolve_one(struct core *core, const char *parent, json_t *reference, int depth,
                       struct resolved *resolved, struct mr_error *reterr)
{
    char subject[2 * NAME_MAX_BYTES];
    int number = (int)json_integer_value(json_object_get(reference, "version"));
    const struct subject *held = NULL;
    const struct version *version = NULL;

    if (resolved->n_names == MAX_REFERENCES || depth == MAX_REFERENCE_DEPTH)
        return mr_error_set(reterr, MR_INVALID,
                            "more than %d references, or more than %d levels of "
                            "them",
                            MAX_REFERENCES, MAX_REFERENCE_DEPTH);
    resolved->names[resolved->n_names++] = json_string_value(json_object_get(reference, "name"));
    if (name_beside(mr_str_from(parent), json_str(json_object_get(reference, "subject")), subject))
        held = state_subject(&core->state, subject);
    if (held)
        version = number == -1 ? subject_latest(held) : subject_version(held, number);
    if (!version)
        return mr_error_set(reterr, MR_INVALID,
                            "reference '%s': subject '%s' has no version %d: "
                            "register it first",
                            json_string_value(json_object_get(reference, "name")),
                            json_string_value(json_object_get(reference, "subject")), number);
    if (number == -1 && depth == 0 && /* stored contents are never changed */
        json_object_set_new(reference, "version", json_integer(version->number)) != 0)
        return -ENOMEM;
    int r = resolve(core, subject, version->content->references, depth + 1, resolved, reterr);
    if (r == 0)
        resolved->contents[resolved->n_items++] = content_ref(version->content);
    return r;
}

static int resolve(struct core *core, const char *parent, json_t *references, int depth,
                   struct resolved *resolved, struct mr_error *reterr)
{
    json_t *reference;
    size_t i;
    int r = 0;

    json_array_foreach(references, i, reference)
    {
        if (visited(resolved, json_string_value(json_object_get(reference, "name"))))
            continue;
        r = resolve_one(core, parent, reference, depth, resolved, reterr);
        if (r != 0)
            break;
    }
    return r;
}

/* All that a schema refers to, which is of its own type. The caller holds neither lock. */
static int resolve_all(struct core *core, const char *subject, json_t *references,
                       enum schema_type type, struct resolved *resolved, struct mr_error *reterr)
{
    resolved->contents = calloc(MAX_REFERENCES, sizeof(*resolved->contents));
    resolved->names = calloc(MAX_REFERENCES, sizeof(*resolved->names));
    if (!resolved->contents || !resolved->names)
        return -ENOMEM;
    core_read_lock(core);
    int r = resolve(core, subject, references, 0, resolved, reterr);
    core_read_unlock(core);
    for (size_t i = 0; i < resolved->n_items && r == 0; i++)
        if (resolved->contents[i]->type != type)
            r = mr_error_set(reterr, MR_INVALID,
                             "a schema of type %s is referred to: references of %s schemas are %s, "
                             "too",
                             schema_type_name(resolved->contents[i]->type), schema_type_name(type),
                             schema_type_name(type));
    return r;
}

static int parse(struct core *core, const char *subject, struct mr_str text, json_t *references,
                 bool check_defaults, struct mr_schema **ret_schema, struct mr_error *reterr)
{
    MR_AUTO(resolved) struct resolved resolved = {0};
    MR_AUTO(free) const char **texts = NULL;
    struct mr_schema_options options = {.check_defaults = check_defaults, .like_java = true};

    if (json_array_size(references) > 0) {
        int r = resolve_all(core, subject, references, SCHEMA_AVRO, &resolved, reterr);
        if (r != 0)
            return r;
        texts = calloc(MAX_REFERENCES, sizeof(*texts));
        if (!texts)
            return -ENOMEM;
        for (size_t i = 0; i < resolved.n_items; i++)
            texts[i] = resolved.contents[i]->text;
        options.references = texts;
        options.n_references = resolved.n_items;
    }
    return mr_schema_parse(text.data, text.len, &options, ret_schema, reterr);
}

int canon_parse(struct core *core, const char *subject, const struct content *content,
                struct mr_schema **ret_schema, struct mr_error *reterr)
{
    const void *key = content->digest;
    size_t len = sizeof(content->digest);

    if (content->references) /* what they name may have become another schema */
        return parse(core, subject, (struct mr_str){content->text, content->len},
                     content->references, false, ret_schema, reterr);
    (void)pthread_mutex_lock(&core->parsed_lock);
    const struct cache_value *found = cache_find(core->parsed, key, len, 0);
    struct mr_schema *schema = found ? mr_schema_ref(found->schema) : NULL;
    (void)pthread_mutex_unlock(&core->parsed_lock);
    if (!schema) {
        int r = parse(core, subject, (struct mr_str){content->text, content->len}, NULL, false,
                      &schema, reterr);
        if (r != 0)
            return r;
        struct cache_value value = {.schema = mr_schema_ref(schema)};
        (void)pthread_mutex_lock(&core->parsed_lock);
        if (cache_put_take(core->parsed, key, len, &value, content->len) != 0)
            (void)mr_schema_unref(value.schema);
        (void)pthread_mutex_unlock(&core->parsed_lock);
    }
    *ret_schema = schema;
    return 0;
}

static int by_subject(const void *a, const void *b)
{
    const json_t *const *left = a, *const *right = b;
    int order = strcmp(json_string_value(json_object_get(*left, "subject")),
                       json_string_value(json_object_get(*right, "subject")));

    if (order != 0)
        return order;
    return (int)(json_integer_value(json_object_get(*left, "version")) -
                 json_integer_value(json_object_get(*right, "version")));
}

/* Sorted and each once. */
static json_t *normal_references(const json_t *references)
{
    size_t n = json_array_size(references);
    MR_AUTO(free) json_t **items = calloc(n + 1, sizeof(json_t *));
    MR_AUTO(json) json_t *normal = json_array();

    if (!items || !normal)
        return NULL;
    for (size_t i = 0; i < n; i++)
        items[i] = json_array_get(references, i);
    qsort(items, n, sizeof(*items), by_subject);
    for (size_t i = 0; i < n; i++)
        if ((i == 0 || !json_equal(items[i - 1], items[i])) &&
            json_array_append(normal, items[i]) != 0)
            return NULL;
    return MR_MOVE(normal);
}

void canon_done(struct canon *canon)
{
    (void)mr_schema_unref(canon->schema);
    (void)content_unref(canon->content);
}

/* The content holds copies: the draft goes on to be changed. */
static int make_content(enum schema_type type, const struct draft *draft, const struct mr_buf *text,
                        bool normalize, struct content **ret_content)
{
    MR_AUTO(json) json_t *references = NULL;

    if (draft->references) {
        references =
            normalize ? normal_references(draft->references) : json_deep_copy(draft->references);
        if (!references)
            return -ENOMEM;
    }
    int r = content_new_take(type, (const char *)text->data, text->len, references, draft->metadata,
                             draft->rule_set, ret_content);
    if (r == 0) {
        references = NULL;
        (void)json_incref(draft->metadata);
        (void)json_incref(draft->rule_set);
    }
    return r;
}

static int make_foreign(struct core *core, const char *subject, const struct draft *draft,
                        enum schema_type type, struct mr_buf *text, struct mr_error *reterr)
{
    MR_AUTO(resolved) struct resolved resolved = {0};
    int r = 0;

    if (json_array_size(draft->references) > 0)
        r = resolve_all(core, subject, draft->references, type, &resolved, reterr);
    return r == 0 ? foreign_text(type, (struct mr_str){draft->text, draft->len}, text, reterr) : r;
}

static int make_avro(struct core *core, const char *subject, const struct draft *draft,
                     bool check_defaults, bool normalize, struct mr_buf *text,
                     struct mr_schema **ret_schema, struct mr_error *reterr)
{
    int r = parse(core, subject, (struct mr_str){draft->text, draft->len}, draft->references,
                  check_defaults, ret_schema, reterr);

    return r == 0 ? mr_schema_stored_text(*ret_schema, normalize, text, reterr) : r;
}

int canon_make(struct core *core, const char *subject, struct draft *draft, bool check_defaults,
               bool normalize, struct canon *ret_canon, struct mr_error *reterr)
{
    MR_AUTO(canon) struct canon canon = {0};
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    enum schema_type type;

    if (schema_type_parse(mr_str_from(draft->type), &type) != 0)
        return mr_error_set(reterr, MR_INVALID,
                            "schemaType '%.64s' is not known: use AVRO, JSON or PROTOBUF",
                            draft->type);
    int r = type == SCHEMA_AVRO ? make_avro(core, subject, draft, check_defaults, normalize, &text,
                                            &canon.schema, reterr)
                                : make_foreign(core, subject, draft, type, &text, reterr);
    if (r == 0)
        r = make_content(type, draft, &text, normalize, &canon.content);
    if (r != 0)
        return r;
    *ret_canon = canon;
    canon = (struct canon){0};
    return 0;
}
