/* SPDX-License-Identifier: Apache-2.0 */
/* Names of places: "data.items[].quantity" from a JSON pointer, and from there to line and column.
 */
#include <stdlib.h>
#include <string.h>

#include "inside.h"

const struct mr_schema_node *evolve_plain(const struct mr_schema_node *node)
{
    if (node->type == MR_AVRO_UNION && node->n_branches == 2 &&
        (node->branches[0]->type == MR_AVRO_NULL || node->branches[1]->type == MR_AVRO_NULL))
        return node->branches[node->branches[0]->type == MR_AVRO_NULL];
    return node;
}

/* One step of the pointer; the number after "fields" is of a field, after others of a branch. */
static const struct mr_schema_node *step(const struct mr_schema_node *node, const char *word,
                                         const struct mr_schema_field **field, bool *fields,
                                         struct mr_buf *out, int *r)
{
    size_t index = (size_t)strtoul(word, NULL, 10);

    if (strcmp(word, "fields") == 0) {
        *fields = true;
    } else if (*fields && node->type == MR_AVRO_RECORD && index < node->n_fields) {
        *fields = false;
        *field = &node->fields[index];
        *r = mr_buf_printf(out, "%s%s", out->len ? "." : "", (*field)->name);
    } else if (strcmp(word, "type") == 0 && *field) {
        node = (*field)->type;
        *field = NULL;
    } else if (strcmp(word, "items") == 0 || strcmp(word, "values") == 0) {
        *r = mr_buf_printf(out, "%s", word[0] == 'i' ? "[]" : "{}");
        node = node->items ? node->items : node;
    } else if (node->type == MR_AVRO_UNION && *word >= '0' && *word <= '9' &&
               index < node->n_branches) {
        node = node->branches[index];
    }
    return node;
}

const char *evolve_path(struct evolve *e, const struct mr_schema_node *root, const char *pointer)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    MR_AUTO(free) char *copy = strdup(pointer);
    const struct mr_schema_field *field = NULL;
    bool fields = false;
    int r = 0;

    char *rest = copy;
    for (char *word; r == 0 && (word = strsep(&rest, "/"));)
        if (*word)
            root = step(root, word, &field, &fields, &out, &r);
    return evolve_text(e, "%.*s", (int)out.len, out.len ? (const char *)out.data : "");
}

static const struct mr_schema_field *find_field(const struct mr_schema_node *node,
                                                struct mr_str name)
{
    if (node->type == MR_AVRO_RECORD)
        return mr_schema_field_find(node, name);
    for (size_t i = 0; node->type == MR_AVRO_UNION && i < node->n_branches; i++)
        if (node->branches[i]->type == MR_AVRO_RECORD) {
            const struct mr_schema_field *field = mr_schema_field_find(node->branches[i], name);
            if (field)
                return field;
        }
    return NULL;
}

void evolve_locate(const struct mr_schema_node *root, const char *path, unsigned *ret_line,
                   unsigned *ret_column)
{
    const struct mr_schema_node *node = root;

    *ret_line = root->line;
    *ret_column = root->column;
    while (*path) {
        if (*path == '[' || *path == '{') {
            node = evolve_plain(node);
            node = node->items ? node->items : node;
            path += 2;
            continue;
        }
        path += *path == '.';
        struct mr_str name = {path, strcspn(path, ".[{")};
        const struct mr_schema_field *field = find_field(node, name);
        if (!field)
            return;
        *ret_line = field->line;
        *ret_column = field->column;
        node = field->type;
        path += name.len;
    }
}

/* What follows "word:" on a line, without the list's dash. Its length; 0: another line. */
static size_t row_value(const char *line, size_t len, const char *word, const char **ret_value)
{
    size_t n = strlen(word);
    const char *end = line + len;

    while (line < end && (*line == ' ' || *line == '-' || *line == '{'))
        line++;
    if ((size_t)(end - line) < n + 1 || strncmp(line, word, n) != 0 || line[n] != ':')
        return 0;
    for (line += n + 1; line < end && (*line == ' ' || *line == '"' || *line == '\'');)
        line++;
    *ret_value = line;
    for (len = 0; line + len < end && !strchr(" \"',}#\r", line[len]);)
        len++;
    return len;
}

/* topics.yaml is read as lines: the catalogue keeps no places, and its layout is a list of rows. */
void evolve_locate_topic(const struct mr_tree *tree, const char *topic, const char *key,
                         unsigned *ret_line)
{
    const char *text = tree->topics_text.data, *end = text ? text + tree->topics_text.len : NULL;
    bool service = false, ours = false;
    unsigned number = 0;

    *ret_line = 0;
    for (const char *line = text; line && line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t len = (size_t)((stop ? stop : end) - line), n;
        const char *value;
        number++;
        if ((n = row_value(line, len, "service", &value)) > 0)
            service = strncmp(topic, value, n) == 0 && topic[n] == '.';
        if ((n = row_value(line, len, "topic", &value)) > 0)
            ours = service && strncmp(strchr(topic, '.') + 1, value, n) == 0 &&
                   strchr(topic, '.')[1 + n] == '\0';
        if (ours && (*ret_line == 0 || (key && row_value(line, len, key, &value) > 0)))
            *ret_line = number;
        line += len + 1;
    }
}
