/* SPDX-License-Identifier: Apache-2.0 */
/* How the parts of bookings-workflow write down what may follow what, and what an event tells of a
 * thing. Private to its files: one a thing, with its life and its events. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "millrace/consumer.h"
#include "millrace/life.h"

/* ---- the life of a thing: KIND_states, _steps and _moves stand before LIFE(KIND, its key) ---- */
#define B(n) MR_LIFE_BIT(n)
#define N_OF(list) (int)(sizeof(list) / sizeof((list)[0]))
#define LIFE(KIND, ID)                                                                             \
    static const struct mr_life KIND##_life = {#KIND,                                              \
                                               KIND##_states,                                      \
                                               KIND##_steps,                                       \
                                               N_OF(KIND##_steps),                                 \
                                               KIND##_moves,                                       \
                                               N_OF(KIND##_moves),                                 \
                                               "INSERT INTO " #KIND " (" ID                        \
                                               ") VALUES (?1) ON CONFLICT (" ID ") DO NOTHING"}
enum { UNKNOWN = MR_LIFE_UNKNOWN, STAYS = MR_LIFE_STAYS };

/* A step, and what it tells of the thing, unless a younger step of SETS has told so already. */
#define TAKES(ID, NAME, LIFE, STEP, SUBJECT, BY, SETS, SQL, ...)                                   \
    MR_HANDLER(ID, NAME)                                                                           \
    {                                                                                              \
        uint32_t newer;                                                                            \
        int r = mr_life_step(tx, &LIFE##_life, event->data.SUBJECT, STEP, event->data.BY, &newer); \
        return r || (newer & (SETS)) ? r                                                           \
                                     : mr_sql(tx, SQL, MR_TEXT(event->data.SUBJECT), __VA_ARGS__); \
    }
/* Of what every step of a thing tells, the last word of all counts: NULL leaves the column. */
#define LAST(value) MR_OPT(newer == 0, value)
#define OPT_TEXT(field) MR_OPT(event->data.has_##field, MR_TEXT(event->data.field))

/* "a, b". Without memory it ends the list of values, which the store refuses. */
struct mr_value workflow_joined(struct mr_tx *tx, const struct mr_str *items, size_t n);
#define JOINED(list) workflow_joined(tx, event->data.list, event->data.n_##list)

/* ---- what went wrong ---- */
struct issue {
    struct mr_str subject, event_id, by, severity, description;
    struct mr_value type, done;
    bool urgent;
    int64_t at;
};
/* *ret_newer as mr_life_step. Outcomes as mr_sql; a subject without data: -ENOMEM. */
int workflow_report(struct mr_tx *tx, const struct mr_life *life, int step,
                    const struct issue *issue, uint32_t *ret_newer);

/* ---- event.c, for what bookings say of their events; outcomes as mr_sql ---- */
int workflow_event_is_planned(struct mr_tx *tx, struct mr_str event_id, struct mr_str by,
                              struct mr_str booking_id);
int workflow_event_loses_booking(struct mr_tx *tx, struct mr_str event_id, struct mr_str by,
                                 struct mr_str booking_id, int64_t at);

/* ---- what is handled ---- */
extern const struct mr_on workflow_of_bookings[], workflow_of_events[], workflow_of_activities[],
    workflow_of_staff[], workflow_of_kits[], workflow_of_venues[];
