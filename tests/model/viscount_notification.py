# SPDX-License-Identifier: Apache-2.0
"""What viscount-notification tells: customers about each part of their order and about prices, staff about stock."""
import datetime
from decimal import Decimal

from viscount_events import ORDER, of, valid, youngest

# event_id and the times depend on which event came last; the channel is none. Whether a cancelled order was confirmed before
# hangs on the order of arrival.
MESSAGE = ("message WHERE kind <> 'order-validated' OR subject NOT IN (SELECT order_id FROM customer_order"
           " WHERE cancelled_at IS NOT NULL)")
STATE = "message_state WHERE kind <> 'order-validated'"
TABLES = {MESSAGE: ["kind", "subject", "recipient", "title", "body", "channel", "delivered", "attempts", "error"],
          STATE: ["kind", "state", "messages"]}
OPTIONS = ["--staff", "night-shift"]


def money(text):
    amount = Decimal(text)
    return f"{amount:.2f}" if amount == amount.quantize(Decimal("0.01")) else text


def instant(micros):
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=micros // 1000000)).strftime("%Y-%m-%d %H:%M UTC")


def orders(events):
    """(kind, order, customer, title, body)"""
    validated = {event["data"]["order_id"] for event in filter(valid, of(events, ORDER + "validated"))}
    cancelled = youngest(of(events, ORDER + "cancelled"), "order_id")
    for (order,), event in youngest(of(events, ORDER + "created"), "order_id").items():
        data, end = event["data"], cancelled.get((order,))
        who, currency = data["customer_id"], data["currency"]
        yield ("order-created", order, who, f"We have received your order {order}",
               f"Thank you for your order {order} over {money(data['total_amount'])} {currency}. We check it and tell you when it is "
               "confirmed.")
        if order in validated and not end:
            yield ("order-validated", order, who, f"Your order {order} is confirmed",
                   f"All items of your order {order} are set aside for you. We are preparing it now.")
        if end:
            back = f" You get back {money(end['data']['refund_amount'])} {currency}." if end["data"]["refund_required"] else ""
            yield ("order-cancelled", order, who, f"Your order {order} was cancelled",
                   f"Your order {order} was cancelled ({end['data']['cancellation_reason']}).{back}")


def products(events):
    for event in events:
        data, topic = event["data"], event["topic"]
        product = data.get("product_id")
        if "price-changed" in topic:
            new, old = money(data["new_price"]), money(data["old_price"])
            yield ("price-changed", product, "customers", f"New price of {product}: {new}",
                   f"From {instant(data['effective_date'])} {product} costs {new} instead of {old}.")
        elif "out-of-stock" in topic:
            yield ("out-of-stock", product, "night-shift", f"{product} is out of stock",
                   f"{product} ran out at {data['location_id']} (last level: {data['last_stock_level']}).")
        elif "low-stock" in topic:
            yield ("low-stock", product, "night-shift", f"{product} runs low ({data['alert_level']})",
                   f"{data['current_quantity']} of {product} are left at {data['location_id']}; the threshold is {data['threshold']}.")


def model(events):
    messages = [(*row, "none", 1, 0, None) for row in [*orders(events), *products(events)]]
    kinds = [row[0] for row in messages]
    return {MESSAGE: messages, STATE: [(kind, "delivered", kinds.count(kind)) for kind in sorted(set(kinds))
                                       if kind != "order-validated"]}
