/* SPDX-License-Identifier: Apache-2.0 */
/* Registration and lookup: the two calls that find a schema by its content. */
#pragma once

#include "rest.h"

/* The version of subject that holds content; deleted: a deleted one will do. NULL when there is
 * none. The caller holds lock or writer. */
const struct version *find_content(struct core *core, const char *subject,
                                   const struct content *content, bool deleted);

/* A schema sent whole, where an undeleted version says the same through references. The caller
 * holds neither lock; *ret_version is 0 when there is none. 0 or -errno. */
int find_inlined(struct core *core, const char *subject, const struct canon *canon,
                 const struct history *history, int32_t *ret_version);

/* force: the check of compatibility is left out. 0; with quick MR_AGAIN when it would take long;
 * MR_ABSENT when another process registers, and the subject does not hold the schema yet; -errno.
 */
int register_schema(struct core *core, const char *subject, struct draft *draft, bool normalize,
                    bool force, bool quick, struct reply *reply, struct mr_error *reterr);
