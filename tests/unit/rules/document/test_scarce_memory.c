/* What a rule is read with runs out: its author has made no mistake. */
#include <string.h>

#include "common/error.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"
#include "rules/document/rule_schema.h"
#include "tests/support/check_main.h"
#include "tests/support/scarce_memory.h"

static int read_rule(void *context, struct error *err)
{
    struct rule_issues issues = {0};
    struct rule_document *document = rule_document_parse(context, strlen(context), &issues);
    int rc = document ? 0 : rule_issues_error(&issues, "rule", err);

    rule_document_destroy(document);
    rule_issues_clear(&issues);
    return rc;
}

START_TEST(a_rule_is_not_wrong)
{
    static char text[] = "apiVersion: rules/v1\n"
                         "kind: Rule\n"
                         "metadata: {id: a, version: 1, owner: o, tags: [x, y]}\n"
                         "spec:\n"
                         "  scope: {type: t}\n"
                         "  let: {big: event.count > 5}\n"
                         "  match: vars.big && event.type.matches('a+')\n"
                         "  limits: [{by: asset.rack, max: 1}]\n"
                         "  action: {boot: {image: diag, params: {depth: '\"long\"'}}}\n"
                         "tests:\n"
                         "  - name: x\n"
                         "    assets: {s1: {id: s1, labels: {a: b}}}\n"
                         "    feed: [{at: 0s, event: {type: t, asset: s1, count: 6}}]\n"
                         "    expect: [{at: 1s, decisions: [{do: boot}]}]\n";

    scarce_memory_check(read_rule, text);
}
END_TEST

static int make_schema(void *context, struct error *err)
{
    json_t *schema = rule_schema_make();

    (void)context;
    json_decref(schema);
    return schema ? 0 : error_no_memory(err);
}

START_TEST(a_schema_is_whole_or_none)
{
    scarce_memory_check(make_schema, NULL);
}
END_TEST

CHECK_MAIN("scarce_memory", a_rule_is_not_wrong, a_schema_is_whole_or_none)
