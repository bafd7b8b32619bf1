/* SPDX-License-Identifier: Apache-2.0 */
/* Records into the topic, and back through the reader before anybody is told. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "millrace/status.h"
#include "store_kafka_inside.h"

enum { SETTLE_SLACK_MS = 500 }; /* for reports of what just ran out of time */

int kafka_store_produce(struct kafka_store *ks, struct mr_str key, const struct mr_str *value,
                        struct mr_error *reterr)
{
    const struct mr_bytes key_bytes = {(const uint8_t *)key.data, key.len};
    const struct mr_bytes value_bytes = {value ? (const uint8_t *)value->data : NULL,
                                         value ? value->len : 0};
    const struct mr_header header = {.name = KAFKA_EPOCH_HEADER,
                                     .value = {(const uint8_t *)ks->epoch, strlen(ks->epoch)}};

    int r = mr_kafka_produce(ks->producer, ks->topic, 0, key_bytes, value ? &value_bytes : NULL,
                             &header, 1, 0, reterr);
    return r == MR_FULL ? -EAGAIN : r;
}

/* A tombstone must hit every spelling of its key, else compaction brings one of them back. */
static int bury_spellings(struct kafka_store *ks, const struct mr_buf *key, struct mr_error *reterr)
{
    int r = 0;

    (void)pthread_mutex_lock(&ks->lock);
    const struct spelling *spelling = table_find(&ks->spellings, key->data, key->len);
    for (size_t i = 0; spelling && i < spelling->n_others && r == 0; i++) {
        const struct mr_buf *other = &spelling->others[i];
        r = kafka_store_produce(ks, (struct mr_str){(const char *)other->data, other->len}, NULL,
                                reterr);
    }
    (void)pthread_mutex_unlock(&ks->lock);
    return r;
}

int kafka_store_put(struct kafka_store *ks, const struct record *record, bool bury,
                    struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf key = {0};
    MR_AUTO(mr_buf) struct mr_buf value = {0};
    bool tombstone;
    int r = record_write_key(record, &key);

    if (r == 0)
        r = record_write_value(record, &value, &tombstone);
    if (r == 0 && tombstone && bury)
        r = bury_spellings(ks, &key, reterr);
    if (r != 0)
        return r;
    struct mr_str text = {(const char *)value.data, value.len};
    return kafka_store_produce(ks, (struct mr_str){(const char *)key.data, key.len},
                               tombstone ? NULL : &text, reterr);
}

void kafka_store_expect(struct kafka_store *ks)
{
    (void)pthread_mutex_lock(&ks->lock);
    ks->delivery = (struct delivery){.last = -1, .floor = ks->position};
    (void)pthread_mutex_unlock(&ks->lock);
}

static void set_unclear(struct kafka_store *ks)
{
    (void)pthread_mutex_lock(&ks->lock);
    ks->unclear = true;
    (void)pthread_cond_broadcast(&ks->moved);
    (void)pthread_mutex_unlock(&ks->lock);
}

static int unknown(struct kafka_store *ks, const char *why, struct mr_error *reterr)
{
    set_unclear(ks);
    return mr_error_set(reterr, -ETIMEDOUT,
                        "topic '%s' did not confirm the change within %d ms, so it is not known "
                        "whether it was made: look before you try again (%s)",
                        ks->topic, ks->timeout_ms, why);
}

/* Until the reader is past the last record delivered: it has been applied, or found void. */
static int read_back(struct kafka_store *ks, struct mr_error *reterr)
{
    int64_t last = ks->delivery.last, deadline = kafka_store_deadline(ks->timeout_ms);
    int r = 0;

    if (kafka_store_went_back(ks, last, ks->delivery.floor))
        return unknown(ks, "the topic was made anew, or cut", reterr);
    (void)pthread_mutex_lock(&ks->lock);
    while (ks->position <= last && !ks->broken && !ks->stop && kafka_store_sleep(ks, deadline))
        ;
    if (ks->position <= last)
        r = -ETIMEDOUT;
    else if (ks->void_from <= last)
        r = mr_error_set(reterr, MR_ABSENT, "another registry leads now");
    (void)pthread_mutex_unlock(&ks->lock);
    return r == -ETIMEDOUT ? unknown(ks, "it was written, and could not be read back", reterr) : r;
}

int kafka_store_settle(struct kafka_store *ks, struct mr_error *reterr)
{
    struct mr_error error = MR_ERROR_INIT;
    int r = mr_kafka_flush(ks->producer, ks->timeout_ms + SETTLE_SLACK_MS, NULL, &error);

    if (r != 0)
        return unknown(ks, error.text, reterr);
    if (ks->delivery.r == MR_INVALID && ks->delivery.last < 0)
        return mr_error_set(reterr, MR_INVALID,
                            "the brokers refuse the record: %s: raise max.message.bytes of topic "
                            "'%s', and message.max.bytes here with -X",
                            ks->delivery.text, ks->topic);
    if (ks->delivery.r != 0)
        return unknown(ks, ks->delivery.text, reterr);
    return read_back(ks, reterr);
}

int kafka_store_append(struct store *store, const struct record *records, size_t n,
                       struct mr_error *reterr)
{
    struct kafka_store *ks = kafka_store(store);
    int r = 0;

    (void)pthread_mutex_lock(&ks->writing);
    kafka_store_expect(ks);
    for (size_t i = 0; i < n && r == 0; i++)
        r = kafka_store_put(ks, &records[i], true, reterr);
    if (r != 0 && mr_kafka_outstanding(ks->producer) == 0)
        r = r == MR_INVALID ? -EMSGSIZE : r < 0 ? r : -EIO; /* nothing is on its way */
    else if (r != 0)
        r = unknown(ks, reterr ? reterr->text : "", reterr);
    else
        r = kafka_store_settle(ks, reterr);
    (void)pthread_mutex_unlock(&ks->writing);
    return r == MR_INVALID ? -EMSGSIZE : r;
}
