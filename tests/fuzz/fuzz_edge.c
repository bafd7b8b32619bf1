/* SPDX-License-Identifier: Apache-2.0 */
/* What the registry's edge reads besides HTTP. First byte: r a roles file, u users, t tokens, a an
 * Authorization header, j a JSON schema, p a Protobuf schema; the rest is the text. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth.h"
#include "auth_files.h"
#include "foreign.h"
#include "millrace/own.h"
#include "millrace/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void expect_place(int r, const struct mr_error *error)
{
    if (r != 0 && (r != MR_INVALID || error->text[0] == '\0'))
        abort();
}

static void read_roles(struct mr_str text)
{
    struct mr_error error = MR_ERROR_INIT;
    struct roles *roles = NULL;
    int r = roles_parse("roles", text, &roles, &error);

    expect_place(r, &error);
    if (r != 0)
        return;
    struct access *access = roles_access(roles, "user", "ann", NULL);
    struct access *anonymous = roles_anonymous(roles);
    if (!access || !anonymous)
        abort();
    (void)access_role(access, "orders.a");
    (void)access_role(anonymous, ":.c:orders.a");
    if (access_role_everywhere(access) > access_role(access, ":.c:x"))
        abort();
    (void)access_free(access);
    (void)access_free(anonymous);
    (void)roles_free(roles);
}

static void read_secrets(struct mr_str text, bool users)
{
    struct mr_error error = MR_ERROR_INIT;
    struct secrets secrets = {0};

    expect_place(users ? users_parse("users", text, &secrets, &error)
                       : tokens_parse("tokens", text, &secrets, &error),
                 &error);
    secrets_done(&secrets);
}

/* One user, "ann" with "secret", by a hash that takes no time. */
static struct auth *one_user(void)
{
    static struct auth *auth;
    char path[] = "/tmp/millrace-fuzz-XXXXXX";
    const struct auth_files files = {.users = path};
    static const char line[] =
        "ann:$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2\n";

    if (!auth) {
        int fd = mkstemp(path);
        if (fd < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line) || close(fd) != 0 ||
            auth_load(&files, &auth, NULL) != 0)
            abort();
        (void)unlink(path);
    }
    return auth;
}

static void check_header(struct mr_str text)
{
    MR_AUTO(free) char *value = strndup(text.data, text.len);
    const struct access *access = NULL;
    int r = value ? auth_check(one_user(), value, true, &access) : -ENOMEM;

    if (r == MR_AGAIN)
        r = auth_check(one_user(), value, false, &access);
    if (r != MR_INVALID && (r != 0 || !access || access->anonymous))
        abort();
}

static void read_foreign(enum schema_type type, struct mr_str text)
{
    MR_AUTO(mr_buf) struct mr_buf once = {0};
    MR_AUTO(mr_buf) struct mr_buf twice = {0};
    struct mr_error error = MR_ERROR_INIT;
    int r = foreign_text(type, text, &once, &error);

    expect_place(r, &error);
    if (r != 0)
        return;
    /* what is kept is kept as it is when it comes again */
    if (foreign_text(type, (struct mr_str){(const char *)once.data, once.len}, &twice, NULL) != 0 ||
        once.len != twice.len || (once.len > 0 && memcmp(once.data, twice.data, once.len) != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    struct mr_str text = {(const char *)data + 1, len - 1};
    switch (data[0]) {
    case 'r':
        read_roles(text);
        break;
    case 'u':
    case 't':
        read_secrets(text, data[0] == 'u');
        break;
    case 'a':
        check_header(text);
        break;
    case 'j':
    case 'p':
        read_foreign(data[0] == 'j' ? SCHEMA_JSON : SCHEMA_PROTOBUF, text);
        break;
    default:
        break;
    }
    return 0;
}
