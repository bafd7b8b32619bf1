/* SPDX-License-Identifier: Apache-2.0 */
/* The state as the shortest log that makes it. */
#include <errno.h>
#include <string.h>

#include "state.h"

struct dumping {
    int (*take)(void *to, const struct record *record);
    void *to;
};

static int give(const struct dumping *dumping, struct record record)
{
    return dumping->take(dumping->to, &record);
}

/* No id is given twice, so the highest is kept also when what had it is gone for good: as a version
 * that comes and goes. */
static int dump_max_id(const struct dumping *dumping, const struct context *context)
{
    char subject[NAME_MAX_BYTES + 16];
    MR_AUTO(content) struct content *none = NULL;

    if (context->max_id == 0 || context_id(context, context->max_id))
        return 0;
    int r = content_new_take(SCHEMA_AVRO, "\"null\"", 6, NULL, NULL, NULL, &none);
    if (r != 0)
        return r;
    (void)snprintf(subject, sizeof(subject), ":%s:highest-id", context->name);
    const char *name = strcmp(context->name, ".") == 0 ? "highest-id" : subject;
    r = give(dumping, (struct record){.type = RECORD_SCHEMA,
                                      .subject = name,
                                      .version = INT32_MAX,
                                      .id = context->max_id,
                                      .deleted = true,
                                      .content = none});
    return r != 0
               ? r
               : give(dumping, (struct record){
                                   .type = RECORD_SCHEMA, .subject = name, .version = INT32_MAX});
}

static int dump_contexts(const struct dumping *dumping, const struct state *state)
{
    int r = 0;

    for (size_t i = 0; i < state->contexts.n_slots && r == 0; i++) {
        const struct context *context = state->contexts.slots[i].value;
        if (!context)
            continue;
        r = dump_max_id(dumping, context);
        if (r == 0 && context->known && strcmp(context->name, ".") != 0)
            r = give(dumping, (struct record){.type = RECORD_CONTEXT, .subject = context->name});
    }
    return r;
}

static int dump_setting(const struct dumping *dumping, const struct setting *setting)
{
    int r = 0;

    if (setting->config)
        r = give(dumping, (struct record){.type = RECORD_CONFIG,
                                          .subject = setting->name,
                                          .config = setting->config});
    if (r == 0 && setting->mode != MODE_NONE)
        r = give(
            dumping,
            (struct record){.type = RECORD_MODE, .subject = setting->name, .mode = setting->mode});
    return r;
}

static int dump_subject(const struct dumping *dumping, const struct subject *subject)
{
    int r = 0;

    for (size_t i = 0; i < subject->n_versions && r == 0; i++) {
        const struct version *version = &subject->versions[i];
        r = give(dumping, (struct record){.type = RECORD_SCHEMA,
                                          .subject = subject->name,
                                          .version = version->number,
                                          .id = version->id,
                                          .deleted = version->deleted,
                                          .content = version->content,
                                          .extra = version->extra});
    }
    return r;
}

int state_dump(const struct state *state, int (*take)(void *to, const struct record *record),
               void *to)
{
    const struct dumping dumping = {take, to};
    int r = dump_contexts(&dumping, state);

    if (r == 0)
        r = dump_setting(&dumping, &state->global);
    for (size_t i = 0; i < state->settings.n_slots && r == 0; i++)
        if (state->settings.slots[i].value)
            r = dump_setting(&dumping, state->settings.slots[i].value);
    for (size_t i = 0; i < state->n_sorted && r == 0; i++)
        r = dump_subject(&dumping, state->sorted[i]);
    return r;
}
