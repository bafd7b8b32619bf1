/* SPDX-License-Identifier: Apache-2.0 */
/* One request of the client and what its answer means. */
#include <errno.h>
#include <stdlib.h>

#include "client.h"
#include "millrace/status.h"

int client_subject_path(struct mr_registry *registry, const char *subject, const char *tail)
{
    registry->path.len = 0;
    int r = mr_buf_append_str(&registry->path, MR_STR("/subjects/"));
    if (r == 0)
        r = http_escape(&registry->path, mr_str_from(subject));
    if (r == 0)
        r = mr_buf_append_str(&registry->path, mr_str_from(tail));
    return r;
}

int client_odd(struct mr_registry *registry, const char *what, struct mr_error *reterr)
{
    return mr_error_set(reterr, -EPROTO, "%s answers HTTP %ld with %s: is it a schema registry?",
                        registry->reply.url, registry->reply.status, what);
}

static int judge(struct mr_registry *registry, const json_t *json, int *ret_code,
                 struct mr_error *reterr)
{
    const struct http_reply *reply = &registry->reply;
    const char *message = json_string_value(json_object_get(json, "message"));
    const json_t *code = json_object_get(json, "error_code");

    if (!json_is_integer(code))
        return client_odd(registry, "no error_code", reterr);
    if (ret_code)
        *ret_code = (int)json_integer_value(code);
    return mr_error_set(reterr, reply->status == 404 ? MR_ABSENT : MR_INVALID,
                        "%s says %s (HTTP %ld, error %d)", reply->url,
                        message ? message : "nothing more", reply->status,
                        (int)json_integer_value(code));
}

int client_call(struct mr_registry *registry, const char *method, struct mr_str body,
                json_t **ret_json, int *ret_code, struct mr_error *reterr)
{
    struct http_reply *reply = &registry->reply;
    MR_AUTO(json) json_t *json = NULL;

    if (ret_code)
        *ret_code = 0;
    const char *path = mr_buf_cstr(&registry->path);
    if (!path)
        return -ENOMEM;
    int r = http_send(registry->http, method, path, body, reply, reterr);
    if (r != 0)
        return r;
    r = json_read((struct mr_str){(const char *)reply->body.data, reply->body.len},
                  JSON_DECODE_ANY | JSON_ALLOW_NUL, &json, NULL);
    if (r != 0)
        return r == MR_INVALID ? client_odd(registry, "what is not JSON", reterr) : r;
    if (reply->status >= 400)
        return judge(registry, json, ret_code, reterr);
    *ret_json = MR_MOVE(json);
    return 0;
}
