/* SPDX-License-Identifier: Apache-2.0 */
/* Where the log of records is kept. */
#pragma once

#include "millrace/buf.h"
#include "record.h"

struct store {
    const struct store_ops *ops;
};

/* Where a store brings the records that it reads: the core. */
struct store_sink {
    /* One record into the state. 0; -errno (-ENOMEM: the same record may be given again). Takes the
     * core's locks itself. */
    int (*apply)(void *opaque, const struct record *record);
    /* Gives to put the records that say again what a record would have changed, had it been
     * applied. Stops at the first result that is not 0. */
    int (*mend)(void *opaque, const struct record *voided,
                int (*put)(void *put_opaque, const struct record *record), void *put_opaque);
    /* The highest id of each context so far, {".": 12}; a new reference. And that ids up to one are
     * taken, whoever had them. 0 or -ENOMEM. */
    int (*ids)(void *opaque, json_t **ret_ids);
    int (*reserve)(void *opaque, struct mr_str context, int32_t id);
    void *opaque;
};

/* Where a store that rewrites its log gets it from. */
struct store_source {
    /* Gives every record that makes the present state to take; stops at its first result that is
     * not 0. */
    int (*each)(void *opaque, int (*take)(void *to, const struct record *record), void *to);
    void *opaque;
};

struct store_status {
    bool leads;        /* this process may write */
    bool ready;        /* read to the end, at least once */
    int64_t position;  /* records read, or the offset after the last one; -1 unknown */
    int64_t end;       /* of the log as last seen; -1 unknown */
    char leader[256];  /* base URL of the process that may write; "" unknown or this one */
    char trouble[256]; /* what keeps it from the log now; "" nothing */
};

struct store_ops {
    const char *name;
    /* What is appended reaches the state through the store's own reader, as all that others write
     * does: append returns only when that has happened. Otherwise the core applies it. */
    bool follows;
    bool slow; /* append waits for a disk or a network: never on a thread that serves connections */
    /* Brings every record to sink, oldest first; stops at its first result that is not 0. A store
     * that follows goes on bringing records from a thread of its own until free. */
    int (*replay)(struct store *store, const struct store_sink *sink, struct mr_error *reterr);
    /* Makes all of them durable, in order. Called by one thread at a time, between lead and the
     * release of the core's writer. 0; MR_ABSENT (another process leads now) and MR_AGAIN (nothing
     * was written); -ETIMEDOUT (unknown whether it was: it is, or never will be, once lead says 0
     * again); -EMSGSIZE; -errno. */
    int (*append)(struct store *store, const struct record *records, size_t n,
                  struct mr_error *reterr);
    /* For a store that does not follow and whose append does not wait: all NULL else.
     *
     * ticket: of the last append, by the thread that made it. settle: once for each append, waits
     * until it is durable; several threads at a time. When it fails, that append and all after it
     * are lost, and everybody is told so; then the core replays the rest, and goes on. wait: the
     * same for those who only saw an append's effect. settled: the last durable ticket. */
    uint64_t (*ticket)(struct store *store);
    int (*settle)(struct store *store, uint64_t ticket, struct mr_error *reterr);
    int (*wait)(struct store *store, uint64_t ticket, struct mr_error *reterr);
    uint64_t (*settled)(struct store *store);
    /* After an append and after a replay, while nothing else is appended: replaces the log when
     * most of it is superseded. What goes wrong is tried again later. May be NULL. */
    void (*tidy)(struct store *store, const struct store_source *source);
    /* What the start has to tell the operator, or NULL. May be NULL. */
    const char *(*notice)(const struct store *store);
    /* Before a change is decided: may this process write, and does the state hold all that was
     * written? May be NULL: always. 0; MR_ABSENT (another process does: forward); MR_AGAIN (the log
     * cannot be reached). */
    int (*lead)(struct store *store, struct mr_error *reterr);
    /* May be NULL: this process leads and is ready. Any thread. */
    void (*status)(struct store *store, struct store_status *ret_status);
    void (*free)(struct store *store);
};

/* Keeps nothing: the state is the store. */
int store_memory_new(struct store **ret_store);
/* A file on this machine, which is made when there is none. Outcomes: those of file_log_open. */
int store_file_new(const char *path, struct store **ret_store, struct mr_error *reterr);

struct mr_registry_server_config;
/* The one that config names; address is where this registry listens. Outcomes: 0; MR_INVALID (no
 * such kind); those of the kind. */
int store_open(const struct mr_registry_server_config *config, const char *address,
               struct store **ret_store, struct mr_error *reterr);
