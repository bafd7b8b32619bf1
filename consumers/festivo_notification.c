/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-notification: tells visitors, all attendees or the staff what happened, and says so. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "festivo_access_control.gen.h"
#include "festivo_crowd_monitor.gen.h"
#include "festivo_notification.gen.h"
#include "festivo_notification.h"
#include "festivo_orchestrator.gen.h"
#include "festivo_schedule.gen.h"
#include "festivo_ticket.gen.h"
#include "millrace/consumer.h"
#include "millrace/prose.h"

struct notification {
    const char *staff;     /* option: the audience that runs the festival */
    const char *attendees; /* option: the audience that visits it */
    const char *currency;  /* option: of all prices; the contract names none */
};

/* ---- texts ---- */

#define PRINT(tx, ...) mr_arena_printf(mr_tx_arena(tx), __VA_ARGS__)

/* A name as it stands in a message: however long it is, the message fits. */
#define NAME(name) MR_STR_ARG(mr_utf8_cut(name, NAME_MOST))
enum { NAME_MOST = 160 };

static const char *moment(struct mr_tx *tx, int64_t micros)
{
    return mr_prose_moment(mr_tx_arena(tx), micros);
}

/* With its currency; NULL: no memory. */
static const char *amount(struct mr_tx *tx, struct mr_decimal money)
{
    const struct notification *self = mr_tx_self(tx);
    const char *text = mr_prose_money(mr_tx_arena(tx), money);

    return text && *self->currency ? PRINT(tx, "%s %s", text, self->currency) : text;
}

/* title and text NULL: no memory. */
static int tell(struct mr_tx *tx, enum kind kind, struct mr_str to, const char *title,
                const char *text)
{
    if (!title || !text)
        return -ENOMEM;
    return mr_notify(tx, &(struct mr_notice){.to = to,
                                             .kind = mr_str_from(kinds[kind].name),
                                             .title = mr_str_from(title),
                                             .text = mr_str_from(text)});
}

static int tell_staff(struct mr_tx *tx, enum kind kind, const char *title, const char *text)
{
    const struct notification *self = mr_tx_self(tx);

    return tell(tx, kind, mr_str_from(self->staff), title, text);
}

static int tell_attendees(struct mr_tx *tx, enum kind kind, const char *title, const char *text)
{
    const struct notification *self = mr_tx_self(tx);

    return tell(tx, kind, mr_str_from(self->attendees), title, text);
}

/* ---- who holds a ticket ---- */

/* The oldest message that waited for this customer; MR_ABSENT: there is none. */
static int tell_waiting(struct mr_tx *tx, struct mr_str ticket_id, struct mr_str customer_id)
{
    struct mr_notice notice = {.to = customer_id};
    struct mr_str event_id;

    int r = mr_sql_row(tx,
                       MR_INTO(MR_INTO_TEXT(&event_id), MR_INTO_TEXT(&notice.kind),
                               MR_INTO_TEXT(&notice.title), MR_INTO_TEXT(&notice.text)),
                       "SELECT event_id, kind, title, body FROM waiting_notice"
                       " WHERE ticket_id = ?1 ORDER BY said_at, event_id LIMIT 1",
                       MR_TEXT(ticket_id));
    if (r == 0)
        r = mr_notify(tx, &notice);
    return r != 0 ? r
                  : mr_sql(tx, "DELETE FROM waiting_notice WHERE event_id = ?1", MR_TEXT(event_id));
}

/* A holder is known by the youngest event that names one. The row is locked from here on: see
 * tell_holder. */
static int learn(struct mr_tx *tx, struct mr_str ticket_id, struct mr_str code,
                 struct mr_str customer_id)
{
    const struct mr_envelope *e = mr_tx_event(tx)->envelope;

    int r = mr_sql(tx,
                   "INSERT INTO ticket_holder VALUES (?1, ?2, ?3, ?4, ?5)"
                   " ON CONFLICT (ticket_id) DO UPDATE SET customer_id = excluded.customer_id,"
                   " ticket_code = excluded.ticket_code, said_at = excluded.said_at,"
                   " event_id = excluded.event_id WHERE ticket_holder.event_id IS NULL"
                   " OR (excluded.said_at, excluded.event_id)"
                   " > (ticket_holder.said_at, ticket_holder.event_id)",
                   MR_TEXT(ticket_id), MR_TEXT(customer_id), MR_TEXT(code), MR_INT(e->timestamp),
                   MR_TEXT(e->event_id));
    while (r == 0)
        r = tell_waiting(tx, ticket_id, customer_id);
    return r == MR_ABSENT ? 0 : r;
}

/* Tells the ticket's holder, or lets the message wait for one to be known. The holder's row is
 * locked before it is read: an event of another topic, in another process, may be naming one. */
static int tell_holder(struct mr_tx *tx, enum kind kind, struct mr_str ticket_id,
                       struct mr_str code, const char *title, const char *text)
{
    const struct mr_envelope *e = mr_tx_event(tx)->envelope;
    struct mr_str customer_id;

    int r = mr_sql(tx,
                   "INSERT INTO ticket_holder (ticket_id, ticket_code) VALUES (?1, ?2)"
                   " ON CONFLICT (ticket_id) DO UPDATE SET ticket_code = ticket_holder.ticket_code",
                   MR_TEXT(ticket_id), MR_TEXT(code));
    if (r == 0)
        r = mr_sql_row(tx, MR_INTO(MR_INTO_TEXT(&customer_id)),
                       "SELECT customer_id FROM ticket_holder WHERE ticket_id = ?1",
                       MR_TEXT(ticket_id));
    if (r != 0)
        return r;
    if (customer_id.len > 0)
        return tell(tx, kind, customer_id, title, text);
    if (!title || !text)
        return -ENOMEM;
    return mr_sql(tx, "INSERT INTO waiting_notice VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                  MR_TEXT(e->event_id), MR_TEXT(ticket_id), MR_TEXT_OF(kinds[kind].name),
                  MR_TEXT_OF(title), MR_TEXT_OF(text), MR_INT(e->timestamp));
}

/* ---- tickets ---- */

MR_HANDLER(festivo_ticket_ticket_purchased_v1, purchased)
{
    const char *price = amount(tx, event->data.price), *at = moment(tx, event->data.purchaseDate);

    if (!price || !at)
        return -ENOMEM;
    int r = tell(tx, TICKET_PURCHASED, event->data.customerId,
                 PRINT(tx, "Your %.*s ticket %.*s", NAME(event->data.ticketType),
                       NAME(event->data.ticketCode)),
                 PRINT(tx,
                       "Thank you for your purchase.\n\nTicket: %.*s (%.*s)\nPrice: %s\nBought: %s"
                       "\n\nShow the code %.*s at the gate.\n",
                       NAME(event->data.ticketCode), NAME(event->data.ticketType), price, at,
                       NAME(event->data.ticketCode)));
    return r != 0 ? r
                  : learn(tx, event->data.ticketId, event->data.ticketCode, event->data.customerId);
}

MR_HANDLER(festivo_ticket_ticket_refunded_v1, refunded)
{
    const char *money = amount(tx, event->data.refundAmount),
               *at = moment(tx, event->data.refundDate);

    if (!money || !at)
        return -ENOMEM;
    return tell_holder(tx, TICKET_REFUNDED, event->data.ticketId, event->data.ticketCode,
                       PRINT(tx, "Refund for ticket %.*s", NAME(event->data.ticketCode)),
                       PRINT(tx,
                             "%s for ticket %.*s went back to you on %s.\nReason: %.*s\n\n"
                             "The ticket no longer opens the gates.\n",
                             money, NAME(event->data.ticketCode), at, NAME(event->data.reason)));
}

MR_HANDLER(festivo_ticket_ticket_cancelled_v1, cancelled)
{
    const char *at = moment(tx, event->data.cancellationDate);

    if (!at)
        return -ENOMEM;
    return tell_holder(tx, TICKET_CANCELLED, event->data.ticketId, event->data.ticketCode,
                       PRINT(tx, "Ticket %.*s was cancelled", NAME(event->data.ticketCode)),
                       PRINT(tx,
                             "Ticket %.*s was cancelled on %s.\nReason: %.*s\n\n"
                             "It no longer opens the gates.\n",
                             NAME(event->data.ticketCode), at, NAME(event->data.reason)));
}

/* ---- gates ---- */

MR_HANDLER(festivo_access_control_access_entry_granted_v1, entry_granted)
{
    const char *at = moment(tx, event->data.entryTime);

    if (!at)
        return -ENOMEM;
    int r = tell(tx, ENTRY_GRANTED, event->data.customerId, "Welcome",
                 PRINT(tx,
                       "You came in by gate %.*s on %s, with ticket %.*s. Enjoy the festival.\n\n"
                       "If this was not you, please tell the staff at any gate.\n",
                       NAME(event->data.gateId), at, NAME(event->data.ticketCode)));
    return r != 0 ? r
                  : learn(tx, event->data.ticketId, event->data.ticketCode, event->data.customerId);
}

MR_HANDLER(festivo_access_control_access_entry_denied_v1, entry_denied)
{
    const char *at = moment(tx, event->data.deniedTime);

    if (!at)
        return -ENOMEM;
    int r = tell(tx, ENTRY_DENIED, event->data.customerId,
                 PRINT(tx, "Entry denied at gate %.*s", NAME(event->data.gateId)),
                 PRINT(tx,
                       "Ticket %.*s did not open gate %.*s on %s.\nReason: %.*s\n\n"
                       "The staff at the gate can help you. You will hear from us if money goes "
                       "back to you.\n",
                       NAME(event->data.ticketCode), NAME(event->data.gateId), at,
                       NAME(event->data.reason)));
    return r != 0 ? r
                  : learn(tx, event->data.ticketId, event->data.ticketCode, event->data.customerId);
}

/* Somebody cannot leave: that is for the staff as well. */
MR_HANDLER(festivo_access_control_access_exit_denied_v1, exit_denied)
{
    const char *at = moment(tx, event->data.deniedTime);

    if (!at)
        return -ENOMEM;
    int r = tell(tx, EXIT_DENIED, event->data.customerId,
                 PRINT(tx, "Exit denied at gate %.*s", NAME(event->data.gateId)),
                 PRINT(tx,
                       "Gate %.*s did not let you out on %s.\nReason: %.*s\n\n"
                       "The staff know of it and will help you at the gate.\n",
                       NAME(event->data.gateId), at, NAME(event->data.reason)));
    if (r == 0)
        r = tell_staff(tx, EXIT_HELP,
                       PRINT(tx, "A visitor cannot leave by gate %.*s", NAME(event->data.gateId)),
                       PRINT(tx,
                             "Gate %.*s denied an exit on %s.\nReason: %.*s\nTicket: %.*s\n"
                             "Customer: %.*s\n\nPlease help at the gate.\n",
                             NAME(event->data.gateId), at, NAME(event->data.reason),
                             NAME(event->data.ticketCode), NAME(event->data.customerId)));
    return r != 0 ? r
                  : learn(tx, event->data.ticketId, event->data.ticketCode, event->data.customerId);
}

/* ---- programme ---- */

struct performance {
    struct mr_str item_id, stage_id, stage, artist;
    int64_t starts_at, ends_at;
};

/* Whether what has just been written of the item is still the youngest word on it, and what is
 * known of it. MR_ABSENT: it is not, or (of a deletion) nobody was told of the item before. */
static int is_news(struct mr_tx *tx, struct mr_str item_id, struct performance *ret)
{
    *ret = (struct performance){.item_id = item_id};
    return mr_sql_row(
        tx,
        MR_INTO(MR_INTO_TEXT(&ret->stage_id), MR_INTO_TEXT(&ret->stage), MR_INTO_TEXT(&ret->artist),
                MR_INTO_INT(&ret->starts_at), MR_INTO_INT(&ret->ends_at)),
        "SELECT stage_id, stage_name, artist_name, starts_at, ends_at FROM schedule_item"
        " WHERE item_id = ?1 AND event_id IS NOT NULL AND CASE WHEN delete_event_id IS NULL"
        "  OR (said_at, event_id) > (delete_said_at, delete_event_id) THEN event_id"
        "  ELSE delete_event_id END = ?2",
        MR_TEXT(item_id), MR_TEXT(mr_tx_event(tx)->envelope->event_id));
}

static int describe(struct mr_tx *tx, enum kind kind, const struct performance *p)
{
    const struct mr_envelope *e = mr_tx_event(tx)->envelope;
    const char *from = moment(tx, p->starts_at), *to = moment(tx, p->ends_at);
    struct performance ignored;

    if (!from || !to)
        return -ENOMEM;
    int r = mr_sql(tx,
                   "INSERT INTO schedule_item (item_id, stage_id, stage_name, artist_name,"
                   " starts_at, ends_at, said_at, event_id)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (item_id) DO UPDATE SET"
                   " stage_id = excluded.stage_id, stage_name = excluded.stage_name,"
                   " artist_name = excluded.artist_name, starts_at = excluded.starts_at,"
                   " ends_at = excluded.ends_at, said_at = excluded.said_at,"
                   " event_id = excluded.event_id WHERE schedule_item.event_id IS NULL"
                   " OR (excluded.said_at, excluded.event_id)"
                   " > (schedule_item.said_at, schedule_item.event_id)",
                   MR_TEXT(p->item_id), MR_TEXT(p->stage_id), MR_TEXT(p->stage), MR_TEXT(p->artist),
                   MR_INT(p->starts_at), MR_INT(p->ends_at), MR_INT(e->timestamp),
                   MR_TEXT(e->event_id));
    if (r == 0)
        r = is_news(tx, p->item_id, &ignored);
    if (r != 0)
        return r == MR_ABSENT ? 0 : r;
    return tell_attendees(tx, kind,
                          PRINT(tx, "%s: %.*s, %.*s", kind == PERFORMANCE_ADDED ? "New" : "Changed",
                                NAME(p->artist), NAME(p->stage)),
                          PRINT(tx, "%.*s\nStage: %.*s\nFrom: %s\nTo: %s\n", NAME(p->artist),
                                NAME(p->stage), from, to));
}

MR_HANDLER(festivo_schedule_schedule_item_created_v1, item_created)
{
    return describe(tx, PERFORMANCE_ADDED,
                    &(struct performance){.item_id = event->data.itemId,
                                          .stage_id = event->data.stageId,
                                          .stage = event->data.stageName,
                                          .artist = event->data.artistName,
                                          .starts_at = event->data.startTime,
                                          .ends_at = event->data.endTime});
}

MR_HANDLER(festivo_schedule_schedule_item_updated_v1, item_updated)
{
    return describe(tx, PERFORMANCE_CHANGED,
                    &(struct performance){.item_id = event->data.itemId,
                                          .stage_id = event->data.stageId,
                                          .stage = event->data.stageName,
                                          .artist = event->data.artistName,
                                          .starts_at = event->data.startTime,
                                          .ends_at = event->data.endTime});
}

/* What people were never told of needs no cancellation. */
MR_HANDLER(festivo_schedule_schedule_item_deleted_v1, item_deleted)
{
    struct performance p;

    int r = mr_sql(tx,
                   "INSERT INTO schedule_item (item_id, stage_id, deleted_at, delete_said_at,"
                   " delete_event_id) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (item_id) DO UPDATE"
                   " SET deleted_at = excluded.deleted_at,"
                   " delete_said_at = excluded.delete_said_at,"
                   " delete_event_id = excluded.delete_event_id"
                   " WHERE schedule_item.delete_event_id IS NULL"
                   " OR (excluded.delete_said_at, excluded.delete_event_id)"
                   " > (schedule_item.delete_said_at, schedule_item.delete_event_id)",
                   MR_TEXT(event->data.itemId), MR_TEXT(event->data.stageId),
                   MR_INT(event->data.deletedAt), MR_INT(event->envelope.timestamp),
                   MR_TEXT(event->envelope.event_id));
    if (r == 0)
        r = is_news(tx, event->data.itemId, &p);
    if (r != 0)
        return r == MR_ABSENT ? 0 : r;
    const char *from = moment(tx, p.starts_at);
    if (!from)
        return -ENOMEM;
    return tell_attendees(tx, PERFORMANCE_DROPPED,
                          PRINT(tx, "Cancelled: %.*s, %.*s", NAME(p.artist), NAME(p.stage)),
                          PRINT(tx, "%.*s will not play.\nStage: %.*s\nIt was to begin: %s\n",
                                NAME(p.artist), NAME(p.stage), from));
}

/* ---- crowds ---- */

struct count {
    struct mr_str stage_id, stage;
    int64_t people, capacity;
    double percent;
};

static int keep_count(struct mr_tx *tx, const struct count *c)
{
    const struct mr_envelope *e = mr_tx_event(tx)->envelope;

    return mr_sql(tx,
                  "INSERT INTO stage (stage_id, name, occupancy, max_capacity, counted_at,"
                  " count_event_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                  " ON CONFLICT (stage_id) DO UPDATE SET name = excluded.name,"
                  " occupancy = excluded.occupancy, max_capacity = excluded.max_capacity,"
                  " counted_at = excluded.counted_at, count_event_id = excluded.count_event_id"
                  " WHERE (excluded.counted_at, excluded.count_event_id)"
                  " > (stage.counted_at, stage.count_event_id)",
                  MR_TEXT(c->stage_id), MR_TEXT(c->stage), MR_INT(c->people), MR_INT(c->capacity),
                  MR_INT(e->timestamp), MR_TEXT(e->event_id));
}

/* People come and go all the time: the table shows how many, nobody is told. */
MR_HANDLER(festivo_crowd_monitor_crowd_occupancy_updated_v1, occupancy_updated)
{
    return keep_count(tx, &(struct count){.stage_id = event->data.stageId,
                                          .stage = event->data.stageName,
                                          .people = event->data.currentOccupancy,
                                          .capacity = event->data.maxCapacity});
}

static const struct {
    const char *level, *to_staff, *do_staff, *to_attendees, *do_attendees;
} alarms[N_KINDS] = {
    [CAPACITY_WARNING] = {"warning", "is getting full", "Please guide visitors to other areas.",
                          "is getting full", "Other areas have more room."},
    [CAPACITY_CRITICAL] = {"critical", "is at its limit: act now",
                           "Let nobody in, open the ways out, and watch the crowd.", "is full",
                           "Please do not go there now, and follow the staff's directions."},
    [CAPACITY_NORMAL] = {"normal", "is back to normal", "The alarm is over.", "has room again",
                         "You can go there again."},
};

/* Staff and attendees are told, unless a younger alarm of the stage was there before; of one moment
 * the graver one stays. */
static int alarm(struct mr_tx *tx, enum kind kind, const struct count *c)
{
    const struct mr_envelope *e = mr_tx_event(tx)->envelope;
    int64_t rank = kind == CAPACITY_CRITICAL ? 2 : kind == CAPACITY_WARNING ? 1 : 0;

    int r = keep_count(tx, c);
    if (r == 0)
        r = mr_sql(tx,
                   "UPDATE stage SET level = ?2, level_rank = ?3, level_said_at = ?4,"
                   " level_event_id = ?5 WHERE stage_id = ?1 AND (level_event_id IS NULL"
                   " OR level_said_at < ?4 OR (level_said_at = ?4 AND (level_rank < ?3"
                   " OR (level_rank = ?3 AND level_event_id < ?5))))",
                   MR_TEXT(c->stage_id), MR_TEXT_OF(alarms[kind].level), MR_INT(rank),
                   MR_INT(e->timestamp), MR_TEXT(e->event_id));
    if (r != 0 || mr_sql_changes(tx) == 0)
        return r;
    r = tell_staff(tx, kind, PRINT(tx, "%.*s %s", NAME(c->stage), alarms[kind].to_staff),
                   PRINT(tx, "%.*s: %" PRId64 " of %" PRId64 " people, %.1f %%.\n\n%s\n",
                         NAME(c->stage), c->people, c->capacity, c->percent,
                         alarms[kind].do_staff));
    if (r != 0)
        return r;
    return tell_attendees(tx, kind, PRINT(tx, "%.*s %s", NAME(c->stage), alarms[kind].to_attendees),
                          PRINT(tx, "%.*s %s. %s\n", NAME(c->stage), alarms[kind].to_attendees,
                                alarms[kind].do_attendees));
}

MR_HANDLER(festivo_crowd_monitor_crowd_capacity_warning_v1, capacity_warning)
{
    return alarm(tx, CAPACITY_WARNING,
                 &(struct count){.stage_id = event->data.stageId,
                                 .stage = event->data.stageName,
                                 .people = event->data.currentOccupancy,
                                 .capacity = event->data.maxCapacity,
                                 .percent = event->data.occupancyPercentage});
}

MR_HANDLER(festivo_crowd_monitor_crowd_capacity_critical_v1, capacity_critical)
{
    return alarm(tx, CAPACITY_CRITICAL,
                 &(struct count){.stage_id = event->data.stageId,
                                 .stage = event->data.stageName,
                                 .people = event->data.currentOccupancy,
                                 .capacity = event->data.maxCapacity,
                                 .percent = event->data.occupancyPercentage});
}

MR_HANDLER(festivo_crowd_monitor_crowd_capacity_normal_v1, capacity_normal)
{
    return alarm(tx, CAPACITY_NORMAL,
                 &(struct count){.stage_id = event->data.stageId,
                                 .stage = event->data.stageName,
                                 .people = event->data.currentOccupancy,
                                 .capacity = event->data.maxCapacity,
                                 .percent = event->data.occupancyPercentage});
}

/* ---- sagas ---- */

MR_HANDLER(festivo_orchestrator_saga_failed_v1, saga_failed)
{
    const char *at = moment(tx, event->data.failedAt);

    if (!at)
        return -ENOMEM;
    return tell_staff(tx, SAGA_FAILED, PRINT(tx, "%.*s failed", NAME(event->data.sagaType)),
                      PRINT(tx,
                            "Saga %.*s (%.*s) failed on %s.\nReason: %.*s\nFlow: %.*s\n\n"
                            "It may need a decision by hand.\n",
                            NAME(event->data.sagaId), NAME(event->data.sagaType), at,
                            NAME(event->data.errorReason), NAME(event->envelope.correlation_id)));
}

/* ---- what became of a message ---- */

/* Told of when it is out; one that was given up stands in mr_notice. */
static int notified(struct mr_tx *tx, const struct mr_notice_fate *fate)
{
    enum kind kind = 0;

    if (!fate->delivered)
        return 0;
    while (!mr_str_is(fate->notice.kind, kinds[kind].name))
        if (++kind == N_KINDS)
            return mr_tx_invalid(tx, "a message of a kind that this build does not know");
    struct mr_str type = mr_str_from(kinds[kind].about->types[0]);
    if (!kinds[kind].broadcast) {
        struct festivo_notification_notification_sent_v1 sent = {
            .data = {.recipientId = fate->notice.to,
                     .channel = mr_str_from(fate->channel),
                     .notificationType = fate->notice.kind,
                     .has_triggerEventType = true,
                     .triggerEventType = type,
                     .sentAt = fate->at}};
        return mr_emit(tx, festivo_notification_notification_sent_v1, &sent);
    }
    struct festivo_notification_notification_broadcast_sent_v1 sent = {
        .data = {.audience = fate->notice.to,
                 .channel = mr_str_from(fate->channel),
                 .notificationType = fate->notice.kind,
                 .has_triggerEventType = true,
                 .triggerEventType = type,
                 .sentAt = fate->at}};
    return mr_emit(tx, festivo_notification_notification_broadcast_sent_v1, &sent);
}

const struct mr_consumer consumer_festivo_notification = {
    .name = "festivo-notification",
    .summary = "Tells visitors, attendees and staff what happened",
    .handles =
        MR_HANDLES(MR_ON(festivo_ticket_ticket_purchased_v1, purchased),
                   MR_ON(festivo_ticket_ticket_refunded_v1, refunded),
                   MR_ON(festivo_ticket_ticket_cancelled_v1, cancelled),
                   MR_ON(festivo_access_control_access_entry_granted_v1, entry_granted),
                   MR_ON(festivo_access_control_access_entry_denied_v1, entry_denied),
                   MR_ON(festivo_access_control_access_exit_denied_v1, exit_denied),
                   MR_ON(festivo_schedule_schedule_item_created_v1, item_created),
                   MR_ON(festivo_schedule_schedule_item_updated_v1, item_updated),
                   MR_ON(festivo_schedule_schedule_item_deleted_v1, item_deleted),
                   MR_ON(festivo_crowd_monitor_crowd_occupancy_updated_v1, occupancy_updated),
                   MR_ON(festivo_crowd_monitor_crowd_capacity_warning_v1, capacity_warning),
                   MR_ON(festivo_crowd_monitor_crowd_capacity_critical_v1, capacity_critical),
                   MR_ON(festivo_crowd_monitor_crowd_capacity_normal_v1, capacity_normal),
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
    .notified = notified,
};
