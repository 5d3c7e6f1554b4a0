/* muster tenant, site, alert, audit, source, rule: which call each makes, and of what. */
#include "tests/support/check_main.h"
#include "tests/support/cli_bench.h"

static const char NOTHING[] = "{\"items\":[],\"next_cursor\":null}";

START_TEST(each_list_asks_its_own_path)
{
    static const char *const lists[][3] = {
        {"tenant", "list", "/v1/tenants?limit=100"}, {"site", "list", "/v1/sites?limit=100"},
        {"agent", "list", "/v1/agents?limit=100"},   {"machine", "list", "/v1/machines?limit=100"},
        {"image", "list", "/v1/images?limit=100"},   {"source", "list", "/v1/sources?limit=100"},
        {"token", "list", "/v1/tokens?limit=100"},   {"rule", "list", "/v1/rules?limit=100"},
        {"task", "list", "/v1/tasks?limit=100"},     {"alert", "list", "/v1/alerts?limit=100"},
        {"audit", "list", "/v1/audit?limit=100"}};

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        bench_answers(EXIT_OK, NOTHING);
        ck_assert_int_eq(muster(lists[i][0], lists[i][1]), 0);
        bench_called(i, "GET", lists[i][2], NULL);
        ck_assert_str_eq(bench.said, "");
    }
}
END_TEST

START_TEST(each_list_shows_an_items_name_first)
{
    /* What -o name prints is what the other verbs of the noun take. */
    static const char *const lists[][2] = {
        {"site", "name"},   {"agent", "name"}, {"machine", "name"}, {"source", "name"},
        {"rule", "name"},   {"token", "id"},   {"task", "id"},      {"alert", "id"},
        {"tenant", "name"}, {"audit", "id"}};

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        char answer[128];

        snprintf(answer, sizeof(answer),
                 "{\"items\":[{\"%s\":\"the-one\",\"other\":1}],\"next_cursor\":null}",
                 lists[i][1]);
        bench_answers(EXIT_OK, answer);
        ck_assert_int_eq(muster(lists[i][0], "list", "-o", "name"), 0);
        ck_assert_str_eq(bench.said, "the-one\n");
    }
}
END_TEST

START_TEST(each_show_asks_for_the_one_that_is_named)
{
    static const char *const shows[][3] = {{"tenant", "acme", "/v1/tenants/acme"},
                                           {"site", "no rth/x", "/v1/sites/no%20rth%2Fx"},
                                           {"agent", "north-1", "/v1/agents/north-1"},
                                           {"token", "0190a0a0", "/v1/tokens/0190a0a0"},
                                           {"image", "diag:1.2", "/v1/images/diag%3A1.2"},
                                           {"alert", "0190a0a2", "/v1/alerts/0190a0a2"},
                                           {"audit", "0190a0a1", "/v1/audit/0190a0a1"}};

    for (size_t i = 0; i < sizeof(shows) / sizeof(shows[0]); i++)
        bench_misused(muster(shows[i][0], "show"), shows[i][0]);
    for (size_t i = 0; i < sizeof(shows) / sizeof(shows[0]); i++) {
        bench_answers(EXIT_OK, "{\"id\":\"x\",\"body\":{\"why\":\"lost\"}}");
        ck_assert_int_eq(muster(shows[i][0], "show", shows[i][1]), 0);
        bench_called(i, "GET", shows[i][2], NULL);
        ck_assert_str_eq(bench.said, "id\tx\nbody\t{\"why\":\"lost\"}\n");
    }
    bench_answers(EXIT_NOT_FOUND, "there is no site 'mars' here (HTTP 404)");
    ck_assert_int_eq(muster("site", "show", "mars"), EXIT_NOT_FOUND);
}
END_TEST

START_TEST(a_tenant_has_a_title_when_it_was_given)
{
    bench_answers(EXIT_OK, "{}");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("tenant", "add", "acme"), 0);
    bench_called(0, "POST", "/v1/tenants", "{\"name\":\"acme\"}");
    ck_assert_int_eq(muster("tenant", "add", "--title", "Acme, Inc", "acme"), 0);
    bench_called(1, "POST", "/v1/tenants", "{\"name\":\"acme\",\"title\":\"Acme, Inc\"}");
}
END_TEST

START_TEST(a_site_has_a_zone_and_a_flag)
{
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(
        muster("site", "add", "north", "--time-zone", "Europe/Oslo", "--chainload-always"), 0);
    bench_called(0, "POST", "/v1/sites",
                 "{\"name\":\"north\",\"time_zone\":\"Europe/Oslo\",\"chainload_always\":true}");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("site", "release", "no rth/x"), 0);
    bench_called(1, "POST", "/v1/sites/no%20rth%2Fx/release", NULL);
}
END_TEST

START_TEST(a_site_is_set)
{
    bench_misused(muster("site", "set", "north"), "nothing is to be set");
    bench_misused(muster("site", "set", "north", "--chainload-always", "maybe"), "yes or no");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("site", "set", "north", "--time-zone", "Asia/Tokyo"), 0);
    bench_called(0, "PATCH", "/v1/sites/north", "{\"time_zone\":\"Asia/Tokyo\"}");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("site", "set", "north", "--chainload-always", "no"), 0);
    bench_called(1, "PATCH", "/v1/sites/north", "{\"chainload_always\":false}");
}
END_TEST

START_TEST(a_source_needs_its_topic)
{
    bench_misused(muster("source", "add", "monitors"), "--topic");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("source", "add", "monitors", "--topic", "alerts", "--tenant", "acme"),
                     0);
    bench_called(0, "POST", "/v1/sources", "{\"name\":\"monitors\",\"topic\":\"alerts\"}");
    ck_assert_str_eq(bench.calls[0].tenant, "acme");
}
END_TEST

START_TEST(a_source_says_how_it_is_read)
{
    bench_misused(muster("source", "add", "am", "--topic", "t", "--webhook"), "exclude");
    bench_misused(muster("source", "add", "am", "--webhook", "--mapping", bench_path("absent")),
                  "absent");
    bench_misused(muster("source", "set-format", "am"), "--format");
    bench_answers(EXIT_OK, "{}");
    bench_answers(EXIT_OK, "{}");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("source", "create", "am", "--webhook", "--format", "grafana"), 0);
    bench_called(0, "POST", "/v1/sources",
                 "{\"format\":\"grafana\",\"kind\":\"webhook\",\"name\":\"am\"}");
    bench_file("m.yaml", "kind: Mapping\n", 0644);
    ck_assert_int_eq(muster("source", "set-format", "am", "--mapping", bench_path("m.yaml")), 0);
    bench_called(1, "PUT", "/v1/sources/am/format", "{\"mapping\":\"kind: Mapping\\n\"}");
    ck_assert_int_eq(muster("source", "revoke-token", "am", "--id", "7"), 0);
    bench_called(2, "POST", "/v1/sources/am/tokens/7/revoke", NULL);
}
END_TEST

START_TEST(a_rule_goes_as_it_stands_in_its_file_with_the_files_name)
{
    static const char rule[] = "apiVersion: rules/v1\nkind: Rule\n";

    bench_misused(muster("rule", "push", bench_path("absent.yaml")), "absent.yaml");
    bench_file("a rule.yaml", rule, 0644);
    bench_answers(EXIT_OK, "{\"name\":\"r\"}");
    bench_answers(EXIT_OK, "{\"name\":\"r\"}");
    ck_assert_int_eq(muster("rule", "push", bench_path("a rule.yaml")), 0);
    bench_called(0, "POST", "/v1/rules?name=a%20rule.yaml", NULL);
    ck_assert_str_eq(bench.calls[0].bytes, rule);
    ck_assert_int_eq(muster("rule", "push", "--arm", bench_path("a rule.yaml")), 0);
    bench_called(1, "POST", "/v1/rules?name=a%20rule.yaml&arm=true", NULL);
}
END_TEST

START_TEST(an_alert_and_an_audit_row_show_their_columns)
{
    bench_answers(EXIT_OK, "{\"items\":[{\"id\":\"a1\",\"decided_at\":\"t\",\"disposition\":"
                           "\"acted\",\"type\":\"hw\",\"severity\":\"critical\",\"machine\":"
                           "\"m1\",\"task_id\":null,\"reason\":\"x\\ny\"}],\"next_cursor\":null}");
    ck_assert_int_eq(muster("alert", "list"), 0);
    ck_assert_str_eq(bench.said, "a1\tt\tacted\thw\tcritical\tm1\t-\tx y\n");
    bench_answers(
        EXIT_OK,
        "{\"items\":[{\"id\":\"r1\",\"at\":\"t\",\"who\":\"admin\",\"action\":\"agent.revoke\""
        ",\"object\":\"agent a\",\"outcome\":\"ok\",\"body\":{\"why\":\"lost\"}}"
        "],\"next_cursor\":null}");
    ck_assert_int_eq(muster("audit", "list"), 0);
    ck_assert_str_eq(bench.said, "r1\tt\tadmin\tagent.revoke\tagent a\tok\tlost\n");
}
END_TEST

CHECK_MAIN_WITH("cli fleet", bench_make, bench_unmake, each_list_asks_its_own_path,
                each_list_shows_an_items_name_first, each_show_asks_for_the_one_that_is_named,
                a_tenant_has_a_title_when_it_was_given, a_site_has_a_zone_and_a_flag, a_site_is_set,
                a_source_needs_its_topic, a_source_says_how_it_is_read,
                a_rule_goes_as_it_stands_in_its_file_with_the_files_name,
                an_alert_and_an_audit_row_show_their_columns)
