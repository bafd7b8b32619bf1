/* SPDX-License-Identifier: Apache-2.0 */
/* Options from the command line. */
#include <errno.h>
#include <string.h>

#include "millrace/buf.h"
#include "parse.h"

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

static int set_argument(struct mr_options *o, const struct option_place *place, const char *text,
                        struct mr_error *reterr)
{
    int r = place->row->secret ? secret_from_file(o, place->row, &text, reterr) : 0;

    return r != 0 ? r : option_set(o, place, text, SOURCE_ARGUMENT, reterr);
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
    struct option_place place;

    if (!option_find(o, name, len, 0, &place)) {
        if (!equals && strncmp(name, "no-", 3) == 0 &&
            option_find(o, name + 3, len - 3, 0, &place) && place.row->type == MR_OPTION_FLAG)
            return option_set(o, &place, "no", SOURCE_ARGUMENT, reterr);
        char *bare = mr_arena_dup(o->arena, name, len);
        return bare ? option_unknown(o, "option", "--", bare, reterr) : -ENOMEM;
    }
    if (equals)
        return set_argument(o, &place, equals + 1, reterr);
    if (place.row->type == MR_OPTION_FLAG)
        return option_set(o, &place, "yes", SOURCE_ARGUMENT, reterr);
    if (*i + 1 >= argc)
        return missing_value(place.row, reterr);
    return set_argument(o, &place, argv[++*i], reterr);
}

/* argv[*i] is "-abc": flags, the last of them may take the rest or the next word as its value. */
static int parse_letters(struct mr_options *o, int argc, char **argv, int *i,
                         struct mr_error *reterr)
{
    for (const char *p = argv[*i] + 1; *p; p++) {
        struct option_place place;
        if (!option_find(o, NULL, 0, *p, &place))
            return mr_error_set(reterr, MR_INVALID,
                                "unknown option '-%c': --help lists what there is", *p);
        if (place.row->type != MR_OPTION_FLAG) {
            if (p[1])
                return set_argument(o, &place, p[1] == '=' ? p + 2 : p + 1, reterr);
            if (*i + 1 >= argc)
                return missing_value(place.row, reterr);
            return set_argument(o, &place, argv[++*i], reterr);
        }
        int r = option_set(o, &place, "yes", SOURCE_ARGUMENT, reterr);
        if (r != 0)
            return r;
    }
    return 0;
}

int option_arguments(struct mr_options *o, int argc, char **argv, struct mr_error *reterr)
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
