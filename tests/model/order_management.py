# SPDX-License-Identifier: Apache-2.0
"""What order-management keeps of products, prices and reservations. When its saga says that an order is validated is the
clock's matter: test_sagas.c shows it; that there is one for every flow is told here."""

CREATED, UPDATED, DELETED, PRICED, RAN_OUT, RESERVED, RELEASED = (
    "product-catalog.product.created.v1", "product-catalog.product.updated.v1", "product-catalog.product.deleted.v1",
    "product-catalog.product.price-changed.v1", "product-catalog.product.out-of-stock.v1",
    "inventory-management.inventory.reserved.v1", "inventory-management.inventory.released.v1")
EMITTED = []

TABLES = {
    # the name of a product that was only ever deleted is the deletion's
    "product": ["product_id", "name", "sku", "category_id", "is_active", "described_at", "deleted_at"],
    "price": ["product_id", "valid_at", "price", "said_at"],
    "out_of_stock": ["product_id", "location_id", "last_level", "ran_out_at"],
    "reservation": ["reservation_id", "order_id", "product_id", "location_id", "quantity", "expires_at", "reserved_at",
                    "released_at", "release_reason"],
    "mr_saga": ["saga", "skey"],
}


def products(events):
    rows = {}
    for event in events:
        topic, data, at = event["topic"], event["data"], event["timestamp"]
        if topic in (CREATED, UPDATED):
            rows.setdefault(data["product_id"], {}).update(
                name=data["name"], sku=data["sku"], category_id=data["category_id"], is_active=int(data["is_active"]),
                described_at=at)
        elif topic == DELETED:
            row = rows.setdefault(data["product_id"], {})
            row["deleted_at"] = at
            if "described_at" not in row:
                row["name"] = data["name"]
    return [(product, *(row.get(name) for name in TABLES["product"][1:])) for product, row in rows.items()]


def prices(events):
    rows = {}
    for event in events:
        topic, data, at = event["topic"], event["data"], event["timestamp"]
        if topic in (CREATED, UPDATED):
            rows[data["product_id"], at] = at, data["price"]
        elif topic == PRICED:
            rows[data["product_id"], data["effective_date"]] = at, data["new_price"]
    return [(*key, price, at) for key, (at, price) in rows.items()]


def reservations(events):
    rows = {}
    for event in events:
        topic, data, at = event["topic"], event["data"], event["timestamp"]
        if topic not in (RESERVED, RELEASED):
            continue
        row = rows.setdefault(data["reservation_id"], {})
        if topic == RESERVED or "reserved_at" not in row:  # what was reserved is as the reservation says
            row.update(product_id=data["product_id"], location_id=data["location_id"])
        if topic == RESERVED:
            row.update(order_id=data["order_id"], quantity=data["quantity"], expires_at=data["expires_at"], reserved_at=at)
        else:
            row.update(released_at=at, release_reason=data["reason"])
            if "reserved_at" not in row:
                row["quantity"] = data["quantity"]
    return [(name, *(row.get(column) for column in TABLES["reservation"][1:])) for name, row in rows.items()]


def model(events):
    empty = {(event["data"]["product_id"], event["data"]["location_id"]): event for event in events
             if event["topic"] == RAN_OUT}
    return {
        "product": products(events), "price": prices(events), "reservation": reservations(events),
        "out_of_stock": [(*key, event["data"]["last_stock_level"], event["timestamp"]) for key, event in empty.items()],
        "mr_saga": [("OrderSaga", flow) for flow in
                    {event["correlation_id"] for event in events if event["topic"] == RESERVED}],
    }
