/* mapping_trial.c - see mapping_trial.h. */
#include "rules/mapping/mapping_trial.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "rules/document/rule_issues.h"
#include "rules/mapping/mapping.h"
#include "rules/mapping/mapping_run.h"

#define SHOWN_MAX 160 /* bytes of a value in a message */

static void show(const json_t *value, char out[SHOWN_MAX])
{
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS) : NULL;

    snprintf(out, SHOWN_MAX, "%s", text ? text : "nothing");
    text_mend_utf8(out);
    free(text);
}

/* Every member that is written is there and the same; what else there is is not asked. */
static void compare(const json_t *expected, const json_t *got, const char *what, unsigned line,
                    struct rule_issues *issues)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)expected, name, value)
    {
        const json_t *other = json_object_get(got, name);
        char wanted[SHOWN_MAX], shown[SHOWN_MAX];

        if (json_is_null(value) ? !other : json_equal(value, other))
            continue;
        show(value, wanted);
        show(other, shown);
        rule_issues_add(issues, line, 1, "%s.%s is %s, not %s", what, name, shown, wanted);
    }
}

static void compare_one(const struct mapping_expected *expected,
                        const struct mapping_outcome *outcome, size_t number,
                        struct rule_issues *issues)
{
    if (expected->undecodable) {
        if (!outcome->why)
            rule_issues_add(issues, expected->line, 1, "event %zu is an event", number);
        else if (!strstr(outcome->why, expected->undecodable))
            rule_issues_add(issues, expected->line, 1, "event %zu: the reason is: %s", number,
                            outcome->why);
        return;
    }
    if (outcome->why) {
        rule_issues_add(issues, expected->line, 1, "event %zu cannot be made: %s", number,
                        outcome->why);
        return;
    }
    compare(expected->event, outcome->event, "event", expected->line, issues);
    compare(expected->machine, outcome->machine, "machine", expected->line, issues);
}

static void compare_all(const struct mapping_test *test, const struct mapping_outcomes *outcomes,
                        struct rule_issues *issues)
{
    size_t made = 0;
    int64_t dropped = 0;

    for (size_t i = 0; i < outcomes->count; i++) {
        if (outcomes->items[i].dropped) {
            dropped++;
            continue;
        }
        if (made < test->event_count)
            compare_one(&test->events[made], &outcomes->items[i], made + 1, issues);
        else if (outcomes->items[i].why)
            rule_issues_add(issues, test->line, 1,
                            "event %zu is not expected and cannot be made: %s", made + 1,
                            outcomes->items[i].why);
        made++;
    }
    if (made != test->event_count)
        rule_issues_add(issues, test->line, 1, "%zu events came, not %zu", made, test->event_count);
    if (test->dropped >= 0 && dropped != test->dropped)
        rule_issues_add(issues, test->line, 1, "%lld were dropped, not %lld", (long long)dropped,
                        (long long)test->dropped);
}

static size_t headers_of(const struct mapping_test *test, struct mapping_header *ret)
{
    const char *name;
    json_t *value;
    size_t count = 0;

    json_object_foreach(test->headers, name, value)
    {
        if (count < MAPPING_HEADERS_MAX)
            ret[count++] =
                (struct mapping_header){name, json_string_value(value), json_string_length(value)};
    }
    return count;
}

int mapping_trial(struct mapping_run *run, const struct mapping *mapping, size_t which,
                  struct rule_issues *issues, struct error *err)
{
    const struct mapping_test *test = &mapping->tests[which];
    char *made = test->message ? json_dumps(test->message, JSON_COMPACT) : NULL;
    struct mapping_header headers[MAPPING_HEADERS_MAX];
    struct mapping_outcomes outcomes = {0};
    struct mapping_message message = {.bytes = made ? made : test->text,
                                      .headers = headers,
                                      .header_count = headers_of(test, headers),
                                      .received_us = test->received_s * 1000000};
    int rc;

    if (!message.bytes)
        return error_no_memory(err);
    message.length = strlen(message.bytes);
    rc = mapping_run_message(run, mapping, &message, &outcomes, err);
    if (rc == 0) {
        compare_all(test, &outcomes, issues);
        rc = issues->no_memory ? error_no_memory(err) : issues->count == 0;
    }
    mapping_outcomes_clear(&outcomes);
    free(made);
    return rc;
}
