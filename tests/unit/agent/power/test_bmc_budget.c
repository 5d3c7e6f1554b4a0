/* How often a BMC may be asked; time is the test's. */
#include "agent/power/bmc_budget.h"
#include "tests/support/check_main.h"

START_TEST(burst_goes_at_once_and_the_rest_at_its_rate)
{
    struct bmc_budget budget = {0};
    int64_t now = 1000;

    for (int i = 0; i < BMC_BURST; i++) {
        ck_assert_int_eq(bmc_budget_next_ms(&budget, now), now);
        bmc_budget_take(&budget, now);
        bmc_budget_ended(&budget, true, now);
    }
    ck_assert_int_eq(bmc_budget_next_ms(&budget, now), now + BMC_REFILL_MS);
    now += BMC_REFILL_MS;
    ck_assert_int_eq(bmc_budget_next_ms(&budget, now), now);
    bmc_budget_take(&budget, now);
    ck_assert_int_eq(bmc_budget_next_ms(&budget, now), now + BMC_REFILL_MS);
    /* An hour of rest is no more than one burst. */
    now += 3600000;
    for (int i = 0; i < BMC_BURST; i++) {
        ck_assert_int_eq(bmc_budget_next_ms(&budget, now), now);
        bmc_budget_take(&budget, now);
    }
    ck_assert_int_gt(bmc_budget_next_ms(&budget, now), now);
}
END_TEST

START_TEST(spacing_counts_from_the_end_of_a_command)
{
    struct bmc_budget budget = {.spacing_ms = 5000};

    ck_assert_int_eq(bmc_budget_next_ms(&budget, 1000), 1000);
    bmc_budget_take(&budget, 1000);
    bmc_budget_ended(&budget, true, 4000);
    ck_assert_int_eq(bmc_budget_next_ms(&budget, 4000), 9000);
    ck_assert_int_eq(bmc_budget_next_ms(&budget, 9000), 9000);
}
END_TEST

START_TEST(silence_slows_it_down_until_it_answers)
{
    struct bmc_budget budget = {0};

    for (int i = 0; i < BMC_SILENT_SLOW - 1; i++)
        bmc_budget_ended(&budget, false, 1000);
    ck_assert_int_eq(bmc_budget_next_ms(&budget, 1000), 1000); /* one may get lost */
    bmc_budget_ended(&budget, false, 2000);
    ck_assert_int_eq(bmc_budget_next_ms(&budget, 2000), 2000 + BMC_SLOW_SPACING_MS);
    bmc_budget_ended(&budget, true, 8000);
    ck_assert_int_eq(bmc_budget_next_ms(&budget, 8000), 8000);
}
END_TEST

START_TEST(clock_that_stands_still_gives_nothing)
{
    struct bmc_budget budget = {0};

    for (int i = 0; i < 2 * BMC_BURST; i++)
        bmc_budget_take(&budget, 5);
    ck_assert_int_eq(bmc_budget_next_ms(&budget, 5), 5 + BMC_REFILL_MS);
}
END_TEST

CHECK_MAIN("bmc_budget", burst_goes_at_once_and_the_rest_at_its_rate,
           spacing_counts_from_the_end_of_a_command, silence_slows_it_down_until_it_answers,
           clock_that_stands_still_gives_nothing)
