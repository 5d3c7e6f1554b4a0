/* fetch_token.c - see fetch_token.h. RFC 2104. */
#include "controller/dispatch/fetch_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"

enum { AT_END = 16, AT_MAC = 24, MAC_BYTES = 32, TOKEN_BYTES = AT_MAC + MAC_BYTES };

int fetch_key_make(uint8_t ret_key[FETCH_KEY_BYTES], struct error *err)
{
    return RAND_bytes(ret_key, FETCH_KEY_BYTES) == 1 ? 0
                                                     : error_set(err, "no random bytes for a key");
}

static int mac_of(const uint8_t key[FETCH_KEY_BYTES], const uint8_t head[AT_MAC],
                  uint8_t out[MAC_BYTES], struct error *err)
{
    size_t length;

    if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, FETCH_KEY_BYTES, head, AT_MAC, out,
                   MAC_BYTES, &length))
        return error_set(err, "HMAC-SHA256 failed");
    return 0;
}

int fetch_token_make(const uint8_t key[FETCH_KEY_BYTES], const struct uuid *agent, int64_t end_us,
                     char out[FETCH_TOKEN_SIZE], struct error *err)
{
    uint8_t token[TOKEN_BYTES];

    memcpy(token, agent->bytes, sizeof(agent->bytes));
    for (int i = 0; i < 8; i++)
        token[AT_END + i] = (uint8_t)((uint64_t)end_us >> (56 - 8 * i));
    if (mac_of(key, token, token + AT_MAC, err) < 0)
        return -1;
    text_base64url(token, sizeof(token), out);
    return 0;
}

int fetch_token_check(const uint8_t key[FETCH_KEY_BYTES], const char *text, int64_t now_us,
                      struct uuid *ret_agent, struct error *err)
{
    uint8_t token[TOKEN_BYTES], mac[MAC_BYTES];
    uint64_t end_us = 0;

    if (strlen(text) != FETCH_TOKEN_SIZE - 1 ||
        text_unbase64url(text, token, sizeof(token)) != TOKEN_BYTES)
        return error_set_code(err, ERROR_FORBIDDEN, "not a fetch token");
    if (mac_of(key, token, mac, err) < 0)
        return -1;
    if (CRYPTO_memcmp(mac, token + AT_MAC, MAC_BYTES) != 0)
        return error_set_code(err, ERROR_FORBIDDEN, "not a fetch token of this controller's run");
    for (int i = 0; i < 8; i++)
        end_us = end_us << 8 | token[AT_END + i];
    if ((int64_t)end_us <= now_us)
        return error_set_code(err, ERROR_FORBIDDEN,
                              "the fetch token has ended: WELCOME gives the next");
    memcpy(ret_agent->bytes, token, sizeof(ret_agent->bytes));
    return 0;
}
