/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to people: what a channel is, and how the engine moves them. Private to lib/run and its
 * tests. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "millrace/error.h"
#include "millrace/str.h"

struct consume;

enum { CONSUME_NOTIFY_AT_ONCE = 8 }; /* messages on their way */

struct notify_message {
    struct mr_str key; /* a UUID: the same for each try, and for a repeat of the event */
    struct mr_str to, kind, title, text;
    struct mr_str service, event_id, correlation_id;
    int64_t event_at, created_at;
    int64_t attempt; /* this one, from 1 */
};

struct notify_answer {
    int r;               /* 0 delivered; MR_AGAIN; MR_INVALID: never will be */
    bool channel_failed; /* MR_AGAIN: it is nobody's fault but the channel's */
    int64_t after_ms;    /* MR_AGAIN: not before, as the channel asks; 0: as we think */
    char why[512];
};

struct consume_channel {
    void *self;
    const char *name; /* "none", "smtp", "webhook" */
    /* NULL: none. Begins to send; all is copied. Its answer comes through consume_answered in
     * serve. Outcomes: 0, MR_INVALID (never will be: *reterr), -errno. */
    int (*send)(void *self, const struct notify_message *message, uint64_t tag,
                struct mr_error *reterr);
    /* Moves what is under way; does not wait. */
    int (*serve)(void *self, struct mr_error *reterr);
    void (*free)(void *self);
};

enum notify_slot_state { SLOT_FREE, SLOT_UNDER_WAY, SLOT_ANSWERED, SLOT_SETTLED };

struct notify_slot {
    enum notify_slot_state state;
    int64_t seq;
    struct notify_answer answer;
};

struct consume_notify {
    struct consume_channel channel;
    struct notify_slot slots[CONSUME_NOTIFY_AT_ONCE];
    bool look;          /* rows may be due */
    int64_t next_look;  /* look then as well */
    int64_t untold_at;  /* the consumer asked to be told again then */
    int64_t prune_at;   /* the oldest settled row has been kept long enough then */
    int64_t hold_until; /* the channel itself failed */
    int32_t n_failed;   /* in a row */
    bool ending;        /* nothing more is begun */
};

/* ---- consume_notify.c: messages to people; consume_notify_settle.c: what became of them ---- */
/* What the store has, within or outside a transaction: at start, and when partitions came. */
int consume_notify_open(struct consume *run, struct mr_error *reterr);
void consume_notify_close(struct consume *run);
/* Takes answers, begins to send what is due. Outside a transaction. */
int consume_notify_serve(struct consume *run, struct mr_error *reterr);
/* An answer of the channel. */
void consume_answered(struct consume *run, uint64_t tag, const struct notify_answer *answer);
/* Whether consume_notify_settle has something to write. */
bool consume_notify_due(const struct consume *run);
/* Writes what became of messages and tells the consumer, within the transaction. */
int consume_notify_settle(struct consume *run, struct mr_error *reterr);
/* The transaction was kept, or not. */
void consume_notify_settled(struct consume *run, bool kept);
/* Nothing is under way and nothing due. */
bool consume_notify_idle(const struct consume *run);
bool consume_notify_under_way(const struct consume *run);
/* Longest wait for records until there is something to do again. */
int consume_notify_wait(const struct consume *run, int timeout_ms);
