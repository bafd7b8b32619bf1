/* SPDX-License-Identifier: Apache-2.0 */
/* Words, keys, times and offsets to partitions with a start and a stop. */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../choose.h"
#include "millrace/hash.h"

enum { TIMEOUT_MS = 10000, MAX_PARTITIONS = 100000 };

/* Does the word mean this topic of the cluster: by its name, or by what the catalogue knows of it?
 * Kafka's own topics are meant by their whole name only. */
static bool means(const struct plan_wish *wish, const char *word, const char *name)
{
    if (strcmp(word, name) == 0)
        return true;
    if (strncmp(name, "__", 2) == 0)
        return false;
    const struct mr_topic *topic = mr_catalog_topic(wish->catalog, mr_str_from(name));
    return mr_glob(word, name) || (topic && !topic->dead_letter && choose_matches(topic, word));
}

static int no_topic(const struct plan *plan, const char *word, struct mr_error *reterr)
{
    MR_AUTO(free) const char **names = calloc(plan->n_topics + 1, sizeof(*names));

    if (!names)
        return -ENOMEM;
    for (size_t i = 0; i < plan->n_topics; i++)
        names[i] = plan->topics[i].name;
    const char *near = mr_nearest(word, names, plan->n_topics);
    if (!near)
        near = mr_catalog_nearest_event(mr_catalog_builtin(), NULL, word);
    return mr_error_set(reterr, MR_INVALID, "the cluster has no topic '%s'%s%s%s", word,
                        near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

void plan_keys_init(struct plan_keys *keys, const char *correlation)
{
    struct mr_uuid uuid;

    *keys = (struct plan_keys){.n_forms = 1, .forms = {mr_str_from(correlation)}};
    if (mr_uuid_parse(keys->forms[0], &uuid) != 0)
        return;
    mr_uuid_format(&uuid, keys->lower);
    keys->forms[1] = (struct mr_str){keys->lower, sizeof(keys->lower)};
    keys->n_forms += !mr_str_eq(keys->forms[0], keys->forms[1]);
}

bool plan_keys_match(const struct plan_keys *keys, struct mr_bytes key)
{
    const struct mr_str text = {(const char *)key.data, key.len};

    return mr_str_eq(text, keys->forms[0]) ||
           (keys->n_forms > 1 && mr_str_eq(text, keys->forms[1]));
}

static bool holds_key(const struct plan_keys *keys, int32_t partition, int32_t n_partitions)
{
    for (size_t i = 0; i < keys->n_forms; i++) {
        uint32_t hash = mr_murmur2(keys->forms[i].data, keys->forms[i].len) & 0x7fffffff;
        if ((int32_t)(hash % (uint32_t)n_partitions) == partition)
            return true;
    }
    return false;
}

static int add_topic(struct plan *plan, const struct plan_wish *wish,
                     const struct mr_kafka_topic_info *info, struct mr_error *reterr)
{
    size_t n = plan->n_items + (size_t)info->n_partitions;
    struct plan_partition *items =
        n <= MAX_PARTITIONS ? realloc(plan->items, n * sizeof(*items)) : NULL;

    if (n > MAX_PARTITIONS)
        return mr_error_set(reterr, -E2BIG, "more than %d partitions: name fewer topics",
                            MAX_PARTITIONS);
    if (!items && n > 0)
        return -ENOMEM;
    plan->items = items;
    for (int32_t i = 0; i < info->n_partitions; i++)
        if (!wish->keys || holds_key(wish->keys, i, info->n_partitions))
            plan->items[plan->n_items++] =
                (struct plan_partition){.topic = info->name, .partition = i};
    return 0;
}

static int choose_partitions(struct plan *plan, const struct plan_wish *wish,
                             struct mr_error *reterr)
{
    MR_AUTO(free) bool *found = calloc(wish->n_words + 1, sizeof(*found));
    int r = found ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < plan->n_topics; i++) {
        bool any = false;
        for (size_t w = 0; w < wish->n_words; w++) {
            bool meant = means(wish, wish->words[w], plan->topics[i].name);
            found[w] |= meant;
            any |= meant;
        }
        if (any)
            r = add_topic(plan, wish, &plan->topics[i], reterr);
    }
    for (size_t w = 0; r == 0 && w < wish->n_words; w++)
        if (!found[w])
            r = no_topic(plan, wish->words[w], reterr);
    return r;
}

/* The answer of `ask` for all partitions into *member of each. */
static int ask_all(struct plan *plan, struct mr_kafka_consumer *consumer, int64_t time_ms,
                   size_t member, struct mr_error *reterr)
{
    MR_AUTO(free) struct mr_topic_partition *asked = calloc(plan->n_items + 1, sizeof(*asked));

    if (!asked)
        return -ENOMEM;
    for (size_t i = 0; i < plan->n_items; i++)
        asked[i] = (struct mr_topic_partition){plan->items[i].topic, plan->items[i].partition, 0};
    int r = time_ms == MR_OFFSET_STORED
                ? mr_kafka_committed(consumer, asked, plan->n_items, TIMEOUT_MS, reterr)
                : mr_kafka_offsets_for_time(consumer, asked, plan->n_items, time_ms, TIMEOUT_MS,
                                            reterr);
    for (size_t i = 0; r == 0 && i < plan->n_items; i++)
        *(int64_t *)((char *)&plan->items[i] + member) = asked[i].offset;
    return r;
}

static int64_t clamp(int64_t offset, const struct plan_partition *item)
{
    return offset < item->low ? item->low : offset > item->high ? item->high : offset;
}

/* A place into `member` (start or stop), which the broker has filled for times and groups. */
static void settle(struct plan *plan, const struct range_place *place, size_t member)
{
    for (size_t i = 0; i < plan->n_items; i++) {
        struct plan_partition *item = &plan->items[i];
        int64_t *offset = (int64_t *)((char *)item + member);
        switch (place->kind) {
        case RANGE_OFFSET:
            *offset = clamp(place->value, item);
            break;
        case RANGE_BACK:
            *offset = clamp(item->high - place->value, item);
            break;
        case RANGE_BEGINNING:
            *offset = item->low;
            break;
        case RANGE_END:
            *offset = item->high;
            break;
        case RANGE_TIME: /* nothing is that new: the end */
            *offset = *offset == MR_OFFSET_END ? item->high : clamp(*offset, item);
            break;
        case RANGE_STORED: /* nothing stored: the beginning */
            *offset = *offset < 0 ? item->low : clamp(*offset, item);
            break;
        case RANGE_NEVER:
            *offset = INT64_MAX;
            break;
        }
    }
}

/* Fills one end of all ranges. A broker without time index: read all, and look at each record. */
static int place_all(struct plan *plan, struct mr_kafka_consumer *consumer,
                     struct range_place place, size_t member, struct mr_error *reterr)
{
    bool start = member == offsetof(struct plan_partition, start);
    int r = 0;

    if (place.kind == RANGE_TIME || place.kind == RANGE_STORED)
        r = ask_all(plan, consumer, place.kind == RANGE_TIME ? place.value : MR_OFFSET_STORED,
                    member, reterr);
    if (r == -EOPNOTSUPP && place.kind == RANGE_TIME) {
        plan->scans = true;
        *(start ? &plan->from_ms : &plan->to_ms) = place.value;
        place.kind = start ? RANGE_BEGINNING : RANGE_END;
        r = 0;
    }
    if (r == 0)
        settle(plan, &place, member);
    return r;
}

int plan_init(struct plan *plan, struct mr_kafka_consumer *consumer, const struct plan_wish *wish,
              struct mr_error *reterr)
{
    struct range range = wish->range;

    *plan = (struct plan){.from_ms = INT64_MIN, .to_ms = INT64_MAX};
    int r = mr_kafka_topics(mr_kafka_consumer_client(consumer), TIMEOUT_MS, &plan->topics,
                            &plan->n_topics, reterr);
    if (r == 0)
        r = choose_partitions(plan, wish, reterr);
    if (r == 0)
        r = ask_all(plan, consumer, MR_OFFSET_BEGINNING, offsetof(struct plan_partition, low),
                    reterr);
    if (r == 0)
        r = ask_all(plan, consumer, MR_OFFSET_END, offsetof(struct plan_partition, high), reterr);
    if (wish->exit && range.to.kind == RANGE_NEVER)
        range.to.kind = RANGE_END;
    if (r == 0)
        r = place_all(plan, consumer, range.from, offsetof(struct plan_partition, start), reterr);
    if (r == 0)
        r = place_all(plan, consumer, range.to, offsetof(struct plan_partition, stop), reterr);
    for (size_t i = 0; r == 0 && i < plan->n_items; i++) {
        struct plan_partition *item = &plan->items[i];
        item->next = item->start;
        item->done = item->next >= item->stop;
        plan->n_left += !item->done;
    }
    return r;
}

void plan_done(struct plan *plan)
{
    free(plan->items);
    mr_kafka_topics_free(plan->topics, plan->n_topics);
    *plan = (struct plan){.items = NULL};
}

int plan_assign(const struct plan *plan, struct mr_kafka_consumer *consumer,
                struct mr_error *reterr)
{
    MR_AUTO(free) struct mr_topic_partition *list = calloc(plan->n_items + 1, sizeof(*list));
    size_t n = 0;

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < plan->n_items; i++)
        if (!plan->items[i].done)
            list[n++] = (struct mr_topic_partition){plan->items[i].topic, plan->items[i].partition,
                                                    plan->items[i].next};
    return mr_kafka_assign(consumer, list, n, reterr);
}

static int by_place(const void *a, const void *b)
{
    const struct plan_partition *x = a, *y = b;
    int order = strcmp(x->topic, y->topic);

    return order ? order : (x->partition > y->partition) - (x->partition < y->partition);
}

struct plan_partition *plan_find(struct plan *plan, const struct mr_message *message,
                                 struct plan_cursor *cursor)
{
    const struct plan_partition key = {.topic = message->topic, .partition = message->partition};

    if (!cursor->item || cursor->topic != message->topic ||
        cursor->item->partition != message->partition)
        *cursor = (struct plan_cursor){message->topic, bsearch(&key, plan->items, plan->n_items,
                                                               sizeof(*plan->items), by_place)};
    return cursor->item;
}
