/* SPDX-License-Identifier: Apache-2.0 */
/* Would a schema be accepted? The check of a registration without its effect. */
#include <errno.h>

#include "millrace/status.h"
#include "rest_common.h"

static int answer(struct request *request, bool compatible, json_t *messages, struct reply *reply)
{
    int r = mr_buf_printf(&reply->body, "{\"is_compatible\":%s", compatible ? "true" : "false");

    reply->status = 200;
    if (r == 0 && query_flag(request, "verbose")) {
        r = mr_buf_append_str(&reply->body, MR_STR(",\"messages\":"));
        if (r == 0)
            r = json_append(&reply->body, messages);
    }
    return r == 0 ? mr_buf_byte(&reply->body, '}') : r;
}

/* The schema as it was sent, in the form and the order that clients know from Confluent's. */
static json_t *echo_of(const struct request *request, const struct draft *draft)
{
    return json_pack("{s:s,s:s%,s:s,s:O,s:O?,s:O?}", "subject", request->subject, "schema",
                     draft->text ? draft->text : "", draft->len, "schemaType", draft->type,
                     "references", draft->references, "metadata", draft->metadata, "ruleSet",
                     draft->rule_set);
}

/* A schema that is none: 42201, or with verbose a verdict. */
static int answer_invalid(struct request *request, struct draft *draft,
                          const struct mr_error *error, struct reply *reply)
{
    static const char names_its_place[] = "Invalid default for field";
    char text[sizeof(error->where) + sizeof(error->text) + 64];
    const char *details = error->text;

    if (!query_flag(request, "verbose"))
        return reply_invalid(reply, error);
    if (strncmp(details, names_its_place, strlen(names_its_place)) != 0)
        details = invalid_text(error, text, sizeof(text));
    if (!draft->references && !(draft->references = json_array()))
        return -ENOMEM;
    MR_AUTO(json) json_t *echo = echo_of(request, draft);
    MR_AUTO(free) char *schema = echo ? json_dumps(echo, 0) : NULL;
    MR_AUTO(free) char *references = json_dumps(draft->references, 0);
    if (!schema || !references)
        return -ENOMEM;
    MR_AUTO(json)
    json_t *messages =
        json_pack("[o]", json_sprintf("Invalid schema %s with refs %s of type %s, details: %s",
                                      schema, references, draft->type, details));
    return messages ? answer(request, false, messages, reply) : -ENOMEM;
}

static int check(struct request *request, struct draft *draft, const struct history *history,
                 const json_t *config, struct reply *reply)
{
    bool normalize =
        query_flag(request, "normalize") || json_is_true(json_object_get(config, "normalize"));
    MR_AUTO(canon) struct canon canon = {0};
    MR_AUTO(json) json_t *messages = json_array();
    struct mr_error error = MR_ERROR_INIT;
    int r = messages ? 0 : -ENOMEM;

    if (r == 0 && !draft_has_text(draft))
        r = mr_error_set(&error, MR_INVALID, "no schema was sent");
    if (r == 0)
        r = canon_make(request->core, request->subject, draft,
                       config_validates(request->core, config) || normalize, normalize, &canon,
                       &error);
    if (r == MR_INVALID)
        return answer_invalid(request, draft, &error, reply);
    if (r == 0)
        r = check_compatible(request->core, request->subject, &canon, config, history, messages,
                             &error);
    if (r != 0 && r != MR_INVALID)
        return r;
    return answer(request, r == 0, messages, reply);
}

/* number: one version, LATEST, or 0 for all that the level covers. */
static int take(struct request *request, int32_t number, struct history *history,
                json_t **ret_config, struct reply *reply)
{
    core_read_lock(request->core);
    const struct subject *subject = state_subject(&request->core->state, request->subject);
    const struct version *version = number != 0 ? find_version(subject, number, false) : NULL;
    struct version one = version ? *version : (struct version){0};
    struct subject alone = {.versions = &one, .n_versions = version ? 1 : 0};
    int r = history_take(number == 0 ? subject : &alone, history);
    json_t *config = config_in_scope(request->core, request->subject);
    core_read_unlock(request->core);
    *ret_config = config;
    if (r != 0 || !config)
        return -ENOMEM;
    if (number > 0 && !version)
        return reply_error(reply, 40402, "Version %d not found.", (int)number) == 0 ? MR_INVALID
                                                                                    : -ENOMEM;
    return 0;
}

static int run(struct request *request, int32_t number, struct reply *reply)
{
    MR_AUTO(draft) struct draft draft = {0};
    MR_AUTO(history) struct history history = {0};
    MR_AUTO(json) json_t *config = NULL;
    struct mr_error error = MR_ERROR_INIT;
    int code;
    int r = draft_read(request->body, &draft, &code, &error);

    if (r == MR_INVALID)
        return reply_error(reply, code, "%s", error.text);
    if (r == 0 && !may_refer(request, &draft, reply))
        return 0;
    if (r == 0)
        r = take(request, number, &history, &config, reply);
    if (r == 0 && request->quick && (draft.references || !history_is_quick(&history, config)))
        return MR_AGAIN;
    return r == 0 ? check(request, &draft, &history, config, reply) : r;
}

int rest_compatibility(struct request *request, struct reply *reply)
{
    return run(request, 0, reply);
}

int rest_compatibility_version(struct request *request, struct reply *reply)
{
    int32_t number;

    return version_segment(request->segments[4], reply, &number) ? run(request, number, reply) : 0;
}
