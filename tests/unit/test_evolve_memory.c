/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever allocation fails, the answer is -ENOMEM and nothing is lost; an answer that is given is
 * whole. */
#include <errno.h>

#include "evolve_fixture.h"
#define FAILING_OURS true /* strdup and scandir allocate for us to free */
#include "support/failing_malloc.h"

#include "support/failing_json.h"
#include "support/unit.h"

#if FAILING_MALLOC
/* One of everything that makes a finding, a difference or a lint finding. */
#define ENUM(symbols)                                                                              \
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[" symbols             \
    "],\"default\":\"A\"}},"
#define UNION(rest)                                                                                \
    "{\"name\":\"u\",\"type\":[\"null\",\"int\",{\"type\":\"map\",\"values\":{\"type\":"           \
    "\"string\"" rest "}}],\"default\":null}"
static const char before_fields[] =
    TYPE("\"int\"") ",{\"name\":\"gone\",\"type\":\"int\","
                    "\"default\":1}," ENUM("\"A\",\"B\"") UNION(",\"pattern\":\"^a\"");
static const char now_fields[] =
    FIELD("\"type\":\"string\",\"enum\":[\"a\"],\"exampels\":[1],\"x-lint-off\":["
          "\"NO_RULE\"]") ",{\"name\":\"new\",\"type\":\"int\",\"minimum\":3,"
                          "\"exclusiveMinimum\":1,\"multipleOf\":2,"
                          "\"examples\":[1]}," ENUM("\"A\"") UNION(",\"pattern\":\"^b\"");

struct states {
    struct mr_tree *before, *now;
    size_t whole; /* how much an answer has; SIZE_MAX: not known yet */
};
typedef int deed(struct states *states, size_t *ret_n);

static int check(struct states *states, size_t *ret_n)
{
    MR_AUTO(mr_report) struct mr_report report = {0};
    int r = mr_evolve_check(states->before, states->now, NULL, &report);

    *ret_n = report.n_items;
    return r;
}

static int lint(struct states *states, size_t *ret_n)
{
    MR_AUTO(mr_report) struct mr_report report = {0};
    int r = mr_evolve_lint(states->now, NULL, &report);

    *ret_n = report.n_items;
    return r;
}

static int diff(struct states *states, size_t *ret_n)
{
    struct mr_differences all = {0};
    int r = mr_evolve_diff(states->before, states->now, &all);

    *ret_n = all.n_items;
    mr_differences_done(&all);
    return r;
}

/* A record that cannot be read, one that breaks a constraint, and one of no schema. */
static int sample(struct states *states, size_t *ret_n)
{
    static const uint8_t datum[] = {2, 'e', 2, 2, 0, 0}, small[] = {2, 'e', 2, 'b', 2, 0, 0};
    MR_AUTO(mr_report) struct mr_report report = {0};
    MR_AUTO(mr_sampler) struct mr_sampler *sampler = NULL;
    struct mr_sampled records[] = {
        {.avro = {datum, sizeof(datum)}, .writer = states->before->versions[0].schema},
        {.avro = {small, sizeof(small)}, .writer = states->now->versions[0].schema},
        {.why = "none"}};
    int r = mr_sampler_new(states->now, NULL, &report, &sampler);

    for (size_t i = 0; r == 0 && i < MR_N_ELEMENTS(records); i++) {
        records[i].topic = states->now->versions[0].topic;
        records[i].offset = (int64_t)i;
        records[i].writer_id = (int32_t)i + 1;
        r = mr_sampler_add(sampler, &records[i]);
    }
    if (r == 0)
        r = mr_sampler_finish(sampler);
    *ret_n = report.n_items;
    return r;
}

static int read_folder(struct states *states, size_t *ret_n)
{
    MR_AUTO(mr_tree) struct mr_tree *tree = NULL;
    struct mr_error error = MR_ERROR_INIT;
    char path[256];

    (void)states;
    (void)snprintf(path, sizeof(path), "%s/now", root);
    int r = mr_tree_folder(path, NULL, NULL, &tree, &error);
    *ret_n = tree ? tree->n_versions : 0;
    return r;
}

static int read_text(struct states *states, size_t *ret_n)
{
    MR_AUTO(mr_tree) struct mr_tree *tree = NULL;
    struct mr_error error = MR_ERROR_INIT;
    int r = mr_tree_text("x.avsc", states->now->versions[0].text, &tree, &error);

    *ret_n = tree ? tree->n_versions : 0;
    return r;
}

/* Fails from the first allocation on, then from the second, until the deed is done. */
static void sweep(deed *act, size_t least)
{
    size_t n = 0, whole = 0;
    int r = -ENOMEM;

    failing_json();
    struct states states = {tree_of("before", before_fields), tree_of("now", now_fields), 0};
    ck_assert_int_eq(act(&states, &whole), 0);
    ck_assert_uint_ge(whole, least);
    for (long failures = 0; r != 0; failures++) {
        long held = failing_held;
        failing_in = failures;
        r = act(&states, &n);
        failing_in = -1;
        if (r != 0 && r != -ENOMEM)
            ck_abort_msg("%d at allocation %ld", r, failures);
        if (r == 0 && n != whole)
            ck_abort_msg("%zu of %zu at allocation %ld", n, whole, failures);
        if (failing_held != held)
            ck_abort_msg("%ld lost at allocation %ld", failing_held - held, failures);
    }
    (void)mr_tree_free(states.before);
    (void)mr_tree_free(states.now);
}

#define SWEEP(act, least) sweep(act, least)
#else
#define SWEEP(act, least) (void)0 /* the sanitizer's allocator cannot be made to fail */
#endif

START_TEST(check_survives_every_failing_allocation)
{
    SWEEP(check, 6);
}
END_TEST

START_TEST(lint_survives_every_failing_allocation)
{
    SWEEP(lint, 6);
}
END_TEST

START_TEST(diff_survives_every_failing_allocation)
{
    SWEEP(diff, 5);
}
END_TEST

START_TEST(samples_survive_every_failing_allocation)
{
    SWEEP(sample, 3);
}
END_TEST

START_TEST(reading_a_folder_survives_every_failing_allocation)
{
    SWEEP(read_folder, 1);
}
END_TEST

START_TEST(reading_a_text_survives_every_failing_allocation)
{
    SWEEP(read_text, 1);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        check_survives_every_failing_allocation,
        lint_survives_every_failing_allocation,
        diff_survives_every_failing_allocation,
        samples_survive_every_failing_allocation,
        reading_a_folder_survives_every_failing_allocation,
        reading_a_text_survives_every_failing_allocation,
        NULL,
    };
    return unit_run_framed("evolve_memory",
                           (struct unit_frame){.set_up = set_up, .tear_down = tear_down}, tests);
}
