/* SPDX-License-Identifier: Apache-2.0 */
/* Members of metadata and of rules: checked by their shape, sorted as they are kept. */
#include "entity_members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/own.h"
#include "millrace/status.h"

int members_wrong(int *ret_code, struct mr_error *reterr, const char *name, const char *what)
{
    *ret_code = CODE_BAD_REQUEST;
    return mr_error_set(reterr, MR_INVALID, "'%s' must be %s", name, what);
}

static int by_text(const void *a, const void *b)
{
    const json_t *const *left = a, *const *right = b;

    return strcmp(json_string_value(*left), json_string_value(*right));
}

/* Strings sorted, each once; NULL when one is no string or memory ran out (*ret_r says which). */
json_t *string_set(const json_t *list, int *ret_r)
{
    size_t n = json_array_size(list), n_items = 0;
    MR_AUTO(free) json_t **items = calloc(n + 1, sizeof(json_t *));
    MR_AUTO(json) json_t *set = json_array();
    json_t *item;
    size_t i;

    *ret_r = -ENOMEM;
    if (!items || !set)
        return NULL;
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item)) {
            *ret_r = MR_INVALID;
            return NULL;
        }
        items[n_items++] = item;
    }
    qsort(items, n_items, sizeof(*items), by_text);
    for (i = 0; i < n_items; i++)
        if ((i == 0 || by_text(&items[i - 1], &items[i]) != 0) &&
            json_array_append(set, items[i]) != 0)
            return NULL;
    *ret_r = 0;
    return MR_MOVE(set);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A map by sorted keys; values are strings, or string sets. Same result rule as above. */
json_t *sorted_map(json_t *map, bool sets, int *ret_r)
{
    size_t n = 0;
    MR_AUTO(free) const char **keys = calloc(json_object_size(map) + 1, sizeof(char *));
    MR_AUTO(json) json_t *sorted = json_object();
    const char *key;
    json_t *value;

    *ret_r = -ENOMEM;
    if (!keys || !sorted)
        return NULL;
    json_object_foreach(map, key, value) keys[n++] = key;
    qsort(keys, n, sizeof(*keys), by_key);
    for (size_t i = 0; i < n; i++) {
        value = json_object_get(map, keys[i]);
        if (sets ? !json_is_array(value) : !json_is_string(value)) {
            *ret_r = MR_INVALID;
            return NULL;
        }
        json_t *kept = sets ? string_set(value, ret_r) : json_incref(value);
        if (!kept)
            return NULL;
        *ret_r = -ENOMEM;
        if (json_object_set_new(sorted, keys[i], kept) != 0)
            return NULL;
    }
    *ret_r = 0;
    return MR_MOVE(sorted);
}

static json_t *shaped(json_t *value, enum shape shape, int *ret_r)
{
    bool fits = shape == A_STRING ? json_is_string(value)
                : shape == A_BOOL ? json_is_boolean(value)
                : shape == A_SET  ? json_is_array(value)
                                  : json_is_object(value);

    *ret_r = fits ? 0 : MR_INVALID;
    if (!fits)
        return NULL;
    if (shape == A_SET)
        return string_set(value, ret_r);
    if (shape == A_MAP || shape == A_MAP_OF_SETS)
        return sorted_map(value, shape == A_MAP_OF_SETS, ret_r);
    return json_incref(value);
}

/* Those members of `from` that are listed, checked and in the order of the list; empty ones are
 * left out. */
int members_pick(const json_t *from, const struct member *members, size_t n, json_t *into,
                 int *ret_code, struct mr_error *reterr)
{
    for (size_t i = 0; i < n; i++) {
        json_t *value = json_object_get(from, members[i].name);
        int r = 0;
        if (!value || json_is_null(value))
            continue;
        json_t *kept = shaped(value, members[i].shape, &r);
        if (r == MR_INVALID)
            return members_wrong(ret_code, reterr, members[i].name, members[i].word);
        if (r != 0)
            return r;
        bool empty = members[i].shape == A_SET
                         ? json_array_size(kept) == 0
                         : json_is_object(kept) && json_object_size(kept) == 0;
        if (empty)
            json_decref(kept);
        else if (json_object_set_new(into, members[i].name, kept) != 0)
            return -ENOMEM;
    }
    return 0;
}
