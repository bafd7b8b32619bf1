/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of requests in few words. */
#pragma once

#include "support/registry_inside.h"
#include "support/unit.h"

/* {"schema": "..."} of a record r with the fields given as JSON. */
#define RECORD(fields)                                                                             \
    "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"r\\\",\\\"fields\\\":[" fields    \
    "]}\"}"
#define FIELD(name, rest) "{\\\"name\\\":\\\"" name "\\\",\\\"type\\\":\\\"string\\\"" rest "}"
#define A FIELD("a", "")
#define B FIELD("b", "")
#define B_DEFAULT FIELD("b", ",\\\"default\\\":\\\"x\\\"")
static const char string_schema[] = "{\"schema\":\"\\\"string\\\"\"}";
