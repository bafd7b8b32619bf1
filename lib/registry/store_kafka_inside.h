/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the Kafka store share. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "millrace/kafka.h"
#include "millrace/time.h"
#include "millrace/uuid.h"
#include "record_json.h"
#include "store_kafka.h"
#include "table.h"

#define KAFKA_EPOCH_HEADER "millrace-epoch"
/* A claim is this key, whose value others leave unread; theirs have none:
 * {"millrace":{"epoch":"...","leader":"URL","ids":{".":12}}}
 * with "leader":"" when it ends in order. */
#define KAFKA_CLAIM_KEY "{\"keytype\":\"NOOP\",\"magic\":0}"
#define KAFKA_CLAIM_MEMBER "millrace"

enum {
    KAFKA_NOTICES = 20, /* of skipped records; further ones are counted */
    KAFKA_OWN_PROPERTIES = 12,
    KAFKA_USER_PROPERTIES = 64,
    KAFKA_EPOCH_MAX = MR_UUID_TEXT + 1,
};

struct kafka_store {
    struct store store; /* first member */
    char *brokers, *topic, *advertised;
    char **properties; /* of the user */
    size_t n_properties;
    int replication;
    bool follow; /* never leads */
    int timeout_ms, takeover_ms;
    void (*notice)(void *opaque, bool warn, const char *event, const char *text);
    void *notice_opaque;
    struct store_sink sink;

    /* ---- whoever writes: one at a time, see writing ---- */
    pthread_mutex_t writing;
    struct mr_kafka_producer *producer;
    struct delivery {
        int r;         /* the worst */
        int64_t last;  /* offset */
        int64_t floor; /* all that is written now lies at or above it */
        char text[256];
    } delivery;

    /* ---- the reader's own ---- */
    struct mr_kafka_consumer *consumer;
    pthread_t reader, keeper;
    bool reader_runs, keeper_runs;
    unsigned n_skipped;

    /* ---- shared, under lock; moved is signalled at each change ---- */
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool stop, ready, broken;
    int64_t start_end;           /* of the topic when reading began: ready from there on */
    int64_t position;            /* offset after the last record that was dealt with; -1 none */
    char owner[KAFKA_EPOCH_MAX]; /* epoch of the last claim that was read; "" none */
    char leader[256];            /* URL in it */
    char epoch[KAFKA_EPOCH_MAX]; /* ours; "" never led */
    int64_t void_from;           /* offset of the first void record of our epoch */
    bool unclear;                /* the epoch must end before anything else is written */
    bool foreign_told;
    int64_t last_leader; /* when another's URL last answered, mr_time_steady() */
    char trouble[256];
    struct voided {
        struct voided *next;
        struct entry entry;
    } * voided;             /* whose keys the next leader writes again */
    struct table spellings; /* key as we write it -> struct spelling */
};

/* Other texts of one key, as Karapace and old registries wrote them: a tombstone must hit them all.
 */
struct spelling {
    struct mr_buf own;
    struct mr_buf *others;
    size_t n_others;
};

static inline struct kafka_store *kafka_store(struct store *store)
{
    return (struct kafka_store *)store;
}

void kafka_store_notice(const struct kafka_store *ks, bool warn, const char *event, const char *fmt,
                        ...) MR_PRINTF(4, 5);
/* Whether we lead, or did when we last knew and have to say so again. The caller holds lock. By the
 * epoch, not by the URL: that of two processes may be the same by mistake. */
static inline bool kafka_store_is_ours(const struct kafka_store *ks)
{
    return ks->epoch[0] && (strcmp(ks->owner, ks->epoch) == 0 ||
                            (ks->unclear && strcmp(ks->leader, ks->advertised) == 0));
}
/* Until something moved, or the time has come. The caller holds lock. False: it has. */
bool kafka_store_sleep(struct kafka_store *ks, int64_t deadline);
static inline int64_t kafka_store_deadline(int ms)
{
    return mr_time_steady() + ms * INT64_C(1000);
}

/* store_kafka_topic.c. What mr_kafka_* is given: ours, then the user's. */
struct kafka_settings {
    struct mr_kafka_config config;
    const char *properties[KAFKA_OWN_PROPERTIES + KAFKA_USER_PROPERTIES];
    char timeout[48];
};
int kafka_store_settings(const struct kafka_store *ks, bool producer,
                         struct kafka_settings *ret_settings, struct mr_error *reterr);
/* Makes or checks the topic. Outcomes: 0, MR_INVALID, MR_AGAIN, -errno. */
int kafka_store_topic(struct kafka_store *ks, struct mr_error *reterr);

/* store_kafka_read.c. Starts the reader, returns when it has read to the end. */
int kafka_store_read_start(struct kafka_store *ks, struct mr_error *reterr);
void kafka_store_read_stop(struct kafka_store *ks);
/* store_kafka_take.c. 0; -ENOMEM (to be given again). The reader's thread. */
int kafka_store_take(struct kafka_store *ks, const struct mr_message *message);
/* A log that begins anew is another log: what it says has no order with what was read. True: it is
 * so, and nothing is written or read any more. */
bool kafka_store_went_back(struct kafka_store *ks, int64_t offset, int64_t position);
void kafka_store_voided_done(struct voided *voided);

/* store_kafka_write.c; the caller holds writing. */
/* One record into the producer's queue, with the epoch in a header. value NULL: a tombstone. */
int kafka_store_produce(struct kafka_store *ks, struct mr_str key, const struct mr_str *value,
                        struct mr_error *reterr);
/* A record as it stands in the topic; bury: a deletion under every spelling that its key was seen
 * in, else compaction would bring the others back. */
int kafka_store_put(struct kafka_store *ks, const struct record *record, bool bury,
                    struct mr_error *reterr);
/* Before the first kafka_store_produce() of what one kafka_store_settle() waits for. */
void kafka_store_expect(struct kafka_store *ks);
/* Delivers what is queued and waits until the reader has it. 0; MR_ABSENT (another leads now, and
 * nothing was written); MR_INVALID (refused as too large: nothing was written); -ETIMEDOUT
 * (unknown). */
int kafka_store_settle(struct kafka_store *ks, struct mr_error *reterr);
int kafka_store_append(struct store *store, const struct record *records, size_t n,
                       struct mr_error *reterr);

/* store_kafka_claim.c. */
/* Ends whatever epoch there is and begins one of our own. 0; MR_ABSENT (another claimed at the same
 * time); MR_AGAIN; -errno. */
int kafka_store_claim(struct kafka_store *ks, struct mr_error *reterr);
/* At the end: another may take over at once. */
void kafka_store_resign(struct kafka_store *ks);
/* At the start: leads unless another process does and answers. */
int kafka_store_begin(struct kafka_store *ks, struct mr_error *reterr);
int kafka_store_keeper_start(struct kafka_store *ks);
