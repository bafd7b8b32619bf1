/* SPDX-License-Identifier: Apache-2.0 */
/* The registry itself: a state behind a lock, a store behind the state.
 *
 * Readers hold `lock` shared and never wait for a check or for the store. A change holds the turn
 * ("writer" below) from its decision to its effect and `lock` exclusively only while records are
 * applied; so whoever holds it may read the state without `lock`. Parsing and compatibility checks
 * hold neither. Where the store follows a log, its reader applies, and a change that waits for its
 * record lends it the turn. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "cache.h"
#include "entity.h"
#include "millrace/schema.h"
#include "state.h"
#include "store.h"
#include "turn.h"

struct core {
    struct state state;
    pthread_rwlock_t lock;
    struct turn writer;
    struct store *store;
    enum mr_compat_level level; /* where nothing is configured */
    bool validate_defaults;     /* of new schemas */
    pthread_mutex_t parsed_lock;
    /* Of a store that is waited for after the writer is released (store.h, settle): */
    _Atomic uint64_t applied; /* ticket of the last append that the state has */
    uint64_t owed;            /* ticket that the holder of writer is to wait for; 0: none */
    _Atomic bool stale;       /* the state has what the log lost, or the other way round */
    struct cache *parsed;     /* content digest -> schema, for checks against old versions */
};

/* Replays the store. 0 or -errno. Takes store on success. */
int core_new_take(struct store *store, enum mr_compat_level level, bool validate_defaults,
                  struct core **ret_core, struct mr_error *reterr);
struct core *core_free(struct core *core);

/* Appends to the store; what was appended is in the state when it returns 0. The caller holds
 * writer and keeps nothing of the state over the call. 0; MR_ABSENT (another process writes now:
 * forward); -EAGAIN (nothing was written); -ETIMEDOUT (unknown); -errno. */
int core_commit(struct core *core, const struct record *records, size_t n, struct mr_error *reterr);

/* 0: the caller holds writer, and this process may write. MR_AGAIN: quick was asked for, and it
 * would take long. MR_ABSENT: another process writes. -errno: the store says no. Held only after
 * 0. */
int core_write_lock(struct core *core, bool quick, struct mr_error *reterr);
/* Releases writer, then waits until what was committed is durable. r, when it is not 0, else 0 or
 * -errno: then nothing of it is left. *ret_settled is set when there was something to wait for. */
int core_write_unlock(struct core *core, int r, bool *ret_settled, struct mr_error *reterr);
/* After the state was read: 0 when all that could be seen is durable; MR_AGAIN when quick was asked
 * for and it would have to wait; -errno when what was seen may be gone (then the state is again
 * what the log holds: read it anew). */
int core_see(struct core *core, bool quick, struct mr_error *reterr);
/* Whether this content's first version is durable. */
bool core_holds(struct core *core, const struct content *content);
/* mend.c; as store_sink has them. opaque is the core. */
int core_ids(void *opaque, json_t **ret_ids);
int core_reserve(void *opaque, struct mr_str context, int32_t id);
int core_mend(void *opaque, const struct record *voided,
              int (*put)(void *put_opaque, const struct record *record), void *put_opaque);
/* Whether this process may write; ret_status may be NULL. */
bool core_leads(struct core *core, struct store_status *ret_status);

void core_read_lock(struct core *core);
void core_read_unlock(struct core *core);

/* ---- settings; the caller holds lock or writer ---- */
/* A new reference with the level filled in; own setting of the subject (NULL: global), or NULL. */
json_t *config_own(struct core *core, const char *subject);
/* The same for what applies: own, else the context's, else global, else the server's. NULL only
 * when memory ran out. */
json_t *config_in_scope(struct core *core, const char *subject);
/* Whether defaults of a new schema are checked where this configuration holds. */
bool config_validates(const struct core *core, const json_t *config);
enum mode mode_own(struct core *core, const char *subject); /* MODE_NONE: not set */
enum mode mode_in_scope(struct core *core, const char *subject);
static inline bool mode_forbids_changes(enum mode mode)
{
    return mode == MODE_READONLY || mode == MODE_READONLY_OVERRIDE;
}

/* ---- schemas ---- */
struct canon {
    struct mr_schema *schema; /* NULL: not AVRO */
    struct content *content;
};
void canon_done(struct canon *canon);
static inline void mr_auto_canon(struct canon *canon)
{
    canon_done(canon);
}
/* The draft parsed, with its references, and in stored form. Sets version -1 of references to the
 * newest. The caller holds neither lock. Outcomes: 0, MR_INVALID (text for 42201), -errno. */
int canon_make(struct core *core, const char *subject, struct draft *draft, bool check_defaults,
               bool normalize, struct canon *ret_canon, struct mr_error *reterr);
/* A stored AVRO content parsed; from a small cache when it refers to nothing. Outcomes as above. */
int canon_parse(struct core *core, const char *subject, const struct content *content,
                struct mr_schema **ret_schema, struct mr_error *reterr);

/* ---- compatibility ---- */
struct past {
    int32_t version;
    struct content *content; /* a reference */
};
struct history {
    struct past *items; /* oldest first */
    size_t n_items;
};
void history_done(struct history *history);
static inline void mr_auto_history(struct history *history)
{
    history_done(history);
}
/* Undeleted versions of the subject (NULL: none); the caller holds lock or writer. 0 or -ENOMEM. */
int history_take(const struct subject *subject, struct history *ret_history);

/* Whether one of them refers to other schemas. */
bool history_refers(const struct history *history);
/* Whether the check of these versions is a matter of microseconds. */
bool history_is_quick(const struct history *history, const json_t *config);

/* next against what the level and group of config ask for. 0; MR_INVALID with one message per
 * finding appended to messages (an array); -errno. The caller holds neither lock. */
int check_compatible(struct core *core, const char *subject, const struct canon *next,
                     const json_t *config, const struct history *history, json_t *messages,
                     struct mr_error *reterr);
/* What the new schema and the newest before it (NULL: none) say against their reserved names, added
 * to messages. 0 or -ENOMEM. */
int check_reserved(const struct canon *next, const struct content *last, json_t *messages);
