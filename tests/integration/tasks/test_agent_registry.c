/* test_agent_registry.c - a HELLO and what happens to its agent meanwhile. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "tests/support/task_fixture.h"

#include "controller/dispatch/agent_registry.h"
#include "controller/fleet/agent.h"

static struct session_hello hello;
static struct hello_answer answer;
static atomic_bool answered;

static void *say_hello(void *context)
{
    struct conf_map as_engine = test_database("muster_engine");
    const struct session_hello *hellos[] = {&hello};
    struct error why = {0};
    struct db *db = db_connect(&as_engine, &why);

    *(int *)context = agent_registry_hellos(db, &controller, hellos, 1, &answer, &why);
    db_disconnect(db);
    answered = true;
    return NULL;
}

static void begin(void)
{
    set_up();
    hello = (struct session_hello){.agent = fleet.agent,
                                   .site = fleet.site,
                                   .journal = uuid_make(),
                                   .boot = uuid_make(),
                                   .software = "test"};
    answered = false;
}

static void revoke(void)
{
    char name[UUID_TEXT_SIZE + 4] = "a-";

    uuid_format(&fleet.agent, name + 2);
    OK(db_begin_tenant(api, &PLATFORM_TENANT, &err));
    ck_assert_int_eq(agent_revoke(api, name, &err), 1);
}

static int64_t live_sessions(void)
{
    return count_of("select count(*) from agent_session where agent_id = $1 and expires_at > now()",
                    &fleet.agent);
}

static void hello_while_revoked(void)
{
    pthread_t thread;
    int rc = -2;

    revoke();
    ck_assert_int_eq(pthread_create(&thread, NULL, say_hello, &rc), 0);
    /* The database has no event for a lock that is waited for: look again every 10 ms. */
    while (!answered && test_number(owner, "select count(*) from pg_locks where not granted") == 0)
        poll(NULL, 0, 10);
    OK(db_commit(api, &err));
    pthread_join(thread, NULL);
    ck_assert_int_eq(rc, 0);
    ck_assert_int_eq(answer.verdict, HELLO_REFUSED);
    ck_assert_str_eq(answer.reject.code, "revoked");
    ck_assert_int_eq(live_sessions(), 0);
}

START_TEST(a_first_hello_that_meets_a_revocation_opens_nothing)
{
    hello_while_revoked();
}
END_TEST

START_TEST(nor_does_one_with_a_session_before_it)
{
    const struct session_hello *hellos[] = {&hello};

    ck_assert_int_eq(agent_registry_hellos(engine, &controller, hellos, 1, &answer, &err), 0);
    ck_assert_int_eq(answer.verdict, HELLO_WELCOME);
    ck_assert_int_eq(live_sessions(), 1);
    hello_while_revoked();
}
END_TEST

static void say_hello_anew(void)
{
    const struct session_hello *hellos[] = {&hello};

    as_owner("update site set begin_anew = true, quarantined_because = null where id = $1",
             &fleet.site);
    ck_assert_int_eq(agent_registry_hellos(engine, &controller, hellos, 1, &answer, &err), 0);
    ck_assert_int_eq(answer.verdict, HELLO_WELCOME);
}

static struct task_fact sent_fact(int machine)
{
    struct uuid task = make_task(machine);
    struct task_lease lease = lease_it(&task);

    ck_assert_int_eq(sent_by(&controller, &lease), 1);
    return fact_of(&lease);
}

static struct uuid sent_one(int machine)
{
    return sent_fact(machine).task;
}

START_TEST(what_a_lost_journal_may_have_begun_is_unknown)
{
    const struct session_hello *hellos[] = {&hello};
    struct uuid sent, lapsed, rival, other, unsent, waiting;

    ck_assert_int_eq(agent_registry_hellos(engine, &controller, hellos, 1, &answer, &err), 0);
    sent = sent_one(0);
    lapsed = sent_one(1);
    as_owner("update task_queue set lease_until = now() - interval '1 second' where task_id = $1",
             &lapsed);
    OK(task_queue_tick(engine, &err));
    STATE_IS(lapsed, "queued");
    other = sent_one(2);
    as_owner("update task_queue set lease_until = now() - interval '1 second' where task_id = $1",
             &other);
    OK(task_queue_tick(engine, &err));
    rival = sent_one(2); /* the other one pauses */
    unsent = make_task(3);
    lease_it(&unsent);
    hello.boot = uuid_make();
    say_hello_anew(); /* the journal is there: nothing is lost */
    STATE_IS(sent, "leased");
    STATE_IS(lapsed, "queued");
    waiting = make_task(0);
    as_owner("update site set begin_anew = true where id = $1", &fleet.site);
    ck_assert_int_eq(task_queue_lease(engine, &controller,
                                      &(struct task_site){fleet.site, fleet.agent}, 1, 4,
                                      (struct task_lease[4]){0}, &err),
                     0); /* not to the session before */
    hello.journal = uuid_make();
    hello.boot = uuid_make();
    say_hello_anew();
    STATE_IS(sent, "unknown");
    STATE_IS(lapsed, "unknown");
    STATE_IS(rival, "unknown"); /* there is room for one */
    STATE_IS(other, "queued");
    ck_assert_int_eq(
        count_of("select count(*) from task_queue where task_id = $1 and cancelling", &other), 1);
    STATE_IS(unsent, "leased");
    STATE_IS(waiting, "queued");
}
END_TEST

/* Nor of what was unknown before it was lost. */
START_TEST(no_word_of_another_journal_settles_it)
{
    const struct session_hello *hellos[] = {&hello};
    struct task_fact sent, silent;

    ck_assert_int_eq(agent_registry_hellos(engine, &controller, hellos, 1, &answer, &err), 0);
    silent = sent_fact(0);
    FACT(silent, task_facts_uncertain(book, &silent, "on", "the BMC did not answer", &err));
    sent = sent_fact(1);
    hello.journal = uuid_make();
    hello.boot = uuid_make();
    say_hello_anew();
    FACT(sent, task_facts_not_held(book, &sent, &err));
    FACT(silent, task_facts_not_held(book, &silent, &err));
    STATE_IS(sent.task, "unknown");
    STATE_IS(silent.task, "unknown");
    FACT(sent, task_facts_released(book, &sent, "its time to start passed", &err));
    FACT(silent, task_facts_declined(book, &silent, "expired", "it came late", &err));
    STATE_IS(sent.task, "unknown");
    STATE_IS(silent.task, "unknown");
}
END_TEST

START_TEST(so_is_what_a_revoked_agent_may_have_begun)
{
    const struct session_hello *hellos[] = {&hello};
    struct uuid sent;

    ck_assert_int_eq(agent_registry_hellos(engine, &controller, hellos, 1, &answer, &err), 0);
    sent = sent_one(0);
    revoke();
    OK(db_commit(api, &err));
    hello.agent = test_agent(owner, &fleet.site);
    hello.journal = uuid_make();
    ck_assert_int_eq(agent_registry_hellos(engine, &controller, hellos, 1, &answer, &err), 0);
    ck_assert_int_eq(answer.verdict, HELLO_WELCOME);
    STATE_IS(sent, "unknown");
}
END_TEST

/* Somebody works at its row by hand. */
START_TEST(a_hello_waits_no_longer_than_others_can)
{
    const struct session_hello *hellos[] = {&hello};
    int64_t began;

    OK(db_begin(owner, &err));
    as_owner("select from site where id = $1 for update", &fleet.site);
    began = clock_monotonic_ms();
    ck_assert_int_eq(agent_registry_hellos(engine, &controller, hellos, 1, &answer, &err), -1);
    ck_assert_int_eq(err.code, ERROR_TIMEOUT);
    ck_assert_int_lt(clock_monotonic_ms() - began, 8000); /* a statement's own limit is 10 s */
    hello.agent = fleet.other_agent;
    hello.site = fleet.other_site;
    ck_assert_int_eq(agent_registry_hellos(engine, &controller, hellos, 1, &answer, &err), 0);
    ck_assert_int_eq(answer.verdict, HELLO_WELCOME);
    db_rollback(owner);
}
END_TEST

CHECK_MAIN_WITH("agent_registry", begin, tear_down,
                a_first_hello_that_meets_a_revocation_opens_nothing,
                nor_does_one_with_a_session_before_it, a_hello_waits_no_longer_than_others_can,
                what_a_lost_journal_may_have_begun_is_unknown,
                no_word_of_another_journal_settles_it, so_is_what_a_revoked_agent_may_have_begun)
