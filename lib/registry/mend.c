/* SPDX-License-Identifier: Apache-2.0 */
/* What a log that many share must be told besides changes: when a record in it is void, the state,
 * key by key; and which ids are taken, also by what is gone for good. */
#include <errno.h>
#include <string.h>

#include "core.h"

struct mending {
    const struct state *state;
    int (*put)(void *opaque, const struct record *record);
    void *opaque;
};

static int put_version(const struct mending *mending, const struct subject *subject,
                       const struct version *version)
{
    struct record record = {.type = RECORD_SCHEMA,
                            .subject = subject->name,
                            .version = version->number,
                            .id = version->id,
                            .deleted = version->deleted,
                            .content = version->content,
                            .extra = version->extra};

    return mending->put(mending->opaque, &record);
}

/* The version, or that there is none; and whoever else holds the id, for a reader that took the id
 * for the void schema's and refused them. */
static int mend_schema(const struct mending *mending, const struct record *voided)
{
    const struct subject *subject = state_subject(mending->state, voided->subject);
    const struct version *version = subject ? subject_version(subject, voided->version) : NULL;
    struct record gone = {
        .type = RECORD_SCHEMA, .subject = voided->subject, .version = voided->version};
    struct name name = name_split(mr_str_from(voided->subject));
    const struct context *context = state_context(mending->state, name.context);
    const struct id *id = context && voided->content ? context_id(context, voided->id) : NULL;
    int r = version ? put_version(mending, subject, version) : mending->put(mending->opaque, &gone);

    for (size_t i = 0; id && i < id->n_holders && r == 0; i++) {
        const struct holder *holder = &id->holders[i];
        if (holder->subject != subject || holder->version != voided->version)
            r = put_version(mending, holder->subject,
                            subject_version(holder->subject, holder->version));
    }
    return r;
}

static int mend_setting(const struct mending *mending, const struct setting *setting,
                        const struct record *voided)
{
    struct record record = {.type = voided->type, .subject = voided->subject};

    if (voided->type == RECORD_MODE)
        record.mode = setting ? setting->mode : MODE_NONE;
    else
        record.config = setting ? setting->config : NULL;
    return mending->put(mending->opaque, &record);
}

/* Versions that a void deletion would have touched: behind it they are as they were. */
static int mend_deletion(const struct mending *mending, const struct record *voided)
{
    int r = 0;

    for (size_t i = 0; i < mending->state->n_sorted; i++) {
        const struct subject *subject = mending->state->sorted[i];
        bool named = voided->subject && strcmp(subject->name, voided->subject) == 0;
        bool clears = voided->type == RECORD_CLEAR_SUBJECT; /* perhaps a whole context */
        for (size_t v = 0; v < subject->n_versions && (named || clears) && r == 0; v++)
            if (clears ? subject->versions[v].deleted
                       : subject->versions[v].number <= voided->version)
                r = put_version(mending, subject, &subject->versions[v]);
    }
    return r;
}

int core_mend(void *opaque, const struct record *voided,
              int (*put)(void *put_opaque, const struct record *record), void *put_opaque)
{
    struct core *core = opaque;
    const struct mending mending = {&core->state, put, put_opaque};
    int r = 0;

    core_read_lock(core);
    switch (voided->type) {
    case RECORD_SCHEMA:
        r = mend_schema(&mending, voided);
        break;
    case RECORD_CONFIG:
    case RECORD_MODE:
        r = mend_setting(&mending, state_setting(&core->state, voided->subject), voided);
        break;
    case RECORD_DELETE_SUBJECT:
    case RECORD_CLEAR_SUBJECT:
        r = mend_deletion(&mending, voided);
        break;
    case RECORD_CONTEXT:
        break; /* says nothing that could be wrong */
    }
    core_read_unlock(core);
    return r;
}

int core_ids(void *opaque, json_t **ret_ids)
{
    struct core *core = opaque;
    MR_AUTO(json) json_t *ids = json_object();
    int r = ids ? 0 : -ENOMEM;

    core_read_lock(core);
    for (size_t i = 0; i < core->state.contexts.n_slots && r == 0; i++) {
        const struct context *context = core->state.contexts.slots[i].value;
        if (context && context->max_id > 0 &&
            json_object_set_new(ids, context->name, json_integer(context->max_id)) != 0)
            r = -ENOMEM;
    }
    core_read_unlock(core);
    if (r == 0)
        *ret_ids = MR_MOVE(ids);
    return r;
}

int core_reserve(void *opaque, struct mr_str context, int32_t id)
{
    struct core *core = opaque;

    turn_apply_begin(&core->writer);
    (void)pthread_rwlock_wrlock(&core->lock);
    int r = state_reserve(&core->state, context, id);
    (void)pthread_rwlock_unlock(&core->lock);
    turn_apply_end(&core->writer);
    return r;
}
