/* SPDX-License-Identifier: Apache-2.0 */
/* The options of channels, and whether they fit together: at start, not at the first message. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "notify_channel.h"

const struct mr_option notify_option_rows[] = {
    MR_OPT_STR(struct notify_options, url, .name = "notify", .arg = "URL", .def = "none",
               .help = "Where messages to people go: smtp://, smtps://, http://, https://, none"),
    MR_OPT_STR(struct notify_options, from, .name = "notify-from", .arg = "ADDRESS",
               .help = "Sender of mail: ADDRESS or 'Name <ADDRESS>'"),
    MR_OPT_STR(struct notify_options, to, .name = "notify-to", .arg = "TEMPLATE", .def = "{to}",
               .help = "Address of a recipient, such as {to}@example.org"),
    MR_OPT_STR(struct notify_options, map, .name = "notify-map", .arg = "FILE",
               .help = "Lines 'RECIPIENT = ADDRESS, ADDRESS', which go before the template"),
    MR_OPT_STR(struct notify_options, user, .name = "notify-user", .arg = "NAME",
               .help = "User for the mail server or webhook"),
    MR_OPT_STR(struct notify_options, password, .name = "notify-password", .arg = "@FILE",
               .help = "Password for it, read from FILE", .secret = true),
    MR_OPT_STR(struct notify_options, token, .name = "notify-token", .arg = "@FILE",
               .help = "Bearer token for the webhook, read from FILE", .secret = true),
    MR_OPT_STR(struct notify_options, secret, .name = "notify-secret", .arg = "@FILE",
               .help = "Secret that webhooks are signed with, read from FILE", .secret = true),
    MR_OPT_STR(struct notify_options, ca, .name = "notify-ca", .arg = "FILE",
               .help = "Authorities (PEM) trusted for TLS; the system's when not given"),
    MR_OPT_FLAG(struct notify_options, plain, .name = "notify-plain",
                .help = "Send also where TLS is not to be had, to other machines"),
    MR_OPT_DURATION(struct notify_options, for_ms, .name = "notify-for", .arg = "TIME",
                    .def = "24h", .help = "How long a message is tried before it is given up"),
    MR_OPT_DURATION(struct notify_options, keep_ms, .name = "notify-keep", .arg = "TIME",
                    .def = "30d", .help = "How long settled messages are kept in mr_notice"),
    MR_OPT_END,
};

static void mr_auto_curl_url(CURLU **handle)
{
    curl_url_cleanup(*handle);
}

static void mr_auto_curl_text(char **text)
{
    curl_free(*text);
}

struct where {
    bool mail, tls, loopback;
};

static bool is_loopback(const char *host)
{
    struct in6_addr six;
    struct in_addr four;

    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return strcmp(host, "localhost") == 0;
}

static int look_at(CURLU *handle, struct where *ret, struct mr_error *reterr)
{
    MR_AUTO(curl_text) char *scheme = NULL;
    MR_AUTO(curl_text) char *host = NULL;
    MR_AUTO(curl_text) char *user = NULL;

    if (curl_url_get(handle, CURLUPART_USER, &user, 0) == CURLUE_OK)
        return mr_error_set(reterr, MR_INVALID,
                            "--notify: no user or password in the URL: give --notify-user NAME "
                            "--notify-password @FILE");
    (void)curl_url_get(handle, CURLUPART_SCHEME, &scheme, 0);
    (void)curl_url_get(handle, CURLUPART_HOST, &host, 0);
    if (!scheme || !host)
        return -ENOMEM;
    ret->mail = strncmp(scheme, "smtp", 4) == 0;
    ret->tls = scheme[strlen(scheme) - 1] == 's';
    size_t len = strlen(host);
    bool bracketed = len > 2 && host[0] == '[';
    if (bracketed)
        host[len - 1] = '\0';
    ret->loopback = is_loopback(host + bracketed);
    if (strcmp(scheme, "smtp") == 0 || strcmp(scheme, "smtps") == 0 ||
        strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0)
        return 0;
    return mr_error_set(reterr, MR_INVALID,
                        "--notify: '%s' is no channel: give smtp://, smtps://, http:// or "
                        "https://HOST:PORT, or none",
                        scheme);
}

/* A webhook's URL may itself be a secret: it is not repeated. */
static int parse(const char *url, struct where *ret, struct mr_error *reterr)
{
    MR_AUTO(curl_url) CURLU *handle = curl_url();

    if (!handle)
        return -ENOMEM;
    CURLUcode code = curl_url_set(handle, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OUT_OF_MEMORY)
        return -ENOMEM;
    if (code != CURLUE_OK)
        return mr_error_set(reterr, MR_INVALID,
                            "--notify is no URL (%s): give smtp://, smtps://, http:// or "
                            "https://HOST:PORT, or none",
                            curl_url_strerror(code));
    return look_at(handle, ret, reterr);
}

static int check_mail(const struct notify_options *o, const struct where *where,
                      struct mr_error *reterr)
{
    struct mr_str from = mr_str_from(o->from);

    for (size_t i = 0; i < from.len; i++)
        if ((unsigned char)from.data[i] < ' ' || (unsigned char)from.data[i] >= 0x7f)
            from.len = 0;
    if (notify_address_of(from).len == 0)
        return mr_error_set(reterr, MR_INVALID,
                            "mail needs --notify-from ADDRESS or 'Name <ADDRESS>', in ASCII");
    if (o->token || o->secret)
        return mr_error_set(reterr, MR_INVALID,
                            "--notify-%s is for webhooks: a mail server takes --notify-user and "
                            "--notify-password",
                            o->token ? "token" : "secret");
    if (o->plain && o->user && !where->tls && !where->loopback)
        return mr_error_set(reterr, MR_INVALID,
                            "--notify-plain would send the password of --notify-user where all "
                            "can read it: leave one of them out");
    return 0;
}

static int check(const struct notify_options *o, const struct where *where, struct mr_error *reterr)
{
    if (o->ca && access(o->ca, R_OK) != 0)
        return mr_error_set(reterr, MR_INVALID, "--notify-ca '%s' cannot be read: %s", o->ca,
                            strerrordesc_np(errno));
    if (where->mail)
        return check_mail(o, where, reterr);
    if (!where->tls && !where->loopback && !o->plain)
        return mr_error_set(reterr, MR_INVALID,
                            "--notify: http to another machine can be read by all on the way: "
                            "give https://, or --notify-plain");
    return 0;
}

int notify_channel_open(struct consume *run, const struct notify_options *options,
                        struct consume_channel *ret, struct mr_error *reterr)
{
    struct where where = {0};

    if (!options->url || strcmp(options->url, "none") == 0) {
        *ret = (struct consume_channel){.name = "none"};
        return 0;
    }
    int r = parse(options->url, &where, reterr);
    if (r == 0)
        r = check(options, &where, reterr);
    return r == 0 ? notify_send_open(run, options, where.mail, where.loopback, ret, reterr) : r;
}
