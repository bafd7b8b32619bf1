/* SPDX-License-Identifier: Apache-2.0 */
/* The files of users and tokens, read. */
#pragma once

#include <stdint.h>

#include "lines.h"
#include "millrace/buf.h"

struct secret {
    char *name;
    char *hash;         /* of a user: as crypt has it */
    uint8_t digest[32]; /* of a token: SHA-256 */
};

struct secrets {
    struct secret *items;
    size_t n_items, cap;
};

void secrets_done(struct secrets *secrets);

/* All of them: 0; MR_INVALID with the place; -ENOMEM. */
int file_read(const char *path, struct mr_buf *out, struct mr_error *reterr);
int users_parse(const char *name, struct mr_str text, struct secrets *secrets,
                struct mr_error *reterr);
int tokens_parse(const char *name, struct mr_str text, struct secrets *secrets,
                 struct mr_error *reterr);
