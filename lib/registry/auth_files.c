/* SPDX-License-Identifier: Apache-2.0 */
/* "name:hash" lines: users with crypt hashes that are slow to guess, tokens with SHA-256. */
#include "auth_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <crypt.h>

#include "millrace/hash.h"
#include "millrace/own.h"
#include "millrace/status.h"

enum {
    MAX_SECRETS = 10000,
    MAX_NAME = 128,
    MAX_BCRYPT_COST = 14,
    MAX_ROUNDS = 1000000,
};

void secrets_done(struct secrets *secrets)
{
    for (size_t i = 0; i < secrets->n_items; i++) {
        free(secrets->items[i].name);
        free(secrets->items[i].hash);
    }
    free(secrets->items);
    *secrets = (struct secrets){0};
}

int file_read(const char *path, struct mr_buf *out, struct mr_error *reterr)
{
    size_t max = out->max;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int r = fd < 0 ? -errno : 0;

    out->max = LINES_MAX_BYTES;
    if (r == 0)
        r = mr_buf_read_fd(out, fd);
    out->max = max;
    if (fd >= 0)
        (void)close(fd);
    if (r == -ENOMEM)
        return r;
    if (r == -EFBIG)
        return mr_error_set(reterr, MR_INVALID, "%s: larger than %d MiB", path,
                            LINES_MAX_BYTES >> 20);
    if (r != 0)
        return mr_error_set(reterr, MR_INVALID, "%s: cannot be read: %s", path,
                            strerrordesc_np(-r));
    if (out->len > 0 && memchr(out->data, '\0', out->len))
        return mr_error_set(reterr, MR_INVALID, "%s: holds a NUL character", path);
    return 0;
}

static int add(struct secrets *secrets, struct mr_str name, struct secret **ret_secret)
{
    if (secrets->n_items == secrets->cap) {
        size_t cap = secrets->cap ? 2 * secrets->cap : 16;
        struct secret *items = realloc(secrets->items, cap * sizeof(*items));
        if (!items)
            return -ENOMEM;
        secrets->items = items;
        secrets->cap = cap;
    }
    struct secret *secret = &secrets->items[secrets->n_items];
    *secret = (struct secret){.name = strndup(name.data, name.len)};
    if (!secret->name)
        return -ENOMEM;
    secrets->n_items++;
    *ret_secret = secret;
    return 0;
}

/* The line's name, and what stands behind its colon. */
static int split(const struct lines *lines, struct secrets *secrets, const char *what,
                 struct secret **ret_secret, struct mr_str *ret_hash, struct mr_error *reterr)
{
    struct mr_str line = lines->line;
    const char *colon = memchr(line.data, ':', line.len);
    size_t len = colon ? (size_t)(colon - line.data) : 0;

    if (!colon)
        return lines_fail(lines, NULL, reterr, "a line is NAME:%s", what);
    if (len == 0 || len > MAX_NAME)
        return lines_fail(lines, NULL, reterr, "a name has 1 to %d bytes", MAX_NAME);
    for (size_t i = 0; i < secrets->n_items; i++)
        if (mr_str_is((struct mr_str){line.data, len}, secrets->items[i].name))
            return lines_fail(lines, NULL, reterr, "'%.*s' is there already", (int)len, line.data);
    if (secrets->n_items == MAX_SECRETS)
        return lines_fail(lines, NULL, reterr, "more than %d names", MAX_SECRETS);
    *ret_hash = (struct mr_str){colon + 1, line.len - len - 1};
    return add(secrets, (struct mr_str){line.data, len}, ret_secret);
}

/* bcrypt's cost and SHA's rounds are numbers in the hash: too large ones would stop the registry.
 */
static bool too_slow(const char *hash)
{
    const char *rounds = strstr(hash, "$rounds=");

    if (strncmp(hash, "$2", 2) == 0 && strlen(hash) > 4)
        return strtoul(hash + 4, NULL, 10) > MAX_BCRYPT_COST;
    return rounds && strtoul(rounds + strlen("$rounds="), NULL, 10) > MAX_ROUNDS;
}

/* Kinds of hashes and how long the part behind their last $ is. */
static const struct {
    const char *prefix;
    size_t tail;
} kinds[] = {{"$2a$", 53}, {"$2b$", 53}, {"$2y$", 53}, {"$y$", 43},
             {"$gy$", 43}, {"$7$", 43},  {"$6$", 86},  {"$5$", 43}};

static int check_hash(const struct lines *lines, const char *at, const char *hash,
                      struct mr_error *reterr)
{
    size_t tail = 0;

    for (size_t i = 0; i < MR_N_ELEMENTS(kinds); i++)
        if (strncmp(hash, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            tail = kinds[i].tail;
    if (tail == 0)
        return lines_fail(
            lines, at, reterr,
            "no hash that is taken here: bcrypt ($2b$), yescrypt ($y$), scrypt ($7$) "
            "or SHA-crypt ($6$, $5$), as `htpasswd -nB NAME` or `mkpasswd` prints it");
    if (too_slow(hash))
        return lines_fail(lines, at, reterr,
                          "this hash takes too long: at most cost %d for bcrypt, %d rounds for "
                          "SHA-crypt",
                          MAX_BCRYPT_COST, MAX_ROUNDS);
    if (strlen(strrchr(hash, '$') + 1) != tail || crypt_checksalt(hash) == CRYPT_SALT_INVALID)
        return lines_fail(lines, at, reterr, "this hash is not whole");
    return 0;
}

static int take_user(const struct lines *lines, struct secret *secret, struct mr_str hash,
                     struct mr_error *reterr)
{
    secret->hash = strndup(hash.data, hash.len);
    return secret->hash ? check_hash(lines, hash.data, secret->hash, reterr) : -ENOMEM;
}

static int take_token(const struct lines *lines, struct secret *secret, struct mr_str hash,
                      struct mr_error *reterr)
{
    if (hash.len == 2 * sizeof(secret->digest) &&
        mr_hex_decode(hash.data, hash.len, secret->digest) == sizeof(secret->digest))
        return 0;
    return lines_fail(lines, hash.data, reterr,
                      "behind the colon stands the token's SHA-256 in 64 hex digits, as "
                      "`printf %%s TOKEN | sha256sum` prints it");
}

/* Each line a name and what `take` makes a secret of. */
static int parse(struct lines lines, const char *what, struct secrets *secrets,
                 int (*take)(const struct lines *lines, struct secret *secret, struct mr_str hash,
                             struct mr_error *reterr),
                 struct mr_error *reterr)
{
    struct secret *secret;
    struct mr_str hash;
    int r = 0;

    while (r == 0 && lines_next(&lines)) {
        r = split(&lines, secrets, what, &secret, &hash, reterr);
        if (r == 0)
            r = take(&lines, secret, hash, reterr);
    }
    return r;
}

int users_parse(const char *name, struct mr_str text, struct secrets *secrets,
                struct mr_error *reterr)
{
    return parse((struct lines){.name = name, .rest = text}, "HASH", secrets, take_user, reterr);
}

int tokens_parse(const char *name, struct mr_str text, struct secrets *secrets,
                 struct mr_error *reterr)
{
    return parse((struct lines){.name = name, .rest = text}, "SHA256", secrets, take_token, reterr);
}
