/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations and modes of a copy. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "copy.h"
#include "millrace/status.h"

int copy_send(struct copy *copy, const char *method, const char *before, const char *name,
              const char *after, const json_t *body, json_t **ret_answer)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    MR_AUTO(json) json_t *answer = NULL;
    int r = image_path(copy->to, before, name, after);

    if (r == 0 && body)
        r = json_append(&text, body);
    if (r == 0)
        r = client_call(copy->to, method,
                        (struct mr_str){body ? (const char *)text.data : NULL, text.len}, &answer,
                        NULL, copy->reterr);
    if (r == 0 && ret_answer)
        *ret_answer = MR_MOVE(answer);
    return r;
}

void copy_tell(struct copy *copy, const char *what, const struct mr_image_difference *about)
{
    if (copy->options->told)
        copy->options->told(copy->options->told_opaque, what, about);
}

int copy_set_mode(struct copy *copy, const char *subject, const char *mode)
{
    MR_AUTO(json) json_t *body = mode ? json_pack("{s:s}", "mode", mode) : NULL;
    const char *before = *subject ? "/mode/" : "/mode";

    if (mode && !body)
        return -ENOMEM;
    int r = copy_send(copy, mode ? "PUT" : "DELETE", before, subject, mode ? "?force=true" : "",
                      body, NULL);
    return r == MR_ABSENT ? 0 : r; /* there is none: as wanted */
}

int copy_open(struct copy *copy, const char *subject)
{
    const struct image_subject *held = image_subject(copy->target, subject);
    const char *mode = held ? held->mode : NULL;

    if (held && json_object_get(held->config, "alias"))
        return mr_error_set(copy->reterr, MR_INVALID,
                            "in the target, subject '%s' is an alias, so that whatever is written "
                            "to it goes to another: take the alias away for the copy",
                            subject);
    for (size_t i = 0; i < copy->n_touched; i++)
        if (strcmp(copy->touched[i].subject, subject) == 0)
            return 0;
    /* noted before it is done: an answer that gets lost leaves the mode behind */
    copy->touched[copy->n_touched++] = (struct copy_touched){
        subject, mode && strcmp(mode, "IMPORT") == 0 && !copy->options->keep_modes ? NULL : mode};
    return copy_set_mode(copy, subject, "IMPORT");
}

int copy_close(struct copy *copy, int r)
{
    struct mr_error *reterr = copy->reterr;
    struct mr_error own = MR_ERROR_INIT;
    size_t n_left = 0;
    const char *left = NULL;

    http_never_stop(copy->to->http);
    copy->reterr = &own;
    while (copy->n_touched > 0) {
        const struct copy_touched *touched = &copy->touched[--copy->n_touched];
        if (copy_set_mode(copy, touched->subject, touched->mode) == 0)
            continue;
        left = touched->subject;
        n_left++;
    }
    copy->reterr = reterr;
    if (n_left == 0)
        return r;
    copy->result->modes_left = true;
    char before[512] = "";
    if (r != 0 && reterr)
        (void)snprintf(before, sizeof(before), "%.500s", reterr->text);
    return mr_error_set(reterr, r != 0 ? r : MR_AGAIN,
                        "%s%smode IMPORT was left behind on subject '%s'%s: copy again, or set its "
                        "mode yourself (%.200s)",
                        before, *before ? "; and " : "", left, n_left > 1 ? " and others" : "",
                        own.text);
}

/* What PUT /config takes for what GET answers. */
static json_t *config_body(const json_t *config)
{
    json_t *body = json_copy((json_t *)(uintptr_t)config);
    json_t *level = json_object_get(body, "compatibilityLevel");

    if (body && level &&
        (json_object_set(body, "compatibility", level) != 0 ||
         json_object_del(body, "compatibilityLevel") != 0)) {
        json_decref(body);
        body = NULL;
    }
    return body;
}

static int put_config(struct copy *copy, const struct image_subject *subject)
{
    const char *name = subject->name;
    MR_AUTO(json) json_t *body = config_body(subject->config);

    if (!body)
        return -ENOMEM;
    return copy_send(copy, "PUT", *name ? "/config/" : "/config", name, "", body, NULL);
}

/* Whether the target lacks something of a configuration. */
static bool lacks(const struct image_subject *own, const struct image_subject *held)
{
    const char *member;
    json_t *value;

    json_object_foreach(own->config, member, value)
    {
        const json_t *other = held ? json_object_get(held->config, member) : NULL;
        if (!other || !json_equal(value, other))
            return true;
    }
    return false;
}

static bool is_context(const struct image_subject *subject)
{
    return subject->n_versions == 0 && *subject->name;
}

int copy_configs(struct copy *copy)
{
    int r = 0;

    for (size_t i = 0; i < copy->source->n_subjects && r == 0; i++) {
        const struct image_subject *subject = copy->source->subjects[i];
        const struct image_subject *held = image_subject(copy->target, subject->name);
        const char *level =
            json_string_value(json_object_get(subject->config, "compatibilityLevel"));
        if (subject->partial || !lacks(subject, held) ||
            (is_context(subject) && copy->target->blind))
            continue;
        copy_tell(copy, "config",
                  &(struct mr_image_difference){
                      .kind = MR_IMAGE_CONFIG, .subject = subject->name, .from = level});
        copy->result->n_configs++;
        if (copy->options->dry_run)
            continue;
        if (subject->n_versions > 0 && held && held->mode)
            r = copy_open(copy, subject->name);
        if (r == 0)
            r = put_config(copy, subject);
    }
    return r;
}

/* A mode IMPORT that a killed copy left behind is taken away, too. */
static bool mode_changes(const struct image_subject *own, const struct image_subject *held)
{
    const char *want = own->mode, *have = held ? held->mode : NULL;

    if (!want)
        return have && strcmp(have, "IMPORT") == 0;
    return !have || strcmp(want, have) != 0;
}

int copy_modes(struct copy *copy)
{
    int r = 0;

    for (size_t i = 0; i < copy->source->n_subjects && r == 0; i++) {
        const struct image_subject *subject = copy->source->subjects[i];
        const struct image_subject *held = image_subject(copy->target, subject->name);
        if (copy->options->keep_modes || subject->partial || !mode_changes(subject, held) ||
            (is_context(subject) && copy->target->blind))
            continue;
        copy_tell(copy, "mode",
                  &(struct mr_image_difference){.kind = MR_IMAGE_MODE,
                                                .subject = subject->name,
                                                .from = subject->mode,
                                                .to = held ? held->mode : NULL});
        copy->result->n_modes++;
        if (!copy->options->dry_run)
            r = copy_set_mode(copy, subject->name, subject->mode);
    }
    return r;
}
