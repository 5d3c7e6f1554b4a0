/* What a rule is read with runs out: its author has made no mistake. */
#include <string.h>

#include "rules/document/rule_document.h"
#include "tests/support/check_main.h"
#include "tests/support/scarce_memory.h"

static int read_rule(void *context, struct error *err)
{
    struct rule_document *document = rule_document_parse("rule", context, strlen(context), err);

    rule_document_destroy(document);
    return document ? 0 : -1;
}

START_TEST(a_rule_is_not_wrong)
{
    static char text[] = "apiVersion: rules/v1\n"
                         "kind: Rule\n"
                         "metadata: {id: a, version: 1, owner: o}\n"
                         "spec:\n"
                         "  scope: {type: t}\n"
                         "  action: {boot: {image: diag, params: {depth: '\"long\"'}}}\n";

    scarce_memory_check(read_rule, text);
}
END_TEST

CHECK_MAIN("scarce_memory", a_rule_is_not_wrong)
