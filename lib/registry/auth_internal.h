/* SPDX-License-Identifier: Apache-2.0 */
/* Who may come in, shared by auth.c and auth_load.c. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "auth.h"
#include "auth_files.h"

enum {
    KEY_BYTES = 32,
    VERIFIED = 1024, /* passwords remembered */
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
