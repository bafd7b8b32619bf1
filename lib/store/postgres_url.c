/* SPDX-License-Identifier: Apache-2.0 */
/* What to tell libpq: the URL's own words, and what is safe where it says nothing. A server that is
 * not on this machine is reached by TLS, its certificate verified, unless the URL says otherwise.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "postgres_internal.h"

static const char roots[] = "/etc/ssl/certs/ca-certificates.crt"; /* Debian's, and many others' */

void mr_postgres_words_free(struct postgres_words *words)
{
    for (size_t i = 0; i < words->n; i++)
        free(words->values[i]);
    words->n = 0;
}

static const char *find(const struct postgres_words *words, const char *keyword)
{
    for (size_t i = 0; i < words->n; i++)
        if (strcmp(words->keywords[i], keyword) == 0)
            return words->values[i];
    return NULL;
}

static int add(struct postgres_words *words, const char *keyword, const char *value)
{
    if (words->n + 1 >= MR_N_ELEMENTS(words->keywords))
        return -E2BIG;
    words->keywords[words->n] = keyword;
    words->values[words->n] = strdup(value);
    return words->values[words->n++] ? 0 : -ENOMEM;
}

/* What the URL leaves open. variable: the environment's say, which libpq reads by itself. */
static int add_default(struct postgres_words *words, const char *keyword, const char *variable,
                       const char *value)
{
    return find(words, keyword) || (variable && getenv(variable)) ? 0 : add(words, keyword, value);
}

static bool is_local_one(const char *host, size_t len)
{
    struct in_addr v4;
    char text[64];

    if (len == 0 || *host == '/' || *host == '@')
        return true;
    if (len >= sizeof(text))
        return false;
    memcpy(text, host, len);
    text[len] = '\0';
    return strcmp(text, "localhost") == 0 || strcmp(text, "::1") == 0 ||
           (inet_pton(AF_INET, text, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

/* Several hosts, separated by commas: all of them. hostaddr is where libpq really goes. */
static bool is_local(const struct postgres_words *words)
{
    const char *host = find(words, "hostaddr");

    if (!host)
        host = find(words, "host");
    if (!host)
        host = getenv("PGHOST");
    while (host && *host) {
        size_t len = strcspn(host, ",");
        if (!is_local_one(host, len))
            return false;
        host += len + (host[len] == ',');
    }
    return true;
}

static bool has_own_roots(void)
{
    const char *home = getenv("HOME");
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/.postgresql/root.crt", home ? home : "");
    return access(path, F_OK) == 0;
}

/* A server that is gone without a word is missed after half a minute, whether it owes us the
 * receipt of what was sent (tcp_user_timeout) or an answer (keepalives, from 10 s on). */
static int add_liveness(struct postgres_words *words)
{
    int r = add_default(words, "tcp_user_timeout", NULL, "30000");

    if (r == 0)
        r = add_default(words, "keepalives_idle", NULL, "10");
    if (r == 0)
        r = add_default(words, "keepalives_interval", NULL, "5");
    return r == 0 ? add_default(words, "keepalives_count", NULL, "4") : r;
}

static int add_defaults(struct postgres_words *words, const struct mr_store_options *options)
{
    bool writes = !options->read_only;

    int r = add_default(words, "connect_timeout", "PGCONNECT_TIMEOUT", "10");
    if (r == 0)
        r = add_liveness(words);
    if (r == 0)
        r = add_default(words, "fallback_application_name", NULL, "millrace");
    if (r == 0)
        r = add(words, "client_encoding", "UTF8");
    if (r == 0 && writes)
        r = add_default(words, "target_session_attrs", "PGTARGETSESSIONATTRS", "read-write");
    if (r != 0 || is_local(words))
        return r;
    r = add_default(words, "sslmode", "PGSSLMODE", "verify-full");
    return r == 0 && !has_own_roots() && access(roots, R_OK) == 0
               ? add_default(words, "sslrootcert", "PGSSLROOTCERT", roots)
               : r;
}

static int name_of(const struct postgres_words *words, char **ret_name)
{
    const char *user = find(words, "user"), *host = find(words, "host");
    const char *port = find(words, "port"), *db = find(words, "dbname");
    const char *schema = find(words, "options");

    schema = schema ? strstr(schema, "search_path=") : NULL;
    int len = asprintf(ret_name, "postgresql://%s%s%s%s%s/%s%s%.*s", user ? user : "",
                       user ? "@" : "", host ? host : "", port ? ":" : "", port ? port : "",
                       db ? db : "", schema ? " schema " : "",
                       schema ? (int)strcspn(schema + 12, " ") : 0, schema ? schema + 12 : "");
    return len < 0 ? -ENOMEM : 0;
}

/* libpq's own text would repeat what it does not understand, a password maybe. */
static int parse(const char *url, struct postgres_words *words, PQconninfoOption **ret,
                 struct mr_error *reterr)
{
    char *text = NULL;
    int r = 0;

    *ret = PQconninfoParse(url, &text);
    PQfreemem(text);
    if (!*ret)
        return mr_error_set(reterr, MR_INVALID,
                            "the store's URL is not one: give "
                            "postgresql://USER@HOST:PORT/DATABASE?PARAMETER=VALUE as libpq has it");
    for (PQconninfoOption *o = *ret; r == 0 && o->keyword; o++)
        if (o->val)
            r = add(words, o->keyword, o->val);
    return r;
}

int mr_postgres_words(const char *url, const struct mr_store_options *options,
                      struct postgres_words *ret, char **ret_name, struct mr_error *reterr)
{
    static PQconninfoOption *known; /* keywords are borrowed from it, for good */
    PQconninfoOption *parsed;

    ret->n = 0;
    if (!known)
        known = PQconndefaults();
    int r = parse(url, ret, &parsed, reterr);
    for (size_t i = 0; i < ret->n; i++)
        for (PQconninfoOption *o = known; o && o->keyword; o++)
            if (strcmp(o->keyword, ret->keywords[i]) == 0)
                ret->keywords[i] = o->keyword;
    PQconninfoFree(parsed);
    if (r == 0)
        r = name_of(ret, ret_name);
    return r == 0 ? add_defaults(ret, options) : r;
}
