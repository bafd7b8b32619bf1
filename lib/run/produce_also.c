/* SPDX-License-Identifier: Apache-2.0 */
/* One document as records of several majors: what topics.yaml says under `also` goes out beside it,
 * under the same key, id and headers. All or none of them count as delivered. */
#include "produce.h"

#include <errno.h>
#include <stdlib.h>

#include "millrace/compiler.h"

enum { PREFIX = 5 }; /* magic byte and schema id */

static struct intake_topic *intake_topic_of(struct produce *produce, const struct mr_topic *topic)
{
    for (size_t i = 0; i < produce->intake.n_topics; i++)
        if (produce->intake.topics[i].topic == topic)
            return &produce->intake.topics[i];
    return NULL;
}

static int open_one(struct produce *produce, const struct mr_topic_way *from,
                    struct produce_also *also, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf report = {0};

    also->topic = intake_topic_of(produce, from->to);
    if (!also->topic)
        return -EINVAL; /* majors are of one service */
    int r = mr_upcast_way_new(from, "", &also->way, &report);
    if (r == MR_INVALID)
        return mr_error_set(reterr, -EINVAL, "%.*s", (int)report.len, (const char *)report.data);
    return r != 0 ? r : mr_upcast_of_way(also->way, NULL, &also->upcast, reterr);
}

int produce_also_open(struct produce *produce, struct mr_error *reterr)
{
    size_t n_topics = produce->intake.n_topics, n = 0;
    int r = 0;

    for (size_t i = 0; i < n_topics; i++)
        n += produce->intake.topics[i].topic->n_also;
    if (n == 0)
        return 0;
    produce->also = calloc(n_topics, sizeof(*produce->also));
    r = produce->also ? mr_arena_new(0, &produce->arena) : -ENOMEM;
    for (size_t i = 0; i < n_topics && r == 0; i++) {
        const struct mr_topic *topic = produce->intake.topics[i].topic;
        struct produce_also_list *list = &produce->also[i];
        list->items = topic->n_also ? calloc(topic->n_also, sizeof(*list->items)) : NULL;
        if (topic->n_also && !list->items)
            r = -ENOMEM;
        for (; list->n < topic->n_also && r == 0; list->n++)
            r = open_one(produce, &topic->also[list->n], &list->items[list->n], reterr);
    }
    return r == MR_INVALID ? -EINVAL : r;
}

void produce_also_close(struct produce *produce)
{
    for (size_t i = 0; produce->also && i < produce->intake.n_topics; i++) {
        struct produce_also_list *list = &produce->also[i];
        for (size_t k = 0; k < list->n; k++) {
            (void)mr_upcast_free(list->items[k].upcast);
            (void)mr_upcast_way_free(list->items[k].way);
            mr_buf_done(&list->items[k].value);
        }
        free(list->items);
    }
    free(produce->also);
    produce->also = NULL;
    produce->arena = mr_arena_free(produce->arena);
}

const struct produce_also_list *produce_also_of(const struct produce *produce,
                                                const struct intake_topic *topic)
{
    static const struct produce_also_list none;

    return produce->also ? &produce->also[topic - produce->intake.topics] : &none;
}

static int make_one(struct produce *produce, struct produce_also *also, struct mr_bytes value,
                    struct mr_error *reterr)
{
    uint32_t id = (uint32_t)also->topic->schema_id;
    const uint8_t prefix[PREFIX] = {0, (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8),
                                    (uint8_t)id};
    struct mr_error why = MR_ERROR_INIT;

    also->value.len = 0;
    int r = mr_buf_append(&also->value, prefix, sizeof(prefix));
    if (r == 0)
        r = mr_upcast_run(also->upcast, value.data + PREFIX, value.len - PREFIX, produce->arena,
                          &also->value, &why);
    mr_arena_reset(produce->arena);
    if (r != MR_INVALID)
        return r;
    return mr_error_set(reterr, r, "cannot be written as %s beside it: %s%s%s",
                        also->topic->topic->name, why.where, why.where[0] ? ": " : "", why.text);
}

int produce_also_make(struct produce *produce, const struct intake_record *record,
                      struct mr_error *reterr)
{
    const struct produce_also_list *list = produce_also_of(produce, record->topic);
    int r = 0;

    for (size_t i = 0; i < list->n && r == 0; i++)
        r = make_one(produce, &list->items[i], record->value, reterr);
    return r;
}
