/* SPDX-License-Identifier: Apache-2.0 */
/* Which types go together. Source: Apache Avro 1.12, "Schema Resolution". */
#include "plan.h"

/* "both schemas are records with the same (unqualified) name"; a reader's alias is a full name. */
static bool same_name(const struct mr_schema_node *writer, const struct mr_schema_node *reader)
{
    if (strcmp(writer->name, reader->name) == 0)
        return true;
    for (size_t i = 0; i < reader->n_aliases; i++)
        if (strcmp(writer->fullname, reader->aliases[i]) == 0)
            return true;
    return false;
}

/* Reading 2.50 as 0.25 would be silent: decimals match when their scales do. */
static bool same_scale(const struct mr_schema_node *writer, const struct mr_schema_node *reader)
{
    return writer->logical != MR_LOGICAL_DECIMAL || reader->logical != MR_LOGICAL_DECIMAL ||
           writer->scale == reader->scale;
}

static enum plan_op match_same(const struct mr_schema_node *writer,
                               const struct mr_schema_node *reader)
{
    bool named = writer->type == MR_AVRO_RECORD || writer->type == MR_AVRO_ENUM ||
                 writer->type == MR_AVRO_FIXED;

    if (named && !same_name(writer, reader))
        return PLAN_ERROR;
    if (writer->type == MR_AVRO_FIXED && writer->fixed_size != reader->fixed_size)
        return PLAN_ERROR;
    return same_scale(writer, reader) ? (enum plan_op)writer->type : PLAN_ERROR;
}

enum plan_op plan_match(const struct mr_schema_node *writer, const struct mr_schema_node *reader)
{
    static const struct {
        enum mr_avro_type writer, reader;
        enum plan_op op;
    } promotions[] = {
        {MR_AVRO_INT, MR_AVRO_LONG, PLAN_INT_TO_LONG},
        {MR_AVRO_INT, MR_AVRO_FLOAT, PLAN_INT_TO_FLOAT},
        {MR_AVRO_INT, MR_AVRO_DOUBLE, PLAN_INT_TO_DOUBLE},
        {MR_AVRO_LONG, MR_AVRO_FLOAT, PLAN_LONG_TO_FLOAT},
        {MR_AVRO_LONG, MR_AVRO_DOUBLE, PLAN_LONG_TO_DOUBLE},
        {MR_AVRO_FLOAT, MR_AVRO_DOUBLE, PLAN_FLOAT_TO_DOUBLE},
        {MR_AVRO_BYTES, MR_AVRO_STRING, PLAN_BYTES_TO_STRING},
        {MR_AVRO_STRING, MR_AVRO_BYTES, PLAN_STRING_TO_BYTES},
    };

    if (writer->type == reader->type)
        return match_same(writer, reader);
    for (size_t i = 0; i < MR_N_ELEMENTS(promotions); i++)
        if (promotions[i].writer == writer->type && promotions[i].reader == reader->type)
            return promotions[i].op;
    return PLAN_ERROR;
}

/* First the branch of the same type and full name, then of the same type and a name that matches,
 * then the first that the type can be promoted to: a long stays a long also in [double, long]. */
size_t plan_branch(const struct mr_schema_node *writer, const struct mr_schema_node *reader)
{
    size_t same = SIZE_MAX, promoted = SIZE_MAX;

    for (size_t i = 0; i < reader->n_branches; i++) {
        const struct mr_schema_node *branch = reader->branches[i];
        if (plan_match(writer, branch) == PLAN_ERROR)
            continue;
        if (branch->type != writer->type) {
            if (promoted == SIZE_MAX)
                promoted = i;
        } else if (!writer->fullname || strcmp(writer->fullname, branch->fullname) == 0) {
            return i;
        } else if (same == SIZE_MAX) {
            same = i;
        }
    }
    return same != SIZE_MAX ? same : promoted;
}
