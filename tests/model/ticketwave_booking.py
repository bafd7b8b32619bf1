# SPDX-License-Identifier: Apache-2.0
"""What ticketwave-booking keeps: of each of the three answers the youngest, and the saga that waits for all of them."""

INVENTORY, PAYMENT, SENT = ("ticketwave-catalog.inventory.updated.v1", "ticketwave-payment.payment.data-prepared.v1",
                            "ticketwave-notification.notification.sent.v1")
TABLES = {
    "booking": ["booking_id", "event_id", "tickets_taken", "tickets_left", "inventory_at", "payment_id", "payment_url",
                "amount", "currency", "payment_expires_at", "payment_at", "channel", "told", "told_error", "notified_at"],
    "booking_state": ["booking_id", "answers", "state", "completed_at"],
    # what waited for a quarter of an hour has failed by the clock, which no event tells: here it runs
    "mr_saga": ["saga", "skey", "CASE WHEN why LIKE '%: no answer within 15m' AND updated_at - started_at >= 900000000 THEN 'running' ELSE state END"],
}


def parts(event):
    data = event["data"]
    if event["topic"] == INVENTORY:
        return [data["EventId"], data["PreviousAvailableTickets"] - data["CurrentAvailableTickets"],
                data["CurrentAvailableTickets"], data["UpdatedAt"]]
    if event["topic"] == PAYMENT:
        return [data["PaymentId"], data["PaymentUrl"], data["Amount"], data["Currency"], data["ExpiresAt"],
                data["PreparedAt"]]
    return [data["Channel"], int(data["Success"]), data["ErrorMessage"], data["SentAt"]]


def state(said):
    if any(event["data"].get("UpdateType") == "InsufficientTickets" for event in said):
        return "failed"
    return "completed" if len({event["topic"] for event in said}) == 3 else "running"


def booking_state(row):
    """Of a row of booking."""
    taken, moments = row[2], [row[4], row[10], row[14]]
    answers = sum(moment is not None for moment in moments)
    what = "refused" if taken is not None and taken <= 0 else "waiting" if answers < 3 else "complete"
    return row[0], answers, what, max(moments) if answers == 3 else None


def model(events):
    bookings = {}
    for event in events:
        bookings.setdefault(event["data"]["BookingId"], []).append(event)
    rows = []
    for booking, said in bookings.items():
        row = [booking]
        for topic, width in ((INVENTORY, 4), (PAYMENT, 6), (SENT, 4)):
            answers = [parts(event) for event in said if event["topic"] == topic]
            row += max(answers, key=lambda answer: answer[-1], default=[None] * width)
        rows.append(tuple(row))
    return {"booking": rows, "booking_state": [booking_state(row) for row in rows],
            "mr_saga": [("BookingSaga", booking, state(said)) for booking, said in bookings.items()]}
