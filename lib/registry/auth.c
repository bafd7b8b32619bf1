/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials, checked once and then known again by a keyed digest. */
#include "auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <crypt.h>

#include "auth_internal.h"
#include "millrace/hash.h"
#include "millrace/own.h"
#include "millrace/status.h"
#include "millrace/time.h"

enum {
    MAX_HEADER_VALUE = 4096,
    VERIFIED_SECONDS = 300,
    REFUSED_SECONDS = 10, /* the same wrong password is not checked again */
    MAX_CERTIFICATES = 10000,
};

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
        if (verdict->access)
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
    if (r != 0)
        *ret_access = auth->anonymous; /* nobody is who only said so, in the access log neither */
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
