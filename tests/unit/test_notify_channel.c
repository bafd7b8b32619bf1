/* SPDX-License-Identifier: Apache-2.0 */
/* Channels of messages to people: addresses, mail, webhooks, what answers mean, what is refused at
 * start. Their dialogues are in tests/cli/test_notify.py. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "millrace/hash.h"
#include "notify_channel.h"
#include "support/unit.h"

static const struct notify_message sample = {
    .key = {"0b2f4f1e-7c34-5d0e-9a5e-2f1f0c9d8e7f", 36},
    .to = {"u-1", 3},
    .kind = {"entry-denied", 12},
    .title = {"Entry denied", 12},
    .text = {"No.\n", 4},
    .service = {"festivo-notification", 20},
    .event_id = {"11111111-1111-4111-8111-000000000001", 36},
    .correlation_id = {"flow-1", 6},
    .event_at = INT64_C(1705314600000000),
    .created_at = INT64_C(1705314601000000),
    .attempt = 1,
};

/* ---- addresses ---- */

static int collect(void *self, const char *address)
{
    struct mr_buf *out = self;

    return mr_buf_printf(out, "%s%s", out->len > 0 ? "|" : "", address);
}

/* Of a recipient, "a|b"; the error's text when there is none. */
static const char *addresses_of(const char *template, const char *map, const char *recipient)
{
    static char text[2048];
    struct notify_addresses *a = NULL;
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;
    char path[] = "/tmp/notify-map-XXXXXX";

    if (map) {
        int fd = mkstemp(path);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, map, strlen(map)), (ssize_t)strlen(map));
        (void)close(fd);
    }
    int r = notify_addresses_new(template, map ? path : NULL, &a, &error);
    if (map)
        (void)unlink(path);
    if (r == 0)
        r = notify_addresses_each(a, mr_str_from(recipient), collect, &out, &error);
    (void)snprintf(text, sizeof(text), "%.*s%s", (int)out.len, out.len ? (char *)out.data : "",
                   r == 0 ? "" : error.text);
    (void)notify_addresses_free(a);
    return text;
}

START_TEST(a_recipient_becomes_an_address_by_the_file_else_by_the_template)
{
    static const char map[] = "# who is who\n"
                              "staff = gate@x.org, office@x.org\r\n"
                              "  u-2=two@x.org\n\n"
                              "silent =\n"
                              "u-10 = ten@x.org";

    ck_assert_str_eq(addresses_of("{to}@example.org", NULL, "u-1"), "u-1@example.org");
    ck_assert_str_eq(addresses_of(NULL, NULL, "a@b.org"), "a@b.org");
    ck_assert_str_eq(addresses_of("all@example.org", NULL, "u-1"), "all@example.org");
    ck_assert_str_eq(addresses_of("{to}@e.org", map, "staff"), "gate@x.org|office@x.org");
    ck_assert_str_eq(addresses_of("{to}@e.org", map, "u-2"), "two@x.org");
    ck_assert_str_eq(addresses_of("{to}@e.org", map, "u-10"), "ten@x.org");
    ck_assert_str_eq(addresses_of("{to}@e.org", map, "u-1"), "u-1@e.org");
    ck_assert_ptr_nonnull(strstr(addresses_of("{to}@e.org", map, "silent"), "no address"));
    ck_assert_ptr_nonnull(strstr(addresses_of(NULL, map, "u-1"), "no address for this"));
}
END_TEST

START_TEST(a_recipient_cannot_smuggle_another_address_or_a_command)
{
    static const char *const wrong[] = {
        "a b",  "x@y.org,z", "a>\r\nRCPT TO:<b", "<a", "\"a\"", "u@v", "", "-oQ",
        "a\tb", "ü",         "a@b@c.d",          "(a)"};

    for (size_t i = 0; i < MR_N_ELEMENTS(wrong); i++)
        ck_assert_msg(strstr(addresses_of("{to}@example.org", NULL, wrong[i]), "no address"),
                      "'%s' was taken", wrong[i]);
}
END_TEST

START_TEST(a_wrong_line_of_the_file_is_named)
{
    ck_assert_ptr_nonnull(strstr(addresses_of(NULL, "a = a@b.org\nnonsense\n", "a"), "line 2"));
    ck_assert_ptr_nonnull(strstr(addresses_of(NULL, "a = nobody\n", "a"), "'nobody' is no"));
    ck_assert_ptr_nonnull(strstr(addresses_of(NULL, "a = x@y.org\na=z@y.org\n", "a"), "twice"));
    ck_assert_ptr_nonnull(strstr(addresses_of(NULL, " = x@y.org\n", "a"), "line 1"));
}
END_TEST

/* ---- mail ---- */

static const char *mail_of(const struct notify_message *message)
{
    static struct mr_buf out;
    const char *to[] = {"u-1@example.org", "b@example.org"};

    out.len = 0;
    ck_assert_int_eq(notify_mail(message, MR_STR("Gate <gate@x.org>"), to, 2, &out), 0);
    ck_assert_ptr_nonnull(mr_buf_cstr(&out));
    return (const char *)out.data;
}

START_TEST(a_message_as_mail_says_who_when_what_and_of_which_event)
{
    ck_assert_str_eq(mail_of(&sample),
                     "Date: Mon, 15 Jan 2024 10:30:01 +0000\r\n"
                     "From: Gate <gate@x.org>\r\n"
                     "To: u-1@example.org,\r\n b@example.org\r\n"
                     "Subject: Entry denied\r\n"
                     "Message-ID: <0b2f4f1e-7c34-5d0e-9a5e-2f1f0c9d8e7f@x.org>\r\n"
                     "Idempotency-Key: 0b2f4f1e-7c34-5d0e-9a5e-2f1f0c9d8e7f\r\n"
                     "X-Millrace-Service: festivo-notification\r\n"
                     "X-Millrace-Kind: entry-denied\r\n"
                     "X-Millrace-Event-Id: 11111111-1111-4111-8111-000000000001\r\n"
                     "X-Correlation-Id: flow-1\r\n"
                     "Auto-Submitted: auto-generated\r\n"
                     "MIME-Version: 1.0\r\n"
                     "Content-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                     "No.\r\n");
}
END_TEST

START_TEST(no_line_of_a_mail_is_too_long_and_none_leaves_its_place)
{
    char text[4000], title[1000];
    struct notify_message message = sample;

    memset(text, '=', sizeof(text));
    for (size_t i = 0; i < sizeof(title); i++)
        title[i] = "\xc3\xa4\xe2\x82\xac x\n:"[i % 9];
    message.text = (struct mr_str){text, sizeof(text)};
    message.title = (struct mr_str){title, sizeof(title)};
    message.correlation_id = MR_STR("a\r\nBcc: all@example.org\r\n\r\nbody");
    const char *mail = mail_of(&message);
    const char *head_end = strstr(mail, "\r\n\r\n");
    ck_assert_ptr_eq(strstr(mail, "\nBcc"), NULL);
    ck_assert_ptr_nonnull(strstr(mail, "Content-Transfer-Encoding"));
    ck_assert(strstr(mail, "Content-Transfer-Encoding") < head_end);
    for (const char *at = mail; *at;) {
        size_t len = strcspn(at, "\r\n");
        ck_assert_uint_le(len, 98);
        ck_assert_msg(at[len] == '\r' && at[len + 1] == '\n', "a bare line end");
        for (size_t i = 0; i < len; i++)
            ck_assert((unsigned char)at[i] >= ' ' && (unsigned char)at[i] < 0x7f);
        at += len + 2;
    }
}
END_TEST

START_TEST(texts_of_the_head_are_encoded_words_when_they_are_not_plain)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"plain text", "plain text"},
        {"Gr\xc3\xbc\xc3\x9f", "=?UTF-8?B?R3LDvMOf?="},
        {"=?UTF-8?B?x?=", "=?UTF-8?B?PT9VVEYtOD9CP3g/PQ==?="},
        {"a\nb", "=?UTF-8?B?YSBi?="},
        {" edge", "=?UTF-8?B?IGVkZ2U=?="},
        {"", ""},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        MR_AUTO(mr_buf) struct mr_buf out = {0};
        ck_assert_int_eq(notify_mail_text(mr_str_from(rows[i].text), &out), 0);
        ck_assert(mr_str_is((struct mr_str){(const char *)out.data, out.len}, rows[i].want));
    }
}
END_TEST

/* ---- webhooks ---- */

START_TEST(a_message_as_a_webhook_is_a_cloudevent)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct notify_message message = sample;

    message.text = MR_STR("\"\\\n");
    ck_assert_int_eq(notify_webhook_json(&message, &out), 0);
    ck_assert_str_eq(mr_buf_cstr(&out),
                     "{\"specversion\":\"1.0\",\"id\":\"0b2f4f1e-7c34-5d0e-9a5e-2f1f0c9d8e7f\","
                     "\"source\":\"festivo-notification\","
                     "\"type\":\"millrace.notice.entry-denied\",\"subject\":\"u-1\","
                     "\"time\":\"2024-01-15T10:30:01.000000Z\","
                     "\"datacontenttype\":\"application/json\",\"correlationid\":\"flow-1\","
                     "\"causationid\":\"11111111-1111-4111-8111-000000000001\","
                     "\"data\":{\"to\":\"u-1\",\"kind\":\"entry-denied\","
                     "\"title\":\"Entry denied\",\"text\":\"\\\"\\\\\\n\","
                     "\"event_id\":\"11111111-1111-4111-8111-000000000001\","
                     "\"event_time\":\"2024-01-15T10:30:00.000000Z\"}}");
}
END_TEST

/* The example of the Standard Webhooks' reference libraries. */
START_TEST(a_signature_is_that_of_standard_webhooks)
{
    static const char body[] = "{\"test\": 2432232314}";
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_bytes bytes = {(const uint8_t *)body, sizeof(body) - 1};
    struct mr_str id = MR_STR("msg_p5jXN8AQM9LWM0D4loKWxJek");

    ck_assert_int_eq(notify_webhook_sign(MR_STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), id,
                                         1614265330, bytes, &out),
                     0);
    ck_assert_str_eq(mr_buf_cstr(&out), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    ck_assert_int_eq(notify_webhook_sign(MR_STR("whsec_!"), id, 1, bytes, &out), MR_INVALID);
    out.len = 0;
    ck_assert_int_eq(notify_webhook_sign(MR_STR("plain"), id, 1, bytes, &out), 0);
    ck_assert_uint_eq(out.len, 3 + 44);
}
END_TEST

/* ---- answers ---- */

static const char *verdict(const struct notify_answer *answer)
{
    return answer->r == 0                                     ? "delivered"
           : answer->r == MR_INVALID                          ? "given up"
           : answer->r == MR_AGAIN && answer->channel_failed  ? "channel"
           : answer->r == MR_AGAIN && !answer->channel_failed ? "again"
                                                              : "?";
}

START_TEST(an_smtp_answer_means_what_it_says_where_it_was_said)
{
    static const struct {
        enum notify_stage stage;
        long code;
        const char *want;
    } rows[] = {
        {NOTIFY_DATA, 250, "delivered"},   {NOTIFY_DATA, 451, "again"},
        {NOTIFY_DATA, 554, "given up"},    {NOTIFY_DATA, 0, "channel"},
        {NOTIFY_RCPT, 550, "given up"},    {NOTIFY_RCPT, 450, "again"},
        {NOTIFY_RCPT, 421, "channel"},     {NOTIFY_MAIL, 550, "channel"},
        {NOTIFY_GREETED, 535, "channel"},  {NOTIFY_CONNECTING, 554, "channel"},
        {NOTIFY_CONNECTING, 0, "channel"}, {NOTIFY_RCPT, 250, "channel"},
    };
    struct notify_answer answer;

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        notify_judge_smtp(rows[i].stage, rows[i].code, "5.1.1 no\r\n", &answer);
        ck_assert_msg(strcmp(verdict(&answer), rows[i].want) == 0, "%d %ld: %s, not %s",
                      rows[i].stage, rows[i].code, verdict(&answer), rows[i].want);
    }
    notify_judge_smtp(NOTIFY_RCPT, 550, "550 no \x01such\xff mailbox\r\n", &answer);
    ck_assert_str_eq(answer.why, "recipient: 550 no  such");
}
END_TEST

START_TEST(an_http_answer_means_what_its_status_says)
{
    static const struct {
        long status;
        int64_t after_s;
        const char *want;
        int64_t after_ms;
    } rows[] = {
        {200, 0, "delivered", 0},
        {204, 9, "delivered", 0},
        {408, 0, "again", 0},
        {429, 7, "again", 7000},
        {500, 0, "again", 0},
        {503, 5, "channel", 5000},
        {400, 3, "given up", 0},
        {404, 0, "given up", 0},
        {410, 0, "given up", 0},
        {302, 0, "channel", 0},
        {429, INT64_MAX, "again", 86400000},
    };
    struct notify_answer answer;

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        notify_judge_http(rows[i].status, rows[i].after_s, MR_STR("because\n"), &answer);
        ck_assert_msg(strcmp(verdict(&answer), rows[i].want) == 0, "%ld: %s, not %s",
                      rows[i].status, verdict(&answer), rows[i].want);
        ck_assert_int_eq(answer.after_ms, rows[i].after_ms);
    }
    notify_judge_http(404, 0, MR_STR("no such\nhook"), &answer);
    ck_assert_str_eq(answer.why, "HTTP 404: no such hook");
    static const char most[] = "HTTP 404: ";
    char large[1000];
    memset(large, 'x', sizeof(large));
    notify_judge_http(404, 0, (struct mr_str){large, sizeof(large)}, &answer);
    ck_assert_uint_eq(strlen(answer.why), sizeof(most) - 1 + 300);
}
END_TEST

/* ---- at start ---- */

START_TEST(options_that_do_not_fit_are_refused_at_start)
{
    static const struct {
        struct notify_options options;
        const char *want; /* NULL: fine */
    } rows[] = {
        {{.url = "none"}, NULL},
        {{.url = "smtp://127.0.0.1:25", .from = "a@b.org"}, NULL},
        {{.url = "smtp://[::1]:25", .from = "A B <a@b.org>"}, NULL},
        {{.url = "smtps://mail.example.org", .from = "a@b.org", .user = "u"}, NULL},
        {{.url = "https://example.org/x", .secret = "s", .token = "t"}, NULL},
        {{.url = "http://localhost:1/x"}, NULL},
        {{.url = "http://example.org/x", .plain = true}, NULL},
        {{.url = "smtp://mail.example.org", .from = "a@b.org", .plain = true}, NULL},
        {{.url = "http://example.org/x"}, "--notify-plain"},
        {{.url = "smtp://127.0.0.1"}, "--notify-from"},
        {{.url = "smtp://127.0.0.1", .from = "a@b.org\r\nBcc: c@d.org"}, "--notify-from"},
        {{.url = "smtp://127.0.0.1", .from = "nobody"}, "--notify-from"},
        {{.url = "smtp://127.0.0.1", .from = "a@b.org", .token = "t"}, "--notify-token is for"},
        {{.url = "smtp://127.0.0.1", .from = "a@b.org", .map = "/no/such"}, "--notify-map"},
        {{.url = "smtp://127.0.0.1", .from = "a@b.org", .to = "{to}@example.org"}, NULL},
        {{.url = "smtp://127.0.0.1", .from = "a@b.org", .to = "all@example.org"}, NULL},
        {{.url = "smtp://127.0.0.1", .from = "a@b.org", .to = "{who}@example.org"}, "--notify-to"},
        {{.url = "smtp://127.0.0.1", .from = "a@b.org", .to = "{to}@{to"}, "--notify-to"},
        {{.url = "smtp://127.0.0.1", .from = "a@b.org", .to = "example.org"}, "--notify-to"},
        {{.url = "smtp://u:secret@h", .from = "a@b.org"}, "--notify-password"},
        {{.url = "smtp://m.example.org", .from = "a@b.org", .plain = true, .user = "u"},
         "leave one of them out"},
        {{.url = "ftp://h/x"}, "'ftp' is no channel"},
        {{.url = "gate"}, "--notify"},
        {{.url = "https://h/x", .ca = "/no/such"}, "--notify-ca"},
    };
    struct consume run = {0};

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        struct consume_channel channel = {0};
        struct mr_error error = MR_ERROR_INIT;
        int r = notify_channel_open(&run, &rows[i].options, &channel, &error);
        ck_assert_msg(r == (rows[i].want ? MR_INVALID : 0), "%s: %d %s", rows[i].options.url, r,
                      error.text);
        ck_assert_msg(!rows[i].want || strstr(error.text, rows[i].want), "%s", error.text);
        ck_assert_ptr_eq(strstr(error.text, "secret@"), NULL);
        if (channel.free)
            channel.free(channel.self);
    }
}
END_TEST

int main(void)
{
    return unit_run("notify_channel",
                    (const TTest *[]){
                        a_recipient_becomes_an_address_by_the_file_else_by_the_template,
                        a_recipient_cannot_smuggle_another_address_or_a_command,
                        a_wrong_line_of_the_file_is_named,
                        a_message_as_mail_says_who_when_what_and_of_which_event,
                        no_line_of_a_mail_is_too_long_and_none_leaves_its_place,
                        texts_of_the_head_are_encoded_words_when_they_are_not_plain,
                        a_message_as_a_webhook_is_a_cloudevent,
                        a_signature_is_that_of_standard_webhooks,
                        an_smtp_answer_means_what_it_says_where_it_was_said,
                        an_http_answer_means_what_its_status_says,
                        options_that_do_not_fit_are_refused_at_start,
                        NULL,
                    });
}
