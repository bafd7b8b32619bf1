/* SPDX-License-Identifier: Apache-2.0 */
/* Events that handlers emit: envelope, Avro, headers, outbox row. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consume.h"
#include "millrace/time.h"

enum { ID = MR_UUID_TEXT, PREFIX = 5 };

/* ---- at start: the registry must hold what may be emitted ---- */

static int open_emission(struct consume *run, struct consume_emission *e,
                         const struct mr_topic *topic, struct mr_error *reterr)
{
    struct mr_str text = {topic->schema_text, topic->schema_len};
    char subject[256];

    e->topic = topic;
    int r = mr_schema_parse(text.data, text.len, NULL, &e->schema, reterr);
    if (r == 0)
        r = mr_struct_writer_new(e->schema, topic->record, &e->writer, reterr);
    if (r != 0)
        return r == MR_INVALID ? -EINVAL : r;
    (void)snprintf(subject, sizeof(subject), "%s-value", topic->name);
    r = run->registry.lookup(run->registry.self, subject, text, &e->schema_id, reterr);
    if (r == MR_ABSENT)
        return mr_error_set(reterr, MR_INVALID,
                            "the registry does not hold the schema of %s: run `millrace schema "
                            "register` first",
                            topic->name);
    return r;
}

static int add_emission(struct consume *run, const struct mr_topic *topic, struct mr_error *reterr)
{
    for (size_t i = 0; i < run->n_emissions; i++)
        if (run->emissions[i].topic == topic)
            return 0;
    struct consume_emission *grown =
        realloc(run->emissions, (run->n_emissions + 1) * sizeof(*run->emissions));
    if (!grown)
        return -ENOMEM;
    run->emissions = grown;
    grown[run->n_emissions] = (struct consume_emission){.topic = topic};
    return open_emission(run, &grown[run->n_emissions++], topic, reterr);
}

static int add_emits(struct consume *run, const struct mr_saga_emits *emits,
                     struct mr_error *reterr)
{
    int r = 0;

    for (size_t i = 0; i < emits->n_items && r == 0; i++)
        r = add_emission(run, emits->items[i]->topic, reterr);
    return r;
}

static int add_sagas(struct consume *run, const struct mr_saga *saga, struct mr_error *reterr)
{
    int r = 0;

    for (size_t i = 0; i < MR_SAGA_N_MOMENTS && r == 0; i++)
        r = add_emits(run, &saga->at[i], reterr);
    for (size_t i = 0; i < saga->n_steps && r == 0; i++) {
        r = add_emits(run, &saga->steps[i].emit, reterr);
        if (r == 0)
            r = add_emits(run, &saga->steps[i].undo, reterr);
    }
    return r;
}

int consume_emissions_open(struct consume *run, struct mr_error *reterr)
{
    const struct mr_topic *const *emits = run->consumer->emits;
    int r = 0;

    for (size_t i = 0; emits && emits[i] && r == 0; i++)
        r = add_emission(run, emits[i], reterr);
    for (size_t i = 0; i < run->sagas.n_items && r == 0; i++)
        r = add_sagas(run, run->sagas.items[i], reterr);
    return r;
}

void consume_emissions_close(struct consume *run)
{
    for (size_t i = 0; i < run->n_emissions; i++) {
        (void)mr_struct_writer_unref(run->emissions[i].writer);
        (void)mr_schema_unref(run->emissions[i].schema);
    }
    free(run->emissions);
    run->emissions = NULL;
    run->n_emissions = 0;
}

/* ---- envelope ---- */

static const struct mr_record_field *field_of(const struct mr_record_desc *desc, const char *name)
{
    for (size_t i = 0; i < desc->n_fields; i++)
        if (strcmp(desc->fields[i].name, name) == 0)
            return &desc->fields[i];
    return NULL;
}

/* The data member that topics.yaml names as the event's time; 0 without one. */
static int64_t time_of(const struct mr_topic *topic, const void *record)
{
    const struct mr_record_field *data = field_of(topic->record, "data");
    const struct mr_record_field *member =
        topic->time && data && data->record ? field_of(data->record, topic->time) : NULL;
    int64_t time = 0;

    if (member && member->kind == MR_FIELD_LONG)
        memcpy(&time, (const char *)record + data->offset + member->offset, sizeof(time));
    return time;
}

/* Derived from the cause, so that a second delivery emits the same events: UUIDv5, in the space of
 * the cause's id, of the topic's name, '/' and the count of events that were emitted before; later,
 * in the event's name, of what is done between the two. */
static void derive_id(const struct mr_tx *tx, const struct mr_topic *topic, char out[ID])
{
    char name[512];
    struct mr_uuid id;
    int len = snprintf(name, sizeof(name), "%s/%.*s%s%u", topic->name, MR_STR_ARG(tx->name),
                       tx->name.len > 0 ? "/" : "", tx->n_emitted);

    mr_uuid_v5(&tx->event.id, name, (size_t)len, &id);
    mr_uuid_format(&id, out);
}

static int fill_envelope(struct mr_tx *tx, const struct mr_topic *topic, void *record)
{
    const struct mr_envelope *cause = tx->event.envelope;
    struct mr_envelope *e = record;
    struct mr_arena *arena = tx->run->arena;

    char *id = mr_arena_alloc(arena, ID);
    char *version = mr_arena_alloc(arena, MR_TOPIC_VERSION);
    if (!id || !version)
        return -ENOMEM;
    derive_id(tx, topic, id);
    e->event_id = (struct mr_str){id, ID};
    e->event_type = mr_str_from(topic->types[0]);
    e->event_version = mr_str_from(mr_topic_version(topic, version));
    if (e->timestamp == 0)
        e->timestamp = time_of(topic, record);
    if (e->timestamp == 0)
        e->timestamp = tx->now;
    if (e->correlation_id.len == 0)
        e->correlation_id = cause->correlation_id;
    e->has_causation_id = true;
    e->causation_id = cause->event_id;
    e->source_service = mr_str_from(topic->service);
    if (!e->has_user_id) {
        e->has_user_id = cause->has_user_id;
        e->user_id = cause->user_id;
    }
    if (!e->has_session_id) {
        e->has_session_id = cause->has_session_id;
        e->session_id = cause->session_id;
    }
    return 0;
}

/* ---- headers ---- */

static int put(struct mr_buf *out, const char *name, struct mr_str text)
{
    return consume_pack(out, name, (struct mr_bytes){(const uint8_t *)text.data, text.len});
}

/* W3C: the trace goes on, this event is its new parent. Nothing is begun where none came in. */
static int put_trace(struct mr_tx *tx, const struct mr_envelope *e, struct mr_buf *out)
{
    static const char *const along[] = {"tracestate", "baggage"};
    struct mr_bytes value;
    char text[55];
    int r = 0;

    if (consume_find_header(tx->run, tx->record, "traceparent", &value) != 0 ||
        value.len < sizeof(text))
        return 0;
    memcpy(text, value.data, sizeof(text));
    memcpy(text + 36, e->event_id.data, 8); /* 16 hex digits of the id, hyphens left out */
    memcpy(text + 44, e->event_id.data + 9, 4);
    memcpy(text + 48, e->event_id.data + 14, 4);
    r = put(out, "traceparent", (struct mr_str){text, sizeof(text)});
    for (size_t i = 0; i < MR_N_ELEMENTS(along) && r == 0; i++)
        if (consume_find_header(tx->run, tx->record, along[i], &value) == 0)
            r = consume_pack(out, along[i], value);
    return r;
}

static int put_headers(struct mr_tx *tx, const struct mr_envelope *e, struct mr_buf *out)
{
    char when[MR_TIME_MAX];
    const struct {
        const char *name;
        struct mr_str value;
    } rows[] = {
        {"ce_specversion", MR_STR("1.0")},
        {"ce_id", e->event_id},
        {"ce_source", e->source_service},
        {"ce_type", e->event_type},
        {"ce_time", {when, mr_time_format_micros(e->timestamp, when)}},
        {"ce_correlationid", e->correlation_id},
        {"ce_causationid", e->causation_id},
        {"content-type", MR_STR("application/avro")},
    };
    int r = 0;

    for (size_t i = 0; i < MR_N_ELEMENTS(rows) && r == 0; i++)
        r = put(out, rows[i].name, rows[i].value);
    return r == 0 ? put_trace(tx, e, out) : r;
}

/* ---- the record ---- */

static const struct consume_emission *emission_of(const struct consume *run,
                                                  const struct mr_topic *topic)
{
    for (size_t i = 0; i < run->n_emissions; i++)
        if (run->emissions[i].topic == topic)
            return &run->emissions[i];
    return NULL;
}

static int put_value(const struct consume_emission *emission, const void *record,
                     struct mr_buf *out, struct mr_error *reterr)
{
    uint32_t id = (uint32_t)emission->schema_id;
    uint8_t prefix[PREFIX] = {0, (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
                              (uint8_t)id};

    out->len = 0;
    int r = mr_buf_append(out, prefix, sizeof(prefix));
    return r != 0 ? r : mr_struct_write(emission->writer, record, out, reterr);
}

int mr_tx_emit(struct mr_tx *tx, const struct mr_topic *topic, const void *record)
{
    struct consume *run = tx->run;
    const struct consume_emission *emission = emission_of(run, topic);

    if (!emission)
        return mr_error_set(&tx->error, -EINVAL, "%s emits %s, which its .emits does not list",
                            run->consumer->name, topic->name);
    void *copy = mr_arena_alloc(run->arena, topic->record->size);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, record, topic->record->size);
    int r = fill_envelope(tx, topic, copy);
    if (r == 0)
        r = put_value(emission, copy, &run->value, &tx->error);
    run->packed.len = 0;
    if (r == 0)
        r = put_headers(tx, copy, &run->packed);
    if (r != 0)
        return r;
    const struct mr_envelope *e = copy;
    struct mr_outbox_record row = {
        .topic = mr_str_from(topic->name),
        .key = {(const uint8_t *)e->correlation_id.data, e->correlation_id.len},
        .value = {run->value.data, run->value.len},
        .headers = {run->packed.data, run->packed.len},
        .cause_topic = mr_str_from(tx->record->topic->name),
        .cause_partition = tx->record->partition,
    };
    r = mr_outbox_add(run->store, &row, &tx->error);
    if (r != 0)
        return r;
    tx->n_emitted++;
    run->outbox.waiting = true;
    return 0;
}
