/* The table of phases: names, edges with their sentences, and that every stop has words for an
 * operator. */
#include <string.h>

#include "agent/run/task_steps.h"
#include "tests/support/check_main.h"

START_TEST(unknown_name_is_no_phase)
{
    enum run_phase phase;

    ck_assert_int_eq(run_phase_parse("boiling", &phase), -1);
    ck_assert_int_eq(run_phase_parse(NULL, &phase), -1);
}
END_TEST

START_TEST(names_go_both_ways)
{
    for (int i = 0; i < PHASE_COUNT; i++) {
        enum run_phase phase;

        ck_assert_int_eq(run_phase_parse(run_phase_name((enum run_phase)i), &phase), 0);
        ck_assert_int_eq(phase, i);
    }
}
END_TEST

START_TEST(no_edge_leads_past_the_off_or_back_from_the_restore)
{
    ck_assert_ptr_null(run_phase_edge(PHASE_SNAPSHOT, PHASE_ON));
    ck_assert_ptr_null(run_phase_edge(PHASE_OFF, PHASE_ON));
    for (int to = 0; to < PHASE_COUNT; to++) {
        if (to != PHASE_ENDED)
            ck_assert_ptr_null(run_phase_edge(PHASE_RESTORE, (enum run_phase)to));
        ck_assert_ptr_null(run_phase_edge(PHASE_ENDED, (enum run_phase)to));
    }
}
END_TEST

START_TEST(every_phase_that_touched_the_machine_leads_to_the_restore_only)
{
    static const enum run_phase touched[] = {PHASE_OFF, PHASE_BOOT_DEVICE, PHASE_ON, PHASE_BOOT,
                                             PHASE_SESSION};

    for (size_t i = 0; i < sizeof(touched) / sizeof(touched[0]); i++) {
        ck_assert_ptr_nonnull(run_phase_edge(touched[i], PHASE_RESTORE));
        ck_assert_ptr_null(run_phase_edge(touched[i], PHASE_ENDED));
    }
}
END_TEST

START_TEST(each_sighting_is_a_step_and_each_stop_has_words)
{
    for (int kind = SIGHTING_DHCP_DISCOVER; kind <= SIGHTING_REFUSED; kind++)
        ck_assert_ptr_nonnull(boot_step_of((enum boot_sighting_kind)kind));
    for (int stage = STAGE_NONE; stage <= STAGE_INITRD; stage++) {
        const struct boot_stop *stop = boot_stop_after((enum boot_stage)stage);

        ck_assert_uint_gt(strlen(stop->step), 0);
        ck_assert_uint_gt(strlen(stop->cause), 10);
        ck_assert_uint_gt(strlen(stop->remedy), 10);
    }
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        ck_assert_ptr_nonnull(run_step_at((enum run_phase)phase, STAGE_NONE));
    ck_assert_str_eq(run_step_at(PHASE_BOOT, STAGE_KERNEL), "http_initrd");
    ck_assert_str_eq(boot_stop_after(STAGE_DHCP)->step, "tftp");
    ck_assert_int_eq(boot_stage_of(SIGHTING_REFUSED), STAGE_NONE);
}
END_TEST

CHECK_MAIN("task_steps", unknown_name_is_no_phase, names_go_both_ways,
           no_edge_leads_past_the_off_or_back_from_the_restore,
           every_phase_that_touched_the_machine_leads_to_the_restore_only,
           each_sighting_is_a_step_and_each_stop_has_words)
