/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever allocation fails, the answer is -ENOMEM and nothing is lost. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/failing_malloc.h"

#include "support/failing_json.h"
#include "support/schema.h"
#include "support/unit.h"

#if FAILING_MALLOC
/* One of everything that takes memory. */
static const char text[] =
    "/* why */ "
    "{\"type\":\"record\",\"name\":\"n.R\",\"aliases\":[\"A\",\"x.B\"],\"doc\":\"d\",\"x\":[1,{"
    "\"y\":2.5}],"
    "\"fields\":[{\"name\":\"s\",\"type\":\"string\",\"default\":\"d\",\"aliases\":[\"o\"],"
    "\"minLength\":1},"
    "{\"name\":\"d\",\"type\":\"double\",\"default\":\"NaN\"},{\"name\":\"later\",\"type\":\"E\"},"
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"P\",\"Q\"],"
    "\"default\":\"P\"}},"
    "{\"name\":\"u\",\"type\":[\"null\",\"R\",{\"type\":\"map\",\"values\":\"E\"}],\"default\":"
    "null},"
    "{\"name\":\"f\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"fixed\",\"name\":\"F\","
    "\"size\":2}}},"
    "{\"name\":\"m1\",\"type\":\"int\"},{\"name\":\"m2\",\"type\":\"int\"},{\"name\":\"m3\","
    "\"type\":\"int\"}]}";
static const char other[] =
    "{\"type\":\"record\",\"name\":\"n.S\",\"fields\":[{\"name\":\"o\",\"type\":\"int\"},"
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"Z\",\"Y\",\"P\"]}},"
    "{\"name\":\"f\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"fixed\",\"name\":\"F\","
    "\"size\":3}}}]}";
static const char wrong_name[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"strin\"}]}";
static const char *const references[] = {
    "{\"type\":\"enum\",\"name\":\"n.Ref\",\"symbols\":[\"A\"]}"};

struct texts {
    struct mr_schema *schema, *other;
};

typedef int deed(struct texts *t);

static int parse(struct texts *t)
{
    struct mr_schema_options options = {
        .check_defaults = true, .like_java = true, .references = references, .n_references = 1};
    MR_AUTO(mr_schema) struct mr_schema *schema = NULL;
    struct mr_error error = MR_ERROR_INIT;

    (void)t;
    return mr_schema_parse(text, sizeof(text) - 1, &options, &schema, &error);
}

static int refuse(struct texts *t)
{
    struct mr_schema *schema = NULL;
    struct mr_error error = MR_ERROR_INIT;

    (void)t;
    int r = mr_schema_parse(wrong_name, sizeof(wrong_name) - 1, NULL, &schema, &error);
    return r == MR_INVALID ? 0 : r;
}

static int canonical(struct texts *t)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};

    return mr_schema_canonical(t->schema, &out);
}

static int stored(struct texts *t)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;

    return mr_schema_stored_text(t->schema, false, &out, &error);
}

static int normalized(struct texts *t)
{
    MR_AUTO(mr_buf) struct mr_buf out = {0};
    struct mr_error error = MR_ERROR_INIT;

    return mr_schema_stored_text(t->schema, true, &out, &error);
}

static int compare(struct texts *t)
{
    struct mr_findings findings = {0};
    int r = mr_schema_compatible(t->schema, t->other, &findings);

    if (r == 0 && findings.truncated) /* a shorter list is an honest answer as well */
        r = -ENOMEM;
    mr_findings_done(&findings);
    return r;
}

/* Fails from the first allocation on, then from the second, until the deed is done. */
static void sweep(deed *act)
{
    struct texts t = {0};
    struct mr_schema_options options = {.like_java = true};
    long failures = 0;
    int r = -ENOMEM;

    failing_json();
    ck_assert_int_eq(mr_schema_parse(text, sizeof(text) - 1, &options, &t.schema, NULL), 0);
    t.other = schema_ok(other);
    for (; r != 0; failures++) {
        long held = failing_held;
        failing_in = failures;
        r = act(&t);
        failing_in = -1;
        if (r != 0 && r != -ENOMEM)
            ck_abort_msg("%d at allocation %ld", r, failures);
        if (failing_held != held)
            ck_abort_msg("%ld lost at allocation %ld", failing_held - held, failures);
    }
    ck_assert_int_gt(failures, 3);
    mr_schema_unref(t.schema);
    mr_schema_unref(t.other);
}

#define SWEEP(act) sweep(act)
#else
#define SWEEP(act) (void)0 /* the sanitizer's allocator cannot be made to fail */
#endif

START_TEST(parsing_survives_every_failing_allocation)
{
    SWEEP(parse);
}
END_TEST

START_TEST(refusing_survives_every_failing_allocation)
{
    SWEEP(refuse);
}
END_TEST

START_TEST(canonical_form_survives_every_failing_allocation)
{
    SWEEP(canonical);
}
END_TEST

START_TEST(stored_text_survives_every_failing_allocation)
{
    SWEEP(stored);
}
END_TEST

START_TEST(normal_form_survives_every_failing_allocation)
{
    SWEEP(normalized);
}
END_TEST

START_TEST(comparing_survives_every_failing_allocation)
{
    SWEEP(compare);
}
END_TEST

int main(void)
{
    return unit_run("schema_memory", (const TTest *[]){
                                         parsing_survives_every_failing_allocation,
                                         refusing_survives_every_failing_allocation,
                                         canonical_form_survives_every_failing_allocation,
                                         stored_text_survives_every_failing_allocation,
                                         normal_form_survives_every_failing_allocation,
                                         comparing_survives_every_failing_allocation,
                                         NULL,
                                     });
}
