/* SPDX-License-Identifier: Apache-2.0 */
/* The server's certificate and the authorities of its clients, from PEM files, and again on a
 * reload. */
#pragma once

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "millrace/error.h"

struct tls_files {
    const char *cert, *key; /* the chain, leaf first; the key of the leaf */
    const char *client_ca;  /* NULL: clients are not asked for certificates */
};

struct tls;

/* 0; MR_INVALID (a file that cannot be read, is no PEM, or a key of another certificate; the text
 * names the file); -ENOMEM. */
int tls_new(const struct tls_files *files, struct tls **ret_tls, struct mr_error *reterr);
/* Reads the files again: new handshakes use them; after a failure the old ones stay. */
int tls_reload(struct tls *tls, const struct tls_files *files, struct mr_error *reterr);
struct tls *tls_free(struct tls *tls);

/* For gnutls' certificate callback. */
void tls_present(struct tls *tls, gnutls_pcert_st **ret_chain, unsigned *ret_n,
                 gnutls_privkey_t *ret_key);
/* PEM of the authorities as it was at the start, for what names them in handshakes; borrowed. */
const char *tls_authorities(const struct tls *tls);

struct tls_peer {
    char name[512];        /* the subject, RFC 4514 */
    char common_name[128]; /* "" when it has none, or several */
};
/* 0; MR_ABSENT (the client showed none); MR_INVALID (not to be trusted; the text says why). Any
 * thread. */
int tls_verify_peer(struct tls *tls, gnutls_session_t session, struct tls_peer *ret_peer,
                    struct mr_error *reterr);
