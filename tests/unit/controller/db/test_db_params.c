/* Parameters in PostgreSQL's binary formats, byte by byte. (That the server reads them so:
 * tests/integration/database.) */
#include <stdarg.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"
#include "controller/db/db.h"
#include "controller/db/db_params.h"
#include "tests/support/check_main.h"

static struct db_params params;
static struct error err;

static int read_them(const char *types, ...)
{
    va_list args;
    int rc;

    va_start(args, types);
    rc = db_params_read(&params, types, args, &err);
    va_end(args);
    return rc;
}

static void is_hex(int at, const char *expected)
{
    char hex[400];

    ck_assert_int_lt(params.lengths[at], 200);
    text_hex(params.values[at], (size_t)params.lengths[at], hex);
    ck_assert_str_eq(hex, expected);
    ck_assert_int_eq(params.formats[at], 1);
}

START_TEST(unknown_letters_and_too_many_are_refused)
{
    char types[DB_PARAMS_MAX + 2];

    ck_assert_int_eq(read_them("x", 1), -1);
    memset(types, 'b', sizeof(types) - 1);
    types[sizeof(types) - 1] = '\0';
    ck_assert_int_eq(read_them(types, 1), -1);
}
END_TEST

START_TEST(scalars)
{
    struct uuid uuid = {{1, 2, 3}};
    struct mac mac = {{0x52, 0x54, 0, 0, 0, 1}};

    ck_assert_int_eq(
        read_them("isbtum", INT64_C(-2), "ab", 2, INT64_C(946684800000001), &uuid, &mac), 0);
    ck_assert_int_eq(params.count, 6);
    is_hex(0, "fffffffffffffffe");
    is_hex(1, "6162");
    is_hex(2, "01");
    is_hex(3, "0000000000000001"); /* microseconds since 2000 */
    is_hex(4, "01020300000000000000000000000000");
    is_hex(5, "525400000001");
    db_params_clear(&params);
}
END_TEST

START_TEST(nulls)
{
    ck_assert_int_eq(read_them("suytmj", NULL, NULL, NULL, (size_t)0, INT64_MIN, NULL, NULL), 0);
    for (int i = 0; i < params.count; i++)
        ck_assert_ptr_null(params.values[i]);
    db_params_clear(&params);
}
END_TEST

START_TEST(empty_bytes_are_not_null)
{
    ck_assert_int_eq(read_them("ysy", "", (size_t)0, "", NULL, (size_t)0), 0);
    ck_assert_ptr_nonnull(params.values[0]);
    ck_assert_int_eq(params.lengths[0], 0);
    ck_assert_ptr_nonnull(params.values[1]);
    ck_assert_ptr_null(params.values[2]);
    db_params_clear(&params);
}
END_TEST

START_TEST(arrays)
{
    const char *const names[] = {"a", NULL};
    const int64_t numbers[] = {7};

    ck_assert_int_eq(read_them("SII", (size_t)2, names, (size_t)1, numbers, (size_t)0, NULL), 0);
    is_hex(0, "00000001" /* dimensions */
              "00000001" /* nulls may come */
              "00000019" /* text */
              "00000002" /* elements, from */
              "00000001" /* 1 */
              "0000000161"
              "ffffffff");
    is_hex(1, "00000001"
              "00000001"
              "00000014"
              "00000001"
              "00000001"
              "00000008" "0000000000000007");
    is_hex(2, "00000000"
              "00000001"
              "00000014");
    db_params_clear(&params);
}
END_TEST

START_TEST(arrays_before_a_bad_letter_are_freed)
{
    const int64_t numbers[] = {7};

    ck_assert_int_eq(read_them("Iq", (size_t)1, numbers, 1), -1);
    ck_assert_int_eq(params.count, 0);
}
END_TEST

CHECK_MAIN("db_params", unknown_letters_and_too_many_are_refused, scalars, nulls,
           empty_bytes_are_not_null, arrays, arrays_before_a_bad_letter_are_freed)
