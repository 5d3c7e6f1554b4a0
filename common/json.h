/* json.h - JSON from outside through jansson, with caps, and typed reads that name the field.
 * Refused before the parser runs or by it: more than the caller's cap of bytes, JSON_DEPTH_MAX
 * levels, a key above JSON_KEY_MAX bytes, duplicate keys, bytes that are not UTF-8, \u0000, lone
 * surrogates, numbers out of range.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

#define JSON_DEPTH_MAX 64
#define JSON_KEY_MAX 1024 /* as written, escapes and all */

/* A new reference; NULL with "line:column: message", code ERROR_INVALID, or without memory for it.
 */
json_t *json_parse(const char *bytes, size_t length, size_t cap, struct error *err);

/* Reads of an object's members. 1: there, *ret set. 0: absent or null. -1: wrong type, 'err' names
 * the field. Strings are borrowed from 'object' and refused above 'cap' bytes. */
int json_read_string(const json_t *object, const char *key, size_t cap, const char **ret,
                     struct error *err);
int json_read_int(const json_t *object, const char *key, int64_t min, int64_t max, int64_t *ret,
                  struct error *err);
int json_read_bool(const json_t *object, const char *key, bool *ret, struct error *err);

/* -1 naming the first member that is not among 'known' (NULL-terminated) and the nearest known one.
 */
int json_refuse_unknown(const json_t *object, const char *const *known, struct error *err);
