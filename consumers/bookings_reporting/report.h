/* SPDX-License-Identifier: Apache-2.0 */
/* How bookings-reporting notes what happened to a thing. Private to its files. */
#pragma once

#include <stdbool.h>

#include "millrace/consumer.h"

/* A thing that is reported on; row makes sure of its row, and locks it. */
struct thing {
    const char *kind, *row;
};
#define ROW(TABLE, ID)                                                                             \
    "INSERT INTO " TABLE " (" ID ") VALUES (?1) ON CONFLICT (" ID ") DO UPDATE SET " ID            \
    " = excluded." ID

/* Notes it. *ret_told: a younger event of the same sort told it otherwise. Outcomes as mr_sql. */
int reporting_note(struct mr_tx *tx, const struct thing *thing, struct mr_str subject,
                   const char *what, struct mr_str by, bool *ret_told);

/* A happening, and the facts it tells. */
#define TELLS(ID, NAME, THING, WHAT, SUBJECT, BY, SQL, ...)                                        \
    MR_HANDLER(ID, NAME)                                                                           \
    {                                                                                              \
        bool told;                                                                                 \
        int r = reporting_note(tx, &(THING), event->data.SUBJECT, WHAT, event->data.BY, &told);    \
        return r || told ? r : mr_sql(tx, SQL, MR_TEXT(event->data.SUBJECT), __VA_ARGS__);         \
    }

/* The thing's figures, as told and, for sums, in millionths, where they fit. Outcomes as mr_sql. */
int reporting_measure(struct mr_tx *tx, const char *kind, struct mr_str subject,
                      const struct mr_pair_double *metrics, size_t n);

/* Each is one, however often its thing has them. */
struct issue {
    struct mr_str subject, event_id, by, severity;
    struct mr_value type;
    int64_t at;
};
int reporting_report(struct mr_tx *tx, const struct thing *thing, const struct issue *issue);

/* ---- what is handled ---- */
extern const struct mr_on reporting_of_events[], reporting_of_activities[], reporting_of_kits[];
