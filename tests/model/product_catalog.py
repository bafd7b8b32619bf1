# SPDX-License-Identifier: Apache-2.0
"""What product-catalog keeps: the youngest level of each location, and the word when one ran out."""
import collections

from viscount_events import youngest

TABLES = {
    "stock_level": ["product_id", "location_id", "quantity", "reserved_quantity", "available_quantity", "update_type",
                    "source_event", "said_at", "said_by"],
    "stock_status": ["product_id", "status", "quantity", "reserved_quantity", "available_quantity", "locations",
                     "out_at_locations", "said_at"],
}
LEVELS = ["quantity", "reserved_quantity", "available_quantity"]


def model(events):
    levels, products = [], collections.defaultdict(list)
    for place, event in youngest(events, "product_id", "location_id").items():
        row = (*place, *(event["data"][name] for name in LEVELS + ["update_type", "source_event"]), event["timestamp"],
               event["event_id"])
        levels.append(row)
        products[place[0]].append(row)
    statuses = []
    for product, rows in products.items():
        sums = [sum(row[column] for row in rows) for column in (2, 3, 4)]
        status = "in-stock" if sums[2] > 0 else "reserved" if sums[0] > 0 else "out-of-stock"
        statuses.append((product, status, *sums, len(rows), sum(row[4] == 0 for row in rows), max(row[7] for row in rows)))
    return {"stock_level": levels, "stock_status": statuses}


def emits(events):
    """Once for each time that a location runs out. Of levels in other order than that of time more or fewer may be
    told; simulated ones never run out."""
    known = {}
    for event in events:
        place = event["data"]["product_id"], event["data"]["location_id"]
        available = event["data"]["available_quantity"]
        if available == 0 and known.get(place) != 0:
            yield "product-catalog.product.out-of-stock.v1", {
                "product_id": place[0], "location_id": place[1], "last_stock_level": 0}
        known[place] = available
