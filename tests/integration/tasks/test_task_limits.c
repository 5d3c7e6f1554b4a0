/* test_task_limits.c - what a rule's limits let through: never more than they say, whichever
 * controllers lease, whatever becomes of the tasks; and nobody else waits for it. */
#include "tests/support/task_fixture.h"

#include <pthread.h>
#include <stdlib.h>

#include "controller/tasks/task_settle.h"

#define MANY 50
#define UNDER_WAY                                                                                  \
    "select count(*) from task_queue q join task_limit l using (tenant_id, task_id) where "        \
    "l.tenant_id = $1 and q.state in ('leased', 'accepted', 'running', 'unknown')"

/* Machines beside those of the fleet, in the order of their tasks. */
static struct uuid machine[MANY], holding[MANY], place[MANY];

/* Every second of them at 'others'. */
static void make_machines_at(int count, const struct uuid *others)
{
    for (int i = 0; i < count; i++) {
        char name[UUID_TEXT_SIZE + 4] = "r-";

        place[i] = i % 2 ? *others : fleet.site;
        machine[i] = uuid_make();
        holding[i] = uuid_make();
        uuid_format(&machine[i], name + 2);
        test_insert(owner,
                    "insert into machine (id, site_id, name) select $1, $2, $4 where $3::uuid is "
                    "null",
                    &machine[i], &place[i], NULL, name);
        test_insert(owner,
                    "insert into machine_holding (tenant_id, id, machine_id) select $1, $2, $3 "
                    "where $4::text is null",
                    &fleet.tenant, &holding[i], &machine[i], NULL);
    }
}

static void make_machines(int count)
{
    make_machines_at(count, &fleet.site);
}

/* Of this rule; NULL: of none that is kept. */
static struct uuid make_limited_of(const struct uuid *rule, int at, const struct task_limit *limits,
                                   size_t count)
{
    struct task_request request = request_for(0);

    if (rule) {
        request.rule = *rule;
        request.rule_version = 1;
    }
    request.site = place[at];
    request.machine = machine[at];
    request.holding = holding[at];
    request.class = TASK_RULE;
    request.limits = limits;
    request.limit_count = count;
    ck_assert_msg(create(&request) == 1, "%s", error_text(&err));
    ck_assert_int_eq(create(&request), 0); /* decided again: nothing more, no second row */
    return request.id;
}

static struct uuid make_limited(int at, const struct task_limit *limits, size_t count)
{
    return make_limited_of(NULL, at, limits, count);
}

static struct uuid in_rack(int at, const char *rack, int64_t max)
{
    return make_limited(at, &(struct task_limit){"ecc", 1, rack, max}, 1);
}

static int under_way(void)
{
    return (int)count_of(UNDER_WAY, &fleet.tenant);
}

static int lease_by(struct db *db, const struct uuid *who, struct task_lease *ret, size_t count)
{
    const struct task_site at = {fleet.site, fleet.agent};
    int leased = task_queue_lease(db, who, &at, 1, count, ret, &err);

    OK(leased);
    return leased;
}

static void finish(const struct task_lease *of)
{
    struct task_fact fact = fact_of(of);
    struct task_result result = passed();

    fact.site = of->site;
    fact.agent = of->agent;
    accepted(&fact);
    started(&fact);
    FACT(fact, task_facts_result(book, &fact, &result, &err));
    STATE_IS(of->task, "succeeded");
}

static const char *waits_on(const struct uuid *task)
{
    static char words[400];
    struct db_rows *rows =
        db_query(owner, "select waiting_on from task_waiting where task_id = $1", &err, "u", task);

    ck_assert_msg(rows != NULL, "%s", error_text(&err));
    snprintf(words, sizeof(words), "%s", db_text(rows, 0, 0));
    db_rows_destroy(rows);
    return words;
}

static void tick(void)
{
    OK(task_queue_tick(engine, &err));
}

/* ---- one after the other ---- */

START_TEST(tasks_of_one_rack_run_one_after_the_other_by_two_controllers)
{
    struct uuid tasks[MANY], second = uuid_make();
    struct conf_map as_engine = test_database("muster_engine");
    struct db *other = db_connect(&as_engine, &err);
    struct task_lease leases[MANY];

    ck_assert_ptr_nonnull(other);
    make_machines(MANY);
    for (int i = 0; i < MANY; i++)
        tasks[i] = in_rack(i, "r17", 1);
    for (int i = 0; i < MANY; i++) {
        bool odd = i % 2;
        int leased = lease_by(odd ? other : engine, odd ? &second : &controller, leases, MANY);

        ck_assert_int_eq(leased, 1);
        ck_assert(uuid_equal(&leases[0].task, &tasks[i])); /* in the order of their making */
        ck_assert_int_eq(lease_by(odd ? engine : other, odd ? &controller : &second, leases + 1, 1),
                         0);
        ck_assert_int_eq(under_way(), 1);
        if (i + 1 < MANY)
            STATE_IS(tasks[i + 1], "limited");
        finish(&leases[0]);
        tick();
    }
    ck_assert_int_eq(count_of("select count(*) from task_limit where tenant_id = $1 and place <> "
                              "'ended'",
                              &fleet.tenant),
                     0);
    db_disconnect(other);
}
END_TEST

/* Two that lease at the same time, each for a site of its own: at no moment are there more than
 * three. */
struct worker {
    pthread_t thread;
    struct db *db;
    struct task_site at;
    struct uuid controller;
    struct task_lease leases[MANY];
    int leased;
    struct error err;
};

static void *lease_many(void *context)
{
    struct worker *worker = context;

    worker->leased = task_queue_lease(worker->db, &worker->controller, &worker->at, 1, MANY,
                                      worker->leases, &worker->err);
    return NULL;
}

/* Returns how many were leased, and ended. */
static int lease_at_once(struct worker workers[2])
{
    int done = 0;

    for (int w = 0; w < 2; w++)
        pthread_create(&workers[w].thread, NULL, lease_many, &workers[w]);
    for (int w = 0; w < 2; w++)
        pthread_join(workers[w].thread, NULL);
    ck_assert_int_le(under_way(), 3);
    for (int w = 0; w < 2; w++) {
        ck_assert_msg(workers[w].leased >= 0, "%s", error_text(&workers[w].err));
        for (int i = 0; i < workers[w].leased; i++)
            finish(&workers[w].leases[i]);
        done += workers[w].leased;
    }
    return done;
}

START_TEST(two_controllers_at_once_lease_no_more_than_three)
{
    struct conf_map as_engine = test_database("muster_engine");
    struct worker workers[2] = {{.at = {fleet.site, fleet.agent}},
                                {.at = {fleet.other_site, fleet.other_agent}}};
    int done = 0;

    make_machines_at(MANY, &fleet.other_site);
    for (int i = 0; i < MANY; i++)
        in_rack(i, "r17", 3);
    for (int w = 0; w < 2; w++) {
        workers[w].db = db_connect(&as_engine, &err);
        workers[w].controller = uuid_make();
        ck_assert_ptr_nonnull(workers[w].db);
    }
    for (int rounds = 0; done < MANY; rounds++) {
        ck_assert_int_lt(rounds, 10 * MANY);
        done += lease_at_once(workers);
        tick();
    }
    ck_assert_int_eq(done, MANY);
    for (int w = 0; w < 2; w++)
        db_disconnect(workers[w].db);
}
END_TEST

START_TEST(whoever_counts_a_group_keeps_the_others_out)
{
    struct task_lease leases[2];
    struct uuid task, other;

    make_machines(2);
    task = in_rack(0, "r1", 1);
    other = in_rack(1, "r2", 1);
    OK(db_begin(owner, &err));
    OK(db_execute(owner,
                  "select pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'limit', $1, 1, "
                  "'ecc', 'r1'), 0))",
                  &err, "u", &fleet.tenant));
    ck_assert_int_eq(lease(leases, 2), 1);
    ck_assert(uuid_equal(&leases[0].task, &other));
    db_rollback(owner);
    STATE_IS(task, "queued"); /* neither leased nor parked: nobody knows how full it is */
    ck_assert_int_eq(lease(leases, 2), 1);
}
END_TEST

/* ---- what counts ---- */

START_TEST(an_unknown_one_keeps_its_room_until_it_is_settled)
{
    struct task_lease leases[2];
    struct task_fact fact;
    struct uuid first, second;

    make_machines(2);
    first = in_rack(0, "r1", 1);
    second = in_rack(1, "r1", 1);
    ck_assert_int_eq(lease(leases, 2), 1);
    fact = fact_of(&leases[0]);
    accepted(&fact);
    FACT(fact, task_facts_uncertain(book, &fact, "bmc_on", "the BMC does not answer", &err));
    STATE_IS(first, "unknown");
    tick();
    ck_assert_int_eq(lease(leases, 2), 0);
    STATE_IS(second, "limited");
    ck_assert_ptr_nonnull(strstr(waits_on(&second), "room under limit 1 of rule ecc: at most 1 at "
                                                    "a time of \"r1\", now r-"));
    ck_assert_ptr_nonnull(strstr(waits_on(&second), " since 20"));
    OK(db_begin_tenant(api, &fleet.tenant, &err));
    OK(task_settle(api, &fleet.tenant, &first, "failed", "tester", "looked at it", &err));
    OK(db_commit(api, &err));
    tick();
    STATE_IS(second, "queued");
    ck_assert_int_eq(lease(leases, 2), 1);
    STATE_IS(second, "leased");
}
END_TEST

START_TEST(a_lapsed_lease_keeps_its_room_until_the_agent_says_that_it_has_nothing)
{
    struct task_lease leases[2], again[2];
    struct task_fact fact;
    struct uuid first, second;

    make_machines(2);
    first = in_rack(0, "r1", 1);
    second = in_rack(1, "r1", 1);
    ck_assert_int_eq(lease(leases, 2), 1);
    lapse(&first); /* its controller died; its agent may have the order */
    STATE_IS(first, "queued");
    ck_assert_int_eq(lease(again, 2), 0); /* too early for the first */
    STATE_IS(second, "limited");
    as_owner("update task_queue set due_at = now() where task_id = $1", &first);
    ck_assert_int_eq(lease(again, 2), 1);
    ck_assert(uuid_equal(&again[0].task, &first));
    lapse(&first);
    fact = fact_of(&leases[0]);
    FACT(fact, task_facts_not_held(book, &fact, &err));
    tick();
    STATE_IS(second, "limited"); /* the younger grant is open */
    fact = fact_of(&again[0]);
    FACT(fact, task_facts_declined(book, &fact, "busy", "no", &err));
    tick();
    STATE_IS(second, "queued");
    ck_assert_int_eq(lease(again, 2), 1);
    ck_assert(uuid_equal(&again[0].task, &second));
    as_owner("update task_queue set due_at = now() where task_id = $1", &first);
    ck_assert_int_eq(lease(again, 2), 0); /* tried before: it waits where it is */
    STATE_IS(first, "queued");
    ck_assert_ptr_nonnull(strstr(waits_on(&first), "room under limit 1"));
}
END_TEST

START_TEST(who_is_cancelled_or_expires_makes_room_or_gives_up_waiting)
{
    struct task_lease leases[3];
    struct uuid tasks[3];
    const char *state;

    make_machines(3);
    for (int i = 0; i < 3; i++)
        tasks[i] = in_rack(i, "r1", 1);
    ck_assert_int_eq(lease(leases, 3), 1);
    OK(db_begin_tenant(api, &fleet.tenant, &err));
    OK(task_cancel(api, &fleet.tenant, &tasks[1], "tester", "not this one", &state, &err));
    OK(db_commit(api, &err));
    ck_assert_str_eq(state, "cancelled");
    ck_assert(has_event(&tasks[1], "limited -> cancelled"));
    overdue(&tasks[2]);
    tick();
    STATE_IS(tasks[2], "expired");
    ck_assert(has_event(&tasks[2], "limited -> expired"));
    finish(&leases[0]);
    tick(); /* nobody is left to be let go */
    ck_assert_int_eq(count_of("select count(*) from task_limit where tenant_id = $1 and place = "
                              "'ended'",
                              &fleet.tenant),
                     3);
}
END_TEST

/* ---- nobody else waits ---- */

START_TEST(those_behind_a_full_limit_are_leased_at_once)
{
    struct task_lease leases[2];
    struct uuid last;
    int limited;

    make_machines(MANY);
    for (int i = 0; i < MANY; i++)
        in_rack(i, "r1", 1);
    last = make_task(0);
    as_owner("update task_queue set turn_at = turn_at + interval '1 hour' where task_id = $1",
             &last);
    ck_assert_int_eq(lease(leases, 1), 1);
    ck_assert_int_eq(lease(leases, 1), 1); /* past all that wait, two at a time */
    ck_assert(uuid_equal(&leases[0].task, &last));
    limited = (int)count_of("select count(*) from task where tenant_id = $1 and state = 'limited'",
                            &fleet.tenant);
    ck_assert_int_eq(limited, MANY - 1);
}
END_TEST

START_TEST(a_held_machine_does_not_keep_its_rack_waiting)
{
    struct task_lease leases[3];
    struct uuid tasks[3];

    make_machines(3);
    for (int i = 0; i < 3; i++)
        tasks[i] = in_rack(i, "r1", 1);
    ck_assert_int_eq(lease(leases, 3), 1);
    as_owner("update machine set held_because = 'a person said so' where id = $1", &machine[1]);
    finish(&leases[0]);
    tick();
    STATE_IS(tasks[1], "queued"); /* its turn, but it cannot */
    ck_assert_int_eq(lease(leases, 3), 0);
    tick();
    ck_assert_int_eq(lease(leases, 3), 1);
    ck_assert(uuid_equal(&leases[0].task, &tasks[2]));
    ck_assert_ptr_nonnull(strstr(waits_on(&tasks[1]), "to be released: a person said so"));
}
END_TEST

START_TEST(a_younger_task_does_not_overtake_one_that_waits)
{
    struct task_lease leases[3];
    struct uuid first, second, third;

    make_machines(3);
    first = in_rack(0, "r1", 1);
    second = in_rack(1, "r1", 1);
    ck_assert_int_eq(lease(leases, 3), 1);
    finish(&leases[0]);
    STATE_IS(first, "succeeded");
    third = in_rack(2, "r1", 1); /* before the timers looked */
    ck_assert_int_eq(lease(leases, 3), 0);
    STATE_IS(third, "limited");
    tick();
    STATE_IS(second, "queued");
    STATE_IS(third, "limited");
    ck_assert_int_eq(lease(leases, 3), 1);
    ck_assert(uuid_equal(&leases[0].task, &second));
}
END_TEST

/* ---- groups ---- */

/* They are not handed out, whatever room there is: who was made since goes. */
START_TEST(tasks_of_a_rule_that_was_disarmed_keep_no_place)
{
    static const struct task_limit limit = {"ecc", 1, "r1", 1};
    struct uuid rule = uuid_make(), void_one, since, last;
    struct task_lease leases[6];

    test_insert(owner,
                "with r as (insert into rule (tenant_id, id, name, stage, current_version, "
                "active_version, armed_since) values ($1, $2, 'ecc', 'active', 1, 1, now())) "
                "insert into rule_version (tenant_id, rule_id, version, source, digest, pushed_by) "
                "select $1, $2, 1, 'x', sha256('x'), $4 where $3::uuid is null",
                &fleet.tenant, &rule, NULL, "test");
    make_machines(6);
    for (int i = 0; i < 4; i++)
        void_one = make_limited_of(&rule, i, &limit, 1);
    ck_assert_int_eq(lease_by(engine, &controller, leases, 6), 1);
    STATE_IS(void_one, "limited");
    test_insert(owner,
                "update rule set armed_since = clock_timestamp() where tenant_id = $1 and id = $2 "
                "and $3::uuid is null and $4::text is null",
                &fleet.tenant, &rule, NULL, NULL);
    ck_assert_str_eq(waits_on(&void_one),
                     "nothing but its end: it was made before rule ecc was armed again");
    since = make_limited_of(&rule, 4, &limit, 1);
    last = make_limited_of(&rule, 5, &limit, 1);
    ck_assert_int_eq(lease_by(engine, &controller, leases + 1, 5), 0);
    STATE_IS(since, "limited");
    finish(&leases[0]);
    tick();
    ck_assert_int_eq(lease_by(engine, &controller, leases, 6), 1);
    ck_assert(uuid_equal(&leases[0].task, &since));
    finish(&leases[0]);
    tick();
    ck_assert_int_eq(lease_by(engine, &controller, leases, 6), 1);
    ck_assert(uuid_equal(&leases[0].task, &last));
    STATE_IS(void_one, "limited"); /* until its last start moment */
}
END_TEST

START_TEST(groups_entries_and_rules_count_apart)
{
    char rack[400] = {0}, other[400] = {0};
    struct task_lease leases[8];

    memset(rack, 'r', sizeof(rack) - 1);
    memset(other, 'r', sizeof(other) - 1);
    other[sizeof(other) - 2] = 's'; /* behind what is kept of a long name */
    make_machines(8);
    in_rack(0, "", 1);
    in_rack(1, "r2", 1);
    in_rack(2, rack, 1);
    in_rack(3, other, 1);
    make_limited(4, &(struct task_limit){"ecc", 2, "r2", 1}, 1);
    make_limited(5, &(struct task_limit){"psu", 1, "r2", 1}, 1);
    in_rack(6, "", 1);
    in_rack(7, other, 1);
    ck_assert_int_eq(lease(leases, 8), 6);
}
END_TEST

START_TEST(every_limit_must_have_room)
{
    struct task_limit both[2] = {{"ecc", 1, "r1", 2}, {"ecc", 2, "storage", 1}};
    struct task_lease leases[3];
    struct uuid tasks[3];

    make_machines(3);
    tasks[0] = make_limited(0, both, 2);
    tasks[1] = make_limited(1, both, 2);
    tasks[2] = make_limited(2, both, 1);
    ck_assert_int_eq(lease(leases, 3), 2);
    STATE_IS(tasks[0], "leased");
    STATE_IS(tasks[1], "limited");
    STATE_IS(tasks[2], "leased"); /* the one before it waits for the other limit */
    ck_assert_ptr_nonnull(strstr(waits_on(&tasks[1]), "limit 2 of rule ecc"));
    finish(&leases[0]);
    finish(&leases[1]);
    tick();
    ck_assert_int_eq(lease(leases, 3), 1);
    ck_assert(uuid_equal(&leases[0].task, &tasks[1]));
}
END_TEST

START_TEST(a_share_of_none_lets_nobody_through)
{
    struct task_lease leases[1];
    struct uuid task;

    make_machines(1);
    task = in_rack(0, "r1", 0);
    ck_assert_int_eq(lease(leases, 1), 0);
    STATE_IS(task, "limited");
    tick();
    STATE_IS(task, "limited");
    ck_assert_str_eq(waits_on(&task),
                     "room under limit 1 of rule ecc: at most 0 at a time of \"r1\"");
}
END_TEST

CHECK_MAIN_WITH(
    "task_limits", set_up, tear_down, tasks_of_one_rack_run_one_after_the_other_by_two_controllers,
    two_controllers_at_once_lease_no_more_than_three, whoever_counts_a_group_keeps_the_others_out,
    an_unknown_one_keeps_its_room_until_it_is_settled,
    a_lapsed_lease_keeps_its_room_until_the_agent_says_that_it_has_nothing,
    who_is_cancelled_or_expires_makes_room_or_gives_up_waiting,
    those_behind_a_full_limit_are_leased_at_once, a_held_machine_does_not_keep_its_rack_waiting,
    a_younger_task_does_not_overtake_one_that_waits,
    tasks_of_a_rule_that_was_disarmed_keep_no_place, groups_entries_and_rules_count_apart,
    every_limit_must_have_room, a_share_of_none_lets_nobody_through)
