/* SPDX-License-Identifier: Apache-2.0 */
/* UUIDs (RFC 9562): text form, versions 4, 5 and 7. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "millrace/status.h"
#include "millrace/str.h"

#define MR_UUID_TEXT 36

struct mr_uuid {
    uint8_t bytes[16];
};

/* Hyphenated, any case. Outcomes: 0, MR_INVALID. */
int mr_uuid_parse(struct mr_str text, struct mr_uuid *ret_uuid);
/* Is it a UUID in exactly the form that mr_uuid_format writes? Cheaper than parsing. */
bool mr_uuid_is_canonical(struct mr_str text);
/* Lower case, hyphenated, no NUL. */
void mr_uuid_format(const struct mr_uuid *uuid, char out[MR_UUID_TEXT]);

/* Version 5 of name under space: the same input always gives the same id. */
void mr_uuid_v5(const struct mr_uuid *space, const void *name, size_t len,
                struct mr_uuid *ret_uuid);
/* From the kernel's random source; 0 or -errno. */
int mr_uuid_v4(struct mr_uuid *ret_uuid);
/* Time-ordered: ms since the epoch in front. 0 or -errno. */
int mr_uuid_v7(int64_t ms, struct mr_uuid *ret_uuid);

/* The space of all ids that Millrace derives. docs/contracts.md names what is hashed for each. */
extern const struct mr_uuid mr_uuid_space;
