/* The leaf of an audit row: a frozen vector made from docs/guarantees.md by another implementation
 * (Python's hashlib), and that every field counts. */
#include <string.h>

#include "common/text.h"
#include "controller/audit/audit_leaf.h"
#include "tests/support/check_main.h"

static struct audit_leaf example(void)
{
    struct audit_leaf leaf = {.at_us = 1790000000123456,
                              .who = "admin",
                              .action = "task.create",
                              .object = "task 1",
                              .outcome = "ok",
                              .body = "{\"why\":\"asked for\"}"};

    for (uint8_t i = 0; i < 16; i++) {
        leaf.tenant.bytes[i] = i;
        leaf.id.bytes[i] = (uint8_t)(0x10 + i);
        leaf.salt[i] = (uint8_t)(0xf0 + i);
    }
    return leaf;
}

static void hash(const struct audit_leaf *leaf, char hex[65])
{
    uint8_t digest[32];

    ck_assert_int_eq(audit_leaf_hash(leaf, digest), 0);
    text_hex(digest, sizeof(digest), hex);
}

START_TEST(vector_holds)
{
    struct audit_leaf leaf = example();
    char hex[65];

    hash(&leaf, hex);
    ck_assert_str_eq(hex, "46ed14abb9c4961db2b048570e09b102513b5b1ec8cddceb932c45d731a2fbf9");
}
END_TEST

START_TEST(every_field_counts)
{
    struct audit_leaf changed[9];
    char hex[9][65];

    for (int i = 0; i < 9; i++)
        changed[i] = example();
    changed[1].tenant.bytes[15] ^= 1;
    changed[2].id.bytes[0] ^= 1;
    changed[3].at_us++;
    changed[4].who = "admi";
    changed[5].who = "admint", changed[5].action = "ask.create"; /* the same bytes, cut elsewhere */
    changed[6].outcome = "failed";
    changed[7].salt[0] ^= 1;
    changed[8].body = "{}";
    for (int i = 0; i < 9; i++) {
        hash(&changed[i], hex[i]);
        for (int other = 0; other < i; other++)
            ck_assert_str_ne(hex[i], hex[other]);
    }
}
END_TEST

CHECK_MAIN("audit_leaf", vector_holds, every_field_counts)
