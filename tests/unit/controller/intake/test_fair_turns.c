/* Among tenants that wait, who had less done comes first. */
#include "controller/intake/fair_turns.h"
#include "tests/support/check_main.h"

static struct uuid tenant(uint8_t number)
{
    return (struct uuid){.bytes = {[15] = number}};
}

START_TEST(a_storm_waits_for_who_has_little)
{
    struct fair_turns *turns = fair_turns_create(NULL);
    struct uuid storm = tenant(1), quiet = tenant(2);

    for (int i = 0; i < 10; i++)
        fair_turns_give(turns, &storm, 1000);
    /* Ten batches later the quiet one comes, and goes ahead of the eleventh. */
    ck_assert_uint_lt(fair_turns_tag(turns, &quiet), fair_turns_tag(turns, &storm));
    fair_turns_give(turns, &quiet, 1);
    ck_assert_uint_lt(fair_turns_tag(turns, &quiet), fair_turns_tag(turns, &storm));
    fair_turns_destroy(turns);
}
END_TEST

START_TEST(idleness_earns_no_credit)
{
    struct fair_turns *turns = fair_turns_create(NULL);
    struct uuid busy = tenant(1), idle = tenant(2);
    int got = 0;

    fair_turns_give(turns, &idle, 1);
    for (int i = 0; i < 100; i++)
        fair_turns_give(turns, &busy, 1000);
    /* From now on both wait all the time: they take turns. */
    for (int i = 0; i < 100; i++) {
        bool first = fair_turns_tag(turns, &idle) <= fair_turns_tag(turns, &busy);

        fair_turns_give(turns, first ? &idle : &busy, 1000);
        got += first;
    }
    ck_assert_int_ge(got, 49);
    ck_assert_int_le(got, 51);
    fair_turns_destroy(turns);
}
END_TEST

START_TEST(many_share_alike)
{
    struct fair_turns *turns = fair_turns_create(NULL);
    int got[40] = {0};

    for (int i = 0; i < 4000; i++) {
        int best = 0;

        for (int t = 1; t < 40; t++) {
            struct uuid a = tenant((uint8_t)t), b = tenant((uint8_t)best);

            if (fair_turns_tag(turns, &a) < fair_turns_tag(turns, &b))
                best = t;
        }
        struct uuid chosen = tenant((uint8_t)best);

        fair_turns_give(turns, &chosen, best % 2 ? 100 : 200);
        got[best]++;
    }
    for (int t = 0; t < 40; t++) {
        ck_assert_int_ge(got[t] * (t % 2 ? 100 : 200), 4000 * 150 / 40 * 8 / 10);
        ck_assert_int_le(got[t] * (t % 2 ? 100 : 200), 4000 * 150 / 40 * 12 / 10);
    }
    fair_turns_destroy(turns);
}
END_TEST

CHECK_MAIN("fair_turns", a_storm_waits_for_who_has_little, idleness_earns_no_credit,
           many_share_alike)
