/* SPDX-License-Identifier: Apache-2.0 */
/* millrace: finds the verb and runs it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "millrace/error.h"
#include "verb.h"

bool verb_options(const struct mr_command *command, int argc, char **argv, void *target,
                  struct mr_options **ret_options, int *ret_status)
{
    struct mr_error error = MR_ERROR_INIT;
    enum mr_option_asked asked;
    int r = mr_options_parse(command, argc, argv, target, ret_options, &asked, &error);

    if (r == 0)
        return true;
    if (r != MR_END) {
        *ret_status = verb_fail(command, r, &error);
        return false;
    }
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    r = asked == MR_ASKED_HELP ? mr_options_help(command, &out)
                               : mr_buf_printf(&out, "millrace %s\n", MR_VERSION);
    *ret_status = r == 0 && fwrite(out.data, 1, out.len, stdout) == out.len ? 0 : 1;
    return false;
}

int verb_fail(const struct mr_command *command, int r, const struct mr_error *error)
{
    const char *text = error && *error->text ? error->text : mr_status_name(r);
    const char *where = error ? error->where : "";

    (void)fprintf(stderr, "millrace %s: %s%s%s\n", command->name, where, *where ? ": " : "", text);
    return r == MR_INVALID ? 2 : 1;
}

/* The longest verb that argv[1..] begins with; *ret_words is its number of words. */
static const struct verb *find(int argc, char **argv, int *ret_words)
{
    char name[128];

    for (int words = 2; words >= 1; words--) {
        if (argc <= words)
            continue;
        (void)snprintf(name, sizeof(name), "%s%s%s", argv[1], words == 2 ? " " : "",
                       words == 2 ? argv[2] : "");
        for (size_t i = 0; i < n_verbs; i++) {
            if (strcmp(verbs[i]->command->name, name) == 0) {
                *ret_words = words;
                return verbs[i];
            }
        }
    }
    return NULL;
}

static int unknown(int argc, char **argv)
{
    const char *names[256];
    char name[128];
    size_t n = 0;

    for (; n < n_verbs && n < sizeof(names) / sizeof(names[0]); n++)
        names[n] = verbs[n]->command->name;
    (void)snprintf(name, sizeof(name), "%s%s%s", argv[1], argc > 2 && argv[2][0] != '-' ? " " : "",
                   argc > 2 && argv[2][0] != '-' ? argv[2] : "");
    const char *near = mr_nearest(name, names, n);
    if (!near)
        near = mr_nearest(argv[1], names, n);
    (void)fprintf(stderr, "millrace: there is no verb '%s'%s%s%s 'millrace help' lists them\n", argv[1],
                  near ? ": did you mean '" : ":", near ? near : "", near ? "'?" : "");
    return 2;
}

int main(int argc, char **argv)
{
    static char help[] = "help";
    static char *no_verb[] = {NULL, help, NULL};
    int words = 1;

    (void)signal(SIGPIPE, SIG_DFL); /* a reader that leaves ends us quietly */
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        argv = no_verb;
        argc = 2;
    }
    if (strcmp(argv[1], "--version") == 0)
        return printf("millrace %s\n", MR_VERSION) > 0 ? 0 : 1;
    const struct verb *verb = find(argc, argv, &words);
    if (!verb)
        return unknown(argc, argv);
    int status = verb->run(argc - words, argv + words);
    return fflush(stdout) == 0 ? status : 1;
}
