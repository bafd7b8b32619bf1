/* SPDX-License-Identifier: Apache-2.0 */
/* What a copy has to do, and whether it may. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "copy.h"
#include "millrace/status.h"

static void add_step(struct copy *copy, struct image_subject *subject,
                     struct image_version *version)
{
    const json_t *reference;
    size_t i;

    if (version->mark)
        return;
    version->mark = 1;
    json_array_foreach(json_object_get(version->body, "references"), i, reference)
    {
        struct image_subject *held;
        struct image_version *referred =
            image_referred(copy->source, subject->name, reference, &held);
        if (referred)
            add_step(copy, held, referred);
    }
    copy->steps[copy->n_steps++] = (struct copy_step){.subject = subject, .version = version};
}

static int conflict(struct copy *copy, const struct copy_step *step,
                    enum mr_image_difference_kind kind, const char *member, const char *from,
                    const char *to)
{
    const struct mr_image_difference about = {.kind = kind,
                                              .subject = step->subject->name,
                                              .version = step->version->number,
                                              .member = member,
                                              .from = from,
                                              .to = to};

    copy->result->n_conflicts++;
    copy_tell(copy, "conflict", &about);
    return 0;
}

/* What the target has under an id of the subject's context. */
static int ask_id(struct copy *copy, const char *subject, int32_t id, json_t **ret_answer)
{
    struct name name = name_split(mr_str_from(subject));
    char before[64], context[NAME_MAX_BYTES + 8] = "";
    bool plain = name_is_default(&name);

    (void)snprintf(before, sizeof(before), "/schemas/ids/%d%s", (int)id, plain ? "" : "?subject=");
    if (!plain)
        (void)snprintf(context, sizeof(context), ":%.*s:", MR_STR_ARG(name.context));
    int r = image_path(copy->to, before, context, "");
    return r == 0 ? client_call(copy->to, "GET", (struct mr_str){0}, ret_answer, NULL, copy->reterr)
                  : r;
}

/* An id that the target has given to something else cannot be brought there. */
static int judge_id(struct copy *copy, const struct copy_step *step)
{
    const struct image_version *own = step->version;
    const char *subject = step->subject->name;
    struct image_version held = {.number = own->number, .id = own->id};
    MR_AUTO(json) json_t *answer = NULL;
    int r = ask_id(copy, subject, own->id, &answer);

    if (r != 0)
        return r == MR_ABSENT ? 0 : r;
    /* what else that answer has depends on the registry: the text decides */
    json_t *text = json_object_get(answer, "schema");
    MR_AUTO(json) json_t *body = json_copy(own->body);
    if (!body || !text || json_object_set(body, "schema", text) != 0)
        return -ENOMEM;
    held.body = body;
    if (!image_differs(copy->source, subject, own, copy->source, subject, &held))
        return 0;
    return conflict(copy, step, MR_IMAGE_ID, "id",
                    json_string_value(json_object_get(own->body, "schema")),
                    json_string_value(text));
}

static int judge_held(struct copy *copy, struct copy_step *step, const struct image_version *held)
{
    const struct image_version *own = step->version;
    const char *name = step->subject->name;
    const char *member = image_differs(copy->source, name, own, copy->target, name, held);
    char left[16], right[16];

    if (own->id != held->id) {
        (void)snprintf(left, sizeof(left), "%d", (int)own->id);
        (void)snprintf(right, sizeof(right), "%d", (int)held->id);
        return conflict(copy, step, MR_IMAGE_ID, "id", left, right);
    }
    if (member)
        return conflict(copy, step, MR_IMAGE_SCHEMA, member,
                        json_string_value(json_object_get(own->body, member)),
                        json_string_value(json_object_get(held->body, member)));
    if (held->deleted && !own->deleted)
        return conflict(copy, step, MR_IMAGE_DELETED, NULL, "there", "deleted");
    step->kind = own->deleted && !held->deleted ? STEP_DELETE : STEP_NONE;
    copy->result->n_equal += step->kind == STEP_NONE;
    return 0;
}

static int judge(struct copy *copy, struct copy_step *step)
{
    const struct image_subject *subject = image_subject(copy->target, step->subject->name);
    const struct image_version *held = image_version(subject, step->version->number);

    if (held)
        return judge_held(copy, step, held);
    step->kind = step->version->deleted ? STEP_IMPORT_DELETE : STEP_IMPORT;
    return judge_id(copy, step);
}

int copy_plan(struct copy *copy)
{
    size_t n = mr_image_n_versions(copy->source);
    int r = 0;

    copy->steps = calloc(n + 1, sizeof(*copy->steps));
    copy->touched = calloc(copy->source->n_subjects + 1, sizeof(*copy->touched));
    if (!copy->steps || !copy->touched)
        return -ENOMEM;
    for (size_t s = 0; s < copy->source->n_subjects; s++)
        for (size_t v = 0; v < copy->source->subjects[s]->n_versions; v++)
            add_step(copy, copy->source->subjects[s], &copy->source->subjects[s]->versions[v]);
    for (size_t i = 0; i < copy->n_steps && r == 0; i++)
        r = judge(copy, &copy->steps[i]);
    return r;
}
