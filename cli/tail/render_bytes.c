/* SPDX-License-Identifier: Apache-2.0 */
/* What a record has beside events: keys, headers, and values that cannot be decoded. */
#include <inttypes.h>
#include <stdio.h>

#include "millrace/hash.h"
#include "render_text.h"

enum { MAX_HEADERS = 256 }; /* that are shown */

static int append_base64(struct mr_buf *out, struct mr_bytes bytes)
{
    int r = mr_buf_reserve(out, (bytes.len + 2) / 3 * 4);

    if (r == 0)
        out->len += mr_base64_encode(bytes.data, bytes.len, (char *)out->data + out->len);
    return r;
}

int render_json_bytes(struct mr_buf *out, struct mr_bytes bytes)
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

int render_undecoded(struct render *render, const struct mr_message *message, bool place,
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
        r = render_json_bytes(out, headers[i].value);
    for (size_t k = i + 1; r == 0 && n_same > 0 && k < n; k++) {
        if (strcmp(headers[k].name, name) != 0)
            continue;
        r = append(out, ",");
        if (r == 0)
            r = render_json_bytes(out, headers[k].value);
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

int render_headers(const struct mr_message *message, struct mr_buf *out)
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

int render_plain_headers(const struct mr_message *message, struct mr_buf *out)
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
