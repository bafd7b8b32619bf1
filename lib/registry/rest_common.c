/* SPDX-License-Identifier: Apache-2.0 */
/* What several handlers share. */
#include "rest_common.h"

#include <ctype.h>

#include "millrace/status.h"

bool parse_int(struct mr_str text, int64_t *ret_value)
{
    size_t i = 0;
    int64_t value = 0;

    while (text.len > 0 && isspace((unsigned char)text.data[text.len - 1]))
        text.len--;
    while (i < text.len && isspace((unsigned char)text.data[i]))
        i++;
    bool negative = i < text.len && text.data[i] == '-';
    if (negative || (i < text.len && text.data[i] == '+'))
        i++;
    if (i == text.len || text.len - i > 18)
        return false;
    for (; i < text.len; i++) {
        if (!isdigit((unsigned char)text.data[i]))
            return false;
        value = value * 10 + (text.data[i] - '0');
    }
    *ret_value = negative ? -value : value;
    return true;
}

struct page page_of(const struct request *request, size_t most)
{
    struct page page = {.left = most};
    int64_t value;

    if (parse_int(query_text(request, "offset"), &value) && value > 0)
        page.skip = (size_t)value;
    if (parse_int(query_text(request, "limit"), &value) && value > 0 && (uint64_t)value <= most)
        page.left = (size_t)value;
    return page;
}

bool page_takes(struct page *page)
{
    if (page->skip > 0) {
        page->skip--;
        return false;
    }
    if (page->left == 0)
        return false;
    page->left--;
    return true;
}

int list_begin(struct reply *reply)
{
    reply->status = 200;
    return mr_buf_byte(&reply->body, '[');
}

int list_comma(struct reply *reply)
{
    return reply->body.len > 1 ? mr_buf_byte(&reply->body, ',') : 0;
}

int write_version(const char *subject, const struct version *version, struct mr_buf *out)
{
    const struct content *content = version->content;

    return write_version_as(subject, version, (struct mr_str){content->text, content->len}, out);
}

int write_version_as(const char *subject, const struct version *version, struct mr_str text,
                     struct mr_buf *out)
{
    int r = mr_buf_append_str(out, MR_STR("{\"subject\":"));

    if (r == 0)
        r = mr_buf_json_string(out, subject, strlen(subject));
    if (r == 0)
        r = mr_buf_printf(out, ",\"version\":%d,\"id\":%d", (int)version->number, (int)version->id);
    if (r == 0)
        r = content_write_guid(version->content, out);
    if (r == 0)
        r = content_write_as(version->content, text, out);
    if (r == 0 && version->deleted)
        r = mr_buf_append_str(out, MR_STR(",\"deleted\":true"));
    return r == 0 ? mr_buf_byte(out, '}') : r;
}

int write_resolved(struct request *request, const char *parent, const struct content *content,
                   struct mr_buf *out)
{
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;

    if (!content->references || content->type != SCHEMA_AVRO)
        return mr_buf_append(out, content->text, content->len);
    int r = parent ? canon_parse(request->core, parent, content, &schema, NULL) : -ENOMEM;
    if (r == 0)
        r = mr_schema_resolved_text(schema, out);
    return r == MR_INVALID ? mr_buf_append(out, content->text, content->len) : r;
}

const struct version *id_version(const struct context *context, int32_t number, const char *subject)
{
    const struct id *id = context ? context_id(context, number) : NULL;
    const struct holder *holder = NULL;

    if (id && subject)
        holder = id_holder(id, subject);
    else if (id && id->n_holders > 0)
        holder = &id->holders[0];
    return holder ? subject_version(holder->subject, holder->version) : NULL;
}

bool version_segment(struct mr_str segment, struct reply *reply, int32_t *ret_number)
{
    int64_t number;

    if (segment.len == 6 && strncasecmp(segment.data, "latest", 6) == 0) {
        *ret_number = LATEST;
        return true;
    }
    if (parse_int(segment, &number) && (number == LATEST || (number > 0 && number <= INT32_MAX))) {
        *ret_number = (int32_t)number;
        return true;
    }
    (void)reply_error(reply, 42202,
                      "The specified version '%.*s' is not a valid version id: give "
                      "latest, -1, or a number from 1 to 2147483647",
                      (int)(segment.len < 64 ? segment.len : 64), segment.data);
    return false;
}

const struct version *find_version(const struct subject *subject, int32_t number, bool deleted)
{
    if (!subject)
        return NULL;
    if (number == LATEST)
        return subject_latest(subject);
    const struct version *version = subject_version(subject, number);
    return version && (deleted || !version->deleted) ? version : NULL;
}

bool valid_subject(const struct request *request, struct reply *reply)
{
    if (!request->subject || name_is_valid(mr_str_from(request->subject)))
        return true;
    (void)reply_error(reply, 42208,
                      "the subject's name is not allowed: it must hold no control "
                      "characters and not be __GLOBAL");
    return false;
}

bool may_refer(const struct request *request, const struct draft *draft, struct reply *reply)
{
    const json_t *reference;
    size_t i;

    json_array_foreach(draft->references, i, reference)
    {
        char subject[2 * NAME_MAX_BYTES];
        struct mr_str named = json_str(json_object_get(reference, "subject"));
        if (!name_beside(mr_str_from(request->subject), named, subject) ||
            may_read(request, subject))
            continue; /* what is no name is told later */
        (void)reply_denied(request, reply, "refer to subject '%s' (role read)", subject);
        return false;
    }
    return true;
}

bool may_read_id(const struct request *request, const struct id *id)
{
    for (size_t i = 0; id && request->caller.access && i < id->n_holders; i++)
        if (may_read(request, id->holders[i].subject->name))
            return true;
    return !request->caller.access;
}
