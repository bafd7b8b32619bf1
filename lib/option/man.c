/* SPDX-License-Identifier: Apache-2.0 */
/* A man page (section 1) from the rows. */
#include <ctype.h>
#include <string.h>

#include "option_internal.h"

/* Text with roff's own characters made harmless; blank lines become paragraphs. */
static int add_escaped(struct mr_buf *out, const char *text, size_t len)
{
    bool line_start = true;
    int r = 0;

    for (const char *end = text + len; r == 0 && text < end; text++) {
        if (*text == '\n' && text[1] == '\n') {
            r = mr_buf_printf(out, "\n.PP\n");
            text++;
            line_start = true;
            continue;
        }
        if (line_start && (*text == '.' || *text == '\''))
            r = mr_buf_printf(out, "\\&");
        if (r == 0)
            r = *text == '\\'  ? mr_buf_printf(out, "\\e")
                : *text == '-' ? mr_buf_printf(out, "\\-")
                               : mr_buf_byte(out, (uint8_t)*text);
        line_start = *text == '\n';
    }
    return r;
}

/* The same as lines of its own. */
static int add_text(struct mr_buf *out, const char *text)
{
    int r = add_escaped(out, text, strlen(text));

    return r != 0 ? r : mr_buf_byte(out, '\n');
}

static int add_section(struct mr_buf *out, const char *title, const char *text)
{
    int r = mr_buf_printf(out, ".SH %s\n", title);

    return r != 0 ? r : add_text(out, text);
}

static int add_row(struct mr_buf *out, const struct mr_option *row)
{
    char arg[192], env[96];
    const char *word = option_arg(row, arg, sizeof(arg));
    const char *variable = mr_option_env(row, env, sizeof(env));
    int r = mr_buf_printf(out, ".TP\n");

    if (r == 0 && row->letter)
        r = mr_buf_printf(out, "\\fB\\-%c\\fR, ", row->letter);
    if (r == 0)
        r = mr_buf_printf(out, "\\fB\\-\\-%s\\fR", row->name);
    if (r == 0 && *word)
        r = mr_buf_printf(out, " \\fI%s\\fR", word);
    if (r == 0)
        r = mr_buf_byte(out, '\n');
    if (r == 0)
        r = add_escaped(out, row->help, strlen(row->help));
    if (r == 0)
        r = mr_buf_printf(out, ".\n");
    if (r == 0 && row->def)
        r = mr_buf_printf(out, "Default: %s.\n", row->def);
    if (r == 0 && variable)
        r = mr_buf_printf(out, "Environment: %s.\n", variable);
    return r;
}

static int add_rows(struct mr_buf *out, const char *title, const struct mr_option *row)
{
    int r = mr_buf_printf(out, ".SH ");

    for (const char *p = title ? title : "options"; r == 0 && *p; p++)
        r = mr_buf_byte(out, (uint8_t)toupper((unsigned char)*p));
    if (r == 0)
        r = mr_buf_byte(out, '\n');
    for (; r == 0 && row->name; row++)
        r = add_row(out, row);
    return r;
}

static int add_examples(struct mr_buf *out, const char *text)
{
    int r = mr_buf_printf(out, ".SH EXAMPLES\n");

    while (r == 0 && *text) {
        size_t line = strcspn(text, "\n");
        size_t command = strcspn(text, "\t\n");
        r = mr_buf_printf(out, ".TP\n\\fB");
        if (r == 0)
            r = add_escaped(out, text, command);
        if (r == 0)
            r = mr_buf_printf(out, "\\fR\n");
        if (r == 0 && command < line)
            r = add_escaped(out, text + command + 1, line - command - 1);
        if (r == 0)
            r = mr_buf_byte(out, '\n');
        text += line + (text[line] == '\n');
    }
    return r;
}

static int add_title(const struct mr_command *command, struct mr_buf *out)
{
    const char *program = command->program ? command->program : "";
    const char *dash = command->program ? "-" : "";
    int r = mr_buf_printf(out, ".TH \"%s%s", program, dash);

    for (const char *p = command->name; r == 0 && *p; p++)
        r = mr_buf_byte(out, (uint8_t)(*p == ' ' ? '-' : *p));
    if (r == 0)
        r = mr_buf_printf(out, "\" 1 \"\" \"Millrace %s\"\n.SH NAME\n%s%s", MR_VERSION, program,
                          dash);
    for (const char *p = command->name; r == 0 && *p; p++)
        r = mr_buf_byte(out, (uint8_t)(*p == ' ' ? '-' : *p));
    if (r == 0)
        r = mr_buf_printf(out, " \\- %s\n.SH SYNOPSIS\n\\fB%s%s%s\\fR [\\fIOPTION\\fR]...",
                          command->summary, program, command->program ? " " : "", command->name);
    if (r == 0 && command->synopsis)
        r = mr_buf_printf(out, " %s", command->synopsis);
    return r != 0 ? r : mr_buf_byte(out, '\n');
}

int mr_options_man(const struct mr_command *command, struct mr_buf *out)
{
    int r = add_title(command, out);

    if (r == 0)
        r = add_section(out, "DESCRIPTION", command->details ? command->details : command->summary);
    for (const struct mr_option_table *t = command->tables; r == 0 && t && t->rows; t++)
        r = add_rows(out, t->title, t->rows);
    if (r == 0)
        r = add_rows(out, "GENERAL OPTIONS", mr_standard_options);
    if (r == 0 && command->examples)
        r = add_examples(out, command->examples);
    if (r == 0)
        r = add_section(out, "EXIT STATUS",
                        "0 done; 1 failed at run time; 2 wrong usage or configuration; "
                        "3 changes or drift pending; 100 findings of a schema check.");
    return r;
}

int mr_options_answer(const struct mr_command *command, enum mr_option_asked asked,
                      struct mr_buf *out)
{
    switch (asked) {
    case MR_ASKED_HELP:
        return mr_options_help(command, out);
    case MR_ASKED_MAN:
        return mr_options_man(command, out);
    case MR_ASKED_VERSION:
        return mr_buf_printf(out, "%s %s\n", command->program ? command->program : command->name,
                             MR_VERSION);
    case MR_ASKED_NOTHING:
        break;
    }
    return 0;
}
