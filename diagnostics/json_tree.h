/* json_tree.h - JSON answers of the agent, parsed in place into a bounded tree (RFC 8259).
 * Refused: more than JSON_TREE_NODES values, more than JSON_TREE_DEPTH levels, duplicate members,
 * bytes that are not UTF-8, \u0000, lone surrogates. jansson is not used here: this program is
 * linked statically into the image and stays small.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

#define JSON_TREE_NODES 512
#define JSON_TREE_DEPTH 16

enum json_kind { JSON_NULL, JSON_BOOL, JSON_INTEGER, JSON_REAL, JSON_TEXT, JSON_LIST, JSON_OBJECT };

struct json_node {
    enum json_kind kind;
    const char *name;   /* of a member, borrowed from the parsed bytes; NULL in a list */
    const char *string; /* JSON_TEXT; borrowed from the parsed bytes */
    int64_t integer;    /* JSON_INTEGER, JSON_BOOL; a number that is no int64 is JSON_REAL */
    const struct json_node *first; /* of a list or object */
    const struct json_node *next;  /* sibling */
};

struct json_tree {
    struct json_node nodes[JSON_TREE_NODES];
    unsigned count;
};

/* Decodes 'bytes' (length bytes and a NUL behind them) in place; they must outlive the tree.
 * The root, or NULL with "byte N: ..." in 'err'. */
const struct json_node *json_tree_parse(struct json_tree *tree, char *bytes, size_t length,
                                        struct error *err);

/* The member, or NULL: 'object' is no object (or NULL), or has none of that name. */
const struct json_node *json_tree_member(const struct json_node *object, const char *name);
/* The member's string, or NULL when absent, null, or another kind. */
const char *json_tree_string(const struct json_node *object, const char *name);
/* The member's integer, or 'absent'. */
int64_t json_tree_integer(const struct json_node *object, const char *name, int64_t absent);
