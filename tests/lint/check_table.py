# SPDX-License-Identifier: Apache-2.0
"""Holds the table of checks in docs/contracts.md against the schemas.

usage: check_table.py TOP_DIR

Each row must have five well-formed cells; its events must exist; each word in backticks must be a
member or symbol of one of the row's events, and each event must have one of the words.
"""
import json
import pathlib
import re
import sys

import contracts

SPACES = {'F': 'festivo', 'V': ('product_catalog', 'inventory_management', 'order_management'),
          'P': 'product_management', 'B': ('bookings', 'event_operations'), 'T': 'ticketwave'}
OUTCOMES = ('reject', 'warn')
FREE_WORDS = {'passed'}  # free text that a check looks for


def words_of(value, into):
    """All member names and enum symbols of a schema."""
    if isinstance(value, dict):
        into.update(value.get('symbols', ()))
        into.update(f['name'] for f in value.get('fields', ()))
    for child in value.values() if isinstance(value, dict) else value:
        if isinstance(child, (dict, list)):
            words_of(child, into)
    return into


def load(top):
    events = {}
    for path in (top / 'schemas' / 'avro').rglob('*.avsc'):
        schema = json.loads(path.read_text(encoding='utf-8'))
        platform = next(p for p, s in SPACES.items()
                        if schema['namespace'].split('.')[1].startswith(s))
        events[platform, schema['name']] = words_of(schema, set())
    return events


def check_row(row, events):
    name, platform, names, rule, outcome = row
    if not re.match(r'[a-z]+(-[a-z]+)*$', name) or outcome.split(':')[0] not in OUTCOMES:
        yield 'needs a name of small letters and the outcome reject or warn'
    words = set(re.findall(r'`([\w.]+)`', rule)) - FREE_WORDS
    parts = {part for word in words for part in word.split('.')} - {'event_id'}
    known = []
    for event in names.split(', '):
        have = events.get((platform, contracts.record_name(event)))
        if have is None:
            yield 'no event %s of platform %s' % (event, platform)
            continue
        known.append(have)
        if parts and not parts & have:
            yield '%s has none of %s' % (event, ', '.join(sorted(parts)))
    for part in sorted(parts - set().union(*known)):
        yield 'no event of the row has %s' % part


def check(text, events):
    """Rows of the table and findings about them."""
    lines = text.splitlines()
    heads = [i for i, line in enumerate(lines) if line.startswith('| name | platform |')]
    if not heads:
        return 0, ['0: the table of checks is gone']
    findings, seen = [], set()
    for number, line in enumerate(lines[heads[0] + 2:], heads[0] + 3):
        if not line.startswith('|'):
            break
        row = [cell.strip() for cell in line.strip('|').split('|')]
        wrong = list(check_row(row, events)) if len(row) == 5 else ['needs five cells']
        if tuple(row[:3]) in seen:
            wrong.append('stands twice')
        seen.add(tuple(row[:3]))
        findings += ['%d: %s' % (number, text) for text in wrong]
    return len(seen), findings


BREAKS = [  # planted one by one: text, its replacement, what must be told
    ('`expires_at`', '`expired_at`', 'no event of the row has expired_at'),
    ('KIT_RETURNED |', 'KIT_RETURNT |', 'no event KIT_RETURNT'),
    ('| reject |', '| refuse |', 'needs a name of small letters'),
    ('| series-range | B |', '| series-range |', 'needs five cells'),
    ('| no-items | V |', '| order-total | V |', 'stands twice'),
    ('| name | platform |', '| check |', 'is gone'),
]


def main():
    top = pathlib.Path(sys.argv[1])
    text = (top / 'docs' / 'contracts.md').read_text(encoding='utf-8')
    events = load(top)
    rows, findings = check(text, events)
    for old, new, told in BREAKS:
        if not any(told in f for f in check(text.replace(old, new, 1), events)[1]):
            findings.append('0: a planted fault is not found: %s' % new)
    for finding in findings:
        print('docs/contracts.md:' + finding)
    print('%d checks, %d findings' % (rows, len(findings)))
    return int(bool(findings))


if __name__ == '__main__':
    sys.exit(main())
