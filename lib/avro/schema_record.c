/* SPDX-License-Identifier: Apache-2.0 */
/* Records and their fields. Source: Avro 1.12 specification, "Records". */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "json_java.h"
#include "schema_model.h"

static int order(struct mr_sparser *p, const struct mr_jnode *json, struct mr_schema_field *field)
{
    static const char *const words[] = {"ascending", "descending", "ignore"};
    const struct mr_jnode *at = mr_jtree_get(json, "order");

    field->order = words[0];
    if (!at)
        return 0;
    for (size_t i = 0; at->kind == MR_J_STRING && i < MR_N_ELEMENTS(words); i++) {
        if (at->text.len == strlen(words[i]) &&
            strncasecmp(at->text.data, words[i], at->text.len) == 0) {
            field->order = words[i];
            return 0;
        }
    }
    return mr_sparser_fail(p, at, "\"order\" is ascending, descending or ignore");
}

/* Names from elsewhere: Java checks only that they are strings. */
static int field_aliases(struct mr_sparser *p, const struct mr_jnode *json,
                         struct mr_schema_field *field)
{
    const struct mr_jnode *list;
    struct mr_str_map seen = {0};
    const char **aliases;
    int r = mr_sparser_alias_list(p, json, &list, &aliases);

    if (r != 0 || !list)
        return r;
    field->aliases = aliases;
    for (const struct mr_jnode *a = list->first; a; a = a->next) {
        if (a->kind != MR_J_STRING || memchr(a->text.data, 0, a->text.len))
            return mr_sparser_fail(p, a, "an alias is a name, not %s", mr_jtree_kind(a));
        r = mr_str_map_add(&seen, p->schema->arena, a->text, field);
        if (r == MR_FULL) /* one written twice counts once */
            continue;
        const char *alias = mr_arena_dup(p->schema->arena, a->text.data, a->text.len);
        if (r != 0 || !alias)
            return -ENOMEM;
        aliases[field->n_aliases++] = alias;
    }
    return 0;
}

/* A float may have its default in a string: Java reads it as a number, which also gives NaN and the
 * infinities. Here it becomes that number, or one of these three words. */
static int number_in_string(struct mr_sparser *p, struct mr_schema_field *field,
                            const struct mr_jnode *def)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    double number;

    if (mr_java_parse_double(def->text, &number) != 0)
        return mr_sparser_fail(p, def, "the default of field \"%s\" is no number", field->name);
    int r = mr_java_double(&text, number);
    if (r != 0)
        return r;
    field->default_text.data = mr_arena_dup(p->schema->arena, (const char *)text.data, text.len);
    field->default_text.len = text.len;
    json_t *value = isfinite(number) ? json_real(number)
                                     : json_stringn((const char *)text.data + 1, text.len - 2);
    field->default_value = value;
    if (json_array_append_new(p->schema->values, value) != 0 || !field->default_text.data)
        return -ENOMEM;
    return 0;
}

static int default_value(struct mr_sparser *p, const struct mr_jnode *json,
                         struct mr_schema_field *field)
{
    const struct mr_jnode *def = mr_jtree_get(json, "default");
    const struct mr_schema_node *type = field->type; /* NULL: a name defined further on */

    if (!def)
        return 0;
    if (def->kind == MR_J_STRING && type &&
        (type->type == MR_AVRO_FLOAT || type->type == MR_AVRO_DOUBLE))
        return number_in_string(p, field, def);
    json_t *value = mr_jtree_to_jansson(def);
    field->default_value = value;
    field->default_text = (struct mr_str){p->source->text + def->offset, def->end - def->offset};
    return json_array_append_new(p->schema->values, value) != 0 ? -ENOMEM : 0;
}

static int field(struct mr_sparser *p, const struct mr_jnode *json, const char *space,
                 struct mr_schema_field *field)
{
    const struct mr_jnode *name = mr_jtree_get(json, "name");
    const struct mr_jnode *type = mr_jtree_get(json, "type");

    if (json->kind != MR_J_OBJECT)
        return mr_sparser_fail(p, json, "a field is an object, not %s", mr_jtree_kind(json));
    if (!name || name->kind != MR_J_STRING)
        return mr_sparser_fail(p, name ? name : json, "a field needs \"name\", a string");
    if (!type)
        return mr_sparser_fail(p, json, "the field \"%.*s\" needs \"type\"",
                               MR_STR_ARG(name->text));
    field->source = json;
    mr_schema_position(p->source, json->offset, &field->line, &field->column);
    int r = mr_sparser_check_name(p, name, name->text, "field name");
    if (r == 0)
        r = mr_sparser_text(p, json, "name", &field->name);
    if (r == 0)
        r = mr_sparser_text(p, json, "doc", &field->doc);
    if (r == 0)
        r = mr_sparser_type(p, type, space, &field->type);
    if (r == 0)
        r = order(p, json, field);
    if (r == 0)
        r = default_value(p, json, field);
    if (r == 0)
        r = field_aliases(p, json, field);
    if (r == 0)
        r = mr_sparser_props(p, json, mr_schema_field_member, &field->props);
    return r;
}

static int fields(struct mr_sparser *p, const struct mr_jnode *list, struct mr_snode *node)
{
    struct mr_arena *arena = p->schema->arena;
    struct mr_schema_field *all = mr_arena_array(arena, list->n, sizeof(*all));
    struct mr_str_map *index = mr_arena_alloc(arena, sizeof(*index));

    if (!all || !index)
        return -ENOMEM;
    for (const struct mr_jnode *f = list->first; f; f = f->next) {
        struct mr_schema_field *one = &all[f->index];
        int r = field(p, f, node->pub.space, one);
        if (r == 0)
            r = mr_str_map_add(index, arena, mr_str_from(one->name), one);
        if (r == MR_FULL)
            return mr_sparser_fail(p, f, "the record %s has the field \"%s\" twice",
                                   node->pub.fullname, one->name);
        if (r != 0)
            return r;
    }
    node->pub.fields = all;
    node->pub.n_fields = list->n;
    node->index = index;
    return 0;
}

/* Its name is known from the start, so that fields may refer to it. */
static int claim(struct mr_sparser *p, const struct mr_jnode *json, struct mr_snode *node)
{
    struct mr_str key = mr_str_from(node->pub.fullname);
    const struct mr_snode *old = mr_str_map_get(&p->names, key);

    node->walk = MR_S_OPEN;
    if (!old)
        return mr_str_map_add(&p->names, p->schema->arena, key, node);
    if (old->walk == MR_S_OPEN)
        return mr_sparser_fail(p, json, "%s is defined within itself: refer to it by its name",
                               node->pub.fullname);
    return 0;
}

int mr_sparser_record(struct mr_sparser *p, const struct mr_jnode *json, const char *space,
                      const struct mr_schema_node **slot)
{
    const struct mr_jnode *list = mr_jtree_get(json, "fields");
    struct mr_snode *node;
    int r = mr_sparser_node(p, json, MR_AVRO_RECORD, &node);

    if (r == 0)
        r = mr_sparser_name(p, json, space, node);
    if (r != 0)
        return r;
    if (!list || list->kind != MR_J_ARRAY)
        return mr_sparser_fail(p, list ? list : json,
                               "the record %s needs \"fields\", an array%s%s", node->pub.fullname,
                               list ? ", not " : "", list ? mr_jtree_kind(list) : "");
    node->pub.error = mr_str_is(mr_jtree_get(json, "type")->text, "error");
    r = claim(p, json, node);
    if (r == 0)
        r = fields(p, list, node);
    if (r == 0)
        r = mr_sparser_props(p, json, mr_schema_type_member, &node->pub.props);
    if (r == 0)
        r = mr_sparser_aliases(p, json, node);
    node->walk = MR_S_NEW;
    return r == 0 ? mr_sparser_define(p, json, node, slot) : r;
}
