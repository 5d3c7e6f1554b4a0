/* Fault points: what an order makes of a passing thread, how often, what the log says; and that the
 * table of names is the code's. */
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fault_names.h"
#include "common/fault_point.h"
#include "common/file.h"
#include "tests/support/fixture_tree.h"

#include "tests/support/check_main.h"

#ifdef MUSTER_FAULTS

#define POINT "agent_command_before" /* any name of the table */
#define OTHER "agent_command_after"

static char orders_path[128];

static void arm(const char *orders)
{
    /* Replaced as a test's driver does it: a whole file by its name. */
    ck_assert_int_eq(file_write(orders_path, orders, strlen(orders), 0644, NULL), 0);
}

static void begin(void)
{
    fixture_tree_make();
    snprintf(orders_path, sizeof(orders_path), "%s/faults", fixture_root);
    fault_point_use(orders_path);
}

static void end(void)
{
    fault_point_use(NULL);
    fixture_tree_drop();
}

static unsigned log_lines(const char *word, const char *order)
{
    char path[160], line[256], wanted[200];
    unsigned count = 0;
    FILE *file;

    snprintf(path, sizeof(path), "%s.log", orders_path);
    snprintf(wanted, sizeof(wanted), " %s\n", order);
    file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, word, strlen(word)) == 0 && strstr(line, wanted))
            count++;
    if (file)
        fclose(file);
    return count;
}

/* How a child ends or stops that passes POINT 'times' times. */
static int fate(int times, pid_t *ret_child)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        for (int i = 0; i < times; i++)
            fault_point_passed(POINT);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    *ret_child = child;
    return status;
}

START_TEST(without_a_file_nothing_happens)
{
    fault_point_use(NULL);
    fault_point_passed(POINT);
    ck_assert(fault_point_protects("restore"));
    fault_point_use(orders_path); /* named and not there */
    fault_point_passed(POINT);
    ck_assert(fault_point_protects("restore"));
}
END_TEST

START_TEST(crash_kills_once_over_all_lives)
{
    pid_t child;
    int status;

    arm(POINT " crash\n");
    status = fate(1, &child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ck_assert_uint_eq(log_lines("fired", POINT " crash"), 1);
    status = fate(3, &child);
    ck_assert(WIFEXITED(status));
    /* The same order with another remark is another order. */
    arm(POINT " crash # second\n");
    status = fate(1, &child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

START_TEST(after_lets_the_first_ones_pass)
{
    pid_t child;
    int status;

    arm(POINT " crash after 2\n");
    status = fate(2, &child);
    ck_assert(WIFEXITED(status));
    status = fate(3, &child);
    ck_assert(WIFSIGNALED(status));
}
END_TEST

START_TEST(stop_stops_and_goes_on)
{
    pid_t child;
    int status;

    arm(POINT " stop\n");
    status = fate(2, &child);
    ck_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    ck_assert_int_eq(kill(child, SIGCONT), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

static void *pass(void *arg)
{
    (void)arg;
    fault_point_passed(POINT);
    return NULL;
}

START_TEST(delay_holds_each_thread_and_no_other_point)
{
    pthread_t threads[4];
    int64_t began = clock_monotonic_ms();

    arm(POINT " delay:300\n");
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, pass, NULL), 0);
    fault_point_passed(OTHER);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_ge(clock_monotonic_ms() - began, 300);
    ck_assert_uint_eq(log_lines("fired", POINT " delay:300"), 4);
}
END_TEST

START_TEST(times_limits_a_delay)
{
    arm(POINT " delay:1 times 2\n");
    for (int i = 0; i < 5; i++)
        fault_point_passed(POINT);
    ck_assert_uint_eq(log_lines("fired", POINT " delay:1 times 2"), 2);
}
END_TEST

START_TEST(a_running_process_is_armed_and_disarmed)
{
    fault_point_passed(POINT);
    arm(POINT " delay:1 # a\n");
    fault_point_passed(POINT);
    arm("# nothing\n");
    fault_point_passed(POINT);
    unlink(orders_path);
    fault_point_passed(POINT);
    ck_assert_uint_eq(log_lines("fired", POINT " delay:1 # a"), 1);
}
END_TEST

START_TEST(an_order_that_stays_keeps_its_count)
{
    arm(POINT " delay:1 after 2\n");
    fault_point_passed(POINT);
    fault_point_passed(POINT);
    arm(OTHER " delay:1\n" POINT " delay:1 after 2\n");
    fault_point_passed(POINT);
    ck_assert_uint_eq(log_lines("fired", POINT " delay:1 after 2"), 1);
}
END_TEST

START_TEST(a_protection_is_left_out_and_told_once)
{
    ck_assert(fault_point_protects("restore"));
    arm("without restore\n");
    ck_assert(!fault_point_protects("restore"));
    ck_assert(!fault_point_protects("restore"));
    ck_assert(fault_point_protects("epoch_check"));
    ck_assert_uint_eq(log_lines("left_out", "without restore"), 1);
}
END_TEST

START_TEST(what_is_no_order_is_told)
{
    static const char *const bad[] = {"no_such_point crash",  POINT,
                                      POINT " explode",       POINT " crash after",
                                      POINT " crash after x", POINT " crash sometimes 3",
                                      "without " POINT,       "restore crash"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        arm(bad[i]);
        fault_point_passed(POINT);
        ck_assert_msg(log_lines("refused", bad[i]) == 1, "%s", bad[i]);
    }
}
END_TEST

/* ---- the table ---- */

struct name {
    const char *name;
    unsigned used;
};
#define ROW(name, words) {name, 0},
static struct name points[] = {FAULT_POINTS(ROW)};
static struct name protections[] = {PROTECTIONS(ROW)};
static char unknown[512];

static void found(struct name *names, size_t count, const char *name, size_t length,
                  const char *file)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i].name) == length && strncmp(names[i].name, name, length) == 0) {
            names[i].used++;
            return;
        }
    snprintf(unknown, sizeof(unknown), "%.*s in %s", (int)length, name, file);
}

static void find_uses(const char *text, const char *call, struct name *names, size_t count,
                      const char *file)
{
    for (const char *at = text; (at = strstr(at, call)); at++) {
        const char *name = at + strlen(call);

        found(names, count, name, strcspn(name, "\""), file);
    }
}

static int read_source(const char *path, const struct stat *about, int type, struct FTW *where)
{
    size_t length = strlen(path);
    char *text;

    (void)about;
    (void)where;
    if (type != FTW_F || length < 2 || strcmp(path + length - 2, ".c") != 0)
        return 0;
    text = file_read(path, (size_t)4 << 20, NULL, NULL);
    ck_assert_ptr_nonnull(text);
    find_uses(text, "FAULT_POINT(\"", points, sizeof(points) / sizeof(points[0]), path);
    find_uses(text, "PROTECTION(\"", protections, sizeof(protections) / sizeof(protections[0]),
              path);
    free(text);
    return 0;
}

START_TEST(names_in_code_and_table_are_the_same)
{
    static const char *const storeys[] = {"common", "proto", "rules", "controller", "agent", "cli"};
    char path[512];

    for (size_t i = 0; i < sizeof(storeys) / sizeof(storeys[0]); i++) {
        snprintf(path, sizeof(path), TEST_DIR "/../%s", storeys[i]);
        nftw(path, read_source, 16, FTW_PHYS);
    }
    ck_assert_msg(unknown[0] == '\0', "not in common/fault_names.h: %s", unknown);
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
        ck_assert_msg(points[i].used > 0, "no code passes %s", points[i].name);
    for (size_t i = 0; i < sizeof(protections) / sizeof(protections[0]); i++)
        ck_assert_msg(protections[i].used == 1, "%s is asked for in %u places", protections[i].name,
                      protections[i].used);
}
END_TEST

CHECK_MAIN_WITH("fault_point", begin, end, without_a_file_nothing_happens,
                crash_kills_once_over_all_lives, after_lets_the_first_ones_pass,
                stop_stops_and_goes_on, delay_holds_each_thread_and_no_other_point,
                times_limits_a_delay, a_running_process_is_armed_and_disarmed,
                an_order_that_stays_keeps_its_count, a_protection_is_left_out_and_told_once,
                what_is_no_order_is_told, names_in_code_and_table_are_the_same)

#else

START_TEST(a_release_has_no_points)
{
    FAULT_POINT("no_such_name");
    ck_assert(PROTECTION("no_such_name"));
}
END_TEST

CHECK_MAIN("fault_point", a_release_has_no_points)

#endif
