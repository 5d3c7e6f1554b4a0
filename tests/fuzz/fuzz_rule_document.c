/* fuzz_rule_document.c - storey: rules. A rule file from outside: every fault at a place of the
 * file and in words of UTF-8, or all it holds is within the caps.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "rules/document/rule_document.h"
#include "rules/document/rule_issues.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void look_at_issues(const struct rule_issues *issues, const char *bytes, size_t length)
{
    struct text out = {0};

    require(issues->count > 0 && !issues->no_memory);
    for (size_t i = 0; i < rule_issues_kept(issues); i++) {
        const struct rule_issue *issue = &issues->items[i];

        require(issue->line >= 1 && issue->column >= 1 && issue->line <= length + 1);
        require(issue->message && *issue->message);
        require(text_is_utf8(issue->message, strlen(issue->message)));
        require(i == 0 || issues->items[i - 1].line <= issue->line);
    }
    rule_issues_write(issues, "f", bytes, length, &out);
    require(text_ok(&out) && text_is_utf8(out.bytes, out.length));
    text_clear(&out);
}

static void look_at_expression(const struct rule_expression *expression, size_t length)
{
    if (expression->text)
        require(expression->program && expression->line >= 1 && expression->line <= length + 1);
}

static void look_at_rule(const struct rule_document *rule, size_t length)
{
    require(rule->id && rule->owner && rule->title && rule->boot.image);
    require(rule->version >= 1 && rule->scope[RULE_TYPE].count >= 1);
    require(rule_after_name(rule->boot.after) != NULL);
    require(rule->boot.param_count <= RULE_PARAMS_MAX && rule->let_count <= RULE_LETS_MAX);
    look_at_expression(&rule->match, length);
    look_at_expression(&rule->window.when, length);
    for (size_t i = 0; i < rule->boot.param_count; i++)
        require(rule->boot.params[i].name && rule->boot.params[i].expression.program);
    for (size_t i = 0; i < rule->limit_count; i++)
        require((rule->limits[i].max > 0) != (rule->limits[i].max_percent > 0));
    for (size_t i = 0; i < rule->test_count; i++)
        require(rule->tests[i].name && rule->tests[i].feed_count && rule->tests[i].expect_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct rule_issues issues = {0};
    struct rule_document *rule = rule_document_parse((const char *)bytes, length, &issues);

    if (rule)
        look_at_rule(rule, length);
    else
        look_at_issues(&issues, (const char *)bytes, length);
    rule_document_destroy(rule);
    rule_issues_clear(&issues);
    return 0;
}
