/* check_main.h - the main() of a unit test program: one suite, one case, a list of its tests.
 *   CHECK_MAIN("handover", full_queue_keeps_the_item, closed_queue_refuses)
 *   CHECK_MAIN_WITH("journal", open_it, close_it, appends, replays)
 * The second runs its two functions around each test. A test that is written and not listed is an
 * unused variable, which the compiler reports. Include it after the standard headers.
 */
#pragma once

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

static inline int check_main(const char *name, void (*before)(void), void (*after)(void),
                             const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner;
    int failed;

    /* The time limit is ctest's: one of Check's would need a fork, which hides leaks and races. */
    tcase_set_timeout(tcase, 0);
    if (before || after)
        tcase_add_checked_fixture(tcase, before, after);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_ENV); /* CK_NORMAL unless CK_VERBOSITY says more */
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define CHECK_MAIN_WITH(name, before, after, ...)                                                  \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const check_tests[] = {__VA_ARGS__};                                          \
                                                                                                   \
        return check_main(name, before, after, check_tests,                                        \
                          sizeof(check_tests) / sizeof(check_tests[0]));                           \
    }

#define CHECK_MAIN(name, ...) CHECK_MAIN_WITH(name, NULL, NULL, __VA_ARGS__)
