/* SPDX-License-Identifier: Apache-2.0 */
/* A writer's schema resolved against a reader's: what to do with each value that was written.
 * Source: Apache Avro 1.12, "Schema Resolution". docs/avro.md says where it is silent and Java
 * differs. */
#pragma once

#include "bin.h"
#include "shape.h"

/* The first fourteen are mr_avro_type's, in its order: read as the same type. */
enum plan_op {
    PLAN_NULL,
    PLAN_BOOLEAN,
    PLAN_INT,
    PLAN_LONG,
    PLAN_FLOAT,
    PLAN_DOUBLE,
    PLAN_BYTES,
    PLAN_STRING,
    PLAN_RECORD,
    PLAN_ENUM,
    PLAN_ARRAY,
    PLAN_MAP,
    PLAN_UNION, /* the writer's: each branch has a plan of its own */
    PLAN_FIXED,
    PLAN_INT_TO_LONG,
    PLAN_INT_TO_FLOAT,
    PLAN_INT_TO_DOUBLE,
    PLAN_LONG_TO_FLOAT,
    PLAN_LONG_TO_DOUBLE,
    PLAN_FLOAT_TO_DOUBLE,
    PLAN_BYTES_TO_STRING,
    PLAN_STRING_TO_BYTES,
    PLAN_TAGGED, /* item, as a branch of the reader's union; only where tags are wanted */
    PLAN_ERROR,  /* no datum that gets here can be read */
};

enum step_kind {
    STEP_FIELD,   /* the writer's field is the reader's */
    STEP_SKIP,    /* the reader does not have it */
    STEP_DEFAULT, /* the writer does not have it */
};

enum { PLAN_BLOCK = 16 }; /* tokens are copied in blocks of so many bytes */

struct plan_step {
    enum step_kind kind;
    const struct plan *plan;   /* default: reader to reader */
    const struct plan *over;   /* field: the same passed over; NULL where the plan is in order */
    const char *name;          /* the field's: reader's, or the writer's when skipped */
    size_t reader_field;       /* index; SIZE_MAX when skipped */
    struct mr_bytes otherwise; /* default */
    struct mr_str token;       /* ,"name": for JSON; one block may be read behind it */
};

struct plan {
    enum plan_op op;
    enum shape_op form; /* the reader's */
    const struct mr_schema_node *writer;
    const struct mr_schema_node *reader; /* NULL: the value is passed over */
    size_t min_size;                     /* bytes that a value takes at least; 0: always */
    size_t n_zero_fields;                /* record: fields that take no bytes */
    const struct plan_step *steps; /* record: in the writer's order, defaults where they fit */
    size_t n_steps;
    bool in_order;                      /* record: the steps are also in the reader's order */
    int32_t keep_scale;                 /* decimal: decimals that its text has at least */
    const int32_t *symbols;             /* enum: writer's index to reader's; -1: none. NULL: same */
    const struct plan *item;            /* array, map, tagged */
    const struct plan *const *branches; /* union */
    const char *tag;                    /* tagged: the branch's name */
    const char *why;                    /* error */
    enum { PLAN_UNSEEN, PLAN_SEEN, PLAN_HOPELESS } seen; /* record: for plan_is_hopeless */
};

struct plans {
    struct mr_schema *writer, *reader; /* the same when there is but one */
    struct mr_arena *arena;
    struct shapes *defaults; /* of the reader, when some field needs one */
    const struct plan *root;
    bool raw, tagged;
    /* building */
    struct plan_slot *slots;
    size_t n_slots, cap_slots;
    size_t *min_sizes[2]; /* of the writer's and of the reader's nodes; SIZE_MAX: not known */
};

/* reader NULL: the writer's own. Outcomes: 0; MR_INVALID when no datum could be read; -ENOMEM. */
int plans_new(struct mr_schema *writer, struct mr_schema *reader,
              const struct mr_json_options *options, struct plans **ret_plans,
              struct mr_error *reterr);
struct plans *plans_free(struct plans *plans);
MR_DEFINE_AUTO(plans, struct plans *, plans_free);

/* For the files plan_*.c. `side` says which schema was written: 0 the writer's, 1 the reader's, for
 * defaults. */
struct plan_key {
    const struct mr_schema_node *writer, *reader;
    unsigned side;
};
int plan_resolve(struct plans *plans, struct plan_key key, const struct plan **ret_plan);
int plan_record(struct plans *plans, struct plan_key key, struct plan *plan);
/* How two types that are no unions go together, by their heads alone; PLAN_ERROR: they do not. */
enum plan_op plan_match(const struct mr_schema_node *writer, const struct mr_schema_node *reader);
/* The branch of the reader's union that takes the writer's type; SIZE_MAX: none. */
size_t plan_branch(const struct mr_schema_node *writer, const struct mr_schema_node *reader);
size_t plan_min_size(struct plans *plans, const struct mr_schema_node *node, unsigned side);
/* Whether no datum could be read; *reterr then says where and why. */
bool plan_is_hopeless(const struct plan *plan, struct mr_error *reterr);
