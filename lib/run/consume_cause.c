/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to the columns that a row keeps of it, and back to a transaction. */
#include "consume_cause.h"

#include <errno.h>

static const char *const along[] = {"traceparent", "tracestate", "baggage"};

/* Its trace goes on with what is done in its name. */
static int pack_trace(struct mr_tx *tx, struct mr_bytes *ret)
{
    MR_AUTO(mr_buf) struct mr_buf packed = {0};
    struct mr_bytes value;
    int r = 0;

    for (size_t i = 0; i < MR_N_ELEMENTS(along) && r == 0; i++)
        if (consume_find_header(tx->run, tx->record, along[i], &value) == 0)
            r = consume_pack(&packed, along[i], value);
    if (r != 0)
        return r;
    const char *copy = mr_arena_dup(tx->run->arena, (const char *)packed.data, packed.len);
    *ret = (struct mr_bytes){(const uint8_t *)copy, packed.len};
    return copy ? 0 : -ENOMEM;
}

int consume_cause_of(struct mr_tx *tx, struct mr_cause *ret_cause)
{
    const struct mr_envelope *e = tx->event.envelope;

    *ret_cause = (struct mr_cause){
        .topic = mr_str_from(tx->record->topic->name),
        .partition = tx->record->partition,
        .event_id = e->event_id,
        .event_at = e->timestamp,
        .correlation_id = e->correlation_id,
    };
    if (e->has_user_id)
        ret_cause->user_id = e->user_id;
    if (e->has_session_id)
        ret_cause->session_id = e->session_id;
    return pack_trace(tx, &ret_cause->trace);
}

static void fill_envelope(const struct mr_cause *cause, struct mr_envelope *envelope)
{
    *envelope = (struct mr_envelope){
        .event_id = cause->event_id,
        .timestamp = cause->event_at,
        .correlation_id = cause->correlation_id,
        .has_user_id = cause->user_id.data != NULL,
        .user_id = cause->user_id,
        .has_session_id = cause->session_id.data != NULL,
        .session_id = cause->session_id,
    };
}

int consume_begin_cause(struct consume *run, const struct mr_cause *cause, struct mr_str name,
                        struct consume_caused *ret)
{
    const struct consume_topic *t = consume_topic_of(run, cause->topic);

    fill_envelope(cause, &ret->envelope);
    if (!t) {
        ret->gone = (struct mr_topic){
            .name = mr_arena_dup(run->arena, cause->topic.data, cause->topic.len)};
        if (!ret->gone.name)
            return -ENOMEM;
    }
    ret->record = (struct consume_record){
        .topic = t ? t->topic : &ret->gone,
        .partition = (int32_t)cause->partition,
        .offset = -1,
        .timestamp_ms = -1,
        .headers = cause->trace,
        .attempt = 1,
    };
    ret->tx = (struct mr_tx){.run = run,
                             .record = &ret->record,
                             .error = MR_ERROR_INIT,
                             .now = run->world.now(run->world.self),
                             .name = name};
    ret->tx.event = (struct mr_event){
        .topic = t ? t->as : &ret->gone,
        .partition = ret->record.partition,
        .offset = -1,
        .envelope = &ret->envelope,
        .flow = {(const uint8_t *)cause->correlation_id.data, cause->correlation_id.len},
        .attempt = 1,
    };
    if (name.len > CONSUME_NAME)
        return mr_error_set(&ret->tx.error, MR_INVALID, "a name of more than %d bytes",
                            CONSUME_NAME);
    int r = mr_uuid_parse(cause->event_id, &ret->tx.event.id);
    return r == 0 ? 0
                  : mr_error_set(&ret->tx.error, MR_INVALID, "event_id of the row is not a UUID");
}
