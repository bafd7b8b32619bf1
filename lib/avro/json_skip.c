/* SPDX-License-Identifier: Apache-2.0 */
/* Passing over any JSON value, without recursion: what is open stands in one machine word. */
#include "json_number.h"
#include "json_scan.h"

struct skip {
    struct mr_json_cursor *cursor;
    struct mr_buf *compact; /* NULL: only pass over */
    struct mr_error *reterr;
    uint64_t objects; /* bit d: level d is an object, not an array */
    unsigned depth;   /* levels open in this value */
    unsigned limit;
};

static int keep(struct skip *skip, const char *from, const char *to)
{
    return skip->compact ? mr_buf_append(skip->compact, from, (size_t)(to - from)) : 0;
}

/* One byte of structure. */
static int take(struct skip *skip)
{
    const char *at = skip->cursor->at++;

    return keep(skip, at, at + 1);
}

static int skip_string(struct skip *skip)
{
    const char *from = skip->cursor->at;
    struct json_raw raw;
    int r = json_string_raw(skip->cursor, &raw, skip->reterr);

    if (r != 0)
        return r;
    if (raw.escaped) {
        /* Escapes are checked even where the text is thrown away: it must be JSON. */
        char block[512], *to = block;
        size_t len;
        MR_AUTO(free) char *large = NULL;
        if (raw.text.len > sizeof(block)) {
            large = malloc(raw.text.len);
            if (!large)
                return -ENOMEM;
            to = large;
        }
        r = json_unescape(skip->cursor, &raw, JSON_NUL_ALLOW, to, &len, skip->reterr);
        if (r != 0)
            return r;
    }
    return keep(skip, from, skip->cursor->at);
}

static int skip_scalar(struct skip *skip, int c)
{
    struct json_number number;
    const char *from = skip->cursor->at;
    int r;

    if (c == '"')
        return skip_string(skip);
    if (c == 't')
        r = json_word(skip->cursor, "true", skip->reterr);
    else if (c == 'f')
        r = json_word(skip->cursor, "false", skip->reterr);
    else if (c == 'n')
        r = json_word(skip->cursor, "null", skip->reterr);
    else if (c == '-' || (c >= '0' && c <= '9'))
        r = json_number_scan(skip->cursor, &number, skip->reterr);
    else
        return json_expected(skip->cursor, "a JSON value", skip->reterr);
    return r != 0 ? r : keep(skip, from, skip->cursor->at);
}

/* A member's name and colon. */
static int skip_name(struct skip *skip)
{
    if (json_peek(skip->cursor) != '"')
        return json_expected(skip->cursor, "a member's name", skip->reterr);
    int r = skip_string(skip);
    if (r != 0)
        return r;
    if (json_peek(skip->cursor) != ':')
        return json_expected(skip->cursor, "':'", skip->reterr);
    return take(skip);
}

static int open_level(struct skip *skip, bool object, bool *ret_empty)
{
    int r;

    if (skip->depth == skip->limit)
        return json_error(skip->cursor, skip->cursor->at, skip->reterr,
                          "values must not be nested deeper than %d levels", MR_CODEC_MAX_DEPTH);
    if ((r = take(skip)) != 0)
        return r;
    skip->objects = skip->objects << 1 | object;
    skip->depth++;
    *ret_empty = json_peek(skip->cursor) == (object ? '}' : ']');
    return object && !*ret_empty ? skip_name(skip) : 0;
}

/* After a value: closes what ends here and passes over the comma to the next. */
static int close_levels(struct skip *skip)
{
    while (skip->depth > 0) {
        bool object = skip->objects & 1;
        int c = json_peek(skip->cursor);
        int r;
        if (c != ',' && c != (object ? '}' : ']'))
            return json_expected(skip->cursor, object ? "',' or '}'" : "',' or ']'", skip->reterr);
        if ((r = take(skip)) != 0)
            return r;
        if (c == ',')
            return object ? skip_name(skip) : 0;
        skip->objects >>= 1;
        skip->depth--;
    }
    return 0;
}

int json_skip(struct mr_json_cursor *cursor, unsigned depth, struct mr_buf *compact,
              struct mr_error *reterr)
{
    struct mr_json_cursor in = *cursor;
    struct skip skip = {.cursor = &in,
                        .compact = compact,
                        .reterr = reterr,
                        .limit = depth < MR_CODEC_MAX_DEPTH ? MR_CODEC_MAX_DEPTH - depth : 0};
    int r;

    do {
        int c = json_peek(&in);
        bool empty = false;
        if (c < 0)
            return MR_END;
        r = c == '{' || c == '[' ? open_level(&skip, c == '{', &empty) : skip_scalar(&skip, c);
        if (r == 0 && (empty || (c != '{' && c != '[')))
            r = close_levels(&skip);
        if (r != 0)
            return r;
    } while (skip.depth > 0);
    *cursor = in;
    return 0;
}

int mr_json_skip(struct mr_json_cursor *cursor, struct mr_error *reterr)
{
    return json_skip(cursor, 0, NULL, reterr);
}
