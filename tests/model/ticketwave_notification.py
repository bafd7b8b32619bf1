# SPDX-License-Identifier: Apache-2.0
"""What ticketwave-notification keeps: every request, and that it went out at once, as the channel `none` has it."""

CHANNEL = "paper"
OPTIONS = ["--channel", CHANNEL]

# sent_at is the clock's
TABLES = {"notification": ["request_id", "booking_id", "user_id", "event_id", "kind", "quantity", "total", "channel",
                           "requested_at", "success", "error"]}


def model(events):
    return {"notification": [
        (event["event_id"], data["BookingId"], data["UserId"], data["EventId"], data["NotificationType"], data["Quantity"],
         data["TotalAmount"], CHANNEL, data["RequestedAt"], 1, None) for event in events for data in [event["data"]]]}


def emits(events):
    for event in events:
        data = event["data"]
        yield "ticketwave-notification.notification.sent.v1", {
            "BookingId": data["BookingId"], "UserId": data["UserId"], "NotificationType": data["NotificationType"],
            "Channel": CHANNEL, "Success": True}
