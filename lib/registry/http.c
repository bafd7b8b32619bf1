/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: sent, tried again, judged. One handle is reused, so that connections are kept. */
#include "http.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "http_internal.h"
#include "millrace/status.h"

enum {
    LONGEST_WAIT_MS = 5000, /* between two rounds, Retry-After included */
    MAX_REPLY = 16 << 20,
    STOP_POLL_MS = 100,
};

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

        if (http_stopped(http))
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
