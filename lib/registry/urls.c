/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing of the registry URL list. */
#include "urls.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "millrace/buf.h"
#include "millrace/own.h"
#include "millrace/status.h"

enum { MAX_URLS = 16 };

static void mr_auto_curl_url(CURLU **handle)
{
    curl_url_cleanup(*handle);
}

static void mr_auto_curl_text(char **text)
{
    curl_free(*text);
}

void urls_done(struct urls *urls)
{
    for (size_t i = 0; i < urls->n_items; i++)
        free(urls->items[i]);
    free(urls->items);
    free(urls->user);
    free(urls->password);
    *urls = (struct urls){0};
}

static int refuse(struct mr_str url, const char *why, struct mr_error *reterr)
{
    if (memchr(url.data, '@', url.len))
        url = MR_STR("(with credentials, not shown)");
    return mr_error_set(reterr, MR_INVALID,
                        "registry URL %.*s: %s: give http://HOST:PORT or "
                        "https://HOST:PORT, several separated by commas",
                        MR_STR_ARG(url), why);
}

static int take_credentials(CURLU *handle, struct urls *urls)
{
    MR_AUTO(curl_text) char *user = NULL;
    MR_AUTO(curl_text) char *password = NULL;

    if (curl_url_get(handle, CURLUPART_USER, &user, CURLU_URLDECODE) != CURLUE_OK || urls->user)
        return 0;
    (void)curl_url_get(handle, CURLUPART_PASSWORD, &password, CURLU_URLDECODE);
    urls->user = strdup(user);
    urls->password = password ? strdup(password) : NULL;
    return !urls->user || (password && !urls->password) ? -ENOMEM : 0;
}

static int check_parts(CURLU *handle, struct mr_str url, struct mr_error *reterr)
{
    MR_AUTO(curl_text) char *scheme = NULL;
    MR_AUTO(curl_text) char *query = NULL;
    MR_AUTO(curl_text) char *fragment = NULL;

    (void)curl_url_get(handle, CURLUPART_SCHEME, &scheme, 0);
    if (!scheme || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        return refuse(url, "neither http nor https", reterr);
    if (curl_url_get(handle, CURLUPART_QUERY, &query, 0) == CURLUE_OK ||
        curl_url_get(handle, CURLUPART_FRAGMENT, &fragment, 0) == CURLUE_OK)
        return refuse(url, "a query or fragment has no meaning here", reterr);
    return 0;
}

static int add(struct urls *urls, struct mr_str url, struct mr_error *reterr)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    MR_AUTO(curl_url) CURLU *handle = curl_url();
    MR_AUTO(curl_text) char *clean = NULL;

    if (!handle ||
        (!memmem(url.data, url.len, "://", 3) && mr_buf_append(&text, "http://", 7) != 0) ||
        mr_buf_append_str(&text, url) != 0 || !mr_buf_cstr(&text))
        return -ENOMEM;
    CURLUcode code =
        curl_url_set(handle, CURLUPART_URL, (const char *)text.data, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OUT_OF_MEMORY)
        return -ENOMEM;
    if (code != CURLUE_OK)
        return refuse(url, curl_url_strerror(code), reterr);
    int r = check_parts(handle, url, reterr);
    if (r == 0)
        r = take_credentials(handle, urls);
    if (r != 0)
        return r;
    (void)curl_url_set(handle, CURLUPART_USER, NULL, 0);
    (void)curl_url_set(handle, CURLUPART_PASSWORD, NULL, 0);
    if (curl_url_get(handle, CURLUPART_URL, &clean, 0) != CURLUE_OK)
        return -ENOMEM;
    size_t len = strlen(clean);
    while (len > 0 && clean[len - 1] == '/')
        len--;
    if (!(urls->items[urls->n_items] = strndup(clean, len)))
        return -ENOMEM;
    urls->n_items++;
    return 0;
}

int urls_parse(const char *list, struct urls *ret_urls, struct mr_error *reterr)
{
    struct urls urls = {.items = calloc(MAX_URLS, sizeof(char *))};
    int r = urls.items ? 0 : -ENOMEM;

    for (const char *p = list ? list : ""; r == 0 && *p != '\0';) {
        size_t len = strcspn(p, ",");
        struct mr_str url = {p, len};
        p += len + (p[len] == ',');
        while (url.len > 0 && url.data[0] == ' ')
            url = (struct mr_str){url.data + 1, url.len - 1};
        while (url.len > 0 && url.data[url.len - 1] == ' ')
            url.len--;
        if (url.len > 0 && urls.n_items == MAX_URLS)
            r = mr_error_set(reterr, MR_INVALID, "more than %d registry URLs", MAX_URLS);
        else if (url.len > 0)
            r = add(&urls, url, reterr);
    }
    if (r == 0 && urls.n_items == 0)
        r = mr_error_set(reterr, MR_INVALID, "no registry URL: give --registry http://HOST:PORT");
    if (r != 0) {
        urls_done(&urls);
        return r;
    }
    *ret_urls = urls;
    return 0;
}
