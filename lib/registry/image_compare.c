/* SPDX-License-Identifier: Apache-2.0 */
/* Two images side by side. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "image.h"

enum { SHOWN = 200 }; /* bytes of what each side has */

struct comparing {
    const struct mr_image *from, *to;
    int (*take)(void *opaque, const struct mr_image_difference *difference);
    void *opaque;
};

static const char *cut(const char *text, char out[SHOWN + 8])
{
    size_t len = text ? strlen(text) : 0;

    if (len <= SHOWN)
        return text;
    for (len = SHOWN; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80;)
        len--;
    (void)snprintf(out, SHOWN + 8, "%.*s...", (int)len, text);
    return out;
}

static int tell(const struct comparing *c, enum mr_image_difference_kind kind, const char *subject,
                int32_t version, const char *member, const char *from, const char *to)
{
    char left[SHOWN + 8], right[SHOWN + 8];
    const struct mr_image_difference difference = {
        .kind = kind,
        .subject = subject,
        .version = version,
        .member = member,
        .from = cut(from, left),
        .to = cut(to, right),
    };

    return c->take(c->opaque, &difference);
}

/* A member as text; strings without their quotes. */
static int tell_member(const struct comparing *c, enum mr_image_difference_kind kind,
                       const char *subject, int32_t version, const char *member, const json_t *from,
                       const json_t *to)
{
    MR_AUTO(mr_buf) struct mr_buf left = {0};
    MR_AUTO(mr_buf) struct mr_buf right = {0};
    int r = from && !json_is_string(from) ? json_append(&left, from) : 0;

    if (r == 0)
        r = to && !json_is_string(to) ? json_append(&right, to) : 0;
    if (r != 0 || !mr_buf_cstr(&left) || !mr_buf_cstr(&right))
        return -ENOMEM;
    return tell(c, kind, subject, version, member,
                !from                  ? NULL
                : json_is_string(from) ? json_string_value(from)
                                       : (const char *)left.data,
                !to                  ? NULL
                : json_is_string(to) ? json_string_value(to)
                                     : (const char *)right.data);
}

static int compare_version(const struct comparing *c, const char *subject,
                           const struct image_version *from, const struct image_version *to)
{
    const char *member = image_differs(c->from, subject, from, c->to, subject, to);
    char left[16], right[16];
    int r = 0;

    if (from->id != to->id) {
        (void)snprintf(left, sizeof(left), "%d", (int)from->id);
        (void)snprintf(right, sizeof(right), "%d", (int)to->id);
        r = tell(c, MR_IMAGE_ID, subject, from->number, "id", left, right);
    }
    if (r == 0 && member)
        r = tell_member(c, MR_IMAGE_SCHEMA, subject, from->number, member,
                        json_object_get(from->body, member), json_object_get(to->body, member));
    if (r == 0 && from->deleted != to->deleted)
        r = tell(c, MR_IMAGE_DELETED, subject, from->number, NULL,
                 from->deleted ? "deleted" : "there", to->deleted ? "deleted" : "there");
    return r;
}

static int compare_versions(const struct comparing *c, const struct image_subject *from,
                            const struct image_subject *to)
{
    int r = 0;

    for (size_t i = 0; i < from->n_versions && r == 0; i++) {
        const struct image_version *held = image_version(to, from->versions[i].number);
        r = held ? compare_version(c, from->name, &from->versions[i], held)
                 : tell(c, MR_IMAGE_VERSION_MISSING, from->name, from->versions[i].number, NULL,
                        json_string_value(json_object_get(from->versions[i].body, "schema")), NULL);
    }
    for (size_t i = 0; i < to->n_versions && r == 0 && !from->partial; i++)
        if (!image_version(from, to->versions[i].number))
            r = tell(c, MR_IMAGE_VERSION_EXTRA, from->name, to->versions[i].number, NULL, NULL,
                     json_string_value(json_object_get(to->versions[i].body, "schema")));
    return r;
}

static int compare_configs(const struct comparing *c, const char *subject, json_t *from, json_t *to)
{
    const char *member;
    json_t *value;
    int r = 0;

    json_object_foreach(from, member, value)
    {
        const json_t *other = json_object_get(to, member);
        if (r == 0 && !(other && json_equal(value, other)))
            r = tell_member(c, MR_IMAGE_CONFIG, subject, 0, member, value, other);
    }
    json_object_foreach(to, member, value)
    {
        if (r == 0 && !json_object_get(from, member))
            r = tell_member(c, MR_IMAGE_CONFIG, subject, 0, member, NULL, value);
    }
    return r;
}

static int compare_settings(const struct comparing *c, const struct image_subject *from,
                            const struct image_subject *to)
{
    const char *left = from->mode ? from->mode : "", *right = to->mode ? to->mode : "";
    bool untold = from->n_versions == 0 && *from->name && (c->from->blind || c->to->blind);
    int r = untold ? 0 : compare_configs(c, from->name, from->config, to->config);

    return r == 0 && !untold && strcmp(left, right) != 0
               ? tell(c, MR_IMAGE_MODE, from->name, 0, "mode", from->mode, to->mode)
               : r;
}

static int compare_subject(const struct comparing *c, const struct image_subject *from)
{
    const struct image_subject none = {.name = from->name};
    const struct image_subject *to = image_subject(c->to, from->name);
    char versions[32];
    int r = 0;

    if (!to)
        to = &none;
    if (from->n_versions > 0 && to->n_versions == 0) {
        (void)snprintf(versions, sizeof(versions), "%zu version%s", from->n_versions,
                       from->n_versions == 1 ? "" : "s");
        r = tell(c, MR_IMAGE_SUBJECT_MISSING, from->name, 0, NULL, versions, NULL);
    } else {
        r = compare_versions(c, from, to);
    }
    return r == 0 && !from->partial ? compare_settings(c, from, to) : r;
}

int mr_image_compare(const struct mr_image *from, const struct mr_image *to,
                     int (*take)(void *opaque, const struct mr_image_difference *difference),
                     void *opaque)
{
    const struct comparing c = {from, to, take, opaque};
    char versions[32];
    int r = 0;

    for (size_t i = 0; i < from->n_subjects && r == 0; i++)
        r = compare_subject(&c, from->subjects[i]);
    for (size_t i = 0; i < to->n_subjects && r == 0; i++) {
        const struct image_subject *subject = to->subjects[i];
        if (subject->n_versions == 0 || subject->partial || image_subject(from, subject->name))
            continue;
        (void)snprintf(versions, sizeof(versions), "%zu version%s", subject->n_versions,
                       subject->n_versions == 1 ? "" : "s");
        r = tell(&c, MR_IMAGE_SUBJECT_EXTRA, subject->name, 0, NULL, NULL, versions);
    }
    return r;
}
