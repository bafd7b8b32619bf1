/* SPDX-License-Identifier: Apache-2.0 */
/* lib/registry: what clients of Confluent's registry count on beyond the everyday requests. */
#include <check.h>

#include "support/registry_inside.h"
#include "support/unit.h"

#define INT "{\"schema\":\"\\\"int\\\"\"}"
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

int main(void)
{
    return unit_run("registry_rest", (const TTest *[]){a_guid_is_told_where_it_is_welcome, NULL});
}
