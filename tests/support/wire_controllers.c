/* wire_controllers - storey: agent controller. Two controllers on one database: whose a session is,
 * what becomes of a lease when its session ends, and how two live copies of one agent are found.
 * Run by tests/integration/wire-controllers, which starts the database.
 */
#include "controller/timer_shard.h"
#include "tests/support/wire_stand.h"

static struct dispatch *second;
static struct controller_link *copy_link;
static struct task_journal *copy;

static void make_two(void)
{
    make();
    second = make_dispatch("second");
}

static void unmake_two(void)
{
    char path[128];

    controller_link_destroy(copy_link);
    copy_link = NULL;
    dispatch_destroy(second);
    if (copy) {
        task_journal_close(copy);
        copy = NULL;
        for (const char *const *name =
                 (const char *const[]){"", "-wal", "-shm", ".lock", ".ballast", NULL};
             *name; name++) {
            snprintf(path, sizeof(path), "%s/copy.db%s", folder, *name);
            unlink(path);
        }
    }
    unmake();
}

/* The disk of the agent, as it is now, in another machine. */
static void clone_journal(void)
{
    char command[300], path[128];
    struct error err = {0};

    task_journal_close(journal);
    snprintf(command, sizeof(command), "cp %s/journal.db %s/copy.db", folder, folder);
    ck_assert_int_eq(system(command), 0);
    open_journal();
    snprintf(path, sizeof(path), "%s/copy.db", folder);
    copy = task_journal_open(path, &err);
    ck_assert_msg(copy != NULL, "%s", err.text);
}

static struct controller_link *link_to(struct dispatch *to, struct task_journal *of)
{
    const char *endpoints[] = {dispatch_endpoint(to), NULL};

    return make_link(endpoints, &site, of);
}

#define session_owner(name)                                                                        \
    "select count(*) from agent_session s join controller c on c.id = s.controller_id "            \
    "where s.agent_id = '%s' and s.expires_at > now() and c.name = '%s'",                          \
        show(&agent), name

START_TEST(an_agent_moves_to_the_next_controller)
{
    const char *endpoints[] = {dispatch_endpoint(dispatch), dispatch_endpoint(second), NULL};
    int64_t began;

    agent_link = make_link(endpoints, &site, journal);
    wait_number(1, session_owner("test"));
    began = clock_monotonic_ms();
    dispatch_destroy(dispatch);
    dispatch = make_dispatch("later"); /* elsewhere: not one of the agent's endpoints */
    wait_number(1, session_owner("second"));
    ck_assert_int_lt(clock_monotonic_ms() - began, 5000);
    make_task();
    await_order();
    task_order_clear(&order);
    ck_assert_int_eq(number("select count(*) from task_grant g join controller c on c.id = "
                            "g.controller_id where g.agent_id = '%s' and c.name = 'second'",
                            show(&agent)),
                     1);
}
END_TEST

START_TEST(a_lease_goes_back_when_its_session_is_over)
{
    struct uuid task = make_task();
    int64_t began;

    await_session();
    await_order(); /* it is lost on the way: nobody says ACCEPTED */
    ck_assert_uint_eq(order.epoch, 1);
    task_order_clear(&order);
    controller_link_destroy(agent_link);
    began = clock_monotonic_ms();
    agent_link = link_to(second, journal);
    await_order();
    ck_assert_uint_eq(order.epoch, 2);
    task_order_clear(&order);
    ck_assert_int_lt(clock_monotonic_ms() - began, 10000); /* not the lease's 30 s */
    ck_assert_int_eq(
        number("select count(*) from task_event where task_id = '%s' and detail like '%%session it "
               "was leased in is over%%'",
               show(&task)),
        1);
}
END_TEST

START_TEST(what_the_agent_holds_is_no_orphan)
{
    struct uuid task = make_task();

    await_session();
    await_order();
    controller_link_destroy(agent_link);
    say_accepted(&task, order.epoch);
    task_order_clear(&order);
    agent_link = link_to(second, journal);
    wait_number(1, state_is(&task, "accepted"));
    ck_assert_ptr_null(handover_receive(orders_in, 1500));
    ck_assert_int_eq(number("select count(*) from task_grant where task_id = '%s'", show(&task)),
                     1);
}
END_TEST

START_TEST(a_copy_of_the_agent_at_another_controller_is_found)
{
    await_session();
    wait_number(1, session_owner("test"));
    controller_link_destroy(agent_link);
    clone_journal();
    agent_link = link_to(dispatch, journal);
    wait_number(1, session_owner("test"));
    copy_link = link_to(second, copy); /* looks like a restart, until the first one speaks again */
    wait_number(
        1, "select count(*) from site where id = '%s' and quarantined_because like '%%copied disk'",
        show(&site));
}
END_TEST

START_TEST(an_agent_that_was_restarted_is_no_copy)
{
    for (int i = 0; i < 4; i++) {
        agent_link = link_to(i % 2 ? second : dispatch, journal);
        wait_number(1, session_owner(i % 2 ? "second" : "test"));
        if (i < 3)
            controller_link_destroy(agent_link);
    }
    ck_assert_int_eq(
        number("select count(*) from site where id = '%s' and quarantined_because is not null",
               show(&site)),
        0);
    ck_assert_int_eq(number("select count(*) from agent_boot where agent_id = '%s'", show(&agent)),
                     4);
}
END_TEST

START_TEST(a_controller_that_lost_the_fence_commits_nothing)
{
    struct uuid task = make_task();

    await_session();
    await_order();
    sql("update agent_session set fence = fence + 1 where agent_id = '%s'", show(&agent));
    say_accepted(&task, order.epoch);
    task_order_clear(&order);
    /* The session that does not know ends over it; the next one hands the record over. */
    wait_number(3, "select fence from agent_session where agent_id = '%s'", show(&agent));
    wait_number(1, state_is(&task, "accepted"));
    ck_assert_int_eq(number("select count(*) from task_event where task_id = '%s' and name like "
                            "'%%-> accepted'",
                            show(&task)),
                     1);
}
END_TEST

START_TEST(a_timer_shard_has_one_owner)
{
    const struct uuid one = uuid_make(), two = uuid_make();
    struct timer_shard first = {.name = "test"}, other = {.name = "test"};
    struct conf_map parameters = test_database("muster_engine");
    struct error err = {0};
    struct db *db = db_connect(&parameters, &err);
    const int64_t renewal = TIMER_SHARD_LIFE_S * 1000 / 3;

    ck_assert_msg(db != NULL, "%s", err.text);
    sql("delete from timer_shard where shard = 'test'");
    ck_assert_int_eq(timer_shard_hold(&first, db, &one, 1, &err), 1);
    ck_assert_int_eq(timer_shard_hold(&other, db, &two, 1, &err), 0);
    /* Beyond its end it is anybody's, and who had it finds out at its next renewal. */
    sql("update timer_shard set expires_at = now() where shard = 'test'");
    ck_assert_int_eq(timer_shard_hold(&other, db, &two, 2, &err), 0); /* not asked yet */
    ck_assert_int_eq(timer_shard_hold(&other, db, &two, 1 + renewal, &err), 1);
    ck_assert_int_gt(other.fence, first.fence);
    ck_assert_int_eq(timer_shard_hold(&first, db, &one, renewal, &err), 1);
    ck_assert_int_eq(timer_shard_hold(&first, db, &one, 1 + renewal, &err), 0);
    /* Given up, it need not be waited for. */
    ck_assert_int_eq(timer_shard_give_up(&other, db, &two, &err), 0);
    ck_assert_int_eq(timer_shard_hold(&first, db, &one, 1 + 2 * renewal, &err), 1);
    db_disconnect(db);
}
END_TEST

CHECK_MAIN_WITH("wire_controllers", make_two, unmake_two, an_agent_moves_to_the_next_controller,
                a_lease_goes_back_when_its_session_is_over, what_the_agent_holds_is_no_orphan,
                a_copy_of_the_agent_at_another_controller_is_found,
                an_agent_that_was_restarted_is_no_copy,
                a_controller_that_lost_the_fence_commits_nothing, a_timer_shard_has_one_owner)
