/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-notification's alarms, to staff and attendees: how full a stage is. */
#include <inttypes.h>

#include "festivo_crowd_monitor.gen.h"
#include "message.h"

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
    r = festivo_tell_staff(tx, kind, PRINT(tx, "%.*s %s", NAME(c->stage), alarms[kind].to_staff),
                           PRINT(tx, "%.*s: %" PRId64 " of %" PRId64 " people, %.1f %%.\n\n%s\n",
                                 NAME(c->stage), c->people, c->capacity, c->percent,
                                 alarms[kind].do_staff));
    if (r != 0)
        return r;
    return festivo_tell_attendees(tx, kind,
                                  PRINT(tx, "%.*s %s", NAME(c->stage), alarms[kind].to_attendees),
                                  PRINT(tx, "%.*s %s. %s\n", NAME(c->stage),
                                        alarms[kind].to_attendees, alarms[kind].do_attendees));
}

#define ALARMS(ID, NAME, KIND)                                                                     \
    MR_HANDLER(ID, NAME)                                                                           \
    {                                                                                              \
        return alarm(tx, KIND,                                                                     \
                     &(struct count){.stage_id = event->data.stageId,                              \
                                     .stage = event->data.stageName,                               \
                                     .people = event->data.currentOccupancy,                       \
                                     .capacity = event->data.maxCapacity,                          \
                                     .percent = event->data.occupancyPercentage});                 \
    }
ALARMS(festivo_crowd_monitor_crowd_capacity_warning_v1, capacity_warning, CAPACITY_WARNING)
ALARMS(festivo_crowd_monitor_crowd_capacity_critical_v1, capacity_critical, CAPACITY_CRITICAL)
ALARMS(festivo_crowd_monitor_crowd_capacity_normal_v1, capacity_normal, CAPACITY_NORMAL)

MR_CHAPTER(festivo_of_crowds,
           MR_ON(festivo_crowd_monitor_crowd_occupancy_updated_v1, occupancy_updated),
           MR_ON(festivo_crowd_monitor_crowd_capacity_warning_v1, capacity_warning),
           MR_ON(festivo_crowd_monitor_crowd_capacity_critical_v1, capacity_critical),
           MR_ON(festivo_crowd_monitor_crowd_capacity_normal_v1, capacity_normal));
