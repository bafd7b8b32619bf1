/* SPDX-License-Identifier: Apache-2.0 */
/* Options on their way into a command's struct: what the sources share. */
#pragma once

#include "option_internal.h"

/* Where a value came from, weakest first: a stronger one replaces a weaker one. */
enum option_source { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_ARGUMENT };

struct mr_options {
    struct mr_arena *arena;
    const struct mr_command *command;
    char *target;
    struct option_standard standard;
    char **rest;
    size_t n_rest;
    enum option_source *sources; /* one per row, in walking order */
};

/* A row with its place in the target and in the list of sources. */
struct option_place {
    const struct mr_option *row;
    void *member;
    size_t index;
};

/* By name, or by letter unless that is 0. */
bool option_find(struct mr_options *o, const char *name, size_t len, char letter,
                 struct option_place *ret);
/* MR_INVALID, with the nearest name there is. what: "option"; dashes: as people write them. */
int option_unknown(struct mr_options *o, const char *what, const char *dashes, const char *name,
                   struct mr_error *reterr);
/* Stores unless something stronger did. The error gets the option's name in front. */
int option_set(struct mr_options *o, const struct option_place *place, const char *text,
               enum option_source source, struct mr_error *reterr);

/* The sources. Outcomes: 0; MR_INVALID: reterr says where and what is allowed; -ENOMEM. */
int option_arguments(struct mr_options *o, int argc, char **argv, struct mr_error *reterr);
int option_environment(struct mr_options *o, struct mr_error *reterr);
int option_file(struct mr_options *o, const char *path, struct mr_error *reterr);
