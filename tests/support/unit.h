/* SPDX-License-Identifier: Apache-2.0 */
/* One call runs a list of check cases and prints TAP, so that meson shows each by its name. */
#pragma once

#include <check.h>
#include <stdlib.h>

/* What is set up before each case and taken down after it, and for how long a case may run; NULL
 * and 0: nothing, and check's own limit. */
struct unit_frame {
    void (*set_up)(void), (*tear_down)(void);
    double seconds;
};

static inline int unit_run_framed(const char *module, struct unit_frame frame, const TTest **tests)
{
    Suite *suite = suite_create(module);
    TCase *tcase = tcase_create(module);

    if (frame.seconds > 0)
        tcase_set_timeout(tcase, frame.seconds);
    if (frame.set_up)
        tcase_add_checked_fixture(tcase, frame.set_up, frame.tear_down);
    for (; *tests; tests++)
        tcase_add_test(tcase, *tests);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int unit_run_within(const char *module, double seconds, const TTest **tests)
{
    return unit_run_framed(module, (struct unit_frame){.seconds = seconds}, tests);
}

static inline int unit_run(const char *module, const TTest **tests)
{
    return unit_run_within(module, 0, tests);
}
