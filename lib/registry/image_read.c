/* SPDX-License-Identifier: Apache-2.0 */
/* An image read from any registry that speaks Confluent's API: contexts one by one, since not all
 * take a prefix over all of them. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "millrace/status.h"

enum { PAGE = 500 }; /* schemas asked for at once */

struct reading {
    struct mr_registry *registry;
    struct mr_image *image;
    const char *glob;
    struct mr_error *reterr;
};

int image_path(struct mr_registry *registry, const char *before, const char *name,
               const char *after)
{
    struct mr_buf *path = &registry->path;

    path->len = 0;
    int r = mr_buf_append_str(path, mr_str_from(before));
    if (r == 0)
        r = http_escape(path, mr_str_from(name));
    return r == 0 ? mr_buf_append_str(path, mr_str_from(after)) : r;
}

static int get(const struct reading *reading, const char *before, const char *name,
               const char *after, json_t **ret_json)
{
    int r = image_path(reading->registry, before, name, after);

    return r == 0 ? client_call(reading->registry, "GET", (struct mr_str){0}, ret_json, NULL,
                                reading->reterr)
                  : r;
}

/* Some registries note the version's number among the properties of every schema. */
static bool is_noise(const json_t *metadata, int32_t number)
{
    const json_t *properties = json_object_get(metadata, "properties");
    const char *version = json_string_value(json_object_get(properties, "confluent:version"));

    return json_object_size(metadata) == 1 && json_object_size(properties) == 1 && version &&
           strtol(version, NULL, 10) == number;
}

int image_body(const json_t *answer, int32_t number, json_t **ret_body)
{
    static const char *const names[] = {"schema", "schemaType", "references", "metadata",
                                        "ruleSet"};
    json_t *body = json_object();
    int r = body ? 0 : -ENOMEM;

    for (size_t i = 0; i < MR_N_ELEMENTS(names) && r == 0; i++) {
        json_t *member = json_object_get(answer, names[i]);
        bool empty = !member || json_is_null(member) ||
                     (json_is_array(member) && json_array_size(member) == 0) ||
                     (i == 1 && mr_str_is(json_str(member), "AVRO")) ||
                     (i == 3 && is_noise(member, number));
        if (!empty && json_object_set(body, names[i], member) != 0)
            r = -ENOMEM;
    }
    if (r != 0)
        json_decref(body);
    else
        *ret_body = body;
    return r;
}

static int add_version(struct image_subject *subject, const struct image_version *version)
{
    size_t at = subject->n_versions;
    struct image_version *versions = realloc(subject->versions, (at + 1) * sizeof(*versions));

    if (!versions)
        return -ENOMEM;
    subject->versions = versions;
    while (at > 0 && versions[at - 1].number > version->number)
        at--;
    memmove(versions + at + 1, versions + at, (subject->n_versions - at) * sizeof(*versions));
    versions[at] = *version;
    subject->n_versions++;
    return 0;
}

int image_read_version(struct mr_registry *registry, struct image_subject *subject, int32_t number,
                       struct mr_error *reterr)
{
    struct image_version version = {.number = number};
    MR_AUTO(json) json_t *answer = NULL;
    char tail[48];

    (void)snprintf(tail, sizeof(tail), "/versions/%d?deleted=true", (int)number);
    int r = image_path(registry, "/subjects/", subject->name, tail);
    if (r == 0)
        r = client_call(registry, "GET", (struct mr_str){0}, &answer, NULL, reterr);
    if (r != 0)
        return r;
    const json_t *id = json_object_get(answer, "id");
    if (!json_is_integer(id) || !json_is_string(json_object_get(answer, "schema")))
        return client_odd(registry, "a version without id or schema", reterr);
    version.id = (int32_t)json_integer_value(id);
    r = image_body(answer, number, &version.body);
    if (r == 0)
        r = add_version(subject, &version);
    if (r != 0)
        json_decref(version.body);
    return r;
}

static bool lists(const json_t *numbers, int32_t number)
{
    const json_t *item;
    size_t i;

    json_array_foreach(numbers, i, item)
    {
        if (json_integer_value(item) == number)
            return true;
    }
    return false;
}

static int read_versions(const struct reading *reading, struct image_subject *subject)
{
    MR_AUTO(json) json_t *all = NULL;
    MR_AUTO(json) json_t *live = NULL;
    const json_t *item;
    size_t i;
    int r = get(reading, "/subjects/", subject->name, "/versions?deleted=true", &all);

    if (r == 0)
        r = get(reading, "/subjects/", subject->name, "/versions", &live);
    if (r == MR_ABSENT)
        r = 0; /* none is left; or it went meanwhile */
    json_array_foreach(all, i, item)
    {
        int32_t number = (int32_t)json_integer_value(item);
        if (r != 0 || number < 1)
            break;
        r = image_read_version(reading->registry, subject, number, reading->reterr);
        if (r == MR_ABSENT)
            r = 0; /* went meanwhile */
        else if (r == 0)
            image_version(subject, number)->deleted = !lists(live, number);
    }
    return r;
}

/* A subject whose alias leads requests to another can only be read where all schemas are listed. */
static int read_page(const struct reading *reading, struct image_subject *subject, bool deleted,
                     size_t offset, json_t **ret_page)
{
    char tail[96];

    (void)snprintf(tail, sizeof(tail), "&deleted=%s&offset=%zu&limit=%d",
                   deleted ? "true" : "false", offset, (int)PAGE);
    return get(reading, "/schemas?subjectPrefix=", subject->name, tail, ret_page);
}

/* deleted: all are listed and added; else only those that are not, and marked so. */
static int take_listed(struct image_subject *subject, const json_t *item, bool deleted)
{
    struct image_version version = {
        .number = (int32_t)json_integer_value(json_object_get(item, "version")),
        .id = (int32_t)json_integer_value(json_object_get(item, "id")),
        .deleted = true,
    };
    struct image_version *held = image_version(subject, version.number);

    if (!mr_str_is(json_str(json_object_get(item, "subject")), subject->name))
        return 0;
    if (held)
        held->deleted = held->deleted && deleted;
    if (held || !deleted)
        return 0;
    int r = image_body(item, version.number, &version.body);
    if (r == 0)
        r = add_version(subject, &version);
    if (r != 0)
        json_decref(version.body);
    return r;
}

static int read_listed(const struct reading *reading, struct image_subject *subject, bool deleted)
{
    size_t offset = 0, n = PAGE;
    int r = 0;

    while (r == 0 && n == PAGE) {
        MR_AUTO(json) json_t *page = NULL;
        r = read_page(reading, subject, deleted, offset, &page);
        n = json_array_size(page);
        offset += n;
        for (size_t i = 0; i < n && r == 0; i++)
            r = take_listed(subject, json_array_get(page, i), deleted);
    }
    return r;
}

static int read_aliased(const struct reading *reading, struct image_subject *subject)
{
    int r = read_listed(reading, subject, true);

    return r == 0 ? read_listed(reading, subject, false) : r;
}

/* before: "/config/", "/mode/". NULL in *ret_json: not set. */
static int read_setting(const struct reading *reading, const char *before, const char *name,
                        json_t **ret_json)
{
    int r =
        *name ? get(reading, before, name, "", ret_json)
              : get(reading, strcmp(before, "/mode/") == 0 ? "/mode" : "/config", "", "", ret_json);

    return r == MR_ABSENT ? 0 : r;
}

static int read_settings(const struct reading *reading, struct image_subject *subject)
{
    MR_AUTO(json) json_t *mode = NULL;
    int r = read_setting(reading, "/config/", subject->name, &subject->config);

    if (r == 0)
        r = read_setting(reading, "/mode/", subject->name, &mode);
    const char *word = json_string_value(json_object_get(mode, "mode"));
    const struct image_subject *all = image_subject(reading->image, "");
    /* which some tell of every subject while it holds for all */
    bool from_above = word && *subject->name && strcmp(word, "READONLY_OVERRIDE") == 0 && all &&
                      all->mode && strcmp(all->mode, word) == 0;
    if (r == 0 && word && !from_above && !(subject->mode = strdup(word)))
        r = -ENOMEM;
    return r;
}

static int read_subject(const struct reading *reading, const char *context, const char *listed)
{
    struct name parts = name_split(mr_str_from(listed));
    struct image_subject *subject;
    char name[2 * NAME_MAX_BYTES];

    if (!name_is_default(&parts) && !mr_str_is(parts.context, context))
        return 0; /* its own context's turn will come */
    int n = strcmp(context, ".") == 0
                ? snprintf(name, sizeof(name), "%.*s", MR_STR_ARG(parts.subject))
                : snprintf(name, sizeof(name), ":%s:%.*s", context, MR_STR_ARG(parts.subject));
    if (n < 1 || n >= (int)sizeof(name) ||
        (reading->glob && fnmatch(reading->glob, name, 0) != 0) ||
        image_subject(reading->image, name))
        return 0;
    int r = image_need(reading->image, name, &subject);
    if (r == 0)
        r = read_settings(reading, subject);
    if (r == 0)
        r = json_object_get(subject->config, "alias") ? read_aliased(reading, subject)
                                                      : read_versions(reading, subject);
    return r;
}

/* Whether settings of contexts are told apart from what holds for all: asked of a context that is
 * none. */
static int tells_contexts(const struct reading *reading, bool *ret_tells)
{
    MR_AUTO(json) json_t *config = NULL;
    MR_AUTO(json) json_t *mode = NULL;
    int r = read_setting(reading, "/config/", ":.millrace-asks:", &config);

    if (r == 0)
        r = read_setting(reading, "/mode/", ":.millrace-asks:", &mode);
    *ret_tells = !config && !mode;
    return r == MR_INVALID ? 0 : r;
}

static int read_context_settings(const struct reading *reading, const char *context)
{
    struct image_subject *subject;
    char name[NAME_MAX_BYTES + 8];
    bool tells = true;
    bool plain = strcmp(context, ".") == 0;
    int r = plain ? 0 : tells_contexts(reading, &tells);

    if (r != 0 || !tells) {
        reading->image->blind = true;
        return r;
    }
    (void)snprintf(name, sizeof(name), "%s%s%s", plain ? "" : ":", plain ? "" : context,
                   plain ? "" : ":");
    r = image_need(reading->image, name, &subject);
    return r == 0 ? read_settings(reading, subject) : r;
}

static int read_context(const struct reading *reading, const char *context)
{
    MR_AUTO(json) json_t *subjects = NULL;
    const json_t *item;
    size_t i;
    int r = reading->glob ? 0 : read_context_settings(reading, context);

    if (r == 0)
        r = strcmp(context, ".") == 0
                ? get(reading, "/subjects?deleted=true", "", "", &subjects)
                : get(reading, "/contexts/", context, "/subjects?deleted=true", &subjects);
    json_array_foreach(subjects, i, item)
    {
        if (r == 0 && json_is_string(item))
            r = read_subject(reading, context, json_string_value(item));
    }
    return r;
}

static int read_contexts(const struct reading *reading)
{
    MR_AUTO(json) json_t *contexts = NULL;
    const json_t *item;
    size_t i;
    int r = get(reading, "/contexts", "", "", &contexts);

    if (r != 0 && reading->registry->reply.status != 404 && reading->registry->reply.status != 405)
        return r;
    r = read_context(reading, "."); /* the only one where there is no such thing */
    json_array_foreach(contexts, i, item)
    {
        const char *name = json_string_value(item);
        if (r == 0 && name && strcmp(name, ".") != 0)
            r = read_context(reading, name);
    }
    return r;
}

/* Versions that are referred to and were not chosen. *ret_more: there were some. */
static int read_referred(const struct reading *reading, struct image_subject *subject,
                         const json_t *reference, bool *ret_more)
{
    struct image_subject *referred;
    char name[2 * NAME_MAX_BYTES];

    if (image_referred(reading->image, subject->name, reference, &referred) ||
        !name_beside(mr_str_from(subject->name), json_str(json_object_get(reference, "subject")),
                     name))
        return 0;
    int r = image_need(reading->image, name, &referred);
    if (r != 0 || (referred->n_versions > 0 && !referred->partial))
        return r; /* chosen, and without that version */
    referred->partial = true;
    *ret_more = true;
    r = image_read_version(reading->registry, referred,
                           (int32_t)json_integer_value(json_object_get(reference, "version")),
                           reading->reterr);
    return r == MR_ABSENT ? MR_INVALID : r;
}

static int read_all_referred(const struct reading *reading)
{
    bool more = true;
    int r = 0;

    while (more && r == 0) {
        more = false;
        for (size_t s = 0; s < reading->image->n_subjects && r == 0; s++) {
            struct image_subject *subject = reading->image->subjects[s];
            for (size_t v = 0; v < subject->n_versions && r == 0; v++) {
                const json_t *list = json_object_get(subject->versions[v].body, "references");
                for (size_t i = 0; i < json_array_size(list) && r == 0; i++)
                    r = read_referred(reading, subject, json_array_get(list, i), &more);
            }
        }
    }
    return r;
}

int mr_image_read(struct mr_registry *registry, const char *glob, struct mr_image **ret_image,
                  struct mr_error *reterr)
{
    MR_AUTO(mr_image) struct mr_image *image = calloc(1, sizeof(*image));
    const struct reading reading = {registry, image, glob, reterr};
    int r = image ? read_contexts(&reading) : -ENOMEM;

    if (r == 0 && glob)
        r = read_all_referred(&reading);
    if (r == 0)
        *ret_image = MR_MOVE(image);
    return r;
}
