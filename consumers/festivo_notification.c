/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-notification: tells visitors, all attendees or the staff what happened, and says so. Its
 * messages stand in festivo_notification/. */
#include <string.h>

#include "festivo_notification.gen.h"
#include "festivo_notification/message.h"
#include "festivo_orchestrator.gen.h"
#include "millrace/prose.h"

/* Refunds and cancellations name no customer: the message waits until an event of the ticket does.
 * Of what is announced to all, an event that is older than what people know already is kept but not
 * told; `..._said_at` and `..._event_id` are those of the event that stays. */
static const char tables[] =
    "CREATE TABLE ticket_holder ("
    " ticket_id TEXT NOT NULL PRIMARY KEY, customer_id TEXT, ticket_code TEXT NOT NULL,"
    " said_at INTEGER, event_id TEXT) STRICT, WITHOUT ROWID;"
    "CREATE TABLE waiting_notice ("
    " event_id TEXT NOT NULL PRIMARY KEY, ticket_id TEXT NOT NULL, kind TEXT NOT NULL,"
    " title TEXT NOT NULL, body TEXT NOT NULL, said_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE schedule_item ("
    " item_id TEXT NOT NULL PRIMARY KEY, stage_id TEXT NOT NULL, stage_name TEXT, artist_name TEXT,"
    " starts_at INTEGER, ends_at INTEGER, said_at INTEGER, event_id TEXT,"
    " deleted_at INTEGER, delete_said_at INTEGER, delete_event_id TEXT) STRICT, WITHOUT ROWID;"
    "CREATE TABLE stage ("
    " stage_id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, occupancy INTEGER NOT NULL,"
    " max_capacity INTEGER NOT NULL, counted_at INTEGER NOT NULL, count_event_id TEXT NOT NULL,"
    " level TEXT, level_rank INTEGER, level_said_at INTEGER, level_event_id TEXT)"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX waiting_notice_by_ticket ON waiting_notice (ticket_id, said_at);"
    "CREATE INDEX ticket_holder_by_customer ON ticket_holder (customer_id);"
    "CREATE INDEX schedule_item_by_start ON schedule_item (starts_at);"
    "CREATE VIEW programme AS SELECT starts_at, ends_at, stage_id, stage_name, artist_name, item_id"
    " FROM schedule_item WHERE event_id IS NOT NULL AND (delete_event_id IS NULL"
    " OR (said_at, event_id) > (delete_said_at, delete_event_id))";

MR_HANDLER(festivo_orchestrator_saga_failed_v1, saga_failed)
{
    const char *at = MR_MOMENT(event->data.failedAt);

    return festivo_tell_staff(tx, SAGA_FAILED, PRINT(tx, "%.*s failed", NAME(event->data.sagaType)),
                              PRINT(tx,
                                    "Saga %.*s (%.*s) failed on %s.\nReason: %.*s\nFlow: %.*s\n\n"
                                    "It may need a decision by hand.\n",
                                    NAME(event->data.sagaId), NAME(event->data.sagaType), at,
                                    NAME(event->data.errorReason),
                                    NAME(event->envelope.correlation_id)));
}

/* Else every message to them would be refused, event by event. */
static int check_audience(const char *option, const char *who, struct mr_error *reterr)
{
    return *who && strlen(who) <= MR_NOTICE_TO
               ? 0
               : mr_error_set(reterr, MR_INVALID,
                              "--%s takes whom the channel reaches them by, 1 to %d bytes", option,
                              MR_NOTICE_TO);
}

static int notification_open(void *state, struct mr_error *reterr)
{
    const struct notification *self = state;

    int r = check_audience("staff", self->staff, reterr);
    return r == 0 ? check_audience("attendees", self->attendees, reterr) : r;
}

const struct mr_consumer consumer_festivo_notification = {
    .name = "festivo-notification",
    .summary = "Tells visitors, attendees and staff what happened",
    .handles = MR_HANDLES(MR_ON_ALL(festivo_of_tickets), MR_ON_ALL(festivo_of_programme),
                          MR_ON_ALL(festivo_of_crowds),
                          MR_ON(festivo_orchestrator_saga_failed_v1, saga_failed)),
    .emits = MR_EMITS(&topic_festivo_notification_notification_sent_v1,
                      &topic_festivo_notification_notification_broadcast_sent_v1),
    .migrations = MR_MIGRATIONS({1, tables}),
    .size = sizeof(struct notification),
    .options = MR_OPTIONS(
        MR_OPT_STR(struct notification, staff, .name = "staff", .arg = "WHO", .def = "staff",
                   .help = "Whom the channel reaches the staff by"),
        MR_OPT_STR(struct notification, attendees, .name = "attendees", .arg = "WHO",
                   .def = "attendees", .help = "Whom the channel reaches all attendees by"),
        MR_OPT_STR(struct notification, currency, .name = "currency", .arg = "WORD", .def = "",
                   .help = "Currency of all prices, for readers")),
    .open = notification_open,
    .notified = festivo_notified,
};
