/* alert_decide.c - see alert_decide.h. Invariant: an attempt begins from what the database has,
 * never from what an earlier attempt left in memory.
 */
#include "controller/intake/alert_decide.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/decide/alert_moment.h"
#include "controller/decide/decision_carry.h"
#include "controller/decide/rule_book.h"
#include "controller/decide/rule_books.h"
#include "controller/decide/rule_keeper.h"
#include "controller/fleet/machine_document.h"
#include "controller/intake/alert_item.h"
#include "controller/intake/alert_store.h"
#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_explain.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_set.h"

_Static_assert(ALERT_AGE_MAX_US == DECISION_AGE_MAX_US, "one age for alerts and what they make");

/* Why no rule is for an alert is worked out for few of a batch: one costs as much as a hundred
 * alerts do, and more with every thousand rules. Four of a batch where there are few rules, one of
 * 10,000. */
#define EXPLAINING_MAX 4000
#define EXPLAINING_COSTS 1000 /* and one for each rule */

struct alert_decide {
    struct rule_books *books;
};

/* One batch. */
struct deciding {
    struct rule_desk desk;
    struct db *db;
    const struct alert_origin *origin;
    struct decision_carry *carry;
    struct decision_subject *subjects; /* of each item */
    struct decision_said *said;
    char (*triggers)[ALERT_TRIGGER_SIZE];
    int64_t now_us;
    size_t explaining; /* what it cost so far */
};

struct alert_decide *alert_decide_create(struct error *err)
{
    struct alert_decide *decide = calloc(1, sizeof(*decide));

    if (!decide) {
        error_no_memory(err);
        return NULL;
    }
    if (!(decide->books = rule_books_create(err))) {
        free(decide);
        return NULL;
    }
    return decide;
}

void alert_decide_destroy(struct alert_decide *decide)
{
    if (!decide)
        return;
    rule_books_destroy(decide->books);
    free(decide);
}

/* ---- one alert ---- */

static void settle_unknown(struct alert_item *item)
{
    const char *const named[] = {item->mac[0] ? "MAC" : NULL, item->alert.serial ? "serial" : NULL,
                                 item->alert.asset_tag ? "asset tag" : NULL,
                                 item->alert.name ? "name" : NULL};
    char words[64] = "";
    size_t at = 0;

    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
        if (named[i])
            at +=
                (size_t)snprintf(words + at, sizeof(words) - at, "%s%s", at ? ", " : "", named[i]);
    alert_item_settle(item, "unknown_machine", "this tenant holds no machine of this %s", words);
}

/* In the order of docs/alert-format.md; what is still open afterwards is the rules' business. */
static void settle_without_rules(struct alert_item *item, int64_t now_us)
{
    int64_t age_us = now_us - alert_item_moment_us(item, now_us);

    if (item->disposition)
        return;
    if (age_us > ALERT_AGE_MAX_US)
        alert_item_settle(item, "too_old",
                          "the record is %" PRId64
                          " s old; what is older than 15 minutes boots nothing",
                          age_us / 1000000);
    else if (!item->machine.found)
        settle_unknown(item);
    else if (item->alert.status == ALERT_RESOLVED)
        alert_item_settle(item, "resolved", "the fault is over");
}

/* A resolved alert ends what waits for its fault, however old it is: that boots nothing. */
static bool is_for_rules(const struct alert_item *item)
{
    if (!item->disposition)
        return true;
    return item->decoded && item->machine.found && item->alert.status == ALERT_RESOLVED &&
           (strcmp(item->disposition, "resolved") == 0 ||
            strcmp(item->disposition, "too_old") == 0);
}

/* 1; 0: its JSON takes more room than an alert may, and it is settled. -1. */
static int fill(struct deciding *deciding, struct alert_item *item, struct error *err)
{
    uint64_t names = rule_set_names(rule_book_rules(deciding->desk.book));
    struct alert_words words = {
        .alert = item->id,
        .id = item->alert.id,
        .source = item->alert.source,
        .type = item->alert.type,
        .status = alert_status_name(item->alert.status),
        .severity = alert_severity_name(item->alert.severity),
        .time_us = item->alert.time_us,
        .machine = &item->machine,
    };
    struct error why = {0};

    if ((alert_moment_needs_event(names) || alert_moment_needs_raw(names)) &&
        alert_item_json(item, names, &words.event, &words.raw, err) < 0)
        return -1;
    if (alert_moment_needs_asset(names) &&
        !(words.asset = machine_document_json(item->machine.document, err)))
        return -1;
    if (alert_moment_fill(deciding->desk.moment, &words, deciding->now_us, names, &why) == 0)
        return 1;
    if (why.code != ERROR_INVALID) {
        *err = why;
        return -1;
    }
    alert_item_settle(item, "rule_error", "%s", error_text(&why));
    return 0;
}

static void explain(struct deciding *deciding, struct alert_item *item)
{
    const struct rule_book *book = deciding->desk.book;
    struct text words = {0};

    if (rule_book_size(book) && deciding->explaining < EXPLAINING_MAX) {
        deciding->explaining += EXPLAINING_COSTS + rule_book_size(book);
        rule_explain_none(rule_book_rules(book), deciding->desk.moment, &words);
    }
    if (text_ok(&words) && words.length)
        alert_item_settle(item, "no_rule", "%s", text_string(&words));
    else
        alert_item_settle(item, "no_rule", "none of %zu armed rules matches", rule_book_size(book));
    text_clear(&words);
}

static int decide_one(struct deciding *deciding, size_t i, struct alert_item *item,
                      struct error *err)
{
    struct decision_subject *subject = &deciding->subjects[i];
    int rc = fill(deciding, item, err);

    if (rc <= 0)
        return rc;
    alert_trigger_format(deciding->origin, item, deciding->triggers[i]);
    *subject = (struct decision_subject){
        .alert = item->id,
        .machine = &item->machine,
        .type = item->alert.type,
        .trigger = deciding->triggers[i],
        .kind = "alert",
        .origin = deciding->triggers[i],
        .stamp_ms = item->record->timestamp_ms,
        .from_us = alert_item_moment_us(item, deciding->now_us),
    };
    if (decision_carry_alert(deciding->carry, subject, deciding->desk.moment, &deciding->said[i],
                             err) < 0)
        return -1;
    if (!item->disposition && !deciding->said[i].disposition)
        explain(deciding, item);
    return 0;
}

/* ---- the batch ---- */

/* Locked and loaded for the whole batch; a tenant whose rules remember nothing has nothing of it.
 */
static int load_states(struct deciding *deciding, struct alert_item **items, size_t count,
                       struct error *err)
{
    if (!rule_book_remembers(deciding->desk.book))
        return 0;
    for (size_t i = 0; i < count; i++) {
        int rc = is_for_rules(items[i]) ? fill(deciding, items[i], err) : 0;

        if (rc < 0 ||
            (rc > 0 && rule_engine_keys(deciding->desk.engine, deciding->desk.moment,
                                        rule_keeper_want, deciding->desk.keeper, err) < 0))
            return -1;
    }
    return rule_keeper_load(deciding->desk.keeper, deciding->db, &deciding->origin->tenant,
                            deciding->now_us, err);
}

static int decide_all(struct deciding *deciding, struct alert_item **items, size_t count,
                      uint64_t *ret_tasks, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        settle_without_rules(items[i], deciding->now_us);
    if (load_states(deciding, items, count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (is_for_rules(items[i]) && decide_one(deciding, i, items[i], err) < 0)
            return -1;
    if (decision_carry_out(deciding->carry, ret_tasks, err) < 0 ||
        rule_keeper_store(deciding->desk.keeper, deciding->db, &deciding->origin->tenant,
                          rule_book_rules(deciding->desk.book), deciding->now_us, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (deciding->said[i].disposition &&
            (!items[i]->disposition || strcmp(items[i]->disposition, "resolved") == 0))
            alert_item_settle(items[i], deciding->said[i].disposition, "%s",
                              deciding->said[i].reason);
    return 0;
}

int alert_decide_batch(struct alert_decide *decide, struct db *db,
                       const struct alert_origin *origin, struct alert_item **items, size_t count,
                       int64_t now_us, struct decision_carry **ret_carry, uint64_t *ret_tasks,
                       struct error *err)
{
    struct deciding deciding = {.db = db, .origin = origin, .now_us = now_us};
    int rc = -1;

    deciding.subjects = calloc(count + 1, sizeof(*deciding.subjects));
    deciding.said = calloc(count + 1, sizeof(*deciding.said));
    deciding.triggers = calloc(count + 1, sizeof(*deciding.triggers));
    if (!deciding.subjects || !deciding.said || !deciding.triggers) {
        error_no_memory(err);
        goto out;
    }
    if (rule_books_open(decide->books, db, &origin->tenant, &deciding.desk, err) < 0 ||
        !(deciding.carry = decision_carry_create(db, &origin->tenant, deciding.desk.book,
                                                 deciding.desk.engine, deciding.desk.shares, err)))
        goto out;
    rule_keeper_begin(deciding.desk.keeper);
    rc = decide_all(&deciding, items, count, ret_tasks, err);
    if (rc == 0) {
        *ret_carry = deciding.carry;
        deciding.carry = NULL;
    }
out:
    decision_carry_destroy(deciding.carry);
    free(deciding.subjects);
    free(deciding.said);
    free(deciding.triggers);
    return rc;
}
