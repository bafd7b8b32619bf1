/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of one hop: how each value of the new version is made. */
#pragma once

#include "millrace/datum.h"
#include "places.h"

enum make_kind {
    MAKE_CONSTANT,
    MAKE_COPY,
    MAKE_RECORD,
    MAKE_ITEMS, /* array of array, map of map */
    MAKE_CALL,
};

/* Steps through records from the value that a frame stands at: the old datum itself, or the item
 * at hand of an array around. */
struct source {
    unsigned frame;
    const uint32_t *steps;
    size_t n_steps;
};

struct make {
    enum make_kind kind;
    const struct mr_schema_node *node; /* as declared: may be a union */
    const struct mr_schema_node *type; /* without null */
    const struct mr_schema_node *null; /* NULL: it cannot be null */
    const char *from;                  /* the source's path, for errors; NULL: none */
    bool has_source;
    struct source source;             /* copy, items; record: null when that is */
    const struct mr_datum *otherwise; /* for null; NULL: none */
    const struct mr_datum *constant;
    const struct make *const *fields; /* record */
    const struct make *item;          /* items */
    const struct call *call;
};

/* ---- one run ---- */
enum { MAKE_MAX_FRAMES = 64 };

struct making {
    struct mr_arena *arena;
    struct mr_error *reterr;
    size_t left; /* bytes that may still be made */
    const struct mr_datum *frames[MAKE_MAX_FRAMES];
    unsigned n_frames;
};

/* Outcomes: 0, MR_INVALID, -ENOMEM. */
int make_run(struct making *m, const struct make *make, struct mr_datum *ret);
int make_memory(struct making *m, size_t n, size_t size, void **ret);
/* NULL: it is null, or a record around it is. */
const struct mr_datum *make_source(const struct making *m, const struct source *source);

/* ---- copies between types (convert.c, convert_rules.c) ---- */
/* Why a value of `from` cannot be copied to `to` without loss; NULL: it can. Borrowed, static. */
const char *convert_trouble(const struct mr_schema_node *from, const struct mr_schema_node *to);
/* What convert_trouble let through. Outcomes: 0, MR_INVALID (beyond the range of `to`), -ENOMEM. */
int convert(struct making *m, const struct mr_datum *from, const struct mr_schema_node *to,
            struct mr_datum *ret);
/* The branch of a union for values of `from`: the same type before a wider one; SIZE_MAX: none. */
size_t convert_branch(const struct mr_schema_node *from, const struct mr_schema_node *to);

/* ---- functions (functions_*.c) ---- */
struct call_case {
    struct mr_str text;
    int64_t whole; /* enum: symbol; boolean; integers */
    struct mr_datum to;
};

enum rounding { ROUND_NEVER, ROUND_DOWN, ROUND_HALF_UP, ROUND_HALF_EVEN };
enum { PART_LAST = -1, PART_REST = -2 };

struct call {
    const struct function *function;
    const struct mr_schema_node *type; /* what comes of it */
    struct source *sources;
    const struct mr_schema_node **types; /* of the arguments, without null */
    size_t n;
    struct mr_str by;
    int64_t part;
    struct mr_decimal times;
    enum rounding round;
    int64_t unit; /* nanoseconds */
    bool has_zone;
    int64_t zone; /* seconds east of UTC */
    const struct call_case *cases;
    size_t n_cases;
    const struct mr_datum *others;
};

struct compile;
struct function {
    const char *name, *summary;
    size_t least, most; /* arguments */
    unsigned may, must; /* bits: 1 << PARAM_ */
    bool counts;        /* looks at how many there are, uses none */
    /* Says what is wrong with the types, or NULL. */
    const char *(*check)(const struct call *call);
    /* args: NULL for null. Outcomes: 0, MR_ABSENT (null comes of it), MR_INVALID, -ENOMEM. */
    int (*run)(struct making *m, const struct call *call, const struct mr_datum *const *args,
               struct mr_datum *ret);
};
const struct function *function_find(const char *name);
extern const struct function functions_number[], functions_text[], functions_time[],
    functions_list[], functions_value[];

static inline bool is_plain(const struct mr_schema_node *node, enum mr_avro_type type)
{
    return node->type == type && node->logical == MR_LOGICAL_NONE;
}
/* int or long, no logical type */
static inline bool is_whole(const struct mr_schema_node *node)
{
    return is_plain(node, MR_AVRO_INT) || is_plain(node, MR_AVRO_LONG);
}
/* string, uuid too */
static inline bool is_text(const struct mr_schema_node *node)
{
    return node->type == MR_AVRO_STRING;
}
static inline bool is_decimal(const struct mr_schema_node *node)
{
    return node->logical == MR_LOGICAL_DECIMAL;
}
static inline struct mr_str text_of(const struct mr_datum *datum)
{
    return (struct mr_str){(const char *)datum->bytes.data, datum->bytes.len};
}
static inline void set_text(struct mr_datum *datum, const char *data, size_t len)
{
    datum->bytes = (struct mr_bytes){(const uint8_t *)data, len};
}
/* functions_text.c: a copy of the text. 0, MR_INVALID, -ENOMEM. */
int keep_text(struct making *m, struct mr_datum *ret, const char *data, size_t len);
/* Nanoseconds that one of a time's units is; 0: no time of day, no instant. */
int64_t time_unit(enum mr_avro_logical logical);
/* value units of `from` ns into units of `to` ns, digits cut. MR_INVALID beyond 64 bits. */
int time_rescale(int64_t value, int64_t from, int64_t to, int64_t *ret);
/* "Z" or "+01:00" in seconds. Outcomes: 0, MR_INVALID. */
int zone_parse(struct mr_str text, int64_t *ret_seconds);
/* value to the scale of decimal `type`, or to an int or long. Outcomes: 0, MR_INVALID, -ENOMEM. */
int number_into(struct making *m, struct mr_decimal value, enum rounding round,
                const struct mr_schema_node *type, struct mr_datum *ret);
