/* An enrolment: its proof holds for these keys and this token, and for nothing else. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "tests/support/check_main.h"
#include "tests/support/enrol_fixture.h"

static struct enrol_fixture fixture;

static void make(void)
{
    enrol_fixture_make(&fixture);
}

static void parsed(const struct agent_keys *keys, struct enrol_request *ret)
{
    struct error err = {0};
    char *body = enrol_request_make(keys, &fixture.token, &err);

    ck_assert_msg(body != NULL, "%s", err.text);
    ck_assert_msg(enrol_request_parse(body, strlen(body), ret, &err) == 0, "%s", err.text);
    free(body);
}

static int verify(const struct enrol_request *request, const char *site, const char *name)
{
    struct error err = {0};
    int rc = enrol_request_verify(request, fixture.challenge_secret, site, name, &err);

    ck_assert((rc == 0) == (err.text[0] == '\0'));
    return rc;
}

START_TEST(right_keys_and_token_hold)
{
    struct enrol_request request;
    uint8_t hash[32];

    parsed(&fixture.keys, &request);
    ck_assert_int_eq(join_secret_hash(fixture.secret, hash), 0);
    ck_assert_mem_eq(request.secret_hash, hash, 32);
    ck_assert_mem_eq(&request.keys, &fixture.keys.public, sizeof(request.keys));
    ck_assert_int_eq(verify(&request, "north", "north-1"), 0);
}
END_TEST

START_TEST(another_site_name_or_challenge_does_not_hold)
{
    struct enrol_request request;
    struct error err = {0};
    uint8_t other_secret[32], other_public[32];

    parsed(&fixture.keys, &request);
    ck_assert_int_eq(verify(&request, "south", "north-1"), -1);
    ck_assert_int_eq(verify(&request, "north", "north-2"), -1);
    ck_assert_int_eq(verify(&request, "northnorth", "-1"), -1);
    ck_assert_int_eq(seal_key_make(other_secret, other_public, NULL), 0);
    ck_assert_int_eq(enrol_request_verify(&request, other_secret, "north", "north-1", &err), -1);
}
END_TEST

START_TEST(each_secret_half_is_needed)
{
    for (int which = 0; which < 3; which++) {
        struct agent_keys keys = fixture.keys, other;
        struct enrol_request request;

        enrol_fixture_keys(&other);
        /* The public halves of the honest agent, one secret half of the thief's own. */
        if (which == 0)
            memcpy(keys.curve_secret, other.curve_secret, 32);
        else if (which == 1)
            memcpy(keys.sign_secret, other.sign_secret, 32);
        else
            memcpy(keys.seal_secret, other.seal_secret, 32);
        parsed(&keys, &request);
        ck_assert_int_eq(verify(&request, "north", "north-1"), -1);
    }
}
END_TEST

START_TEST(exchanged_keys_or_secret_do_not_hold)
{
    struct enrol_request request, changed;
    struct agent_keys other;

    parsed(&fixture.keys, &request);
    enrol_fixture_keys(&other);
    changed = request;
    memcpy(changed.keys.curve, other.public.curve, 32);
    ck_assert_int_eq(verify(&changed, "north", "north-1"), -1);
    changed = request;
    memcpy(changed.keys.seal, other.public.seal, 32);
    ck_assert_int_eq(verify(&changed, "north", "north-1"), -1);
    changed = request;
    memcpy(changed.keys.sign, other.public.sign, 32);
    ck_assert_int_eq(verify(&changed, "north", "north-1"), -1);
    changed = request;
    changed.secret_hash[0] ^= 1;
    ck_assert_int_eq(verify(&changed, "north", "north-1"), -1);
    changed = request;
    changed.proof_length--;
    ck_assert_int_eq(verify(&changed, "north", "north-1"), -1);
}
END_TEST

START_TEST(a_key_of_low_order_proves_nothing)
{
    struct enrol_request request;

    parsed(&fixture.keys, &request);
    memset(request.keys.curve, 0, 32);
    ck_assert_int_eq(verify(&request, "north", "north-1"), -1);
}
END_TEST

START_TEST(malformed_bodies_are_named_without_the_secret)
{
    static const char *const bodies[] = {"",
                                         "[]",
                                         "{}",
                                         "{\"secret\":1}",
                                         "{\"secret\":\"short\",\"keys\":{},\"proof\":\"\"}",
                                         "{\"more\":1}"};
    struct enrol_request request;

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct error err = {0};

        ck_assert_int_eq(enrol_request_parse(bodies[i], strlen(bodies[i]), &request, &err), -1);
        ck_assert_str_ne(err.text, "");
    }
}
END_TEST

START_TEST(fingerprints_read_the_same_again_and_tell_keys_apart)
{
    uint8_t digest[32], again[32], other[32];
    char text[AGENT_FINGERPRINT_SIZE];
    struct agent_public_keys swapped = fixture.keys.public;

    agent_fingerprint(&fixture.keys.public, digest);
    agent_fingerprint_format(digest, text);
    ck_assert_uint_eq(strlen(text), AGENT_FINGERPRINT_SIZE - 1);
    ck_assert_int_eq(agent_fingerprint_parse(text, again), 0);
    ck_assert_mem_eq(digest, again, 32);
    memcpy(swapped.curve, fixture.keys.public.seal, 32);
    memcpy(swapped.seal, fixture.keys.public.curve, 32);
    agent_fingerprint(&swapped, other);
    ck_assert_mem_ne(digest, other, 32);
    text[0] = 's';
    ck_assert_int_eq(agent_fingerprint_parse(text, again), -1);
    ck_assert_int_eq(agent_fingerprint_parse("SHA256:short", again), -1);
}
END_TEST

CHECK_MAIN_WITH("enrol_request", make, NULL, right_keys_and_token_hold,
                another_site_name_or_challenge_does_not_hold, each_secret_half_is_needed,
                exchanged_keys_or_secret_do_not_hold, a_key_of_low_order_proves_nothing,
                malformed_bodies_are_named_without_the_secret,
                fingerprints_read_the_same_again_and_tell_keys_apart)
