/* SPDX-License-Identifier: Apache-2.0 */
/* Record headers as one blob: in the parked table, and on their way through the outbox. */
#include <errno.h>
#include <string.h>

#include "consume.h"
#include "millrace/dead_letter.h"

#define NO_VALUE UINT32_MAX

int consume_pack(struct mr_buf *out, const char *name, struct mr_bytes value)
{
    uint32_t len = value.data ? (uint32_t)value.len : NO_VALUE;
    uint8_t prefix[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                         (uint8_t)len};

    if (value.len >= NO_VALUE)
        return -EMSGSIZE;
    int r = mr_buf_append(out, name, strlen(name) + 1);
    if (r == 0)
        r = mr_buf_append(out, prefix, sizeof(prefix));
    return r == 0 ? mr_buf_append(out, value.data, value.data ? value.len : 0) : r;
}

int consume_unpack(struct mr_bytes packed, size_t *at, struct mr_header *ret_header)
{
    if (*at >= packed.len)
        return MR_END;
    const uint8_t *name = packed.data + *at;
    const uint8_t *nul = memchr(name, '\0', packed.len - *at);
    if (!nul || (size_t)(packed.data + packed.len - nul) < 5)
        return MR_INVALID;
    uint32_t len = (uint32_t)nul[1] << 24 | (uint32_t)nul[2] << 16 | (uint32_t)nul[3] << 8 | nul[4];
    const uint8_t *value = nul + 5;
    size_t left = (size_t)(packed.data + packed.len - value);
    size_t take = len == NO_VALUE ? 0 : len;
    if (take > left)
        return MR_INVALID;
    *ret_header = (struct mr_header){.name = (const char *)name,
                                     .value = {len == NO_VALUE ? NULL : value, take}};
    *at = (size_t)(value - packed.data) + take;
    return 0;
}

int consume_pack_record(struct consume *run, const struct consume_record *record,
                        struct mr_buf *out)
{
    struct mr_header header;
    int r = 0;

    if (!record->message)
        return mr_buf_append(out, record->headers.data, record->headers.len);
    for (size_t i = 0; i < CONSUME_HEADERS && r == 0; i++) {
        if (run->broker.header_at(run->broker.self, record->message, i, &header) != 0)
            break;
        r = consume_pack(out, header.name, header.value);
    }
    return r;
}

/* The last of several of one name, as Kafka has it. */
static int find_packed(struct mr_bytes packed, const char *name, struct mr_bytes *ret_value)
{
    struct mr_header header;
    size_t at = 0;
    int found = MR_ABSENT;

    while (consume_unpack(packed, &at, &header) == 0) {
        if (strcmp(header.name, name) != 0)
            continue;
        *ret_value = header.value;
        found = 0;
    }
    return found;
}

int consume_find_header(struct consume *run, const struct consume_record *record, const char *name,
                        struct mr_bytes *ret_value)
{
    struct mr_header header;
    int found = MR_ABSENT;

    if (!record->message)
        return find_packed(record->headers, name, ret_value);
    for (size_t i = 0; i < CONSUME_HEADERS; i++) {
        if (run->broker.header_at(run->broker.self, record->message, i, &header) != 0)
            break;
        if (strcmp(header.name, name) != 0)
            continue;
        *ret_value = header.value;
        found = 0;
    }
    return found;
}

enum consume_whose consume_whose(struct consume *run, const struct consume_record *record)
{
    struct mr_bytes group;

    if (consume_find_header(run, record, MR_HEADER_RETRY_GROUP, &group) != 0 || !group.data)
        return CONSUME_ALL;
    return mr_str_is((struct mr_str){(const char *)group.data, group.len}, run->options.group)
               ? CONSUME_OURS
               : CONSUME_OTHERS;
}
