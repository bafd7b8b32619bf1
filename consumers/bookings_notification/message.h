/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of bookings-notification: texts and recipients. Private to its files. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "millrace/audience.h"
#include "millrace/buf.h"
#include "millrace/prose.h"

/* Of a booking, of an event, of an event. */
extern const struct mr_role bookings_client, bookings_manager, bookings_staff;

/* In the event's arena; NULL: no memory. */
#define SAY(...) mr_arena_printf(mr_tx_arena(tx), __VA_ARGS__)
#define S(text) MR_STR_ARG(text)

/* "Label: text\n", or nothing where the member is not there. */
const char *bookings_line(struct mr_tx *tx, const char *label, bool has, struct mr_str text);
#define LINE(label, field) bookings_line(tx, label, event->data.has_##field, event->data.field)
/* What was written into a buffer. */
const char *bookings_text(struct mr_tx *tx, const struct mr_buf *text);

/* ---- outcomes as mr_notify; title or text NULL: -ENOMEM ---- */
int bookings_tell(struct mr_tx *tx, const struct mr_role *role, struct mr_str of, const char *kind,
                  const char *title, const char *text);
int bookings_send(struct mr_tx *tx, struct mr_str to, struct mr_str of, const char *kind,
                  const char *title, const char *text);
int bookings_send_office(struct mr_tx *tx, struct mr_str of, const char *kind, const char *title,
                         const char *text);
/* To the manager of the event `id`; what is grave goes to the office as well. */
int bookings_tell_issue(struct mr_tx *tx, struct mr_str id, struct mr_str what, struct mr_str grade,
                        bool grave, const char *text);

/* ---- what is handled ---- */
extern const struct mr_on bookings_of_bookings[], bookings_of_events[], bookings_of_staff[],
    bookings_of_venues[];
