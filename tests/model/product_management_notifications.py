# SPDX-License-Identifier: Apache-2.0
"""What product-management-notifications tells, and to whom: the seller of the product, also when that is known later."""
import re
from collections import defaultdict

import audience

DAY = 86_400_000_000
UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TABLES = {
    "holder": audience.HOLDER, "wish": audience.WISH, "message": audience.MESSAGE, "mr_notice": audience.NOTICE,
    "low_stock": ["event_id", "product_id", "product_name", "quantity", "threshold", "severity", "warned_at"],
    "low_stock_frequency": ["product_id", "warnings", "grave", "lowest", "first_at", "last_at"],
    "low_stock_by_day": ["day_at", "warnings", "products"],
}


def listed(d):
    return "product-listed", f"Your product is listed: {d['name']}", \
        f"{d['name']} is listed in {d['category']} at {d['price']} cents. In stock: {d['quantity']}.\nProduct: {d['productId']}\n"


def changed(d, user):
    to, was = d["changes"], d["previousState"]
    lines = [f"{name}: {to[name]}{' cents' if name == 'price' else ''}" + (f" (was {was[name]})" if name in was else "")
             for name in ("name", "description", "price", "quantity", "category") if to[name] is not None]
    lines += [f"Changed by: {user or 'unknown'}", f"Product: {d['productId']}", ""]
    return "product-changed", f"Your product was changed: {to['name'] or was.get('name') or d['productId']}", "\n".join(lines)


def low(d):
    grade = f", {d['severity']}" if d["severity"] else ""
    return "low-stock", f"Low stock{grade}: {d['productName']}", \
        f"{d['productName']}: {d['currentQuantity']} left, the limit is {d['threshold']}.\nProduct: {d['productId']}\n"


def seller_of(data):
    """previousState may hold anything; a seller is a UUID."""
    before = (data.get("previousState") or {}).get("sellerId", "")
    return data.get("sellerId") or (before.lower() if UUID.fullmatch(before) else None)


def model(events):
    told, warnings, products, days = audience.Audience(), [], defaultdict(list), defaultdict(list)
    for e in events:
        d, kind = e["data"], e["topic"].split(".")[2]
        owner = seller_of(d)
        if owner:
            told.holds(e, "seller", d["productId"], owner)
        said = listed(d) if kind == "created" else changed(d, e["user_id"]) if kind == "updated" else low(d)
        if kind != "updated" or any(value is not None for value in d["changes"].values()):
            told.tell(e, "seller", d["productId"], *said)
        if kind == "low-stock-warning":
            warnings.append((e["event_id"], d["productId"], d["productName"], d["currentQuantity"], d["threshold"],
                             d["severity"], e["timestamp"]))
            products[d["productId"]].append(warnings[-1])
            days[e["timestamp"] // DAY * DAY].append(d["productId"])
    return told.tables() | {
        "low_stock": warnings,
        "low_stock_frequency": [(key, len(rows), sum(row[5] in ("high", "critical") for row in rows), min(row[3] for row in rows),
                                 min(row[6] for row in rows), max(row[6] for row in rows)) for key, rows in products.items()],
        "low_stock_by_day": [(day, len(seen), len(set(seen))) for day, seen in days.items()],
    }
