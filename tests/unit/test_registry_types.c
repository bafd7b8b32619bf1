/* SPDX-License-Identifier: Apache-2.0 */
/* lib/registry: JSON Schema and Protobuf, which are kept and not understood. */
#include "foreign.h"
#include "millrace/status.h"
#include "support/registry_inside.h"
#include "support/unit.h"

#define JSON_BODY(text) "{\"schemaType\":\"JSON\",\"schema\":\"" text "\"}"
#define PROTO_BODY(text) "{\"schemaType\":\"PROTOBUF\",\"schema\":\"" text "\"}"
#define POINT JSON_BODY("{\\\"type\\\": \\\"object\\\"}")
#define CLOUD PROTO_BODY("syntax = \\\"proto3\\\"; message Cloud { string name = 1; }")

START_TEST(all_three_types_are_listed)
{
    struct core *core = new_core(MR_COMPAT_BACKWARD);

    expect(core, "GET", "/schemas/types", NULL, 200, "[\"AVRO\",\"JSON\",\"PROTOBUF\"]");
    (void)core_free(core);
}
END_TEST

START_TEST(json_and_protobuf_schemas_are_kept_with_type_version_and_id)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/subjects/j/versions", POINT, 200, "{\"id\":1}");
    expect(core, "POST", "/subjects/j/versions", JSON_BODY("{ \\\"type\\\":\\\"object\\\" }"), 200,
           "{\"id\":1}");
    expect(core, "POST", "/subjects/j/versions", JSON_BODY("true"), 200, "{\"id\":2}");
    expect(core, "POST", "/subjects/p/versions", CLOUD, 200, "{\"id\":3}");
    expect(core, "POST", "/subjects/q/versions", CLOUD, 200, "{\"id\":3}");
    expect(core, "GET", "/schemas/ids/1", NULL, 200,
           "{\"schemaType\":\"JSON\",\"schema\":\"{\\\"type\\\":\\\"object\\\"}\"}");
    expect(core, "GET", "/subjects/p/versions/1", NULL, 200,
           "\"schemaType\":\"PROTOBUF\",\"schema\":\"syntax = ");
    expect(core, "GET", "/subjects/p/versions/1/schema", NULL, 200,
           "syntax = \"proto3\"; message Cloud { string name = 1; }");
    expect(core, "GET", "/schemas/ids/3?format=resolved", NULL, 200, "syntax = ");
    expect(core, "POST", "/subjects/j", POINT, 200, "\"version\":1,\"id\":1");
    expect(core, "POST", "/subjects/j", CLOUD, 404, "40403");
    (void)core_free(core);
}
END_TEST

START_TEST(a_further_version_is_taken_at_level_none_only)
{
    struct core *core = new_core(MR_COMPAT_BACKWARD);

    expect(core, "POST", "/subjects/j/versions", POINT, 200, "{\"id\":1}");
    expect(core, "POST", "/subjects/j/versions", POINT, 200, "{\"id\":1}");
    expect(core, "POST", "/subjects/j/versions", JSON_BODY("true"), 409,
           "level BACKWARD asks for a check, and this registry compares AVRO schemas only");
    expect(core, "POST", "/compatibility/subjects/j/versions?verbose=true", JSON_BODY("true"), 200,
           "{\"is_compatible\":false,\"messages\":[\"level BACKWARD");
    expect(core, "POST", "/subjects/j/versions", "{\"schema\":\"\\\"int\\\"\"}", 409,
           "version 1 is a schema of type JSON and the new one of type AVRO");
    expect(core, "PUT", "/config/j", "{\"compatibility\":\"NONE\"}", 200, NULL);
    expect(core, "POST", "/subjects/j/versions", JSON_BODY("true"), 200, "{\"id\":2}");
    expect(core, "POST", "/subjects/j/versions", "{\"schema\":\"\\\"int\\\"\"}", 200, "{\"id\":3}");
    (void)core_free(core);
}
END_TEST

#define RECORD_TEXT "{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"r\\\",\\\"fields\\\":[]}"

START_TEST(one_text_of_two_types_is_two_schemas)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/subjects/s/versions", JSON_BODY(RECORD_TEXT), 200, "{\"id\":1}");
    expect(core, "POST", "/subjects/s", "{\"schema\":\"" RECORD_TEXT "\"}", 404, "40403");
    expect(core, "POST", "/subjects/s/versions", "{\"schema\":\"" RECORD_TEXT "\"}", 200,
           "{\"id\":2}");
    expect(core, "GET", "/schemas/ids/1", NULL, 200, "{\"schemaType\":\"JSON\",");
    expect(core, "GET", "/schemas/ids/2", NULL, 200, "{\"schema\":");
    (void)core_free(core);
}
END_TEST

START_TEST(references_are_of_the_schemas_own_type_and_must_be_there)
{
    static const char refers[] =
        "{\"schemaType\":\"JSON\",\"schema\":\"{\\\"$ref\\\":\\\"p.json\\\"}\",\"references\":"
        "[{\"name\":\"p.json\",\"subject\":\"%s\",\"version\":-1}]}";
    struct core *core = new_core(MR_COMPAT_NONE);
    char body[256];

    expect(core, "POST", "/subjects/p/versions", POINT, 200, "{\"id\":1}");
    expect(core, "POST", "/subjects/cloud/versions", CLOUD, 200, "{\"id\":2}");
    (void)snprintf(body, sizeof(body), refers, "none");
    expect(core, "POST", "/subjects/s/versions", body, 422, "register it first");
    (void)snprintf(body, sizeof(body), refers, "cloud");
    expect(core, "POST", "/subjects/s/versions", body, 422, "references of JSON schemas are JSON");
    (void)snprintf(body, sizeof(body), refers, "p");
    expect(core, "POST", "/subjects/s/versions", body, 200, "{\"id\":3}");
    expect(core, "GET", "/subjects/p/versions/1/referencedby", NULL, 200, "[3]");
    expect(core, "DELETE", "/subjects/p", NULL, 422, "42206");
    (void)core_free(core);
}
END_TEST

START_TEST(what_is_neither_is_refused_with_its_place)
{
    static const struct {
        enum schema_type type;
        const char *text, *why;
        unsigned line, column;
    } rows[] = {
        {SCHEMA_JSON, "[1]", "an object, true or false", 1, 1},
        {SCHEMA_JSON, "{\n\"a\" 1}", "':' expected", 2, 5},
        {SCHEMA_JSON, "{\"a\":1,\"a\":2}", "duplicate", 0, 0},
        {SCHEMA_JSON, "{}x", "end of file expected", 1, 3},
        {SCHEMA_PROTOBUF, "{\"type\":\"string\"}", "is a .proto file", 1, 1},
        {SCHEMA_PROTOBUF, "syntax = \"proto3\";\nmessage A {", "not closed", 2, 11},
        {SCHEMA_PROTOBUF, "message A { repeated int32 a = 1] }", "closes none", 1, 33},
        {SCHEMA_PROTOBUF, "message A {}\n/* b", "comment does not end", 2, 1},
        {SCHEMA_PROTOBUF, "syntax = \"proto3;\n", "end on its line", 1, 10},
        {SCHEMA_PROTOBUF, "import \"a.proto\"", "statement does not end", 1, 1},
        {SCHEMA_PROTOBUF, "message A { ! }", "no such character", 1, 13},
        {SCHEMA_PROTOBUF, "CgRhLnByb3Rv", "is a .proto file", 1, 1},
        {SCHEMA_PROTOBUF, "syntax = \"\\", "end on its line", 1, 10},
    };

    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++) {
        MR_AUTO(mr_buf) struct mr_buf out = {0};
        struct mr_error error = MR_ERROR_INIT;
        ck_assert_int_eq(foreign_text(rows[i].type, mr_str_from(rows[i].text), &out, &error),
                         MR_INVALID);
        ck_assert_msg(strstr(error.text, rows[i].why), "%s: %s", rows[i].text, error.text);
        ck_assert_msg(rows[i].line == 0 ||
                          (error.line == rows[i].line && error.column == rows[i].column),
                      "%s: %u:%u", rows[i].text, error.line, error.column);
    }
}
END_TEST

START_TEST(protobuf_of_any_kind_is_kept_byte_by_byte)
{
    static const char text[] =
        "// of clouds\nsyntax = \"proto2\";\n/* a\n b */ package a.b;\nimport public 'x.proto';\n"
        "option (my.opt) = { a: 1 b: [2, -3.5e+7] c < d: 'e\\'f' > };\n"
        "message A { optional int32 a = 1 [default = -1]; extensions 4 to max;\n"
        "  map<string, .a.b.A> m = 2; oneof o { bytes b = 3; } }\n"
        "enum E { X = 0; };\nextend A { optional int32 e = 126; }\n"
        "service S { rpc Get(A) returns (stream A) {} }\n";
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;

    ck_assert_msg(foreign_text(SCHEMA_PROTOBUF, mr_str_from(text), &out, &error) == 0, "%u:%u %s",
                  error.line, error.column, error.text);
    ck_assert_str_eq(mr_buf_cstr(&out), text);
}
END_TEST

int main(void)
{
    return unit_run("registry_types",
                    (const TTest *[]){
                        all_three_types_are_listed,
                        json_and_protobuf_schemas_are_kept_with_type_version_and_id,
                        a_further_version_is_taken_at_level_none_only,
                        one_text_of_two_types_is_two_schemas,
                        references_are_of_the_schemas_own_type_and_must_be_there,
                        what_is_neither_is_refused_with_its_place,
                        protobuf_of_any_kind_is_kept_byte_by_byte,
                        NULL,
                    });
}
