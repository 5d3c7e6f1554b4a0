/* docs/cel-functions.md: every example in it holds or fails as it says, and every function of the
 * libraries is in it. */
#include <stdlib.h>

#include "common/file.h"
#include "rules/cel/cel_libraries.h"
#include "tests/support/cel_page.h"
#include "tests/support/check_main.h"

#define PAGE TEST_DIR "/../docs/cel-functions.md"

START_TEST(examples_are_as_they_say)
{
    ck_assert_uint_gt(cel_page_run(PAGE), 50);
}
END_TEST

/* Operators and what macros expand to have no name that could be written. */
static bool has_a_name(const char *function)
{
    return (*function >= 'a' && *function <= 'z') || (*function >= 'A' && *function <= 'Z');
}

START_TEST(every_function_is_in_it)
{
    struct error err = {0};
    size_t length;
    char *page = file_read(PAGE, CEL_PAGE_MAX, &length, &err);

    ck_assert_msg(page != NULL, "%s", error_text(&err));
    for (const struct cel_library *const *library = cel_libraries; *library; library++)
        for (size_t i = 0; i < (*library)->count; i++) {
            const char *function = (*library)->overloads[i].function;
            char call[64];

            snprintf(call, sizeof(call), "%s(", function);
            ck_assert_msg(!has_a_name(function) || strstr(page, call), "%s is not in " PAGE, call);
        }
    free(page);
}
END_TEST

CHECK_MAIN("cel_functions", examples_are_as_they_say, every_function_is_in_it)
