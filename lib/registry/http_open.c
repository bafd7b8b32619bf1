/* SPDX-License-Identifier: Apache-2.0 */
/* A libcurl handle and how it is set up: credentials, TLS, headers, time limits. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "http_internal.h"
#include "millrace/status.h"

enum {
    DEFAULT_TIMEOUT_MS = 10000,
    CONNECT_TIMEOUT_MS = 3000,
    DEFAULT_RETRIES = 3,
    DEFAULT_BACKOFF_MS = 100,
};

static void init_curl(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t take_body(char *data, size_t size, size_t n, void *opaque)
{
    struct http_reply *reply = opaque;

    return mr_buf_append(&reply->body, data, size * n) == 0 ? size * n : 0;
}

bool http_stopped(struct http *http)
{
    return http->stop && http->stop(http->stop_opaque);
}

static int watch_stop(void *opaque, curl_off_t down, curl_off_t down_now, curl_off_t up,
                      curl_off_t up_now)
{
    struct http *http = opaque;

    (void)down, (void)down_now, (void)up, (void)up_now;
    return http_stopped(http) ? 1 : 0;
}

static void set_credentials(struct http *http, const struct mr_registry_config *config)
{
    const char *user = config->user ? config->user : http->urls.user;
    const char *password = config->user ? config->password : http->urls.password;

    if (config->token) {
        (void)curl_easy_setopt(http->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        (void)curl_easy_setopt(http->curl, CURLOPT_XOAUTH2_BEARER, config->token);
    } else if (user) {
        (void)curl_easy_setopt(http->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        (void)curl_easy_setopt(http->curl, CURLOPT_USERNAME, user);
        (void)curl_easy_setopt(http->curl, CURLOPT_PASSWORD, password ? password : "");
    }
}

static int set_tls(struct http *http, const struct mr_registry_config *config,
                   struct mr_error *reterr)
{
    const struct {
        const char *path, *what;
        CURLoption option;
    } files[] = {
        {config->ca_file, "certificate authorities", CURLOPT_CAINFO},
        {config->cert_file, "client certificate", CURLOPT_SSLCERT},
        {config->key_file, "client key", CURLOPT_SSLKEY},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(files); i++) {
        if (!files[i].path)
            continue;
        if (access(files[i].path, R_OK) != 0)
            return mr_error_set(reterr, MR_INVALID, "registry: %s '%s' cannot be read: %s",
                                files[i].what, files[i].path, strerrordesc_np(errno));
        (void)curl_easy_setopt(http->curl, files[i].option, files[i].path);
    }
    (void)curl_easy_setopt(http->curl, CURLOPT_SSL_VERIFYPEER, config->insecure ? 0L : 1L);
    (void)curl_easy_setopt(http->curl, CURLOPT_SSL_VERIFYHOST, config->insecure ? 0L : 2L);
    (void)curl_easy_setopt(http->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    return 0;
}

static int set_headers(struct http *http)
{
    static const char *const lines[] = {
        "Accept: application/vnd.schemaregistry.v1+json, application/json",
        "Content-Type: application/vnd.schemaregistry.v1+json",
        "Expect:", /* no round trip for permission to send a body */
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(lines); i++) {
        struct curl_slist *longer = curl_slist_append(http->headers, lines[i]);
        if (!longer)
            return -ENOMEM;
        http->headers = longer;
    }
    (void)curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, http->headers);
    return 0;
}

static int configure(struct http *http, const struct mr_registry_config *config,
                     struct mr_error *reterr)
{
    CURL *curl = http->curl;
    long timeout = http->timeout_ms;

    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "millrace");
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->curl_error);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                           timeout < CONNECT_TIMEOUT_MS ? timeout : (long)CONNECT_TIMEOUT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    if (http->stop) {
        (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch_stop);
        (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
    }
    int r = set_headers(http);
    if (r == 0)
        r = set_tls(http, config, reterr);
    if (r == 0)
        set_credentials(http, config);
    return r;
}

int http_new(const struct mr_registry_config *config, struct http **ret_http,
             struct mr_error *reterr)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct http *http = calloc(1, sizeof(*http));

    if (!http)
        return -ENOMEM;
    (void)pthread_once(&once, init_curl);
    http->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : DEFAULT_TIMEOUT_MS;
    http->retries = config->retries > 0   ? config->retries
                    : config->retries < 0 ? 0
                                          : DEFAULT_RETRIES;
    http->backoff_ms = config->backoff_ms > 0 ? config->backoff_ms : DEFAULT_BACKOFF_MS;
    http->stop = config->stop;
    http->stop_opaque = config->stop_opaque;
    (void)!getrandom(&http->jitter, sizeof(http->jitter), GRND_NONBLOCK);
    int r = urls_parse(config->urls, &http->urls, reterr);
    if (r == 0 && !(http->curl = curl_easy_init()))
        r = -ENOMEM;
    if (r == 0)
        r = configure(http, config, reterr);
    if (r != 0) {
        (void)http_free(http);
        return r;
    }
    *ret_http = http;
    return 0;
}

struct http *http_free(struct http *http)
{
    if (http) {
        if (http->curl)
            curl_easy_cleanup(http->curl);
        curl_slist_free_all(http->headers);
        urls_done(&http->urls);
        free(http);
    }
    return NULL;
}
