/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-notification's messages: who gets them, and what becomes of them. */
#include "message.h"

#include <errno.h>

#include "festivo_access_control.gen.h"
#include "festivo_crowd_monitor.gen.h"
#include "festivo_notification.gen.h"
#include "festivo_orchestrator.gen.h"
#include "festivo_schedule.gen.h"
#include "festivo_ticket.gen.h"

const struct festivo_kind festivo_kinds[N_KINDS] = {
    [TICKET_PURCHASED] = {"ticket-purchased", &topic_festivo_ticket_ticket_purchased_v1, false},
    [TICKET_REFUNDED] = {"ticket-refunded", &topic_festivo_ticket_ticket_refunded_v1, false},
    [TICKET_CANCELLED] = {"ticket-cancelled", &topic_festivo_ticket_ticket_cancelled_v1, false},
    [ENTRY_GRANTED] = {"entry-granted", &topic_festivo_access_control_access_entry_granted_v1,
                       false},
    [ENTRY_DENIED] = {"entry-denied", &topic_festivo_access_control_access_entry_denied_v1, false},
    [EXIT_DENIED] = {"exit-denied", &topic_festivo_access_control_access_exit_denied_v1, false},
    [EXIT_HELP] = {"exit-help", &topic_festivo_access_control_access_exit_denied_v1, true},
    [PERFORMANCE_ADDED] = {"performance-added", &topic_festivo_schedule_schedule_item_created_v1,
                           true},
    [PERFORMANCE_CHANGED] = {"performance-changed",
                             &topic_festivo_schedule_schedule_item_updated_v1, true},
    [PERFORMANCE_DROPPED] = {"performance-dropped",
                             &topic_festivo_schedule_schedule_item_deleted_v1, true},
    [CAPACITY_WARNING] = {"capacity-warning",
                          &topic_festivo_crowd_monitor_crowd_capacity_warning_v1, true},
    [CAPACITY_CRITICAL] = {"capacity-critical",
                           &topic_festivo_crowd_monitor_crowd_capacity_critical_v1, true},
    [CAPACITY_NORMAL] = {"capacity-normal", &topic_festivo_crowd_monitor_crowd_capacity_normal_v1,
                         true},
    [SAGA_FAILED] = {"saga-failed", &topic_festivo_orchestrator_saga_failed_v1, true},
};

int festivo_tell(struct mr_tx *tx, enum kind kind, struct mr_str to, const char *title,
                 const char *text)
{
    if (!title || !text)
        return -ENOMEM;
    return mr_notify(tx, &(struct mr_notice){.to = to,
                                             .kind = mr_str_from(festivo_kinds[kind].name),
                                             .title = mr_str_from(title),
                                             .text = mr_str_from(text)});
}

int festivo_tell_staff(struct mr_tx *tx, enum kind kind, const char *title, const char *text)
{
    const struct notification *self = mr_tx_self(tx);

    return festivo_tell(tx, kind, mr_str_from(self->staff), title, text);
}

int festivo_tell_attendees(struct mr_tx *tx, enum kind kind, const char *title, const char *text)
{
    const struct notification *self = mr_tx_self(tx);

    return festivo_tell(tx, kind, mr_str_from(self->attendees), title, text);
}

/* One that was given up stands in mr_notice. */
int festivo_notified(struct mr_tx *tx, const struct mr_notice_fate *fate)
{
    enum kind kind = 0;

    if (!fate->delivered)
        return 0;
    while (!mr_str_is(fate->notice.kind, festivo_kinds[kind].name))
        if (++kind == N_KINDS)
            return mr_tx_invalid(tx, "a message of a kind that this build does not know");
    struct mr_str type = mr_str_from(festivo_kinds[kind].about->types[0]);
    if (!festivo_kinds[kind].broadcast) {
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
