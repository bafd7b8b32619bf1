/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of a new event: schema, row of topics.yaml, test. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "millrace/codec.h"
#include "millrace/error.h"
#include "schema_new.h"
#include "schema_row.h"

/* A topic to take after: of the service, else of its platform, else any. */
static const struct mr_topic *neighbour(const struct new_event *event)
{
    const struct mr_catalog *catalog = event->tree->catalog;
    const struct mr_topic *any = NULL;

    if (event->service->n_topics > 0)
        return event->service->topics[0];
    for (size_t i = 0; i < catalog->n_topics; i++) {
        if (catalog->topics[i].dead_letter)
            continue;
        if (catalog->topics[i].platform == event->service->platform)
            return &catalog->topics[i];
        any = any ? any : &catalog->topics[i];
    }
    return any;
}

static const struct mr_schema_node *root_of(const struct new_event *event,
                                            const struct mr_topic *topic)
{
    const struct mr_version *version = topic ? mr_tree_newest(event->tree, topic->name) : NULL;

    return version && version->schema ? mr_schema_root(version->schema) : NULL;
}

/* "order", "id" as the neighbour spells members: order_id, orderId, OrderId. */
static void spell(const struct new_event *event, const char *first, const char *second, char *out,
                  size_t cap)
{
    const struct mr_schema_node *root = root_of(event, neighbour(event));
    const struct mr_schema_field *data =
        root && root->type == MR_AVRO_RECORD ? mr_schema_field_find(root, MR_STR("data")) : NULL;
    bool snake = true, pascal = false;
    size_t len = 0;

    for (size_t i = 0; data && i < data->type->n_fields; i++) {
        const char *name = data->type->fields[i].name;
        snake = snake && strcspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(name);
        pascal = pascal || (i == 0 && isupper((unsigned char)*name));
    }
    (void)snprintf(out, cap, "%s-%s", first, second);
    for (size_t i = 0; out[i]; i++) {
        bool starts = i == 0 ? pascal : out[i] == '-';
        if (out[i] == '-' && snake)
            out[len++] = '_';
        else if (starts)
            out[len++] = (char)toupper((unsigned char)out[i += out[i] == '-']);
        else
            out[len++] = out[i];
    }
    out[len] = '\0';
}

/* What precedes the item `data` in the list "fields" of an event's text: the envelope, as written.
 */
static bool find_envelope(struct mr_str text, struct mr_str *ret)
{
    struct mr_json_cursor at = {text.data, text.data, text.data + text.len};
    struct mr_str name = {0};
    MR_AUTO(mr_buf) struct mr_buf scratch = {0};

    mr_json_space(&at);
    for (at.at++; at.at < at.end && !mr_str_is(name, "fields");) {
        mr_json_space(&at);
        if (mr_json_string(&at, &scratch, &name, NULL) != 0)
            return false;
        mr_json_space(&at);
        at.at++; /* the colon: the text is a schema, so valid */
        mr_json_space(&at);
        if (!mr_str_is(name, "fields") && mr_json_skip(&at, NULL) != 0)
            return false;
        mr_json_space(&at);
        at.at += at.at < at.end && *at.at == ',';
    }
    const char *from = at.at + 1;
    for (size_t i = 0; i < MR_ENVELOPE_DATA && at.at < at.end; i++) {
        at.at++; /* the bracket, or the comma */
        mr_json_space(&at);
        if (mr_json_skip(&at, NULL) != 0)
            return false;
        mr_json_space(&at);
    }
    *ret = (struct mr_str){from, (size_t)(at.at - from)};
    return at.at < at.end && *at.at == ',';
}

static bool has_envelope(const struct mr_version *version)
{
    const struct mr_schema_node *root = version->schema ? mr_schema_root(version->schema) : NULL;

    if (!root || root->type != MR_AVRO_RECORD || root->n_fields != MR_ENVELOPE_N_FIELDS)
        return false;
    for (enum mr_envelope_field i = 0; i < MR_ENVELOPE_N_FIELDS; i++)
        if (strcmp(root->fields[i].name, mr_envelope_field_name(i)) != 0)
            return false;
    return true;
}

/* Of a file of the project that has it, else of the schemas that were compiled in. */
static bool common_envelope(const struct new_event *event, struct mr_str *ret)
{
    const struct mr_catalog *own = mr_catalog_builtin();

    for (size_t i = 0; i < event->tree->n_versions; i++)
        if (has_envelope(&event->tree->versions[i]))
            return find_envelope(event->tree->versions[i].text, ret);
    for (size_t i = 0; i < own->n_topics; i++)
        if (!own->topics[i].dead_letter)
            return find_envelope(
                (struct mr_str){own->topics[i].schema_text, own->topics[i].schema_len}, ret);
    return false;
}

/* "EVENT_READY" as the name of a record: EventReady. */
static void record_name(const char *name, char *out)
{
    bool shouted = strpbrk(name, "abcdefghijklmnopqrstuvwxyz") == NULL, starts = true;

    for (; *name; name++) {
        if (shouted && *name == '_') {
            starts = true;
            continue;
        }
        *out++ = shouted && !starts ? (char)tolower((unsigned char)*name) : *name;
        starts = false;
    }
    *out = '\0';
}

static int put_data(const struct new_event *event, struct mr_buf *raw)
{
    return mr_buf_printf(
        raw,
        ",{\"name\":\"data\",\"type\":{\"type\":\"record\",\"name\":\"%sData\",\"doc\":\"What "
        "happened.\",\"fields\":["
        "{\"name\":\"%s\",\"type\":\"string\",\"minLength\":1,\"doc\":\"The %s that it is "
        "about.\"},"
        "{\"name\":\"%s\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"},"
        "\"doc\":\"When it happened.\"}]},"
        "\"doc\":\"The event itself, spelled as its contract spells it.\"}]}",
        event->record, event->key, event->parts[1], event->time);
}

static int schema_text(struct new_event *event, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf raw = {0};
    struct mr_str envelope = {0};
    char space[300], words[420];
    const char *doc = event->doc ? event->doc : words;

    if (!common_envelope(event, &envelope))
        return mr_error_set(reterr, MR_INVALID, "no schema of the project has an envelope");
    (void)snprintf(space, sizeof(space), "millrace.%s.%s", event->parts[0], event->parts[1]);
    for (char *p = space; *p; p++)
        *p = *p == '-' ? '_' : *p;
    (void)snprintf(words, sizeof(words), "%s: %s %s.", event->service->platform->title,
                   event->parts[1], event->parts[2]);
    int r = mr_buf_printf(
        &raw, "{\"type\":\"record\",\"name\":\"%s\",\"namespace\":\"%s\",\"doc\":", event->record,
        space);
    if (r == 0)
        r = mr_buf_json_string(&raw, doc, strlen(doc));
    if (r == 0)
        r = mr_buf_printf(&raw, ",\"fields\":[%.*s", MR_STR_ARG(envelope));
    if (r == 0)
        r = put_data(event, &raw);
    return r == 0 ? mr_schema_layout((struct mr_str){(const char *)raw.data, raw.len},
                                     &event->schema, reterr)
                  : r;
}

/* A line for what the schema takes, one for what it does not. */
static int test_text(struct new_event *event)
{
    return mr_buf_printf(
        &event->test,
        "{\"accepted\": true, \"data\": {\"%s\": \"1\", \"%s\": \"2024-01-15T10:00:00Z\"}}\n"
        "{\"accepted\": false, \"where\": \"/data/%s\", \"data\": {\"%s\": \"\", \"%s\": "
        "\"2024-01-15T10:00:00Z\"}}\n",
        event->key, event->time, event->key, event->key, event->time);
}

/* A new major version begins as the one before it. Its first example has no member at all: whether
 * that is enough tell the defaults. */
static int as_before(struct new_event *event, const struct mr_topic *before)
{
    const struct mr_schema_node *root = root_of(event, before);
    const struct mr_schema_field *data =
        root && root->type == MR_AVRO_RECORD ? mr_schema_field_find(root, MR_STR("data")) : NULL;
    bool enough = true;

    for (size_t i = 0; data && i < data->type->n_fields; i++)
        enough = enough && data->type->fields[i].default_value;
    (void)snprintf(event->key, sizeof(event->key), "what v%d has", event->major - 1);
    int r = mr_buf_append(&event->schema, before->schema_text, before->schema_len);
    if (r == 0)
        r = mr_buf_printf(&event->test, "{\"accepted\": %s, \"where\": \"/data\", \"data\": {}}\n",
                          enough ? "true" : "false");
    return r;
}

/* The neighbour's spelling of its type, with the new words in the place of its own: "order.created"
 * -> "order.shipped", "com.shop.order.created.v1" -> "com.shop.order.shipped.v1". */
static bool type_like(const struct new_event *event, const struct mr_topic *near, char out[300])
{
    char words[2][220];
    const char *type = near && near->n_types > 0 ? near->types[0] : "", *at = NULL;

    for (int underscores = 0; underscores < 2 && !at; underscores++) {
        (void)snprintf(words[0], sizeof(words[0]), "%s.%s", near ? near->domain : "",
                       near ? near->action : "");
        (void)snprintf(words[1], sizeof(words[1]), "%s.%s", event->parts[1], event->parts[2]);
        for (size_t i = 0; underscores && i < 2; i++)
            for (char *p = words[i]; *p; p++)
                *p = *p == '-' ? '_' : *p;
        at = near ? strstr(type, words[0]) : NULL;
    }
    if (!at)
        return false;
    (void)snprintf(out, 300, "%.*s%s%s", (int)(at - type), type, words[1], at + strlen(words[0]));
    return true;
}

static int row_text(struct new_event *event, const struct mr_topic *before, struct mr_error *reterr)
{
    const struct mr_topic *near = neighbour(event);
    char type[300];
    const char *const types[] = {type};
    struct schema_row row = {.service = event->parts[0],
                             .topic = event->topic + strlen(event->parts[0]) + 1,
                             .event = event->event_name,
                             .consumers = event->consumers->items,
                             .n_consumers = event->consumers->n_items};

    if (before) {
        row.key = before->key;
        row.time = before->time;
        row.types = before->types;
        row.n_types = before->n_types;
        row.consumers = row.n_consumers ? row.consumers : before->consumers;
        row.n_consumers = row.n_consumers ? row.n_consumers : before->n_consumers;
    } else if (near && near->platform == event->service->platform && near->key && near->time) {
        row.key = event->key;
        row.time = event->time;
    }
    if (!before && type_like(event, near, type)) {
        row.types = types;
        row.n_types = 1;
    }
    return schema_row_insert(event->tree->topics_text, &row, &event->topics, reterr);
}

int new_texts(struct new_event *event, struct mr_error *reterr)
{
    const struct mr_topic *before = NULL;

    for (size_t i = 0; i < event->service->n_topics; i++) {
        const struct mr_topic *topic = event->service->topics[i];
        if (strcmp(topic->domain, event->parts[1]) == 0 &&
            strcmp(topic->action, event->parts[2]) == 0 && topic->major == event->major - 1)
            before = topic;
    }
    record_name(event->event_name, event->record);
    spell(event, event->parts[1], "id", event->key, sizeof(event->key));
    spell(event, "occurred", "at", event->time, sizeof(event->time));
    int r = before ? as_before(event, before) : schema_text(event, reterr);
    if (r == 0 && !before)
        r = test_text(event);
    return r == 0 ? row_text(event, before, reterr) : r;
}
