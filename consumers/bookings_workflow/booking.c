/* SPDX-License-Identifier: Apache-2.0 */
/* bookings-workflow: how a booking becomes events. */
#include <errno.h>

#include "bookings.gen.h"
#include "event_operations.gen.h"
#include "workflow.h"

enum { DRAFT = 1, SUBMITTED, TO_CHANGE, APPROVED, REJECTED, REFUSED, SCHEDULED, CALLED_OFF };
static const char *const booking_states[] = {"unknown",           "draft",     "submitted",
                                             "changes-requested", "approved",  "rejected",
                                             "refused",           "scheduled", "cancelled"};
enum { CREATE, SUBMIT, ASK_CHANGES, UPDATE, REOPEN, APPROVE, REJECT, REFUSE, GENERATE, CANCEL };
static const char *const booking_steps[] = {
    "created",  "submitted", "changes-requested", "updated",          "updated-to-review",
    "approved", "rejected",  "refused",           "events-generated", "cancelled"};
static const struct mr_life_move booking_moves[] = {
    {CREATE, B(UNKNOWN), 0, DRAFT},
    {SUBMIT, B(DRAFT) | B(TO_CHANGE) | B(REJECTED), 0, SUBMITTED},
    {ASK_CHANGES, B(SUBMITTED), 0, TO_CHANGE},
    {UPDATE, B(DRAFT) | B(SUBMITTED) | B(TO_CHANGE) | B(APPROVED) | B(REJECTED) | B(SCHEDULED), 0,
     STAYS},
    {REOPEN, B(DRAFT) | B(REJECTED), 0, STAYS}, /* they are submitted anyway */
    {REOPEN, B(SUBMITTED) | B(TO_CHANGE) | B(APPROVED) | B(SCHEDULED), 0, SUBMITTED},
    {APPROVE, B(SUBMITTED), B(DRAFT) | B(TO_CHANGE), APPROVED},
    {REJECT, B(SUBMITTED), B(DRAFT) | B(TO_CHANGE), REJECTED},
    {REFUSE, B(SUBMITTED), B(DRAFT) | B(TO_CHANGE), REFUSED},
    {GENERATE, B(APPROVED) | B(SCHEDULED), B(SUBMITTED), SCHEDULED},
    {CANCEL, B(DRAFT) | B(SUBMITTED) | B(TO_CHANGE) | B(APPROVED) | B(REJECTED) | B(SCHEDULED), 0,
     CALLED_OFF}};
LIFE(booking, "booking_id");

#define DECISIONS (B(ASK_CHANGES) | B(APPROVE) | B(REJECT) | B(REFUSE))
static const char decided[] =
    "UPDATE booking SET client_id = coalesce(?2, client_id), decided_by = ?3, decided_at = ?4,"
    " remarks = ?5 WHERE booking_id = ?1";
#define TITLED (B(CREATE) | B(SUBMIT) | B(APPROVE))
#define DATED (B(SUBMIT) | B(APPROVE))

/* Title and dates, which several steps tell. */
static int describe(struct mr_tx *tx, uint32_t newer, struct mr_str id, struct mr_str title,
                    struct mr_value dates)
{
    int r = newer & TITLED ? 0
                           : mr_sql(tx, "UPDATE booking SET title = ?2 WHERE booking_id = ?1",
                                    MR_TEXT(id), MR_TEXT(title));

    if (r == 0 && !(newer & DATED))
        r = mr_sql(tx, "UPDATE booking SET dates = ?2 WHERE booking_id = ?1", MR_TEXT(id), dates);
    return r;
}

TAKES(bookings_booking_created_v1, booking_created, booking, CREATE, bookingId, createdBy, TITLED,
      "UPDATE booking SET client_id = coalesce(?2, client_id), title = ?3 WHERE booking_id = ?1",
      LAST(MR_TEXT(event->data.clientId)), MR_TEXT(event->data.title))

MR_HANDLER(bookings_booking_submitted_v1, booking_submitted)
{
    const struct bookings_booking_submitted_v1_recurrence *again = &event->data.recurrencePattern;
    struct mr_str unit = bookings_booking_submitted_v1_frequency_symbol(again->frequency);
    const char *recurrence =
        mr_arena_printf(mr_tx_arena(tx), "%.*s, every %lld, until %.*s", MR_STR_ARG(unit),
                        (long long)again->interval, MR_STR_ARG(again->endDate));
    uint32_t newer;

    if (!recurrence)
        return -ENOMEM;
    int r = mr_life_step(tx, &booking_life, event->data.bookingId, SUBMIT, event->data.submittedBy,
                         &newer);
    if (r == 0 && !(newer & B(SUBMIT)))
        r = mr_sql(tx,
                   "UPDATE booking SET client_id = coalesce(?2, client_id), submitted_by = ?3, "
                   "submitted_at = ?4,"
                   " recurrence = ?5 WHERE booking_id = ?1",
                   MR_TEXT(event->data.bookingId), LAST(MR_TEXT(event->data.clientId)),
                   MR_TEXT(event->data.submittedBy), MR_INT(event->data.submittedAt),
                   MR_OPT(event->data.has_recurrencePattern, MR_TEXT_OF(recurrence)));
    return r ? r
             : describe(tx, newer, event->data.bookingId, event->data.title,
                        workflow_joined(tx, event->data.eventDates, event->data.n_eventDates));
}

MR_HANDLER(bookings_booking_approved_v1, booking_approved)
{
    uint32_t newer;

    int r = mr_life_step(tx, &booking_life, event->data.bookingId, APPROVE, event->data.approvedBy,
                         &newer);
    if (r == 0 && !(newer & DECISIONS))
        r = mr_sql(tx, decided, MR_TEXT(event->data.bookingId), LAST(MR_TEXT(event->data.clientId)),
                   MR_TEXT(event->data.approvedBy), MR_INT(event->data.approvedAt),
                   OPT_TEXT(notes));
    return r ? r
             : describe(tx, newer, event->data.bookingId, event->data.title,
                        workflow_joined(tx, event->data.eventDates, event->data.n_eventDates));
}

TAKES(bookings_booking_rejected_v1, booking_rejected, booking,
      event->data.allowResubmission ? REJECT : REFUSE, bookingId, rejectedBy, DECISIONS, decided,
      LAST(MR_TEXT(event->data.clientId)), MR_TEXT(event->data.rejectedBy),
      MR_INT(event->data.rejectedAt), MR_TEXT(event->data.reason))

MR_HANDLER(bookings_booking_changes_requested_v1, booking_changes_requested)
{
    struct mr_str *wishes =
        mr_arena_array(mr_tx_arena(tx), event->data.n_changes + 1, sizeof(*wishes));
    uint32_t newer;

    if (!wishes)
        return -ENOMEM;
    for (size_t i = 0; i < event->data.n_changes; i++) {
        const struct bookings_booking_changes_requested_v1_change *wish = &event->data.changes[i];
        wishes[i] = mr_str_from(
            mr_arena_printf(mr_tx_arena(tx), "%.*s: %.*s%s%.*s%s", MR_STR_ARG(wish->field),
                            MR_STR_ARG(wish->reason), wish->has_suggestedValue ? " (" : "",
                            MR_STR_ARG(wish->suggestedValue), wish->has_suggestedValue ? ")" : ""));
        if (!wishes[i].data)
            return -ENOMEM;
    }
    int r = mr_life_step(tx, &booking_life, event->data.bookingId, ASK_CHANGES,
                         event->data.requestedBy, &newer);
    return r || (newer & DECISIONS)
               ? r
               : mr_sql(tx, decided, MR_TEXT(event->data.bookingId),
                        LAST(MR_TEXT(event->data.clientId)), MR_TEXT(event->data.requestedBy),
                        MR_INT(event->data.requestedAt),
                        workflow_joined(tx, wishes, event->data.n_changes));
}

TAKES(bookings_booking_updated_v1, booking_updated, booking,
      event->data.needsReapproval ? REOPEN : UPDATE, bookingId, updatedBy, B(UPDATE) | B(REOPEN),
      "UPDATE booking SET client_id = coalesce(?2, client_id), changed_fields = ?3 WHERE "
      "booking_id = ?1",
      LAST(MR_TEXT(event->data.clientId)), JOINED(changedFields))

MR_HANDLER(bookings_booking_cancelled_v1, booking_cancelled)
{
    uint32_t newer;

    int r = mr_life_step(tx, &booking_life, event->data.bookingId, CANCEL, event->data.cancelledBy,
                         &newer);
    if (r == 0 && !(newer & B(CANCEL)))
        r = mr_sql(tx,
                   "UPDATE booking SET client_id = coalesce(?2, client_id), cancelled_at = ?3, "
                   "cancel_reason = ?4"
                   " WHERE booking_id = ?1",
                   MR_TEXT(event->data.bookingId), LAST(MR_TEXT(event->data.clientId)),
                   MR_INT(event->data.cancelledAt), MR_TEXT(event->data.reason));
    for (size_t i = 0; r == 0 && i < event->data.n_affectedEventIds; i++)
        r = workflow_event_loses_booking(tx, event->data.affectedEventIds[i],
                                         event->data.cancelledBy, event->data.bookingId,
                                         event->data.cancelledAt);
    return r;
}

MR_HANDLER(event_operations_event_instances_generated_v1, instances_generated)
{
    uint32_t newer;

    int r = mr_life_step(tx, &booking_life, event->data.bookingId, GENERATE,
                         event->data.generatedBy, &newer);
    if (r == 0 && !(newer & B(GENERATE)))
        r = mr_sql(tx,
                   "UPDATE booking SET client_id = coalesce(?2, client_id), n_events = ?3 WHERE "
                   "booking_id = ?1",
                   MR_TEXT(event->data.bookingId), LAST(MR_TEXT(event->data.clientId)),
                   MR_INT(event->data.totalEvents));
    for (size_t i = 0; r == 0 && i < event->data.n_eventIds; i++)
        r = workflow_event_is_planned(tx, event->data.eventIds[i], event->data.generatedBy,
                                      event->data.bookingId);
    return r;
}

MR_CHAPTER(workflow_of_bookings, MR_ON(bookings_booking_created_v1, booking_created),
           MR_ON(bookings_booking_submitted_v1, booking_submitted),
           MR_ON(bookings_booking_approved_v1, booking_approved),
           MR_ON(bookings_booking_rejected_v1, booking_rejected),
           MR_ON(bookings_booking_changes_requested_v1, booking_changes_requested),
           MR_ON(bookings_booking_cancelled_v1, booking_cancelled),
           MR_ON(bookings_booking_updated_v1, booking_updated),
           MR_ON(event_operations_event_instances_generated_v1, instances_generated));
