# SPDX-License-Identifier: Apache-2.0
"""Reads what the five platforms' contracts say about each event, for check_schemas.py.

A type is a dict with a kind: record (members: name -> (type, optional)), array (items), map
(values), enum (symbols), or one of string, uuid, instant, date, decimal, whole, real, boolean, any.
The platforms' own words become these kinds by the decisions of docs/contracts.md. Limits are given
only where a contract writes them down.
"""
import csv
import json
import pathlib
import re

from schema_rules import MONEY

OWN = ('NotificationSent', 'BroadcastNotificationSent')  # named without a schema: ours
REAL = re.compile(r'percentage$|threshold$|hours|^(latitude|longitude|accuracy)$', re.I)
INSTANT = re.compile(r'(At|Time|Deadline)$')
DATE = re.compile(r'Dates?$')
OPEN_MAP, OPEN_VALUE = ('attributes',), ('old_value', 'new_value')


def scalar(kind):
    return {'kind': kind}


def record(members):
    return {'kind': 'record', 'members': members}


def number(name):
    return scalar('decimal' if MONEY.search(name) else 'real' if REAL.search(name) else 'whole')


def blocks(text, heading, fence):
    """Each heading's first fenced block, before the next heading of any level."""
    for part in re.split(r'(?m)^(?=#{2,4} )', text):
        name = re.match(heading, part)
        block = re.search(r'(?ms)^```' + fence + r'\n(.*?)^```', part)
        if name and block:
            yield name.group(1), block.group(1)


def festivo(text):
    word = {'string': lambda _: scalar('string'), 'datetime': lambda _: scalar('instant'),
            'number': number}
    for name, block in blocks(text, r'#### [\d.]+ (\w+)', 'json'):
        yield name, record({m: (word[w](m), False) for m, w in json.loads(block).items()})


def from_example(value, name=''):
    if name in OPEN_VALUE:
        return scalar('any')
    if name in OPEN_MAP:
        return {'kind': 'map', 'values': scalar('any')}
    if isinstance(value, dict):
        return record({m: (from_example(v, m), m in OPEN_VALUE) for m, v in value.items()})
    if isinstance(value, list):
        return {'kind': 'array', 'items': from_example(value[0])}
    if isinstance(value, bool):
        return scalar('boolean')
    if isinstance(value, int):
        return scalar('whole')
    if re.match(r'\d{4}-\d\d-\d\dT.*Z$', value):
        return scalar('instant')
    return scalar('decimal' if MONEY.search(name) else 'string')


def viscount(text):
    for name, block in blocks(text, r'### (\w+Event)\n', 'json'):
        yield name, from_example(json.loads(block)['data'])


def from_json_schema(schema):
    limits = {k: schema[k] for k in ('minimum', 'maximum', 'minLength', 'maxLength', 'pattern')
              if k in schema}
    if 'enum' in schema:
        return {'kind': 'enum', 'symbols': schema['enum']}
    if schema['type'] == 'object' and 'properties' not in schema:
        return {'kind': 'map', 'values': scalar('any')}
    if schema['type'] == 'object':
        required = schema.get('required', [])
        return record({m: (from_json_schema(s), m not in required)
                       for m, s in schema['properties'].items()})
    kind = {'uuid': 'uuid', 'date-time': 'instant', None: schema['type']}[schema.get('format')]
    kind = {'number': 'decimal', 'integer': 'whole'}.get(kind, kind)
    return {'kind': kind, 'limits': limits}


def product_management(text):
    for name, block in blocks(text, r'### \d+\. (\w+) Event', 'json'):
        yield name, from_json_schema(json.loads(block)['properties']['data'])


class TypeScript:
    """The few type forms that the bookings contract uses."""

    def __init__(self, text):
        text = re.sub(r'//.*', '', text)
        self.words = re.findall(r'\w+|"[^"]*"|[^\s\w"]', text)

    def take(self, want=None):
        word = self.words.pop(0)
        if want is not None and word != want:
            raise ValueError('expected %s, found %s' % (want, word))
        return word

    def seen(self, word):
        if self.words and self.words[0] == word:
            return bool(self.take())
        return False

    def members(self):
        self.take('{')
        members = {}
        while not self.seen('}'):
            name = self.take()
            optional = self.seen('?')
            self.take(':')
            members[name] = (self.type(name), optional)
            self.take(';')
        return record(members)

    def type(self, name):
        if self.words[0] == '{':
            found = self.members()
        elif self.words[0].startswith('"'):
            symbols = [self.take().strip('"')]
            while self.seen('|'):
                symbols.append(self.take().strip('"'))
            found = {'kind': 'enum', 'symbols': symbols}
        elif self.seen('Record'):
            for word in ('<', 'string', ',', 'number', '>'):
                self.take(word)
            found = {'kind': 'map', 'values': scalar('real')}
        else:
            word = self.take()
            if word == 'string':
                found = scalar('instant' if INSTANT.search(name) else
                               'date' if DATE.search(name) else 'string')
            else:
                found = {'number': number(name), 'boolean': scalar('boolean')}[word]
        while self.seen('['):
            self.take(']')
            found = {'kind': 'array', 'items': found}
        return found


def bookings(text):
    for name, block in blocks(text, r'#### `([A-Z_]+)`', 'typescript'):
        yield name, TypeScript(block.split('Payload', 1)[1]).members()


def ticketwave(text):
    kinds = {'Guid': 'uuid', 'int': 'whole', 'DateTime': 'instant', 'decimal': 'decimal',
             'string': 'string', 'bool': 'boolean'}
    for name, block in re.findall(r'(?m)^(\w+IntegrationEvent)\n\{\n(.*?)^\}', text, re.S | re.M):
        members = re.findall(r'(\w+): (\w+)(\??)', block)
        yield name, record({m: (scalar(kinds[t]), q == '?') for m, t, q in members})


READERS = {'000': festivo, '001': viscount, '002': product_management, '003': bookings,
           '004': ticketwave}


def record_name(event):
    """The platform's name in PascalCase; names that are not all capitals stay as they are."""
    if not event.isupper():
        return event
    return ''.join(word.capitalize() for word in event.split('_'))


def read(shared):
    """Rows of events.tsv as (topic, record name, type or None for our own schemas)."""
    shared = pathlib.Path(shared)
    found = {}
    for path in sorted((shared / 'seeds').glob('*.txt')):
        text = path.read_text(encoding='utf-8')
        for name, contract in READERS[path.name[:3]](text):
            found[path.name, name] = contract
    with open(shared / 'design' / 'events.tsv', encoding='utf-8', newline='') as table:
        rows = list(csv.DictReader(table, delimiter='\t'))
    result = []
    for row in rows:
        contract = found.pop((row['seed'], row['event']), None)
        if contract is None and row['event'] not in OWN:
            raise ValueError('events.tsv: %s: no such event in %s' % (row['event'], row['seed']))
        result.append((row['topic'], record_name(row['event']), contract))
    if found:
        raise ValueError('events without a row in events.tsv: %s' % sorted(n for _, n in found))
    return result
