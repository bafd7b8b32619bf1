/* SPDX-License-Identifier: Apache-2.0 */
/* Who a caller is: users with crypt hashes, tokens with digests, certificates; with the roles file
 * it becomes what he may do. A loaded set of files never changes: a reload makes another. */
#pragma once

#include "access.h"

struct auth_files {
    const char *users, *tokens, *roles; /* paths; NULL: none */
    bool certificates;                  /* TLS asks for them */
};

struct auth;

/* NULL in *ret_auth: nobody is asked. 0; MR_INVALID with "file:line:column: ..." or the file that
 * cannot be read; -ENOMEM. */
int auth_load(const struct auth_files *files, struct auth **ret_auth, struct mr_error *reterr);
struct auth *auth_ref(struct auth *auth);
struct auth *auth_unref(struct auth *auth);

/* The value of an Authorization header; NULL: none was sent. Any thread. *ret_access is borrowed
 * from auth. 0; MR_AGAIN (quick only: a password is to be checked, which takes long); MR_INVALID
 * (wrong, unknown, or no such scheme); -ENOMEM. */
int auth_check(struct auth *auth, const char *authorization, bool quick,
               const struct access **ret_access);
/* The holder of a verified certificate. 0 or -ENOMEM. */
int auth_certificate(struct auth *auth, const char *name, const char *common_name,
                     const struct access **ret_access);

/* What WWW-Authenticate says, NULL when nothing but certificates is taken. */
const char *auth_challenge(const struct auth *auth);
