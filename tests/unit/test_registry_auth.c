/* SPDX-License-Identifier: Apache-2.0 */
/* lib/registry: who a caller is. Files of users and tokens, and what an Authorization header is
 * worth. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth.h"
#include "auth_files.h"
#include "millrace/hash.h"
#include "millrace/own.h"
#include "millrace/status.h"
#include "millrace/time.h"
#include "support/unit.h"

/* "secret", "geheim", "ja:ja" with settings that take no time */
#define SHA "$5$rounds=1000$saltsalt$eKLZU9t9OoPWrqOQsoTIKG0aYkZ5rGOoOQhiIvoSWX2"
#define BCRYPT "$2b$04$RKc.2MiWhq5zWHzwJHoSAOfA2p0seaKXMIiwIINURmzFEA4VBBfOC"
#define YESCRYPT "$y$j75$F5Jx5fExrKuPp53xLKQ..1$8Ly0GGvqBQ4dDVHW08aabb/RwRvijtTIdOAQ7aedXB/"
#define TOKEN "4f6e1f65055263866dedb3c5fe22defb0cc045648cf0b87afac54cc6420e5647" /* tok123 */

static char users_path[] = "/tmp/millrace-users-XXXXXX";
static char tokens_path[] = "/tmp/millrace-tokens-XXXXXX";
static char roles_path[] = "/tmp/millrace-roles-XXXXXX";

static void write_file(char *path, const char *text)
{
    int fd = strstr(path, "XXXXXX") ? mkstemp(path) : -1;
    FILE *file = fd >= 0 ? fdopen(fd, "w") : fopen(path, "we");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static struct auth *load(void)
{
    const struct auth_files files = {
        .users = users_path, .tokens = tokens_path, .roles = roles_path};
    struct mr_error error = MR_ERROR_INIT;
    struct auth *auth;

    write_file(users_path, "# of the team\nann:" SHA "\nbob:" BCRYPT "\n\ncy:" YESCRYPT "\r\n");
    write_file(tokens_path, "ci:" TOKEN "\n");
    write_file(roles_path,
               "admin * user:ann\nread * user:bob user:cy token:ci\nread open anonymous");
    ck_assert_msg(auth_load(&files, &auth, &error) == 0, "%s", error.text);
    ck_assert_ptr_nonnull(auth);
    return auth;
}

static void forget(void)
{
    (void)unlink(users_path);
    (void)unlink(tokens_path);
    (void)unlink(roles_path);
}

static const char *basic(const char *plain, char out[256])
{
    size_t n = (size_t)snprintf(out, 256, "Basic ");

    n += mr_base64_encode((const uint8_t *)plain, strlen(plain), out + n);
    out[n] = '\0';
    return out;
}

/* Checked as the server does: quickly, else slowly. NULL: refused. */
static const char *who(struct auth *auth, const char *header, bool *ret_slow)
{
    const struct access *access = NULL;
    int r = auth_check(auth, header, true, &access);

    *ret_slow = r == MR_AGAIN;
    if (r == MR_AGAIN)
        r = auth_check(auth, header, false, &access);
    ck_assert(r == 0 || r == MR_INVALID);
    ck_assert(r == 0 || access->anonymous);
    return r == 0 ? access->who : NULL;
}

START_TEST(passwords_of_each_kind_of_hash_are_known)
{
    static const struct {
        const char *plain, *who;
    } rows[] = {{"ann:secret", "user:ann"},
                {"bob:geheim", "user:bob"},
                {"cy:ja:ja", "user:cy"},
                {"ann:Secret", NULL},
                {"ann:", NULL},
                {"ann", NULL},
                {"bob:secret", NULL},
                {"dora:secret", NULL},
                {":", NULL},
                {"", NULL},
                {"ann:secret ", NULL}};
    struct auth *auth = load();
    char header[256];
    bool slow;

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        const char *found = who(auth, basic(rows[i].plain, header), &slow);
        ck_assert_msg(rows[i].who ? found && strcmp(found, rows[i].who) == 0 : !found, "%s: %s",
                      rows[i].plain, found ? found : "refused");
    }
    (void)auth_unref(auth);
    forget();
}
END_TEST

START_TEST(a_password_is_checked_once_and_then_known_right_or_wrong)
{
    struct auth *auth = load();
    char header[256];
    bool slow;

    ck_assert_ptr_nonnull(who(auth, basic("bob:geheim", header), &slow));
    ck_assert(slow);
    ck_assert_ptr_nonnull(who(auth, header, &slow));
    ck_assert(!slow);
    ck_assert_ptr_null(who(auth, basic("bob:falsch", header), &slow));
    ck_assert(slow);
    ck_assert_ptr_null(who(auth, header, &slow));
    ck_assert(!slow);
    (void)auth_unref(auth);
    forget();
}
END_TEST

START_TEST(tokens_schemes_and_broken_headers)
{
    static const struct {
        const char *header, *who;
    } rows[] = {
        {NULL, "anonymous"},
        {"Bearer tok123", "token:ci"},
        {"bearer   tok123", "token:ci"},
        {"Bearer tok1234", NULL},
        {"Bearer ", NULL},
        {"Bearer", NULL},
        {"Digest username=x", NULL},
        {"", NULL},
        {"Basic !!!", NULL},
        {"Basic AAAA", NULL},
        {"Basic YW5uAGE6eA==", NULL},
        {"Basictok", NULL},
    };
    struct auth *auth = load();
    static char large[9000];
    bool slow;

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        const char *found = who(auth, rows[i].header, &slow);
        ck_assert_msg(rows[i].who ? found && strcmp(found, rows[i].who) == 0 : !found, "%s: %s",
                      rows[i].header, found ? found : "refused");
    }
    memset(large, 'A', 6 + 4096);
    memcpy(large, "Basic ", 6);
    ck_assert_ptr_null(who(auth, large, &slow));
    ck_assert(slow); /* looked at */
    memset(large, 'A', sizeof(large) - 1);
    memcpy(large, "Basic ", 6);
    ck_assert_ptr_null(who(auth, large, &slow));
    ck_assert(!slow);
    memcpy(large, "Bearer", 6);
    large[6] = ' ';
    ck_assert_ptr_null(who(auth, large, &slow));
    (void)auth_unref(auth);
    forget();
}
END_TEST

START_TEST(mistakes_in_the_files_are_told_with_line_and_column)
{
    static const struct {
        int (*parse)(const char *name, struct mr_str text, struct secrets *secrets,
                     struct mr_error *reterr);
        const char *text, *why;
    } rows[] = {
        {users_parse, "ann", "f:1:1: a line is NAME:HASH"},
        {users_parse, "\n:" SHA, "f:2:1: a name has"},
        {users_parse, "ann:" SHA "\nann:" SHA, "f:2:1: 'ann' is there already"},
        {users_parse, "ann:secret", "f:1:5: no hash that is taken here"},
        {users_parse, "ann:$apr1$abc$0123456789012345678901", "f:1:5: no hash that is taken"},
        {users_parse, "ann:$1$abc$0123456789012345678901", "f:1:5: no hash that is taken"},
        {users_parse, "ann:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=", "f:1:5: no hash that is taken"},
        {users_parse, "ann:$2b$04$short", "f:1:5: this hash is not whole"},
        {users_parse, "ann:$2b$31$RKc.2MiWhq5zWHzwJHoSAOipS3TTVAEtazcJ90tAHW.Hyv/v00C6y",
         "f:1:5: this hash takes too long"},
        {users_parse, "ann:$6$rounds=999999999$salt$x", "f:1:5: this hash takes too long"},
        {tokens_parse, "ci", "f:1:1: a line is NAME:SHA256"},
        {tokens_parse, "ci:tok123", "f:1:4: behind the colon stands the token's SHA-256"},
        {tokens_parse, "ci:" TOKEN "00", "f:1:4: behind the colon"},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct mr_error error = MR_ERROR_INIT;
        struct secrets secrets = {0};
        ck_assert_int_eq(rows[i].parse("f", mr_str_from(rows[i].text), &secrets, &error),
                         MR_INVALID);
        ck_assert_msg(strncmp(error.text, rows[i].why, strlen(rows[i].why)) == 0, "%s", error.text);
        secrets_done(&secrets);
    }
}
END_TEST

START_TEST(a_file_has_10000_names_and_4_mib)
{
    enum { NAMES = 10000, MOST = 4 << 20 };
    const struct auth_files files = {.tokens = tokens_path};
    struct mr_error error = MR_ERROR_INIT;
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    struct secrets secrets = {0};
    struct auth *auth;

    for (int i = 0; i < NAMES; i++)
        ck_assert_int_eq(mr_buf_printf(&text, "t%d:" TOKEN "\n", i), 0);
    ck_assert_int_eq(tokens_parse("f", mr_str_from(mr_buf_cstr(&text)), &secrets, NULL), 0);
    secrets_done(&secrets);
    ck_assert_int_eq(mr_buf_printf(&text, "more:" TOKEN "\n"), 0);
    ck_assert_int_eq(tokens_parse("f", mr_str_from(mr_buf_cstr(&text)), &secrets, &error),
                     MR_INVALID);
    ck_assert_str_eq(error.text, "f:10001:1: more than 10000 names");
    secrets_done(&secrets);

    text.len = 0;
    ck_assert_int_eq(mr_buf_printf(&text, "ci:" TOKEN "\n#%*s", (int)(MOST - 69), "\n"), 0);
    ck_assert_uint_eq(text.len, MOST);
    write_file(tokens_path, mr_buf_cstr(&text));
    ck_assert_msg(auth_load(&files, &auth, &error) == 0, "%s", error.text);
    (void)auth_unref(auth);
    ck_assert_int_eq(mr_buf_printf(&text, "\n"), 0);
    write_file(tokens_path, mr_buf_cstr(&text));
    ck_assert_int_eq(auth_load(&files, &auth, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "larger than 4 MiB"));
    forget();
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_named)
{
    const struct auth_files files = {.users = "/nonexistent/users"};
    struct mr_error error = MR_ERROR_INIT;
    struct auth *auth;

    ck_assert_int_eq(auth_load(&files, &auth, &error), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "/nonexistent/users: cannot be read: No such file"));
}
END_TEST

START_TEST(without_roles_whoever_is_known_may_do_all_and_nobody_else_anything)
{
    const struct auth_files files = {.tokens = tokens_path};
    const struct access *access;
    struct auth *auth;

    write_file(tokens_path, "ci:" TOKEN "\n");
    ck_assert_int_eq(auth_load(&files, &auth, NULL), 0);
    ck_assert_int_eq(auth_check(auth, "Bearer tok123", true, &access), 0);
    ck_assert_int_eq(access_role_everywhere(access), ROLE_ADMIN);
    ck_assert_int_eq(auth_check(auth, NULL, true, &access), 0);
    ck_assert(access->anonymous);
    ck_assert_uint_eq(access->n_grants, 0);
    ck_assert_int_eq(auth_check(auth, "Basic YTpi", true, &access), MR_INVALID);
    ck_assert_ptr_nonnull(strstr(auth_challenge(auth), "Bearer"));
    ck_assert_int_eq(auth_certificate(auth, "CN=x", "x", &access), 0);
    ck_assert_str_eq(access->who, "cert:CN=x");
    const struct access *again;
    ck_assert_int_eq(auth_certificate(auth, "CN=x", "x", &again), 0);
    ck_assert_ptr_eq(access, again);
    (void)auth_unref(auth);
    forget();
}
END_TEST

int main(void)
{
    return unit_run("registry_auth",
                    (const TTest *[]){
                        passwords_of_each_kind_of_hash_are_known,
                        a_password_is_checked_once_and_then_known_right_or_wrong,
                        tokens_schemes_and_broken_headers,
                        mistakes_in_the_files_are_told_with_line_and_column,
                        a_file_has_10000_names_and_4_mib,
                        a_file_that_cannot_be_read_is_named,
                        without_roles_whoever_is_known_may_do_all_and_nobody_else_anything,
                        NULL,
                    });
}
