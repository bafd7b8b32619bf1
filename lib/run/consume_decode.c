/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a record into the generated struct: wire format, writer's schema, plan. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consume.h"

/* ---- wire format ---- */

struct wire {
    int32_t id;
    const uint8_t *guid; /* NULL: id */
    struct mr_bytes avro;
};

enum { AWAY_LEAST = 250000, AWAY_MOST = 30000000 }; /* µs */
enum { MAGIC_ID = 0, MAGIC_GUID = 1, PREFIX = 5, GUID = 16 };

static int32_t be32(const uint8_t *p)
{
    return (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

/* The header form has the schema beside the value, which is Avro from its first byte. */
static int read_header_form(struct mr_bytes header, struct mr_bytes value, struct wire *ret)
{
    if (!header.data || header.len == 0)
        return MR_INVALID;
    ret->avro = value;
    if (header.data[0] == MAGIC_GUID && header.len == 1 + GUID) {
        ret->guid = header.data + 1;
        return 0;
    }
    if (header.data[0] == MAGIC_ID && header.len == PREFIX) {
        ret->id = be32(header.data + 1);
        return 0;
    }
    return MR_INVALID;
}

static int read_wire(struct mr_tx *tx, struct wire *ret)
{
    const struct consume_record *record = tx->record;
    struct mr_bytes value = record->value, header;

    *ret = (struct wire){0};
    if (value.len >= PREFIX && value.data[0] == MAGIC_ID) {
        ret->id = be32(value.data + 1);
        ret->avro = (struct mr_bytes){value.data + PREFIX, value.len - PREFIX};
        return 0;
    }
    if (consume_find_header(tx->run, record, "__value_schema_id", &header) == 0 &&
        read_header_form(header, value, ret) == 0)
        return 0;
    if (value.len < PREFIX)
        return mr_error_set(&tx->error, MR_INVALID,
                            "not in the registry's wire format: only %zu bytes", value.len);
    return mr_error_set(
        &tx->error, MR_INVALID,
        "not in the registry's wire format: begins with byte 0x%02x, not 0x00 and a "
        "schema id",
        value.data[0]);
}

/* ---- plans ---- */

static bool is_writer(const struct consume_writer *writer, const struct wire *wire)
{
    if (wire->guid)
        return writer->by_guid && memcmp(writer->guid, wire->guid, GUID) == 0;
    return !writer->by_guid && writer->id == wire->id;
}

/* A schema that cannot be read is remembered as well: there will be more of its records. */
static int add_writer(struct consume_topic *t, const struct wire *wire, struct mr_schema *schema,
                      struct consume_writer **ret, struct mr_error *reterr)
{
    struct consume_writer fresh = {.id = wire->id, .by_guid = wire->guid != NULL};

    if (wire->guid)
        memcpy(fresh.guid, wire->guid, GUID);
    int r = t->way
                ? mr_upcast_of_way(t->way, schema, &fresh.upcast, reterr)
                : mr_struct_reader_new(schema, t->schema, t->topic->record, &fresh.reader, reterr);
    if (r == MR_INVALID)
        fresh.why = strdup(reterr->text);
    if (r < 0 || (r == MR_INVALID && !fresh.why))
        return r < 0 ? r : -ENOMEM;
    if (t->n_writers < CONSUME_WRITERS) {
        t->last = t->n_writers++;
    } else {
        t->last = (t->last + 1) % CONSUME_WRITERS;
        consume_drop_writer(&t->writers[t->last]);
    }
    t->writers[t->last] = fresh;
    *ret = &t->writers[t->last];
    return 0;
}

/* A request that waits for its answer holds up all partitions and keeps the transaction's locks. So
 * a registry that does not answer is asked for no more than a third of the time, for all of them
 * together. A clock that was set back does not count. */
static int ask_registry(struct mr_tx *tx, const struct wire *wire, struct mr_schema **ret)
{
    struct consume *run = tx->run;
    int64_t begun = run->world.now(run->world.self), left = run->registry_until - begun;

    if (left > 0 && left <= AWAY_MOST)
        return mr_error_set(&tx->error, MR_AGAIN, "the registry did not answer just now");
    int r = run->registry.schema(run->registry.self, wire->id, wire->guid, ret, &tx->error);
    if (r != MR_AGAIN)
        return r;
    int64_t now = run->world.now(run->world.self), away = 2 * (now - begun);
    run->registry_until = now + (away < AWAY_LEAST  ? AWAY_LEAST
                                 : away > AWAY_MOST ? AWAY_MOST
                                                    : away);
    return r;
}

static int writer_of(struct mr_tx *tx, struct consume_topic *t, const struct wire *wire,
                     struct consume_writer **ret)
{
    struct mr_schema *schema;

    if (t->n_writers > 0 && is_writer(&t->writers[t->last], wire)) {
        *ret = &t->writers[t->last];
        return 0;
    }
    for (size_t i = 0; i < t->n_writers; i++) {
        if (is_writer(&t->writers[i], wire)) {
            t->last = i;
            *ret = &t->writers[i];
            return 0;
        }
    }
    int r = ask_registry(tx, wire, &schema);
    return r != 0 ? r : add_writer(t, wire, schema, ret, &tx->error);
}

/* ---- one record ---- */

static int place_event(struct mr_tx *tx, struct consume_topic *t, const void *data)
{
    const struct consume_record *record = tx->record;
    const struct mr_envelope *envelope = data;

    tx->run->event_at = envelope->timestamp;
    tx->event = (struct mr_event){
        .topic = t->as,
        .partition = record->partition,
        .offset = record->offset,
        .envelope = envelope,
        .record = data,
        .flow = record->key,
        .attempt = record->attempt,
    };
    if (record->key.len == 0)
        tx->event.flow = (struct mr_bytes){(const uint8_t *)envelope->correlation_id.data,
                                           envelope->correlation_id.len};
    if (mr_uuid_parse(envelope->event_id, &tx->event.id) == 0)
        return 0;
    return mr_error_set(&tx->error, MR_INVALID, "event_id is not a UUID");
}

/* The older major's data as the handler's; kept until the next record. */
static int upcast(struct mr_tx *tx, const struct consume_topic *t, const struct mr_upcast *how,
                  struct mr_bytes *avro)
{
    struct mr_buf *out = &tx->run->upcast;

    out->len = 0;
    int r = mr_upcast_run(how, avro->data, avro->len, tx->run->arena, out, &tx->error);
    *avro = (struct mr_bytes){out->data, out->len};
    if (r == MR_INVALID) {
        struct mr_error why = tx->error;
        (void)mr_error_set(&tx->error, r, "cannot be made %s: %s", t->as->name, why.text);
    } else if (r == 0) {
        tx->run->count.upcast++;
    }
    return r;
}

int consume_decode(struct mr_tx *tx, enum consume_fault *ret_fault)
{
    struct consume_topic *t = consume_topic_of(tx->run, mr_str_from(tx->record->topic->name));
    struct consume_writer *writer = NULL;
    struct wire wire;

    *ret_fault = CONSUME_NO_WIRE_FORMAT;
    int r = read_wire(tx, &wire);
    if (r != 0)
        return r;
    *ret_fault = CONSUME_UNKNOWN_SCHEMA;
    r = writer_of(tx, t, &wire, &writer);
    if (r != 0)
        return r == MR_ABSENT ? MR_INVALID : r;
    *ret_fault = CONSUME_UNREADABLE;
    if (!writer->reader && !writer->upcast)
        return mr_error_set(&tx->error, MR_INVALID, "schema %d cannot be read as %s: %s", wire.id,
                            t->topic->name, writer->why);
    if (writer->upcast) {
        *ret_fault = CONSUME_NOT_UPCAST;
        r = upcast(tx, t, writer->upcast, &wire.avro);
        if (r != 0)
            return r;
    }
    void *data = mr_arena_alloc(tx->run->arena, t->as->record->size);
    if (!data)
        return -ENOMEM;
    r = mr_struct_read(writer->upcast ? t->reader : writer->reader, wire.avro.data, wire.avro.len,
                       tx->run->arena, data, &tx->error);
    return r != 0 ? r : place_event(tx, t, data);
}

/* ---- the same record in JSON, for a handler that keeps it whole ---- */

/* The writer's own schema; the registry has it in its cache. */
static int json_decoder_of(struct mr_tx *tx, const struct wire *wire, struct consume_writer *writer)
{
    struct consume_registry *registry = &tx->run->registry;
    struct mr_schema *schema;

    if (writer->json)
        return 0;
    int r = registry->schema(registry->self, wire->id, wire->guid, &schema, &tx->error);
    return r != 0 ? r : mr_json_decoder_new(schema, NULL, NULL, &writer->json, &tx->error);
}

int mr_tx_json(struct mr_tx *tx, struct mr_str *ret_json)
{
    struct consume_topic *t = consume_topic_of(tx->run, mr_str_from(tx->record->topic->name));
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct consume_writer *writer;
    struct wire wire;

    int r = read_wire(tx, &wire);
    if (r == 0)
        r = writer_of(tx, t, &wire, &writer);
    if (r == 0)
        r = json_decoder_of(tx, &wire, writer);
    if (r == 0)
        r = mr_json_decode(writer->json, wire.avro.data, wire.avro.len, &out, &tx->error);
    if (r != 0)
        return r == MR_ABSENT ? MR_INVALID : r;
    char *text = mr_arena_dup(tx->run->arena, (const char *)out.data, out.len);
    if (!text)
        return -ENOMEM;
    *ret_json = (struct mr_str){text, out.len};
    return 0;
}
