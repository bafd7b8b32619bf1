/* SPDX-License-Identifier: Apache-2.0 */
/* Records to text. The plain form appends to the output what the decoder writes, and nothing else.
 */
#include "render.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json_view.h"
#include "millrace/hash.h"
#include "millrace/time.h"

enum { MAX_HEADERS = 256 };

static int append(struct mr_buf *out, const char *text)
{
    return mr_buf_append(out, text, strlen(text));
}

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

static int append_time(struct mr_buf *out, int64_t ms)
{
    char text[MR_TIME_MAX];
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);

    if (ms < 0)
        return append(out, "null");
    size_t len = mr_time_format(seconds, (int32_t)(ms - seconds * 1000) * 1000000, 3, text);
    return mr_buf_append(out, text, len);
}

static int append_base64(struct mr_buf *out, struct mr_bytes bytes)
{
    int r = mr_buf_reserve(out, (bytes.len + 2) / 3 * 4);

    if (r == 0)
        out->len += mr_base64_encode(bytes.data, bytes.len, (char *)out->data + out->len);
    return r;
}

/* Text as a JSON string; bytes that are no text as {"base64":"..."}. */
static int append_json_bytes(struct mr_buf *out, struct mr_bytes bytes)
{
    const char *text = (const char *)bytes.data;

    if (!bytes.data)
        return append(out, "null");
    if (mr_utf8_valid(text, bytes.len, NULL))
        return mr_buf_json_string(out, text, bytes.len);
    int r = append(out, "{\"base64\":\"");
    if (r == 0)
        r = append_base64(out, bytes);
    return r != 0 ? r : append(out, "\"}");
}

/* {"why":"...","base64":"..."}, with the record's place where nothing else tells it. */
static int append_undecoded(struct render *render, const struct mr_message *message, bool place,
                            struct mr_buf *out)
{
    const struct mr_error *error = &render->error;
    char why[sizeof(error->where) + sizeof(error->text) + 2];
    int n =
        snprintf(why, sizeof(why), "%s%s%s", error->where, *error->where ? ": " : "", error->text);
    int r = append(out, "{\"why\":");

    if (r == 0)
        r = mr_buf_json_string(out, why, (size_t)n);
    if (r == 0 && place)
        r = mr_buf_printf(out, ",\"topic\":\"%s\",\"partition\":%d,\"offset\":%" PRId64,
                          message->topic, (int)message->partition, message->offset);
    if (r == 0)
        r = append(out, ",\"base64\":\"");
    if (r == 0)
        r = append_base64(out, message->value);
    return r != 0 ? r : append(out, "\"}");
}

/* What stands for the value of a record that cannot be decoded, where a value is expected. */
static int append_stand_in(struct render *render, const struct mr_message *message,
                           struct mr_buf *out)
{
    int r = append(out, "{\"undecoded\":");

    if (r == 0)
        r = append_undecoded(render, message, true, out);
    return r != 0 ? r : append(out, "}");
}

/* Appends the value; *ret_bad when it cannot be decoded, and then nothing. Outcomes: 0; MR_IDLE
 * when the filter does not want it (out is to be cut by the caller); MR_AGAIN, -errno. */
static int append_value(struct render *render, const struct mr_message *message, struct mr_buf *out,
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
    int r = append_value(render, message, out, &id, &bad);

    if (MR_UNLIKELY(bad) && r == 0)
        r = append_stand_in(render, message, out);
    return r != 0 ? r : mr_buf_byte(out, '\n');
}

/* The values of every header of this name, as a list when there are several. */
static int append_header(const struct mr_header *headers, size_t n, size_t i, struct mr_buf *out)
{
    const char *name = headers[i].name;
    size_t n_same = 0;

    int r = mr_buf_json_string(out, name, strlen(name));
    if (r == 0)
        r = append(out, ":");
    for (size_t k = i + 1; k < n; k++)
        n_same += strcmp(headers[k].name, name) == 0;
    if (r == 0 && n_same > 0)
        r = append(out, "[");
    if (r == 0)
        r = append_json_bytes(out, headers[i].value);
    for (size_t k = i + 1; r == 0 && n_same > 0 && k < n; k++) {
        if (strcmp(headers[k].name, name) != 0)
            continue;
        r = append(out, ",");
        if (r == 0)
            r = append_json_bytes(out, headers[k].value);
    }
    return r == 0 && n_same > 0 ? append(out, "]") : r;
}

static bool seen_before(const struct mr_header *headers, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(headers[k].name, headers[i].name) == 0)
            return true;
    return false;
}

/* Of more than MAX_HEADERS the first are shown. */
static int append_headers(const struct mr_message *message, struct mr_buf *out)
{
    struct mr_header headers[MAX_HEADERS];
    size_t n = 0, n_shown = 0;
    int r = append(out, "{");

    while (n < MAX_HEADERS && mr_kafka_header_at(message, n, &headers[n]) == 0)
        n++;
    for (size_t i = 0; r == 0 && i < n; i++) {
        if (seen_before(headers, i))
            continue;
        r = n_shown++ ? append(out, ",") : 0;
        if (r == 0)
            r = append_header(headers, n, i, out);
    }
    return r != 0 ? r : append(out, "}");
}

static int whole(struct render *render, const struct mr_message *message, struct mr_buf *out)
{
    int32_t id;
    bool bad;
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
        r = append_time(out, message->timestamp_ms);
    if (r == 0)
        r = append(out, message->timestamp_ms < 0 ? ",\"key\":" : "\",\"key\":");
    if (r == 0)
        r = append_json_bytes(out, message->key);
    if (r == 0)
        r = append(out, ",\"headers\":");
    if (r == 0)
        r = append_headers(message, out);
    if (r == 0)
        r = append(out, ",\"value\":");
    if (r == 0)
        r = append_value(render, message, out, &id, &bad);
    if (r == 0 && bad) {
        r = append(out, "null,\"undecoded\":");
        if (r == 0)
            r = append_undecoded(render, message, false, out);
    }
    if (r == 0 && id >= 0) {
        r = append(out, ",\"schema_id\":");
        if (r == 0)
            r = append_number(out, id);
    }
    return r != 0 ? r : append(out, "}\n");
}

static int append_plain_headers(const struct mr_message *message, struct mr_buf *out)
{
    struct mr_header header;
    int r = 0;

    for (size_t i = 0; r == 0 && mr_kafka_header_at(message, i, &header) == 0; i++) {
        r = mr_buf_printf(out, "%s%s=", i ? "," : "", header.name);
        if (r == 0)
            r = mr_buf_append(out, header.value.data, header.value.len);
    }
    return r;
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
        return append_plain_headers(message, out);
    case FORMAT_MILLIS:
        return append_number(out, message->timestamp_ms);
    case FORMAT_TIME:
        return append_time(out, message->timestamp_ms);
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
        r = append_value(render, message, &render->scratch, &id, &bad);
    if (r == 0 && bad)
        r = append_stand_in(render, message, &render->scratch);
    for (size_t i = 0; r == 0 && i < render->format.n_parts; i++)
        r = append_part(render, &render->format.parts[i], message, id, out);
    return r;
}

/* Bytes that a terminal may show: controls become dots. */
static int append_safe(struct mr_buf *out, struct mr_bytes bytes, size_t max)
{
    bool text = mr_utf8_valid((const char *)bytes.data, bytes.len, NULL);
    int r = 0;

    for (size_t i = 0; r == 0 && i < bytes.len && i < max; i++) {
        uint8_t c = bytes.data[i];
        r = mr_buf_byte(out, c < 0x20 || c == 0x7f || (!text && c >= 0x80) ? '.' : c);
    }
    return r == 0 && bytes.len > max ? append(out, "...") : r;
}

/* "12:00:00.123 topic[0]@42 key {...}": of an event its data only, as the rest is mostly the same.
 */
static int for_people(struct render *render, const struct mr_message *message, struct mr_buf *out)
{
    const struct term_style *style = render->style;
    int32_t id;
    bool bad;

    render->scratch.len = 0;
    int r = append_value(render, message, &render->scratch, &id, &bad);
    if (r == 0)
        r = append(out, style->dim);
    if (r == 0)
        r = append_time(out, message->timestamp_ms);
    if (r == 0)
        r = mr_buf_printf(out, "%s %s%s%s%s[%d]@%" PRId64 "%s %s", style->plain, style->cyan,
                          message->topic, style->plain, style->dim, (int)message->partition,
                          message->offset, style->plain, style->yellow);
    if (r == 0)
        r = append_safe(out, message->key, 64);
    if (r != 0)
        return r;
    if (bad) {
        r = mr_buf_printf(out, "%s %scannot be decoded: %s%s%s%s (%zu bytes: ", style->plain,
                          style->red, render->error.where, *render->error.where ? ": " : "",
                          render->error.text, style->plain, message->value.len);
        if (r == 0)
            r = append_safe(out, message->value, 32);
        return r != 0 ? r : append(out, ")\n");
    }
    struct mr_str json = {(const char *)render->scratch.data, render->scratch.len}, data;
    struct json_walk walk;
    if (json_member(json, MR_STR("data"), &data) && json_walk_start(&walk, data))
        json = data;
    r = mr_buf_printf(out, "%s ", style->plain);
    if (r == 0)
        r = mr_buf_append_str(out, json);
    return r != 0 ? r : append(out, "\n");
}

int render_record(struct render *render, const struct mr_message *message, struct mr_buf *out)
{
    static int (*const forms[])(struct render * render, const struct mr_message *message,
                                struct mr_buf *out) = {
        [RENDER_VALUES] = plain,
        [RENDER_JSON] = whole,
        [RENDER_PEOPLE] = for_people,
        [RENDER_FORMAT] = formatted,
    };
    size_t from = out->len;
    int r = forms[render->form](render, message, out);

    if (r == MR_IDLE)
        out->len = from;
    return r;
}
