# SPDX-License-Identifier: Apache-2.0
"""What the models of First Viscount's services share."""
from decimal import Decimal

ORDER = "order-management.order."


def of(events, topic):
    """Those of a topic, given by what stands between service and version."""
    return [event for event in events if event["topic"] == topic + ".v1"]


def youngest(events, *names):
    """Per value of these members of the data: the last event that has them."""
    return {tuple(event["data"][name] for name in names): event for event in events}


def text(amount):
    """As money stands in a table: without needless zeros."""
    whole = f"{amount:f}"
    return whole.rstrip("0").rstrip(".") if "." in whole else whole


def total(amounts):
    return text(sum(map(Decimal, amounts), Decimal(0)))


def valid(event):
    """Whether an order.validated says that nothing failed."""
    return all(result in ("passed", "not_checked") for result in event["data"]["validation_results"].values())
