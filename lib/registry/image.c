/* SPDX-License-Identifier: Apache-2.0 */
/* Images of registries as data. */
#include "image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/sorted.h"

static void free_subject(struct image_subject *subject)
{
    for (size_t i = 0; i < subject->n_versions; i++)
        json_decref(subject->versions[i].body);
    free(subject->versions);
    json_decref(subject->config);
    free(subject->mode);
    free(subject->name);
    free(subject);
}

struct mr_image *mr_image_free(struct mr_image *image)
{
    if (image) {
        for (size_t i = 0; i < image->n_subjects; i++)
            free_subject(image->subjects[i]);
        free(image->subjects);
        free(image);
    }
    return NULL;
}

static int compare(const void *name, const void *item)
{
    return strcmp(name, (*(struct image_subject *const *)item)->name);
}

/* The first subject that is not before name. */
static size_t place_of(const struct mr_image *image, const char *name)
{
    return mr_lower_bound(name, image->subjects, image->n_subjects, sizeof(*image->subjects),
                          compare);
}

struct image_subject *image_subject(const struct mr_image *image, const char *name)
{
    size_t at = place_of(image, name);

    return at < image->n_subjects && strcmp(image->subjects[at]->name, name) == 0
               ? image->subjects[at]
               : NULL;
}

int image_need(struct mr_image *image, const char *name, struct image_subject **ret_subject)
{
    *ret_subject = image_subject(image, name);
    if (*ret_subject)
        return 0;
    struct image_subject **subjects =
        realloc(image->subjects, (image->n_subjects + 1) * sizeof(struct image_subject *));
    if (!subjects)
        return -ENOMEM;
    image->subjects = subjects;
    struct image_subject *subject = calloc(1, sizeof(*subject));
    if (!subject || !(subject->name = strdup(name))) {
        free(subject);
        return -ENOMEM;
    }
    size_t at = place_of(image, name);
    memmove(subjects + at + 1, subjects + at,
            (image->n_subjects - at) * sizeof(struct image_subject *));
    subjects[at] = subject;
    image->n_subjects++;
    *ret_subject = subject;
    return 0;
}

struct image_version *image_version(const struct image_subject *subject, int32_t number)
{
    for (size_t i = 0; subject && i < subject->n_versions; i++)
        if (subject->versions[i].number == number)
            return &subject->versions[i];
    return NULL;
}

struct image_version *image_referred(const struct mr_image *image, const char *subject,
                                     const json_t *reference, struct image_subject **ret_subject)
{
    char name[2 * NAME_MAX_BYTES];

    if (!name_beside(mr_str_from(subject), json_str(json_object_get(reference, "subject")), name))
        return NULL;
    *ret_subject = image_subject(image, name);
    return image_version(*ret_subject,
                         (int32_t)json_integer_value(json_object_get(reference, "version")));
}

size_t mr_image_n_subjects(const struct mr_image *image)
{
    size_t n = 0;

    for (size_t i = 0; i < image->n_subjects; i++)
        n += image->subjects[i]->n_versions > 0;
    return n;
}

size_t mr_image_n_versions(const struct mr_image *image)
{
    size_t n = 0;

    for (size_t i = 0; i < image->n_subjects; i++)
        n += image->subjects[i]->n_versions;
    return n;
}

/* What is set above a subject: for its context, else for the registry. */
static const struct image_subject *above(const struct mr_image *image, const char *name)
{
    struct name parts = name_split(mr_str_from(name));
    char context[NAME_MAX_BYTES + 8];

    if (name_is_default(&parts))
        return image_subject(image, "");
    (void)snprintf(context, sizeof(context), ":%.*s:", MR_STR_ARG(parts.context));
    return image_subject(image, context);
}

static const char *level_of(const struct image_subject *subject)
{
    return subject ? json_string_value(json_object_get(subject->config, "compatibilityLevel"))
                   : NULL;
}

static bool latest_of(const struct mr_image *image, const struct image_subject *subject,
                      struct mr_image_latest *ret_latest)
{
    const struct image_subject *over = above(image, subject->name);
    const struct image_version *version = NULL;

    for (size_t i = 0; i < subject->n_versions; i++)
        if (!subject->versions[i].deleted)
            version = &subject->versions[i];
    if (!version)
        return false;
    const char *level = level_of(subject);
    *ret_latest = (struct mr_image_latest){
        .subject = subject->name,
        .version = version->number,
        .id = version->id,
        .text = json_str(json_object_get(version->body, "schema")),
        .level = level ? level : level_of(over),
        .mode = subject->mode ? subject->mode
                : over        ? over->mode
                              : NULL,
    };
    return true;
}

size_t mr_image_n_places(const struct mr_image *image)
{
    return image->n_subjects;
}

bool mr_image_latest(const struct mr_image *image, size_t place, struct mr_image_latest *ret_latest)
{
    return latest_of(image, image->subjects[place], ret_latest);
}

bool mr_image_find(const struct mr_image *image, const char *subject,
                   struct mr_image_latest *ret_latest)
{
    const struct image_subject *found = image_subject(image, subject);

    return found && latest_of(image, found, ret_latest);
}

int32_t mr_image_holds(const struct mr_image *image, const char *subject, struct mr_str text)
{
    const struct image_subject *found = image_subject(image, subject);

    for (size_t i = found ? found->n_versions : 0; i-- > 0;) {
        const struct image_version *version = &found->versions[i];
        if (!version->deleted &&
            mr_schema_text_same(json_str(json_object_get(version->body, "schema")), text))
            return version->number;
    }
    return 0;
}
