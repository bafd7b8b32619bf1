/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to its handler: routes, rights, bodies, answers. */
#include "rest.h"

#include <errno.h>
#include <string.h>

#include "millrace/status.h"
#include "rest_target.h"

enum { QUICK_BODY = 16 << 10 };

static bool route_fits(const struct route *route, const struct request *request)
{
    struct mr_str path = mr_str_from(route->path);
    size_t i = 0;

    for (; path.len > 0; i++) {
        struct mr_str want = mr_str_part(&path, '/');
        if (i == request->n_segments)
            return false;
        if (want.data[0] != '*' && want.data[0] != '{' && !mr_str_eq(want, request->segments[i]))
            return false;
    }
    return i == request->n_segments;
}

/* NULL: allow holds the methods that go there, none when there is no such place. */
static const struct route *find_route(const struct request *request, const char *method,
                                      char *allow, size_t cap)
{
    size_t len = 0;

    allow[0] = '\0';

    for (size_t i = 0; i < rest_n_routes; i++) {
        const struct route *route = &rest_routes[i];
        if (!route_fits(route, request))
            continue;
        if (strcmp(route->method, method) == 0)
            return route;
        if (len < cap)
            len += (size_t)snprintf(allow + len, cap - len, "%s%s", len > 0 ? ", " : "",
                                    route->method);
    }
    return NULL;
}

static int bind_subject(struct request *request, const struct route *route, struct reply *reply)
{
    struct mr_str path = mr_str_from(route->path);
    bool aliased = false, settings = false;

    for (size_t i = 0; path.len > 0; i++) {
        struct mr_str part = mr_str_part(&path, '/');
        if (part.data[0] == '{')
            return target_subject(request, request->segments[i], settings, aliased, reply);
        settings = mr_str_is(part, "config") || mr_str_is(part, "mode");
        aliased = mr_str_is(part, "subjects");
    }
    /* /contexts/{context}/config is the context's own */
    if (!mr_str_is(request->context, "."))
        request->subject = name_join(request->arena, request->context, MR_STR(""));
    return mr_str_is(request->context, ".") || request->subject ? 0 : -ENOMEM;
}

static int read_body(struct request *request, struct mr_str body, struct reply *reply)
{
    json_error_t why;

    if (body.len == 0)
        return reply_error(reply, 422, "this request needs a JSON body") == 0 ? MR_INVALID
                                                                              : -ENOMEM;
    int r = json_read(body, JSON_ALLOW_NUL | JSON_DECODE_ANY, &request->body, &why);
    if (r < 0)
        return r;
    if (json_is_object(request->body))
        return 0;
    if (json_is_null(request->body))
        return reply_error(reply, 422, "this request needs a JSON object, not null") == 0
                   ? MR_INVALID
                   : -ENOMEM;
    if (request->body)
        return reply_error(reply, 400, "the body must be a JSON object") == 0 ? MR_INVALID
                                                                              : -ENOMEM;
    return reply_error(reply, 400, "the body is not JSON: %s at line %d, column %d", why.text,
                       why.line, why.column) == 0
               ? MR_INVALID
               : -ENOMEM;
}

/* 0, or MR_INVALID with the reply. */
static int check_role(const struct request *request, const struct route *route, struct reply *reply)
{
    static const char *const verbs[] = {
        [ROLE_NONE] = "", [ROLE_READ] = "read", [ROLE_WRITE] = "change", [ROLE_ADMIN] = "govern"};
    const struct access *access = request->caller.access;
    bool for_good = strcmp(route->method, "DELETE") == 0 && query_flag(request, "permanent");
    enum role needs = for_good ? ROLE_ADMIN : route->needs;

    if (!access)
        return 0;
    /* ":.context:" is no subject: it stands for all of its context, and ":.:" for everything */
    if (needs == ROLE_WRITE &&
        (!request->subject || name_split(mr_str_from(request->subject)).subject.len == 0))
        needs = ROLE_ADMIN;
    if (access->n_grants == 0)
        return reply_denied(request, reply, "do anything here") == 0 ? MR_INVALID : -ENOMEM;
    if (request->subject && !access_allows(access, needs, request->subject))
        return reply_denied(request, reply, "%s subject '%s' (role %s)", verbs[needs],
                            request->subject, role_name(needs)) == 0
                   ? MR_INVALID
                   : -ENOMEM;
    if (!request->subject && needs > ROLE_READ && access_role_everywhere(access) < needs)
        return reply_denied(request, reply, "%s what holds for all subjects (role %s over *)",
                            verbs[needs], role_name(needs)) == 0
                   ? MR_INVALID
                   : -ENOMEM;
    return 0;
}

static int run_route(struct request *request, const struct route *route, struct mr_str body,
                     struct reply *reply)
{
    int r = bind_subject(request, route, reply);

    if (r == 0)
        r = check_role(request, route, reply);
    if (r == 0)
        r = target_qualify(request, "subjectPrefix");
    if (r == 0)
        r = target_qualify(request, "subject");
    if (r == 0 && strncmp(route->path, "schemas/ids", 11) == 0)
        r = target_follow_query(request);
    if (r == 0 && route->takes_body && request->quick && body.len > QUICK_BODY)
        r = MR_AGAIN;
    if (r == 0 && route->takes_body)
        r = read_body(request, body, reply);
    if (r == 0)
        r = route->handler(request, reply);
    json_decref(request->body);
    return r == MR_INVALID ? 0 : r;
}

static int dispatch(struct request *request, const char *method, struct mr_str target,
                    struct mr_str body, struct reply *reply)
{
    struct mr_str query = target;
    struct mr_str path = mr_str_part(&query, '?');
    bool too_long;

    if (!target_split_path(request, path, &too_long) || !target_split_query(request, query))
        return reply_error(reply, 400, "the path or query is not percent-encoded UTF-8");
    if (!target_context(request))
        return reply_error(reply, 400, "a context's name holds no colon");
    const struct route *route =
        too_long ? NULL : find_route(request, method, reply->allow, sizeof(reply->allow));
    if (!route && !too_long && reply->allow[0] && strcmp(method, "OPTIONS") == 0) {
        reply->status = 200;
        return 0;
    }
    if (!route && !too_long && reply->allow[0])
        return reply_error(reply, 405, "%s does not go here: use %s", method, reply->allow);
    reply->allow[0] = '\0';
    if (!route)
        return reply_error(reply, 404, "HTTP 404 Not Found");
    int r = run_route(request, route, body, reply);
    reply->route = route;
    return r;
}

static void begin_anew(struct reply *reply)
{
    reply_done(reply);
    *reply = (struct reply){.wide = reply->wide};
}

/* As rest_answer; MR_IDLE: what it saw was lost by the store, and is no longer in the state. */
static int answer_once(struct request *request, const char *method, const char *target,
                       struct mr_str body, struct reply *reply)
{
    int r = dispatch(request, strcmp(method, "HEAD") == 0 ? "GET" : method, mr_str_from(target),
                     body, reply);
    if (r == 0 && !reply->settled) {
        r = core_see(request->core, request->quick, &request->error);
        if (r < 0)
            r = MR_IDLE;
    }
    return r;
}

int rest_answer(struct core *core, const struct caller *caller, const char *method,
                const char *target, struct mr_str body, bool quick, struct reply *reply)
{
    struct mr_error error = MR_ERROR_INIT;
    int r = MR_IDLE;

    for (int i = 0; i < 2 && r == MR_IDLE; i++) {
        MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
        struct request request = {.core = core, .quick = quick, .error = MR_ERROR_INIT};
        r = mr_arena_new(0, &arena);
        if (r != 0)
            return r;
        request.arena = arena;
        if (caller)
            request.caller = *caller;
        r = answer_once(&request, method, target, body, reply);
        error = request.error;
        if (r > 0)
            begin_anew(reply);
    }
    if (r == MR_AGAIN || r == MR_ABSENT || r == 0)
        return r;
    return reply_error(reply,
                       r == -ETIMEDOUT  ? CODE_TIMEOUT
                       : r == -EMSGSIZE ? CODE_TOO_LARGE
                                        : CODE_STORE,
                       "the registry could not finish this request: %s",
                       error.text[0] ? error.text : strerrordesc_np(r < 0 ? -r : EIO));
}
