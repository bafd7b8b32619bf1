# SPDX-License-Identifier: Apache-2.0
"""What product-management-analytics keeps: the histories of prices and stock, and what they add up to."""
from collections import defaultdict
from decimal import Decimal

DAY = 86_400_000_000
FIELDS = ("name", "description", "category", "price", "quantity")

TABLES = {
    "product": ["product_id", "name", "category", "seller_id", "price", "quantity", "listed_at", "changed_at", "deleted_at",
                "delete_reason"],
    "price_history": ["product_id", "changed_at", "price", "price_before", "event_id"],
    "stock_history": ["product_id", "changed_at", "quantity", "difference", "event_id"],
    "sold_out": ["product_id", "times", "last_at"],
    "category_state": ["category", "products", "deleted", "sellers", "units"],
    "price_volatility": ["product_id", "prices", "raised", "lowered", "last_at"],
    "activity_by_day": ["day_at", "created", "updated", "deleted", "products", "users"],
}


class Product:
    def __init__(self):
        self.values = defaultdict(list)  # field -> [(time, event, value)], in order of time
        self.seller = self.listed = self.deleted = None
        self.changed, self.listings = 0, set()

    def take(self, event):
        data, kind = event["data"], event["topic"].split(".")[2]
        self.changed = max(self.changed, event["timestamp"])
        said = data if kind == "created" else data["changes"] if kind == "updated" else {}
        for field in FIELDS:
            if said.get(field) is not None:
                self.values[field].append((event["timestamp"], event["event_id"], said[field]))
        if kind == "created":
            self.seller, self.listed = data["sellerId"], data["createdAt"] or event["timestamp"]
            self.listings.add(event["event_id"])
        elif kind == "deleted":  # events come by their ids where they are of one moment
            if self.deleted is None or (data["deletedAt"], self.deleted[2]) < (self.deleted[0], event["event_id"]):
                self.deleted = (data["deletedAt"], data["reason"], event["event_id"])

    def now(self, field):
        return self.values[field][-1][2] if self.values[field] else None


def histories(tables, key, product):
    before, raised, lowered = None, 0, 0
    for at, event, price in product.values["price"]:
        tables["price_history"].append((key, at, price, before, event))
        raised += before is not None and Decimal(price) > Decimal(before)
        lowered += before is not None and Decimal(price) < Decimal(before)
        before = price
    if product.values["price"]:
        tables["price_volatility"].append((key, len(product.values["price"]), raised, lowered, product.values["price"][-1][0]))
    before, out = None, []
    for at, event, units in product.values["quantity"]:
        tables["stock_history"].append((key, at, units, None if before is None else units - before, event))
        if units <= 0 and (before > 0 if before is not None else event not in product.listings):
            out.append(at)
        before = units
    if out:
        tables["sold_out"].append((key, len(out), out[-1]))


def model(events):
    tables, products = {name: [] for name in TABLES}, defaultdict(Product)
    days = defaultdict(lambda: (defaultdict(int), set(), set()))
    for event in events:
        products[event["data"]["productId"]].take(event)
        counts, seen, users = days[event["timestamp"] // DAY * DAY]
        counts[event["topic"].split(".")[2]] += 1
        seen.add(event["data"]["productId"])
        users.add(event["user_id"])
    categories = defaultdict(list)
    for key, p in products.items():
        tables["product"].append((key, p.now("name"), p.now("category"), p.seller, p.now("price"), p.now("quantity"), p.listed,
                                  p.changed, *(p.deleted or (None, None))[:2]))
        categories[p.now("category")].append(p)
        histories(tables, key, p)
    for category, those in categories.items():
        tables["category_state"].append((category, len(those), sum(p.deleted is not None for p in those),
                                         len({p.seller for p in those} - {None}),
                                         sum(p.now("quantity") or 0 for p in those if p.deleted is None)))
    for day, (counts, seen, users) in days.items():
        tables["activity_by_day"].append((day, counts["created"], counts["updated"], counts["deleted"], len(seen),
                                          len(users - {None})))
    return tables
