# SPDX-License-Identifier: Apache-2.0
"""What viscount-procurement keeps: every alert, and of each product and location what the youngest asks for."""
import collections

from viscount_events import youngest

OPTIONS = ["--cover", "4"]
TABLES = {
    "alert": ["alert_id", "product_id", "location_id", "current_quantity", "threshold", "alert_level", "raised_at"],
    "reorder": ["product_id", "location_id", "current_quantity", "threshold", "alert_level", "quantity", "raised_at",
                "alert_id", "state"],
    "reorder_list": ["state", "product_id", "location_id", "quantity", "alerts"],
}


def model(events):
    tables = {name: [] for name in TABLES}
    alerts = collections.Counter()
    for event in events:
        data = event["data"]
        alerts[data["product_id"], data["location_id"]] += 1
        tables["alert"].append((event["event_id"], data["product_id"], data["location_id"], data["current_quantity"],
                                data["threshold"], data["alert_level"], event["timestamp"]))
    for place, event in youngest(events, "product_id", "location_id").items():
        left, threshold, level = (event["data"][name] for name in ("current_quantity", "threshold", "alert_level"))
        quantity = max(0, 4 * threshold - left)
        state = "covered" if quantity == 0 else "urgent" if left == 0 or level == "critical" else "open"
        tables["reorder"].append((*place, left, threshold, level, quantity, event["timestamp"], event["event_id"], state))
        if state != "covered":
            tables["reorder_list"].append((state, *place, quantity, alerts[place]))
    return tables
