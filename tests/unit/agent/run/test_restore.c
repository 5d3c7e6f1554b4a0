/* Every way out of a run leads through the restore: whatever stops it, at whatever step, the
 * machine ends with the boot device and the power it was found with, read back, and the task with
 * one RESULT. What could not be put back is said.
 */
#include "tests/support/agent_bench.h"
#include "tests/support/check_main.h"

static void begin(void)
{
    bench_begin();
    orders_boot(&bench.orders, 5);
    bench.orders.bmc.driver = (char *)"scripted";
}

static void end(void)
{
    bench_end();
}

static void again(void)
{
    end();
    begin();
}

/* A run of a machine found on, as far as this step. */
static const char *const steps[] = {
    "bmc_off:started",
    "bmc_off:done",
    "bmc_boot_device:started",
    "bmc_boot_device:done",
    "bmc_on:started",
    "bmc_on:done",
    "dhcp:seen",
    "http_initrd:seen",
    "phone_home:seen",
    "check:memory:started",
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

static unsigned say_progress(void)
{
    struct phone_home_request *request = bench_say(PHONE_HOME_PROGRESS, 1, "{}");

    strcpy(request->check, "memory");
    strcpy(request->state, "started");
    return bench_request(request);
}

static void reach(size_t step)
{
    bmc_set(POWER_ON, BOOT_DEVICE_DISK);
    bench_order();
    bench_until(step < 6 ? steps[step] : "bmc_on:done");
    if (step >= 6)
        bench_sight(SIGHTING_DHCP_DISCOVER);
    if (step >= 7)
        bench_sight(SIGHTING_INITRD);
    if (step >= 8)
        ck_assert_uint_eq(bench_hello(1), 200);
    if (step >= 9)
        ck_assert_uint_eq(say_progress(), 200);
    ck_assert(bench_has(steps[step]));
}

static void expect_as_found(const char *outcome, const char *step)
{
    Muster__Result *result = bench_result();

    ck_assert_msg(strcmp(result->outcome, outcome) == 0, "%s: %s", step, result->outcome);
    ck_assert_msg(strcmp(result->restore, "done") == 0, "%s: restore %s, %s", step, result->restore,
                  result->cause);
    message_free(result);
    ck_assert_msg(bmc.power == POWER_ON, "%s: it is off", step);
    ck_assert_msg(bmc.device == BOOT_DEVICE_DISK, "%s: its boot device is %s", step,
                  boot_device_name(bmc.device));
    ck_assert_uint_eq(bench_count("result"), 1);
    ck_assert_ptr_null(boot_offers_find_task(bench.rooms.offers, &bench.orders.task));
}

START_TEST(cancel_at_each_step)
{
    for (size_t i = 0; i < STEPS; i++, again()) {
        reach(i);
        bench_cancel();
        bench_until_ended();
        ck_assert(bench_has("cancel:cancelled"));
        expect_as_found("cancelled", steps[i]);
    }
}
END_TEST

START_TEST(off_is_given_behind_an_on_that_was_never_read)
{
    bmc_set(POWER_OFF, BOOT_DEVICE_DISK);
    bmc.ignores_on = true; /* it takes its time */
    bench_order();
    bench_until("bmc_on:started");
    bench_settle();
    ck_assert_uint_eq(bmc.ons, 1);
    bench_cancel();
    bench_until_ended();
    ck_assert_str_eq(bmc.calls, "power:off device:pxe power:on power:off device:disk ");
    bench_expect_result("cancelled", "", "done", "bmc_on", "changed my mind");
}
END_TEST

/* It answers OK, reads back on for a while, and goes off. */
static void begin_slow_off(void)
{
    bmc_set(POWER_ON, BOOT_DEVICE_DISK);
    bmc.off_takes = 20;
    bench_order();
    bench_until("bmc_off:started");
    bench_settle();
    ck_assert_uint_eq(bmc.offs, 1);
    ck_assert_int_eq(bmc.power, POWER_ON);
}

static void expect_on_for_good(const char *outcome)
{
    bench_until_ended();
    expect_as_found(outcome, "slow off");
    ck_assert_uint_eq(bmc.off_left, 0); /* nothing is under way that would switch it off again */
}

START_TEST(machine_that_goes_off_late_is_switched_on_again)
{
    begin_slow_off();
    bench_cancel();
    expect_on_for_good("cancelled");
}
END_TEST

START_TEST(machine_that_goes_off_late_is_switched_on_again_behind_a_restart)
{
    begin_slow_off();
    bench_cancel();
    bench_until("restore_power:started");
    bench_settle();
    bench_stop();
    bench_start();
    expect_on_for_good("cancelled");
}
END_TEST

START_TEST(off_that_was_never_given_leaves_the_machine_on)
{
    const struct boot_run *run;

    bmc_set(POWER_ON, BOOT_DEVICE_DISK);
    bench_order();
    do {
        task_runner_turn(bench.runner);
        run = boot_run_find(bench.runner, &bench.orders.task);
    } while (!run || run->phase != PHASE_OFF);
    occupy_bmc(); /* its intent is on its way to the disk */
    do
        task_runner_turn(bench.runner);
    while (run->bmc.at != BMC_COMMAND);
    bench_cancel();
    task_runner_turn(bench.runner);
    ck_assert_int_eq(run->phase, PHASE_RESTORE);
    let_bmc_go();
    bench_until_ended();
    expect_as_found("cancelled", "before off");
    ck_assert_uint_eq(bmc.offs, 0);
}
END_TEST

START_TEST(deadline_at_each_step)
{
    for (size_t i = 0; i < STEPS; i++, again()) {
        bench.orders.boot.deadline_s = 30;
        reach(i);
        bench.now_ms += 31000;
        bench_until_ended();
        expect_as_found("failed", steps[i]);
    }
}
END_TEST

START_TEST(restart_at_each_step_and_a_cancel_behind_it)
{
    for (size_t i = 0; i < STEPS; i++, again()) {
        reach(i);
        bench_settle();
        bench_stop();
        bench_start();
        bench_cancel();
        bench_until_ended();
        expect_as_found("cancelled", steps[i]);
    }
}
END_TEST

START_TEST(restart_in_the_restore)
{
    static const char *const inside[] = {"restore_power:started", "restore_boot_device:started",
                                         "restore_boot_device:done"};

    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++, again()) {
        reach(8);
        bench_cancel();
        bench_until(inside[i]);
        bench_stop();
        bench_start();
        bench_until_ended();
        expect_as_found("cancelled", inside[i]);
    }
}
END_TEST

START_TEST(expired_before_the_start_leaves_the_machine_alone)
{
    bmc_set(POWER_ON, BOOT_DEVICE_DISK);
    bench.connected = false;
    bench.orders.boot.expires_at_us = ORDERS_NOW_US + 10000000;
    bench_order();
    bench_until("result");
    bench_expect_result("expired", "", "none", "", "last moment");
    ck_assert_str_eq(bmc.calls, "");
}
END_TEST

START_TEST(power_is_not_called_back_where_it_was_left)
{
    Muster__Result *result;

    reach(5);
    bmc.ignores_device = true;
    bench_cancel();
    bench_until_ended();
    ck_assert_int_eq(bmc.power, POWER_OFF); /* it would start from the network */
    ck_assert(bench_has("restore_boot_device:failed"));
    ck_assert(bench_has("restore_power:failed"));
    ck_assert(!bench_has("restore_power:done"));
    result = bench_result();
    ck_assert_str_eq(result->restore, "failed");
    ck_assert_ptr_nonnull(strstr(result->cause, "restore failed: boot device"));
    message_free(result);
}
END_TEST

START_TEST(power_is_back_where_only_the_boot_device_is_not)
{
    bmc_set(POWER_OFF, BOOT_DEVICE_DISK);
    bench_order();
    bench_until("bmc_on:done");
    bmc.ignores_device = true;
    bench_cancel();
    bench_until_ended();
    ck_assert_int_eq(bmc.power, POWER_OFF);
    ck_assert(bench_has("restore_boot_device:failed"));
    ck_assert(bench_has("restore_power:done"));
}
END_TEST

START_TEST(restore_in_which_five_lives_died_claims_no_power)
{
    reach(5);
    bench_settle();
    bmc.ignores_off = true;
    bench_cancel();
    for (unsigned life = 1; life <= 5; life++) {
        bench_until_count("restore_power:started", life);
        bench_settle();
        bench_stop();
        bench_start();
    }
    bench_until_ended();
    bench_expect_result("cancelled", "", "failed", "dhcp", "restarted 5 times");
    ck_assert(bench_has("restore_power:failed"));
    ck_assert(!bench_has("restore_power:done"));
}
END_TEST

static void kill_bmc(bool dead)
{
    pthread_mutex_lock(&bmc.lock);
    bmc.dead = dead;
    pthread_mutex_unlock(&bmc.lock);
}

START_TEST(bmc_that_stops_answering_is_a_restore_that_failed)
{
    for (size_t i = 0; i < STEPS; i++, again()) {
        Muster__Result *result;

        reach(i);
        kill_bmc(true);
        bench_cancel();
        bench_until_ended();
        result = bench_result();
        ck_assert_msg(strcmp(result->restore, "failed") == 0, "%s: %s", steps[i], result->restore);
        ck_assert_msg(strstr(result->cause, "restore failed: ") != NULL, "%s", result->cause);
        ck_assert_str_ne(result->remedy, "");
        message_free(result);
        kill_bmc(false);
    }
}
END_TEST

START_TEST(bmc_that_comes_back_in_time_is_none)
{
    reach(8);
    kill_bmc(true);
    bench_cancel();
    bench_until("restore_power:started");
    bench.now_ms += 20000;
    task_runner_turn(bench.runner);
    kill_bmc(false);
    bench_until_ended();
    expect_as_found("cancelled", "back again");
}
END_TEST

START_TEST(machine_that_resets_in_the_middle_is_put_back)
{
    reach(9);
    bench_sight(SIGHTING_AGAIN);
    bench_until_ended();
    bench_expect_result("failed", "", "done", "report", "started again");
    expect_as_found("failed", "reset");
    ck_assert_uint_eq(bmc.ons, 2); /* its boot, and the restore's */
}
END_TEST

START_TEST(offer_is_used_up_by_the_phone_home)
{
    const struct boot_offer *offer;

    reach(7);
    offer = boot_offers_find_task(bench.rooms.offers, &bench.orders.task);
    ck_assert(!offer->used);
    boot_offers_release(bench.rooms.offers, offer);
    ck_assert_uint_eq(bench_hello(1), 200);
    offer = boot_offers_find_task(bench.rooms.offers, &bench.orders.task);
    ck_assert(offer->used);
    ck_assert_uint_eq(offer->initrd_tail_length, 0); /* its token is served no more */
    boot_offers_release(bench.rooms.offers, offer);
    bench_stop();
    bench_start();
    bench_settle();
    offer = boot_offers_find_task(bench.rooms.offers, &bench.orders.task);
    ck_assert(offer->used);
    boot_offers_release(bench.rooms.offers, offer);
}
END_TEST

START_TEST(report_above_its_limit_ends_the_run)
{
    struct phone_home_request *notice;

    reach(9);
    notice = bench_say(PHONE_HOME_REPORT, 1, "");
    notice->too_large = true;
    bench_request(notice);
    bench_until_ended();
    bench_expect_order("report:failed result");
    bench_expect_result("failed", "", "done", "report", "report_too_large");
    expect_as_found("failed", "too large");
}
END_TEST

START_TEST(report_above_its_limit_of_nobody_ends_nothing)
{
    struct phone_home_request *notice;

    reach(9);
    notice = bench_say(PHONE_HOME_REPORT, 2, "");
    notice->too_large = true;
    ck_assert_uint_eq(bench_request(notice), 403);
    ck_assert_uint_eq(bench_report(1, "passed"), 200);
    bench_until_ended();
    expect_as_found("succeeded", "the right one");
}
END_TEST

/* ---- a task that was given up long ago ---- */

#define HOURS_MS (INT64_C(5) * 3600 * 1000)

/* The agent comes back hours behind the task's end; somebody may use the machine by now. */
static void come_back_late(size_t step)
{
    reach(step);
    bench_settle();
    bench_stop();
    bench.connected = false;
    bench.now_ms += HOURS_MS;
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    bmc.calls[0] = '\0';
    bench_start();
}

static void expect_untouched(const char *step)
{
    ck_assert_msg(strcmp(bmc.calls, "") == 0, "%s: %s", step, bmc.calls);
    ck_assert_uint_eq(task_runner_count(bench.runner), 1);
    ck_assert(!bench_has("result"));
}

static void expect_none(const char *step)
{
    Muster__Result *result = bench_result();

    ck_assert_msg(strcmp(result->restore, "none") == 0, "%s: restore %s", step, result->restore);
    ck_assert_str_eq(result->outcome, "failed");
    message_free(result);
}

START_TEST(machine_that_was_released_meanwhile_is_left_alone)
{
    for (size_t i = 0; i < STEPS; i++, again()) {
        come_back_late(i);
        bench_pass_ms(HOURS_MS / 10); /* without a controller */
        expect_untouched(steps[i]);
        bench.connected = true;
        bench_pass_ms(15000);
        expect_untouched(steps[i]);
        bench_say_settled();
        bench_say_released(9);
        bench_until_count("taken", 2);
        bench_expect_order("taken restore_power:failed result taken");
        expect_none(steps[i]);
        ck_assert_str_eq(bmc.calls, "");
    }
}
END_TEST

START_TEST(machine_of_which_nobody_said_anything_is_put_back)
{
    come_back_late(9);
    bench.connected = true;
    bench_pass_ms(15000);
    expect_untouched("within the session's first seconds");
    bench_until_ended();
    expect_as_found("failed", "late");
}
END_TEST

START_TEST(machine_of_a_task_that_was_only_settled_is_put_back)
{
    come_back_late(9);
    bench.connected = true;
    bench_say_settled();
    bench_until("taken");
    expect_untouched("settled");
    bench_until_ended();
    expect_as_found("failed", "late");
}
END_TEST

START_TEST(release_that_is_older_than_the_task_ends_nothing)
{
    come_back_late(9);
    bench.connected = true;
    bench_say_released(4);
    bench_until("refused:old_epoch");
    bench_until_ended();
    expect_as_found("failed", "late");
}
END_TEST

/* Its session is over, and it does not know yet. */
START_TEST(agent_that_slept_waits_for_what_people_said_too)
{
    reach(9);
    bench_settle();
    bmc.calls[0] = '\0';
    bench.now_ms += HOURS_MS;
    bench_pass_ms(15000);
    expect_untouched("it slept");
    bench_say_released(9);
    bench_until_ended();
    ck_assert_str_eq(bmc.calls, "");
}
END_TEST

START_TEST(release_behind_the_restart_of_a_waiting_agent_is_heard)
{
    static const int64_t later_ms[] = {0, 1000, 5000};

    for (size_t i = 0; i < sizeof(later_ms) / sizeof(later_ms[0]); i++, again()) {
        come_back_late(9);
        bench.connected = true;
        bench_pass_ms(5000);
        bench_stop();
        bench_start();
        bench_pass_ms(later_ms[i]);
        expect_untouched("restarted again");
        bench_say_released(9);
        bench_until_ended();
        expect_none("restarted again");
        ck_assert_str_eq(bmc.calls, "");
    }
}
END_TEST

CHECK_MAIN_WITH("restore", begin, end, off_is_given_behind_an_on_that_was_never_read,
                machine_that_goes_off_late_is_switched_on_again,
                machine_that_goes_off_late_is_switched_on_again_behind_a_restart,
                off_that_was_never_given_leaves_the_machine_on, cancel_at_each_step,
                deadline_at_each_step, restart_at_each_step_and_a_cancel_behind_it,
                restart_in_the_restore, expired_before_the_start_leaves_the_machine_alone,
                power_is_not_called_back_where_it_was_left,
                power_is_back_where_only_the_boot_device_is_not,
                restore_in_which_five_lives_died_claims_no_power,
                bmc_that_stops_answering_is_a_restore_that_failed,
                bmc_that_comes_back_in_time_is_none, machine_that_resets_in_the_middle_is_put_back,
                offer_is_used_up_by_the_phone_home, report_above_its_limit_ends_the_run,
                report_above_its_limit_of_nobody_ends_nothing,
                machine_that_was_released_meanwhile_is_left_alone,
                machine_of_which_nobody_said_anything_is_put_back,
                machine_of_a_task_that_was_only_settled_is_put_back,
                release_that_is_older_than_the_task_ends_nothing,
                agent_that_slept_waits_for_what_people_said_too,
                release_behind_the_restart_of_a_waiting_agent_is_heard)
