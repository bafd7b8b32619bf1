/* SPDX-License-Identifier: Apache-2.0 */
/* A dead-letter topic from its beginning to its end. */
#include "read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cluster.h"
#include "../stopped.h"
#include "millrace/time.h"

enum { WAIT_MS = 100, SILENCE_US = 30000000, MAX_HEADERS = 1024 };

/* ---- which topic ---- */

const char *dlq_topic(const struct mr_catalog *catalog, const char *word)
{
    const struct mr_service *service = mr_catalog_service(catalog, mr_str_from(word));

    return service && service->dead_letter ? service->dead_letter->name : word;
}

static int no_topic(const struct dlq_args *args, const struct dlq_reader *reader, const char *word,
                    struct mr_error *reterr)
{
    const char *near = mr_catalog_nearest_service(args->choose.catalog, word);

    if (strcmp(reader->topic, word) != 0)
        return mr_error_set(reterr, MR_INVALID,
                            "the cluster has no topic '%s': 'millrace topics create' makes it",
                            reader->topic);
    return mr_error_set(reterr, MR_INVALID,
                        "'%s' is neither a service nor a topic of the cluster%s%s%s", word,
                        near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* ---- where it begins and ends, and what is dealt with ---- */

static int make_items(struct dlq_reader *reader, const struct dlq_args *args, const char *word,
                      struct mr_error *reterr)
{
    struct mr_kafka_topic_info *topics;
    size_t n_topics;

    int r = mr_kafka_topics(mr_kafka_consumer_client(reader->consumer), CLUSTER_TIMEOUT_MS, &topics,
                            &n_topics, reterr);
    if (r != 0)
        return r;
    const struct mr_kafka_topic_info *info = mr_kafka_topics_find(topics, n_topics, reader->topic);
    if (!info)
        r = no_topic(args, reader, word, reterr);
    else if (!(reader->items = calloc((size_t)info->n_partitions + 1, sizeof(*reader->items))))
        r = -ENOMEM;
    for (int32_t i = 0; r == 0 && i < info->n_partitions; i++)
        reader->items[reader->n_items++].partition = i;
    mr_kafka_topics_free(topics, n_topics);
    return r;
}

static int find_ends(struct dlq_reader *reader, struct mr_topic_partition *asked,
                     struct mr_error *reterr)
{
    int r = mr_kafka_offsets_for_time(reader->consumer, asked, reader->n_items, MR_OFFSET_BEGINNING,
                                      CLUSTER_TIMEOUT_MS, reterr);

    for (size_t i = 0; r == 0 && i < reader->n_items; i++)
        reader->items[i].low = asked[i].offset;
    if (r == 0)
        r = mr_kafka_offsets_for_time(reader->consumer, asked, reader->n_items, MR_OFFSET_END,
                                      CLUSTER_TIMEOUT_MS, reterr);
    for (size_t i = 0; r == 0 && i < reader->n_items; i++)
        reader->items[i].high = asked[i].offset;
    return r;
}

/* A topic that was made anew has fewer records than the group remembers: that is of the old one. */
static int find_done(struct dlq_reader *reader, struct mr_topic_partition *asked,
                     struct mr_error *reterr)
{
    MR_AUTO(free) char **notes = calloc(reader->n_items + 1, sizeof(*notes));

    if (!notes)
        return -ENOMEM;
    int r = mr_kafka_committed_notes(reader->consumer, asked, notes, reader->n_items,
                                     CLUSTER_TIMEOUT_MS, reterr);
    for (size_t i = 0; i < reader->n_items; i++) {
        struct dlq_partition *item = &reader->items[i];
        bool ours = asked[i].offset <= item->high;
        if (r == 0)
            r = done_parse(&item->done, ours ? asked[i].offset : -1, notes[i]);
        if (r == 0)
            r = done_add(&item->done, 0, item->low); /* retention has taken them */
        free(notes[i]);
    }
    return r;
}

int dlq_open(struct dlq_reader *reader, const struct dlq_args *args, const char *word,
             struct mr_error *reterr)
{
    static const char *const eof = "enable.partition.eof=true";
    struct mr_kafka_config config = cluster_config(&args->common);
    MR_AUTO(free) const char **properties = calloc(config.n_properties + 1, sizeof(*properties));

    *reader = (struct dlq_reader){.topic = strdup(dlq_topic(args->choose.catalog, word))};
    if (!properties || !reader->topic ||
        asprintf(&reader->group, "millrace-retry.%s", reader->topic) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < config.n_properties; i++)
        properties[i] = config.properties[i];
    properties[config.n_properties++] = eof;
    config.properties = properties;
    int r = mr_kafka_consumer_new(&config, reader->group, NULL, &reader->consumer, reterr);
    if (r == 0)
        r = make_items(reader, args, word, reterr);
    MR_AUTO(free)
    struct mr_topic_partition *asked = calloc(reader->n_items + 1, sizeof(*asked));
    if (!asked)
        return -ENOMEM;
    for (size_t i = 0; i < reader->n_items; i++)
        asked[i] = (struct mr_topic_partition){reader->topic, reader->items[i].partition, 0};
    if (r == 0)
        r = find_ends(reader, asked, reterr);
    return r == 0 ? find_done(reader, asked, reterr) : r;
}

void dlq_close(struct dlq_reader *reader)
{
    for (size_t i = 0; i < reader->n_items; i++)
        done_free(&reader->items[i].done);
    free(reader->items);
    reader->consumer = mr_kafka_consumer_free(reader->consumer);
    free(reader->topic);
    free(reader->group);
    *reader = (struct dlq_reader){.items = NULL};
}

/* ---- reading ---- */

struct passage {
    struct dlq_reader *reader;
    bool all;
    dlq_fn fn;
    void *self;
    struct mr_header *headers;
    int r;
};

static struct dlq_partition *partition_of(struct dlq_reader *reader, int32_t partition)
{
    return partition >= 0 && (size_t)partition < reader->n_items ? &reader->items[partition] : NULL;
}

struct done *dlq_done_of(struct dlq_reader *reader, int32_t partition)
{
    return &partition_of(reader, partition)->done;
}

/* Offsets that hold no letter (marks of transactions, compaction) are nobody's to deal with. */
static int move_on(struct dlq_reader *reader, struct dlq_partition *item, int64_t found,
                   int64_t next)
{
    int r = done_add(&item->done, item->next, found < item->high ? found : item->high);

    item->next = next;
    if (r == 0 && !item->finished && item->next >= item->high) {
        item->finished = true;
        reader->n_left--;
    }
    return r;
}

static int give(struct passage *passage, const struct mr_message *message, bool done)
{
    struct dlq_item item = {.message = message, .headers = passage->headers, .done = done};
    struct mr_bytes value = message->value;

    while (item.n_headers < MAX_HEADERS &&
           mr_kafka_header_at(message, item.n_headers, &passage->headers[item.n_headers]) == 0)
        item.n_headers++;
    mr_dead_letter_read(item.headers, item.n_headers, message->tombstone ? NULL : &value,
                        &item.letter);
    return passage->fn(passage->self, &item);
}

static bool serve(void *self, const struct mr_message *message)
{
    struct passage *passage = self;
    struct dlq_partition *item = partition_of(passage->reader, message->partition);

    if (!item || item->finished)
        return true;
    if (message->end) {
        passage->r = move_on(passage->reader, item, item->high, item->high);
    } else if (message->offset >= item->high) {
        passage->r = move_on(passage->reader, item, item->high, item->high);
    } else {
        passage->r = move_on(passage->reader, item, message->offset, message->offset + 1);
        bool done = done_has(&item->done, message->offset);
        if (passage->r == 0 && (passage->all || !done))
            passage->r = give(passage, message, done);
    }
    return passage->r == 0 && !stopped(NULL) && passage->reader->n_left > 0;
}

static int assign(struct dlq_reader *reader, bool all, struct mr_error *reterr)
{
    MR_AUTO(free) struct mr_topic_partition *list = calloc(reader->n_items + 1, sizeof(*list));

    if (!list)
        return -ENOMEM;
    reader->n_left = 0;
    for (size_t i = 0; i < reader->n_items; i++) {
        struct dlq_partition *item = &reader->items[i];
        item->next = !all && item->done.next > item->low ? item->done.next : item->low;
        item->finished = item->next >= item->high;
        if (!item->finished)
            list[reader->n_left++] =
                (struct mr_topic_partition){reader->topic, item->partition, item->next};
    }
    return reader->n_left > 0 ? mr_kafka_assign(reader->consumer, list, reader->n_left, reterr) : 0;
}

static int silent(const struct dlq_reader *reader, struct mr_error *reterr)
{
    const char *trouble = mr_kafka_trouble(mr_kafka_consumer_client(reader->consumer));

    return mr_error_set(reterr, MR_AGAIN, "%s: nothing came for 30 s%s%s", reader->topic,
                        *trouble ? ": " : "", trouble);
}

int dlq_each(struct dlq_reader *reader, bool all, dlq_fn fn, void *self, struct mr_error *reterr)
{
    MR_AUTO(free) struct mr_header *headers = calloc(MAX_HEADERS, sizeof(*headers));
    struct passage passage = {reader, all, fn, self, headers, 0};

    if (!headers)
        return -ENOMEM;
    int r = assign(reader, all, reterr);
    int64_t heard = mr_time_steady();
    while (r == 0 && reader->n_left > 0) {
        int n = mr_kafka_serve(reader->consumer, WAIT_MS, serve, &passage, reterr);
        r = n < 0 ? n : passage.r;
        if (n > 0)
            heard = mr_time_steady();
        if (r == 0 && stopped(NULL))
            r = mr_error_set(reterr, -EINTR, "stopped");
        else if (r == 0 && n == 0 && mr_time_steady() - heard > SILENCE_US)
            r = silent(reader, reterr);
    }
    return r;
}

/* ---- what is dealt with ---- */

int dlq_fits(const struct done *done)
{
    MR_AUTO(mr_buf) struct mr_buf note = {0};
    int r = done_note(done, &note);

    return r != 0 ? r : note.len > DONE_NOTE_MAX ? MR_FULL : 0;
}

int dlq_commit(struct dlq_reader *reader, struct mr_error *reterr)
{
    MR_AUTO(free) struct mr_topic_partition *list = calloc(reader->n_items + 1, sizeof(*list));
    MR_AUTO(free) const char **notes = calloc(reader->n_items + 1, sizeof(*notes));
    MR_AUTO(free) struct mr_buf *texts = calloc(reader->n_items + 1, sizeof(*texts));
    int r = list && notes && texts ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < reader->n_items; i++) {
        const struct dlq_partition *item = &reader->items[i];
        list[i] = (struct mr_topic_partition){reader->topic, item->partition, item->done.next};
        r = done_note(&item->done, &texts[i]);
        notes[i] = mr_buf_cstr(&texts[i]);
        if (!notes[i])
            r = -ENOMEM;
    }
    if (r == 0)
        r = mr_kafka_commit_notes(reader->consumer, list, notes, reader->n_items, reterr);
    for (size_t i = 0; texts && i < reader->n_items; i++)
        mr_buf_done(&texts[i]);
    return r;
}
