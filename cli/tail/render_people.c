/* SPDX-License-Identifier: Apache-2.0 */
/* A record as a line for a terminal. */
#include <inttypes.h>

#include "json_view.h"
#include "render_text.h"

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
int render_for_people(struct render *render, const struct mr_message *message, struct mr_buf *out)
{
    const struct term_style *style = render->style;
    int32_t id;
    bool bad;

    render->scratch.len = 0;
    int r = render_value(render, message, &render->scratch, &id, &bad);
    if (r == 0)
        r = append(out, style->dim);
    if (r == 0)
        r = render_time(out, message->timestamp_ms);
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
