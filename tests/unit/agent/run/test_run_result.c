/* The beginning and the end of a run where memory ends in the middle: nothing stays half. */
#include "tests/support/agent_bench.h"
#include "tests/support/check_main.h"
#include "tests/support/scarce_memory.h"

static void begin(void)
{
    bench_begin();
    orders_boot(&bench.orders, 5);
}

static void end(void)
{
    bench_end();
}

/* An accepted run, in whose end the allocation 'at' fails. False: there were fewer. */
static bool ends_although_memory_ends(unsigned at, void (*finish)(struct boot_run *run),
                                      const char *word)
{
    struct boot_run *run;

    bench.files = ERROR_UNAVAILABLE; /* it waits for them */
    bench_order();
    bench_until("stage_image:started");
    bench_settle();
    run = boot_run_find(bench.runner, &bench.orders.task);
    ck_assert_int_eq(run->phase, PHASE_ACCEPTED);
    if (strcmp(word, "result") == 0)
        ck_assert(boot_run_set_text(&run->row.outcome, "cancelled"));
    scarce_fired = false;
    scarce_left = at;
    finish(run);
    scarce_left = 0;
    bench_until_ended();
    ck_assert_msg(bench_count(word) == 1, "allocation %u: %u times %s", at, bench_count(word),
                  word);
    return scarce_fired;
}

static void write_result(struct boot_run *run)
{
    run_result_write(run, "none");
}

static void give_back(struct boot_run *run)
{
    run->start_by_ms = bench.now_ms;
    run_result_release(run, "too late");
}

static void end_without_memory(void (*finish)(struct boot_run *run), const char *word)
{
    for (unsigned at = 1; ends_although_memory_ends(at, finish, word); at++) {
        end();
        begin();
    }
}

START_TEST(result_is_said_although_memory_ends)
{
    end_without_memory(write_result, "result");
}
END_TEST

START_TEST(release_is_said_although_memory_ends)
{
    end_without_memory(give_back, "released");
}
END_TEST

START_TEST(order_that_memory_ends_for_keeps_no_machine)
{
    struct boot_run *run = NULL;
    bool fired = true;

    for (unsigned at = 1; fired; at++) {
        bench_order();
        scarce_fired = false;
        scarce_left = at;
        task_runner_turn(bench.runner);
        scarce_left = 0;
        fired = scarce_fired;
        bench_settle();
        run = boot_run_find(bench.runner, &bench.orders.task);
        ck_assert_msg(!run || bench_has("accepted@5"), "allocation %u", at);
        end();
        begin();
    }
}
END_TEST

CHECK_MAIN_WITH("run_result", begin, end, result_is_said_although_memory_ends,
                release_is_said_although_memory_ends, order_that_memory_ends_for_keeps_no_machine)
