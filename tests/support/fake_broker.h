/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer engine's outside in memory: topics, a registry that knows the built-in schemas, a
 * clock that stands until it is moved. For unit tests of the engine and of the consumers. */
#pragma once

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consume.h"

enum { FAKE_RECORDS = 4096, FAKE_HEADERS = 4, FAKE_OTHERS = 1000 };

struct fake_record {
    const char *topic;
    int32_t partition;
    int64_t offset;
    struct mr_bytes key, value; /* owned */
    struct mr_header headers[32];
    size_t n_headers;
};

struct fake_partition {
    const char *topic;
    int32_t number;
    int64_t position, low, high, committed;
    bool paused, stopped; /* stopped: the position was gone, and that was told */
    bool told_end;        /* that all is read */
};

struct fake {
    struct fake_record records[FAKE_RECORDS]; /* what is on the topics */
    size_t n_records;
    struct fake_partition partitions[64];
    size_t n_partitions;
    struct fake_record published[FAKE_RECORDS];
    size_t n_published;
    uint64_t tags[FAKE_RECORDS]; /* produced, not reported yet */
    size_t n_tags;
    int produce_r;                /* what produce gives */
    int deliver_r;                /* what the next reports say */
    size_t largest;               /* value that the brokers take; 0: any */
    bool too_large[FAKE_RECORDS]; /* of tags */
    bool deliver_never;           /* reports are kept back */
    bool spoiled;                 /* the producer has come to its end */
    bool spoiled_again;           /* and so does each new one */
    const char *registry_says;    /* then; NULL: "scripted" */
    int registry_r;         /* what the registry gives; 0: by the id, 1 + index of the topic */
    int64_t registry_takes; /* µs, when it does not answer */
    size_t asked;           /* times the registry was asked for a schema */
    bool end_unknown;
    bool tells_ends;            /* messages say when all of a partition is read */
    bool ends_away;             /* ends cannot be asked for */
    int marks_r;                /* what the brokers say when they are asked for watermarks */
    int seek_fails;             /* as often as that, brokers do not answer in time */
    struct consume_keeps keeps; /* what every topic does; nothing: it is not told */
    int64_t now;
    uint64_t random;
    bool stop;
    struct mr_schema *schemas[160];
    struct mr_schema *others[4]; /* of ids from FAKE_OTHERS on: versions that nobody built in */
    const char *other_texts[4];
    struct consume *run;
};

static inline struct mr_bytes fake_copy(struct mr_bytes bytes)
{
    if (!bytes.data)
        return bytes;
    uint8_t *copy = malloc(bytes.len + 1);
    ck_assert_ptr_nonnull(copy);
    if (bytes.len > 0)
        memcpy(copy, bytes.data, bytes.len);
    return (struct mr_bytes){copy, bytes.len};
}

static inline struct fake_partition *fake_partition(struct fake *f, const char *topic,
                                                    int32_t number)
{
    for (size_t i = 0; i < f->n_partitions; i++)
        if (f->partitions[i].number == number && strcmp(f->partitions[i].topic, topic) == 0)
            return &f->partitions[i];
    ck_abort_msg("no partition %s/%d", topic, number);
    return NULL;
}

static inline void fake_add_topic(struct fake *f, const char *topic, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        f->partitions[f->n_partitions++] = (struct fake_partition){.topic = topic, .number = i};
}

/* Appends a record; value NULL: a null value. */
static inline void fake_send(struct fake *f, const char *topic, int32_t partition,
                             struct mr_bytes key, struct mr_bytes value,
                             const struct mr_header *headers, size_t n_headers)
{
    struct fake_partition *p = fake_partition(f, topic, partition);
    struct fake_record *record = &f->records[f->n_records++];

    ck_assert_uint_lt(f->n_records, FAKE_RECORDS);
    *record = (struct fake_record){.topic = p->topic,
                                   .partition = partition,
                                   .offset = p->high++,
                                   .key = fake_copy(key),
                                   .value = fake_copy(value),
                                   .n_headers = n_headers};
    for (size_t i = 0; i < n_headers; i++)
        record->headers[i] = headers[i];
}

/* As librdkafka with auto.offset.reset=error: told once, then the partition stands still. */
static inline size_t fake_poll_gone(struct fake *f, struct mr_message *messages, size_t max)
{
    static struct fake_record no_record;
    size_t n = 0;

    for (size_t i = 0; i < f->n_partitions && n < max; i++) {
        struct fake_partition *p = &f->partitions[i];
        if (p->stopped || p->paused || (p->position >= p->low && p->position <= p->high))
            continue;
        p->stopped = true;
        messages[n++] = (struct mr_message){
            .topic = p->topic, .partition = p->number, .gone = true, .handle = &no_record};
    }
    return n;
}

/* As librdkafka with enable.partition.eof. */
static inline size_t fake_poll_ends(struct fake *f, struct mr_message *messages, size_t max)
{
    static struct fake_record no_record;
    size_t n = 0;

    for (size_t i = 0; f->tells_ends && i < f->n_partitions && n < max; i++) {
        struct fake_partition *p = &f->partitions[i];
        bool at_end = p->position == p->high && !p->paused && !p->stopped;
        if (at_end && !p->told_end)
            messages[n++] = (struct mr_message){.topic = p->topic,
                                                .partition = p->number,
                                                .offset = p->position,
                                                .end = true,
                                                .handle = &no_record};
        p->told_end = at_end;
    }
    return n;
}

static inline int fake_poll(void *self, MR_UNUSED int timeout_ms, struct mr_message *messages,
                            size_t max, MR_UNUSED struct mr_error *reterr)
{
    struct fake *f = self;
    size_t n = fake_poll_gone(f, messages, max);

    for (size_t i = 0; i < f->n_records && n < max; i++) {
        struct fake_record *record = &f->records[i];
        struct fake_partition *p = fake_partition(f, record->topic, record->partition);
        if (p->paused || p->stopped || record->offset < p->low || record->offset != p->position)
            continue;
        p->position++;
        messages[n++] = (struct mr_message){.topic = record->topic,
                                            .partition = record->partition,
                                            .offset = record->offset,
                                            .timestamp_ms = 1700000000000,
                                            .key = record->key,
                                            .value = record->value,
                                            .tombstone = !record->value.data,
                                            .handle = record};
    }
    return (int)(n + fake_poll_ends(f, messages + n, max - n));
}

static inline void fake_done(MR_UNUSED void *self, struct mr_message *message)
{
    if (!message->handle) /* given back once; check allocates, so it is not asked */
        abort();
    message->handle = NULL;
}

static inline int fake_header_at(MR_UNUSED void *self, const struct mr_message *message,
                                 size_t index, struct mr_header *ret_header)
{
    const struct fake_record *record = message->handle;

    if (index >= record->n_headers)
        return MR_ABSENT;
    *ret_header = record->headers[index];
    return 0;
}

static inline int fake_pause(void *self, const struct mr_topic_partition *item, bool pause)
{
    fake_partition(self, item->topic, item->partition)->paused = pause;
    return 0;
}

static inline int fake_seek(void *self, const struct mr_topic_partition *item,
                            struct mr_error *reterr)
{
    struct fake *f = self;

    if (f->seek_fails > 0) {
        f->seek_fails--;
        return mr_error_set(reterr, MR_AGAIN, "seek: scripted");
    }
    struct fake_partition *p = fake_partition(self, item->topic, item->partition);
    if (p->stopped)
        return mr_error_set(reterr, MR_ABSENT, "seek: it stands still");
    p->position = item->offset;
    return 0;
}

static inline int fake_reassign(void *self, const struct mr_topic_partition *items, size_t n_items,
                                MR_UNUSED struct mr_error *reterr)
{
    for (size_t i = 0; i < n_items; i++) {
        struct fake_partition *p = fake_partition(self, items[i].topic, items[i].partition);
        p->position = items[i].offset;
        p->paused = p->stopped = false;
    }
    return 0;
}

static inline int fake_commit(void *self, const struct mr_topic_partition *items, size_t n_items,
                              MR_UNUSED bool wait, MR_UNUSED struct mr_error *reterr)
{
    for (size_t i = 0; i < n_items; i++)
        fake_partition(self, items[i].topic, items[i].partition)->committed = items[i].offset;
    return 0;
}

static inline int fake_watermarks(void *self, struct mr_topic_partition *items, size_t n_items,
                                  int64_t which, int timeout_ms, struct mr_error *reterr)
{
    struct fake *f = self;

    f->now += f->marks_r == MR_AGAIN ? (int64_t)timeout_ms * 1000 : 0;
    if (f->marks_r != 0)
        return mr_error_set(reterr, f->marks_r, "watermarks: scripted");
    for (size_t i = 0; i < n_items; i++) {
        const struct fake_partition *p = fake_partition(self, items[i].topic, items[i].partition);
        items[i].offset = which == MR_OFFSET_END ? p->high : p->low;
    }
    return 0;
}

static inline int fake_ends(void *self, struct mr_topic_partition *items, size_t n_items,
                            struct mr_error *reterr)
{
    struct fake *f = self;

    return f->ends_away ? mr_error_set(reterr, MR_AGAIN, "ends: scripted")
                        : fake_watermarks(self, items, n_items, MR_OFFSET_END, 0, reterr);
}

static inline int fake_n_partitions(void *self, const char *topic, int32_t *ret_n,
                                    MR_UNUSED struct mr_error *reterr)
{
    struct fake *f = self;

    *ret_n = 0;
    for (size_t i = 0; i < f->n_partitions; i++)
        *ret_n += strcmp(f->partitions[i].topic, topic) == 0;
    return 0;
}

static inline int64_t fake_seen_end(void *self, const char *topic, int32_t partition)
{
    struct fake *f = self;

    return f->end_unknown ? -1 : fake_partition(f, topic, partition)->high;
}

static inline int fake_keeps(void *self, const char *topic, struct consume_keeps *ret,
                             MR_UNUSED struct mr_error *reterr)
{
    struct fake *f = self;

    *ret = f->keeps;
    return topic && f->keeps.retention_ms != 0 ? 0 : MR_ABSENT;
}

static inline int fake_produce(void *self, const char *topic, struct mr_bytes key,
                               const struct mr_bytes *value, const struct mr_header *headers,
                               size_t n_headers, uint64_t tag, MR_UNUSED struct mr_error *reterr)
{
    struct fake *f = self;

    if (f->produce_r != 0 || f->spoiled)
        return f->spoiled ? MR_FULL : f->produce_r;
    f->too_large[f->n_tags] = value && f->largest > 0 && value->len > f->largest;
    f->tags[f->n_tags++] = tag;
    if (f->too_large[f->n_tags - 1])
        return 0;
    struct fake_record *record = &f->published[f->n_published++];
    ck_assert_uint_lt(f->n_published, FAKE_RECORDS);
    *record = (struct fake_record){.topic = topic, .key = fake_copy(key), .n_headers = n_headers};
    if (value)
        record->value = fake_copy(*value);
    for (size_t i = 0; i < n_headers; i++) {
        record->headers[i].name = strdup(headers[i].name);
        record->headers[i].value = fake_copy(headers[i].value);
    }
    return 0;
}

static inline int fake_serve(void *self, MR_UNUSED int timeout_ms, struct mr_error *reterr)
{
    struct fake *f = self;
    int n = (int)f->n_tags;

    if (f->spoiled)
        return mr_error_set(reterr, -EPROTO, "out of step");
    if (f->deliver_never)
        return 0;
    for (size_t i = 0; i < f->n_tags; i++)
        consume_delivered(f->run, f->tags[i], f->too_large[i] ? MR_INVALID : f->deliver_r, 0, 0,
                          "scripted");
    f->n_tags = 0;
    return n;
}

/* What was not reported yet is kept, and reported by the new one. */
static inline int fake_renew(void *self, MR_UNUSED struct mr_error *reterr)
{
    struct fake *f = self;

    f->spoiled = f->spoiled_again;
    return 0;
}

/* Ids: 1 + index of the topic in the catalogue. */
static inline int fake_schema(void *self, int32_t id, const uint8_t *guid,
                              struct mr_schema **ret_schema, struct mr_error *reterr)
{
    const struct mr_catalog *catalog = mr_catalog_builtin();
    struct fake *f = self;
    size_t i = guid ? guid[0] : (size_t)id - 1;

    f->asked++;
    f->now += f->registry_r == MR_AGAIN ? f->registry_takes : 0;
    if (f->registry_r != 0)
        return mr_error_set(reterr, f->registry_r, "%s",
                            f->registry_says ? f->registry_says : "scripted");
    if (!guid && id >= FAKE_OTHERS && id < FAKE_OTHERS + 4 && f->other_texts[id - FAKE_OTHERS]) {
        const char *text = f->other_texts[id - FAKE_OTHERS];
        if (!f->others[id - FAKE_OTHERS])
            ck_assert_int_eq(
                mr_schema_parse(text, strlen(text), NULL, &f->others[id - FAKE_OTHERS], NULL), 0);
        *ret_schema = f->others[id - FAKE_OTHERS];
        return 0;
    }
    if (i >= catalog->n_topics || !catalog->topics[i].schema_text)
        return mr_error_set(reterr, MR_ABSENT, "no schema %d", id);
    if (!f->schemas[i])
        ck_assert_int_eq(mr_schema_parse(catalog->topics[i].schema_text,
                                         catalog->topics[i].schema_len, NULL, &f->schemas[i], NULL),
                         0);
    *ret_schema = f->schemas[i];
    return 0;
}

static inline int32_t fake_schema_id(const struct mr_topic *topic)
{
    return (int32_t)(topic - mr_catalog_builtin()->topics) + 1;
}

static inline int fake_lookup(void *self, const char *subject, MR_UNUSED struct mr_str text,
                              int32_t *ret_id, MR_UNUSED struct mr_error *reterr)
{
    struct fake *f = self;
    struct mr_str name = {subject, strlen(subject) - strlen("-value")};

    if (f->registry_r != 0)
        return mr_error_set(reterr, f->registry_r, "scripted");
    *ret_id = fake_schema_id(mr_catalog_topic(mr_catalog_builtin(), name));
    return 0;
}

static inline int64_t fake_now(void *self)
{
    return ((struct fake *)self)->now;
}

static inline uint64_t fake_random(void *self)
{
    return ((struct fake *)self)->random;
}

static inline bool fake_stop(void *self)
{
    return ((struct fake *)self)->stop;
}

/* Gives run its outside and the topics of its group, `n` partitions each. */
static inline void fake_attach(struct fake *f, struct consume *run)
{
    f->run = run;
    run->broker = (struct consume_broker){.self = f,
                                          .poll = fake_poll,
                                          .done = fake_done,
                                          .header_at = fake_header_at,
                                          .pause = fake_pause,
                                          .seek = fake_seek,
                                          .reassign = fake_reassign,
                                          .commit = fake_commit,
                                          .watermarks = fake_watermarks,
                                          .n_partitions = fake_n_partitions,
                                          .ends = fake_ends,
                                          .seen_end = fake_seen_end,
                                          .keeps = fake_keeps,
                                          .produce = fake_produce,
                                          .serve = fake_serve,
                                          .renew = fake_renew};
    run->registry =
        (struct consume_registry){.self = f, .schema = fake_schema, .lookup = fake_lookup};
    run->world = (struct consume_world){
        .self = f, .now = fake_now, .random = fake_random, .stop = fake_stop};
}

/* All partitions are given to run, as a group of one would. */
static inline void fake_assign(struct fake *f)
{
    struct mr_topic_partition items[64];

    for (size_t i = 0; i < f->n_partitions; i++)
        items[i] =
            (struct mr_topic_partition){f->partitions[i].topic, f->partitions[i].number, -1001};
    consume_assigned(f->run, items, f->n_partitions);
    for (size_t i = 0; i < f->n_partitions; i++) {
        f->partitions[i].position = items[i].offset;
        f->partitions[i].paused = f->partitions[i].stopped = false;
    }
}

/* All partitions are taken from run; lost: the group has missed it. */
static inline void fake_revoke(struct fake *f, bool lost)
{
    struct mr_topic_partition items[64];

    for (size_t i = 0; i < f->n_partitions; i++)
        items[i] =
            (struct mr_topic_partition){f->partitions[i].topic, f->partitions[i].number, -1001};
    consume_revoked(f->run, items, f->n_partitions, lost);
}

static inline void fake_free_records(struct fake_record *records, size_t n, bool headers)
{
    for (size_t i = 0; i < n; i++) {
        free((void *)(uintptr_t)records[i].key.data);
        free((void *)(uintptr_t)records[i].value.data);
        for (size_t k = 0; headers && k < records[i].n_headers; k++) {
            free((void *)(uintptr_t)records[i].headers[k].name);
            free((void *)(uintptr_t)records[i].headers[k].value.data);
        }
    }
}

static inline void fake_free(struct fake *f)
{
    fake_free_records(f->records, f->n_records, false);
    fake_free_records(f->published, f->n_published, true);
    for (size_t i = 0; i < MR_N_ELEMENTS(f->schemas); i++)
        (void)mr_schema_unref(f->schemas[i]);
    for (size_t i = 0; i < MR_N_ELEMENTS(f->others); i++)
        (void)mr_schema_unref(f->others[i]);
    free(f);
}

static inline struct mr_str fake_header(const struct fake_record *record, const char *name)
{
    for (size_t i = 0; i < record->n_headers; i++)
        if (strcmp(record->headers[i].name, name) == 0)
            return (struct mr_str){(const char *)record->headers[i].value.data,
                                   record->headers[i].value.len};
    return (struct mr_str){0};
}

/* Sends a generated struct, framed, with the record's correlation id as key. */
static inline void fake_send_event(struct fake *f, const struct mr_topic *topic, int32_t partition,
                                   const void *record)
{
    MR_AUTO(mr_struct_writer) struct mr_struct_writer *writer = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    const struct mr_envelope *e = record;
    struct mr_error error = MR_ERROR_INIT;
    struct mr_schema *schema = NULL;
    int32_t id = fake_schema_id(topic);
    uint8_t prefix[5] = {0, 0, 0, (uint8_t)(id >> 8), (uint8_t)id};
    int saved = f->registry_r;

    f->registry_r = 0;
    ck_assert_int_eq(fake_schema(f, id, NULL, &schema, NULL), 0);
    f->asked--;
    f->registry_r = saved;
    ck_assert_int_eq(mr_struct_writer_new(schema, topic->record, &writer, &error), 0);
    ck_assert_int_eq(mr_buf_append(&out, prefix, sizeof(prefix)), 0);
    ck_assert_msg(mr_struct_write(writer, record, &out, &error) == 0, "%s: %s", error.where,
                  error.text);
    fake_send(f, topic->name, partition,
              (struct mr_bytes){(const uint8_t *)e->correlation_id.data, e->correlation_id.len},
              (struct mr_bytes){out.data, out.len}, NULL, 0);
}
