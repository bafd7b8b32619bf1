# SPDX-License-Identifier: Apache-2.0
"""Avro in the registry's wire format to plain Python values, without our own codec: decimals as text without needless
zeros, instants as microseconds, bytes as hex, the rest as JSON has it."""
import json
import struct
import urllib.request


class Cursor:
    def __init__(self, data, at):
        self.data, self.at = data, at

    def long(self):
        shift = value = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)

    def bytes(self):
        n = self.long()
        self.at += n
        return self.data[self.at - n:self.at]

    def fixed(self, n):
        self.at += n
        return self.data[self.at - n:self.at]


def decimal_text(data, scale):
    """24.990000000 is 24.99, 5.000000000 is 5."""
    unscaled = int.from_bytes(data, "big", signed=True)
    digits = str(abs(unscaled)).rjust(scale + 1, "0")
    whole, fraction = digits[:len(digits) - scale], digits[len(digits) - scale:].rstrip("0")
    return ("-" if unscaled < 0 else "") + whole + ("." + fraction if fraction else "")


def array_of(item):
    def read(c):
        out = []
        while n := c.long():
            if n < 0:
                n = -n
                c.long()
            out.extend(item(c) for _ in range(n))
        return out
    return read


def record_of(schema, names):
    names[schema["name"]] = names[schema.get("namespace", "") + "." + schema["name"]] = lambda c: read(c)
    fields = [(field["name"], reader(field["type"], names)) for field in schema["fields"]]

    def read(c):
        return {name: one(c) for name, one in fields}
    return read


def named(schema, names):
    """Enum or fixed."""
    if schema["type"] == "enum":
        def one(c):
            return schema["symbols"][c.long()]
    elif schema.get("logicalType") == "decimal":
        def one(c):
            return decimal_text(c.fixed(schema["size"]), schema.get("scale", 0))
    else:
        def one(c):
            return c.fixed(schema["size"]).hex()
    names[schema["name"]] = names[schema.get("namespace", "") + "." + schema["name"]] = one
    return one


PRIMITIVES = {
    "null": lambda c: None,
    "boolean": lambda c: c.fixed(1) != b"\0",
    "int": Cursor.long,
    "long": Cursor.long,
    "float": lambda c: struct.unpack("<f", c.fixed(4))[0],
    "double": lambda c: struct.unpack("<d", c.fixed(8))[0],
    "bytes": lambda c: c.bytes().hex(),
    "string": lambda c: c.bytes().decode(),
}


def reader(schema, names):
    """A function of a cursor for this type."""
    if isinstance(schema, list):
        branches = [reader(branch, names) for branch in schema]
        return lambda c: branches[c.long()](c)
    if isinstance(schema, str):
        return PRIMITIVES.get(schema) or names[schema]
    kind = schema["type"]
    if kind == "record":
        return record_of(schema, names)
    if kind in ("enum", "fixed"):
        return named(schema, names)
    if kind == "array":
        return array_of(reader(schema["items"], names))
    if kind == "map":
        value = reader(schema["values"], names)
        pairs = array_of(lambda c: (c.bytes().decode(), value(c)))
        return lambda c: dict(pairs(c))
    if kind == "bytes" and schema.get("logicalType") == "decimal":
        return lambda c: decimal_text(c.bytes(), schema.get("scale", 0))
    return reader(kind, names)


class Decoder:
    """Values by the schema that their first bytes name."""

    def __init__(self, registry):
        self.registry, self.readers = registry.split(",")[0].rstrip("/"), {}

    def decode(self, value):
        if value[:1] != b"\0":
            raise ValueError("not in the registry's wire format")
        number = struct.unpack(">I", value[1:5])[0]
        if number not in self.readers:
            with urllib.request.urlopen(f"{self.registry}/schemas/ids/{number}", timeout=20) as answer:
                self.readers[number] = reader(json.loads(json.load(answer)["schema"]), {})
        return self.readers[number](Cursor(value, 5))
