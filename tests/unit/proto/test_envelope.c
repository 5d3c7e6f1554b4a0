/* The signed envelope: libsodium agrees with it, and no changed bit, length or domain gets through.
 */
#include <sodium.h>
#include <stdint.h>
#include <string.h>

#include "common/error.h"
#include "proto/envelope.h"
#include "tests/support/check_main.h"

static const char PAYLOAD[] = "what the controller orders";
static uint8_t secret[SIGN_SECRET_BYTES], public_key[SIGN_PUBLIC_BYTES];
static struct sign_key *key;
static uint8_t *bytes;
static size_t length;

static void make(void)
{
    ck_assert_int_eq(sign_key_make(secret, public_key, NULL), 0);
    key = sign_key_create(secret, NULL);
    ck_assert_ptr_nonnull(key);
    ck_assert_int_eq(
        envelope_sign(key, DOMAIN_TASK, PAYLOAD, sizeof(PAYLOAD), &bytes, &length, NULL), 0);
}

static void unmake(void)
{
    free(bytes);
    sign_key_destroy(key);
}

static enum envelope_fault verify(const void *at, size_t size, enum envelope_domain domain)
{
    struct envelope_view view, empty = {0};
    enum envelope_fault fault;
    struct error err = {0};
    int rc = envelope_verify(at, size, domain, public_key, &view, &fault, &err);

    ck_assert_int_eq(rc, fault == ENVELOPE_OK ? 0 : -1);
    if (fault == ENVELOPE_OK)
        return fault;
    ck_assert_str_ne(err.text, "");
    ck_assert_mem_eq(&view, &empty, sizeof(view)); /* nothing of a refused one leaks out */
    return fault;
}

START_TEST(refuses_to_make_what_nobody_would_accept)
{
    static const uint8_t LONG[ENVELOPE_PAYLOAD_MAX + 1];
    struct error err = {0};
    uint8_t *made = NULL;
    size_t size;

    ck_assert_int_eq(envelope_sign(key, DOMAIN_TASK, LONG, sizeof(LONG), &made, &size, &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_int_eq(envelope_sign(key, 0, PAYLOAD, 1, &made, &size, &err), -1);
    ck_assert_int_eq(envelope_sign(key, DOMAIN_ENROL + 1, PAYLOAD, 1, &made, &size, &err), -1);
    ck_assert_ptr_null(made);
    ck_assert_int_eq(
        envelope_sign(key, DOMAIN_TASK, LONG, ENVELOPE_PAYLOAD_MAX, &made, &size, NULL), 0);
    ck_assert_uint_eq(size, ENVELOPE_MAX);
    ck_assert_int_eq(verify(made, size, DOMAIN_TASK), ENVELOPE_OK);
    free(made);
}
END_TEST

START_TEST(round_trip_gives_the_payload)
{
    struct envelope_view view;
    uint8_t id[KEY_ID_BYTES];

    ck_assert_int_eq(envelope_verify(bytes, length, DOMAIN_TASK, public_key, &view, NULL, NULL), 0);
    ck_assert_uint_eq(view.payload_length, sizeof(PAYLOAD));
    ck_assert_mem_eq(view.payload, PAYLOAD, sizeof(PAYLOAD));
    key_id_of(public_key, SIGN_PUBLIC_BYTES, id);
    ck_assert_mem_eq(view.key_id, id, sizeof(id));
    ck_assert_uint_eq(length, sizeof(PAYLOAD) + ENVELOPE_OVERHEAD);
}
END_TEST

START_TEST(every_flipped_bit_is_refused)
{
    for (size_t bit = 0; bit < 8 * length; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_int_ne(verify(bytes, length, DOMAIN_TASK), ENVELOPE_OK);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    ck_assert_int_eq(verify(bytes, length, DOMAIN_TASK), ENVELOPE_OK);
}
END_TEST

START_TEST(every_other_length_is_malformed)
{
    uint8_t longer[512] = {0};

    for (size_t size = 0; size < length; size++)
        ck_assert_int_eq(verify(bytes, size, DOMAIN_TASK), ENVELOPE_MALFORMED);
    memcpy(longer, bytes, length);
    ck_assert_int_eq(verify(longer, length + 1, DOMAIN_TASK), ENVELOPE_MALFORMED);
}
END_TEST

START_TEST(no_domain_stands_for_another)
{
    for (int domain = DOMAIN_CANCEL; domain <= DOMAIN_ENROL; domain++) {
        ck_assert_int_eq(verify(bytes, length, domain), ENVELOPE_WRONG_DOMAIN);
        bytes[5] = (uint8_t)domain; /* even when the sender says so */
        ck_assert_int_eq(verify(bytes, length, domain), ENVELOPE_BAD_SIGNATURE);
        bytes[5] = DOMAIN_TASK;
    }
}
END_TEST

START_TEST(another_key_is_refused)
{
    uint8_t other_secret[SIGN_SECRET_BYTES], other_public[SIGN_PUBLIC_BYTES];
    struct envelope_view view;
    enum envelope_fault fault;

    sign_key_make(other_secret, other_public, NULL);
    ck_assert_int_eq(envelope_verify(bytes, length, DOMAIN_TASK, other_public, &view, &fault, NULL),
                     -1);
    ck_assert_int_eq(fault, ENVELOPE_BAD_SIGNATURE);
    key_id_of(other_public, SIGN_PUBLIC_BYTES, bytes + 6); /* a forged key id */
    ck_assert_int_eq(envelope_verify(bytes, length, DOMAIN_TASK, other_public, &view, &fault, NULL),
                     -1);
    ck_assert_int_eq(fault, ENVELOPE_BAD_SIGNATURE);
}
END_TEST

START_TEST(libsodium_signs_and_verifies_the_same)
{
    uint8_t sodium_public[32], sodium_secret[64], signature[64];

    ck_assert_int_ge(sodium_init(), 0);
    crypto_sign_seed_keypair(sodium_public, sodium_secret, secret);
    ck_assert_mem_eq(sodium_public, public_key, 32);
    ck_assert_mem_eq(sign_key_public(key), public_key, 32);
    crypto_sign_detached(signature, NULL, bytes, length - 64, sodium_secret);
    ck_assert_mem_eq(signature, bytes + length - 64, 64);
    ck_assert_int_eq(
        crypto_sign_verify_detached(bytes + length - 64, bytes, length - 64, public_key), 0);
}
END_TEST

CHECK_MAIN_WITH("envelope", make, unmake, refuses_to_make_what_nobody_would_accept,
                round_trip_gives_the_payload, every_flipped_bit_is_refused,
                every_other_length_is_malformed, no_domain_stands_for_another,
                another_key_is_refused, libsodium_signs_and_verifies_the_same)
