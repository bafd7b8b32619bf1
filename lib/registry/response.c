/* SPDX-License-Identifier: Apache-2.0 */
/* Replies as libmicrohttpd sends them. */
#include "server.h"

static const char content_type[] = "application/vnd.schemaregistry.v1+json";

static struct MHD_Response *new_response(struct mr_buf *body)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_FREE);

    if (!response)
        return NULL;
    *body = (struct mr_buf){0};
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type) == MHD_YES)
        return response;
    MHD_destroy_response(response);
    return NULL;
}

/* The answer by id is made once per content and shared by all who ask. */
static struct MHD_Response *prepared(struct content *content)
{
    struct MHD_Response *response = atomic_load(&content->by_id);
    struct MHD_Response *none = NULL;
    MR_AUTO(mr_buf) struct mr_buf body = {0};

    if (response)
        return response;
    if (content_write(content, &body) != 0 || mr_buf_byte(&body, '}') != 0)
        return NULL;
    body.data[0] = '{'; /* the first member brought a comma */
    response = new_response(&body);
    if (!response || atomic_compare_exchange_strong(&content->by_id, &none, response))
        return response;
    MHD_destroy_response(response);
    return none;
}

struct MHD_Response *response_of(struct reply *reply, bool *ret_shared)
{
    *ret_shared = reply->content != NULL;
    return reply->content ? prepared(reply->content) : new_response(&reply->body);
}
