/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a command, in their order, with those that every command has; and their names in the
 * environment. */
#include <ctype.h>
#include <stdio.h>

#include "option_internal.h"

const struct mr_option mr_standard_options[] = {
    MR_OPT_STR(struct option_standard, config, .name = "config", .letter = 'F', .arg = "FILE",
               .help = "Read options from FILE (name = value lines)"),
    MR_OPT_FLAG(struct option_standard, help, .name = "help", .letter = 'h', .env = "",
                .help = "Show this help and exit"),
    MR_OPT_FLAG(struct option_standard, version, .name = "version", .env = "",
                .help = "Show the version and exit"),
    MR_OPT_FLAG(struct option_standard, man, .name = "man", .env = "",
                .help = "Show the manual page, for 'man -l -', and exit"),
    MR_OPT_END,
};

struct option_walk option_walk_first(const struct mr_command *command)
{
    static const struct mr_option_table none = {.rows = NULL};

    return (struct option_walk){.table = command->tables ? command->tables : &none};
}

const struct mr_option *option_walk_next(struct option_walk *walk)
{
    for (;;) {
        if (walk->row && walk->row[1].name)
            return ++walk->row;
        if (walk->row && walk->standard)
            return NULL;
        if (walk->row)
            walk->table++;
        if (walk->table->rows) {
            walk->base = walk->table->base;
            walk->row = walk->table->rows;
        } else {
            walk->standard = true;
            walk->base = 0;
            walk->row = mr_standard_options;
        }
        if (walk->row->name)
            return walk->row;
        walk->row = NULL; /* an empty table */
        walk->table++;
    }
}

const char *mr_option_env(const struct mr_option *option, char *out, size_t cap)
{
    if (option->env)
        return *option->env ? option->env : NULL;
    int n = snprintf(out, cap, "MILLRACE_%s", option->name);
    for (int i = 0; i < n && (size_t)i < cap; i++)
        out[i] = out[i] == '-' ? '_' : (char)toupper((unsigned char)out[i]);
    return out;
}
