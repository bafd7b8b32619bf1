/* SPDX-License-Identifier: Apache-2.0 */
/* millrace help [VERB]: the list of verbs, or one verb's help. */
#include "millrace/error.h"
#include "verb.h"

static const struct mr_command help_command = {
    .name = "help",
    .program = "millrace",
    .synopsis = "[VERB]",
    .summary = "Lists the verbs, or shows one verb's help",
};

static int help_for(char **words, size_t n, struct mr_buf *out, struct mr_error *reterr)
{
    size_t used;
    const struct verb *verb = n > 0 ? verb_find(words, n, &used) : NULL;

    if (n == 0)
        return verb_list("", out);
    if (verb && used == n)
        return mr_options_help(verb->command, out);
    for (size_t i = 0; i < n_verbs && n == 1; i++)
        if (verb_in_group(verbs[i], words[0]))
            return verb_list(words[0], out);
    return verb_unknown(words, n, reterr);
}

static int run(int argc, char **argv)
{
    MR_AUTO(mr_options) struct mr_options *options = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;
    char unused = 0;
    int status;
    size_t n;

    if (!verb_options(&help_command, argc, argv, &unused, &options, &status))
        return status;
    char **words = mr_options_rest(options, &n);
    int r = help_for(words, n, &out, &error);
    return r == MR_INVALID ? verb_fail(&help_command, r, &error) : verb_print(r, &out);
}

const struct verb verb_help = {.command = &help_command, .run = run};
