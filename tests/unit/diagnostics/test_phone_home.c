/* phone_home: the same nonce after a lost answer, refusals, and the facts it states. */
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "diagnostics/phone_home.h"
#include "tests/support/check_main.h"
#include "tests/support/fixture_tree.h"
#include "tests/support/scripted_agent.h"

#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"

static const char GRANT[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n{\"session\":\"abc\",\"deadline_s\":1800}\n";
static const char USED[] =
    "HTTP/1.1 409 No\r\nContent-Length: 22\r\n\r\n{\"error\":\"token_used\"}";

static struct boot_file boot = {.task = "t", .token = TOKEN};
static const struct machine_facts FACTS = {"U-1", "6.1.0", "uefi", 0};
static struct grant grant;
static struct error err;

static int call(const char *const *answers, unsigned count)
{
    scripted_agent_start(answers, count);
    boot.agent = scripted_peer;
    error_clear(&err);
    return phone_home(&boot, "52:54:00:aa:bb:01", &FACTS, clock_monotonic_ms() + 10000, &grant,
                      &err);
}

START_TEST(refusals_end_it_and_do_not_tell_the_token)
{
    const char *const answers[] = {USED};

    ck_assert_int_eq(call(answers, 1), -1);
    ck_assert_int_eq(err.code, ERROR_FORBIDDEN);
    ck_assert_ptr_nonnull(strstr(err.text, "token_used"));
    ck_assert_ptr_null(strstr(err.text, TOKEN));
    ck_assert_uint_eq(scripted->count, 1);
    scripted_agent_stop();
}
END_TEST

START_TEST(a_lost_answer_is_asked_for_with_the_same_nonce)
{
    const char *const answers[] = {NULL, GRANT};
    const char *body;

    ck_assert_int_eq(call(answers, 2), 0);
    ck_assert_str_eq(grant.session, "abc");
    ck_assert_uint_eq(scripted->count, 2);
    ck_assert_str_eq(scripted->requests[0], scripted->requests[1]);
    body = strstr(scripted->requests[0], "\r\n\r\n");
    ck_assert_ptr_nonnull(strstr(body, "\"token\":\"" TOKEN "\""));
    ck_assert_ptr_nonnull(strstr(body, "\"mac\":\"52:54:00:aa:bb:01\""));
    ck_assert_ptr_nonnull(strstr(body, "\"firmware\":\"uefi\",\"secure_boot\":false"));
    *strstr(scripted->requests[0], "\r\n\r\n") = '\0';
    ck_assert_ptr_null(strstr(scripted->requests[0], TOKEN));
    scripted_agent_stop();
}
END_TEST

START_TEST(each_boot_draws_its_own_nonce)
{
    const char *const answers[] = {GRANT};
    char first[SCRIPTED_SIZE];

    ck_assert_int_eq(call(answers, 1), 0);
    snprintf(first, sizeof(first), "%s", strstr(scripted->requests[0], "\"nonce\""));
    scripted_agent_stop();
    ck_assert_int_eq(call(answers, 1), 0);
    ck_assert_int_ne(strncmp(first, strstr(scripted->requests[0], "\"nonce\""), 53), 0);
    scripted_agent_stop();
}
END_TEST

START_TEST(facts_come_from_the_tree)
{
    struct machine_facts facts;

    phone_home_facts(fixture_root, &facts);
    ck_assert_str_eq(facts.firmware, "bios");
    ck_assert_int_eq(facts.secure_boot, -1);
    ck_assert_str_eq(facts.uuid, "");
    fixture_tree_write("/sys/class/dmi/id/product_uuid", "U-2\n");
    fixture_tree_bytes("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
                       "\6\0\0\0\1", 5);
    phone_home_facts(fixture_root, &facts);
    ck_assert_str_eq(facts.firmware, "uefi");
    ck_assert_int_eq(facts.secure_boot, 1);
    ck_assert_str_eq(facts.uuid, "U-2");
}
END_TEST

CHECK_MAIN_WITH("phone_home", fixture_tree_make, fixture_tree_drop,
                refusals_end_it_and_do_not_tell_the_token,
                a_lost_answer_is_asked_for_with_the_same_nonce, each_boot_draws_its_own_nonce,
                facts_come_from_the_tree)
