/* Field encryption: what opens, and every way in which it must not. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "controller/access/secret.h"
#include "tests/support/check_main.h"

static char folder[] = "/tmp/secret-XXXXXX", path[64], other_path[64];
static struct secret_key *key, *other;
static const struct uuid row = {{1}}, foreign = {{2}};
static const char password[] = "correct horse";
static uint8_t sealed[SECRET_OVERHEAD + sizeof(password)], plain[sizeof(password)];
static size_t length;

static void before(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/a", folder);
    snprintf(other_path, sizeof(other_path), "%s/b", folder);
    ck_assert_int_eq(secret_key_make(path, NULL), 0);
    ck_assert_int_eq(secret_key_make(other_path, NULL), 0);
    ck_assert_ptr_nonnull(key = secret_key_load(path, NULL));
    ck_assert_ptr_nonnull(other = secret_key_load(other_path, NULL));
    ck_assert_int_eq(
        secret_seal(key, SECRET_BMC_PASSWORD, &row, password, sizeof(password), sealed, NULL), 0);
}

static void after(void)
{
    secret_key_destroy(key);
    secret_key_destroy(other);
    unlink(path);
    unlink(other_path);
    rmdir(folder);
}

static int open_it(const struct secret_key *with, const char *field, const struct uuid *at,
                   size_t size, struct error *err)
{
    return secret_open(with, field, at, sealed, size, plain, &length, err);
}

START_TEST(a_key_file_is_never_replaced_and_never_read_when_others_may)
{
    struct error err = {0};

    ck_assert_int_eq(secret_key_make(path, &err), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    chmod(path, 0644);
    ck_assert_ptr_null(secret_key_load(path, &err));
    ck_assert_ptr_null(secret_key_load("/nonexistent/key", &err));
    secret_key_destroy(NULL);
}
END_TEST

START_TEST(too_long_a_secret_is_refused)
{
    static uint8_t big[SECRET_PLAIN_MAX + 1], out[SECRET_PLAIN_MAX + 1 + SECRET_OVERHEAD];
    struct error err = {0};

    ck_assert_int_eq(secret_seal(key, SECRET_BMC_PASSWORD, &row, big, sizeof(big), out, &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
}
END_TEST

START_TEST(opens_in_its_own_place_only)
{
    struct error err = {0};

    ck_assert_int_eq(open_it(key, SECRET_BMC_PASSWORD, &row, sizeof(sealed), &err), 0);
    ck_assert_uint_eq(length, sizeof(password));
    ck_assert_mem_eq(plain, password, sizeof(password));
    ck_assert_int_eq(open_it(key, SECRET_BMC_PASSWORD, &foreign, sizeof(sealed), &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    ck_assert_int_eq(open_it(key, "bmc_account.username", &row, sizeof(sealed), &err), -1);
    ck_assert_int_eq(open_it(other, SECRET_BMC_PASSWORD, &row, sizeof(sealed), &err), -1);
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(every_changed_bit_and_every_cut_is_seen_and_leaves_nothing)
{
    static const uint8_t zero[sizeof(password)];

    for (size_t bit = 0; bit < sizeof(sealed) * 8; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_int_eq(open_it(key, SECRET_BMC_PASSWORD, &row, sizeof(sealed), NULL), -1);
        ck_assert_mem_eq(plain, zero, sizeof(zero));
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t size = 0; size < sizeof(sealed); size++)
        ck_assert_int_eq(open_it(key, SECRET_BMC_PASSWORD, &row, size, NULL), -1);
    ck_assert_int_eq(open_it(key, SECRET_BMC_PASSWORD, &row, sizeof(sealed), NULL), 0);
}
END_TEST

CHECK_MAIN_WITH("secret", before, after,
                a_key_file_is_never_replaced_and_never_read_when_others_may,
                too_long_a_secret_is_refused, opens_in_its_own_place_only,
                every_changed_bit_and_every_cut_is_seen_and_leaves_nothing)
