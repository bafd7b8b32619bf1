/* SPDX-License-Identifier: Apache-2.0 */
/* An image on its way, shared by the files that read it. */
#pragma once

#include "image.h"

struct reading {
    struct mr_registry *registry;
    struct mr_image *image;
    const char *glob;
    struct mr_error *reterr;
};

/* GET of image_path(). Outcomes: those of every call. */
int image_get(const struct reading *reading, const char *before, const char *name,
              const char *after, json_t **ret_json);

/* ---- image_read_versions.c; outcomes as above ---- */
int image_read_versions(const struct reading *reading, struct image_subject *subject);
/* The same for a subject whose alias leads requests to another: it can only be read where all
 * schemas are listed. */
int image_read_aliased(const struct reading *reading, struct image_subject *subject);
