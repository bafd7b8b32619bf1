/* SPDX-License-Identifier: Apache-2.0 */
/* Whole registries: read into an image, compared, and copied with their ids and versions.
 * Source: Confluent Schema Registry 7.5 REST API (modes, IMPORT, contexts, deletion). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/own.h"
#include "millrace/registry.h"

/* Everything that a registry tells of itself: subjects of all contexts, versions with those deleted
 * softly, settings of subjects, contexts and the registry. */
struct mr_image;

/* glob (may be NULL: all) chooses subjects by their qualified names (":.context:subject", "subject"
 * in the default context); versions that the chosen refer to are read as well. With a glob, only
 * settings of the chosen subjects are. Outcomes: those of every registry call, MR_INVALID too. */
int mr_image_read(struct mr_registry *registry, const char *glob, struct mr_image **ret_image,
                  struct mr_error *reterr);
struct mr_image *mr_image_free(struct mr_image *image);
MR_DEFINE_AUTO(mr_image, struct mr_image *, mr_image_free);

size_t mr_image_n_subjects(const struct mr_image *image); /* with a version at least */
size_t mr_image_n_versions(const struct mr_image *image);

/* ---- for a comparison with something else ---- */
struct mr_image_latest {
    const char *subject;
    int32_t version, id;
    struct mr_str text;
    const char *level; /* the subject's own, else what holds for it; NULL: not told */
    const char *mode;  /* the same */
};
size_t mr_image_n_places(const struct mr_image *image);
/* The subject of that place in the order of names, and its newest version that is not deleted.
 * False: none of its versions is left. Borrowed from the image. */
bool mr_image_latest(const struct mr_image *image, size_t place,
                     struct mr_image_latest *ret_latest);
/* The same by its name. */
bool mr_image_find(const struct mr_image *image, const char *subject,
                   struct mr_image_latest *ret_latest);
/* The newest version of a subject, not deleted, that is this schema; 0: none. */
int32_t mr_image_holds(const struct mr_image *image, const char *subject, struct mr_str text);
/* Whether two texts are one schema as a registry keeps it: the same bytes, the same JSON, or the
 * same stored form. */
bool mr_schema_text_same(struct mr_str a, struct mr_str b);

/* ---- comparison ---- */
enum mr_image_difference_kind {
    MR_IMAGE_SUBJECT_MISSING, /* in `to` */
    MR_IMAGE_SUBJECT_EXTRA,   /* only in `to` */
    MR_IMAGE_VERSION_MISSING,
    MR_IMAGE_VERSION_EXTRA,
    MR_IMAGE_ID,
    MR_IMAGE_SCHEMA,  /* member: "schema", "schemaType", "references", "metadata", "ruleSet" */
    MR_IMAGE_DELETED, /* softly, on one side only */
    MR_IMAGE_CONFIG,  /* member: of the configuration, such as "compatibilityLevel" */
    MR_IMAGE_MODE,
};
struct mr_image_difference {
    enum mr_image_difference_kind kind;
    const char *subject;   /* "": the registry; ":.context:": a context */
    int32_t version;       /* 0: of the subject as a whole */
    const char *member;    /* NULL: none */
    const char *from, *to; /* what each side has, cut where it is long; NULL: nothing */
};
/* All of them, by subject and version, borrowed for the call; stops at the first result of take
 * that is not 0 and gives it. -ENOMEM. */
int mr_image_compare(const struct mr_image *from, const struct mr_image *to,
                     int (*take)(void *opaque, const struct mr_image_difference *difference),
                     void *opaque);

/* ---- copy ---- */
struct mr_copy_options {
    const char *glob; /* NULL: everything */
    bool dry_run;
    bool keep_modes; /* leave the target's modes as they are, but for the time of the copy */
    bool (*stop)(void *opaque); /* asked between steps; may be NULL */
    void *stop_opaque;
    /* Told of everything that is done, or with dry_run would be: "import", "delete", "config",
     * "mode"; and of every "conflict", which keeps the copy from beginning. */
    void (*told)(void *opaque, const char *what, const struct mr_image_difference *about);
    void *told_opaque;
};
struct mr_copy_result {
    size_t n_subjects, n_versions; /* of the source, as chosen */
    size_t n_equal;                /* versions there already */
    size_t n_imported, n_deleted;  /* versions */
    size_t n_configs, n_modes;     /* settings brought over */
    size_t n_conflicts;            /* versions, or ids, that hold something else in the target */
    size_t n_verified;             /* versions read back and equal */
    bool modes_left;               /* a mode of the target could not be put back: reterr names it */
};
/* Brings what `from` holds to `to` under the same ids and versions: subjects are put into mode
 * IMPORT for it, and out of it again however it ends. Going on after a failure is calling it again.
 * Outcomes: 0 (with n_conflicts: nothing was changed); those of every registry call; MR_INVALID
 * (the target refuses something); MR_ABSENT (glob chooses nothing); -ECANCELED. */
int mr_registry_copy(struct mr_registry *from, struct mr_registry *to,
                     const struct mr_copy_options *options, struct mr_copy_result *ret_result,
                     struct mr_error *reterr);
