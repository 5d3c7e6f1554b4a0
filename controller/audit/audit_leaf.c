/* audit_leaf.c - see audit_leaf.h. The body enters as the digest of salt and text, so that both can
 * be erased and the leaf still be checked against that digest. */
#include "controller/audit/audit_leaf.h"

#include <endian.h>
#include <string.h>

#include "common/text.h"
#include "proto/sha256.h"

#define DOMAIN "muster audit leaf v1"

static void append_string(struct text *text, const char *string)
{
    size_t length = strlen(string);
    uint32_t big = htobe32((uint32_t)length);

    if (length > UINT32_MAX)
        text->broken = true;
    text_append(text, &big, sizeof(big));
    text_append(text, string, length);
}

static int body_digest(const struct audit_leaf *leaf, uint8_t ret[32])
{
    struct text text = {0};
    int rc = -1;

    text_append(&text, leaf->salt, sizeof(leaf->salt));
    text_append(&text, leaf->body, strlen(leaf->body));
    if (text_ok(&text)) {
        sha256_of(text.bytes, text.length, ret);
        rc = 0;
    }
    text_clear(&text);
    return rc;
}

int audit_leaf_hash(const struct audit_leaf *leaf, uint8_t ret[32])
{
    const char *const strings[] = {leaf->who, leaf->action, leaf->object, leaf->outcome};
    uint64_t at = htobe64((uint64_t)leaf->at_us);
    struct text text = {0};
    uint8_t body[32];
    int rc = -1;

    text_append(&text, DOMAIN, sizeof(DOMAIN)); /* with its NUL */
    text_append(&text, leaf->tenant.bytes, sizeof(leaf->tenant.bytes));
    text_append(&text, leaf->id.bytes, sizeof(leaf->id.bytes));
    text_append(&text, &at, sizeof(at));
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
        append_string(&text, strings[i]);
    if (body_digest(leaf, body) == 0)
        text_append(&text, body, sizeof(body));
    else
        text.broken = true;
    if (text_ok(&text)) {
        sha256_of(text.bytes, text.length, ret);
        rc = 0;
    }
    text_clear(&text);
    return rc;
}
