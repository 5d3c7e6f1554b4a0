/* Sealed secrets: open only with the key, in the place, unchanged; libsodium agrees on X25519. */
#include <sodium.h>
#include <stdint.h>
#include <string.h>

#include "common/error.h"
#include "proto/sealed_secret.h"
#include "tests/support/check_main.h"

static const char PASSWORD[] = "correct horse";
static uint8_t secret[SEAL_SECRET_BYTES], public_key[SEAL_PUBLIC_BYTES];
static uint8_t sealed[SEALED_SECRET_OVERHEAD + sizeof(PASSWORD)];
static struct sealed_place place;

static void make(void)
{
    memset(&place.tenant, 1, 16);
    memset(&place.machine, 2, 16);
    memset(&place.bmc, 3, 16);
    ck_assert_int_eq(seal_key_make(secret, public_key, NULL), 0);
    ck_assert_int_eq(
        sealed_secret_seal(public_key, &place, PASSWORD, sizeof(PASSWORD), sealed, NULL), 0);
}

static int opens(const uint8_t key[SEAL_SECRET_BYTES], const struct sealed_place *where,
                 size_t length)
{
    uint8_t plain[SEALED_SECRET_PLAIN_MAX], nothing[sizeof(PASSWORD)] = {0};
    size_t plain_length = 0;
    struct error err = {0};

    memset(plain, 0, sizeof(plain));
    if (sealed_secret_open(key, where, sealed, length, plain, &plain_length, &err) == 0) {
        ck_assert_uint_eq(plain_length, sizeof(PASSWORD));
        ck_assert_mem_eq(plain, PASSWORD, sizeof(PASSWORD));
        return 1;
    }
    ck_assert_str_ne(err.text, "");
    ck_assert_uint_eq(plain_length, 0);
    ck_assert_mem_eq(plain, nothing, sizeof(nothing)); /* wiped, not half decrypted */
    return 0;
}

START_TEST(too_long_is_refused)
{
    static uint8_t plain[SEALED_SECRET_PLAIN_MAX + 1];
    static uint8_t out[SEALED_SECRET_OVERHEAD + sizeof(plain)];
    struct error err = {0};

    ck_assert_int_eq(sealed_secret_seal(public_key, &place, plain, sizeof(plain), out, &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_int_eq(
        sealed_secret_seal(public_key, &place, plain, SEALED_SECRET_PLAIN_MAX, out, NULL), 0);
}
END_TEST

START_TEST(opens_in_its_place_with_its_key)
{
    ck_assert_int_eq(opens(secret, &place, sizeof(sealed)), 1);
}
END_TEST

START_TEST(an_empty_secret_round_trips)
{
    uint8_t empty[SEALED_SECRET_OVERHEAD], plain[1];
    size_t length = 9;

    ck_assert_int_eq(sealed_secret_seal(public_key, &place, "", 0, empty, NULL), 0);
    ck_assert_int_eq(sealed_secret_open(secret, &place, empty, sizeof(empty), plain, &length, NULL),
                     0);
    ck_assert_uint_eq(length, 0);
}
END_TEST

START_TEST(opens_nowhere_else)
{
    uint8_t other_secret[SEAL_SECRET_BYTES], other_public[SEAL_PUBLIC_BYTES];
    struct sealed_place elsewhere = place;

    elsewhere.tenant.bytes[15] ^= 1;
    ck_assert_int_eq(opens(secret, &elsewhere, sizeof(sealed)), 0);
    elsewhere = place;
    elsewhere.machine.bytes[0] ^= 1;
    ck_assert_int_eq(opens(secret, &elsewhere, sizeof(sealed)), 0);
    elsewhere = place;
    elsewhere.bmc.bytes[7] ^= 1;
    ck_assert_int_eq(opens(secret, &elsewhere, sizeof(sealed)), 0);
    seal_key_make(other_secret, other_public, NULL);
    ck_assert_int_eq(opens(other_secret, &place, sizeof(sealed)), 0);
}
END_TEST

START_TEST(every_flipped_bit_and_length_is_refused)
{
    for (size_t bit = 0; bit < 8 * sizeof(sealed); bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_int_eq(opens(secret, &place, sizeof(sealed)), 0);
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t length = 0; length < sizeof(sealed); length++)
        ck_assert_int_eq(opens(secret, &place, length), 0);
}
END_TEST

START_TEST(two_seals_of_one_password_differ)
{
    uint8_t again[sizeof(sealed)];

    sealed_secret_seal(public_key, &place, PASSWORD, sizeof(PASSWORD), again, NULL);
    ck_assert_mem_ne(again + 13, sealed + 13, sizeof(sealed) - 13);
}
END_TEST

START_TEST(libsodium_derives_the_same_public_half)
{
    uint8_t theirs[32], ours[32];

    ck_assert_int_ge(sodium_init(), 0);
    crypto_scalarmult_base(theirs, secret);
    ck_assert_mem_eq(theirs, public_key, 32);
    ck_assert_int_eq(seal_key_public(secret, ours, NULL), 0);
    ck_assert_mem_eq(ours, public_key, 32);
}
END_TEST

/* The whole opening again with libsodium's X25519, HMAC and AES-GCM. */
START_TEST(libsodium_opens_the_same_bytes)
{
    uint8_t shared[32], prk[32], aead_key[32], block[24], data[45 + 48], plain[sizeof(PASSWORD)];
    crypto_auth_hmacsha256_state state;
    uint8_t salt[64];

    if (sodium_init() < 0 || !crypto_aead_aes256gcm_is_available())
        return; /* libsodium does AES-GCM in hardware only; the frozen vectors stand in elsewhere */
    ck_assert_int_eq(crypto_scalarmult(shared, secret, sealed + 13), 0);
    memcpy(salt, sealed + 13, 32);
    memcpy(salt + 32, public_key, 32);
    crypto_auth_hmacsha256_init(&state, salt, sizeof(salt));
    crypto_auth_hmacsha256_update(&state, shared, sizeof(shared));
    crypto_auth_hmacsha256_final(&state, prk);
    memcpy(block, "muster sealed secret v1", 23);
    block[23] = 1;
    crypto_auth_hmacsha256_init(&state, prk, sizeof(prk));
    crypto_auth_hmacsha256_update(&state, block, sizeof(block));
    crypto_auth_hmacsha256_final(&state, aead_key);
    memcpy(data, sealed, 45);
    memset(data + 45, 1, 16);
    memset(data + 61, 2, 16);
    memset(data + 77, 3, 16);
    ck_assert_int_eq(crypto_aead_aes256gcm_decrypt(plain, NULL, NULL, sealed + 57,
                                                   sizeof(sealed) - 57, data, sizeof(data),
                                                   sealed + 45, aead_key),
                     0);
    ck_assert_mem_eq(plain, PASSWORD, sizeof(PASSWORD));
}
END_TEST

CHECK_MAIN_WITH("sealed_secret", make, NULL, too_long_is_refused, opens_in_its_place_with_its_key,
                an_empty_secret_round_trips, opens_nowhere_else,
                every_flipped_bit_and_length_is_refused, two_seals_of_one_password_differ,
                libsodium_derives_the_same_public_half, libsodium_opens_the_same_bytes)
