/* SPDX-License-Identifier: Apache-2.0 */
/* Schema contents and their identity. */
#include "content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "millrace/hash.h"

/* Text and everything else that makes two schemas different, with a mark before each part. */
static int make_digest(struct content *content)
{
    MR_AUTO(mr_buf) struct mr_buf all = {0};
    const json_t *parts[] = {content->references, content->metadata, content->rule_set};
    int r = mr_buf_append(&all, content->text, content->len);

    for (size_t i = 0; i < MR_N_ELEMENTS(parts) && r == 0; i++) {
        if (!parts[i])
            continue;
        r = mr_buf_byte(&all, (uint8_t)(i + 1));
        if (r == 0)
            r = json_append(&all, parts[i]);
    }
    if (r == 0)
        mr_md5(all.data, all.len, content->digest);
    return r;
}

int content_new_take(const char *text, size_t len, json_t *references, json_t *metadata,
                     json_t *rule_set, struct content **ret_content)
{
    struct content *content = calloc(1, sizeof(*content) + len + 1);

    if (!content)
        return -ENOMEM;
    atomic_init(&content->n_refs, 1);
    content->len = len;
    memcpy(content->text, text, len);
    content->references = references;
    content->metadata = metadata;
    content->rule_set = rule_set;
    int r = make_digest(content);
    if (r != 0) {
        free(content);
        return r;
    }
    *ret_content = content;
    return 0;
}

struct content *content_ref(struct content *content)
{
    atomic_fetch_add_explicit(&content->n_refs, 1, memory_order_relaxed);
    return content;
}

struct content *content_unref(struct content *content)
{
    if (content && atomic_fetch_sub_explicit(&content->n_refs, 1, memory_order_acq_rel) == 1) {
        struct MHD_Response *response = atomic_load(&content->by_id);
        if (response)
            MHD_destroy_response(response);
        json_decref(content->references);
        json_decref(content->metadata);
        json_decref(content->rule_set);
        free(content);
    }
    return NULL;
}

int content_write_as(const struct content *content, struct mr_str text, struct mr_buf *out)
{
    const struct {
        const char *name;
        const json_t *json;
    } members[] = {{"references", content->references},
                   {"metadata", content->metadata},
                   {"ruleSet", content->rule_set}};
    int r = 0;

    for (size_t i = 0; i < MR_N_ELEMENTS(members) && r == 0; i++) {
        if (!members[i].json)
            continue;
        r = mr_buf_printf(out, ",\"%s\":", members[i].name);
        if (r == 0)
            r = json_append(out, members[i].json);
    }
    if (r == 0)
        r = mr_buf_append_str(out, MR_STR(",\"schema\":"));
    return r != 0 ? r : mr_buf_json_string(out, text.data, text.len);
}

int content_write(const struct content *content, struct mr_buf *out)
{
    return content_write_as(content, (struct mr_str){content->text, content->len}, out);
}
