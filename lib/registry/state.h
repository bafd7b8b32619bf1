/* SPDX-License-Identifier: Apache-2.0 */
/* What the records add up to: subjects with versions, ids, settings, who refers to whom. Plain data
 * without locks; the core holds one for it. */
#pragma once

#include "names.h"
#include "record.h"
#include "table.h"

struct version {
    int32_t number, id;
    bool deleted;
    struct content *content;
    json_t *extra; /* as in struct record */
};

struct subject {
    char *name; /* qualified */
    struct context *context;
    struct version *versions; /* ascending */
    size_t n_versions;
};

/* Where an id is held: one version of a subject. */
struct holder {
    struct subject *subject;
    int32_t version;
};

struct id {
    int32_t number;
    struct holder *holders;
    size_t n_holders;
};

struct digest {
    uint8_t bytes[16];
    struct id *id;
};

struct context {
    char *name;           /* ".", ".staging" */
    struct table ids;     /* int32_t -> struct id */
    struct table digests; /* 16 bytes -> struct digest */
    int32_t max_id;
    bool known; /* listed: something was registered in it */
};

struct setting {
    char *name;     /* qualified subject or context; NULL: global */
    json_t *config; /* NULL: none */
    enum mode mode;
};

/* Undeleted versions that refer to one version. */
struct referred {
    char *key; /* "subject\nversion" */
    struct referrer {
        struct subject *subject;
        int32_t version, id;
    } * referrers;
    size_t n_referrers;
};

struct state {
    struct table subjects;   /* name -> struct subject */
    struct subject **sorted; /* by name */
    size_t n_sorted;
    struct table contexts; /* name -> struct context */
    struct table settings; /* name -> struct setting */
    struct setting global;
    struct table referred;
};

int state_init(struct state *state);
void state_done(struct state *state);

/* 0 or -ENOMEM. */
int state_apply(struct state *state, const struct record *record);
/* Ids up to this one are taken. 0 or -ENOMEM. */
int state_reserve(struct state *state, struct mr_str context, int32_t id);

/* Gives every record of the shortest log that makes this state; stops at the first result that is
 * not 0. -ENOMEM. */
int state_dump(const struct state *state, int (*take)(void *to, const struct record *record),
               void *to);

/* Lookups give NULL when there is no such thing; results are borrowed. */
struct subject *state_subject(const struct state *state, const char *name);
struct context *state_context(const struct state *state, struct mr_str name);
struct version *subject_version(const struct subject *subject, int32_t number);
/* The newest that is not deleted. */
struct version *subject_latest(const struct subject *subject);
int32_t subject_newest(const struct subject *subject); /* deleted ones included; 0 when empty */
bool subject_has(const struct subject *subject, bool deleted); /* deleted: count those too */
struct id *context_id(const struct context *context, int32_t number);
struct id *context_digest(const struct context *context, const uint8_t digest[16]);
const struct holder *id_holder(const struct id *id, const char *subject);
const struct referred *state_referred(const struct state *state, const char *subject,
                                      int32_t version);
/* Whether a version refers to this one, deleted versions included. Looks at all there are. */
bool state_needs(const struct state *state, const char *subject, int32_t version);
struct setting *state_setting(struct state *state, const char *name); /* NULL: global */
