/* SPDX-License-Identifier: Apache-2.0 */
/* One message on its way: a libcurl handle that is used again. Private to lib/run. */
#pragma once

#include <curl/curl.h>

#include "notify_channel.h"

struct notify_transfer {
    CURL *curl;
    bool busy;
    uint64_t tag;
    struct curl_slist *lines; /* headers, or recipients */
    struct mr_buf body;
    size_t sent;
    struct mr_buf reply;
    enum notify_stage stage;
    char line[256]; /* the server's last one, before the farewell */
    bool farewell;
    char error[CURL_ERROR_SIZE];
};

/* As the options say; *t is zeroed before. loopback: the server is on this machine. 0, -ENOMEM. */
int notify_transfer_open(struct notify_transfer *t, const struct notify_options *options, bool mail,
                         bool loopback);
void notify_transfer_close(struct notify_transfer *t);
/* Before each message: nothing of the last one is left. */
void notify_transfer_clear(struct notify_transfer *t);
/* One more header or recipient. 0, -ENOMEM. */
int notify_transfer_line(struct notify_transfer *t, const char *line);
