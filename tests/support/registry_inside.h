/* SPDX-License-Identifier: Apache-2.0 */
/* A registry in memory and requests to it, without its socket. */
#pragma once

#include <check.h>
#include <string.h>

#include "rest.h"

static inline struct core *new_core(enum mr_compat_level level)
{
    struct store *store;
    struct core *core;

    ck_assert_int_eq(store_memory_new(&store), 0);
    ck_assert_int_eq(core_new_take(store, level, false, &core, NULL), 0);
    return core;
}

static inline struct reply call(struct core *core, const char *method, const char *target,
                                const char *body)
{
    struct reply reply = {0};

    ck_assert_int_eq(rest_handle(core, method, target, mr_str_from(body), false, &reply), 0);
    if (reply.content) {
        ck_assert_int_eq(content_write(reply.content, &reply.body), 0);
        ck_assert_int_eq(mr_buf_byte(&reply.body, '}'), 0);
        reply.body.data[0] = '{';
    }
    ck_assert_ptr_nonnull(mr_buf_cstr(&reply.body));
    return reply;
}

/* have: the whole body when it ends with a bracket or digit, else a part of it; NULL: any. */
static inline void expect(struct core *core, const char *method, const char *target,
                          const char *body, unsigned status, const char *have)
{
    struct reply reply = call(core, method, target, body);
    const char *text = (const char *)reply.body.data;

    ck_assert_msg(reply.status == status, "%s %s: %u %s", method, target, reply.status, text);
    ck_assert_msg(!have || strstr(text, have), "%s %s: %s", method, target, text);
    reply_done(&reply);
}
