/* What a mapping is read or run with runs out: neither its author nor the sender made a mistake. */
#include <string.h>

#include "common/error.h"
#include "rules/document/rule_issues.h"
#include "rules/mapping/mapping.h"
#include "rules/mapping/mapping_run.h"
#include "tests/support/check_main.h"
#include "tests/support/scarce_memory.h"

static const char TEXT[] =
    "apiVersion: mappings/v1\nkind: Mapping\nmetadata: {name: m, version: 1, title: t}\nspec:\n"
    "  each: message.x\n"
    "  let: {a: item.id + 'x'}\n"
    "  drop: item.id == 'none'\n"
    "  event: {id: vars.a, type: headers.t, labels: item.l, component: item.l, time: received}\n"
    "  machine: {name: item.id}\n"
    "  defaults: {status: firing, severity: info}\n"
    "tests:\n  - {name: a, headers: {t: x}, message: {x: []}, dropped: 1}\n";

static int read_mapping(void *context, struct error *err)
{
    struct rule_issues issues = {0};
    struct mapping *mapping = mapping_parse(context, strlen(context), &issues);
    int rc = mapping ? 0 : rule_issues_error(&issues, "mapping", err);

    mapping_destroy(mapping);
    rule_issues_clear(&issues);
    return rc;
}

START_TEST(a_mapping_is_not_wrong)
{
    scarce_memory_check(read_mapping, (char *)TEXT);
}
END_TEST

static int run_message(void *context, struct error *err)
{
    static const char body[] = "{\"x\": [{\"id\": \"a\", \"l\": {\"k\": \"v\", \"n\": 1}},"
                               " {\"id\": \"none\"}, {\"id\": \"b\", \"l\": {}}]}";
    const struct mapping_header headers[] = {{"T", "type", 4}};
    struct mapping_message message = {.bytes = body,
                                      .length = strlen(body),
                                      .headers = headers,
                                      .header_count = 1,
                                      .received_us = 1};
    struct mapping_run *run = mapping_run_create(err);
    struct mapping_outcomes out = {0};
    int rc = run ? mapping_run_message(run, context, &message, &out, err) : -1;

    scarce_left = 0;
    if (rc == 0) {
        ck_assert_uint_eq(out.count, 3);
        ck_assert_msg(!out.items[0].why && !out.items[2].why, "%s",
                      out.items[0].why ? out.items[0].why : out.items[2].why);
        ck_assert(out.items[1].dropped);
    }
    mapping_outcomes_clear(&out);
    mapping_run_destroy(run);
    return rc;
}

START_TEST(a_message_is_not_undecodable)
{
    struct rule_issues issues = {0};
    struct mapping *mapping = mapping_parse(TEXT, strlen(TEXT), &issues);

    ck_assert_ptr_nonnull(mapping);
    scarce_memory_check(run_message, mapping);
    mapping_destroy(mapping);
}
END_TEST

CHECK_MAIN("scarce_memory", a_mapping_is_not_wrong, a_message_is_not_undecodable)
