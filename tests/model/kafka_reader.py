# SPDX-License-Identifier: Apache-2.0
"""Records of Kafka topics, read without Kafka's or our own client: the wire protocol with Python's library alone, so
that a model is computed from what is really there. Metadata 1, ListOffsets 1, Fetch 4; record batches of version 2,
plain, gzip or lz4."""
import collections
import gzip
import socket
import struct

Record = collections.namedtuple("Record", "topic partition offset key value headers")
METADATA, LIST_OFFSETS, FETCH = (3, 1), (2, 1), (1, 4)
CONTROL, CODEC = 0x20, 0x07
MOST = 8 << 20  # bytes of one answer


class Bytes:
    """A cursor over an answer."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise EOFError
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def text(self):
        n = self.number("h")
        return None if n < 0 else self.take(n).decode()

    def many(self, read):
        return [read() for _ in range(self.number("i"))]

    def varint(self):
        shift = value = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)

    def var_bytes(self):
        n = self.varint()
        return None if n < 0 else self.take(n)


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


class Broker:
    """One connection; requests one after another."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.sock = socket.create_connection((host, int(port)), 20)

    def ask(self, api, body):
        head = struct.pack(">hhi", *api, 1) + text("millrace-models")
        self.sock.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
        n = struct.unpack(">i", self.exactly(4))[0]
        answer = Bytes(self.exactly(n))
        answer.number("i")  # the correlation id
        return answer

    def exactly(self, n):
        parts = bytearray()
        while len(parts) < n:
            part = self.sock.recv(n - len(parts))
            if not part:
                raise ConnectionError("the broker hung up")
            parts += part
        return bytes(parts)

    def close(self):
        self.sock.close()


def metadata(address, topics):
    """({broker id: host:port}, {topic: {partition: leader's id}}) of those topics; an error is raised by its number."""
    broker = Broker(address)
    a = broker.ask(METADATA, struct.pack(">i", len(topics)) + b"".join(map(text, topics)))
    broker.close()

    def node():
        number, host, port = a.number("i"), a.text(), a.number("i")
        a.text()  # its rack
        return number, f"{host}:{port}"

    def partition():
        error, number, leader = a.number("h"), a.number("i"), a.number("i")
        a.many(lambda: a.number("i"))
        a.many(lambda: a.number("i"))
        return error, number, leader

    def topic():
        error, name = a.number("h"), a.text()
        a.number("b")  # internal
        parts = a.many(partition)
        if error or any(part[0] for part in parts):
            raise RuntimeError(f"{name}: Kafka's error {error or [part[0] for part in parts]}")
        return name, {number: leader for _, number, leader in parts}

    nodes = dict(a.many(node))
    a.number("i")  # its controller
    return nodes, dict(a.many(topic))


def offset(broker, topic, partition, time):
    """Of the beginning (-2) or the end (-1)."""
    a = broker.ask(LIST_OFFSETS, struct.pack(">ii", -1, 1) + text(topic) + struct.pack(">iiq", 1, partition, time))
    a.number("i")
    a.text()
    a.take(8)  # one partition, its number
    error, _, found = a.number("h"), a.number("q"), a.number("q")
    if error:
        raise RuntimeError(f"{topic} [{partition}]: Kafka's error {error}")
    return found


def fetch(broker, topic, partition, start):
    """The bytes of some batches from an offset on."""
    body = struct.pack(">iiiibi", -1, 1000, 1, MOST, 0, 1) + text(topic) + struct.pack(">iiqi", 1, partition, start, MOST)
    a = broker.ask(FETCH, body)
    a.take(8)  # throttled for, one topic
    a.text()
    a.take(8)  # one partition, its number
    error = a.number("h")
    a.take(16)  # ends of what may be read
    a.many(lambda: a.take(16))  # transactions that were given up
    if error:
        raise RuntimeError(f"{topic} [{partition}] at {start}: Kafka's error {error}")
    return a.take(max(a.number("i"), 0))


def lz4_length(data, at, n):
    """(length, next): 15 in the token means that bytes follow, up to one that is not 255."""
    while n >= 15:
        n, at = n + data[at], at + 1
        if data[at - 1] != 255:
            break
    return n, at


def lz4_block(data, out):
    """A block of LZ4 behind what is in `out` already, to which it may refer."""
    at = 0
    while at < len(data):
        token = data[at]
        n, at = lz4_length(data, at + 1, token >> 4)
        out += data[at:at + n]
        at += n
        if at >= len(data):
            return
        back = data[at] | data[at + 1] << 8
        n, at = lz4_length(data, at + 2, token & 15)
        n += 4
        piece = bytes(out[len(out) - back:][:n])
        out += (piece * (n // len(piece) + 1))[:n]


def lz4(data):
    """A frame of LZ4."""
    flags = data[4]
    at, out = 7 + (8 if flags & 8 else 0), bytearray()
    while True:
        size = struct.unpack_from("<I", data, at)[0]
        at += 4
        if size == 0:
            return bytes(out)
        block = data[at:at + (size & 0x7FFFFFFF)]
        at += len(block) + (4 if flags & 0x10 else 0)
        if size >> 31:
            out += block
        else:
            lz4_block(block, out)


UNPACK = {0: bytes, 1: gzip.decompress, 3: lz4}


def records(topic, partition, data):
    """Those of whole batches."""
    batches = Bytes(data)
    while len(data) - batches.at >= 61:
        base, size = batches.number("q"), batches.number("i")
        try:
            batch = Bytes(batches.take(size))
        except EOFError:
            return  # the last one is cut
        batch.take(9)  # leader's epoch, magic, checksum
        attributes = batch.number("h")
        batch.take(4 + 8 + 8 + 8 + 2 + 4)
        count = batch.number("i")
        if attributes & CONTROL:
            yield base + count - 1, None
            continue
        if attributes & CODEC not in UNPACK:
            raise RuntimeError(f"{topic} [{partition}]: a batch of codec {attributes & CODEC}, which is not read here")
        inner = Bytes(UNPACK[attributes & CODEC](batch.take(size - batch.at)))
        for _ in range(count):
            inner.varint()
            inner.take(1)
            inner.varint()
            at = base + inner.varint()
            key, value = inner.var_bytes(), inner.var_bytes()
            headers = [(inner.var_bytes().decode(), inner.var_bytes()) for _ in range(inner.varint())]
            yield at, Record(topic, partition, at, key, value, headers)


def read_partition(broker, topic, partition):
    at, end = offset(broker, topic, partition, -2), offset(broker, topic, partition, -1)
    while at < end:
        before = at
        for number, record in records(topic, partition, fetch(broker, topic, partition, at)):
            if number < at or number >= end:
                continue
            at = number + 1
            if record:
                yield record
        if at == before:
            return  # only marks of transactions, or what was deleted, up to the end


def read(address, topics):
    """Every record of the topics from the beginning to the end as it is now."""
    nodes, found = metadata(address, sorted(topics))
    brokers = {}
    try:
        for topic, partitions in sorted(found.items()):
            for partition, leader in sorted(partitions.items()):
                if leader not in brokers:
                    brokers[leader] = Broker(nodes[leader])
                yield from read_partition(brokers[leader], topic, partition)
    finally:
        for broker in brokers.values():
            broker.close()
