# SPDX-License-Identifier: Apache-2.0
"""What viscount-fulfillment keeps: the youngest validation of each order, and what is to be picked."""
import collections

from viscount_events import ORDER, of, valid, youngest

TABLES = {
    "preparation": ["order_id", "inventory_check", "pricing_check", "customer_check", "validated_at", "validated_by", "state"],
    "preparation_line": ["order_id", "line", "reservation_id", "product_id", "quantity"],
    "preparation_list": ["order_id", "state", "validated_at", "lines", "units"],
    "pick_list": ["product_id", "orders", "units", "waiting_since"],
}
CHECKS = ["inventory_check", "pricing_check", "customer_check"]


def model(events):
    tables = {name: [] for name in TABLES}
    picked = collections.defaultdict(list)
    for (order,), event in youngest(of(events, ORDER + "validated"), "order_id").items():
        results = [event["data"]["validation_results"][check] for check in CHECKS]
        lines = event["data"]["reservations"]
        at, state = event["timestamp"], "ready" if valid(event) else "on-hold"
        tables["preparation"].append((order, *results, at, event["event_id"], state))
        tables["preparation_list"].append((order, state, at, len(lines), sum(line["quantity"] for line in lines)))
        for number, line in enumerate(lines, 1):
            tables["preparation_line"].append((order, number, line["reservation_id"], line["product_id"], line["quantity"]))
            if state == "ready":
                picked[line["product_id"]].append((order, line["quantity"], at))
    tables["pick_list"] = [
        (product, len({order for order, _, _ in lines}), sum(units for _, units, _ in lines), min(at for _, _, at in lines))
        for product, lines in picked.items()]
    return tables
