/* phone_home_token.h - the secrets between a machine and its site's agent, derived so that a
 * restarted agent serves on: HKDF-SHA256(agent's phone-home key; salt none; info as below). The
 * journal keeps SHA-256 of them, never them. token    info = "muster phone-home token v1"   || task
 * id (16) || attempt (4, big-endian) session  info = "muster phone-home session v1" || task id (16)
 * || attempt (4, big-endian) || nonce (32)
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/ids.h"

struct error;

#define PHONE_HOME_TEXT_SIZE 44 /* 43 characters base64url and NUL */

int phone_home_token(const uint8_t key[32], const struct uuid *task, unsigned attempt,
                     uint8_t ret_token[32], struct error *err);
int phone_home_session(const uint8_t key[32], const struct uuid *task, unsigned attempt,
                       const uint8_t nonce[32], uint8_t ret_secret[32], struct error *err);
void phone_home_hash(const uint8_t secret[32], uint8_t ret_hash[32]);
/* In constant time. */
bool phone_home_is(const uint8_t secret[32], const uint8_t hash[32]);
