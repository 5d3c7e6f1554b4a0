/* Join tokens: what is printed reads the same again, and whatever is missing or wrong is named. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "tests/support/check_main.h"
#include "tests/support/enrol_fixture.h"

static struct enrol_fixture fixture;
static char *printed;

static void make(void)
{
    struct error err = {0};

    enrol_fixture_make(&fixture);
    printed = join_token_print(&fixture.token, &err);
    ck_assert_msg(printed != NULL, "%s", err.text);
}

static void unmake(void)
{
    free(printed);
}

/* The printed one with a member replaced (NULL: removed). */
static void refused(const char *member, json_t *value, const char *word)
{
    json_t *object = json_loads(printed, 0, NULL);
    struct join_token token;
    struct error err = {0};
    char *text;

    ck_assert_ptr_nonnull(object);
    if (value)
        json_object_set_new(object, member, value);
    else
        json_object_del(object, member);
    text = json_dumps(object, 0);
    ck_assert_int_eq(join_token_parse(text, strlen(text), &token, &err), -1);
    ck_assert_msg(strstr(err.text, word) != NULL, "%s: %s", member, err.text);
    ck_assert_msg(strstr(err.text, fixture.secret) == NULL, "the secret is in: %s", err.text);
    free(text);
    json_decref(object);
}

START_TEST(what_is_printed_reads_the_same_again)
{
    struct join_token token;
    struct error err = {0};

    ck_assert_msg(join_token_parse(printed, strlen(printed), &token, &err) == 0, "%s", err.text);
    ck_assert_str_eq(token.url, fixture.token.url);
    ck_assert_str_eq(token.site, "north");
    ck_assert_str_eq(token.name, "north-1");
    ck_assert_str_eq(token.secret, fixture.secret);
    ck_assert_str_eq(token.ca, fixture.token.ca);
    ck_assert_mem_eq(token.challenge, fixture.token.challenge, 32);
    ck_assert_mem_eq(token.root_sha256, fixture.token.root_sha256, 32);
    ck_assert_int_eq(token.expires_us, fixture.token.expires_us);
    join_token_clear(&token);
    ck_assert_ptr_null(token.secret);
}
END_TEST

START_TEST(every_member_is_needed)
{
    static const char *const members[] = {"url",       "site",        "name",       "secret",
                                          "challenge", "root_sha256", "expires_at", "ca"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        refused(members[i], NULL, members[i]);
    refused("muster_join", NULL, "no join token");
}
END_TEST

START_TEST(wrong_members_are_named)
{
    refused("muster_join", json_integer(2), "muster_join");
    refused("url", json_string("http://10.0.0.1:8443"), "url");
    refused("url", json_string("https://10.0.0.1:8443/"), "url");
    refused("url", json_string("https://10.0.0.1/\nx"), "url");
    refused("url", json_integer(1), "url");
    refused("site", json_string("No rth"), "site");
    refused("name", json_string("-north"), "name");
    refused("name", json_string(""), "name");
    refused("secret", json_string("short"), "secret");
    refused("challenge", json_string("00ff"), "challenge");
    refused("root_sha256", json_string("zz"), "root_sha256");
    refused("expires_at", json_string("tomorrow"), "expires_at");
    refused("ca", json_string("no certificate"), "ca");
    refused("surprise", json_string("x"), "surprise");
}
END_TEST

START_TEST(too_much_is_refused)
{
    struct join_token token;
    struct error err = {0};
    char *large = malloc(JOIN_TOKEN_MAX + 2);

    memset(large, ' ', JOIN_TOKEN_MAX + 2);
    ck_assert_int_eq(join_token_parse(large, JOIN_TOKEN_MAX + 2, &token, &err), -1);
    ck_assert_int_eq(join_token_parse("[]", 2, &token, &err), -1);
    ck_assert_int_eq(join_token_parse("", 0, &token, &err), -1);
    free(large);
}
END_TEST

START_TEST(only_the_secrets_own_shape_has_a_hash)
{
    uint8_t hash[32];

    ck_assert_int_eq(join_secret_hash(fixture.secret, hash), 0);
    ck_assert_int_eq(join_secret_hash("", hash), -1);
    ck_assert_int_eq(join_secret_hash("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", hash), -1);
}
END_TEST

CHECK_MAIN_WITH("join_token", make, unmake, what_is_printed_reads_the_same_again,
                every_member_is_needed, wrong_members_are_named, too_much_is_refused,
                only_the_secrets_own_shape_has_a_hash)
