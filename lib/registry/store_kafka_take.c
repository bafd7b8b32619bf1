/* SPDX-License-Identifier: Apache-2.0 */
/* One record of the topic: a claim, a change, a void one, or nothing of ours. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/status.h"
#include "names.h"
#include "store_kafka_inside.h"

enum { MAX_VOIDED = 1000 };

static struct mr_str str(struct mr_bytes bytes)
{
    return (struct mr_str){(const char *)bytes.data, bytes.len};
}

/* A header as text in out; "" when there is none. */
static void header(const struct mr_message *message, const char *name, char *out, size_t cap)
{
    struct mr_bytes value;

    out[0] = '\0';
    if (mr_kafka_header(message, name, &value) == 0 && value.len < cap) {
        if (value.len > 0)
            memcpy(out, value.data, value.len);
        out[value.len] = '\0';
    }
}

void kafka_store_voided_done(struct voided *voided)
{
    while (voided) {
        struct voided *next = voided->next;
        entry_done(&voided->entry);
        free(voided);
        voided = next;
    }
}

/* Kept for whoever leads next. Past the bound, or without memory, the record stays as it is in the
 * topic: it is void all the same as long as the claims before it are there. */
static void keep_voided(struct kafka_store *ks, struct entry *entry)
{
    struct voided *voided = calloc(1, sizeof(*voided));
    unsigned n = 0;

    if (!voided)
        return;
    (void)pthread_mutex_lock(&ks->lock);
    for (const struct voided *one = ks->voided; one; one = one->next)
        n++;
    if (n < MAX_VOIDED) {
        voided->entry = *entry;
        *entry = (struct entry){0};
        voided->next = ks->voided;
        ks->voided = voided;
        voided = NULL;
    }
    (void)pthread_mutex_unlock(&ks->lock);
    free(voided);
}

/* Its id is not given to another schema: a registry of others would take the two for one. */
static int take_void(struct kafka_store *ks, struct entry *entry)
{
    const struct record *record = &entry->record;
    int r = 0;

    if (record->type == RECORD_SCHEMA && record->content)
        r = ks->sink.reserve(ks->sink.opaque, name_split(mr_str_from(record->subject)).context,
                             record->id);
    if (r == 0)
        keep_voided(ks, entry);
    return r;
}

static int add_spelling(struct kafka_store *ks, const struct record *record, struct mr_str key)
{
    MR_AUTO(mr_buf) struct mr_buf own = {0};
    MR_AUTO(mr_buf) struct mr_buf other = {0};
    int r = record_write_key(record, &own);

    if (r == 0)
        r = mr_buf_append_str(&other, key);
    if (r != 0)
        return r;
    struct spelling *spelling = table_find(&ks->spellings, own.data, own.len);
    if (!spelling) {
        spelling = calloc(1, sizeof(*spelling));
        if (!spelling)
            return -ENOMEM;
        spelling->own = own;
        if (table_put(&ks->spellings, own.data, own.len, spelling) != 0) {
            free(spelling);
            return -ENOMEM;
        }
        own = (struct mr_buf){0};
    }
    for (size_t i = 0; i < spelling->n_others; i++)
        if (mr_str_eq(key, (struct mr_str){(const char *)spelling->others[i].data,
                                           spelling->others[i].len}))
            return 0;
    struct mr_buf *others =
        realloc(spelling->others, (spelling->n_others + 1) * sizeof(*spelling->others));
    if (!others)
        return -ENOMEM;
    spelling->others = others;
    others[spelling->n_others++] = other;
    other = (struct mr_buf){0};
    return 0;
}

static void skipped(struct kafka_store *ks, int64_t offset, const struct mr_error *error)
{
    ks->n_skipped++;
    if (ks->n_skipped <= KAFKA_NOTICES)
        kafka_store_notice(ks, true, "record_skipped",
                           "topic=%s offset=%lld why=\"%s\" then=\"it stays in the topic; nothing "
                           "of it is served%s\"",
                           ks->topic, (long long)offset, error->text,
                           ks->n_skipped == KAFKA_NOTICES ? "; more of these are not told" : "");
}

/* Whether the record was written by one who no longer led. */
static bool is_void(struct kafka_store *ks, const struct mr_message *message, const char *epoch)
{
    (void)pthread_mutex_lock(&ks->lock);
    bool is_void = epoch[0] && ks->owner[0] && strcmp(epoch, ks->owner) != 0;
    if (is_void && strcmp(epoch, ks->epoch) == 0 && message->offset < ks->void_from)
        ks->void_from = message->offset;
    (void)pthread_mutex_unlock(&ks->lock);
    return is_void;
}

static void tell_foreign(struct kafka_store *ks)
{
    (void)pthread_mutex_lock(&ks->lock);
    bool tell = ks->ready && !ks->foreign_told && ks->epoch[0] && !ks->stop &&
                strcmp(ks->owner, ks->epoch) == 0;
    ks->foreign_told = ks->foreign_told || tell;
    (void)pthread_mutex_unlock(&ks->lock);
    if (tell)
        kafka_store_notice(ks, true, "foreign_writer",
                           "topic=%s why=\"a registry that is not Millrace writes to the topic as "
                           "well: ids may be given twice; stop it\"",
                           ks->topic);
}

static int take_record(struct kafka_store *ks, const struct mr_message *message)
{
    MR_AUTO(entry) struct entry entry = {0};
    struct mr_error error = MR_ERROR_INIT;
    char epoch[KAFKA_EPOCH_MAX];
    int r = entry_read(str(message->key), str(message->value), &entry, &error);

    if (r == MR_INVALID)
        skipped(ks, message->offset, &error);
    if (r != 0)
        return r > 0 ? 0 : r;
    header(message, KAFKA_EPOCH_HEADER, epoch, sizeof(epoch));
    if (is_void(ks, message, epoch))
        return take_void(ks, &entry);
    if (!epoch[0])
        tell_foreign(ks);
    if (entry.other_key) {
        (void)pthread_mutex_lock(&ks->lock);
        r = add_spelling(ks, &entry.record, str(message->key));
        (void)pthread_mutex_unlock(&ks->lock);
    }
    return r == 0 ? ks->sink.apply(ks->sink.opaque, &entry.record) : r;
}

static void set_owner(struct kafka_store *ks, const char *epoch, const char *leader)
{
    (void)pthread_mutex_lock(&ks->lock);
    bool deposed =
        ks->epoch[0] && strcmp(ks->owner, ks->epoch) == 0 && strcmp(epoch, ks->epoch) != 0;
    bool twin = deposed && strcmp(leader, ks->advertised) == 0;
    (void)snprintf(ks->owner, sizeof(ks->owner), "%s", epoch);
    (void)snprintf(ks->leader, sizeof(ks->leader), "%s", leader);
    (void)pthread_mutex_unlock(&ks->lock);
    if (deposed)
        kafka_store_notice(ks, true, "deposed", "leader=%s then=\"%s\"", leader,
                           twin ? "no change is taken here: it is our own URL: give each registry "
                                  "one of its own with --advertise"
                                : "changes are forwarded there");
}

static int reserve(struct kafka_store *ks, const json_t *ids)
{
    const char *context;
    json_t *id;
    int r = 0;

    json_object_foreach((json_t *)(uintptr_t)ids, context, id)
    {
        json_int_t number = json_integer_value(id);
        if (r == 0 && number > 0 && number <= INT32_MAX)
            r = ks->sink.reserve(ks->sink.opaque, mr_str_from(context), (int32_t)number);
    }
    return r;
}

/* 0: it was a claim; MR_ABSENT; -ENOMEM. */
static int take_claim(struct kafka_store *ks, const struct mr_message *message)
{
    MR_AUTO(json) json_t *value = NULL;

    if (message->value.len == 0 || !mr_str_is(str(message->key), KAFKA_CLAIM_KEY))
        return MR_ABSENT;
    int r = record_load(str(message->value), &value);
    if (r != 0)
        return r == -ENOMEM ? r : MR_ABSENT;
    const json_t *claim = json_object_get(value, KAFKA_CLAIM_MEMBER);
    struct mr_str epoch = json_str(json_object_get(claim, "epoch"));
    struct mr_str leader = json_str(json_object_get(claim, "leader"));
    if (epoch.len == 0 || epoch.len >= sizeof(ks->owner) || !leader.data ||
        leader.len >= sizeof(ks->leader))
        return MR_ABSENT;
    r = reserve(ks, json_object_get(claim, "ids"));
    if (r == 0)
        set_owner(ks, epoch.data, leader.data);
    return r;
}

int kafka_store_take(struct kafka_store *ks, const struct mr_message *message)
{
    if (kafka_store_went_back(ks, message->offset, ks->position)) /* which only this thread sets */
        return 0;
    int r = take_claim(ks, message);
    if (r == MR_ABSENT)
        r = take_record(ks, message);
    if (r != 0)
        return r;
    (void)pthread_mutex_lock(&ks->lock);
    ks->position = message->offset + 1;
    ks->ready = ks->ready || ks->position >= ks->start_end;
    (void)pthread_cond_broadcast(&ks->moved);
    (void)pthread_mutex_unlock(&ks->lock);
    return 0;
}
