/* cel_literal.h - one literal of CEL (Common Expression Language), read as the whole of an
 * expression: a string in any of its quotings, an int, a uint, a double or a bool. Everything else
 * is refused with its place. Spec: the public CEL language definition, "Syntax";
 * docs/rule-language.md, "Literals".
 */
#pragma once

#include <stddef.h>

struct error;

enum cel_literal_type {
    CEL_LITERAL_STRING,
    CEL_LITERAL_INT,
    CEL_LITERAL_UINT,
    CEL_LITERAL_DOUBLE,
    CEL_LITERAL_BOOL,
};

/* *ret_text, the caller's, is the value as CEL's string() would give it: UTF-8 without NUL.
 * On -1 *ret_column is the character, from 1, that the message is about. */
int cel_literal_parse(const char *expression, enum cel_literal_type *ret_type, char **ret_text,
                      size_t *ret_column, struct error *err);
