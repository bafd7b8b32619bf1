/* SPDX-License-Identifier: Apache-2.0 */
/* The tables and the kinds of messages of festivo-notification; only its file includes this. */
#pragma once

#include <stdbool.h>

#include "festivo_access_control.gen.h"
#include "festivo_crowd_monitor.gen.h"
#include "festivo_orchestrator.gen.h"
#include "festivo_schedule.gen.h"
#include "festivo_ticket.gen.h"
#include "millrace/catalog.h"

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

enum kind {
    TICKET_PURCHASED,
    TICKET_REFUNDED,
    TICKET_CANCELLED,
    ENTRY_GRANTED,
    ENTRY_DENIED,
    EXIT_DENIED,
    EXIT_HELP,
    PERFORMANCE_ADDED,
    PERFORMANCE_CHANGED,
    PERFORMANCE_DROPPED,
    CAPACITY_WARNING,
    CAPACITY_CRITICAL,
    CAPACITY_NORMAL,
    SAGA_FAILED,
    N_KINDS
};

static const struct {
    const char *name;
    const struct mr_topic *about;
    bool broadcast; /* to an audience; else to one person */
} kinds[N_KINDS] = {
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
