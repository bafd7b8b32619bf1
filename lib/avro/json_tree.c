/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 8259 into a tree with positions. */
#include "json_tree.h"

#include <errno.h>
#include <string.h>

#include "millrace/status.h"

enum { INDEX_FROM = 8 /* objects with more members than this get a table */ };

struct scan {
    struct mr_arena *arena;
    const char *begin, *at, *end;
    const struct mr_jlimits *limits;
    size_t n_values, depth;
    struct mr_error *reterr;
};

#define FAIL(s, where, ...)                                                                        \
    (set_offset((s), (where)), mr_error_set((s)->reterr, MR_INVALID, __VA_ARGS__))

static void set_offset(struct scan *s, const char *where)
{
    if (s->reterr)
        s->reterr->offset = (size_t)(where - s->begin);
}

static int value(struct scan *s, struct mr_jnode *parent, struct mr_jnode **ret_node);

static int comment(struct scan *s)
{
    const char *from = s->at;

    if (!s->limits->like_java)
        return FAIL(s, from, "JSON has no comments");
    if (s->end - from >= 2 && from[1] == '/') {
        const char *nl = memchr(from, '\n', (size_t)(s->end - from));
        s->at = nl ? nl : s->end;
        return 0;
    }
    if (s->end - from >= 2 && from[1] == '*') {
        const char *close = memmem(from + 2, (size_t)(s->end - from - 2), "*/", 2);
        if (!close)
            return FAIL(s, from, "the comment that begins here does not end");
        s->at = close + 2;
        return 0;
    }
    return FAIL(s, from, "expected a JSON value");
}

static int space(struct scan *s)
{
    for (; s->at < s->end; s->at++) {
        char c = *s->at;
        if (c == '/') {
            int r = comment(s);
            if (r != 0)
                return r;
            s->at--;
        } else if (c != ' ' && c != '\n' && c != '\t' && c != '\r') {
            break;
        }
    }
    return 0;
}

static int hex4(const char *p, const char *end, unsigned *ret)
{
    unsigned v = 0;

    if (end - p < 4)
        return MR_INVALID;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        if (c >= '0' && c <= '9')
            v = v * 16 + (unsigned)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            v = v * 16 + (unsigned)((c | 0x20) - 'a') + 10;
        else
            return MR_INVALID;
    }
    *ret = v;
    return 0;
}

static size_t put_utf8(char *out, unsigned c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* s->at is on the u of \u. */
static int unicode_escape(struct scan *s, char **out)
{
    const char *from = s->at - 1;
    unsigned c, low;

    if (hex4(s->at + 1, s->end, &c) != 0)
        return FAIL(s, from, "\\u needs four hexadecimal digits");
    s->at += 5;
    if (c >= 0xD800 && c <= 0xDFFF) {
        if (c > 0xDBFF || s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u' ||
            hex4(s->at + 2, s->end, &low) != 0 || low < 0xDC00 || low > 0xDFFF)
            return FAIL(s, from, "half of a surrogate pair is not a character");
        s->at += 6;
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    *out += put_utf8(*out, c);
    return 0;
}

static int escape(struct scan *s, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    s->at++;
    if (s->at < s->end && *s->at == 'u')
        return unicode_escape(s, out);
    const char *p = s->at < s->end && *s->at ? strchr(from, *s->at) : NULL;
    if (!p)
        return FAIL(s, s->at - 1, "JSON has no such escape");
    *(*out)++ = to[p - from];
    s->at++;
    return 0;
}

/* The closing quote of the string that begins at from, or NULL. */
static const char *closing_quote(const char *from, const char *end)
{
    for (const char *p = from + 1; p < end; p++) {
        if (*p == '\\')
            p++;
        else if (*p == '"')
            return p;
    }
    return NULL;
}

static int string(struct scan *s, struct mr_str *ret_text)
{
    const char *from = s->at;
    const char *close = closing_quote(from, s->end);
    size_t bad;

    if (!close)
        return FAIL(s, from, "the string that begins here does not end");
    char *copy = mr_arena_alloc(s->arena, (size_t)(close - from)); /* no escape grows */
    if (!copy)
        return -ENOMEM;
    char *out = copy;
    for (s->at++; s->at < close;) {
        if ((unsigned char)*s->at < 0x20)
            return FAIL(s, s->at, "control character 0x%02x in a string: write it as an escape",
                        (unsigned)*s->at);
        if (*s->at != '\\') {
            *out++ = *s->at++;
            continue;
        }
        int r = escape(s, &out);
        if (r != 0)
            return r;
    }
    s->at = close + 1;
    *ret_text = (struct mr_str){copy, (size_t)(out - copy)};
    if (!mr_utf8_valid(copy, ret_text->len, &bad))
        return FAIL(s, from, "the string is not UTF-8");
    return 0;
}

static size_t digits(struct scan *s)
{
    const char *from = s->at;

    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return (size_t)(s->at - from);
}

static int number(struct scan *s, struct mr_jnode *node)
{
    const char *from = s->at;

    if (*s->at == '-')
        s->at++;
    const char *first = s->at;
    size_t n = digits(s);
    if (n == 0 || (n > 1 && *first == '0'))
        return FAIL(s, from, n ? "a number must not begin with 0" : "expected a JSON value");
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        if (digits(s) == 0)
            return FAIL(s, from, "a number needs digits after its point");
    }
    if (s->at < s->end && (*s->at | 0x20) == 'e') {
        s->at++;
        if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
            s->at++;
        if (digits(s) == 0)
            return FAIL(s, from, "a number needs digits in its exponent");
    }
    if (s->at - from > MR_J_MAX_NUMBER)
        return FAIL(s, from, "a number of more than %d characters", MR_J_MAX_NUMBER);
    node->kind = MR_J_NUMBER;
    node->text = (struct mr_str){from, (size_t)(s->at - from)};
    return 0;
}

static int word(struct scan *s, struct mr_jnode *node)
{
    static const struct {
        const char *text;
        enum mr_jkind kind;
    } words[] = {{"null", MR_J_NULL}, {"false", MR_J_FALSE}, {"true", MR_J_TRUE}};
    const char *p = s->at;

    while (p < s->end && ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z'))
        p++;
    struct mr_str found = {s->at, (size_t)(p - s->at)};
    for (size_t i = 0; i < MR_N_ELEMENTS(words); i++) {
        if (mr_str_is(found, words[i].text)) {
            node->kind = words[i].kind;
            s->at = p;
            return 0;
        }
    }
    if (found.len == 0)
        return FAIL(s, s->at, "expected a JSON value");
    if (found.len > 40)
        found.len = 40;
    return FAIL(s, s->at, "'%.*s' is not JSON: text stands in double quotes", MR_STR_ARG(found));
}

static void append(struct mr_jnode *parent, struct mr_jnode *child)
{
    child->index = parent->n++;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

static int index_members(struct scan *s, struct mr_jnode *object)
{
    object->members = mr_arena_alloc(s->arena, sizeof(*object->members));
    if (!object->members)
        return -ENOMEM;
    for (struct mr_jnode *m = object->first; m; m = m->next) {
        int r = mr_str_map_add(object->members, s->arena, m->key, m);
        if (r != 0)
            return r;
    }
    return 0;
}

static struct mr_jnode *find(const struct mr_jnode *object, struct mr_str key)
{
    if (object->members)
        return mr_str_map_get(object->members, key);
    for (struct mr_jnode *m = object->first; m; m = m->next)
        if (mr_str_eq(m->key, key))
            return m;
    return NULL;
}

/* Like Java's map: the first occurrence keeps its place, the last one gives the value. */
static void replace(struct mr_jnode *old, const struct mr_jnode *new)
{
    struct mr_jnode keep = *old;

    *old = *new;
    old->index = keep.index;
    old->next = keep.next;
    old->key = keep.key;
    for (struct mr_jnode *c = old->first; c; c = c->next)
        c->parent = old;
}

static int member(struct scan *s, struct mr_jnode *object)
{
    struct mr_jnode *node;
    struct mr_str key;
    const char *from = s->at;

    if (s->at >= s->end || *s->at != '"')
        return FAIL(s, s->at, "expected a member name in double quotes");
    int r = string(s, &key);
    if (r != 0)
        return r;
    if (memchr(key.data, 0, key.len))
        return FAIL(s, from, "a member name must not contain NUL");
    struct mr_jnode *old = find(object, key);
    if (old && !s->limits->like_java)
        return FAIL(s, from, "the member \"%.*s\" is here twice", MR_STR_ARG(key));
    r = space(s);
    if (r != 0)
        return r;
    if (s->at >= s->end || *s->at != ':')
        return FAIL(s, s->at, "expected ':' after the member name");
    s->at++;
    r = value(s, object, &node);
    if (r != 0)
        return r;
    node->key = key;
    if (old) {
        replace(old, node);
        return 0;
    }
    append(object, node);
    if (object->members)
        return mr_str_map_add(object->members, s->arena, key, node);
    return object->n > INDEX_FROM ? index_members(s, object) : 0;
}

static int element(struct scan *s, struct mr_jnode *array)
{
    struct mr_jnode *node;
    int r = value(s, array, &node);

    if (r == 0)
        append(array, node);
    return r;
}

static int container(struct scan *s, struct mr_jnode *node)
{
    bool object = *s->at == '{';
    char close = object ? '}' : ']';
    const char *from = s->at++;

    node->kind = object ? MR_J_OBJECT : MR_J_ARRAY;
    if (++s->depth > s->limits->max_depth)
        return FAIL(s, from, "more than %zu levels of brackets", s->limits->max_depth);
    int r = space(s);
    if (r == 0 && s->at < s->end && *s->at == close) {
        s->at++;
        s->depth--;
        return 0;
    }
    while (r == 0) {
        r = object ? member(s, node) : element(s, node);
        if (r == 0)
            r = space(s);
        if (r != 0)
            return r;
        if (s->at >= s->end)
            return FAIL(s, from, "the %s that begins here does not end",
                        object ? "object" : "array");
        char c = *s->at++;
        if (c == close)
            break;
        if (c != ',')
            return FAIL(s, s->at - 1, "expected ',' or '%c'", close);
        r = space(s);
    }
    s->depth--;
    return r;
}

static int value(struct scan *s, struct mr_jnode *parent, struct mr_jnode **ret_node)
{
    int r = space(s);

    if (r != 0)
        return r;
    if (s->at >= s->end)
        return FAIL(s, s->at, "the text ends where a JSON value is expected");
    if (++s->n_values > s->limits->max_values)
        return FAIL(s, s->at, "more than %zu JSON values", s->limits->max_values);
    struct mr_jnode *node = mr_arena_alloc(s->arena, sizeof(*node));
    if (!node)
        return -ENOMEM;
    node->parent = parent;
    node->offset = (uint32_t)(s->at - s->begin);
    char c = *s->at;
    if (c == '{' || c == '[')
        r = container(s, node);
    else if (c == '"')
        r = (node->kind = MR_J_STRING, string(s, &node->text));
    else if (c == '-' || (c >= '0' && c <= '9'))
        r = number(s, node);
    else
        r = word(s, node);
    node->end = (uint32_t)(s->at - s->begin);
    *ret_node = node;
    return r;
}

int mr_jtree_parse(struct mr_arena *arena, const char *text, size_t len,
                   const struct mr_jlimits *limits, struct mr_jnode **ret_root,
                   struct mr_error *reterr)
{
    struct scan s = {.arena = arena,
                     .begin = text,
                     .at = text,
                     .end = text + len,
                     .limits = limits,
                     .reterr = reterr};
    int r = value(&s, NULL, ret_root);

    if (r == 0)
        r = space(&s);
    if (r == 0 && s.at < s.end)
        r = FAIL(&s, s.at, "text after the end of the JSON value");
    return r;
}

const struct mr_jnode *mr_jtree_find(const struct mr_jnode *node, struct mr_str key)
{
    return node && node->kind == MR_J_OBJECT ? find(node, key) : NULL;
}

const struct mr_jnode *mr_jtree_get(const struct mr_jnode *node, const char *key)
{
    return mr_jtree_find(node, mr_str_from(key));
}
