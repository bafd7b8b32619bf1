/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts, subjects and versions as they come and go. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/sorted.h"
#include "state_internal.h"

static int new_context(struct state *state, struct mr_str name, struct context **ret_context)
{
    struct context *context = calloc(1, sizeof(*context));

    if (context)
        context->name = strndup(name.data, name.len);
    if (!context || !context->name ||
        table_put(&state->contexts, context->name, name.len, context) != 0) {
        if (context)
            free(context->name);
        free(context);
        return -ENOMEM;
    }
    *ret_context = context;
    return 0;
}

int context_need(struct state *state, struct mr_str name, struct context **ret_context)
{
    *ret_context = table_find(&state->contexts, name.data, name.len);
    return *ret_context ? 0 : new_context(state, name, ret_context);
}

static int compare(const void *name, const void *item)
{
    return strcmp(name, (*(struct subject *const *)item)->name);
}

/* The first subject that is not before name. */
static size_t sorted_place(const struct state *state, const char *name)
{
    return mr_lower_bound(name, state->sorted, state->n_sorted, sizeof(*state->sorted), compare);
}

static int new_subject(struct state *state, const char *name, struct subject **ret_subject)
{
    struct subject **sorted = realloc(state->sorted, (state->n_sorted + 1) * sizeof(*sorted));
    struct subject *subject = calloc(1, sizeof(*subject));
    struct mr_str text = mr_str_from(name);
    int r = sorted && subject ? context_need(state, name_split(text).context, &subject->context)
                              : -ENOMEM;

    if (sorted)
        state->sorted = sorted;
    if (r == 0 && !(subject->name = strdup(name)))
        r = -ENOMEM;
    if (r == 0)
        r = table_put(&state->subjects, subject->name, text.len, subject);
    if (r != 0) {
        if (subject)
            free(subject->name);
        free(subject);
        return r;
    }
    size_t at = sorted_place(state, name);
    memmove(sorted + at + 1, sorted + at, (state->n_sorted - at) * sizeof(*sorted));
    sorted[at] = subject;
    state->n_sorted++;
    *ret_subject = subject;
    return 0;
}

static void drop_subject(struct state *state, struct subject *subject)
{
    size_t at = sorted_place(state, subject->name);

    memmove(state->sorted + at, state->sorted + at + 1,
            (state->n_sorted - at - 1) * sizeof(*state->sorted));
    state->n_sorted--;
    (void)table_take(&state->subjects, subject->name, strlen(subject->name));
    free(subject->versions);
    free(subject->name);
    free(subject);
}

void version_drop(struct state *state, struct subject *subject, int32_t number)
{
    struct version *version = subject_version(subject, number);

    if (!version)
        return;
    unrefer(state, subject, version);
    id_release(subject->context, version, subject);
    (void)content_unref(version->content);
    json_decref(version->extra);
    size_t at = (size_t)(version - subject->versions);
    memmove(version, version + 1, (subject->n_versions - at - 1) * sizeof(*version));
    subject->n_versions--;
    if (subject->n_versions == 0)
        drop_subject(state, subject);
}

/* Room for one more version at its place. */
static int insert_version(struct subject *subject, int32_t number, struct version **ret_version)
{
    struct version *versions =
        realloc(subject->versions, (subject->n_versions + 1) * sizeof(*versions));
    size_t at = subject->n_versions;

    if (!versions)
        return -ENOMEM;
    subject->versions = versions;
    while (at > 0 && versions[at - 1].number > number)
        at--;
    memmove(versions + at + 1, versions + at, (subject->n_versions - at) * sizeof(*versions));
    versions[at] = (struct version){.number = number};
    subject->n_versions++;
    *ret_version = &versions[at];
    return 0;
}

/* Subjects that hold the same schema hold one content, also where each record brought its own. */
static struct content *shared_content(const struct subject *subject, const struct record *record)
{
    const struct id *id = context_id(subject->context, record->id);
    const struct version *twin =
        id && id->n_holders > 0 ? subject_version(id->holders[0].subject, id->holders[0].version)
                                : NULL;

    return content_ref(twin && content_same(twin->content, record->content) ? twin->content
                                                                            : record->content);
}

/* Takes content. */
static int fill_version(struct state *state, struct subject *subject, struct version *version,
                        const struct record *record, struct content *content)
{
    version->id = record->id;
    version->deleted = record->deleted;
    version->content = content;
    json_t *extra = json_incref(record->extra); /* may be the version's own */
    json_decref(version->extra);
    version->extra = extra;
    int r = id_hold(subject->context, version, subject);
    return r == 0 && !version->deleted ? refer(state, subject, version) : r;
}

/* When memory runs out, nothing of a new version stays. */
static int add_version(struct state *state, const struct record *record)
{
    struct subject *subject = state_subject(state, record->subject);
    struct version *version;
    int r = subject ? 0 : new_subject(state, record->subject, &subject);

    if (r != 0)
        return r;
    struct content *content = shared_content(subject, record);
    struct context *context = subject->context;
    int32_t max_id = context->max_id;
    r = insert_version(subject, record->version, &version);
    if (r == 0) {
        r = fill_version(state, subject, version, record, content);
        if (r != 0) {
            version_drop(state, subject, record->version);
            context->max_id = max_id;
        }
    } else {
        (void)content_unref(content);
        if (subject->n_versions == 0)
            drop_subject(state, subject);
    }
    return r;
}

int version_put(struct state *state, const struct record *record)
{
    struct subject *subject = state_subject(state, record->subject);
    struct version *version = subject ? subject_version(subject, record->version) : NULL;

    if (!version)
        return add_version(state, record);
    /* may be the record's own content: kept until that is taken */
    MR_AUTO(content) struct content *old = version->content;
    struct content *content = shared_content(subject, record);
    unrefer(state, subject, version);
    if (version->id != record->id || version->content != content)
        id_release(subject->context, version, subject);
    return fill_version(state, subject, version, record, content);
}
