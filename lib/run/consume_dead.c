/* SPDX-License-Identifier: Apache-2.0 */
/* Dead letters: key and value as they came, headers as KIP-1191 names them, through the outbox. */
#include <stdio.h>
#include <string.h>

#include "consume.h"
#include "millrace/time.h"

enum { NUMBER = 24, MESSAGE_MAX = 8192 };

const char *consume_fault_name(enum consume_fault fault)
{
    static const char *const names[] = {
        [CONSUME_NO_WIRE_FORMAT] = "no-wire-format",
        [CONSUME_UNKNOWN_SCHEMA] = "unknown-schema",
        [CONSUME_UNREADABLE] = "unreadable",
        [CONSUME_REFUSED] = "refused",
        [CONSUME_EXHAUSTED] = "retries-exhausted",
        [CONSUME_NOT_UPCAST] = "not-upcast",
        [CONSUME_LATE] = "late",
    };

    return names[fault];
}

static int put_text(struct mr_buf *out, const char *name, const char *text)
{
    return consume_pack(out, name, (struct mr_bytes){(const uint8_t *)text, strlen(text)});
}

static int put_number(struct mr_buf *out, const char *name, int64_t number)
{
    char text[NUMBER];

    (void)snprintf(text, sizeof(text), "%lld", (long long)number);
    return put_text(out, name, text);
}

static bool is_ours(const char *name)
{
    return strncmp(name, "__dlq.", 6) == 0 || strncmp(name, "mr_", 3) == 0;
}

/* The record's own headers, without those that an earlier trip to a dead-letter topic left. */
static int put_original(struct mr_tx *tx, struct mr_buf *scratch, struct mr_buf *out)
{
    struct mr_header header;
    size_t at = 0;

    scratch->len = 0;
    int r = consume_pack_record(tx->run, tx->record, scratch);
    struct mr_bytes packed = {scratch->data, scratch->len};
    while (r == 0 && consume_unpack(packed, &at, &header) == 0)
        if (!is_ours(header.name))
            r = consume_pack(out, header.name, header.value);
    return r;
}

/* "/data/quantity: must be ..." : the longest text an mr_error holds is well below MESSAGE_MAX. */
static int put_message(struct mr_buf *out, const struct mr_error *error)
{
    char text[sizeof(error->where) + sizeof(error->text) + 3];

    _Static_assert(sizeof(text) <= MESSAGE_MAX, "message header is cut at 8192 bytes");
    (void)snprintf(text, sizeof(text), "%s%s%s", error->where, error->where[0] ? ": " : "",
                   error->text);
    return put_text(out, "__dlq.errors.message", text);
}

static int put_why(struct mr_tx *tx, enum consume_fault fault, struct mr_buf *out)
{
    const struct consume_record *record = tx->record;
    char when[MR_TIME_MAX + 1];

    when[mr_time_format_micros(tx->now, when)] = '\0';
    int r = put_text(out, "__dlq.errors.topic", record->topic->name);
    if (r == 0)
        r = put_number(out, "__dlq.errors.partition", record->partition);
    if (r == 0)
        r = put_number(out, "__dlq.errors.offset", record->offset);
    if (r == 0)
        r = put_text(out, "__dlq.errors.group", tx->run->options.group);
    if (r == 0)
        r = put_number(out, "__dlq.errors.delivery.count", record->attempt);
    if (r == 0)
        r = put_message(out, &tx->error);
    if (r == 0)
        r = put_text(out, "mr_error_class", consume_fault_name(fault));
    if (r == 0)
        r = put_text(out, "mr_failed_at", when);
    return r != 0 ? r : put_number(out, "mr_timestamp_ms", record->timestamp_ms);
}

int consume_dead_letter(struct mr_tx *tx, enum consume_fault fault, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf headers = {0};
    struct consume *run = tx->run;
    const struct consume_record *record = tx->record;

    int r = put_original(tx, &run->packed, &headers);
    if (r == 0)
        r = put_why(tx, fault, &headers);
    if (r != 0)
        return r;
    struct mr_outbox_record letter = {
        .topic = mr_str_from(run->group->dead_letter_topic),
        .key = record->key,
        .value = record->value,
        .headers = {headers.data, headers.len},
        .cause_topic = mr_str_from(record->topic->name),
        .cause_partition = record->partition,
    };
    r = mr_outbox_add(run->store, &letter, reterr);
    if (r != 0)
        return r;
    run->outbox.waiting = true;
    run->count.dead_lettered++;
    consume_log_fate(tx, consume_fault_name(fault),
                     run->group->retry.hold_key ? "dead-letter,flow-held" : "dead-letter");
    return 0;
}
