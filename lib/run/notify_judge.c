/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer means for a message: delivered, later, never; and whether it is the channel that
 * fails and not the message. */
#include <stdio.h>
#include <string.h>

#include "notify_channel.h"

/* What others wrote may hold anything: one line of it, without control characters. */
static void say(struct notify_answer *answer, const char *what, struct mr_str text)
{
    int n = snprintf(answer->why, sizeof(answer->why), "%s%s", what, text.len > 0 ? ": " : "");
    size_t at = n < 0 ? 0 : (size_t)n;

    for (size_t i = 0; i < text.len && at + 1 < sizeof(answer->why) && i < 300; i++) {
        unsigned char c = (unsigned char)text.data[i];
        answer->why[at++] = c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    while (at > 0 && answer->why[at - 1] == ' ')
        at--;
    if (!mr_utf8_valid(answer->why, at, &at)) /* cut, or never was */
        answer->why[at] = '\0';
    answer->why[at] = '\0';
}

void notify_judge_smtp(enum notify_stage stage, long code, const char *reply,
                       struct notify_answer *ret)
{
    static const char *const at[] = {
        [NOTIFY_CONNECTING] = "connecting", [NOTIFY_GREETED] = "greeting, TLS or login",
        [NOTIFY_MAIL] = "sender",           [NOTIFY_RCPT] = "recipient",
        [NOTIFY_DATA] = "message",
    };
    bool about_message = stage == NOTIFY_RCPT || stage == NOTIFY_DATA;

    *ret = (struct notify_answer){.r = MR_AGAIN};
    if (stage == NOTIFY_DATA && code >= 200 && code < 300) {
        ret->r = 0;
        return;
    }
    say(ret, at[stage], mr_str_from(reply));
    if (about_message && code >= 500 && code < 600)
        ret->r = MR_INVALID;
    else
        ret->channel_failed = !about_message || code < 400 || code == 421;
}

void notify_judge_http(long status, int64_t retry_after_s, struct mr_str body,
                       struct notify_answer *ret)
{
    char what[64];

    *ret = (struct notify_answer){.r = MR_AGAIN};
    if (status >= 200 && status < 300) {
        ret->r = 0;
        return;
    }
    (void)snprintf(what, sizeof(what), "HTTP %ld", status);
    say(ret, what, body);
    if (status >= 300 && status < 400) {
        say(ret, "HTTP redirect, which is not followed: give --notify the URL itself",
            (struct mr_str){0});
        ret->channel_failed = true;
    } else if (status >= 400 && status < 500 && status != 408 && status != 429) {
        ret->r = MR_INVALID;
    }
    if (ret->r == MR_AGAIN && retry_after_s > 0)
        ret->after_ms = retry_after_s > 86400 ? 86400000 : retry_after_s * 1000;
    if (status == 502 || status == 503 || status == 504)
        ret->channel_failed = true;
}
