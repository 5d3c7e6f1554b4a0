/* cel_constant.h - the value of a literal. Spec: the public CEL language definition, "Syntax" and
 * "String and Bytes Values".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cel_arena;
struct cel_issues;
struct cel_lexer;
struct cel_token;
struct cel_value;

/* 'token' is a literal, 'negative' one with a '-' before it (int and double only). Text is of the
 * arena. 0; -1: the lexer's issues say what is wrong with it. */
int cel_constant_read(const struct cel_lexer *lexer, const struct cel_token *token, bool negative,
                      struct cel_arena *arena, struct cel_value *ret);
