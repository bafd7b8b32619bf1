/* SPDX-License-Identifier: Apache-2.0 */
/* What a schema must be to serve as an event's: named after its topic, the common envelope in
 * front, the contract's data last, everything of a form that C has. */
#include <stdio.h>
#include <string.h>

#include "gen.h"

/* The envelope, as struct mr_envelope and every schema have it. */
static const struct envelope_field {
    enum mr_envelope_field field;
    enum mr_avro_type type;
    enum mr_avro_logical logical;
    bool nullable;
} envelope[] = {
    {MR_ENVELOPE_EVENT_ID, MR_AVRO_STRING, MR_LOGICAL_UUID, false},
    {MR_ENVELOPE_EVENT_TYPE, MR_AVRO_STRING, MR_LOGICAL_NONE, false},
    {MR_ENVELOPE_EVENT_VERSION, MR_AVRO_STRING, MR_LOGICAL_NONE, false},
    {MR_ENVELOPE_TIMESTAMP, MR_AVRO_LONG, MR_LOGICAL_TIMESTAMP_MICROS, false},
    {MR_ENVELOPE_CORRELATION_ID, MR_AVRO_STRING, MR_LOGICAL_NONE, false},
    {MR_ENVELOPE_CAUSATION_ID, MR_AVRO_STRING, MR_LOGICAL_NONE, true},
    {MR_ENVELOPE_SOURCE_SERVICE, MR_AVRO_STRING, MR_LOGICAL_NONE, false},
    {MR_ENVELOPE_USER_ID, MR_AVRO_STRING, MR_LOGICAL_NONE, true},
    {MR_ENVELOPE_SESSION_ID, MR_AVRO_STRING, MR_LOGICAL_NONE, true},
    {MR_ENVELOPE_METADATA, MR_AVRO_MAP, MR_LOGICAL_NONE, false},
    {MR_ENVELOPE_DATA, MR_AVRO_RECORD, MR_LOGICAL_NONE, false},
};

static void check_names(struct gen *gen, const struct gen_topic *topic,
                        const struct mr_schema_node *root)
{
    const char *space =
        gen_printf(gen, "millrace.%s.%s", gen_identifier(gen, topic->topic->service),
                   gen_identifier(gen, topic->topic->domain));
    const char *name = gen_pascal(gen, topic->topic->event);

    if (strcmp(root->space, space) != 0)
        gen_mistake(gen, topic, root->line, root->column,
                    "namespace is '%s', but topic '%s' asks for '%s'", root->space,
                    topic->topic->name, space);
    if (strcmp(root->name, name) != 0)
        gen_mistake(gen, topic, root->line, root->column,
                    "record is called '%s', but event '%s' of topics.yaml asks for '%s'",
                    root->name, topic->topic->event, name);
}

static bool is_nullable(const struct mr_schema_node *node)
{
    return node->type == MR_AVRO_UNION && node->n_branches == 2 &&
           node->branches[0]->type == MR_AVRO_NULL;
}

static void check_envelope(struct gen *gen, const struct gen_topic *topic,
                           const struct mr_schema_node *root)
{
    if (root->n_fields != MR_N_ELEMENTS(envelope))
        gen_mistake(
            gen, topic, root->line, root->column,
            "an event has the %zu fields of the envelope, then 'data', and nothing else; this "
            "one has %zu fields",
            MR_N_ELEMENTS(envelope) - 1, root->n_fields);
    for (size_t i = 0; i < MR_N_ELEMENTS(envelope) && i < root->n_fields; i++) {
        const struct envelope_field *want = &envelope[i];
        const struct mr_schema_field *field = &root->fields[i];
        const char *name = mr_envelope_field_name(want->field);
        bool nullable = is_nullable(field->type);
        const struct mr_schema_node *node = nullable ? field->type->branches[1] : field->type;
        if (strcmp(field->name, name) != 0) {
            gen_mistake(gen, topic, field->line, field->column,
                        "field %zu is '%s', but must be '%s'", i + 1, field->name, name);
            return;
        }
        if (nullable != want->nullable || node->type != want->type ||
            node->logical != want->logical ||
            (want->type == MR_AVRO_MAP && node->items->type != MR_AVRO_STRING))
            gen_mistake(gen, topic, field->line, field->column,
                        "'%s' must be %s%s%s%s, as in every event", name,
                        want->nullable ? "null or " : "", mr_avro_type_name(want->type),
                        want->logical ? " with logicalType " : "",
                        want->logical               ? mr_avro_logical_name(want->logical)
                        : want->type == MR_AVRO_MAP ? " of strings"
                                                    : "");
    }
}

/* topics.yaml may name a data member that gives the correlation id or the time. */
static void check_named(struct gen *gen, const struct gen_topic *topic,
                        const struct mr_schema_node *data, const char *key, const char *name,
                        enum mr_avro_type type, enum mr_avro_logical logical)
{
    const struct mr_schema_field *field =
        name ? mr_schema_field_find(data, mr_str_from(name)) : NULL;
    const char *words[256];
    size_t n_words = 0;

    if (!name)
        return;
    for (; n_words < data->n_fields && n_words < MR_N_ELEMENTS(words); n_words++)
        words[n_words] = data->fields[n_words].name;
    const char *near = mr_nearest(name, words, n_words);
    if (!field)
        gen_mistake(gen, topic, data->line, data->column,
                    "topics.yaml takes the %s of '%s' from '%s', which data does not have%s%s%s",
                    key, topic->topic->name, name, near ? "; did it mean '" : "", near ? near : "",
                    near ? "'?" : "");
    else if (field->type->type != type || (logical && field->type->logical != logical))
        gen_mistake(gen, topic, field->line, field->column,
                    "topics.yaml takes the %s of '%s' from '%s', so this must be %s, and not null",
                    key, topic->topic->name, name, logical ? "timestamp-micros" : "a string");
}

static void check_clash(struct gen *gen, const struct gen_topic *topic,
                        const struct mr_schema_node *record, const struct mr_schema_field *field,
                        const char *extra)
{
    for (size_t i = 0; i < record->n_fields; i++)
        if (strcmp(gen_member_name(gen, record->fields[i].name), extra) == 0)
            gen_mistake(
                gen, topic, field->line, field->column,
                "field '%s' needs a member '%s' beside it in C, which another field is called",
                field->name, extra);
}

static void check_members(struct gen *gen, const struct gen_topic *topic,
                          const struct gen_type *type)
{
    const struct mr_schema_node *record = type->node;
    struct gen_member member;

    if (record->n_fields == 0)
        gen_mistake(gen, topic, record->line, record->column,
                    "record '%s' has no fields: C has no such struct", record->fullname);
    for (size_t i = 0; i < record->n_fields; i++) {
        const struct mr_schema_field *field = &record->fields[i];
        if (!gen_member(gen, topic, field, &member))
            continue;
        if (member.nullable)
            check_clash(gen, topic, record, field, gen_printf(gen, "has_%s", member.name));
        if (member.kind == MR_FIELD_ARRAY || member.kind == MR_FIELD_MAP)
            check_clash(gen, topic, record, field, gen_printf(gen, "n_%s", member.name));
        if (member.kind == MR_FIELD_RECORD && member.record && member.record >= type)
            gen_mistake(gen, topic, field->line, field->column,
                        "field '%s' puts '%s' into itself: C can hold that in an array only",
                        field->name, member.record->node->fullname);
    }
}

void gen_check(struct gen *gen, const struct gen_topic *topic)
{
    const struct mr_schema_node *root = mr_schema_root(topic->schema);

    if (root->type != MR_AVRO_RECORD) {
        gen_mistake(gen, topic, root->line, root->column, "an event is a record, not %s",
                    mr_avro_type_name(root->type));
        return;
    }
    check_names(gen, topic, root);
    check_envelope(gen, topic, root);
    const struct mr_schema_field *data = mr_schema_field_find(root, MR_STR("data"));
    if (data && data->type->type == MR_AVRO_RECORD) {
        check_named(gen, topic, data->type, "key", topic->topic->key, MR_AVRO_STRING,
                    MR_LOGICAL_NONE);
        check_named(gen, topic, data->type, "time", topic->topic->time, MR_AVRO_LONG,
                    MR_LOGICAL_TIMESTAMP_MICROS);
    }
    for (size_t i = 0; i < topic->n_types; i++)
        if (topic->types[i].node->type == MR_AVRO_RECORD)
            check_members(gen, topic, &topic->types[i]);
}
