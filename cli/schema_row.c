/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the place for a row by indentation, as YAML's block style has it. */
#include "schema_row.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "millrace/status.h"

struct line {
    const char *at;
    size_t len;    /* without the line's end */
    size_t indent; /* of the first character; a dash is one */
    bool blank;    /* nothing, or a comment */
    const char *next;
};

static bool next_line(struct mr_str text, const char *from, struct line *line)
{
    const char *end = text.data + text.len;
    const char *stop = from < end ? memchr(from, '\n', (size_t)(end - from)) : NULL;

    if (from >= end)
        return false;
    *line = (struct line){.at = from, .len = (size_t)((stop ? stop : end) - from)};
    line->next = stop ? stop + 1 : end;
    while (line->indent < line->len && from[line->indent] == ' ')
        line->indent++;
    char first = line->indent < line->len ? from[line->indent] : '\n';
    line->blank = first == '\n' || first == '\r' || first == '#';
    return true;
}

/* The text after "WORD:", without blanks and a comment; false: another line. A list's dash before
 * the word counts as indentation. */
static bool is_key(const struct line *line, const char *word, struct mr_str *ret_value,
                   size_t *ret_indent)
{
    const char *at = line->at + line->indent, *end = line->at + line->len;
    size_t n = strlen(word);

    if (at < end && *at == '-')
        for (at++; at < end && *at == ' ';)
            at++;
    if ((size_t)(end - at) < n + 1 || strncmp(at, word, n) != 0 || at[n] != ':')
        return false;
    *ret_indent = (size_t)(at - line->at);
    for (at += n + 1; at < end && (*at == ' ' || *at == '\'' || *at == '"');)
        at++;
    *ret_value = (struct mr_str){at, 0};
    while (at + ret_value->len < end && !strchr(" \r#\"'", at[ret_value->len]))
        ret_value->len++;
    return true;
}

/* What a walk over the service's block finds. */
struct place {
    const char *after;  /* where the row goes */
    size_t dash, keys;  /* indentation of "- topic" and of the service's own keys */
    bool topics, lined; /* there is a key "topics"; with its items below it */
};

/* Lines that are deeper than the service's dash are its block. */
static void walk_block(struct mr_str text, const struct line *head, size_t keys,
                       struct place *place)
{
    struct line line;
    struct mr_str value;
    bool inside = false; /* the list of topics */
    size_t indent;

    *place = (struct place){.after = head->next, .dash = keys + 2, .keys = keys};
    for (const char *at = head->next; next_line(text, at, &line); at = line.next) {
        if (line.blank)
            continue;
        if (line.indent <= head->indent)
            return;
        bool item = line.at[line.indent] == '-';
        if (inside && (line.indent > keys || (item && line.indent == keys))) {
            if (item && !place->lined)
                place->dash = line.indent;
            place->lined = true;
            place->after = line.next;
            continue;
        }
        inside = is_key(&line, "topics", &value, &indent);
        if (inside) {
            place->topics = true;
            place->lined = value.len > 0; /* [...]: no place for a line */
            if (value.len > 0) {
                place->after = NULL;
                return;
            }
        }
        if (inside || !place->topics)
            place->after = line.next;
    }
}

static int put_list(int indent, const char *word, const char *const *items, size_t n,
                    const char *end, struct mr_buf *out)
{
    int r = n > 0 ? mr_buf_printf(out, "%*s  %s: [", indent, "", word) : 0;

    for (size_t i = 0; r == 0 && i < n; i++)
        r = mr_buf_printf(out, "%s%s", i ? ", " : "", items[i]);
    return r == 0 && n > 0 ? mr_buf_printf(out, "]%s", end) : r;
}

static int put_row(const struct schema_row *row, const struct place *place, const char *end,
                   struct mr_buf *out)
{
    int dash = (int)place->dash;
    int r = place->topics ? 0 : mr_buf_printf(out, "%*stopics:%s", (int)place->keys, "", end);

    if (r == 0)
        r = mr_buf_printf(out, "%*s- topic: %s%s%*s  event: %s%s", dash, "", row->topic, end, dash,
                          "", row->event, end);
    if (r == 0)
        r = put_list(dash, "types", row->types, row->n_types, end, out);
    if (r == 0 && row->key)
        r = mr_buf_printf(out, "%*s  key: %s%s", dash, "", row->key, end);
    if (r == 0 && row->time)
        r = mr_buf_printf(out, "%*s  time: %s%s", dash, "", row->time, end);
    return r == 0 ? put_list(dash, "consumers", row->consumers, row->n_consumers, end, out) : r;
}

int schema_row_insert(struct mr_str text, const struct schema_row *row, struct mr_buf *out,
                      struct mr_error *reterr)
{
    bool crlf = memchr(text.data, '\r', text.len) != NULL;
    const char *end = crlf ? "\r\n" : "\n";
    struct place place = {.after = NULL};
    struct line line;
    struct mr_str value;
    size_t keys;
    bool found = false;

    for (const char *at = text.data; !found && next_line(text, at, &line); at = line.next)
        found = !line.blank && line.at[line.indent] == '-' &&
                is_key(&line, "service", &value, &keys) && mr_str_is(value, row->service);
    if (!found)
        return mr_error_set(reterr, MR_ABSENT, "there is no line '- service: %s'", row->service);
    walk_block(text, &line, keys, &place);
    if (!place.after)
        return mr_error_set(reterr, MR_INVALID,
                            "the topics of '%s' stand in one line: give each a line of its own",
                            row->service);
    int r = mr_buf_append(out, text.data, (size_t)(place.after - text.data));
    if (r == 0 && out->len > 0 && out->data[out->len - 1] != '\n')
        r = mr_buf_printf(out, "%s", end);
    if (r == 0)
        r = put_row(row, &place, end, out);
    return r == 0 ? mr_buf_append(out, place.after, (size_t)(text.data + text.len - place.after))
                  : r;
}
