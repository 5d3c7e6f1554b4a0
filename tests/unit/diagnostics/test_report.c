/* report: the verdict, and that what is written is JSON whatever the machine calls itself. */
#include <string.h>

#include "diagnostics/json_tree.h"
#include "diagnostics/report.h"
#include "tests/support/check_main.h"

static struct check_outcome outcomes[3];

static enum check_status verdict(enum check_status a, enum check_status b, enum check_status c,
                                 const struct check_outcome **ret_cause)
{
    outcomes[0].status = a;
    outcomes[1].status = b;
    outcomes[2].status = c;
    return report_verdict(outcomes, 3, ret_cause);
}

START_TEST(the_verdict_is_the_worst_and_not_run_never_worsens_it)
{
    const struct check_outcome *cause;

    ck_assert_int_eq(verdict(CHECK_PASSED, CHECK_NOT_RUN, CHECK_PASSED, &cause), CHECK_PASSED);
    ck_assert_int_eq(verdict(CHECK_PASSED, CHECK_DEGRADED, CHECK_DEGRADED, &cause), CHECK_DEGRADED);
    ck_assert_ptr_eq(cause, &outcomes[1]);
    ck_assert_int_eq(verdict(CHECK_DEGRADED, CHECK_NOT_RUN, CHECK_FAILED, &cause), CHECK_FAILED);
    ck_assert_ptr_eq(cause, &outcomes[2]);
    ck_assert_int_eq(verdict(CHECK_NOT_RUN, CHECK_NOT_RUN, CHECK_NOT_RUN, &cause), CHECK_NOT_RUN);
    ck_assert_ptr_null(cause);
    ck_assert_int_eq(report_verdict(NULL, 0, &cause), CHECK_NOT_RUN);
}
END_TEST

static const struct json_node *write_and_parse(unsigned count, char **ret_text)
{
    static struct json_tree tree;
    static const struct machine_facts facts = {"u\"u", "6.1", "uefi", -1};
    static const struct grant grant = {.params = {{"memory_test_mib", "8"}, {"bad\"name", "1"}},
                                       .param_count = 2};
    const struct boot_nic nic = {"eth0", "52:54:00:aa:bb:01"};
    struct report report = {"diag v1", "task", &nic, &facts, &grant, outcomes, count, 3};

    *ret_text = report_write(&report);
    ck_assert_ptr_nonnull(*ret_text);
    return json_tree_parse(&tree, *ret_text, strlen(*ret_text), NULL);
}

START_TEST(writes_json)
{
    const struct json_node *root, *check;
    char *text;

    outcomes[0] = (struct check_outcome){"dmi",         CHECK_DEGRADED, "it \xff", "mend\n",
                                         "{\"a\":[1]}", "[{}]",         12};
    root = write_and_parse(1, &text);
    ck_assert_ptr_nonnull(root);
    ck_assert_str_eq(json_tree_string(root, "verdict"), "degraded");
    ck_assert_str_eq(json_tree_string(root, "reason"), "dmi: it ?");
    ck_assert_str_eq(json_tree_string(root, "remedy"), "mend\n");
    ck_assert_int_eq(json_tree_integer(root, "log_lines_lost", -1), 3);
    ck_assert_str_eq(json_tree_string(json_tree_member(root, "machine"), "uuid"), "u\"u");
    ck_assert_int_eq(json_tree_member(json_tree_member(root, "machine"), "secure_boot")->kind,
                     JSON_NULL);
    check = json_tree_member(root, "checks")->first;
    ck_assert_str_eq(json_tree_string(check, "check"), "dmi");
    ck_assert_int_eq(json_tree_integer(check, "duration_ms", -1), 12);
    ck_assert_ptr_null(json_tree_member(root, "params")->first->next);
    free(text);
}
END_TEST

START_TEST(when_nothing_ran_nothing_passed)
{
    const struct json_node *root;
    char *text;

    memset(outcomes, 0, sizeof(outcomes));
    root = write_and_parse(1, &text);
    ck_assert_str_eq(json_tree_string(root, "verdict"), "degraded");
    ck_assert_str_eq(json_tree_string(root, "reason"), "no check could run");
    free(text);
}
END_TEST

CHECK_MAIN("report", the_verdict_is_the_worst_and_not_run_never_worsens_it, writes_json,
           when_nothing_ran_nothing_passed)
