/* SPDX-License-Identifier: Apache-2.0 */
/* Command line, environment, file and defaults into one struct. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option_internal.h"

struct standard {
    bool help, version, man;
    const char *config;
};

const struct mr_option mr_standard_options[] = {
    MR_OPT_STR(struct standard, config, .name = "config", .letter = 'F', .arg = "FILE",
               .help = "Read options from FILE (name = value lines)"),
    MR_OPT_FLAG(struct standard, help, .name = "help", .letter = 'h', .env = "",
                .help = "Show this help and exit"),
    MR_OPT_FLAG(struct standard, version, .name = "version", .env = "",
                .help = "Show the version and exit"),
    MR_OPT_FLAG(struct standard, man, .name = "man", .env = "",
                .help = "Show the manual page, for 'man -l -', and exit"),
    MR_OPT_END,
};

struct mr_options {
    struct mr_arena *arena;
    const struct mr_command *command;
    char *target;
    struct standard standard;
    char **rest;
    size_t n_rest;
    enum option_source *sources; /* one per row, in walking order */
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

/* A row with its place in the target and in the list of sources. */
struct place {
    const struct mr_option *row;
    void *member;
    size_t index;
};

static bool find(struct mr_options *o, const char *name, size_t len, char letter, struct place *ret)
{
    struct option_walk walk = option_walk_first(o->command);
    const struct mr_option *row;

    for (size_t index = 0; (row = option_walk_next(&walk)); index++) {
        if (letter ? row->letter != letter
                   : strlen(row->name) != len || memcmp(row->name, name, len) != 0)
            continue;
        char *base = walk.standard ? (char *)&o->standard : o->target + walk.base;
        *ret = (struct place){row, base + row->offset, index};
        return true;
    }
    return false;
}

static int unknown(struct mr_options *o, const char *what, const char *dashes, const char *name,
                   struct mr_error *reterr)
{
    struct option_walk walk = option_walk_first(o->command);
    const struct mr_option *row;
    const char *names[256];
    size_t n = 0;

    while ((row = option_walk_next(&walk)) && n < MR_N_ELEMENTS(names))
        names[n++] = row->name;
    const char *near = mr_nearest(name, names, n);
    if (near)
        return mr_error_set(reterr, MR_INVALID, "unknown %s '%s%s': did you mean '%s%s'?", what,
                            dashes, name, dashes, near);
    return mr_error_set(reterr, MR_INVALID, "unknown %s '%s%s': --help lists what there is", what,
                        dashes, name);
}

/* Stores unless something stronger did. The error gets the option's name in front. */
static int set(struct mr_options *o, const struct place *place, const char *text,
               enum option_source source, struct mr_error *reterr)
{
    enum option_source *old = &o->sources[place->index];

    if (*old > source)
        return 0;
    struct mr_error inner = MR_ERROR_INIT;
    int r = option_store(place->row, place->member, o->arena, text, *old < source, &inner);
    if (r == MR_INVALID)
        return mr_error_set(reterr, r, "--%s %s", place->row->name, inner.text);
    *old = source;
    return r;
}

/* A secret on the command line would be seen by every user of the machine. */
static int secret_from_file(struct mr_options *o, const struct mr_option *row, const char **text,
                            struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf buf = {.max = 65536};

    if ((*text)[0] != '@') {
        char env[96];
        const char *name = mr_option_env(row, env, sizeof(env));
        return mr_error_set(
            reterr, MR_INVALID,
            "--%s is a secret and not taken from the command line: give @FILE or set %s", row->name,
            name ? name : "it in the configuration file");
    }
    int r = mr_buf_read_file(&buf, *text + 1);
    if (r != 0)
        return mr_error_set(reterr, MR_INVALID, "--%s: cannot read '%s': %s", row->name, *text + 1,
                            strerror(-r));
    while (buf.len > 0 && (buf.data[buf.len - 1] == '\n' || buf.data[buf.len - 1] == '\r'))
        buf.len--;
    *text = mr_arena_dup(o->arena, (const char *)buf.data, buf.len);
    return *text ? 0 : -ENOMEM;
}

static int set_argument(struct mr_options *o, const struct place *place, const char *text,
                        struct mr_error *reterr)
{
    int r = place->row->secret ? secret_from_file(o, place->row, &text, reterr) : 0;

    return r != 0 ? r : set(o, place, text, SOURCE_ARGUMENT, reterr);
}

static int missing_value(const struct mr_option *row, struct mr_error *reterr)
{
    return mr_error_set(reterr, MR_INVALID, "--%s needs a value", row->name);
}

/* argv[*i] is "--name", "--name=value" or "--no-name". */
static int parse_long(struct mr_options *o, int argc, char **argv, int *i, struct mr_error *reterr)
{
    const char *name = argv[*i] + 2;
    const char *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    struct place place;

    if (!find(o, name, len, 0, &place)) {
        if (!equals && strncmp(name, "no-", 3) == 0 && find(o, name + 3, len - 3, 0, &place) &&
            place.row->type == MR_OPTION_FLAG)
            return set(o, &place, "no", SOURCE_ARGUMENT, reterr);
        char *bare = mr_arena_dup(o->arena, name, len);
        return bare ? unknown(o, "option", "--", bare, reterr) : -ENOMEM;
    }
    if (equals)
        return set_argument(o, &place, equals + 1, reterr);
    if (place.row->type == MR_OPTION_FLAG)
        return set(o, &place, "yes", SOURCE_ARGUMENT, reterr);
    if (*i + 1 >= argc)
        return missing_value(place.row, reterr);
    return set_argument(o, &place, argv[++*i], reterr);
}

/* argv[*i] is "-abc": flags, the last of them may take the rest or the next word as its value. */
static int parse_letters(struct mr_options *o, int argc, char **argv, int *i,
                         struct mr_error *reterr)
{
    for (const char *p = argv[*i] + 1; *p; p++) {
        struct place place;
        if (!find(o, NULL, 0, *p, &place))
            return mr_error_set(reterr, MR_INVALID,
                                "unknown option '-%c': --help lists what there is", *p);
        if (place.row->type != MR_OPTION_FLAG) {
            if (p[1])
                return set_argument(o, &place, p[1] == '=' ? p + 2 : p + 1, reterr);
            if (*i + 1 >= argc)
                return missing_value(place.row, reterr);
            return set_argument(o, &place, argv[++*i], reterr);
        }
        int r = set(o, &place, "yes", SOURCE_ARGUMENT, reterr);
        if (r != 0)
            return r;
    }
    return 0;
}

static int parse_arguments(struct mr_options *o, int argc, char **argv, struct mr_error *reterr)
{
    bool only_rest = false;
    int r = 0;

    o->rest = mr_arena_array(o->arena, (size_t)argc + 1, sizeof(*o->rest));
    if (!o->rest)
        return -ENOMEM;
    for (int i = 1; i < argc && r == 0; i++) {
        const char *arg = argv[i];
        if (only_rest || arg[0] != '-' || arg[1] == '\0')
            o->rest[o->n_rest++] = argv[i];
        else if (strcmp(arg, "--") == 0)
            only_rest = true;
        else if (arg[1] == '-')
            r = parse_long(o, argc, argv, &i, reterr);
        else
            r = parse_letters(o, argc, argv, &i, reterr);
    }
    return r;
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

/* A list's value in the environment is split at ';'. */
static int set_split(struct mr_options *o, const struct place *place, const char *text,
                     enum option_source source, struct mr_error *reterr)
{
    if (place->row->type != MR_OPTION_LIST)
        return set(o, place, text, source, reterr);
    for (;;) {
        size_t len = strcspn(text, ";");
        char *item = mr_arena_dup(o->arena, text, len);
        int r = item ? set(o, place, item, source, reterr) : -ENOMEM;
        if (r != 0 || text[len] == '\0')
            return r;
        text += len + 1;
    }
}

static int parse_environment(struct mr_options *o, struct mr_error *reterr)
{
    struct option_walk walk = option_walk_first(o->command);
    const struct mr_option *row;

    while ((row = option_walk_next(&walk))) {
        char name[96];
        const char *env = mr_option_env(row, name, sizeof(name));
        const char *value = env ? getenv(env) : NULL;
        struct place place;
        if (!value || !*value || !find(o, row->name, strlen(row->name), 0, &place))
            continue;
        char *copy = mr_arena_dup(o->arena, value, strlen(value));
        struct mr_error inner = MR_ERROR_INIT;
        int r = copy ? set_split(o, &place, copy, SOURCE_ENVIRONMENT, &inner) : -ENOMEM;
        if (r != 0)
            return mr_error_set(reterr, r, "environment %s: %s", env, inner.text);
    }
    return 0;
}

static char *trimmed(char *from, char *end)
{
    while (from < end && isspace((unsigned char)*from))
        from++;
    while (end > from && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    return from;
}

static int parse_line(struct mr_options *o, char *line, char *end, struct mr_error *reterr)
{
    char *name = trimmed(line, end);
    struct place place;

    if (*name == '\0' || *name == '#')
        return 0;
    char *equals = strchr(name, '=');
    if (!equals)
        return mr_error_set(reterr, MR_INVALID, "must be 'name = value' (was '%.60s')", name);
    char *value = trimmed(equals + 1, name + strlen(name));
    name = trimmed(name, equals);
    if (!find(o, name, strlen(name), 0, &place))
        return unknown(o, "name", "", name, reterr);
    return set(o, &place, value, SOURCE_FILE, reterr);
}

static int parse_file(struct mr_options *o, const char *path, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf buf = {.max = 1 << 20};
    int r = mr_buf_read_file(&buf, path);

    if (r != 0)
        return mr_error_set(reterr, MR_INVALID, "cannot read configuration '%s': %s", path,
                            r == -EFBIG ? "it is larger than 1 MiB" : strerror(-r));
    char *text = mr_arena_dup(o->arena, (const char *)buf.data, buf.len);
    if (!text)
        return -ENOMEM;
    char *end = text + buf.len;
    for (unsigned line = 1; text < end; line++) {
        char *newline = memchr(text, '\n', (size_t)(end - text));
        char *stop = newline ? newline : end;
        struct mr_error inner = MR_ERROR_INIT;
        r = parse_line(o, text, stop, &inner);
        if (r != 0)
            return mr_error_set(reterr, r, "%s:%u: %s", path, line, inner.text);
        text = stop + 1;
    }
    return 0;
}

static int apply_defaults(struct mr_options *o, struct mr_error *reterr)
{
    struct option_walk walk = option_walk_first(o->command);
    const struct mr_option *row;
    int r = 0;

    while (r == 0 && (row = option_walk_next(&walk))) {
        struct place place;
        if (row->def && find(o, row->name, strlen(row->name), 0, &place))
            r = set(o, &place, row->def, SOURCE_DEFAULT, reterr);
    }
    return r;
}

static int parse_all(struct mr_options *o, int argc, char **argv, enum mr_option_asked *ret_asked,
                     struct mr_error *reterr)
{
    int r = apply_defaults(o, reterr);

    if (r == 0)
        r = parse_arguments(o, argc, argv, reterr);
    if (o->standard.help || o->standard.version || o->standard.man) {
        *ret_asked = o->standard.help      ? MR_ASKED_HELP
                     : o->standard.version ? MR_ASKED_VERSION
                                           : MR_ASKED_MAN;
        return MR_END;
    }
    if (r == 0)
        r = parse_environment(o, reterr);
    if (r == 0 && o->standard.config)
        r = parse_file(o, o->standard.config, reterr);
    if (r == 0 && !o->command->synopsis && o->n_rest > 0)
        r = mr_error_set(reterr, MR_INVALID, "takes no arguments (was '%s')", o->rest[0]);
    return r;
}

int mr_options_parse(const struct mr_command *command, int argc, char **argv, void *target,
                     struct mr_options **ret_options, enum mr_option_asked *ret_asked,
                     struct mr_error *reterr)
{
    MR_AUTO(mr_options) struct mr_options *o = calloc(1, sizeof(*o));
    struct option_walk walk = option_walk_first(command);
    size_t n_rows = 0;

    if (!o)
        return -ENOMEM;
    *ret_asked = MR_ASKED_NOTHING;
    o->command = command;
    o->target = target;
    int r = mr_arena_new(0, &o->arena);
    if (r != 0)
        return r;
    while (option_walk_next(&walk))
        n_rows++;
    o->sources = mr_arena_array(o->arena, n_rows, sizeof(*o->sources));
    if (!o->sources)
        return -ENOMEM;
    r = parse_all(o, argc, argv, ret_asked, reterr);
    if (r >= 0)
        *ret_options = MR_MOVE(o);
    return r;
}

char **mr_options_rest(const struct mr_options *options, size_t *ret_n)
{
    *ret_n = options->n_rest;
    return options->rest;
}

bool mr_options_given(const struct mr_options *options, const char *name)
{
    struct option_walk walk = option_walk_first(options->command);
    const struct mr_option *row;

    for (size_t index = 0; (row = option_walk_next(&walk)); index++)
        if (strcmp(row->name, name) == 0)
            return options->sources[index] > SOURCE_DEFAULT;
    return false;
}

const char *mr_options_keep(struct mr_options *options, const char *text, size_t len)
{
    return mr_arena_dup(options->arena, text, len);
}

struct mr_options *mr_options_free(struct mr_options *options)
{
    if (options) {
        (void)mr_arena_free(options->arena);
        free(options);
    }
    return NULL;
}
