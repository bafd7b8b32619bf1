/* SPDX-License-Identifier: Apache-2.0 */
/* The normal form of a Confluent registry (normalize=true): full names, properties and aliases in
 * order, default values as their types have them. Its text is then read again and written as any
 * other: a few schemas fail there, and that is Confluent's answer too. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_java.h"
#include "schema_normal.h"

static int key(struct mr_normal *w, const char *name)
{
    return mr_buf_printf(w->walk.out, ",\"%s\":", name);
}

static int string(struct mr_normal *w, const char *text)
{
    return mr_java_string(w->walk.out, text, strlen(text));
}

static int props(struct mr_normal *w, const struct mr_jnode *source, bool (*own)(struct mr_str))
{
    const struct mr_jnode **list = mr_java_sorted(source);
    int r = list ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < source->n; i++) {
        if (own(list[i]->key))
            continue;
        r = mr_buf_byte(w->walk.out, ',');
        if (r == 0)
            r = mr_normal_member(w, list[i], NULL);
    }
    free(list);
    return r;
}

static int node_props(struct mr_normal *w, const struct mr_schema_node *node)
{
    return props(w, mr_snode(node)->source,
                 node->type == MR_AVRO_ENUM ? mr_schema_enum_member : mr_schema_type_member);
}

/* What Avro 1.11 takes for a logical type, and so Confluent 7.5, stands before the other
 * properties. It takes uuid for one on every primitive type and every fixed. */
static int logical(struct mr_normal *w, const struct mr_schema_node *node)
{
    static const unsigned unknown = 1u << MR_LOGICAL_NONE | 1u << MR_LOGICAL_TIMESTAMP_NANOS |
                                    1u << MR_LOGICAL_LOCAL_TIMESTAMP_NANOS |
                                    1u << MR_LOGICAL_DURATION;
    const struct mr_jnode *word = mr_jtree_get(mr_snode(node)->source, "logicalType");
    bool simple = node->type <= MR_AVRO_STRING || node->type == MR_AVRO_FIXED;

    if (simple && word && word->kind == MR_J_STRING && mr_str_is(word->text, "uuid"))
        return mr_buf_append_str(w->walk.out, MR_STR(",\"logicalType\":\"uuid\""));
    if (unknown & 1u << node->logical)
        return 0;
    int r =
        mr_buf_printf(w->walk.out, ",\"logicalType\":\"%s\"", mr_avro_logical_name(node->logical));
    if (r == 0 && node->logical == MR_LOGICAL_DECIMAL)
        r = mr_buf_printf(w->walk.out, ",\"precision\":%d", (int)node->precision);
    if (r == 0 && node->logical == MR_LOGICAL_DECIMAL && node->scale != 0)
        r = mr_buf_printf(w->walk.out, ",\"scale\":%d", (int)node->scale);
    return r;
}

static int doc(struct mr_normal *w, const struct mr_jnode *source, bool empty_too)
{
    const struct mr_jnode *m = mr_jtree_get(source, "doc");

    if (!m || m->kind != MR_J_STRING || (m->text.len == 0 && !empty_too))
        return 0;
    int r = key(w, "doc");
    return r == 0 ? mr_java_string(w->walk.out, m->text.data, m->text.len) : r;
}

static int by_java(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return mr_java_compare(mr_str_from(*x), mr_str_from(*y));
}

static int aliases(struct mr_normal *w, const char *const *list, size_t n, const char *space)
{
    const char **sorted = n ? calloc(n, sizeof(const char *)) : NULL;
    int r = n == 0 ? 0 : sorted ? key(w, "aliases") : -ENOMEM;

    if (r != 0 || n == 0)
        return r;
    memcpy(sorted, list, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), by_java);
    for (size_t i = 0; r == 0 && i < n; i++) {
        bool dot = *space && !strchr(sorted[i], '.'); /* ".Name": no namespace within one */
        r = mr_buf_append(w->walk.out, i ? ",\"" : "[\"", 2);
        if (r == 0)
            r = mr_buf_printf(w->walk.out, "%s%s\"", dot ? "." : "", sorted[i]);
    }
    free(sorted);
    return r == 0 ? mr_buf_byte(w->walk.out, ']') : r;
}

static int default_value(struct mr_normal *w, const struct mr_schema_field *field)
{
    const struct mr_jnode *json = mr_jtree_get(field->source, "default");
    size_t before = w->walk.out->len;
    double real;
    int r = json ? key(w, "default") : 0;

    if (field->type->type == MR_AVRO_UNION && field->type->n_branches == 0)
        return mr_normal_none(w, field->source); /* Java trips over it, default or not */
    if (r != 0 || !json)
        return r;
    if (json->kind != MR_J_STRING || mr_java_parse_double(json->text, &real) != 0)
        r = mr_normal_value(w, json, field->type);
    else if (field->type->type == MR_AVRO_DOUBLE)
        r = mr_java_double(w->walk.out, real);
    else if (field->type->type == MR_AVRO_FLOAT)
        r = mr_java_float(w->walk.out, (float)real);
    else
        r = mr_normal_value(w, json, field->type);
    if (r != MR_ABSENT)
        return r;
    w->walk.out->len = before; /* Java loses it as well */
    return 0;
}

static int write_field(struct mr_normal *w, const struct mr_schema_field *field)
{
    int r = mr_buf_printf(w->walk.out, "{\"name\":\"%s\",\"type\":", field->name);

    if (r == 0)
        r = mr_schema_walk_type(&w->walk, field->type);
    if (r == 0)
        r = mr_buf_printf(w->walk.out, ",\"order\":\"%s\"", field->order);
    if (r == 0)
        r = doc(w, field->source, true);
    if (r == 0)
        r = aliases(w, field->aliases, field->n_aliases, "");
    if (r == 0)
        r = default_value(w, field);
    if (r == 0)
        r = props(w, field->source, mr_schema_field_member);
    return r == 0 ? mr_buf_byte(w->walk.out, '}') : r;
}

static int body(struct mr_normal *w, const struct mr_schema_node *node)
{
    int r;

    if (node->type == MR_AVRO_FIXED)
        return mr_buf_printf(w->walk.out, ",\"size\":%zu", node->fixed_size);
    size_t n = node->type == MR_AVRO_RECORD ? node->n_fields : node->n_symbols;
    r = mr_buf_printf(w->walk.out, ",\"%s\":[",
                      node->type == MR_AVRO_RECORD ? "fields" : "symbols");
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = i ? mr_buf_byte(w->walk.out, ',') : 0;
        if (r == 0)
            r = node->type == MR_AVRO_RECORD ? write_field(w, &node->fields[i])
                                             : string(w, node->symbols[i]);
    }
    return r == 0 ? mr_buf_byte(w->walk.out, ']') : r;
}

static int named(struct mr_schema_walk *walk, const struct mr_schema_node *node)
{
    struct mr_normal *w = (struct mr_normal *)walk;

    int r = mr_buf_printf(w->walk.out, "{\"name\":\"%s\",\"type\":\"%s\"", node->fullname,
                          mr_avro_type_name(node->type));
    if (r == 0)
        r = body(w, node);
    if (r == 0)
        r = logical(w, node);
    if (r == 0)
        r = doc(w, mr_snode(node)->source, false);
    if (r == 0)
        r = aliases(w, node->aliases, node->n_aliases, node->space);
    if (r == 0 && node->default_symbol >= 0)
        r = key(w, "default");
    if (r == 0 && node->default_symbol >= 0)
        r = string(w, node->symbols[node->default_symbol]);
    if (r == 0)
        r = node_props(w, node);
    return r == 0 ? mr_buf_byte(w->walk.out, '}') : r;
}

static int again(struct mr_schema_walk *walk, const struct mr_schema_node *node)
{
    return string((struct mr_normal *)walk, node->fullname);
}

static int rest(struct mr_schema_walk *walk, const struct mr_schema_node *node)
{
    int r = logical((struct mr_normal *)walk, node);

    return r == 0 ? node_props((struct mr_normal *)walk, node) : r;
}

static const struct mr_schema_form form = {.named = named, .again = again, .rest = rest};

int mr_schema_stored_text(const struct mr_schema *schema, bool normalize, struct mr_buf *out,
                          struct mr_error *reterr)
{
    MR_AUTO(mr_schema) struct mr_schema *again = NULL;
    MR_AUTO(mr_buf) struct mr_buf normal = {0};
    struct mr_normal w = {.walk = {.form = &form, .out = &normal}, .reterr = reterr};
    struct mr_schema_options options = {
        .references = schema->references, .n_references = schema->n_references, .like_java = true};

    if (!normalize)
        return mr_schema_java_text(schema, out);
    int r = mr_schema_walk_all(&w.walk, schema, false);
    if (r == 0)
        r = mr_schema_parse((const char *)normal.data, normal.len, &options, &again, reterr);
    return r == 0 ? mr_schema_java_text(again, out) : r;
}
