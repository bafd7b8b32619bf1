/* SPDX-License-Identifier: Apache-2.0 */
/* An image read from any registry that speaks Confluent's API: contexts one by one, since not all
 * take a prefix over all of them. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "image_reading.h"
#include "millrace/status.h"

/* before: "/config/", "/mode/". NULL in *ret_json: not set. */
static int read_setting(const struct reading *reading, const char *before, const char *name,
                        json_t **ret_json)
{
    int r = *name ? image_get(reading, before, name, "", ret_json)
                  : image_get(reading, strcmp(before, "/mode/") == 0 ? "/mode" : "/config", "", "",
                              ret_json);

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
        r = json_object_get(subject->config, "alias") ? image_read_aliased(reading, subject)
                                                      : image_read_versions(reading, subject);
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
                ? image_get(reading, "/subjects?deleted=true", "", "", &subjects)
                : image_get(reading, "/contexts/", context, "/subjects?deleted=true", &subjects);
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
    int r = image_get(reading, "/contexts", "", "", &contexts);

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
