/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a mapping file, and the list of what is wrong with it. */
#include "mapping_yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "millrace/upcast.h"

/* ---- mistakes ---- */

void mistake(struct mistakes *mistakes, struct spot at, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    mistakes->n++;
    if (mistakes->n > MR_UPCAST_MAX_MISTAKES || mistakes->r != 0)
        return;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    mr_str_one_line(text);
    mistakes->r =
        mr_buf_printf(mistakes->report, "%s:%u:%u: %s\n", mistakes->path, at.line, at.column, text);
}

const char *mistake_hint(struct mistakes *mistakes, struct mr_arena *arena, const char *word,
                         const char *const *words, size_t n_words)
{
    const char *near =
        mistakes->n < MR_UPCAST_MAX_MISTAKES ? mr_nearest(word, words, n_words) : NULL;

    if (!near)
        return "";
    const char *hint = mr_arena_printf(arena, "; did you mean '%s'?", near);
    if (!hint)
        mistakes->r = -ENOMEM;
    return hint ? hint : "";
}

struct spot mapping_spot(const yaml_node_t *node)
{
    return (struct spot){(unsigned)node->start_mark.line + 1,
                         (unsigned)node->start_mark.column + 1};
}

void *mapping_memory(struct reading *reading, size_t n, size_t size)
{
    void *memory = mr_arena_array(reading->arena, n + !n, size);

    if (!memory)
        reading->mistakes->r = -ENOMEM;
    return memory;
}

const yaml_node_t *mapping_node(struct reading *reading, int index)
{
    const yaml_node_t *node = yaml_document_get_node(reading->document, index);

    if (reading->seen[index - 1] && !reading->alias)
        mistake(reading->mistakes, mapping_spot(node), "aliases (*name) are not taken here");
    reading->alias |= reading->seen[index - 1];
    reading->seen[index - 1] = true;
    return node;
}

const char *mapping_scalar(struct reading *reading, const yaml_node_t *node, const char *what)
{
    if (node->type != YAML_SCALAR_NODE) {
        mistake(reading->mistakes, mapping_spot(node), "%s must be a text", what);
        return NULL;
    }
    const char *text = (const char *)node->data.scalar.value;
    if (strlen(text) != node->data.scalar.length || !*text) {
        mistake(reading->mistakes, mapping_spot(node), "%s must not be empty", what);
        return NULL;
    }
    const char *copy = mr_arena_dup(reading->arena, text, strlen(text));
    if (!copy)
        reading->mistakes->r = -ENOMEM;
    return copy;
}

/* ---- constants ---- */

static bool is_json_word(const char *text)
{
    static const char *const words[] = {"null", "true", "false"};
    size_t n = strspn(text, "-+.0123456789eE");

    for (size_t i = 0; i < MR_N_ELEMENTS(words); i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return n > 0 && text[n] == '\0' && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
}

static int put_json(struct reading *reading, const yaml_node_t *node, unsigned depth,
                    struct mr_buf *out);

static int put_scalar(const yaml_node_t *node, struct mr_buf *out)
{
    const char *text = (const char *)node->data.scalar.value;

    if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && is_json_word(text))
        return mr_buf_append(out, text, strlen(text));
    return mr_buf_json_string(out, text, node->data.scalar.length);
}

static int put_array(struct reading *reading, const yaml_node_t *node, unsigned depth,
                     struct mr_buf *out)
{
    const yaml_node_item_t *item = node->data.sequence.items.start;
    int r = mr_buf_byte(out, '[');

    for (; r == 0 && item < node->data.sequence.items.top; item++) {
        if (item > node->data.sequence.items.start)
            r = mr_buf_byte(out, ',');
        if (r == 0)
            r = put_json(reading, mapping_node(reading, *item), depth + 1, out);
    }
    return r == 0 ? mr_buf_byte(out, ']') : r;
}

static int put_object(struct reading *reading, const yaml_node_t *node, unsigned depth,
                      struct mr_buf *out)
{
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    int r = mr_buf_byte(out, '{');

    for (; r == 0 && pair < node->data.mapping.pairs.top; pair++) {
        const char *key =
            mapping_scalar(reading, mapping_node(reading, pair->key), "a member's name");
        const yaml_node_t *value = mapping_node(reading, pair->value);
        if (pair > node->data.mapping.pairs.start)
            r = mr_buf_byte(out, ',');
        if (r == 0)
            r = mr_buf_json_string(out, key ? key : "", key ? strlen(key) : 0);
        if (r == 0)
            r = mr_buf_byte(out, ':');
        if (r == 0)
            r = put_json(reading, value, depth + 1, out);
    }
    return r == 0 ? mr_buf_byte(out, '}') : r;
}

static int put_json(struct reading *reading, const yaml_node_t *node, unsigned depth,
                    struct mr_buf *out)
{
    enum { DEEPEST = 32 };

    if (depth == DEEPEST) {
        mistake(reading->mistakes, mapping_spot(node),
                "a constant must not be nested deeper than %d", DEEPEST);
        return 0;
    }
    if (node->type == YAML_SCALAR_NODE)
        return put_scalar(node, out);
    return node->type == YAML_SEQUENCE_NODE ? put_array(reading, node, depth, out)
                                            : put_object(reading, node, depth, out);
}

void mapping_constant(struct reading *reading, const yaml_node_t *node, struct constant *ret)
{
    MR_AUTO(mr_buf) struct mr_buf json = {.max = MR_UPCAST_MAX_BYTES * 8};
    int r = put_json(reading, node, 0, &json);

    *ret = (struct constant){.at = mapping_spot(node), .json = "", .text = NULL};
    if (r == 0 && !(ret->json = mr_arena_dup(reading->arena, (char *)json.data, json.len)))
        r = -ENOMEM;
    if (r == 0 && node->type == YAML_SCALAR_NODE) {
        ret->plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        ret->text = mr_arena_dup(reading->arena, (const char *)node->data.scalar.value,
                                 node->data.scalar.length);
        r = ret->text ? 0 : -ENOMEM;
    }
    if (r != 0)
        reading->mistakes->r = r;
}
