/* SPDX-License-Identifier: Apache-2.0 */
/* The versions of a subject, read one by one, or from a list of all schemas. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image_reading.h"
#include "millrace/status.h"

enum { PAGE = 500 }; /* schemas asked for at once */

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

int image_get(const struct reading *reading, const char *before, const char *name,
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

int image_read_versions(const struct reading *reading, struct image_subject *subject)
{
    MR_AUTO(json) json_t *all = NULL;
    MR_AUTO(json) json_t *live = NULL;
    const json_t *item;
    size_t i;
    int r = image_get(reading, "/subjects/", subject->name, "/versions?deleted=true", &all);

    if (r == 0)
        r = image_get(reading, "/subjects/", subject->name, "/versions", &live);
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
    return image_get(reading, "/schemas?subjectPrefix=", subject->name, tail, ret_page);
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

int image_read_aliased(const struct reading *reading, struct image_subject *subject)
{
    int r = read_listed(reading, subject, true);

    return r == 0 ? read_listed(reading, subject, false) : r;
}
