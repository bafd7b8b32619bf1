# SPDX-License-Identifier: Apache-2.0
"""What viscount-accounting keeps: each refund once, a debit and a credit for it."""
import collections
import datetime
from decimal import Decimal

from viscount_events import ORDER, of, text, total, youngest

OPTIONS = ["--returns-account", "4100", "--settlement-account", "1200"]
TABLES = {
    "refund": ["refund_id", "order_id", "amount", "reason", "method", "processed_at", "said_at", "said_by"],
    "ledger": ["refund_id", "line", "booked_on", "account", "debit", "credit"],
    "trial_balance": ["account", "entries", "debit", "credit", "balance"],
    "order_refund": ["order_id", "refunds", "amount", "last_at"],
    "out_of_balance": ["refund_id"],
}


def day(micros):
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)).strftime("%Y-%m-%d")


def model(events):
    tables = {name: [] for name in TABLES}
    accounts, orders = collections.defaultdict(list), collections.defaultdict(list)
    for (refund,), event in youngest(of(events, ORDER + "refunded"), "refund_id").items():
        data = event["data"]
        amount, at = data["refund_amount"], data["processed_at"]
        tables["refund"].append((refund, data["order_id"], amount, data["refund_reason"], data["refund_method"], at,
                                 event["timestamp"], event["event_id"]))
        for row in [(refund, 1, day(at), "4100", amount, None), (refund, 2, day(at), "1200/" + data["refund_method"], None, amount)]:
            tables["ledger"].append(row)
            accounts[row[3]].append(row[4:])
        orders[data["order_id"]].append((amount, at))
    for account, entries in accounts.items():
        debit, credit = (total(entry[side] or 0 for entry in entries) for side in (0, 1))
        tables["trial_balance"].append((account, len(entries), debit, credit, text(Decimal(debit) - Decimal(credit))))
    tables["order_refund"] = [(order, len(refunds), total(amount for amount, _ in refunds), max(at for _, at in refunds))
                              for order, refunds in orders.items()]
    return tables
