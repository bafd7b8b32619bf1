/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on their way: one libcurl multi handle, a few transfers, moved by the consumer's loop
 * and never waited for. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notify_channel.h"

enum { CONNECT_MS = 10000, WHOLE_MS = 30000, REPLY_MAX = 4096 };

struct channel;

struct transfer {
    struct channel *channel;
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

struct channel {
    struct consume *run;
    const struct notify_options *options;
    struct notify_addresses *addresses;
    CURLM *multi;
    bool mail;
    struct transfer transfers[CONSUME_NOTIFY_AT_ONCE];
};

/* ---- libcurl's callbacks ---- */

static size_t give_body(char *to, size_t size, size_t n, void *opaque)
{
    struct transfer *t = opaque;
    size_t most = size * n, left = t->body.len - t->sent, len = left < most ? left : most;

    memcpy(to, t->body.data + t->sent, len);
    t->sent += len;
    return len;
}

/* What is longer than we show is taken and forgotten. */
static size_t take_reply(char *data, size_t size, size_t n, void *opaque)
{
    struct transfer *t = opaque;
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
    struct transfer *t = opaque;

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

/* ---- one message ---- */

static int add_line(struct transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->lines, line);

    if (!longer)
        return -ENOMEM;
    t->lines = longer;
    return 0;
}

static int add_recipient(void *self, const char *address)
{
    return add_line(self, address);
}

static int fill_mail(struct transfer *t, const struct notify_message *message,
                     struct mr_error *reterr)
{
    const struct channel *c = t->channel;
    const char *to[64];
    size_t n = 0;

    int r = notify_addresses_each(c->addresses, message->to, add_recipient, t, reterr);
    if (r != 0)
        return r;
    for (const struct curl_slist *one = t->lines; one && n < MR_N_ELEMENTS(to); one = one->next)
        to[n++] = one->data;
    r = notify_mail(message, mr_str_from(c->options->from), to, n, &t->body);
    if (r != 0)
        return r;
    (void)curl_easy_setopt(t->curl, CURLOPT_MAIL_RCPT, t->lines);
    (void)curl_easy_setopt(t->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->body.len);
    return 0;
}

static int sign(struct transfer *t, const struct notify_message *message, struct mr_error *reterr)
{
    int64_t seconds = t->channel->run->world.now(t->channel->run->world.self) / 1000000;
    MR_AUTO(mr_buf) struct mr_buf line = {0};

    int r = mr_buf_printf(&line, "webhook-timestamp: %lld", (long long)seconds);
    if (r == 0)
        r = mr_buf_cstr(&line) ? add_line(t, (const char *)line.data) : -ENOMEM;
    line.len = 0;
    if (r == 0)
        r = mr_buf_append_str(&line, MR_STR("webhook-signature: "));
    if (r == 0)
        r = notify_webhook_sign(mr_str_from(t->channel->options->secret), message->key, seconds,
                                (struct mr_bytes){t->body.data, t->body.len}, &line);
    if (r == MR_INVALID)
        return mr_error_set(reterr, r, "--notify-secret: no base64 after whsec_");
    if (r == 0)
        r = mr_buf_cstr(&line) ? add_line(t, (const char *)line.data) : -ENOMEM;
    return r;
}

static int fill_webhook(struct transfer *t, const struct notify_message *message,
                        struct mr_error *reterr)
{
    static const char *const names[] = {"Idempotency-Key", "webhook-id"};
    char line[96];

    int r = add_line(t, "Content-Type: application/cloudevents+json; charset=utf-8");
    if (r == 0)
        r = add_line(t, "Expect:");
    for (size_t i = 0; i < MR_N_ELEMENTS(names) && r == 0; i++) {
        (void)snprintf(line, sizeof(line), "%s: %.*s", names[i], MR_STR_ARG(message->key));
        r = add_line(t, line);
    }
    if (r == 0)
        r = notify_webhook_json(message, &t->body);
    if (r == 0 && t->channel->options->secret)
        r = sign(t, message, reterr);
    if (r != 0)
        return r;
    (void)curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->lines);
    (void)curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
    (void)curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, (const char *)t->body.data);
    return 0;
}

static void clear(struct transfer *t)
{
    curl_slist_free_all(t->lines);
    t->lines = NULL;
    t->busy = t->farewell = false;
    t->body.len = t->reply.len = t->sent = 0;
    t->stage = NOTIFY_CONNECTING;
    t->line[0] = t->error[0] = '\0';
}

static int channel_send(void *self, const struct notify_message *message, uint64_t tag,
                        struct mr_error *reterr)
{
    struct channel *c = self;
    struct transfer *t = &c->transfers[tag];

    clear(t);
    int r = c->mail ? fill_mail(t, message, reterr) : fill_webhook(t, message, reterr);
    if (r != 0)
        return r;
    t->tag = tag;
    t->busy = true;
    return curl_multi_add_handle(c->multi, t->curl) == CURLM_OK ? 0 : -ENOMEM;
}

/* ---- its answer ---- */

static void judge(struct transfer *t, CURLcode code, struct notify_answer *answer)
{
    const char *why = t->error[0] ? t->error : curl_easy_strerror(code);
    curl_off_t retry_after = 0;
    long status = 0;

    if (!t->channel->mail && code == CURLE_OK) {
        (void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
        (void)curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &retry_after);
        notify_judge_http(status, retry_after,
                          (struct mr_str){(const char *)t->reply.data, t->reply.len}, answer);
    } else if (t->channel->mail) {
        status = strtol(t->line, NULL, 10);
        if (code == CURLE_OK) {
            status = 250;
            t->stage = NOTIFY_DATA;
        } else if (status < 400) { /* the server was content: it is something else */
            status = 0;
        }
        notify_judge_smtp(t->stage, status, status > 0 ? t->line : why, answer);
    } else {
        *answer = (struct notify_answer){.r = MR_AGAIN, .channel_failed = true};
        (void)snprintf(answer->why, sizeof(answer->why), "%.400s", why);
    }
}

static int channel_serve(void *self, MR_UNUSED struct mr_error *reterr)
{
    struct channel *c = self;
    struct notify_answer answer;
    int running, left;
    CURLMsg *msg;

    (void)curl_multi_perform(c->multi, &running);
    while ((msg = curl_multi_info_read(c->multi, &left)) != NULL) {
        struct transfer *t = NULL;
        if (msg->msg != CURLMSG_DONE)
            continue;
        CURLcode code = msg->data.result;
        (void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        judge(t, code, &answer);
        (void)curl_multi_remove_handle(c->multi, t->curl);
        t->busy = false;
        consume_answered(c->run, t->tag, &answer);
    }
    return 0;
}

/* ---- opening ---- */

static void channel_free(void *self)
{
    struct channel *c = self;

    for (size_t i = 0; i < CONSUME_NOTIFY_AT_ONCE; i++) {
        struct transfer *t = &c->transfers[i];
        if (t->busy)
            (void)curl_multi_remove_handle(c->multi, t->curl);
        curl_easy_cleanup(t->curl);
        curl_slist_free_all(t->lines);
        mr_buf_done(&t->body);
        mr_buf_done(&t->reply);
    }
    if (c->multi)
        (void)curl_multi_cleanup(c->multi);
    (void)notify_addresses_free(c->addresses);
    free(c);
}

static void set_common(struct transfer *t)
{
    const struct notify_options *o = t->channel->options;
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

static int set_mail(struct transfer *t, bool loopback)
{
    struct mr_str from = notify_address_of(mr_str_from(t->channel->options->from));
    MR_AUTO(free) char *address = strndup(from.data, from.len);
    long tls = loopback                     ? (long)CURLUSESSL_NONE
               : t->channel->options->plain ? (long)CURLUSESSL_TRY
                                            : (long)CURLUSESSL_ALL;

    if (t->channel->options->ca)
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

static void set_webhook(struct transfer *t)
{
    const struct notify_options *o = t->channel->options;

    (void)curl_easy_setopt(t->curl, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(t->curl, CURLOPT_FOLLOWLOCATION, 0L);
    if (o->token) {
        (void)curl_easy_setopt(t->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        (void)curl_easy_setopt(t->curl, CURLOPT_XOAUTH2_BEARER, o->token);
    } else if (o->user) {
        (void)curl_easy_setopt(t->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    }
}

static int open_transfers(struct channel *c, bool loopback)
{
    for (size_t i = 0; i < CONSUME_NOTIFY_AT_ONCE; i++) {
        struct transfer *t = &c->transfers[i];
        t->channel = c;
        t->curl = curl_easy_init();
        if (!t->curl)
            return -ENOMEM;
        set_common(t);
        int r = c->mail ? set_mail(t, loopback) : 0;
        if (r != 0)
            return r;
        if (!c->mail)
            set_webhook(t);
    }
    return 0;
}

int notify_send_open(struct consume *run, const struct notify_options *options, bool mail,
                     bool loopback, struct consume_channel *ret, struct mr_error *reterr)
{
    struct channel *c = calloc(1, sizeof(*c));

    if (!c)
        return -ENOMEM;
    c->run = run;
    c->options = options;
    c->mail = mail;
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    c->multi = curl_multi_init();
    int r = c->multi ? open_transfers(c, loopback) : -ENOMEM;
    if (r == 0 && mail)
        r = notify_addresses_new(options->to, options->map, &c->addresses, reterr);
    if (r != 0) {
        channel_free(c);
        return r;
    }
    *ret = (struct consume_channel){.self = c,
                                    .name = mail ? "smtp" : "webhook",
                                    .send = channel_send,
                                    .serve = channel_serve,
                                    .free = channel_free};
    return 0;
}
