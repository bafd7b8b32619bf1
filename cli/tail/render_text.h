/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a record to text, for the forms of render.c. */
#pragma once

#include <string.h>

#include "render.h"

static inline int append(struct mr_buf *out, const char *text)
{
    return mr_buf_append(out, text, strlen(text));
}

/* ---- render.c ---- */
int render_time(struct mr_buf *out, int64_t ms);
/* Appends the value; *ret_bad when it cannot be decoded, and then nothing. Outcomes: 0; MR_IDLE
 * when the filter does not want it (out is to be cut by the caller); MR_AGAIN, -errno. */
int render_value(struct render *render, const struct mr_message *message, struct mr_buf *out,
                 int32_t *ret_id, bool *ret_bad);

/* ---- render_bytes.c: keys, headers, and values that are no events ---- */
/* Text as a JSON string; bytes that are no text as {"base64":"..."}. */
int render_json_bytes(struct mr_buf *out, struct mr_bytes bytes);
/* {"why":"...","base64":"..."}, with the record's place where nothing else tells it. */
int render_undecoded(struct render *render, const struct mr_message *message, bool place,
                     struct mr_buf *out);
/* As one JSON object; of more than 256 the first are shown. */
int render_headers(const struct mr_message *message, struct mr_buf *out);
/* "name=value,name=value", the bytes as they are. */
int render_plain_headers(const struct mr_message *message, struct mr_buf *out);

/* ---- render_people.c ---- */
int render_for_people(struct render *render, const struct mr_message *message, struct mr_buf *out);
