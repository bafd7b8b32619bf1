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

/* access NULL: all is allowed. */
static inline struct reply call_as(struct core *core, const struct access *access,
                                   const char *method, const char *target, const char *body)
{
    const struct caller caller = {.access = access};
    struct reply reply = {0};

    ck_assert_int_eq(rest_answer(core, &caller, method, target, mr_str_from(body), false, &reply),
                     0);
    if (reply.content) {
        ck_assert_int_eq(content_write(reply.content, &reply.body), 0);
        ck_assert_int_eq(mr_buf_byte(&reply.body, '}'), 0);
        reply.body.data[0] = '{';
    }
    ck_assert_ptr_nonnull(mr_buf_cstr(&reply.body));
    return reply;
}

static inline struct reply call(struct core *core, const char *method, const char *target,
                                const char *body)
{
    return call_as(core, NULL, method, target, body);
}

/* have: a part of the body; NULL: any. */
static inline void expect_as(struct core *core, const struct access *access, const char *method,
                             const char *target, const char *body, unsigned status,
                             const char *have)
{
    struct reply reply = call_as(core, access, method, target, body);
    const char *text = (const char *)reply.body.data;

    ck_assert_msg(reply.status == status, "%s %s: %u %s", method, target, reply.status, text);
    ck_assert_msg(!have || strstr(text, have), "%s %s: %s", method, target, text);
    reply_done(&reply);
}

static inline void expect(struct core *core, const char *method, const char *target,
                          const char *body, unsigned status, const char *have)
{
    expect_as(core, NULL, method, target, body, status, have);
}
