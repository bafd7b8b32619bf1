# SPDX-License-Identifier: Apache-2.0
"""What ticketwave-booking keeps: of each of the three answers the youngest, and the saga that waits for all of them."""

INVENTORY, PAYMENT, SENT = ("ticketwave-catalog.inventory.updated.v1", "ticketwave-payment.payment.data-prepared.v1",
                            "ticketwave-notification.notification.sent.v1")
TABLES = {
    "booking": ["booking_id", "event_id", "tickets_taken", "tickets_left", "inventory_at", "payment_id", "payment_url",
                "amount", "currency", "payment_expires_at", "payment_at", "channel", "told", "told_error", "notified_at"],
    # its times are the clock's; that it waits no longer than a quarter of an hour is test_sagas.c's to show
    "mr_saga": ["saga", "skey", "state"],
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
    return {"booking": rows, "mr_saga": [("BookingSaga", booking, state(said)) for booking, said in bookings.items()]}
