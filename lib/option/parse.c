/* SPDX-License-Identifier: Apache-2.0 */
/* Command line, environment, file and defaults into one struct. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

bool option_find(struct mr_options *o, const char *name, size_t len, char letter,
                 struct option_place *ret)
{
    struct option_walk walk = option_walk_first(o->command);
    const struct mr_option *row;

    for (size_t index = 0; (row = option_walk_next(&walk)); index++) {
        if (letter ? row->letter != letter
                   : strlen(row->name) != len || memcmp(row->name, name, len) != 0)
            continue;
        char *base = walk.standard ? (char *)&o->standard : o->target + walk.base;
        *ret = (struct option_place){row, base + row->offset, index};
        return true;
    }
    return false;
}

int option_unknown(struct mr_options *o, const char *what, const char *dashes, const char *name,
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

int option_set(struct mr_options *o, const struct option_place *place, const char *text,
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

static int apply_defaults(struct mr_options *o, struct mr_error *reterr)
{
    struct option_walk walk = option_walk_first(o->command);
    const struct mr_option *row;
    int r = 0;

    while (r == 0 && (row = option_walk_next(&walk))) {
        struct option_place place;
        if (row->def && option_find(o, row->name, strlen(row->name), 0, &place))
            r = option_set(o, &place, row->def, SOURCE_DEFAULT, reterr);
    }
    return r;
}

static int parse_all(struct mr_options *o, int argc, char **argv, enum mr_option_asked *ret_asked,
                     struct mr_error *reterr)
{
    int r = apply_defaults(o, reterr);

    if (r == 0)
        r = option_arguments(o, argc, argv, reterr);
    if (o->standard.help || o->standard.version || o->standard.man) {
        *ret_asked = o->standard.help      ? MR_ASKED_HELP
                     : o->standard.version ? MR_ASKED_VERSION
                                           : MR_ASKED_MAN;
        return MR_END;
    }
    if (r == 0)
        r = option_environment(o, reterr);
    if (r == 0 && o->standard.config)
        r = option_file(o, o->standard.config, reterr);
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
