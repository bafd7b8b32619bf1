/* SPDX-License-Identifier: Apache-2.0 */
/* The topics of a consumer: those of its group, and those of older majors that topics.yaml lets it
 * read as younger ones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consume.h"

/* Handlers and topics.yaml must name the same topics: an event that nobody handles would be lost.
 */
static int check_group(const struct consume *run, struct mr_error *reterr)
{
    for (size_t i = 0; i < run->group->n_topics; i++) {
        bool handled = false;
        for (size_t k = 0; k < run->n_topics; k++)
            handled |= run->topics[k].topic == run->group->topics[i];
        if (!handled)
            return mr_error_set(reterr, -EINVAL,
                                "%s has no handler for %s, which topics.yaml gives it",
                                run->consumer->name, run->group->topics[i]->name);
    }
    if (run->n_topics != run->group->n_topics)
        return mr_error_set(reterr, -EINVAL, "%s handles %zu topics, topics.yaml gives it %zu",
                            run->consumer->name, run->n_topics, run->group->n_topics);
    return 0;
}

static int open_topic(struct consume_topic *t, const struct mr_on *on, struct mr_error *reterr)
{
    t->topic = t->as = on->topic;
    t->handle = on->handle;
    int r =
        mr_schema_parse(on->topic->schema_text, on->topic->schema_len, NULL, &t->schema, reterr);
    return r == MR_INVALID ? -EINVAL : r;
}

/* ---- older majors ---- */

static int open_way(struct consume_topic *t, const struct consume_topic *as,
                    const struct mr_topic_way *way, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf report = {0};

    *t = (struct consume_topic){.topic = way->from, .as = as->topic, .handle = as->handle};
    int r = mr_upcast_way_new(way, "", &t->way, &report);
    if (r == MR_INVALID)
        return mr_error_set(reterr, -EINVAL, "%.*s", (int)report.len, (const char *)report.data);
    if (r != 0)
        return r;
    t->schema = mr_schema_ref(mr_upcast_way_to(t->way));
    r = mr_struct_reader_new(t->schema, t->schema, as->topic->record, &t->reader, reterr);
    return r == MR_INVALID ? -EINVAL : r;
}

/* Whether a handler of a younger major takes that older one. */
static bool younger_takes(const struct consume *run, size_t n_handled, const struct mr_topic *as,
                          const struct mr_topic *from)
{
    for (size_t i = 0; i < n_handled; i++) {
        const struct mr_topic *topic = run->topics[i].topic;
        for (size_t k = 0; k < topic->n_upcasts; k++)
            if (topic->upcasts[k].from == from && topic->major > as->major)
                return true;
    }
    return false;
}

/* One that has a handler of its own is handled as it is. */
static int open_older(struct consume *run, size_t n_handled, struct mr_error *reterr)
{
    int r = 0;

    for (size_t i = 0; i < n_handled; i++) {
        const struct mr_topic *topic = run->topics[i].topic;
        for (size_t k = 0; k < topic->n_upcasts && r == 0; k++) {
            const struct mr_topic_way *way = &topic->upcasts[k];
            if (consume_topic_of(run, mr_str_from(way->from->name)) ||
                younger_takes(run, n_handled, topic, way->from))
                continue;
            r = open_way(&run->topics[run->n_topics++], &run->topics[i], way, reterr);
        }
    }
    return r;
}

static size_t count_topics(const struct mr_on *on)
{
    size_t n = 0;

    for (; on->topic || on->chapter; on++)
        n += on->chapter ? count_topics(on->chapter) : 1 + on->topic->n_upcasts;
    return n;
}

static int open_handled(struct consume *run, const struct mr_on *on, struct mr_error *reterr)
{
    int r = 0;

    for (; r == 0 && (on->topic || on->chapter); on++)
        r = on->chapter ? open_handled(run, on->chapter, reterr)
                        : open_topic(&run->topics[run->n_topics++], on, reterr);
    return r;
}

int consume_topics_open(struct consume *run, struct mr_error *reterr)
{
    run->topics = calloc(count_topics(run->consumer->handles) + 1, sizeof(*run->topics));
    if (!run->topics)
        return -ENOMEM;
    int r = open_handled(run, run->consumer->handles, reterr);
    size_t n = run->n_topics;
    if (r == 0)
        r = check_group(run, reterr);
    return r == 0 ? open_older(run, n, reterr) : r;
}

void consume_drop_writer(struct consume_writer *writer)
{
    (void)mr_struct_reader_unref(writer->reader);
    (void)mr_upcast_free(writer->upcast);
    (void)mr_json_decoder_unref(writer->json);
    free(writer->why);
    *writer = (struct consume_writer){0};
}

void consume_topics_close(struct consume *run)
{
    for (size_t i = 0; i < run->n_topics; i++) {
        struct consume_topic *t = &run->topics[i];
        for (size_t k = 0; k < t->n_writers; k++)
            consume_drop_writer(&t->writers[k]);
        (void)mr_struct_reader_unref(t->reader);
        (void)mr_upcast_way_free(t->way);
        (void)mr_schema_unref(t->schema);
    }
    free(run->topics);
    run->topics = NULL;
    run->n_topics = 0;
}

struct consume_topic *consume_topic_of(struct consume *run, struct mr_str name)
{
    for (size_t i = 0; i < run->n_topics; i++)
        if (mr_str_is(name, run->topics[i].topic->name))
            return &run->topics[i];
    return NULL;
}
