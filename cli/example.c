/* SPDX-License-Identifier: Apache-2.0 */
/* An event as its platform writes it: the simulation has one early of every event. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "json_view.h"
#include "simulate/sim.h"

enum { EARLY_FLOWS = 2000 };

static const struct sim_platform *const platforms[] = {
    &sim_bookings, &sim_festivo, &sim_first_viscount, &sim_product_management, &sim_ticketwave,
};

/* The text at the first pointer of the envelopes' event type that stands at top level. */
static bool type_of(const struct mr_topic *topic, struct mr_str event, struct mr_str *ret_type)
{
    for (size_t i = 0; i < topic->platform->n_envelopes; i++) {
        const struct mr_envelope_map *map = topic->platform->envelopes[i];
        const struct mr_envelope_source *source = &map->fields[MR_ENVELOPE_EVENT_TYPE];
        struct mr_str value;
        if (map->when && !json_member(event, mr_str_from(map->when + 1), &value))
            continue;
        for (size_t k = 0; k < source->n_pointers; k++)
            if (json_member(event, mr_str_from(source->pointers[k] + 1), &value)) {
                *ret_type = json_scalar(value, NULL);
                return true;
            }
        return false;
    }
    return false;
}

/* An event without a type is known by its members. */
static bool fits(const struct mr_schema_node *data, struct mr_str event)
{
    struct json_walk walk;
    struct mr_str key, value;

    if (!json_walk_start(&walk, event))
        return false;
    while (json_walk_next(&walk, &key, &value))
        if (!mr_schema_field_find(data, key))
            return false;
    for (size_t i = 0; i < data->n_fields; i++)
        if (!data->fields[i].default_value &&
            !json_member(event, mr_str_from(data->fields[i].name), &value))
            return false;
    return true;
}

static bool is_of(const struct mr_topic *topic, const struct mr_schema_node *data,
                  const struct sim_event *event)
{
    struct mr_str text = {event->text, event->len}, type;

    if (strcmp(event->service, topic->service) != 0)
        return false;
    if (!type_of(topic, text, &type))
        return data && fits(data, text);
    for (size_t i = 0; i < topic->n_types; i++)
        if (mr_str_is(type, topic->types[i]))
            return true;
    return mr_str_is(type, topic->name);
}

static int search(const struct sim_platform *platform, const struct mr_topic *topic,
                  const struct mr_schema_node *data, struct mr_buf *out)
{
    struct sim s;
    struct sim_event event;
    int64_t next = INT64_C(1736935200000000); /* any day will do */
    int r = MR_ABSENT;

    sim_init(&s, platform->name, 1, next);
    for (uint64_t flow = 0; r == MR_ABSENT && flow < EARLY_FLOWS; flow++) {
        s.now = next;
        platform->flow(&s, flow);
        next += platform->pause;
        while (r == MR_ABSENT && sim_take(&s, next, &event)) {
            if (is_of(topic, data, &event))
                r = mr_buf_append(out, event.text, event.len);
            free(event.text);
        }
    }
    r = s.error != 0 ? s.error : r;
    sim_done(&s);
    return r;
}

int describe_example(const struct mr_topic *topic, struct mr_buf *out)
{
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    const struct mr_schema_field *data = NULL;

    if (topic->schema_text) {
        int r = mr_schema_parse(topic->schema_text, topic->schema_len, NULL, &schema, NULL);
        if (r != 0)
            return r;
        data = mr_schema_field_find(mr_schema_root(schema), MR_STR("data"));
    }
    for (size_t i = 0; i < MR_N_ELEMENTS(platforms); i++)
        if (strcmp(platforms[i]->name, topic->platform->name) == 0)
            return search(platforms[i], topic, data ? data->type : NULL, out);
    return MR_ABSENT;
}

static int new_line(int indent, struct mr_buf *out)
{
    return mr_buf_printf(out, "\n%*s", indent, "");
}

int describe_pretty(struct mr_str json, int indent, struct mr_buf *out)
{
    struct json_walk walk, inside;
    struct mr_str key, value;
    bool any = false;

    if (!json_walk_start(&walk, json))
        return mr_buf_append_str(out, json);
    inside = walk;
    if (!json_walk_next(&inside, &key, &value))
        return mr_buf_printf(out, walk.object ? "{}" : "[]");
    int r = mr_buf_byte(out, walk.object ? '{' : '[');
    for (; r == 0 && json_walk_next(&walk, &key, &value); any = true) {
        r = any ? mr_buf_byte(out, ',') : 0;
        if (r == 0)
            r = new_line(indent + 2, out);
        if (r == 0 && walk.object)
            r = mr_buf_printf(out, "\"%.*s\": ", MR_STR_ARG(key));
        if (r == 0)
            r = describe_pretty(value, indent + 2, out);
    }
    if (r == 0)
        r = new_line(indent, out);
    return r != 0 ? r : mr_buf_byte(out, walk.object ? '}' : ']');
}
