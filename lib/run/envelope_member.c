/* SPDX-License-Identifier: Apache-2.0 */
/* Around the walk: refusals with their place, and single members of a JSON object. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "envelope.h"

int envelope_refuse(struct mr_error *reterr, const char *begin, const char *at, const char *pointer,
                    const char *fmt, ...)
{
    va_list args;

    if (!reterr)
        return MR_INVALID;
    va_start(args, fmt);
    int r = mr_error_vset(reterr, MR_INVALID, fmt, args);
    va_end(args);
    (void)snprintf(reterr->where, sizeof(reterr->where), "%s", pointer);
    reterr->offset = at && begin ? (size_t)(at - begin) : 0;
    return r;
}

void envelope_error_below(struct mr_error *reterr, const char *pointer)
{
    char where[sizeof(reterr->where)];

    if (!reterr)
        return;
    (void)snprintf(where, sizeof(where), "%s", reterr->where);
    int len = snprintf(reterr->where, sizeof(reterr->where), "%s", pointer);
    if (len >= 0 && (size_t)len < sizeof(reterr->where))
        (void)snprintf(reterr->where + len, sizeof(reterr->where) - (size_t)len, "%s", where);
}

/* The next byte that is not white space, or -1 at the end. */
static int next_byte(struct mr_json_cursor *cursor)
{
    mr_json_space(cursor);
    return cursor->at < cursor->end ? (unsigned char)*cursor->at : -1;
}

int envelope_members(struct mr_str object, struct mr_buf *scratch,
                     int (*fn)(void *self, struct mr_str name, struct mr_str value), void *self,
                     struct mr_error *reterr)
{
    struct mr_json_cursor cursor = {object.data, object.data, object.data + object.len};
    struct mr_str name;

    if (next_byte(&cursor) != '{')
        return 0;
    cursor.at++;
    if (next_byte(&cursor) == '}')
        return 0;
    for (;;) {
        size_t len = scratch->len;
        int r = next_byte(&cursor) == '"' ? mr_json_string(&cursor, scratch, &name, reterr)
                                          : MR_INVALID;
        if (r == 0 && next_byte(&cursor) != ':')
            r = MR_INVALID;
        cursor.at += r == 0;
        (void)next_byte(&cursor);
        const char *value = cursor.at;
        if (r == 0)
            r = mr_json_skip(&cursor, reterr);
        if (r == 0)
            r = fn(self, name, (struct mr_str){value, (size_t)(cursor.at - value)});
        scratch->len = len;
        if (r != 0 || next_byte(&cursor) != ',')
            return r;
        cursor.at++;
    }
}

struct search {
    const char *name;
    struct mr_str value;
};

static int match(void *self, struct mr_str name, struct mr_str value)
{
    struct search *search = self;

    if (!mr_str_is(name, search->name))
        return 0;
    search->value = value;
    return MR_END;
}

int envelope_data_member(struct mr_str data, const char *name, struct mr_buf *scratch,
                         struct envelope_value *ret_value, struct mr_error *reterr)
{
    struct search search = {.name = name};
    struct mr_str text;

    int r = envelope_members(data, scratch, match, &search, reterr);
    if (r != MR_END)
        return r == 0 ? MR_ABSENT : r;
    if (search.value.data[0] != '"')
        return search.value.data[0] == 'n' ? MR_ABSENT : MR_INVALID;
    struct mr_json_cursor cursor = {search.value.data, search.value.data,
                                    search.value.data + search.value.len};
    r = mr_json_string(&cursor, scratch, &text, reterr);
    if (r == 0)
        *ret_value = (struct envelope_value){text, search.value.data, name};
    return r;
}
