/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration, mode, contexts. */
#include <errno.h>
#include <stdlib.h>

#include "millrace/status.h"
#include "rest_common.h"

static const char *whom(const struct request *request)
{
    return request->subject ? request->subject : "(global)";
}

int rest_get_config(struct request *request, struct reply *reply)
{
    bool in_scope = query_flag(request, "defaultToGlobal");

    core_read_lock(request->core);
    MR_AUTO(json)
    json_t *config = in_scope ? config_in_scope(request->core, request->subject)
                              : config_own(request->core, request->subject);
    core_read_unlock(request->core);
    if (!config)
        return in_scope ? -ENOMEM
                        : reply_error(reply, 40408,
                                      "Subject '%s' does not have subject-level "
                                      "compatibility configured: ?defaultToGlobal=true tells "
                                      "what holds for it",
                                      request->subject);
    return reply_json(reply, config);
}

/* The caller holds writer. MR_INVALID: the reply says why not. */
static int refuse_mode(struct request *request, struct reply *reply)
{
    enum mode mode = mode_in_scope(request->core, request->subject);

    if (!mode_forbids_changes(mode))
        return 0;
    return reply_error(reply, 42205,
                       "subject '%s' is in mode %s: its configuration cannot be changed "
                       "until the mode is READWRITE",
                       whom(request), mode_name(mode)) == 0
               ? MR_INVALID
               : -ENOMEM;
}

static int put_config(struct request *request, const json_t *change, struct reply *reply)
{
    const struct setting *setting = state_setting(&request->core->state, request->subject);
    int r = refuse_mode(request, reply);

    if (r != 0)
        return r;
    MR_AUTO(json) json_t *config = config_update(setting ? setting->config : NULL, change);
    if (!config)
        return -ENOMEM;
    struct record record = {.type = RECORD_CONFIG, .subject = request->subject, .config = config};
    return core_commit(request->core, &record, 1, &request->error);
}

int rest_put_config(struct request *request, struct reply *reply)
{
    MR_AUTO(json) json_t *change = NULL;
    MR_AUTO(json) json_t *echo = NULL;
    struct mr_error error = MR_ERROR_INIT;
    int code;
    int r = config_read(request->body, &change, &echo, &code, &error);

    if (r == MR_INVALID)
        return reply_error(reply, code, "%s", error.text);
    if (r != 0 || !valid_subject(request, reply))
        return r;
    r = core_write_lock(request->core, request->quick, &request->error);
    if (r != 0)
        return r;
    r = put_config(request, change, reply);
    r = core_write_unlock(request->core, r, &reply->settled, &request->error);
    return r == 0 ? reply_json(reply, echo) : r;
}

static int delete_config(struct request *request, json_t **ret_config, struct reply *reply)
{
    struct record record = {.type = RECORD_CONFIG, .subject = request->subject};
    MR_AUTO(json) json_t *config = config_own(request->core, request->subject);

    if (!config)
        return reply_error(reply, 40401,
                           "Subject '%s' not found. It has no configuration of its own",
                           whom(request)) == 0
                   ? MR_INVALID
                   : -ENOMEM;
    int r = refuse_mode(request, reply);
    if (r == 0)
        r = core_commit(request->core, &record, 1, &request->error);
    if (r == 0)
        *ret_config = MR_MOVE(config);
    return r;
}

int rest_delete_config(struct request *request, struct reply *reply)
{
    MR_AUTO(json) json_t *config = NULL;

    int r = core_write_lock(request->core, request->quick, &request->error);
    if (r != 0)
        return r;
    r = delete_config(request, &config, reply);
    r = core_write_unlock(request->core, r, &reply->settled, &request->error);
    return r == 0 ? reply_json(reply, config) : r;
}

static int reply_mode(struct reply *reply, enum mode mode)
{
    reply->status = 200;
    return mr_buf_printf(&reply->body, "{\"mode\":\"%s\"}", mode_name(mode));
}

int rest_get_mode(struct request *request, struct reply *reply)
{
    core_read_lock(request->core);
    enum mode mode = query_flag(request, "defaultToGlobal")
                         ? mode_in_scope(request->core, request->subject)
                         : mode_own(request->core, request->subject);
    core_read_unlock(request->core);
    if (mode == MODE_NONE)
        return reply_error(reply, 40409,
                           "Subject '%s' does not have subject-level mode configured: "
                           "?defaultToGlobal=true tells what holds for it",
                           request->subject);
    return reply_mode(reply, mode);
}

/* An undeleted subject that the mode would cover, or NULL. */
static const struct subject *covered(struct request *request)
{
    const struct state *state = &request->core->state;
    struct name name = name_split(mr_str_from(request->subject));

    for (size_t i = 0; i < state->n_sorted; i++) {
        const struct subject *subject = state->sorted[i];
        bool fits = !request->subject || strcmp(subject->name, request->subject) == 0 ||
                    (name.subject.len == 0 && mr_str_is(name.context, subject->context->name));
        if (fits && subject_latest(subject))
            return subject;
    }
    return NULL;
}

static int put_mode(struct request *request, enum mode mode, struct reply *reply)
{
    struct record records[] = {
        {.type = RECORD_CLEAR_SUBJECT, .subject = request->subject},
        {.type = RECORD_MODE, .subject = request->subject, .mode = mode},
    };
    bool into_import = mode == MODE_IMPORT &&
                       mode_own(request->core, request->subject) != MODE_IMPORT &&
                       !query_flag(request, "force");
    const struct subject *held = into_import ? covered(request) : NULL;

    if (held)
        return reply_error(reply, 42205,
                           "mode IMPORT is for an empty registry, and subject '%s' is "
                           "there: delete what is there, or add ?force=true",
                           held->name) == 0
                   ? MR_INVALID
                   : -ENOMEM;
    return into_import ? core_commit(request->core, records, 2, &request->error)
                       : core_commit(request->core, records + 1, 1, &request->error);
}

int rest_put_mode(struct request *request, struct reply *reply)
{
    const json_t *member = json_object_get(request->body, "mode");
    enum mode mode;

    if (!valid_subject(request, reply))
        return 0;
    if (json_is_null(member))
        mode = MODE_NONE; /* takes it back */
    else if (!json_is_string(member) || mode_parse(json_str(member), &mode) != 0)
        return reply_error(reply, 42204,
                           "Invalid mode. Valid values are READWRITE, READONLY, "
                           "READONLY_OVERRIDE and IMPORT");
    int r = core_write_lock(request->core, request->quick, &request->error);
    if (r != 0)
        return r;
    r = put_mode(request, mode, reply);
    r = core_write_unlock(request->core, r, &reply->settled, &request->error);
    if (r != 0)
        return r;
    r = mr_buf_append_str(&reply->body, MR_STR("{\"mode\":"));
    if (r == 0)
        r = json_append(&reply->body, member);
    reply->status = 200;
    return r == 0 ? mr_buf_byte(&reply->body, '}') : r;
}

/* recursive: what a context's mode covers loses its own too. The global one is the default
 * context's. */
static bool loses_mode(const struct request *request, const struct setting *setting)
{
    struct name own = name_split(mr_str_from(request->subject ? request->subject : ""));
    struct name name = name_split(mr_str_from(setting->name));

    return setting->mode != MODE_NONE && own.subject.len == 0 &&
           mr_str_eq(own.context, name.context) &&
           (!request->subject || strcmp(request->subject, setting->name) != 0);
}

static int delete_modes(struct request *request)
{
    const struct table *settings = &request->core->state.settings;
    bool recursive = query_flag(request, "recursive");
    MR_AUTO(free) struct record *records = calloc(settings->n_items + 1, sizeof(*records));
    size_t n = 0;

    if (!records)
        return -ENOMEM;
    records[n++] = (struct record){.type = RECORD_MODE, .subject = request->subject};
    for (size_t i = 0; recursive && i < settings->n_slots; i++) {
        const struct setting *setting = settings->slots[i].value;
        if (setting && loses_mode(request, setting))
            records[n++] = (struct record){.type = RECORD_MODE, .subject = setting->name};
    }
    return core_commit(request->core, records, n, &request->error);
}

int rest_delete_mode(struct request *request, struct reply *reply)
{
    int r = core_write_lock(request->core, request->quick, &request->error);
    if (r != 0)
        return r;
    enum mode mode = mode_own(request->core, request->subject);
    bool recursive = query_flag(request, "recursive");
    r = mode == MODE_NONE && !recursive ? MR_INVALID : delete_modes(request);
    r = core_write_unlock(request->core, r, &reply->settled, &request->error);
    if (r == MR_INVALID)
        return reply_error(reply, 40401, "Subject '%s' not found. It has no mode of its own",
                           request->subject);
    if (r == 0 && mode == MODE_NONE) {
        reply->status = 200;
        return mr_buf_append_str(&reply->body, MR_STR("{}"));
    }
    return r == 0 ? reply_mode(reply, mode) : r;
}
