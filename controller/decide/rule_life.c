/* rule_life.c - see rule_life.h. Writes tables rule and rule_switch, and raises the revision of
 * rule_book: who decides reads the rules again. */
#include "controller/decide/rule_life.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/rule_armed.h"
#include "controller/decide/rule_life.sql.h"
#include "controller/decide/rule_store.sql.h"

/* Of the rule as it is; 0: no version. */
struct rule_now {
    struct uuid id;
    int64_t active, shadow, wanted;
    bool deprecated, replayed;
    struct uuid replay;
    char *text, *replayed_at; /* of the wanted version; NULL: none, never */
};

static const char *const ACTS[] = {[RULE_ARM] = "arm",
                                   [RULE_DISARM] = "disarm",
                                   [RULE_SHADOW] = "shadow",
                                   [RULE_UNSHADOW] = "unshadow",
                                   [RULE_DEPRECATE] = "deprecate"};

static void clear(struct rule_now *now)
{
    free(now->text);
    free(now->replayed_at);
}

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

/* 1, 0: there is no such rule, -1. */
static int find(struct db *db, const struct rule_step *step, struct rule_now *ret,
                struct error *err)
{
    struct db_rows *rows =
        db_query(db, SQL_RULE_LIFE_FIND, err, "usi", &step->tenant, step->name, step->version);
    int found;

    if (!rows)
        return -1;
    found = db_rows_count(rows) > 0;
    if (found)
        *ret = (struct rule_now){.id = db_uuid(rows, 0, 0),
                                 .active = db_int(rows, 0, 1),
                                 .shadow = db_int(rows, 0, 2),
                                 .deprecated = strcmp(db_text(rows, 0, 3), "deprecated") == 0,
                                 .wanted = db_int(rows, 0, 4),
                                 .text = copy(db_text(rows, 0, 5)),
                                 .replayed = !db_is_null(rows, 0, 6),
                                 .replay = db_uuid(rows, 0, 6),
                                 .replayed_at = copy(db_text(rows, 0, 7))};
    db_rows_destroy(rows);
    if (found && ((ret->wanted > 0) != (ret->text != NULL))) {
        clear(ret);
        return error_no_memory(err);
    }
    return found;
}

/* What stands behind the step. */
struct rule_next {
    int64_t active, shadow;
    const char *stage;
    bool about_stage; /* its words are those of this step */
};

static struct rule_next next_of(const struct rule_now *now, enum rule_act act)
{
    struct rule_next next = {.active = now->active, .shadow = now->shadow, .about_stage = true};

    switch (act) {
    case RULE_ARM:
        next.active = now->wanted;
        next.shadow = now->shadow == now->wanted ? 0 : now->shadow;
        break;
    case RULE_SHADOW:
        next.shadow = now->wanted;
        next.about_stage = now->active == 0;
        break;
    case RULE_UNSHADOW:
        next.shadow = 0;
        next.about_stage = now->active == 0;
        break;
    case RULE_DISARM:
    case RULE_DEPRECATE:
        next.active = next.shadow = 0;
        break;
    }
    next.stage = next.active                                ? "active"
                 : next.shadow                              ? "shadow"
                 : act == RULE_DEPRECATE || now->deprecated ? "deprecated"
                                                            : "draft";
    return next;
}

static bool is_so(const struct rule_now *now, enum rule_act act)
{
    switch (act) {
    case RULE_ARM:
        return now->active == now->wanted;
    case RULE_SHADOW:
        return now->shadow == now->wanted || now->active == now->wanted;
    case RULE_UNSHADOW:
        return now->shadow == 0;
    case RULE_DISARM:
        return now->active == 0 && now->shadow == 0;
    case RULE_DEPRECATE:
        return now->deprecated;
    }
    return false;
}

static enum rule_stepped check_replay(const struct rule_step *step, const struct rule_now *now,
                                      struct error *err)
{
    if (now->replayed || step->waive_replay)
        return RULE_STEPPED;
    error_set_code(err, ERROR_CONFLICT, "rule %s v%lld %s%s", step->name, (long long)now->wanted,
                   now->replayed_at ? "was replayed more than a day ago, last at "
                                    : "was never replayed over recorded alerts",
                   now->replayed_at ? now->replayed_at : "");
    return RULE_NOT_REPLAYED;
}

/* RULE_STEPPED: it may be done. */
static enum rule_stepped check(const struct rule_step *step, const struct rule_now *now,
                               struct error *err)
{
    bool names_version = step->act == RULE_ARM || step->act == RULE_SHADOW;

    if (names_version && !now->text)
        return RULE_NO_VERSION;
    if (is_so(now, step->act))
        return RULE_STEPPED_BEFORE;
    if (!names_version)
        return RULE_STEPPED;
    if (now->deprecated)
        return RULE_IS_DEPRECATED;
    if (rule_armed_check(step->name, now->text, step->warnings, err) < 0)
        return RULE_NOT_ARMABLE;
    return step->act == RULE_ARM ? check_replay(step, now, err) : RULE_STEPPED;
}

static int carry_out(struct db *db, const struct rule_step *step, const struct rule_now *now,
                     struct error *err)
{
    struct rule_next next = next_of(now, step->act);
    struct uuid id = uuid_make();
    int64_t version = step->act == RULE_ARM || step->act == RULE_SHADOW ? now->wanted : 0;
    const struct uuid *replay = step->act == RULE_ARM && now->replayed ? &now->replay : NULL;

    if (db_execute(db, SQL_RULE_LIFE_SET, err, "uuiisssb", &step->tenant, &now->id, next.active,
                   next.shadow, next.stage, step->who, step->reason, (int)next.about_stage) < 0 ||
        db_execute(db, SQL_RULE_BOOK_RAISE, err, "u", &step->tenant) < 0 ||
        db_execute(db, SQL_RULE_LIFE_NOTE, err, "uuusssiu", &step->tenant, &id, &now->id,
                   ACTS[step->act], step->who, step->reason, version, replay) < 0)
        return -1;
    return 0;
}

enum rule_stepped rule_life_step(struct db *db, const struct rule_step *step, int64_t *ret_version,
                                 struct error *err)
{
    enum rule_stepped done = RULE_STEP_FAILED;
    struct rule_now now = {0};
    int found = db_execute(db, SQL_RULE_BOOK_LOCK, err, "u", &step->tenant) < 0
                    ? -1
                    : find(db, step, &now, err);

    if (found == 0)
        done = RULE_NOT_THERE;
    if (found <= 0)
        return done;
    *ret_version = now.wanted;
    done = check(step, &now, err);
    if (done == RULE_STEPPED && carry_out(db, step, &now, err) < 0)
        done = RULE_STEP_FAILED;
    clear(&now);
    return done;
}
