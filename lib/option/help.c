/* SPDX-License-Identifier: Apache-2.0 */
/* --help from the rows. */
#include <stdio.h>
#include <string.h>

#include "option_internal.h"

enum { WIDTH = 80, INDENT = 2, COLUMN = 30 };

const char *option_arg(const struct mr_option *row, char *out, size_t cap)
{
    static const char *const words[] = {"", "TEXT", "N", "SIZE", "TIME", "", "VALUE"};

    if (row->arg || row->type == MR_OPTION_FLAG)
        return row->arg ? row->arg : "";
    if (row->type != MR_OPTION_CHOICE)
        return words[row->type];
    out[0] = '\0';
    for (size_t i = 0; row->choices[i]; i++) {
        size_t len = strlen(out);
        (void)snprintf(out + len, cap - len, "%s%s", i ? "|" : "", row->choices[i]);
    }
    return out;
}

/* Words of text from column on, broken before WIDTH. */
static int add_wrapped(struct mr_buf *out, const char *text, size_t column)
{
    size_t at = column;
    int r = 0;

    while (r == 0 && *text) {
        if (*text == '\n') {
            r = mr_buf_printf(out, "\n%*s", (int)column, "");
            at = column;
            text++;
            continue;
        }
        size_t len = strcspn(text, " \n");
        if (at > column && at + 1 + len > WIDTH) {
            r = mr_buf_printf(out, "\n%*s", (int)column, "");
            at = column;
        }
        if (r == 0)
            r = mr_buf_printf(out, "%s%.*s", at > column ? " " : "", (int)len, text);
        at += len + (at > column);
        text += len + (text[len] == ' ');
    }
    return r;
}

static int add_row(struct mr_buf *out, const struct mr_option *row)
{
    char arg[192], flags[300], text[700], env[96];
    const char *word = option_arg(row, arg, sizeof(arg));
    char letter[4] = "   ";

    if (row->letter)
        (void)snprintf(letter, sizeof(letter), "-%c,", row->letter);
    int n = snprintf(flags, sizeof(flags), "%*s%s --%s%s%s", INDENT, "", letter, row->name,
                     *word ? " " : "", word);
    const char *variable = mr_option_env(row, env, sizeof(env));
    (void)snprintf(text, sizeof(text), "%s%s%s%s%s%s%s", row->help, row->def ? " (default " : "",
                   row->def ? row->def : "", row->def ? ")" : "", variable ? " [" : "",
                   variable ? variable : "", variable ? "]" : "");
    int r = mr_buf_printf(out, "%s", flags);
    if (r == 0)
        r = n < COLUMN - 1 ? mr_buf_printf(out, "%*s", COLUMN - n, "")
                           : mr_buf_printf(out, "\n%*s", COLUMN, "");
    if (r == 0)
        r = add_wrapped(out, text, COLUMN);
    return r != 0 ? r : mr_buf_byte(out, '\n');
}

static int add_rows(struct mr_buf *out, const char *title, const struct mr_option *row)
{
    int r = mr_buf_printf(out, "\n%s:\n", title ? title : "Options");

    for (; r == 0 && row->name; row++)
        r = add_row(out, row);
    return r;
}

/* Lines "command\tcomment". */
static int add_examples(struct mr_buf *out, const char *text)
{
    int r = mr_buf_printf(out, "\nExamples:\n");

    while (r == 0 && *text) {
        size_t line = strcspn(text, "\n");
        size_t command = strcspn(text, "\t\n");
        if (command < line)
            r = mr_buf_printf(out, "%*s# %.*s\n", INDENT, "", (int)(line - command - 1),
                              text + command + 1);
        if (r == 0)
            r = mr_buf_printf(out, "%*s%.*s\n", INDENT, "", (int)command, text);
        text += line + (text[line] == '\n');
    }
    return r;
}

int mr_options_help(const struct mr_command *command, struct mr_buf *out)
{
    int r = mr_buf_printf(out, "Usage: %s%s%s [OPTION]...%s%s\n\n",
                          command->program ? command->program : "", command->program ? " " : "",
                          command->name, command->synopsis ? " " : "",
                          command->synopsis ? command->synopsis : "");
    if (r == 0)
        r = mr_buf_printf(out, "%s.\n", command->summary);
    if (r == 0 && command->details) {
        r = mr_buf_byte(out, '\n');
        if (r == 0)
            r = add_wrapped(out, command->details, 0);
        if (r == 0)
            r = mr_buf_byte(out, '\n');
    }
    for (const struct mr_option_table *t = command->tables; r == 0 && t && t->rows; t++)
        r = add_rows(out, t->title, t->rows);
    if (r == 0)
        r = add_rows(out, "General", mr_standard_options);
    if (r == 0 && command->examples)
        r = add_examples(out, command->examples);
    return r;
}
