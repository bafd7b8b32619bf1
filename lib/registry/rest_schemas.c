/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas by id, by GUID, and all of them. */
#include <errno.h>
#include <stdlib.h>

#include "millrace/hash.h"
#include "millrace/uuid.h"
#include "rest_common.h"

/* Where an id is asked for on behalf of a subject: there, in the subject's context, or for a
 * subject without context in any context that has the subject. */
static const struct version *version_by_id(struct request *request, int32_t number,
                                           struct context **ret_context)
{
    const struct state *state = &request->core->state;
    struct mr_str text = query_text(request, "subject");
    struct name name = name_split(text);
    const char *subject = name.subject.len > 0 ? name_normal(request->arena, text) : NULL;
    struct context *context = state_context(state, name.context);
    const struct version *version = id_version(context, number, subject);

    for (size_t i = 0; !version && subject && name_is_default(&name) && i < state->contexts.n_slots;
         i++) {
        struct context *other = state->contexts.slots[i].value;
        if (!other || other == context)
            continue;
        const char *qualified = name_join(request->arena, mr_str_from(other->name), name.subject);
        version = qualified ? id_version(other, number, qualified) : NULL;
        if (version)
            context = other;
    }
    if (!version && subject && name_is_default(&name))
        version = id_version(context, number, NULL);
    *ret_context = context;
    return version;
}

static int no_such_id(struct reply *reply, int32_t number)
{
    return reply_error(reply, 40403, "Schema %d not found", (int)number);
}

/* False when the path has no 32-bit integer there; the reply is made. */
static bool id_segment(struct request *request, struct reply *reply, int32_t *ret_number)
{
    int64_t number;

    if (parse_int(request->segments[2], &number) && number >= INT32_MIN && number <= INT32_MAX) {
        *ret_number = (int32_t)number;
        return true;
    }
    (void)reply_error(reply, 404, "HTTP 404 Not Found: a schema id is a number");
    return false;
}

/* Whose context the references of a schema asked for by id are in. */
static const char *parent_of(struct request *request)
{
    struct mr_str subject = query_text(request, "subject");

    return mr_arena_dup(request->arena, subject.data, subject.len);
}

static int write_by_id(struct request *request, const struct content *content, int32_t max_id,
                       struct reply *reply)
{
    struct mr_str format = query_text(request, "format");
    MR_AUTO(mr_buf) struct mr_buf resolved = {0};
    int r = reply->wide ? content_write_guid(content, &reply->body) : 0;

    if (r == 0 && mr_str_is(format, "resolved"))
        r = write_resolved(request, parent_of(request), content, &resolved);
    if (r == 0)
        r = resolved.len > 0
                ? content_write_as(content, (struct mr_str){(char *)resolved.data, resolved.len},
                                   &reply->body)
                : content_write(content, &reply->body);
    if (r == 0)
        r = write_tags(request, parent_of(request), content, &reply->body);
    if (r == 0 && query_flag(request, "fetchMaxId"))
        r = mr_buf_printf(&reply->body, ",\"maxId\":%d", (int)max_id);
    if (r != 0)
        return r;
    reply->body.data[0] = '{'; /* the first member brought a comma */
    reply->status = 200;
    return mr_buf_byte(&reply->body, '}');
}

/* The content of an id with a reference held, or NULL and the reply made. */
static struct content *content_by_id(struct request *request, struct reply *reply,
                                     int32_t *ret_max_id)
{
    struct context *context;
    int32_t number;

    if (!id_segment(request, reply, &number))
        return NULL;
    core_read_lock(request->core);
    const struct version *version = version_by_id(request, number, &context);
    bool denied = version && !may_read_id(request, context_id(context, number));
    struct content *content = version && !denied ? content_ref(version->content) : NULL;
    *ret_max_id = context ? context->max_id : 0;
    core_read_unlock(request->core);
    if (denied)
        (void)reply_denied(request, reply, "read a subject that holds schema %d", (int)number);
    else if (!content)
        (void)no_such_id(reply, number);
    return content;
}

int rest_by_id(struct request *request, struct reply *reply)
{
    int32_t max_id;
    MR_AUTO(content) struct content *content = content_by_id(request, reply, &max_id);

    if (!content)
        return 0;
    if (!query_flag(request, "fetchMaxId") && query_text(request, "format").len == 0 &&
        query_text(request, "findTags").len == 0 && !reply->wide) {
        reply->status = 200;
        reply->settled = core_holds(request->core, content); /* an id means the same for ever */
        reply->content = MR_MOVE(content);
        return 0;
    }
    return write_by_id(request, content, max_id, reply);
}

int rest_by_id_schema(struct request *request, struct reply *reply)
{
    int32_t max_id;
    MR_AUTO(content) struct content *content = content_by_id(request, reply, &max_id);

    if (!content)
        return 0;
    reply->status = 200;
    if (mr_str_is(query_text(request, "format"), "resolved"))
        return write_resolved(request, parent_of(request), content, &reply->body);
    return mr_buf_append(&reply->body, content->text, content->len);
}

struct place {
    const char *subject;
    int32_t version;
};

static int by_place(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    int order = strcmp(left->subject, right->subject);

    return order != 0 ? order : left->version - right->version;
}

/* Where the id is held that may be read, sorted; in the request's arena. *ret_n SIZE_MAX: no such
 * id. MR_INVALID: none may. */
static int places_of(struct request *request, int32_t number, struct place **ret_places,
                     size_t *ret_n)
{
    bool deleted = query_flag(request, "deleted");
    struct context *context;
    size_t n = 0;

    *ret_n = SIZE_MAX;
    if (!version_by_id(request, number, &context))
        return 0;
    const struct id *id = context_id(context, number);
    if (!may_read_id(request, id))
        return MR_INVALID;
    struct place *places = mr_arena_array(request->arena, id->n_holders, sizeof(*places));
    if (!places)
        return -ENOMEM;
    for (size_t i = 0; i < id->n_holders; i++) {
        const struct holder *holder = &id->holders[i];
        const char *name = holder->subject->name;
        if ((!deleted && subject_version(holder->subject, holder->version)->deleted) ||
            !may_read(request, name))
            continue;
        places[n].subject = mr_arena_dup(request->arena, name, strlen(name));
        places[n].version = holder->version;
        if (!places[n++].subject)
            return -ENOMEM;
    }
    qsort(places, n, sizeof(*places), by_place);
    *ret_places = places;
    *ret_n = n;
    return 0;
}

static int list_places(struct request *request, bool with_version, struct reply *reply)
{
    struct mr_buf *out = &reply->body;
    struct place *places = NULL;
    int32_t number;
    size_t n;

    if (!id_segment(request, reply, &number))
        return 0;
    core_read_lock(request->core);
    int r = places_of(request, number, &places, &n);
    core_read_unlock(request->core);
    if (r == MR_INVALID)
        return reply_denied(request, reply, "read a subject that holds schema %d", (int)number);
    if (r != 0)
        return r;
    if (n == SIZE_MAX)
        return no_such_id(reply, number);
    struct page page = page_of(request, SIZE_MAX);
    r = list_begin(reply);
    for (size_t i = 0; i < n && r == 0; i++) {
        if (!with_version && i > 0 && strcmp(places[i - 1].subject, places[i].subject) == 0)
            continue;
        if (!page_takes(&page))
            continue;
        r = list_comma(reply);
        if (r == 0 && with_version)
            r = mr_buf_append_str(out, MR_STR("{\"subject\":"));
        if (r == 0)
            r = mr_buf_json_string(out, places[i].subject, strlen(places[i].subject));
        if (r == 0 && with_version)
            r = mr_buf_printf(out, ",\"version\":%d}", (int)places[i].version);
    }
    return r == 0 ? mr_buf_byte(out, ']') : r;
}

int rest_by_id_subjects(struct request *request, struct reply *reply)
{
    return list_places(request, false, reply);
}

int rest_by_id_versions(struct request *request, struct reply *reply)
{
    return list_places(request, true, reply);
}

static bool guid_segment(struct request *request, struct reply *reply, struct mr_uuid *ret_guid)
{
    if (mr_uuid_parse(request->segments[2], ret_guid) == 0)
        return true;
    (void)reply_error(reply, 404, "HTTP 404 Not Found: a schema's GUID is a UUID");
    return false;
}

int rest_by_guid(struct request *request, struct reply *reply)
{
    const struct state *state = &request->core->state;
    struct content *content = NULL;
    bool there = false;
    struct mr_uuid guid;

    if (!guid_segment(request, reply, &guid))
        return 0;
    core_read_lock(request->core);
    for (size_t i = 0; i < state->contexts.n_slots && !content; i++) {
        struct context *context = state->contexts.slots[i].value;
        const struct id *id = context ? context_digest(context, guid.bytes) : NULL;
        for (size_t h = 0; id && h < id->n_holders && !content; h++) {
            const struct version *version =
                subject_version(id->holders[h].subject, id->holders[h].version);
            if (memcmp(version->content->digest, guid.bytes, sizeof(guid.bytes)) != 0)
                continue;
            there = true;
            if (may_read(request, id->holders[h].subject->name))
                content = content_ref(version->content);
        }
    }
    core_read_unlock(request->core);
    if (there && !content)
        return reply_denied(request, reply, "read a subject that holds this schema");
    if (!content)
        return reply_error(reply, 40403, "Schema %.*s not found", MR_STR_ARG(request->segments[2]));
    reply->status = 200;
    reply->content = content;
    return 0;
}

int rest_by_guid_ids(struct request *request, struct reply *reply)
{
    const struct state *state = &request->core->state;
    struct mr_uuid guid;
    int r = 0;
    size_t n = 0;

    if (!guid_segment(request, reply, &guid))
        return 0;
    r = list_begin(reply);
    core_read_lock(request->core);
    for (size_t i = 0; i < state->contexts.n_slots && r == 0; i++) {
        struct context *context = state->contexts.slots[i].value;
        const struct id *id = context ? context_digest(context, guid.bytes) : NULL;
        if (!id || !may_read_id(request, id))
            continue;
        n++;
        r = list_comma(reply);
        if (r == 0)
            r = mr_buf_append_str(&reply->body, MR_STR("{\"context\":"));
        if (r == 0)
            r = mr_buf_json_string(&reply->body, context->name, strlen(context->name));
        if (r == 0)
            r = mr_buf_printf(&reply->body, ",\"id\":%d}", (int)id->number);
    }
    core_read_unlock(request->core);
    if (r == 0 && n == 0)
        return reply_error(reply, 40403, "Schema %.*s not found", MR_STR_ARG(request->segments[2]));
    return r == 0 ? mr_buf_byte(&reply->body, ']') : r;
}
