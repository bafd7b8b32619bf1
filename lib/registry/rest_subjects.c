/* SPDX-License-Identifier: Apache-2.0 */
/* Subjects and their versions: lists, single versions, who refers to them. */
#include <errno.h>
#include <stdlib.h>

#include "rest_common.h"

enum filter { ONLY_LIVE, WITH_DELETED, ONLY_DELETED };

static enum filter filter_of(const struct request *request)
{
    if (query_flag(request, "deletedOnly"))
        return ONLY_DELETED;
    return query_flag(request, "deleted") ? WITH_DELETED : ONLY_LIVE;
}

static bool filter_takes(enum filter filter, bool deleted)
{
    return filter == WITH_DELETED || deleted == (filter == ONLY_DELETED);
}

int rest_subjects(struct request *request, struct reply *reply)
{
    const struct state *state = &request->core->state;
    struct mr_str prefix = query_text(request, "subjectPrefix");
    enum filter filter = filter_of(request);
    struct page page = page_of(request, SIZE_MAX);
    int r = list_begin(reply);

    if (!prefix.data)
        prefix = MR_STR(":*:");
    core_read_lock(request->core);
    for (size_t i = 0; i < state->n_sorted && r == 0; i++) {
        const struct subject *subject = state->sorted[i];
        if (!name_matches(prefix, mr_str_from(subject->name)) ||
            !filter_takes(filter, !subject_latest(subject)) || !may_read(request, subject->name) ||
            !page_takes(&page))
            continue;
        r = list_comma(reply);
        if (r == 0)
            r = mr_buf_json_string(&reply->body, subject->name, strlen(subject->name));
    }
    core_read_unlock(request->core);
    return r == 0 ? mr_buf_byte(&reply->body, ']') : r;
}

int rest_versions(struct request *request, struct reply *reply)
{
    bool negative = query_flag(request, "deletedAsNegative");
    enum filter filter = filter_of(request);
    struct page page = page_of(request, SIZE_MAX);
    int r = list_begin(reply);

    core_read_lock(request->core);
    const struct subject *subject = state_subject(&request->core->state, request->subject);
    bool there = subject && subject_has(subject, filter != ONLY_LIVE);
    bool softly = subject && !there && subject_has(subject, true);
    if (negative)
        filter = WITH_DELETED;
    for (size_t i = 0; there && i < subject->n_versions && r == 0; i++) {
        const struct version *version = &subject->versions[i];
        if (!filter_takes(filter, version->deleted) || !page_takes(&page))
            continue;
        r = list_comma(reply);
        if (r == 0)
            r = mr_buf_printf(&reply->body, "%s%d", negative && version->deleted ? "-" : "",
                              (int)version->number);
    }
    core_read_unlock(request->core);
    if (!there)
        return no_such_subject(reply, request->subject, softly);
    return r == 0 ? mr_buf_byte(&reply->body, ']') : r;
}

/* The subject, or when it has no context and no such version, the same name in the first other
 * context that has one. */
static const struct version *version_anywhere(struct request *request, int32_t number, bool deleted,
                                              const char **ret_subject)
{
    const struct state *state = &request->core->state;
    struct name name = name_split(mr_str_from(request->subject));
    const struct version *version =
        find_version(state_subject(state, request->subject), number, deleted);
    size_t n = 0;
    const char **contexts = !version && name_is_default(&name) ? context_names(request, &n) : NULL;

    *ret_subject = request->subject;
    for (size_t i = 0; !version && contexts && i < n; i++) {
        if (strcmp(contexts[i], ".") == 0)
            continue;
        const char *other = name_join(request->arena, mr_str_from(contexts[i]), name.subject);
        version = other && may_read(request, other)
                      ? find_version(state_subject(state, other), number, deleted)
                      : NULL;
        if (version)
            *ret_subject = other;
    }
    return version;
}

static int get_version(struct request *request, bool only_schema, struct reply *reply)
{
    bool deleted = query_flag(request, "deleted");
    MR_AUTO(content) struct content *content = NULL; /* outlives the lock */
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    struct version found = {0};
    const char *subject;
    int32_t number;
    int r = 0;

    if (!version_segment(request->segments[3], reply, &number))
        return 0;
    core_read_lock(request->core);
    const struct version *version = version_anywhere(request, number, deleted, &subject);
    if (version) {
        content = content_ref(version->content);
        found = *version;
    } else {
        r = no_such_version(reply, request->subject,
                            state_subject(&request->core->state, request->subject), number,
                            deleted);
    }
    core_read_unlock(request->core);
    if (!content)
        return r;
    reply->status = 200;
    r = mr_str_is(query_text(request, "format"), "resolved")
            ? write_resolved(request, subject, content, &text)
            : mr_buf_append(&text, content->text, content->len);
    if (r == 0 && only_schema)
        return mr_buf_append(&reply->body, text.data, text.len);
    if (r == 0)
        r = write_version_as(subject, &found, (struct mr_str){(char *)text.data, text.len},
                             &reply->body);
    if (r != 0 || query_text(request, "findTags").len == 0)
        return r;
    reply->body.len--; /* the brace is put back */
    r = write_tags(request, subject, content, &reply->body);
    return r == 0 ? mr_buf_byte(&reply->body, '}') : r;
}

int rest_version(struct request *request, struct reply *reply)
{
    return get_version(request, false, reply);
}

int rest_version_schema(struct request *request, struct reply *reply)
{
    return get_version(request, true, reply);
}

static int by_number(const void *a, const void *b)
{
    const int32_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static int write_referrers(struct request *request, const struct referred *referred,
                           struct reply *reply)
{
    size_t n = referred ? referred->n_referrers : 0;
    int32_t *ids = mr_arena_array(request->arena, n + 1, sizeof(*ids));
    struct page page = page_of(request, SIZE_MAX);
    int r = ids ? list_begin(reply) : -ENOMEM;

    if (r != 0)
        return r;
    for (size_t i = 0; i < n; i++)
        ids[i] = referred->referrers[i].id;
    qsort(ids, n, sizeof(*ids), by_number);
    for (size_t i = 0; i < n && r == 0; i++) {
        if ((i > 0 && ids[i] == ids[i - 1]) || !page_takes(&page))
            continue;
        r = list_comma(reply);
        if (r == 0)
            r = mr_buf_printf(&reply->body, "%d", (int)ids[i]);
    }
    return r == 0 ? mr_buf_byte(&reply->body, ']') : r;
}

int rest_referenced_by(struct request *request, struct reply *reply)
{
    const char *subject;
    int32_t number;
    int r;

    if (!version_segment(request->segments[3], reply, &number))
        return 0;
    core_read_lock(request->core);
    const struct state *state = &request->core->state;
    const struct version *version = version_anywhere(request, number, true, &subject);
    r = version ? write_referrers(request, state_referred(state, subject, version->number), reply)
                : no_such_version(reply, request->subject, state_subject(state, request->subject),
                                  number, true);
    core_read_unlock(request->core);
    return r;
}

int rest_metadata_latest(struct request *request, struct reply *reply)
{
    bool deleted = query_flag(request, "deleted");
    const struct version *found = NULL;
    int r = 0;

    core_read_lock(request->core);
    const struct subject *subject = state_subject(&request->core->state, request->subject);
    for (size_t i = subject ? subject->n_versions : 0; i-- > 0 && !found;) {
        const struct version *version = &subject->versions[i];
        const json_t *properties = json_object_get(version->content->metadata, "properties");
        struct mr_str key = {0};
        bool fits = properties && (deleted || !version->deleted);
        for (size_t q = 0; q < request->n_query && fits; q++) {
            const struct query_pair *pair = &request->query[q];
            if (mr_str_is(pair->name, "key"))
                key = pair->value;
            else if (mr_str_is(pair->name, "value") && key.data)
                fits = mr_str_eq(json_str(json_object_getn(properties, key.data, key.len)),
                                 pair->value);
        }
        found = fits ? version : NULL;
    }
    if (found)
        r = write_version(request->subject, found, &reply->body);
    bool there = subject && subject_has(subject, deleted);
    core_read_unlock(request->core);
    reply->status = 200;
    if (!found)
        return there ? reply_error(reply, 40403, "Schema not found")
                     : no_such_subject(reply, request->subject, false);
    return r;
}
