/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on their way: one libcurl multi handle, a few transfers, moved by the consumer's loop
 * and never waited for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "notify_transfer.h"

struct channel {
    struct consume *run;
    const struct notify_options *options;
    struct notify_addresses *addresses;
    CURLM *multi;
    bool mail;
    struct notify_transfer transfers[CONSUME_NOTIFY_AT_ONCE];
};

/* ---- one message ---- */

static int add_recipient(void *self, const char *address)
{
    return notify_transfer_line(self, address);
}

static int fill_mail(const struct channel *c, struct notify_transfer *t,
                     const struct notify_message *message, struct mr_error *reterr)
{
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

static int sign(const struct channel *c, struct notify_transfer *t,
                const struct notify_message *message, struct mr_error *reterr)
{
    int64_t seconds = c->run->world.now(c->run->world.self) / 1000000;
    MR_AUTO(mr_buf) struct mr_buf line = {0};

    int r = mr_buf_printf(&line, "webhook-timestamp: %lld", (long long)seconds);
    if (r == 0)
        r = mr_buf_cstr(&line) ? notify_transfer_line(t, (const char *)line.data) : -ENOMEM;
    line.len = 0;
    if (r == 0)
        r = mr_buf_append_str(&line, MR_STR("webhook-signature: "));
    if (r == 0)
        r = notify_webhook_sign(mr_str_from(c->options->secret), message->key, seconds,
                                (struct mr_bytes){t->body.data, t->body.len}, &line);
    if (r == MR_INVALID)
        return mr_error_set(reterr, r, "--notify-secret: no base64 after whsec_");
    if (r == 0)
        r = mr_buf_cstr(&line) ? notify_transfer_line(t, (const char *)line.data) : -ENOMEM;
    return r;
}

static int fill_webhook(const struct channel *c, struct notify_transfer *t,
                        const struct notify_message *message, struct mr_error *reterr)
{
    static const char *const names[] = {"Idempotency-Key", "webhook-id"};
    char line[96];

    int r = notify_transfer_line(t, "Content-Type: application/cloudevents+json; charset=utf-8");
    if (r == 0)
        r = notify_transfer_line(t, "Expect:");
    for (size_t i = 0; i < MR_N_ELEMENTS(names) && r == 0; i++) {
        (void)snprintf(line, sizeof(line), "%s: %.*s", names[i], MR_STR_ARG(message->key));
        r = notify_transfer_line(t, line);
    }
    if (r == 0)
        r = notify_webhook_json(message, &t->body);
    if (r == 0 && c->options->secret)
        r = sign(c, t, message, reterr);
    if (r != 0)
        return r;
    (void)curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->lines);
    (void)curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
    (void)curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, (const char *)t->body.data);
    return 0;
}

static int channel_send(void *self, const struct notify_message *message, uint64_t tag,
                        struct mr_error *reterr)
{
    struct channel *c = self;
    struct notify_transfer *t = &c->transfers[tag];

    notify_transfer_clear(t);
    int r = c->mail ? fill_mail(c, t, message, reterr) : fill_webhook(c, t, message, reterr);
    if (r != 0)
        return r;
    t->tag = tag;
    t->busy = true;
    return curl_multi_add_handle(c->multi, t->curl) == CURLM_OK ? 0 : -ENOMEM;
}

/* ---- its answer ---- */

static void judge(struct notify_transfer *t, bool mail, CURLcode code, struct notify_answer *answer)
{
    const char *why = t->error[0] ? t->error : curl_easy_strerror(code);
    curl_off_t retry_after = 0;
    long status = 0;

    if (!mail && code == CURLE_OK) {
        (void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
        (void)curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &retry_after);
        notify_judge_http(status, retry_after,
                          (struct mr_str){(const char *)t->reply.data, t->reply.len}, answer);
    } else if (mail) {
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
        struct notify_transfer *t = NULL;
        if (msg->msg != CURLMSG_DONE)
            continue;
        CURLcode code = msg->data.result;
        (void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&t);
        judge(t, c->mail, code, &answer);
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
        struct notify_transfer *t = &c->transfers[i];
        if (t->busy)
            (void)curl_multi_remove_handle(c->multi, t->curl);
        notify_transfer_close(t);
    }
    if (c->multi)
        (void)curl_multi_cleanup(c->multi);
    (void)notify_addresses_free(c->addresses);
    free(c);
}

static int open_transfers(struct channel *c, bool loopback)
{
    int r = 0;

    for (size_t i = 0; i < CONSUME_NOTIFY_AT_ONCE && r == 0; i++)
        r = notify_transfer_open(&c->transfers[i], c->options, c->mail, loopback);
    return r;
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
