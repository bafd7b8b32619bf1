/* SPDX-License-Identifier: Apache-2.0 */
/* festivo-crowd-monitor: numbers that contradict each other are warned about. */
#include <inttypes.h>

#include "festivo_crowd_monitor.gen.h"
#include "millrace/producer.h"

/* The share is told beside the two numbers it follows from; rounding may take it 1 away. */
static int share(struct mr_check_context *context, double told, int64_t occupancy, int64_t capacity)
{
    if (capacity <= 0)
        return 0;
    double share = 100.0 * (double)occupancy / (double)capacity;
    if (told - share <= 1.0 && share - told <= 1.0)
        return 0;
    return mr_check_broken(context, "/occupancyPercentage",
                           "is not the share of currentOccupancy in maxCapacity, %.1f (was %.1f)",
                           share, told);
}

static int
occupancy_updated_share(const struct festivo_crowd_monitor_crowd_occupancy_updated_v1 *event,
                        struct mr_check_context *context)
{
    return share(context, event->data.occupancyPercentage, event->data.currentOccupancy,
                 event->data.maxCapacity);
}

static int warning_share(const struct festivo_crowd_monitor_crowd_capacity_warning_v1 *event,
                         struct mr_check_context *context)
{
    return share(context, event->data.occupancyPercentage, event->data.currentOccupancy,
                 event->data.maxCapacity);
}

static int critical_share(const struct festivo_crowd_monitor_crowd_capacity_critical_v1 *event,
                          struct mr_check_context *context)
{
    return share(context, event->data.occupancyPercentage, event->data.currentOccupancy,
                 event->data.maxCapacity);
}

static int normal_share(const struct festivo_crowd_monitor_crowd_capacity_normal_v1 *event,
                        struct mr_check_context *context)
{
    return share(context, event->data.occupancyPercentage, event->data.currentOccupancy,
                 event->data.maxCapacity);
}

static int below(struct mr_check_context *context, double told, const char *name, double threshold)
{
    if (told >= threshold)
        return 0;
    return mr_check_broken(context, "/occupancyPercentage", "is under %s, %g (was %g)", name,
                           threshold, told);
}

static int warning_below(const struct festivo_crowd_monitor_crowd_capacity_warning_v1 *event,
                         struct mr_check_context *context)
{
    return below(context, event->data.occupancyPercentage, "warningThreshold",
                 event->data.warningThreshold);
}

static int critical_below(const struct festivo_crowd_monitor_crowd_capacity_critical_v1 *event,
                          struct mr_check_context *context)
{
    return below(context, event->data.occupancyPercentage, "criticalThreshold",
                 event->data.criticalThreshold);
}

static int still_full(const struct festivo_crowd_monitor_crowd_capacity_normal_v1 *event,
                      struct mr_check_context *context)
{
    if (event->data.currentOccupancy <= event->data.maxCapacity)
        return 0;
    return mr_check_broken(context, "/currentOccupancy",
                           "is above maxCapacity, %" PRId64 ", yet back to normal (was %" PRId64
                           ")",
                           event->data.maxCapacity, event->data.currentOccupancy);
}

#define CHECKS(ROW)                                                                                \
    ROW(festivo_crowd_monitor_crowd_occupancy_updated_v1, WARN, "occupancy-share",                 \
        occupancy_updated_share)                                                                   \
    ROW(festivo_crowd_monitor_crowd_capacity_warning_v1, WARN, "occupancy-share", warning_share)   \
    ROW(festivo_crowd_monitor_crowd_capacity_critical_v1, WARN, "occupancy-share", critical_share) \
    ROW(festivo_crowd_monitor_crowd_capacity_normal_v1, WARN, "occupancy-share", normal_share)     \
    ROW(festivo_crowd_monitor_crowd_capacity_warning_v1, WARN, "below-threshold", warning_below)   \
    ROW(festivo_crowd_monitor_crowd_capacity_critical_v1, WARN, "below-threshold", critical_below) \
    ROW(festivo_crowd_monitor_crowd_capacity_normal_v1, WARN, "still-full", still_full)
MR_CHECKS(checks, CHECKS);

const struct mr_producer producer_festivo_crowd_monitor = {
    .service = "festivo-crowd-monitor",
    .summary = "Publishes how full the stages are, and alarms",
    .checks = checks,
    .n_checks = MR_N_ELEMENTS(checks),
};
