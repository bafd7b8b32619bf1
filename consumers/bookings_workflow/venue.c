/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-workflow: whether an event has its place. */
#include <errno.h>

#include "event_operations.gen.h"
#include "workflow.h"

enum { CONFIRMED = 1, IN_QUESTION };
static const char *const venue_states[] = {"unknown", "confirmed", "in-question"};
enum { CONFIRM, DOUBT };
static const char *const venue_steps[] = {"confirmed", "issue-reported"};
static const struct mr_life_move venue_moves[] = {
    {CONFIRM, B(UNKNOWN) | B(CONFIRMED) | B(IN_QUESTION), 0, CONFIRMED},
    {DOUBT, B(UNKNOWN) | B(CONFIRMED) | B(IN_QUESTION), 0, IN_QUESTION}};
LIFE(venue, "venue");

/* "event/location": a location is confirmed for an event. */
static struct mr_str venue_id(struct mr_tx *tx, struct mr_str event_id, struct mr_str location_id)
{
    return mr_str_from(mr_arena_printf(mr_tx_arena(tx), "%.*s/%.*s", MR_STR_ARG(event_id),
                                       MR_STR_ARG(location_id)));
}

MR_HANDLER(event_operations_location_confirmed_v1, location_confirmed)
{
    struct mr_str id = venue_id(tx, event->data.eventId, event->data.locationId);
    const char *contact = mr_arena_printf(
        mr_tx_arena(tx), "%.*s, %.*s, %.*s", MR_STR_ARG(event->data.contactPerson.name),
        MR_STR_ARG(event->data.contactPerson.phone), MR_STR_ARG(event->data.contactPerson.email));
    uint32_t newer;

    if (!id.data || !contact)
        return -ENOMEM;
    int r = mr_life_step(tx, &venue_life, id, CONFIRM, event->data.confirmedBy, &newer);
    return r || (newer & B(CONFIRM))
               ? r
               : mr_sql(tx,
                        "UPDATE venue SET event_id = ?2, location_id = ?3, confirmed_by = ?4,"
                        " confirmed_at = ?5, contact = ?6, instructions = ?7 WHERE venue = ?1",
                        MR_TEXT(id), MR_TEXT(event->data.eventId), MR_TEXT(event->data.locationId),
                        MR_TEXT(event->data.confirmedBy), MR_INT(event->data.confirmedAt),
                        MR_OPT(event->data.has_contactPerson, MR_TEXT_OF(contact)),
                        OPT_TEXT(specialInstructions));
}

MR_HANDLER(event_operations_location_issue_reported_v1, location_issue)
{
    const struct issue issue = {
        .subject = venue_id(tx, event->data.eventId, event->data.locationId),
        .event_id = event->data.eventId,
        .by = event->data.reportedBy,
        .at = event->data.reportedAt,
        .type = MR_TEXT(
            event_operations_location_issue_reported_v1_issue_type_symbol(event->data.issueType)),
        .severity =
            event_operations_location_issue_reported_v1_impact_symbol(event->data.impactLevel),
        .urgent = event->data.needsImmediate,
        .description = event->data.description,
        .done = MR_NULL};

    uint32_t newer;
    int r = workflow_report(tx, &venue_life, DOUBT, &issue, &newer);
    /* nobody may have confirmed it yet */
    return r ? r
             : mr_sql(tx, "UPDATE venue SET event_id = ?2, location_id = ?3 WHERE venue = ?1",
                      MR_TEXT(issue.subject), MR_TEXT(event->data.eventId),
                      MR_TEXT(event->data.locationId));
}

MR_CHAPTER(workflow_of_venues, MR_ON(event_operations_location_confirmed_v1, location_confirmed),
           MR_ON(event_operations_location_issue_reported_v1, location_issue));
