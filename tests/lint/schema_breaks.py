# SPDX-License-Identifier: Apache-2.0
"""Faults that check_schemas.py --self-test plants one by one, each with the rule that must tell.

A row: file, text to replace (None: the whole file), its replacement (None: the file is gone), a
part of the finding, and whether only the contract can tell.
"""
ORDER = 'order-management/order.created.v1.avsc'
UPDATED = 'product-management/product.updated.v1.avsc'
CREATED = 'product-management/product.created.v1.avsc'
LOW = 'product-management/product.low-stock-warning.v1.avsc'
OUT = 'event-operations/staff.checked-out.v1.avsc'
KIT = 'event-operations/kit.returned.v1.avsc'
TICKET = 'festivo-ticket/ticket.purchased.v1.avsc'
PAY = 'ticketwave-payment/payment.data-prepared.v1.avsc'
BOOKING = 'bookings/booking.submitted.v1.avsc'
MONEY = '''{
              "type": "bytes",
              "logicalType": "decimal",
              "precision": 38,
              "scale": 9,
              "x-min-scale": 2
            }'''

BREAKS = [
    # own rules
    (TICKET, None, '{', 'no JSON', False),
    (TICKET, None, '{"type": "record"}', 'not shaped like an event', False),
    (TICKET, '"minLength"', '"minLenght"', 'unknown key minLenght; nearest is minLength', False),
    (TICKET, '"minLength": 1, "doc": "The ticket."', '"minLength": -1, "doc": "The ticket."',
     'minLength has a value', False),
    (TICKET, '"minLength": 1, "doc": "The ticket."', '"minimum": 1, "doc": "The ticket."',
     'minimum cannot stand on string', False),
    (TICKET, '"doc": "The ticket."', '"doc": ""', 'needs a doc', False),
    (TICKET, '"name": "TicketPurchasedData"', '"name": "TicketPurchase"', 'must be named', False),
    (TICKET, 'millrace.festivo_ticket.ticket', 'millrace.ticket', 'namespace must be', False),
    (TICKET, '"name": "correlation_id"', '"name": "correlationId"', 'the envelope must come first',
     False),
    (TICKET, 'The session of that user', 'A session of that user', 'the envelope differs', False),
    (TICKET, '{"name": "event_type", "type": "string"', '{"name": "event_type", "type": "bytes"',
     'is no type that an event may have', False),
    (TICKET, '"scale": 9', '"scale": 2', 'is no type', False),
    (TICKET, '"x-min-scale": 2', '"x-min-scale": 3', 'x-min-scale has a value', False),
    (TICKET, '"scale": 9,\n              "x-min-scale": 2', '"scale": 9', 'needs x-min-scale', False),
    (TICKET, '  "doc": "Festivo', '   "doc": "Festivo', 'common layout', False),
    (TICKET, MONEY, '"double"', 'is money', False),
    (BOOKING, '"symbols": ["unknown", "daily"', '"symbols": ["daily"', 'needs unknown', False),
    (BOOKING, '"x-readers-only": ["unknown"]', '"x-readers-only": ["other"]',
     'x-readers-only has a', False),
    (BOOKING, '"daily", "weekly"', '"daily", "daily"', 'has a symbol twice', False),
    (KIT, '"type": ["null", "string"], "default": null, "doc": "Remarks."',
     '"type": ["null", "string"], "default": "", "doc": "Remarks."',
     'needs the default null', False),
    (KIT, '"name": "returnedBy", "type": "string"',
     '"name": "returnedBy", "default": "x", "type": "string"',
     'may have no default', False),
    (KIT, '"name": "KitReturnedDamage"', '"name": "KitReturnedData"', 'a second time', False),
    (KIT, '"name": "KitReturnedDamage"', '"name": "Damage"', 'must be PascalCase', False),
    (KIT, '"name": "receivedBy"', '"name": "returnedBy"', 'more than once', False),
    (OUT, '"type": ["null", "string"]', '"type": ["string", "null"]', 'is no type', False),
    # what only a contract can tell
    (ORDER, '"zip"', '"postcode"', '/data/shipping_address/zip: is in the contract', True),
    (ORDER, '"OrderCreatedEventAddress",\n            "doc": "Who',
     '"string",\n            "doc": "Who',
     'the contract has record, the schema string', True),
    (ORDER, '"minimum": 1, ', '', '/data/items/*/quantity: needs a minimum', True),
    (ORDER, '"minLength": 1, "doc": "The order."', '"doc": "The order."', 'needs minLength', True),
    (UPDATED, '"doc": "New number', '"minimum": 0, "doc": "New number',
     '/data/changes/quantity: the contract has the limits {}', True),
    (UPDATED, '["null", "string"],\n                  "default": null', '"string"',
     'is optional in the contract', True),
    (CREATED, '"maxLength": 255', '"maxLength": 256',
     '/data/name: the contract has the limits', True),
    (CREATED, '"sports", ', '', 'the contract has the symbols', True),
    (LOW, '["null", {"type": "string", "logicalType": "uuid"}]', '["null", "string"]',
     'the contract has uuid, the schema string', True),
    (OUT, '"name": "feedback"', '"name": "feedBack"',
     '/data/feedBack: is in the schema and not', True),
    (PAY, MONEY, '"double"',
     'the contract has decimal, the schema real', True),
    (BOOKING, '"items": {"type": "string", "format": "date-or-date-time"}', '"items": "string"',
     'the contract has date, the schema string', True),
    (TICKET, None, None, 'is missing', True),
    ('festivo-ticket/ticket.resold.v1.avsc', None, '{}', 'no such topic', True),
]
