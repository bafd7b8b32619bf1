/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates by gnutls, which libmicrohttpd's TLS is built on. */
#include "tls.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/x509.h>

#include "auth_files.h"
#include "millrace/own.h"
#include "millrace/status.h"
#include "millrace/time.h"

enum {
    MAX_CHAIN = 16,
    KEEP_SECONDS = 300, /* a handshake may still use the set before; longer than one may last */
};

/* What one reading of the files gave. */
struct generation {
    struct generation *older;
    int64_t retired; /* on the steady clock; 0: in use */
    gnutls_pcert_st chain[MAX_CHAIN];
    unsigned n_chain;
    gnutls_privkey_t key;
    gnutls_x509_trust_list_t trusted; /* NULL: clients show none */
    struct mr_buf authorities;
};

struct tls {
    pthread_mutex_t lock;
    struct generation *newest;
    struct mr_buf authorities; /* of the first */
};

static struct generation *generation_free(struct generation *generation)
{
    if (!generation)
        return NULL;
    for (unsigned i = 0; i < generation->n_chain; i++)
        gnutls_pcert_deinit(&generation->chain[i]);
    if (generation->key)
        gnutls_privkey_deinit(generation->key);
    if (generation->trusted)
        gnutls_x509_trust_list_deinit(generation->trusted, 1);
    mr_buf_done(&generation->authorities);
    free(generation);
    return NULL;
}

static void mr_auto_generation(struct generation **generation)
{
    (void)generation_free(*generation);
}

static int fail(const char *path, int why, struct mr_error *reterr)
{
    return mr_error_set(reterr, MR_INVALID, "%s: %s", path, gnutls_strerror(why));
}

static gnutls_datum_t datum(struct mr_buf *buf)
{
    return (gnutls_datum_t){buf->data, (unsigned)buf->len};
}

static int load_chain(const char *path, struct generation *generation, gnutls_x509_crt_t *ret_leaf,
                      struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf pem = {0};
    gnutls_x509_crt_t certs[MAX_CHAIN];
    unsigned n = MAX_CHAIN;
    int r = file_read(path, &pem, reterr);

    if (r != 0)
        return r;
    const gnutls_datum_t data = datum(&pem);
    int why = gnutls_x509_crt_list_import(certs, &n, &data, GNUTLS_X509_FMT_PEM,
                                          GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
    if (why < 0)
        return fail(path, why, reterr);
    for (unsigned i = 0; i < n; i++) {
        if (why >= 0)
            why = gnutls_pcert_import_x509(&generation->chain[i], certs[i], 0);
        if (why >= 0)
            generation->n_chain++;
        if (i > 0)
            gnutls_x509_crt_deinit(certs[i]);
    }
    *ret_leaf = certs[0];
    return why < 0 ? fail(path, why, reterr) : 0;
}

static int load_key(const char *path, struct generation *generation, gnutls_x509_crt_t leaf,
                    struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf pem = {0};
    unsigned char of_key[64], of_leaf[64];
    size_t n_key = sizeof(of_key), n_leaf = sizeof(of_leaf);
    gnutls_x509_privkey_t key = NULL;
    int r = file_read(path, &pem, reterr);

    if (r != 0)
        return r;
    const gnutls_datum_t data = datum(&pem);
    int why = gnutls_x509_privkey_init(&key);
    if (why >= 0)
        why = gnutls_x509_privkey_import2(key, &data, GNUTLS_X509_FMT_PEM, NULL, 0);
    explicit_bzero(pem.data, pem.len);
    if (why >= 0)
        why = gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, of_key, &n_key);
    if (why >= 0)
        why = gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256, of_leaf, &n_leaf);
    if (why >= 0)
        why = gnutls_privkey_init(&generation->key);
    if (why >= 0)
        why = gnutls_privkey_import_x509(generation->key, key, GNUTLS_PRIVKEY_IMPORT_COPY);
    gnutls_x509_privkey_deinit(key);
    if (why < 0)
        return fail(path, why, reterr);
    if (n_key != n_leaf || memcmp(of_key, of_leaf, n_key) != 0)
        return mr_error_set(reterr, MR_INVALID, "%s: is not the key of the certificate", path);
    return 0;
}

static int load_trusted(const char *path, struct generation *generation, struct mr_error *reterr)
{
    int r = file_read(path, &generation->authorities, reterr);

    if (r != 0)
        return r;
    const gnutls_datum_t data = datum(&generation->authorities);
    int why = gnutls_x509_trust_list_init(&generation->trusted, 0);
    if (why >= 0)
        why = gnutls_x509_trust_list_add_trust_mem(generation->trusted, &data, NULL,
                                                   GNUTLS_X509_FMT_PEM, 0, 0);
    if (why == 0)
        return mr_error_set(reterr, MR_INVALID, "%s: holds no certificate", path);
    return why < 0 ? fail(path, why, reterr) : 0;
}

static int load(const struct tls_files *files, struct generation **ret_generation,
                struct mr_error *reterr)
{
    MR_AUTO(generation) struct generation *generation = calloc(1, sizeof(*generation));
    gnutls_x509_crt_t leaf = NULL;

    if (!generation)
        return -ENOMEM;
    int r = load_chain(files->cert, generation, &leaf, reterr);
    if (r == 0)
        r = load_key(files->key, generation, leaf, reterr);
    if (leaf)
        gnutls_x509_crt_deinit(leaf);
    if (r == 0 && files->client_ca)
        r = load_trusted(files->client_ca, generation, reterr);
    if (r == 0)
        *ret_generation = MR_MOVE(generation);
    return r;
}

int tls_new(const struct tls_files *files, struct tls **ret_tls, struct mr_error *reterr)
{
    struct tls *tls = calloc(1, sizeof(*tls));
    int r = tls ? load(files, &tls->newest, reterr) : -ENOMEM;

    if (r == 0)
        r = mr_buf_append(&tls->authorities, tls->newest->authorities.data,
                          tls->newest->authorities.len);
    if (r == 0 && !mr_buf_cstr(&tls->authorities))
        r = -ENOMEM;
    if (r != 0) {
        if (tls)
            (void)generation_free(tls->newest);
        free(tls);
        return r;
    }
    (void)pthread_mutex_init(&tls->lock, NULL);
    *ret_tls = tls;
    return 0;
}

int tls_reload(struct tls *tls, const struct tls_files *files, struct mr_error *reterr)
{
    struct generation *next;
    int64_t now = mr_time_steady();
    int r = load(files, &next, reterr);

    if (r != 0)
        return r;
    (void)pthread_mutex_lock(&tls->lock);
    tls->newest->retired = now;
    next->older = tls->newest;
    tls->newest = next;
    for (struct generation **at = &next->older; *at;) {
        struct generation *old = *at;
        if (now - old->retired < KEEP_SECONDS * INT64_C(1000000)) {
            at = &old->older;
            continue;
        }
        *at = old->older;
        (void)generation_free(old);
    }
    (void)pthread_mutex_unlock(&tls->lock);
    return 0;
}

struct tls *tls_free(struct tls *tls)
{
    if (!tls)
        return NULL;
    while (tls->newest) {
        struct generation *older = tls->newest->older;
        (void)generation_free(tls->newest);
        tls->newest = older;
    }
    mr_buf_done(&tls->authorities);
    (void)pthread_mutex_destroy(&tls->lock);
    free(tls);
    return NULL;
}

void tls_present(struct tls *tls, gnutls_pcert_st **ret_chain, unsigned *ret_n,
                 gnutls_privkey_t *ret_key)
{
    (void)pthread_mutex_lock(&tls->lock);
    *ret_chain = tls->newest->chain;
    *ret_n = tls->newest->n_chain;
    *ret_key = tls->newest->key;
    (void)pthread_mutex_unlock(&tls->lock);
}

const char *tls_authorities(const struct tls *tls)
{
    return (const char *)tls->authorities.data;
}

static int judge(struct tls *tls, gnutls_x509_crt_t *certs, unsigned n, struct mr_error *reterr)
{
    gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                     .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT};
    gnutls_datum_t words = {0};
    unsigned status = ~0u;

    (void)pthread_mutex_lock(&tls->lock);
    int why = gnutls_x509_trust_list_verify_crt2(tls->newest->trusted, certs, n, &purpose, 1, 0,
                                                 &status, NULL);
    (void)pthread_mutex_unlock(&tls->lock);
    if (why >= 0 && status == 0)
        return 0;
    if (why >= 0)
        why = gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &words, 0);
    int r = mr_error_set(reterr, MR_INVALID, "the client's certificate is not accepted: %s",
                         words.data ? (const char *)words.data : gnutls_strerror(why));
    gnutls_free(words.data);
    return r;
}

/* A second CN could be meant to be another's name. */
static void take_common_name(gnutls_x509_crt_t leaf, struct tls_peer *peer)
{
    size_t len = sizeof(peer->common_name), more = 0;

    if (gnutls_x509_crt_get_dn_by_oid(leaf, GNUTLS_OID_X520_COMMON_NAME, 0, 0, peer->common_name,
                                      &len) < 0 ||
        gnutls_x509_crt_get_dn_by_oid(leaf, GNUTLS_OID_X520_COMMON_NAME, 1, 0, NULL, &more) !=
            GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ||
        strlen(peer->common_name) != len)
        peer->common_name[0] = '\0';
}

int tls_verify_peer(struct tls *tls, gnutls_session_t session, struct tls_peer *ret_peer,
                    struct mr_error *reterr)
{
    gnutls_x509_crt_t certs[MAX_CHAIN];
    size_t len = sizeof(ret_peer->name);
    unsigned n = 0, n_shown = 0;
    const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &n_shown);
    int why = 0, r;

    if (!shown || n_shown == 0)
        return MR_ABSENT;
    for (; n < n_shown && n < MAX_CHAIN && why >= 0; n++) {
        why = gnutls_x509_crt_init(&certs[n]);
        if (why < 0)
            break;
        why = gnutls_x509_crt_import(certs[n], &shown[n], GNUTLS_X509_FMT_DER);
    }
    r = why < 0 ? fail("the client's certificate", why, reterr) : judge(tls, certs, n, reterr);
    if (r == 0 && gnutls_x509_crt_get_dn(certs[0], ret_peer->name, &len) < 0)
        r = mr_error_set(reterr, MR_INVALID,
                         "the client's certificate has no name, or one longer "
                         "than 511 bytes");
    if (r == 0)
        take_common_name(certs[0], ret_peer);
    for (unsigned i = 0; i < n; i++)
        gnutls_x509_crt_deinit(certs[i]);
    return r;
}
