/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its reply, without HTTP: the server fills the one and sends the other, unit tests
 * do the same without a socket. */
#pragma once

#include "access.h"
#include "core.h"
#include "millrace/arena.h"

enum {
    MAX_SEGMENTS = 8,
    MAX_QUERY = 16,
};

struct query_pair {
    struct mr_str name, value; /* decoded */
};

/* What is known of a request besides its method, target and body. */
struct caller {
    const struct access *access; /* NULL: all is allowed */
};

struct request {
    struct core *core;
    struct caller caller;
    bool quick;                           /* answer MR_AGAIN rather than take long */
    struct mr_arena *arena;               /* for the request's lifetime */
    struct mr_str segments[MAX_SEGMENTS]; /* decoded, NUL-terminated */
    size_t n_segments;
    struct query_pair query[MAX_QUERY];
    size_t n_query;
    bool in_context;       /* the path begins with /contexts/{context}/ */
    struct mr_str context; /* that one, else "." */
    const char *subject;   /* normal form, alias followed; NULL: the path has none */
    json_t *body;          /* an object; NULL when the route takes none */
    struct mr_error error; /* why a handler returns -errno */
};

struct reply {
    unsigned status;
    bool wide;      /* set by the caller: members that old clients do not know are welcome */
    char allow[40]; /* of a 405, or of the answer to OPTIONS: "POST, DELETE" */
    const char *content_type; /* NULL: the registry's own */
    struct mr_buf body;
    struct content *content;   /* instead of body: the prepared answer by id; a reference */
    const struct route *route; /* that it took; NULL: none */
    bool settled;              /* all that it tells is durable */
};

void reply_done(struct reply *reply);

/* Handles a whole request. caller NULL: he may do all. method: "GET"; target: path and query as
 * sent. 0; with quick MR_AGAIN when it would take long or wait for another change (nothing has
 * happened then: call again without); MR_ABSENT when it is a change and another process makes
 * those: forward it; -errno when not even an error could be written. */
int rest_answer(struct core *core, const struct caller *caller, const char *method,
                const char *target, struct mr_str body, bool quick, struct reply *reply);
static inline int rest_handle(struct core *core, const char *method, const char *target,
                              struct mr_str body, bool quick, struct reply *reply)
{
    return rest_answer(core, NULL, method, target, body, quick, reply);
}

/* ---- for the handlers ---- */
/* Replaces what is in the reply. code is an HTTP status or one of the registry's, which begin with
 * it (42201 -> 422). Returns 0. */
int reply_error(struct reply *reply, int code, const char *fmt, ...) MR_PRINTF(3, 4);
/* 42201 with all that the error knows: place, text, line. */
int reply_invalid(struct reply *reply, const struct mr_error *error);
/* The same as text, at most cap bytes; returns out. */
const char *invalid_text(const struct mr_error *error, char *out, size_t cap);
/* 403, or 401 to one who has not said who he is. what: "read subject 's'". */
int reply_denied(const struct request *request, struct reply *reply, const char *fmt, ...)
    MR_PRINTF(3, 4);
static inline bool may_read(const struct request *request, const char *subject)
{
    return access_allows(request->caller.access, ROLE_READ, subject);
}
int reply_json(struct reply *reply, const json_t *json);

struct mr_str query_text(const struct request *request,
                         const char *name);                       /* data NULL: not given */
bool query_flag(const struct request *request, const char *name); /* "true" in any case */

typedef int (*rest_handler)(struct request *request, struct reply *reply);

struct route {
    const char *method;
    const char *path; /* segments; one as {subject} sets request->subject, a star fits any */
    rest_handler handler;
    bool takes_body;
    enum role needs; /* over the subject; without one: anywhere, ROLE_ADMIN: everywhere */
};
extern const struct route rest_routes[];
extern const size_t rest_n_routes;

int rest_subjects(struct request *request, struct reply *reply);
int rest_lookup(struct request *request, struct reply *reply);
int rest_metadata_latest(struct request *request, struct reply *reply);
int rest_delete_subject(struct request *request, struct reply *reply);
int rest_versions(struct request *request, struct reply *reply);
int rest_version(struct request *request, struct reply *reply);
int rest_version_schema(struct request *request, struct reply *reply);
int rest_referenced_by(struct request *request, struct reply *reply);
int rest_register(struct request *request, struct reply *reply);
int rest_delete_version(struct request *request, struct reply *reply);
int rest_by_id(struct request *request, struct reply *reply);
int rest_by_id_schema(struct request *request, struct reply *reply);
int rest_by_id_subjects(struct request *request, struct reply *reply);
int rest_by_id_versions(struct request *request, struct reply *reply);
int rest_by_guid(struct request *request, struct reply *reply);
int rest_by_guid_ids(struct request *request, struct reply *reply);
int rest_schemas(struct request *request, struct reply *reply);
int rest_compatibility(struct request *request, struct reply *reply);
int rest_compatibility_version(struct request *request, struct reply *reply);
int rest_get_config(struct request *request, struct reply *reply);
int rest_put_config(struct request *request, struct reply *reply);
int rest_delete_config(struct request *request, struct reply *reply);
int rest_get_mode(struct request *request, struct reply *reply);
int rest_put_mode(struct request *request, struct reply *reply);
int rest_delete_mode(struct request *request, struct reply *reply);
int rest_contexts(struct request *request, struct reply *reply);
int rest_delete_context(struct request *request, struct reply *reply);
