/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials, checked once and then known again by a keyed digest. */
#include "auth.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <crypt.h>

#include "auth_files.h"
#include "millrace/hash.h"
#include "millrace/own.h"
#include "millrace/status.h"
#include "millrace/time.h"

enum {
    KEY_BYTES = 32,
    MAX_HEADER_VALUE = 4096,
    VERIFIED = 1024, /* passwords remembered */
    VERIFIED_SECONDS = 300,
    REFUSED_SECONDS = 10, /* the same wrong password is not checked again */
    MAX_CERTIFICATES = 10000,
};

/* What was found about one Authorization header. */
struct verdict {
    uint8_t mac[32];
    int64_t until;               /* on the steady clock; 0: the slot is free */
    const struct access *access; /* NULL: refused */
};

struct auth {
    _Atomic unsigned n_refs;
    struct roles *roles;
    struct secrets users, tokens;
    struct access **user_access, **token_access;
    struct access *anonymous;
    bool certificates;
    uint8_t key[KEY_BYTES]; /* makes a memory dump's digests useless */
    pthread_mutex_t lock;   /* over what follows */
    struct verdict verdicts[VERIFIED];
    struct access **certificate_access; /* by name, as they come */
    size_t n_certificates;
};

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

const char *auth_challenge(const struct auth *auth)
{
    static const char basic[] = "Basic realm=\"schema registry\", charset=\"UTF-8\"";
    static const char bearer[] = "Bearer realm=\"schema registry\"";
    static const char both[] = "Basic realm=\"schema registry\", charset=\"UTF-8\", "
                               "Bearer realm=\"schema registry\"";

    if (auth->users.n_items > 0)
        return auth->tokens.n_items > 0 ? both : basic;
    return auth->tokens.n_items > 0 ? bearer : NULL;
}

/* Says nothing by the time it takes. */
static bool same(const void *a, const void *b, size_t len)
{
    const uint8_t *left = a, *right = b;
    uint8_t differs = 0;

    for (size_t i = 0; i < len; i++)
        differs |= (uint8_t)(left[i] ^ right[i]);
    return differs == 0;
}

static int mac_of(const struct auth *auth, const char *value, size_t len, uint8_t out[32])
{
    uint8_t all[KEY_BYTES + MAX_HEADER_VALUE];

    if (len > MAX_HEADER_VALUE)
        return MR_INVALID;
    memcpy(all, auth->key, KEY_BYTES);
    memcpy(all + KEY_BYTES, value, len);
    mr_sha256(all, KEY_BYTES + len, out);
    explicit_bzero(all, sizeof(all));
    return 0;
}

static struct verdict *slot_of(struct auth *auth, const uint8_t mac[32])
{
    return &auth->verdicts[((size_t)mac[0] | (size_t)mac[1] << 8) % VERIFIED];
}

/* 0, MR_INVALID, or MR_ABSENT: not known. */
static int remembered(struct auth *auth, const uint8_t mac[32], const struct access **ret_access)
{
    int64_t now = mr_time_steady();
    int r = MR_ABSENT;

    (void)pthread_mutex_lock(&auth->lock);
    const struct verdict *verdict = slot_of(auth, mac);
    if (verdict->until > now && same(verdict->mac, mac, sizeof(verdict->mac))) {
        *ret_access = verdict->access;
        r = verdict->access ? 0 : MR_INVALID;
    }
    (void)pthread_mutex_unlock(&auth->lock);
    return r;
}

/* What is wrong does not push out what is right. */
static void remember(struct auth *auth, const uint8_t mac[32], const struct access *access)
{
    int64_t now = mr_time_steady();
    int64_t seconds = access ? VERIFIED_SECONDS : REFUSED_SECONDS;

    (void)pthread_mutex_lock(&auth->lock);
    struct verdict *verdict = slot_of(auth, mac);
    if (access || verdict->until <= now || !verdict->access) {
        memcpy(verdict->mac, mac, sizeof(verdict->mac));
        verdict->until = now + seconds * INT64_C(1000000);
        verdict->access = access;
    }
    (void)pthread_mutex_unlock(&auth->lock);
}

/* An unknown name costs as much as a known one. */
static int check_password(struct auth *auth, const char *name, const char *password,
                          const struct access **ret_access)
{
    const struct secret *secret = NULL;
    struct crypt_data *data = calloc(1, sizeof(*data));

    if (!data)
        return -ENOMEM;
    for (size_t i = 0; i < auth->users.n_items; i++) {
        if (strcmp(auth->users.items[i].name, name) == 0) {
            secret = &auth->users.items[i];
            *ret_access = auth->user_access[i];
        }
    }
    const char *hash = secret ? secret->hash : auth->users.items[0].hash;
    const char *made = crypt_r(password, hash, data);
    bool right = made && strlen(made) == strlen(hash) && same(made, hash, strlen(hash));
    explicit_bzero(data, sizeof(*data));
    free(data);
    return secret && right ? 0 : MR_INVALID;
}

static int check_basic(struct auth *auth, const char *value, size_t len,
                       const struct access **ret_access)
{
    char plain[MAX_HEADER_VALUE];
    size_t n = len <= sizeof(plain) - 1 ? mr_base64_decode(value, len, (uint8_t *)plain) : SIZE_MAX;

    if (n == SIZE_MAX || memchr(plain, '\0', n))
        return MR_INVALID;
    plain[n] = '\0';
    char *colon = strchr(plain, ':');
    int r = MR_INVALID;
    if (colon) {
        *colon = '\0';
        r = check_password(auth, plain, colon + 1, ret_access);
    }
    explicit_bzero(plain, sizeof(plain));
    return r;
}

static int check_bearer(struct auth *auth, const char *value, size_t len,
                        const struct access **ret_access)
{
    uint8_t digest[32];
    int r = MR_INVALID;

    mr_sha256(value, len, digest);
    for (size_t i = 0; i < auth->tokens.n_items; i++) {
        if (same(digest, auth->tokens.items[i].digest, sizeof(digest))) {
            *ret_access = auth->token_access[i];
            r = 0;
        }
    }
    return r;
}

/* Past "Scheme " of any case; NULL when it is another. */
static const char *after_scheme(const char *value, const char *scheme)
{
    size_t len = strlen(scheme);

    if (strncasecmp(value, scheme, len) != 0 || value[len] != ' ')
        return NULL;
    return value + len + strspn(value + len, " ");
}

int auth_check(struct auth *auth, const char *authorization, bool quick,
               const struct access **ret_access)
{
    uint8_t mac[32];

    *ret_access = auth->anonymous;
    if (!authorization)
        return 0;
    const char *token = after_scheme(authorization, "Bearer");
    if (token)
        return check_bearer(auth, token, strlen(token), ret_access);
    const char *basic = after_scheme(authorization, "Basic");
    if (!basic || auth->users.n_items == 0)
        return MR_INVALID;
    int r = mac_of(auth, basic, strlen(basic), mac);
    if (r == 0)
        r = remembered(auth, mac, ret_access);
    if (r != MR_ABSENT)
        return r;
    if (quick)
        return MR_AGAIN;
    r = check_basic(auth, basic, strlen(basic), ret_access);
    if (r >= 0)
        remember(auth, mac, r == 0 ? *ret_access : NULL);
    return r;
}

int auth_certificate(struct auth *auth, const char *name, const char *common_name,
                     const struct access **ret_access)
{
    struct access *access = roles_access(auth->roles, "cert", name, common_name);
    int r = access ? 0 : -ENOMEM;

    (void)pthread_mutex_lock(&auth->lock);
    for (size_t i = 0; r == 0 && i < auth->n_certificates; i++) {
        if (strcmp(auth->certificate_access[i]->who, access->who) != 0)
            continue;
        (void)access_free(access);
        access = NULL;
        *ret_access = auth->certificate_access[i];
        break;
    }
    if (r == 0 && access) {
        struct access **list =
            auth->n_certificates < MAX_CERTIFICATES
                ? realloc(auth->certificate_access, (auth->n_certificates + 1) * sizeof(*list))
                : NULL;
        if (list) {
            auth->certificate_access = list;
            list[auth->n_certificates++] = access;
            *ret_access = access;
        } else {
            (void)access_free(access);
            r = -ENOMEM;
        }
    }
    (void)pthread_mutex_unlock(&auth->lock);
    return r;
}
