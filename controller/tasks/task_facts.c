/* task_facts.c - see task_facts.h. Invariant: a fact is recorded once or found to be known, and
 * never fails because of what the controller believed before: an error of this kind would hold up
 * the agent's stream for ever. What changes nothing any more becomes a note in the timeline. */
#include "controller/tasks/task_facts.h"

#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/audit/audit_log.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/tasks/task_book.h"
#include "controller/tasks/task_facts.sql.h"
#include "controller/tasks/task_report.h"
#include "controller/tasks/task_state.h"

#define YEAR_2100_US INT64_C(4102444800000000)

/* A fact, the page of its task, and who says it. */
struct saying {
    struct task_book *book;
    const struct task_fact *fact;
    struct task_page *page;
    struct task_now *now; /* the page's */
    char who[80];
};

int task_facts_find(struct task_book *book, struct task_fact *fact, struct error *err)
{
    const struct task_named named = {.task = fact->task, .site = fact->site, .epoch = fact->epoch};

    return task_book_grant(book, &named, &fact->tenant, err);
}

int task_facts_find_order(struct task_book *book, struct task_fact *fact, const uint8_t sha256[32],
                          struct error *err)
{
    struct db_rows *rows = db_query(task_book_any_db(book), SQL_FACTS_FIND_ORDER, err, "yu", sha256,
                                    (size_t)32, &fact->site);
    int found;

    if (!rows)
        return -1;
    found = db_rows_count(rows) > 0;
    if (found) {
        fact->tenant = db_uuid(rows, 0, 0);
        fact->task = db_uuid(rows, 0, 1);
        fact->epoch = (uint64_t)db_int(rows, 0, 2);
    }
    db_rows_destroy(rows);
    return found;
}

static int begin(struct saying *say, struct task_book *book, const struct task_fact *fact,
                 struct error *err)
{
    *say = (struct saying){.book = book, .fact = fact};
    say->page = task_book_page(book, &fact->tenant, &fact->task, err);
    if (!say->page)
        return -1;
    say->now = &say->page->now;
    snprintf(say->who, sizeof(say->who), "agent %s", fact->agent_name);
    return say->page->shares_machine ? task_book_read_again(book, say->page, err) : 0;
}

/* For what is done at once, behind all that was said before. NULL: 'err'. */
static struct db *at_once(struct saying *say, struct error *err)
{
    return task_book_write(say->book, err) < 0 ? NULL
                                               : task_book_db(say->book, &say->now->tenant, err);
}

static bool is_in(const struct saying *say, const char *state)
{
    return strcmp(say->now->state, state) == 0;
}

/* What snprintf() cut in the middle of a character ends before that character: PostgreSQL takes
 * UTF-8 only. */
static char *whole(char *cut)
{
    size_t length = strlen(cut), from = length;

    while (from > 0 && ((unsigned char)cut[from - 1] & 0xc0) == 0x80)
        from--;
    if (from > 0 && !text_is_utf8(cut + from - 1, length - (from - 1)))
        cut[from - 1] = '\0';
    return cut;
}

static struct task_change change_of(const struct saying *say, const char *to, const char *event,
                                    const char *why)
{
    return (struct task_change){.to = to,
                                .event = event,
                                .why = why,
                                .who = say->who,
                                .at_us = say->fact->at_us,
                                .agent = say->fact->agent,
                                .sequence = say->fact->sequence};
}

static int change(struct saying *say, const char *to, const char *event, const char *why,
                  struct error *err)
{
    const struct task_change change = change_of(say, to, event, why);

    return task_book_change(say->book, say->page, &change, err);
}

static int note(struct saying *say, const char *name, const char *why, struct error *err)
{
    struct task_change change = change_of(say, NULL, NULL, why);

    change.epoch = (int64_t)say->fact->epoch;
    return task_book_note(say->book, say->page, &change, name, err);
}

/* SQL_FACTS_END_GRANT: of this epoch; SQL_FACTS_END_GRANTS: up to it. Returns how many were open.
 */
static int end_grants(struct saying *say, const char *sql, const char *how, struct error *err)
{
    struct db *db = at_once(say, err);
    int ended = !db ? -1
                    : db_execute(db, sql, err, "uuis", &say->fact->tenant, &say->fact->task,
                                 (int64_t)say->fact->epoch, how);

    if (ended < 0 || task_book_read_again(say->book, say->page, err) < 0)
        return -1;
    return ended;
}

/* ---- one task a machine ---- */

static int requeue_rival(struct saying *say, const struct uuid *tenant, const struct uuid *task,
                         struct error *err)
{
    struct db *db = task_book_db(say->book, tenant, err);
    struct task_now rival;
    char why[UUID_TEXT_SIZE + 60] = "the agent holds another task of this machine: ";
    const struct task_change back = {
        .to = "queued", .event = "requeue", .why = why, .who = say->who, .at_us = INT64_MIN};
    int rc;

    uuid_format(&say->fact->task, why + strlen(why));
    if (!db)
        return -1;
    rc = task_state_lock(db, tenant, task, &rival, err);
    if (rc > 0 && strcmp(rival.state, "leased") == 0)
        rc = task_state_change(db, &rival, &back, err);
    return rc < 0 ? -1 : 0;
}

/* 1: the place is free. */
static int send_rivals_back(struct saying *say, struct error *err)
{
    struct db *db = at_once(say, err);
    struct db_rows *rows =
        db ? db_query(db, SQL_FACTS_RIVALS, err, "uu", &say->now->machine, &say->now->task) : NULL;
    int rc = 1;

    if (!rows)
        return -1;
    for (size_t i = 0; rc > 0 && i < db_rows_count(rows); i++) {
        struct uuid tenant = db_uuid(rows, i, 0), task = db_uuid(rows, i, 1);

        if (strcmp(db_text(rows, i, 2), "leased") != 0)
            rc = 0;
        else if (requeue_rival(say, &tenant, &task, err) < 0)
            rc = -1;
    }
    db_rows_destroy(rows);
    return rc;
}

/* The agent knows which task its machine has: one that is only on its way to it goes back. 1: the
 * place is free. 0: another one is under way or unknown, and keeps it. */
static int take_machine(struct saying *say, struct error *err)
{
    int rc = 1;

    if (say->now->rival)
        rc = send_rivals_back(say, err);
    if (rc == 1)
        say->now->rival = false;
    return rc;
}

/* To a state in which the task counts as under way, if there is an edge and room. 1: done. */
static int advance(struct saying *say, const char *to, const char *event, const char *why,
                   struct error *err)
{
    int rc;

    if (!task_edge_find(say->now->state, to, event)) {
        char name[48];

        if (is_in(say, to))
            return 0; /* said again */
        snprintf(name, sizeof(name), "%s, late", to);
        return note(say, name, why, err);
    }
    rc = take_machine(say, err);
    if (rc == 0)
        return note(say, "another task has the machine", why, err);
    if (rc < 0 || change(say, to, event, why, err) < 0)
        return -1;
    return 1;
}

/* ---- facts ---- */

int task_facts_accepted(struct task_book *book, const struct task_fact *fact, struct error *err)
{
    struct saying say;

    if (begin(&say, book, fact, err) < 0)
        return -1;
    if (is_in(&say, "running"))
        return 0; /* said again */
    return advance(&say, "accepted", "accepted", NULL, err) < 0 ? -1 : 0;
}

static bool is_cancelled_in_time(const struct saying *say)
{
    return say->now->cancel_requested_us != INT64_MIN &&
           say->now->cancel_requested_us < say->now->expires_us;
}

/* Its agent, of which nothing had been heard for long, never began it and holds it no more: the
 * journal settles what was unknown. Not when no grant had been open: then that journal is not the
 * one that the order went to (task_lost.h). 1: settled. */
static int settle_not_begun(struct saying *say, int was_open, const char *why, struct error *err)
{
    if (!was_open || !is_in(say, "unknown") || say->now->granted)
        return 0;
    return change(say, is_cancelled_in_time(say) ? "cancelled" : "expired", "settle", why, err) < 0
               ? -1
               : 1;
}

/* No agent holds it any more: what a person or time wanted happens now. */
static int leave_agent(struct saying *say, const char *why, struct error *err)
{
    bool back = is_in(say, "accepted") ||
                (is_in(say, "leased") && say->now->epoch == (int64_t)say->fact->epoch);

    if (back && change(say, "queued", "requeue", why, err) < 0)
        return -1;
    if (!is_in(say, "queued") || say->now->granted)
        return 0;
    if (is_cancelled_in_time(say))
        return change(say, "cancelled", "cancel", "the agent does not hold it", err);
    if (say->now->expires_us <= say->now->now_us)
        return change(say, "expired", "expire",
                      "the agent does not hold it and its last start moment passed", err);
    return 0;
}

/* Offering it again cannot help: the same rows make the same order, for the same agent. */
static bool is_hopeless(const char *code)
{
    return strcmp(code, "unsupported") == 0 || strcmp(code, "malformed") == 0;
}

/* The agent said no to this epoch for good, and holds no other one of it. 1: it has failed. 0: not
 * that. */
static int give_up(struct saying *say, const char *why, const char *remedy, struct error *err)
{
    bool leased = is_in(say, "leased") && say->now->epoch == (int64_t)say->fact->epoch;
    struct db *db;

    if (say->now->granted || (!leased && !is_in(say, "queued")))
        return 0;
    if (!(db = at_once(say, err)) ||
        db_execute(db, SQL_FACTS_GIVEN_UP, err, "uuss", &say->now->tenant, &say->now->task, why,
                   remedy) < 0)
        return -1;
    return change(say, "failed", "refused", why, err) < 0 ? -1 : 1;
}

int task_facts_declined(struct task_book *book, const struct task_fact *fact, const char *code,
                        const char *text, struct error *err)
{
    struct saying say;
    char why[400];
    int was_open, settled;

    snprintf(why, sizeof(why), "declined: %s: %s", code, text);
    whole(why);
    if (begin(&say, book, fact, err) < 0 ||
        (was_open = end_grants(&say, SQL_FACTS_END_GRANTS, "declined", err)) < 0)
        return -1;
    if ((settled = settle_not_begun(&say, was_open, why, err)) != 0)
        return settled < 0 ? -1 : 0;
    if (is_hopeless(code)) {
        int rc = give_up(&say, why,
                         "give the machine a BMC account that the site's agent has a driver for "
                         "(muster machine set-bmc), or upgrade the agent",
                         err);

        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    if (!is_in(&say, "leased") && note(&say, "declined", why, err) < 0)
        return -1;
    return leave_agent(&say, why, err);
}

int task_facts_released(struct task_book *book, const struct task_fact *fact, const char *text,
                        struct error *err)
{
    struct saying say;
    char why[400];
    int was_open, settled;

    snprintf(why, sizeof(why), "released: %s", text);
    whole(why);
    if (begin(&say, book, fact, err) < 0 ||
        (was_open = end_grants(&say, SQL_FACTS_END_GRANTS, "released", err)) < 0)
        return -1;
    if ((settled = settle_not_begun(&say, was_open, why, err)) != 0)
        return settled < 0 ? -1 : 0;
    if (!is_in(&say, "accepted") && !is_in(&say, "leased") && note(&say, "released", why, err) < 0)
        return -1;
    return leave_agent(&say, why, err);
}

int task_facts_started(struct task_book *book, const struct task_fact *fact, unsigned attempt,
                       struct error *err)
{
    struct saying say;
    char why[40], because[UUID_TEXT_SIZE + 60] = "its restore is pending: task ";
    int rc;

    snprintf(why, sizeof(why), "attempt %u", attempt);
    if (begin(&say, book, fact, err) < 0)
        return -1;
    rc = advance(&say, "running", "started", why, err);
    if (rc <= 0)
        return rc;
    uuid_format(&fact->task, because + strlen(because));
    say.page->row.restore = "pending";
    return task_book_hold(book, say.page, because, err);
}

int task_facts_uncertain(struct task_book *book, const struct task_fact *fact, const char *step,
                         const char *text, struct error *err)
{
    struct saying say;
    char why[400];

    snprintf(why, sizeof(why), "%s: %s", step, text);
    whole(why);
    if (begin(&say, book, fact, err) < 0)
        return -1;
    return advance(&say, "unknown", "uncertain", why, err) < 0 ? -1 : 0;
}

/* It answers a cancel, which is not said again at that epoch. */
int task_facts_not_held(struct task_book *book, const struct task_fact *fact, struct error *err)
{
    struct saying say;
    struct db *db;
    int ended, fresh;

    if (begin(&say, book, fact, err) < 0 || !(db = at_once(&say, err)) ||
        (ended = db_execute(db, SQL_FACTS_END_GRANTS, err, "uuis", &fact->tenant, &fact->task,
                            (int64_t)fact->epoch, "not_held")) < 0 ||
        (fresh = db_execute(db, SQL_FACTS_CANCEL_ANSWER, err, "uuis", &fact->tenant, &fact->task,
                            (int64_t)fact->epoch, "not_held")) < 0 ||
        task_book_read_again(book, say.page, err) < 0)
        return -1;
    /* It said ACCEPTED and now knows nothing of it. */
    if (is_in(&say, "accepted") || is_in(&say, "running"))
        return change(&say, "unknown", "uncertain", "the agent's journal does not hold it any more",
                      err);
    if (is_in(&say, "leased") || is_in(&say, "queued"))
        return leave_agent(&say, "the agent does not hold it", err);
    /* No journal ever said a word of it: it did not arrive. */
    if (uuid_is_nil(&say.now->facts_journal)) {
        int settled = settle_not_begun(&say, ended > 0, "the agent does not hold it", err);

        if (settled != 0)
            return settled < 0 ? -1 : 0;
    }
    return fresh ? note(&say, "not held", "the agent's journal does not hold it", err) : 0;
}

/* The verify ladder let nothing in, so this epoch is not held: unless the agent had said ACCEPTED
 * to the same bytes before (then it is no longer `leased`), the refusal is of a repetition. */
int task_facts_refused(struct task_book *book, const struct task_fact *fact, const char *code,
                       const char *text, struct error *err)
{
    struct saying say;
    char why[400];
    int rc;

    snprintf(why, sizeof(why), "%s: %s", code, text);
    whole(why);
    if (begin(&say, book, fact, err) < 0 || note(&say, "order refused", why, err) < 0)
        return -1;
    if (!is_hopeless(code) || !is_in(&say, "leased") || say.now->epoch != (int64_t)fact->epoch)
        return 0;
    if (end_grants(&say, SQL_FACTS_END_GRANT, "refused", err) < 0)
        return -1;
    rc =
        give_up(&say, why,
                "upgrade the site's agent to the controller's version; if they are the same, check "
                "the machine's and the image's records",
                err);
    if (rc == 0)
        rc = leave_agent(&say, why, err); /* another grant of it is open */
    return rc < 0 ? -1 : 0;
}

int task_facts_cancel_answer(struct task_book *book, const struct task_fact *fact,
                             const char *answer, const char *text, struct error *err)
{
    struct saying say;
    struct db *db;
    char name[80];
    int fresh;

    snprintf(name, sizeof(name), "cancel: %s", answer);
    whole(name);
    if (begin(&say, book, fact, err) < 0 || !(db = at_once(&say, err)))
        return -1;
    fresh = db_execute(db, SQL_FACTS_CANCEL_ANSWER, err, "uuis", &fact->tenant, &fact->task,
                       (int64_t)fact->epoch, name + strlen("cancel: "));
    if (fresh < 0 || (fresh > 0 && note(&say, name, text, err) < 0))
        return -1;
    /* One that the agent has begun ends with its RESULT, behind the restore. */
    if (strcmp(answer, "cancelled") != 0 || (!is_in(&say, "queued") && !is_in(&say, "leased")))
        return 0;
    if (say.now->cancel_requested_us != INT64_MIN &&
        say.now->cancel_requested_us >= say.now->expires_us)
        return change(&say, "expired", "expire",
                      "the agent does not hold it and its last start moment passed", err);
    return change(&say, "cancelled", "cancel", text, err);
}

int task_facts_step(struct task_book *book, const struct task_fact *fact,
                    const struct task_step *step, struct error *err)
{
    const struct task_event event = {.tenant = fact->tenant,
                                     .task = fact->task,
                                     .epoch = (int64_t)fact->epoch,
                                     .at_us = fact->at_us,
                                     .kind = "step",
                                     .name = step->name,
                                     .state = step->state,
                                     .detail = step->detail ? step->detail : "",
                                     .evidence = step->evidence ? step->evidence : "",
                                     .duration_ms = step->duration_ms,
                                     .attempt = (int64_t)step->attempt,
                                     .agent = fact->agent,
                                     .sequence = fact->sequence};

    return task_book_event(book, &event, err);
}

/* ---- the end ---- */

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

static const char *wrong_field(const struct task_result *result)
{
    static const char *const verdicts[] = {"", "passed", "degraded", "failed", NULL};
    static const char *const restores[] = {"done", "failed", "none", NULL};

    if (!result->outcome || !task_state_is_final(result->outcome))
        return "outcome";
    if (!is_one_of(result->verdict ? result->verdict : "", verdicts))
        return "verdict";
    if (!is_one_of(result->restore ? result->restore : "", restores))
        return "restore";
    return NULL;
}

static int64_t time_or_null(int64_t at_us)
{
    return at_us > 0 && at_us < YEAR_2100_US ? at_us : INT64_MIN;
}

static int keep_words(struct saying *say, const char *words, const char **ret, struct error *err)
{
    *ret = task_book_keep(say->book, words ? words : "", err);
    return *ret ? 0 : -1;
}

static int put_result(struct saying *say, const struct task_result *result, bool has_report,
                      struct error *err)
{
    struct task_write *row = &say->page->row;

    if (keep_words(say, result->verdict, &row->verdict, err) < 0 ||
        keep_words(say, result->restore, &row->restore, err) < 0 ||
        keep_words(say, result->stopped_at, &row->stopped_at, err) < 0 ||
        keep_words(say, result->cause, &row->cause, err) < 0 ||
        keep_words(say, result->remedy, &row->remedy, err) < 0)
        return -1;
    if (has_report &&
        !(row->report_sha256 = task_book_keep_bytes(say->book, result->report_sha256, 32, err)))
        return -1;
    row->log_size = (int64_t)(result->log_size & INT64_MAX);
    if (row->started_us == INT64_MIN)
        row->started_us = time_or_null(result->started_at_us);
    row->ended_us = time_or_null(result->ended_at_us);
    return 0;
}

static int settle_machine(struct saying *say, const struct task_result *result, struct error *err)
{
    char because[500];

    if (strcmp(result->restore, "failed") != 0)
        return task_book_hold(say->book, say->page, NULL, err);
    snprintf(because, sizeof(because), "its restore failed: %s",
             result->cause ? result->cause : "");
    return task_book_hold(say->book, say->page, whole(because), err);
}

static int finish(struct saying *say, const struct task_result *result, bool has_report,
                  struct error *err)
{
    const char *why = result->cause && result->cause[0] ? result->cause : result->verdict;

    if (put_result(say, result, has_report, err) < 0 || settle_machine(say, result, err) < 0)
        return -1;
    return change(say, result->outcome, "result", why, err);
}

/* A person settled the task before its agent came to say how it ended: the outcome stays theirs,
 * what the agent says of the machine counts. 1: kept. 0: it was kept before. */
static int keep_late(struct saying *say, const struct task_result *result, struct error *err)
{
    char why[400], object[UUID_TEXT_SIZE + 8] = "task ";
    const struct audit_entry entry = {.who = say->who,
                                      .action = "task.late_result",
                                      .object = object,
                                      .outcome = "ok",
                                      .why = why};
    struct db *db = at_once(say, err);
    int kept =
        !db ? -1
            : db_execute(db, SQL_FACTS_LATE_RESULT, err, "uussss", &say->now->tenant,
                         &say->now->task, result->outcome, result->verdict ? result->verdict : "",
                         result->restore, result->cause ? result->cause : "");

    if (kept <= 0)
        return kept;
    snprintf(why, sizeof(why), "settled as %s; the agent says %s, restore %s%s%s", say->now->state,
             result->outcome, result->restore, result->cause && result->cause[0] ? ": " : "",
             result->cause ? result->cause : "");
    whole(why);
    uuid_format(&say->now->task, object + strlen(object));
    if (settle_machine(say, result, err) < 0 || note(say, "late result", why, err) < 0 ||
        task_book_audit(say->book, &say->now->tenant, &entry, err) < 0)
        return -1;
    return 1;
}

int task_facts_result(struct task_book *book, const struct task_fact *fact,
                      const struct task_result *result, struct error *err)
{
    const char *wrong = wrong_field(result);
    struct saying say;
    int report = 0;

    if (begin(&say, book, fact, err) < 0)
        return -1;
    if (wrong)
        return note(&say, "result refused", wrong, err);
    if (task_state_is_final(say.now->state))
        return say.now->settled ? keep_late(&say, result, err) : 0; /* said again */
    if (!task_edge_find(say.now->state, result->outcome, "result"))
        return note(&say, "result refused", "the task was never handed out", err);
    if (result->report_sha256) {
        report = task_report_state(book, fact, result->report_sha256, err);
        if (report < 0)
            return -1;
        if (report == 0)
            return error_set_code(err, ERROR_STALE, "chunks of the report are still missing");
    }
    return finish(&say, result, report == 1, err) < 0 ? -1 : 1;
}
