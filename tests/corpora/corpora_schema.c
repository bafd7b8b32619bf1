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

int main(void)
{
    return unit_run("corpora", (const TTest *[]){
        every_schema_is_taken_or_refused_as_java_does,
        canonical_forms_and_fingerprints_are_those_of_java,
        NULL,
    });
}
