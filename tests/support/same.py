# SPDX-License-Identifier: Apache-2.0
"""Is what came out of a topic what went in? Compares a platform's JSON with the JSON that tail shows, led
by the schema and by nothing of Millrace's own code, so that a fault in both directions cannot cancel out."""
import datetime
import json
import pathlib
from decimal import Decimal


def load(text):
    """JSON whose numbers stay exact."""
    return json.loads(text, parse_float=Decimal)


class Schemas:
    """schemas/avro by topic, with named types resolved."""

    def __init__(self, folder):
        self.by_topic = {}
        for path in sorted(pathlib.Path(folder).glob("*/*.avsc")):
            self.by_topic[f"{path.parent.name}.{path.stem}"] = json.loads(path.read_text())

    def data(self, topic):
        record = self.by_topic[topic]
        return next(field["type"] for field in record["fields"] if field["name"] == "data"), names_in(record, {})


def names_in(schema, names):
    if isinstance(schema, list):
        for branch in schema:
            names_in(branch, names)
    elif isinstance(schema, dict):
        if schema.get("type") in ("record", "enum", "fixed"):
            names[schema["name"]] = schema
        for field in schema.get("fields", []):
            names_in(field["type"], names)
        for member in ("items", "values", "type"):
            if isinstance(schema.get(member), (dict, list)):
                names_in(schema[member], names)
    return names


def instant(text):
    """Microseconds; digits beyond them are cut, as docs/contracts.md says."""
    head, dot, rest = text.upper().replace("Z", "+00:00").partition(".")
    micros = 0
    if dot:
        digits = rest[:min(i for i, c in enumerate(rest) if not c.isdigit())]
        micros, head = int(digits[:6].ljust(6, "0")), head + rest[len(digits):]
    since = datetime.datetime.fromisoformat(head) - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (since.days * 86400 + since.seconds) * 10**6 + micros


def differences(schema, given, shown, names, path=""):
    """Where shown is not what was given; an empty list when all is the same."""
    if isinstance(schema, str) and schema in names:
        schema = names[schema]
    if isinstance(schema, list):
        if given is None:
            return [] if shown is None else [f"{path}: {shown!r} appeared"]
        return differences(next(b for b in schema if b != "null"), given, shown, names, path)
    kind = schema if isinstance(schema, str) else schema["type"]
    if not isinstance(kind, str):
        return differences(kind, given, shown, names, path)
    keywords = schema if isinstance(schema, dict) else {}
    if shown is None:
        return [f"{path}: {given!r} is lost"]
    if kind == "record":
        return record_differences(schema, given, shown, names, path)
    if kind == "array":
        found = [] if len(given) == len(shown) else [f"{path}: {len(given)} items became {len(shown)}"]
        for i, (a, b) in enumerate(zip(given, shown)):
            found += differences(schema["items"], a, b, names, f"{path}/{i}")
        return found
    if kind == "map":
        given = {k: v for k, v in given.items() if v is not None}
        found = [] if set(given) == set(shown) else [f"{path}: keys {sorted(given)} became {sorted(shown)}"]
        for key in set(given) & set(shown):
            found += differences(schema["values"], given[key], shown[key], names, f"{path}/{key}")
        return found
    return [] if same_scalar(kind, keywords, given, shown) else [f"{path}: {given!r} became {shown!r}"]


def record_differences(schema, given, shown, names, path):
    found = [f"{path}/{name}: unknown" for name in given if name not in {f["name"] for f in schema["fields"]}]
    for field in schema["fields"]:
        name, value = field["name"], given.get(field["name"])
        kind = field["type"]
        if value is None and not (isinstance(kind, list) and "null" in kind):
            if "default" not in field:
                found.append(f"{path}/{name}: was not given, yet went out")
            continue
        found += differences(kind, value, shown.get(name), names, f"{path}/{name}")
    return found


def same_scalar(kind, keywords, given, shown):
    logical = keywords.get("logicalType")
    if logical == "decimal":
        return Decimal(str(given)) == Decimal(str(shown))
    if logical == "timestamp-micros":
        return instant(given) == instant(shown)
    if logical == "uuid":
        return given.lower() == shown
    if keywords.get("x-json-text") and not isinstance(given, str):
        return load(shown) == given
    if kind in ("double", "float"):
        return float(given) == float(shown)
    if kind in ("int", "long"):
        return not isinstance(shown, bool) and int(given) == shown
    return type(given) is type(shown) and given == shown
