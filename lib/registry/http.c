/* SPDX-License-Identifier: Apache-2.0 */
/* One libcurl handle, reused, so that connections are kept. */
#include "http.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "millrace/status.h"
#include "millrace/time.h"
#include "urls.h"

enum {
    DEFAULT_TIMEOUT_MS = 10000,
    CONNECT_TIMEOUT_MS = 3000,
    DEFAULT_RETRIES = 3,
    DEFAULT_BACKOFF_MS = 100,
    LONGEST_WAIT_MS = 5000, /* between two rounds, Retry-After included */
    MAX_REPLY = 16 << 20,
    STOP_POLL_MS = 100,
};

struct http {
    CURL *curl;
    struct curl_slist *headers;
    struct urls urls;
    size_t current; /* the last server that answered */
    int32_t timeout_ms, retries, backoff_ms;
    uint64_t jitter;
    bool (*stop)(void *opaque);
    void *stop_opaque;
    int64_t stop_asked; /* mr_time_steady() */
    char curl_error[CURL_ERROR_SIZE];
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

static bool stopped(struct http *http)
{
    return http->stop && http->stop(http->stop_opaque);
}

static int watch_stop(void *opaque, curl_off_t down, curl_off_t down_now, curl_off_t up,
                      curl_off_t up_now)
{
    struct http *http = opaque;

    (void)down, (void)down_now, (void)up, (void)up_now;
    return stopped(http) ? 1 : 0;
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

/* A fault of the connection: what it means and whether another try may help. */
static int connection_fault(struct http *http, CURLcode code, const char *url,
                            struct mr_error *reterr)
{
    const char *why = http->curl_error[0] ? http->curl_error : curl_easy_strerror(code);

    switch ((int)code) {
    case CURLE_OUT_OF_MEMORY:
        return -ENOMEM;
    case CURLE_ABORTED_BY_CALLBACK:
        return mr_error_set(reterr, -ECANCELED, "stopped while waiting for %s", url);
    case CURLE_WRITE_ERROR:
        return mr_error_set(reterr, -EPROTO, "%s answered with more than %d MiB", url,
                            MAX_REPLY >> 20);
    case CURLE_PEER_FAILED_VERIFICATION:
        return mr_error_set(reterr, -EACCES,
                            "the certificate of %s is not trusted (%s): name its authority's file "
                            "with --registry-ca",
                            url, why);
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        return mr_error_set(reterr, -EACCES,
                            "TLS to %s failed: %s: check --registry-ca, "
                            "--registry-cert and --registry-key",
                            url, why);
    default:
        return mr_error_set(reterr, MR_AGAIN, "%s does not answer: %s", url, why);
    }
}

static int judge_status(const struct http_reply *reply, struct mr_error *reterr)
{
    switch (reply->status) {
    case 401:
    case 403:
        return mr_error_set(reterr, -EACCES,
                            "%s refused the credentials (HTTP %ld): check "
                            "--registry-user, --registry-password or --registry-token",
                            reply->url, reply->status);
    case 408:
    case 429:
        return mr_error_set(reterr, MR_AGAIN, "%s asks to come back later (HTTP %ld)", reply->url,
                            reply->status);
    default:
        break;
    }
    if (reply->status >= 500)
        return mr_error_set(reterr, MR_AGAIN, "%s failed with HTTP %ld: %.*s", reply->url,
                            reply->status, (int)(reply->body.len < 200 ? reply->body.len : 200),
                            reply->body.len ? (const char *)reply->body.data : "");
    if (reply->status >= 300 && reply->status < 400)
        return mr_error_set(reterr, -EPROTO,
                            "%s redirects elsewhere (HTTP %ld): give the registry's "
                            "own URL",
                            reply->url, reply->status);
    return 0;
}

static int try_once(struct http *http, size_t server, const char *path, struct http_reply *reply,
                    struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf url = {0};
    const char *base = http->urls.items[server];

    if (mr_buf_printf(&url, "%s%s", base, path) != 0)
        return -ENOMEM;
    reply->body.len = 0;
    reply->body.max = MAX_REPLY;
    reply->url = base;
    reply->status = 0;
    http->curl_error[0] = '\0';
    (void)curl_easy_setopt(http->curl, CURLOPT_URL, (const char *)url.data);
    (void)curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, reply);
    CURLcode code = curl_easy_perform(http->curl);
    if (code != CURLE_OK)
        return connection_fault(http, code, base, reterr);
    (void)curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &reply->status);
    return judge_status(reply, reterr);
}

/* Half of it is random, so that many clients do not come back together. */
static int64_t wait_ms(struct http *http, int32_t round)
{
    int64_t ms = http->backoff_ms;
    curl_off_t asked = 0;

    while (round-- > 0 && ms < LONGEST_WAIT_MS)
        ms *= 2;
    http->jitter = http->jitter * 6364136223846793005u + 1442695040888963407u;
    ms = ms / 2 + (int64_t)((http->jitter >> 33) % (uint64_t)(ms / 2 + 1));
    (void)curl_easy_getinfo(http->curl, CURLINFO_RETRY_AFTER, &asked);
    if (asked > 0 && asked <= LONGEST_WAIT_MS / 1000 && asked * 1000 > ms)
        ms = asked * 1000;
    return ms < LONGEST_WAIT_MS ? ms : LONGEST_WAIT_MS;
}

static int pause_for(struct http *http, int64_t ms, struct mr_error *reterr)
{
    while (ms > 0) {
        int64_t step = ms < STOP_POLL_MS ? ms : STOP_POLL_MS;
        struct timespec slice = {.tv_nsec = step * 1000000};

        if (stopped(http))
            return mr_error_set(reterr, -ECANCELED, "stopped while waiting for the registry");
        (void)nanosleep(&slice, NULL);
        ms -= step;
    }
    return 0;
}

static void set_request(struct http *http, const char *method, struct mr_str body)
{
    (void)curl_easy_setopt(http->curl, CURLOPT_CUSTOMREQUEST, method);
    if (body.data) {
        (void)curl_easy_setopt(http->curl, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
        (void)curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, body.data);
    } else {
        (void)curl_easy_setopt(http->curl, CURLOPT_HTTPGET, 1L);
    }
}

int http_send(struct http *http, const char *method, const char *path, struct mr_str body,
              struct http_reply *reply, struct mr_error *reterr)
{
    set_request(http, method, body);
    for (int32_t round = 0;; round++) {
        int r = MR_AGAIN;
        for (size_t i = 0; i < http->urls.n_items && r == MR_AGAIN; i++) {
            size_t server = (http->current + i) % http->urls.n_items;
            r = try_once(http, server, path, reply, reterr);
            if (r != MR_AGAIN)
                http->current = server;
        }
        if (r != MR_AGAIN || round >= http->retries)
            return r;
        r = pause_for(http, wait_ms(http, round), reterr);
        if (r != 0)
            return r;
    }
}

void http_never_stop(struct http *http)
{
    http->stop = NULL;
}

int http_escape(struct mr_buf *out, struct mr_str segment)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < segment.len; i++) {
        unsigned char c = (unsigned char)segment.data[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c != '\0' && strchr("-._~:", c));
        char code[] = {'%', hex[c >> 4], hex[c & 15]};
        int r = plain ? mr_buf_byte(out, c) : mr_buf_append(out, code, sizeof(code));
        if (r != 0)
            return r;
    }
    return 0;
}
