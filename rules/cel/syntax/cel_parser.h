/* cel_parser.h - what the files of the parser share: one source while it is read. cel_parser.c has
 * tokens, names, literals and brackets, cel_parser_operators.c what stands between them. NULL for a
 * node: the tree has stopped, and says why.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/cel/cel_lexer.h"
#include "rules/cel/syntax/cel_tree.h"

struct cel_parser {
    struct cel_tree tree;
    struct cel_lexer lexer;
    struct cel_token token; /* the one ahead */
    unsigned nesting;
};

/* Arguments or operands, which grow. */
struct cel_parser_nodes {
    struct cel_node **items;
    size_t count;
};

void cel_parser_push(struct cel_parser *parser, struct cel_parser_nodes *nodes,
                     struct cel_node *node);

/* The next token is the one ahead. */
void cel_parser_advance(struct cel_parser *parser);
/* If it is of that kind: advance. */
bool cel_parser_take(struct cel_parser *parser, enum cel_token_kind kind);
/* The same; if it is not, 'expected' is what the issue says. */
bool cel_parser_expect(struct cel_parser *parser, enum cel_token_kind kind, const char *expected);
/* Stops. Returns NULL. */
void *cel_parser_unexpected(struct cel_parser *parser, const char *expected);

/* A name, literal or bracket and what hangs on it: a.b(c)[d]. 'sign': of a number, a '-' that was
 * taken already; else NULL. */
struct cel_node *cel_parser_member(struct cel_parser *parser, const struct cel_token *sign);
/* All of it, as far as it goes. */
struct cel_node *cel_parser_expression(struct cel_parser *parser);
