/* docs/cel.md: every example in it holds or fails as it says, and its limits are ours. */
#include "rules/cel/cel_ast.h"
#include "rules/cel/check/cel_infer.h"
#include "tests/support/cel_page.h"
#include "tests/support/check_main.h"

#define PAGE TEST_DIR "/../docs/cel.md"

START_TEST(examples_are_as_they_say)
{
    ck_assert_uint_gt(cel_page_run(PAGE), 40);
}
END_TEST

START_TEST(limits_are_the_numbers_of_the_code)
{
    static const struct {
        size_t limit, stated;
    } limits[] = {
        {CEL_SOURCE_MAX, 32 * 1024},    {CEL_DEPTH_MAX, 200},      {CEL_NODES_MAX, 20000},
        {CEL_VARIABLES_MAX, 256},       {CEL_NAME_BYTES_MAX, 256}, {CEL_INFER_DEPTH_MAX, 256},
        {CEL_INFER_STEPS_MAX, 2000000}, {CEL_ISSUES_MAX, 20},
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        ck_assert_uint_eq(limits[i].limit, limits[i].stated);
}
END_TEST

CHECK_MAIN("cel_language", examples_are_as_they_say, limits_are_the_numbers_of_the_code)
