/* SPDX-License-Identifier: Apache-2.0 */
/* What every verb does alike: be found, parse its options, say why it failed. */
#include "verb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "millrace/error.h"

const struct verb *verb_find(char *const *words, size_t n_words, size_t *ret_used)
{
    char name[128];

    for (size_t used = n_words < 2 ? n_words : 2; used > 0; used--) {
        (void)snprintf(name, sizeof(name), "%s%s%s", words[0], used == 2 ? " " : "",
                       used == 2 ? words[1] : "");
        for (size_t i = 0; i < n_verbs; i++) {
            if (strcmp(verbs[i]->command->name, name) == 0) {
                *ret_used = used;
                return verbs[i];
            }
        }
    }
    return NULL;
}

bool verb_in_group(const struct verb *verb, const char *group)
{
    size_t len = strlen(group);

    return strncmp(verb->command->name, group, len) == 0 &&
           (len == 0 || verb->command->name[len] == ' ');
}

int verb_list(const char *group, struct mr_buf *out)
{
    int r = mr_buf_printf(out, "Usage: millrace %s%sVERB [OPTION]... [ARGUMENT]...\n\nVerbs:\n",
                          group, *group ? " " : "");

    for (size_t i = 0; r == 0 && i < n_verbs; i++)
        if (verb_in_group(verbs[i], group))
            r = mr_buf_printf(out, "  %-20s %s\n", verbs[i]->command->name,
                              verbs[i]->command->summary);
    return r != 0 ? r : mr_buf_printf(out, "\n'millrace VERB --help' tells more.\n");
}

int verb_unknown(char *const *words, size_t n_words, struct mr_error *reterr)
{
    const char *names[256];
    char name[128], group[512] = "";
    size_t n = 0, len;

    for (; n < n_verbs && n < MR_N_ELEMENTS(names); n++)
        names[n] = verbs[n]->command->name;
    bool two = n_words > 1 && words[1][0] != '-';
    (void)snprintf(name, sizeof(name), "%s%s%s", words[0], two ? " " : "", two ? words[1] : "");
    for (size_t i = 0; i < n && (len = strlen(group)) < sizeof(group); i++)
        if (verb_in_group(verbs[i], words[0]))
            (void)snprintf(group + len, sizeof(group) - len, "%s '%s'", len ? "," : "", names[i]);
    const char *near = mr_nearest(name, names, n);
    if (!near && !*group)
        near = mr_nearest(words[0], names, n);
    if (near)
        return mr_error_set(reterr, MR_INVALID, "there is no verb '%s': did you mean '%s'?", name,
                            near);
    return mr_error_set(reterr, MR_INVALID, "there is no verb '%s': %s%s", name,
                        *group ? "there are" : "'millrace help' lists them", group);
}

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
    r = mr_options_answer(command, asked, &out);
    *ret_status = verb_print(r, &out);
    return false;
}

int verb_print(int r, const struct mr_buf *out)
{
    return r == 0 && mr_buf_write(out, stdout) ? 0 : 1;
}

static bool told; /* why it failed */

int verb_close(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (!told && errno != EPIPE)
        (void)fprintf(stderr, "millrace: cannot write to standard output%s%s\n", errno ? ": " : "",
                      errno ? strerror(errno) : "");
    return status ? status : 1;
}

int verb_fail(const struct mr_command *command, int r, const struct mr_error *error)
{
    struct mr_error shown = error ? *error : MR_ERROR_INIT;
    const char *text = *shown.text ? shown.text : mr_status_name(r);

    told = true;
    mr_str_one_line(shown.where);
    for (char *line = shown.text, *end = line; end; line = end + 1) { /* reports have several */
        if ((end = strchr(line, '\n')))
            *end = '\0';
        mr_str_one_line(line);
        if (end)
            *end = '\n';
    }
    (void)fprintf(stderr, "millrace %s: %s%s%s\n", command->name, shown.where,
                  *shown.where ? ": " : "", text);
    return r == MR_INVALID ? 2 : 1;
}
