/* muster agent: keys from a file, join tokens into a file and nowhere else, fingerprints as they
 * are. */
#include "tests/support/check_main.h"
#include "tests/support/cli_bench.h"

#include "proto/join_token.h"

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static const char MADE[] = "{\"id\":\"0190a0a0-0000-7000-8000-000000000001\",\"name\":\"north-1\","
                           "\"site\":\"north\",\"expires_at\":\"2026-11-22T22:40:01.000000Z\","
                           "\"challenge\":\"" HEX64 "\",\"secret\":\"" SECRET "\"}";

static void files(void)
{
    bench_file("root.pub", HEX64 "\n", 0644);
    bench_file("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0644);
}

START_TEST(keys_come_from_a_file)
{
    bench_file("keys.json",
               "{\"curve\":\"" HEX64 "\",\"sign\":\"" HEX64 "\",\"seal\":\"" HEX64 "\"}", 0644);
    bench_answers(EXIT_OK, "{\"id\":\"x\",\"name\":\"north-1\"}");
    ck_assert_int_eq(
        muster("agent", "add", "north-1", "--site", "north", "--keys", bench_path("keys.json")), 0);
    bench_called(0, "POST", "/v1/agents",
                 "{\"name\":\"north-1\",\"site\":\"north\",\"keys\":{\"curve\":\"" HEX64
                 "\",\"sign\":\"" HEX64 "\",\"seal\":\"" HEX64 "\"}}");
}
END_TEST

START_TEST(keys_that_cannot_be_read_ask_nobody)
{
    bench_misused(muster("agent", "add", "north-1", "--site", "north"), "--keys");
    bench_misused(muster("agent", "add", "north-1", "--keys", "x"), "--site");
    bench_misused(
        muster("agent", "add", "n", "--site", "north", "--keys", bench_path("absent.json")),
        "absent.json");
    bench_file("keys.json", "{\"curve\":", 0644);
    bench_misused(muster("agent", "add", "n", "--site", "north", "--keys", bench_path("keys.json")),
                  "keys.json");
}
END_TEST

START_TEST(a_join_token_goes_into_its_file_and_nowhere_else)
{
    struct join_token token;
    uint8_t root[32], hash[32];
    struct stat info;
    size_t length;
    char *bytes;

    files();
    bench_answers(EXIT_OK, MADE);
    ck_assert_msg(muster("agent", "welcome", "north", "--root-key", bench_path("root.pub"), "--out",
                         bench_path("join.json"), "--name", "north-1", "--minutes", "30") == 0,
                  "%s", bench.told);
    bench_called(0, "POST", "/v1/enrolments",
                 "{\"site\":\"north\",\"name\":\"north-1\",\"minutes\":30}");
    ck_assert_ptr_null(strstr(bench.said, SECRET));
    ck_assert_ptr_null(strstr(bench.told, SECRET));
    ck_assert_int_eq(stat(bench_path("join.json"), &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
    bytes = file_read(bench_path("join.json"), JOIN_TOKEN_MAX, &length, NULL);
    ck_assert_int_eq(join_token_parse(bytes, length, &token, NULL), 0);
    free(bytes);
    ck_assert_str_eq(token.secret, SECRET);
    ck_assert_str_eq(token.url, "https://10.0.0.1:8443");
    text_unhex(HEX64, root, 32);
    join_root_hash(root, hash);
    ck_assert_mem_eq(token.root_sha256, hash,
                     32); /* of the operator's file, not the server's word */
    join_token_clear(&token);
}
END_TEST

START_TEST(a_token_for_known_keys_names_them_and_another_url)
{
    struct join_token token;
    size_t length;
    char *bytes;

    files();
    bench_answers(EXIT_OK, MADE);
    ck_assert_int_eq(muster("agent", "welcome", "north", "--root-key", bench_path("root.pub"),
                            "--out", bench_path("join.json"), "--fingerprint", "SHA256:x", "--url",
                            "https://site-facing.example.net:9443"),
                     0);
    bench_called(0, "POST", "/v1/enrolments", "{\"site\":\"north\",\"fingerprint\":\"SHA256:x\"}");
    bytes = file_read(bench_path("join.json"), JOIN_TOKEN_MAX, &length, NULL);
    ck_assert_int_eq(join_token_parse(bytes, length, &token, NULL), 0);
    ck_assert_str_eq(token.url, "https://site-facing.example.net:9443");
    join_token_clear(&token);
    free(bytes);
}
END_TEST

START_TEST(what_a_token_needs_is_asked_for_first)
{
    files();
    bench_misused(muster("agent", "welcome", "north"), "--root-key");
    bench_misused(muster("agent", "welcome", "north", "--root-key", bench_path("root.pub")),
                  "--out");
    bench_misused(muster("agent", "welcome", "north", "--root-key", bench_path("root.pub"), "--out",
                         bench_path("ca.pem")),
                  "choose another --out");
    bench_misused(muster("agent", "welcome", "north", "--root-key", bench_path("ca.pem"), "--out",
                         bench_path("join.json")),
                  "holds no key");
    bench_misused(muster("agent", "welcome", "north", "--root-key", bench_path("root.pub"), "--out",
                         bench_path("join.json"), "--minutes", "soon"),
                  "--minutes");
    bench.no_ca = true;
    bench_misused(muster("agent", "welcome", "north", "--root-key", bench_path("root.pub"), "--out",
                         bench_path("join.json")),
                  "--ca");
}
END_TEST

START_TEST(an_answer_without_a_token_leaves_no_file)
{
    files();
    bench_answers(EXIT_OK, "{\"id\":\"x\",\"name\":\"north-1\"}");
    ck_assert_int_eq(muster("agent", "welcome", "north", "--root-key", bench_path("root.pub"),
                            "--out", bench_path("join.json")),
                     EXIT_SERVER);
    ck_assert_int_ne(access(bench_path("join.json"), F_OK), 0);
}
END_TEST

START_TEST(who_waits_is_approved_or_refused_by_name)
{
    bench_answers(EXIT_OK, "{\"items\":[{\"name\":\"north-1\",\"site\":\"north\",\"state\":"
                           "\"pending\"}],\"next_cursor\":null}");
    ck_assert_int_eq(muster("agent", "waiting"), 0);
    bench_called(0, "GET", "/v1/enrolments?limit=100", NULL);
    ck_assert_msg(strncmp(bench.said, "north-1\tnorth\tpending\t", 22) == 0, "%s", bench.said);
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("agent", "approve", "north-1", "--fingerprint", "SHA256:abc"), 0);
    bench_called(1, "POST", "/v1/enrolments/north-1/approve", "{\"fingerprint\":\"SHA256:abc\"}");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("agent", "refuse", "a/b"), 0);
    bench_called(2, "POST", "/v1/enrolments/a%2Fb/refuse", NULL);
    ck_assert_int_eq(muster("agent", "approve", "north-1"), EXIT_USAGE);
    ck_assert_uint_eq(bench.called, 3);
}
END_TEST

START_TEST(revoking_names_the_agent)
{
    bench_answers(EXIT_OK, "{\"name\":\"north-1\",\"state\":\"revoked\"}");
    ck_assert_int_eq(muster("agent", "revoke", "north-1"), 0);
    bench_called(0, "POST", "/v1/agents/north-1/revoke", NULL);
    ck_assert_str_eq(bench.said, "name\tnorth-1\nstate\trevoked\n");
}
END_TEST

CHECK_MAIN_WITH("cli agent", bench_make, bench_unmake, keys_come_from_a_file,
                keys_that_cannot_be_read_ask_nobody,
                a_join_token_goes_into_its_file_and_nowhere_else,
                a_token_for_known_keys_names_them_and_another_url,
                what_a_token_needs_is_asked_for_first, an_answer_without_a_token_leaves_no_file,
                who_waits_is_approved_or_refused_by_name, revoking_names_the_agent)
