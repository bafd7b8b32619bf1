/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to break the good file of catalog_fixture.h, each with the whole report it must give. */
#pragma once

struct mutation {
    const char *find; /* its first occurrence ... */
    const char *put;  /* ... becomes this */
    const char *want;
};

static const struct mutation mutations[] = {
    {"partitions: 3", "partitionz: 3",
     "topics.yaml:2:12: unknown key 'partitionz' in 'topics'; did you mean 'partitions'?\n"},
    {"partitions: 3", "partitions: three",
     "topics.yaml:2:24: 'partitions' takes a whole number, not 'three'\n"},
    {"partitions: 3", "partitions: 0",
     "topics.yaml:2:24: 'partitions' must be from 1 to 10000, not 0\n"},
    {"partitions: 3", "partitions: 99999999999",
     "topics.yaml:2:24: 'partitions': 99999999999 is out of range\n"},
    {"partitions: 3", "partitions: [3]", "topics.yaml:2:24: 'partitions' takes a single value\n"},
    {"partitions: 3, ", "",
     "topics.yaml:2:11: key 'partitions' is missing in 'topics' of the file's defaults\n"},
    {"cleanup: delete, comp", "cleanup: compactt, comp",
     "topics.yaml:2:56: 'cleanup' cannot be 'compactt'; did you mean 'compact'?\n"},
    {"FULL}", "FULL_TRANSITIV}",
     "topics.yaml:2:79: 'compatibility' cannot be 'FULL_TRANSITIV'; did you mean "
     "'FULL_TRANSITIVE'?\n"},
    {"retention: cluster", "retention: clutser",
     "topics.yaml:2:38: 'retention' takes a time like 36h, 14d or 7y of at least 1s, or 'cluster' "
     "or 'forever', not 'clutser'; did you mean 'cluster'?\n"},
    {"retention: cluster", "retention: 14",
     "topics.yaml:2:38: 'retention' takes a time like 36h, 14d or 7y of at least 1s, or 'cluster' "
     "or 'forever', not '14'\n"},
    {"retention: 14d", "retention: 14d, compatibility: FULL",
     "topics.yaml:3:49: unknown key 'compatibility' in 'dead_letters'; it can be 'partitions', "
     "'replication', 'retention' or 'cleanup'\n"},
    {"attempts: 5", "attempts: 0", "topics.yaml:4:21: 'attempts' must be from 1 to 1000, not 0\n"},
    {"initial: 1s", "initial: 2h, initial: 3h",
     "topics.yaml:4:37: key 'initial' stands here twice, first in line 4\n"},
    {"initial: 1s", "initial: 48h",
     "topics.yaml:4:33: 'initial' takes a time from 1ms to 1d, like 500ms or 30s, not '48h'\n"
     "topics.yaml:48:14: consumer group 'gates' would wait 172800000ms at first but 30000ms at "
     "most: raise 'max' or lower 'initial' in 'retry'\n"
     "topics.yaml:52:14: consumer group 'stock-watch' would wait 172800000ms at first but 60000ms "
     "at most: raise 'max' or lower 'initial' in 'retry'\n"},
    {"initial: 1s", "initial: 2m",
     "topics.yaml:48:14: consumer group 'gates' would wait 120000ms at first but 30000ms at most: "
     "raise 'max' or lower 'initial' in 'retry'\n"
     "topics.yaml:52:14: consumer group 'stock-watch' would wait 120000ms at first but 60000ms at "
     "most: raise 'max' or lower 'initial' in 'retry'\n"},
    {"multiplier: 2", "multiplier: 0.5", "topics.yaml:4:49: 'multiplier' must be from 1 to 100\n"},
    {"multiplier: 2", "multiplier: twice",
     "topics.yaml:4:49: 'multiplier' takes a number like 2 or 1.5, not 'twice'\n"},
    {"jitter: true", "jitter: maybe",
     "topics.yaml:4:70: 'jitter' cannot be 'maybe'; it can be 'true' or 'false'\n"},
    {"jitter: true", "jitter: yes",
     "topics.yaml:4:70: 'jitter' cannot be 'yes'; it can be 'true' or 'false'\n"},
    {"key: release", "key: releaze",
     "topics.yaml:4:81: 'key' cannot be 'releaze'; did you mean 'release'?\n"},
    {"envelope: cloud\n", "envelope: Cloud\n",
     "topics.yaml:6:15: envelope 'Cloud' must be lower-case letters and digits in words joined by "
     "'-', a letter first, at most 100 in all\n"
     "topics.yaml:6:15: no platform uses envelope 'Cloud'\n"
     "topics.yaml:28:47: there is no envelope 'cloud'; did you mean 'Cloud'?\n"
     "topics.yaml:31:17: there is no envelope 'cloud'; did you mean 'Cloud'?\n"},
    {"envelope: flat\n", "envelope: cloud\n",
     "topics.yaml:18:15: envelope 'cloud' is defined twice\n"
     "topics.yaml:18:15: no platform uses envelope 'cloud'\n"
     "topics.yaml:31:24: there is no envelope 'flat'; it can be 'cloud'\n"},
    {"when: /specversion", "when: specversion",
     "topics.yaml:7:11: 'specversion' is no JSON pointer: write /member or /member/inner\n"},
    {"event_id: {from", "event_idd: {from",
     "topics.yaml:9:7: unknown key 'event_idd' in 'fields'; did you mean 'event_id'?\n"},
    {"uuid: true}", "uuid: true, required: true}",
     "topics.yaml:9:59: key 'required' stands here twice, first in line 9\n"},
    {"[/id]", "[/i~d]",
     "topics.yaml:9:25: '/i~d' is no JSON pointer: write /member or /member/inner, '~' as ~0\n"},
    {"[/type, /metadata/type]", "[/type, /id]",
     "topics.yaml:10:34: '/id' is already taken by 'event_id'\n"},
    {"[/type, /metadata/type]", "[\"\"]",
     "topics.yaml:10:27: only 'data' can be the whole document\n"},
    {"timestamp: {from: [/time]}", "timestamp: {required: true, default: [$time]}",
     "topics.yaml:12:29: 'required' needs 'from': the JSON cannot have what stands nowhere\n"
     "topics.yaml:37:9: key 'time' is missing in topic 'orders.order.created.v1': envelope 'cloud' "
     "makes timestamp from it\n"
     "topics.yaml:43:9: key 'time' is missing in topic 'orders.order.created.v2': envelope 'cloud' "
     "makes timestamp from it\n"},
    {"timestamp: {from: [/time]}", "timestamp: {from: [/time], uuid: true}",
     "topics.yaml:12:40: 'timestamp' is never a UUID\n"},
    {"$key, $event_id", "$keys, $event_id",
     "topics.yaml:13:58: 'correlation_id' cannot default to '$keys'; did you mean '$key'?\n"},
    {"default: [\"1.0\"]", "default: [$verzion]",
     "topics.yaml:11:33: 'event_version' cannot default to '$verzion'; did you mean '$version'?\n"},
    {"default: [$time]", "default: [2024-01-01]",
     "topics.yaml:23:29: 'timestamp' cannot default to '2024-01-01'; it can be '$time'\n"},
    {"      source_service: {from: [/source]}\n", "",
     "topics.yaml:9:7: 'source_service' is missing in envelope 'cloud': every event has one; give "
     "'from' or 'default'\n"},
    {"at: /subject", "at: /source",
     "topics.yaml:16:67: '/source' is already taken by 'source_service'\n"},
    {"at: /subject, ", "", "topics.yaml:16:62: key 'at' is missing in 'members'\n"},
    {"      data: {from: [\"\"]}\n", "      data: {from: [\"\"]}\n    extensions: true\n",
     "topics.yaml:18:5: in envelope 'flat' the document is the data: it has no other members\n"},
    {"      data: {from: [\"\"]}\n", "      data: {from: [\"\", /x]}\n",
     "topics.yaml:26:21: the whole document leaves nothing to choose: give one pointer\n"},
    {"envelopes: [cloud]", "envelopes: [clowd]",
     "topics.yaml:28:47: there is no envelope 'clowd'; did you mean 'cloud'?\n"},
    {"envelopes: [cloud, flat]", "envelopes: [flat, cloud]",
     "topics.yaml:31:17: envelope 'flat' has no 'when', so those after it are never tried: put it "
     "last\n"},
    {"envelopes: [cloud, flat]", "envelopes: [cloud]",
     "topics.yaml:18:15: no platform uses envelope 'flat'\n"},
    {"major.minor}", "major.minor.pathc}",
     "topics.yaml:28:79: 'version' cannot be 'major.minor.pathc'; did you mean "
     "'major.minor.patch'?\n"},
    {"required: true}, {at: /subject", "required: true, refuse: never}, {at: /subject",
     "topics.yaml:16:20: a member to 'refuse' cannot have 'is', 'metadata' or 'required'\n"},
    {"unknown: drop", "unknown: dropp",
     "topics.yaml:28:64: 'unknown' cannot be 'dropp'; did you mean 'drop'?\n"},
    {"platform: fair\n    title", "platform: shop\n    title",
     "topics.yaml:29:15: platform 'shop' is defined twice\n"
     "topics.yaml:37:9: key 'key' is missing in topic 'orders.order.created.v1': envelope 'flat' "
     "makes correlation_id from it\n"
     "topics.yaml:37:9: key 'time' is missing in topic 'orders.order.created.v1': envelope 'flat' "
     "makes timestamp from it\n"
     "topics.yaml:43:9: key 'key' is missing in topic 'orders.order.created.v2': envelope 'flat' "
     "makes correlation_id from it\n"
     "topics.yaml:43:9: key 'time' is missing in topic 'orders.order.created.v2': envelope 'flat' "
     "makes timestamp from it\n"
     "topics.yaml:49:15: there is no platform 'fair'; it can be 'shop'\n"
     "topics.yaml:53:15: there is no platform 'fair'; it can be 'shop'\n"},
    {"retention: 7y", "retention: 7 y",
     "topics.yaml:32:36: 'retention' takes a time like 36h, 14d or 7y of at least 1s, or 'cluster' "
     "or 'forever', not '7 y'\n"},
    {"service: gates\n", "service: Gates\n",
     "topics.yaml:41:20: there is no service 'gates'; did you mean 'Gates'?\n"
     "topics.yaml:48:14: service 'Gates' must be lower-case letters and digits in words joined by "
     "'-', a letter first, at most 100 in all\n"
     "topics.yaml:51:17: topic 'Gates.gate.opened.v1' has no schema: "
     "schemas/avro/Gates/gate.opened.v1.avsc is missing\n"},
    {"service: gates\n", "service: orders\n",
     "topics.yaml:41:20: there is no service 'gates'; it can be 'orders' or 'stock-watch'\n"
     "topics.yaml:48:14: service 'orders' is defined twice\n"
     "topics.yaml:51:17: topic 'orders.gate.opened.v1' has no schema: "
     "schemas/avro/orders/gate.opened.v1.avsc is missing; it can be 'order.created.v1.avsc' or "
     "'order.created.v2.avsc'\n"},
    {"platform: shop\n    topics", "platform: shopp\n    topics",
     "topics.yaml:35:15: there is no platform 'shopp'; did you mean 'shop'?\n"},
    {"topic: order.created.v1", "topic: order.created",
     "topics.yaml:37:16: topic 'order.created' must be domain.action.v<major>, like "
     "order.created.v1\n"},
    {"topic: order.created.v1", "topic: order.created.v0",
     "topics.yaml:37:16: topic 'order.created.v0' must be domain.action.v<major>, like "
     "order.created.v1\n"},
    {"topic: order.created.v1", "topic: order.Created.v1",
     "topics.yaml:37:16: action 'Created' must be lower-case letters and digits in words joined by "
     "'-', a letter first, at most 100 in all\n"},
    {"topic: order.created.v2", "topic: order.created.v1",
     "topics.yaml:43:16: topic 'orders.order.created.v1' is defined twice, first in line 37\n"
     "schemas/avro/orders/order.created.v2.avsc:1:1: no topic of topics.yaml has this schema: add "
     "one, or remove the file\n"},
    {"event: OrderCreated\n        types: [order.created, OrderCreated]", "event: Order-Created",
     "topics.yaml:38:16: event 'Order-Created' must be letters, digits and '_', no digit first\n"
     "topics.yaml:54:43: 'stock-watch' consumes no event of type 'order.created'; did you mean "
     "'Order-Created'?\n"},
    {"event: OrderCreated\n        types: [order.created]\n", "types: [order.created]\n",
     "topics.yaml:43:9: key 'event' is missing in topic 'order.created.v2'\n"},
    {"types: [order.created, OrderCreated]", "types: [order.created, order.created]",
     "topics.yaml:39:32: type 'order.created' stands here twice\n"},
    {"consumers: [stock-watch]\n", "consumers: [stok-watch]\n",
     "topics.yaml:40:21: there is no service 'stok-watch'; did you mean 'stock-watch'?\n"},
    {"optional: [gates]", "optional: [stock-watch]",
     "topics.yaml:41:20: consumer 'stock-watch' stands here twice\n"},
    {"optional: [gates]", "optional: gates",
     "topics.yaml:41:19: 'optional' takes a list: [one, two], or lines with '- '\n"},
    {"key: GateId, time: OpenedAt", "key: 1Gate",
     "topics.yaml:51:9: key 'time' is missing in topic 'gates.gate.opened.v1': envelope 'flat' "
     "makes timestamp from it\n"
     "topics.yaml:51:57: key '1Gate' must be letters, digits and '_', no digit first\n"},
    {"topic: order.created.v2", "topic: order.changed.v2",
     "topics.yaml:38:16: 'OrderCreated' is also a name of topic 'orders.order.changed.v2': a "
     "service's events need names of their own\n"
     "topics.yaml:39:16: 'order.created' is also a name of topic 'orders.order.changed.v2': a "
     "service's events need names of their own\n"
     "topics.yaml:43:16: topic 'orders.order.changed.v2' has no schema: "
     "schemas/avro/orders/order.changed.v2.avsc is missing; did you mean 'order.created.v2.avsc'?\n"
     "schemas/avro/orders/order.created.v2.avsc:1:1: no topic of topics.yaml has this schema: add "
     "one, or remove the file\n"},
    {"field: event_type", "field: event_typ",
     "topics.yaml:55:22: 'field' cannot be 'event_typ'; did you mean 'event_type'?\n"},
    {"values: [order.created, GateOpened]", "values: [order.creatd]",
     "topics.yaml:55:43: 'stock-watch' consumes no event of type 'order.creatd'; did you mean "
     "'order.created'?\n"},
    {"retry: {attempts: 3, max: 1m}", "order: {by: arrival, wait: 2m}",
     "topics.yaml:54:43: 'wait' takes a time from 1ms to 1m, like 500ms, not '2m'\n"},
    {"retry: {attempts: 3, max: 1m}", "order: {by: tim, late: drop}",
     "topics.yaml:54:28: 'by' cannot be 'tim'; did you mean 'time'?\n"
     "topics.yaml:54:39: 'late' cannot be 'drop'; it can be 'handle', 'flag' or 'dead-letter'\n"},
    {"retry: {attempts: 3, max: 1m}", "order: {by: time}",
     "topics.yaml:52:14: consumer group 'stock-watch' is ordered by time, which needs topics of "
     "equally many partitions: 'gates.gate.opened.v1' has 3, 'orders.order.created.v1' has 12\n"},
    {"values: [order.created, GateOpened]", "prefix: [gate.]",
     "topics.yaml:55:43: 'stock-watch' consumes no event of a type that begins with 'gate.'; it "
     "can "
     "be 'GateOpened', 'order.created' or 'OrderCreated'\n"},
    {"values: [order.created, GateOpened]", "anything-but: [GateOpend]",
     "topics.yaml:55:49: 'stock-watch' consumes no event of type 'GateOpend'; did you mean "
     "'GateOpened'?\n"},
    {", values: [order.created, GateOpened]", "",
     "topics.yaml:55:14: a filter must say what it lets through: 'values', 'prefix', "
     "'anything-but', 'numeric' or 'exists'\n"},
    {"field: event_type, values", "values",
     "topics.yaml:55:14: a filter compares one thing: give 'field' (of the envelope) or 'header' "
     "(of the record)\n"},
    {"field: event_type, values", "field: user_id, header: x, values",
     "topics.yaml:55:14: a filter compares one thing: give 'field' (of the envelope) or 'header' "
     "(of the record), not both\n"},
    {"values: [order.created, GateOpened]", "numeric: [\">=\", 10, \"<\"]",
     "topics.yaml:55:43: 'numeric' takes pairs of a comparison and a number, like [\">=\", 10, "
     "\"<\", 20]\n"},
    {"values: [order.created, GateOpened]", "numeric: [\"=>\", 1x]",
     "topics.yaml:55:44: '=>' is no comparison: '=', '<', '<=', '>' or '>='\n"
     "topics.yaml:55:50: '1x' is no number\n"},
    {"values: [order.created, GateOpened]", "numeric: [\">=\", 10, \"<\", 10]",
     "topics.yaml:55:43: no number is all of this: nothing would come through\n"},
    {"values: [order.created, GateOpened]", "numeric: [\"=\", 5, \">\", 7]",
     "topics.yaml:55:43: no number is all of this: nothing would come through\n"},
    {"    filter: ", "    colour: red\n    filter: ",
     "topics.yaml:55:5: unknown key 'colour' in service 'stock-watch'; it can be 'service', "
     "'platform', 'defaults', 'filter' or 'topics'\n"},
    {"  - service: stock-watch\n",
     "  - service: idle\n    platform: shop\n    filter: [{field: user_id, values: [a]}]\n    "
     "defaults: {retry: {attempts: 2}}\n  - service: stock-watch\n",
     "topics.yaml:54:13: service 'idle' has a filter, but no topic names it as a consumer\n"
     "topics.yaml:55:23: service 'idle' has retry rules, but no topic names it as a consumer\n"},
    {"title: Shop", "title: \"\"", "topics.yaml:28:29: 'title' is empty\n"},
    {"title: Shop", "title: \"a\\0b\"", "topics.yaml:28:29: 'title' has a NUL character\n"},
    {"services:", "---\nservices:",
     "topics.yaml:1:1: key 'services' is missing in 'topics.yaml'\n"
     "topics.yaml:34:1: a second document begins here: there can be one only\n"},
    {"envelopes:\n  - env", "envelopes: *x\nmore:\n  - env",
     "topics.yaml:5:12: not YAML: found undefined alias\n"},
    {"title: Shop", "\"ti\\x1btle\": Shop",
     "topics.yaml:28:5: key 'title' is missing in platform 'shop'\n"
     "topics.yaml:28:22: unknown key 'ti?tle' in platform 'shop'; did you mean 'title'?\n"},
    {"title: Shop",
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxé: Shop",
     "topics.yaml:28:5: key 'title' is missing in platform 'shop'\n"
     "topics.yaml:28:22: unknown key "
     "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxx?' in platform 'shop'; it can be 'platform', 'title', 'envelopes', 'unknown', "
     "'version' or "
     "'defaults'\n"},
};
