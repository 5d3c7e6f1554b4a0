/* muster machine: its many options as one body, the password from a file that is its owner's alone.
 */
#include "tests/support/check_main.h"
#include "tests/support/cli_bench.h"

START_TEST(a_machine_needs_a_site_and_a_mac)
{
    bench_misused(muster("machine", "add", "m1", "--site", "north"), "--mac");
    bench_misused(muster("machine", "add", "m1", "--mac", "52:54:00:00:00:01"), "--site");
    bench_misused(muster("machine", "add", "m1", "--site", "n", "--mac", "52:54:00:00:00:01",
                         "--cpus", "many"),
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
                            "--tenant", "acme"),
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

CHECK_MAIN_WITH("cli machine", bench_make, bench_unmake, a_machine_needs_a_site_and_a_mac,
                all_that_may_be_said_of_one, a_password_that_others_may_read_is_not_sent,
                with_a_tenant_it_is_held_as_well, holding_needs_a_tenant_and_releasing_a_reason,
                one_is_shown_by_whatever_names_it)
