/* SPDX-License-Identifier: Apache-2.0 */
/* A message to people as mail: RFC 5322 head, text in quoted-printable, so that every server takes
 * it and no line is too long. Nothing of an event reaches the head but through notify_mail_text. */
#include <string.h>
#include <time.h>

#include "millrace/hash.h"
#include "notify_channel.h"

enum {
    PLAIN_MAX = 70, /* longer texts are split into encoded words */
    WORD_MAX = 45,  /* bytes of one: 60 in base64, 72 with its frame, 75 allowed */
    LINE_MAX_ = 75, /* quoted-printable, the soft break's "=" not counted */
};

struct mr_str notify_address_of(struct mr_str from)
{
    const char *open = memrchr(from.data ? from.data : "", '<', from.len);

    if (open && from.data[from.len - 1] == '>')
        from = (struct mr_str){open + 1, (size_t)(from.data + from.len - open) - 2};
    return notify_is_address(from) ? from : (struct mr_str){0};
}

/* ---- texts of the head ---- */

static bool is_plain(struct mr_str s)
{
    if (s.len > PLAIN_MAX || (s.len > 0 && (s.data[0] == ' ' || s.data[s.len - 1] == ' ')))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.data[i] < ' ' || (unsigned char)s.data[i] >= 0x7f)
            return false;
    return !memmem(s.data ? s.data : "", s.len, "=?", 2);
}

/* Bytes of the longest begin of s that fits a word and cuts no character. */
static size_t word_of(struct mr_str s)
{
    size_t len = s.len < WORD_MAX ? s.len : WORD_MAX;

    while (len < s.len && len > 1 && ((unsigned char)s.data[len] & 0xc0) == 0x80)
        len--;
    return len;
}

int notify_mail_text(struct mr_str text, struct mr_buf *out)
{
    char word[WORD_MAX], coded[(WORD_MAX + 2) / 3 * 4];
    int r = 0;

    if (is_plain(text))
        return mr_buf_append_str(out, text);
    for (size_t at = 0; at < text.len && r == 0;) {
        size_t len = word_of((struct mr_str){text.data + at, text.len - at});
        for (size_t i = 0; i < len; i++) {
            char c = text.data[at + i];
            word[i] = (unsigned char)c < ' ' || c == 0x7f ? ' ' : c;
        }
        r = mr_buf_printf(out, "%s=?UTF-8?B?%.*s?=", at > 0 ? "\r\n " : "",
                          (int)mr_base64_encode((const uint8_t *)word, len, coded), coded);
        at += len;
    }
    return r;
}

static int put(struct mr_buf *out, const char *name, struct mr_str text)
{
    int r = mr_buf_printf(out, "%s: ", name);

    if (r == 0)
        r = notify_mail_text(text, out);
    return r == 0 ? mr_buf_append(out, "\r\n", 2) : r;
}

static int put_date(struct mr_buf *out, int64_t micros)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(micros / 1000000);
    struct tm tm;

    if (!gmtime_r(&seconds, &tm))
        return 0;
    return mr_buf_printf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday],
                         tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                         tm.tm_sec);
}

/* Addresses were checked; a name before the sender's is the operator's own, and checked at start.
 */
static int put_addresses(struct mr_buf *out, struct mr_str from, const char *const *to, size_t n_to)
{
    int r = mr_buf_printf(out, "From: %.*s\r\nTo: ", MR_STR_ARG(from));

    for (size_t i = 0; i < n_to && r == 0; i++)
        r = mr_buf_printf(out, "%s%s", i > 0 ? ",\r\n " : "", to[i]);
    return r == 0 ? mr_buf_append(out, "\r\n", 2) : r;
}

static int put_head(const struct notify_message *m, struct mr_str from, const char *const *to,
                    size_t n_to, struct mr_buf *out)
{
    struct mr_str address = notify_address_of(from);
    const char *at = memchr(address.data ? address.data : "", '@', address.len);
    struct mr_str domain =
        at ? (struct mr_str){at, (size_t)(address.data + address.len - at)} : MR_STR("@localhost");

    int r = put_date(out, m->created_at);
    if (r == 0)
        r = put_addresses(out, from, to, n_to);
    if (r == 0)
        r = put(out, "Subject", m->title);
    if (r == 0)
        r = mr_buf_printf(out, "Message-ID: <%.*s%.*s>\r\nIdempotency-Key: %.*s\r\n",
                          MR_STR_ARG(m->key), MR_STR_ARG(domain), MR_STR_ARG(m->key));
    if (r == 0)
        r = put(out, "X-Millrace-Service", m->service);
    if (r == 0)
        r = put(out, "X-Millrace-Kind", m->kind);
    if (r == 0)
        r = put(out, "X-Millrace-Event-Id", m->event_id);
    if (r == 0)
        r = put(out, "X-Correlation-Id", m->correlation_id);
    return r != 0 ? r
                  : mr_buf_append_str(
                        out, MR_STR("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                                    "Content-Type: text/plain; charset=utf-8\r\n"
                                    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"));
}

/* ---- the text ---- */

struct quoting {
    struct mr_buf *out;
    size_t line; /* characters of the line so far */
};

static int put_char(struct quoting *q, unsigned char c, bool coded)
{
    size_t len = coded ? 3 : 1;
    int r = 0;

    if (q->line + len > LINE_MAX_) {
        r = mr_buf_append(q->out, "=\r\n", 3);
        q->line = 0;
    }
    q->line += len;
    if (r != 0)
        return r;
    return coded ? mr_buf_printf(q->out, "=%02X", c) : mr_buf_byte(q->out, c);
}

/* Of a line's end any of CRLF, LF, CR; space at its end would not survive, so it is coded. */
static int put_text(struct mr_str s, struct mr_buf *out)
{
    struct quoting q = {.out = out};
    int r = 0;

    for (size_t i = 0; i < s.len && r == 0; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c == '\r' || c == '\n') {
            i += c == '\r' && i + 1 < s.len && s.data[i + 1] == '\n';
            r = mr_buf_append(out, "\r\n", 2);
            q.line = 0;
            continue;
        }
        bool last = i + 1 == s.len || s.data[i + 1] == '\r' || s.data[i + 1] == '\n';
        bool blank = c == ' ' || c == '\t';
        r = put_char(&q, c, c == '=' || c >= 0x7f || (c < ' ' && !blank) || (blank && last));
    }
    return r == 0 && q.line > 0 ? mr_buf_append(out, "\r\n", 2) : r;
}

int notify_mail(const struct notify_message *message, struct mr_str from, const char *const *to,
                size_t n_to, struct mr_buf *out)
{
    int r = put_head(message, from, to, n_to, out);

    return r == 0 ? put_text(message->text, out) : r;
}
