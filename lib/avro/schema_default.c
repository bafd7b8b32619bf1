/* SPDX-License-Identifier: Apache-2.0 */
/* Do default values fit their types? Source: Avro 1.12 specification, "Records" (field default
 * values); of a union any branch may fit, as 1.12 has it, where before only the first could. */
#include <errno.h>

#include "schema_model.h"

struct judge {
    struct mr_sparser *p;
    size_t depth;
    bool gave_up;
};

static bool fits(struct judge *j, const struct mr_schema_node *type, const struct mr_jnode *value);

static bool fits_long(const struct mr_jnode *value, int64_t min, int64_t max)
{
    int64_t integer;

    return mr_jtree_long(value, &integer) && integer >= min && integer <= max;
}

/* Made a number when the field was read, and judged there. */
static bool number_in_string(const struct mr_schema_field *field, const struct mr_jnode *value)
{
    return value->kind == MR_J_STRING &&
           (field->type->type == MR_AVRO_FLOAT || field->type->type == MR_AVRO_DOUBLE);
}

static bool fits_record(struct judge *j, const struct mr_schema_node *type,
                        const struct mr_jnode *value)
{
    if (value->kind != MR_J_OBJECT)
        return false;
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct mr_schema_field *field = &type->fields[i];
        const struct mr_jnode *given = mr_jtree_get(value, field->name);
        const struct mr_jnode *used = given ? given : mr_jtree_get(field->source, "default");
        if (!used ||
            (!(used != given && number_in_string(field, used)) && !fits(j, field->type, used)))
            return false;
    }
    return true;
}

static bool fits_all(struct judge *j, const struct mr_schema_node *type,
                     const struct mr_jnode *value)
{
    if (value->kind != (type->type == MR_AVRO_ARRAY ? MR_J_ARRAY : MR_J_OBJECT))
        return false;
    for (const struct mr_jnode *c = value->first; c; c = c->next)
        if (!fits(j, type->items, c))
            return false;
    return true;
}

static bool fits_union(struct judge *j, const struct mr_schema_node *type,
                       const struct mr_jnode *value)
{
    for (size_t i = 0; i < type->n_branches; i++)
        if (fits(j, type->branches[i], value))
            return true;
    return false;
}

static bool fits_type(struct judge *j, const struct mr_schema_node *type,
                      const struct mr_jnode *value)
{
    switch (type->type) {
    case MR_AVRO_NULL:
        return value->kind == MR_J_NULL;
    case MR_AVRO_BOOLEAN:
        return value->kind == MR_J_TRUE || value->kind == MR_J_FALSE;
    case MR_AVRO_INT:
        return fits_long(value, INT32_MIN, INT32_MAX);
    case MR_AVRO_LONG:
        return fits_long(value, INT64_MIN, INT64_MAX);
    case MR_AVRO_FLOAT:
    case MR_AVRO_DOUBLE:
        return value->kind == MR_J_NUMBER;
    case MR_AVRO_BYTES:
    case MR_AVRO_STRING:
    case MR_AVRO_ENUM:
    case MR_AVRO_FIXED:
        return value->kind == MR_J_STRING;
    case MR_AVRO_ARRAY:
    case MR_AVRO_MAP:
        return fits_all(j, type, value);
    case MR_AVRO_UNION:
        return fits_union(j, type, value);
    case MR_AVRO_RECORD:
        break;
    }
    return fits_record(j, type, value);
}

/* Defaults of fields within a default can lead back to themselves, and unions in unions of records
 * can multiply: both end here. */
static bool fits(struct judge *j, const struct mr_schema_node *type, const struct mr_jnode *value)
{
    if (j->depth >= MR_SCHEMA_MAX_JSON_DEPTH || j->p->default_steps >= MR_SCHEMA_MAX_DEFAULT_STEPS)
        j->gave_up = true;
    if (j->gave_up)
        return false;
    j->p->default_steps++;
    j->depth++;
    bool good = fits_type(j, type, value);
    j->depth--;
    return good;
}

/* As Java's text of it, but named types by their names. */
static int type_words(const struct mr_schema_node *type, struct mr_buf *out)
{
    int r = 0;

    if (type->type != MR_AVRO_UNION)
        return mr_buf_printf(out, "\"%s\"",
                             type->fullname ? type->fullname : mr_avro_type_name(type->type));
    for (size_t i = 0; r == 0 && i < type->n_branches; i++) {
        r = mr_buf_byte(out, i ? ',' : '[');
        if (r == 0)
            r = type_words(type->branches[i], out);
    }
    return r == 0 ? mr_buf_byte(out, ']') : r;
}

int mr_sparser_check_default(struct mr_sparser *p, const struct mr_schema_field *field)
{
    const struct mr_jnode *value = mr_jtree_get(field->source, "default");
    struct judge j = {.p = p};
    MR_AUTO(mr_buf) struct mr_buf words = {0};

    if (number_in_string(field, value) || fits(&j, field->type, value))
        return 0;
    if (j.gave_up)
        return mr_sparser_fail(p, value,
                               "the default of field \"%s\" leads back to itself or takes too "
                               "many steps to check",
                               field->name);
    if (type_words(field->type, &words) != 0 || !mr_buf_cstr(&words))
        return -ENOMEM;
    return mr_sparser_fail(p, value, "Invalid default for field %s: %.*s not a %.300s", field->name,
                           (int)(field->default_text.len > 60 ? 60 : field->default_text.len),
                           field->default_text.data, (const char *)words.data);
}
