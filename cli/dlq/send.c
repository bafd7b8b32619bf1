/* SPDX-License-Identifier: Apache-2.0 */
/* Sends letters to their topics and remembers which. */
#include "send.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cluster.h"
#include "../stopped.h"
#include "millrace/time.h"
#include "millrace/uuid.h"

enum { AT_ONCE = 500, MAX_OF = 300, FLUSH_MS = 60000 };

/* ---- in batches, so that what was acknowledged is kept soon ---- */

struct batch {
    struct dlq_pile *pile;
    size_t from, to;
    struct mr_error *reterr;
    int r; /* of the first that failed */
};

static void delivered(void *self, uint64_t tag, int r, int32_t partition, int64_t offset,
                      const char *text)
{
    struct batch *batch = self;
    struct dlq_copy *copy = &batch->pile->items[tag];

    (void)partition;
    (void)offset;
    copy->sent = r == 0;
    copy->failed = r != 0;
    if (r != 0 && batch->r == 0)
        batch->r = mr_error_set(batch->reterr, r, "%s: not taken: %s", copy->topic,
                                text && *text ? text : mr_status_name(r));
}

/* ---- can it be kept that they are dealt with? ---- */

static bool is_dealt_with(const struct dlq_pile *pile, const struct dlq_copy *copy)
{
    return pile->items[copy->twin].sent;
}

/* Of one partition of the dead-letter topic, if all of the batch went well. */
static int fits(const struct batch *batch, struct dlq_reader *reader, int32_t partition)
{
    struct done then;

    int r = done_copy(dlq_done_of(reader, partition), &then);
    if (r != 0)
        return r;
    for (size_t i = batch->from; r == 0 && i < batch->to; i++) {
        const struct dlq_copy *copy = &batch->pile->items[i];
        if (copy->verdict == DLQ_SEND && copy->at_partition == partition)
            r = done_add(&then, copy->at_offset, copy->at_offset + 1);
    }
    if (r == 0)
        r = dlq_fits(&then);
    done_free(&then);
    return r;
}

/* MR_FULL: marks those of partitions whose dealt with letters would be too scattered. */
static int check_room(struct batch *batch, struct dlq_reader *reader)
{
    int all = 0;

    for (size_t p = 0; p < reader->n_items; p++) {
        int r = fits(batch, reader, (int32_t)p);
        if (r != 0 && r != MR_FULL)
            return r;
        for (size_t i = batch->from; r == MR_FULL && i < batch->to; i++)
            if (batch->pile->items[i].at_partition == (int32_t)p &&
                batch->pile->items[i].verdict == DLQ_SEND)
                batch->pile->items[i].verdict = DLQ_SCATTERED;
        all = r == MR_FULL ? MR_FULL : all;
    }
    return all;
}

/* Also what stands for them in other batches: twins are no further away than the record. */
static int keep(struct batch *batch, struct dlq_reader *reader, struct mr_error *reterr)
{
    int r = 0;

    for (size_t i = batch->from; r == 0 && i < batch->to; i++) {
        const struct dlq_copy *copy = &batch->pile->items[i];
        if (copy->verdict == DLQ_SEND && is_dealt_with(batch->pile, copy))
            r = done_add(dlq_done_of(reader, copy->at_partition), copy->at_offset,
                         copy->at_offset + 1);
    }
    return r == 0 ? dlq_commit(reader, reterr) : r;
}

static size_t batch_end(const struct dlq_pile *pile, size_t from)
{
    return pile->n - from > AT_ONCE ? from + AT_ONCE : pile->n;
}

/* ---- sending ---- */

struct sender {
    struct mr_kafka_producer *producer;
    const char *dead_letter_topic;
    struct mr_header *headers; /* room for those of any letter */
    char run[MR_UUID_TEXT + 1];
};

static int produce(struct sender *sender, const struct dlq_copy *copy, uint64_t tag,
                   struct mr_error *reterr)
{
    char of[MAX_OF];
    int r;

    (void)snprintf(of, sizeof(of), "%s[%d]@%" PRId64, sender->dead_letter_topic,
                   (int)copy->at_partition, copy->at_offset);
    size_t n = dlq_headers(copy, of, sender->run, sender->headers);
    while ((r = mr_kafka_produce(sender->producer, copy->target->name, copy->partition, copy->key,
                                 copy->value.data ? &copy->value : NULL, sender->headers, n, tag,
                                 reterr)) == MR_FULL) {
        int served = mr_kafka_producer_poll(sender->producer, 100, reterr);
        if (served < 0)
            return served;
    }
    return r;
}

static int send_batch(struct sender *sender, struct batch *batch)
{
    struct mr_error *reterr = batch->reterr;
    struct mr_error flushing = MR_ERROR_INIT;
    size_t left = 0;
    int r = 0;

    for (size_t i = batch->from; r == 0 && i < batch->to && batch->r == 0; i++) {
        struct dlq_copy *copy = &batch->pile->items[i];
        if (copy->verdict != DLQ_SEND || copy->twin != i)
            continue;
        r = produce(sender, copy, i, reterr);
        copy->failed = r != 0;
    }
    int flushed = mr_kafka_flush(sender->producer, FLUSH_MS, &left, &flushing);
    if (r == 0 && batch->r == 0 && flushed != 0) {
        *reterr = flushing;
        r = flushed;
    }
    return r != 0 ? r : batch->r;
}

static size_t most_headers(const struct dlq_pile *pile)
{
    size_t most = 0;

    for (size_t i = 0; i < pile->n; i++)
        most = pile->items[i].n_headers > most ? pile->items[i].n_headers : most;
    return most + 3;
}

/* A broker that is away is told after half a minute, unless -X says otherwise. */
static int open_sender(struct sender *sender, const struct dlq_reader *reader,
                       const struct mr_common *common, struct batch *batch, struct mr_error *reterr)
{
    struct mr_kafka_config config = cluster_config(common);
    MR_AUTO(free) const char **properties = calloc(config.n_properties + 1, sizeof(*properties));
    struct mr_uuid uuid;

    sender->dead_letter_topic = reader->topic;
    sender->headers = calloc(most_headers(batch->pile), sizeof(*sender->headers));
    if (!properties || !sender->headers)
        return -ENOMEM;
    properties[0] = "message.timeout.ms=30000";
    for (size_t i = 0; i < config.n_properties; i++)
        properties[i + 1] = config.properties[i];
    config.properties = properties;
    config.n_properties++;
    int r = mr_uuid_v7(mr_time_now() / 1000, &uuid);
    mr_uuid_format(&uuid, sender->run);
    return r != 0 ? r : mr_kafka_producer_new(&config, delivered, batch, &sender->producer, reterr);
}

int dlq_send(struct dlq_pile *pile, struct dlq_reader *reader, const struct mr_common *common,
             struct mr_error *reterr)
{
    struct batch batch = {.pile = pile, .reterr = reterr};
    struct sender sender = {.run = ""};
    struct mr_error keeping = MR_ERROR_INIT;

    int r = open_sender(&sender, reader, common, &batch, reterr);
    while (r == 0 && batch.from < pile->n) {
        batch.to = batch_end(pile, batch.from);
        int room = check_room(&batch, reader);
        r = room < 0 ? room : send_batch(&sender, &batch);
        int kept = keep(&batch, reader, &keeping);
        if (r == 0 && kept != 0) {
            *reterr = keeping;
            r = kept;
        }
        if (r == 0 && stopped(NULL))
            r = mr_error_set(reterr, -EINTR, "stopped: run it again for the rest");
        batch.from = batch.to;
    }
    (void)mr_kafka_producer_free(sender.producer);
    free(sender.headers);
    return r;
}

int dlq_dismiss(struct dlq_pile *pile, struct dlq_reader *reader, struct mr_error *reterr)
{
    struct batch batch = {.pile = pile, .to = pile->n, .reterr = reterr};

    int r = check_room(&batch, reader);
    for (size_t i = 0; r >= 0 && i < pile->n; i++)
        pile->items[i].sent = pile->items[i].verdict == DLQ_SEND;
    return r < 0 ? r : keep(&batch, reader, reterr);
}
