/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to an empty registry, one after another, separated by a line "---": "METHOD TARGET",
 * then the body. Every one gets a reply that is JSON, but for OPTIONS, which has none; and the
 * registry ends with nothing leaked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "rest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void ask(struct core *core, struct mr_str request)
{
    const char *end = request.len ? memchr(request.data, '\n', request.len) : NULL;
    size_t line = end ? (size_t)(end - request.data) : request.len;
    char method[16], target[4096];
    struct reply reply = {0};
    json_error_t why;
    size_t at = 0;

    while (at < line && at < sizeof(method) - 1 && request.data[at] != ' ') {
        method[at] = request.data[at];
        at++;
    }
    method[at] = '\0';
    size_t n = line > at + 1 ? line - at - 1 : 0;
    if (n >= sizeof(target))
        return;
    if (n > 0)
        memcpy(target, request.data + at + 1, n);
    target[n] = '\0';
    struct mr_str body = {request.data + line + (end != NULL), request.len - line - (end != NULL)};
    if (rest_handle(core, method, target, body, false, &reply) != 0)
        abort();
    json_t *json =
        json_loadb((char *)reply.body.data, reply.body.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    bool names_methods = strcmp(method, "OPTIONS") == 0 && reply.status == 200;
    if (names_methods ? reply.body.len > 0 : !json && !reply.content) /* schemas are JSON, too */
        abort();
    json_decref(json);
    if (reply.status < 200 || reply.status > 599)
        abort();
    reply_done(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char cut[] = "\n---\n";
    struct mr_str rest = {(const char *)data, len};
    struct store *store;
    struct core *core;

    if (store_memory_new(&store) != 0 ||
        core_new_take(store, MR_COMPAT_BACKWARD, false, &core, NULL) != 0)
        abort();
    while (rest.len > 0) {
        const char *at = memmem(rest.data, rest.len, cut, strlen(cut));
        struct mr_str one = {rest.data, at ? (size_t)(at - rest.data) : rest.len};
        ask(core, one);
        size_t used = one.len + (at ? strlen(cut) : 0);
        rest = (struct mr_str){rest.data + used, rest.len - used};
    }
    (void)core_free(core);
    return 0;
}
