/* The iPXE script: what is said in it, and what cannot be. */
#include <stdlib.h>
#include <string.h>

#include "agent/boot/boot_offers.h"
#include "agent/boot/boot_script.h"
#include "common/error.h"
#include "tests/support/check_main.h"

static char name[32], digest[] = "d", arguments[2100];
static struct boot_offer offer = {
    .kernel_name = name, .kernel_sha256 = digest, .arguments = arguments};
static struct error err;

static char *make(const char *words, const char *kernel)
{
    strcpy(arguments, words);
    strcpy(name, kernel);
    error_clear(&err);
    return boot_script_make(&offer, "http://h:1", &err);
}

START_TEST(words_that_ipxe_would_take_for_its_own_are_refused)
{
    static const char *const BAD[] = {"quiet || shell", "&& reboot", "a ; b",     "; b",
                                      "x #comment",     "#",         "a ${uuid}", "${",
                                      "a\nshell",       "a\tb",      "a\rb",      "caf\xc3\xa9",
                                      "\x1b[0m",        "\x7f"};

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        ck_assert_msg(!make(BAD[i], "k"), "%s", BAD[i]);
        ck_assert_int_eq(err.code, ERROR_INVALID);
        ck_assert_ptr_eq(strstr(err.text, "arguments: "), err.text);
    }
    memset(arguments, 'x', BOOT_ARGUMENTS_MAX + 1);
    arguments[BOOT_ARGUMENTS_MAX + 1] = '\0';
    ck_assert_ptr_null(boot_script_make(&offer, "http://h:1", &err));
    arguments[BOOT_ARGUMENTS_MAX] = '\0';
    free(boot_script_make(&offer, "http://h:1", &err));
}
END_TEST

START_TEST(the_same_signs_inside_a_word_are_fine)
{
    static const char *const GOOD[] = {"a=b||c", "x;y", "x#y", "a&&b", "$x {y}", "  a   b  ", ""};

    for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
        char *script = make(GOOD[i], "k");

        ck_assert_msg(script != NULL, "%s: %s", GOOD[i], err.text);
        ck_assert_ptr_nonnull(strstr(script, GOOD[i]));
        free(script);
    }
}
END_TEST

START_TEST(a_kernels_name_is_written_as_a_path_segment)
{
    char *script = make("quiet", "vm linuz/1.0~\n\xff${x}");

    ck_assert_ptr_nonnull(
        strstr(script, "kernel http://h:1/boot/file/d/vm%20linuz%2F1.0~%0A%FF%24%7Bx%7D initrd="));
    free(script);
}
END_TEST

START_TEST(each_file_is_asked_for_again)
{
    static const char WANTED[] =
        " quiet && goto initrd ||\ninc tries\niseq ${tries} 6 && goto failed ||\n"
        "echo the kernel did not come: asking again in 5 s\nsleep 5\ngoto kernel\n:initrd\n";
    char *script = make("quiet", "k");

    ck_assert_ptr_nonnull(strstr(script, "#!ipxe\n:kernel\nkernel "));
    ck_assert_ptr_nonnull(strstr(script, WANTED));
    ck_assert_ptr_nonnull(strstr(script, " && goto start ||\ninc tries\n"));
    ck_assert_ptr_nonnull(strstr(script, "\nsleep 5\ngoto initrd\n:start\nboot || goto failed\n"));
    free(script);
}
END_TEST

START_TEST(a_failure_goes_on_to_the_next_boot_device)
{
    char *script = make("quiet", "k");

    ck_assert_ptr_eq(strstr(script, "#!ipxe\n"), script);
    ck_assert_ptr_nonnull(strstr(script, "\n:failed\n"));
    ck_assert_str_eq(script + strlen(script) - 8, "\nexit 1\n");
    free(script);
}
END_TEST

CHECK_MAIN("boot_script", words_that_ipxe_would_take_for_its_own_are_refused,
           the_same_signs_inside_a_word_are_fine, a_kernels_name_is_written_as_a_path_segment,
           each_file_is_asked_for_again, a_failure_goes_on_to_the_next_boot_device)
