/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor and shape side by side. */
#include "struct_fit.h"

static bool kind_fits(enum mr_field_kind kind, const struct shape *shape)
{
    static const struct {
        enum mr_field_kind kind;
        enum mr_avro_type types[2];
    } fits[] = {
        {MR_FIELD_BOOL, {MR_AVRO_BOOLEAN, MR_AVRO_BOOLEAN}},
        {MR_FIELD_INT, {MR_AVRO_INT, MR_AVRO_INT}},
        {MR_FIELD_LONG, {MR_AVRO_LONG, MR_AVRO_LONG}},
        {MR_FIELD_FLOAT, {MR_AVRO_FLOAT, MR_AVRO_FLOAT}},
        {MR_FIELD_DOUBLE, {MR_AVRO_DOUBLE, MR_AVRO_DOUBLE}},
        {MR_FIELD_STRING, {MR_AVRO_STRING, MR_AVRO_STRING}},
        {MR_FIELD_BYTES, {MR_AVRO_BYTES, MR_AVRO_BYTES}},
        {MR_FIELD_FIXED, {MR_AVRO_FIXED, MR_AVRO_FIXED}},
        {MR_FIELD_DECIMAL, {MR_AVRO_BYTES, MR_AVRO_FIXED}},
        {MR_FIELD_ENUM, {MR_AVRO_ENUM, MR_AVRO_ENUM}},
        {MR_FIELD_RECORD, {MR_AVRO_RECORD, MR_AVRO_RECORD}},
        {MR_FIELD_ARRAY, {MR_AVRO_ARRAY, MR_AVRO_ARRAY}},
        {MR_FIELD_MAP, {MR_AVRO_MAP, MR_AVRO_MAP}},
    };
    enum mr_avro_type type = shape->node->type;

    return (type == fits[kind].types[0] || type == fits[kind].types[1]) &&
           (kind == MR_FIELD_DECIMAL) == (shape->op == SHAPE_DECIMAL);
}

/* Descriptors that were looked at: types may be recursive. */
struct seen {
    const struct mr_record_desc *descs[256];
    size_t n;
};

static bool desc_fits(const struct mr_record_desc *desc, const struct shape *shape,
                      struct seen *seen);

static bool field_fits(const struct mr_record_field *field, const struct shape *shape,
                       struct seen *seen)
{
    bool nullable = shape->op == SHAPE_NULLABLE;

    if (nullable != (field->has_offset != MR_NO_MEMBER))
        return false;
    if (nullable)
        shape = shape->item;
    if (!kind_fits(field->kind, shape))
        return false;
    if (field->kind == MR_FIELD_RECORD)
        return desc_fits(field->record, shape, seen);
    if (field->kind != MR_FIELD_ARRAY && field->kind != MR_FIELD_MAP)
        return true;
    if (field->item >= MR_FIELD_ARRAY || !kind_fits(field->item, shape->item))
        return false;
    return field->item != MR_FIELD_RECORD || desc_fits(field->record, shape->item, seen);
}

static bool desc_fits(const struct mr_record_desc *desc, const struct shape *shape,
                      struct seen *seen)
{
    for (size_t i = 0; i < seen->n; i++)
        if (seen->descs[i] == desc)
            return true;
    if (seen->n == MR_N_ELEMENTS(seen->descs))
        return false;
    seen->descs[seen->n++] = desc;
    if (!desc || shape->op != SHAPE_RECORD || desc->n_fields != shape->node->n_fields)
        return false;
    for (size_t i = 0; i < desc->n_fields; i++)
        if (!mr_str_is(shape->fields[i].name, desc->fields[i].name) ||
            !field_fits(&desc->fields[i], shape->fields[i].shape, seen))
            return false;
    return true;
}

bool struct_fits(const struct mr_record_desc *desc, const struct shape *shape)
{
    return desc_fits(desc, shape, &(struct seen){.n = 0});
}
