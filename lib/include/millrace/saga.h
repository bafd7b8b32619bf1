/* SPDX-License-Identifier: Apache-2.0 */
/* sagas.yaml as checked structs: what starts a saga, its steps with their timeouts, what is
 * published and what is undone. The build compiles it into mr_sagas_builtin(); mr_sagas_load()
 * reads another file at run time. Immutable, for any thread. docs/sagas.md explains every key;
 * lib/run/saga*.c runs them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "millrace/buf.h"
#include "millrace/catalog.h"
#include "millrace/own.h"
#include "millrace/schema.h"

/* A name with a path or a template: "data.ticketId", "Entry denied - {reason}". */
struct mr_saga_pair {
    const char *name, *text;
};

enum mr_saga_test { MR_SAGA_IS, MR_SAGA_NOT, MR_SAGA_CONTAINS, MR_SAGA_LACKS, MR_SAGA_N_TESTS };

/* Of the field's text: contains and lacks take A to Z as a to z. */
struct mr_saga_condition {
    const char *field;
    enum mr_saga_test test;
    const char *const *words;
    size_t n_words;
};

/* An event that a saga waits for. */
struct mr_saga_clause {
    const struct mr_topic *topic;
    const struct mr_saga_condition *when; /* all must hold */
    size_t n_when;
    const struct mr_saga_pair *remember; /* name of the value; path in the event */
    size_t n_remember;
    const char *text; /* start: the result, if it ends at once; failure: why; else NULL */
    bool final;       /* failure: ends as failed, nothing is undone */
};

struct mr_saga_clauses {
    const struct mr_saga_clause *items;
    size_t n_items;
};

/* An event that a saga publishes. */
struct mr_saga_emission {
    const char *name;
    const struct mr_topic *topic;
    const struct mr_saga_pair *fields; /* path below data; template */
    size_t n_fields;
};

struct mr_saga_emits {
    const struct mr_saga_emission *const *items;
    size_t n_items;
};

enum mr_saga_timeout { MR_SAGA_COMPENSATE, MR_SAGA_FAIL, MR_SAGA_GO_ON };

struct mr_saga_step {
    const char *name;
    struct mr_saga_emits emit;       /* when it begins, and with every retry */
    struct mr_saga_clauses answers;  /* one completes it; with all: one of each */
    struct mr_saga_clauses failures; /* one makes the saga compensate, or fail */
    struct mr_saga_emits undo;
    struct mr_saga_clauses undone; /* one confirms that it is; none: nothing to wait for */
    bool all;
    int64_t timeout_ms; /* 0: waits for nothing */
    int64_t quiet_ms;   /* complete when no answer came for so long; 0: no */
    int32_t retry;      /* times it is begun again before on_timeout */
    enum mr_saga_timeout on_timeout;
    const char *end; /* the saga's result when it is complete; NULL: the next step follows */
};

enum mr_saga_moment {
    MR_SAGA_STARTED,
    MR_SAGA_COMPLETED,
    MR_SAGA_FAILED,
    MR_SAGA_COMPENSATED,
    MR_SAGA_N_MOMENTS,
};

struct mr_saga {
    const char *name; /* as the contract calls it: "RefundSaga" */
    const char *service, *summary;
    const char *key; /* path of what tells its instances apart, in every event it waits for */
    bool once;       /* one instance for a key, as long as that is kept */
    bool any_order;  /* events may be older than the one that starts it */
    bool younger;    /* events of the same moment as the one that starts it are not heard either */
    int64_t keep_ms; /* how long an ended instance is kept */
    struct mr_saga_clauses starts;
    struct mr_saga_emits at[MR_SAGA_N_MOMENTS];
    const struct mr_saga_step *steps;
    size_t n_steps;
};

/* A field that a saga reads in an event: its key, a condition's, what it remembers. */
struct mr_saga_read {
    const struct mr_saga *saga;
    const struct mr_topic *topic;
    const char *path; /* "data.items[].sku" */
    long line;        /* of the file, from 1 */
};

struct mr_sagas {
    const struct mr_saga *items; /* in the file's order */
    size_t n_items;
    const struct mr_saga_emission *emissions;
    size_t n_emissions;
    const struct mr_saga_read *reads; /* in the file's order, keys last; some stand there twice */
    size_t n_reads;
};

/* What a value is; TEXT takes more than it gives. */
enum mr_saga_kind {
    MR_SAGA_OTHER, /* enums, bytes, maps: neither remembered nor set */
    MR_SAGA_TEXT,
    MR_SAGA_UUID,
    MR_SAGA_INT,
    MR_SAGA_TIME,
    MR_SAGA_DECIMAL,
    MR_SAGA_BOOL,
    MR_SAGA_REAL,
    MR_SAGA_OPTION, /* {option.NAME}: the consumer's, known at its start */
};

enum {
    MR_SAGA_MAX_STEPS = 32,
    MR_SAGA_MAX_VALUES = 64, /* remembered by one saga */
    MR_SAGA_MAX_LIST = 1000, /* values in one list: the event after that fails */
    MR_SAGA_MAX_TEXT = 1000, /* bytes of a template, and of why */
    MR_SAGA_MAX_TIMEOUT_DAYS = 366,
};

/* The fields of a topic's schema: lib/avro's to tell, mr_schema_leaves() of its schema. 0, -errno.
 */
struct mr_saga_fields {
    void *self;
    int (*leaves)(void *self, const struct mr_topic *topic,
                  const struct mr_schema_leaf **ret_leaves, size_t *ret_n);
};

/* Generated from sagas.yaml at build time; in events_dep. Without reads: those are the table of
 * readers, by the record and field that a path goes through. */
const struct mr_sagas *mr_sagas_builtin(void);

struct mr_saga_reader {
    const char *service, *saga, *record, *field;
    long line; /* of sagas.yaml, the first */
};
const struct mr_saga_reader *mr_saga_readers_builtin(size_t *ret_n);

/* All mistakes are appended to *report, one per line (file:line:column: rule, nearest word).
 * Outcomes: 0; MR_INVALID; MR_ABSENT when the file cannot be read; -errno. catalog stays the
 * caller's and must outlive it. */
int mr_sagas_load(const char *path, const struct mr_catalog *catalog,
                  const struct mr_saga_fields *fields, struct mr_sagas **ret_sagas,
                  struct mr_buf *report);
struct mr_sagas *mr_sagas_free(struct mr_sagas *sagas);
MR_DEFINE_AUTO(mr_sagas, struct mr_sagas *, mr_sagas_free);

/* The next part of a template at *at, which moves on: a literal (*ret_name false) or what stands
 * between braces. Outcomes: 0, MR_END, MR_INVALID: a brace without its other. */
int mr_saga_part(const char **at, struct mr_str *ret_part, bool *ret_name);
