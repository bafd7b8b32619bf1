/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to types: what each kind of type needs. Source: Avro 1.12 specification, "Schema
 * Declaration"; where it is silent, what Java Avro 1.12 accepts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "schema_model.h"

static const char *const type_words[] = {"null",   "boolean", "int",    "long",   "float",
                                         "double", "bytes",   "string", "record", "enum",
                                         "array",  "map",     "fixed",  "error"};
enum { N_PRIMITIVES = MR_AVRO_STRING + 1 };

int mr_sparser_node(struct mr_sparser *p, const struct mr_jnode *json, enum mr_avro_type type,
                    struct mr_snode **ret_node)
{
    struct mr_schema *schema = p->schema;

    if (schema->n_nodes == MR_SCHEMA_MAX_NODES)
        return mr_sparser_fail(p, json, "more than %d types", MR_SCHEMA_MAX_NODES);
    struct mr_snode **nodes =
        mr_room(schema->nodes, schema->n_nodes, &p->cap_nodes, 64, sizeof(struct mr_snode *));
    if (!nodes)
        return -ENOMEM;
    schema->nodes = nodes;
    struct mr_snode *node = mr_arena_alloc(schema->arena, sizeof(*node));
    if (!node)
        return -ENOMEM;
    node->pub.type = type;
    node->pub.default_symbol = -1;
    node->pub.index = (uint32_t)schema->n_nodes;
    mr_schema_position(p->source, json->offset, &node->pub.line, &node->pub.column);
    node->source = json;
    node->text = p->source;
    schema->nodes[schema->n_nodes++] = node;
    *ret_node = node;
    return 0;
}

static int finish(struct mr_sparser *p, const struct mr_jnode *json, struct mr_snode *node)
{
    bool (*own)(struct mr_str) =
        node->pub.type == MR_AVRO_ENUM ? mr_schema_enum_member : mr_schema_type_member;
    int r = mr_sparser_props(p, json, own, &node->pub.props);

    if (r == 0)
        mr_schema_set_logical(node);
    return r;
}

static int primitive(struct mr_sparser *p, const struct mr_jnode *json, enum mr_avro_type type,
                     const struct mr_schema_node **slot)
{
    struct mr_snode *node;
    int r = mr_sparser_node(p, json, type, &node);

    if (r != 0)
        return r;
    *slot = &node->pub;
    return json->kind == MR_J_OBJECT ? finish(p, json, node) : 0;
}

/* Array and map: one type inside. */
static int holder(struct mr_sparser *p, const struct mr_jnode *json, enum mr_avro_type type,
                  const char *space, const struct mr_schema_node **slot)
{
    const char *key = type == MR_AVRO_ARRAY ? "items" : "values";
    const struct mr_jnode *inner = mr_jtree_get(json, key);
    struct mr_snode *node;

    if (!inner)
        return mr_sparser_fail(p, json, "%s needs \"%s\", the type of its %s",
                               type == MR_AVRO_ARRAY ? "an array" : "a map", key, key);
    int r = mr_sparser_node(p, json, type, &node);
    if (r == 0)
        r = mr_sparser_type(p, inner, space, &node->pub.items);
    if (r != 0)
        return r;
    *slot = &node->pub;
    return finish(p, json, node);
}

static int union_type(struct mr_sparser *p, const struct mr_jnode *json, const char *space,
                      const struct mr_schema_node **slot)
{
    struct mr_snode *node;
    int r = mr_sparser_node(p, json, MR_AVRO_UNION, &node);

    if (r != 0)
        return r;
    const struct mr_schema_node **branches =
        mr_arena_array(p->schema->arena, json->n, sizeof(const struct mr_schema_node *));
    if (!branches)
        return -ENOMEM;
    node->pub.branches = branches;
    node->pub.n_branches = json->n;
    for (const struct mr_jnode *b = json->first; r == 0 && b; b = b->next)
        r = mr_sparser_type(p, b, space, &branches[b->index]);
    *slot = &node->pub;
    return r;
}

static int symbols(struct mr_sparser *p, const struct mr_jnode *json, struct mr_snode *node)
{
    const struct mr_jnode *list = mr_jtree_get(json, "symbols");
    struct mr_str_map *index = mr_arena_alloc(p->schema->arena, sizeof(*index));

    if (!list || list->kind != MR_J_ARRAY)
        return mr_sparser_fail(p, list ? list : json,
                               "an enum needs \"symbols\", an array of names%s%s",
                               list ? ", not " : "", list ? mr_jtree_kind(list) : "");
    const char **names = mr_arena_array(p->schema->arena, list->n, sizeof(const char *));
    if (!names || !index)
        return -ENOMEM;
    node->pub.symbols = names;
    node->pub.n_symbols = list->n;
    node->index = index;
    for (const struct mr_jnode *s = list->first; s; s = s->next) {
        if (s->kind != MR_J_STRING)
            return mr_sparser_fail(p, s, "a symbol is a string, not %s", mr_jtree_kind(s));
        int r = mr_sparser_check_name(p, s, s->text, "symbol");
        if (r != 0)
            return r;
        names[s->index] = mr_arena_dup(p->schema->arena, s->text.data, s->text.len);
        if (!names[s->index])
            return -ENOMEM;
        r = mr_str_map_add(index, p->schema->arena, s->text, &names[s->index]);
        if (r == MR_FULL)
            return mr_sparser_fail(p, s, "the symbol \"%s\" is here twice", names[s->index]);
        if (r != 0)
            return r;
    }
    return 0;
}

static int default_symbol(struct mr_sparser *p, const struct mr_jnode *json, struct mr_snode *node)
{
    const struct mr_jnode *def = mr_jtree_get(json, "default");
    const struct mr_schema_node *pub = &node->pub;

    if (!def || def->kind != MR_J_STRING) /* Java takes what is no string for no default */
        return 0;
    node->pub.default_symbol = mr_schema_symbol_find(pub, def->text);
    if (node->pub.default_symbol >= 0)
        return 0;
    char *word = mr_arena_dup(p->schema->arena, def->text.data, def->text.len);
    if (!word)
        return -ENOMEM;
    const char *near = mr_nearest(word, pub->symbols, pub->n_symbols);
    return mr_sparser_fail(p, def, "the default \"%s\" is not among the symbols%s%s%s", word,
                           near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int enum_type(struct mr_sparser *p, const struct mr_jnode *json, const char *space,
                     const struct mr_schema_node **slot)
{
    struct mr_snode *node;
    int r = mr_sparser_node(p, json, MR_AVRO_ENUM, &node);

    if (r == 0)
        r = mr_sparser_name(p, json, space, node);
    if (r == 0)
        r = symbols(p, json, node);
    if (r == 0)
        r = default_symbol(p, json, node);
    if (r == 0)
        r = finish(p, json, node);
    if (r == 0)
        r = mr_sparser_aliases(p, json, node);
    return r == 0 ? mr_sparser_define(p, json, node, slot) : r;
}

static int fixed(struct mr_sparser *p, const struct mr_jnode *json, const char *space,
                 const struct mr_schema_node **slot)
{
    const struct mr_jnode *size = mr_jtree_get(json, "size");
    struct mr_snode *node;
    int64_t value = -1;
    int r = mr_sparser_node(p, json, MR_AVRO_FIXED, &node);

    if (r == 0)
        r = mr_sparser_name(p, json, space, node);
    if (r != 0)
        return r;
    if (!size)
        return mr_sparser_fail(p, json, "a fixed needs \"size\", its number of bytes");
    if (!mr_jtree_long(size, &value) || value < 0 || value > INT32_MAX - 8)
        return mr_sparser_fail(p, size, "the size of a fixed is an integer from 0 to %d",
                               INT32_MAX - 8);
    node->pub.fixed_size = (size_t)value;
    r = finish(p, json, node);
    if (r == 0)
        r = mr_sparser_aliases(p, json, node);
    return r == 0 ? mr_sparser_define(p, json, node, slot) : r;
}

static int unknown_type(struct mr_sparser *p, const struct mr_jnode *at)
{
    char word[64];
    struct mr_str text = at->text;

    if (text.len >= sizeof(word))
        text.len = sizeof(word) - 1;
    memcpy(word, text.data, text.len);
    word[text.len] = '\0';
    const char *near = mr_nearest(word, type_words, MR_N_ELEMENTS(type_words));
    return mr_sparser_fail(
        p, at,
        "\"%s\" is not a type: beside \"type\" stands a primitive type or record, "
        "error, enum, array, map, fixed%s%s%s",
        word, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int object(struct mr_sparser *p, const struct mr_jnode *json, const char *space,
                  const struct mr_schema_node **slot)
{
    const struct mr_jnode *word = mr_jtree_get(json, "type");
    size_t i = 0;

    if (!word)
        return mr_sparser_fail(p, json, "a schema object needs \"type\"");
    if (word->kind == MR_J_OBJECT && json->n == 1) /* {"type": {"type": "string"}} */
        return mr_sparser_type(p, word, space, slot);
    if (word->kind != MR_J_STRING)
        return mr_sparser_fail(p, word, "\"type\" of a schema object is the name of a type, not %s",
                               mr_jtree_kind(word));
    while (i < MR_N_ELEMENTS(type_words) && !mr_str_is(word->text, type_words[i]))
        i++;
    if (i == MR_N_ELEMENTS(type_words)) /* Java takes {"type": "a.Name"} for "a.Name" */
        return p->options->like_java ? mr_sparser_refer(p, word, space, slot)
                                     : unknown_type(p, word);
    if (i < N_PRIMITIVES)
        return primitive(p, json, (enum mr_avro_type)i, slot);
    if (mr_str_is(word->text, "array") || mr_str_is(word->text, "map"))
        return holder(p, json, mr_str_is(word->text, "map") ? MR_AVRO_MAP : MR_AVRO_ARRAY, space,
                      slot);
    if (mr_str_is(word->text, "enum"))
        return enum_type(p, json, space, slot);
    if (mr_str_is(word->text, "fixed"))
        return fixed(p, json, space, slot);
    return mr_sparser_record(p, json, space, slot);
}

static int named(struct mr_sparser *p, const struct mr_jnode *json, const char *space,
                 const struct mr_schema_node **slot)
{
    for (size_t i = 0; i < N_PRIMITIVES; i++)
        if (mr_str_is(json->text, type_words[i]))
            return primitive(p, json, (enum mr_avro_type)i, slot);
    return mr_sparser_refer(p, json, space, slot);
}

int mr_sparser_type(struct mr_sparser *p, const struct mr_jnode *json, const char *space,
                    const struct mr_schema_node **slot)
{
    int r;

    if (p->depth == MR_SCHEMA_MAX_DEPTH)
        return mr_sparser_fail(p, json, "more than %d types within types", MR_SCHEMA_MAX_DEPTH);
    p->depth++;
    if (json->kind == MR_J_STRING)
        r = named(p, json, space, slot);
    else if (json->kind == MR_J_OBJECT)
        r = object(p, json, space, slot);
    else if (json->kind == MR_J_ARRAY)
        r = union_type(p, json, space, slot);
    else
        r = mr_sparser_fail(p, json, "a schema is a string, an object or an array, not %s",
                            mr_jtree_kind(json));
    p->depth--;
    return r;
}
