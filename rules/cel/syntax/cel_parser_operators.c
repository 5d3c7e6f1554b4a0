/* cel_parser_operators.c - signs, operators and conditionals. Operators of one level are a loop; a
 * chain of && or || becomes a balanced tree, so that its length is not its depth. See cel_parser.h.
 */
#include "rules/cel/syntax/cel_parser.h"

/* ---- signs ---- */

static bool is_signed_number(enum cel_token_kind kind)
{
    return kind == CEL_TOKEN_INT || kind == CEL_TOKEN_DOUBLE;
}

/* !-1 and -1: the '-' is a part of the number. */
static struct cel_node *signed_number(struct cel_parser *parser, const struct cel_token *sign)
{
    if (!is_signed_number(parser->token.kind))
        return cel_parser_unexpected(parser, "a number behind '-'");
    return cel_parser_member(parser, sign);
}

/* Signs in a row, two of which are none. */
static struct cel_node *unary(struct cel_parser *parser)
{
    enum cel_token_kind kind = parser->token.kind;
    struct cel_token sign = parser->token;
    struct cel_node *operand;
    size_t count = 0;

    if (kind != CEL_TOKEN_NOT && kind != CEL_TOKEN_MINUS)
        return cel_parser_member(parser, NULL);
    for (; parser->token.kind == kind; count++) {
        sign = parser->token;
        cel_parser_advance(parser);
    }
    if (kind == CEL_TOKEN_MINUS && count == 1 && is_signed_number(parser->token.kind))
        return signed_number(parser, &sign);
    if (parser->token.kind == CEL_TOKEN_MINUS) {
        struct cel_token minus = parser->token;

        cel_parser_advance(parser);
        operand = signed_number(parser, &minus);
    } else {
        operand = cel_parser_member(parser, NULL);
    }
    if (count % 2 == 0 || !operand)
        return operand;
    return cel_tree_call1(&parser->tree, sign.offset, kind == CEL_TOKEN_NOT ? "!_" : "-_", operand);
}

/* ---- operators ---- */

#define TIGHTEST 2

static const struct {
    enum cel_token_kind kind;
    int level; /* the higher, the tighter */
    const char *function;
} infixes[] = {
    {CEL_TOKEN_LESS, 0, "_<_"},
    {CEL_TOKEN_LESS_EQUAL, 0, "_<=_"},
    {CEL_TOKEN_GREATER, 0, "_>_"},
    {CEL_TOKEN_GREATER_EQUAL, 0, "_>=_"},
    {CEL_TOKEN_EQUAL, 0, "_==_"},
    {CEL_TOKEN_UNEQUAL, 0, "_!=_"},
    {CEL_TOKEN_IN, 0, "@in"},
    {CEL_TOKEN_PLUS, 1, "_+_"},
    {CEL_TOKEN_MINUS, 1, "_-_"},
    {CEL_TOKEN_TIMES, TIGHTEST, "_*_"},
    {CEL_TOKEN_DIVIDE, TIGHTEST, "_/_"},
    {CEL_TOKEN_MODULO, TIGHTEST, "_%_"},
};

static const char *infix_of(enum cel_token_kind kind, int level)
{
    for (size_t i = 0; i < sizeof(infixes) / sizeof(infixes[0]); i++) {
        if (infixes[i].kind == kind && infixes[i].level == level)
            return infixes[i].function;
    }
    return NULL;
}

static struct cel_node *infix(struct cel_parser *parser, int level)
{
    struct cel_node *left = level > TIGHTEST ? unary(parser) : infix(parser, level + 1);
    const char *function;

    if (level > TIGHTEST)
        return left;
    while (left && (function = infix_of(parser->token.kind, level))) {
        uint32_t offset = parser->token.offset;

        cel_parser_advance(parser);
        left = cel_tree_call2(&parser->tree, offset, function, left, infix(parser, level + 1));
    }
    return left;
}

/* Operands with an operator between each two, as a tree that is as flat as can be: the order of
 * evaluation stays, and && and || do not care for the brackets. */
static struct cel_node *balanced(struct cel_tree *tree, const char *function,
                                 struct cel_node *const *operands, const uint32_t *offsets,
                                 size_t count)
{
    size_t left = count / 2 + count % 2;

    if (count == 1)
        return operands[0];
    return cel_tree_call2(tree, offsets[left - 1], function,
                          balanced(tree, function, operands, offsets, left),
                          balanced(tree, function, operands + left, offsets + left, count - left));
}

static struct cel_node *chain(struct cel_parser *parser, enum cel_token_kind kind,
                              const char *function,
                              struct cel_node *(*operand)(struct cel_parser *parser))
{
    struct cel_parser_nodes operands = {0};
    uint32_t *offsets = NULL;
    size_t count = 0; /* of operators */

    cel_parser_push(parser, &operands, operand(parser));
    while (!parser->tree.stopped && parser->token.kind == kind) {
        offsets = cel_tree_grow(&parser->tree, offsets, count, sizeof(*offsets));
        if (!offsets)
            return NULL;
        offsets[count++] = parser->token.offset;
        cel_parser_advance(parser);
        cel_parser_push(parser, &operands, operand(parser));
    }
    return parser->tree.stopped
               ? NULL
               : balanced(&parser->tree, function, operands.items, offsets, operands.count);
}

static struct cel_node *relation(struct cel_parser *parser)
{
    return infix(parser, 0);
}

static struct cel_node *conjunction(struct cel_parser *parser)
{
    return chain(parser, CEL_TOKEN_AND, "_&&_", relation);
}

static struct cel_node *conditional(struct cel_parser *parser)
{
    struct cel_node *condition = chain(parser, CEL_TOKEN_OR, "_||_", conjunction);
    uint32_t offset = parser->token.offset;
    struct cel_node *then;

    if (!condition || !cel_parser_take(parser, CEL_TOKEN_QUESTION))
        return condition;
    then = chain(parser, CEL_TOKEN_OR, "_||_", conjunction);
    if (!cel_parser_expect(parser, CEL_TOKEN_COLON, "':' and what holds otherwise"))
        return NULL;
    return cel_tree_call3(&parser->tree, offset, "_?_:_", condition, then,
                          cel_parser_expression(parser));
}

struct cel_node *cel_parser_expression(struct cel_parser *parser)
{
    struct cel_node *node;

    if (parser->tree.stopped)
        return NULL;
    if (parser->nesting == CEL_DEPTH_MAX)
        return cel_tree_stop(&parser->tree, parser->token.offset,
                             "brackets and conditionals nest at most %d deep", CEL_DEPTH_MAX);
    parser->nesting++;
    node = conditional(parser);
    parser->nesting--;
    return node;
}
