/* SPDX-License-Identifier: Apache-2.0 */
/* Holds the YAML tree against the rows that libcyaml loads by: libcyaml stops at the first mistake
 * and says little about it, this step reports them all with their places. What passes here, loads.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

enum { MOST_WORDS = 64, MOST_KEYS = 1000, LONGEST_TEXT = 1000 };

struct shape {
    struct load *load;
    bool *seen; /* by node: met twice means an alias */
};

static void check(struct shape *shape, const cyaml_schema_value_t *want, yaml_node_item_t index,
                  const char *what);

static const char *text_of(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

static const cyaml_schema_field_t *find_field(const cyaml_schema_field_t *fields, const char *key)
{
    for (; fields->key; fields++)
        if (strcmp(fields->key, key) == 0)
            return fields;
    return NULL;
}

static void unknown_key(struct shape *shape, const yaml_node_t *name,
                        const cyaml_schema_field_t *fields, const char *what)
{
    const char *words[MOST_WORDS];
    size_t n_words = 0;

    for (; fields[n_words].key && n_words < MOST_WORDS; n_words++)
        words[n_words] = fields[n_words].key;
    load_note(shape->load, name, "unknown key '%.100s' in %s%s", text_of(name), what,
              load_hint(shape->load, text_of(name), words, n_words));
}

/* Whether an earlier pair of the mapping has the same key. */
static bool repeated(struct shape *shape, const yaml_node_t *mapping, const yaml_node_pair_t *pair,
                     const yaml_node_t *name)
{
    const yaml_node_pair_t *before = mapping->data.mapping.pairs.start;

    for (; before < pair; before++) {
        const yaml_node_t *other = yaml_document_get_node(shape->load->document, before->key);
        if (other->type == YAML_SCALAR_NODE && strcmp(text_of(other), text_of(name)) == 0) {
            load_note(shape->load, name, "key '%.100s' stands here twice, first in line %zu",
                      text_of(name), other->start_mark.line + 1);
            return true;
        }
    }
    return false;
}

static void check_pair(struct shape *shape, const cyaml_schema_value_t *want,
                       const yaml_node_t *mapping, const yaml_node_pair_t *pair, const char *what)
{
    const yaml_node_t *name = yaml_document_get_node(shape->load->document, pair->key);

    if (name->type != YAML_SCALAR_NODE) {
        load_note(shape->load, name, "a key must be a word");
        return;
    }
    if (repeated(shape, mapping, pair, name))
        return;
    const cyaml_schema_field_t *field = find_field(want->mapping.fields, text_of(name));
    if (field)
        check(shape, &field->value, pair->value, field->key);
    else
        unknown_key(shape, name, want->mapping.fields, what);
}

/* The key that names an entry is a better word for it than the list's. */
static void check_mapping(struct shape *shape, const cyaml_schema_value_t *want,
                          const yaml_node_t *node, const char *what)
{
    const cyaml_schema_field_t *field = want->mapping.fields;
    char where[128];

    if (node->type != YAML_MAPPING_NODE) {
        load_note(shape->load, node, "'%s' takes keys with values", what);
        return;
    }
    const yaml_node_t *name = load_at(shape->load, node, field->key);
    if (strcmp(field->key, what) != 0 && name && name->type == YAML_SCALAR_NODE &&
        field->value.type == CYAML_STRING)
        (void)snprintf(where, sizeof(where), "%s '%.60s'", field->key, text_of(name));
    else
        (void)snprintf(where, sizeof(where), "'%.60s'", what);
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    if (node->data.mapping.pairs.top - pair > MOST_KEYS) {
        load_note(shape->load, node, "%s has more than %d keys", where, MOST_KEYS);
        return;
    }
    for (; pair < node->data.mapping.pairs.top; pair++)
        check_pair(shape, want, node, pair, where);
    for (; field->key; field++)
        if (!(field->value.flags & CYAML_FLAG_OPTIONAL) && !load_at(shape->load, node, field->key))
            load_note(shape->load, node, "key '%s' is missing in %s", field->key, where);
}

static void check_sequence(struct shape *shape, const cyaml_schema_value_t *want,
                           const yaml_node_t *node, const char *what)
{
    if (node->type != YAML_SEQUENCE_NODE) {
        load_note(shape->load, node, "'%s' takes a list: [one, two], or lines with '- '", what);
        return;
    }
    const yaml_node_item_t *item = node->data.sequence.items.start;
    size_t n_items = (size_t)(node->data.sequence.items.top - item);
    if (n_items < want->sequence.min)
        load_note(shape->load, node, "list '%s' is empty; leave the key out instead", what);
    if (n_items > want->sequence.max)
        load_note(shape->load, node, "list '%s' has %zu entries, at most %" PRIu32 " are allowed",
                  what, n_items, want->sequence.max);
    for (; item < node->data.sequence.items.top; item++)
        check(shape, want->sequence.entry, *item, what);
}

static void check_int(struct shape *shape, const yaml_node_t *node, const char *what)
{
    const char *text = text_of(node);
    char *end = NULL;

    errno = 0;
    long long value = strtoll(text, &end, 10);
    bool digit = text[0] >= '1' && text[0] <= '9';
    if (end == text || *end != '\0' || (!digit && strcmp(text, "0") != 0 && text[0] != '-'))
        load_note(shape->load, node, "'%s' takes a whole number, not '%.100s'", what, text);
    else if (errno == ERANGE || value < INT32_MIN || value > INT32_MAX)
        load_note(shape->load, node, "'%s': %.100s is out of range", what, text);
}

static void check_float(struct shape *shape, const yaml_node_t *node, const char *what)
{
    const char *text = text_of(node);
    char *end = NULL;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || strspn(text, "0123456789.") != strlen(text) ||
        !isfinite(value))
        load_note(shape->load, node, "'%s' takes a number like 2 or 1.5, not '%.100s'", what, text);
}

static void check_words(struct shape *shape, const yaml_node_t *node, const char *what,
                        const cyaml_strval_t *strings, size_t n_strings)
{
    const char *words[MOST_WORDS];

    for (size_t i = 0; i < n_strings && i < MOST_WORDS; i++) {
        words[i] = strings[i].str;
        if (strcmp(words[i], text_of(node)) == 0)
            return;
    }
    load_note(shape->load, node, "'%s' cannot be '%.100s'%s", what, text_of(node),
              load_hint(shape->load, text_of(node), words, n_strings));
}

static void check_text(struct shape *shape, const cyaml_schema_value_t *want,
                       const yaml_node_t *node, const char *what)
{
    size_t len = node->data.scalar.length;

    if (len < want->string.min)
        load_note(shape->load, node, "'%s' is empty", what);
    else if (len > want->string.max)
        load_note(shape->load, node, "'%s' has %zu bytes, at most %" PRIu32 " are allowed", what,
                  len, want->string.max);
    else if (strlen(text_of(node)) != len)
        load_note(shape->load, node, "'%s' has a NUL character", what);
}

static void check_scalar(struct shape *shape, const cyaml_schema_value_t *want,
                         const yaml_node_t *node, const char *what)
{
    static const cyaml_strval_t booleans[] = {{"true", 1}, {"false", 0}};

    if (node->type != YAML_SCALAR_NODE)
        load_note(shape->load, node, "'%s' takes a single value", what);
    else if (want->type == CYAML_STRING)
        check_text(shape, want, node, what);
    else if (want->type == CYAML_INT)
        check_int(shape, node, what);
    else if (want->type == CYAML_FLOAT)
        check_float(shape, node, what);
    else if (want->type == CYAML_BOOL)
        check_words(shape, node, what, booleans, MR_N_ELEMENTS(booleans));
    else
        check_words(shape, node, what, want->enumeration.strings, want->enumeration.count);
}

/* Names of the file's own choice with texts: what libcyaml passes over, and who reads them takes
 * from the tree. */
static void check_names(struct shape *shape, const yaml_node_t *node, const char *what)
{
    static const cyaml_schema_value_t text = {CYAML_VALUE_STRING(0, char, 0, LONGEST_TEXT)};

    if (node->type != YAML_MAPPING_NODE) {
        load_note(shape->load, node, "'%s' takes names with values", what);
        return;
    }
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    if (node->data.mapping.pairs.top - pair > MOST_KEYS) {
        load_note(shape->load, node, "'%s' has more than %d names", what, MOST_KEYS);
        return;
    }
    for (; pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(shape->load->document, pair->key);
        if (name->type != YAML_SCALAR_NODE)
            load_note(shape->load, name, "a key must be a word");
        else if (!repeated(shape, node, pair, name))
            check(shape, &text, pair->value, text_of(name));
    }
}

static void check(struct shape *shape, const cyaml_schema_value_t *want, yaml_node_item_t index,
                  const char *what)
{
    const yaml_node_t *node = yaml_document_get_node(shape->load->document, index);

    if (shape->seen[index]) {
        load_note(shape->load, node, "'%s' repeats this by an alias (*name): write it out", what);
        return;
    }
    shape->seen[index] = true;
    if (want->type == CYAML_IGNORE)
        check_names(shape, node, what);
    else if (want->type == CYAML_MAPPING)
        check_mapping(shape, want, node, what);
    else if (want->type == CYAML_SEQUENCE)
        check_sequence(shape, want, node, what);
    else
        check_scalar(shape, want, node, what);
}

void load_shape(struct load *load, const cyaml_schema_value_t *want, const char *what)
{
    const yaml_document_t *document = load->document;
    size_t n_nodes = (size_t)(document->nodes.top - document->nodes.start);
    struct shape shape = {.load = load};

    if (n_nodes == 0) {
        load_note(load, NULL, "the file is empty");
        return;
    }
    shape.seen = mr_arena_array(load->scratch, n_nodes + 1, sizeof(*shape.seen));
    if (!shape.seen) {
        load->r = -ENOMEM;
        return;
    }
    check(&shape, want, 1, what);
}
