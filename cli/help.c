/* SPDX-License-Identifier: Apache-2.0 */
/* millrace help [VERB]: the list of verbs, or one verb's help. */
#include <stdio.h>
#include <string.h>

#include "millrace/error.h"
#include "verb.h"

static const struct mr_command help_command = {
    .name = "help",
    .program = "millrace",
    .synopsis = "[VERB]",
    .summary = "Lists the verbs, or shows one verb's help",
};

static int list_verbs(void)
{
    (void)printf("Usage: millrace VERB [OPTION]... [ARGUMENT]...\n\nVerbs:\n");
    for (size_t i = 0; i < n_verbs; i++)
        (void)printf("  %-20s %s\n", verbs[i]->command->name, verbs[i]->command->summary);
    return printf("\n'millrace help VERB' or 'millrace VERB --help' tells more.\n") > 0 ? 0 : 1;
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;
    int status;
    char unused = 0;
    char name[128] = "";
    size_t n;

    if (!verb_options(&help_command, argc, argv, &unused, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    if (n == 0)
        return list_verbs();
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(name);
        (void)snprintf(name + len, sizeof(name) - len, "%s%s", i ? " " : "", words[i]);
    }
    for (size_t i = 0; i < n_verbs; i++) {
        if (strcmp(verbs[i]->command->name, name) != 0)
            continue;
        int r = mr_options_help(verbs[i]->command, &out);
        return r == 0 && fwrite(out.data, 1, out.len, stdout) == out.len ? 0 : 1;
    }
    return verb_fail(&help_command,
                     mr_error_set(&error, MR_INVALID, "there is no verb '%s'", name), &error);
}

const struct verb verb_help = {.command = &help_command, .run = run};
