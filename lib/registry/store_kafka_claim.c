/* SPDX-License-Identifier: Apache-2.0 */
/* Who leads: claims, the keys that void records left behind, and the watch over another leader. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "forward.h"
#include "millrace/status.h"
#include "store_kafka_inside.h"

enum {
    KEEPER_MS = 500,
    PROBE_MS = 1500, /* for an answer of the leader */
    RESIGN_MS = 1000,
};

static void delivered(void *self, uint64_t tag, int r, int32_t partition, int64_t offset,
                      const char *text)
{
    struct delivery *delivery = self;

    (void)tag, (void)partition;
    if (r == 0 && offset > delivery->last)
        delivery->last = offset;
    if (r != 0 && delivery->r == 0) {
        delivery->r = r;
        (void)snprintf(delivery->text, sizeof(delivery->text), "%s", text ? text : "");
    }
}

/* A producer of its own for each epoch: what the old one still has is dropped. */
static int new_producer(struct kafka_store *ks, struct mr_error *reterr)
{
    struct kafka_settings settings;
    struct mr_kafka_topic_info *topics;
    size_t n;
    int r = kafka_store_settings(ks, true, &settings, reterr);

    ks->producer = mr_kafka_producer_free(ks->producer);
    if (r == 0)
        r = mr_kafka_producer_new(&settings.config, delivered, &ks->delivery, &ks->producer,
                                  reterr);
    if (r != 0)
        return r;
    /* asking for something ends the wait for the first connection at once */
    r = mr_kafka_topics(mr_kafka_producer_client(ks->producer), ks->timeout_ms, &topics, &n,
                        reterr);
    if (r == 0)
        mr_kafka_topics_free(topics, n);
    return r;
}

static int new_epoch(struct kafka_store *ks)
{
    struct mr_uuid uuid;
    char text[KAFKA_EPOCH_MAX] = "";
    int r = mr_uuid_v4(&uuid);

    if (r != 0)
        return r;
    mr_uuid_format(&uuid, text);
    (void)pthread_mutex_lock(&ks->lock);
    memcpy(ks->epoch, text, sizeof(text));
    ks->void_from = INT64_MAX;
    (void)pthread_mutex_unlock(&ks->lock);
    return 0;
}

/* Records of former leaders that came too late are void for us, but they are the last of their keys
 * in the topic: what holds is written behind them. */
static int put_again(void *opaque, const struct record *record)
{
    return kafka_store_put(opaque, record, false, NULL);
}

static int mend(struct kafka_store *ks, struct mr_error *reterr)
{
    int r = 0;

    (void)pthread_mutex_lock(&ks->lock);
    struct voided *voided = ks->voided;
    ks->voided = NULL;
    (void)pthread_mutex_unlock(&ks->lock);
    if (!voided)
        return 0;
    kafka_store_expect(ks);
    for (struct voided *one = voided; one && r == 0; one = one->next)
        r = ks->sink.mend(ks->sink.opaque, &one->entry.record, put_again, ks);
    if (r == 0)
        r = kafka_store_settle(ks, reterr);
    if (r == 0) {
        kafka_store_voided_done(voided);
        return 0;
    }
    (void)pthread_mutex_lock(&ks->lock);
    struct voided *last = voided; /* for the next try */
    while (last->next)
        last = last->next;
    last->next = ks->voided;
    ks->voided = voided;
    (void)pthread_mutex_unlock(&ks->lock);
    return r;
}

/* Says who leads, and which ids are taken: compaction forgets those of what is gone for good. */
static int produce_claim(struct kafka_store *ks, const char *leader, struct mr_error *reterr)
{
    MR_AUTO(json) json_t *ids = NULL;
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    int r = ks->sink.ids(ks->sink.opaque, &ids);

    if (r != 0)
        return r;
    MR_AUTO(json)
    json_t *value = json_pack("{s:{s:s,s:s,s:O}}", KAFKA_CLAIM_MEMBER, "epoch", ks->epoch, "leader",
                              leader, "ids", ids);
    r = value ? json_append(&text, value) : -ENOMEM;
    if (r != 0)
        return r;
    return kafka_store_produce(ks, MR_STR(KAFKA_CLAIM_KEY),
                               &(struct mr_str){(const char *)text.data, text.len}, reterr);
}

static int claim(struct kafka_store *ks, struct mr_error *reterr)
{
    int r = new_producer(ks, reterr);

    if (r == 0)
        r = new_epoch(ks);
    if (r != 0)
        return r;
    kafka_store_expect(ks);
    r = produce_claim(ks, ks->advertised, reterr);
    if (r == 0)
        r = kafka_store_settle(ks, reterr);
    if (r != 0)
        return r == -ETIMEDOUT ? MR_AGAIN : r;
    (void)pthread_mutex_lock(&ks->lock);
    bool mine = strcmp(ks->owner, ks->epoch) == 0;
    (void)pthread_mutex_unlock(&ks->lock);
    return mine ? 0 : MR_ABSENT;
}

int kafka_store_claim(struct kafka_store *ks, struct mr_error *reterr)
{
    (void)pthread_mutex_lock(&ks->writing);
    int r = claim(ks, reterr);
    if (r == 0)
        r = mend(ks, reterr);
    if (r == -ETIMEDOUT)
        r = MR_AGAIN;
    (void)pthread_mutex_lock(&ks->lock);
    ks->unclear = r != 0 && r != MR_ABSENT;
    bool tell = r == 0;
    (void)pthread_mutex_unlock(&ks->lock);
    (void)pthread_mutex_unlock(&ks->writing);
    if (tell)
        kafka_store_notice(ks, false, "leads", "topic=%s url=%s epoch=%s", ks->topic,
                           ks->advertised, ks->epoch);
    return r;
}

void kafka_store_resign(struct kafka_store *ks)
{
    (void)pthread_mutex_lock(&ks->writing);
    (void)pthread_mutex_lock(&ks->lock);
    bool leads = ks->producer && !ks->unclear && !ks->broken && ks->epoch[0] &&
                 strcmp(ks->owner, ks->epoch) == 0;
    (void)pthread_mutex_unlock(&ks->lock);
    if (leads && produce_claim(ks, "", NULL) == 0)
        (void)mr_kafka_flush(ks->producer, RESIGN_MS, NULL, NULL);
    (void)pthread_mutex_unlock(&ks->writing);
}

/* Another's URL, as the last claim has it; "" when there is none, or it is ours. */
static void other_leader(struct kafka_store *ks, char url[sizeof(ks->leader)])
{
    (void)pthread_mutex_lock(&ks->lock);
    bool other = ks->owner[0] && strcmp(ks->owner, ks->epoch) != 0 &&
                 strcmp(ks->leader, ks->advertised) != 0;
    (void)snprintf(url, sizeof(ks->leader), "%s", other ? ks->leader : "");
    (void)pthread_mutex_unlock(&ks->lock);
}

int kafka_store_begin(struct kafka_store *ks, struct mr_error *reterr)
{
    char url[sizeof(ks->leader)];

    ks->last_leader = mr_time_steady();
    if (ks->follow)
        return 0;
    other_leader(ks, url);
    if (url[0] && forward_probe(url, PROBE_MS)) {
        kafka_store_notice(ks, false, "stands_by", "leader=%s", url);
        return 0;
    }
    int r = kafka_store_claim(ks, reterr);
    return r == MR_ABSENT ? 0 : r;
}

/* An epoch that has to end; or a leader that resigned, or does not answer any more. */
static bool must_claim(struct kafka_store *ks)
{
    char url[sizeof(ks->leader)];

    (void)pthread_mutex_lock(&ks->lock);
    bool ours = kafka_store_is_ours(ks);
    bool due = ours ? ks->unclear || ks->voided : !ks->leader[0];
    (void)pthread_mutex_unlock(&ks->lock);
    other_leader(ks, url);
    if (due || ours || !url[0]) /* no URL: a process that advertises ours */
        return due;
    if (forward_probe(url, PROBE_MS)) {
        ks->last_leader = mr_time_steady();
        return false;
    }
    return mr_time_steady() - ks->last_leader > ks->takeover_ms * INT64_C(1000);
}

static void *keep(void *opaque)
{
    struct kafka_store *ks = opaque;
    int64_t deadline = kafka_store_deadline(KEEPER_MS);

    (void)pthread_mutex_lock(&ks->lock);
    while (!ks->stop) {
        if (kafka_store_sleep(ks, deadline) && mr_time_steady() < deadline)
            continue;
        bool usable = !ks->broken;
        (void)pthread_mutex_unlock(&ks->lock);
        if (usable && must_claim(ks) && kafka_store_claim(ks, NULL) == MR_ABSENT)
            ks->last_leader = mr_time_steady();
        deadline = kafka_store_deadline(KEEPER_MS);
        (void)pthread_mutex_lock(&ks->lock);
    }
    (void)pthread_mutex_unlock(&ks->lock);
    return NULL;
}

int kafka_store_keeper_start(struct kafka_store *ks)
{
    if (ks->follow)
        return 0;
    if (pthread_create(&ks->keeper, NULL, keep, ks) != 0)
        return -EAGAIN;
    ks->keeper_runs = true;
    return 0;
}
