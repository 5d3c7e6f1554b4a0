/* muster machine: its many options as one body, the password from a file that is its owner's alone.
 */
#include "tests/support/check_main.h"
#include "tests/support/cli_bench.h"

START_TEST(a_machine_needs_a_site_and_a_mac)
{
    bench_misused(muster("machine", "add", "m1", "--site", "north"), "--mac");
    bench_misused(muster("machine", "add", "m1", "--mac", "52:54:00:00:00:01"), "--site");
    bench_misused(muster("machine", "add", "m1", "--site", "n", "--mac", "52:54:00:00:00:01"),
                  "--bmc-driver");
    bench_misused(muster("machine", "add", "m1", "--site", "n", "--mac", "52:54:00:00:00:01",
                         "--bmc-driver", "noop", "--cpus", "many"),
                  "--cpus takes a number");
}
END_TEST

START_TEST(all_that_may_be_said_of_one)
{
    bench_file("password", "correct horse\n", 0600);
    bench_answers(EXIT_OK, "{\"id\":\"x\",\"name\":\"m1\"}");
    ck_assert_int_eq(muster("machine", "add", "m1", "--site", "north", "--mac",
                            "52:54:00:00:00:01,52:54:00:00:00:02", "--uuid", "u", "--serial", "s",
                            "--asset-tag", "t", "--rack", "r", "--class", "c", "--memory-mib",
                            "512", "--cpus", "2", "--bmc-driver", "ipmi", "--bmc-address",
                            "10.0.0.9", "--bmc-port", "623", "--bmc-user", "admin",
                            "--bmc-password-file", bench_path("password")),
                     0);
    bench_called(0, "POST", "/v1/machines",
                 "{\"name\":\"m1\",\"macs\":[\"52:54:00:00:00:01\",\"52:54:00:00:00:02\"],"
                 "\"site\":\"north\",\"uuid\":\"u\",\"serial\":\"s\",\"asset_tag\":\"t\",\"rack\":"
                 "\"r\",\"class\":\"c\",\"memory_mib\":512,\"cpus\":2,\"bmc\":{\"driver\":\"ipmi\","
                 "\"address\":\"10.0.0.9\",\"port\":623,\"username\":\"admin\",\"password\":"
                 "\"correct horse\"}}");
    ck_assert_ptr_null(strstr(bench.said, "horse"));
}
END_TEST

START_TEST(a_password_that_others_may_read_is_not_sent)
{
    bench_file("password", "correct horse\n", 0644);
    bench_misused(muster("machine", "add", "m1", "--site", "n", "--mac", "52:54:00:00:00:01",
                         "--bmc-driver", "ipmi", "--bmc-password-file", bench_path("password")),
                  "chmod 600");
    ck_assert_ptr_null(strstr(bench.told, "horse"));
}
END_TEST

START_TEST(with_a_tenant_it_is_held_as_well)
{
    bench_answers(EXIT_OK, "{\"id\":\"x\",\"name\":\"m1\"}");
    bench_answers(EXIT_CONFLICT, "it is held");
    ck_assert_int_eq(muster("machine", "add", "m1", "--site", "n", "--mac", "52:54:00:00:00:01",
                            "--bmc-driver", "noop", "--tenant", "acme"),
                     EXIT_CONFLICT);
    bench_called(1, "POST", "/v1/machines/m1/hold", NULL);
    ck_assert_str_eq(bench.calls[1].tenant, "acme");
}
END_TEST

START_TEST(holding_needs_a_tenant_and_releasing_a_reason)
{
    bench_misused(muster("machine", "hold", "m1"), "--tenant");
    bench_misused(muster("machine", "release", "m1"), "--reason");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("machine", "release", "m1", "--reason", "looked at it"), 0);
    bench_called(0, "POST", "/v1/machines/m1/release", "{\"reason\":\"looked at it\"}");
}
END_TEST

START_TEST(one_is_shown_by_whatever_names_it)
{
    bench_answers(EXIT_OK,
                  "{\"name\":\"m1\",\"macs\":[\"a\",\"b\"],\"bmc\":{\"driver\":\"ipmi\"}}");
    ck_assert_int_eq(muster("machine", "show", "52:54:00:00:00:01"), 0);
    bench_called(0, "GET", "/v1/machines/52%3A54%3A00%3A00%3A00%3A01", NULL);
    ck_assert_str_eq(bench.said, "name\tm1\nmacs\ta,b\nbmc\t{\"driver\":\"ipmi\"}\n");
    bench_answers(EXIT_NOT_FOUND, "there is no machine 'm9' here (HTTP 404)");
    ck_assert_int_eq(muster("machine", "show", "m9"), EXIT_NOT_FOUND);
}
END_TEST

START_TEST(what_is_said_of_one_is_set)
{
    bench_misused(muster("machine", "set", "m1"), "nothing is to be set");
    bench_misused(muster("machine", "set", "m1", "--label", "team"), "NAME=VALUE");
    bench_misused(muster("machine", "set", "m1", "--label", "=x"), "NAME=VALUE");
    bench_misused(muster("machine", "set", "m1", "--label", "a=1", "--label", "a=2"), "twice");
    bench_misused(muster("machine", "set", "m1", "--label", "a:=yes"), "behind := comes JSON");
    bench_misused(muster("machine", "set", "m1", "--colour", "red"), "--colour");
    bench_file("controllers.json", "[{\"id\": }]", 0644);
    bench_misused(muster("machine", "set", "m1", "--controllers", bench_path("controllers.json")),
                  "controllers.json: 1:9");
    bench_file("controllers.json", "[{\"id\": \"c0\", \"health\": \"ok\"}]", 0644);
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("machine", "set", "m1", "--label", "team=a=b", "--label", "weight:=5",
                            "--label", "old=", "--lifecycle", "production", "--service", "",
                            "--cpus", "", "--memory-mib", "512", "--calendar", "cal", "--firmware",
                            "bios=1.2", "--controllers", bench_path("controllers.json"), "--tenant",
                            "acme"),
                     0);
    bench_called(0, "PATCH", "/v1/machines/m1",
                 "{\"labels\":{\"team\":\"a=b\",\"weight\":5,\"old\":null},\"lifecycle\":"
                 "\"production\",\"service\":null,\"cpus\":null,\"memory_mib\":512,"
                 "\"maintenance_calendar\":\"cal\",\"firmware\":{\"bios\":\"1.2\"},"
                 "\"controllers\":[{\"id\":\"c0\",\"health\":\"ok\"}]}");
    ck_assert_str_eq(bench.calls[0].tenant, "acme");
}
END_TEST

START_TEST(what_rules_saw_of_one)
{
    bench_answers(EXIT_OK, "{\"name\":\"m1\",\"version\":3}");
    bench_answers(EXIT_OK, "{\"name\":\"m1\",\"version\":2}");
    ck_assert_int_eq(muster("machine", "document", "m1"), 0);
    bench_called(0, "GET", "/v1/machines/m1/document", NULL);
    ck_assert_int_eq(muster("machine", "document", "m1", "--version", "2"), 0);
    bench_called(1, "GET", "/v1/machines/m1/document?version=2", NULL);
}
END_TEST

static const char TABLE[] =
    "name,site,macs,labels.team,labels.tier,firmware.bios,memory_mib,bmc.driver,controllers\n"
    "m1,north,52:54:00:00:00:01 52:54:00:00:00:02,a,,1.2,512,noop,\"[{\"\"id\"\": \"\"c0\"\"}]\"\n"
    "\n"
    "m2,north,52:54:00:00:00:03,,,,,,\n";

START_TEST(a_table_is_imported_line_by_line)
{
    bench_file("machines.csv", TABLE, 0644);
    bench_answers(EXIT_OK, "{}");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("machine", "import", bench_path("machines.csv")), 0);
    bench_called(0, "POST", "/v1/machines",
                 "{\"name\":\"m1\",\"site\":\"north\",\"macs\":[\"52:54:00:00:00:01\","
                 "\"52:54:00:00:00:02\"],\"labels\":{\"team\":\"a\"},\"firmware\":{\"bios\":"
                 "\"1.2\"},\"memory_mib\":512,\"bmc\":{\"driver\":\"noop\"},\"controllers\":"
                 "[{\"id\":\"c0\"}]}");
    bench_called(1, "POST", "/v1/machines",
                 "{\"name\":\"m2\",\"site\":\"north\",\"macs\":[\"52:54:00:00:00:03\"]}");
    ck_assert_str_eq(bench.said, "added\t2\nchanged\t0\nunchanged\t0\nrefused\t0\n");
}
END_TEST

START_TEST(the_same_file_again_changes_what_differs)
{
    static const char there[] =
        "{\"name\":\"m1\",\"site\":\"north\",\"macs\":[\"52-54-00-00-00-01\"],"
        "\"rack\":\"old\"}";

    bench_file(
        "m.jsonl",
        "{\"name\":\"m1\",\"site\":\"north\",\"macs\":[\"52:54:00:00:00:01\"],\"rack\":\"r\"}\n",
        0644);
    bench_answers(EXIT_CONFLICT, "it is there");
    bench_answers(EXIT_OK, there);
    bench_answers(EXIT_OK, "{\"rack\":\"r\"}");
    ck_assert_int_eq(muster("machine", "import", bench_path("m.jsonl"), "--tenant", "acme"), 0);
    bench_called(1, "GET", "/v1/machines/m1", NULL);
    bench_called(2, "PATCH", "/v1/machines/m1", "{\"rack\":\"r\"}");
    ck_assert_str_eq(bench.said, "added\t0\nchanged\t1\nunchanged\t0\nrefused\t0\n");
    /* Another site is another machine. */
    bench_answers(EXIT_CONFLICT, "it is there");
    bench_answers(EXIT_OK, "{\"name\":\"m1\",\"site\":\"south\",\"macs\":[\"52:54:00:00:00:01\"]}");
    ck_assert_int_eq(muster("machine", "import", bench_path("m.jsonl")), EXIT_CONFLICT);
    ck_assert_ptr_nonnull(strstr(bench.told, "m.jsonl:1: site: machine m1 is there with another"));
    bench_answers(EXIT_CONFLICT, "it is there");
    bench_answers(EXIT_OK, "{\"name\":\"m1\",\"site\":\"north\",\"macs\":[\"52:54:00:00:00:02\"]}");
    ck_assert_int_eq(muster("machine", "import", bench_path("m.jsonl")), EXIT_CONFLICT);
    ck_assert_ptr_nonnull(strstr(bench.told, "m.jsonl:1: macs: machine m1 is there with another"));
    /* Somebody else's says no more than a stranger is told. */
    bench_answers(EXIT_CONFLICT, "a MAC is another machine's");
    bench_answers(EXIT_NOT_FOUND, "there is no machine 'm1' here");
    ck_assert_int_eq(muster("machine", "import", bench_path("m.jsonl"), "--tenant", "acme"),
                     EXIT_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(bench.told, "a MAC is another machine's"));
    ck_assert_ptr_nonnull(strstr(bench.told, "machine hold"));
}
END_TEST

START_TEST(wrong_lines_are_all_told_before_anything_is_sent)
{
    bench_file("m.jsonl",
               "{\"name\":\"m1\"}\n{\"name\": \n\n[1]\n{\"site\":\"s\"}\n"
               "{\"name\":\"m\",\"lables\":{}}\n"
               "{\"name\":\"m\",\"bmc\":{\"driver\":\"noop\",\"password\":\"horse\"}}\n",
               0644);
    bench_misused(muster("machine", "import", bench_path("m.jsonl")),
                  "5 lines are wrong; nothing was sent");
    ck_assert_ptr_nonnull(strstr(bench.told, "m.jsonl:2:"));
    ck_assert_ptr_nonnull(strstr(bench.told, "m.jsonl:4: must be an object"));
    ck_assert_ptr_nonnull(strstr(bench.told, "m.jsonl:5: name is missing"));
    ck_assert_ptr_nonnull(strstr(bench.told, "m.jsonl:6: unknown field \"lables\": is it labels?"));
    ck_assert_ptr_nonnull(strstr(bench.told, "m.jsonl:7: bmc.password: a password stands"));
    ck_assert_ptr_null(strstr(bench.told, "horse"));
    bench_file("m.csv", "name,lables.x,rack,rack,labels\nm,1,2,3,4\n", 0644);
    bench_misused(muster("machine", "import", bench_path("m.csv")), "nothing was sent");
    ck_assert_ptr_nonnull(strstr(bench.told, "m.csv:1: "));
    ck_assert_ptr_nonnull(strstr(bench.told, "twice"));
    ck_assert_ptr_nonnull(strstr(bench.told, "labels.NAME"));
    bench_file("m.csv", "name,cpus,controllers\nm,many,\nm\nm,1,{\n\"m\n", 0644);
    bench_misused(muster("machine", "import", bench_path("m.csv")), "4 lines are wrong");
    ck_assert_ptr_nonnull(strstr(bench.told, "m.csv:2: cpus must be a number, not 'many'"));
    ck_assert_ptr_nonnull(strstr(bench.told, "m.csv:3: there are 1 fields, and 3 columns"));
    ck_assert_ptr_nonnull(strstr(bench.told, "m.csv:4: controllers: 1:"));
    ck_assert_ptr_nonnull(strstr(bench.told, "m.csv:5:1: a quote is opened here"));
    bench_misused(muster("machine", "import", bench_path("absent.csv")), "absent.csv");
}
END_TEST

START_TEST(a_password_comes_from_its_own_file_and_a_dry_run_sends_nothing)
{
    char line[300];

    bench_file("password", "correct horse\n", 0600);
    snprintf(line, sizeof(line),
             "{\"name\":\"m1\",\"bmc\":{\"driver\":\"noop\",\"password_file\":\"%s\"}}",
             bench_path("password"));
    bench_file("m.jsonl", line, 0644);
    ck_assert_int_eq(muster("machine", "import", bench_path("m.jsonl"), "--dry-run"), 0);
    ck_assert_uint_eq(bench.called, 0);
    bench_answers(EXIT_OK, "{}");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("machine", "import", bench_path("m.jsonl"), "--tenant", "acme"), 0);
    bench_called(0, "POST", "/v1/machines",
                 "{\"name\":\"m1\",\"bmc\":{\"driver\":\"noop\",\"password\":\"correct "
                 "horse\"}}");
    bench_called(1, "POST", "/v1/machines/m1/hold", NULL);
}
END_TEST

START_TEST(who_lets_nobody_in_is_asked_once)
{
    bench_file("m.jsonl", "{\"name\":\"m1\"}\n{\"name\":\"m2\"}\n{\"name\":\"m3\"}\n", 0644);
    bench_answers(EXIT_USAGE, "macs: must be a list");
    bench_answers(EXIT_AUTH, "there is no token");
    ck_assert_int_eq(muster("machine", "import", bench_path("m.jsonl")), EXIT_AUTH);
    ck_assert_ptr_nonnull(strstr(bench.told, "m.jsonl:1: macs: must be a list"));
    ck_assert_ptr_nonnull(strstr(bench.told, "m.jsonl:2: there is no token"));
    ck_assert_uint_eq(bench.called, 2);
}
END_TEST

CHECK_MAIN_WITH("cli machine", bench_make, bench_unmake, a_machine_needs_a_site_and_a_mac,
                all_that_may_be_said_of_one, a_password_that_others_may_read_is_not_sent,
                with_a_tenant_it_is_held_as_well, holding_needs_a_tenant_and_releasing_a_reason,
                one_is_shown_by_whatever_names_it, what_is_said_of_one_is_set,
                what_rules_saw_of_one, a_table_is_imported_line_by_line,
                the_same_file_again_changes_what_differs,
                wrong_lines_are_all_told_before_anything_is_sent,
                a_password_comes_from_its_own_file_and_a_dry_run_sends_nothing,
                who_lets_nobody_in_is_asked_once)
