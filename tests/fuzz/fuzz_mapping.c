/* fuzz_mapping.c - storey: rules. A mapping file from outside: every fault at a place of the file
 * and in words of UTF-8; one that is taken runs on a message, within its caps.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "rules/document/rule_issues.h"
#include "rules/mapping/event_shape.h"
#include "rules/mapping/mapping.h"
#include "rules/mapping/mapping_run.h"
#include "rules/mapping/mapping_trial.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char MESSAGE[] =
    "{\"id\": \"1\", \"n\": \"cn-1\", \"alerts\": [{\"id\": 7, \"labels\": {\"a\": \"b\"}}, {}],"
    " \"t\": \"2026-01-05T12:00:00Z\"}";

static void require(int holds)
{
    if (!holds)
        abort();
}

static void look_at_issues(const struct rule_issues *issues, size_t length)
{
    require(issues->count > 0 && !issues->no_memory);
    for (size_t i = 0; i < rule_issues_kept(issues); i++) {
        const struct rule_issue *issue = &issues->items[i];

        require(issue->line >= 1 && issue->column >= 1 && issue->line <= length + 1);
        require(issue->message && *issue->message);
        require(text_is_utf8(issue->message, strlen(issue->message)));
    }
}

static void look_at_outcomes(const struct mapping_outcomes *out)
{
    require(out->count > 0 && out->count <= MAPPING_EVENTS_MAX + 1);
    for (size_t i = 0; i < out->count; i++) {
        const struct mapping_outcome *outcome = &out->items[i];

        require(!!outcome->event + !!outcome->why + outcome->dropped == 1);
        require(!outcome->event == !outcome->machine);
        require(!outcome->why || text_is_utf8(outcome->why, strlen(outcome->why)));
    }
}

static void run(const struct mapping *mapping)
{
    struct mapping_run *runner = mapping_run_create(NULL);
    struct mapping_message message = {.bytes = MESSAGE, .length = sizeof(MESSAGE) - 1};
    struct mapping_outcomes out = {0};

    require(mapping_run_message(runner, mapping, &message, &out, NULL) == 0);
    look_at_outcomes(&out);
    mapping_outcomes_clear(&out);
    for (size_t i = 0; i < mapping->test_count; i++) {
        struct rule_issues issues = {0};

        require(mapping_trial(runner, mapping, i, &issues, NULL) >= 0);
        rule_issues_clear(&issues);
    }
    mapping_run_destroy(runner);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct rule_issues issues = {0};
    struct mapping *mapping = mapping_parse((const char *)bytes, length, &issues);

    if (mapping)
        run(mapping);
    else
        look_at_issues(&issues, length);
    mapping_destroy(mapping);
    rule_issues_clear(&issues);
    return 0;
}
