/* SPDX-License-Identifier: Apache-2.0 */
/* As much of JSON Schema and Protobuf as it takes to refuse what is neither. */
#include "foreign.h"

#include <ctype.h>
#include <string.h>

#include "millrace/status.h"

enum { MAX_BRACKETS = 64 };

static int fail_at(struct mr_str text, size_t offset, struct mr_error *reterr, const char *what)
{
    if (reterr)
        reterr->offset = offset;
    mr_error_locate(reterr, text.data, text.len);
    return mr_error_set(reterr, MR_INVALID, "%s", what);
}

/* The text is JSON already. */
static int without_blanks(struct mr_str text, struct mr_buf *out)
{
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '"')
            quoted = !quoted;
        if (!quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
            continue;
        int r = mr_buf_byte(out, (uint8_t)c);
        if (r == 0 && quoted && c == '\\')
            r = mr_buf_byte(out, (uint8_t)text.data[++i]);
        if (r != 0)
            return r;
    }
    return 0;
}

static int json_schema_text(struct mr_str text, struct mr_buf *out, struct mr_error *reterr)
{
    json_error_t why;
    MR_AUTO(json) json_t *json = NULL;
    int r = json_read(text, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &json, &why);

    if (r == MR_INVALID)
        return fail_at(text, (size_t)(why.position > 0 ? why.position - 1 : 0), reterr,
                       why.text[0] ? why.text : "not JSON");
    if (r != 0)
        return r;
    if (!json_is_object(json) && !json_is_boolean(json))
        return fail_at(text, 0, reterr, "a JSON schema is an object, true or false");
    return without_blanks(text, out);
}

struct scan {
    struct mr_str text;
    size_t at;
    size_t statement; /* where the top-level statement under way begins; SIZE_MAX: none */
    char open[MAX_BRACKETS];
    size_t opened[MAX_BRACKETS]; /* where */
    size_t depth;
    struct mr_error *reterr;
};

static bool begins(const struct scan *scan, const char *what)
{
    size_t len = strlen(what);

    return scan->text.len - scan->at >= len && memcmp(scan->text.data + scan->at, what, len) == 0;
}

/* Past a comment or a blank; false when there is none. */
static bool skip_blank(struct scan *scan, int *ret_result)
{
    const char *rest = scan->text.data + scan->at;
    size_t left = scan->text.len - scan->at;
    const char *end;

    if (isspace((unsigned char)*rest)) {
        scan->at++;
        return true;
    }
    if (begins(scan, "//")) {
        end = memchr(rest, '\n', left);
        scan->at = end ? (size_t)(end - scan->text.data) + 1 : scan->text.len;
        return true;
    }
    if (!begins(scan, "/*"))
        return false;
    end = memmem(rest + 2, left - 2, "*/", 2);
    if (!end)
        *ret_result = fail_at(scan->text, scan->at, scan->reterr, "this comment does not end");
    else
        scan->at = (size_t)(end - scan->text.data) + 2;
    return true;
}

static int skip_string(struct scan *scan)
{
    size_t start = scan->at;
    char quote = scan->text.data[scan->at++];

    for (; scan->at < scan->text.len; scan->at++) {
        char c = scan->text.data[scan->at];
        if (c == quote) {
            scan->at++;
            return 0;
        }
        if (c == '\n')
            break;
        if (c == '\\')
            scan->at++;
    }
    return fail_at(scan->text, start, scan->reterr, "this text does not end on its line");
}

static int begin_statement(struct scan *scan)
{
    static const char *const words[] = {"syntax",  "edition", "import",  "package", "option",
                                        "message", "enum",    "service", "extend"};
    size_t len = 0;

    while (scan->at + len < scan->text.len &&
           (isalnum((unsigned char)scan->text.data[scan->at + len]) ||
            scan->text.data[scan->at + len] == '_'))
        len++;
    for (size_t i = 0; i < MR_N_ELEMENTS(words); i++) {
        if (mr_str_is((struct mr_str){scan->text.data + scan->at, len}, words[i])) {
            scan->statement = scan->at;
            return 0;
        }
    }
    return fail_at(scan->text, scan->at, scan->reterr,
                   "a Protobuf schema is a .proto file: here begins none of syntax, edition, "
                   "import, package, option, message, enum, service, extend");
}

static int take_bracket(struct scan *scan, char c)
{
    static const char open[] = "{[(<", close[] = "}])>";
    const char *which = strchr(open, c);

    if (which) {
        if (scan->depth == MAX_BRACKETS)
            return fail_at(scan->text, scan->at, scan->reterr, "brackets are nested too deep");
        scan->opened[scan->depth] = scan->at;
        scan->open[scan->depth++] = close[which - open];
        return 0;
    }
    if (scan->depth == 0 || scan->open[scan->depth - 1] != c)
        return fail_at(scan->text, scan->at, scan->reterr, "this bracket closes none");
    scan->depth--;
    if (scan->depth == 0 && c == '}')
        scan->statement = SIZE_MAX;
    return 0;
}

static int take_token(struct scan *scan)
{
    char c = scan->text.data[scan->at];
    int r = 0;

    if (scan->statement == SIZE_MAX && c != ';')
        r = begin_statement(scan);
    if (r != 0)
        return r;
    if (c == '"' || c == '\'')
        return skip_string(scan);
    if (strchr("{}[]()<>", c))
        r = take_bracket(scan, c);
    else if (c == ';' && scan->depth == 0)
        scan->statement = SIZE_MAX;
    else if (!isalnum((unsigned char)c) && !strchr("_.,;:=+-/", c))
        return fail_at(scan->text, scan->at, scan->reterr, "Protobuf has no such character here");
    scan->at++;
    return r;
}

static int protobuf_text(struct mr_str text, struct mr_buf *out, struct mr_error *reterr)
{
    struct scan scan = {.text = text, .statement = SIZE_MAX, .reterr = reterr};
    int r = text.len > 0 && memchr(text.data, '\0', text.len)
                ? mr_error_set(reterr, MR_INVALID, "the schema holds a NUL character")
                : 0;

    while (r == 0 && scan.at < text.len)
        if (!skip_blank(&scan, &r))
            r = take_token(&scan);
    if (r == 0 && scan.depth > 0)
        r = fail_at(text, scan.opened[scan.depth - 1], reterr, "this bracket is not closed");
    if (r == 0 && scan.statement != SIZE_MAX)
        r = fail_at(text, scan.statement, reterr, "this statement does not end");
    return r == 0 ? mr_buf_append(out, text.data, text.len) : r;
}

int foreign_text(enum schema_type type, struct mr_str text, struct mr_buf *out,
                 struct mr_error *reterr)
{
    return type == SCHEMA_JSON ? json_schema_text(text, out, reterr)
                               : protobuf_text(text, out, reterr);
}
