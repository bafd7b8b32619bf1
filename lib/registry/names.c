/* SPDX-License-Identifier: Apache-2.0 */
/* Qualified subject names. */
#include "names.h"

#include <stdio.h>

static bool starts(struct mr_str text, const char *prefix)
{
    size_t len = strlen(prefix);

    return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

static struct mr_str after(struct mr_str text, size_t n)
{
    return (struct mr_str){text.data + n, text.len - n};
}

struct name name_split(struct mr_str qualified)
{
    if (starts(qualified, ":.")) {
        const char *colon = memchr(qualified.data + 2, ':', qualified.len - 2);
        size_t len = colon ? (size_t)(colon - qualified.data) : qualified.len;
        return (struct name){{qualified.data + 1, len - 1},
                             colon ? after(qualified, len + 1) : MR_STR("")};
    }
    if (starts(qualified, ":*:"))
        return (struct name){MR_STR("*"), after(qualified, 3)};
    return (struct name){MR_STR("."), qualified};
}

bool name_is_default(const struct name *name)
{
    return mr_str_is(name->context, ".");
}

bool name_says_context(struct mr_str qualified)
{
    return starts(qualified, ":.") || starts(qualified, ":*:");
}

const char *name_join(struct mr_arena *arena, struct mr_str context, struct mr_str subject)
{
    if (mr_str_is(context, "."))
        return mr_arena_dup(arena, subject.data, subject.len);
    return mr_arena_printf(arena, ":%.*s:%.*s", MR_STR_ARG(context), MR_STR_ARG(subject));
}

const char *name_normal(struct mr_arena *arena, struct mr_str qualified)
{
    struct name name = name_split(qualified);

    return name_join(arena, name.context, name.subject);
}

bool name_is_valid(struct mr_str qualified)
{
    for (size_t i = 0; i < qualified.len; i++) {
        unsigned char c = (unsigned char)qualified.data[i];
        unsigned char next = i + 1 < qualified.len ? (unsigned char)qualified.data[i + 1] : 0;
        if (c < 0x20 || c == 0x7F || (c == 0xC2 && next >= 0x80 && next <= 0x9F))
            return false;
    }
    return !mr_str_is(name_split(qualified).subject, "__GLOBAL");
}

bool name_context(struct mr_arena *arena, struct mr_str segment, struct mr_str *ret_context)
{
    if (starts(segment, ":"))
        segment = after(segment, 1);
    if (segment.len > 0 && segment.data[segment.len - 1] == ':')
        segment.len--;
    if (segment.len > 0 && memchr(segment.data, ':', segment.len))
        return false;
    const char *text =
        mr_arena_printf(arena, "%s%.*s", starts(segment, ".") ? "" : ".", MR_STR_ARG(segment));
    *ret_context = mr_str_from(text);
    return text != NULL;
}

static bool begins(struct mr_str text, struct mr_str prefix)
{
    return text.len >= prefix.len &&
           (prefix.len == 0 || memcmp(text.data, prefix.data, prefix.len) == 0);
}

bool name_matches(struct mr_str prefix, struct mr_str qualified)
{
    struct name want = name_split(prefix), have = name_split(qualified);
    bool open = starts(prefix, ":.") && !memchr(prefix.data + 2, ':', prefix.len - 2);

    if (open)
        return begins(have.context, want.context);
    if (!mr_str_is(want.context, "*") && !mr_str_eq(have.context, want.context))
        return false;
    return begins(have.subject, want.subject);
}

bool name_beside(struct mr_str parent, struct mr_str subject, char out[2 * NAME_MAX_BYTES])
{
    struct name own = name_split(subject), beside = name_split(parent);
    struct mr_str context = name_is_default(&own) ? beside.context : own.context;
    bool plain = mr_str_is(context, ".");
    int len = plain ? snprintf(out, 2 * NAME_MAX_BYTES, "%.*s", MR_STR_ARG(own.subject))
                    : snprintf(out, 2 * NAME_MAX_BYTES, ":%.*s:%.*s", MR_STR_ARG(context),
                               MR_STR_ARG(own.subject));

    return len >= 0 && len < 2 * NAME_MAX_BYTES;
}
