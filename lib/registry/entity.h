/* SPDX-License-Identifier: Apache-2.0 */
/* What clients send, checked and brought into the one form that is kept: schema drafts, metadata,
 * rule sets, configurations. Unknown members are left out. */
#pragma once

#include "content.h"
#include "millrace/error.h"
#include "millrace/schema.h"
#include "record.h"

/* HTTP 400: a member has the wrong type; and the registry's own codes. */
enum {
    CODE_BAD_REQUEST = 400,
    CODE_INVALID_SCHEMA = 42201,
    CODE_INVALID_LEVEL = 42203,
    CODE_TOO_LARGE = 42209,
    CODE_INVALID_RULES = 42210,
    CODE_STORE = 50001,
    CODE_TIMEOUT = 50002,
    CODE_FORWARDING = 50003,
    CODE_NO_LEADER = 50004,
};

/* A schema on its way to a version. */
struct draft {
    const char *text; /* borrowed from the body or from a previous version; NULL or blank: none */
    size_t len;
    const char *type;                         /* "AVRO" when the client says nothing */
    json_t *references, *metadata, *rule_set; /* owned; NULL when none */
    int32_t version;                          /* 0: the next */
    int32_t id;                               /* negative: the registry's choice */
};
void draft_done(struct draft *draft);
static inline void mr_auto_draft(struct draft *draft)
{
    draft_done(draft);
}
bool draft_has_text(const struct draft *draft);

/* All below: 0; MR_INVALID with *ret_code and the text; -ENOMEM. */

int draft_read(const json_t *body, struct draft *ret_draft, int *ret_code, struct mr_error *reterr);

/* {compatibility, alias, normalize, ...} to what is kept ({compatibilityLevel, ...}). *ret_echo is
 * what the client is answered. */
int config_read(const json_t *body, json_t **ret_config, json_t **ret_echo, int *ret_code,
                struct mr_error *reterr);
/* Members of `change` over those of `old` (may be NULL); null takes one away. NULL when memory ran
 * out. */
json_t *config_update(const json_t *old, const json_t *change);

/* Either may be NULL; the newer one wins by member. *ret_merged is a new reference, NULL when both
 * are. 0 or -ENOMEM. */
int metadata_merge(json_t *old, json_t *new, json_t **ret_merged);
int rule_set_merge(json_t *old, json_t *new, json_t **ret_merged);
bool rule_set_has_type(const json_t *rule_set, struct mr_str type);

int mode_parse(struct mr_str text, enum mode *ret_mode); /* 0, MR_INVALID; any case */
