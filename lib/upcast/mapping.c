/* SPDX-License-Identifier: Apache-2.0 */
/* YAML -> the entries of a mapping, every mistake with its place. */
#include "mapping_yaml.h"

#include <errno.h>
#include <string.h>

#include "millrace/upcast.h"

const char *const param_names[N_PARAMS] = {
    [PARAM_BY] = "by",         [PARAM_CASES] = "cases", [PARAM_DIGITS] = "digits",
    [PARAM_OTHERS] = "others", [PARAM_PART] = "part",   [PARAM_ROUND] = "round",
    [PARAM_TIMES] = "times",   [PARAM_UNIT] = "unit",   [PARAM_ZONE] = "zone",
};

/* ---- an entry ---- */

static void read_paths(struct reading *reading, const yaml_node_t *node, const char *what,
                       struct mapping_path **ret, size_t *ret_n)
{
    if (node->type == YAML_MAPPING_NODE) {
        mistake(reading->mistakes, mapping_spot(node), "%s must be a path or a list of paths",
                what);
        return;
    }
    bool list = node->type == YAML_SEQUENCE_NODE;
    size_t n = list ? (size_t)(node->data.sequence.items.top - node->data.sequence.items.start) : 1;
    struct mapping_path *paths = mapping_memory(reading, n, sizeof(*paths));
    if (!paths)
        return;
    *ret = paths;
    *ret_n = 0; /* a key that stands there twice is a mistake that was told */
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item =
            list ? mapping_node(reading, node->data.sequence.items.start[i]) : node;
        const char *path = mapping_scalar(reading, item, "a path");
        if (path)
            paths[(*ret_n)++] = (struct mapping_path){path, mapping_spot(item)};
    }
}

static void read_cases(struct reading *reading, const yaml_node_t *node,
                       struct mapping_param *param)
{
    if (node->type != YAML_MAPPING_NODE) {
        mistake(reading->mistakes, mapping_spot(node), "'cases' must be a mapping of old: new");
        return;
    }
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    size_t n = (size_t)(node->data.mapping.pairs.top - pair);
    struct mapping_case *cases = mapping_memory(reading, n, sizeof(*cases));
    for (size_t i = 0; cases && i < n; i++) {
        mapping_constant(reading, mapping_node(reading, pair[i].key), &cases[i].from);
        mapping_constant(reading, mapping_node(reading, pair[i].value), &cases[i].to);
        for (size_t k = 0; k < i && cases[i].from.text; k++)
            if (cases[k].from.text && strcmp(cases[i].from.text, cases[k].from.text) == 0)
                mistake(reading->mistakes, cases[i].from.at, "case '%.100s' stands here twice",
                        cases[i].from.text);
    }
    param->cases = cases;
    param->n_cases = n;
}

static const struct constant *new_constant(struct reading *reading, const yaml_node_t *node)
{
    struct constant *constant = mapping_memory(reading, 1, sizeof(*constant));

    if (constant)
        mapping_constant(reading, node, constant);
    return constant;
}

static bool read_param(struct reading *reading, const char *key, const yaml_node_t *name,
                       const yaml_node_t *value, struct mapping_entry *entry)
{
    for (size_t i = 0; i < N_PARAMS; i++) {
        struct mapping_param *param = &entry->params[i];
        if (strcmp(key, param_names[i]) != 0)
            continue;
        param->given = true;
        param->at = mapping_spot(name);
        if (i == PARAM_CASES)
            read_cases(reading, value, param);
        else
            mapping_constant(reading, value, &param->value);
        return true;
    }
    return false;
}

static void read_key(struct reading *reading, const yaml_node_t *name, const yaml_node_t *value,
                     struct mapping_entry *entry)
{
    static const char *const words[] = {"from",  "value",  "compute", "otherwise", "by",
                                        "cases", "digits", "others",  "part",      "round",
                                        "times", "unit",   "zone"};
    const char *key = mapping_scalar(reading, name, "a key");

    if (!key)
        return;
    if (strcmp(key, "from") == 0) {
        read_paths(reading, value, "'from'", &entry->from, &entry->n_from);
    } else if (strcmp(key, "value") == 0) {
        entry->value = new_constant(reading, value);
    } else if (strcmp(key, "otherwise") == 0) {
        entry->otherwise = new_constant(reading, value);
    } else if (strcmp(key, "compute") == 0) {
        entry->compute = mapping_scalar(reading, value, "'compute'");
        entry->compute_at = mapping_spot(value);
    } else if (!read_param(reading, key, name, value, entry)) {
        mistake(reading->mistakes, mapping_spot(name), "unknown key '%.100s'%s", key,
                mistake_hint(reading->mistakes, reading->arena, key, words, MR_N_ELEMENTS(words)));
    }
}

static void check_repeated(struct reading *reading, const yaml_node_t *mapping)
{
    const yaml_node_pair_t *start = mapping->data.mapping.pairs.start;

    for (const yaml_node_pair_t *pair = start; pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *a = yaml_document_get_node(reading->document, pair->key);
        for (const yaml_node_pair_t *before = start; before < pair; before++) {
            const yaml_node_t *b = yaml_document_get_node(reading->document, before->key);
            if (a->type == YAML_SCALAR_NODE && b->type == YAML_SCALAR_NODE &&
                strcmp((char *)a->data.scalar.value, (char *)b->data.scalar.value) == 0)
                mistake(reading->mistakes, mapping_spot(a),
                        "'%.100s' stands here twice, first in line %u",
                        (char *)a->data.scalar.value, mapping_spot(b).line);
        }
    }
}

static void read_entry(struct reading *reading, const yaml_node_t *name, const yaml_node_t *value,
                       struct mapping_entry *entry)
{
    const char *to = mapping_scalar(reading, name, "a field's path");

    *entry = (struct mapping_entry){.to = to ? to : "", .at = mapping_spot(name)};
    if (value->type != YAML_MAPPING_NODE) {
        read_paths(reading, value, "the source", &entry->from, &entry->n_from);
        if (value->type == YAML_SEQUENCE_NODE)
            mistake(reading->mistakes, mapping_spot(value),
                    "several sources need a function: {from: [...], compute: join, ...}");
        return;
    }
    check_repeated(reading, value);
    const yaml_node_pair_t *pair = value->data.mapping.pairs.start;
    for (; pair < value->data.mapping.pairs.top; pair++)
        read_key(reading, mapping_node(reading, pair->key), mapping_node(reading, pair->value),
                 entry);
    if (!entry->value == !entry->n_from && !entry->compute)
        mistake(reading->mistakes, entry->at, "'%.100s' must have either 'from' or 'value'",
                entry->to);
    if (entry->value && (entry->compute || entry->otherwise))
        mistake(reading->mistakes, entry->at, "'%.100s' is a value: nothing is left to compute",
                entry->to);
}

/* ---- the file ---- */

static void read_fields(struct reading *reading, const yaml_node_t *node)
{
    if (node->type != YAML_MAPPING_NODE) {
        mistake(reading->mistakes, mapping_spot(node), "'fields' must be a mapping of new: old");
        return;
    }
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    size_t n = (size_t)(node->data.mapping.pairs.top - pair);
    check_repeated(reading, node);
    reading->mapping->entries = mapping_memory(reading, n, sizeof(struct mapping_entry));
    for (size_t i = 0; reading->mapping->entries && i < n; i++)
        read_entry(reading, mapping_node(reading, pair[i].key),
                   mapping_node(reading, pair[i].value), &reading->mapping->entries[i]);
    reading->mapping->n_entries = reading->mapping->entries ? n : 0;
}

static void read_file(struct reading *reading, const yaml_node_t *root)
{
    static const char *const words[] = {"fields", "drop"};

    if (root->type != YAML_MAPPING_NODE) {
        mistake(reading->mistakes, mapping_spot(root),
                "a mapping has the keys 'fields' and 'drop'");
        return;
    }
    check_repeated(reading, root);
    const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
    for (; pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = mapping_node(reading, pair->key);
        const yaml_node_t *value = mapping_node(reading, pair->value);
        const char *key = mapping_scalar(reading, name, "a key");
        if (key && strcmp(key, "fields") == 0)
            read_fields(reading, value);
        else if (key && strcmp(key, "drop") == 0)
            read_paths(reading, value, "'drop'", &reading->mapping->drops,
                       &reading->mapping->n_drops);
        else if (key)
            mistake(
                reading->mistakes, mapping_spot(name), "unknown key '%.100s'%s", key,
                mistake_hint(reading->mistakes, reading->arena, key, words, MR_N_ELEMENTS(words)));
    }
}

static void yaml_error(struct mistakes *mistakes, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        mistakes->r = -ENOMEM;
        return;
    }
    struct spot at = {(unsigned)parser->problem_mark.line + 1,
                      (unsigned)parser->problem_mark.column + 1};
    mistake(mistakes, at, "not YAML: %s", parser->problem ? parser->problem : "unreadable");
}

static void read_document(struct reading *reading)
{
    const yaml_node_t *root = yaml_document_get_root_node(reading->document);
    size_t n = (size_t)(reading->document->nodes.top - reading->document->nodes.start);

    if (!root) {
        mistake(reading->mistakes, (struct spot){1, 1}, "the file is empty: it needs 'fields'");
        return;
    }
    reading->seen = mapping_memory(reading, n, sizeof(*reading->seen));
    if (reading->seen)
        read_file(reading, root);
}

int mapping_read(struct mr_str text, struct mr_arena *arena, struct mapping *ret,
                 struct mistakes *mistakes)
{
    yaml_parser_t parser;
    yaml_document_t document, second;
    struct reading reading = {&document, arena, ret, mistakes, NULL, false};

    *ret = (struct mapping){0};
    if (text.len > MR_UPCAST_MAX_BYTES) {
        mistake(mistakes, (struct spot){1, 1}, "the file is larger than %d KiB",
                MR_UPCAST_MAX_BYTES >> 10);
        return 0;
    }
    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.data ? text.data : ""),
                                 text.len);
    if (!yaml_parser_load(&parser, &document)) {
        yaml_error(mistakes, &parser);
        yaml_parser_delete(&parser);
        return mistakes->r;
    }
    read_document(&reading);
    bool more = yaml_document_get_root_node(&document) != NULL;
    yaml_document_delete(&document);
    if (more && !yaml_parser_load(&parser, &second)) {
        yaml_error(mistakes, &parser);
    } else if (more) {
        const yaml_node_t *root = yaml_document_get_root_node(&second);
        if (root)
            mistake(mistakes, mapping_spot(root),
                    "a second document begins here: there can be one only");
        yaml_document_delete(&second);
    }
    yaml_parser_delete(&parser);
    return mistakes->r;
}
