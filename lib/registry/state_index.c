/* SPDX-License-Identifier: Apache-2.0 */
/* Ids, digests and references of the state. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state_internal.h"

static int need_id(struct context *context, int32_t number, struct id **ret_id)
{
    struct id *id = context_id(context, number);

    if (!id) {
        id = calloc(1, sizeof(*id));
        if (!id)
            return -ENOMEM;
        id->number = number;
        if (table_put(&context->ids, &id->number, sizeof(id->number), id) != 0) {
            free(id);
            return -ENOMEM;
        }
    }
    *ret_id = id;
    return 0;
}

static int put_digest(struct context *context, const struct content *content, struct id *id)
{
    struct digest *digest = table_find(&context->digests, content->digest, sizeof(content->digest));
    if (!digest) {
        digest = calloc(1, sizeof(*digest));
        if (!digest)
            return -ENOMEM;
        memcpy(digest->bytes, content->digest, sizeof(digest->bytes));
        if (table_put(&context->digests, digest->bytes, sizeof(digest->bytes), digest) != 0) {
            free(digest);
            return -ENOMEM;
        }
    }
    digest->id = id;
    return 0;
}

int id_hold(struct context *context, const struct version *version, struct subject *subject)
{
    struct id *id;
    int r = need_id(context, version->id, &id);

    if (r != 0)
        return r;
    if (version->id > context->max_id)
        context->max_id = version->id;
    for (size_t i = 0; i < id->n_holders; i++)
        if (id->holders[i].subject == subject && id->holders[i].version == version->number)
            return put_digest(context, version->content, id);
    struct holder *holders = realloc(id->holders, (id->n_holders + 1) * sizeof(*holders));
    if (!holders)
        return -ENOMEM;
    id->holders = holders;
    holders[id->n_holders++] = (struct holder){subject, version->number};
    return put_digest(context, version->content, id);
}

/* The digest goes with the last version of this id that has it. */
static void release_digest(struct context *context, const struct id *id,
                           const struct content *content)
{
    struct digest *digest = table_find(&context->digests, content->digest, sizeof(content->digest));

    if (!digest || digest->id != id)
        return;
    for (size_t i = 0; i < id->n_holders; i++) {
        const struct holder *holder = &id->holders[i];
        const struct version *version = subject_version(holder->subject, holder->version);
        if (memcmp(version->content->digest, digest->bytes, sizeof(digest->bytes)) == 0)
            return;
    }
    (void)table_take(&context->digests, digest->bytes, sizeof(digest->bytes));
    free(digest);
}

void id_release(struct context *context, const struct version *version, struct subject *subject)
{
    struct id *id = context_id(context, version->id);

    if (!id)
        return;
    for (size_t i = 0; i < id->n_holders; i++) {
        if (id->holders[i].subject != subject || id->holders[i].version != version->number)
            continue;
        id->holders[i] = id->holders[--id->n_holders];
        break;
    }
    release_digest(context, id, version->content);
    if (id->n_holders == 0) {
        (void)table_take(&context->ids, &id->number, sizeof(id->number));
        free(id->holders);
        free(id);
    }
}

enum { KEY_MAX = 2 * NAME_MAX_BYTES + 16 };

/* Length of the key in out; 0 when the reference can be no subject's. */
static size_t reference_key(const struct subject *parent, const json_t *reference,
                            char out[KEY_MAX])
{
    char name[2 * NAME_MAX_BYTES];

    if (!name_beside(mr_str_from(parent->name), json_str(json_object_get(reference, "subject")),
                     name))
        return 0;
    return (size_t)snprintf(out, KEY_MAX, "%s\n%d", name,
                            (int)json_integer_value(json_object_get(reference, "version")));
}

static int need_referred(struct state *state, const char *key, size_t len,
                         struct referred **ret_referred)
{
    struct referred *referred = table_find(&state->referred, key, len);

    if (!referred) {
        referred = calloc(1, sizeof(*referred));
        if (referred)
            referred->key = strndup(key, len);
        if (!referred || !referred->key ||
            table_put(&state->referred, referred->key, len, referred) != 0) {
            if (referred)
                free(referred->key);
            free(referred);
            return -ENOMEM;
        }
    }
    *ret_referred = referred;
    return 0;
}

static int refer_one(struct state *state, struct subject *subject, const struct version *version,
                     const json_t *reference)
{
    char key[KEY_MAX];
    size_t len = reference_key(subject, reference, key);
    struct referred *referred;

    if (len == 0)
        return 0;
    int r = need_referred(state, key, len, &referred);
    if (r != 0)
        return r;
    struct referrer *referrers =
        realloc(referred->referrers, (referred->n_referrers + 1) * sizeof(*referrers));
    if (!referrers)
        return -ENOMEM;
    referred->referrers = referrers;
    referrers[referred->n_referrers++] = (struct referrer){subject, version->number, version->id};
    return 0;
}

int refer(struct state *state, struct subject *subject, const struct version *version)
{
    const json_t *reference;
    size_t i;
    int r = 0;

    json_array_foreach(version->content->references, i, reference)
    {
        r = refer_one(state, subject, version, reference);
        if (r != 0)
            break;
    }
    return r;
}

static void unrefer_one(struct state *state, const struct subject *subject,
                        const struct version *version, const json_t *reference)
{
    char key[KEY_MAX];
    size_t len = reference_key(subject, reference, key);
    struct referred *referred = len > 0 ? table_find(&state->referred, key, len) : NULL;

    if (!referred)
        return;
    for (size_t i = 0; i < referred->n_referrers;) {
        struct referrer *referrer = &referred->referrers[i];
        if (referrer->subject == subject && referrer->version == version->number)
            *referrer = referred->referrers[--referred->n_referrers];
        else
            i++;
    }
    if (referred->n_referrers > 0)
        return;
    (void)table_take(&state->referred, key, len);
    free(referred->referrers);
    free(referred->key);
    free(referred);
}

void unrefer(struct state *state, const struct subject *subject, const struct version *version)
{
    const json_t *reference;
    size_t i;

    json_array_foreach(version->content->references, i, reference)
        unrefer_one(state, subject, version, reference);
}
