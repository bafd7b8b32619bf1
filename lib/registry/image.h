/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of an image of a registry (millrace/registry_copy.h), shared by its files. */
#pragma once

#include "client.h"
#include "millrace/registry_copy.h"
#include "names.h"

struct image_version {
    int32_t number, id;
    bool deleted;
    unsigned char mark; /* of whoever walks over the references */
    json_t *body;       /* what registers it: schema, schemaType unless AVRO, references, ... */
};

/* Also a context (":.context:") and the registry itself (""), which have settings alone. */
struct image_subject {
    char *name;
    struct image_version *versions; /* ascending */
    size_t n_versions;
    bool partial;   /* read only as far as others refer to it */
    json_t *config; /* its own; NULL: none */
    char *mode;     /* its own; NULL: none */
};

struct mr_image {
    struct image_subject **subjects; /* by name */
    size_t n_subjects;
    bool blind; /* the registry does not tell settings of contexts from those that hold for all */
};

struct image_subject *image_subject(const struct mr_image *image, const char *name);
struct image_version *image_version(const struct image_subject *subject, int32_t number);
/* What a reference of a version of `subject` names; NULL when the image does not have it.
 * *ret_subject is set with it. */
struct image_version *image_referred(const struct mr_image *image, const char *subject,
                                     const json_t *reference, struct image_subject **ret_subject);
/* The subject of that name, made when there is none. 0 or -ENOMEM. */
int image_need(struct mr_image *image, const char *name, struct image_subject **ret_subject);

/* Where two versions differ: a member of the body, or NULL. */
const char *image_differs(const struct mr_image *a, const char *a_subject,
                          const struct image_version *a_version, const struct mr_image *b,
                          const char *b_subject, const struct image_version *b_version);

/* One version, read whether deleted or not. Outcomes: those of every call. */
int image_read_version(struct mr_registry *registry, struct image_subject *subject, int32_t number,
                       struct mr_error *reterr);
/* A body as it is compared and sent, from what a registry answers. 0 or -ENOMEM. */
int image_body(const json_t *answer, int32_t number, json_t **ret_body);
/* "/subjects/NAME" + tail, or "/config/NAME", ... into registry->path. 0 or -ENOMEM. */
int image_path(struct mr_registry *registry, const char *before, const char *name,
               const char *after);
