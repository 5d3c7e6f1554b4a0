/* muster token: a token's text goes into its file (0600) and nowhere else, and no file is replaced.
 */
#include "tests/support/check_main.h"
#include "tests/support/cli_bench.h"

#define TOKEN "muster_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

START_TEST(a_token_is_kept_in_its_file_alone)
{
    struct stat info;
    char *kept;

    bench_answers(EXIT_OK, "{\"id\":\"x\",\"principal\":\"noc\",\"token\":\"" TOKEN "\"}");
    ck_assert_int_eq(muster("token", "create", "noc", "--out", bench_path("noc"), "--role",
                            "tenant-operator", "--days", "3", "--label", "night", "-o", "json"),
                     0);
    bench_called(0, "POST", "/v1/tokens",
                 "{\"principal\":\"noc\",\"role\":\"tenant-operator\",\"days\":3,\"label\":"
                 "\"night\"}");
    ck_assert_ptr_null(strstr(bench.said, "muster_"));
    ck_assert_ptr_nonnull(strstr(bench.said, "\"principal\": \"noc\""));
    ck_assert_int_eq(stat(bench_path("noc"), &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
    kept = file_read(bench_path("noc"), 100, NULL, NULL);
    ck_assert_str_eq(kept, TOKEN "\n");
    free(kept);
}
END_TEST

START_TEST(nothing_is_made_without_a_place_for_it)
{
    bench_misused(muster("token", "create", "noc"), "--out");
    bench_misused(muster("token", "create", "noc", "--out", bench_path("token")),
                  "choose another --out");
    bench_misused(muster("token", "create", "noc", "--out", bench_path("n"), "--days", "x"),
                  "--days");
}
END_TEST

START_TEST(a_replay_without_a_token_is_told)
{
    bench_answers(EXIT_OK, "{\"id\":\"x\",\"principal\":\"noc\"}");
    ck_assert_int_eq(muster("token", "create", "noc", "--out", bench_path("noc")), EXIT_SERVER);
    ck_assert_int_ne(access(bench_path("noc"), F_OK), 0);
}
END_TEST

START_TEST(one_is_revoked_by_its_id)
{
    bench_answers(EXIT_OK, "{\"id\":\"x\",\"state\":\"revoked\"}");
    ck_assert_int_eq(muster("token", "revoke", "0190a0a0"), 0);
    bench_called(0, "POST", "/v1/tokens/0190a0a0/revoke", NULL);
}
END_TEST

CHECK_MAIN_WITH("cli token", bench_make, bench_unmake, a_token_is_kept_in_its_file_alone,
                nothing_is_made_without_a_place_for_it, a_replay_without_a_token_is_told,
                one_is_revoked_by_its_id)
