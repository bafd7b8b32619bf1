/* SPDX-License-Identifier: Apache-2.0 */
/* From a path and a query to the names in them: decoding, contexts, aliases. */
#include "rest_target.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "millrace/hash.h"
#include "millrace/status.h"

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

/* Each segment is decoded once, after the split: %2F is part of a name. Slashes at the end, or
 * several in a row, mean nothing. */
bool target_split_path(struct request *request, struct mr_str path, bool *ret_long)
{
    *ret_long = false;
    while (path.len > 0) {
        struct mr_str segment = mr_str_part(&path, '/');
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

bool target_split_query(struct request *request, struct mr_str query)
{
    while (query.len > 0 && request->n_query < MAX_QUERY) {
        struct mr_str value = mr_str_part(&query, '&');
        struct mr_str name = mr_str_part(&value, '=');
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
bool target_context(struct request *request)
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
int target_qualify(struct request *request, const char *name)
{
    struct mr_str value = query_text(request, name);
    size_t i = 0;

    if (!request->in_context || name_says_context(value))
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
int target_follow_query(struct request *request)
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
int target_subject(struct request *request, struct mr_str segment, bool settings, bool aliased,
                   struct reply *reply)
{
    struct name name = name_split(segment);
    struct mr_str context = name_says_context(segment) ? name.context : request->context;
    const char *subject = name_join(request->arena, context, name.subject);

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
