/* SPDX-License-Identifier: Apache-2.0 */
/* A way of the catalogue, compiled hop by hop. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/upcast.h"

struct mr_upcast_way {
    struct mr_schema *schemas[MR_UPCAST_MAX_HOPS + 1];
    struct mr_upcaster *hops[MR_UPCAST_MAX_HOPS];
    size_t n_hops;
};

static int parse(const struct mr_topic *topic, const char *prefix, struct mr_schema **ret,
                 struct mr_buf *report)
{
    struct mr_error error = MR_ERROR_INIT;
    int r = mr_schema_parse(topic->schema_text, topic->schema_len, NULL, ret, &error);

    if (r == MR_INVALID && mr_buf_printf(report, "%s%s:%u:%u: %s: %s\n", prefix, topic->schema_path,
                                         error.line, error.column, error.where, error.text) != 0)
        return -ENOMEM;
    return r;
}

static int add_hop(struct mr_upcast_way *way, const struct mr_topic_hop *hop, const char *prefix,
                   struct mr_buf *report)
{
    MR_AUTO(free) char *path = NULL;
    char version[MR_TOPIC_VERSION];
    const struct mr_str text = {hop->text, hop->len};
    struct mr_schema **from = &way->schemas[way->n_hops], **to = from + 1;

    if (asprintf(&path, "%s%s", prefix, hop->path) < 0)
        return -ENOMEM;
    int r = *from ? 0 : parse(hop->from, prefix, from, report);
    if (r == 0)
        r = parse(hop->to, prefix, to, report);
    if (r != 0)
        return r;
    (void)mr_topic_version(hop->to, version);
    r = hop->reverse
            ? mr_upcaster_new_reverse(*from, *to, version, path, text, &way->hops[way->n_hops],
                                      report)
            : mr_upcaster_new(*from, *to, version, path, text, &way->hops[way->n_hops], report);
    way->n_hops += r == 0;
    return r;
}

int mr_upcast_way_new(const struct mr_topic_way *from, const char *file_prefix,
                      struct mr_upcast_way **ret_way, struct mr_buf *report)
{
    MR_AUTO(mr_upcast_way) struct mr_upcast_way *way = calloc(1, sizeof(*way));
    int r = way ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < from->n_hops; i++)
        r = add_hop(way, &from->hops[i], file_prefix, report);
    if (r == 0)
        *ret_way = MR_MOVE(way);
    return r;
}

struct mr_upcast_way *mr_upcast_way_free(struct mr_upcast_way *way)
{
    if (way) {
        for (size_t i = 0; i < way->n_hops; i++)
            (void)mr_upcaster_free(way->hops[i]);
        for (size_t i = 0; i <= MR_UPCAST_MAX_HOPS; i++)
            (void)mr_schema_unref(way->schemas[i]);
        free(way);
    }
    return NULL;
}

struct mr_schema *mr_upcast_way_to(const struct mr_upcast_way *way)
{
    return way->schemas[way->n_hops];
}

int mr_upcast_way_notes(const struct mr_upcast_way *way, struct mr_buf *out)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < way->n_hops; i++)
        r = mr_buf_append_str(out, mr_upcaster_notes(way->hops[i]));
    return r;
}

int mr_upcast_of_way(const struct mr_upcast_way *way, struct mr_schema *writer,
                     struct mr_upcast **ret_upcast, struct mr_error *reterr)
{
    return mr_upcast_new(writer ? writer : way->schemas[0],
                         (const struct mr_upcaster *const *)way->hops, way->n_hops, ret_upcast,
                         reterr);
}

/* A file may serve several ways. */
static int check_way(const struct mr_topic_way *from, const char *prefix, struct mr_buf *report)
{
    MR_AUTO(mr_buf) struct mr_buf told = {0};
    MR_AUTO(mr_upcast_way) struct mr_upcast_way *way = NULL;
    int r = mr_upcast_way_new(from, prefix, &way, &told);

    if (r != MR_INVALID ||
        (report->len > 0 && memmem(report->data, report->len, told.data, told.len)))
        return r;
    int kept = mr_buf_append(report, told.data, told.len);
    return kept != 0 ? kept : r;
}

int mr_upcast_check(const struct mr_catalog *catalog, const char *file_prefix,
                    struct mr_buf *report)
{
    int all = 0;

    for (size_t i = 0; i < catalog->n_topics; i++) {
        const struct mr_topic *topic = &catalog->topics[i];
        for (size_t k = 0; k < topic->n_upcasts + topic->n_also; k++) {
            int r = check_way(k < topic->n_upcasts ? &topic->upcasts[k]
                                                   : &topic->also[k - topic->n_upcasts],
                              file_prefix, report);
            if (r < 0)
                return r;
            all = r != 0 ? r : all;
        }
    }
    return all;
}
