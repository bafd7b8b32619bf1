# SPDX-License-Identifier: Apache-2.0
"""Holds schemas/avro/ against its own rules and against the platforms' contracts.

usage: check_schemas.py [--shared DIR] [--self-test | --fix] SCHEMAS_DIR
Prints one line a finding, as FILE: PATH: RULE, and exits 1 if there is any. The contracts are read
from DIR (default: $MILLRACE_SHARED); without them only the own rules are checked, loudly, and with
CI set that is a failure. --self-test breaks copies in memory and demands that each break is found.
"""
import argparse
import json
import os
import pathlib
import re
import sys

import contracts
import schema_rules
import schema_breaks


def compare(walk, path, type_, want):
    """One schema type against one contract type, member by member."""
    type_ = walk.resolve(type_)
    kind = schema_rules.kind_of(type_)
    if kind != want['kind']:
        walk.say(path, 'the contract has %s, the schema %s' % (want['kind'], kind))
    elif kind == 'record':
        compare_members(walk, path, type_['fields'], want['members'])
    elif kind == 'array':
        compare(walk, path + '/*', type_['items'], want['items'])
    elif kind == 'map':
        compare(walk, path + '/*', type_['values'], want['values'])
    elif kind == 'enum' and type_['symbols'][1:] != want['symbols']:
        walk.say(path, 'the contract has the symbols ' + ' '.join(want['symbols']))


def compare_members(walk, path, fields, want):
    have = {field['name']: field for field in fields}
    for name in want.keys() - have.keys():
        walk.say('%s/%s' % (path, name), 'is in the contract and not in the schema')
    for name, field in have.items():
        here = '%s/%s' % (path, name)
        if name not in want:
            walk.say(here, 'is in the schema and not in the contract')
            continue
        type_, nullable = schema_rules.unwrap(field['type'])
        wanted, optional = want[name]
        if nullable != optional:
            walk.say(here, 'is %s in the contract' % ('optional' if optional else 'required'))
        compare(walk, here, type_, wanted)
        compare_limits(walk, here, field, wanted)


def compare_limits(walk, path, field, want):
    """Exactly the contract's limits where it writes them; else docs/contracts.md's."""
    limits = {k: v for k, v in field.items() if k in schema_rules.KEYWORDS}
    if 'limits' in want:
        if limits != want['limits']:
            walk.say(path, 'the contract has the limits %s' % json.dumps(want['limits']))
    elif want['kind'] in schema_rules.NUMBERS and 'minimum' not in limits:
        walk.say(path, 'needs a minimum')
    elif want['kind'] == 'string' and identifies(field['name']) and 'minLength' not in limits:
        walk.say(path, 'needs minLength: what identifies is never empty')


def identifies(name):
    codes = ('id', 'sku', 'currency', 'Currency', 'ticketCode')
    return name in codes or name.endswith(('Id', '_id'))


def check_one(path, text, schema, wanted):
    walk, data = schema_rules.check(schema, path[:-len('.avsc')].replace('/', '.'))
    if text != schema_rules.render(schema) + '\n':
        walk.say('', 'is not in the common layout (--fix writes it)')
    if wanted is not None:
        name, contract = wanted
        if schema['name'] != name:
            walk.say('', 'must be named ' + name)
        if contract is not None and data is not None:
            compare(walk, '/data', data, contract)
    return walk


def of_topic(topic):
    return topic.replace('.', '/', 1) + '.avsc'


def stem(path):
    """Major versions of one event share their names: they never meet in one topic."""
    return re.sub(r'\.v\d+\.avsc$', '', path)


def check_all(files, rows, own=()):
    """files: {relative path: text}; rows: contracts.read()'s, or None; own: those that have examples instead of a
    contract. Returns sorted findings."""
    findings, owner, first, wanted = [], {}, {}, {}
    for topic, name, contract in rows or []:
        wanted[of_topic(topic)] = (name, contract)
    if rows is not None:
        findings += ['%s: events.tsv has no such topic, nor has it examples in tests/events' % p
                     for p in files.keys() - wanted.keys() if p not in own]
        findings += ['%s: is missing' % p for p in wanted.keys() - files.keys()]
    for path in sorted(files):
        try:
            schema = json.loads(files[path])
            walk = check_one(path, files[path], schema, wanted.get(path))
            head = json.dumps(schema['fields'][:len(schema_rules.ENVELOPE)])
        except ValueError as error:
            findings.append('%s: no JSON: %s' % (path, error))
            continue
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            findings.append('%s: not shaped like an event: %r' % (path, error))
            continue
        if first.setdefault('envelope', head) != head:
            walk.say('', 'the envelope differs from that of the first file')
        for name in walk.names:
            if stem(owner.setdefault(name, path)) != stem(path):
                walk.say('', 'type name %s is taken by %s' % (name, owner[name]))
        findings += ['%s: %s' % (path, finding) for finding in walk.findings]
    return sorted(findings)


def fix(folder, files):
    for path, text in files.items():
        pretty = schema_rules.render(json.loads(text)) + '\n'
        if pretty != text:
            (folder / path).write_text(pretty, encoding='utf-8')


def self_test(files, rows):
    """Every break of schema_breaks must be found, by the rule it is meant for."""
    failed = planted = 0
    for path, old, new, rule, needs_contract in schema_breaks.BREAKS:
        if needs_contract and rows is None:
            continue
        planted += 1
        broken = dict(files)
        if new is None:
            del broken[path]
        elif old is None:
            broken[path] = new
        elif old not in files[path]:
            print('%s: break no longer applies: %s' % (path, old))
            failed += 1
            continue
        else:
            broken[path] = files[path].replace(old, new, 1)
        found = check_all(broken, rows)
        if not any(path in f and rule in f for f in found):
            print('%s: not found: %s' % (path, rule), *found, sep='\n  ')
            failed += 1
    print('%d breaks, %d not found' % (planted, failed))
    return failed != 0


def main():
    parser = argparse.ArgumentParser(description='Checks schemas/avro/ against rules and contracts')
    parser.add_argument('--shared', default=os.environ.get('MILLRACE_SHARED', ''))
    parser.add_argument('--self-test', action='store_true', help='check the checker')
    parser.add_argument('--fix', action='store_true', help='write the common layout')
    parser.add_argument('folder', type=pathlib.Path)
    options = parser.parse_args()
    files = {p.relative_to(options.folder).as_posix(): p.read_text(encoding='utf-8')
             for p in options.folder.rglob('*.avsc')}
    if options.fix:
        fix(options.folder, files)
        return 0
    rows = None
    if options.shared and pathlib.Path(options.shared, 'seeds').is_dir():
        try:
            rows = contracts.read(options.shared)
        except (ValueError, KeyError, IndexError) as error:
            sys.exit('the contracts in %s cannot be read: %s' % (options.shared, error))
    else:
        print('SKIPPED: comparison with the contracts: no folder %s' %
              (options.shared or '(none given)'))
        if os.environ.get('CI'):
            return 1
    if options.self_test:
        own = {path for path in files if rows is not None and not any(path == of_topic(r[0]) for r in rows)}
        return int(self_test({path: files[path] for path in files if path not in own}, rows))
    examples = options.folder.resolve().parents[1] / 'tests' / 'events'
    own = {path for path in files if (examples / (path.replace('/', '.', 1).removesuffix('.avsc') + '.ndjson')).is_file()}
    findings = check_all(files, rows, own)
    for finding in findings:
        print(finding)
    print('%d schemas, %d compared with a contract, %d findings' %
          (len(files), sum(1 for r in rows or [] if r[2] is not None), len(findings)))
    return int(bool(findings))


if __name__ == '__main__':
    sys.exit(main())
