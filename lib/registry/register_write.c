/* SPDX-License-Identifier: Apache-2.0 */
/* A registration's effect: which id, which records, which answer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/status.h"
#include "registration.h"

int registration_answer(const struct registration *reg, int32_t id, int32_t version,
                        const struct content *content)
{
    struct mr_buf *out = &reg->reply->body;
    int r = mr_buf_printf(out, "{\"id\":%d", (int)id);

    reg->reply->status = 200;
    if (r == 0 && reg->filled) {
        r = mr_buf_printf(out, ",\"version\":%d", (int)version);
        if (r == 0)
            r = content_write(content, out);
    } else if (r == 0 && reg->reply->wide) {
        r = content_write_guid(content, out);
    }
    return r == 0 ? mr_buf_byte(out, '}') : r;
}

/* Some version of the context that holds this id. */
static const struct version *any_holder(const struct context *context, int32_t id)
{
    const struct id *held = context ? context_id(context, id) : NULL;

    return held && held->n_holders > 0
               ? subject_version(held->holders[0].subject, held->holders[0].version)
               : NULL;
}

/* The id to write: of the same content elsewhere, as asked, or the next. MR_END: the reply stands.
 */
static int choose_id(struct registration *reg, const struct context *context, int32_t *ret_id)
{
    const struct id *known = context ? context_digest(context, reg->canon.content->digest) : NULL;
    int32_t id = reg->draft.id;

    if (known && any_holder(context, known->number)->content->type != reg->canon.content->type)
        known = NULL;
    if (known && (id < 0 || id == known->number))
        id = known->number;
    if (id < 0) {
        id = context ? context->max_id : 0;
        if (id == INT32_MAX)
            return reply_error(reg->reply, 50001,
                               "all ids up to %d are used: register in another "
                               "context",
                               INT32_MAX) == 0
                       ? MR_END
                       : -ENOMEM;
        *ret_id = id + 1;
        return 0;
    }
    const struct version *held = any_holder(context, id);
    if (held && !(known && id == known->number) && /* the same, though others spell it otherwise */
        (held->content->type != reg->canon.content->type ||
         strcmp(held->content->text, reg->canon.content->text) != 0))
        return reply_error(reg->reply, 42205,
                           "id %d belongs to another schema: import this one "
                           "under an id of its own",
                           (int)id) == 0
                   ? MR_END
                   : -ENOMEM;
    *ret_id = id;
    return 0;
}

/* Older deleted versions with the same id make way for the new one. */
static size_t add_tombstones(const struct registration *reg, int32_t id, int32_t number,
                             struct record *records)
{
    const struct subject *held = state_subject(&reg->core->state, reg->subject);
    size_t n = 0;

    for (size_t i = 0; held && i < held->n_versions; i++) {
        const struct version *version = &held->versions[i];
        if (version->deleted && version->id == id && version->number < number &&
            !state_needs(&reg->core->state, reg->subject, version->number))
            records[n++] = (struct record){
                .type = RECORD_SCHEMA, .subject = reg->subject, .version = version->number};
    }
    return n;
}

/* Subjects that hold the same schema hold one content. */
static struct content *shared_content(const struct registration *reg, const struct context *context,
                                      int32_t id)
{
    const struct version *twin = any_holder(context, id);
    struct content *own = reg->canon.content;

    return twin && twin->content->type == own->type &&
                   memcmp(twin->content->digest, own->digest, sizeof(own->digest)) == 0
               ? twin->content
               : own;
}

int registration_write(struct registration *reg, int32_t number)
{
    struct core *core = reg->core;
    struct name name = name_split(mr_str_from(reg->subject));
    const struct context *context = state_context(&core->state, name.context);
    const struct subject *held = state_subject(&core->state, reg->subject);
    MR_AUTO(free)
    struct record *records = calloc((held ? held->n_versions : 0) + 2, sizeof(*records));
    MR_AUTO(free) char *context_name = strndup(name.context.data, name.context.len);
    size_t n = 0;
    int32_t id = 0;
    int r = records && context_name ? choose_id(reg, context, &id) : -ENOMEM;

    if (r != 0)
        return r;
    if (!context || !context->known)
        records[n++] = (struct record){.type = RECORD_CONTEXT, .subject = context_name};
    records[n++] = (struct record){.type = RECORD_SCHEMA,
                                   .subject = reg->subject,
                                   .version = number,
                                   .id = id,
                                   .content = shared_content(reg, context, id)};
    n += add_tombstones(reg, id, number, records + n);
    r = core_commit(core, records, n, &reg->error);
    return r == 0 ? registration_answer(reg, id, number, reg->canon.content) : r;
}
