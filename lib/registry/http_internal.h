/* SPDX-License-Identifier: Apache-2.0 */
/* The client's HTTP handle, shared by its files. */
#pragma once

#include <curl/curl.h>

#include "http.h"
#include "urls.h"

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

/* Whether whoever waits for the answer no longer does. */
bool http_stopped(struct http *http);
