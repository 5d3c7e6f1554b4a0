/* test_task_queue.c - who is leased when, what a switch of a rule stops, and orders that no
 * repetition helps. */
#include "tests/support/task_fixture.h"

#include "controller/decide/automation.h"
#include "controller/decide/rule_life.h"
#include "controller/decide/rule_store.h"

/* ---- leases ---- */

START_TEST(lease_raises_the_epoch_and_keeps_the_grant)
{
    struct uuid task = make_task(0);
    struct task_lease first = lease_it(&task), second;

    STATE_IS(task, "leased");
    ck_assert_uint_eq(first.epoch, 1);
    lapse(&task);
    STATE_IS(task, "queued");
    as_owner("update task_queue set due_at = now() where task_id = $1", &task);
    second = lease_it(&task);
    ck_assert_uint_eq(second.epoch, 2);
    ck_assert_int_eq(count_of("select count(*) from task_grant where task_id = $1", &task), 2);
    ck_assert_str_eq(column(&task, "epoch"), "2");
}
END_TEST

START_TEST(epoch_starts_above_the_floor_of_its_site)
{
    struct uuid task = make_task(0);
    struct task_lease lease;

    as_owner("update site set epoch_floor = 41 where id = $1", &fleet.site);
    lease = lease_it(&task);
    ck_assert_uint_eq(lease.epoch, 42);
}
END_TEST

START_TEST(one_task_a_machine)
{
    struct uuid first = make_task(0), second = make_task(0), other = make_task(1);
    struct task_lease leases[TEST_MACHINES];

    ck_assert_int_eq(lease(leases, TEST_MACHINES), 2);
    STATE_IS(first, "leased");
    STATE_IS(other, "leased");
    STATE_IS(second, "queued");
    ck_assert_int_eq(lease(leases, TEST_MACHINES), 0);
    ck_assert_int_eq(db_execute(owner, "update task_queue set state = 'leased' where task_id = $1",
                                &err, "u", &second),
                     -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
}
END_TEST

START_TEST(class_goes_before_age)
{
    struct task_request batch = request_for(0), person = request_for(1);
    struct task_lease leases[1];

    batch.class = TASK_BATCH;
    batch.schedule_us -= MINUTE_US;
    ck_assert_int_eq(create(&batch), 1);
    ck_assert_int_eq(create(&person), 1);
    ck_assert_int_eq(lease(leases, 1), 1);
    ck_assert(uuid_equal(&leases[0].task, &person.id));
}
END_TEST

START_TEST(nobody_starves)
{
    struct task_request batch = request_for(0), person = request_for(1);
    struct task_lease leases[1];

    batch.class = TASK_BATCH;
    batch.schedule_us -= 10 * MINUTE_US; /* further back than its class has to wait */
    ck_assert_int_eq(create(&batch), 1);
    ck_assert_int_eq(create(&person), 1);
    ck_assert_int_eq(lease(leases, 1), 1);
    ck_assert(uuid_equal(&leases[0].task, &batch.id));
}
END_TEST

START_TEST(tries_are_further_and_further_apart)
{
    static const int pauses[] = {2, 4, 8, 16, 32, 60, 60};
    struct uuid task = make_task(0);

    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        struct task_lease lease = lease_it(&task);
        struct task_fact fact = fact_of(&lease);

        FACT(fact, task_facts_declined(book, &fact, "busy", "the machine has a task", &err));
        ck_assert_int_eq(count_of("select round(extract(epoch from due_at - state_since))::bigint "
                                  "from task_queue join task on id = task_id where id = $1",
                                  &task),
                         pauses[i]);
        as_owner("update task_queue set due_at = now() where task_id = $1", &task);
    }
}
END_TEST

START_TEST(held_machines_and_other_sites_are_not_leased)
{
    struct uuid task = make_task(0);
    struct task_lease leases[1];

    as_owner("update machine set held_because = 'a person said so' where id = $1",
             &fleet.machine[0]);
    ck_assert_int_eq(lease(leases, 1), 0);
    as_owner("update machine set held_because = null where id = $1", &fleet.machine[0]);
    ck_assert_int_eq(task_queue_lease(engine, &controller,
                                      &(struct task_site){fleet.other_site, fleet.other_agent}, 1,
                                      1, leases, &err),
                     0);
    ck_assert_int_eq(lease(leases, 1), 1);
    STATE_IS(task, "leased");
}
END_TEST

START_TEST(sent_and_requeue_need_the_live_lease)
{
    struct uuid task = make_task(0), stranger = uuid_make();
    struct task_lease lease = lease_it(&task), old = lease;

    ck_assert_int_eq(sent_by(&stranger, &lease), 0);
    old.epoch--;
    ck_assert_int_eq(sent_by(&controller, &old), 0);
    ck_assert_int_eq(sent_by(&controller, &lease), 1);
    ck_assert_int_eq(task_queue_requeue(engine, &stranger, &lease, "no", &err), 0);
    as_owner("update task_queue set lease_until = now() - interval '1 second' where task_id = $1",
             &task);
    ck_assert_int_eq(sent_by(&controller, &lease), 0);
    ck_assert_int_eq(task_queue_requeue(engine, &controller, &lease, "no", &err), 0);
    STATE_IS(task, "leased");
}
END_TEST

START_TEST(unsent_lease_leaves_no_grant_behind)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);

    ck_assert_int_eq(task_queue_requeue(engine, &controller, &lease, "the link is down", &err), 1);
    STATE_IS(task, "queued");
    overdue(&task);
    OK(task_queue_tick(engine, &err));
    STATE_IS(task, "expired");
}
END_TEST

/* ---- rules ---- */

static const char RULE[] = "apiVersion: rules/v1\n"
                           "kind: Rule\n"
                           "metadata: {id: reboot-on-ecc, title: Diagnose, version: 1, owner: "
                           "noc}\n"
                           "spec:\n"
                           "  scope: {type: [hw.memory.ecc.correctable]}\n"
                           "  action: {boot: {image: diag}}\n";

static enum rule_stepped take_step(const char *rule, enum rule_act act)
{
    struct rule_step step = {.tenant = fleet.tenant,
                             .name = rule,
                             .act = act,
                             .waive_replay = true,
                             .who = "tester",
                             .reason = "for a test"};
    enum rule_stepped done;
    int64_t version;

    OK(db_begin_tenant(api, &fleet.tenant, &err));
    done = rule_life_step(api, &step, &version, &err);
    ck_assert_msg(done != RULE_STEP_FAILED, "%s", error_text(&err));
    OK(db_commit(api, &err));
    return done;
}

static int throw_switch(enum automation_scope scope, const struct uuid *whose, bool on)
{
    struct automation_switch wanted = {
        .scope = scope, .on = on, .who = "tester", .reason = "for a test"};
    int done;

    if (whose)
        wanted.whose = *whose;
    OK(db_begin_tenant(api, &fleet.tenant, &err));
    done = automation_switch(api, &wanted, &err);
    ck_assert_msg(done >= 0, "%s", error_text(&err));
    OK(db_commit(api, &err));
    return done;
}

static struct uuid make_rule(void)
{
    struct rule_push push = {.tenant = fleet.tenant,
                             .name = "reboot-on-ecc",
                             .version = 1,
                             .source = RULE,
                             .length = sizeof(RULE) - 1,
                             .pushed_by = "tester"};
    struct db_rows *rows;
    int64_t current;
    struct uuid rule;

    OK(db_begin_tenant(api, &fleet.tenant, &err));
    ck_assert_msg(rule_store_push(api, &push, &current, &err) == RULE_PUSHED, "%s",
                  error_text(&err));
    OK(db_commit(api, &err));
    ck_assert_int_eq(take_step("reboot-on-ecc", RULE_ARM), RULE_STEPPED);
    rows = db_query(owner, "select id from rule where tenant_id = $1", &err, "u", &fleet.tenant);
    rule = db_uuid(rows, 0, 0);
    db_rows_destroy(rows);
    return rule;
}

static struct uuid make_rules_task(int machine, const struct uuid *rule)
{
    struct task_request request = request_for(machine);

    request.class = TASK_RULE;
    request.rule = *rule;
    request.rule_version = 1;
    ck_assert_msg(create(&request) == 1, "%s", error_text(&err));
    return request.id;
}

START_TEST(disarmed_rules_tasks_wait)
{
    struct uuid rule = make_rule(), task = make_rules_task(0, &rule), fresh;
    struct task_lease leases[1];

    ck_assert_int_eq(take_step("no-such-rule", RULE_DISARM), RULE_NOT_THERE);
    ck_assert_int_eq(take_step("reboot-on-ecc", RULE_DISARM), RULE_STEPPED);
    ck_assert_int_eq(take_step("reboot-on-ecc", RULE_DISARM), RULE_STEPPED_BEFORE);
    ck_assert_int_eq(lease(leases, 1), 0);
    STATE_IS(task, "queued");
    ck_assert_int_eq(take_step("reboot-on-ecc", RULE_ARM), RULE_STEPPED);
    ck_assert_int_eq(lease(leases, 1), 0); /* what the rule made before it was disarmed is void */
    fresh = make_rules_task(1, &rule);
    ck_assert_int_eq(lease(leases, 1), 1);
    STATE_IS(fresh, "leased");
    STATE_IS(task, "queued");
    ck_assert_int_eq(count_of("select count(*) from rule_switch where rule_id = $1", &rule), 3);
    ck_assert_int_eq(
        count_of("select count(distinct revision) from rule_switch where rule_id = $1", &rule), 3);
}
END_TEST

START_TEST(what_is_switched_off_behind_the_lease_is_not_sent)
{
    struct uuid rule = make_rule(), task = make_rules_task(0, &rule), other, by_person;
    struct task_lease leases[2];

    ck_assert_int_eq(lease(leases, 1), 1);
    ck_assert_int_eq(take_step("reboot-on-ecc", RULE_DISARM), RULE_STEPPED);
    ck_assert_int_eq(sent_by(&controller, &leases[0]), 0);
    ck_assert_int_eq(task_queue_requeue(engine, &controller, &leases[0], "disarmed", &err), 1);
    STATE_IS(task, "queued");
    ck_assert_int_eq(take_step("reboot-on-ecc", RULE_ARM), RULE_STEPPED);
    other = make_rules_task(1, &rule);
    by_person = make_task(2);
    ck_assert_int_eq(lease(leases, 2), 2);
    ck_assert_int_eq(throw_switch(AUTOMATION_TENANT, &fleet.tenant, false), 1);
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(sent_by(&controller, &leases[i]),
                         uuid_equal(&leases[i].task, &by_person) ? 1 : 0);
    ck_assert_int_eq(throw_switch(AUTOMATION_TENANT, &fleet.tenant, true), 1);
    for (size_t i = 0; i < 2; i++)
        if (uuid_equal(&leases[i].task, &other))
            ck_assert_int_eq(sent_by(&controller, &leases[i]), 1);
}
END_TEST

START_TEST(stopped_automation_waits_and_people_do_not)
{
    struct uuid rule = make_rule(), task = make_rules_task(0, &rule), by_person = make_task(1);
    struct task_lease leases[2];

    ck_assert_int_eq(throw_switch(AUTOMATION_TENANT, &fleet.tenant, true), 0);
    ck_assert_int_eq(throw_switch(AUTOMATION_TENANT, &fleet.tenant, false), 1);
    ck_assert_int_eq(lease(leases, 2), 1);
    STATE_IS(by_person, "leased");
    STATE_IS(task, "queued");
    ck_assert_int_eq(throw_switch(AUTOMATION_TENANT, &fleet.tenant, true), 1);
    ck_assert_int_eq(lease(leases, 2), 1);
    STATE_IS(task, "leased");
}
END_TEST

START_TEST(a_site_or_the_whole_fleet_is_stopped)
{
    struct uuid rule = make_rule(), task = make_rules_task(0, &rule), by_person = make_task(1);
    struct uuid elsewhere = uuid_make();
    struct task_lease leases[2];

    test_insert(owner,
                "insert into site (id, name) select $1, 'elsewhere' where $2::uuid is null and "
                "$3::uuid is null and $4::text is null",
                &elsewhere, NULL, NULL, NULL);
    ck_assert_int_eq(throw_switch(AUTOMATION_SITE, &fleet.site, true), 0);
    ck_assert_int_eq(throw_switch(AUTOMATION_SITE, &fleet.site, false), 1);
    ck_assert_int_eq(throw_switch(AUTOMATION_SITE, &fleet.site, false), 0);
    ck_assert_int_eq(throw_switch(AUTOMATION_FLEET, NULL, false), 1);
    ck_assert_int_eq(lease(leases, 2), 1);
    STATE_IS(by_person, "leased");
    STATE_IS(task, "queued");
    ck_assert_int_eq(throw_switch(AUTOMATION_FLEET, NULL, true), 1);
    ck_assert_int_eq(lease(leases, 2), 0);
    ck_assert_int_eq(throw_switch(AUTOMATION_SITE, &elsewhere, false), 1);
    ck_assert_int_eq(throw_switch(AUTOMATION_SITE, &fleet.site, true), 1);
    ck_assert_int_eq(lease(leases, 2), 1); /* another site's stop is not this one's */
    STATE_IS(task, "leased");
    ck_assert_int_eq(count_of("select count(*) from automation_stop where ended_by = 'tester' and "
                              "$1::uuid is not null",
                              &rule),
                     2);
}
END_TEST

/* Leasing waits for no switch: while one is thrown nothing is leased, and then it is read. */
START_TEST(a_stop_of_the_fleet_under_way_is_behind_no_lease)
{
    struct uuid rule = make_rule(), task = make_rules_task(0, &rule);
    struct automation_switch wanted = {
        .scope = AUTOMATION_FLEET, .who = "tester", .reason = "for a test"};
    struct task_lease leases[1];

    OK(db_begin_tenant(api, &fleet.tenant, &err));
    ck_assert_int_eq(automation_switch(api, &wanted, &err), 1);
    ck_assert_int_eq(lease(leases, 1), 0);
    OK(db_commit(api, &err));
    ck_assert_int_eq(lease(leases, 1), 0);
    STATE_IS(task, "queued");
    ck_assert_int_eq(throw_switch(AUTOMATION_FLEET, NULL, true), 1);
    ck_assert_int_eq(lease(leases, 1), 1);
}
END_TEST

START_TEST(an_engaged_brake_waits_for_a_person)
{
    struct uuid rule = make_rule(), task = make_rules_task(0, &rule), by_person = make_task(1);
    const struct automation_switch wanted = {.scope = AUTOMATION_TENANT,
                                             .whose = fleet.tenant,
                                             .on = true,
                                             .who = "tester",
                                             .reason = "seen"};
    struct task_lease leases[2];

    as_owner(
        "update rule_book set braked_at = now(), braked_because = 'storm' where tenant_id = $1",
        &fleet.tenant);
    ck_assert_int_eq(lease(leases, 2), 1);
    STATE_IS(by_person, "leased");
    OK(db_begin_tenant(api, &fleet.tenant, &err));
    ck_assert_int_eq(automation_release(api, &wanted, &err), 1);
    ck_assert_int_eq(automation_release(api, &wanted, &err), 0);
    OK(db_commit(api, &err));
    ck_assert_int_eq(lease(leases, 2), 1);
    STATE_IS(task, "leased");
}
END_TEST

static struct uuid make_task_of_other_tenant(int machine)
{
    struct task_request request = request_for(machine);

    as_owner("update machine_holding set until = now() where machine_id = $1",
             &fleet.machine[machine]);
    request.tenant = fleet.other_tenant;
    request.holding = uuid_make();
    request.grant = uuid_make();
    test_insert(owner,
                "insert into machine_holding (tenant_id, id, machine_id) select $1, $2, $3 where "
                "$4::text is null",
                &request.tenant, &request.holding, &request.machine, NULL);
    test_insert(owner,
                "insert into image_grant (tenant_id, id, image_version_id) select $1, $2, $3 where "
                "$4::text is null",
                &request.tenant, &request.grant, &fleet.image, NULL);
    ck_assert_msg(create(&request) == 1, "%s", error_text(&err));
    return request.id;
}

/* Leasing does not wait for the switch: what belongs to its tenant comes next time, and is read
 * behind it. */
START_TEST(a_switch_under_way_keeps_its_own_tenants_tasks_waiting)
{
    struct uuid rule = make_rule(), task = make_rules_task(0, &rule),
                other = make_task_of_other_tenant(1);
    struct rule_step step = {.tenant = fleet.tenant,
                             .name = "reboot-on-ecc",
                             .act = RULE_DISARM,
                             .who = "tester",
                             .reason = "for a test"};
    struct task_lease leases[2];
    int64_t version;

    OK(db_begin_tenant(api, &fleet.tenant, &err));
    ck_assert_int_eq(rule_life_step(api, &step, &version, &err), RULE_STEPPED);
    ck_assert_int_eq(lease(leases, 2), 1);
    STATE_IS(other, "leased");
    OK(db_commit(api, &err));
    ck_assert_int_eq(lease(leases, 2), 0);
    STATE_IS(task, "queued");
    ck_assert_int_eq(take_step("reboot-on-ecc", RULE_ARM), RULE_STEPPED);
    task = make_rules_task(0, &rule);
    ck_assert_int_eq(lease(leases, 2), 1);
    STATE_IS(task, "leased");
}
END_TEST

/* ---- orders that no repetition helps ---- */

START_TEST(what_an_agent_can_never_do_fails_at_once)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = fact_of(&lease);

    FACT(fact, task_facts_declined(book, &fact, "unsupported", "no driver 'xyz'", &err));
    STATE_IS(task, "failed");
    ck_assert_str_eq(column(&task, "cause"), "declined: unsupported: no driver 'xyz'");
    ck_assert_ptr_nonnull(strstr(column(&task, "remedy"), "set-bmc"));
    ck_assert(has_event(&task, "leased -> failed"));
    ck_assert_int_eq(queue_rows(&task), 0);
    FACT(fact, task_facts_declined(book, &fact, "unsupported", "no driver 'xyz'", &err));
    STATE_IS(task, "failed");
}
END_TEST

START_TEST(refused_order_fails_or_comes_again)
{
    struct uuid hopeless = make_task(0), late = make_task(1);
    struct task_lease first = lease_it(&hopeless), leases[2];
    struct task_fact fact = fact_of(&first);

    FACT(fact, task_facts_refused(book, &fact, "malformed", "field 12", &err));
    STATE_IS(hopeless, "failed");
    ck_assert_str_eq(column(&hopeless, "cause"), "malformed: field 12");
    STATE_IS(late, "leased");
    ck_assert_int_eq(lease(leases, 2), 0);
    fact.task = late;
    fact.epoch = 1;
    FACT(fact, task_facts_refused(book, &fact, "expired", "2 s ago", &err));
    STATE_IS(late, "leased"); /* until its lease lapses */
    accepted(&fact);
    FACT(fact, task_facts_refused(book, &fact, "unsupported", "said of a repetition", &err));
    STATE_IS(late, "accepted");
}
END_TEST

START_TEST(refusal_of_unreadable_bytes_finds_its_task)
{
    struct uuid task = make_task(0);
    struct task_lease lease = lease_it(&task);
    struct task_fact fact = {
        .site = fleet.other_site, .agent = fleet.agent, .agent_name = "tester"};
    struct task_book *book;

    ck_assert_int_eq(sent_by(&controller, &lease), 1);
    book = begin_book();
    ck_assert_int_eq(task_facts_find_order(book, &fact, BYTES, &err), 0);
    fact.site = fleet.site;
    ck_assert_int_eq(task_facts_find_order(book, &fact, BYTES, &err), 1);
    ck_assert(uuid_equal(&fact.task, &task));
    ck_assert_uint_eq(fact.epoch, lease.epoch);
    OK(task_facts_refused(book, &fact, "malformed", "payload", &err));
    commit_book(book);
    STATE_IS(task, "failed");
}
END_TEST

CHECK_MAIN_WITH("task_queue", set_up, tear_down, lease_raises_the_epoch_and_keeps_the_grant,
                epoch_starts_above_the_floor_of_its_site, one_task_a_machine, class_goes_before_age,
                nobody_starves, tries_are_further_and_further_apart,
                held_machines_and_other_sites_are_not_leased, sent_and_requeue_need_the_live_lease,
                unsent_lease_leaves_no_grant_behind, disarmed_rules_tasks_wait,
                what_is_switched_off_behind_the_lease_is_not_sent,
                stopped_automation_waits_and_people_do_not, a_site_or_the_whole_fleet_is_stopped,
                a_stop_of_the_fleet_under_way_is_behind_no_lease,
                an_engaged_brake_waits_for_a_person,
                a_switch_under_way_keeps_its_own_tenants_tasks_waiting,
                what_an_agent_can_never_do_fails_at_once, refused_order_fails_or_comes_again,
                refusal_of_unreadable_bytes_finds_its_task)
