/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of a dead letter, of whoever wrote it. */
#include "millrace/dead_letter.h"

#include <errno.h>
#include <string.h>

enum { PREFIX = 5, GUID = 17, MAX_DIGITS = 19 };

enum field { TOPIC, GROUP, REASON, MESSAGE, FAILED_AT, ID, N_TEXTS };
enum number { PARTITION, OFFSET, TIMESTAMP, DELIVERIES, N_NUMBERS };

/* Of each, the first that is there. */
static const struct {
    enum field field;
    const char *name;
} texts[] = {
    {TOPIC, "__dlq.errors.topic"},
    {TOPIC, "kafka_dlt-original-topic"},
    {TOPIC, "__connect.errors.topic"},
    {TOPIC, "__streams.errors.topic"},
    {GROUP, "__dlq.errors.group"},
    {GROUP, "kafka_dlt-original-consumer-group"},
    {REASON, "mr_error_class"},
    {REASON, "kafka_dlt-exception-fqcn"},
    {REASON, "__connect.errors.exception.class.name"},
    {REASON, "__streams.errors.exception"},
    {MESSAGE, "__dlq.errors.message"},
    {MESSAGE, "kafka_dlt-exception-message"},
    {MESSAGE, "__connect.errors.exception.message"},
    {MESSAGE, "__streams.errors.message"},
    {FAILED_AT, "mr_failed_at"},
    {ID, "ce_id"},
};

/* Spring writes Java's int and long as they are. */
static const struct {
    enum number number;
    bool binary;
    const char *name;
} numbers[] = {
    {PARTITION, false, "__dlq.errors.partition"},
    {PARTITION, true, "kafka_dlt-original-partition"},
    {PARTITION, false, "__connect.errors.partition"},
    {PARTITION, false, "__streams.errors.partition"},
    {OFFSET, false, "__dlq.errors.offset"},
    {OFFSET, true, "kafka_dlt-original-offset"},
    {OFFSET, false, "__connect.errors.offset"},
    {OFFSET, false, "__streams.errors.offset"},
    {TIMESTAMP, false, "mr_timestamp_ms"},
    {TIMESTAMP, true, "kafka_dlt-original-timestamp"},
    {DELIVERIES, false, "__dlq.errors.delivery.count"},
};

static const char *const prefixes[] = {
    "__dlq.", "mr_", "kafka_dlt-", "__connect.errors.", "__streams.errors.",
};

bool mr_dead_letter_note(const char *name)
{
    for (size_t i = 0; i < MR_N_ELEMENTS(prefixes); i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static const struct mr_bytes *find(const struct mr_header *headers, size_t n, const char *name)
{
    while (n-- > 0)
        if (strcmp(headers[n].name, name) == 0)
            return headers[n].value.data ? &headers[n].value : NULL;
    return NULL;
}

static int64_t decimal(const struct mr_bytes *value)
{
    int64_t number = 0;

    if (value->len == 0 || value->len >= MAX_DIGITS)
        return -1;
    for (size_t i = 0; i < value->len; i++) {
        if (value->data[i] < '0' || value->data[i] > '9')
            return -1;
        number = number * 10 + (value->data[i] - '0');
    }
    return number;
}

static int64_t big_endian(const struct mr_bytes *value)
{
    uint64_t number = 0;

    if ((value->len != 4 && value->len != 8) || value->data[0] >= 0x80)
        return -1;
    for (size_t i = 0; i < value->len; i++)
        number = number << 8 | value->data[i];
    return (int64_t)number;
}

/* Id in front of the value, or id or GUID in a header: as the consumers' decoder takes it. */
static bool is_wire_format(const struct mr_header *headers, size_t n, const struct mr_bytes *value)
{
    if (!value)
        return false;
    if (value->len >= PREFIX && value->data[0] == 0)
        return true;
    const struct mr_bytes *id = find(headers, n, "__value_schema_id");
    return id && ((id->len == GUID && id->data[0] == 1) || (id->len == PREFIX && id->data[0] == 0));
}

void mr_dead_letter_read(const struct mr_header *headers, size_t n_headers,
                         const struct mr_bytes *value, struct mr_dead_letter *ret_letter)
{
    struct mr_str found[N_TEXTS] = {{NULL, 0}};
    int64_t told[N_NUMBERS] = {-1, -1, -1, -1};

    for (size_t i = 0; i < MR_N_ELEMENTS(texts); i++) {
        const struct mr_bytes *text =
            found[texts[i].field].data ? NULL : find(headers, n_headers, texts[i].name);
        if (text)
            found[texts[i].field] = (struct mr_str){(const char *)text->data, text->len};
    }
    for (size_t i = 0; i < MR_N_ELEMENTS(numbers); i++) {
        const struct mr_bytes *number = find(headers, n_headers, numbers[i].name);
        if (told[numbers[i].number] < 0 && number)
            told[numbers[i].number] = numbers[i].binary ? big_endian(number) : decimal(number);
    }
    *ret_letter = (struct mr_dead_letter){
        .topic = found[TOPIC],
        .partition = told[PARTITION] > INT32_MAX ? -1 : (int32_t)told[PARTITION],
        .offset = told[OFFSET],
        .timestamp_ms = told[TIMESTAMP],
        .group = found[GROUP],
        .reason = found[REASON],
        .message = found[MESSAGE],
        .failed_at = found[FAILED_AT],
        .deliveries = told[DELIVERIES],
        .id = found[ID],
        .refused_document = find(headers, n_headers, "mr_producer") != NULL,
        .value_left_out = find(headers, n_headers, MR_HEADER_LEFT_OUT) != NULL,
        .wire_format = is_wire_format(headers, n_headers, value),
    };
    if (!ret_letter->reason.data)
        ret_letter->reason = ret_letter->refused_document ? MR_STR("rejected") : MR_STR("unknown");
}
