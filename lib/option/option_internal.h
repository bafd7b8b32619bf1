/* SPDX-License-Identifier: Apache-2.0 */
/* Shared between the files of lib/option. */
#pragma once

#include "millrace/arena.h"
#include "millrace/option.h"

/* The target of mr_standard_options. */
struct option_standard {
    bool help, version, man;
    const char *config;
};

/* Walks over all rows of a command, the standard ones last. */
struct option_walk {
    const struct mr_option_table *table;
    const struct mr_option *row;
    bool standard;
    size_t base;
};
struct option_walk option_walk_first(const struct mr_command *command);
const struct mr_option *option_walk_next(struct option_walk *walk);

/* Stores text into the row's member of target. Lists: append, or start anew with `restart`.
 * Texts are kept by reference. Outcomes: 0, MR_INVALID (text says what is allowed), -ENOMEM. */
int option_store(const struct mr_option *row, void *member, struct mr_arena *arena,
                 const char *text, bool restart, struct mr_error *reterr);

/* Heading of the value in help: "FILE", "N", "a|b|c". */
const char *option_arg(const struct mr_option *row, char *out, size_t cap);
