/* sha256.h - SHA-256 of bytes at hand (FIPS 180-4). Takes no memory and cannot fail, unlike
 * OpenSSL's one-shot calls, which fetch an algorithm each time and leave the digest unwritten when
 * there is none to be had. Large files go through EVP, which their readers check.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

void sha256_of(const void *bytes, size_t length, uint8_t ret_digest[SHA256_BYTES]);
