# SPDX-License-Identifier: Apache-2.0
"""What ticketwave-payment keeps: one payment for a booking, as the youngest request asks for it."""
import collections
import uuid

URL = "https://pay.test"
OPTIONS = ["--payment-url", URL]
SPACE = uuid.UUID("57f84eb3-e4b0-519e-9534-e346668e73a4")  # of all ids that Millrace derives

# prepared_at is the clock's
TABLES = {"payment": ["payment_id", "booking_id", "user_id", "amount", "currency", "url", "requested_at", "expires_at"]}


def payment_id(booking_id):
    return str(uuid.uuid5(SPACE, "ticketwave-payment/" + booking_id))


def model(events):
    payments = {}
    for event in events:
        data = event["data"]
        before = payments.get(data["BookingId"])
        if before is None or data["RequestedAt"] >= before["RequestedAt"]:
            payments[data["BookingId"]] = data
    return {"payment": [
        (payment_id(booking), booking, data["UserId"], data["Amount"], data["Currency"], f"{URL}/{payment_id(booking)}",
         data["RequestedAt"], data["ExpiresAt"]) for booking, data in payments.items()]}


def asked_once(events):
    """Bookings whose answer cannot differ; else it tells the youngest request that had come."""
    asked = collections.Counter(event["data"]["BookingId"] for event in events)
    return {booking for booking, n in asked.items() if n == 1}


def compares(events):
    once = asked_once(events)
    return lambda event: event["data"]["BookingId"] in once


def emits(events):
    once = asked_once(events)
    for event in events:
        if event["data"]["BookingId"] not in once:
            continue
        data = event["data"]
        payment = payment_id(data["BookingId"])
        yield "ticketwave-payment.payment.data-prepared.v1", {
            "BookingId": data["BookingId"], "PaymentId": payment, "Amount": data["Amount"], "Currency": data["Currency"],
            "ExpiresAt": data["ExpiresAt"], "PaymentUrl": f"{URL}/{payment}"}
