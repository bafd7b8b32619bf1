/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata and rule sets as members of a body. */
#pragma once

#include "entity.h"

/* *ret stays NULL when the member is missing or null. Outcomes as in entity.h. */
int metadata_read(const json_t *body, const char *name, json_t **ret_metadata, int *ret_code,
                  struct mr_error *reterr);
int rule_set_read(const json_t *body, const char *name, json_t **ret_rule_set, int *ret_code,
                  struct mr_error *reterr);
