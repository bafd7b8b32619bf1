/* SPDX-License-Identifier: Apache-2.0 */
/* The running of sagas: what their parts share. Private to lib/run and its tests. */
#pragma once

#include "consume.h"
#include "millrace/saga.h"
#include "millrace/saga_store.h"

enum {
    SAGA_EARLY_MOST = 16,        /* events kept before their turn, of one key */
    SAGA_EARLY_KEEP_S = 60 * 60, /* and how long */
    SAGA_MATCHES = 64,           /* of one event and one saga */
    SAGA_TIMERS = 500,           /* of one transaction */
    SAGA_AT_A_LOOK = 64,         /* of these */
    SAGA_PRUNE_S = 60,
    SAGA_PRUNE = 1000, /* how often what is past its time is deleted, how much */
    SAGA_ONCE_S = 5,   /* --once waits for timers that fire within */
    SAGA_AGAIN_S = 1,  /* a timer that failed for now */
};

/* ---- saga_values.c ---- */
/* A value, or a list of them, as texts. */
struct saga_slot {
    struct mr_str name;
    struct mr_str *items;
    size_t n;
    bool list;
};
struct saga_values {
    struct saga_slot slots[MR_SAGA_MAX_VALUES];
    size_t n;
};
/* The text of the field at path ("data.ticketId"), of arena. Outcomes: 0; MR_ABSENT: null; -errno.
 */
int saga_field_text(const struct mr_topic *topic, const void *record, const char *path,
                    struct mr_arena *arena, struct mr_str *ret_text);
const struct saga_slot *saga_value(const struct saga_values *values, struct mr_str name);
/* A list ("lines[].sku") gets one more, another is replaced. MR_FULL: no room. -ENOMEM. */
int saga_remember(struct saga_values *values, struct mr_arena *arena, struct mr_str name,
                  struct mr_str text);
/* What the clause remembers of the event. As saga_remember. */
int saga_remember_event(struct saga_values *values, struct mr_tx *tx,
                        const struct mr_saga_clause *clause);
/* All of more into values. */
int saga_remember_all(struct saga_values *values, struct mr_arena *arena,
                      const struct saga_values *more);
/* JSON and back; texts live in arena. 0, MR_INVALID, -errno. */
int saga_values_write(const struct saga_values *values, struct mr_arena *arena,
                      struct mr_str *ret_json);
int saga_values_read(struct mr_str json, struct mr_arena *arena, struct saga_values *ret_values);

/* ---- an instance under way ---- */
enum saga_state {
    SAGA_RUNNING,
    SAGA_COMPENSATING,
    SAGA_COMPLETED,
    SAGA_COMPENSATED,
    SAGA_IS_FAILED,
};
const char *saga_state_name(enum saga_state state);

struct saga_instance {
    const struct mr_saga *saga;
    struct mr_saga_row row; /* texts of its step, state and vals are made when it is saved */
    enum saga_state state;
    size_t step;
    struct saga_values values;
    struct mr_tx *tx; /* of the event or timer that moves it */
    bool by_event;    /* else by its timer */
};

/* ---- saga_text.c: templates ---- */
/* A template's text; item: of which entry of lists. Outcomes: 0; MR_ABSENT: one name alone, which
 * has no value; -errno. */
int saga_render(const struct saga_instance *in, const char *text, size_t item,
                struct mr_str *ret_text);
/* Entries of the list that a template names; 0: it names none. */
size_t saga_list_len(const struct saga_instance *in, const char *text);
/* The options that templates name are ones of the consumer. 0, -EINVAL. */
int saga_check_options(const struct consume *run, const struct mr_saga *saga,
                       struct mr_error *reterr);

/* ---- saga_emit.c ---- */
/* Publishes them in the instance's flow. As mr_tx_emit. */
int saga_emit(struct saga_instance *in, const struct mr_saga_emits *emits);

/* ---- saga_move.c: what an instance goes through ---- */
int saga_note(struct saga_instance *in, const char *what, struct mr_str text);
/* The first step begins, or the saga ends at once. */
int saga_start(struct saga_instance *in, const struct mr_saga_clause *start);
/* An answer, a failure, a confirmation for the step that it is at. */
enum saga_kind { SAGA_ANSWER, SAGA_FAILURE, SAGA_UNDONE };
int saga_hear(struct saga_instance *in, enum saga_kind kind, size_t clause);
int saga_timeout(struct saga_instance *in);
int saga_end(struct saga_instance *in, enum saga_state state, struct mr_str why);
int saga_save(struct saga_instance *in);
int saga_open_instance(struct mr_tx *tx, struct mr_str id, struct saga_instance *ret_in);
const struct mr_saga_clauses *saga_clauses(const struct mr_saga_step *step, enum saga_kind kind);

/* ---- saga_match.c: which clauses an event is one of ---- */
struct saga_match {
    size_t step;
    enum saga_kind kind;
    size_t clause;
};
struct saga_matches {
    const struct mr_saga_clause *start; /* NULL: it starts none */
    struct saga_match items[SAGA_MATCHES];
    size_t n;
};
int saga_match(struct mr_tx *tx, const struct mr_saga *saga, struct saga_matches *ret_all);
int saga_conditions_hold(struct mr_tx *tx, const struct mr_saga_clause *clause, bool *ret_hold);

/* ---- saga_event.c: events ---- */
/* What was kept for the step that it is at, and for those that it comes to by that. */
int saga_take_early(struct saga_instance *in);
