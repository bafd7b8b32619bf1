/* SPDX-License-Identifier: Apache-2.0 */
/* Registration: find it, or decide on version and id, and write it down.
 *
 * The check runs without any lock on a snapshot of what it depends on; before the schema is written,
 * the snapshot is compared with the present, and if something moved the check is done again. */
#include "register.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/status.h"

enum { FREE_TRIES = 3 }; /* then the check runs while other changes wait */

struct snapshot {
    struct history history;
    int32_t newest; /* deleted versions included */
    enum mode mode;
    json_t *config; /* in scope */
};

struct registration {
    struct core *core;
    const char *subject;
    const struct draft *asked;
    bool normalize;
    struct snapshot snapshot;
    struct draft draft; /* asked, filled up from the last version and the configuration */
    bool filled;        /* so the whole schema is answered */
    struct canon known; /* of the schema as asked, without default checks */
    struct canon canon;
    struct reply *reply;
    struct mr_error error;
};

static void snapshot_done(struct snapshot *snapshot)
{
    history_done(&snapshot->history);
    json_decref(snapshot->config);
    *snapshot = (struct snapshot){0};
}

/* The caller holds lock or writer. */
static int snapshot_take(struct core *core, const char *subject, struct snapshot *ret_snapshot)
{
    const struct subject *held = state_subject(&core->state, subject);
    struct snapshot snapshot = {.newest = held ? subject_newest(held) : 0,
                                .mode = mode_in_scope(core, subject),
                                .config = config_in_scope(core, subject)};
    int r = snapshot.config ? history_take(held, &snapshot.history) : -ENOMEM;

    if (r != 0)
        snapshot_done(&snapshot);
    else
        *ret_snapshot = snapshot;
    return r;
}

static bool snapshot_holds(const struct snapshot *before, const struct snapshot *now)
{
    if (before->newest != now->newest || before->mode != now->mode ||
        before->history.n_items != now->history.n_items ||
        !json_equal(before->config, now->config))
        return false;
    for (size_t i = 0; i < now->history.n_items; i++)
        if (before->history.items[i].version != now->history.items[i].version ||
            before->history.items[i].content != now->history.items[i].content)
            return false;
    return true;
}

static bool has_defaults(const json_t *config)
{
    return json_object_get(config, "defaultMetadata") || json_object_get(config, "overrideMetadata") ||
           json_object_get(config, "defaultRuleSet") || json_object_get(config, "overrideRuleSet");
}

const struct version *find_content(struct core *core, const char *subject,
                                   const struct content *content, bool deleted)
{
    const struct subject *held = state_subject(&core->state, subject);
    const struct id *id = held ? context_digest(held->context, content->digest) : NULL;
    const struct holder *holder = id ? id_holder(id, subject) : NULL;
    const struct version *version = holder ? subject_version(held, holder->version) : NULL;

    return version && (deleted || !version->deleted) ? version : NULL;
}

static bool same_json(const json_t *a, const json_t *b)
{
    return a == b || (a && b && json_equal(a, b));
}

int find_inlined(struct core *core, const char *subject, const struct canon *canon,
                 const struct history *history, int32_t *ret_version)
{
    MR_AUTO(mr_buf) struct mr_buf mine = {0};
    MR_AUTO(mr_buf) struct mr_buf other = {0};

    *ret_version = 0;
    if (canon->content->references)
        return 0;
    for (size_t i = history->n_items; i-- > 0;) {
        const struct content *past = history->items[i].content;
        MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
        if (!past->references || !same_json(past->metadata, canon->content->metadata) ||
            !same_json(past->rule_set, canon->content->rule_set) ||
            canon_parse(core, subject, past, &schema, NULL) != 0)
            continue;
        mine.len = other.len = 0;
        int r = mr_schema_canonical(canon->schema, &mine);
        if (r == 0)
            r = mr_schema_canonical(schema, &other);
        if (r != 0)
            return r;
        if (mine.len == other.len && memcmp(mine.data, other.data, mine.len) == 0) {
            *ret_version = history->items[i].version;
            return 0;
        }
    }
    return 0;
}

/* "version" of metadata properties that asks for the version's number: 0 stands for the next. */
static int fill_version_property(struct draft *draft, int32_t next)
{
    static const char property[] = "confluent:version";
    json_t *properties = json_object_get(draft->metadata, "properties");
    const char *value = json_string_value(json_object_get(properties, property));
    char number[16];

    if (!value || strcmp(value, "0") != 0)
        return 0;
    (void)snprintf(number, sizeof(number), "%d", (int)next);
    json_t *own = json_deep_copy(draft->metadata);
    json_t *text = json_string(number);
    if (!own || !text ||
        json_object_set(json_object_get(own, "properties"), property, text) != 0) {
        json_decref(own);
        json_decref(text);
        return -ENOMEM;
    }
    json_decref(text);
    json_decref(draft->metadata);
    draft->metadata = own;
    return 0;
}

static int merge_member(json_t **member, json_t *previous, const json_t *config,
                        const char *default_name, const char *override_name,
                        int (*merge)(json_t *old, json_t *new, json_t **ret_merged))
{
    json_t *specific = *member ? *member : previous;
    MR_AUTO(json) json_t *under = NULL;
    json_t *merged = NULL;
    int r = merge(json_object_get(config, default_name), specific, &under);

    if (r == 0)
        r = merge(under, json_object_get(config, override_name), &merged);
    if (r != 0)
        return r;
    json_decref(*member);
    *member = merged;
    return 0;
}

/* What the client left out comes from the last version; metadata and rules from the configuration. */
static int fill(struct registration *reg)
{
    const struct history *history = &reg->snapshot.history;
    const struct content *last =
        history->n_items > 0 ? history->items[history->n_items - 1].content : NULL;
    struct draft *draft = &reg->draft;

    reg->filled = false;
    if (!draft_has_text(draft) && !last)
        return mr_error_set(&reg->error, MR_INVALID, "no schema was sent, and '%s' has no version to "
                            "take it from: send {\"schema\": \"...\"}", reg->subject);
    if (!draft_has_text(draft)) {
        draft->text = last->text;
        draft->len = last->len;
        json_decref(draft->references);
        draft->references = json_deep_copy(last->references);
        reg->filled = true;
    }
    int r = merge_member(&draft->metadata, last ? last->metadata : NULL, reg->snapshot.config,
                         "defaultMetadata", "overrideMetadata", metadata_merge);
    if (r == 0)
        r = merge_member(&draft->rule_set, last ? last->rule_set : NULL, reg->snapshot.config,
                         "defaultRuleSet", "overrideRuleSet", rule_set_merge);
    if (r == 0)
        r = fill_version_property(draft, reg->snapshot.newest + 1);
    reg->filled = reg->filled || draft->metadata || draft->rule_set;
    return r;
}

static int copy_draft(const struct draft *from, struct draft *to)
{
    *to = *from;
    to->metadata = json_incref(from->metadata);
    to->rule_set = json_incref(from->rule_set);
    to->references = json_deep_copy(from->references);
    return from->references && !to->references ? -ENOMEM : 0;
}

static int answer(const struct registration *reg, int32_t id, int32_t version)
{
    struct mr_buf *out = &reg->reply->body;
    int r = mr_buf_printf(out, "{\"id\":%d", (int)id);

    reg->reply->status = 200;
    if (r == 0 && reg->filled) {
        r = mr_buf_printf(out, ",\"version\":%d", (int)version);
        if (r == 0)
            r = content_write(reg->canon.content, out);
    }
    return r == 0 ? mr_buf_byte(out, '}') : r;
}

static int refuse_mode(struct registration *reg)
{
    enum mode mode = reg->snapshot.mode;
    bool with_id = reg->asked->id >= 0;

    if (mode_forbids_changes(mode))
        return reply_error(reg->reply, 42205, "subject '%s' is in mode %s: nothing can be registered "
                           "until its mode is READWRITE", reg->subject, mode_name(mode));
    if (with_id)
        return reply_error(reg->reply, 42205, "subject '%s' is in mode %s: an id can be given only "
                           "in mode IMPORT", reg->subject, mode_name(mode));
    return reply_error(reg->reply, 42205, "subject '%s' is in mode IMPORT: send the schema's id, or "
                       "set the mode to READWRITE", reg->subject);
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

    json_array_foreach(messages, i, message) {
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
    int r = answer(reg, version->id, version->number);
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
    core_read_unlock(reg->core);
    if (id < 0 || (reg->draft.id >= 0 && reg->draft.id != id))
        return 0;
    r = answer(reg, id, number);
    return r == 0 ? MR_END : r;
}

static int check(struct registration *reg)
{
    MR_AUTO(json) json_t *messages = json_array();

    if (reg->snapshot.mode == MODE_IMPORT)
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
    return (struct canon){mr_schema_ref(canon->schema), content_ref(canon->content)};
}

static int make_canon(struct registration *reg)
{
    bool check_defaults =
        (reg->core->validate_defaults || reg->normalize) && reg->draft.id < 0;

    if (reg->known.content && !reg->filled && !check_defaults) {
        reg->canon = canon_ref(&reg->known);
        return 0;
    }
    return canon_make(reg->core, reg->subject, &reg->draft, check_defaults, reg->normalize,
                      &reg->canon, &reg->error);
}

/* Everything that needs no lock of its own for long. 0: may be written; MR_END: the reply stands. */
static int prepare(struct registration *reg)
{
    core_read_lock(reg->core);
    int r = snapshot_take(reg->core, reg->subject, &reg->snapshot);
    core_read_unlock(reg->core);
    if (r != 0)
        return r;
    if (!mode_allows(reg))
        return refuse_mode(reg) == 0 ? MR_END : -ENOMEM;
    r = copy_draft(reg->asked, &reg->draft);
    if (r == 0 && reg->snapshot.mode != MODE_IMPORT)
        r = fill(reg);
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

/* Some version of the context that holds this id. */
static const struct version *any_holder(const struct context *context, int32_t id)
{
    const struct id *held = context ? context_id(context, id) : NULL;

    return held && held->n_holders > 0
               ? subject_version(held->holders[0].subject, held->holders[0].version)
               : NULL;
}

/* The id to write: of the same content elsewhere, as asked, or the next. MR_END: the reply stands. */
static int choose_id(struct registration *reg, const struct context *context, int32_t *ret_id)
{
    const struct id *known =
        context ? context_digest(context, reg->canon.content->digest) : NULL;
    int32_t id = reg->draft.id;

    if (known && (id < 0 || id == known->number))
        id = known->number;
    if (id < 0) {
        id = context ? context->max_id : 0;
        if (id == INT32_MAX)
            return reply_error(reg->reply, 50001, "all ids up to %d are used: register in another "
                               "context", INT32_MAX) == 0 ? MR_END : -ENOMEM;
        *ret_id = id + 1;
        return 0;
    }
    const struct version *held = any_holder(context, id);
    if (held && strcmp(held->content->text, reg->canon.content->text) != 0)
        return reply_error(reg->reply, 42205, "id %d belongs to another schema: import this one "
                           "under an id of its own", (int)id) == 0 ? MR_END : -ENOMEM;
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
        if (version->deleted && version->id == id && version->number < number)
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

    return twin && memcmp(twin->content->digest, own->digest, sizeof(own->digest)) == 0
               ? twin->content
               : own;
}

static int write_version(struct registration *reg, int32_t number)
{
    struct core *core = reg->core;
    struct name name = name_split(mr_str_from(reg->subject));
    const struct context *context = state_context(&core->state, name.context);
    const struct subject *held = state_subject(&core->state, reg->subject);
    MR_AUTO(free) struct record *records =
        calloc((held ? held->n_versions : 0) + 2, sizeof(*records));
    MR_AUTO(free) char *context_name = strndup(name.context.data, name.context.len);
    size_t n = 0;
    int32_t id = 0;
    int r = records && context_name ? choose_id(reg, context, &id) : -ENOMEM;

    if (r != 0)
        return r;
    if (!context || !context->known)
        records[n++] = (struct record){.type = RECORD_CONTEXT, .subject = context_name};
    records[n++] = (struct record){.type = RECORD_SCHEMA, .subject = reg->subject,
                                   .version = number, .id = id,
                                   .content = shared_content(reg, context, id)};
    n += add_tombstones(reg, id, number, records + n);
    r = core_commit(core, records, n, &reg->error);
    return r == 0 ? answer(reg, id, number) : r;
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
        return mr_error_set(&reg->error, MR_INVALID, "version %d was asked for, and the next of '%s' "
                            "is %d: leave version out to take the next", (int)number, reg->subject,
                            (int)reg->snapshot.newest + 1);
    return write_version(reg, number);
}

static void forget_try(struct registration *reg)
{
    snapshot_done(&reg->snapshot);
    draft_done(&reg->draft);
    canon_done(&reg->canon);
    reg->draft = (struct draft){0};
    reg->canon = (struct canon){0};
}

static int try_once(struct registration *reg, bool alone)
{
    if (alone)
        (void)pthread_mutex_lock(&reg->core->writer);
    int r = prepare(reg);
    if (r == 0 && !alone)
        (void)pthread_mutex_lock(&reg->core->writer);
    bool locked = alone || r == 0;
    if (r == 0)
        r = commit(reg);
    if (locked)
        (void)pthread_mutex_unlock(&reg->core->writer);
    return r;
}

/* A schema that the subject holds already is answered whatever the mode. MR_END: the reply stands. */
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
                    struct reply *reply)
{
    struct registration reg = {.core = core, .subject = subject, .asked = draft,
                               .normalize = normalize, .reply = reply, .error = MR_ERROR_INIT};
    int r = answer_known(&reg);

    for (int i = 0; r == 0 || r == MR_AGAIN; i++) {
        forget_try(&reg);
        r = try_once(&reg, i >= FREE_TRIES);
        if (r == 0)
            break;
    }
    if (r == MR_INVALID)
        r = reply_error(reply, 42201, "%s%s%s", reg.error.where, reg.error.where[0] ? ": " : "",
                        reg.error.text);
    else if (r == MR_END)
        r = 0;
    forget_try(&reg);
    canon_done(&reg.known);
    return r;
}
