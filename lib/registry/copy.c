/* SPDX-License-Identifier: Apache-2.0 */
/* A registry's contents brought to another: plan, import, delete, settings, and read back. */
#include "copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/status.h"

static int go_on(const struct copy *copy)
{
    const struct mr_copy_options *options = copy->options;

    return options->stop && options->stop(options->stop_opaque)
               ? mr_error_set(copy->reterr, -ECANCELED,
                              "stopped: what was copied stays, the same command goes on from there")
               : 0;
}

static void tell_step(struct copy *copy, const char *what, const struct copy_step *step)
{
    char id[16];

    (void)snprintf(id, sizeof(id), "%d", (int)step->version->id);
    copy_tell(copy, what,
              &(struct mr_image_difference){.kind = MR_IMAGE_VERSION_MISSING,
                                            .subject = step->subject->name,
                                            .version = step->version->number,
                                            .member = "id",
                                            .from = id});
}

static int send_version(struct copy *copy, const struct copy_step *step)
{
    const struct image_version *version = step->version;
    MR_AUTO(json) json_t *body = json_copy(version->body);
    MR_AUTO(json) json_t *answer = NULL;

    if (!body || json_object_set_new(body, "id", json_integer(version->id)) != 0 ||
        json_object_set_new(body, "version", json_integer(version->number)) != 0)
        return -ENOMEM;
    int r = copy_open(copy, step->subject->name);
    if (r == 0)
        r = copy_send(copy, "POST", "/subjects/", step->subject->name, "/versions", body, &answer);
    if (r == 0 && json_integer_value(json_object_get(answer, "id")) != version->id)
        return client_odd(copy->to, "another id than the one that was asked for", copy->reterr);
    return r;
}

static int in_step(struct copy *copy, const struct copy_step *step, int r)
{
    if (r == 0 || r == -ECANCELED || !copy->reterr)
        return r;
    return mr_error_set(copy->reterr, r == MR_ABSENT ? MR_INVALID : r, "%s version %d, id %d: %s",
                        step->subject->name, (int)step->version->number, (int)step->version->id,
                        copy->reterr->text);
}

static int import_all(struct copy *copy)
{
    int r = 0;

    for (size_t i = 0; i < copy->n_steps && r == 0; i++) {
        const struct copy_step *step = &copy->steps[i];
        if (step->kind != STEP_IMPORT && step->kind != STEP_IMPORT_DELETE)
            continue;
        r = go_on(copy);
        if (r == 0 && !copy->options->dry_run)
            r = in_step(copy, step, send_version(copy, step));
        if (r == 0) {
            tell_step(copy, "import", step);
            copy->result->n_imported++;
        }
    }
    return r;
}

/* What refers to others goes first. */
static int delete_all(struct copy *copy)
{
    int r = 0;

    for (size_t i = copy->n_steps; i-- > 0 && r == 0;) {
        const struct copy_step *step = &copy->steps[i];
        char tail[32];
        if (step->kind != STEP_DELETE && step->kind != STEP_IMPORT_DELETE)
            continue;
        (void)snprintf(tail, sizeof(tail), "/versions/%d", (int)step->version->number);
        r = go_on(copy);
        if (r == 0 && !copy->options->dry_run)
            r = copy_open(copy, step->subject->name);
        if (r == 0 && !copy->options->dry_run)
            r = in_step(
                copy, step,
                copy_send(copy, "DELETE", "/subjects/", step->subject->name, tail, NULL, NULL));
        if (r == 0) {
            tell_step(copy, "delete", step);
            copy->result->n_deleted++;
        }
    }
    return r;
}

/* Differences that a copy is not for: what only the target has. */
static bool not_ours(const struct copy *copy, const struct mr_image_difference *difference)
{
    switch (difference->kind) {
    case MR_IMAGE_SUBJECT_EXTRA:
    case MR_IMAGE_VERSION_EXTRA:
        return true;
    case MR_IMAGE_CONFIG:
        return !difference->from;
    case MR_IMAGE_MODE:
        return !difference->from || copy->options->keep_modes;
    case MR_IMAGE_SUBJECT_MISSING:
    case MR_IMAGE_VERSION_MISSING:
    case MR_IMAGE_ID:
    case MR_IMAGE_SCHEMA:
    case MR_IMAGE_DELETED:
        break;
    }
    return false;
}

struct checking {
    struct copy *copy;
    size_t n_found;
};

static int check_difference(void *opaque, const struct mr_image_difference *difference)
{
    struct checking *checking = opaque;

    if (not_ours(checking->copy, difference))
        return 0;
    checking->n_found++;
    copy_tell(checking->copy, "differs", difference);
    return 0;
}

static int read_back(struct copy *copy)
{
    struct checking checking = {.copy = copy};
    MR_AUTO(mr_image) struct mr_image *now = NULL;
    int r = mr_image_read(copy->to, copy->options->glob, &now, copy->reterr);

    if (r == 0)
        r = mr_image_compare(copy->source, now, check_difference, &checking);
    if (r == 0 && checking.n_found > 0)
        r = mr_error_set(copy->reterr, MR_INVALID,
                         "read back, the target differs in %zu place%s: see above; 'millrace "
                         "registry verify' tells them again",
                         checking.n_found, checking.n_found == 1 ? "" : "s");
    if (r == 0)
        copy->result->n_verified = copy->n_steps;
    return r;
}

static int change(struct copy *copy)
{
    int r = import_all(copy);

    if (r == 0)
        r = delete_all(copy);
    if (r == 0)
        r = copy_configs(copy);
    r = copy_close(copy, r);
    if (r == 0)
        r = copy_modes(copy);
    return r == 0 && !copy->options->dry_run ? read_back(copy) : r;
}

static int run(struct copy *copy)
{
    int r = mr_image_read(copy->from, copy->options->glob, &copy->source, copy->reterr);

    if (r != 0)
        return r;
    copy->result->n_subjects = mr_image_n_subjects(copy->source);
    copy->result->n_versions = mr_image_n_versions(copy->source);
    if (copy->options->glob && copy->result->n_versions == 0)
        return mr_error_set(copy->reterr, MR_ABSENT, "the source has no subject that '%s' fits",
                            copy->options->glob);
    r = mr_image_read(copy->to, copy->options->glob, &copy->target, copy->reterr);
    if (r == 0)
        r = copy_plan(copy);
    return r == 0 && copy->result->n_conflicts == 0 ? change(copy) : r;
}

int mr_registry_copy(struct mr_registry *from, struct mr_registry *to,
                     const struct mr_copy_options *options, struct mr_copy_result *ret_result,
                     struct mr_error *reterr)
{
    struct copy copy = {
        .from = from, .to = to, .options = options, .result = ret_result, .reterr = reterr};

    *ret_result = (struct mr_copy_result){0};
    int r = run(&copy);
    free(copy.steps);
    free(copy.touched);
    (void)mr_image_free(copy.source);
    (void)mr_image_free(copy.target);
    return r;
}
