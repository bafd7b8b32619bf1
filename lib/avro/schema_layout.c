/* SPDX-License-Identifier: Apache-2.0 */
/* The one layout of schema files: on one line what fits there and holds no fields, else a member a
 * line. Only white space changes: members keep their order, numbers the way they are written. */
#include <errno.h>

#include "json_tree.h"
#include "millrace/schema.h"

enum { WIDTH = 100, STEP = 2, MAX_BYTES_OF_LINE = WIDTH * 4 };

static bool is_container(const struct mr_jnode *node)
{
    return node->kind == MR_J_ARRAY || node->kind == MR_J_OBJECT;
}

static bool has_fields(const struct mr_jnode *node)
{
    if (node->kind == MR_J_OBJECT && mr_jtree_get(node, "fields"))
        return true;
    for (const struct mr_jnode *child = is_container(node) ? node->first : NULL; child;
         child = child->next)
        if (has_fields(child))
            return true;
    return false;
}

static int put_scalar(const struct mr_jnode *node, struct mr_buf *out)
{
    static const char *const words[] = {"null", "false", "true"};

    if (node->kind == MR_J_STRING)
        return mr_buf_json_plain(out, node->text.data, node->text.len);
    if (node->kind == MR_J_NUMBER)
        return mr_buf_append_str(out, node->text);
    return mr_buf_append_str(out, mr_str_from(words[node->kind]));
}

/* All of it with a blank after each comma and colon. -EMSGSIZE: beyond out->max. */
static int put_line(const struct mr_jnode *node, struct mr_buf *out)
{
    bool object = node->kind == MR_J_OBJECT;

    if (!is_container(node))
        return put_scalar(node, out);
    int r = mr_buf_byte(out, object ? '{' : '[');
    for (const struct mr_jnode *child = node->first; r == 0 && child; child = child->next) {
        if (child != node->first)
            r = mr_buf_append(out, ", ", 2);
        if (r == 0 && object)
            r = mr_buf_json_plain(out, child->key.data, child->key.len);
        if (r == 0 && object)
            r = mr_buf_append(out, ": ", 2);
        if (r == 0)
            r = put_line(child, out);
    }
    return r == 0 ? mr_buf_byte(out, object ? '}' : ']') : r;
}

static size_t characters(const uint8_t *text, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += (text[i] & 0xc0) != 0x80;
    return n;
}

/* Appends the line if it fits behind `used` characters, with the comma that may follow. */
static int try_line(const struct mr_jnode *node, size_t used, struct mr_buf *out, bool *ret_fits)
{
    MR_AUTO(mr_buf) struct mr_buf line = {.max = MAX_BYTES_OF_LINE};
    int r = put_line(node, &line);

    *ret_fits = r == 0 && used + characters(line.data, line.len) + 1 <= WIDTH;
    if (r == -ENOMEM)
        return r;
    return *ret_fits ? mr_buf_append(out, line.data, line.len) : 0;
}

static int put_pad(struct mr_buf *out, size_t n)
{
    int r = mr_buf_byte(out, '\n');

    while (r == 0 && n-- > 0)
        r = mr_buf_byte(out, ' ');
    return r;
}

static int put(const struct mr_jnode *node, size_t indent, size_t used, struct mr_buf *out)
{
    bool object = node->kind == MR_J_OBJECT, fits = false;
    int r = 0;

    if (!is_container(node) || !node->first)
        return put_line(node, out);
    if (!has_fields(node))
        r = try_line(node, used, out, &fits);
    if (r != 0 || fits)
        return r;
    r = mr_buf_byte(out, object ? '{' : '[');
    for (const struct mr_jnode *child = node->first; r == 0 && child; child = child->next) {
        if (child != node->first)
            r = mr_buf_byte(out, ',');
        if (r == 0)
            r = put_pad(out, indent + STEP);
        size_t begin = out->len;
        if (r == 0 && object)
            r = mr_buf_json_plain(out, child->key.data, child->key.len);
        if (r == 0 && object)
            r = mr_buf_append(out, ": ", 2);
        size_t head = indent + STEP + characters(out->data + begin, out->len - begin);
        if (r == 0)
            r = put(child, indent + STEP, head, out);
    }
    if (r == 0)
        r = put_pad(out, indent);
    return r == 0 ? mr_buf_byte(out, object ? '}' : ']') : r;
}

int mr_schema_layout(struct mr_str text, struct mr_buf *out, struct mr_error *reterr)
{
    const struct mr_jlimits limits = {.max_depth = MR_SCHEMA_MAX_JSON_DEPTH,
                                      .max_values = MR_SCHEMA_MAX_JSON_VALUES};
    MR_AUTO(mr_arena) struct mr_arena *arena = NULL;
    struct mr_jnode *root;
    size_t before = out->len;

    if (text.len > MR_SCHEMA_MAX_BYTES)
        return mr_error_set(reterr, MR_INVALID, "more than %d bytes", MR_SCHEMA_MAX_BYTES);
    int r = mr_arena_new(0, &arena);
    if (r == 0)
        r = mr_jtree_parse(arena, text.len ? text.data : "", text.len, &limits, &root, reterr);
    if (r == MR_INVALID)
        mr_error_locate(reterr, text.data, text.len);
    if (r == 0)
        r = put(root, 0, 0, out);
    if (r == 0)
        r = mr_buf_byte(out, '\n');
    if (r != 0)
        out->len = before;
    return r;
}
