# SPDX-License-Identifier: Apache-2.0
"""What viscount-customer-service keeps: each order's completion and refunds."""
import collections
from decimal import Decimal

from viscount_events import ORDER, of, text, total, youngest

TABLES = {
    "order_case": ["order_id", "state", "paid", "refunds", "refunded", "balance", "payment_id", "fulfillment_id",
                   "completed_at", "refunded_at"],
    "order_history": ["order_id", "at", "what", "amount", "reference", "detail"],
}


def state(completed, refunds, balance):
    if completed is None:
        return "given-back"
    if not refunds:
        return "completed"
    return "partly-refunded" if balance > 0 else "refunded" if balance == 0 else "over-refunded"


def model(events):
    completed = {key[0]: event["data"] for key, event in youngest(of(events, ORDER + "completed"), "order_id").items()}
    refunds, history = collections.defaultdict(list), []
    for event in youngest(of(events, ORDER + "refunded"), "refund_id").values():
        data = event["data"]
        refunds[data["order_id"]].append(data)
        history.append((data["order_id"], data["processed_at"], "refunded", data["refund_amount"], data["refund_id"],
                        f"{data['refund_reason']} by {data['refund_method']}"))
    cases = []
    for order in completed.keys() | refunds.keys():
        end = completed.get(order)
        paid = end["final_amount"] if end else "0"
        back = total(data["refund_amount"] for data in refunds[order])
        balance = Decimal(paid) - Decimal(back)
        cases.append((order, state(end, refunds[order], balance), paid, len(refunds[order]), back, text(balance),
                      end and end["payment_id"], end and end["fulfillment_id"], end and end["completion_time"],
                      max((data["processed_at"] for data in refunds[order]), default=None)))
        if end:
            history.append((order, end["completion_time"], "completed", paid, end["payment_id"], end["fulfillment_id"]))
    return {"order_case": cases, "order_history": history}
