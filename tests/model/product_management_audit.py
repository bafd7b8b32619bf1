# SPDX-License-Identifier: Apache-2.0
"""What product-management-audit keeps: every event, with each field before and after, and all of its context."""
from collections import Counter, defaultdict

FIELDS = ("name", "description", "price", "quantity", "category")
TOLD = ("productName", "currentQuantity", "threshold", "sellerId", "category", "severity")
WHAT = {"created": "created", "updated": "updated", "deleted": "deleted", "low-stock-warning": "low-stock"}

TABLES = {
    "change": ["event_id", "product_id", "what", "changed_at", "said_at", "user_id", "session_id", "correlation_id",
               "source", "version", "reason"],
    "change_field": ["event_id", "field", "old_value", "new_value", "changed"],
    "change_context": ["event_id", "name", "value"],
    "user_activity": ["user_id", "what", "changes", "products", "first_at", "last_at"],
}


def what(event):
    return WHAT[event["topic"].split(".")[2]]


def text(value):
    return None if value is None else str(value)


def fields(event):
    data, kind = event["data"], what(event)
    if kind == "created":
        return [(name, None, text(data[name]), 1) for name in (*FIELDS, "sellerId")]
    if kind == "updated":
        changes, before = {k: v for k, v in data["changes"].items() if v is not None}, data["previousState"]
        return [(name, before.get(name), text(value), 1) for name, value in changes.items()] + \
            [(name, value, value, 0) for name, value in before.items() if name not in changes]
    if kind == "low-stock":
        return [(name, text(data[name]), text(data[name]), 0) for name in TOLD if data[name] is not None]
    return []


def model(events):
    tables, users = {name: [] for name in TABLES}, defaultdict(list)
    for e in events:
        data = e["data"]
        said = data.get("createdAt") or data.get("updatedAt") or data.get("deletedAt")
        tables["change"].append((e["event_id"], data["productId"], what(e), e["timestamp"], said, e["user_id"],
                                 e["session_id"], e["correlation_id"], e["source_service"], e["event_version"],
                                 data.get("reason")))
        tables["change_field"] += [(e["event_id"], *row) for row in fields(e)]
        tables["change_context"] += [(e["event_id"], *pair) for pair in e["metadata"].items()]
        users[e["user_id"], what(e)].append((e["timestamp"], data["productId"]))
    for key, seen in users.items():
        products = Counter(product for _, product in seen)
        tables["user_activity"].append((*key, len(seen), len(products), min(seen)[0], max(seen)[0]))
    return tables
