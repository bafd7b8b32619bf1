/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to whoever holds a role: the client of a booking, the staff of an event. Who that is
 * comes by other events, perhaps later; the message waits for it, so that the order in which they
 * come does not matter. For consumers; docs/services/bookings.md shows one. */
#pragma once

#include "millrace/consumer.h"
#include "millrace/notify.h"

struct mr_role {
    const char *name; /* "client" */
    bool many; /* false: one holder at a time, who holds it when the message is asked for; true:
                * everybody who had it by then */
};

/* The tables, for a migration. holder: who has a role, and since when (the earliest event that said
 * so). wish: a message to a role, 'waiting' for a first holder, 'told', or 'open' to more of them.
 * message: what was handed to mr_notify, whose table mr_notice has what became of it. The migration
 * after them is MR_AUDIENCE_LAST. */
#define MR_AUDIENCE_TABLES                                                                         \
    "CREATE TABLE audience (role TEXT NOT NULL, of_id TEXT NOT NULL, PRIMARY KEY (role, of_id))"   \
    " STRICT, WITHOUT ROWID;"                                                                      \
    "CREATE TABLE holder (role TEXT NOT NULL, of_id TEXT NOT NULL, user_id TEXT NOT NULL,"         \
    " since_at INTEGER NOT NULL, PRIMARY KEY (role, of_id, user_id)) STRICT, WITHOUT ROWID;"       \
    "CREATE INDEX holder_user ON holder (user_id);"                                                \
    "CREATE TABLE wish (event_id TEXT NOT NULL, role TEXT NOT NULL, of_id TEXT NOT NULL,"          \
    " kind TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, happened_at INTEGER NOT NULL,"  \
    " state TEXT NOT NULL, PRIMARY KEY (role, of_id, event_id, kind)) STRICT, WITHOUT ROWID;"      \
    "CREATE TABLE message (event_id TEXT NOT NULL, recipient TEXT NOT NULL, kind TEXT NOT NULL,"   \
    " role TEXT, of_id TEXT, title TEXT NOT NULL, body TEXT NOT NULL,"                             \
    " happened_at INTEGER NOT NULL, PRIMARY KEY (event_id, recipient, kind))"                      \
    " STRICT, WITHOUT ROWID;"                                                                      \
    "CREATE INDEX message_recipient ON message (recipient, happened_at);"                          \
    "CREATE INDEX message_of ON message (of_id, happened_at);"
/* last_at: of the youngest event that said so. Who had the role, gave it up and has it again is its
 * holder. NULL: written by a build before, and not said again since. */
#define MR_AUDIENCE_LAST "ALTER TABLE holder ADD COLUMN last_at INTEGER"

/* The event of tx says that `user` holds the role of the thing `of`; messages that wait go to them.
 * Outcomes of all three as mr_notify. */
int mr_audience_is(struct mr_tx *tx, const struct mr_role *role, struct mr_str of,
                   struct mr_str user);
/* A message to the role; notice->to is not read. The same kind to the same role once an event. */
int mr_audience_tell(struct mr_tx *tx, const struct mr_role *role, struct mr_str of,
                     const struct mr_notice *notice);
/* A message to notice->to, whom the event itself names, about the thing `of`; nobody gets the same
 * kind twice for one event. */
int mr_audience_send(struct mr_tx *tx, struct mr_str of, const struct mr_notice *notice);
