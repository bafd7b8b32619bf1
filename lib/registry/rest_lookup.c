/* SPDX-License-Identifier: Apache-2.0 */
/* A schema that a client sends: looked up, registered. */
#include <errno.h>

#include "millrace/status.h"
#include "register.h"
#include "rest_common.h"

/* 0 and the reply, or MR_ABSENT. */
static int look_up_in(struct request *request, const char *subject, struct draft *draft,
                      bool normalize, struct reply *reply)
{
    bool deleted = query_flag(request, "deleted");
    MR_AUTO(canon) struct canon canon = {0};
    MR_AUTO(history) struct history history = {0};
    struct mr_error error = MR_ERROR_INIT;
    int32_t number = 0;
    int r = canon_make(request->core, subject, draft, false, normalize, &canon, &error);

    if (r == MR_INVALID)
        return reply_invalid(reply, &error);
    if (r != 0)
        return r;
    core_read_lock(request->core);
    const struct version *version = find_content(request->core, subject, canon.content, deleted);
    if (version)
        r = write_version(subject, version, &reply->body);
    else
        r = history_take(state_subject(&request->core->state, subject), &history);
    core_read_unlock(request->core);
    reply->status = 200;
    if (version || r != 0)
        return r;
    if (request->quick && history_refers(&history))
        return MR_AGAIN;
    r = find_inlined(request->core, subject, &canon, &history, &number);
    if (r != 0 || number == 0)
        return r != 0 ? r : MR_ABSENT;
    core_read_lock(request->core);
    version = find_version(state_subject(&request->core->state, subject), number, deleted);
    r = version ? write_version(subject, version, &reply->body) : MR_ABSENT;
    core_read_unlock(request->core);
    return r;
}

/* Names of the subject in the contexts there are, in their order, in the request's arena. */
static int in_other_contexts(struct request *request, const char ***ret_names, size_t *ret_n)
{
    const struct state *state = &request->core->state;
    struct name name = name_split(mr_str_from(request->subject));
    size_t n_all, n = 0;
    int r = 0;

    core_read_lock(request->core);
    const char **names = context_names(request, &n_all);
    for (size_t i = 0; names && i < n_all; i++) {
        if (strcmp(names[i], ".") == 0)
            continue;
        const char *other = name_join(request->arena, mr_str_from(names[i]), name.subject);
        if (other && state_subject(state, other) && may_read(request, other))
            names[n++] = other;
    }
    core_read_unlock(request->core);
    *ret_names = names;
    *ret_n = name_is_default(&name) ? n : 0;
    return names ? r : -ENOMEM;
}

static bool normalizes(struct request *request)
{
    core_read_lock(request->core);
    json_t *config = config_in_scope(request->core, request->subject);
    core_read_unlock(request->core);
    bool normalize =
        query_flag(request, "normalize") || json_is_true(json_object_get(config, "normalize"));
    json_decref(config);
    return normalize;
}

int rest_lookup(struct request *request, struct reply *reply)
{
    MR_AUTO(draft) struct draft draft = {0};
    struct mr_error error = MR_ERROR_INIT;
    const char **others;
    int code;
    size_t n;
    bool normalize = normalizes(request);
    int r = draft_read(request->body, &draft, &code, &error);

    if (r == MR_INVALID)
        return reply_error(reply, code, "%s", error.text);
    if (r == 0 && !may_refer(request, &draft, reply))
        return 0;
    if (r == 0 && request->quick && draft.references)
        return MR_AGAIN;
    if (r == 0)
        r = draft_has_text(&draft) ? look_up_in(request, request->subject, &draft, normalize, reply)
                                   : MR_ABSENT;
    if (r != MR_ABSENT)
        return r;
    r = draft_has_text(&draft) ? in_other_contexts(request, &others, &n) : MR_ABSENT;
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = look_up_in(request, others[i], &draft, normalize, reply);
        if (r != MR_ABSENT)
            return r;
        r = 0;
    }
    if (r < 0)
        return r;
    core_read_lock(request->core);
    const struct subject *held = state_subject(&request->core->state, request->subject);
    bool deleted = query_flag(request, "deleted");
    bool there = held && subject_has(held, deleted);
    bool softly = held && !there && subject_has(held, true);
    const struct version *latest = there ? subject_latest(held) : NULL;
    int32_t newest = latest ? latest->number : there ? subject_newest(held) : 0;
    core_read_unlock(request->core);
    return there ? no_such_schema(reply, request->subject, newest)
                 : no_such_subject(reply, request->subject, softly);
}

int rest_register(struct request *request, struct reply *reply)
{
    MR_AUTO(draft) struct draft draft = {0};
    struct mr_error error = MR_ERROR_INIT;
    int code;
    int r = draft_read(request->body, &draft, &code, &error);

    if (r == MR_INVALID)
        return reply_error(reply, code, "%s", error.text);
    if (r != 0 || !valid_subject(request, reply) || !may_refer(request, &draft, reply))
        return r;
    return register_schema(request->core, request->subject, &draft,
                           query_flag(request, "normalize"), query_flag(request, "force"),
                           request->quick, reply, &request->error);
}
