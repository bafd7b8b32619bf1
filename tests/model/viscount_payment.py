# SPDX-License-Identifier: Apache-2.0
"""What viscount-payment keeps: reserved when created, captured when validated, due back when cancelled after that."""
import collections
from decimal import Decimal

from viscount_events import ORDER, of, total, valid, youngest

TABLES = {
    "payment_state": ["order_id", "customer_id", "currency", "amount", "state", "reserved", "captured", "refund_due",
                      "created_at", "validated_at", "cancelled_at", "cancellation_reason"],
    "payment_total": ["currency", "state", "orders", "amount", "captured", "refund_due"],
}


def money(created, validated, cancelled):
    """(state, reserved, captured, refund due) of one order."""
    amount = created and created["data"]["total_amount"]
    if created is None and cancelled is None:
        return "awaiting-order", None, None, None
    if cancelled is None:
        return ("captured", None, amount, None) if validated else ("reserved", amount, None, None)
    taken = validated is not None and validated <= cancelled["data"]["cancelled_at"]
    captured = amount if taken else None
    if not cancelled["data"]["refund_required"]:
        kept = "kept" if cancelled["data"]["cancelled_by"] == "customer" else "refund-in-question"
        return kept if taken else "released", None, captured, None
    refund = cancelled["data"]["refund_amount"]
    founded = captured is not None and Decimal(refund) <= Decimal(captured)
    return "refund-due" if founded else "refund-in-question", None, captured, refund


def model(events):
    created = youngest(of(events, ORDER + "created"), "order_id")
    cancelled = youngest(of(events, ORDER + "cancelled"), "order_id")
    validated = {}
    for event in filter(valid, of(events, ORDER + "validated")):
        validated.setdefault((event["data"]["order_id"],), event["timestamp"])
    rows, groups = [], collections.defaultdict(list)
    for key in created.keys() | validated.keys() | cancelled.keys():
        one, end = created.get(key), cancelled.get(key)
        said = money(one, validated.get(key), end)
        data = one["data"] if one else collections.defaultdict(lambda: None)
        row = (*key, data["customer_id"], data["currency"], data["total_amount"], *said,
               one and one["timestamp"], validated.get(key), end and end["data"]["cancelled_at"],
               end and end["data"]["cancellation_reason"])
        rows.append(row)
        groups[row[2], row[4]].append(row)
    return {"payment_state": rows, "payment_total": [
        (*group, len(members), *(total(row[column] for row in members if row[column] is not None) for column in (3, 6, 7)))
        for group, members in groups.items()]}
