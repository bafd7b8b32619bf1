# SPDX-License-Identifier: Apache-2.0
"""First Viscount's stock on a real broker and PostgreSQL: several instances set aside units of the same products."""
import json
import signal
import uuid

from harness import test, wait_for

N, STOCK = 900, 300  # orders of one unit, by turns of two products


def event(kind, flow, second, data):
    return json.dumps({
        "event_id": str(uuid.uuid4()), "correlation_id": flow, "timestamp": f"2026-07-04T10:{second // 60:02}:{second % 60:02}Z",
        "source_service": "order-management-service", "event_version": "1.0", "event_type": kind, "data": data})


def created(order, second, product):
    address = dict.fromkeys(("street", "city", "state", "zip", "country"), "x")
    return event("order.created", order, second, {
        "order_id": order, "customer_id": "cust_1", "total_amount": "5.00", "currency": "USD", "status": "pending",
        "items": [{"product_id": product, "quantity": 1, "unit_price": "5.00", "total_price": "5.00"}],
        "shipping_address": address, "billing_address": address})


def completed(order, second):
    return event("order.completed", order, second, {
        "order_id": order, "completion_time": f"2026-07-04T11:{second // 60:02}:{second % 60:02}Z", "payment_id": "pay_1",
        "fulfillment_id": "ful_1", "final_amount": "5.00"})


class Shop:
    """Instances of inventory-management on one schema."""

    def __init__(self, t, env):
        self.t, self.env = t, env
        self.url = t.postgres.schema(t.prefix)
        self.products = [f"{t.prefix}-tea", f"{t.prefix}-coffee"]

    def start(self):
        return self.t.start(
            "inventory-management-consumer", "--store", self.url, "--group", f"{self.t.prefix}-stock", "--json", "--opening-stock",
            STOCK, "--reservation-time", "30d", "-X", "session.timeout.ms=6000", "--batch", "100", env=self.env)

    def publish(self, events):
        path = self.t.path("orders.ndjson", "\n".join(events) + "\n")
        self.t.run("order-management-producer", path, env=self.env, seconds=60)

    def ask(self, sql):
        return self.t.postgres.sql(f"SET search_path = {self.t.prefix}; {sql}")

    def lines(self, state):
        """Orders of ours with a line in this state."""
        return [row[0] for row in self.ask("SELECT order_id FROM reservation WHERE product_id IN "
                                           f"('{self.products[0]}', '{self.products[1]}') AND state = '{state}'")]

    def told(self, what):
        """Distinct events of this run on a topic of the service, in order of their time."""
        done = self.t.run("millrace", "tail", f"inventory-management.inventory.{what}.v1", "-o", "beginning", "-e", "-J",
                          env=self.env, seconds=60)
        events = {record["value"]["event_id"]: record["value"] for record in done.json_lines()
                  if record["value"]["data"]["product_id"].startswith(self.t.prefix)}
        return sorted(events.values(), key=lambda value: value["timestamp"])


@test
def instances_that_share_a_shelf_set_no_unit_aside_twice(t):
    env = t.cluster()
    shop = Shop(t, env)
    running = [shop.start() for _ in range(3)]
    for one in running:
        one.wait_for("event=assigned", seconds=60)
    shop.publish([created(f"{t.prefix}-{i}", i, shop.products[i % 2]) for i in range(N)])
    wait_for(lambda: len(shop.lines("reserved")) + len(shop.lines("short")) == N, 60, "all orders are decided on")
    held = shop.lines("reserved")
    assert len(held) == 2 * STOCK, len(held)
    running[0].kill()  # and while the others take over its partitions, orders go out
    shop.publish([completed(order, i) for i, order in enumerate(held)])
    wait_for(lambda: len(shop.lines("shipped")) == len(held), 60, "all that was set aside has left")
    for one in running[1:]:
        one.signal(signal.SIGTERM)
        assert one.wait(30).status == 0, one.err()[-2000:]
    for product in shop.products:
        assert shop.ask(f"SELECT on_hand, reserved FROM stock WHERE product_id = '{product}'") == [["0", "0"]]
        levels = [value["data"]["quantity"] for value in shop.told("updated") if value["data"]["product_id"] == product]
        # opened; all is set aside; and each unit that leaves
        assert levels == [STOCK, STOCK, *range(STOCK - 1, -1, -1)], "a level is missing, or older than the one before"
        alerts = [value["data"] for value in shop.told("low-stock-alert") if value["data"]["product_id"] == product]
        assert [(alert["current_quantity"], alert["alert_level"]) for alert in alerts] == [(9, "warning"), (0, "critical")], alerts
    reserved = shop.told("reserved")
    assert sorted(value["data"]["order_id"] for value in reserved) == sorted(held)
    assert all(value["correlation_id"] == value["data"]["order_id"] for value in reserved)
    assert not shop.told("released") and not shop.told("adjusted")
