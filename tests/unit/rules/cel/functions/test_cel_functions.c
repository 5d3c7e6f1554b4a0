/* docs/cel-functions.md: every example in it holds or fails as it says, and every function of the
 * libraries is in it. */
#include <stdlib.h>

#include "common/file.h"
#include "rules/cel/cel_libraries.h"
#include "tests/support/cel_expect.h"
#include "tests/support/check_main.h"

#define PAGE TEST_DIR "/../docs/cel-functions.md"
#define ERROR_MARK " // error: "

static char *read_page(void)
{
    struct error err = {0};
    size_t length;
    char *page = file_read(PAGE, 1 << 20, &length, &err);

    ck_assert_msg(page != NULL, "%s", error_text(&err));
    return page;
}

static void run_example(const char *line)
{
    const char *mark = strstr(line, ERROR_MARK);

    if (mark)
        cel_fails(line, mark + strlen(ERROR_MARK));
    else
        cel_holds(line);
}

START_TEST(examples_are_as_they_say)
{
    char *page = read_page(), *rest = page;
    size_t examples = 0;
    bool code = false;

    for (char *line; (line = strsep(&rest, "\n"));) {
        if (strncmp(line, "```", 3) == 0) {
            code = strcmp(line, "```cel") == 0;
        } else if (code) {
            run_example(line);
            examples++;
        }
    }
    free(page);
    ck_assert_uint_gt(examples, 50);
}
END_TEST

/* Operators and what macros expand to have no name that could be written. */
static bool has_a_name(const char *function)
{
    return (*function >= 'a' && *function <= 'z') || (*function >= 'A' && *function <= 'Z');
}

START_TEST(every_function_is_in_it)
{
    char *page = read_page();

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
