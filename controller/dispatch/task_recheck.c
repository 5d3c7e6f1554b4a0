/* task_recheck.c - see task_recheck.h. Invariant: an expression that has no value, and a rule that
 * cannot be read, let no task go out.
 */
#include "controller/dispatch/task_recheck.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/alert_moment.h"
#include "controller/decide/decision_window.h"
#include "controller/decide/rule_armed.h"
#include "controller/dispatch/task_recheck.sql.h"
#include "controller/fleet/machine_document.h"
#include "controller/fleet/machine_lookup.h"
#include "controller/intake/alert_recall.h"
#include "rules/document/rule_document.h"
#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_match.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_set.h"
#include "rules/engine/rule_states.h"

#define RULES_MAX 256  /* kept; the one that was not asked for the longest time goes */
#define ALERTS_MAX 64  /* of one machine that are looked at: a flapping one has more */
#define KEY_BYTES 1100 /* table rule_state, key */

/* A version of a rule by itself. */
struct kept {
    struct kept *next; /* the one asked last comes first */
    struct uuid tenant, rule;
    int64_t version;
    struct rule_set *set; /* NULL: it cannot be read, 'why' says why */
    struct rule_engine *engine;
    char why[256];
};

struct task_recheck {
    struct rule_states *states; /* of no use but to have engines */
    struct rule_moment *moment;
    struct kept *rules;
};

/* What one transaction works on. */
struct asking {
    struct task_recheck *recheck;
    struct db *db;
    const struct uuid *tenant;
    int64_t now_us;
};

struct task_recheck *task_recheck_create(struct error *err)
{
    struct task_recheck *recheck = calloc(1, sizeof(*recheck));

    if (recheck) {
        recheck->states = rule_states_create(false);
        recheck->moment = rule_moment_create();
    }
    if (!recheck || !recheck->states || !recheck->moment) {
        task_recheck_destroy(recheck);
        error_no_memory(err);
        return NULL;
    }
    return recheck;
}

static void kept_destroy(struct kept *kept)
{
    if (!kept)
        return;
    rule_engine_destroy(kept->engine);
    rule_set_destroy(kept->set);
    free(kept);
}

void task_recheck_destroy(struct task_recheck *recheck)
{
    if (!recheck)
        return;
    for (struct kept *kept = recheck->rules, *next; kept; kept = next) {
        next = kept->next;
        kept_destroy(kept);
    }
    rule_moment_destroy(recheck->moment);
    rule_states_destroy(recheck->states);
    free(recheck);
}

/* ---- rules ---- */

/* A rule that cannot be read says why. -1: memory. */
static int parse(struct task_recheck *recheck, struct kept *kept, const char *name,
                 const char *text, struct error *err)
{
    struct error why = {0};
    struct rule_member member = {.document = rule_armed_parse(name, text, &why)};

    if (!member.document) {
        snprintf(kept->why, sizeof(kept->why), "%s", error_text(&why));
        return 0;
    }
    if (!(kept->set = rule_set_create(&member, 1, err)))
        return -1;
    kept->engine = rule_engine_create(kept->set, recheck->states, err);
    return kept->engine ? 0 : -1;
}

static struct kept *read_rule(const struct asking *asking, const struct uuid *rule, int64_t version,
                              struct error *err)
{
    struct db_rows *rows =
        db_query(asking->db, SQL_RECHECK_RULE, err, "uui", asking->tenant, rule, version);
    struct kept *kept = NULL;
    int rc = -1;

    if (!rows)
        return NULL;
    if (!(kept = calloc(1, sizeof(*kept)))) {
        error_no_memory(err);
        goto out;
    }
    *kept = (struct kept){.tenant = *asking->tenant, .rule = *rule, .version = version};
    snprintf(kept->why, sizeof(kept->why), "there is no such rule");
    rc = db_rows_count(rows) == 0
             ? 0
             : parse(asking->recheck, kept, db_text(rows, 0, 0), db_text(rows, 0, 1), err);
out:
    db_rows_destroy(rows);
    if (rc == 0)
        return kept;
    kept_destroy(kept);
    return NULL;
}

/* Behind the first RULES_MAX. */
static void forget(struct task_recheck *recheck)
{
    struct kept **at = &recheck->rules;

    for (size_t i = 0; *at && i < RULES_MAX; i++)
        at = &(*at)->next;
    if (!*at)
        return;
    kept_destroy(*at);
    *at = NULL;
}

static struct kept *rule_of(const struct asking *asking, const struct uuid *rule, int64_t version,
                            struct error *err)
{
    struct task_recheck *recheck = asking->recheck;
    struct kept **at = &recheck->rules, *kept;

    while (*at && !((*at)->version == version && uuid_equal(&(*at)->rule, rule) &&
                    uuid_equal(&(*at)->tenant, asking->tenant)))
        at = &(*at)->next;
    if ((kept = *at))
        *at = kept->next;
    else if (!(kept = read_rule(asking, rule, version, err)))
        return NULL;
    kept->next = recheck->rules;
    recheck->rules = kept;
    forget(recheck);
    return kept;
}

/* ---- moments ---- */

/* An alert and its machine, once more. */
struct seen {
    struct recalled_alert alert;
    struct machine_found machine;
    struct machine_document document;
    struct db_rows *alert_rows, *machine_rows;
};

static void seen_clear(struct seen *seen)
{
    machine_document_clear(&seen->document);
    alert_recall_clear(&seen->alert, 1);
    db_rows_destroy(seen->alert_rows);
    db_rows_destroy(seen->machine_rows);
}

static int see_machine(const struct asking *asking, const struct uuid *machine, struct seen *ret,
                       struct error *err)
{
    return machine_lookup_ids(asking->db, asking->tenant, machine, 1, &ret->machine,
                              &ret->machine_rows, err);
}

static int see_alert(const struct asking *asking, const struct uuid *alert, struct seen *ret,
                     struct error *err)
{
    alert_recall_clear(&ret->alert, 1);
    db_rows_destroy(ret->alert_rows);
    ret->alert_rows = NULL;
    ret->alert = (struct recalled_alert){0};
    return alert_recall(asking->db, asking->tenant, alert, 1, &ret->alert, &ret->alert_rows, err);
}

static int fill(const struct asking *asking, const struct kept *rule, const struct uuid *alert,
                struct seen *seen, struct error *err)
{
    struct alert_words words = seen->alert.words;

    words.alert = *alert;
    if (seen->machine.found) {
        seen->document.text = seen->machine.document_text;
        words.machine = &seen->machine;
        if (!(words.asset = machine_document_json(&seen->document, err)))
            return -1;
    }
    return alert_moment_fill(asking->recheck->moment, &words, asking->now_us,
                             rule_set_names(rule->set), err);
}

/* ---- whether a fault is over ---- */

struct hold_key {
    size_t length; /* 0: the alert is for no hold */
    unsigned char bytes[KEY_BYTES];
};

static int take_hold(void *context, const struct rule_state_name *name, struct error *err)
{
    struct hold_key *key = context;

    (void)err;
    if (name->kind == RULE_STATE_HOLD && name->length <= sizeof(key->bytes)) {
        memcpy(key->bytes, name->key, name->length);
        key->length = name->length;
    }
    return 0;
}

/* Of the alert that is in the moment. */
static int hold_key_of(const struct asking *asking, const struct kept *rule, struct hold_key *ret,
                       struct error *err)
{
    ret->length = 0;
    return rule_engine_keys(rule->engine, asking->recheck->moment, take_hold, ret, err);
}

static int find_in(const struct asking *asking, const struct kept *rule, const struct db_rows *rows,
                   const struct hold_key *wanted, struct seen *seen, struct uuid *ret,
                   struct error *err)
{
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        struct uuid id = db_uuid(rows, i, 0);
        struct hold_key key;

        if (see_alert(asking, &id, seen, err) < 0 || fill(asking, rule, &id, seen, err) < 0)
            return -1;
        if (!rule_match_ends(rule_set_at(rule->set, 0), asking->recheck->moment))
            continue; /* as a hold is ended by what the rule looks at alone */
        if (hold_key_of(asking, rule, &key, err) < 0)
            return -1;
        if (key.length == wanted->length && memcmp(key.bytes, wanted->bytes, key.length) == 0) {
            *ret = id;
            return 1;
        }
    }
    return 0;
}

/* The newest of these alerts of the machine behind 'since' that has this key. 1, 0, -1. */
static int newest(const struct asking *asking, const struct kept *rule, const char *sql,
                  const struct uuid *since, const struct hold_key *wanted, struct seen *seen,
                  struct uuid *ret, struct error *err)
{
    struct db_rows *rows = db_query(asking->db, sql, err, "uuui", asking->tenant,
                                    &seen->machine.machine, since, (int64_t)ALERTS_MAX);
    int found = rows ? find_in(asking, rule, rows, wanted, seen, ret, err) : -1;

    db_rows_destroy(rows);
    return found;
}

/* The moment has the alert 'since'. 1: one that is resolved came behind it, and none behind that
 * which fires again. */
static int is_over(const struct asking *asking, const struct kept *rule, const struct uuid *since,
                   struct seen *seen, struct error *err)
{
    struct hold_key wanted;
    struct uuid resolved, again;
    int rc;

    if (hold_key_of(asking, rule, &wanted, err) < 0)
        return -1;
    if (wanted.length == 0)
        return 0;
    rc = newest(asking, rule, SQL_RECHECK_ALERTS, since, &wanted, seen, &resolved, err);
    if (rc <= 0)
        return rc;
    rc = newest(asking, rule, SQL_RECHECK_ALERTS_FIRING, &resolved, &wanted, seen, &again, err);
    return rc < 0 ? -1 : !rc;
}

/* ---- answers ---- */

static int refuse(struct task_answer *answer, bool ticket, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int refuse(struct task_answer *answer, bool ticket, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(answer->why, sizeof(answer->why), format, args);
    va_end(args);
    text_mend_utf8(answer->why);
    answer->holds = false;
    answer->ticket = ticket;
    return 0;
}

static int judge(const struct asking *asking, struct kept *rule, const struct uuid *alert,
                 const char *window, struct seen *seen, struct task_answer *answer,
                 struct error *err)
{
    const struct rule_document *document = rule_set_at(rule->set, 0)->document;
    struct rule_decision decision = {.rule = document};
    struct rule_finding finding;
    int rc;

    if (fill(asking, rule, alert, seen, err) < 0 ||
        decision_window_read(window, decision.window, err) < 0)
        return -1;
    if (!rule_engine_require(rule->engine, 0, &decision, asking->recheck->moment, &finding))
        return refuse(answer, true, "rule %s: what it requires does not hold any more: %s",
                      document->id, finding.words);
    if (!document->hold_ms)
        return 0;
    rc = is_over(asking, rule, alert, seen, err);
    return rc <= 0 ? rc
                   : refuse(answer, false,
                            "rule %s: the fault is over: it was resolved before the "
                            "task was handed out",
                            document->id);
}

static int answer_one(const struct asking *asking, const struct db_rows *rows, size_t row,
                      struct task_answer *answer, struct error *err)
{
    struct uuid id = db_uuid(rows, row, 1), alert = db_uuid(rows, row, 3),
                machine = db_uuid(rows, row, 4);
    struct kept *rule = rule_of(asking, &id, db_int(rows, row, 2), err);
    struct seen seen = {0};
    int rc = -1;

    if (!rule)
        return -1;
    if (!rule->set)
        return refuse(answer, true, "its rule cannot be read: %s", rule->why);
    if (see_machine(asking, &machine, &seen, err) < 0 || see_alert(asking, &alert, &seen, err) < 0)
        goto out;
    rc = seen.machine.found ? judge(asking, rule, &alert, db_text(rows, row, 5), &seen, answer, err)
                            : refuse(answer, true, "the machine is not the tenant's any more");
out:
    seen_clear(&seen);
    return rc;
}

/* What of one task, or of an alert beside it, cannot be read does not keep others from going out.
 */
static int answer_by_itself(const struct asking *asking, const struct db_rows *rows, size_t row,
                            struct task_answer *answer, struct error *err)
{
    struct error why = {0};

    if (answer_one(asking, rows, row, answer, &why) == 0)
        return 0;
    if (why.code != ERROR_UNAVAILABLE && !why.sqlstate[0] && db_alive(asking->db))
        return refuse(answer, true, "whether it is still wanted cannot be told: %s",
                      error_text(&why));
    if (err)
        *err = why;
    return -1;
}

static struct task_answer *find(struct task_answer *answers, size_t count, const struct uuid *task)
{
    for (size_t i = 0; i < count; i++)
        if (uuid_equal(&answers[i].task, task))
            return &answers[i];
    return NULL;
}

static int answer_all(const struct asking *asking, const struct uuid *tasks,
                      struct task_answer *answers, size_t count, struct error *err)
{
    struct db_rows *rows =
        db_query(asking->db, SQL_RECHECK_TASKS, err, "uU", asking->tenant, count, tasks);
    int rc = rows ? 0 : -1;

    for (size_t i = 0; rc == 0 && i < db_rows_count(rows); i++) {
        struct uuid task = db_uuid(rows, i, 0);
        struct task_answer *answer = find(answers, count, &task);

        if (answer)
            rc = answer_by_itself(asking, rows, i, answer, err);
    }
    db_rows_destroy(rows);
    return rc;
}

int task_recheck_ask(struct task_recheck *recheck, struct db *db, const struct uuid *tenant,
                     int64_t now_us, struct task_answer *answers, size_t count, struct error *err)
{
    const struct asking asking = {recheck, db, tenant, now_us};
    struct uuid *tasks = calloc(count + 1, sizeof(*tasks));
    int rc = -1;

    if (!tasks)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        tasks[i] = answers[i].task;
        answers[i].holds = true;
        answers[i].ticket = false;
        answers[i].why[0] = '\0';
    }
    if (db_begin_tenant(db, tenant, err) == 0)
        rc = answer_all(&asking, tasks, answers, count, err);
    db_rollback(db); /* it only read */
    free(tasks);
    return rc;
}
