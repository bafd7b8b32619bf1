/* SPDX-License-Identifier: Apache-2.0 */
/* A copy on its way, shared by its files. */
#pragma once

#include "image.h"

enum step_kind { STEP_NONE, STEP_IMPORT, STEP_DELETE, STEP_IMPORT_DELETE };

struct copy_step {
    struct image_subject *subject; /* of the source's image */
    struct image_version *version;
    enum step_kind kind;
};

/* A subject that was put into IMPORT, and what it was in before. */
struct copy_touched {
    const char *subject;
    const char *mode; /* own mode before, or NULL: none; borrowed from the target's image */
};

struct copy {
    struct mr_registry *from, *to;
    const struct mr_copy_options *options;
    struct mr_copy_result *result;
    struct mr_error *reterr;
    struct mr_image *source, *target;
    struct copy_step *steps; /* every version of the source, those it refers to before it */
    size_t n_steps;
    struct copy_touched *touched;
    size_t n_touched;
};

/* copy_plan.c: steps, conflicts. 0 or as every call. */
int copy_plan(struct copy *copy);
/* copy_settings.c: configurations and modes that the source has and the target has not; with
 * dry_run they are only told. */
int copy_configs(struct copy *copy);
int copy_modes(struct copy *copy);
/* PUT or, value NULL, DELETE of /mode/SUBJECT. */
int copy_set_mode(struct copy *copy, const char *subject, const char *mode);
/* Puts the subject into IMPORT, once. */
int copy_open(struct copy *copy, const char *subject);
/* Out of it again, whatever happened; what cannot be put back is named. r, when it is not 0. */
int copy_close(struct copy *copy, int r);

/* {"what": ...} of /subjects, /config, /mode; body may be NULL. *ret_answer may be NULL. */
int copy_send(struct copy *copy, const char *method, const char *before, const char *name,
              const char *after, const json_t *body, json_t **ret_answer);
void copy_tell(struct copy *copy, const char *what, const struct mr_image_difference *about);
