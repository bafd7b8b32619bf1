# SPDX-License-Identifier: Apache-2.0
"""What viscount-search keeps: the words of each product that is not deleted, weighted by where they stand."""
import collections
import re
import unicodedata

from viscount_events import of, youngest

TABLES = {
    "product": ["product_id", "name", "description", "category_id", "price", "sku", "is_active", "described_at", "described_by",
                "deleted_at"],
    "term": ["term", "product_id", "weight"],
    "attribute": ["product_id", "name", "value"],
    "facet": ["name", "value", "products"],
}
COLUMNS = ["name", "description", "category_id", "price", "sku"]
WEIGHTS = {"name": 8, "sku": 8, "category_id": 4, "description": 1}


def words(text):
    """Of what the simulation writes: German, Spanish."""
    marks = "".join(c for c in unicodedata.normalize("NFD", text.replace("ß", "ss")) if not unicodedata.combining(c))
    return re.findall(r"[a-z0-9]+", marks.lower())


def model(events):
    tables = {name: [] for name in TABLES}
    described = youngest([event for event in events if "sku" in event["data"]], "product_id")
    deleted = {key: event["timestamp"] for key, event in youngest(of(events, "product-catalog.product.deleted"), "product_id").items()}
    facets = collections.Counter()
    for key in described.keys() | deleted.keys():
        event, gone = described.get(key), deleted.get(key)
        data = event["data"] if event else collections.defaultdict(lambda: None)
        tables["product"].append((*key, *(data[name] for name in COLUMNS), int(data["is_active"]) if event else None,
                                  event and event["timestamp"], event and event["event_id"], gone))
        if not event or (gone is not None and gone >= event["timestamp"]):
            continue
        weights = collections.Counter()
        for name, weight in WEIGHTS.items():
            weights.update({word: weight * n for word, n in collections.Counter(words(data[name])).items()})
        for name, value in data["attributes"].items():
            tables["attribute"].append((*key, name, value))
            facets[name, value] += data["is_active"]
            weights.update({word: 2 * n for word, n in collections.Counter(words(value)).items()})
        tables["term"] += [(word, *key, weight) for word, weight in weights.items()]
    tables["facet"] = [(*facet, n) for facet, n in facets.items() if n]
    return tables
