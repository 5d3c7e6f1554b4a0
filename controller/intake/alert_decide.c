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
#include "common/log.h"
#include "common/text.h"
#include "controller/decide/alert_moment.h"
#include "controller/decide/decision_carry.h"
#include "controller/decide/rule_book.h"
#include "controller/intake/alert_item.h"
#include "controller/intake/alert_store.h"
#include "rules/engine/rule_engine.h"
#include "rules/engine/rule_explain.h"
#include "rules/engine/rule_moment.h"
#include "rules/engine/rule_set.h"

_Static_assert(ALERT_AGE_MAX_US == DECISION_AGE_MAX_US, "one age for alerts and what they make");

/* Why no rule is for an alert is worked out for so many of a batch: each costs as much as hundreds
 * of alerts do. */
#define EXPLAINED_MAX 4

struct tenant_book {
    struct uuid tenant;
    struct rule_book *book;
    struct rule_engine *engine; /* of this book */
    struct tenant_book *next;
};

struct alert_decide {
    struct tenant_book *books;
    struct rule_states *states;
    struct rule_moment *moment;
};

/* One batch. */
struct deciding {
    struct alert_decide *decide;
    struct db *db;
    const struct alert_origin *origin;
    const struct tenant_book *of;
    struct decision_carry *carry;
    struct decision_subject *subjects; /* of each item */
    struct decision_said *said;
    char (*triggers)[ALERT_TRIGGER_SIZE];
    int64_t now_us;
    int explained;
};

struct alert_decide *alert_decide_create(struct error *err)
{
    struct alert_decide *decide = calloc(1, sizeof(*decide));

    if (decide) {
        decide->states = rule_states_create(true);
        decide->moment = rule_moment_create();
    }
    if (!decide || !decide->states || !decide->moment) {
        alert_decide_destroy(decide);
        error_no_memory(err);
        return NULL;
    }
    return decide;
}

void alert_decide_destroy(struct alert_decide *decide)
{
    if (!decide)
        return;
    while (decide->books) {
        struct tenant_book *book = decide->books;

        decide->books = book->next;
        rule_engine_destroy(book->engine);
        rule_book_destroy(book->book);
        free(book);
    }
    rule_moment_destroy(decide->moment);
    rule_states_destroy(decide->states);
    free(decide);
}

/* ---- rule books ---- */

static struct tenant_book *book_at(struct alert_decide *decide, const struct uuid *tenant)
{
    struct tenant_book *at = decide->books;

    while (at && !uuid_equal(&at->tenant, tenant))
        at = at->next;
    if (at || !(at = calloc(1, sizeof(*at))))
        return at;
    at->tenant = *tenant;
    at->next = decide->books;
    return decide->books = at;
}

static void tell_unread(const struct uuid *tenant, const char *why)
{
    char id[UUID_TEXT_SIZE];

    uuid_format(tenant, id);
    log_error("decide", "an armed rule cannot be read and takes no part", "tenant=%s why=%s", id,
              log_quote(why));
}

/* The tenant's book as this transaction sees it. */
static const struct tenant_book *book_of(struct alert_decide *decide, struct db *db,
                                         const struct uuid *tenant, struct error *err)
{
    struct tenant_book *at = book_at(decide, tenant);
    char *why = NULL;
    int rc = at ? rule_book_refresh(db, tenant, &at->book, &why, err) : error_no_memory(err);

    if (rc < 0)
        return NULL;
    if (why)
        tell_unread(tenant, why);
    free(why);
    if (rc > 0 || !at->engine) {
        rule_engine_destroy(at->engine);
        at->engine = rule_engine_create(rule_book_rules(at->book), decide->states, err);
    }
    return at->engine ? at : NULL;
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
    uint64_t names = rule_set_names(rule_book_rules(deciding->of->book));
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
        alert_item_json(item, &words.event, &words.raw, err) < 0)
        return -1;
    if (alert_moment_fill(deciding->decide->moment, &words, deciding->now_us, names, &why) == 0)
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
    const struct rule_book *book = deciding->of->book;
    struct text words = {0};

    if (rule_book_size(book) && deciding->explained++ < EXPLAINED_MAX)
        rule_explain_none(rule_book_rules(book), deciding->decide->moment, &words);
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
    alert_trigger_format(deciding->origin, item->record->offset, deciding->triggers[i]);
    *subject = (struct decision_subject){
        .alert = item->id,
        .machine = &item->machine,
        .type = item->alert.type,
        .trigger = deciding->triggers[i],
        .kind = "alert",
        .stamp_ms = item->record->timestamp_ms,
        .from_us = alert_item_moment_us(item, deciding->now_us),
    };
    if (decision_carry_alert(deciding->carry, subject, deciding->decide->moment, &deciding->said[i],
                             err) < 0)
        return -1;
    if (!item->disposition && !deciding->said[i].disposition)
        explain(deciding, item);
    return 0;
}

/* ---- the batch ---- */

static int decide_all(struct deciding *deciding, struct alert_item **items, size_t count,
                      uint64_t *ret_tasks, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        settle_without_rules(items[i], deciding->now_us);
        if (is_for_rules(items[i]) && decide_one(deciding, i, items[i], err) < 0)
            return -1;
    }
    if (decision_carry_out(deciding->carry, ret_tasks, err) < 0)
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
    struct deciding deciding = {.decide = decide, .db = db, .origin = origin, .now_us = now_us};
    int rc = -1;

    deciding.subjects = calloc(count + 1, sizeof(*deciding.subjects));
    deciding.said = calloc(count + 1, sizeof(*deciding.said));
    deciding.triggers = calloc(count + 1, sizeof(*deciding.triggers));
    if (!deciding.subjects || !deciding.said || !deciding.triggers) {
        error_no_memory(err);
        goto out;
    }
    rule_states_clear(decide->states);
    if (!(deciding.of = book_of(decide, db, &origin->tenant, err)) ||
        !(deciding.carry = decision_carry_create(db, &origin->tenant, deciding.of->book,
                                                 deciding.of->engine, err)))
        goto out;
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
