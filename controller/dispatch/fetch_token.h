/* fetch_token.h - the short-lived Bearer with which an agent fetches image files: made for WELCOME
 * by dispatch, checked by the API's file route. HMAC-SHA256 under a key that musterd draws at its
 * start and never stores, so a token is good at the controller that gave it, which is where
 * fetch_url points. base64url( agent id (16) || end in unix microseconds (8, big-endian) ||
 * HMAC-SHA256 of both (32) )
 */
#pragma once

#include <stdint.h>

#include "common/ids.h"

struct error;

#define FETCH_KEY_BYTES 32
#define FETCH_TOKEN_SIZE 76 /* 75 characters and NUL */

int fetch_key_make(uint8_t ret_key[FETCH_KEY_BYTES], struct error *err);
int fetch_token_make(const uint8_t key[FETCH_KEY_BYTES], const struct uuid *agent, int64_t end_us,
                     char out[FETCH_TOKEN_SIZE], struct error *err);
/* 0: genuine and not ended; whether the agent is still active is the caller's to look up. -1:
 * ERROR_FORBIDDEN. */
int fetch_token_check(const uint8_t key[FETCH_KEY_BYTES], const char *token, int64_t now_us,
                      struct uuid *ret_agent, struct error *err);
