/* guard: a run that does not end is ended; a moved deadline counts. */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "diagnostics/guard.h"
#include "tests/support/check_main.h"

/* A run in a process of its own, since the guard is to kill it: ends by itself after 'run_ms'. */
static int status_of_run(int64_t first_ms, int64_t moved_ms, int run_ms)
{
    int status;
    pid_t run = fork();

    if (run == 0) {
        if (guard_start(clock_monotonic_ms() + first_ms, false, NULL) < 0)
            _exit(9);
        if (moved_ms)
            guard_move(clock_monotonic_ms() + moved_ms);
        poll(NULL, 0, run_ms);
        _exit(7);
    }
    ck_assert_int_eq(waitpid(run, &status, 0), run);
    return status;
}

START_TEST(a_run_beyond_its_deadline_is_ended)
{
    int status = status_of_run(200, 0, 20000);

    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGKILL);
}
END_TEST

START_TEST(a_run_that_ends_in_time_is_left_alone)
{
    int status = status_of_run(60000, 0, 10);

    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

START_TEST(the_deadline_can_be_moved_both_ways)
{
    ck_assert(WIFSIGNALED(status_of_run(60000, 100, 20000)));
    ck_assert(WIFEXITED(status_of_run(300, 60000, 1200)));
}
END_TEST

CHECK_MAIN("guard", a_run_beyond_its_deadline_is_ended, a_run_that_ends_in_time_is_left_alone,
           the_deadline_can_be_moved_both_ways)
