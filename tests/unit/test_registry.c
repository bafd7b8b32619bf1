/* SPDX-License-Identifier: Apache-2.0 */
/* lib/registry, the server without its socket: requests in, replies out. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/status.h"
#include "registry_bench.h"

START_TEST(a_schema_is_registered_once_and_read_by_id_version_and_content)
{
    struct core *core = new_core(MR_COMPAT_BACKWARD);

    expect(core, "POST", "/subjects/s/versions", RECORD(A), 200, "{\"id\":1}");
    expect(core, "POST", "/subjects/s/versions", RECORD(A), 200, "{\"id\":1}");
    expect(core, "POST", "/subjects/t/versions", RECORD(A), 200, "{\"id\":1}");
    expect(core, "POST", "/subjects/s/versions", RECORD(A "," B_DEFAULT), 200, "{\"id\":2}");
    expect(core, "GET", "/schemas/ids/1", NULL, 200, "{\"schema\":\"{\\\"type\\\":\\\"record\\\"");
    expect(core, "GET", "/schemas/ids/1/schema", NULL, 200, "{\"type\":\"record\",\"name\":\"r\"");
    expect(core, "GET", "/schemas/ids/1/versions", NULL, 200,
           "[{\"subject\":\"s\",\"version\":1},{\"subject\":\"t\",\"version\":1}]");
    expect(core, "POST", "/subjects/s", RECORD(A), 200,
           "{\"subject\":\"s\",\"version\":1,\"id\":1,");
    expect(core, "GET", "/subjects/s/versions/latest", NULL, 200, "\"version\":2,\"id\":2");
    expect(core, "POST", "/subjects/s", RECORD(B), 404, "40403");
    expect(core, "POST", "/subjects/none", RECORD(A), 404, "40401");
    (void)core_free(core);
}
END_TEST

START_TEST(a_refusal_says_which_version_which_place_which_rule_and_what_would_do)
{
    struct core *core = new_core(MR_COMPAT_FULL_TRANSITIVE);

    expect(core, "POST", "/subjects/s/versions", RECORD(A), 200, NULL);
    struct reply reply = call(core, "POST", "/subjects/s/versions", RECORD(A "," B));
    const char *text = (const char *)reply.body.data;
    ck_assert_uint_eq(reply.status, 409);
    ck_assert_ptr_nonnull(strstr(text, "\"error_code\":409"));
    ck_assert_ptr_nonnull(strstr(text, "READER_FIELD_MISSING_DEFAULT_VALUE at /fields/1, field b"));
    ck_assert_ptr_nonnull(strstr(text, "cannot read what version 1 wrote"));
    ck_assert_ptr_nonnull(
        strstr(text, "Level FULL_TRANSITIVE asks for it: give the new field a default"));
    reply_done(&reply);
    expect(core, "POST", "/subjects/s/versions", "{\"schema\":\"{\\\"type\\\":\\\"recrod\\\"}\"}",
           422, "42201");
    expect(core, "POST", "/compatibility/subjects/s/versions?verbose=True", RECORD(A "," B), 200,
           "{\"is_compatible\":false,\"messages\":[\"READER_FIELD");
    expect(core, "POST", "/compatibility/subjects/s/versions", RECORD(A "," B), 200,
           "{\"is_compatible\":false}");
    expect(core, "POST", "/compatibility/subjects/s/versions/7", RECORD(A), 404, "40402");
    (void)core_free(core);
}
END_TEST

START_TEST(segments_are_decoded_once_after_the_path_is_split)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/subjects/a%2Fb%253A%2B+%C3%BC/versions", string_schema, 200,
           "{\"id\":1}");
    expect(core, "GET", "/subjects", NULL, 200, "[\"a/b%3A++\xC3\xBC\"]");
    expect(core, "GET", "/subjects/a%2fb%253A++%c3%bc/versions/", NULL, 200, "[1]");
    expect(core, "GET", "//subjects//", NULL, 200, "[\"a/b");
    expect(core, "GET", "/subjects/%zz/versions", NULL, 400, "400");
    expect(core, "GET", "/subjects/%C3/versions", NULL, 400, "400");
    expect(core, "GET", "/subjects/a%00b/versions", NULL, 400, "400");
    expect(core, "POST", "/subjects/a%0Ab/versions", string_schema, 422, "42208");
    expect(core, "POST", "/subjects/__GLOBAL/versions", string_schema, 422, "42208");
    (void)core_free(core);
}
END_TEST

START_TEST(flags_are_true_in_any_case_and_unknown_parameters_mean_nothing)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/subjects/s/versions?normalize=False&x=y", string_schema, 200, NULL);
    expect(core, "DELETE", "/subjects/s?permanent=False", NULL, 200, "[1]");
    expect(core, "GET", "/subjects?deleted=True&limit=-1&offset=0", NULL, 200, "[\"s\"]");
    expect(core, "GET", "/subjects?deleted=TRUE", NULL, 200, "[\"s\"]");
    expect(core, "GET", "/subjects?deleted=1", NULL, 200, "[]");
    expect(core, "GET", "/subjects?deletedOnly=true&deleted=true", NULL, 200, "[\"s\"]");
    (void)core_free(core);
}
END_TEST

START_TEST(what_is_not_there_is_404_and_a_wrong_method_names_the_right_one)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "GET", "/associations/resources/-/t?resourceType=topic", NULL, 404, "404");
    expect(core, "GET", "/config/s", NULL, 404, "40408");
    expect(core, "GET", "/mode/s", NULL, 404, "40409");
    expect(core, "GET", "/schemas/ids/x", NULL, 404, "\"error_code\":404");
    expect(core, "GET", "/schemas/ids/99999999999", NULL, 404, "\"error_code\":404");
    expect(core, "GET", "/schemas/ids/-1", NULL, 404, "40403");
    expect(core, "GET", "/a/b/c/d/e/f/g/h/i/j", NULL, 404, NULL);
    expect(core, "PATCH", "/subjects", NULL, 405, "use GET");
    expect(core, "GET", "/", NULL, 200, "{}");
    expect(core, "HEAD", "/subjects", NULL, 200, "[]");
    (void)core_free(core);
}
END_TEST

START_TEST(a_version_is_latest_minus_one_or_a_positive_number)
{
    struct core *core = new_core(MR_COMPAT_NONE);
    static const char *const bad[] = {"0", "-2", "2147483648", "x", "1x", "latestt"};
    char target[64];

    expect(core, "POST", "/subjects/s/versions", string_schema, 200, NULL);
    expect(core, "GET", "/subjects/s/versions/-1", NULL, 200, "\"version\":1");
    expect(core, "GET", "/subjects/s/versions/Latest", NULL, 200, "\"version\":1");
    expect(core, "GET", "/subjects/s/versions/2147483647", NULL, 404, "40402");
    expect(core, "GET", "/subjects/t/versions/1", NULL, 404, "40401");
    for (size_t i = 0; i < MR_N_ELEMENTS(bad); i++) {
        snprintf(target, sizeof(target), "/subjects/s/versions/%s", bad[i]);
        expect(core, "GET", target, NULL, 422, "42202");
    }
    (void)core_free(core);
}
END_TEST

START_TEST(deletion_is_soft_first_and_the_id_stays_readable_until_it_is_for_good)
{
    struct core *core = new_core(MR_COMPAT_BACKWARD);

    expect(core, "POST", "/subjects/s/versions", RECORD(A), 200, "1");
    expect(core, "PUT", "/config/s", "{\"compatibility\":\"full\"}", 200,
           "{\"compatibility\":\"full\"}");
    expect(core, "DELETE", "/subjects/s/versions/1?permanent=true", NULL, 404, "40407");
    expect(core, "DELETE", "/subjects/s?permanent=true", NULL, 404, "40405");
    expect(core, "DELETE", "/subjects/s/versions/1", NULL, 200, "1");
    expect(core, "DELETE", "/subjects/s/versions/1", NULL, 404, "40406");
    expect(core, "DELETE", "/subjects/s", NULL, 404, "40404");
    expect(core, "GET", "/config/s", NULL, 404, "40408"); /* went with the last version */
    expect(core, "GET", "/schemas/ids/1", NULL, 200, NULL);
    expect(core, "GET", "/subjects/s/versions", NULL, 404, "40401");
    expect(core, "GET", "/subjects/s/versions?deleted=true", NULL, 200, "[1]");
    expect(core, "POST", "/subjects/s", RECORD(A), 404, "40401");
    expect(core, "POST", "/subjects/s?deleted=true", RECORD(A), 200, "\"version\":1");
    expect(core, "DELETE", "/subjects/s?permanent=true", NULL, 200, "[1]");
    expect(core, "GET", "/schemas/ids/1", NULL, 404, "40403");
    expect(core, "GET", "/subjects?deleted=true", NULL, 200, "[]");
    expect(core, "POST", "/subjects/s/versions", RECORD(A), 200, "{\"id\":2}");
    (void)core_free(core);
}
END_TEST

START_TEST(a_schema_registered_again_takes_its_id_and_a_new_version)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    for (int round = 1; round <= 50; round++) {
        char have[32];
        expect(core, "POST", "/subjects/s/versions", string_schema, 200, "{\"id\":1}");
        snprintf(have, sizeof(have), "[%d]", round);
        expect(core, "DELETE", "/subjects/s", NULL, 200, have);
    }
    expect(core, "GET", "/subjects/s/versions?deleted=true", NULL, 200, "[50]");
    (void)core_free(core);
}
END_TEST

START_TEST(a_referenced_version_cannot_be_deleted_and_inlined_text_is_recognised)
{
    struct core *core = new_core(MR_COMPAT_BACKWARD);
    static const char inner[] = "{\"schema\":\"{\\\"type\\\":\\\"enum\\\",\\\"name\\\":\\\"E\\\","
                                "\\\"symbols\\\":[\\\"X\\\"]}\"}";
    static const char outer[] = "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"R\\\","
                                "\\\"fields\\\":[{\\\"name"
                                "\\\":\\\"e\\\",\\\"type\\\":\\\"E\\\"}]}\",\"references\":[{"
                                "\"name\":\"E\",\"subject\":\"e\","
                                "\"version\":-1}]}";
    static const char whole[] =
        "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"R\\\",\\\"fields\\\":[{"
        "\\\"name"
        "\\\":\\\"e\\\",\\\"type\\\":{\\\"type\\\":\\\"enum\\\",\\\"name\\\":\\\"E\\\",\\\"symbols"
        "\\\":[\\\"X\\\"]}}]}\"}";

    expect(core, "POST", "/subjects/r/versions", outer, 422, "subject 'e' has no version -1");
    expect(core, "POST", "/subjects/e/versions", inner, 200, "1");
    expect(core, "POST", "/subjects/r/versions", outer, 200, "{\"id\":2}");
    expect(core, "GET", "/schemas/ids/2", NULL, 200,
           "\"references\":[{\"name\":\"E\",\"subject\":\"e\",\"version\":1}]");
    expect(core, "GET", "/schemas/ids/2/schema?format=resolved", NULL, 200,
           "{\"type\":\"enum\",\"name\":\"E\"");
    expect(core, "GET", "/subjects/e/versions/1/referencedby", NULL, 200, "[2]");
    expect(core, "DELETE", "/subjects/e/versions/1", NULL, 422, "42206");
    expect(core, "DELETE", "/subjects/e", NULL, 422, "version 1 of 'r': delete that first");
    expect(core, "POST", "/subjects/r/versions", whole, 200, "{\"id\":2}");
    expect(core, "POST", "/subjects/r", whole, 200, "\"version\":1,\"id\":2");
    expect(core, "DELETE", "/subjects/r", NULL, 200, "[1]");
    expect(core, "GET", "/subjects/e/versions/1/referencedby", NULL, 200, "[]");
    expect(core, "DELETE", "/subjects/e", NULL, 200, "[1]");
    (void)core_free(core);
}
END_TEST

START_TEST(a_guid_is_the_one_that_confluent_gives)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/subjects/:.c:s/versions", "{\"schema\":\"\\\"int\\\"\"}", 200, "1");
    expect(core, "GET", "/schemas/guids/ef524ea1-b91e-7317-3d93-8ade36c1db32", NULL,
           200, /* md5 of the text */
           "{\"schema\":\"\\\"int\\\"\"}");
    expect(core, "GET", "/schemas/guids/ef524ea1-b91e-7317-3d93-8ade36c1db32/ids", NULL, 200,
           "[{\"context\":\".c\",\"id\":1}]");
    expect(core, "GET", "/schemas/guids/00000000-0000-0000-0000-000000000000", NULL, 404, "40403");
    expect(core, "GET", "/schemas/guids/x", NULL, 404, NULL);
    (void)core_free(core);
}
END_TEST

START_TEST(modes_forbid_what_they_say)
{
    struct core *core = new_core(MR_COMPAT_NONE);
    static const char with_id[] = "{\"schema\":\"\\\"int\\\"\",\"id\":77,\"version\":5}";

    expect(core, "POST", "/subjects/s/versions", with_id, 422, "42205");
    expect(core, "POST", "/subjects/s/versions", string_schema, 200, NULL);
    expect(core, "PUT", "/mode", "{\"mode\":\"import\"}", 422, "42205");
    expect(core, "PUT", "/mode?force=true", "{\"mode\":\"import\"}", 200, "{\"mode\":\"import\"}");
    expect(core, "POST", "/subjects/s/versions", with_id, 200, "{\"id\":77}");
    expect(core, "GET", "/subjects/s/versions", NULL, 200, "[1,5]");
    expect(core, "PUT", "/mode", "{\"mode\":\"READONLY\"}", 200, NULL);
    expect(core, "POST", "/subjects/s/versions", RECORD(A), 422, "42205");
    expect(core, "POST", "/subjects/s/versions", string_schema, 200, "{\"id\":1}");
    expect(core, "DELETE", "/subjects/s", NULL, 422, "42205");
    expect(core, "PUT", "/mode", "{\"mode\":\"SIDEWAYS\"}", 422, "42204");
    expect(core, "PUT", "/config", "{\"compatibility\":\"SIDEWAYS\"}", 422, "42203");
    (void)core_free(core);
}
END_TEST

START_TEST(contexts_keep_ids_and_names_apart)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/subjects/s/versions", RECORD(A), 200, "{\"id\":1}");
    expect(core, "POST", "/subjects/:.c:s/versions", RECORD(B), 200, "{\"id\":1}");
    expect(core, "POST", "/contexts/.c/subjects/t/versions", RECORD(A), 200, "{\"id\":2}");
    expect(core, "GET", "/contexts", NULL, 200, "[\".\",\".c\"]");
    expect(core, "GET", "/subjects", NULL, 200, "[\":.c:s\",\":.c:t\",\"s\"]");
    expect(core, "GET", "/contexts/.c/subjects", NULL, 200, "[\":.c:s\",\":.c:t\"]");
    expect(core, "GET", "/contexts/:.:/subjects", NULL, 200, "[\"s\"]");
    expect(core, "GET", "/schemas/ids/2?subject=:.c:t", NULL, 200, NULL);
    expect(core, "GET", "/schemas/ids/2", NULL, 404, "40403");
    expect(core, "GET", "/contexts/a:b/subjects", NULL, 400, "colon");
    (void)core_free(core);
}
END_TEST

START_TEST(bad_bodies_get_one_clear_error)
{
    struct core *core = new_core(MR_COMPAT_NONE);
    static const struct {
        const char *body;
        unsigned status;
        const char *have;
    } rows[] = {
        {"", 422, "needs a JSON body"},
        {"{\"schema\"", 400, "not JSON"},
        {"[]", 400, "JSON object"},
        {"{}", 422, "42201"},
        {"{\"schema\":{}}", 400, "'schema' must be a string"},
        {"{\"schema\":7}", 422, "42201"},
        {"{\"schema\":\"\"}", 422, "42201"},
        {"{\"schema\":\"{\"}", 422, "42201"},
        {"{\"schema\":\"\\\"int\\\"\",\"schemaType\":\"JSON\"}", 422, "42201"},
        {"{\"schema\":\"\\\"int\\\"\",\"references\":{}}", 400, "'references'"},
        {"{\"schema\":\"\\\"int\\\"\",\"references\":[1]}", 400, "'references'"},
        {"{\"schema\":\"\\\"int\\\"\",\"references\":[{\"name\":\"x\"}]}", 422, "42201"},
        {"{\"schema\":\"\\\"int\\\"\",\"id\":\"x\"}", 400, "'id'"},
        {"{\"schema\":\"\\\"int\\\"\",\"id\":99999999999}", 400, "32 bits"},
        {"{\"schema\":\"\\\"int\\\"\",\"version\":9}", 422, "next of 's' is 1"},
        {"{\"schema\":\"\\\"int\\\"\",\"metadata\":[]}", 400, "'metadata'"},
        {"{\"schema\":\"\\\"int\\\"\",\"metadata\":{\"tags\":{\"a\":\"b\"}}}", 400, "'tags'"},
        {"{\"schema\":\"\\\"int\\\"\",\"ruleSet\":{\"domainRules\":[{}]}}", 422, "42210"},
        {"{\"schema\":\"\\\"int\\\"\",\"ruleSet\":{\"domainRules\":[{\"name\":\"x\",\"type\":\"T\","
         "\"mode\":\"UPGRADE\"}]}}",
         422, "WRITE, READ or WRITEREAD"},
        {"{\"schema\":\"\\u0000\"}", 422, "42201"},
    };

    static char large[(1 << 20) + 100] = "{\"schema\":\"";

    memset(large + strlen(large), 'x', (1 << 20) + 1);
    memcpy(large + strlen(large), "\"}", 3);
    expect(core, "POST", "/subjects/s/versions", large, 422, "42209");
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++)
        expect(core, "POST", "/subjects/s/versions", rows[i].body, rows[i].status, rows[i].have);
    expect(core, "GET", "/subjects", NULL, 200, "[]");
    (void)core_free(core);
}
END_TEST

START_TEST(what_would_take_long_is_handed_back_when_it_must_be_quick)
{
    struct core *core = new_core(MR_COMPAT_BACKWARD_TRANSITIVE);
    static char large[20 << 10];
    static const char refers[] = "{\"schema\":\"\\\"int\\\"\",\"references\":[{\"name\":\"a\","
                                 "\"subject\":\"s\",\"version\":1}]}";
    struct reply reply = {0};
    bool settled;

    memset(large, ' ', sizeof(large) - 1);
    memcpy(large, string_schema, strlen(string_schema));
#define QUICK(method, target, body)                                                                \
    rest_handle(core, method, target, mr_str_from(body), true, &reply)
    ck_assert_int_eq(QUICK("POST", "/subjects/s/versions", large), MR_AGAIN);
    ck_assert_int_eq(QUICK("POST", "/subjects/s/versions", refers), MR_AGAIN);
    ck_assert_int_eq(QUICK("POST", "/subjects/s", refers), MR_AGAIN);
    ck_assert_int_eq(QUICK("POST", "/compatibility/subjects/s/versions", refers), MR_AGAIN);
    ck_assert_int_eq(core_write_lock(core, false, NULL), 0); /* another change is under way */
    ck_assert_int_eq(QUICK("POST", "/subjects/s/versions", string_schema), MR_AGAIN);
    ck_assert_int_eq(QUICK("PUT", "/mode", "{\"mode\":\"IMPORT\"}"), MR_AGAIN);
    ck_assert_int_eq(QUICK("PUT", "/config", "{\"alias\":\"x\"}"), MR_AGAIN);
    ck_assert_int_eq(QUICK("DELETE", "/config", NULL), MR_AGAIN);
    ck_assert_int_eq(QUICK("DELETE", "/subjects/s", NULL), MR_AGAIN);
    ck_assert_int_eq(QUICK("DELETE", "/subjects/s/versions/1", NULL), MR_AGAIN);
    ck_assert_uint_eq(reply.status, 0);
    ck_assert_int_eq(QUICK("GET", "/subjects", NULL), 0); /* reads go on */
    reply_done(&reply);
    ck_assert_int_eq(core_write_unlock(core, 0, &settled, NULL), 0);
    reply = (struct reply){0};
    ck_assert_int_eq(QUICK("POST", "/subjects/s/versions", string_schema), 0);
    ck_assert_uint_eq(reply.status, 200);
    reply_done(&reply);
    (void)core_free(core);
}
END_TEST

/* ---- together ---- */

enum { WRITERS = 4, ROUNDS = 40 };

static void *write_some(void *opaque)
{
    struct core *core = opaque;
    static _Atomic int next;

    for (int i = 0; i < ROUNDS; i++) {
        char body[128];
        struct reply reply = {0};
        snprintf(
            body, sizeof(body),
            "{\"schema\":\"{\\\"type\\\":\\\"fixed\\\",\\\"name\\\":\\\"f\\\",\\\"size\\\":%d}\"}",
            next++);
        if (rest_handle(core, "POST", "/subjects/s/versions", mr_str_from(body), false, &reply) !=
                0 ||
            reply.status != 200)
            abort();
        reply_done(&reply);
        reply = (struct reply){0};
        if (rest_handle(core, "GET", "/schemas/ids/1", (struct mr_str){0}, false, &reply) != 0)
            abort();
        reply_done(&reply);
    }
    return NULL;
}

START_TEST(writers_at_once_get_versions_and_ids_of_their_own)
{
    struct core *core = new_core(MR_COMPAT_NONE);
    pthread_t threads[WRITERS];
    char have[64];

    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_some, core), 0);
    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    snprintf(have, sizeof(have), "\"version\":%d,\"id\":%d", WRITERS * ROUNDS, WRITERS * ROUNDS);
    expect(core, "GET", "/subjects/s/versions/latest", NULL, 200, have);
    (void)core_free(core);
}
END_TEST

int main(void)
{
    return unit_run("registry",
                    (const TTest *[]){
                        a_schema_is_registered_once_and_read_by_id_version_and_content,
                        a_refusal_says_which_version_which_place_which_rule_and_what_would_do,
                        segments_are_decoded_once_after_the_path_is_split,
                        flags_are_true_in_any_case_and_unknown_parameters_mean_nothing,
                        what_is_not_there_is_404_and_a_wrong_method_names_the_right_one,
                        a_version_is_latest_minus_one_or_a_positive_number,
                        deletion_is_soft_first_and_the_id_stays_readable_until_it_is_for_good,
                        a_schema_registered_again_takes_its_id_and_a_new_version,
                        a_referenced_version_cannot_be_deleted_and_inlined_text_is_recognised,
                        a_guid_is_the_one_that_confluent_gives,
                        modes_forbid_what_they_say,
                        contexts_keep_ids_and_names_apart,
                        bad_bodies_get_one_clear_error,
                        what_would_take_long_is_handed_back_when_it_must_be_quick,
                        writers_at_once_get_versions_and_ids_of_their_own,
                        NULL,
                    });
}
