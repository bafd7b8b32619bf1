/* SPDX-License-Identifier: Apache-2.0 */
/* millrace: finds the verb and runs it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "millrace/error.h"
#include "millrace/store.h"
#include "verb.h"

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* No verb has this name; perhaps it is the first word of several. */
static int without_verb(char *const *words, size_t n_words)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;
    bool help = n_words > 1 && asks_for_help(words[1]);

    for (size_t i = 0; i < n_verbs && (help || n_words == 1); i++) {
        if (!verb_in_group(verbs[i], words[0]))
            continue;
        int r = verb_list(words[0], &out);
        if (help)
            return verb_close(verb_print(r, &out));
        (void)fprintf(stderr, "%s", r == 0 ? mr_buf_cstr(&out) : "");
        return 2;
    }
    (void)verb_unknown(words, n_words, &error);
    (void)fprintf(stderr, "millrace: %s\n", error.text);
    return 2;
}

int main(int argc, char **argv)
{
    static char help[] = "help";
    static char *no_verb[] = {NULL, help, NULL};
    size_t used = 1;

    (void)signal(SIGPIPE, SIG_DFL); /* a reader that leaves ends us quietly */
    (void)mr_store_hide_passwords(argc, argv);
    if (argc < 2 || asks_for_help(argv[1])) {
        argv = no_verb;
        argc = 2;
    }
    if (strcmp(argv[1], "--version") == 0)
        return verb_close(printf("millrace %s\n", MR_VERSION) > 0 ? 0 : 1);
    const struct verb *verb = verb_find(argv + 1, (size_t)argc - 1, &used);
    if (!verb)
        return without_verb(argv + 1, (size_t)argc - 1);
    return verb_close(verb->run(argc - (int)used, argv + used));
}
