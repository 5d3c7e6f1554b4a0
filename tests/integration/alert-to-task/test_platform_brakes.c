/* The storm brakes of a site and of the whole fleet, over a real database: boots of all tenants
 * count, one too many stops the site or the fleet, a person lets it go on. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/test_database.h"
#include "tests/support/test_fleet.h"

#include "controller/decide/automation.h"
#include "controller/decide/automation_gate.h"
#include "tests/support/check_main.h"

static struct db *owner, *engine, *api;
static struct test_fleet fleet;
static char why[AUTOMATION_WORDS_SIZE];
static struct error err;

static void set_up(void)
{
    memset(&err, 0, sizeof(err));
    owner = test_connect("muster_owner");
    test_fleet_make(owner, &fleet);
    engine = test_connect("muster_engine");
    api = test_connect("muster_api");
}

static void tear_down(void)
{
    test_sql(owner, "delete from automation_stop; delete from platform_brake");
    db_disconnect(api);
    db_disconnect(engine);
    db_disconnect(owner);
}

/* One transaction of 'tenant' whose rules want 'boots' at 'site'; how many may. */
static int boot(const struct uuid *tenant, const struct uuid *site, int boots)
{
    struct automation_gate *gate;
    int passed = 0;

    ck_assert_int_eq(db_begin_tenant(engine, tenant, &err), 0);
    gate = automation_gate_create(engine, tenant, &err);
    ck_assert_ptr_nonnull(gate);
    for (int i = 0; i < boots; i++) {
        enum automation_passage passage = automation_gate_pass(gate, site, why, &err);

        ck_assert_msg(passage == AUTOMATION_PASSES || passage == AUTOMATION_BRAKED, "%s",
                      error_text(&err));
        passed += passage == AUTOMATION_PASSES;
    }
    ck_assert_msg(automation_gate_close(gate, &err) == 0, "%s", error_text(&err));
    automation_gate_destroy(gate);
    /* What is written behind it is the tenant's again. */
    ck_assert_int_eq(test_number(engine, "select (current_tenant() is not null)::integer"), 1);
    ck_assert_int_eq(db_commit(engine, &err), 0);
    return passed;
}

static void set_brake_per(enum automation_scope scope, const struct uuid *site, int max, int per_s)
{
    struct automation_brake brake = {
        .scope = scope, .max = max, .per_s = per_s, .who = "tester", .reason = "for a test"};

    if (site)
        brake.whose = *site;
    ck_assert_int_eq(db_begin_tenant(api, &PLATFORM_TENANT, &err), 0);
    ck_assert_msg(automation_set_brake(api, &brake, &err) == 0, "%s", error_text(&err));
    ck_assert_int_eq(db_commit(api, &err), 0);
}

static void set_brake(enum automation_scope scope, const struct uuid *site, int max)
{
    set_brake_per(scope, site, max, 600);
}

static int let_go_on(enum automation_scope scope, const struct uuid *site,
                     int (*how)(struct db *, const struct automation_switch *, struct error *))
{
    struct automation_switch wanted = {
        .scope = scope, .on = true, .who = "tester", .reason = "seen"};
    int done;

    if (site)
        wanted.whose = *site;
    ck_assert_int_eq(db_begin_tenant(api, &PLATFORM_TENANT, &err), 0);
    done = how(api, &wanted, &err);
    ck_assert_msg(done >= 0, "%s", error_text(&err));
    ck_assert_int_eq(db_commit(api, &err), 0);
    return done;
}

static int64_t engaged(void)
{
    return test_number(owner, "select count(*) from automation_stop where by_brake and ended_at is "
                              "null and who = 'musterd'");
}

static int64_t audited(void)
{
    return test_number(owner, "select count(*) from audit where action = 'automation.brake' and "
                              "who = 'musterd' and object like 'storm brake of %'");
}

#define OF_SITE "the storm brake of this site is engaged: more than 3 boots by rules in 600 s"
#define OF_FLEET                                                                                   \
    "the storm brake of the whole fleet is engaged: more than 3 boots by rules in 600 s"

START_TEST(boots_of_all_tenants_engage_a_sites)
{
    int64_t before = audited();

    set_brake(AUTOMATION_SITE, &fleet.site, 3);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 2), 2);
    ck_assert_int_eq(boot(&fleet.other_tenant, &fleet.site, 1), 1);
    ck_assert_int_eq(engaged(), 0);
    ck_assert_int_eq(boot(&fleet.other_tenant, &fleet.site, 2), 0);
    ck_assert_str_eq(why, OF_SITE);
    ck_assert_int_eq(engaged(), 1);
    ck_assert_int_eq(audited() - before, 1);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 1), 0);
    ck_assert_str_eq(why, OF_SITE);
    ck_assert_int_eq(audited() - before, 1);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.other_site, 1), 1);
}
END_TEST

START_TEST(boots_at_all_sites_engage_the_fleets)
{
    set_brake(AUTOMATION_FLEET, NULL, 3);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 2), 2);
    ck_assert_int_eq(boot(&fleet.other_tenant, &fleet.other_site, 5), 1);
    ck_assert_str_eq(why, OF_FLEET);
    ck_assert_int_eq(engaged(), 1);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 1), 0);
    ck_assert_str_eq(why, OF_FLEET);
}
END_TEST

/* Both ways on: 'release' is for a brake, 'start' for whatever stands. What was booted before
 * counts no more. */
START_TEST(a_person_lets_it_go_on)
{
    set_brake(AUTOMATION_SITE, &fleet.site, 3);
    ck_assert_int_eq(let_go_on(AUTOMATION_SITE, &fleet.site, automation_release), 0);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 4), 3);
    ck_assert_int_eq(let_go_on(AUTOMATION_SITE, &fleet.other_site, automation_release), 0);
    ck_assert_int_eq(let_go_on(AUTOMATION_FLEET, NULL, automation_release), 0);
    ck_assert_int_eq(let_go_on(AUTOMATION_SITE, &fleet.site, automation_release), 1);
    ck_assert_int_eq(boot(&fleet.other_tenant, &fleet.site, 4), 3);
    ck_assert_int_eq(let_go_on(AUTOMATION_SITE, &fleet.site, automation_switch), 1);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 3), 3);
    ck_assert_int_eq(engaged(), 0);
    ck_assert_int_eq(test_number(owner, "select count(*) from automation_stop where ended_by = "
                                        "'tester' and ended_because = 'seen' and by_brake"),
                     2);
}
END_TEST

START_TEST(a_persons_stop_is_not_released_as_a_brake)
{
    struct automation_switch stop = {
        .scope = AUTOMATION_SITE, .whose = fleet.site, .who = "tester", .reason = "power work"};

    ck_assert_int_eq(db_begin_tenant(api, &PLATFORM_TENANT, &err), 0);
    ck_assert_int_eq(automation_switch(api, &stop, &err), 1);
    ck_assert_int_eq(db_commit(api, &err), 0);
    ck_assert_int_eq(let_go_on(AUTOMATION_SITE, &fleet.site, automation_release), 0);
    ck_assert_int_eq(let_go_on(AUTOMATION_SITE, &fleet.site, automation_switch), 1);
}
END_TEST

/* A person who stops what its brake had stopped already is not to be undone by its release. */
START_TEST(a_persons_stop_takes_the_place_of_a_brakes)
{
    struct automation_switch stop = {
        .scope = AUTOMATION_SITE, .whose = fleet.site, .who = "tester", .reason = "power work"};

    set_brake(AUTOMATION_SITE, &fleet.site, 3);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 4), 3);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(db_begin_tenant(api, &PLATFORM_TENANT, &err), 0);
        ck_assert_int_eq(automation_switch(api, &stop, &err), i == 0);
        ck_assert_int_eq(db_commit(api, &err), 0);
    }
    ck_assert_int_eq(engaged(), 0);
    ck_assert_int_eq(let_go_on(AUTOMATION_SITE, &fleet.site, automation_release), 0);
    ck_assert_int_eq(test_number(owner, "select count(*) from automation_stop where ended_at is "
                                        "null and not by_brake and who = 'tester'"),
                     1);
    ck_assert_int_eq(let_go_on(AUTOMATION_SITE, &fleet.site, automation_switch), 1);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 3), 3);
}
END_TEST

/* What is older than the brake's time counts no more; what is younger does. */
START_TEST(it_looks_back_so_far)
{
    set_brake(AUTOMATION_SITE, &fleet.site, 3);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 2), 2);
    test_sql(owner, "update platform_brake_boots set slot = slot - 58");
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 1), 1);
    test_sql(owner, "update platform_brake_boots set slot = slot - 2");
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 2), 2);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 1), 0);
}
END_TEST

START_TEST(what_nobody_set_has_a_number_and_what_is_off_counts_nothing)
{
    ck_assert_int_eq(test_number(owner, "select max from platform_brake_of('"
                                        "00000000-0000-0000-0000-000000000000')"),
                     500);
    ck_assert_int_eq(test_number(owner, "select max from platform_brake_of(gen_random_uuid())"),
                     100);
    set_brake(AUTOMATION_SITE, &fleet.site, 0);
    set_brake(AUTOMATION_FLEET, NULL, 0);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 600), 600);
    ck_assert_int_eq(test_number(owner, "select count(*) from platform_brake_boots"), 0);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.other_site, 101), 100);
}
END_TEST

/* A number that is set counts from then on. */
START_TEST(a_new_number_counts_anew)
{
    set_brake(AUTOMATION_SITE, &fleet.site, 3);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 3), 3);
    set_brake(AUTOMATION_SITE, &fleet.site, 2);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 3), 2);
}
END_TEST

/* Sixtieths of another time say nothing: who decided while it was set writes some all the same. */
START_TEST(a_time_that_is_set_while_rules_boot_counts)
{
    struct automation_gate *gate;

    set_brake(AUTOMATION_FLEET, NULL, 0);
    ck_assert_int_eq(db_begin_tenant(engine, &fleet.tenant, &err), 0);
    gate = automation_gate_create(engine, &fleet.tenant, &err);
    ck_assert_int_eq(automation_gate_pass(gate, &fleet.site, why, &err), AUTOMATION_PASSES);
    set_brake_per(AUTOMATION_SITE, &fleet.site, 3, 3600);
    ck_assert_int_eq(automation_gate_close(gate, &err), 0);
    automation_gate_destroy(gate);
    ck_assert_int_eq(db_commit(engine, &err), 0);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 2), 2);
    ck_assert_int_eq(boot(&fleet.tenant, &fleet.site, 2), 1);
    ck_assert_int_eq(engaged(), 1);
}
END_TEST

CHECK_MAIN_WITH("platform_brakes", set_up, tear_down, boots_of_all_tenants_engage_a_sites,
                boots_at_all_sites_engage_the_fleets, a_person_lets_it_go_on,
                a_persons_stop_is_not_released_as_a_brake,
                a_persons_stop_takes_the_place_of_a_brakes, it_looks_back_so_far,
                what_nobody_set_has_a_number_and_what_is_off_counts_nothing,
                a_new_number_counts_anew, a_time_that_is_set_while_rules_boot_counts)
