/* SPDX-License-Identifier: Apache-2.0 */
/* Options from the environment. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

/* A list's value in the environment is split at ';'. */
static int set_split(struct mr_options *o, const struct option_place *place, const char *text,
                     enum option_source source, struct mr_error *reterr)
{
    if (place->row->type != MR_OPTION_LIST)
        return option_set(o, place, text, source, reterr);
    for (;;) {
        size_t len = strcspn(text, ";");
        char *item = mr_arena_dup(o->arena, text, len);
        int r = item ? option_set(o, place, item, source, reterr) : -ENOMEM;
        if (r != 0 || text[len] == '\0')
            return r;
        text += len + 1;
    }
}

int option_environment(struct mr_options *o, struct mr_error *reterr)
{
    struct option_walk walk = option_walk_first(o->command);
    const struct mr_option *row;

    while ((row = option_walk_next(&walk))) {
        char name[96];
        const char *env = mr_option_env(row, name, sizeof(name));
        const char *value = env ? getenv(env) : NULL;
        struct option_place place;
        if (!value || !*value || !option_find(o, row->name, strlen(row->name), 0, &place))
            continue;
        char *copy = mr_arena_dup(o->arena, value, strlen(value));
        struct mr_error inner = MR_ERROR_INIT;
        int r = copy ? set_split(o, &place, copy, SOURCE_ENVIRONMENT, &inner) : -ENOMEM;
        if (r != 0)
            return mr_error_set(reterr, r, "environment %s: %s", env, inner.text);
    }
    return 0;
}
