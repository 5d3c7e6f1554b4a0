/* muster image: the document first, then what of its files the server has not, then the grant. */
#include "tests/support/check_main.h"
#include "tests/support/cli_bench.h"

static const char DOCUMENT[] = "{\"name\":\"diag\",\"version\":\"1.0.0\",\"files\":[{\"role\":"
                               "\"kernel\",\"name\":\"vmlinuz\"},"
                               "{\"role\":\"initrd\",\"name\":\"initrd\"}]}";

START_TEST(only_what_is_missing_is_sent)
{
    bench_file("image.json", DOCUMENT, 0644);
    bench_answers(EXIT_OK, "{\"id\":\"x\",\"missing\":[\"initrd\"]}");
    bench_answers(EXIT_OK, NULL);
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("image", "push", bench.folder, "--tenant", "acme"), 0);
    bench_called(0, "POST", "/v1/images", DOCUMENT);
    bench_called(1, "PUT", "/v1/images/diag/versions/1.0.0/files/initrd", NULL);
    ck_assert_str_eq(bench.calls[1].bytes, bench_path("initrd"));
    bench_called(2, "POST", "/v1/images/diag%3A1.0.0/grant", NULL);
    ck_assert_ptr_nonnull(strstr(bench.said, "image_id\tdiag:1.0.0\n"));
}
END_TEST

START_TEST(a_failed_upload_ends_it)
{
    bench_file("image.json", DOCUMENT, 0644);
    bench_answers(EXIT_OK, "{\"id\":\"x\",\"missing\":[\"kernel\",\"initrd\"]}");
    bench_answers(EXIT_USAGE, "the file's digest is another");
    ck_assert_int_eq(muster("image", "push", bench.folder, "--tenant", "acme"), EXIT_USAGE);
    ck_assert_uint_eq(bench.called, 2);
}
END_TEST

START_TEST(a_document_that_cannot_be_read_asks_nobody)
{
    bench_misused(muster("image", "push", bench.folder), "image.json");
    bench_file("image.json", "{\"name\":", 0644);
    bench_misused(muster("image", "push", bench.folder), "image.json");
}
END_TEST

START_TEST(a_files_name_stays_in_the_folder)
{
    bench_file("image.json",
               "{\"name\":\"diag\",\"version\":\"1\",\"files\":[{\"role\":\"kernel\",\"name\":"
               "\"../token\"}]}",
               0644);
    bench_answers(EXIT_OK, "{\"id\":\"x\",\"missing\":[\"kernel\"]}");
    ck_assert_int_eq(muster("image", "push", bench.folder), EXIT_USAGE);
    ck_assert_uint_eq(bench.called, 1);
}
END_TEST

START_TEST(a_grant_needs_a_tenant)
{
    bench_misused(muster("image", "grant", "diag:1.0.0"), "--tenant");
    bench_answers(EXIT_OK, "{}");
    ck_assert_int_eq(muster("image", "grant", "diag:1.0.0", "--tenant", "acme"), 0);
    bench_called(0, "POST", "/v1/images/diag%3A1.0.0/grant", NULL);
}
END_TEST

CHECK_MAIN_WITH("cli image", bench_make, bench_unmake, only_what_is_missing_is_sent,
                a_failed_upload_ends_it, a_document_that_cannot_be_read_asks_nobody,
                a_files_name_stays_in_the_folder, a_grant_needs_a_tenant)
