/* replay_rules.c - see replay_rules.h. Reads the armed rules by the statement of the rule book. */
#include "controller/replay/replay_rules.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "controller/db/db.h"
#include "controller/db/db_rows.h"
#include "controller/decide/rule_armed.h"
#include "controller/decide/rule_book.sql.h"
#include "controller/replay/replay.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "rules/engine/rule_set.h"

struct replay_rules {
    struct rule_set *set;
    struct replay_rule *of; /* of each rule of the set; the draft is the first */
    size_t count;
    const char **types; /* borrowed from the documents */
    size_t type_count;
};

static int add_member(struct replay_rules *rules, struct rule_member *members,
                      struct rule_document *document, int64_t version, bool shadow, bool draft)
{
    struct replay_rule *of = &rules->of[rules->count];

    *of = (struct replay_rule){.name = strdup(document->id), .version = version, .draft = draft};
    members[rules->count++] =
        (struct rule_member){.document = document, .shadow = shadow, .of = of};
    return of->name ? 0 : -1;
}

static struct rule_document *parse_draft(const struct replay_request *request, struct error *err)
{
    struct rule_issues issues = {0};
    struct rule_document *document = rule_document_parse(request->text, request->length, &issues);

    if (!document)
        rule_issues_error(&issues, "rule", err);
    rule_issues_clear(&issues);
    return document;
}

/* The armed ones, without that of the draft's name; shadows only when there is no draft. What
 * cannot be read took no part either. */
static int add_armed(struct replay_rules *rules, const struct db_rows *rows, const char *draft,
                     struct rule_member *members, struct error *err)
{
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        const char *name = db_text(rows, i, 2);
        bool shadow = db_bool(rows, i, 4);
        struct error why = {0};
        struct rule_document *document;

        if (draft && (shadow || strcmp(draft, name) == 0))
            continue;
        document = rule_armed_parse(name, db_text(rows, i, 3), &why);
        if (!document && why.code != ERROR_INVALID) {
            *err = why;
            return -1;
        }
        if (document && add_member(rules, members, document, db_int(rows, i, 1), shadow, false) < 0)
            return error_no_memory(err);
    }
    return 0;
}

static int add_all(struct replay_rules *rules, const struct replay_request *request,
                   const struct db_rows *rows, struct rule_member *members, struct error *err)
{
    struct rule_document *draft = NULL;

    if (request->text) {
        if (!(draft = parse_draft(request, err)))
            return -1;
        if (add_member(rules, members, draft, draft->version, false, true) < 0)
            return error_no_memory(err);
    }
    return add_armed(rules, rows, draft ? draft->id : NULL, members, err);
}

static int make_set(struct replay_rules *rules, struct db *db, const struct replay_request *request,
                    struct error *err)
{
    struct db_rows *rows = db_query(db, SQL_RULE_BOOK_RULES, err, "u", &request->tenant);
    struct rule_member *members = NULL;
    int rc = -1;

    if (!rows)
        return -1;
    members = calloc(db_rows_count(rows) + 1, sizeof(*members));
    rules->of = calloc(db_rows_count(rows) + 1, sizeof(*rules->of));
    if (!members || !rules->of) {
        error_no_memory(err);
    } else if (add_all(rules, request, rows, members, err) == 0) {
        rules->set = rule_set_create(members, rules->count, err);
        rc = rules->set ? 0 : -1;
    } else {
        for (size_t i = 0; i < rules->count; i++)
            rule_document_destroy(members[i].document);
    }
    free(members);
    db_rows_destroy(rows);
    return rc;
}

static size_t types_of(const struct rule_document *rule)
{
    size_t count = rule->scope[RULE_TYPE].count + rule->absent_count;

    for (size_t i = 0; i < rule->suppress_count; i++)
        count += rule->suppress[i].type.count;
    return count;
}

static void add_types(struct replay_rules *rules, const struct rule_strings *types)
{
    for (size_t i = 0; i < types->count; i++)
        rules->types[rules->type_count++] = types->items[i];
}

static int list_types(struct replay_rules *rules, struct error *err)
{
    size_t count = 0;

    for (uint32_t i = 0; i < rule_set_count(rules->set); i++)
        count += types_of(rule_set_at(rules->set, i)->document);
    if (!(rules->types = calloc(count + 1, sizeof(*rules->types))))
        return error_no_memory(err);
    for (uint32_t i = 0; i < rule_set_count(rules->set); i++) {
        const struct rule_document *rule = rule_set_at(rules->set, i)->document;

        add_types(rules, &rule->scope[RULE_TYPE]);
        for (size_t n = 0; n < rule->suppress_count; n++)
            add_types(rules, &rule->suppress[n].type);
        for (size_t n = 0; n < rule->absent_count; n++)
            rules->types[rules->type_count++] = rule->absent[n].expect;
    }
    return 0;
}

struct replay_rules *replay_rules_create(struct db *db, const struct replay_request *request,
                                         struct error *err)
{
    struct replay_rules *rules = calloc(1, sizeof(*rules));

    if (!rules) {
        error_no_memory(err);
    } else if (make_set(rules, db, request, err) < 0 || list_types(rules, err) < 0) {
        replay_rules_destroy(rules);
        rules = NULL;
    }
    return rules;
}

void replay_rules_destroy(struct replay_rules *rules)
{
    if (!rules)
        return;
    free((void *)rules->types);
    rule_set_destroy(rules->set);
    for (size_t i = 0; i < rules->count; i++)
        free(rules->of[i].name);
    free(rules->of);
    free(rules);
}

const struct rule_set *replay_rules_set(const struct replay_rules *rules)
{
    return rules->set;
}

const struct replay_rule *replay_rules_draft(const struct replay_rules *rules)
{
    return rules->count && rules->of[0].draft ? &rules->of[0] : NULL;
}

const char *const *replay_rules_types(const struct replay_rules *rules, size_t *ret_count)
{
    *ret_count = rules->type_count;
    return rules->types;
}
