/* Mappings looked at and tried without a server. */
#include "tests/support/check_main.h"
#include "tests/support/cli_bench.h"

#define MAPPING                                                                                    \
    "apiVersion: mappings/v1\nkind: Mapping\nmetadata: {name: m, version: 1}\nspec:\n"             \
    "  event: {id: item.id, type: \"'t'\"}\n  machine: {name: item.n}\n"                           \
    "  defaults: {status: firing, severity: info}\n"                                               \
    "tests:\n  - name: one\n    message: {id: a, n: b}\n    events: [{event: {id: %s}}]\n"

static void ck_said(const char *words)
{
    ck_assert_msg(strstr(bench.said, words) != NULL, "%s", bench.said);
}

static void put_mapping(const char *id)
{
    char text[1024];

    snprintf(text, sizeof(text), MAPPING, id);
    bench_file("m.yaml", text, 0644);
}

START_TEST(formats_are_listed_and_shown)
{
    ck_assert_int_eq(muster("mapping", "list", "-o", "tsv"), 0);
    ck_said("alertmanager\t1\t");
    ck_said("zabbix-export\t1\t");
    ck_assert_int_eq(muster("mapping", "show", "nagios"), 0);
    ck_said("kind: Mapping\n");
    bench_misused(muster("mapping", "show", "nagois"), "is it nagios");
}
END_TEST

START_TEST(a_mapping_is_tried)
{
    put_mapping("a");
    ck_assert_int_eq(muster("mapping", "lint", bench_path("m.yaml")), 0);
    ck_said("m.yaml: right\n");
    ck_assert_int_eq(muster("mapping", "test", bench_path("m.yaml")), 0);
    ck_said("1 passed, 0 failed\n");
    put_mapping("other");
    ck_assert_int_eq(muster("mapping", "test", bench_path("m.yaml")), EXIT_USAGE);
    ck_said("m.yaml:11:1: event.id is \"a\", not \"other\"\n");
    ck_said("0 passed, 1 failed\n");
}
END_TEST

START_TEST(what_is_wrong_is_told_at_its_place)
{
    bench_file("m.yaml", "kind: Mapping\nspec: 7\n", 0644);
    ck_assert_int_eq(muster("mapping", "lint", bench_path("m.yaml")), EXIT_USAGE);
    ck_said("m.yaml:2:7: spec must be a map, not a value\n  spec: 7\n        ^\n");
    ck_assert_int_eq(muster("mapping", "test", bench_path("m.yaml")), EXIT_USAGE);
    ck_said("the mapping is wrong");
    bench_misused(muster("mapping", "lint", bench_path("absent.yaml")), "absent.yaml");
    bench_misused(muster("mapping", "test", bench_path("absent.yaml")), "absent.yaml");
}
END_TEST

CHECK_MAIN_WITH("cli mapping", bench_make, bench_unmake, formats_are_listed_and_shown,
                a_mapping_is_tried, what_is_wrong_is_told_at_its_place)
