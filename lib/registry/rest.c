/* SPDX-License-Identifier: Apache-2.0 */
/* From a request line to a handler: decoding, contexts, aliases, routes. */
#include "rest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>

#include "millrace/hash.h"
#include "millrace/status.h"

enum { QUICK_BODY = 16 << 10 };

void reply_done(struct reply *reply)
{
    mr_buf_done(&reply->body);
    reply->content = content_unref(reply->content);
}

int reply_error(struct reply *reply, int code, const char *fmt, ...)
{
    MR_AUTO(free) char *text = NULL;
    va_list args;

    va_start(args, fmt);
    int n = vasprintf(&text, fmt, args);
    va_end(args);
    if (n < 0) {
        text = NULL;
        return -ENOMEM;
    }
    for (size_t bad; !mr_utf8_valid(text, (size_t)n, &bad);)
        text[bad] = '?'; /* a cut in the middle of a character, a method that is none */
    reply->content = content_unref(reply->content);
    reply->status = (unsigned)(code >= 1000 ? code / 100 : code);
    reply->body.len = 0;
    int r = mr_buf_printf(&reply->body, "{\"error_code\":%d,\"message\":", code);
    if (r == 0)
        r = mr_buf_json_string(&reply->body, text, (size_t)n);
    return r == 0 ? mr_buf_byte(&reply->body, '}') : r;
}

const char *invalid_text(const struct mr_error *error, char *out, size_t cap)
{
    char line[64] = "";

    if (error->line > 0)
        (void)snprintf(line, sizeof(line), " (line %u, column %u of the schema)", error->line,
                       error->column);
    (void)snprintf(out, cap, "%s%s%s%s", error->where, error->where[0] ? ": " : "", error->text,
                   line);
    return out;
}

int reply_invalid(struct reply *reply, const struct mr_error *error)
{
    char text[sizeof(error->where) + sizeof(error->text) + 64];

    return reply_error(reply, 42201, "%s", invalid_text(error, text, sizeof(text)));
}

int reply_denied(const struct request *request, struct reply *reply, const char *fmt, ...)
{
    const struct access *access = request->caller.access;
    char what[2 * NAME_MAX_BYTES];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    if (access->anonymous)
        return reply_error(reply, 401, "Unauthorized: without credentials you may not %s", what);
    return reply_error(reply, 40301, "%s may not %s: the registry's roles file gives that right",
                       access->who, what);
}

int reply_json(struct reply *reply, const json_t *json)
{
    reply->status = 200;
    return json_append(&reply->body, json);
}

struct mr_str query_text(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->n_query; i++)
        if (mr_str_is(request->query[i].name, name))
            return request->query[i].value;
    return (struct mr_str){0};
}

bool query_flag(const struct request *request, const char *name)
{
    struct mr_str value = query_text(request, name);

    return value.len == 4 && strncasecmp(value.data, "true", 4) == 0;
}

static bool decode(struct mr_arena *arena, struct mr_str raw, bool plus, struct mr_str *ret_text)
{
    char *out = mr_arena_alloc(arena, raw.len + 1);
    size_t n = 0;

    for (size_t i = 0; out && i < raw.len; i++) {
        uint8_t byte = (uint8_t)raw.data[i];
        if (byte == '%') {
            if (raw.len - i < 3 || mr_hex_decode(raw.data + i + 1, 2, &byte) != 1)
                return false;
            i += 2;
        } else if (byte == '+' && plus) {
            byte = ' ';
        }
        out[n++] = (char)byte;
    }
    *ret_text = (struct mr_str){out, n};
    return out && mr_utf8_valid(out, n, NULL) && !memchr(out, '\0', n);
}

static struct mr_str until(struct mr_str *rest, char end)
{
    const char *at = rest->len ? memchr(rest->data, end, rest->len) : NULL;
    size_t len = at ? (size_t)(at - rest->data) : rest->len;
    struct mr_str part = {rest->data, len};

    *rest = (struct mr_str){rest->data + len + (at != NULL), rest->len - len - (at != NULL)};
    return part;
}

/* Each segment is decoded once, after the split: %2F is part of a name. Slashes at the end, or
 * several in a row, mean nothing. */
static bool split_path(struct request *request, struct mr_str path, bool *ret_long)
{
    *ret_long = false;
    while (path.len > 0) {
        struct mr_str segment = until(&path, '/');
        if (segment.len == 0)
            continue;
        if (request->n_segments == MAX_SEGMENTS) {
            *ret_long = true;
            return true;
        }
        if (!decode(request->arena, segment, false, &request->segments[request->n_segments++]))
            return false;
    }
    return true;
}

static bool split_query(struct request *request, struct mr_str query)
{
    while (query.len > 0 && request->n_query < MAX_QUERY) {
        struct mr_str value = until(&query, '&');
        struct mr_str name = until(&value, '=');
        struct query_pair *pair = &request->query[request->n_query];
        if (name.len == 0)
            continue;
        if (!decode(request->arena, name, true, &pair->name) ||
            !decode(request->arena, value, true, &pair->value))
            return false;
        request->n_query++;
    }
    return true;
}

static void drop_segments(struct request *request, size_t n)
{
    request->n_segments -= n;
    memmove(request->segments, request->segments + n,
            request->n_segments * sizeof(*request->segments));
}

/* /contexts/{context}/x is /x within the context; /contexts alone lists them. */
static bool take_context(struct request *request)
{
    request->context = MR_STR(".");
    if (request->n_segments < 2 || !mr_str_is(request->segments[0], "contexts"))
        return true;
    struct mr_str segment = request->segments[1];
    request->in_context = true;
    drop_segments(request, 2);
    return name_context(request->arena, segment, &request->context);
}

/* Gives the value of a parameter that names a subject, or a prefix, the request's context. */
static int qualify_query(struct request *request, const char *name)
{
    struct mr_str value = query_text(request, name);
    struct name own = name_split(value);
    size_t i = 0;

    if (!request->in_context || !name_is_default(&own))
        return 0;
    const char *text = name_join(request->arena, request->context, value);
    if (!text)
        return -ENOMEM;
    while (i < request->n_query && !mr_str_is(request->query[i].name, name))
        i++;
    if (i == MAX_QUERY)
        i--;
    request->query[i] = (struct query_pair){mr_str_from(name), mr_str_from(text)};
    if (i >= request->n_query)
        request->n_query = i + 1;
    return 0;
}

static const char *follow_alias(struct request *request, const char *subject)
{
    core_read_lock(request->core);
    const struct setting *setting = state_setting(&request->core->state, subject);
    struct mr_str alias =
        setting ? json_str(json_object_get(setting->config, "alias")) : (struct mr_str){0};
    char beside[2 * NAME_MAX_BYTES];
    bool fits = alias.len > 0 && name_beside(mr_str_from(subject), alias, beside);
    core_read_unlock(request->core);
    return fits ? mr_arena_dup(request->arena, beside, strlen(beside)) : subject;
}

/* ?subject= of a request by id may be an alias too. */
static int follow_query(struct request *request)
{
    for (size_t i = 0; i < request->n_query; i++) {
        struct query_pair *pair = &request->query[i];
        if (!mr_str_is(pair->name, "subject") || pair->value.len == 0)
            continue;
        const char *subject = name_normal(request->arena, pair->value);
        const char *followed = subject ? follow_alias(request, subject) : NULL;
        if (!followed)
            return -ENOMEM;
        if (followed != subject)
            pair->value = mr_str_from(followed);
    }
    return 0;
}

/* 0; MR_INVALID with the reply; -ENOMEM. */
static int take_subject(struct request *request, struct mr_str segment, bool settings, bool aliased,
                        struct reply *reply)
{
    struct name name = name_split(segment);
    const char *subject = name_is_default(&name)
                              ? name_join(request->arena, request->context, name.subject)
                              : name_join(request->arena, name.context, name.subject);

    if (subject && aliased)
        subject = follow_alias(request, subject);
    if (subject)
        subject = name_normal(request->arena, mr_str_from(subject));
    if (!subject)
        return -ENOMEM;
    request->subject = subject[0] || !settings ? subject : NULL; /* ":.:" is the global setting */
    if (strlen(subject) <= NAME_MAX_BYTES)
        return 0;
    return reply_error(reply, 42208, "the subject is longer than %d bytes", NAME_MAX_BYTES) == 0
               ? MR_INVALID
               : -ENOMEM;
}

static bool route_fits(const struct route *route, const struct request *request)
{
    struct mr_str path = mr_str_from(route->path);
    size_t i = 0;

    for (; path.len > 0; i++) {
        struct mr_str want = until(&path, '/');
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
        struct mr_str part = until(&path, '/');
        if (part.data[0] == '{')
            return take_subject(request, request->segments[i], settings, aliased, reply);
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
    request->body = json_loadb(body.data, body.len, JSON_ALLOW_NUL | JSON_DECODE_ANY, &why);
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
        r = qualify_query(request, "subjectPrefix");
    if (r == 0)
        r = qualify_query(request, "subject");
    if (r == 0 && strncmp(route->path, "schemas/ids", 11) == 0)
        r = follow_query(request);
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
    struct mr_str path = until(&query, '?');
    bool too_long;

    if (!split_path(request, path, &too_long) || !split_query(request, query))
        return reply_error(reply, 400, "the path or query is not percent-encoded UTF-8");
    if (!take_context(request))
        return reply_error(reply, 400, "a context's name holds no colon");
    const struct route *route =
        too_long ? NULL : find_route(request, method, reply->allow, sizeof(reply->allow));
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
