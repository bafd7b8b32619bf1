/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas that others spelled in their own way. */
#include <errno.h>
#include <string.h>

#include "millrace/schema.h"
#include "millrace/status.h"
#include "record_json.h"

/* Whether Java could have written it: no blank between tokens, and the type first. Parsing each
 * schema to be sure would take longer than reading a topic does. */
static bool looks_stored(const struct content *content)
{
    static const char first[] = "{\"type\":";
    bool quoted = false;

    if (content->text[0] != '"' && strncmp(content->text, first, strlen(first)) != 0)
        return false;
    for (const char *p = content->text; *p; p++) {
        if (quoted && *p == '\\' && p[1])
            p++;
        else if (*p == '"')
            quoted = !quoted;
        else if (!quoted && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
            return false;
    }
    return true;
}

int record_identify(struct content *content)
{
    const struct mr_schema_options options = {.like_java = true};
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    /* what refers to others cannot be parsed alone */
    if (content->type != SCHEMA_AVRO || content->references || looks_stored(content))
        return 0;
    int r = mr_schema_parse(content->text, content->len, &options, &schema, NULL);
    if (r == 0)
        r = mr_schema_stored_text(schema, false, &text, NULL);
    if (r != 0)
        return r == -ENOMEM ? r : 0; /* kept as it is, whatever it is */
    return content_identify(content, (struct mr_str){(const char *)text.data, text.len});
}
