/* SPDX-License-Identifier: Apache-2.0 */
/* A verb of the millrace command. Each file in cli/ defines one or a few; the table in verbs.c lists
 * them sorted. Names may have two words ("avro decode"): main matches the longest. */
#pragma once

#include "millrace/option.h"

struct verb {
    const struct mr_command *command;
    /* argv[0] is the verb's name, argv[1..] its arguments. Returns the exit status (conventions:
     * 0 done, 1 failed at run time, 2 wrong usage, 3 drift, 100 findings). */
    int (*run)(int argc, char **argv);
};

extern const struct verb *const verbs[]; /* sorted by name */
extern const size_t n_verbs;

/* Parses by the verb's command and serves --help; on false *ret_status is what run must return. */
struct mr_error;
bool verb_options(const struct mr_command *command, int argc, char **argv, void *target,
                  struct mr_options **ret_options, int *ret_status);

/* "millrace tail: text" with where and line; returns 2 for MR_INVALID of usage, else 1. */
int verb_fail(const struct mr_command *command, int r, const struct mr_error *error);
