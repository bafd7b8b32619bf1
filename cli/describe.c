/* SPDX-License-Identifier: Apache-2.0 */
/* An event's catalogue entry and its fields. */
#include "describe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "choose.h"
#include "json_view.h"

void doc_topic(struct doc *doc, const struct mr_topic *topic)
{
    char retention[32];

    doc_text(doc, "topic", topic->name);
    doc_text(doc, "service", topic->service);
    doc_text(doc, "platform", topic->platform->name);
    doc_long(doc, "partitions", topic->partitions);
    if (topic->replication >= 0)
        doc_long(doc, "replication", topic->replication);
    doc_text(doc, "retention", choose_retention(topic->retention_ms, retention, sizeof(retention)));
    if (topic->retention_ms != 0)
        doc_long(doc, "retention_ms", topic->retention_ms);
    doc_text(doc, "cleanup", topic->cleanup);
    doc_bool(doc, "dead_letters", topic->dead_letter);
}

void doc_event(struct doc *doc, const struct mr_topic *topic)
{
    doc_text(doc, "event", topic->event);
    doc_topic(doc, topic);
    doc_list(doc, "types");
    for (size_t i = 0; i < topic->n_types; i++)
        doc_text(doc, NULL, topic->types[i]);
    doc_end(doc);
    doc_list(doc, "consumers");
    for (size_t i = 0; i < topic->n_consumers; i++) {
        doc_object(doc, NULL);
        doc_text(doc, "group", topic->consumers[i]);
        doc_bool(doc, "optional", topic->consumer_optional[i]);
        doc_end(doc);
    }
    doc_end(doc);
    doc_text(doc, "compatibility", mr_compat_level_name(topic->compatibility));
    doc_text(doc, "schema", topic->schema_path);
}

enum { MAX_PATH = 512, MAX_TYPE = 512, MAX_RULES = 512 };

struct walk {
    int (*fn)(void *self, const struct described_field *field);
    void *self;
    char rules[MAX_RULES];
};

static void append(char *out, size_t cap, const char *text)
{
    size_t len = strlen(out);

    (void)snprintf(out + len, cap - len, "%s", text);
}

static const char *scalar_name(const struct mr_schema_node *node)
{
    static const char *const by_logical[] = {
        [MR_LOGICAL_UUID] = "uuid",
        [MR_LOGICAL_DATE] = "date",
        [MR_LOGICAL_TIME_MILLIS] = "time of day",
        [MR_LOGICAL_TIME_MICROS] = "time of day",
        [MR_LOGICAL_TIMESTAMP_MILLIS] = "instant",
        [MR_LOGICAL_TIMESTAMP_MICROS] = "instant",
        [MR_LOGICAL_TIMESTAMP_NANOS] = "instant",
        [MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS] = "local time",
        [MR_LOGICAL_LOCAL_TIMESTAMP_MICROS] = "local time",
        [MR_LOGICAL_LOCAL_TIMESTAMP_NANOS] = "local time",
        [MR_LOGICAL_DURATION] = "duration",
        [MR_LOGICAL_DECIMAL] = "decimal",
        [MR_LOGICAL_BIG_DECIMAL] = "decimal",
    };

    if (node->logical < MR_N_ELEMENTS(by_logical) && by_logical[node->logical])
        return by_logical[node->logical];
    return node->type == MR_AVRO_RECORD ? "object" : mr_avro_type_name(node->type);
}

static void type_text(const struct mr_schema_node *node, char *out, size_t cap)
{
    switch (node->type) {
    case MR_AVRO_ENUM:
        append(out, cap, "one of");
        for (size_t i = 0; i < node->n_symbols; i++) {
            append(out, cap, i ? ", " : " ");
            append(out, cap, node->symbols[i]);
        }
        return;
    case MR_AVRO_ARRAY:
    case MR_AVRO_MAP:
        append(out, cap, node->type == MR_AVRO_ARRAY ? "list of " : "map of ");
        type_text(node->items, out, cap);
        return;
    case MR_AVRO_UNION:
        for (size_t i = 0, n = 0; i < node->n_branches; i++) {
            if (node->branches[i]->type == MR_AVRO_NULL)
                continue;
            append(out, cap, n++ ? " or " : "");
            type_text(node->branches[i], out, cap);
        }
        return;
    case MR_AVRO_NULL:
    case MR_AVRO_BOOLEAN:
    case MR_AVRO_INT:
    case MR_AVRO_LONG:
    case MR_AVRO_FLOAT:
    case MR_AVRO_DOUBLE:
    case MR_AVRO_BYTES:
    case MR_AVRO_STRING:
    case MR_AVRO_RECORD:
    case MR_AVRO_FIXED:
        append(out, cap, scalar_name(node));
    }
}

static void add_rule(void *self, const char *name, const char *json)
{
    static const struct {
        const char *keyword, *words, *after;
    } known[] = {
        {"minimum", "at least ", ""},
        {"maximum", "at most ", ""},
        {"exclusiveMinimum", "more than ", ""},
        {"exclusiveMaximum", "less than ", ""},
        {"multipleOf", "a multiple of ", ""},
        {"minLength", "at least ", " characters"},
        {"maxLength", "at most ", " characters"},
        {"minItems", "at least ", " items"},
        {"maxItems", "at most ", " items"},
        {"pattern", "matches ", ""},
        {"format", "format ", ""},
        {"enum", "one of ", ""},
    };
    struct walk *walk = self;
    MR_AUTO(mr_buf) struct mr_buf scratch = {0};
    const struct mr_str value = json_scalar(mr_str_from(json), &scratch);
    char text[256] = "";

    for (size_t i = 0; i < MR_N_ELEMENTS(known); i++) {
        if (strcmp(known[i].keyword, name) != 0)
            continue;
        bool one = strcmp(name, "minLength") == 0 && strcmp(json, "1") == 0;
        if (one)
            (void)snprintf(text, sizeof(text), "not empty");
        else
            (void)snprintf(text, sizeof(text), "%s%.*s%s", known[i].words, MR_STR_ARG(value),
                           known[i].after);
        append(walk->rules, sizeof(walk->rules), *walk->rules ? ", " : "");
        append(walk->rules, sizeof(walk->rules), text);
        return;
    }
}

/* What is neither list, map nor union around it; path gets [] and .* on the way. */
static const struct mr_schema_node *core(const struct mr_schema_node *node, char *path, size_t cap,
                                         struct walk *walk, int *ret_r)
{
    for (;;) {
        if (*ret_r == 0)
            *ret_r = mr_schema_props_each(node->props, add_rule, walk);
        if (node->type == MR_AVRO_ARRAY || node->type == MR_AVRO_MAP) {
            append(path, cap, node->type == MR_AVRO_ARRAY ? "[]" : ".*");
            node = node->items;
            continue;
        }
        const struct mr_schema_node *only = NULL;
        size_t n = 0;
        for (size_t i = 0; node->type == MR_AVRO_UNION && i < node->n_branches; i++) {
            if (node->branches[i]->type == MR_AVRO_NULL)
                continue;
            only = node->branches[i];
            n++;
        }
        if (n != 1)
            return node;
        node = only;
    }
}

static bool nullable(const struct mr_schema_node *node)
{
    for (size_t i = 0; node->type == MR_AVRO_UNION && i < node->n_branches; i++)
        if (node->branches[i]->type == MR_AVRO_NULL)
            return true;
    return false;
}

static int walk_record(struct walk *walk, const struct mr_schema_node *node, const char *path,
                       int depth);

static int walk_field(struct walk *walk, const struct mr_schema_field *field, const char *path,
                      int depth)
{
    char below[MAX_PATH], type[MAX_TYPE] = "", inner[MAX_PATH] = "";
    MR_AUTO(mr_buf) struct mr_buf given = {0};
    int r = 0;

    (void)snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", field->name);
    type_text(field->type, type, sizeof(type));
    walk->rules[0] = '\0';
    r = mr_schema_props_each(field->props, add_rule, walk);
    const struct mr_schema_node *node = core(field->type, inner, sizeof(inner), walk, &r);
    if (r == 0 && field->default_text.len)
        r = mr_buf_append_str(&given, field->default_text);
    const char *def = r == 0 && given.len ? mr_buf_cstr(&given) : NULL;
    if (r == 0)
        r = walk->fn(walk->self, &(struct described_field){
                                     .path = below,
                                     .type = type,
                                     .required = !nullable(field->type) && !field->default_value,
                                     .rules = walk->rules,
                                     .doc = field->doc ? field->doc : "",
                                     .default_json = def,
                                 });
    append(below, sizeof(below), inner);
    return r == 0 && node->type == MR_AVRO_RECORD ? walk_record(walk, node, below, depth + 1) : r;
}

static int walk_record(struct walk *walk, const struct mr_schema_node *node, const char *path,
                       int depth)
{
    int r = 0;

    /* a schema may contain itself: ten levels tell enough */
    for (size_t i = 0; r == 0 && depth < 10 && i < node->n_fields; i++)
        r = walk_field(walk, &node->fields[i], path, depth);
    return r;
}

int describe_fields(const struct mr_schema_node *node, const char *path,
                    int (*fn)(void *self, const struct described_field *field), void *self)
{
    struct walk walk = {.fn = fn, .self = self};
    char inner[MAX_PATH];
    int r = 0;

    (void)snprintf(inner, sizeof(inner), "%s", path);
    node = core(node, inner, sizeof(inner), &walk, &r);
    return r == 0 && node->type == MR_AVRO_RECORD ? walk_record(&walk, node, inner, 0) : r;
}
