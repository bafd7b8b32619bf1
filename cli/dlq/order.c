/* SPDX-License-Identifier: Apache-2.0 */
/* Letters in memory, sorted as their records were. */
#include "order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 256 << 20 };

int dlq_pile_init(struct dlq_pile *pile, size_t limit)
{
    *pile = (struct dlq_pile){.limit = limit};
    return mr_arena_new(0, &pile->arena);
}

void dlq_pile_done(struct dlq_pile *pile)
{
    pile->arena = mr_arena_free(pile->arena);
    free(pile->items);
    *pile = (struct dlq_pile){.items = NULL};
}

/* ---- copies ---- */

static struct mr_bytes copy_bytes(struct dlq_pile *pile, struct mr_bytes bytes, int *r)
{
    const char *data = (const char *)bytes.data;
    char *copy = data ? mr_arena_dup(pile->arena, data, bytes.len) : NULL;

    if (data && !copy)
        *r = -ENOMEM;
    return (struct mr_bytes){(const uint8_t *)copy, copy ? bytes.len : 0};
}

static int copy_headers(struct dlq_pile *pile, const struct dlq_item *item, struct dlq_copy *copy)
{
    struct mr_header *headers = mr_arena_array(pile->arena, item->n_headers + 1, sizeof(*headers));
    int r = headers ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < item->n_headers; i++) {
        const char *name = item->headers[i].name;
        headers[i] = (struct mr_header){.name = mr_arena_dup(pile->arena, name, strlen(name)),
                                        .value = copy_bytes(pile, item->headers[i].value, &r)};
        r = headers[i].name ? r : -ENOMEM;
    }
    copy->headers = headers;
    copy->n_headers = item->n_headers;
    return r;
}

static struct dlq_copy *next_place(struct dlq_pile *pile)
{
    struct dlq_copy *items = mr_room(pile->items, pile->n, &pile->cap, 64, sizeof(*items));

    if (!items)
        return NULL;
    pile->items = items;
    return &pile->items[pile->n];
}

int dlq_pile_add(struct dlq_pile *pile, const struct dlq_item *item)
{
    const struct mr_message *message = item->message;
    struct dlq_copy *copy = next_place(pile);
    int r = 0;

    if (!copy)
        return -ENOMEM;
    if (pile->n >= pile->limit || mr_arena_used(pile->arena) >= MAX_BYTES) {
        pile->n_more++;
        return 0;
    }
    *copy = (struct dlq_copy){.at_partition = message->partition,
                              .at_offset = message->offset,
                              .at_ms = message->timestamp_ms,
                              .partition = -1};
    copy->key = copy_bytes(pile, message->key, &r);
    if (!message->tombstone)
        copy->value = copy_bytes(
            pile, message->value.data ? message->value : (struct mr_bytes){(const uint8_t *)"", 0},
            &r);
    if (r == 0)
        r = copy_headers(pile, item, copy);
    if (r != 0)
        return r;
    mr_dead_letter_read(copy->headers, copy->n_headers, copy->value.data ? &copy->value : NULL,
                        &copy->letter);
    copy->topic = mr_arena_dup(pile->arena, copy->letter.topic.data ? copy->letter.topic.data : "",
                               copy->letter.topic.len);
    if (!copy->topic)
        return -ENOMEM;
    pile->n++;
    return 0;
}

/* ---- order ---- */

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* By the partition that the records were in. */
static int by_source(const struct dlq_copy *a, const struct dlq_copy *b)
{
    int order = strcmp(a->topic, b->topic);

    return order ? order : compare(a->letter.partition, b->letter.partition);
}

static int by_place(const void *left, const void *right)
{
    const struct dlq_copy *a = left, *b = right;
    int order = by_source(a, b);

    order = order ? order : compare(a->letter.offset, b->letter.offset);
    order = order ? order : mr_str_compare(a->letter.group, b->letter.group);
    order = order ? order : compare(a->at_partition, b->at_partition);
    return order ? order : compare(a->at_offset, b->at_offset);
}

/* Of the record, and the group, that the letter before it tells of. */
static bool is_repeat(const struct dlq_copy *a, const struct dlq_copy *b)
{
    return b->letter.offset >= 0 && a->letter.offset == b->letter.offset && by_source(a, b) == 0 &&
           mr_str_eq(a->letter.group, b->letter.group);
}

static int64_t time_of(const struct dlq_copy *copy)
{
    return copy->letter.timestamp_ms >= 0 ? copy->letter.timestamp_ms : copy->at_ms;
}

/* A partition's records that are left: items[at..end); last: where the one before went. */
struct stream {
    size_t at, end, last;
};

static struct stream *streams_of(const struct dlq_pile *pile, size_t *ret_n)
{
    struct stream *streams = calloc(pile->n + 1, sizeof(*streams));
    size_t n = 0;

    for (size_t i = 0; streams && i < pile->n; i++) {
        if (i == 0 || by_source(&pile->items[i - 1], &pile->items[i]) != 0)
            streams[n++] = (struct stream){.at = i};
        streams[n - 1].end = i + 1;
    }
    *ret_n = n;
    return streams;
}

static struct stream *oldest(const struct dlq_pile *pile, struct stream *streams, size_t n)
{
    struct stream *first = NULL;

    for (size_t i = 0; i < n; i++)
        if (streams[i].at < streams[i].end &&
            (!first || time_of(&pile->items[streams[i].at]) < time_of(&pile->items[first->at])))
            first = &streams[i];
    return first;
}

/* Always that partition goes on whose next record is the oldest. */
static void merge(const struct dlq_pile *pile, struct stream *streams, size_t n,
                  struct dlq_copy *sorted)
{
    for (size_t i = 0; i < pile->n; i++) {
        struct stream *from = oldest(pile, streams, n);
        size_t at = from->at++;
        bool repeat = at > 0 && is_repeat(&pile->items[at - 1], &pile->items[at]);
        sorted[i] = pile->items[at];
        sorted[i].twin = repeat ? sorted[from->last].twin : i;
        from->last = i;
    }
}

int dlq_pile_sort(struct dlq_pile *pile)
{
    struct dlq_copy *sorted = calloc(pile->n + 1, sizeof(*sorted));
    size_t n;

    if (pile->n > 0)
        qsort(pile->items, pile->n, sizeof(*pile->items), by_place);
    struct stream *streams = streams_of(pile, &n);
    if (!sorted || !streams) {
        free(sorted);
        free(streams);
        return -ENOMEM;
    }
    merge(pile, streams, n, sorted);
    free(streams);
    free(pile->items);
    pile->items = sorted;
    pile->cap = pile->n + 1;
    return 0;
}
