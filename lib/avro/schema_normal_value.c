/* SPDX-License-Identifier: Apache-2.0 */
/* Values in a normal form, as Confluent's client makes Java objects of them and prints these. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_java.h"
#include "schema_normal.h"

int mr_normal_none(struct mr_normal *w, const struct mr_jnode *json)
{
    mr_jtree_where(json, w->reterr);
    return mr_error_set(w->reterr, MR_INVALID,
                        "there is no normal form: %s whose type cannot hold it",
                        mr_jtree_kind(json));
}

/* MR_ABSENT: the number is of no use to the type. */
static int number(struct mr_normal *w, const struct mr_jnode *json,
                  const struct mr_schema_node *type)
{
    bool integral = mr_jtree_integral(json);
    enum mr_avro_type is = type ? type->type : integral ? MR_AVRO_LONG : MR_AVRO_DOUBLE;
    int64_t integer;
    double real;

    if (integral && !mr_jtree_long(json, &integer))
        return MR_ABSENT;
    if (integral && (is == MR_AVRO_LONG || (is == MR_AVRO_INT)))
        return mr_java_value(w->walk.out, json, true);
    if (is != MR_AVRO_FLOAT && is != MR_AVRO_DOUBLE)
        return MR_ABSENT;
    real = integral ? (double)integer /* which has no minus zero */ : mr_jtree_double(json);
    return is == MR_AVRO_FLOAT ? mr_java_float(w->walk.out, (float)real)
                               : mr_java_double(w->walk.out, real);
}

/* Bytes are characters up to 255; others become '?'. */
static int latin1(struct mr_normal *w, struct mr_str text)
{
    MR_AUTO(mr_buf) struct mr_buf copy = {0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c & 0xC0) == 0x80)
            continue;
        if (c < 0x80)
            r = mr_buf_byte(&copy, c);
        else if (c <= 0xC3)
            r = mr_buf_append(&copy, text.data + i, 2);
        else
            r = mr_buf_byte(&copy, '?');
    }
    return r == 0 ? mr_java_string(w->walk.out, (const char *)copy.data, copy.len) : r;
}

static int text(struct mr_normal *w, const struct mr_jnode *json, const struct mr_schema_node *type)
{
    if (!type || type->type == MR_AVRO_STRING || type->type == MR_AVRO_ENUM)
        return mr_java_string(w->walk.out, json->text.data, json->text.len);
    if (type->type == MR_AVRO_BYTES || type->type == MR_AVRO_FIXED)
        return latin1(w, json->text);
    return MR_ABSENT;
}

static int inner(struct mr_normal *w, const struct mr_jnode *json,
                 const struct mr_schema_node *type)
{
    int r = mr_normal_value(w, json, type);

    return r == MR_ABSENT ? mr_normal_none(w, json) : r;
}

static int array(struct mr_normal *w, const struct mr_jnode *json,
                 const struct mr_schema_node *type)
{
    int r = mr_buf_byte(w->walk.out, '[');
    for (const struct mr_jnode *c = json->first; r == 0 && c; c = c->next) {
        if (type && type->type != MR_AVRO_ARRAY)
            return mr_normal_none(w, json);
        r = c == json->first ? 0 : mr_buf_byte(w->walk.out, ',');
        if (r == 0)
            r = inner(w, c, type ? type->items : NULL);
    }
    return r == 0 ? mr_buf_byte(w->walk.out, ']') : r;
}

int mr_normal_member(struct mr_normal *w, const struct mr_jnode *m,
                     const struct mr_schema_node *type)
{
    const struct mr_schema_node *below = NULL;
    int r = mr_java_string(w->walk.out, m->key.data, m->key.len);

    if (r == 0)
        r = mr_buf_byte(w->walk.out, ':');
    if (type && type->type == MR_AVRO_MAP)
        below = type->items;
    if (type && type->type == MR_AVRO_RECORD) {
        const struct mr_schema_field *field = mr_schema_field_find(type, m->key);
        if (!field)
            return mr_normal_none(w, m);
        below = field->type;
    }
    return r == 0 ? inner(w, m, below) : r;
}

static int object(struct mr_normal *w, const struct mr_jnode *json,
                  const struct mr_schema_node *type)
{
    const struct mr_jnode **list = mr_java_sorted(json);
    int r = list ? mr_buf_byte(w->walk.out, '{') : -ENOMEM;

    for (size_t i = 0; r == 0 && i < json->n; i++) {
        r = i ? mr_buf_byte(w->walk.out, ',') : 0;
        if (r == 0)
            r = mr_normal_member(w, list[i], type);
    }
    free(list);
    return r == 0 ? mr_buf_byte(w->walk.out, '}') : r;
}

/* Appends the value as an object of its type would print, of any when type is NULL. 0; MR_ABSENT,
 * nothing appended: it is of no use to the type; MR_INVALID; -errno. */
int mr_normal_value(struct mr_normal *w, const struct mr_jnode *json,
                    const struct mr_schema_node *type)
{
    if (type && type->type == MR_AVRO_UNION) {
        if (type->n_branches == 0)
            return mr_normal_none(w, json);
        type = type->branches[0]; /* as before Avro 1.12, whatever branch it was meant for */
    }
    if (json->kind == MR_J_NULL)
        return mr_java_value(w->walk.out, json, true);
    if (json->kind == MR_J_NUMBER)
        return number(w, json, type);
    if (json->kind == MR_J_STRING)
        return text(w, json, type);
    if (json->kind == MR_J_ARRAY)
        return array(w, json, type);
    return json->kind == MR_J_OBJECT ? object(w, json, type)
                                     : mr_java_value(w->walk.out, json, true);
}
