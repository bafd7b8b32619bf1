/* SPDX-License-Identifier: Apache-2.0 */
/* Headers are others' bytes: made safe to show. */
#include "text.h"

#include <string.h>

const char *dlq_text(struct mr_str bytes, char *out, size_t cap)
{
    bool valid = mr_utf8_valid(bytes.data ? bytes.data : "", bytes.len, NULL);
    struct mr_str cut = bytes.len < cap ? bytes : (struct mr_str){bytes.data, cap - 1};

    if (valid)
        cut = mr_utf8_cut(bytes, cap - 1);
    for (size_t i = 0; i < cut.len; i++) {
        unsigned char c = (unsigned char)cut.data[i];
        out[i] = (char)(c < 0x20 || c == 0x7f || (c >= 0x80 && !valid) ? '?' : c);
    }
    out[cut.len] = '\0';
    return out;
}

const char *dlq_time(int64_t ms, char out[MR_TIME_MAX])
{
    if (ms < 0)
        return NULL;
    out[mr_time_format(ms / 1000, (int32_t)(ms % 1000) * 1000000, 3, out)] = '\0';
    return out;
}

void dlq_doc_text(struct doc *doc, const char *name, struct mr_str bytes)
{
    char text[2048]; /* the longest message that we write is 1536 bytes */

    doc_text(doc, name, bytes.data ? dlq_text(bytes, text, sizeof(text)) : NULL);
}

void dlq_doc_number(struct doc *doc, const char *name, int64_t number)
{
    if (number < 0)
        doc_json(doc, name, MR_STR("null"));
    else
        doc_long(doc, name, number);
}
