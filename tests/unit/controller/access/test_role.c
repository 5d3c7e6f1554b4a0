/* Names of permissions and roles, and who may what. */
#include <string.h>

#include "controller/access/role.h"
#include "tests/support/check_main.h"

START_TEST(unknown_roles_are_refused)
{
    enum role role = ROLE_COUNT;

    ck_assert_int_eq(role_parse("", &role), -1);
    ck_assert_int_eq(role_parse("root", &role), -1);
    ck_assert_int_eq(role_parse("Platform-Admin", &role), -1);
    ck_assert_int_eq(role, ROLE_COUNT);
}
END_TEST

START_TEST(roles_have_names_that_parse)
{
    for (int i = 0; i < ROLE_COUNT; i++) {
        enum role role = ROLE_COUNT;

        ck_assert_int_eq(role_parse(role_name((enum role)i), &role), 0);
        ck_assert_int_eq(role, (enum role)i);
    }
}
END_TEST

START_TEST(permissions_have_names_of_their_own)
{
    for (int i = 0; i < PERMISSION_COUNT; i++) {
        ck_assert_ptr_nonnull(permission_name((enum permission)i));
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(permission_name((enum permission)i),
                             permission_name((enum permission)j));
    }
}
END_TEST

START_TEST(nobody_is_granted_what_is_not_a_permission)
{
    for (int i = 0; i < ROLE_COUNT; i++) {
        ck_assert(!role_may((enum role)i, PERMISSION_UNNAMED));
        ck_assert(!role_may((enum role)i, PERMISSION_PUBLIC));
        ck_assert(!role_may((enum role)i, PERMISSION_AGENT));
    }
}
END_TEST

START_TEST(an_operator_boots_and_does_not_rule_the_platform)
{
    ck_assert(role_may(ROLE_TENANT_OPERATOR, PERMISSION_TASK_CREATE));
    ck_assert(role_may(ROLE_TENANT_OPERATOR, PERMISSION_RULE_WRITE));
    ck_assert(!role_may(ROLE_TENANT_OPERATOR, PERMISSION_TENANT_WRITE));
    ck_assert(!role_may(ROLE_TENANT_OPERATOR, PERMISSION_MACHINE_WRITE));
    ck_assert(!role_may(ROLE_TENANT_OPERATOR, PERMISSION_SOURCE_WRITE));
    ck_assert(!role_may(ROLE_TENANT_OPERATOR, PERMISSION_TOKEN_WRITE));
    for (int i = PERMISSION_TENANT_READ; i < PERMISSION_COUNT; i++)
        ck_assert(role_may(ROLE_PLATFORM_ADMIN, (enum permission)i));
}
END_TEST

CHECK_MAIN("role", unknown_roles_are_refused, roles_have_names_that_parse,
           permissions_have_names_of_their_own, nobody_is_granted_what_is_not_a_permission,
           an_operator_boots_and_does_not_rule_the_platform)
