/* SPDX-License-Identifier: Apache-2.0 */
/* Following the plan: a tree of the old version into a tree of the new one, hop by hop. */
#include <errno.h>
#include <string.h>

#include "make.h"
#include "millrace/codec.h"
#include "millrace/upcast.h"
#include "upcaster.h"

int make_memory(struct making *m, size_t n, size_t size, void **ret)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes) || bytes > m->left)
        return mr_error_set(m->reterr, MR_INVALID,
                            "the new version would take more than %d times the memory of the datum",
                            MR_UPCAST_MAX_MEMORY_TIMES);
    m->left -= bytes;
    *ret = mr_arena_alloc(m->arena, bytes ? bytes : 1);
    return *ret ? 0 : -ENOMEM;
}

const struct mr_datum *make_source(const struct making *m, const struct source *source)
{
    const struct mr_datum *at = m->frames[source->frame];

    for (size_t i = 0; i < source->n_steps && at->node->type == MR_AVRO_RECORD; i++)
        at = &at->items[source->steps[i]];
    return at->node->type == MR_AVRO_NULL ? NULL : at;
}

static int put_null(struct making *m, const struct make *make, struct mr_datum *ret)
{
    if (make->otherwise) {
        *ret = *make->otherwise;
        return 0;
    }
    if (!make->null)
        return mr_error_set(m->reterr, MR_INVALID, "must not be null, and nothing came of %s",
                            make->from ? make->from : "its sources");
    *ret = (struct mr_datum){.node = make->null};
    return 0;
}

static int make_record(struct making *m, const struct make *make, struct mr_datum *ret)
{
    size_t n = make->type->n_fields;
    void *fields;
    int r = make_memory(m, n, sizeof(struct mr_datum), &fields);

    *ret = (struct mr_datum){.node = make->type, .items = fields, .n = n};
    for (size_t i = 0; r == 0 && i < n; i++) {
        r = make_run(m, make->fields[i], &ret->items[i]);
        if (r == MR_INVALID)
            mr_error_at(m->reterr, make->type->fields[i].name, strlen(make->type->fields[i].name));
    }
    return r;
}

static int make_items(struct making *m, const struct make *make, const struct mr_datum *from,
                      struct mr_datum *ret)
{
    void *items;
    int r = make_memory(m, from->n, sizeof(struct mr_datum), &items);

    *ret = (struct mr_datum){.node = make->type, .items = items, .keys = from->keys, .n = from->n};
    m->n_frames++;
    for (size_t i = 0; r == 0 && i < from->n; i++) {
        m->frames[m->n_frames - 1] = &from->items[i];
        r = make_run(m, make->item, &ret->items[i]);
        if (r == MR_INVALID && from->keys)
            mr_error_at(m->reterr, from->keys[i].data, from->keys[i].len);
        else if (r == MR_INVALID)
            mr_error_at_index(m->reterr, i);
    }
    m->n_frames--;
    return r;
}

static int make_call(struct making *m, const struct make *make, struct mr_datum *ret)
{
    const struct call *call = make->call;
    const struct mr_datum *args[MR_UPCAST_MAX_ARGUMENTS];

    for (size_t i = 0; i < call->n; i++)
        args[i] = make_source(m, &call->sources[i]);
    *ret = (struct mr_datum){.node = call->type};
    int r = call->function->run(m, call, args, ret);
    if (r == MR_INVALID && m->reterr && make->from) {
        struct mr_error why = *m->reterr;
        (void)mr_error_set(m->reterr, r, "%s of %s: %s", call->function->name, make->from,
                           why.text);
    }
    return r == MR_ABSENT ? put_null(m, make, ret) : r;
}

int make_run(struct making *m, const struct make *make, struct mr_datum *ret)
{
    const struct mr_datum *from = NULL;

    if (make->has_source && !(from = make_source(m, &make->source)))
        return put_null(m, make, ret);
    switch (make->kind) {
    case MAKE_CONSTANT:
        *ret = *make->constant;
        return 0;
    case MAKE_COPY:
        return convert(m, from, make->node, ret);
    case MAKE_RECORD:
        return make_record(m, make, ret);
    case MAKE_ITEMS:
        return make_items(m, make, from, ret);
    case MAKE_CALL:
        break;
    }
    return make_call(m, make, ret);
}

/* ---- all hops ---- */

struct mr_upcast {
    struct mr_datum_reader *reader;
    struct mr_datum_writer *writer;
    const struct mr_upcaster *hops[MR_UPCAST_MAX_HOPS];
    size_t n_hops;
};

int mr_upcast_new(struct mr_schema *writer, const struct mr_upcaster *const *hops, size_t n_hops,
                  struct mr_upcast **ret_upcast, struct mr_error *reterr)
{
    MR_AUTO(mr_upcast) struct mr_upcast *self = calloc(1, sizeof(*self));

    if (!self)
        return -ENOMEM;
    if (n_hops == 0 || n_hops > MR_UPCAST_MAX_HOPS)
        return mr_error_set(reterr, MR_INVALID, "a way has 1 to %d hops", MR_UPCAST_MAX_HOPS);
    for (size_t i = 0; i < n_hops; i++) {
        if (i > 0 && hops[i]->from != hops[i - 1]->to)
            return mr_error_set(reterr, MR_INVALID, "the hops do not follow each other");
        self->hops[i] = hops[i];
    }
    self->n_hops = n_hops;
    int r = mr_datum_reader_new(writer, hops[0]->from, &self->reader, reterr);
    if (r == 0)
        r = mr_datum_writer_new(hops[n_hops - 1]->to, &self->writer, reterr);
    if (r == 0)
        *ret_upcast = MR_MOVE(self);
    return r;
}

struct mr_upcast *mr_upcast_free(struct mr_upcast *upcast)
{
    if (upcast) {
        (void)mr_datum_reader_free(upcast->reader);
        (void)mr_datum_writer_free(upcast->writer);
        free(upcast);
    }
    return NULL;
}

/* Items may repeat what stands around them: the sum is bounded while it is written. */
static int write_bounded(const struct mr_upcast *upcast, const struct mr_datum *datum,
                         struct mr_buf *out, struct mr_error *reterr)
{
    size_t max = out->max, bound = out->len + MR_CODEC_MAX_BYTES;

    if (max == 0 || max > bound)
        out->max = bound;
    int r = mr_datum_write(upcast->writer, datum, out, reterr);
    bool ours = out->max == bound;
    out->max = max;
    return r == -EMSGSIZE && ours
               ? mr_error_set(reterr, MR_INVALID, "a datum must not be larger than %d MiB",
                              MR_CODEC_MAX_BYTES >> 20)
               : r;
}

int mr_upcast_run(const struct mr_upcast *upcast, const uint8_t *avro, size_t len,
                  struct mr_arena *scratch, struct mr_buf *out, struct mr_error *reterr)
{
    enum { AT_LEAST = 1 << 16 };
    struct mr_datum data[2];
    int r = mr_datum_read(upcast->reader, avro, len, scratch, &data[0], reterr);

    for (size_t i = 0; r == 0 && i < upcast->n_hops; i++) {
        struct making m = {.arena = scratch,
                           .reterr = reterr,
                           .left = len * MR_UPCAST_MAX_MEMORY_TIMES + AT_LEAST,
                           .frames = {&data[i % 2]},
                           .n_frames = 1};
        r = make_run(&m, upcast->hops[i]->root, &data[(i + 1) % 2]);
    }
    return r == 0 ? write_bounded(upcast, &data[upcast->n_hops % 2], out, reterr) : r;
}
