/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of festivo-notification: kinds, texts, recipients. Private to its files. */
#pragma once

#include <stdbool.h>

#include "millrace/consumer.h"

/* Options of the consumer: its state. */
struct notification {
    const char *staff;     /* option: the audience that runs the festival */
    const char *attendees; /* option: the audience that visits it */
    const char *currency;  /* option: of all prices; the contract names none */
};

enum kind {
    TICKET_PURCHASED,
    TICKET_REFUNDED,
    TICKET_CANCELLED,
    ENTRY_GRANTED,
    ENTRY_DENIED,
    EXIT_DENIED,
    EXIT_HELP,
    PERFORMANCE_ADDED,
    PERFORMANCE_CHANGED,
    PERFORMANCE_DROPPED,
    CAPACITY_WARNING,
    CAPACITY_CRITICAL,
    CAPACITY_NORMAL,
    SAGA_FAILED,
    N_KINDS
};

struct festivo_kind {
    const char *name;
    const struct mr_topic *about;
    bool broadcast; /* to an audience; else to one person */
};
extern const struct festivo_kind festivo_kinds[N_KINDS];

/* In the event's arena; NULL: no memory. */
#define PRINT(tx, ...) mr_arena_printf(mr_tx_arena(tx), __VA_ARGS__)

/* A name as it stands in a message: however long it is, the message fits. */
#define NAME(name) MR_STR_ARG(mr_utf8_cut(name, NAME_MOST))
enum { NAME_MOST = 160 };

/* ---- outcomes as mr_notify; title and text NULL: -ENOMEM ---- */
int festivo_tell(struct mr_tx *tx, enum kind kind, struct mr_str to, const char *title,
                 const char *text);
int festivo_tell_staff(struct mr_tx *tx, enum kind kind, const char *title, const char *text);
int festivo_tell_attendees(struct mr_tx *tx, enum kind kind, const char *title, const char *text);
/* mr_notified_fn: a message that is out is told of. */
int festivo_notified(struct mr_tx *tx, const struct mr_notice_fate *fate);

/* ---- what is handled ---- */
extern const struct mr_on festivo_of_tickets[], festivo_of_programme[], festivo_of_crowds[];
