/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-orchestrator: what was denied at the gates and how full the stages are. Its sagas -
 * refund, entry denial, capacity - stand in sagas.yaml. */
#include "festivo_access_control.gen.h"
#include "festivo_crowd_monitor.gen.h"
#include "millrace/consumer.h"
#include "millrace/decimal.h"

struct orchestrator {
    const char *refund_amount; /* option */
};

/* Each event has a topic of its own, so any may overtake another: the younger by its own instant
 * stays, and of two of the same instant the greater. level: 0 normal, 1 warning, 2 critical. */
static const char tables[] =
    "CREATE TABLE denial ("
    " event_id TEXT NOT NULL PRIMARY KEY, ticket_id TEXT NOT NULL, ticket_code TEXT NOT NULL,"
    " customer_id TEXT NOT NULL, gate_id TEXT NOT NULL, reason TEXT NOT NULL,"
    " denied_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX denial_ticket ON denial (ticket_id, denied_at);"
    "CREATE INDEX denial_gate ON denial (gate_id, denied_at);"
    "CREATE TABLE entry_request ("
    " ticket_id TEXT NOT NULL PRIMARY KEY, ticket_code TEXT NOT NULL, customer_id TEXT NOT NULL,"
    " gate_id TEXT NOT NULL, requests INTEGER NOT NULL, requested_at INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE stage ("
    " stage_id TEXT NOT NULL PRIMARY KEY, stage_name TEXT NOT NULL, level INTEGER NOT NULL,"
    " occupancy INTEGER NOT NULL, capacity INTEGER NOT NULL, changed_at INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX stage_level ON stage (level);"
    "CREATE VIEW stage_state AS SELECT stage_id, stage_name,"
    " CASE level WHEN 2 THEN 'critical' WHEN 1 THEN 'warning' ELSE 'normal' END AS state,"
    " occupancy, capacity, changed_at FROM stage;"
    "CREATE VIEW gate_denials AS SELECT gate_id, reason, count(*) AS denials,"
    " max(denied_at) AS last_at FROM denial GROUP BY gate_id, reason";

static int orchestrator_open(void *self, struct mr_error *reterr)
{
    const struct orchestrator *o = self;
    struct mr_decimal amount;

    if (mr_decimal_parse(mr_str_from(o->refund_amount), &amount) == 0 && amount.unscaled >= 0)
        return 0;
    return mr_error_set(reterr, MR_INVALID, "--refund-amount takes an amount like 24.99, not '%s'",
                        o->refund_amount);
}

MR_HANDLER(festivo_access_control_access_entry_denied_v1, denied)
{
    return mr_sql(tx,
                  "INSERT INTO denial VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                  " ON CONFLICT (event_id) DO NOTHING",
                  MR_TEXT(event->envelope.event_id), MR_TEXT(event->data.ticketId),
                  MR_TEXT(event->data.ticketCode), MR_TEXT(event->data.customerId),
                  MR_TEXT(event->data.gateId), MR_TEXT(event->data.reason),
                  MR_INT(event->data.deniedTime));
}

MR_HANDLER(festivo_access_control_access_entry_requested_v1, requested)
{
    int r = mr_sql(tx,
                   "INSERT INTO entry_request VALUES (?1, ?2, ?3, ?4, 1, ?5)"
                   " ON CONFLICT (ticket_id) DO UPDATE SET requests = entry_request.requests + 1",
                   MR_TEXT(event->data.ticketId), MR_TEXT(event->data.ticketCode),
                   MR_TEXT(event->data.customerId), MR_TEXT(event->data.gateId),
                   MR_INT(event->data.requestTime));

    return r != 0 ? r
                  : mr_sql(tx,
                           "UPDATE entry_request SET ticket_code = ?2, customer_id = ?3,"
                           " gate_id = ?4, requested_at = ?5 WHERE ticket_id = ?1"
                           " AND (requested_at, gate_id, ticket_code, customer_id)"
                           " < (?5, ?4, ?2, ?3)",
                           MR_TEXT(event->data.ticketId), MR_TEXT(event->data.ticketCode),
                           MR_TEXT(event->data.customerId), MR_TEXT(event->data.gateId),
                           MR_INT(event->data.requestTime));
}

static int set_stage(struct mr_tx *tx, struct mr_str id, struct mr_str name, int level,
                     int64_t occupancy, int64_t capacity, int64_t at)
{
    return mr_sql(tx,
                  "INSERT INTO stage VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (stage_id)"
                  " DO UPDATE SET stage_name = excluded.stage_name, level = excluded.level,"
                  " occupancy = excluded.occupancy, capacity = excluded.capacity,"
                  " changed_at = excluded.changed_at WHERE (stage.changed_at, stage.level,"
                  " stage.occupancy, stage.capacity, stage.stage_name) < (excluded.changed_at,"
                  " excluded.level, excluded.occupancy, excluded.capacity, excluded.stage_name)",
                  MR_TEXT(id), MR_TEXT(name), MR_INT(level), MR_INT(occupancy), MR_INT(capacity),
                  MR_INT(at));
}

MR_HANDLER(festivo_crowd_monitor_crowd_capacity_normal_v1, normal)
{
    return set_stage(tx, event->data.stageId, event->data.stageName, 0,
                     event->data.currentOccupancy, event->data.maxCapacity,
                     event->data.normalizedAt);
}

MR_HANDLER(festivo_crowd_monitor_crowd_capacity_warning_v1, warning)
{
    return set_stage(tx, event->data.stageId, event->data.stageName, 1,
                     event->data.currentOccupancy, event->data.maxCapacity, event->data.issuedAt);
}

MR_HANDLER(festivo_crowd_monitor_crowd_capacity_critical_v1, critical)
{
    return set_stage(tx, event->data.stageId, event->data.stageName, 2,
                     event->data.currentOccupancy, event->data.maxCapacity, event->data.issuedAt);
}

const struct mr_consumer consumer_festivo_orchestrator = {
    .name = "festivo-orchestrator",
    .summary = "Runs the sagas of denied entries and full stages",
    .handles = MR_HANDLES(MR_ON(festivo_access_control_access_entry_denied_v1, denied),
                          MR_ON(festivo_access_control_access_entry_requested_v1, requested),
                          MR_ON(festivo_crowd_monitor_crowd_capacity_normal_v1, normal),
                          MR_ON(festivo_crowd_monitor_crowd_capacity_warning_v1, warning),
                          MR_ON(festivo_crowd_monitor_crowd_capacity_critical_v1, critical)),
    .size = sizeof(struct orchestrator),
    .options = MR_OPTIONS(MR_OPT_STR(struct orchestrator, refund_amount, .name = "refund-amount",
                                     .arg = "AMOUNT", .def = "0.00",
                                     .help = "What a refund asks for: no event that the service "
                                             "consumes tells a ticket's price")),
    .open = orchestrator_open,
    .migrations = MR_MIGRATIONS({1, tables}),
};
