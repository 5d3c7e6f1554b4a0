/* The journal: what commits together, what is refused, what a second life finds, and thinning. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/journal/journal.sql.h"
#include "agent/journal/journal_store.h"
#include "common/clock.h"
#include "common/handover.h"
#include "common/text.h"
#include "proto/frame.h"
#include "tests/support/check_main.h"

static char folder[] = "/tmp/muster-journal-XXXXXX";
static char path[64];
static struct task_journal *journal;
static struct uuid task, machine;

static void open_it(void)
{
    struct error err = {0};

    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/journal", folder);
    journal = task_journal_open(path, &err);
    ck_assert_msg(journal != NULL, "%s", error_text(&err));
    task = uuid_make();
    machine = uuid_make();
}

static void close_it(void)
{
    static const char *const names[] = {"", "-wal", "-shm", ".lock", ".ballast"};
    char name[80];

    task_journal_close(journal);
    journal = NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(name, sizeof(name), "%s%s", path, names[i]);
        unlink(name);
    }
    rmdir(folder);
}

static void reopen(void)
{
    struct error err = {0};

    task_journal_close(journal);
    journal = task_journal_open(path, &err);
    ck_assert_msg(journal != NULL, "%s", error_text(&err));
}

static void fact(struct journal_batch *batch, const char *name)
{
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__Step step = MUSTER__STEP__INIT;

    step.name = (char *)name;
    record.at_us = clock_realtime_us();
    record.task_id = message_from_uuid(&task);
    record.kind_case = MUSTER__RECORD__KIND_STEP;
    record.step = &step;
    journal_batch_record(batch, JOURNAL_FACTS, &record);
}

static void log_chunk(struct journal_batch *batch, size_t length, bool report)
{
    static uint8_t data[4096];
    Muster__Record record = MUSTER__RECORD__INIT;
    Muster__LogChunk chunk = MUSTER__LOG_CHUNK__INIT;
    Muster__ReportChunk part = MUSTER__REPORT_CHUNK__INIT;

    record.task_id = message_from_uuid(&task);
    chunk.data = part.data = (ProtobufCBinaryData){length, data};
    record.kind_case = report ? MUSTER__RECORD__KIND_REPORT : MUSTER__RECORD__KIND_LOG;
    if (report)
        record.report = &part;
    else
        record.log = &chunk;
    journal_batch_record(batch, JOURNAL_BULK, &record);
}

static void write_now(struct journal_batch *batch)
{
    struct error err = {0};

    ck_assert_msg(task_journal_write_now(journal, batch, &err) == 0, "%s", error_text(&err));
}

static struct journal_identity identity(void)
{
    struct journal_identity now;

    ck_assert_int_eq(task_journal_identity(journal, &now, NULL), 0);
    return now;
}

START_TEST(foreign_file_is_refused_with_its_remedy)
{
    struct error err = {0};
    FILE *file;

    task_journal_close(journal);
    file = fopen(path, "w");
    for (int i = 0; i < 4096; i++)
        fputc('x', file);
    fclose(file);
    journal = task_journal_open(path, &err);
    ck_assert_ptr_null(journal);
    ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
}
END_TEST

START_TEST(second_agent_on_one_journal_is_refused)
{
    struct error err = {0};

    ck_assert_ptr_null(task_journal_open(path, &err));
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
}
END_TEST

START_TEST(second_intent_of_one_attempt_refuses_the_whole_batch)
{
    struct journal_batch *batch = journal_batch_create();
    struct error err = {0};
    struct journal_intents intents;

    journal_batch_intent(batch, &task, "bmc_on", 1, "intent", 1);
    write_now(batch);
    batch = journal_batch_create();
    fact(batch, "bmc_on");
    journal_batch_intent(batch, &task, "bmc_on", 1, "intent", 2);
    ck_assert_int_eq(task_journal_write_now(journal, batch, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "bmc_on"));
    ck_assert_uint_eq(identity().facts_head, 0);
    /* It was this batch's fault alone. */
    ck_assert(!task_journal_trouble(journal, NULL));
    batch = journal_batch_create();
    journal_batch_intent(batch, &task, "bmc_on", 1, "done", 3);
    journal_batch_intent(batch, &task, "bmc_on", 2, "intent", 4);
    write_now(batch);
    ck_assert_int_eq(task_journal_intents(journal, &task, &intents, NULL), 0);
    ck_assert_uint_eq(intents.count, 2);
    ck_assert_str_eq(intents.items[0].state, "done");
    ck_assert_str_eq(intents.items[1].state, "intent");
    journal_intents_free(&intents);
}
END_TEST

START_TEST(numbers_are_dense_and_survive_a_second_life)
{
    struct journal_identity before, after;
    struct journal_records records;
    struct journal_batch *batch = journal_batch_create();

    fact(batch, "one");
    fact(batch, "two");
    log_chunk(batch, 10, false);
    journal_batch_epoch(batch, &machine, 7);
    write_now(batch);
    batch = journal_batch_create();
    fact(batch, "three");
    journal_batch_epoch(batch, &machine, 5);
    write_now(batch);
    before = identity();
    ck_assert_uint_eq(before.facts_head, 3);
    ck_assert_uint_eq(before.bulk_head, 1);
    ck_assert_uint_eq(before.highest_epoch, 7);
    reopen();
    after = identity();
    ck_assert(uuid_equal(&before.journal_id, &after.journal_id));
    ck_assert_uint_eq(after.facts_head, 3);
    ck_assert_int_eq(task_journal_read(journal, JOURNAL_FACTS, 2, 10, 1 << 20, &records, NULL), 0);
    ck_assert_uint_eq(records.count, 2);
    ck_assert_uint_eq(records.items[0].sequence, 2);
    ck_assert_uint_eq(records.items[1].sequence, 3);
    journal_records_free(&records);
    /* At least one, whatever the cap of bytes. */
    ck_assert_int_eq(task_journal_read(journal, JOURNAL_FACTS, 1, 10, 1, &records, NULL), 0);
    ck_assert_uint_eq(records.count, 1);
    journal_records_free(&records);
}
END_TEST

START_TEST(epoch_never_falls)
{
    struct journal_batch *batch = journal_batch_create();
    uint64_t epoch;

    journal_batch_epoch(batch, &machine, 9);
    journal_batch_epoch(batch, &machine, 3);
    write_now(batch);
    ck_assert_int_eq(task_journal_epoch(journal, &machine, &epoch, NULL), 0);
    ck_assert_uint_eq(epoch, 9);
    ck_assert_int_eq(task_journal_epoch(journal, &task, &epoch, NULL), 0);
    ck_assert_uint_eq(epoch, 0);
}
END_TEST

START_TEST(task_row_comes_back_as_it_was)
{
    struct journal_task row = {.id = task, .machine_id = machine, .epoch = 4, .attempt = 1};
    struct journal_task found = {0};
    struct journal_tasks open;
    struct journal_batch *batch = journal_batch_create();
    uint8_t envelope[] = {1, 2, 3};

    row.state = HELD_RUNNING;
    row.phase = (char *)"boot";
    row.envelope = envelope;
    row.envelope_length = sizeof(envelope);
    row.has_nonce = true;
    memset(row.nonce_hash, 0xab, 32);
    row.found_power = (char *)"off";
    row.seen = 3;
    journal_batch_task(batch, &row);
    write_now(batch);
    row.envelope = NULL; /* not given again: kept */
    row.log_size = 77;
    batch = journal_batch_create();
    journal_batch_task(batch, &row);
    write_now(batch);
    reopen();
    ck_assert_int_eq(task_journal_find(journal, &machine, &found, NULL), 0);
    ck_assert_int_eq(task_journal_find(journal, &task, &found, NULL), 1);
    ck_assert_str_eq(found.phase, "boot");
    ck_assert_uint_eq(found.envelope_length, 3);
    ck_assert_uint_eq(found.log_size, 77);
    ck_assert(found.has_nonce && !found.has_token && found.seen == 3);
    ck_assert_mem_eq(found.nonce_hash, row.nonce_hash, 32);
    ck_assert_ptr_null(found.cause);
    journal_task_clear(&found);
    ck_assert_int_eq(task_journal_open_tasks(journal, &open, NULL), 0);
    ck_assert_uint_eq(open.count, 1);
    journal_tasks_free(&open);
    row.state = HELD_ENDED;
    batch = journal_batch_create();
    journal_batch_task(batch, &row);
    write_now(batch);
    ck_assert_int_eq(task_journal_open_tasks(journal, &open, NULL), 0);
    ck_assert_uint_eq(open.count, 0);
    journal_tasks_free(&open);
}
END_TEST

START_TEST(facts_digest_is_the_chain_of_the_wire_format)
{
    uint8_t expected[32] = {0}, joined[4096], digest[32];
    struct journal_batch *batch = journal_batch_create();
    struct journal_records records;
    struct uuid other = task;

    fact(batch, "a");
    task = uuid_make(); /* another task's record in between */
    fact(batch, "x");
    task = other;
    fact(batch, "b");
    write_now(batch);
    ck_assert_int_eq(task_journal_read(journal, JOURNAL_FACTS, 1, 10, 1 << 20, &records, NULL), 0);
    for (size_t i = 0; i < 3; i += 2) {
        memcpy(joined, expected, 32);
        memcpy(joined + 32, records.items[i].bytes, records.items[i].length);
        EVP_Q_digest(NULL, "SHA256", NULL, joined, 32 + records.items[i].length, expected, NULL);
    }
    journal_records_free(&records);
    ck_assert_int_eq(task_journal_facts_digest(journal, &task, digest, NULL), 0);
    ck_assert_mem_eq(digest, expected, 32);
}
END_TEST

START_TEST(acknowledged_bulk_goes_and_heads_stay)
{
    struct journal_batch *batch = journal_batch_create();
    struct journal_records records;

    for (int i = 0; i < 3; i++)
        log_chunk(batch, 10, false);
    fact(batch, "a");
    write_now(batch);
    task_journal_committed(journal, JOURNAL_BULK, 3);
    task_journal_committed(journal, JOURNAL_FACTS, 1);
    reopen();
    task_journal_committed(journal, JOURNAL_BULK, 3);
    task_journal_committed(journal, JOURNAL_FACTS, 1);
    /* Lazy: seen once a later write has passed. */
    write_now(journal_batch_create());
    while (identity().facts_committed < 1)
        poll(NULL, 0, 1);
    ck_assert_uint_eq(identity().bulk_head, 3);
    ck_assert_int_eq(task_journal_read(journal, JOURNAL_BULK, 1, 10, 1000, &records, NULL), 0);
    ck_assert_uint_eq(records.count, 0);
    ck_assert_int_eq(task_journal_read(journal, JOURNAL_FACTS, 1, 10, 1000, &records, NULL), 0);
    ck_assert_uint_eq(records.count, 1);
    journal_records_free(&records);
}
END_TEST

START_TEST(acknowledgement_of_what_was_never_written_is_ignored)
{
    task_journal_committed(journal, JOURNAL_FACTS, 99);
    write_now(journal_batch_create());
    ck_assert_uint_eq(identity().facts_committed, 0);
}
END_TEST

START_TEST(full_spool_thins_the_oldest_logs_into_one_gap_and_no_report)
{
    struct journal_batch *batch = journal_batch_create();
    struct journal_records records;
    Muster__Record *gap, *report;

    task_journal_set_bulk_budget(journal, 40000);
    for (int i = 0; i < 5; i++)
        log_chunk(batch, 4000, false);
    log_chunk(batch, 4000, true);
    write_now(batch);
    batch = journal_batch_create();
    for (int i = 0; i < 6; i++)
        log_chunk(batch, 4000, false);
    write_now(batch);
    ck_assert_int_eq(task_journal_read(journal, JOURNAL_BULK, 1, 99, 1 << 20, &records, NULL), 0);
    gap = message_unpack(&muster__record__descriptor, records.items[0].bytes,
                         records.items[0].length, NULL);
    ck_assert_int_eq(gap->kind_case, MUSTER__RECORD__KIND_GAP);
    ck_assert_uint_eq(gap->gap->from, 1);
    ck_assert_uint_eq(gap->gap->to, 4);
    ck_assert_uint_eq(records.items[1].sequence, 5);
    ck_assert_uint_eq(records.items[2].sequence, 6);
    report = message_unpack(&muster__record__descriptor, records.items[2].bytes,
                            records.items[2].length, NULL);
    ck_assert_int_eq(report->kind_case, MUSTER__RECORD__KIND_REPORT);
    message_free(gap);
    message_free(report);
    journal_records_free(&records);
    /* Asked from inside, the gap is still what comes first. */
    ck_assert_int_eq(task_journal_read(journal, JOURNAL_BULK, 3, 1, 1 << 20, &records, NULL), 0);
    ck_assert_uint_eq(records.items[0].sequence, 1);
    journal_records_free(&records);
}
END_TEST

/* How SQLite finds the rows of a statement; static. */
static const char *plan_of(sqlite3 *db, const char *sql)
{
    static char plan[400];
    char explain[400];
    sqlite3_stmt *rows = NULL;

    snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
    ck_assert_int_eq(sqlite3_prepare_v2(db, explain, -1, &rows, NULL), SQLITE_OK);
    plan[0] = '\0';
    while (sqlite3_step(rows) == SQLITE_ROW)
        snprintf(plan + strlen(plan), sizeof(plan) - strlen(plan), "%s; ",
                 (const char *)sqlite3_column_text(rows, 3));
    sqlite3_finalize(rows);
    return plan;
}

/* A spool of 64 MiB may hold a hundred thousand lines, and each of these is asked for every few. */
START_TEST(spool_is_not_read_through_for_what_goes)
{
    static const char *const statements[] = {SQL_JOURNAL_BULK_COMMITTED,
                                             SQL_JOURNAL_BULK_BYTES_UPTO, SQL_JOURNAL_GAP_BEFORE,
                                             SQL_JOURNAL_OLDEST_LOG};
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        const char *plan = plan_of(db, statements[i]);

        ck_assert_msg(strstr(plan, "SEARCH") && !strstr(plan, "SCAN"), "%s: %s", statements[i],
                      plan);
        ck_assert_msg(i != 2 || strstr(plan, "upto=?"), "%s: %s", statements[i], plan);
    }
    ck_assert_ptr_null(strstr(plan_of(db, SQL_JOURNAL_BULK_READ), "TEMP B-TREE"));
    sqlite3_close(db);
}
END_TEST

static void two_tasks_logs(struct journal_store *store, unsigned lines)
{
    const struct uuid both[] = {uuid_make(), uuid_make()};
    struct journal_batch *batch = journal_batch_create();
    struct error err = {0};

    for (unsigned i = 0; i < lines; i++) {
        task = both[i % 2];
        log_chunk(batch, 1000, false);
    }
    ck_assert_int_eq(journal_store_begin(store, &err), 0);
    ck_assert_int_eq(journal_store_apply(store, batch, &err), 0);
    ck_assert_int_eq(journal_store_thin(store, 40000, &err), 0);
    ck_assert_int_eq(journal_store_commit(store, &err), 0);
    journal_batch_destroy(batch);
}

START_TEST(what_waits_is_counted_as_a_second_life_counts_it)
{
    struct journal_store *store;
    uint64_t bytes;

    task_journal_close(journal);
    journal = NULL;
    store = journal_store_open(path, NULL);
    for (unsigned turn = 1; turn <= 3; turn++) {
        two_tasks_logs(store, 60);
        ck_assert_uint_le(journal_store_bulk_bytes(store), 40000);
        ck_assert_int_eq(journal_store_begin(store, NULL), 0);
        ck_assert_int_eq(journal_store_committed(store, JOURNAL_BULK, 60 * turn - 10, NULL), 0);
        ck_assert_int_eq(journal_store_commit(store, NULL), 0);
        bytes = journal_store_bulk_bytes(store);
        ck_assert_uint_gt(bytes, 10000);
        ck_assert_uint_lt(bytes, 11000);
        journal_store_close(store);
        store = journal_store_open(path, NULL);
        ck_assert_uint_eq(journal_store_bulk_bytes(store), bytes);
    }
    journal_store_close(store);
}
END_TEST

START_TEST(heads_wake_the_link_once)
{
    struct pollfd wait = {.fd = task_journal_heads_fd(journal), .events = POLLIN};
    struct journal_batch *batch = journal_batch_create();
    uint64_t facts, bulk;

    ck_assert_int_eq(poll(&wait, 1, 0), 0);
    fact(batch, "a");
    write_now(batch);
    ck_assert_int_eq(poll(&wait, 1, 5000), 1);
    task_journal_heads(journal, &facts, &bulk);
    ck_assert_uint_eq(facts, 1);
    ck_assert_uint_eq(bulk, 0);
    ck_assert_int_eq(poll(&wait, 1, 0), 0);
}
END_TEST

START_TEST(batches_come_back_in_order)
{
    struct handover *reply = handover_create(200, NULL, NULL);
    struct journal_batch *batch;

    for (intptr_t i = 1; i <= 100; i++) {
        batch = journal_batch_create();
        batch->context = (void *)i;
        fact(batch, "a");
        task_journal_write(journal, batch, reply);
    }
    for (intptr_t i = 1; i <= 100; i++) {
        batch = handover_receive(reply, -1);
        ck_assert_int_eq((intptr_t)batch->context, i);
        ck_assert_int_eq(batch->rc, 0);
        ck_assert_uint_eq(batch->facts_head, (uint64_t)i);
        journal_batch_destroy(batch);
    }
    handover_destroy(reply);
}
END_TEST

/* RLIMIT_FSIZE stands for a full disk: the write fails, the file stays sound. */
START_TEST(full_disk_is_trouble_until_it_has_room_again)
{
    struct rlimit old, small = {.rlim_cur = 200000};
    struct handover *reply = handover_create(8, NULL, NULL);
    struct journal_batch *batch = journal_batch_create();
    struct error err = {0};
    uint64_t epoch;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &small);
    for (int i = 0; i < 200; i++)
        log_chunk(batch, 4000, true);
    task_journal_write(journal, batch, reply);
    while (!task_journal_trouble(journal, &err))
        poll(NULL, 0, 1);
    ck_assert_int_eq(err.code, ERROR_UNAVAILABLE);
    ck_assert_ptr_null(handover_try_receive(reply));
    ck_assert_int_eq(task_journal_epoch(journal, &machine, &epoch, &err), -1);
    ck_assert_uint_eq(identity().bulk_head, 0); /* the link still gets answers */
    setrlimit(RLIMIT_FSIZE, &old);
    batch = handover_receive(reply, 10000);
    ck_assert_ptr_nonnull(batch);
    ck_assert_int_eq(batch->rc, 0);
    journal_batch_destroy(batch);
    ck_assert(!task_journal_trouble(journal, NULL));
    ck_assert_uint_eq(identity().bulk_head, 200);
    handover_destroy(reply);
}
END_TEST

START_TEST(low_disk_refuses_new_tasks_and_lets_the_spool_not_grow)
{
    struct error why = {0};
    struct journal_records records;
    uint64_t bytes = 0;
    bool gap = false;

    ck_assert_ptr_null(task_journal_refuses(journal, NULL));
    for (int i = 0; i < 2; i++) {
        struct journal_batch *batch = journal_batch_create();

        for (int chunk = 0; chunk < 20; chunk++)
            log_chunk(batch, 4000, false);
        write_now(batch);
        task_journal_set_low_water(journal, UINT64_MAX / 4);
    }
    ck_assert_str_eq(task_journal_refuses(journal, &why), "disk_full");
    ck_assert_ptr_nonnull(strstr(why.text, "MiB left at"));
    ck_assert_int_eq(task_journal_read(journal, JOURNAL_BULK, 1, 1000, 1 << 24, &records, NULL), 0);
    for (size_t i = 0; i < records.count; i++) {
        Muster__Record *record = message_unpack(&muster__record__descriptor, records.items[i].bytes,
                                                records.items[i].length, NULL);

        gap = gap || record->kind_case == MUSTER__RECORD__KIND_GAP;
        bytes += records.items[i].length;
        message_free(record);
    }
    journal_records_free(&records);
    ck_assert(gap);
    ck_assert_uint_le(bytes, 21 * 4100);
    ck_assert_uint_eq(identity().bulk_head, 40); /* each is accounted for */
    task_journal_set_low_water(journal, 0);
    ck_assert_ptr_null(task_journal_refuses(journal, NULL));
}
END_TEST

START_TEST(damaged_page_is_named_and_refuses_new_tasks)
{
    static uint8_t junk[4096];
    struct journal_records records;
    struct journal_batch *batch;
    struct error err = {0};
    int fd;

    for (int i = 0; i < 20; i++) {
        batch = journal_batch_create();
        for (int chunk = 0; chunk < 50; chunk++)
            log_chunk(batch, 4000, true);
        write_now(batch);
    }
    reopen(); /* all of it is in the main file now */
    ck_assert_ptr_null(task_journal_refuses(journal, NULL));
    memset(junk, 0xee, sizeof(junk));
    fd = open(path, O_WRONLY | O_CLOEXEC);
    for (off_t at = 1 << 20; at < 3 << 20; at += (off_t)sizeof(junk))
        ck_assert_int_eq(pwrite(fd, junk, sizeof(junk), at), (ssize_t)sizeof(junk));
    close(fd);
    ck_assert_int_eq(task_journal_read(journal, JOURNAL_BULK, 1, 10000, 1 << 24, &records, &err),
                     -1);
    ck_assert_ptr_nonnull(strstr(err.text, path));
    ck_assert_ptr_nonnull(strstr(err.text, "is damaged"));
    ck_assert_str_eq(task_journal_refuses(journal, &err), "journal_damaged");
    ck_assert_ptr_nonnull(strstr(err.text, "move it away"));
    /* What lies elsewhere in the file goes on. */
    batch = journal_batch_create();
    fact(batch, "bmc_off");
    write_now(batch);
    ck_assert(!task_journal_trouble(journal, NULL));
}
END_TEST

/* 36 days on, by setting the clock of a row back. */
START_TEST(ended_tasks_are_kept_for_35_days)
{
    struct journal_task row = {.id = task, .machine_id = machine, .epoch = 1, .state = HELD_ENDED};
    struct journal_task found = {0};
    struct journal_batch *batch = journal_batch_create();
    sqlite3 *db;

    row.accepted_at_us = row.ended_at_us = (int64_t)1800000000 * 1000000;
    journal_batch_task(batch, &row);
    journal_batch_epoch(batch, &machine, 1);
    write_now(batch);
    task_journal_close(journal);
    journal = NULL;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db,
                                  "UPDATE task SET accepted_at_us = 1, ended_at_us = "
                                  "(strftime('%s','now') - 34*86400) * 1000000",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    journal = task_journal_open(path, NULL);
    task_journal_set_controller_time(journal, clock_realtime_us());
    write_now(journal_batch_create());
    ck_assert_int_eq(task_journal_find(journal, &task, &found, NULL), 1);
    journal_task_clear(&found);
    task_journal_close(journal);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "UPDATE task SET ended_at_us = ended_at_us - 2*86400000000",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    journal = task_journal_open(path, NULL);
    /* No controller has said how late it is: the clock of the box may be wrong. */
    write_now(journal_batch_create());
    ck_assert_int_eq(task_journal_find(journal, &task, &found, NULL), 1);
    journal_task_clear(&found);
    task_journal_set_controller_time(journal, clock_realtime_us());
    write_now(journal_batch_create());
    ck_assert_int_eq(task_journal_find(journal, &task, &found, NULL), 0);
    /* The epoch outlives it: an old order stays old. */
    ck_assert_uint_eq(identity().highest_epoch, 1);
}
END_TEST

CHECK_MAIN_WITH("task_journal", open_it, close_it, foreign_file_is_refused_with_its_remedy,
                second_agent_on_one_journal_is_refused,
                second_intent_of_one_attempt_refuses_the_whole_batch,
                numbers_are_dense_and_survive_a_second_life, epoch_never_falls,
                task_row_comes_back_as_it_was, facts_digest_is_the_chain_of_the_wire_format,
                acknowledged_bulk_goes_and_heads_stay,
                acknowledgement_of_what_was_never_written_is_ignored,
                full_spool_thins_the_oldest_logs_into_one_gap_and_no_report,
                spool_is_not_read_through_for_what_goes,
                what_waits_is_counted_as_a_second_life_counts_it, heads_wake_the_link_once,
                batches_come_back_in_order, full_disk_is_trouble_until_it_has_room_again,
                low_disk_refuses_new_tasks_and_lets_the_spool_not_grow,
                damaged_page_is_named_and_refuses_new_tasks, ended_tasks_are_kept_for_35_days)
