/* SPDX-License-Identifier: Apache-2.0 */
/* Festivo: visitors buy tickets, come and go through gates, stages fill up, sagas refund. Its
 * events are CloudEvents 1.0. */
#include <stdio.h>

#include "sim.h"

#define TICKET "festivo-ticket"
#define ACCESS "festivo-access-control"
#define SCHEDULE "festivo-schedule"
#define CROWD "festivo-crowd-monitor"
#define NOTIFICATION "festivo-notification"
#define ORCHESTRATOR "festivo-orchestrator"

struct ticket {
    struct sim_id id, code, customer, flow;
    int64_t cents;
};

static void begin(struct sim *s, const char *service, const char *type, const struct sim_id *flow)
{
    struct sim_id id = sim_uuid(s);
    char source[64];

    (void)snprintf(source, sizeof(source), "/festivo/%s", service + sizeof("festivo-") - 1);
    sim_begin(s, service);
    sim_text(s, "specversion", "1.0");
    sim_text(s, "id", id.text);
    sim_text(s, "source", source);
    sim_text(s, "type", type);
    sim_time(s, "time", 0);
    sim_text(s, "datacontenttype", "application/json");
    sim_text(s, "correlationid", flow->text);
    sim_object(s, "data");
}

static void end(struct sim *s)
{
    sim_close(s, '}');
    sim_end(s);
}

static void ticket_members(struct sim *s, const struct ticket *t)
{
    sim_text(s, "ticketId", t->id.text);
    sim_text(s, "ticketCode", t->code.text);
}

static struct ticket purchase(struct sim *s)
{
    static const char *const types[] = {"Standard", "VIP", "Day Pass", "Früh-Bucher"};
    struct ticket t = {.id = sim_uuid(s),
                       .code = sim_serial(s, "FT-", 100000, 999999),
                       .customer = sim_uuid(s),
                       .flow = sim_uuid(s),
                       .cents = sim_between(s, 2000, 30000)};

    begin(s, TICKET, "com.festivo.ticket.purchased.v1", &t.flow);
    ticket_members(s, &t);
    sim_text(s, "ticketType", SIM_ONE_OF(s, types));
    sim_number(s, "price", t.cents, 2);
    sim_time(s, "purchaseDate", 0);
    sim_text(s, "customerId", t.customer.text);
    end(s);
    return t;
}

static void notify(struct sim *s, const struct ticket *t, const char *cause)
{
    static const char *const channels[] = {"email", "sms", "push"};

    sim_wait(s, 1, 3);
    begin(s, NOTIFICATION, "com.festivo.notification.sent.v1", &t->flow);
    sim_text(s, "recipientId", t->customer.text);
    sim_text(s, "channel", SIM_ONE_OF(s, channels));
    sim_text(s, "notificationType", "TicketNews \"see you there\"");
    sim_text(s, "triggerEventType", cause);
    sim_time(s, "sentAt", 0);
    end(s);
}

/* One passage through a gate; `what` is the event, `when` the name of its instant. */
static void gate(struct sim *s, const struct ticket *t, const char *what, const char *when,
                 const char *reason)
{
    char type[64];
    struct sim_id gate_id = sim_numbered(s, "gate-", 1, 12);

    sim_wait(s, 1, 4);
    (void)snprintf(type, sizeof(type), "com.festivo.access.%s.v1", what);
    begin(s, ACCESS, type, &t->flow);
    ticket_members(s, t);
    sim_text(s, "gateId", gate_id.text);
    if (reason)
        sim_text(s, "reason", reason);
    sim_time(s, when, 0);
    sim_text(s, "customerId", t->customer.text);
    end(s);
}

static void refund(struct sim *s, const struct ticket *t, const char *reason)
{
    sim_wait(s, 1, 5);
    begin(s, TICKET, "com.festivo.ticket.refunded.v1", &t->flow);
    ticket_members(s, t);
    sim_text(s, "reason", reason);
    sim_number(s, "refundAmount", t->cents, 2);
    sim_time(s, "refundDate", 0);
    end(s);
}

static void saga(struct sim *s, const struct sim_id *flow, const struct sim_id *id,
                 const char *event, const char *saga_type, const char *name, const char *value,
                 const char *when)
{
    char type[64];

    sim_wait(s, 0, 2);
    (void)snprintf(type, sizeof(type), "com.festivo.saga.%s.v1", event);
    begin(s, ORCHESTRATOR, type, flow);
    sim_text(s, "sagaId", id->text);
    sim_text(s, "sagaType", saga_type);
    if (name)
        sim_text(s, name, value);
    sim_time(s, when, 0);
    end(s);
}

static void visit(struct sim *s)
{
    struct ticket t = purchase(s);

    notify(s, &t, "com.festivo.ticket.purchased.v1");
    sim_wait(s, 60, 600);
    gate(s, &t, "entry-requested", "requestTime", NULL);
    gate(s, &t, "entry-granted", "entryTime", NULL);
    sim_wait(s, 300, 3000);
    if (sim_percent(s, 20))
        gate(s, &t, "exit-denied", "deniedTime", "Wrong side of the gate");
    gate(s, &t, "exit-granted", "exitTime", NULL);
}

/* Entry is denied; the saga asks for a refund, and gives up when the refund does not come. */
static void denial(struct sim *s, bool fails)
{
    struct ticket t = purchase(s);
    struct sim_id id = sim_uuid(s);

    sim_wait(s, 60, 600);
    gate(s, &t, "entry-requested", "requestTime", NULL);
    gate(s, &t, "entry-denied", "deniedTime", "System error at the gate");
    saga(s, &t.flow, &id, "started", "EntryDenialSaga", "triggerEventType",
         "com.festivo.access.entry-denied.v1", "startedAt");
    sim_wait(s, 1, 3);
    begin(s, ORCHESTRATOR, "com.festivo.saga.refund-requested.v1", &t.flow);
    ticket_members(s, &t);
    sim_text(s, "reason", "Entry denied - system error");
    sim_number(s, "refundAmount", t.cents, 2);
    sim_time(s, "requestedAt", 0);
    end(s);
    if (!fails) {
        refund(s, &t, "Entry denied - system error");
        saga(s, &t.flow, &id, "completed", "EntryDenialSaga", "result", "Refunded", "completedAt");
        return;
    }
    sim_wait(s, 30, 60);
    begin(s, ORCHESTRATOR, "com.festivo.saga.compensation-triggered.v1", &t.flow);
    sim_text(s, "sagaId", id.text);
    sim_text(s, "sagaType", "EntryDenialSaga");
    sim_text(s, "compensationAction", "Let the visitor in by hand");
    sim_text(s, "reason", "No refund within a minute");
    sim_time(s, "triggeredAt", 0);
    end(s);
    saga(s, &t.flow, &id, "failed", "EntryDenialSaga", "errorReason", "Refund timed out",
         "failedAt");
}

static void cancel(struct sim *s)
{
    struct ticket t = purchase(s);

    sim_wait(s, 600, 3600);
    begin(s, TICKET, "com.festivo.ticket.cancelled.v1", &t.flow);
    ticket_members(s, &t);
    sim_text(s, "reason", "Customer request");
    sim_time(s, "cancellationDate", 0);
    end(s);
    refund(s, &t, "Customer request");
    notify(s, &t, "com.festivo.ticket.refunded.v1");
}

static void schedule_item(struct sim *s)
{
    static const char *const artists[] = {"Die Wasserräder", "Mill & Race", "Les Écluses",
                                          "The Sluices"};
    static const char *const what[] = {"created", "updated", "deleted"};
    struct sim_id item = sim_uuid(s), flow = item, stage = sim_numbered(s, "stage-", 1, 5);
    const char *artist = SIM_ONE_OF(s, artists);

    for (int i = 0; i < 3; i++) {
        char type[64], at[16];
        (void)snprintf(type, sizeof(type), "com.festivo.schedule.item-%s.v1", what[i]);
        (void)snprintf(at, sizeof(at), "%sAt", what[i]);
        begin(s, SCHEDULE, type, &flow);
        sim_text(s, "itemId", item.text);
        sim_text(s, "stageId", stage.text);
        if (i < 2) {
            sim_text(s, "stageName", "Am Wehr");
            sim_text(s, "artistName", artist);
            sim_time(s, "startTime", 7200 + 600 * i);
            sim_time(s, "endTime", 10800 + 600 * i);
        }
        sim_time(s, at, 0);
        end(s);
        sim_wait(s, 60, 1200);
    }
}

static void occupancy(struct sim *s, const struct sim_id *stage, const char *event, int64_t people,
                      const char *threshold, int64_t percent, const char *when)
{
    char type[64];

    sim_wait(s, 10, 60);
    (void)snprintf(type, sizeof(type), "com.festivo.crowd.%s.v1", event);
    begin(s, CROWD, type, stage);
    sim_text(s, "stageId", stage->text);
    sim_text(s, "stageName", "Am Wehr");
    sim_long(s, "currentOccupancy", people);
    sim_long(s, "maxCapacity", 4000);
    sim_number(s, "occupancyPercentage", people * 10000 / 4000, 2);
    if (threshold)
        sim_long(s, threshold, percent);
    sim_time(s, when, 0);
    end(s);
}

static void crowd(struct sim *s)
{
    struct sim_id stage = sim_numbered(s, "stage-", 1, 5), id = sim_uuid(s);

    occupancy(s, &stage, "occupancy-updated", sim_between(s, 1000, 3000), NULL, 0, "updatedAt");
    occupancy(s, &stage, "capacity-warning", sim_between(s, 3200, 3700), "warningThreshold", 80,
              "issuedAt");
    occupancy(s, &stage, "capacity-critical", sim_between(s, 3800, 4200), "criticalThreshold", 95,
              "issuedAt");
    saga(s, &stage, &id, "started", "CapacitySaga", "triggerEventType",
         "com.festivo.crowd.capacity-critical.v1", "startedAt");
    begin(s, NOTIFICATION, "com.festivo.notification.broadcast-sent.v1", &stage);
    sim_text(s, "audience", stage.text);
    sim_text(s, "channel", "push");
    sim_text(s, "notificationType", "CrowdAlert");
    sim_text(s, "triggerEventType", "com.festivo.crowd.capacity-critical.v1");
    sim_time(s, "sentAt", 0);
    end(s);
    occupancy(s, &stage, "capacity-normal", sim_between(s, 1500, 2500), NULL, 0, "normalizedAt");
    saga(s, &stage, &id, "completed", "CapacitySaga", "result", "Back to normal", "completedAt");
}

static void flow(struct sim *s, uint64_t round)
{
    int64_t kind = round < 8 ? (int64_t)round : sim_between(s, 0, 29);

    switch (kind) {
    case 0:
    case 1:
        crowd(s);
        break;
    case 2:
        schedule_item(s);
        break;
    case 3:
        denial(s, true);
        break;
    case 4:
    case 5:
        denial(s, false);
        break;
    case 6:
    case 7:
        cancel(s);
        break;
    default:
        visit(s);
    }
}

const struct sim_platform sim_festivo = {.name = "festivo", .flow = flow, .pause = 60000000};
