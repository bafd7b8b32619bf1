/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-audit: what sagas did and who was told, kept for good. */
#include "festivo_notification.gen.h"
#include "festivo_orchestrator.gen.h"
#include "millrace/consumer.h"
#include "millrace/time.h"

/* One row an event, written once: the store itself refuses to change or delete one. `event` is the
 * whole of it, as its writer wrote it, with fields that a later minor version adds and this build
 * does not know: the columns beside it are for asking. */
#define TABLES                                                                                     \
    "CREATE TABLE audit ("                                                                         \
    " event_id TEXT NOT NULL PRIMARY KEY, event_type TEXT NOT NULL, topic TEXT NOT NULL,"          \
    " happened_at INTEGER NOT NULL, day TEXT NOT NULL, said_at INTEGER NOT NULL,"                  \
    " correlation_id TEXT NOT NULL, causation_id TEXT, user_id TEXT,"                              \
    " saga_id TEXT, saga_type TEXT, step TEXT, recipient TEXT, channel TEXT,"                      \
    " what TEXT NOT NULL, why TEXT, event TEXT NOT NULL) STRICT, WITHOUT ROWID;"                   \
    "CREATE INDEX audit_by_saga ON audit (saga_id, happened_at) WHERE saga_id IS NOT NULL;"        \
    "CREATE INDEX audit_by_recipient ON audit (recipient, happened_at)"                            \
    " WHERE recipient IS NOT NULL;"                                                                \
    "CREATE INDEX audit_by_day ON audit (day, happened_at);"                                       \
    "CREATE INDEX audit_by_flow ON audit (correlation_id, happened_at);"                           \
    "CREATE VIEW saga AS SELECT saga_id, min(saga_type) AS saga_type,"                             \
    " CASE WHEN count(CASE WHEN step = 'failed' THEN 1 END) > 0 THEN 'failed'"                     \
    "  WHEN count(CASE WHEN step = 'completed' THEN 1 END) > 0 THEN 'completed'"                   \
    "  WHEN count(CASE WHEN step = 'compensating' THEN 1 END) > 0 THEN 'compensating'"             \
    "  ELSE 'running' END AS state,"                                                               \
    " min(CASE WHEN step = 'started' THEN happened_at END) AS started_at,"                         \
    " max(CASE WHEN step IN ('completed', 'failed') THEN happened_at END) AS ended_at,"            \
    " count(CASE WHEN step = 'compensating' THEN 1 END) AS compensations,"                         \
    " max(CASE WHEN step IN ('completed', 'failed') THEN what END) AS outcome"                     \
    " FROM audit WHERE saga_id IS NOT NULL GROUP BY saga_id;"                                      \
    "CREATE VIEW notification_day AS SELECT day, channel, what AS kind, count(*) AS sent"          \
    " FROM audit WHERE recipient IS NOT NULL GROUP BY day, channel, what;"

/* What of an event one asks by. */
struct entry {
    int64_t at;
    struct mr_str saga_id, saga_type; /* empty: no saga's */
    const char *step;
    struct mr_str recipient, channel; /* empty: nobody was told */
    struct mr_str what, why;          /* why may be empty */
};

#define MAYBE(text) MR_OPT((text).len > 0, MR_TEXT(text))

static int keep(struct mr_tx *tx, const struct entry *entry)
{
    const struct mr_event *event = mr_tx_event(tx);
    const struct mr_envelope *e = event->envelope;
    char day[MR_TIME_MAX];
    struct mr_str json;

    int r = mr_tx_json(tx, &json);
    if (r != 0)
        return r;
    return mr_sql(tx,
                  "INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
                  " ?13, ?14, ?15, ?16, ?17) ON CONFLICT (event_id) DO NOTHING",
                  MR_TEXT(e->event_id), MR_TEXT(e->event_type), MR_TEXT_OF(event->topic->name),
                  MR_INT(entry->at), MR_TEXT(mr_time_day(entry->at, day)), MR_INT(e->timestamp),
                  MR_TEXT(e->correlation_id), MR_OPT(e->has_causation_id, MR_TEXT(e->causation_id)),
                  MR_OPT(e->has_user_id, MR_TEXT(e->user_id)), MAYBE(entry->saga_id),
                  MAYBE(entry->saga_type), MR_OPT(entry->step, MR_TEXT_OF(entry->step)),
                  MAYBE(entry->recipient), MAYBE(entry->channel), MR_TEXT(entry->what),
                  MAYBE(entry->why), MR_TEXT(json));
}

MR_HANDLER(festivo_orchestrator_saga_started_v1, started)
{
    return keep(tx, &(struct entry){.saga_id = event->data.sagaId,
                                    .saga_type = event->data.sagaType,
                                    .at = event->data.startedAt,
                                    .step = "started",
                                    .what = MR_STR("started"),
                                    .why = event->data.triggerEventType});
}

MR_HANDLER(festivo_orchestrator_saga_completed_v1, completed)
{
    return keep(tx, &(struct entry){.saga_id = event->data.sagaId,
                                    .saga_type = event->data.sagaType,
                                    .at = event->data.completedAt,
                                    .step = "completed",
                                    .what = event->data.result});
}

MR_HANDLER(festivo_orchestrator_saga_failed_v1, failed)
{
    return keep(tx, &(struct entry){.saga_id = event->data.sagaId,
                                    .saga_type = event->data.sagaType,
                                    .at = event->data.failedAt,
                                    .step = "failed",
                                    .what = event->data.errorReason});
}

MR_HANDLER(festivo_orchestrator_saga_compensation_triggered_v1, compensating)
{
    return keep(tx, &(struct entry){.saga_id = event->data.sagaId,
                                    .saga_type = event->data.sagaType,
                                    .at = event->data.triggeredAt,
                                    .step = "compensating",
                                    .what = event->data.compensationAction,
                                    .why = event->data.reason});
}

MR_HANDLER(festivo_notification_notification_sent_v1, notified)
{
    return keep(tx, &(struct entry){.at = event->data.sentAt,
                                    .recipient = event->data.recipientId,
                                    .channel = event->data.channel,
                                    .what = event->data.notificationType,
                                    .why = event->data.triggerEventType});
}

MR_HANDLER(festivo_notification_notification_broadcast_sent_v1, broadcast)
{
    return keep(tx, &(struct entry){.at = event->data.sentAt,
                                    .recipient = event->data.audience,
                                    .channel = event->data.channel,
                                    .what = event->data.notificationType,
                                    .why = event->data.triggerEventType});
}

const struct mr_consumer consumer_festivo_audit = {
    .name = "festivo-audit",
    .summary = "Keeps what sagas did and who was told, unchangeable",
    .handles = MR_HANDLES(MR_ON(festivo_orchestrator_saga_started_v1, started),
                          MR_ON(festivo_orchestrator_saga_completed_v1, completed),
                          MR_ON(festivo_orchestrator_saga_failed_v1, failed),
                          MR_ON(festivo_orchestrator_saga_compensation_triggered_v1, compensating),
                          MR_ON(festivo_notification_notification_sent_v1, notified),
                          MR_ON(festivo_notification_notification_broadcast_sent_v1, broadcast)),
    .migrations =
        MR_MIGRATIONS({1, TABLES MR_APPEND_ONLY("audit"), TABLES MR_APPEND_ONLY_POSTGRES("audit")}),
};
