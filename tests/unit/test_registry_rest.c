/* SPDX-License-Identifier: Apache-2.0 */
/* lib/registry: what clients of Confluent's registry count on beyond the everyday requests. */
#include <check.h>

#include "support/registry_inside.h"
#include "support/unit.h"

#define INT "{\"schema\":\"\\\"int\\\"\"}"
#define LONG "{\"schema\":\"\\\"long\\\"\"}"
#define STRING "{\"schema\":\"\\\"string\\\"\"}"
#define INT_GUID "\"guid\":\"ef524ea1-b91e-7317-3d93-8ade36c1db32\"" /* md5 of "int" in quotes */

START_TEST(a_guid_is_told_where_it_is_welcome)
{
    struct core *core = new_core(MR_COMPAT_NONE);
    struct reply wide = {.wide = true};

    expect(core, "POST", "/subjects/s/versions", INT, 200, "{\"id\":1}");
    ck_assert_int_eq(
        rest_handle(core, "POST", "/subjects/s/versions", mr_str_from(INT), false, &wide), 0);
    ck_assert_str_eq((const char *)mr_buf_cstr(&wide.body), "{\"id\":1," INT_GUID "}");
    reply_done(&wide);
    wide = (struct reply){.wide = true};
    ck_assert_int_eq(rest_handle(core, "GET", "/schemas/ids/1", (struct mr_str){0}, false, &wide),
                     0);
    ck_assert_str_eq((const char *)mr_buf_cstr(&wide.body),
                     "{" INT_GUID ",\"schema\":\"\\\"int\\\"\"}");
    reply_done(&wide);
    expect(core, "GET", "/schemas/ids/1", NULL, 200, "{\"schema\":\"\\\"int\\\"\"}");
    expect(core, "GET", "/subjects/s/versions/1", NULL, 200, INT_GUID);
    expect(core, "POST", "/subjects/s", INT, 200, INT_GUID);
    (void)core_free(core);
}
END_TEST

START_TEST(deleted_versions_can_be_listed_as_negative_numbers)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/subjects/s/versions", INT, 200, "1");
    expect(core, "POST", "/subjects/s/versions", LONG, 200, "2");
    expect(core, "DELETE", "/subjects/s/versions/1", NULL, 200, "1");
    expect(core, "GET", "/subjects/s/versions?deletedAsNegative=true", NULL, 200, "[-1,2]");
    expect(core, "GET", "/subjects/s/versions?deletedOnly=true", NULL, 200, "[1]");
    expect(core, "DELETE", "/subjects/s", NULL, 200, "[2]");
    expect(core, "GET", "/subjects/s/versions?deletedAsNegative=true", NULL, 404, "40401");
    expect(core, "GET", "/subjects/s/versions?deletedAsNegative=true&deleted=true", NULL, 200,
           "[-1,-2]");
    (void)core_free(core);
}
END_TEST

START_TEST(an_empty_context_can_be_deleted_and_no_other)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/subjects/:.c:s/versions", INT, 200, "1");
    expect(core, "POST", "/subjects/:.cd:s/versions", INT, 200, "1");
    expect(core, "GET", "/contexts?contextPrefix=.c", NULL, 200, "[\".c\",\".cd\"]");
    expect(core, "GET", "/contexts?contextPrefix=.c&offset=1", NULL, 200, "[\".cd\"]");
    expect(core, "DELETE", "/contexts/.c", NULL, 422, "42211");
    expect(core, "DELETE", "/subjects/:.c:s", NULL, 200, "[1]");
    expect(core, "DELETE", "/contexts/:.c:", NULL, 422, "permanent=true");
    expect(core, "DELETE", "/subjects/:.c:s?permanent=true", NULL, 200, "[1]");
    expect(core, "DELETE", "/contexts/:.c:", NULL, 204, NULL);
    expect(core, "GET", "/contexts", NULL, 200, "[\".\",\".cd\"]");
    expect(core, "DELETE", "/contexts/.c", NULL, 404, "not found");
    expect(core, "DELETE", "/contexts/.", NULL, 422, "42205");
    expect(core, "DELETE", "/", NULL, 405, NULL);
    expect(core, "POST", "/subjects/:.c:s/versions", INT, 200, "{\"id\":2}");
    expect(core, "GET", "/contexts", NULL, 200, "[\".\",\".c\",\".cd\"]");
    (void)core_free(core);
}
END_TEST

START_TEST(null_takes_a_part_of_a_configuration_back)
{
    struct core *core = new_core(MR_COMPAT_FULL);

    expect(core, "PUT", "/config/s",
           "{\"alias\":\"t\",\"normalize\":true,\"compatibility\":\"NONE\","
           "\"validateRules\":true,\"compatibilityPolicy\":\"STRICT\"}",
           200, "\"compatibilityPolicy\":\"STRICT\"");
    expect(core, "PUT", "/config/s", "{\"alias\":null,\"compatibility\":null}", 200, "{}");
    expect(core, "GET", "/config/s", NULL, 200, "\"normalize\":true,");
    expect(core, "GET", "/config/s", NULL, 200, "\"compatibilityLevel\":\"FULL\"");
    expect(core, "PUT", "/config/s", "{\"compatibility\":\"BACKWARD\"}", 200, "{\"compatibility\"");
    expect(core, "PUT", "/config/s", "{\"normalize\":null,\"validateRules\":null}", 200, "{}");
    expect(core, "GET", "/config/s", NULL, 200, "{\"compatibilityPolicy\":\"STRICT\",\"compat");
    (void)core_free(core);
}
END_TEST

START_TEST(modes_below_a_context_can_be_taken_back_at_once)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "PUT", "/mode/a", "{\"mode\":\"READONLY\"}", 200, "READONLY");
    expect(core, "PUT", "/mode/:.c:", "{\"mode\":\"READONLY\"}", 200, "READONLY");
    expect(core, "PUT", "/mode/:.c:b", "{\"mode\":\"IMPORT\"}", 200, "IMPORT");
    expect(core, "DELETE", "/mode/:.c:?recursive=true", NULL, 200, "{\"mode\":\"READONLY\"}");
    expect(core, "GET", "/mode/:.c:b", NULL, 404, "40409");
    expect(core, "GET", "/mode/:.c:", NULL, 404, "40409");
    expect(core, "GET", "/mode/a", NULL, 200, "READONLY");
    expect(core, "DELETE", "/mode?recursive=true", NULL, 200, "{\"mode\":\"READWRITE\"}");
    expect(core, "GET", "/mode/a", NULL, 404, "40409");
    expect(core, "DELETE", "/mode/a", NULL, 404, "40401");
    (void)core_free(core);
}
END_TEST

START_TEST(force_registers_without_the_check)
{
    struct core *core = new_core(MR_COMPAT_FULL);

    expect(core, "POST", "/subjects/s/versions", INT, 200, "1");
    expect(core, "POST", "/subjects/s/versions", STRING, 409, "409");
    expect(core, "POST", "/subjects/s/versions?force=true", STRING, 200, "{\"id\":2}");
    expect(core, "GET", "/subjects/s/versions", NULL, 200, "[1,2]");
    (void)core_free(core);
}
END_TEST

START_TEST(an_alias_leads_to_the_subject_beside_it)
{
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/subjects/:.c:real/versions", INT, 200, "1");
    expect(core, "POST", "/subjects/real/versions", STRING, 200, "1");
    expect(core, "PUT", "/config/:.c:name", "{\"alias\":\"real\"}", 200, "real");
    expect(core, "GET", "/subjects/:.c:name/versions/1/schema", NULL, 200, "\"int\"");
    expect(core, "GET", "/schemas/ids/1?subject=:.c:name", NULL, 200, "int");
    expect(core, "GET", "/contexts/.c/schemas/ids/1?subject=name", NULL, 200, "int");
    expect(core, "GET", "/schemas?subjectPrefix=:.c:", NULL, 200, "\\\"int\\\"\"}]");
    expect(core, "GET", "/schemas?subjectPrefix=:.c:n&aliases=true", NULL, 200,
           "\\\"int\\\"\",\"aliases\":[\":.c:name\"]}]");
    expect(core, "GET", "/schemas?subjectPrefix=:.c:n", NULL, 200, "[]");
    (void)core_free(core);
}
END_TEST

START_TEST(a_version_can_be_had_with_what_it_refers_to_written_out)
{
    struct core *core = new_core(MR_COMPAT_NONE);
    static const char part[] = "{\"schema\":\"{\\\"type\\\":\\\"fixed\\\",\\\"name\\\":\\\"p\\\","
                               "\\\"size\\\":2}\"}";
    static const char whole[] =
        "{\"schema\":\"{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"p\\\"}\",\"references\":"
        "[{\"name\":\"p\",\"subject\":\"part\",\"version\":1}]}";

    expect(core, "POST", "/subjects/:.c:part/versions", part, 200, "1");
    expect(core, "POST", "/subjects/:.c:whole/versions", whole, 200, "2");
    expect(core, "GET", "/subjects/:.c:whole/versions/1?format=resolved", NULL, 200,
           "\\\"items\\\":{\\\"type\\\":\\\"fixed\\\"");
    expect(core, "GET", "/subjects/:.c:whole/versions/1/schema?format=resolved", NULL, 200,
           "{\"type\":\"array\",\"items\":{\"type\":\"fixed\",\"name\":\"p\",\"size\":2}}");
    expect(core, "GET", "/subjects/:.c:whole/versions/1?format=other", NULL, 200,
           "\\\"items\\\":\\\"p\\\"");
    (void)core_free(core);
}
END_TEST

/* What a person does next stands in the answer. */
START_TEST(what_is_not_there_is_answered_with_what_is_or_how_to_get_at_it)
{
    static const struct {
        const char *method, *target, *body;
        unsigned status;
        const char *says;
    } rows[] = {
        {"GET", "/subjects/none/versions", NULL, 404, "Subject 'none' not found.\""},
        {"GET", "/subjects/s/versions/9", NULL, 404,
         "Version 9 not found. Subject 's' has 1, 3 to 4"},
        {"GET", "/subjects/s/versions/2", NULL, 404,
         "It is deleted softly: ?deleted=true shows it."},
        {"GET", "/subjects/s/versions/9?deleted=true", NULL, 404, "Subject 's' has 1 to 4"},
        {"POST", "/subjects/s", "{\"schema\":\"\\\"bytes\\\"\"}", 404,
         "40403,\"message\":\"Schema not found: subject 's' holds other schemas, of which the "
         "newest "
         "is version 4."},
        {"GET", "/subjects/gone/versions", NULL, 404,
         "40401,\"message\":\"Subject 'gone' not found. "
         "All its versions are deleted softly: "
         "?deleted=true shows them"},
        {"GET", "/subjects/gone/versions/1", NULL, 404, "?deleted=true shows them"},
        {"POST", "/subjects/gone", INT, 404, "?deleted=true shows them"},
        {"DELETE", "/subjects/s?permanent=true", NULL, 404, "DELETE it without permanent=true"},
        {"DELETE", "/subjects/s/versions/1?permanent=true", NULL, 404,
         "DELETE it without permanent=true"},
        {"GET", "/config/gone", NULL, 404, "?defaultToGlobal=true tells what holds for it"},
        {"GET", "/mode/gone", NULL, 404, "?defaultToGlobal=true tells what holds for it"},
        {"DELETE", "/config/gone", NULL, 404, "It has no configuration of its own"},
        {"DELETE", "/mode/gone", NULL, 404, "It has no mode of its own"},
    };
    struct core *core = new_core(MR_COMPAT_NONE);

    expect(core, "POST", "/subjects/s/versions", INT, 200, NULL);
    expect(core, "POST", "/subjects/s/versions", "{\"schema\":\"\\\"long\\\"\"}", 200, NULL);
    expect(core, "POST", "/subjects/s/versions", "{\"schema\":\"\\\"float\\\"\"}", 200, NULL);
    expect(core, "POST", "/subjects/s/versions", "{\"schema\":\"\\\"double\\\"\"}", 200, NULL);
    expect(core, "DELETE", "/subjects/s/versions/2", NULL, 200, NULL);
    expect(core, "POST", "/subjects/gone/versions", INT, 200, NULL);
    expect(core, "DELETE", "/subjects/gone", NULL, 200, NULL);
    for (size_t i = 0; i < MR_N_ELEMENTS(rows); i++)
        expect(core, rows[i].method, rows[i].target, rows[i].body, rows[i].status, rows[i].says);
    (void)core_free(core);
}
END_TEST

START_TEST(the_default_contexts_settings_are_the_global_ones)
{
    struct core *core = new_core(MR_COMPAT_BACKWARD);

    expect(core, "PUT", "/config/:.:", "{\"compatibility\":\"NONE\"}", 200, "NONE");
    expect(core, "GET", "/config", NULL, 200, "{\"compatibilityLevel\":\"NONE\"}");
    expect(core, "DELETE", "/config/:.:", NULL, 200, "NONE");
    expect(core, "GET", "/config/:.:", NULL, 200, "{\"compatibilityLevel\":\"BACKWARD\"}");
    expect(core, "PUT", "/mode/:.:", "{\"mode\":\"READONLY\"}", 200, "READONLY");
    expect(core, "GET", "/mode", NULL, 200, "READONLY");
    expect(core, "POST", "/subjects/s/versions", INT, 422, "42205");
    expect(core, "PUT", "/mode", "{\"mode\":null}", 200, "{\"mode\":null}");
    expect(core, "GET", "/mode", NULL, 200, "READWRITE");
    expect(core, "PUT", "/mode", "{}", 422, "42204");
    (void)core_free(core);
}
END_TEST

START_TEST(settings_below_all_contexts_hold_where_no_other_does)
{
    struct core *core = new_core(MR_COMPAT_BACKWARD);

    expect(core, "POST", "/subjects/:.c:s/versions", INT, 200, "1");
    expect(core, "POST", "/subjects/:.c:s/versions", STRING, 409, "409");
    expect(core, "PUT", "/config/:.__GLOBAL:", "{\"compatibility\":\"NONE\"}", 200, "NONE");
    expect(core, "GET", "/config?defaultToGlobal=true", NULL, 200, "NONE");
    expect(core, "GET", "/config", NULL, 200, "BACKWARD");
    expect(core, "POST", "/subjects/:.c:s/versions", STRING, 200, "2");
    expect(core, "PUT", "/config/:.c:", "{\"compatibility\":\"FULL\"}", 200, "FULL");
    expect(core, "GET", "/config/:.c:s?defaultToGlobal=true", NULL, 200, "FULL");
    expect(core, "PUT", "/mode/:.__GLOBAL:", "{\"mode\":\"READONLY\"}", 200, "READONLY");
    expect(core, "GET", "/mode?defaultToGlobal=true", NULL, 200, "READONLY");
    expect(core, "POST", "/subjects/s/versions", INT, 422, "42205");
    expect(core, "PUT", "/mode/s", "{\"mode\":\"READWRITE\"}", 200, "READWRITE");
    expect(core, "POST", "/subjects/s/versions", INT, 200, "1");
    (void)core_free(core);
}
END_TEST

START_TEST(what_a_subjects_configuration_leaves_open_is_the_global_ones)
{
    struct core *core = new_core(MR_COMPAT_FULL);
    static const char bad_default[] =
        "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"r\\\",\\\"fields\\\":"
        "[{\\\"name\\\":\\\"f\\\",\\\"type\\\":\\\"int\\\",\\\"default\\\":\\\"x\\\"}]}\"}";

    expect(core, "PUT", "/config", "{\"validateNewSchemas\":true,\"compatibility\":\"NONE\"}", 200,
           "true");
    expect(core, "PUT", "/config/s", "{\"alias\":\"\"}", 200, "alias");
    expect(core, "GET", "/config/s?defaultToGlobal=true", NULL, 200, "\"validateNewSchemas\":true");
    expect(core, "GET", "/config/s?defaultToGlobal=true", NULL, 200, "FULL");
    expect(core, "GET", "/config/s", NULL, 200, "{\"alias\":\"\",\"compatibilityLevel\":\"FULL\"}");
    expect(core, "POST", "/subjects/s/versions", bad_default, 422, "42201");
    expect(core, "POST", "/compatibility/subjects/s/versions/latest", bad_default, 422, "42201");
    expect(core, "PUT", "/config/s", "{\"validateNewSchemas\":false}", 200, "false");
    expect(core, "POST", "/compatibility/subjects/s/versions/latest", bad_default, 200, "true");
    expect(core, "POST", "/subjects/s/versions", bad_default, 200, "1");
    (void)core_free(core);
}
END_TEST

START_TEST(a_subject_that_refers_to_itself_can_be_deleted_as_a_whole)
{
    struct core *core = new_core(MR_COMPAT_NONE);
    static const char refers[] =
        "{\"schema\":\"{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"p\\\"}\",\"references\":"
        "[{\"name\":\"p\",\"subject\":\"s\",\"version\":1}]}";

    expect(core, "POST", "/subjects/s/versions",
           "{\"schema\":\"{\\\"type\\\":\\\"fixed\\\",\\\"name\\\":\\\"p\\\",\\\"size\\\":2}\"}",
           200, "1");
    expect(core, "POST", "/subjects/s/versions", refers, 200, "2");
    expect(core, "POST", "/subjects/t/versions", refers, 200, "2");
    expect(core, "DELETE", "/subjects/s/versions/1", NULL, 422, "42206");
    expect(core, "DELETE", "/subjects/s", NULL, 422, "version 1 of 't': delete that first");
    expect(core, "DELETE", "/subjects/t", NULL, 200, "[1]");
    expect(core, "DELETE", "/subjects/s", NULL, 200, "[1,2]");
    expect(core, "GET", "/subjects/s/versions/2?deleted=true", NULL, 200, ",\"deleted\":true}");
    expect(core, "DELETE", "/subjects/s?permanent=true", NULL, 200, "[1,2]");
    (void)core_free(core);
}
END_TEST

START_TEST(a_deleted_version_stays_for_deleted_ones_that_refer_to_it)
{
    struct core *core = new_core(MR_COMPAT_NONE);
    static const char part[] =
        "{\"schema\":\"{\\\"type\\\":\\\"fixed\\\",\\\"name\\\":\\\"p\\\",\\\"size\\\":2}\"}";
    static const char refers[] =
        "{\"schema\":\"{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"p\\\"}\",\"references\":"
        "[{\"name\":\"p\",\"subject\":\"s\",\"version\":1}]}";

    expect(core, "POST", "/subjects/s/versions", part, 200, "1");
    expect(core, "POST", "/subjects/t/versions", refers, 200, "2");
    expect(core, "DELETE", "/subjects/t", NULL, 200, "[1]");
    expect(core, "DELETE", "/subjects/s", NULL, 200, "[1]");
    expect(core, "POST", "/subjects/s/versions", part, 200, "1");
    expect(core, "GET", "/subjects/s/versions?deleted=true", NULL, 200, "[1,2]");
    expect(core, "GET", "/subjects/t/versions/1?deleted=true&format=resolved", NULL, 200, "fixed");
    expect(core, "DELETE", "/subjects/t?permanent=true", NULL, 200, "[1]");
    expect(core, "DELETE", "/subjects/s", NULL, 200, "[2]");
    expect(core, "POST", "/subjects/s/versions", part, 200, "1");
    expect(core, "GET", "/subjects/s/versions?deleted=true", NULL, 200, "[3]");
    (void)core_free(core);
}
END_TEST

START_TEST(tagged_records_and_fields_are_found)
{
    struct core *core = new_core(MR_COMPAT_NONE);
    static const char part[] =
        "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"n.part\\\","
        "\\\"confluent:tags\\\":[\\\"SECRET\\\"],\\\"fields\\\":[]}\"}";
    static const char whole[] =
        "{\"schema\":\"{\\\"type\\\":\\\"record\\\",\\\"name\\\":\\\"r\\\",\\\"namespace\\\":"
        "\\\"m\\\",\\\"fields\\\":[{\\\"name\\\":\\\"a\\\",\\\"type\\\":\\\"string\\\","
        "\\\"confluent:tags\\\":[\\\"PII\\\",\\\"MAIL\\\"]},{\\\"name\\\":\\\"b\\\",\\\"type\\\":"
        "[\\\"null\\\",{\\\"type\\\":\\\"array\\\",\\\"items\\\":\\\"n.part\\\"}]},{\\\"name\\\":"
        "\\\"c\\\",\\\"type\\\":{\\\"type\\\":\\\"map\\\",\\\"values\\\":{\\\"type\\\":"
        "\\\"record\\\","
        "\\\"name\\\":\\\"in\\\",\\\"fields\\\":[{\\\"name\\\":\\\"d\\\",\\\"type\\\":\\\"m.r\\\","
        "\\\"confluent:tags\\\":[\\\"PII\\\"]}]}}}]}\",\"references\":[{\"name\":\"n.part\","
        "\"subject\":\"part\",\"version\":1}]}";
#define ENTITY(path, type, tags)                                                                   \
    "{\"schemaEntity\":{\"entityPath\":\"" path "\",\"entityType\":\"" type "\"},\"tags\":[" tags  \
    "]}"

    expect(core, "POST", "/subjects/part/versions", part, 200, "1");
    expect(core, "POST", "/subjects/whole/versions", whole, 200, "2");
    expect(core, "GET", "/subjects/whole/versions/1?findTags=PII", NULL, 200,
           ",\"schemaTags\":[" ENTITY("m.r.a", "sr_field", "\"PII\",\"MAIL\"") "," ENTITY(
               "m.in.d", "sr_field", "\"PII\"") "]}");
    expect(core, "GET", "/schemas/ids/2?findTags=X&findTags=SECRET", NULL, 200,
           ",\"schemaTags\":[" ENTITY("n.part", "sr_record", "\"SECRET\"") "]}");
    expect(core, "GET", "/schemas/ids/2?findTags=*", NULL, 200, "n.part");
    expect(core, "GET", "/schemas/ids/2?findTags=other", NULL, 200, ",\"schemaTags\":[]}");
    (void)core_free(core);
}
END_TEST

int main(void)
{
    return unit_run(
        "registry_rest",
        (const TTest *[]){
            a_guid_is_told_where_it_is_welcome, deleted_versions_can_be_listed_as_negative_numbers,
            an_empty_context_can_be_deleted_and_no_other, null_takes_a_part_of_a_configuration_back,
            modes_below_a_context_can_be_taken_back_at_once, force_registers_without_the_check,
            an_alias_leads_to_the_subject_beside_it,
            a_version_can_be_had_with_what_it_refers_to_written_out,
            what_is_not_there_is_answered_with_what_is_or_how_to_get_at_it,
            the_default_contexts_settings_are_the_global_ones,
            settings_below_all_contexts_hold_where_no_other_does,
            what_a_subjects_configuration_leaves_open_is_the_global_ones,
            a_subject_that_refers_to_itself_can_be_deleted_as_a_whole,
            tagged_records_and_fields_are_found,
            a_deleted_version_stays_for_deleted_ones_that_refer_to_it, NULL});
}
