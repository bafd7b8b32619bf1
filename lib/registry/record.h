/* SPDX-License-Identifier: Apache-2.0 */
/* The registry is a log of these records applied to a state: a store only appends and replays them.
 * Kinds and members are those of the `_schemas` topic, so that a topic, a file and memory differ in
 * nothing else. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "content.h"
#include "millrace/error.h"

enum record_type {
    RECORD_SCHEMA,         /* key: subject, version; content NULL = gone for good */
    RECORD_CONFIG,         /* key: subject or none = global; config NULL = gone */
    RECORD_MODE,           /* key: subject or none = global; mode MODE_NONE = gone */
    RECORD_DELETE_SUBJECT, /* key: subject; all up to version are deleted softly */
    RECORD_CLEAR_SUBJECT,  /* key: subject, context or none = all; deleted versions are forgotten */
    RECORD_CONTEXT,        /* key: subject = the context, ".name"; deleted = gone */
};

enum mode {
    MODE_NONE,
    MODE_READWRITE,
    MODE_READONLY,
    MODE_READONLY_OVERRIDE,
    MODE_IMPORT,
};
const char *mode_name(enum mode mode);

/* Borrowed for the call it is given to. */
struct record {
    enum record_type type;
    const char *subject; /* qualified; NULL: global */
    int32_t version;
    int32_t id;
    bool deleted;
    struct content *content;
    json_t *config; /* members as GET /config gives them */
    enum mode mode;
    json_t *extra; /* of a schema read from a log: members that nobody here knows; NULL: none */
};
