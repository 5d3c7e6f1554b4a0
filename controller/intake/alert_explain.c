/* alert_explain.c - see alert_explain.h. */
#include "controller/intake/alert_explain.h"

#include <jansson.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/rule_book.h"
#include "controller/decide/rule_books.h"
#include "controller/fleet/machine_document.h"
#include "controller/fleet/machine_lookup.h"
#include "controller/intake/alert_explain.sql.h"
#include "controller/intake/alert_recall.h"
#include "rules/engine/rule_explain.h"
#include "rules/engine/rule_set.h"

static const char *member(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* The rules, the alert and its machine come together. */
static int explain(const struct rule_desk *desk, struct recalled_alert *alert,
                   struct machine_document *document, int64_t at_us, struct text *out,
                   struct error *err)
{
    const struct rule_set *rules = rule_book_rules(desk->book);
    const json_t *asset = machine_document_json(document, err);
    struct machine_found found = {.found = true, .machine = alert->machine};
    struct error why = {0};

    if (!asset)
        return -1;
    found.name = member(asset, "name");
    found.class = member(asset, "class");
    found.site_name = member(asset, "site");
    found.rack = member(asset, "rack");
    alert->words.machine = &found;
    alert->words.asset = asset;
    if (alert_moment_fill(desk->moment, &alert->words, at_us, rule_set_names(rules), &why) == 0) {
        rule_explain_none(rules, desk->moment, out);
        return 0;
    }
    if (why.code == ERROR_INVALID)
        return 0; /* larger than an alert may be */
    *err = why;
    return -1;
}

int alert_explain_nearest(struct db *db, const struct uuid *tenant, const struct uuid *alert,
                          struct text *out, struct error *err)
{
    struct rule_books *books = rule_books_create(err);
    struct recalled_alert recalled = {0};
    struct machine_document document = {0};
    struct db_rows *rows = NULL, *texts = NULL;
    struct rule_desk desk;
    int rc = -1;

    if (!books || rule_books_open(books, db, tenant, &desk, err) < 0 ||
        alert_recall(db, tenant, alert, 1, &recalled, &texts, err) < 0 ||
        !(rows = db_query(db, SQL_ALERT_EXPLAIN_DOCUMENT, err, "uu", tenant, alert)))
        goto out;
    rc = 0;
    if (recalled.found && recalled.words.type && db_rows_count(rows) > 0 &&
        rule_book_size(desk.book) > 0) {
        document.text = db_text(rows, 0, 0);
        rc = explain(&desk, &recalled, &document, db_time(rows, 0, 1), out, err);
    }
out:
    machine_document_clear(&document);
    alert_recall_clear(&recalled, 1);
    db_rows_destroy(rows);
    db_rows_destroy(texts);
    rule_books_destroy(books);
    return rc;
}
