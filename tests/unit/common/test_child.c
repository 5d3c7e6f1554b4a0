/* Children: arguments and secrets reach them as promised, and none outlives its run. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "common/child.h"
#include "common/clock.h"
#include "common/error.h"
#include "tests/support/check_main.h"

#define LONG_MS 60000
#define SECRET "hunter2-of-the-bmc"

static struct child_result run(const char *script, const char *secret, int timeout_ms)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct child_result result = {0};
    struct error err = {0};

    ck_assert_msg(child_run(argv, secret, timeout_ms, &result, &err) == 0, "%s", error_text(&err));
    ck_assert_uint_eq(result.output_length, strlen(result.output));
    return result;
}

static void ck_output(const char *script, const char *secret, const char *expected)
{
    struct child_result result = run(script, secret, LONG_MS);

    ck_assert_str_eq(result.output, expected);
    ck_assert_int_eq(result.exit_code, 0);
    ck_assert_int_eq(result.timed_out, 0);
    free(result.output);
}

START_TEST(bad_arguments_are_refused)
{
    const char *const nothing[] = {NULL}, *const absent[] = {"muster-no-such-program", NULL};
    const char *const yes[] = {"true", NULL};
    struct child_result result = {.exit_code = -7};
    struct error err = {0};
    char huge[CHILD_SECRET_MAX + 2];

    memset(huge, 'x', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = '\0';
    ck_assert_int_eq(child_run(NULL, NULL, LONG_MS, &result, &err), -1);
    ck_assert_int_eq(child_run(nothing, NULL, LONG_MS, &result, &err), -1);
    ck_assert_int_eq(child_run(yes, NULL, 0, &result, &err), -1);
    ck_assert_int_eq(child_run(yes, huge, LONG_MS, &result, &err), -1);
    ck_assert_str_eq(error_text(&err), "the secret is longer than 4096 bytes");
    ck_assert_int_eq(child_run(absent, NULL, LONG_MS, &result, &err), -1);
    ck_assert_str_eq(error_text(&err), "start muster-no-such-program: No such file or directory");
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    ck_assert_int_eq(result.exit_code, -7);
}
END_TEST

START_TEST(arguments_pass_without_a_shell)
{
    const char *const argv[] = {"printf", "%s|", "a b", "$HOME", ";`id`", "", NULL};
    struct child_result result;

    ck_assert_int_eq(child_run(argv, NULL, LONG_MS, &result, NULL), 0);
    ck_assert_str_eq(result.output, "a b|$HOME|;`id`||");
    free(result.output);
}
END_TEST

START_TEST(both_outputs_are_kept_in_order_and_input_is_empty)
{
    ck_output("echo one; echo two >&2; cat; echo three", NULL, "one\ntwo\nthree\n");
}
END_TEST

START_TEST(ends_are_told_apart)
{
    struct child_result result = run("exit 42", NULL, LONG_MS);

    ck_assert_int_eq(result.exit_code, 42);
    free(result.output);
    result = run("kill -TERM $$", NULL, LONG_MS);
    ck_assert_int_eq(result.exit_code, 128 + SIGTERM);
    ck_assert_int_eq(result.timed_out, 0);
    free(result.output);
}
END_TEST

START_TEST(output_beyond_the_cap_is_dropped_and_blocks_nobody)
{
    struct child_result result =
        run("head -c 3000000 /dev/zero | tr '\\0' x; exit 5", NULL, LONG_MS);

    ck_assert_uint_eq(result.output_length, CHILD_OUTPUT_MAX);
    ck_assert_int_eq(result.exit_code, 5);
    free(result.output);
}
END_TEST

START_TEST(the_secret_comes_through_descriptor_3_and_ends)
{
    char most[CHILD_SECRET_MAX + 1];

    ck_output("cat <&3", SECRET, SECRET);
    ck_output("cat /dev/fd/3", SECRET, SECRET);
    ck_output("cat <&3", "", "");
    memset(most, 's', sizeof(most) - 1);
    most[sizeof(most) - 1] = '\0';
    ck_output("cat <&3", most, most);
}
END_TEST

/* The child prints its own command line and environment as everyone on the host sees them. */
START_TEST(the_secret_is_in_neither_argv_nor_environ)
{
    struct child_result result =
        run("tr '\\0' '\\n' < /proc/$$/cmdline; tr '\\0' '\\n' < /proc/$$/environ; echo end",
            SECRET, LONG_MS);

    ck_assert_ptr_null(strstr(result.output, SECRET));
    ck_assert_ptr_nonnull(strstr(result.output, "/proc/$$/cmdline")); /* argv was really read */
    ck_assert_ptr_nonnull(strstr(result.output, "PATH="));            /* and environ */
    ck_assert_ptr_nonnull(strstr(result.output, "\nend\n"));
    free(result.output);
}
END_TEST

START_TEST(no_other_descriptor_is_inherited)
{
    int leak = dup(STDOUT_FILENO), high = fcntl(STDOUT_FILENO, F_DUPFD, 200);

    ck_output("for f in /proc/$$/fd/*; do echo ${f##*/}; done | head -3", NULL, "0\n1\n2\n");
    ck_output("test -e /proc/$$/fd/3 -o -e /proc/$$/fd/200 || echo closed", NULL, "closed\n");
    ck_output("test -e /proc/$$/fd/200 || echo closed", SECRET, "closed\n");
    close(leak);
    close(high);
}
END_TEST

START_TEST(works_when_our_own_standard_files_are_closed)
{
    int kept[3];

    fflush(NULL);
    for (int fd = 0; fd < 3; fd++) {
        kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 50);
        close(fd);
    }
    struct child_result result = run("echo out; echo err >&2; cat <&3", SECRET, LONG_MS);
    for (int fd = 0; fd < 3; fd++) {
        dup2(kept[fd], fd);
        close(kept[fd]);
    }
    ck_assert_str_eq(result.output, "out\nerr\n" SECRET);
    free(result.output);
}
END_TEST

START_TEST(signals_are_as_at_login)
{
    struct child_result result;
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    signal(SIGPIPE, SIG_IGN);
    ck_output("grep SigBlk /proc/self/status", NULL, "SigBlk:\t0000000000000000\n");
    result = run("kill -PIPE $$; echo ignored", NULL, LONG_MS);
    signal(SIGPIPE, SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    ck_assert_int_eq(result.exit_code, 128 + SIGPIPE);
    free(result.output);
}
END_TEST

/* The process whose number a child printed ends, or is gone already. Its death may lag behind the
 * signal. */
static int dies(const char *pid_text)
{
    struct pollfd end = {.fd = pidfd_open(atoi(pid_text), 0), .events = POLLIN};
    int dead = end.fd < 0 ? errno == ESRCH : poll(&end, 1, 20000) == 1;

    if (end.fd >= 0)
        close(end.fd);
    return dead;
}

START_TEST(the_whole_group_dies_at_the_deadline)
{
    int64_t began = clock_monotonic_ms();
    struct child_result result =
        run("trap '' TERM; sleep 300 & echo $!; wait; sleep 300", NULL, 300);

    ck_assert_int_eq(result.timed_out, 1);
    ck_assert_int_eq(result.exit_code, 128 + SIGKILL);
    ck_assert_int_lt(clock_monotonic_ms() - began, 20000);
    ck_assert_int_gt(atoi(result.output), 1);
    ck_assert(dies(result.output));
    free(result.output);
}
END_TEST

START_TEST(what_it_leaves_behind_neither_holds_us_nor_lives)
{
    int64_t began = clock_monotonic_ms();
    struct child_result result = run("sleep 300 & echo $!", NULL, LONG_MS);

    ck_assert_int_eq(result.timed_out, 0);
    ck_assert_int_eq(result.exit_code, 0);
    ck_assert_int_lt(clock_monotonic_ms() - began, 20000);
    ck_assert(dies(result.output));
    free(result.output);
}
END_TEST

START_TEST(output_closed_early_is_waited_for)
{
    struct child_result result = run("exec >&- 2>&-; read x <&3; exit 9", SECRET, LONG_MS);

    ck_assert_int_eq(result.exit_code, 9);
    free(result.output);
}
END_TEST

static void *run_many(void *arg)
{
    const char *secret = arg;

    for (int i = 0; i < 20; i++) {
        const char *const argv[] = {"cat", "/dev/fd/3", NULL};
        struct child_result result;

        if (child_run(argv, secret, LONG_MS, &result, NULL) < 0)
            return "could not start";
        if (result.exit_code != 0 || strcmp(result.output, secret)) {
            free(result.output);
            return "another's secret, or none";
        }
        free(result.output);
    }
    return NULL;
}

START_TEST(threads_do_not_see_each_others_pipes)
{
    static char secrets[4][8] = {"one", "two", "three", "four"};
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_many, secrets[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *fault;

        pthread_join(threads[i], &fault);
        ck_assert_msg(!fault, "%s", (const char *)fault);
    }
}
END_TEST

START_TEST(nothing_stays_open)
{
    int before = dup(STDOUT_FILENO), after;
    const char *const absent[] = {"muster-no-such-program", NULL};
    struct child_result result;

    close(before);
    ck_output("cat <&3", SECRET, SECRET);
    ck_assert_int_eq(child_run(absent, SECRET, LONG_MS, &result, NULL), -1);
    after = dup(STDOUT_FILENO);
    close(after);
    ck_assert_int_eq(before, after);
    before = fcntl(STDOUT_FILENO, F_DUPFD, 10);
    close(before);
    ck_output("true", SECRET, "");
    after = fcntl(STDOUT_FILENO, F_DUPFD, 10);
    close(after);
    ck_assert_int_eq(before, after);
}
END_TEST

CHECK_MAIN("child", bad_arguments_are_refused, arguments_pass_without_a_shell,
           both_outputs_are_kept_in_order_and_input_is_empty, ends_are_told_apart,
           output_beyond_the_cap_is_dropped_and_blocks_nobody,
           the_secret_comes_through_descriptor_3_and_ends,
           the_secret_is_in_neither_argv_nor_environ, no_other_descriptor_is_inherited,
           works_when_our_own_standard_files_are_closed, signals_are_as_at_login,
           the_whole_group_dies_at_the_deadline, what_it_leaves_behind_neither_holds_us_nor_lives,
           output_closed_early_is_waited_for, threads_do_not_see_each_others_pipes,
           nothing_stays_open)
