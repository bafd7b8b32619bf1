/* SPDX-License-Identifier: Apache-2.0 */
/* A verb of the millrace command. Each file in cli/ defines one or a few; the table in verbs.c
 * lists them sorted. Names may have two words ("avro decode"): the longest match wins. */
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

/* The verb that the words begin with, or NULL; *ret_used is how many of them are its name. */
const struct verb *verb_find(char *const *words, size_t n_words, size_t *ret_used);
/* Is `group` the first of the verb's two words? "" is the group of all. */
bool verb_in_group(const struct verb *verb, const char *group);
/* Appends the list of a group's verbs. 0 or -errno. */
int verb_list(const char *group, struct mr_buf *out);
/* MR_INVALID, with a text that names the nearest verb. n_words > 0. */
int verb_unknown(char *const *words, size_t n_words, struct mr_error *reterr);

/* Parses by the verb's command and serves --help; on false *ret_status is what run must return. */
bool verb_options(const struct mr_command *command, int argc, char **argv, void *target,
                  struct mr_options **ret_options, int *ret_status);
/* out to stdout if r is 0; the exit status. */
int verb_print(int r, const struct mr_buf *out);
/* "millrace tail: text" with where; returns 2 for MR_INVALID of usage, else 1. */
int verb_fail(const struct mr_command *command, int r, const struct mr_error *error);
/* The exit status, after all output is written; says so if it is not, unless verb_fail() has. */
int verb_close(int status);
