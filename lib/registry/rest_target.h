/* SPDX-License-Identifier: Apache-2.0 */
/* The names in a request's path and query, brought into the request. */
#pragma once

#include "rest.h"

/* Into the request's segments and query, decoded. False: not percent-encoded UTF-8. *ret_long: more
 * segments than any route has. */
bool target_split_path(struct request *request, struct mr_str path, bool *ret_long);
bool target_split_query(struct request *request, struct mr_str query);

/* Takes /contexts/{context} off the path. False: that is no name of a context. */
bool target_context(struct request *request);

/* Gives the value of a parameter that names a subject, or a prefix, the request's context. 0 or
 * -ENOMEM. */
int target_qualify(struct request *request, const char *name);

/* ?subject= of a request by id may be an alias too. 0 or -ENOMEM. */
int target_follow_query(struct request *request);

/* The subject that a segment names. settings: it may be a context; aliased: an alias is followed.
 * 0; MR_INVALID with the reply; -ENOMEM. */
int target_subject(struct request *request, struct mr_str segment, bool settings, bool aliased,
                   struct reply *reply);
