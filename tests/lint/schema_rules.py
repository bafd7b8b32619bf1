# SPDX-License-Identifier: Apache-2.0
"""What every file under schemas/avro/ has to look like, whatever its contract."""
import difflib
import json
import re

WIDTH = 100
MONEY = re.compile(r'(price|amount)$|^rate$', re.I)
READERS_ONLY = 'unknown'  # the symbol that stands in for one that a reader does not know yet
UUID = {'type': 'string', 'logicalType': 'uuid'}
INSTANT = {'type': 'long', 'logicalType': 'timestamp-micros'}
DECIMAL = {'type': 'bytes', 'logicalType': 'decimal', 'precision': 38, 'scale': 9}
TEXT = {'type': 'string', 'x-json-text': True}
FORMATS = ('uuid', 'date', 'date-time', 'date-or-date-time', 'email', 'uri')
OPTIONAL_TEXT = {'type': ['null', 'string'], 'default': None}
ENVELOPE = {  # without doc; data follows
    'event_id': {'type': UUID},
    'event_type': {'type': 'string'},
    'event_version': {'type': 'string', 'pattern': r'^[0-9]+\.[0-9]+(\.[0-9]+)?$'},
    'timestamp': {'type': INSTANT},
    'correlation_id': {'type': 'string', 'minLength': 1},
    'causation_id': OPTIONAL_TEXT,
    'source_service': {'type': 'string', 'minLength': 1},
    'user_id': OPTIONAL_TEXT,
    'session_id': OPTIONAL_TEXT,
    'metadata': {'type': {'type': 'map', 'values': TEXT}, 'default': {}},
}


def is_size(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_pattern(value):
    try:
        return isinstance(value, str) and re.compile(value) is not None
    except re.error:
        return False


NUMBERS, STRINGS = ('whole', 'real', 'decimal'), ('string', 'date')
KEYWORDS = {  # keyword -> (kinds it may stand on, test of its value)
    'minimum': (NUMBERS, is_number), 'maximum': (NUMBERS, is_number),
    'exclusiveMinimum': (NUMBERS, is_number), 'exclusiveMaximum': (NUMBERS, is_number),
    'minLength': (STRINGS, is_size), 'maxLength': (STRINGS, is_size),
    'pattern': (STRINGS, is_pattern), 'format': (STRINGS, lambda v: v in FORMATS),
    'minItems': (('array',), is_size), 'maxItems': (('array',), is_size),
    'x-json-text': (('any',), lambda v: v is True),
    'x-readers-only': (('enum',), lambda v: v == [READERS_ONLY]),
    'x-min-scale': (('decimal',), lambda v: v in (0, 2)),  # cents have no decimals, other money two
}
BASE_KEYS = {
    'record': ('type', 'name', 'namespace', 'doc', 'fields'),
    'enum': ('type', 'name', 'doc', 'symbols', 'default'),
    'array': ('type', 'items'), 'map': ('type', 'values'), 'decimal': tuple(DECIMAL),
    'field': ('name', 'type', 'default', 'doc'),
}
KINDS = {'string': 'string', 'boolean': 'boolean', 'long': 'whole', 'double': 'real',
         'record': 'record', 'enum': 'enum', 'array': 'array', 'map': 'map'}


def has_fields(value):
    if isinstance(value, dict):
        return 'fields' in value or any(has_fields(v) for v in value.values())
    return isinstance(value, list) and any(has_fields(v) for v in value)


def render(value, indent=0, used=0):
    """The one layout: on one line what fits there and holds no fields, else a member a line."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or not value:
        return line
    if used + len(line) + 1 <= WIDTH and not has_fields(value):
        return line
    pad = ' ' * (indent + 2)
    if isinstance(value, list):
        rows = [pad + render(v, indent + 2, indent + 2) for v in value]
        return '[\n' + ',\n'.join(rows) + '\n' + ' ' * indent + ']'
    rows = []
    for key, member in value.items():
        head = pad + json.dumps(key) + ': '
        rows.append(head + render(member, indent + 2, len(head)))
    return '{\n' + ',\n'.join(rows) + '\n' + ' ' * indent + '}'


def unwrap(type_):
    """(the type without null, whether it was nullable)"""
    if isinstance(type_, list) and len(type_) == 2 and type_[0] == 'null':
        return type_[1], True
    return type_, False


def kind_of(type_):
    """The kind of a type that is no union, as contracts.py names kinds; None for any other."""
    if isinstance(type_, str):
        return KINDS.get(type_)
    if not isinstance(type_, dict):
        return None
    if 'logicalType' in type_:
        core = {k: v for k, v in type_.items() if k in DECIMAL}
        if core == UUID:
            return 'uuid'
        return 'instant' if core == INSTANT else 'decimal' if core == DECIMAL else None
    if 'x-json-text' in type_:
        return 'any' if type_['type'] == 'string' else None
    if type_.get('format', '').startswith('date'):
        return 'date'
    return KINDS.get(type_['type']) if isinstance(type_.get('type'), str) else None


class Walk:
    """Walks one schema and collects what is wrong with it as 'path: rule' lines."""

    def __init__(self):
        self.findings = []
        self.names = {}

    def say(self, path, text):
        self.findings.append('%s: %s' % (path or '/', text))

    def resolve(self, type_):
        return self.names.get(type_, type_) if isinstance(type_, str) else type_

    def keys(self, path, node, kind, base):
        """Known keys only; each keyword on a kind it suits, with a value it can have."""
        for key in node:
            if key in base or key in ('examples', 'x-lint-off'):
                continue  # `millrace schema lint` looks at them
            if key not in KEYWORDS:
                near = difflib.get_close_matches(key, list(base) + list(KEYWORDS), 1)
                hint = '; nearest is ' + near[0] if near else ''
                self.say(path, 'unknown key %s%s' % (key, hint))
            elif kind not in KEYWORDS[key][0]:
                self.say(path, '%s cannot stand on %s' % (key, kind))
            elif not KEYWORDS[key][1](node[key]):
                self.say(path, '%s has a value it cannot have' % key)

    def doc(self, path, node):
        if not isinstance(node.get('doc'), str) or not node['doc'].endswith('.'):
            self.say(path, 'needs a doc that is a sentence')

    def type(self, path, type_):
        type_ = self.resolve(type_)
        kind = kind_of(type_)
        if kind is None:
            self.say(path, 'is no type that an event may have')
        if kind is None or isinstance(type_, str):
            return kind
        self.keys(path, type_, kind, BASE_KEYS.get(kind, ('type', 'logicalType')))
        if kind in ('record', 'enum'):
            self.named(path, type_, kind)
        elif kind in ('array', 'map'):
            self.type(path + '/*', type_['items' if kind == 'array' else 'values'])
        return kind

    def named(self, path, type_, kind):
        if self.names.get(type_['name']) is type_:
            return  # a second use by name
        if type_['name'] in self.names:
            self.say(path, 'defines %s a second time' % type_['name'])
        self.names[type_['name']] = type_
        self.doc(path, type_)
        if kind == 'enum':
            self.enum(path, type_)
            return
        for field in type_['fields']:
            self.field('%s/%s' % (path, field['name']), field)
        names = [field['name'] for field in type_['fields']]
        for name in sorted({n for n in names if names.count(n) > 1}):
            self.say(path, 'has %s more than once' % name)

    def enum(self, path, type_):
        if type_['symbols'][0] != READERS_ONLY or type_.get('default') != READERS_ONLY:
            self.say(path, 'needs %s as first symbol and default' % READERS_ONLY)
        if 'x-readers-only' not in type_:
            self.say(path, 'needs x-readers-only')
        if len(set(type_['symbols'])) != len(type_['symbols']):
            self.say(path, 'has a symbol twice')

    def field(self, path, field):
        type_, nullable = unwrap(field['type'])
        self.doc(path, field)
        kind = self.type(path, type_)
        self.keys(path, field, kind, BASE_KEYS['field'])
        if MONEY.search(field['name']) and kind != 'decimal':
            self.say(path, 'is money and must be a decimal(38,9)')
        if kind == 'decimal' and 'x-min-scale' not in self.resolve(type_):
            self.say(path, 'needs x-min-scale: decimals that are always shown')
        if nullable and ('default' not in field or field['default'] is not None):
            self.say(path, 'is nullable and needs the default null')
        if not nullable and 'default' in field and path != '/metadata':
            self.say(path, 'is required and may have no default')


def check(schema, topic):
    """Findings about one parsed schema, its walk (for names) and its data record."""
    service, domain, _ = topic.split('.', 2)
    walk = Walk()
    walk.type('', schema)
    space = 'millrace.%s.%s' % (service.replace('-', '_'), domain.replace('-', '_'))
    if schema.get('namespace') != space:
        walk.say('', 'namespace must be ' + space)
    for name in walk.names:
        if not re.match(r'[A-Z][A-Za-z0-9]*$', name) or not name.startswith(schema['name']):
            walk.say('', 'type name %s must be PascalCase and start with its event\'s' % name)
    head = schema['fields'][:len(ENVELOPE)]
    found = {f['name']: {k: v for k, v in f.items() if k not in ('name', 'doc')} for f in head}
    if list(found.items()) != list(ENVELOPE.items()):
        walk.say('', 'the envelope must come first and be the common one')
    last = schema['fields'][len(ENVELOPE):]
    if [f['name'] for f in last] != ['data'] or kind_of(last[0]['type']) != 'record':
        walk.say('', 'after the envelope comes one record, data')
        return walk, None
    if last[0]['type']['name'] != schema['name'] + 'Data':
        walk.say('/data', 'must be named %sData' % schema['name'])
    return walk, last[0]['type']
