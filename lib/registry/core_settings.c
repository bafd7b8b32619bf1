/* SPDX-License-Identifier: Apache-2.0 */
/* Which configuration and mode hold for a subject: its own, its context's, the global one. */
#include "core.h"

#include <stdio.h>

/* Stored configurations are never changed, so a reference is enough unless the level is missing. */
static json_t *with_level(const struct core *core, json_t *config)
{
    if (config && json_object_get(config, "compatibilityLevel"))
        return json_incref(config);
    json_t *copy = config ? json_copy(config) : json_object();
    if (copy && json_object_set_new(copy, "compatibilityLevel",
                                    json_string(mr_compat_level_name(core->level))) != 0) {
        json_decref(copy);
        return NULL;
    }
    return copy;
}

static json_t *stored_config(struct core *core, const char *subject)
{
    const struct setting *setting = state_setting(&core->state, subject);

    return setting ? setting->config : NULL;
}

json_t *config_own(struct core *core, const char *subject)
{
    json_t *config = stored_config(core, subject);

    return config || !subject ? with_level(core, config) : NULL;
}

/* What holds above a subject: its context, or for the default context the global setting. */
static const struct setting *setting_above(struct core *core, const char *subject)
{
    struct name name = name_split(mr_str_from(subject));
    char context[NAME_MAX_BYTES + 4];

    if (name_is_default(&name))
        return state_setting(&core->state, NULL);
    (void)snprintf(context, sizeof(context), ":%.*s:", MR_STR_ARG(name.context));
    return state_setting(&core->state, context);
}

/* What a subject's own configuration leaves open holds as the global one has it, but for the level,
 * the alias, metadata and rules: those are the subject's own. */
static json_t *with_global(struct core *core, json_t *config)
{
    static const char *const names[] = {"normalize",           "validateFields",
                                        "validateNewSchemas",  "validateRules",
                                        "compatibilityPolicy", "compatibilityGroup"};
    json_t *global = stored_config(core, NULL);
    json_t *merged = NULL;

    for (size_t i = 0; i < MR_N_ELEMENTS(names); i++) {
        json_t *member = json_object_get(global, names[i]);
        if (!member || json_object_get(config, names[i]))
            continue;
        if (!merged && !(merged = json_copy(config)))
            return NULL;
        if (json_object_set(merged, names[i], member) != 0) {
            json_decref(merged);
            return NULL;
        }
    }
    return merged ? merged : json_incref(config);
}

/* Below everything else, for all contexts. */
static const struct setting *setting_of_all(struct core *core)
{
    return state_setting(&core->state, ":.__GLOBAL:");
}

json_t *config_in_scope(struct core *core, const char *subject)
{
    json_t *config = stored_config(core, subject);
    const struct setting *above;

    if (config && subject) {
        MR_AUTO(json) json_t *merged = with_global(core, config);
        return merged ? with_level(core, merged) : NULL;
    }
    if (!config && subject && (above = setting_above(core, subject)))
        config = above->config;
    if (!config && (above = setting_of_all(core)))
        config = above->config;
    return with_level(core, config);
}

bool config_validates(const struct core *core, const json_t *config)
{
    const json_t *own = json_object_get(config, "validateNewSchemas");

    return own ? json_is_true(own) : core->validate_defaults;
}

enum mode mode_own(struct core *core, const char *subject)
{
    const struct setting *setting = state_setting(&core->state, subject);

    if (core->state.global.mode == MODE_READONLY_OVERRIDE)
        return MODE_READONLY_OVERRIDE;
    if (!subject)
        return setting->mode != MODE_NONE ? setting->mode : MODE_READWRITE;
    return setting ? setting->mode : MODE_NONE;
}

enum mode mode_in_scope(struct core *core, const char *subject)
{
    const struct setting *own = state_setting(&core->state, subject), *above;
    enum mode mode = own ? own->mode : MODE_NONE;

    if (core->state.global.mode == MODE_READONLY_OVERRIDE)
        return MODE_READONLY_OVERRIDE;
    if (mode == MODE_NONE && subject && (above = setting_above(core, subject)))
        mode = above->mode;
    if (mode == MODE_NONE && (above = setting_of_all(core)))
        mode = above->mode;
    return mode != MODE_NONE ? mode : MODE_READWRITE;
}
