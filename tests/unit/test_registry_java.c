/* SPDX-License-Identifier: Apache-2.0 */
/* lib/registry: what Confluent's server makes of requests at the edge of what is right. */
#include <check.h>

#include "support/registry_inside.h"
#include "support/unit.h"

#define INT "{\"schema\":\"\\\"int\\\"\"}"

START_TEST(scalars_of_another_type_are_taken_as_java_takes_them)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/subjects/s/versions", "{\"schema\":\"\\\"int\\\"\",\"version\":\"1\"}",
           200, "{\"id\":1}");
    expect(core, "POST", "/subjects/s/versions", "{\"schema\":\"\\\"long\\\"\",\"version\":2.9}",
           200, "{\"id\":2}");
    expect(core, "POST", "/subjects/s/versions", "{\"schema\":\"\\\"int\\\"\",\"id\":\"7\"}", 422,
           "42205");
    expect(core, "POST", "/subjects/s/versions", "{\"schema\":1}", 422, "42201");
    expect(core, "POST", "/subjects/s", "{\"schema\":true}", 422, "42201");
    expect(core, "POST", "/subjects/s", "{\"schema\":\"\\\"int\\\"\",\"schemaType\":5}", 422,
           "'5' is not known");
    expect(core, "PUT", "/config", "{\"compatibility\":1.5}", 422, "42203");
    expect(core, "PUT", "/config", "{\"normalize\":\"True\"}", 200, "{\"normalize\":true}");
    expect(core, "PUT", "/config", "{\"normalize\":0}", 200, "{\"normalize\":false}");
    expect(core, "PUT", "/config", "{\"normalize\":\"yes\"}", 400, "'normalize' must be");
    expect(core, "POST", "/subjects/s/versions", "{\"schema\":{}}", 400, "'schema' must be");
    expect(core, "POST", "/subjects/s/versions", "{\"schema\":\"\\\"int\\\"\",\"id\":\"x\"}", 400,
           "'id' must be");
    expect(core, "POST", "/subjects/s/versions", "{\"schema\":\"\\\"int\\\"\",\"id\":1e300}", 400,
           "'id' must be");
    (void)core_free(core);
}
END_TEST

START_TEST(an_empty_type_of_schema_is_none_that_is_known)
{
    struct core *core = new_core(MR_COMPAT_NONE);
    static const char body[] = "{\"schema\":\"\\\"int\\\"\",\"schemaType\":\"\"}";

    expect(core, "POST", "/subjects/s/versions", body, 422, "42201");
    expect(core, "POST", "/subjects/s", body, 422, "42201");
    expect(core, "POST", "/compatibility/subjects/s/versions", body, 422, "42201");
    expect(core, "POST", "/subjects/s/versions", "{\"schema\":\"\\\"int\\\"\",\"schemaType\":null}",
           200, "{\"id\":1}");
    /* what takes the schema of the version before takes its type, too */
    expect(core, "POST", "/subjects/s/versions", "{\"schemaType\":\"\"}", 200, "\"id\":1");
    (void)core_free(core);
}
END_TEST

START_TEST(a_context_that_is_written_out_holds_within_any_other)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/contexts/.c/subjects/:.:s/versions", INT, 200, "{\"id\":1}");
    expect(core, "POST", "/contexts/.c/subjects/:.d:s/versions", INT, 200, "{\"id\":1}");
    expect(core, "POST", "/contexts/.c/subjects/s/versions", INT, 200, "{\"id\":1}");
    expect(core, "GET", "/subjects?subjectPrefix=:*:", NULL, 200, "[\":.c:s\",\":.d:s\",\"s\"]");
    expect(core, "GET", "/contexts/.c/subjects", NULL, 200, "[\":.c:s\"]");
    expect(core, "GET", "/contexts/.c/subjects?subjectPrefix=:.:", NULL, 200, "[\"s\"]");
    expect(core, "PUT", "/contexts/.c/config/:.:s", "{\"compatibility\":\"FULL\"}", 200, "FULL");
    expect(core, "GET", "/config/s", NULL, 200, "FULL");
    expect(core, "GET", "/config/:.c:s", NULL, 404, "40408");
    (void)core_free(core);
}
END_TEST

START_TEST(a_name_without_context_is_found_in_the_first_that_has_it)
{
    struct core *core = new_core(MR_COMPAT_NONE);
    char path[64], have[64];

    for (int i = 9; i > 0; i--) {
        snprintf(path, sizeof(path), "/subjects/:.c%d:s/versions", i);
        expect(core, "POST", path, INT, 200, "{\"id\":1}");
    }
    for (int i = 1; i <= 9; i++) {
        snprintf(have, sizeof(have), "{\"subject\":\":.c%d:s\"", i);
        expect(core, "GET", "/subjects/s/versions/1", NULL, 200, have);
        expect(core, "POST", "/subjects/s", INT, 200, have);
        snprintf(path, sizeof(path), "/subjects/:.c%d:s", i);
        expect(core, "DELETE", path, NULL, 200, "[1]");
    }
    expect(core, "GET", "/subjects/s/versions/1", NULL, 404, "40401");
    (void)core_free(core);
}
END_TEST

START_TEST(options_tells_the_methods_of_a_place)
{
    struct core *core = new_core(MR_COMPAT_NONE);
    struct reply reply = call(core, "OPTIONS", "/subjects/s", NULL);

    ck_assert_uint_eq(reply.status, 200);
    ck_assert_str_eq(reply.allow, "POST, DELETE");
    ck_assert_str_eq((const char *)reply.body.data, "");
    reply_done(&reply);
    expect(core, "OPTIONS", "/nowhere", NULL, 404, NULL);
    (void)core_free(core);
}
END_TEST

#define FIELDS(fields, reserved)                                                                   \
    "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"r\\\",\\\"fields\\\":[{"          \
    "\\\"name\\\":\\\"" fields "\\\",\\\"type\\\":\\\"int\\\"}]}\",\"metadata\":{\"properties\":{" \
    "\"confluent:reserved\":\"" reserved "\"}}}"

START_TEST(reserved_names_are_no_fields_and_stay_reserved_where_that_is_asked_for)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/subjects/s/versions", FIELDS("a", "x, y,,a"), 200, "\"id\":1");
    expect(core, "PUT", "/config/s", "{\"validateFields\":true}", 200, NULL);
    expect(core, "POST", "/subjects/s/versions", FIELDS("b", "x,y , a"), 200, "\"id\":2");
    expect(core, "POST", "/subjects/s/versions", FIELDS("c", "x,a"), 409,
           "reserved field y removed");
    expect(core, "POST", "/subjects/s/versions", FIELDS("y", "a,x,y"), 409,
           "a field conflicts with the reserved field y");
    expect(core, "POST", "/compatibility/subjects/s/versions?verbose=true", FIELDS("y", "a,x,y"),
           200, "{\"is_compatible\":false,\"messages\":[\"a field conflicts");
    expect(core, "POST", "/subjects/t/versions", FIELDS("y", "y"), 200, "\"id\":3");
    expect(core, "PUT", "/config", "{\"validateFields\":true}", 200, NULL);
    expect(core, "POST", "/subjects/u/versions", FIELDS("z", " z "), 409, "reserved field z");
    expect(core, "POST", "/subjects/u/versions", INT, 200, "\"id\":4");
    (void)core_free(core);
}
END_TEST

int main(void)
{
    return unit_run(
        "registry_java",
        (const TTest *[]){scalars_of_another_type_are_taken_as_java_takes_them,
                          an_empty_type_of_schema_is_none_that_is_known,
                          a_context_that_is_written_out_holds_within_any_other,
                          a_name_without_context_is_found_in_the_first_that_has_it,
                          options_tells_the_methods_of_a_place,
                          reserved_names_are_no_fields_and_stay_reserved_where_that_is_asked_for,
                          NULL});
}
