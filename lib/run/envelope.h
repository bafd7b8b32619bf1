/* SPDX-License-Identifier: Apache-2.0 */
/* A platform's JSON envelope, found in one walk over the document. The rules come from topics.yaml
 * (millrace/catalog.h); here they are compiled into tables of member names. */
#pragma once

#include "millrace/buf.h"
#include "millrace/catalog.h"
#include "millrace/codec.h"
#include "millrace/error.h"

enum {
    ENVELOPE_MAX_METADATA = 256, /* members that join the metadata map */
    ENVELOPE_MAX_SLOTS = 64,     /* named members of one envelope */
};

struct envelope_object;

/* A member that an envelope knows. */
struct envelope_slot {
    char *quoted; /* name in quotes, as it stands in a text without escapes */
    size_t quoted_len;
    uint64_t front, back; /* its first and last eight bytes, when it has 8 to 16 */
    const char *pointer;  /* full, for messages */
    uint64_t bit;         /* told twice? */
    int field;            /* enum mr_envelope_field, or -1 */
    const struct mr_envelope_member *member; /* or NULL */
    struct envelope_object *object;          /* members below it that matter, or NULL */
    int switch_to; /* index of the envelope that this member announces, or -1 */
    size_t next;   /* the slot that followed last time: tried first */
};

struct envelope_object {
    struct envelope_slot *slots;
    size_t n_slots;
    size_t first;  /* the slot that came first last time */
    bool metadata; /* members that are not named join the metadata */
    bool peek;     /* part of the data: members that are not named are not ours */
};

struct envelope_plan {
    const struct mr_envelope_map *map;
    struct envelope_object root;
    uint64_t required;        /* bits of slots that must be told: members */
    uint32_t required_fields; /* bits of fields that must have a value in the JSON */
    size_t n_bits;
};

/* All envelopes of a platform. */
struct envelope_plans {
    const struct mr_platform *platform;
    struct envelope_plan *plans;
    size_t n_plans;
    struct mr_arena *arena; /* owns names and slots */
};

/* Outcomes: 0, MR_INVALID (more than ENVELOPE_MAX_SLOTS members), -ENOMEM. */
int envelope_plans_init(struct envelope_plans *plans, const struct mr_platform *platform,
                        struct mr_error *reterr);
void envelope_plans_done(struct envelope_plans *plans);

/* What was found. Texts borrow from the document or from scratch. */
struct envelope_value {
    struct mr_str text; /* data NULL: absent */
    const char *at;     /* where the value stands */
    const char *pointer;
};

struct envelope {
    const struct envelope_plan *plan;
    struct envelope_value fields[MR_ENVELOPE_N_FIELDS]; /* not metadata; data's text is its JSON */
    bool data_taken;                                    /* on_data took it where it stood */
    struct mr_buf metadata;                             /* Avro pairs */
    size_t n_metadata;
    struct mr_str names[ENVELOPE_MAX_METADATA];
    struct mr_str subject, traceparent, tracestate, baggage; /* CloudEvents extensions */
    struct mr_buf scratch;
    size_t n_dropped;
};

struct envelope_walk {
    const struct envelope_plans *plans;
    const struct mr_json_encoder *metadata_value; /* of one value of the map */
    enum mr_unknown unknown;
    /* Called where the data stands, with what was found before it: takes it and moves the cursor,
     * or MR_ABSENT: not yet, only pass over. Other outcomes as mr_json_encode. */
    int (*on_data)(void *self, const struct envelope *envelope, struct mr_json_cursor *cursor,
                   struct mr_error *reterr);
    void *self;
};

/* One document at the cursor. Outcomes: 0, MR_END (feed more), MR_INVALID with pointer, offset and
 * rule, -errno. The cursor moves only on 0. */
int envelope_read(const struct envelope_walk *walk, struct mr_json_cursor *cursor,
                  struct envelope *ret_envelope, struct mr_error *reterr);
void envelope_done(struct envelope *envelope);

/* Calls fn for each member of a JSON object; the name is valid during the call. What is no object
 * has no members. Outcomes: 0, what fn gave, MR_INVALID, -errno. */
int envelope_members(struct mr_str object, struct mr_buf *scratch,
                     int (*fn)(void *self, struct mr_str name, struct mr_str value), void *self,
                     struct mr_error *reterr);
/* The text of a member of the JSON object data, into *ret_value; for keys and times among the data.
 * Outcomes: 0, MR_ABSENT (or null), MR_INVALID (not a string), -errno. */
int envelope_data_member(struct mr_str data, const char *name, struct mr_buf *scratch,
                         struct envelope_value *ret_value, struct mr_error *reterr);

/* Puts a whole pointer in front of reterr->where. */
void envelope_error_below(struct mr_error *reterr, const char *pointer);
/* MR_INVALID at a pointer, and at a place of the document that begins at begin. */
int envelope_refuse(struct mr_error *reterr, const char *begin, const char *at, const char *pointer,
                    const char *fmt, ...) MR_PRINTF(5, 6);
