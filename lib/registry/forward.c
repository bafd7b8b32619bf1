/* SPDX-License-Identifier: Apache-2.0 */
/* One libcurl handle for each request on its way: a hung leader holds up nobody else's. */
#include "forward.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "entity.h"

enum {
    CONNECT_MS = 2000,
    ANSWER_MS = 60000, /* a leader gives up on its log before that */
    MAX_ANSWER = 16 << 20,
};

struct forward {
    char *ca, *cert, *key;
    bool insecure;
};

static void init_curl(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static CURL *new_handle(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, init_curl);
    CURL *curl = curl_easy_init();
    if (curl) {
        (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "millrace");
    }
    return curl;
}

static char *copy(const char *text, bool *bad)
{
    char *own = text ? strdup(text) : NULL;

    *bad = *bad || (text && !own);
    return own;
}

int forward_new(const struct mr_registry_config *peers, struct forward **ret_forward)
{
    struct forward *forward = calloc(1, sizeof(*forward));
    bool bad = !forward;

    if (forward && peers) {
        forward->ca = copy(peers->ca_file, &bad);
        forward->cert = copy(peers->cert_file, &bad);
        forward->key = copy(peers->key_file, &bad);
        forward->insecure = peers->insecure;
    }
    if (bad) {
        (void)forward_free(forward);
        return -ENOMEM;
    }
    *ret_forward = forward;
    return 0;
}

struct forward *forward_free(struct forward *forward)
{
    if (forward) {
        free(forward->ca);
        free(forward->cert);
        free(forward->key);
        free(forward);
    }
    return NULL;
}

static size_t take_body(char *data, size_t size, size_t n, void *opaque)
{
    return mr_buf_append((struct mr_buf *)opaque, data, size * n) == 0 ? size * n : 0;
}

static size_t take_header(char *data, size_t size, size_t n, void *opaque)
{
    static const char name[] = FORWARD_POSITION_HEADER ":";
    char text[32] = "";

    if (n > strlen(name) && strncasecmp(data, name, strlen(name)) == 0) {
        size_t len = n - strlen(name) < sizeof(text) ? n - strlen(name) : sizeof(text) - 1;
        memcpy(text, data + strlen(name), len);
        *(int64_t *)opaque = strtoll(text, NULL, 10);
    }
    return size * n;
}

static bool add_header(struct curl_slist **headers, const char *name, const char *value)
{
    MR_AUTO(mr_buf) struct mr_buf line = {0};

    if (mr_buf_printf(&line, "%s: %s", name, value) != 0 || !mr_buf_cstr(&line))
        return false;
    struct curl_slist *longer = curl_slist_append(*headers, (const char *)line.data);
    if (longer)
        *headers = longer;
    return longer != NULL;
}

static bool set_headers(const struct forwarded *forwarded, struct curl_slist **headers)
{
    bool good = add_header(headers, FORWARD_HEADER, "false") &&
                add_header(headers, "Content-Type", "application/vnd.schemaregistry.v1+json") &&
                add_header(headers, "Accept", "application/vnd.schemaregistry.v1+json") &&
                curl_slist_append(*headers, "Expect:");

    if (good && forwarded->authorization)
        good = add_header(headers, "Authorization", forwarded->authorization);
    if (good && forwarded->wide)
        good = add_header(headers, "Confluent-Accept-Unknown-Properties", "true");
    return good;
}

static void set_tls(const struct forward *forward, CURL *curl)
{
    const struct {
        const char *path;
        CURLoption option;
    } files[] = {{forward->ca, CURLOPT_CAINFO},
                 {forward->cert, CURLOPT_SSLCERT},
                 {forward->key, CURLOPT_SSLKEY}};

    for (size_t i = 0; i < MR_N_ELEMENTS(files); i++)
        if (files[i].path)
            (void)curl_easy_setopt(curl, files[i].option, files[i].path);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, forward->insecure ? 0L : 1L);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, forward->insecure ? 0L : 2L);
}

/* CURLE_OK: reply has the leader's status and body. */
static CURLcode perform(CURL *curl, const char *url, const struct forwarded *forwarded,
                        struct curl_slist *headers, struct reply *reply, int64_t *ret_position)
{
    long status = 0;

    reply->body.max = MAX_ANSWER;
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, forwarded->method);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply->body);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, ret_position);
    if (forwarded->body.len > 0) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, forwarded->body.data);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)forwarded->body.len);
    }
    CURLcode code = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    reply->status = (unsigned)status;
    return code;
}

static int hand_on(struct forward *forward, const char *leader, const struct forwarded *forwarded,
                   struct reply *reply, int64_t *ret_position)
{
    MR_AUTO(mr_buf) struct mr_buf url = {0};
    struct curl_slist *headers = NULL;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    char why[CURL_ERROR_SIZE] = "";
    CURL *curl = new_handle();

    if (curl && set_headers(forwarded, &headers) &&
        mr_buf_printf(&url, "%s%s", leader, forwarded->target) == 0 && mr_buf_cstr(&url)) {
        (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
        set_tls(forward, curl);
        code = perform(curl, (const char *)url.data, forwarded, headers, reply, ret_position);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (code == CURLE_OK)
        return 0;
    if (code == CURLE_OUT_OF_MEMORY)
        return -ENOMEM;
    reply->body.len = 0;
    return reply_error(reply, CODE_FORWARDING,
                       "the registry that takes changes, %s, could not be asked: %s: try again; "
                       "what was read so far is still served here",
                       leader, why[0] ? why : curl_easy_strerror(code));
}

int forward_send(struct forward *forward, const struct store_status *status,
                 const struct forwarded *forwarded, struct reply *reply, int64_t *ret_position)
{
    *ret_position = -1;
    if (forwarded->again)
        return reply_error(reply, CODE_NO_LEADER,
                           "another registry holds this one for the leader, and it does not lead: "
                           "the leader is changing, try again");
    if (!status->leader[0])
        return reply_error(reply, CODE_NO_LEADER,
                           "no registry takes changes at present: start one without --follow on "
                           "this topic");
    return hand_on(forward, status->leader, forwarded, reply, ret_position);
}

static size_t drop(char *data, size_t size, size_t n, void *opaque)
{
    (void)data, (void)opaque;
    return size * n;
}

bool forward_probe(const char *url, int ms)
{
    CURL *curl = new_handle();

    if (!curl)
        return true; /* nothing is known against it */
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ms);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    /* only whether somebody is there: nothing is sent, nothing is believed */
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return code != CURLE_COULDNT_CONNECT && code != CURLE_COULDNT_RESOLVE_HOST &&
           code != CURLE_OPERATION_TIMEDOUT && code != CURLE_GOT_NOTHING &&
           code != CURLE_RECV_ERROR && code != CURLE_SEND_ERROR;
}
