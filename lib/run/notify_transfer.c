/* SPDX-License-Identifier: Apache-2.0 */
/* One message on its way: a libcurl handle, what it is to send, and what came back. */
#include "notify_transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_MS = 10000, WHOLE_MS = 30000, REPLY_MAX = 4096 };

/* ---- libcurl's callbacks ---- */

static size_t give_body(char *to, size_t size, size_t n, void *opaque)
{
    struct notify_transfer *t = opaque;
    size_t most = size * n, left = t->body.len - t->sent, len = left < most ? left : most;

    memcpy(to, t->body.data + t->sent, len);
    t->sent += len;
    return len;
}

/* What is longer than we show is taken and forgotten. */
static size_t take_reply(char *data, size_t size, size_t n, void *opaque)
{
    struct notify_transfer *t = opaque;
    size_t len = size * n, room = REPLY_MAX - t->reply.len;

    return mr_buf_append(&t->reply, data, len < room ? len : room) == 0 ? len : 0;
}

/* Of an SMTP dialogue, which libcurl sums up in one number: how far it came and what was said last.
 * What is sent may be a password: only the command's word is looked at. */
static int watch(MR_UNUSED CURL *curl, curl_infotype type, char *data, size_t len, void *opaque)
{
    static const struct {
        const char *word;
        enum notify_stage stage;
    } words[] = {{"EHLO", NOTIFY_GREETED},
                 {"HELO", NOTIFY_GREETED},
                 {"MAIL", NOTIFY_MAIL},
                 {"RCPT", NOTIFY_RCPT},
                 {"DATA", NOTIFY_DATA}};
    struct notify_transfer *t = opaque;

    t->farewell |= type == CURLINFO_HEADER_OUT && len >= 4 && memcmp(data, "QUIT", 4) == 0;
    if (type == CURLINFO_HEADER_IN && len > 0 && !t->farewell)
        (void)snprintf(t->line, sizeof(t->line), "%.*s", (int)(len < 255 ? len : 255), data);
    for (size_t i = 0; type == CURLINFO_HEADER_OUT && i < MR_N_ELEMENTS(words); i++)
        if (len >= 4 && memcmp(data, words[i].word, 4) == 0) {
            t->stage = words[i].stage;
            t->line[0] = '\0';
        }
    return 0;
}

/* ---- from one message to the next ---- */

int notify_transfer_line(struct notify_transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->lines, line);

    if (!longer)
        return -ENOMEM;
    t->lines = longer;
    return 0;
}

void notify_transfer_clear(struct notify_transfer *t)
{
    curl_slist_free_all(t->lines);
    t->lines = NULL;
    t->busy = t->farewell = false;
    t->body.len = t->reply.len = t->sent = 0;
    t->stage = NOTIFY_CONNECTING;
    t->line[0] = t->error[0] = '\0';
}

/* ---- opening ---- */

static void set_common(struct notify_transfer *t, const struct notify_options *o)
{
    CURL *curl = t->curl;

    (void)curl_easy_setopt(curl, CURLOPT_URL, o->url);
    (void)curl_easy_setopt(curl, CURLOPT_PRIVATE, t);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps,http,https");
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "millrace");
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->error);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_reply);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
    (void)curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (o->ca)
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca);
    if (o->user) {
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, o->user);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, o->password ? o->password : "");
    }
}

static int set_mail(struct notify_transfer *t, const struct notify_options *o, bool loopback)
{
    struct mr_str from = notify_address_of(mr_str_from(o->from));
    MR_AUTO(free) char *address = strndup(from.data, from.len);
    long tls = loopback   ? (long)CURLUSESSL_NONE
               : o->plain ? (long)CURLUSESSL_TRY
                          : (long)CURLUSESSL_ALL;

    if (o->ca)
        tls = (long)CURLUSESSL_ALL;
    (void)curl_easy_setopt(t->curl, CURLOPT_USE_SSL, tls);
    (void)curl_easy_setopt(t->curl, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(t->curl, CURLOPT_READFUNCTION, give_body);
    (void)curl_easy_setopt(t->curl, CURLOPT_READDATA, t);
    (void)curl_easy_setopt(t->curl, CURLOPT_VERBOSE, 1L);
    (void)curl_easy_setopt(t->curl, CURLOPT_DEBUGFUNCTION, watch);
    (void)curl_easy_setopt(t->curl, CURLOPT_DEBUGDATA, t);
    return address && curl_easy_setopt(t->curl, CURLOPT_MAIL_FROM, address) == CURLE_OK ? 0
                                                                                        : -ENOMEM;
}

static void set_webhook(struct notify_transfer *t, const struct notify_options *o)
{
    (void)curl_easy_setopt(t->curl, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(t->curl, CURLOPT_FOLLOWLOCATION, 0L);
    if (o->token) {
        (void)curl_easy_setopt(t->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        (void)curl_easy_setopt(t->curl, CURLOPT_XOAUTH2_BEARER, o->token);
    } else if (o->user) {
        (void)curl_easy_setopt(t->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    }
}

int notify_transfer_open(struct notify_transfer *t, const struct notify_options *options, bool mail,
                         bool loopback)
{
    t->curl = curl_easy_init();
    if (!t->curl)
        return -ENOMEM;
    set_common(t, options);
    if (mail)
        return set_mail(t, options, loopback);
    set_webhook(t, options);
    return 0;
}

void notify_transfer_close(struct notify_transfer *t)
{
    curl_easy_cleanup(t->curl);
    curl_slist_free_all(t->lines);
    mr_buf_done(&t->body);
    mr_buf_done(&t->reply);
}
