/* SPDX-License-Identifier: Apache-2.0 */
/* Who may come in, read from the files that say so; kept as long as a request needs it. */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "auth_internal.h"
#include "millrace/own.h"
#include "millrace/status.h"

static void free_accesses(struct access **list, size_t n)
{
    for (size_t i = 0; list && i < n; i++)
        (void)access_free(list[i]);
    free(list);
}

struct auth *auth_unref(struct auth *auth)
{
    if (!auth || atomic_fetch_sub_explicit(&auth->n_refs, 1, memory_order_acq_rel) != 1)
        return NULL;
    free_accesses(auth->user_access, auth->users.n_items);
    free_accesses(auth->token_access, auth->tokens.n_items);
    free_accesses(auth->certificate_access, auth->n_certificates);
    (void)access_free(auth->anonymous);
    secrets_done(&auth->users);
    secrets_done(&auth->tokens);
    (void)roles_free(auth->roles);
    (void)pthread_mutex_destroy(&auth->lock);
    free(auth);
    return NULL;
}

struct auth *auth_ref(struct auth *auth)
{
    if (auth)
        atomic_fetch_add_explicit(&auth->n_refs, 1, memory_order_relaxed);
    return auth;
}

static void mr_auto_auth(struct auth **auth)
{
    (void)auth_unref(*auth);
}

static int load_secrets(const char *path,
                        int (*parse)(const char *name, struct mr_str text, struct secrets *secrets,
                                     struct mr_error *reterr),
                        struct secrets *secrets, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    int r = path ? file_read(path, &text, reterr) : 0;

    if (r == 0 && path)
        r = parse(path, (struct mr_str){(const char *)text.data, text.len}, secrets, reterr);
    return r;
}

static int load_roles(const char *path, struct roles **ret_roles, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    int r = path ? file_read(path, &text, reterr) : 0;

    if (r != 0)
        return r;
    return path ? roles_parse(path, (struct mr_str){(const char *)text.data, text.len}, ret_roles,
                              reterr)
                : roles_admin(ret_roles);
}

static int make_accesses(const struct auth *auth, const char *kind, const struct secrets *secrets,
                         struct access ***ret_list)
{
    struct access **list = calloc(secrets->n_items + 1, sizeof(*list));

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < secrets->n_items; i++) {
        list[i] = roles_access(auth->roles, kind, secrets->items[i].name, NULL);
        if (!list[i]) {
            free_accesses(list, i);
            return -ENOMEM;
        }
    }
    *ret_list = list;
    return 0;
}

int auth_load(const struct auth_files *files, struct auth **ret_auth, struct mr_error *reterr)
{
    *ret_auth = NULL;
    if (!files->users && !files->tokens && !files->roles && !files->certificates)
        return 0;
    MR_AUTO(auth) struct auth *auth = calloc(1, sizeof(*auth));
    if (!auth)
        return -ENOMEM;
    atomic_init(&auth->n_refs, 1);
    (void)pthread_mutex_init(&auth->lock, NULL);
    auth->certificates = files->certificates;
    if (getrandom(auth->key, sizeof(auth->key), 0) != (ssize_t)sizeof(auth->key))
        return -EIO;
    int r = load_secrets(files->users, users_parse, &auth->users, reterr);
    if (r == 0)
        r = load_secrets(files->tokens, tokens_parse, &auth->tokens, reterr);
    if (r == 0)
        r = load_roles(files->roles, &auth->roles, reterr);
    if (r == 0)
        r = make_accesses(auth, "user", &auth->users, &auth->user_access);
    if (r == 0)
        r = make_accesses(auth, "token", &auth->tokens, &auth->token_access);
    if (r == 0 && !(auth->anonymous = roles_anonymous(auth->roles)))
        r = -ENOMEM;
    if (r == 0)
        *ret_auth = MR_MOVE(auth);
    return r;
}
