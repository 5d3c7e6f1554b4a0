/* test_event_receiver.c - batches of several sessions in one transaction: each goes as far as it
 * can, and the trouble of one is no other's. */
#include "tests/support/task_fixture.h"

#include "controller/dispatch/event_receiver.h"

#define RECORDS_MAX 4

/* A session of an agent, with a batch of facts of the task. */
struct speaker {
    struct live_session session;
    Muster__Record messages[RECORDS_MAX];
    Muster__Accepted accepted;
    Muster__Step step;
    struct uuid task;
    struct session_record records[RECORDS_MAX];
    struct session_batch batch;
};

static void open_session(struct speaker *who, const struct uuid *agent, const struct uuid *site)
{
    who->session = (struct live_session){.agent = *agent,
                                         .site = *site,
                                         .session = uuid_make(),
                                         .journal = uuid_make(),
                                         .name = "tester",
                                         .fence = 1};
    ck_assert_int_eq(db_execute(owner,
                                "insert into agent_stream (agent_id, journal_id) values "
                                "($1, $2)",
                                &err, "uu", agent, &who->session.journal),
                     1);
    ck_assert_int_eq(
        db_execute(owner,
                   "insert into agent_session (agent_id, controller_id, fence, session_id, "
                   "boot_id, nonce, software, features, expires_at) values ($1, $2, 1, $3, $3, "
                   "sha256('n'), '', '{}', now() + interval '1 hour')",
                   &err, "uuu", agent, &controller, &who->session.session),
        1);
}

static Muster__Record *add(struct speaker *who, const struct task_lease *of)
{
    static const uint8_t bytes[] = "as journalled";
    size_t at = who->batch.count++;
    Muster__Record *message = &who->messages[at];

    muster__record__init(message);
    who->task = of->task;
    message->task_id = message_from_uuid(&who->task);
    message->epoch = of->epoch;
    message->at_us = clock_realtime_us();
    who->records[at] = (struct session_record){at + 1, at + 1, message, bytes, sizeof(bytes)};
    who->batch.stream = MUSTER__STREAM__FACTS;
    who->batch.first = 1;
    who->batch.upto = at + 1;
    who->batch.records = who->records;
    return message;
}

static void say_accepted(struct speaker *who, const struct task_lease *of)
{
    Muster__Record *message = add(who, of);

    muster__accepted__init(&who->accepted);
    message->kind_case = MUSTER__RECORD__KIND_ACCEPTED;
    message->accepted = &who->accepted;
}

/* An attempt that is no integer of PostgreSQL's. */
static void say_nonsense(struct speaker *who, const struct task_lease *of)
{
    Muster__Record *message = add(who, of);

    muster__step__init(&who->step);
    who->step.name = (char *)"bmc_on";
    who->step.state = (char *)"done";
    who->step.attempt = UINT32_MAX;
    message->kind_case = MUSTER__RECORD__KIND_STEP;
    message->step = &who->step;
}

static int64_t position(const struct speaker *who)
{
    return count_of("select facts_committed from agent_stream where agent_id = $1",
                    &who->session.agent);
}

static struct speaker ours, others;
static struct event_batch batches[2];
static struct task_lease given;

/* One site's agent accepts its task; the other one speaks of that task as well, which is not its.
 */
static void begin(void)
{
    struct uuid task = make_task(0);

    given = lease_it(&task);
    memset(&ours, 0, sizeof(ours));
    memset(&others, 0, sizeof(others));
    open_session(&ours, &fleet.agent, &fleet.site);
    open_session(&others, &fleet.other_agent, &fleet.other_site);
    say_accepted(&ours, &given);
    say_accepted(&others, &given);
    batches[0] = (struct event_batch){.from = &ours.session, .batch = &ours.batch};
    batches[1] = (struct event_batch){.from = &others.session, .batch = &others.batch};
}

static bool moved_together(void)
{
    struct db_rows *rows = db_query(owner,
                                    "select count(distinct xmin::text) from agent_stream where "
                                    "agent_id in ($1, $2)",
                                    &err, "uu", &fleet.agent, &fleet.other_agent);
    bool together;

    ck_assert_msg(rows != NULL, "%s", error_text(&err));
    together = db_int(rows, 0, 0) == 1;
    db_rows_destroy(rows);
    return together;
}

START_TEST(batches_of_two_sessions_are_one_transaction)
{
    begin();
    OK(event_receiver_take(engine, batches, 2, &err));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(batches[i].progress, EVENTS_DONE);
        ck_assert_uint_eq(batches[i].at, 1);
        ck_assert_uint_eq(batches[i].counts.records, 1);
    }
    ck_assert_uint_eq(batches[0].counts.dropped, 0);
    ck_assert_uint_eq(batches[1].counts.dropped, 1);
    ck_assert_int_eq(position(&ours), 1);
    ck_assert_int_eq(position(&others), 1);
    STATE_IS(given.task, "accepted");
    ck_assert(moved_together());
    /* Said once more they are of before the place where the streams are now. */
    batches[0].at = batches[1].at = 0;
    OK(event_receiver_take(engine, batches, 2, &err));
    ck_assert_int_eq(batches[0].progress, EVENTS_STALE);
    ck_assert_int_eq(position(&ours), 1);
}
END_TEST

START_TEST(a_stale_session_holds_nobody_up)
{
    begin();
    others.session.fence = 2; /* that the database does not have */
    OK(event_receiver_take(engine, batches, 2, &err));
    ck_assert_int_eq(batches[0].progress, EVENTS_DONE);
    ck_assert_int_eq(batches[1].progress, EVENTS_STALE);
    ck_assert_uint_eq(batches[1].at, 0);
    ck_assert_int_eq(position(&ours), 1);
    ck_assert_int_eq(position(&others), 0);
    STATE_IS(given.task, "accepted");
}
END_TEST

START_TEST(a_record_that_cannot_be_taken_is_found_by_itself)
{
    begin();
    say_nonsense(&ours, &given);
    ck_assert_int_eq(event_receiver_take(engine, batches, 2, &err), -1);
    ck_assert(event_receiver_is_records_fault(engine, &err));
    ck_assert_int_eq(position(&ours), 0);
    ck_assert_int_eq(position(&others), 0);
    STATE_IS(given.task, "leased");
    OK(event_receiver_take(engine, &batches[1], 1, &err)); /* the other's as it is */
    ck_assert_int_eq(position(&others), 1);
    OK(event_receiver_take_singly(engine, &batches[0], &err));
    ck_assert_uint_eq(batches[0].at, 2);
    ck_assert_uint_eq(batches[0].counts.records, 2);
    ck_assert_uint_eq(batches[0].counts.dropped, 1);
    ck_assert_int_eq(position(&ours), 2);
    STATE_IS(given.task, "accepted");
    ck_assert_int_eq(
        count_of("select count(*) from audit a join audit_body b using (tenant_id, id) "
                 "where action = 'record.drop' and object = 'task ' || $1::text and "
                 "body like '%record 2:%'",
                 &given.task),
        1);
}
END_TEST

CHECK_MAIN_WITH("event_receiver", set_up, tear_down, batches_of_two_sessions_are_one_transaction,
                a_stale_session_holds_nobody_up, a_record_that_cannot_be_taken_is_found_by_itself)
