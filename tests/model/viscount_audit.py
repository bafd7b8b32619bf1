# SPDX-License-Identifier: Apache-2.0
"""What viscount-audit keeps: every adjustment with the digest of its content. The chain follows the order of arrival."""
import collections
import hashlib

COLUMNS = ["event_id", "adjusted_at", "product_id", "location_id", "old_quantity", "new_quantity", "adjustment_type", "reason",
           "reference_number", "correlation_id", "source_service", "user_id"]
TABLES = {
    "adjustment": [*COLUMNS, "digest"],
    "chain": ["event_id"],
    "shrinkage": ["product_id", "location_id", "adjustment_type", "adjustments", "units", "first_at", "last_at"],
    "reference_reuse": ["reference_number", "adjustments"],
}


def digest(fields):
    texts = ["" if field is None else str(field) for field in fields]
    return hashlib.sha256("".join(f"{len(text.encode())}:{text}," for text in texts).encode()).hexdigest()


def model(events):
    tables = {name: [] for name in TABLES}
    kinds, references = collections.defaultdict(list), collections.Counter()
    for event in events:
        data = event["data"]
        fields = [event["timestamp"] if name == "adjusted_at" else data[name] if name in data else event[name] for name in COLUMNS]
        tables["adjustment"].append((*fields, digest(fields)))
        tables["chain"].append((event["event_id"],))
        kinds[data["product_id"], data["location_id"], data["adjustment_type"]].append(
            (event["timestamp"], data["new_quantity"] - data["old_quantity"]))
        references[data["reference_number"]] += 1
    tables["shrinkage"] = [(*kind, len(rows), sum(units for _, units in rows), min(rows)[0], max(rows)[0])
                           for kind, rows in kinds.items()]
    tables["reference_reuse"] = [(reference, n) for reference, n in references.items() if n > 1]
    return tables
