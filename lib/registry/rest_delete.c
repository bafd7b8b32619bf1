/* SPDX-License-Identifier: Apache-2.0 */
/* Deletion of subjects and versions: softly first, then for good. */
#include <errno.h>
#include <stdlib.h>

#include "millrace/status.h"
#include "rest_common.h"

struct deletion {
    struct request *request;
    struct reply *reply;
    const struct subject *subject; /* the caller holds writer: it stays */
    bool permanent;
    struct record *records;
    size_t n_records;
};

static int refuse_mode(const struct deletion *deletion)
{
    enum mode mode = mode_in_scope(deletion->request->core, deletion->request->subject);

    if (!mode_forbids_changes(mode))
        return 0;
    return reply_error(deletion->reply, 42205,
                       "subject '%s' is in mode %s: nothing can be deleted "
                       "until its mode is READWRITE",
                       deletion->request->subject, mode_name(mode)) == 0
               ? MR_INVALID
               : -ENOMEM;
}

static int refuse_referred(const struct deletion *deletion, int32_t version, bool whole)
{
    size_t i = 0;
    const char *subject = deletion->request->subject;
    const struct referred *referred =
        state_referred(&deletion->request->core->state, subject, version);

    /* What goes with it is no hindrance. */
    while (whole && referred && i < referred->n_referrers &&
           referred->referrers[i].subject == deletion->subject)
        i++;
    if (!referred || i == referred->n_referrers)
        return 0;
    if (!may_read(deletion->request, referred->referrers[i].subject->name))
        return reply_error(deletion->reply, 42206,
                           "version %d of '%s' is referenced by a subject that you may not read: "
                           "ask an admin",
                           (int)version, subject) == 0
                   ? MR_INVALID
                   : -ENOMEM;
    return reply_error(deletion->reply, 42206,
                       "version %d of '%s' is referenced by version %d of "
                       "'%s'%s: delete that first",
                       (int)version, subject, (int)referred->referrers[i].version,
                       referred->referrers[i].subject->name,
                       referred->n_referrers - i > 1 ? " and others" : "") == 0
               ? MR_INVALID
               : -ENOMEM;
}

/* Settings of a subject go with its last version. */
static void add_settings_gone(struct deletion *deletion)
{
    const char *subject = deletion->request->subject;
    const struct setting *setting = state_setting(&deletion->request->core->state, subject);

    if (setting && setting->mode != MODE_NONE)
        deletion->records[deletion->n_records++] =
            (struct record){.type = RECORD_MODE, .subject = subject};
    if (setting && setting->config)
        deletion->records[deletion->n_records++] =
            (struct record){.type = RECORD_CONFIG, .subject = subject};
}

static int list_numbers(const int32_t *numbers, size_t n, struct reply *reply)
{
    int r = list_begin(reply);

    for (size_t i = 0; i < n && r == 0; i++) {
        r = list_comma(reply);
        if (r == 0)
            r = mr_buf_printf(&reply->body, "%d", (int)numbers[i]);
    }
    return r == 0 ? mr_buf_byte(&reply->body, ']') : r;
}

/* Which versions go. MR_INVALID: the reply says why none do. */
static int choose_versions(struct deletion *deletion, int32_t *numbers, size_t *ret_n)
{
    const struct subject *subject = deletion->subject;
    size_t n = 0;

    for (size_t i = 0; i < subject->n_versions; i++) {
        const struct version *version = &subject->versions[i];
        if (version->deleted && !deletion->permanent)
            continue;
        int r = refuse_referred(deletion, version->number, true);
        if (r != 0)
            return r;
        if (deletion->permanent && !version->deleted)
            return reply_error(deletion->reply, 40405,
                               "Subject '%s' was not deleted first before "
                               "being permanently deleted: DELETE it without permanent=true, then "
                               "with",
                               subject->name) == 0
                       ? MR_INVALID
                       : -ENOMEM;
        numbers[n++] = version->number;
    }
    *ret_n = n;
    return 0;
}

static int delete_subject(struct deletion *deletion)
{
    const char *name = deletion->request->subject;
    size_t most = deletion->subject->n_versions, n = 0;
    MR_AUTO(free) int32_t *numbers = calloc(most, sizeof(*numbers));
    MR_AUTO(free) struct record *records = calloc(most + 3, sizeof(*records));
    int r = numbers && records ? refuse_mode(deletion) : -ENOMEM;

    deletion->records = records;
    if (r == 0)
        r = choose_versions(deletion, numbers, &n);
    if (r != 0)
        return r;
    if (!deletion->permanent) {
        records[deletion->n_records++] = (struct record){
            .type = RECORD_DELETE_SUBJECT, .subject = name, .version = numbers[n - 1]};
        add_settings_gone(deletion);
    }
    for (size_t i = 0; deletion->permanent && i < n; i++)
        records[deletion->n_records++] =
            (struct record){.type = RECORD_SCHEMA, .subject = name, .version = numbers[i]};
    r = list_numbers(numbers, n, deletion->reply);
    return r == 0 ? core_commit(deletion->request->core, records, deletion->n_records,
                                &deletion->request->error)
                  : r;
}

int rest_delete_subject(struct request *request, struct reply *reply)
{
    struct core *core = request->core;
    struct deletion deletion = {
        .request = request, .reply = reply, .permanent = query_flag(request, "permanent")};
    int r = core_write_lock(core, request->quick, &request->error);

    if (r != 0)
        return r;
    deletion.subject = state_subject(&core->state, request->subject);
    if (!deletion.subject)
        r = no_such_subject(reply, request->subject, false);
    else if (!deletion.permanent && !subject_latest(deletion.subject))
        r = reply_error(reply, 40404,
                        "Subject '%s' was soft deleted. Set permanent=true to delete "
                        "permanently",
                        request->subject);
    else
        r = delete_subject(&deletion);
    return core_write_unlock(core, r, &reply->settled, &request->error);
}

static size_t n_live(const struct subject *subject)
{
    size_t n = 0;

    for (size_t i = 0; i < subject->n_versions; i++)
        n += !subject->versions[i].deleted;
    return n;
}

static int delete_version(struct deletion *deletion, const struct version *version)
{
    const char *name = deletion->request->subject;
    struct record records[3];
    int r = refuse_mode(deletion);

    deletion->records = records;
    if (r == 0)
        r = refuse_referred(deletion, version->number, false);
    if (r != 0)
        return r;
    if (deletion->permanent && !version->deleted)
        return reply_error(deletion->reply, 40407,
                           "Subject '%s' Version %d was not deleted first "
                           "before being permanently deleted: DELETE it without permanent=true, "
                           "then with",
                           name, (int)version->number);
    records[deletion->n_records++] = (struct record){
        .type = RECORD_SCHEMA,
        .subject = name,
        .version = version->number,
        .id = version->id,
        .deleted = true,
        .content = deletion->permanent ? NULL : version->content,
        .extra = version->extra,
    };
    if (!deletion->permanent && n_live(deletion->subject) == 1)
        add_settings_gone(deletion);
    deletion->reply->status = 200;
    r = mr_buf_printf(&deletion->reply->body, "%d", (int)version->number);
    return r == 0 ? core_commit(deletion->request->core, records, deletion->n_records,
                                &deletion->request->error)
                  : r;
}

int rest_delete_version(struct request *request, struct reply *reply)
{
    struct core *core = request->core;
    struct deletion deletion = {
        .request = request, .reply = reply, .permanent = query_flag(request, "permanent")};
    int32_t number;

    if (!version_segment(request->segments[3], reply, &number))
        return 0;
    int r = core_write_lock(core, request->quick, &request->error);
    if (r != 0)
        return r;
    deletion.subject = state_subject(&core->state, request->subject);
    const struct version *version = find_version(deletion.subject, number, true);
    if (!version)
        r = no_such_version(reply, request->subject, deletion.subject, number, true);
    else if (version->deleted && !deletion.permanent)
        r = reply_error(reply, 40406,
                        "Subject '%s' Version %d was soft deleted. Set permanent=true "
                        "to delete permanently",
                        request->subject, (int)number);
    else
        r = delete_version(&deletion, version);
    return core_write_unlock(core, r, &reply->settled, &request->error);
}
