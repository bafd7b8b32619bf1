/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas in few words, and an order of two versions with the mapping between them. */
#pragma once

#define DECIMAL "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":38,\"scale\":9}"
#define MICROS "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}"
#define F(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define R(name, fields) "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[" fields "]}"
#define E(name, symbols) "{\"type\":\"enum\",\"name\":\"" name "\",\"symbols\":[" symbols "]}"
#define LIST(items) "{\"type\":\"array\",\"items\":" items "}"
#define OPT(type) "[\"null\"," type "]"
#define MAP(values) "{\"type\":\"map\",\"values\":" values "}"

static const char order_v1[] = R(
    "Order",
    F("event_version", "\"string\"") "," F(
        "data",
        R("Data",
          F("id", "\"string\"") "," F("customer_name", "\"string\"") "," F("cents", "\"long\"") "," F("state", E("S", "\"OPEN\",\"SHUT\"")) "," F(
              "note",
              OPT("\"string\"")) "," F("legacy",
                                       "\"int\"") "," F("tags",
                                                        MAP("\"int\"")) "," F("items",
                                                                              LIST(R(
                                                                                  "Item",
                                                                                  F("sku",
                                                                                    "\"strin"
                                                                                    "g\"") "," F("n",
                                                                                                 "\"int\"") "," F("old",
                                                                                                                  "\"boolean"
                                                                                                                  "\"")))))));
static const char order_v2[] = R(
    "Order",
    F("event_version", "\"string\"") "," F(
        "data",
        R("Data",
          F("customer", R("Customer", F("first", "\"string\"") "," F("last", "\"string\""))) "," F(
              "order_id",
              "\"string\"") ","
                            "{\"name\":\"total\",\"type\":" DECIMAL
                            ",\"minimum\":0}," F("open", "\"boolean\"") "," F(
                                "note",
                                "\"string"
                                "\"") "," F("tags",
                                            MAP("\"long\"")) "," F("channel",
                                                                   E("C",
                                                                     "\"WEB\",\"SHOP\"")) "," F("li"
                                                                                                "ne"
                                                                                                "s",
                                                                                                LIST(R(
                                                                                                    "Line",
                                                                                                    F("product", "\"string\"") "," F(
                                                                                                        "n",
                                                                                                        "\"long\"") "," F("order",
                                                                                                                          "\"string"
                                                                                                                          "\"")))))));
static const char order_mapping[] =
    "# what changed\n"
    "fields:\n"
    "  data.order_id: data.id\n"
    "  data.customer.first: {from: data.customer_name, compute: split, by: ' ', part: 1}\n"
    "  data.customer.last: {from: data.customer_name, compute: split, by: ' ', part: rest, "
    "otherwise: ''}\n"
    "  data.total: {from: data.cents, compute: decimal-from-minor, digits: 2}\n"
    "  data.open: {from: data.state, compute: map, cases: {OPEN: true, SHUT: false}}\n"
    "  data.note: {from: data.note, otherwise: none}\n"
    "  data.channel: {value: WEB}\n"
    "  data.lines: data.items\n"
    "  data.lines[].product: data.items[].sku\n"
    "  data.lines[].order: data.id\n"
    "drop: [data.legacy, 'data.items[].old']\n";
