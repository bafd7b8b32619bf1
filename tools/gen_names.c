/* SPDX-License-Identifier: Apache-2.0 */
/* Names of topics, types and fields, turned into C's. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gen.h"

const char *gen_printf(struct gen *gen, const char *fmt, ...)
{
    char text[2048];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    const char *copy = mr_arena_dup(gen->arena, text, strlen(text));
    gen->no_memory |= !copy;
    return copy ? copy : "";
}

static char *copy_of(struct gen *gen, const char *text, size_t room)
{
    static char nothing[1];
    char *copy = mr_arena_alloc(gen->arena, strlen(text) + room + 1);

    gen->no_memory |= !copy;
    return copy ? strcpy(copy, text) : nothing;
}

const char *gen_identifier(struct gen *gen, const char *name)
{
    char *id = copy_of(gen, name, 0);

    for (char *p = id; *p; p++)
        if (*p == '.' || *p == '-')
            *p = '_';
    return id;
}

const char *gen_snake(struct gen *gen, const char *name, bool upper)
{
    char *out = copy_of(gen, name, strlen(name));
    size_t n = 0;

    if (*out == '\0' && *name != '\0')
        return out;
    for (size_t i = 0; name[i]; i++) {
        bool starts = isupper((unsigned char)name[i]) && i > 0 && name[i - 1] != '_' &&
                      (!isupper((unsigned char)name[i - 1]) || islower((unsigned char)name[i + 1]));
        if (starts)
            out[n++] = '_';
        out[n++] =
            (char)(upper ? toupper((unsigned char)name[i]) : tolower((unsigned char)name[i]));
    }
    out[n] = '\0';
    return out;
}

const char *gen_pascal(struct gen *gen, const char *name)
{
    size_t n = 0;

    for (const char *p = name; *p; p++)
        if (islower((unsigned char)*p))
            return name;
    char *out = copy_of(gen, name, 0);
    for (size_t i = 0; out[i]; i++) {
        if (out[i] == '_')
            continue;
        bool starts = i == 0 || name[i - 1] == '_';
        out[n++] = starts ? name[i] : (char)tolower((unsigned char)name[i]);
    }
    out[n] = '\0';
    return out;
}

const char *gen_member_name(struct gen *gen, const char *name)
{
    static const char *const taken[] = {
        "auto",     "bool",    "break", "case",   "char",     "const",  "continue", "default",
        "do",       "double",  "else",  "enum",   "errno",    "extern", "false",    "float",
        "for",      "goto",    "if",    "inline", "int",      "linux",  "long",     "register",
        "restrict", "return",  "short", "signed", "sizeof",   "static", "struct",   "switch",
        "true",     "typedef", "union", "unix",   "unsigned", "void",   "volatile", "while",
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(taken); i++)
        if (strcmp(taken[i], name) == 0)
            return gen_printf(gen, "%s_", name);
    return name;
}
