/* SPDX-License-Identifier: Apache-2.0 */
/* Names: their letters, their namespaces, and what they refer to. Source: Avro 1.12 specification,
 * "Names" and "Aliases"; a name may be used before its definition, as in Java Avro 1.12. */
#include <errno.h>
#include <string.h>

#include "name_letters.h"
#include "schema_model.h"

int mr_sparser_check_name(struct mr_sparser *p, const struct mr_jnode *at, struct mr_str name,
                          const char *what)
{
    size_t bad = 0;

    if (p->options->lenient_names)
        return memchr(name.data, 0, name.len)
                   ? mr_sparser_fail(p, at, "a %s must not contain NUL", what)
                   : 0;
    if (name.len == 0)
        return mr_sparser_fail(p, at, "a %s must not be empty", what);
    if (mr_name_valid(name, &bad))
        return 0;
    if (name.len > 100)
        name.len = 100;
    return mr_sparser_fail(p, at, "\"%.*s\" is no %s: %s (at byte %zu)", MR_STR_ARG(name), what,
                           bad == 0 ? "it must begin with a letter or _"
                                    : "only letters, digits and _ may follow",
                           bad + 1);
}

static const char *join(struct mr_sparser *p, const char *space, const char *name)
{
    return *space ? mr_arena_printf(p->schema->arena, "%s.%s", space, name)
                  : mr_arena_printf(p->schema->arena, "%s", name);
}

static int check_space(struct mr_sparser *p, const struct mr_jnode *at, const char *space)
{
    if (p->options
            ->like_java) /* not looked at before Avro 1.12, and "my-company.orders" is about */
        return 0;
    while (*space) {
        size_t len = strcspn(space, ".");
        int r = mr_sparser_check_name(p, at, (struct mr_str){space, len}, "part of a namespace");
        if (r != 0)
            return r;
        space += len;
        if (*space == '.' && *++space == '\0' && !p->options->lenient_names)
            return mr_sparser_fail(p, at, "a namespace must not end with a dot");
    }
    return 0;
}

/* The namespace that holds for a definition: its own, or that around it. */
static int space_of(struct mr_sparser *p, const struct mr_jnode *json, const char *around,
                    const char **ret_space)
{
    int r = mr_sparser_text(p, json, "namespace", ret_space);

    if (r == 0 && !*ret_space)
        *ret_space = around;
    return r;
}

static int split(struct mr_sparser *p, const char *text, const char *space, const char **ret_space,
                 const char **ret_name)
{
    const char *dot = strrchr(text, '.');

    *ret_space = dot ? mr_arena_dup(p->schema->arena, text, (size_t)(dot - text)) : space;
    *ret_name = dot ? dot + 1 : text;
    return *ret_space ? 0 : -ENOMEM;
}

int mr_sparser_name(struct mr_sparser *p, const struct mr_jnode *json, const char *space,
                    struct mr_snode *node)
{
    const struct mr_jnode *at = mr_jtree_get(json, "name");
    struct mr_schema_node *pub = &node->pub;
    const char *name;

    if (!at || at->kind != MR_J_STRING)
        return mr_sparser_fail(p, at ? at : json, "%s %s needs \"name\", a string",
                               pub->type == MR_AVRO_ENUM ? "an" : "a",
                               mr_avro_type_name(pub->type));
    if (memchr(at->text.data, 0, at->text.len))
        return mr_sparser_fail(p, at, "a name must not contain NUL");
    int r = mr_sparser_text(p, json, "name", &name);
    if (r == 0)
        r = space_of(p, json, space, &space);
    if (r == 0)
        r = split(p, name, space, &pub->space, &pub->name);
    if (r == 0)
        r = mr_sparser_check_name(p, at, mr_str_from(pub->name), "name");
    if (r == 0)
        r = check_space(p, at, pub->space);
    if (r != 0)
        return r;
    pub->fullname = join(p, pub->space, pub->name);
    if (!pub->fullname)
        return -ENOMEM;
    for (int t = MR_AVRO_NULL; t <= MR_AVRO_STRING; t++)
        if (strcmp(pub->fullname, mr_avro_type_name((enum mr_avro_type)t)) == 0)
            return mr_sparser_fail(p, at, "a type must not be named like the primitive type %s",
                                   pub->fullname);
    return mr_sparser_text(p, json, "doc", &pub->doc);
}

int mr_sparser_define(struct mr_sparser *p, const struct mr_jnode *json, struct mr_snode *node,
                      const struct mr_schema_node **slot)
{
    struct mr_str key = mr_str_from(node->pub.fullname);
    struct mr_snode *old = mr_str_map_get(&p->names, key);

    *slot = &node->pub;
    if (old == node)
        return 0;
    if (!old)
        return mr_str_map_add(&p->names, p->schema->arena, key, node);
    if (!mr_schema_node_equal(&old->pub, &node->pub))
        return mr_sparser_fail(p, json,
                               "%s is defined again, otherwise than at line %u, column %u: name it "
                               "differently or refer to it by its name",
                               node->pub.fullname, old->pub.line, old->pub.column);
    *slot = &old->pub;
    return 0;
}

int mr_sparser_alias_list(struct mr_sparser *p, const struct mr_jnode *json,
                          const struct mr_jnode **ret_list, const char ***ret_aliases)
{
    const struct mr_jnode *list = mr_jtree_get(json, "aliases");

    *ret_list = list;
    if (!list)
        return 0;
    if (list->kind != MR_J_ARRAY)
        return mr_sparser_fail(p, list, "\"aliases\" is an array of names, not %s",
                               mr_jtree_kind(list));
    *ret_aliases = mr_arena_array(p->schema->arena, list->n, sizeof(const char *));
    return *ret_aliases ? 0 : -ENOMEM;
}

int mr_sparser_aliases(struct mr_sparser *p, const struct mr_jnode *json, struct mr_snode *node)
{
    const struct mr_jnode *list;
    struct mr_str_map seen = {0};
    const char **aliases;
    size_t n = 0;
    int r = mr_sparser_alias_list(p, json, &list, &aliases);

    if (r != 0 || !list)
        return r;
    for (const struct mr_jnode *a = list->first; a; a = a->next) {
        const char *text, *space, *name;
        if (a->kind != MR_J_STRING || memchr(a->text.data, 0, a->text.len))
            return mr_sparser_fail(p, a, "an alias is a name, not %s", mr_jtree_kind(a));
        text = mr_arena_dup(p->schema->arena, a->text.data, a->text.len);
        if (!text || split(p, text, node->pub.space, &space, &name) != 0)
            return -ENOMEM;
        r = mr_sparser_check_name(p, a, mr_str_from(name), "alias");
        if (r != 0)
            return r;
        aliases[n] = join(p, space, name);
        if (!aliases[n])
            return -ENOMEM;
        r = mr_str_map_add(&seen, p->schema->arena, mr_str_from(aliases[n]), node);
        if (r == 0)
            n++;
        else if (r != MR_FULL) /* one written twice counts once */
            return r;
    }
    node->pub.aliases = aliases;
    node->pub.n_aliases = n;
    return 0;
}

/* Qualified by the namespace around it if it has none, else as it is, as Java looks names up. ".A"
 * is A of no namespace; Avro 1.12 forgot that, and registries hold it. */
static struct mr_snode *look_up(struct mr_sparser *p, const struct mr_jnode *at, const char *space,
                                int *ret_r)
{
    const char *dot = at->text.len ? memrchr(at->text.data, '.', at->text.len) : NULL;
    struct mr_snode *node = NULL;

    *ret_r = 0;
    if (p->options->like_java && dot == at->text.data && at->text.len > 1)
        return mr_str_map_get(&p->names, (struct mr_str){dot + 1, at->text.len - 1});
    if (*space && !dot) {
        struct mr_buf full = {0};
        *ret_r = mr_buf_printf(&full, "%s.", space);
        if (*ret_r == 0)
            *ret_r = mr_buf_append_str(&full, at->text);
        if (*ret_r == 0)
            node = mr_str_map_get(&p->names, (struct mr_str){(const char *)full.data, full.len});
        mr_buf_done(&full);
    }
    return node || *ret_r != 0 ? node : mr_str_map_get(&p->names, at->text);
}

int mr_sparser_refer(struct mr_sparser *p, const struct mr_jnode *at, const char *space,
                     const struct mr_schema_node **slot)
{
    int r;
    struct mr_snode *node = look_up(p, at, space, &r);

    if (r != 0)
        return r;
    if (node) {
        *slot = &node->pub;
        return 0;
    }
    struct mr_pending *pending = mr_arena_alloc(p->schema->arena, sizeof(*pending));
    if (!pending)
        return -ENOMEM;
    *pending = (struct mr_pending){.slot = slot, .at = at, .source = p->source, .space = space};
    *p->pending_end = pending;
    p->pending_end = &pending->next;
    return 0;
}

static const char *fullname_of(const struct mr_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->n_nodes; i++)
        if (schema->nodes[i]->pub.fullname && strcmp(schema->nodes[i]->pub.name, name) == 0)
            return schema->nodes[i]->pub.fullname;
    return NULL;
}

static int unknown_name(struct mr_sparser *p, const struct mr_jnode *at)
{
    struct mr_schema *schema = p->schema;
    const char **words =
        mr_arena_array(schema->arena, schema->n_nodes * 2 + MR_AVRO_RECORD, sizeof(const char *));
    char *word = mr_arena_dup(schema->arena, at->text.data, at->text.len);
    size_t n = 0;

    if (!words || !word)
        return -ENOMEM;
    for (; n < MR_AVRO_RECORD; n++)
        words[n] = mr_avro_type_name((enum mr_avro_type)n);
    for (size_t i = 0; i < schema->n_nodes; i++) {
        const struct mr_schema_node *node = &schema->nodes[i]->pub;
        if (!node->fullname)
            continue;
        words[n++] = node->fullname;
        words[n++] = node->name;
    }
    const char *near = strlen(word) < 200 ? mr_nearest(word, words, n) : NULL;
    if (near && strcmp(near, word) == 0)
        near = fullname_of(schema, near); /* of another namespace */
    return mr_sparser_fail(
        p, at, "\"%.200s\" is neither a primitive type nor a name defined here%s%s%s", word,
        near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

int mr_sparser_resolve(struct mr_sparser *p)
{
    for (const struct mr_pending *pending = p->pending; pending; pending = pending->next) {
        int r;
        struct mr_snode *node = look_up(p, pending->at, pending->space, &r);
        if (r == 0 && !node)
            r = unknown_name(p, pending->at);
        if (r != 0)
            return r;
        *pending->slot = &node->pub;
    }
    p->pending = NULL;
    p->pending_end = &p->pending;
    return 0;
}
