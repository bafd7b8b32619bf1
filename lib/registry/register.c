/* SPDX-License-Identifier: Apache-2.0 */
/* Registration: find it, or decide on version and id, and write it down.
 *
 * The check runs without any lock on a snapshot of what it depends on; before the schema is
 * written, the snapshot is compared with the present, and if something moved the check is done
 * again. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/status.h"
#include "registration.h"

enum { FREE_TRIES = 3 }; /* then the check runs while other changes wait */

static bool has_defaults(const json_t *config)
{
    return json_object_get(config, "defaultMetadata") ||
           json_object_get(config, "overrideMetadata") ||
           json_object_get(config, "defaultRuleSet") || json_object_get(config, "overrideRuleSet");
}

static int copy_draft(const struct draft *from, struct draft *to)
{
    *to = *from;
    to->metadata = json_incref(from->metadata);
    to->rule_set = json_incref(from->rule_set);
    to->references = json_deep_copy(from->references);
    return from->references && !to->references ? -ENOMEM : 0;
}

static int refuse_mode(struct registration *reg)
{
    enum mode mode = reg->snapshot.mode;
    bool with_id = reg->asked->id >= 0;

    if (mode_forbids_changes(mode))
        return reply_error(reg->reply, 42205,
                           "subject '%s' is in mode %s: nothing can be registered "
                           "until its mode is READWRITE",
                           reg->subject, mode_name(mode));
    if (with_id)
        return reply_error(reg->reply, 42205,
                           "subject '%s' is in mode %s: an id can be given only "
                           "in mode IMPORT",
                           reg->subject, mode_name(mode));
    return reply_error(reg->reply, 42205,
                       "subject '%s' is in mode IMPORT: send the schema's id, or "
                       "set the mode to READWRITE",
                       reg->subject);
}

static bool mode_allows(const struct registration *reg)
{
    return reg->snapshot.mode == (reg->asked->id >= 0 ? MODE_IMPORT : MODE_READWRITE);
}

static int refuse_incompatible(const struct registration *reg, const json_t *messages)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    const json_t *message;
    size_t i;

    json_array_foreach(messages, i, message)
    {
        if (mr_buf_printf(&text, "%s%s", i > 0 ? "; " : "", json_string_value(message)) != 0)
            return -ENOMEM;
    }
    return reply_error(reg->reply, 409, "not compatible with subject '%s': %s", reg->subject,
                       mr_buf_cstr(&text) ? (const char *)text.data : "");
}

/* MR_END: the reply stands. */
static int answer_if_held(struct registration *reg)
{
    const struct draft *draft = &reg->draft;
    const struct version *version =
        find_content(reg->core, reg->subject, reg->canon.content, false);

    if (!version || (draft->id >= 0 && draft->id != version->id))
        return 0;
    int r = registration_answer(reg, version->id, version->number, version->content);
    return r == 0 ? MR_END : r;
}

static int answer_if_inlined(struct registration *reg)
{
    int32_t number;
    int r = find_inlined(reg->core, reg->subject, &reg->canon, &reg->snapshot.history, &number);

    if (r != 0 || number == 0)
        return r;
    core_read_lock(reg->core);
    const struct subject *held = state_subject(&reg->core->state, reg->subject);
    const struct version *version = held ? subject_version(held, number) : NULL;
    int32_t id = version ? version->id : -1;
    MR_AUTO(content) struct content *content = version ? content_ref(version->content) : NULL;
    core_read_unlock(reg->core);
    if (id < 0 || (reg->draft.id >= 0 && reg->draft.id != id))
        return 0;
    r = registration_answer(reg, id, number, content);
    return r == 0 ? MR_END : r;
}

static int check(struct registration *reg)
{
    MR_AUTO(json) json_t *messages = json_array();

    if (reg->snapshot.mode == MODE_IMPORT || reg->force)
        return 0;
    if (!messages)
        return -ENOMEM;
    int r = check_compatible(reg->core, reg->subject, &reg->canon, reg->snapshot.config,
                             &reg->snapshot.history, messages, &reg->error);
    if (r == MR_INVALID)
        r = refuse_incompatible(reg, messages) == 0 ? MR_END : -ENOMEM;
    return r;
}

static struct canon canon_ref(const struct canon *canon)
{
    return (struct canon){canon->schema ? mr_schema_ref(canon->schema) : NULL,
                          content_ref(canon->content)};
}

static int make_canon(struct registration *reg)
{
    bool check_defaults =
        (config_validates(reg->core, reg->snapshot.config) || reg->normalize) && reg->draft.id < 0;

    if (reg->known.content && !reg->filled && !check_defaults) {
        reg->canon = canon_ref(&reg->known);
        return 0;
    }
    return canon_make(reg->core, reg->subject, &reg->draft, check_defaults, reg->normalize,
                      &reg->canon, &reg->error);
}

/* Everything that needs no lock of its own for long. 0: may be written; MR_END: the reply stands.
 */
static int prepare(struct registration *reg)
{
    core_read_lock(reg->core);
    int r = snapshot_take(reg->core, reg->subject, &reg->snapshot);
    core_read_unlock(reg->core);
    if (r != 0)
        return r;
    if (reg->quick && !history_is_quick(&reg->snapshot.history, reg->snapshot.config))
        return MR_FULL;
    if (!mode_allows(reg))
        return refuse_mode(reg) == 0 ? MR_END : -ENOMEM;
    r = copy_draft(reg->asked, &reg->draft);
    if (r == 0 && reg->snapshot.mode != MODE_IMPORT)
        r = registration_fill(reg);
    if (r == 0 && !draft_has_text(&reg->draft))
        r = mr_error_set(&reg->error, MR_INVALID, "an import needs the schema's text");
    if (r == 0)
        r = make_canon(reg);
    if (r != 0)
        return r;
    core_read_lock(reg->core);
    r = answer_if_held(reg);
    core_read_unlock(reg->core);
    if (r == 0)
        r = answer_if_inlined(reg);
    return r == 0 ? check(reg) : r;
}

/* The caller holds writer. MR_AGAIN: the snapshot is no longer true. */
static int commit(struct registration *reg)
{
    struct snapshot now = {0};
    int32_t number = reg->draft.version > 0 ? reg->draft.version : reg->snapshot.newest + 1;
    int r = snapshot_take(reg->core, reg->subject, &now);

    if (r == 0 && !snapshot_holds(&reg->snapshot, &now))
        r = MR_AGAIN;
    snapshot_done(&now);
    if (r == 0)
        r = answer_if_held(reg);
    if (r != 0)
        return r;
    if (number != reg->snapshot.newest + 1 && reg->snapshot.mode != MODE_IMPORT)
        return mr_error_set(&reg->error, MR_INVALID,
                            "version %d was asked for, and the next of '%s' "
                            "is %d: leave version out to take the next",
                            (int)number, reg->subject, (int)reg->snapshot.newest + 1);
    return registration_write(reg, number);
}

static void forget_try(struct registration *reg)
{
    snapshot_done(&reg->snapshot);
    draft_done(&reg->draft);
    canon_done(&reg->canon);
    reg->draft = (struct draft){0};
    reg->canon = (struct canon){0};
}

static int lock(struct registration *reg)
{
    int r = core_write_lock(reg->core, reg->quick, &reg->error);

    return r == MR_AGAIN ? MR_FULL : r;
}

static int try_once(struct registration *reg, bool alone)
{
    int r = alone ? lock(reg) : 0;
    bool locked = alone && r == 0;

    if (r == 0)
        r = prepare(reg);
    if (r == 0 && !locked) {
        r = lock(reg);
        locked = r == 0;
    }
    if (r == 0)
        r = commit(reg);
    return locked ? core_write_unlock(reg->core, r, &reg->reply->settled, &reg->error) : r;
}

/* A schema that the subject holds already is answered whatever the mode. MR_END: the reply stands.
 */
static int answer_known(struct registration *reg)
{
    core_read_lock(reg->core);
    json_t *config = config_in_scope(reg->core, reg->subject);
    core_read_unlock(reg->core);
    if (!config)
        return -ENOMEM;
    reg->normalize = reg->normalize || json_is_true(json_object_get(config, "normalize"));
    bool skip = has_defaults(config) || !draft_has_text(reg->asked);
    json_decref(config);
    if (skip)
        return 0;
    int r = copy_draft(reg->asked, &reg->draft);
    if (r == 0)
        r = canon_make(reg->core, reg->subject, &reg->draft, false, reg->normalize, &reg->known,
                       &reg->error);
    if (r != 0)
        return r;
    reg->canon = canon_ref(&reg->known);
    core_read_lock(reg->core);
    r = answer_if_held(reg);
    core_read_unlock(reg->core);
    return r;
}

int register_schema(struct core *core, const char *subject, struct draft *draft, bool normalize,
                    bool force, bool quick, struct reply *reply, struct mr_error *reterr)
{
    struct registration reg = {.core = core,
                               .subject = subject,
                               .asked = draft,
                               .normalize = normalize,
                               .force = force,
                               .quick = quick,
                               .reply = reply,
                               .error = MR_ERROR_INIT};
    int r = quick && draft->references ? MR_FULL : answer_known(&reg);

    if (r == 0 && !core_leads(core, NULL))
        r = quick ? MR_FULL : MR_ABSENT; /* the leader decides by what it holds */
    for (int i = 0; r == 0 || r == MR_AGAIN; i++) {
        forget_try(&reg);
        r = quick && i > 0 ? MR_FULL : try_once(&reg, i >= FREE_TRIES);
        if (r == 0)
            break;
    }
    if (r == MR_INVALID)
        r = reply_invalid(reply, &reg.error);
    else if (r == MR_END)
        r = 0;
    else if (r == MR_FULL)
        r = MR_AGAIN;
    else if (r < 0)
        *reterr = reg.error;
    forget_try(&reg);
    canon_done(&reg.known);
    return r;
}
