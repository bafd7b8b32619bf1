/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to Avro, row by row. */
#pragma once

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "millrace/codec.h"
#include "millrace/hash.h"
#include "support/unit.h"

struct row {
    const char *schema, *json;
    const char *wanted; /* hex, or "where: text" of the error */
};

static inline void encode(const struct row *row, const struct mr_json_options *options, char *out,
                          size_t size)
{
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    MR_AUTO(mr_json_encoder) struct mr_json_encoder *encoder = NULL;
    MR_AUTO(mr_buf) struct mr_buf buf = {0};
    struct mr_error error = MR_ERROR_INIT;
    struct mr_json_cursor cursor = {row->json, row->json, row->json + strlen(row->json)};

    ck_assert_msg(mr_schema_parse(row->schema, strlen(row->schema), NULL, &schema, &error) == 0,
                  "%s: %s", row->schema, error.text);
    int r = mr_json_encoder_new(schema, NULL, options, &encoder, &error);
    if (r == 0)
        r = mr_json_encode(encoder, &cursor, &buf, NULL, &error);
    if (r == MR_INVALID) {
        ck_assert_uint_eq(buf.len, 0);
        (void)snprintf(out, size, "%s: %s", error.where, error.text);
    } else if (r == MR_END) {
        (void)snprintf(out, size, "end");
    } else {
        ck_assert_int_eq(r, 0);
        ck_assert_uint_lt(buf.len * 2, size);
        out[mr_hex_encode(buf.data, buf.len, out)] = '\0';
    }
}

static inline void check_rows(const struct row *rows, size_t n,
                              const struct mr_json_options *options)
{
    char got[2048];

    for (size_t i = 0; i < n; i++) {
        encode(&rows[i], options, got, sizeof(got));
        ck_assert_msg(strcmp(got, rows[i].wanted) == 0, "%s of %s:\n got %s\nwant %s", rows[i].json,
                      rows[i].schema, got, rows[i].wanted);
    }
}
#define CHECK_ROWS(rows) check_rows(rows, MR_N_ELEMENTS(rows), NULL)
