/* SPDX-License-Identifier: Apache-2.0 */
/* Any two texts: parsing, writing and comparing schemas never misbehaves; what is written reads
 * back as the same; a schema reads its own data. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "millrace/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

typedef int writing(const struct mr_schema *schema, struct mr_buf *out);

/* Written by `first`, read again and written by `again`: the same text. What no longer fits a limit
 * when it is written out in full is refused, which is no fault. */
static void write_twice(const struct mr_schema *schema, const struct mr_schema_options *options,
                        writing *first, writing *again)
{
    MR_AUTO(mr_schema) struct mr_schema *copy = NULL;
    MR_AUTO(mr_buf) struct mr_buf one = {0};
    MR_AUTO(mr_buf) struct mr_buf two = {0};
    struct mr_error error = MR_ERROR_INIT;

    if (first(schema, &one) != 0 || one.len > MR_SCHEMA_MAX_BYTES)
        return;
    int r = mr_schema_parse((const char *)one.data, one.len, options, &copy, &error);
    if (r == MR_INVALID && strstr(error.text, "more than"))
        return;
    must(r == 0);
    must(again(copy, &two) == 0);
    must(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
}

static int stored(const struct mr_schema *schema, struct mr_buf *out)
{
    return mr_schema_stored_text(schema, false, out, NULL);
}

static int normalized(const struct mr_schema *schema, struct mr_buf *out)
{
    return mr_schema_stored_text(schema, true, out, NULL);
}

static void compare(const struct mr_schema *reader, const struct mr_schema *writer)
{
    struct mr_findings findings = {0};
    int r = mr_schema_compatible(reader, writer, &findings);

    must(r == 0 || r == MR_FULL);
    if (reader == writer)
        for (size_t i = 0; i < findings.n_items; i++)
            must(findings.items[i].type == MR_AMBIGUOUS_READER_FIELD);
    for (size_t i = 0; i < findings.n_items; i++)
        must(findings.items[i].location[0] == '/');
    mr_findings_done(&findings);
}

static struct mr_schema *parse(const char *text, size_t len,
                               const struct mr_schema_options *options)
{
    struct mr_schema *schema = NULL;
    struct mr_error error = MR_ERROR_INIT;
    int r = mr_schema_parse(text, len, options, &schema, &error);

    must(r == 0 || (r == MR_INVALID && error.text[0] != '\0'));
    return schema;
}

/* A type without namespace within one that has: the specification's form names it otherwise when it
 * is read again, or is no schema any more. From then on the form stays. */
static void canonical_twice(const struct mr_schema *schema, const struct mr_schema_options *options)
{
    MR_AUTO(mr_buf) struct mr_buf form = {0};

    must(mr_schema_canonical(schema, &form) == 0);
    MR_AUTO(mr_schema) struct mr_schema *copy = parse((const char *)form.data, form.len, options);
    if (copy)
        write_twice(copy, options, mr_schema_canonical, mr_schema_canonical);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct mr_schema_options strict = MR_SCHEMA_OPTIONS, java = {.like_java = true};
    const uint8_t *cut = memchr(data, 0, len);
    size_t n = cut ? (size_t)(cut - data) : len;
    MR_AUTO(mr_schema) struct mr_schema *one = parse((const char *)data, n, &strict);
    MR_AUTO(mr_schema) struct mr_schema *loose = parse((const char *)data, n, &java);
    MR_AUTO(mr_schema)
    struct mr_schema *two = cut ? parse((const char *)cut + 1, len - n - 1, &java) : NULL;

    must(!one || loose); /* the strict take no more than the loose */
    if (one)
        canonical_twice(one, &strict);
    if (!loose)
        return 0;
    write_twice(loose, &java, stored, stored);
    write_twice(loose, &java, normalized, stored);
    compare(loose, loose);
    if (two)
        compare(loose, two);
    return 0;
}
