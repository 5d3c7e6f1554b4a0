/* A machine of which nothing is seen: what is tried, in which order, how often, and what a
 * restarted agent makes of each rung. The scripted BMC's calls are the oracle.
 */
#include "agent/run/boot_ladder.h"
#include "tests/support/check_main.h"
#include "tests/support/former_life.h"

static void begin(void)
{
    bench_begin();
    orders_boot(&bench.orders, 5);
    bench.orders.bmc.driver = (char *)"scripted";
    bench.orders.boot.deadline_s = 7200;
}

static void end(void)
{
    journal_task_clear(&former_row);
    bench_end();
}

static unsigned occurrences(const char *text, const char *word)
{
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, word)); at++)
        count++;
    return count;
}

/* The state of an intent, "" when it was never written. */
static void expect_intent(const char *step, unsigned attempt, const char *state)
{
    struct journal_intents intents;
    const char *found = "";

    ck_assert_int_eq(task_journal_intents(bench.rooms.journal, &bench.orders.task, &intents, NULL),
                     0);
    for (size_t i = 0; i < intents.count; i++)
        if (intents.items[i].attempt == attempt && strcmp(intents.items[i].step, step) == 0)
            found = intents.items[i].state;
    ck_assert_msg(strcmp(found, state) == 0, "%s of attempt %u is '%s'", step, attempt, found);
    journal_intents_free(&intents);
}

/* ---- the table ---- */

START_TEST(rungs_are_five_and_the_first_and_last_switch)
{
    ck_assert_ptr_null(boot_rung_of(0));
    ck_assert_ptr_null(boot_rung_of(BOOT_ATTEMPTS_MAX + 1));
    ck_assert(boot_rung_of(1)->switches);
    ck_assert(!boot_rung_of(2)->switches);
    ck_assert(boot_rung_of(4)->holds_off);
    for (unsigned attempt = 1; attempt <= BOOT_ATTEMPTS_MAX; attempt++)
        ck_assert_int_eq(boot_rung_of(attempt)->resets_bmc, attempt == BOOT_ATTEMPTS_MAX);
}
END_TEST

/* ---- climbing ---- */

START_TEST(each_rung_is_climbed_once_and_then_it_fails_with_its_cause)
{
    bench_order();
    bench_until("result");
    ck_assert_str_eq(bmc.calls, "power:off device:pxe power:on " /* first boot */
                                "device:pxe "
                                "power:off device:pxe power:on "
                                "power:off device:pxe power:on "
                                "reset power:off device:pxe power:on "
                                "power:off device:none "); /* the restore */
    bench_expect_result("failed", "", "done", "dhcp",
                        "5 attempts were made: first boot, boot device set again, off and on "
                        "again, cold start, BMC reset");
    for (unsigned attempt = 1; attempt <= BOOT_ATTEMPTS_MAX; attempt++)
        expect_intent("bmc_on", attempt, attempt == 2 ? "" : "done");
    expect_intent("bmc_reset", 5, "done");
    ck_assert_uint_eq(bench_count("escalation:started"), 4);
}
END_TEST

START_TEST(cold_start_stays_off_for_its_time)
{
    int64_t off_ms;

    bench.runner->settings.cold_off_ms = 77000;
    bench_order();
    bench_until_count("bmc_off:done", 3);
    off_ms = bench.now_ms;
    bench_until_count("bmc_on:done", 3);
    ck_assert_int_ge(bench.now_ms - off_ms, 77000);
    ck_assert_int_lt(bench.now_ms - off_ms, 80000);
}
END_TEST

START_TEST(machine_that_comes_late_is_not_switched_again)
{
    bench_order();
    bench_until("bmc_on:done");
    bench.now_ms += 3 * 60000;
    bench_sight(SIGHTING_DHCP_DISCOVER);
    bench.now_ms += 10 * 60000; /* past the first sight's time: it was seen */
    bench_settle();
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_uint_eq(bmc.ons, 1);
    ck_assert(!bench_has("escalation:started"));
}
END_TEST

START_TEST(machine_that_was_seen_and_stuck_is_not_escalated)
{
    bench_order();
    bench_until("bmc_on:done");
    bench_sight(SIGHTING_TFTP);
    bench_until("result");
    ck_assert_uint_eq(bmc.ons, 1);
    bench_expect_result("failed", "", "done", "http_script", "one attempt was made");
}
END_TEST

START_TEST(boot_device_set_again_is_enough)
{
    bench_order();
    bench_until_count("bmc_boot_device:done", 2);
    bench_settle();
    bench_sight(SIGHTING_DHCP_DISCOVER);
    bench.session_attempt = 2; /* the offer, and its token, are the first attempt's still */
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_uint_eq(bench_report(1, "passed"), 200);
    bench_until("result");
    bench_expect_result("succeeded", "passed", "done", "", "");
    ck_assert_uint_eq(bmc.ons, 1);
}
END_TEST

START_TEST(third_attempt_has_a_token_of_its_own)
{
    bench_order();
    bench_until_count("bmc_on:done", 2);
    bench_sight(SIGHTING_DHCP_DISCOVER);
    ck_assert_uint_eq(bench_hello(1), 403); /* a machine of the attempt before */
    bench.token_attempt = bench.session_attempt = 3;
    ck_assert_uint_eq(bench_hello(2), 200);
    ck_assert_uint_eq(bench_report(2, "passed"), 200);
    bench_until("result");
    bench_expect_result("succeeded", "passed", "done", "", "");
    ck_assert_uint_eq(bmc.ons, 2);
}
END_TEST

START_TEST(power_on_without_effect_leaves_the_boot_device_rung_out)
{
    bmc.ignores_on = bmc.reset_cures = true;
    bench_order();
    bench_until("bmc_on:done");
    ck_assert_uint_eq(bmc.ons, 4); /* attempts 1, 3, 4, and 5 behind the reset */
    ck_assert_uint_eq(bmc.resets, 1);
    expect_intent("bmc_on", 1, "no_effect");
    expect_intent("bmc_boot_device", 2, "");
    expect_intent("bmc_on", 4, "no_effect");
    expect_intent("bmc_on", 5, "done");
}
END_TEST

START_TEST(machine_that_falls_off_unseen_is_switched_on_again)
{
    bench_order();
    bench_until("bmc_on:done");
    bmc_set(POWER_OFF, BOOT_DEVICE_NONE);
    bench_until_count("bmc_on:done", 2);
    ck_assert_uint_eq(bmc.ons, 2);
    expect_intent("bmc_boot_device", 2, "");
    expect_intent("bmc_on", 3, "done");
}
END_TEST

START_TEST(machine_that_falls_off_climbs_once_for_it)
{
    const struct boot_run *run;

    bench_order();
    bench_until("bmc_on:done");
    run = bench.runner->runs;
    bmc_set(POWER_OFF, BOOT_DEVICE_NONE);
    for (int turns = 0; run->row.attempt == 1; turns++) {
        int64_t next = task_runner_turn(bench.runner);

        ck_assert_int_lt(turns, 1000);
        if (run->row.attempt > 1)
            break;
        if (bench_busy())
            task_runner_wait(bench.runner, 1000);
        else
            bench.now_ms += next > 0 ? next : 0;
    }
    /* The raised attempt is not back from the journal: no second look may find it off again. */
    ck_assert_uint_eq(run->row.attempt, 3);
    ck_assert_int_eq(run->bmc.at, BMC_IDLE);
    bench_until_count("bmc_on:done", 2);
    ck_assert_uint_eq(bench_count("escalation:started"), 1);
}
END_TEST

START_TEST(bmc_that_refuses_its_reset_ends_it)
{
    bench_order();
    bench_until_count("bmc_on:done", 3);
    bmc.fail_sets = 1;
    bench_until("bmc_reset:failed");
    bench_until("result");
    bench_expect_result("failed", "", "done", "bmc_reset", "could not be reset");
    ck_assert_uint_eq(bmc.ons, 3);
    ck_assert_int_eq(bmc.power, POWER_OFF);
}
END_TEST

START_TEST(deadline_bounds_the_ladder)
{
    bench.orders.boot.deadline_s = 600;
    bench_order();
    bench_until("result");
    bench_expect_result("failed", "", "done", "dhcp", "4 attempts were made");
    ck_assert_uint_eq(bmc.ons, 3);
    ck_assert_uint_eq(bmc.resets, 0);
    ck_assert_int_lt(bench.now_ms, 605000);
}
END_TEST

START_TEST(cancel_in_the_cold_pause_puts_the_machine_back)
{
    bench_order();
    bench_until_count("bmc_off:done", 3);
    bench_settle();
    bench_cancel();
    bench_until("result");
    bench_expect_result("cancelled", "", "done", "bmc_off", "changed my mind");
    ck_assert_uint_eq(bmc.ons, 2);
    ck_assert_int_eq(bmc.device, BOOT_DEVICE_NONE);
}
END_TEST

/* ---- a restart on a rung ---- */

START_TEST(on_without_effect_is_followed_by_the_next_attempt)
{
    struct journal_batch *batch = former_life(1);

    former_attempt(batch, 1, "intent");
    former_token(1);
    former_restart(batch);
    bench_until("bmc_on:done");
    ck_assert_str_eq(bmc.calls, "power:off device:pxe power:on ");
    expect_intent("bmc_on", 1, "no_effect");
    expect_intent("bmc_on", 3, "done");
    bench.token_attempt = bench.session_attempt = 3;
    ck_assert_uint_eq(bench_hello(1), 200);
}
END_TEST

START_TEST(closed_without_effect_right_before_the_restart)
{
    struct journal_batch *batch = former_life(1);

    former_attempt(batch, 1, "no_effect");
    former_token(1);
    former_restart(batch);
    bench_until("bmc_on:done");
    ck_assert_uint_eq(bmc.ons, 1);
    expect_intent("bmc_on", 3, "done");
}
END_TEST

START_TEST(attempt_was_raised_and_nothing_was_begun)
{
    struct journal_batch *batch = former_life(3);

    former_attempt(batch, 1, "done");
    former_intent(batch, "bmc_boot_device", 2, "done");
    former_token(1);
    bmc_set(POWER_ON, BOOT_DEVICE_PXE);
    former_restart(batch);
    bench_until("bmc_on:done");
    ck_assert_str_eq(bmc.calls, "power:off device:pxe power:on ");
    expect_intent("bmc_on", 3, "done");
}
END_TEST

START_TEST(machine_seen_behind_the_restart_is_not_switched_off_by_a_raised_attempt)
{
    struct journal_batch *batch = former_life(3);

    former_attempt(batch, 1, "done");
    former_intent(batch, "bmc_boot_device", 2, "done");
    former_token(1);
    bmc_set(POWER_ON, BOOT_DEVICE_PXE);
    former_restart(batch);
    bench_settle();
    bench_sight(SIGHTING_TFTP); /* before the BMC is looked at */
    bench.now_ms += bench.runner->settings.inspect_after_ms;
    bench_settle();
    ck_assert_str_eq(bmc.calls, "");
    bench.session_attempt = 3; /* the token is the first attempt's still */
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_uint_eq(bench_report(1, "passed"), 200);
    bench_until("result");
    bench_expect_result("succeeded", "passed", "done", "", "");
    ck_assert_uint_eq(bmc.ons, 0);
}
END_TEST

START_TEST(boot_device_of_the_second_attempt_serves_on_with_the_first_token)
{
    struct journal_batch *batch = former_life(2);

    former_attempt(batch, 1, "done");
    former_intent(batch, "bmc_boot_device", 2, "intent");
    former_token(1);
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    former_restart(batch);
    bench_until("bmc_boot_device:done");
    bench_settle();
    ck_assert_str_eq(bmc.calls, "device:pxe ");
    bench_sight(SIGHTING_DHCP_DISCOVER);
    bench.session_attempt = 2;
    ck_assert_uint_eq(bench_hello(1), 200);
    ck_assert_uint_eq(bench_report(1, "passed"), 200);
    bench_until("result");
    bench_expect_result("succeeded", "passed", "done", "", "");
    ck_assert_uint_eq(bmc.ons, 0);
}
END_TEST

START_TEST(waiting_on_the_second_attempt_goes_on_waiting)
{
    struct journal_batch *batch = former_life(2);

    former_attempt(batch, 1, "done");
    former_intent(batch, "bmc_boot_device", 2, "done");
    former_token(1);
    bmc_set(POWER_ON, BOOT_DEVICE_PXE);
    former_restart(batch);
    bench_until("escalation:started");
    ck_assert_str_eq(bmc.calls, "");
    bench_until("bmc_on:done");
    expect_intent("bmc_on", 3, "done");
}
END_TEST

START_TEST(cold_pause_is_kept_whole_after_a_restart)
{
    struct journal_batch *batch = former_life(4);
    int64_t begun;

    bench.settings.cold_off_ms = 60000;
    former_attempt(batch, 1, "done");
    former_attempt(batch, 3, "done");
    former_intent(batch, "bmc_off", 4, "intent");
    former_restart(batch);
    begun = bench.now_ms;
    bench_until("bmc_on:done");
    ck_assert_str_eq(bmc.calls, "device:pxe power:on ");
    ck_assert_int_ge(bench.now_ms - begun, 60000);
}
END_TEST

START_TEST(bmc_is_never_reset_twice)
{
    struct journal_batch *batch = former_life(5);

    former_attempt(batch, 1, "done");
    former_attempt(batch, 3, "done");
    former_attempt(batch, 4, "done");
    former_intent(batch, "bmc_reset", 5, "intent");
    bmc_set(POWER_ON, BOOT_DEVICE_NONE);
    former_restart(batch);
    bench_until("bmc_on:done");
    ck_assert_str_eq(bmc.calls, "power:off device:pxe power:on ");
    expect_intent("bmc_reset", 5, "done");
    bench_until("result");
    bench_expect_result("failed", "", "done", "dhcp", "4 attempts were made: first boot, off and");
}
END_TEST

START_TEST(off_of_a_later_attempt_that_reads_on_is_uncertain)
{
    struct journal_batch *batch = former_life(3);

    former_attempt(batch, 1, "done");
    former_intent(batch, "bmc_off", 3, "intent");
    bmc_set(POWER_ON, BOOT_DEVICE_PXE);
    former_restart(batch);
    bench_until("result");
    bench_expect_order("uncertain:bmc_off result");
    /* Our boot may still run: it is seen off before the boot device is put back. */
    ck_assert_str_eq(bmc.calls, "power:off device:none ");
    bench_expect_result("failed", "", "done", "bmc_off", "2 attempts were made");
}
END_TEST

START_TEST(last_attempt_without_effect_ends_it)
{
    struct journal_batch *batch = former_life(5);

    former_attempt(batch, 1, "no_effect");
    former_intent(batch, "bmc_reset", 5, "done");
    former_attempt(batch, 5, "intent");
    former_token(5);
    former_restart(batch);
    bench_until("result");
    bench_expect_result("failed", "", "done", "bmc_on", "no effect (2 attempts were made");
    ck_assert_uint_eq(occurrences(bmc.calls, "power:on"), 0);
}
END_TEST

CHECK_MAIN_WITH("boot_ladder", begin, end, rungs_are_five_and_the_first_and_last_switch,
                each_rung_is_climbed_once_and_then_it_fails_with_its_cause,
                cold_start_stays_off_for_its_time, machine_that_comes_late_is_not_switched_again,
                machine_that_was_seen_and_stuck_is_not_escalated, boot_device_set_again_is_enough,
                third_attempt_has_a_token_of_its_own,
                power_on_without_effect_leaves_the_boot_device_rung_out,
                machine_that_falls_off_unseen_is_switched_on_again,
                machine_that_falls_off_climbs_once_for_it, bmc_that_refuses_its_reset_ends_it,
                deadline_bounds_the_ladder, cancel_in_the_cold_pause_puts_the_machine_back,
                on_without_effect_is_followed_by_the_next_attempt,
                closed_without_effect_right_before_the_restart,
                attempt_was_raised_and_nothing_was_begun,
                machine_seen_behind_the_restart_is_not_switched_off_by_a_raised_attempt,
                boot_device_of_the_second_attempt_serves_on_with_the_first_token,
                waiting_on_the_second_attempt_goes_on_waiting,
                cold_pause_is_kept_whole_after_a_restart, bmc_is_never_reset_twice,
                off_of_a_later_attempt_that_reads_on_is_uncertain,
                last_attempt_without_effect_ends_it)
