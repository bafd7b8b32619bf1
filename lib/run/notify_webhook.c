/* SPDX-License-Identifier: Apache-2.0 */
/* A message to people as the JSON of a webhook, and its signature. The body is the same for every
 * try, so that a receiver may compare. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/hash.h"
#include "millrace/time.h"
#include "notify_channel.h"

static int member(struct mr_buf *out, const char *before, struct mr_str text)
{
    int r = mr_buf_append(out, before, strlen(before));

    return r == 0 ? mr_buf_json_plain(out, text.len ? text.data : "", text.len) : r;
}

int notify_webhook_json(const struct notify_message *m, struct mr_buf *out)
{
    char created[MR_TIME_MAX], happened[MR_TIME_MAX], type[160];
    const struct {
        const char *before;
        struct mr_str text;
    } rows[] = {
        {"{\"specversion\":\"1.0\",\"id\":", m->key},
        {",\"source\":", m->service},
        {",\"type\":",
         {type, (size_t)snprintf(type, sizeof(type), "millrace.notice.%.*s", MR_STR_ARG(m->kind))}},
        {",\"subject\":", m->to},
        {",\"time\":", {created, mr_time_format_micros(m->created_at, created)}},
        {",\"datacontenttype\":", MR_STR("application/json")},
        {",\"correlationid\":", m->correlation_id},
        {",\"causationid\":", m->event_id},
        {",\"data\":{\"to\":", m->to},
        {",\"kind\":", m->kind},
        {",\"title\":", m->title},
        {",\"text\":", m->text},
        {",\"event_id\":", m->event_id},
        {",\"event_time\":", {happened, mr_time_format_micros(m->event_at, happened)}},
    };
    int r = 0;

    for (size_t i = 0; i < MR_N_ELEMENTS(rows) && r == 0; i++)
        r = member(out, rows[i].before, rows[i].text);
    return r == 0 ? mr_buf_append(out, "}}", 2) : r;
}

int notify_webhook_sign(struct mr_str secret, struct mr_str id, int64_t seconds,
                        struct mr_bytes body, struct mr_buf *out)
{
    static const char prefix[] = "whsec_";
    MR_AUTO(mr_buf) struct mr_buf text = {0}, key = {0};
    char coded[44];
    uint8_t digest[32];

    int r = mr_buf_append_str(&key, secret);
    if (r == 0 && secret.len > 6 && memcmp(secret.data, prefix, 6) == 0) {
        size_t n = mr_base64_decode(secret.data + 6, secret.len - 6, key.data);
        if (n == (size_t)-1)
            return MR_INVALID;
        key.len = n;
    }
    if (r == 0)
        r = mr_buf_printf(&text, "%.*s.%" PRId64 ".", MR_STR_ARG(id), seconds);
    if (r == 0)
        r = mr_buf_append(&text, body.data, body.len);
    if (r != 0)
        return r;
    mr_hmac_sha256(key.data, key.len, text.data, text.len, digest);
    return mr_buf_printf(out, "v1,%.*s", (int)mr_base64_encode(digest, sizeof(digest), coded),
                         coded);
}
