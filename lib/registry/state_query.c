/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups in the state. */
#include <stdio.h>
#include <string.h>

#include "state.h"

struct subject *state_subject(const struct state *state, const char *name)
{
    return table_find(&state->subjects, name, strlen(name));
}

struct context *state_context(const struct state *state, struct mr_str name)
{
    return table_find(&state->contexts, name.data, name.len);
}

struct version *subject_version(const struct subject *subject, int32_t number)
{
    size_t low = 0, high = subject->n_versions;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (subject->versions[middle].number == number)
            return &subject->versions[middle];
        if (subject->versions[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

struct version *subject_latest(const struct subject *subject)
{
    for (size_t i = subject->n_versions; i-- > 0;)
        if (!subject->versions[i].deleted)
            return &subject->versions[i];
    return NULL;
}

int32_t subject_newest(const struct subject *subject)
{
    return subject->n_versions > 0 ? subject->versions[subject->n_versions - 1].number : 0;
}

bool subject_has(const struct subject *subject, bool deleted)
{
    return subject->n_versions > 0 && (deleted || subject_latest(subject));
}

struct id *context_id(const struct context *context, int32_t number)
{
    return table_find(&context->ids, &number, sizeof(number));
}

struct id *context_digest(const struct context *context, const uint8_t digest[16])
{
    const struct digest *found = table_find(&context->digests, digest, 16);

    return found ? found->id : NULL;
}

/* Several versions of a subject may hold one id: the newest that is not deleted speaks for them. */
const struct holder *id_holder(const struct id *id, const char *subject)
{
    const struct holder *best = NULL;
    bool best_deleted = true;

    for (size_t i = 0; i < id->n_holders; i++) {
        const struct holder *holder = &id->holders[i];
        if (strcmp(holder->subject->name, subject) != 0)
            continue;
        bool deleted = subject_version(holder->subject, holder->version)->deleted;
        if (!best || (best_deleted && !deleted) ||
            (best_deleted == deleted && holder->version > best->version)) {
            best = holder;
            best_deleted = deleted;
        }
    }
    return best;
}

const struct referred *state_referred(const struct state *state, const char *subject,
                                      int32_t version)
{
    char key[NAME_MAX_BYTES + 16];
    int len = snprintf(key, sizeof(key), "%s\n%d", subject, (int)version);

    return len < (int)sizeof(key) ? table_find(&state->referred, key, (size_t)len) : NULL;
}

struct setting *state_setting(struct state *state, const char *name)
{
    if (!name)
        return &state->global;
    return table_find(&state->settings, name, strlen(name));
}

static bool refers_to(const struct subject *parent, const struct version *version,
                      const char *subject, int32_t number)
{
    char name[2 * NAME_MAX_BYTES];
    const json_t *reference;
    size_t i;

    json_array_foreach(version->content->references, i, reference)
    {
        if (json_integer_value(json_object_get(reference, "version")) == number &&
            name_beside(mr_str_from(parent->name), json_str(json_object_get(reference, "subject")),
                        name) &&
            strcmp(name, subject) == 0)
            return true;
    }
    return false;
}

bool state_needs(const struct state *state, const char *subject, int32_t version)
{
    for (size_t i = 0; i < state->n_sorted; i++)
        for (size_t v = 0; v < state->sorted[i]->n_versions; v++)
            if (refers_to(state->sorted[i], &state->sorted[i]->versions[v], subject, version))
                return true;
    return false;
}
