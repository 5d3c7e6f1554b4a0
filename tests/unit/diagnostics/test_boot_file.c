/* boot_file: refused files, that the token is not told in errors, and that the file is gone after.
 */
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "diagnostics/boot_file.h"
#include "tests/support/check_main.h"
#include "tests/support/fixture_tree.h"

#define TASK "0192f3a0-1111-7222-8333-444455556666"
#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
#define GOOD "{\"agent\":\"http://10.77.0.2:8480\",\"task\":\"" TASK "\",\"token\":\"" TOKEN "\"}"

static struct boot_file file;
static struct error err;

static int take(const char *text, mode_t mode)
{
    char path[128];

    fixture_tree_write("/boot.json", "%s", text);
    snprintf(path, sizeof(path), "%s/boot.json", fixture_root);
    chmod(path, mode);
    error_clear(&err);
    return boot_file_take(path, &file, &err);
}

START_TEST(refuses_and_never_tells_the_token)
{
    static const char *const BAD[] = {
        "",
        "[]",
        "{\"agent\":\"http://10.0.0.1:1\",\"task\":\"x\"}",
        "{\"agent\":\"http://10.0.0.1:1\",\"task\":1,\"token\":\"" TOKEN "\"}",
        "{\"agent\":\"ftp://10.0.0.1:1\",\"task\":\"" TASK "\",\"token\":\"" TOKEN "\"}",
        "{\"agent\":\"http://10.0.0.1:1\",\"task\":\"" TASK "\",\"token\":\"" TOKEN "+\"}",
        "{\"agent\":\"http://10.0.0.1:1\",\"task\":\"" TASK "0\",\"token\":\"" TOKEN "\"}"};

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        ck_assert_msg(take(BAD[i], 0600) == -1, "accepted %s", BAD[i]);
        ck_assert_ptr_nonnull(strstr(err.text, "boot.json"));
        ck_assert_ptr_null(strstr(err.text, TOKEN));
    }
    ck_assert_int_eq(take(GOOD, 0644), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "644"));
    ck_assert_int_eq(boot_file_take("/nonexistent/boot.json", &file, &err), -1);
}
END_TEST

START_TEST(takes_it_and_takes_it_away)
{
    char path[128];

    ck_assert_int_eq(take(GOOD, 0600), 0);
    ck_assert_str_eq(file.task, TASK);
    ck_assert_str_eq(file.token, TOKEN);
    ck_assert_str_eq(file.agent.host, "10.77.0.2:8480");
    snprintf(path, sizeof(path), "%s/boot.json", fixture_root);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

CHECK_MAIN_WITH("boot_file", fixture_tree_make, fixture_tree_drop,
                refuses_and_never_tells_the_token, takes_it_and_takes_it_away)
