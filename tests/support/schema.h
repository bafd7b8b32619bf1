/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas in tests: parse or fail the test; expect a refusal. */
#pragma once

#include <check.h>
#include <string.h>

#include "millrace/schema.h"

static inline struct mr_schema *schema_ok(const char *text)
{
    struct mr_schema *schema = NULL;
    struct mr_error error = MR_ERROR_INIT;
    int r = mr_schema_parse(text, strlen(text), NULL, &schema, &error);

    ck_assert_msg(r == 0, "%.500s: %s: %s", text, error.where, error.text);
    return schema;
}

static inline void schema_wrong_with(const struct mr_schema_options *options, const char *text,
                                     struct mr_error *ret_error)
{
    struct mr_schema *schema = NULL;

    *ret_error = MR_ERROR_INIT;
    int r = mr_schema_parse(text, strlen(text), options, &schema, ret_error);
    ck_assert_msg(r == MR_INVALID, "%d for %.500s", r, text);
    ck_assert_ptr_null(schema);
}

static inline void schema_wrong(const char *text, const char *rule)
{
    struct mr_error error;

    schema_wrong_with(NULL, text, &error);
    ck_assert_msg(strstr(error.text, rule) != NULL, "'%s' is not in: %s", rule, error.text);
}

/* A field of type and default, within a record. */
static inline struct mr_schema *schema_field(const char *type, const char *def)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    mr_buf_printf(&text,
                  "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"f\",\"type\":%s,"
                  "\"default\":%s}]}",
                  type, def);
    return schema_ok(mr_buf_cstr(&text));
}

static inline void schema_field_wrong(const char *type, const char *def)
{
    MR_AUTO(mr_buf) struct mr_buf text = {0};

    mr_buf_printf(&text,
                  "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"f\",\"type\":%s,"
                  "\"default\":%s}]}",
                  type, def);
    schema_wrong(mr_buf_cstr(&text), "default");
}
