/* cel_lexer.h - the tokens of an expression. A token is a place in the source; what a literal
 * means is cel_constant.h's. Spec: the public CEL language definition, "Syntax".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cel_issues;

enum cel_token_kind {
    CEL_TOKEN_END,
    CEL_TOKEN_NAME,
    CEL_TOKEN_RESERVED, /* a name that is kept for later: a field may have it */
    CEL_TOKEN_QUOTED,   /* `content-type` */
    CEL_TOKEN_INT,
    CEL_TOKEN_UINT,
    CEL_TOKEN_DOUBLE,
    CEL_TOKEN_STRING,
    CEL_TOKEN_BYTES,
    CEL_TOKEN_TRUE,
    CEL_TOKEN_FALSE,
    CEL_TOKEN_NULL,
    CEL_TOKEN_IN,
    CEL_TOKEN_OR,
    CEL_TOKEN_AND,
    CEL_TOKEN_EQUAL,
    CEL_TOKEN_UNEQUAL,
    CEL_TOKEN_LESS,
    CEL_TOKEN_LESS_EQUAL,
    CEL_TOKEN_GREATER,
    CEL_TOKEN_GREATER_EQUAL,
    CEL_TOKEN_PLUS,
    CEL_TOKEN_MINUS,
    CEL_TOKEN_TIMES,
    CEL_TOKEN_DIVIDE,
    CEL_TOKEN_MODULO,
    CEL_TOKEN_NOT,
    CEL_TOKEN_QUESTION,
    CEL_TOKEN_COLON,
    CEL_TOKEN_COMMA,
    CEL_TOKEN_DOT,
    CEL_TOKEN_PAREN,
    CEL_TOKEN_PAREN_END,
    CEL_TOKEN_BRACKET,
    CEL_TOKEN_BRACKET_END,
    CEL_TOKEN_BRACE,
    CEL_TOKEN_BRACE_END,
};

struct cel_token {
    enum cel_token_kind kind;
    uint32_t offset, length; /* in bytes, with quotes and prefixes */
};

struct cel_lexer {
    const char *source; /* borrowed; UTF-8 */
    size_t length;
    size_t at;                 /* the caller begins with 0 */
    struct cel_issues *issues; /* borrowed */
};

/* The next token; 0, or -1: nothing that begins a token stands there, and the issue says so. */
int cel_lexer_next(struct cel_lexer *lexer, struct cel_token *ret);
