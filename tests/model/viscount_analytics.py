# SPDX-License-Identifier: Apache-2.0
"""What viscount-analytics keeps: facts, each once, and sums over them."""
import collections
import datetime
from decimal import Decimal

from viscount_events import ORDER, of, text, total, youngest

INVENTORY, PRODUCT = "inventory-management.inventory.", "product-catalog.product."
TABLES = {
    "price_change": ["event_id", "product_id", "old_price", "new_price", "effective_at", "said_at"],
    "price_history": ["product_id", "price", "valid_from", "valid_until"],
    "reservation": ["reservation_id", "product_id", "location_id", "quantity", "order_id", "reserved_at", "released_at",
                    "release_reason"],
    "demand_by_day": ["day", "product_id", "reservations", "units", "units_released"],
    "cancellation_by_day": ["day", "reason", "reservations", "units"],
    "adjustment": ["event_id", "product_id", "location_id", "adjustment_type", "units", "adjusted_on", "adjusted_at"],
    "shortage": ["event_id", "kind", "product_id", "location_id", "level", "threshold", "alert_level", "happened_at"],
    "shortage_by_product": ["product_id", "location_id", "ran_out", "ran_low", "last_at"],
    "stock_level": ["event_id", "product_id", "location_id", "quantity", "reserved_quantity", "available_quantity",
                    "update_type", "source_event", "updated_at"],
    "stock_by_day": ["day", "product_id", "location_id", "updates", "least_available", "most_available"],
    "sale": ["order_id", "amount", "sold_on", "sold_at"],
    "refund": ["refund_id", "order_id", "amount", "reason", "refunded_on", "refunded_at"],
    "revenue_by_day": ["day", "orders", "sold", "refunds", "given_back", "net"],
}


def day(micros):
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)).strftime("%Y-%m-%d")


def grouped(rows, key):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups.items()


def prices(events):
    for product, changes in grouped(events, lambda event: event["data"]["product_id"]):
        price = {event["data"]["effective_date"]: event["data"]["new_price"] for event in changes}  # the youngest of an instant
        starts = sorted(price)
        for start, end in zip(starts, [*starts[1:], None]):
            yield product, price[start], start, end


def reservations(events):
    made = youngest(of(events, INVENTORY + "reserved"), "reservation_id")
    given_up = youngest(of(events, INVENTORY + "released"), "reservation_id")
    for key in made.keys() | given_up.keys():
        one, end = made.get(key), given_up.get(key)
        data = (one or end)["data"]
        yield (*key, data["product_id"], data["location_id"], data["quantity"], data.get("order_id"), one and one["timestamp"],
               end and end["timestamp"], end and end["data"]["reason"])


def model(events):
    def rows(topic, *names):
        for event in of(events, topic):
            yield (event["event_id"], *(event["data"][name] for name in names), event["timestamp"])

    tables = {"price_change": list(rows(PRODUCT + "price-changed", "product_id", "old_price", "new_price", "effective_date")),
              "price_history": list(prices(of(events, PRODUCT + "price-changed"))),
              "reservation": list(reservations(events)),
              "stock_level": list(rows(INVENTORY + "updated", *TABLES["stock_level"][1:-1]))}
    tables["demand_by_day"] = [
        (*key, len(group), sum(row[3] for row in group), sum(row[3] for row in group if row[6] is not None))
        for key, group in grouped((row for row in tables["reservation"] if row[5] is not None), lambda row: (day(row[5]), row[1]))]
    tables["cancellation_by_day"] = [
        (*key, len(group), sum(row[3] for row in group))
        for key, group in grouped((row for row in tables["reservation"] if row[6] is not None), lambda row: (day(row[6]), row[7]))]
    tables["adjustment"] = [
        (event, product, place, kind, new - old, day(at), at) for event, product, place, kind, new, old, at
        in rows(INVENTORY + "adjusted", "product_id", "location_id", "adjustment_type", "new_quantity", "old_quantity")]
    tables["shortage"] = [
        (event, "out-of-stock", product, place, level, None, None, at) for event, product, place, level, at
        in rows(PRODUCT + "out-of-stock", "product_id", "location_id", "last_stock_level")]
    tables["shortage"] += [
        (row[0], "low-stock", *row[1:]) for row
        in rows(INVENTORY + "low-stock-alert", "product_id", "location_id", "current_quantity", "threshold", "alert_level")]
    tables["shortage_by_product"] = [
        (*key, sum(row[1] == "out-of-stock" for row in group), sum(row[1] == "low-stock" for row in group), max(row[7] for row in group))
        for key, group in grouped(tables["shortage"], lambda row: row[2:4])]
    tables["stock_by_day"] = [
        (*key, len(group), min(row[5] for row in group), max(row[5] for row in group))
        for key, group in grouped(tables["stock_level"], lambda row: (day(row[8]), row[1], row[2]))]
    tables["sale"] = [
        (*key, event["data"]["final_amount"], day(event["data"]["completion_time"]), event["data"]["completion_time"])
        for key, event in youngest(of(events, ORDER + "completed"), "order_id").items()]
    tables["refund"] = [
        (*key, data["order_id"], data["refund_amount"], data["refund_reason"], day(data["processed_at"]), data["processed_at"])
        for key, data in ((key, event["data"]) for key, event in youngest(of(events, ORDER + "refunded"), "refund_id").items())]
    sold = {key: [row[1] for row in group] for key, group in grouped(tables["sale"], lambda row: row[2])}
    back = {key: [row[2] for row in group] for key, group in grouped(tables["refund"], lambda row: row[4])}
    tables["revenue_by_day"] = [
        (key, len(sold.get(key, [])), total(sold.get(key, [])), len(back.get(key, [])), total(back.get(key, [])),
         text(Decimal(total(sold.get(key, []))) - Decimal(total(back.get(key, []))))) for key in sold.keys() | back.keys()]
    return tables
