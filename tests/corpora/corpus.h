/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a corpus file beside the project, one case after another. */
#pragma once

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "millrace/buf.h"
#include "millrace/error.h"
#include "millrace/schema.h"

/* What one row says: an empty text when it holds, else why not (kept in `why`). */
typedef void corpus_judge(const json_t *row, struct mr_buf *why);

static inline const char *corpus_str(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}

static inline struct mr_schema *corpus_schema(const char *text, struct mr_error *error)
{
    struct mr_schema *schema = NULL;

    *error = MR_ERROR_INIT;
    return mr_schema_parse(text, strlen(text), NULL, &schema, error) == 0 ? schema : NULL;
}

/* NULL when the folder is not there, which is said loudly, and fails where CI is set. */
static inline FILE *corpus_open(const char *name)
{
    const char *shared = getenv("MILLRACE_SHARED");
    char path[4096];

    snprintf(path, sizeof(path), "%s/corpora/registry/%s", shared ? shared : "../shared", name);
    FILE *file = fopen(path, "re");
    if (!file) {
        fprintf(stderr, "SKIPPED: %s is not there (set -Dshared=FOLDER)\n", path);
        ck_assert_msg(!getenv("CI"), "%s is not there, and CI is set", path);
    }
    return file;
}

/* Fails after all rows are read, with the first few faults; says the count on success. */
static inline void corpus_each(const char *name, corpus_judge *judge)
{
    FILE *file = corpus_open(name);
    char *line = NULL;
    size_t cap = 0, n_rows = 0, n_bad = 0;

    if (!file)
        return;
    while (getline(&line, &cap, file) > 0) {
        struct mr_buf why = {0};
        json_t *row = json_loads(line, 0, NULL);
        ck_assert_ptr_nonnull(row);
        judge(row, &why);
        n_rows++;
        if (why.len > 0 && n_bad++ < 10)
            fprintf(stderr, "%s %s: %s\n", name, corpus_str(row, "id"), mr_buf_cstr(&why));
        json_decref(row);
        mr_buf_done(&why);
    }
    free(line);
    fclose(file);
    fprintf(stderr, "%s: %zu of %zu rows hold\n", name, n_rows - n_bad, n_rows);
    ck_assert_uint_gt(n_rows, 0);
    ck_assert_uint_eq(n_bad, 0);
}
