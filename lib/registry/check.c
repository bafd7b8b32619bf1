/* SPDX-License-Identifier: Apache-2.0 */
/* Compatibility of a new schema with the versions before it, and what to do when it lacks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "millrace/status.h"

enum {
    QUICK_BYTES = 64 << 10, /* of old schemas */
    MAX_MESSAGES = 50,      /* further findings are counted */
    MAX_MESSAGE_PART = 300, /* of a finding's own text */
};

void history_done(struct history *history)
{
    for (size_t i = 0; i < history->n_items; i++)
        (void)content_unref(history->items[i].content);
    free(history->items);
}

int history_take(const struct subject *subject, struct history *ret_history)
{
    size_t n = subject ? subject->n_versions : 0;
    struct history history = {.items = calloc(n + 1, sizeof(struct past))};

    if (!history.items)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const struct version *version = &subject->versions[i];
        if (!version->deleted)
            history.items[history.n_items++] =
                (struct past){version->number, content_ref(version->content)};
    }
    *ret_history = history;
    return 0;
}

static struct mr_str group_of(const struct content *content, const char *group)
{
    return json_str(json_object_get(json_object_get(content->metadata, "properties"), group));
}

/* Only versions whose metadata has the same value of the group's property are compared. */
static size_t in_group(const struct history *history, const struct content *next, const char *group,
                       const struct past **out)
{
    size_t n = 0;

    for (size_t i = 0; i < history->n_items; i++) {
        const struct past *past = &history->items[i];
        if (!group || mr_str_eq(group_of(past->content, group), group_of(next, group)))
            out[n++] = past;
    }
    return n;
}

/* What would be let through instead: [0] when the new schema cannot read the old data, [1] when old
 * readers cannot read the new data. */
static const char *const advice[][2] = {
    [MR_NAME_MISMATCH] = {"keep the name, or give the new type the old one as an alias",
                          "keep the name: readers in use do not know the new one"},
    [MR_FIXED_SIZE_MISMATCH] = {"keep the size, or add a new field of the new size",
                                "keep the size, or add a new field of the new size"},
    [MR_MISSING_ENUM_SYMBOLS] = {"keep these symbols, or give the enum a default symbol",
                                 "add symbols only to an enum that had a default symbol before"},
    [MR_READER_FIELD_MISSING_DEFAULT_VALUE] =
        {"give the new field a default", "keep this field: readers in use have no default for it"},
    [MR_TYPE_MISMATCH] = {"keep the type, or widen it (int to long, float or double, long to float "
                          "or double, float to double, string and bytes either way)",
                          "keep the type, or add a new field beside it"},
    [MR_MISSING_UNION_BRANCH] = {"keep the branch in the union",
                                 "add no branch that readers in use do not have"},
    [MR_AMBIGUOUS_READER_FIELD] = {"let name and aliases of the field fit one old field only",
                                   "keep one of the fields that fit"},
};

/* "TYPE at PLACE (what): who cannot read what. Level LEVEL asks for it: what to do" */
static int write_finding(const struct mr_finding *finding, int32_t version, const char *level,
                         struct mr_buf *out)
{
    const char *field = finding->reader_field;
    bool same = field && strcmp(field, finding->message) == 0;
    struct mr_str message = mr_str_from(same ? "" : finding->message);

    if (message.len > MAX_MESSAGE_PART)
        message.len = MAX_MESSAGE_PART;
    int r = mr_buf_printf(out, "%s at %s%s%s%s%.*s: ", mr_finding_name(finding->type),
                          finding->location, field ? ", field " : "", field ? field : "",
                          message.len > 0 ? ", " : "", MR_STR_ARG(message));
    if (r == 0 && finding->forward)
        r = mr_buf_printf(out, "readers on version %d cannot read what the new schema writes",
                          (int)version);
    else if (r == 0)
        r = mr_buf_printf(out, "the new schema cannot read what version %d wrote", (int)version);
    return r != 0 ? r
                  : mr_buf_printf(out, ". Level %s asks for it: %s", level,
                                  advice[finding->type][finding->forward]);
}

static int add_messages(const struct mr_findings *findings, int32_t version, const char *level,
                        json_t *messages)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    size_t n = findings->n_items < MAX_MESSAGES ? findings->n_items : MAX_MESSAGES;
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        text.len = 0;
        r = write_finding(&findings->items[i], version, level, &text);
        if (r == 0 && json_array_append_new(
                          messages, json_stringn_nocheck((const char *)text.data, text.len)) != 0)
            r = -ENOMEM;
    }
    if (r == 0 && n < findings->n_items)
        r = json_array_append_new(messages, json_sprintf("and %zu more%s", findings->n_items - n,
                                                         findings->truncated ? " at least" : ""))
                ? -ENOMEM
                : 0;
    return r;
}

struct parsed {
    struct mr_schema **schemas;
    size_t n_items;
};

static void mr_auto_parsed(struct parsed *parsed)
{
    for (size_t i = 0; i < parsed->n_items; i++)
        (void)mr_schema_unref(parsed->schemas[i]);
    free(parsed->schemas);
}

static bool is_transitive(enum mr_compat_level level)
{
    return level == MR_COMPAT_BACKWARD_TRANSITIVE || level == MR_COMPAT_FORWARD_TRANSITIVE ||
           level == MR_COMPAT_FULL_TRANSITIVE;
}

bool history_refers(const struct history *history)
{
    for (size_t i = 0; i < history->n_items; i++)
        if (history->items[i].content->references)
            return true;
    return false;
}

bool history_is_quick(const struct history *history, const json_t *config)
{
    const char *word = json_string_value(json_object_get(config, "compatibilityLevel"));
    enum mr_compat_level level;
    size_t bytes = 0;

    if (mr_compat_level_parse(mr_str_from(word), &level) != 0)
        return false;
    for (size_t i = 0; i < history->n_items; i++) {
        if (is_transitive(level) || i + 1 == history->n_items)
            bytes += history->items[i].content->len;
    }
    return bytes <= QUICK_BYTES && !history_refers(history);
}

static int parse_past(struct core *core, const char *subject, const struct past **past, size_t n,
                      struct parsed *ret_parsed, struct mr_error *reterr)
{
    struct mr_error why = MR_ERROR_INIT;

    ret_parsed->schemas = calloc(n + 1, sizeof(struct mr_schema *));
    if (!ret_parsed->schemas)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        int r = canon_parse(core, subject, past[i]->content, &ret_parsed->schemas[i], &why);
        if (r == MR_INVALID)
            return mr_error_set(reterr, r, "version %d of '%s' cannot be read any more: %s",
                                (int)past[i]->version, subject, why.text);
        if (r != 0)
            return r;
        ret_parsed->n_items++;
    }
    return 0;
}

/* What can be said without comparing. 0: compare; MR_INVALID with the message. */
static int check_types(const struct content *next, const struct past *const *past, size_t n,
                       const char *level, json_t *messages)
{
    json_t *message = NULL;

    for (size_t i = n; i-- > 0 && !message;)
        if (past[i]->content->type != next->type)
            message = json_sprintf("version %d is a schema of type %s and the new one of type %s: "
                                   "level %s asks for one type, so take another subject",
                                   (int)past[i]->version, schema_type_name(past[i]->content->type),
                                   schema_type_name(next->type), level);
    if (!message && n > 0 && next->type != SCHEMA_AVRO)
        message = json_sprintf("level %s asks for a check, and this registry compares AVRO schemas "
                               "only: a further version of a %s schema is taken at level NONE",
                               level, schema_type_name(next->type));
    if (message)
        return json_array_append_new(messages, message) != 0 ? -ENOMEM : MR_INVALID;
    return 0;
}

static int check_level(struct core *core, const char *subject, const struct canon *next,
                       const json_t *config, const struct history *history, json_t *messages,
                       struct mr_error *reterr)
{
    const char *word = json_string_value(json_object_get(config, "compatibilityLevel"));
    const char *group = json_string_value(json_object_get(config, "compatibilityGroup"));
    MR_AUTO(free) const struct past **past = calloc(history->n_items + 1, sizeof(*past));
    MR_AUTO(parsed) struct parsed parsed = {0};
    struct mr_findings findings = {0};
    enum mr_compat_level level;
    size_t failed;

    if (!past || mr_compat_level_parse(mr_str_from(word), &level) != 0)
        return -ENOMEM;
    size_t n = level == MR_COMPAT_NONE ? 0 : in_group(history, next->content, group, past);
    size_t from = n > 1 && !is_transitive(level) ? n - 1 : 0;
    int r = check_types(next->content, past + from, n - from, word, messages);
    if (r != 0 || !next->schema)
        return r;
    r = parse_past(core, subject, past + from, n - from, &parsed, reterr);
    if (r == MR_INVALID)
        return json_array_append_new(messages, json_string(reterr->text)) != 0 ? -ENOMEM : r;
    if (r == 0)
        r = mr_schema_check_level(level, next->schema,
                                  (const struct mr_schema *const *)parsed.schemas, parsed.n_items,
                                  &failed, &findings);
    if (r == 0 && failed != SIZE_MAX) {
        r = add_messages(&findings, past[from + failed]->version, word, messages);
        if (r == 0)
            r = MR_INVALID;
    } else if (r == MR_FULL) {
        r = json_array_append_new(messages,
                                  json_string("the schemas are too large to be compared: see "
                                              "docs/limits.md")) != 0
                ? -ENOMEM
                : MR_INVALID;
    }
    mr_findings_done(&findings);
    return r;
}

int check_compatible(struct core *core, const char *subject, const struct canon *next,
                     const json_t *config, const struct history *history, json_t *messages,
                     struct mr_error *reterr)
{
    size_t n = history->n_items;
    int r = 0;

    if (json_is_true(json_object_get(config, "validateFields")))
        r = check_reserved(next, n > 0 ? history->items[n - 1].content : NULL, messages);
    if (r == 0)
        r = check_level(core, subject, next, config, history, messages, reterr);
    return r == 0 && json_array_size(messages) > 0 ? MR_INVALID : r;
}
