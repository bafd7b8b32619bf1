/* SPDX-License-Identifier: Apache-2.0 */
/* Records to text. The plain form appends to the output what the decoder writes, and nothing else.
 */
#include "render_text.h"

#include <errno.h>
#include <string.h>

#include "millrace/time.h"

/* Digits without printf: this is the hot path of -J and -f. */
static int append_number(struct mr_buf *out, int64_t value)
{
    char digits[24], *at = digits + sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        *--at = '-';
    return mr_buf_append(out, at, (size_t)(digits + sizeof(digits) - at));
}

int render_time(struct mr_buf *out, int64_t ms)
{
    char text[MR_TIME_MAX];
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);

    if (ms < 0)
        return append(out, "null");
    size_t len = mr_time_format(seconds, (int32_t)(ms - seconds * 1000) * 1000000, 3, text);
    return mr_buf_append(out, text, len);
}

/* What stands for the value of a record that cannot be decoded, where a value is expected. */
static int append_stand_in(struct render *render, const struct mr_message *message,
                           struct mr_buf *out)
{
    int r = append(out, "{\"undecoded\":");

    if (r == 0)
        r = render_undecoded(render, message, true, out);
    return r != 0 ? r : append(out, "}");
}

int render_value(struct render *render, const struct mr_message *message, struct mr_buf *out,
                 int32_t *ret_id, bool *ret_bad)
{
    size_t from = out->len;

    render->error.where[0] = render->error.text[0] = '\0';
    int r = decoders_value(&render->decoders, message, out, ret_id, &render->error);

    *ret_bad = r == MR_INVALID;
    if (MR_UNLIKELY(*ret_bad)) {
        render->n_undecoded++;
        return render->filter.n_terms > 0 ? MR_IDLE : 0;
    }
    if (r != 0 || render->filter.n_terms == 0)
        return r;
    const struct mr_str json = {(const char *)out->data + from, out->len - from};
    return filter_matches(&render->filter, json) ? 0 : MR_IDLE;
}

static int plain(struct render *render, const struct mr_message *message, struct mr_buf *out)
{
    int32_t id;
    bool bad;
    int r = render_value(render, message, out, &id, &bad);

    if (MR_UNLIKELY(bad) && r == 0)
        r = append_stand_in(render, message, out);
    return r != 0 ? r : mr_buf_byte(out, '\n');
}

/* Where and when: up to the key. */
static int append_place(const struct mr_message *message, struct mr_buf *out)
{
    int r = append(out, "{\"topic\":\"");

    if (r == 0)
        r = append(out, message->topic);
    if (r == 0)
        r = append(out, "\",\"partition\":");
    if (r == 0)
        r = append_number(out, message->partition);
    if (r == 0)
        r = append(out, ",\"offset\":");
    if (r == 0)
        r = append_number(out, message->offset);
    if (r == 0)
        r = append(out, message->timestamp_ms < 0 ? ",\"time\":" : ",\"time\":\"");
    if (r == 0)
        r = render_time(out, message->timestamp_ms);
    if (r == 0)
        r = append(out, message->timestamp_ms < 0 ? ",\"key\":" : "\",\"key\":");
    return r != 0 ? r : render_json_bytes(out, message->key);
}

static int whole(struct render *render, const struct mr_message *message, struct mr_buf *out)
{
    int32_t id;
    bool bad;
    int r = append_place(message, out);

    if (r == 0)
        r = append(out, ",\"headers\":");
    if (r == 0)
        r = render_headers(message, out);
    if (r == 0)
        r = append(out, ",\"value\":");
    if (r == 0)
        r = render_value(render, message, out, &id, &bad);
    if (r == 0 && bad) {
        r = append(out, "null,\"undecoded\":");
        if (r == 0)
            r = render_undecoded(render, message, false, out);
    }
    if (r == 0 && id >= 0) {
        r = append(out, ",\"schema_id\":");
        if (r == 0)
            r = append_number(out, id);
    }
    return r != 0 ? r : append(out, "}\n");
}

static int append_part(const struct render *render, const struct format_part *part,
                       const struct mr_message *message, int32_t id, struct mr_buf *out)
{
    switch (part->kind) {
    case FORMAT_TEXT:
        return mr_buf_append(out, render->format.text.data + part->from, part->len);
    case FORMAT_TOPIC:
        return append(out, message->topic);
    case FORMAT_PARTITION:
        return append_number(out, message->partition);
    case FORMAT_OFFSET:
        return append_number(out, message->offset);
    case FORMAT_KEY:
        return mr_buf_append(out, message->key.data, message->key.len);
    case FORMAT_KEY_LEN:
        return append_number(out, message->key.data ? (int64_t)message->key.len : -1);
    case FORMAT_VALUE:
        return mr_buf_append(out, render->scratch.data, render->scratch.len);
    case FORMAT_VALUE_LEN:
        return append_number(out, message->tombstone ? -1 : (int64_t)message->value.len);
    case FORMAT_HEADERS:
        return render_plain_headers(message, out);
    case FORMAT_MILLIS:
        return append_number(out, message->timestamp_ms);
    case FORMAT_TIME:
        return render_time(out, message->timestamp_ms);
    case FORMAT_SCHEMA:
        return append_number(out, id);
    }
    return -EINVAL;
}

static int formatted(struct render *render, const struct mr_message *message, struct mr_buf *out)
{
    int32_t id = -1;
    bool bad = false;
    int r = 0;

    render->scratch.len = 0;
    if (render->needs_value)
        r = render_value(render, message, &render->scratch, &id, &bad);
    if (r == 0 && bad)
        r = append_stand_in(render, message, &render->scratch);
    for (size_t i = 0; r == 0 && i < render->format.n_parts; i++)
        r = append_part(render, &render->format.parts[i], message, id, out);
    return r;
}

int render_record(struct render *render, const struct mr_message *message, struct mr_buf *out)
{
    static int (*const forms[])(struct render * render, const struct mr_message *message,
                                struct mr_buf *out) = {
        [RENDER_VALUES] = plain,
        [RENDER_JSON] = whole,
        [RENDER_PEOPLE] = render_for_people,
        [RENDER_FORMAT] = formatted,
    };
    size_t from = out->len;
    int r = forms[render->form](render, message, out);

    if (r == MR_IDLE)
        out->len = from;
    return r;
}
