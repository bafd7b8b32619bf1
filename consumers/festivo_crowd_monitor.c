/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-crowd-monitor: how many people are where, and alarms when it gets too many. */
#include "festivo_access_control.gen.h"
#include "festivo_crowd_monitor.gen.h"
#include "festivo_crowd_monitor/crowd.h"

enum { PERCENT_MOST = 1000 };

/* A ticket is where its youngest passage has it, an exit being younger than an entry of the same
 * moment. So passages may come in any order or twice, people may move between areas without an
 * exit, and no area holds fewer than none. `festival` has one row; see passage(). */
static const char tables[] =
    "CREATE TABLE festival (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),"
    " entries INTEGER NOT NULL, exits INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE visitor ("
    " ticket_id TEXT NOT NULL PRIMARY KEY, customer_id TEXT NOT NULL, inside INTEGER NOT NULL,"
    " area_id TEXT NOT NULL, gate_id TEXT NOT NULL, passed_at INTEGER NOT NULL,"
    " event_id TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE area ("
    " area_id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL,"
    " max_capacity INTEGER NOT NULL CHECK (max_capacity > 0),"
    " occupancy INTEGER NOT NULL CHECK (occupancy >= 0), level TEXT NOT NULL,"
    " changed_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE alarm ("
    " area_id TEXT NOT NULL, raised_at INTEGER NOT NULL, level TEXT NOT NULL,"
    " occupancy INTEGER NOT NULL, max_capacity INTEGER NOT NULL,"
    " PRIMARY KEY (area_id, raised_at, level)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX visitor_inside ON visitor (area_id, passed_at) WHERE inside = 1;"
    "CREATE INDEX alarm_by_time ON alarm (raised_at);"
    "CREATE VIEW area_state AS SELECT area_id, name, occupancy, max_capacity,"
    " 100 * occupancy / max_capacity AS percent, level, changed_at FROM area";

/* ---- how full an area is ---- */

enum level { NORMAL, WARNING, CRITICAL, N_LEVELS };
static const char *const level_names[N_LEVELS] = {"normal", "warning", "critical"};

struct state {
    struct mr_str id, name;
    int64_t occupancy, capacity, at;
    enum level level;
};

static double percentage(const struct state *state)
{
    return 100.0 * (double)state->occupancy / (double)state->capacity;
}

/* An area's events are a flow of their own, in its order: those of a visitor's flow would be on
 * as many partitions as there are visitors. */
#define OF_AREA(state)                                                                             \
    {                                                                                              \
        .correlation_id = (state)->id, .timestamp = (state)->at                                    \
    }
#define FILL(state)                                                                                \
    .stageId = (state)->id, .stageName = (state)->name, .currentOccupancy = (state)->occupancy,    \
    .maxCapacity = (state)->capacity, .occupancyPercentage = percentage(state)

static int emit_update(struct mr_tx *tx, const struct state *state)
{
    struct festivo_crowd_monitor_crowd_occupancy_updated_v1 updated = {
        .envelope = OF_AREA(state), .data = {FILL(state), .updatedAt = state->at}};

    return mr_emit(tx, festivo_crowd_monitor_crowd_occupancy_updated_v1, &updated);
}

static int emit_warning(struct mr_tx *tx, const struct state *state)
{
    const struct crowd *self = mr_tx_self(tx);
    struct festivo_crowd_monitor_crowd_capacity_warning_v1 warning = {
        .envelope = OF_AREA(state),
        .data = {FILL(state), .warningThreshold = (double)self->warning, .issuedAt = state->at}};

    return mr_emit(tx, festivo_crowd_monitor_crowd_capacity_warning_v1, &warning);
}

static int emit_critical(struct mr_tx *tx, const struct state *state)
{
    const struct crowd *self = mr_tx_self(tx);
    struct festivo_crowd_monitor_crowd_capacity_critical_v1 critical = {
        .envelope = OF_AREA(state),
        .data = {FILL(state), .criticalThreshold = (double)self->critical, .issuedAt = state->at}};

    return mr_emit(tx, festivo_crowd_monitor_crowd_capacity_critical_v1, &critical);
}

static int emit_normal(struct mr_tx *tx, const struct state *state)
{
    struct festivo_crowd_monitor_crowd_capacity_normal_v1 normal = {
        .envelope = OF_AREA(state), .data = {FILL(state), .normalizedAt = state->at}};

    return mr_emit(tx, festivo_crowd_monitor_crowd_capacity_normal_v1, &normal);
}

/* The one step that the level takes from here, if any. Up at a threshold, down when it is left
 * behind by the hysteresis: people who come and go at it raise one alarm. */
static enum level next_level(const struct crowd *self, const struct state *state)
{
    const int64_t up[N_LEVELS] = {[WARNING] = self->warning, [CRITICAL] = self->critical};
    int64_t filled = state->occupancy * 100;
    enum level level = state->level;

    if (level < CRITICAL && filled >= up[level + 1] * state->capacity)
        return level + 1;
    if (level > NORMAL && filled < (up[level] - self->hysteresis) * state->capacity)
        return level - 1;
    return level;
}

/* Every threshold that was crossed tells so once; from critical to warning the contract has no
 * event. */
static int alarm(struct mr_tx *tx, struct state *state)
{
    static int (*const upwards[N_LEVELS])(struct mr_tx *, const struct state *) = {
        [WARNING] = emit_warning, [CRITICAL] = emit_critical};
    enum level next;
    int r = 0;

    while (r == 0 && (next = next_level(mr_tx_self(tx), state)) != state->level) {
        if (next > state->level)
            r = upwards[next](tx, state);
        else if (next == NORMAL)
            r = emit_normal(tx, state);
        state->level = next;
        if (r == 0)
            r = mr_sql(tx, "UPDATE area SET level = ?2 WHERE area_id = ?1", MR_TEXT(state->id),
                       MR_TEXT_OF(level_names[next]));
        if (r == 0)
            r = mr_sql(tx,
                       "INSERT INTO alarm VALUES (?1, ?2, ?3, ?4, ?5)"
                       " ON CONFLICT (area_id, raised_at, level) DO NOTHING",
                       MR_TEXT(state->id), MR_INT(state->at), MR_TEXT_OF(level_names[next]),
                       MR_INT(state->occupancy), MR_INT(state->capacity));
    }
    return r;
}

/* ---- passages ---- */

static int read_state(struct mr_tx *tx, struct mr_str area_id, struct state *ret_state)
{
    struct mr_str level;

    *ret_state = (struct state){.id = area_id};
    int r = mr_sql_row(
        tx,
        MR_INTO(MR_INTO_TEXT(&ret_state->name), MR_INTO_INT(&ret_state->capacity),
                MR_INTO_INT(&ret_state->occupancy), MR_INTO_TEXT(&level),
                MR_INTO_INT(&ret_state->at)),
        "SELECT name, max_capacity, occupancy, level, changed_at FROM area WHERE area_id = ?1",
        MR_TEXT(area_id));
    while (r == 0 && !mr_str_is(level, level_names[ret_state->level]))
        if (++ret_state->level == N_LEVELS)
            return mr_tx_invalid(tx, "area.level is none of normal, warning, critical");
    return r;
}

/* What --area says of an area wins over its row; else the row may be changed by hand. changed_at
 * only grows, also beside a clock that is set back: the younger of two events is the later one. */
static int move(struct mr_tx *tx, struct mr_str area_id, int64_t people)
{
    const struct crowd *self = mr_tx_self(tx);
    const struct area *area = crowd_area(self, area_id);
    struct state state;

    int r = mr_sql(
        tx,
        "INSERT INTO area VALUES (?1, ?2, ?3, CASE WHEN ?4 > 0 THEN ?4 ELSE 0 END, 'normal', ?5)"
        " ON CONFLICT (area_id) DO UPDATE SET"
        " occupancy = area.occupancy + ?4,"
        " name = CASE WHEN ?6 = 1 THEN excluded.name ELSE area.name END,"
        " max_capacity = CASE WHEN ?6 = 1 THEN excluded.max_capacity"
        "  ELSE area.max_capacity END,"
        " changed_at = CASE WHEN excluded.changed_at > area.changed_at"
        "  THEN excluded.changed_at ELSE area.changed_at + 1 END",
        MR_TEXT(area_id), MR_TEXT(area ? area->name : area_id),
        MR_INT(area ? area->capacity : self->capacity), MR_INT(people), MR_INT(mr_tx_now(tx)),
        MR_BOOL(area != NULL));
    if (r == 0)
        r = read_state(tx, area_id, &state);
    if (r == 0)
        r = emit_update(tx, &state);
    return r == 0 ? alarm(tx, &state) : r;
}

struct passage {
    struct mr_str ticket_id, customer_id, gate_id;
    int64_t at;
    bool enters;
};

/* Where the ticket was by what was known until now; empty: nowhere. */
static int place_before(struct mr_tx *tx, struct mr_str ticket_id, struct mr_str *ret_area_id)
{
    *ret_area_id = (struct mr_str){0};
    int r = mr_sql_row(tx, MR_INTO(MR_INTO_TEXT(ret_area_id)),
                       "SELECT area_id FROM visitor WHERE ticket_id = ?1 AND inside = 1",
                       MR_TEXT(ticket_id));
    return r == MR_ABSENT ? 0 : r;
}

/* The row of the whole festival is locked first: flows of other partitions, in other processes,
 * pass the same gates, and who goes from one area to another needs two rows. */
static int passage(struct mr_tx *tx, const struct passage *p)
{
    const struct crowd *self = mr_tx_self(tx);
    const struct gate *gate = crowd_gate(self, p->gate_id);
    struct mr_str to = gate ? gate->area_id : mr_str_from(self->default_area), from;

    int r = mr_sql(tx,
                   "INSERT INTO festival VALUES (1, ?1, ?2) ON CONFLICT (one) DO UPDATE SET"
                   " entries = festival.entries + excluded.entries,"
                   " exits = festival.exits + excluded.exits",
                   MR_BOOL(p->enters), MR_BOOL(!p->enters));
    if (r == 0)
        r = place_before(tx, p->ticket_id, &from);
    if (r == 0)
        r = mr_sql(tx,
                   "INSERT INTO visitor VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                   " ON CONFLICT (ticket_id) DO UPDATE SET customer_id = excluded.customer_id,"
                   " inside = excluded.inside, area_id = excluded.area_id,"
                   " gate_id = excluded.gate_id, passed_at = excluded.passed_at,"
                   " event_id = excluded.event_id"
                   " WHERE (excluded.passed_at, 1 - excluded.inside, excluded.event_id)"
                   " > (visitor.passed_at, 1 - visitor.inside, visitor.event_id)",
                   MR_TEXT(p->ticket_id), MR_TEXT(p->customer_id), MR_BOOL(p->enters), MR_TEXT(to),
                   MR_TEXT(p->gate_id), MR_INT(p->at),
                   MR_TEXT(mr_tx_event(tx)->envelope->event_id));
    if (r != 0 || mr_sql_changes(tx) == 0)
        return r;
    if (!p->enters)
        to = (struct mr_str){0};
    if (mr_str_eq(from, to))
        return 0;
    if (from.len > 0)
        r = move(tx, from, -1);
    return r == 0 && to.len > 0 ? move(tx, to, 1) : r;
}

MR_HANDLER(festivo_access_control_access_entry_granted_v1, entry_granted)
{
    return passage(tx, &(struct passage){.ticket_id = event->data.ticketId,
                                         .customer_id = event->data.customerId,
                                         .gate_id = event->data.gateId,
                                         .at = event->data.entryTime,
                                         .enters = true});
}

MR_HANDLER(festivo_access_control_access_exit_granted_v1, exit_granted)
{
    return passage(tx, &(struct passage){.ticket_id = event->data.ticketId,
                                         .customer_id = event->data.customerId,
                                         .gate_id = event->data.gateId,
                                         .at = event->data.exitTime});
}

const struct mr_consumer consumer_festivo_crowd_monitor = {
    .name = "festivo-crowd-monitor",
    .summary = "Counts the people in each area and raises alarms",
    .handles = MR_HANDLES(MR_ON(festivo_access_control_access_entry_granted_v1, entry_granted),
                          MR_ON(festivo_access_control_access_exit_granted_v1, exit_granted)),
    .emits = MR_EMITS(&topic_festivo_crowd_monitor_crowd_occupancy_updated_v1,
                      &topic_festivo_crowd_monitor_crowd_capacity_warning_v1,
                      &topic_festivo_crowd_monitor_crowd_capacity_critical_v1,
                      &topic_festivo_crowd_monitor_crowd_capacity_normal_v1),
    .migrations = MR_MIGRATIONS({1, tables}),
    .size = sizeof(struct crowd),
    .options = MR_OPTIONS(
        MR_OPT_LIST(struct crowd, area_words, .name = "area", .arg = "ID=CAPACITY[,NAME]",
                    .help = "An area, how many people it takes, its name for readers"),
        MR_OPT_LIST(struct crowd, gate_words, .name = "gate", .arg = "ID=AREA",
                    .help = "The area that a gate leads to"),
        MR_OPT_STR(struct crowd, default_area, .name = "default-area", .arg = "ID",
                   .def = "festival", .help = "Where gates lead to that no --gate names"),
        MR_OPT_INT(struct crowd, capacity, .name = "capacity", .arg = "N", .def = "10000", .min = 1,
                   .max = CAPACITY_MOST, .help = "People that an area takes that no --area names"),
        MR_OPT_INT(struct crowd, warning, .name = "warning", .arg = "PERCENT", .def = "80",
                   .min = 1, .max = PERCENT_MOST, .help = "Share that raises a warning"),
        MR_OPT_INT(struct crowd, critical, .name = "critical", .arg = "PERCENT", .def = "95",
                   .min = 1, .max = PERCENT_MOST, .help = "Share that raises the critical alarm"),
        MR_OPT_INT(struct crowd, hysteresis, .name = "hysteresis", .arg = "PERCENT", .def = "5",
                   .min = 0, .max = PERCENT_MOST,
                   .help = "How far below its threshold an alarm ends")),
    .open = crowd_open,
    .close = crowd_close,
};
