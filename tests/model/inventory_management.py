# SPDX-License-Identifier: Apache-2.0
"""What inventory-management keeps and tells, where there is enough of everything and no reservation lapses: which order gets
the last unit, which reservation lapses first, and whether a product was deleted by then, hangs on the order in which events
of different flows arrive. An order is set aside whole or not at all, so what is set aside for orders of a product that is
ever deleted is not compared."""
import collections
import uuid

from viscount_events import ORDER, of, youngest

OPTIONS = ["--reservation-time", "30d", "--opening-stock", "5000"]
SPACE = uuid.UUID("57f84eb3-e4b0-519e-9534-e346668e73a4")  # of all ids that Millrace derives
HOLD, OPENING, PLACE = 30 * 86400 * 1000000, 5000, "warehouse_main"
GONE = "product_id IN (SELECT product_id FROM product WHERE deleted_at IS NOT NULL)"
BLOCKED = f"order_id IN (SELECT order_id FROM reservation WHERE {GONE})"
STATE = f"stock_state WHERE NOT {GONE} AND product_id NOT IN (SELECT product_id FROM reservation WHERE {BLOCKED})"
RESERVATION = f"reservation WHERE NOT {BLOCKED}"
# stock.changed_at grows with each change, in the order of arrival
TABLES = {
    "product": ["product_id", "sku", "name", "is_active", "described_at", "described_by", "deleted_at"],
    "stock": ["product_id", "location_id", "on_hand"],
    STATE: ["product_id", "location_id", "on_hand", "reserved", "available"],
    "order_state": ["order_id", "customer_id", "total_amount", "currency", "created_at", "completed_at", "final_amount",
                    "cancelled_at", "cancellation_reason", "correlation_id", "state"],
    RESERVATION: ["order_id", "line", "product_id", "location_id", "quantity", "state", "expires_at", "reservation_id"],
    "order_line": ["order_id", "line", "product_id", "quantity", "outcome", "reservation_id"],
}
INVENTORY = "inventory-management.inventory."


class Orders:
    def __init__(self, events):
        self.created = {key[0]: event for key, event in youngest(of(events, ORDER + "created"), "order_id").items()}
        self.completed = {key[0]: event["data"] for key, event in youngest(of(events, ORDER + "completed"), "order_id").items()}
        self.cancelled = {key[0]: event["data"] for key, event in youngest(of(events, ORDER + "cancelled"), "order_id").items()}

    def state(self, order):
        return "completed" if order in self.completed else "cancelled" if order in self.cancelled else "created"

    def lines(self):
        """(order, number, product, quantity, reservation, what became of it, its event)"""
        for order, event in self.created.items():
            end = {"completed": "shipped", "cancelled": "released", "created": "reserved"}[self.state(order)]
            for number, item in enumerate(event["data"]["items"], 1):
                reservation = f"res_{uuid.uuid5(SPACE, f'inventory-management/{order}/{number}')}"
                yield order, number, item["product_id"], item["quantity"], reservation, end, event

    def blocked(self, deleted):
        """Orders of a product that is ever deleted."""
        return {line[0] for line in self.lines() if line[2] in deleted}

    def rows(self):
        for order in self.created.keys() | self.completed.keys() | self.cancelled.keys():
            event = self.created.get(order)
            data = event["data"] if event else collections.defaultdict(lambda: None)
            done, off = (kind.get(order, collections.defaultdict(lambda: None)) for kind in (self.completed, self.cancelled))
            yield (order, data["customer_id"], data["total_amount"], data["currency"], event and event["timestamp"],
                   done["completion_time"], done["final_amount"], off["cancelled_at"], off["cancellation_reason"],
                   event and event["correlation_id"], self.state(order))


def opened(events, orders):
    """Products that were heard of: by their creation or by an order's line."""
    return ({event["data"]["product_id"] for event in of(events, "product-catalog.product.created")}
            | {line[2] for line in orders.lines()})


def model(events):
    tables = {name: [] for name in TABLES}
    described = youngest([event for event in events if "sku" in event["data"]], "product_id")
    deleted = youngest(of(events, "product-catalog.product.deleted"), "product_id")
    for key in described.keys() | deleted.keys():
        one, gone = described.get(key), deleted.get(key)
        data = one["data"] if one else {"sku": None, "is_active": None, "name": gone["data"]["name"]}
        tables["product"].append((*key, data["sku"], data["name"], None if one is None else int(data["is_active"]),
                                  one and one["timestamp"], one and one["event_id"], gone and gone["timestamp"]))
    orders, shipped, held = Orders(events), collections.Counter(), collections.Counter()
    blocked, unsure = orders.blocked(deletions(events)), deletions(events)
    for order, number, product, quantity, reservation, end, event in orders.lines():
        if order in blocked:
            unsure.add(product)
        else:
            tables[RESERVATION].append((order, number, product, PLACE, quantity, end, event["timestamp"] + HOLD, reservation))
        tables["order_line"].append((order, number, product, quantity, "open" if end == "reserved" else end, reservation))
        shipped[product] += quantity if end == "shipped" else 0
        held[product] += quantity if end == "reserved" else 0
    tables["order_state"] = list(orders.rows())
    for product in opened(events, orders):
        left = OPENING - shipped[product]
        tables["stock"].append((product, PLACE, left))
        if product not in unsure:
            tables[STATE].append((product, PLACE, left, held[product], left - held[product]))
    return tables


def emits(events):
    orders = Orders(events)
    blocked = orders.blocked(deletions(events))
    for product in opened(events, orders):
        yield INVENTORY + "updated.v1", {"product_id": product, "location_id": PLACE, "update_type": "initial",
                                         "source_event": "opening_stock"}
    for order, number, product, quantity, reservation, end, event in orders.lines():
        if end == "shipped":
            yield INVENTORY + "updated.v1", {"product_id": product, "location_id": PLACE, "update_type": "shipment",
                                             "source_event": "order.completed"}
        if order in blocked:
            continue
        yield INVENTORY + "reserved.v1", {
            "reservation_id": reservation, "product_id": product, "quantity": quantity, "location_id": PLACE, "order_id": order,
            "expires_at": event["timestamp"] + HOLD}
        if end == "released":
            yield INVENTORY + "released.v1", {"reservation_id": reservation, "product_id": product, "quantity": quantity,
                                              "location_id": PLACE, "reason": "order_cancelled"}


def deletions(events):
    return {event["data"]["product_id"] for event in of(events, "product-catalog.product.deleted")}


def compares(events):
    """Which of the emitted events emits() tells."""
    orders = Orders(events)
    blocked = orders.blocked(deletions(events))
    unsure = {line[4] for line in orders.lines() if line[0] in blocked}
    return lambda event: event["data"].get("reservation_id") not in unsure
