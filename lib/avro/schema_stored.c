/* SPDX-License-Identifier: Apache-2.0 */
/* The text a registry keeps: what Java's Schema.toString() gives, byte for byte. */
#include <string.h>

#include "json_java.h"
#include "schema_walk.h"

struct writer {
    struct mr_schema_walk walk;
    const char *space; /* the namespace that holds here; "" none */
};

static int member(struct writer *w, const char *key, const char *text)
{
    int r = mr_buf_printf(w->walk.out, ",\"%s\":", key);

    return r == 0 ? mr_java_string(w->walk.out, text, strlen(text)) : r;
}

/* A member of the source that is text, where it is there; NULs within it stay. */
static int text_member(struct writer *w, const struct mr_jnode *source, const char *key)
{
    const struct mr_jnode *m = mr_jtree_get(source, key);

    if (!m || m->kind != MR_J_STRING)
        return 0;
    int r = mr_buf_printf(w->walk.out, ",\"%s\":", key);
    return r == 0 ? mr_java_string(w->walk.out, m->text.data, m->text.len) : r;
}

static int props(struct writer *w, const struct mr_jnode *source, bool (*own)(struct mr_str))
{
    int r = 0;

    for (const struct mr_jnode *m = source->first; r == 0 && m; m = m->next) {
        if (own(m->key))
            continue;
        r = mr_buf_byte(w->walk.out, ',');
        if (r == 0)
            r = mr_java_string(w->walk.out, m->key.data, m->key.len);
        if (r == 0)
            r = mr_buf_byte(w->walk.out, ':');
        if (r == 0)
            r = mr_java_value(w->walk.out, m, false);
    }
    return r;
}

static int node_props(struct writer *w, const struct mr_schema_node *node)
{
    return props(w, mr_snode(node)->source,
                 node->type == MR_AVRO_ENUM ? mr_schema_enum_member : mr_schema_type_member);
}

static bool is_type_word(const char *name)
{
    for (int t = MR_AVRO_NULL; t <= MR_AVRO_FIXED; t++)
        if (strcmp(name, mr_avro_type_name((enum mr_avro_type)t)) == 0)
            return true;
    return false;
}

/* Short where the namespace says the rest, unless the short name would mean a type of Avro's own.
 */
static int write_reference(struct writer *w, const char *space, const char *fullname)
{
    const char *dot = strrchr(fullname, '.');
    size_t len = dot ? (size_t)(dot - fullname) : 0;
    bool within = dot && strlen(space) == len && strncmp(space, fullname, len) == 0;
    const char *text = within && !is_type_word(dot + 1) ? dot + 1 : fullname;

    return mr_java_string(w->walk.out, text, strlen(text));
}

static int aliases(struct writer *w, const struct mr_schema_node *node)
{
    int r = node->n_aliases ? mr_buf_append_str(w->walk.out, MR_STR(",\"aliases\":[")) : 0;

    for (size_t i = 0; r == 0 && i < node->n_aliases; i++) {
        r = i ? mr_buf_byte(w->walk.out, ',') : 0;
        if (r == 0)
            r = write_reference(w, node->space, node->aliases[i]);
    }
    return r == 0 && node->n_aliases ? mr_buf_byte(w->walk.out, ']') : r;
}

static int name(struct writer *w, const struct mr_schema_node *node)
{
    int r = member(w, "name", node->name);

    if (r == 0 && strcmp(node->space, w->space) != 0)
        r = member(w, "namespace", node->space);
    return r;
}

static int default_value(struct writer *w, const struct mr_schema_field *field)
{
    const struct mr_jnode *value = mr_jtree_get(field->source, "default");
    enum mr_avro_type type = field->type->type;
    double number;
    int r = value ? mr_buf_append_str(w->walk.out, MR_STR(",\"default\":")) : 0;

    if (!value || r != 0)
        return r;
    if ((type == MR_AVRO_FLOAT || type == MR_AVRO_DOUBLE) && value->kind == MR_J_STRING &&
        mr_java_parse_double(value->text, &number) == 0)
        return mr_java_double(w->walk.out, number);
    return mr_java_value(w->walk.out, value, false);
}

static int field_aliases(struct writer *w, const struct mr_schema_field *field)
{
    int r = field->n_aliases ? mr_buf_append_str(w->walk.out, MR_STR(",\"aliases\":[")) : 0;

    for (size_t i = 0; r == 0 && i < field->n_aliases; i++) {
        r = i ? mr_buf_byte(w->walk.out, ',') : 0;
        if (r == 0)
            r = mr_java_string(w->walk.out, field->aliases[i], strlen(field->aliases[i]));
    }
    return r == 0 && field->n_aliases ? mr_buf_byte(w->walk.out, ']') : r;
}

static int write_field(struct writer *w, const struct mr_schema_field *field)
{
    int r = mr_buf_append_str(w->walk.out, MR_STR("{\"name\":"));

    if (r == 0)
        r = mr_java_string(w->walk.out, field->name, strlen(field->name));
    if (r == 0)
        r = mr_buf_append_str(w->walk.out, MR_STR(",\"type\":"));
    if (r == 0)
        r = mr_schema_walk_type(&w->walk, field->type);
    if (r == 0)
        r = text_member(w, field->source, "doc");
    if (r == 0)
        r = default_value(w, field);
    if (r == 0 && strcmp(field->order, "ascending") != 0)
        r = member(w, "order", field->order);
    if (r == 0)
        r = field_aliases(w, field);
    if (r == 0)
        r = props(w, field->source, mr_schema_field_member);
    return r == 0 ? mr_buf_byte(w->walk.out, '}') : r;
}

static int fields(struct writer *w, const struct mr_schema_node *node)
{
    const char *outer = w->space;
    int r = mr_buf_append_str(w->walk.out, MR_STR(",\"fields\":["));

    w->space = node->space;
    for (size_t i = 0; r == 0 && i < node->n_fields; i++) {
        r = i ? mr_buf_byte(w->walk.out, ',') : 0;
        if (r == 0)
            r = write_field(w, &node->fields[i]);
    }
    w->space = outer;
    return r == 0 ? mr_buf_byte(w->walk.out, ']') : r;
}

static int symbols(struct writer *w, const struct mr_schema_node *node)
{
    int r = mr_buf_append_str(w->walk.out, MR_STR(",\"symbols\":["));

    for (size_t i = 0; r == 0 && i < node->n_symbols; i++) {
        r = i ? mr_buf_byte(w->walk.out, ',') : 0;
        if (r == 0)
            r = mr_java_string(w->walk.out, node->symbols[i], strlen(node->symbols[i]));
    }
    if (r == 0)
        r = mr_buf_byte(w->walk.out, ']');
    if (r == 0 && node->default_symbol >= 0)
        r = member(w, "default", node->symbols[node->default_symbol]);
    return r;
}

static int named(struct mr_schema_walk *walk, const struct mr_schema_node *node)
{
    struct writer *w = (struct writer *)walk;

    int r = mr_buf_printf(w->walk.out, "{\"type\":\"%s\"",
                          node->error ? "error" : mr_avro_type_name(node->type));
    if (r == 0)
        r = name(w, node);
    if (r == 0)
        r = text_member(w, mr_snode(node)->source, "doc");
    if (r != 0)
        return r;
    if (node->type == MR_AVRO_RECORD)
        r = fields(w, node);
    else if (node->type == MR_AVRO_ENUM)
        r = symbols(w, node);
    else
        r = mr_buf_printf(w->walk.out, ",\"size\":%zu", node->fixed_size);
    if (r == 0)
        r = node_props(w, node);
    if (r == 0)
        r = aliases(w, node);
    return r == 0 ? mr_buf_byte(w->walk.out, '}') : r;
}

static int again(struct mr_schema_walk *walk, const struct mr_schema_node *node)
{
    struct writer *w = (struct writer *)walk;

    return write_reference(w, w->space, node->fullname);
}

static int rest(struct mr_schema_walk *walk, const struct mr_schema_node *node)
{
    return node_props((struct writer *)walk, node);
}

/* Of references only the outermost type, as in Java, unless all is inlined. */
static int write_text(const struct mr_schema *schema, bool inlined, struct mr_buf *out)
{
    static const struct mr_schema_form form = {
        .named = named, .again = again, .rest = rest, .words = true};
    struct writer w = {.walk = {.form = &form, .out = out}, .space = ""};

    return mr_schema_walk_all(&w.walk, schema, inlined);
}

int mr_schema_java_text(const struct mr_schema *schema, struct mr_buf *out)
{
    return write_text(schema, false, out);
}

int mr_schema_resolved_text(const struct mr_schema *schema, struct mr_buf *out)
{
    return write_text(schema, true, out);
}
