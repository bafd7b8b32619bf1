/* SPDX-License-Identifier: Apache-2.0 */
/* Channels that messages to people go out by: SMTP and webhooks, on one libcurl multi handle that
 * the consumer's loop moves. Private to lib/run and its tests. */
#pragma once

#include "consume.h"

struct notify_options {
    const char *url; /* "none", smtp://, smtps://, http://, https:// */
    const char *from, *to, *map;
    const char *user, *password;
    const char *token, *secret; /* of a webhook */
    const char *ca;
    bool plain; /* without TLS to other machines */
    int64_t for_ms, keep_ms;
};
extern const struct mr_option notify_option_rows[];

/* Outcomes: 0, *ret is the channel (`none`, too), to be freed by its free; MR_INVALID: the options
 * do not fit; -errno. options are borrowed as long as the channel lives. */
int notify_channel_open(struct consume *run, const struct notify_options *options,
                        struct consume_channel *ret, struct mr_error *reterr);

/* ---- notify_address.c: from a recipient to an address ---- */
struct notify_addresses; /* the map file, sorted by recipient */
int notify_addresses_new(const char *template, const char *map_path,
                         struct notify_addresses **ret_addresses, struct mr_error *reterr);
struct notify_addresses *notify_addresses_free(struct notify_addresses *addresses);
/* Calls fn with each address of the recipient, NUL-terminated. Outcomes: 0; MR_INVALID: there is
 * none that could be one; fn's. */
int notify_addresses_each(const struct notify_addresses *addresses, struct mr_str recipient,
                          int (*fn)(void *self, const char *address), void *self,
                          struct mr_error *reterr);
/* local@domain, printable ASCII, nothing that SMTP gives a meaning. */
bool notify_is_address(struct mr_str text);

/* ---- notify_mail.c: a message as RFC 5322 has it ---- */
/* "Name <local@domain>" or the address alone: the part in brackets; empty when it is none. */
struct mr_str notify_address_of(struct mr_str from);
/* Appends head and body, lines ended by CRLF, all in ASCII. */
int notify_mail(const struct notify_message *message, struct mr_str from, const char *const *to,
                size_t n_to, struct mr_buf *out);
/* As text of a header: as it is, or as encoded words (RFC 2047); line breaks become spaces. */
int notify_mail_text(struct mr_str text, struct mr_buf *out);

/* ---- notify_webhook.c: a message as JSON ---- */
/* A CloudEvent in structured mode. */
int notify_webhook_json(const struct notify_message *message, struct mr_buf *out);
/* "v1,BASE64" of HMAC-SHA256 over "ID.SECONDS.BODY", as Standard Webhooks has it. The secret is its
 * bytes, or base64 after "whsec_". Outcomes: 0, MR_INVALID, -errno. */
int notify_webhook_sign(struct mr_str secret, struct mr_str id, int64_t seconds,
                        struct mr_bytes body, struct mr_buf *out);

/* ---- what an answer means ---- */
/* Where an SMTP dialogue stood when it ended. */
enum notify_stage { NOTIFY_CONNECTING, NOTIFY_GREETED, NOTIFY_MAIL, NOTIFY_RCPT, NOTIFY_DATA };
/* reply: the last line of the server, or what kept us from one; code 0: there was no answer. */
void notify_judge_smtp(enum notify_stage stage, long code, const char *reply,
                       struct notify_answer *ret);
void notify_judge_http(long status, int64_t retry_after_s, struct mr_str body,
                       struct notify_answer *ret);

/* ---- notify_send.c ---- */
int notify_send_open(struct consume *run, const struct notify_options *options, bool mail,
                     bool loopback, struct consume_channel *ret, struct mr_error *reterr);
