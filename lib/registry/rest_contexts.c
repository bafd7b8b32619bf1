/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts: the list of them, and the end of an empty one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "millrace/status.h"
#include "rest_common.h"

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **context_names(struct request *request, size_t *ret_n)
{
    const struct state *state = &request->core->state;
    const char **names = mr_arena_array(request->arena, state->contexts.n_items, sizeof(*names));
    size_t n = 0;

    for (size_t i = 0; names && i < state->contexts.n_slots; i++) {
        const struct context *context = state->contexts.slots[i].value;
        if (context)
            names[n++] = context->name;
    }
    if (names)
        qsort(names, n, sizeof(*names), by_name);
    *ret_n = n;
    return names;
}

/* A context is seen by who may read one of its subjects. The caller holds lock. */
static bool may_see(const struct request *request, const struct context *context)
{
    const struct state *state = &request->core->state;

    if (access_role_everywhere(request->caller.access) >= ROLE_READ)
        return true;
    for (size_t i = 0; i < state->n_sorted; i++)
        if (state->sorted[i]->context == context && may_read(request, state->sorted[i]->name))
            return true;
    return false;
}

int rest_contexts(struct request *request, struct reply *reply)
{
    const struct state *state = &request->core->state;
    struct mr_str prefix = query_text(request, "contextPrefix");
    struct page page = page_of(request, SIZE_MAX);
    size_t n;
    int r = list_begin(reply);

    core_read_lock(request->core);
    const char **names = context_names(request, &n);
    if (!names)
        r = -ENOMEM;
    for (size_t i = 0; i < n && r == 0; i++) {
        const struct context *context = state_context(state, mr_str_from(names[i]));
        if (!context->known || !may_see(request, context) ||
            strncmp(names[i], prefix.data ? prefix.data : "", prefix.len) != 0 ||
            !page_takes(&page))
            continue;
        r = list_comma(reply);
        if (r == 0)
            r = mr_buf_json_string(&reply->body, names[i], strlen(names[i]));
    }
    core_read_unlock(request->core);
    return r == 0 ? mr_buf_byte(&reply->body, ']') : r;
}

static int delete_context(struct request *request, struct reply *reply)
{
    struct mr_str name = request->context;
    struct context *context = state_context(&request->core->state, name);
    const struct state *state = &request->core->state;
    struct record record = {.type = RECORD_CONTEXT, .deleted = true};

    if (!context || !context->known || mr_str_is(name, "."))
        return reply_error(reply, mr_str_is(name, ".") ? 42205 : 404,
                           mr_str_is(name, ".") ? "the default context cannot be deleted"
                                                : "Context '%.*s' not found",
                           MR_STR_ARG(name));
    for (size_t i = 0; i < state->n_sorted; i++)
        if (state->sorted[i]->context == context)
            return reply_error(reply, 42211,
                               "context '%.*s' is not empty: delete subject '%s' for good "
                               "(?permanent=true), and all others in it",
                               MR_STR_ARG(name), state->sorted[i]->name);
    record.subject = context->name;
    reply->status = 204;
    return core_commit(request->core, &record, 1, &request->error);
}

int rest_delete_context(struct request *request, struct reply *reply)
{
    if (!request->in_context) {
        (void)snprintf(reply->allow, sizeof(reply->allow), "GET, POST");
        return reply_error(reply, 405, "DELETE does not go here: use GET, POST");
    }
    int r = core_write_lock(request->core, request->quick, &request->error);
    if (r != 0)
        return r;
    r = delete_context(request, reply);
    return core_write_unlock(request->core, r, &reply->settled, &request->error);
}
