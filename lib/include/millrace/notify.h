/* SPDX-License-Identifier: Apache-2.0 */
/* A message to people, asked for by a handler and sent by the consumer's --notify channel once the
 * event is committed: with retry, by an idempotency key that a repeat of the event has as well.
 * docs/notifications.md. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "millrace/str.h"

struct mr_tx;

/* The most bytes of each: docs/limits.md. */
enum {
    MR_NOTICE_TO = 320,
    MR_NOTICE_KIND = 100,
    MR_NOTICE_TITLE = 1000,
    MR_NOTICE_TEXT = 256 << 10
};

struct mr_notice {
    struct mr_str to;    /* who: a user's id, or an audience as the contract names it ("staff") */
    struct mr_str kind;  /* what: "entry-denied" */
    struct mr_str title; /* one line; a line break in it becomes a space */
    struct mr_str text;  /* plain text, UTF-8 */
};

/* Writes the message in the event's transaction; all is copied. `to` and `kind` are not empty.
 * Outcomes as mr_sql; also MR_INVALID: longer than docs/limits.md says, or no UTF-8. */
int mr_notify(struct mr_tx *tx, const struct mr_notice *notice);

/* What became of it. */
struct mr_notice_fate {
    struct mr_notice notice;
    bool delivered;      /* false: given up, `error` says why */
    const char *channel; /* "none" (kept, and sent to nobody), "smtp", "webhook" */
    struct mr_str error; /* empty when delivered */
    int64_t at;          /* µs since the epoch */
    int32_t attempts;    /* 0 on channel none */
};

/* struct mr_consumer's .notified: tx is of the event that asked, as far as a row keeps it: the
 * envelope's ids, user, session, correlation and timestamp; no data (mr_tx_event(tx)->record is
 * NULL). mr_sql and mr_emit work as in a handler; ids of what is emitted are derived from the
 * event's and the message's. Outcomes: 0; MR_AGAIN: undone, told again later; MR_INVALID: undone
 * and logged, not told again; -errno: stop the process. */
typedef int (*mr_notified_fn)(struct mr_tx *tx, const struct mr_notice_fate *fate);
