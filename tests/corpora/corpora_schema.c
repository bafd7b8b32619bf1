/* SPDX-License-Identifier: Apache-2.0 */
/* The corpora of verdicts and texts that other implementations agree on, row by row. */
#include <inttypes.h>

#include "corpus.h"
#include "millrace/hash.h"
#include "support/unit.h"

static void judge_parse(const json_t *row, struct mr_buf *why)
{
    bool expected = json_is_true(json_object_get(row, "java_1_12_valid"));
    struct mr_error error;
    MR_AUTO(mr_schema) struct mr_schema *schema = corpus_schema(corpus_str(row, "schema"), &error);

    if (expected != (schema != NULL))
        mr_buf_printf(why, "%s %s", schema ? "accepted" : error.where, schema ? "" : error.text);
    else if (!schema && (error.text[0] == '\0' || error.line == 0))
        mr_buf_printf(why, "refused without a place or a reason: %s", error.text);
}

static void compare(struct mr_buf *why, const char *what, const char *got, const char *expected)
{
    if (strcmp(got, expected) != 0)
        mr_buf_printf(why, "%s\n  is        %s\n  should be %s\n", what, got, expected);
}

static void compare_hex(struct mr_buf *why, const char *what, const uint8_t *bytes, size_t n,
                        const char *expected)
{
    char text[65] = "";

    mr_hex_encode(bytes, n, text);
    compare(why, what, text, expected);
}

static void judge_canonical(const json_t *row, struct mr_buf *why)
{
    struct mr_error error;
    MR_AUTO(mr_schema) struct mr_schema *schema = corpus_schema(corpus_str(row, "schema"), &error);
    MR_AUTO(mr_buf) struct mr_buf form = {0};
    uint8_t digest[32];
    uint64_t rabin;

    if (!schema) {
        mr_buf_printf(why, "%s", error.text);
        return;
    }
    ck_assert_int_eq(mr_schema_canonical(schema, &form), 0);
    compare(why, "canonical", mr_buf_cstr(&form), corpus_str(row, "canonical"));
    ck_assert_int_eq(mr_schema_fingerprint_rabin(schema, &rabin), 0);
    if ((int64_t)rabin != json_integer_value(json_object_get(row, "fingerprint64")))
        mr_buf_printf(why, "fingerprint %" PRId64, (int64_t)rabin);
    ck_assert_int_eq(mr_schema_fingerprint_md5(schema, digest), 0);
    compare_hex(why, "md5", digest, 16, corpus_str(row, "md5"));
    ck_assert_int_eq(mr_schema_fingerprint_sha256(schema, digest), 0);
    compare_hex(why, "sha256", digest, 32, corpus_str(row, "sha256"));
}

/* "TYPE at LOCATION: MESSAGE" for each, one a line, from our findings and from a row. */
static void print_findings(const struct mr_findings *findings, struct mr_buf *out)
{
    for (size_t i = 0; i < findings->n_items; i++)
        mr_buf_printf(out, "%s at %s: %s\n", mr_finding_name(findings->items[i].type),
                      findings->items[i].location, findings->items[i].message);
    mr_buf_cstr(out);
}

static void print_expected(const json_t *list, struct mr_buf *out)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
        mr_buf_printf(out, "%s at %s: %s\n", corpus_str(item, "type"), corpus_str(item, "location"),
                      corpus_str(item, "message"));
    mr_buf_cstr(out);
}

static void judge_pair(const json_t *row, const json_t *verdict, struct mr_buf *why)
{
    struct mr_error reader_error, writer_error;
    MR_AUTO(mr_schema)
    struct mr_schema *reader = corpus_schema(corpus_str(row, "reader"), &reader_error);
    MR_AUTO(mr_schema)
    struct mr_schema *writer = corpus_schema(corpus_str(row, "writer"), &writer_error);
    MR_AUTO(mr_buf) struct mr_buf is = {0};
    MR_AUTO(mr_buf) struct mr_buf should = {0};
    struct mr_findings findings = {0};
    const char *parse_error = corpus_str(verdict, "parse_error");

    if (parse_error || !reader || !writer) {
        const char *refused = !reader ? "reader" : !writer ? "writer" : "";
        if (!parse_error || !*refused || strncmp(parse_error, refused, 6) != 0)
            mr_buf_printf(why, "refused: '%s', should be '%s'", refused,
                          parse_error ? parse_error : "");
        return;
    }
    ck_assert_int_eq(mr_schema_compatible(reader, writer, &findings), 0);
    print_findings(&findings, &is);
    print_expected(json_object_get(verdict, "incompatibilities"), &should);
    const char *from = corpus_str(row, "incompatibilities_from");
    if (from && strcmp(from, "java-avro throws") == 0) /* no list there; one finding of our own */
        ck_assert_int_eq(findings.items[0].type, MR_AMBIGUOUS_READER_FIELD);
    else
        compare(why, "findings", mr_buf_cstr(&is), mr_buf_cstr(&should));
    if (json_is_true(json_object_get(verdict, "compatible")) != (findings.n_items == 0))
        mr_buf_printf(why, "the verdict differs");
    mr_findings_done(&findings);
}

static void judge_compat(const json_t *row, struct mr_buf *why)
{
    judge_pair(row, row, why);
}

static void judge_divergent(const json_t *row, struct mr_buf *why)
{
    judge_pair(row, json_object_get(row, "java_avro"), why);
}

/* What stands between `before` and the next quote; empty when it is not there. */
static struct mr_str between(const char *text, const char *before)
{
    const char *from = strstr(text, before);

    if (!from)
        return (struct mr_str){0};
    from += strlen(before);
    const char *end = strstr(from, "'}");
    const char *near = strchr(from, '\'');
    if (strcmp(before, "additionalInfo:'") != 0 || !end)
        end = near;
    return (struct mr_str){from, end ? (size_t)(end - from) : 0};
}

/* The facts in Confluent's texts. Its Avro 1.11 places what is wrong in a writer's union at the
 * root. */
static void judge_messages(const json_t *messages, const struct mr_findings *findings,
                           size_t failed, struct mr_buf *why)
{
    size_t n = 0;
    const json_t *item;
    size_t i;

    json_array_foreach(messages, i, item)
    {
        const char *text = json_string_value(item);
        struct mr_str type = between(text, "errorType:'"), path = between(text, "ath '");
        struct mr_str info = between(text, "additionalInfo:'");
        if (strncmp(text, "{oldSchemaVersion: ", 19) == 0 &&
            strtoul(text + 19, NULL, 10) != failed + 1)
            mr_buf_printf(why, "the version is %zu, should be in %s\n", failed + 1, text);
        if (type.len == 0)
            continue;
        if (n == findings->n_items) {
            mr_buf_printf(why, "missing: %s\n", text);
            return;
        }
        const struct mr_finding *finding = &findings->items[n++];
        if (!mr_str_is(type, mr_finding_name(finding->type)) ||
            !mr_str_is(info, finding->message) ||
            (!mr_str_is(path, "/") && !mr_str_is(path, finding->location)) ||
            (strstr(text, "in the old schema does not match") && !finding->forward))
            mr_buf_printf(why, "%s at %s: %s\n  should be %s\n", mr_finding_name(finding->type),
                          finding->location, finding->message, text);
    }
    if (n != findings->n_items)
        mr_buf_printf(why, "%zu findings, should be %zu\n", findings->n_items, n);
}

/* What a registry holds was checked when it came in, by whatever rules held then. */
static struct mr_schema *stored(const char *text, struct mr_buf *why)
{
    struct mr_schema_options options = {.like_java = true};
    struct mr_schema *schema = NULL;
    struct mr_error error = MR_ERROR_INIT;

    if (mr_schema_parse(text, strlen(text), &options, &schema, &error) != 0)
        mr_buf_printf(why, "%s: %s\n", text, error.text);
    return schema;
}

static void judge_level(const json_t *row, struct mr_buf *why)
{
    const json_t *list = json_object_get(row, "previous");
    struct mr_schema *previous[32] = {NULL};
    size_t n = json_array_size(list), failed;
    struct mr_findings findings = {0};
    enum mr_compat_level level;
    MR_AUTO(mr_schema) struct mr_schema *next = stored(corpus_str(row, "new"), why);

    ck_assert_uint_le(n, MR_N_ELEMENTS(previous));
    ck_assert_int_eq(mr_compat_level_parse(mr_str_from(corpus_str(row, "level")), &level), 0);
    for (size_t i = 0; i < n; i++)
        previous[i] = stored(json_string_value(json_array_get(list, i)), why);
    if (why->len == 0) {
        ck_assert_int_eq(mr_schema_check_level(level, next,
                                               (const struct mr_schema *const *)previous, n,
                                               &failed, &findings),
                         0);
        if (json_is_true(json_object_get(row, "compatible")) != (failed == SIZE_MAX))
            mr_buf_printf(why, "the verdict differs\n");
        judge_messages(json_object_get(row, "confluent_messages"), &findings, failed, why);
    }
    for (size_t i = 0; i < n; i++)
        mr_schema_unref(previous[i]);
    mr_findings_done(&findings);
}

static void judge_strings(const json_t *row, struct mr_buf *why)
{
    MR_AUTO(mr_schema) struct mr_schema *schema = stored(corpus_str(row, "schema"), why);
    MR_AUTO(mr_buf) struct mr_buf text = {0};
    MR_AUTO(mr_buf) struct mr_buf normal = {0};
    MR_AUTO(mr_buf) struct mr_buf form = {0};
    struct mr_error error = MR_ERROR_INIT;
    const char *normal_error = corpus_str(row, "normalize_error");
    uint64_t rabin;

    if (!schema)
        return;
    ck_assert_int_eq(mr_schema_stored_text(schema, false, &text, &error), 0);
    compare(why, "stored", mr_buf_cstr(&text), corpus_str(row, "confluent_canonical"));
    int r = mr_schema_stored_text(schema, true, &normal, &error);
    if (normal_error || r != 0) {
        if (r != MR_INVALID || !normal_error)
            mr_buf_printf(why, "normalize gives '%s', should be '%s'\n", error.text, normal_error);
    } else {
        compare(why, "normalized", mr_buf_cstr(&normal), corpus_str(row, "confluent_normalized"));
    }
    ck_assert_int_eq(mr_schema_canonical(schema, &form), 0);
    compare(why, "canonical", mr_buf_cstr(&form), corpus_str(row, "parsing_canonical_form"));
    ck_assert_int_eq(mr_schema_fingerprint_rabin(schema, &rabin), 0);
    if ((int64_t)rabin != json_integer_value(json_object_get(row, "fingerprint64")))
        mr_buf_printf(why, "fingerprint %" PRId64, (int64_t)rabin);
}

START_TEST(every_schema_is_taken_or_refused_as_java_does)
{
    corpus_each("parse_corpus.jsonl", judge_parse);
}
END_TEST

START_TEST(canonical_forms_and_fingerprints_are_those_of_java)
{
    corpus_each("canonical_corpus.jsonl", judge_canonical);
}
END_TEST

START_TEST(every_pair_is_judged_as_java_does_fault_by_fault)
{
    corpus_each("compat_corpus.jsonl", judge_compat);
}
END_TEST

START_TEST(where_other_dialects_differ_java_is_followed)
{
    corpus_each("compat_divergent.jsonl", judge_divergent);
}
END_TEST

START_TEST(levels_compare_the_versions_that_confluent_compares)
{
    corpus_each("compat_levels.jsonl", judge_level);
}
END_TEST

START_TEST(stored_texts_are_byte_equal_to_confluents)
{
    corpus_each("schema_strings_oracle.jsonl", judge_strings);
}
END_TEST

int main(void)
{
    return unit_run("corpora", (const TTest *[]){
                                   every_schema_is_taken_or_refused_as_java_does,
                                   canonical_forms_and_fingerprints_are_those_of_java,
                                   every_pair_is_judged_as_java_does_fault_by_fault,
                                   where_other_dialects_differ_java_is_followed,
                                   levels_compare_the_versions_that_confluent_compares,
                                   stored_texts_are_byte_equal_to_confluents,
                                   NULL,
                               });
}
