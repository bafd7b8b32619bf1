/* SPDX-License-Identifier: Apache-2.0 */
/* Records applied: how each kind changes the state. */
#include "state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state_internal.h"

int state_init(struct state *state)
{
    struct context *context;

    *state = (struct state){0};
    int r = context_need(state, MR_STR("."), &context);
    if (r == 0)
        context->known = true;
    return r;
}

static int apply_schema(struct state *state, const struct record *record)
{
    struct subject *subject = state_subject(state, record->subject);

    if (record->content)
        return version_put(state, record);
    if (subject)
        version_drop(state, subject, record->version);
    return 0;
}

static void delete_subject(struct state *state, const struct record *record)
{
    struct subject *subject = state_subject(state, record->subject);

    for (size_t i = 0; subject && i < subject->n_versions; i++) {
        struct version *version = &subject->versions[i];
        if (version->number > record->version || version->deleted)
            continue;
        unrefer(state, subject, version);
        version->deleted = true;
    }
}

static bool clears(const char *what, const struct subject *subject)
{
    if (!what || strcmp(what, subject->name) == 0)
        return true;
    struct name name = name_split(mr_str_from(what));
    return name.subject.len == 0 && mr_str_is(name.context, subject->context->name);
}

static void clear_subject(struct state *state, const struct record *record)
{
    for (size_t i = state->n_sorted; i-- > 0;) {
        struct subject *subject = state->sorted[i];
        if (!clears(record->subject, subject))
            continue;
        for (size_t v = subject->n_versions; v-- > 0;) {
            bool last = subject->n_versions == 1;
            if (subject->versions[v].deleted) {
                version_drop(state, subject, subject->versions[v].number);
                if (last)
                    break; /* the subject went with it */
            }
        }
    }
}

static int apply_setting(struct state *state, const struct record *record)
{
    struct setting *setting = state_setting(state, record->subject);

    if (!setting) {
        setting = calloc(1, sizeof(*setting));
        if (setting)
            setting->name = strdup(record->subject);
        if (!setting || !setting->name ||
            table_put(&state->settings, setting->name, strlen(setting->name), setting) != 0) {
            setting_free(setting);
            return -ENOMEM;
        }
    }
    if (record->type == RECORD_MODE) {
        setting->mode = record->mode;
    } else {
        json_decref(setting->config);
        setting->config = json_incref(record->config);
    }
    if (setting->name && !setting->config && setting->mode == MODE_NONE) {
        (void)table_take(&state->settings, setting->name, strlen(setting->name));
        setting_free(setting);
    }
    return 0;
}

int state_apply(struct state *state, const struct record *record)
{
    struct context *context;
    int r = 0;

    switch (record->type) {
    case RECORD_SCHEMA:
        return apply_schema(state, record);
    case RECORD_CONFIG:
    case RECORD_MODE:
        return apply_setting(state, record);
    case RECORD_DELETE_SUBJECT:
        delete_subject(state, record);
        break;
    case RECORD_CLEAR_SUBJECT:
        clear_subject(state, record);
        break;
    case RECORD_CONTEXT:
        r = context_need(state, mr_str_from(record->subject), &context);
        if (r == 0)
            context->known = !record->deleted;
        break;
    }
    return r;
}

int state_reserve(struct state *state, struct mr_str name, int32_t id)
{
    struct context *context;
    int r = context_need(state, name, &context);

    if (r == 0 && id > context->max_id)
        context->max_id = id;
    return r;
}

void setting_free(struct setting *setting)
{
    if (setting) {
        json_decref(setting->config);
        free(setting->name);
        free(setting);
    }
}

static void free_contexts(struct state *state)
{
    for (size_t i = 0; i < state->contexts.n_slots; i++) {
        struct context *context = state->contexts.slots[i].value;
        if (!context)
            continue;
        table_done(&context->ids); /* empty: the versions are gone */
        table_done(&context->digests);
        free(context->name);
        free(context);
    }
    table_done(&state->contexts);
}

void state_done(struct state *state)
{
    while (state->n_sorted > 0) {
        struct subject *subject = state->sorted[state->n_sorted - 1];
        version_drop(state, subject, subject->versions[subject->n_versions - 1].number);
    }
    for (size_t i = 0; i < state->settings.n_slots; i++)
        setting_free(state->settings.slots[i].value);
    json_decref(state->global.config);
    table_done(&state->settings);
    table_done(&state->subjects);
    table_done(&state->referred);
    free_contexts(state);
    free(state->sorted);
}
