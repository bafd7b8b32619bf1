/* SPDX-License-Identifier: Apache-2.0 */
/* A decoder per schema id, found in a few instructions. */
#include "decoders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_BYTES = 5, GUID_BYTES = 17, FIRST_SLOTS = 256, MAX_DECODERS = 4096 };

static struct decoder_slot *new_slots(size_t n)
{
    struct decoder_slot *slots = calloc(n, sizeof(*slots));

    for (size_t i = 0; slots && i < n; i++)
        slots[i].id = -1;
    return slots;
}

int decoders_init(struct decoders *decoders, struct mr_registry *registry)
{
    *decoders = (struct decoders){.registry = registry,
                                  .slots = new_slots(FIRST_SLOTS),
                                  .n_slots = FIRST_SLOTS,
                                  .last = {.id = -1}};
    return decoders->slots ? 0 : -ENOMEM;
}

/* A topic that names ever more schemas must not fill the memory: begin anew. */
static void forget_all(struct decoders *decoders)
{
    for (size_t i = 0; i < decoders->n_slots; i++) {
        (void)mr_json_decoder_unref(decoders->slots[i].decoder);
        decoders->slots[i] = (struct decoder_slot){.id = -1};
    }
    decoders->n_used = 0;
    decoders->last = (struct decoder_slot){.id = -1};
}

void decoders_done(struct decoders *decoders)
{
    if (decoders->slots)
        forget_all(decoders);
    free(decoders->slots);
    *decoders = (struct decoders){.slots = NULL};
}

/* The id's slot, or the free one where it belongs. */
static struct decoder_slot *slot_of(struct decoder_slot *slots, size_t n_slots, int32_t id)
{
    size_t i = (uint32_t)id * UINT32_C(2654435761) & (n_slots - 1);

    while (slots[i].id != -1 && slots[i].id != id)
        i = (i + 1) & (n_slots - 1);
    return &slots[i];
}

static int grow(struct decoders *decoders)
{
    size_t n = decoders->n_slots * 2;
    struct decoder_slot *slots = new_slots(n);

    if (!slots)
        return -ENOMEM;
    for (size_t i = 0; i < decoders->n_slots; i++)
        if (decoders->slots[i].id != -1)
            *slot_of(slots, n, decoders->slots[i].id) = decoders->slots[i];
    free(decoders->slots);
    decoders->slots = slots;
    decoders->n_slots = n;
    return 0;
}

static int no_registry(struct mr_error *reterr)
{
    return mr_error_set(reterr, -EDESTADDRREQ,
                        "the records are Avro and no schema registry is given: use -r URL or start "
                        "'millrace up'");
}

static int fetch(struct decoders *decoders, int32_t id, struct mr_error *reterr)
{
    struct mr_schema *schema;
    struct mr_json_decoder *decoder;

    if (!decoders->registry)
        return no_registry(reterr);
    if (decoders->n_used == MAX_DECODERS)
        forget_all(decoders);
    if (decoders->n_used * 2 >= decoders->n_slots && grow(decoders) != 0)
        return -ENOMEM;
    int r = mr_registry_schema(decoders->registry, id, &schema, reterr);
    if (r == 0)
        r = mr_json_decoder_new(schema, NULL, NULL, &decoder, reterr);
    if (r == MR_ABSENT)
        return mr_error_set(reterr, MR_INVALID, "the registry has no schema with id %d", (int)id);
    if (r != 0)
        return r;
    struct decoder_slot *slot = slot_of(decoders->slots, decoders->n_slots, id);
    *slot = (struct decoder_slot){id, decoder};
    decoders->n_used++;
    decoders->last = *slot;
    return 0;
}

static int framed(struct decoders *decoders, struct mr_bytes value, struct mr_buf *out,
                  int32_t *ret_id, struct mr_error *reterr)
{
    const uint8_t *v = value.data;
    int32_t id =
        (int32_t)((uint32_t)v[1] << 24 | (uint32_t)v[2] << 16 | (uint32_t)v[3] << 8 | v[4]);

    if (MR_UNLIKELY(decoders->last.id != id)) {
        const struct decoder_slot *slot = slot_of(decoders->slots, decoders->n_slots, id);
        int r = id < 0 ? mr_error_set(reterr, MR_INVALID, "schema id %d is negative", (int)id)
                : slot->id == id ? 0
                                 : fetch(decoders, id, reterr);
        if (r != 0)
            return r;
        decoders->last = *slot_of(decoders->slots, decoders->n_slots, id);
    }
    *ret_id = id;
    return mr_json_decode(decoders->last.decoder, v + FRAME_BYTES, value.len - FRAME_BYTES, out,
                          reterr);
}

/* Rare: the schema's GUID in a header. The plan is not kept. */
static int by_guid(struct decoders *decoders, const struct mr_message *message,
                   struct mr_bytes guid, struct mr_buf *out, struct mr_error *reterr)
{
    MR_AUTO(mr_json_decoder) struct mr_json_decoder *decoder = NULL;
    struct mr_schema *schema;

    if (!decoders->registry)
        return no_registry(reterr);
    int r = mr_registry_schema_guid(decoders->registry, guid.data + 1, &schema, reterr);
    if (r == MR_ABSENT)
        return mr_error_set(reterr, MR_INVALID,
                            "the registry does not have the schema of its header");
    if (r == 0)
        r = mr_json_decoder_new(schema, NULL, NULL, &decoder, reterr);
    return r != 0 ? r
                  : mr_json_decode(decoder, message->value.data, message->value.len, out, reterr);
}

/* Valid JSON passes; line ends within it can only stand between tokens. */
static int json_text(struct mr_bytes value, struct mr_buf *out, struct mr_error *reterr)
{
    const char *text = (const char *)value.data;
    struct mr_json_cursor cursor = {text, text, text + value.len};
    int r = mr_json_skip(&cursor, reterr);

    if (r != 0)
        return r == MR_END ? MR_INVALID : r;
    const char *end = cursor.at;
    mr_json_space(&cursor);
    if (cursor.at != cursor.end)
        return MR_INVALID;
    size_t from = out->len;
    r = mr_buf_append(out, text, (size_t)(end - text));
    for (size_t i = from; r == 0 && i < out->len; i++)
        if (out->data[i] == '\n' || out->data[i] == '\r')
            out->data[i] = ' ';
    return r;
}

static MR_COLD int not_framed(struct decoders *decoders, const struct mr_message *message,
                              struct mr_buf *out, struct mr_error *reterr)
{
    struct mr_bytes guid;
    struct mr_error json = MR_ERROR_INIT;

    if (mr_kafka_header(message, "__value_schema_id", &guid) == 0 && guid.len == GUID_BYTES &&
        guid.data[0] == 1)
        return by_guid(decoders, message, guid, out, reterr);
    int r = json_text(message->value, out, &json);
    if (r != MR_INVALID)
        return r;
    return *reterr->text ? MR_INVALID
                         : mr_error_set(reterr, MR_INVALID,
                                        "neither Avro in the registry's wire format nor JSON");
}

/* The registry may be what is broken: then the bytes must do. */
static MR_COLD int excused(const struct decoders *decoders, int r)
{
    return decoders->lenient && (r == MR_AGAIN || r == -EDESTADDRREQ) ? MR_INVALID : r;
}

int decoders_value(struct decoders *decoders, const struct mr_message *message, struct mr_buf *out,
                   int32_t *ret_id, struct mr_error *reterr)
{
    const struct mr_bytes value = message->value;

    *ret_id = -1;
    if (message->tombstone)
        return mr_buf_append(out, "null", 4);
    if (MR_LIKELY(value.len >= FRAME_BYTES && value.data[0] == 0)) {
        int r = framed(decoders, value, out, ret_id, reterr);
        if (MR_LIKELY(r == 0))
            return 0;
        if (r != MR_INVALID)
            return excused(decoders, r);
    }
    return excused(decoders, not_framed(decoders, message, out, reterr));
}
