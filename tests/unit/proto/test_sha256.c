/* FIPS 180-4's own examples, and that no memory is asked for. */
#include <string.h>

#include "common/text.h"
#include "proto/sha256.h"
#include "tests/support/check_main.h"
#include "tests/support/scarce_memory.h"

static void ck_digest(const void *bytes, size_t length, const char *hex)
{
    uint8_t digest[SHA256_BYTES];
    char text[2 * SHA256_BYTES + 1];

    sha256_of(bytes, length, digest);
    text_hex(digest, sizeof(digest), text);
    ck_assert_str_eq(text, hex);
}

START_TEST(the_standards_examples)
{
    ck_digest(NULL, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ck_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}
END_TEST

START_TEST(it_takes_no_memory)
{
    uint8_t digest[SHA256_BYTES];

    scarce_left = 1;
    sha256_of("abc", 3, digest);
    scarce_left = 0;
    ck_assert(!scarce_fired);
}
END_TEST

CHECK_MAIN("sha256", the_standards_examples, it_takes_no_memory)
