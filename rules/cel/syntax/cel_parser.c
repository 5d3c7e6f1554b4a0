/* cel_parser.c - cel_parse() of cel_ast.h: by recursive descent, one token ahead. It goes as deep
 * as brackets and conditionals nest, which is capped; chains of operators are loops, and those of
 * && and || become balanced trees. The first error of syntax ends it; faults within (an escape, a
 * reserved name, a macro's arguments) are collected.
 */
#include <string.h>

#include "common/text.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/syntax/cel_constant.h"
#include "rules/cel/syntax/cel_macros.h"
#include "rules/cel/syntax/cel_parser.h"

/* A list of elements that grows. */
struct elements {
    struct cel_element *items;
    size_t count;
};

/* ---- tokens ---- */

void cel_parser_advance(struct cel_parser *parser)
{
    if (!parser->tree.stopped && cel_lexer_next(&parser->lexer, &parser->token) < 0)
        parser->tree.stopped = true;
    if (parser->tree.stopped)
        parser->token = (struct cel_token){.kind = CEL_TOKEN_END};
}

bool cel_parser_take(struct cel_parser *parser, enum cel_token_kind kind)
{
    if (parser->token.kind != kind)
        return false;
    cel_parser_advance(parser);
    return true;
}

void *cel_parser_unexpected(struct cel_parser *parser, const char *expected)
{
    char found[TEXT_SHOW_SIZE] = "", text[TEXT_SHOW_SIZE];
    size_t length = parser->token.length < sizeof(found) ? parser->token.length : sizeof(found) - 1;

    if (parser->token.kind == CEL_TOKEN_END)
        return cel_tree_stop(&parser->tree, parser->token.offset,
                             "expected %s, found the end of the expression", expected);
    for (size_t i = 0; i < length; i++)
        found[i] = parser->tree.source[parser->token.offset + i];
    found[length] = '\0';
    text_mend_utf8(found);
    return cel_tree_stop(&parser->tree, parser->token.offset, "expected %s, found %s", expected,
                         text_show(found, text));
}

bool cel_parser_expect(struct cel_parser *parser, enum cel_token_kind kind, const char *expected)
{
    if (cel_parser_take(parser, kind))
        return true;
    cel_parser_unexpected(parser, expected);
    return false;
}

static char *token_text(struct cel_parser *parser, const struct cel_token *token)
{
    return cel_tree_text(&parser->tree, parser->tree.source + token->offset, token->length);
}

void cel_parser_push(struct cel_parser *parser, struct cel_parser_nodes *nodes,
                     struct cel_node *node)
{
    struct cel_node **grown =
        cel_tree_grow(&parser->tree, nodes->items, nodes->count, sizeof(*grown));

    if (!grown)
        return;
    nodes->items = grown;
    grown[nodes->count++] = node;
}

/* ---- names and literals ---- */

static struct cel_node *constant(struct cel_parser *parser, uint32_t offset, bool negative)
{
    struct cel_value value = cel_null();

    /* A literal that is none is told, and the expression goes on with null in its place. */
    cel_constant_read(&parser->lexer, &parser->token, negative, parser->tree.arena, &value);
    cel_parser_advance(parser);
    return cel_tree_literal(&parser->tree, offset, value);
}

/* Between '(' and ')', both taken here. */
static struct cel_parser_nodes arguments(struct cel_parser *parser)
{
    struct cel_parser_nodes args = {0};

    cel_parser_advance(parser);
    if (cel_parser_take(parser, CEL_TOKEN_PAREN_END))
        return args;
    do
        cel_parser_push(parser, &args, cel_parser_expression(parser));
    while (cel_parser_take(parser, CEL_TOKEN_COMMA));
    cel_parser_expect(parser, CEL_TOKEN_PAREN_END, "',' or ')' behind an argument");
    return args;
}

static struct cel_node *call(struct cel_parser *parser, uint32_t offset, const char *function,
                             struct cel_node *target)
{
    struct cel_parser_nodes args = arguments(parser);
    struct cel_node *made = parser->tree.stopped ? NULL
                                                 : cel_tree_call(&parser->tree, offset, function,
                                                                 target, args.items, args.count);

    return made ? cel_macros_expand(&parser->tree, made) : NULL;
}

/* name, .name or name(...) */
static struct cel_node *name(struct cel_parser *parser)
{
    uint32_t offset = parser->token.offset;
    bool absolute = cel_parser_take(parser, CEL_TOKEN_DOT);
    struct cel_token token = parser->token;
    const char *text;

    if (token.kind != CEL_TOKEN_NAME && token.kind != CEL_TOKEN_RESERVED)
        return cel_parser_unexpected(parser, "a name behind '.'");
    text = token_text(parser, &token);
    if (text && token.kind == CEL_TOKEN_RESERVED)
        cel_tree_fault(&parser->tree, token.offset,
                       "'%s' is a reserved word: no variable or function has it as its name", text);
    if (text && absolute && !(text = cel_arena_format(parser->tree.arena, ".%s", text)))
        return cel_tree_stop(&parser->tree, offset, "out of memory");
    cel_parser_advance(parser);
    if (parser->token.kind == CEL_TOKEN_PAREN)
        return call(parser, offset, text, NULL);
    return cel_tree_name(&parser->tree, offset, text);
}

/* ---- lists, maps, messages ---- */

/* One more element, whose '?' is taken here; *ret_element is set on true. */
static bool element(struct cel_parser *parser, struct elements *elements,
                    struct cel_element **ret_element)
{
    struct cel_element *grown =
        cel_tree_grow(&parser->tree, elements->items, elements->count, sizeof(*grown));

    if (!grown)
        return false;
    elements->items = grown;
    *ret_element = &grown[elements->count++];
    **ret_element = (struct cel_element){.optional = cel_parser_take(parser, CEL_TOKEN_QUESTION)};
    return true;
}

/* Whether another element follows; the end, and a comma before it, are taken. */
static bool more(struct cel_parser *parser, size_t count, enum cel_token_kind end,
                 const char *expected)
{
    bool comma = false;

    if (parser->tree.stopped)
        return false;
    if (count > 0 || parser->token.kind == CEL_TOKEN_COMMA)
        comma = cel_parser_take(parser, CEL_TOKEN_COMMA);
    if (cel_parser_take(parser, end))
        return false;
    if (count > 0 ? comma : !comma)
        return true;
    cel_parser_unexpected(parser, expected);
    return false;
}

static struct cel_node *list(struct cel_parser *parser)
{
    uint32_t offset = parser->token.offset;
    struct elements elements = {0};
    struct cel_element *one;

    cel_parser_advance(parser);
    while (more(parser, elements.count, CEL_TOKEN_BRACKET_END, "',' or ']' in a list") &&
           element(parser, &elements, &one))
        one->value = cel_parser_expression(parser);
    return parser->tree.stopped ? NULL
                                : cel_tree_aggregate(&parser->tree, offset, CEL_NODE_LIST,
                                                     elements.items, elements.count, NULL);
}

static struct cel_node *map(struct cel_parser *parser)
{
    uint32_t offset = parser->token.offset;
    struct elements elements = {0};
    struct cel_element *one;

    cel_parser_advance(parser);
    while (more(parser, elements.count, CEL_TOKEN_BRACE_END, "',' or '}' in a map") &&
           element(parser, &elements, &one)) {
        one->key = cel_parser_expression(parser);
        if (!cel_parser_expect(parser, CEL_TOKEN_COLON, "':' behind the key"))
            return NULL;
        one->value = cel_parser_expression(parser);
    }
    return parser->tree.stopped ? NULL
                                : cel_tree_aggregate(&parser->tree, offset, CEL_NODE_MAP,
                                                     elements.items, elements.count, NULL);
}

/* A field's name behind a '.' or in a message. NULL: stopped. */
static const char *field(struct cel_parser *parser, const char *expected)
{
    struct cel_token token = parser->token;

    if (token.kind == CEL_TOKEN_QUOTED) {
        token.offset++;
        token.length -= 2;
    } else if (token.kind != CEL_TOKEN_NAME && token.kind != CEL_TOKEN_RESERVED) {
        return cel_parser_unexpected(parser, expected);
    }
    cel_parser_advance(parser);
    return token_text(parser, &token);
}

static struct cel_node *message(struct cel_parser *parser, const char *type)
{
    uint32_t offset = parser->token.offset;
    struct elements elements = {0};
    struct cel_element *one;

    cel_parser_advance(parser);
    while (more(parser, elements.count, CEL_TOKEN_BRACE_END, "',' or '}' in a message") &&
           element(parser, &elements, &one)) {
        one->offset = parser->token.offset;
        one->field = field(parser, "a field's name");
        if (!one->field || !cel_parser_expect(parser, CEL_TOKEN_COLON, "':' behind the field"))
            return NULL;
        one->value = cel_parser_expression(parser);
    }
    return parser->tree.stopped ? NULL
                                : cel_tree_aggregate(&parser->tree, offset, CEL_NODE_MESSAGE,
                                                     elements.items, elements.count, type);
}

/* ---- from the innermost outwards ---- */

/* 'sign': of a number, a '-' that was taken already; else NULL. */
static struct cel_node *primary(struct cel_parser *parser, const struct cel_token *sign,
                                bool *ret_named)
{
    struct cel_node *inner;

    *ret_named = false;
    switch (parser->token.kind) {
    case CEL_TOKEN_DOT:
    case CEL_TOKEN_NAME:
    case CEL_TOKEN_RESERVED:
        inner = name(parser);
        *ret_named = inner && inner->kind == CEL_NODE_IDENT;
        return inner;
    case CEL_TOKEN_PAREN:
        cel_parser_advance(parser);
        inner = cel_parser_expression(parser);
        return cel_parser_expect(parser, CEL_TOKEN_PAREN_END, "')'") ? inner : NULL;
    case CEL_TOKEN_BRACKET:
        return list(parser);
    case CEL_TOKEN_BRACE:
        return map(parser);
    case CEL_TOKEN_INT:
    case CEL_TOKEN_UINT:
    case CEL_TOKEN_DOUBLE:
    case CEL_TOKEN_STRING:
    case CEL_TOKEN_BYTES:
    case CEL_TOKEN_TRUE:
    case CEL_TOKEN_FALSE:
    case CEL_TOKEN_NULL:
        return constant(parser, sign ? sign->offset : parser->token.offset, sign);
    default:
        return cel_parser_unexpected(parser, "an expression");
    }
}

/* operand.field, operand.?field, operand.function(...) */
static struct cel_node *selected(struct cel_parser *parser, struct cel_node *operand, bool *named)
{
    bool quoted, optional;
    uint32_t offset;
    const char *text;

    cel_parser_advance(parser);
    optional = cel_parser_take(parser, CEL_TOKEN_QUESTION);
    offset = parser->token.offset;
    quoted = parser->token.kind == CEL_TOKEN_QUOTED;
    text = field(parser, "a field's name behind '.' (others than names stand between backquotes)");
    if (!text)
        return NULL;
    if (optional) {
        *named = false;
        return cel_tree_call2(
            &parser->tree, offset, "_?._", operand,
            cel_tree_literal(&parser->tree, offset, cel_string(text, strlen(text))));
    }
    if (parser->token.kind == CEL_TOKEN_PAREN && !quoted) {
        *named = false;
        return call(parser, offset, text, operand);
    }
    *named = *named && !quoted;
    return cel_tree_select(&parser->tree, offset, operand, text, false);
}

static struct cel_node *indexed(struct cel_parser *parser, struct cel_node *operand)
{
    uint32_t offset = parser->token.offset;
    struct cel_node *index;
    bool optional;

    cel_parser_advance(parser);
    optional = cel_parser_take(parser, CEL_TOKEN_QUESTION);
    index = cel_parser_expression(parser);
    if (!cel_parser_expect(parser, CEL_TOKEN_BRACKET_END, "']'"))
        return NULL;
    return cel_tree_call2(&parser->tree, offset, optional ? "_[?_]" : "_[_]", operand, index);
}

/* "a.b.C" of the nodes that a message's name was read as. */
static const char *dotted(struct cel_parser *parser, const struct cel_node *node)
{
    const char *before, *text;

    if (node->kind == CEL_NODE_IDENT)
        return node->name;
    before = dotted(parser, node->select.operand);
    text =
        before ? cel_arena_format(parser->tree.arena, "%s.%s", before, node->select.field) : NULL;
    return text ? text : cel_tree_stop(&parser->tree, node->offset, "out of memory");
}

struct cel_node *cel_parser_member(struct cel_parser *parser, const struct cel_token *sign)
{
    bool named; /* a.b.c: what may be the name of a message */
    struct cel_node *node = primary(parser, sign, &named);

    while (node) {
        if (parser->token.kind == CEL_TOKEN_DOT) {
            node = selected(parser, node, &named);
        } else if (parser->token.kind == CEL_TOKEN_BRACKET) {
            named = false;
            node = indexed(parser, node);
        } else if (parser->token.kind == CEL_TOKEN_BRACE && named) {
            const char *type = dotted(parser, node);

            named = false;
            node = type ? message(parser, type) : NULL;
        } else {
            break;
        }
    }
    return node;
}

/* A NUL is a character like others, of strings and comments. */
static bool is_text(const char *source, size_t length)
{
    for (const char *end = source + length, *nul; source < end; source = nul + 1) {
        nul = memchr(source, '\0', (size_t)(end - source));
        if (!nul)
            return text_is_utf8(source, (size_t)(end - source));
        if (!text_is_utf8(source, (size_t)(nul - source)))
            return false;
    }
    return true;
}

struct cel_node *cel_parse(const struct cel_env *env, const char *source, size_t length,
                           struct cel_arena *arena, struct cel_issues *issues)
{
    struct cel_parser parser = {
        .tree = {.env = env, .source = source, .length = length, .arena = arena, .issues = issues},
        .lexer = {.source = source, .length = length, .issues = issues}};
    size_t before = issues->count;
    struct cel_node *root;

    if (length > CEL_SOURCE_MAX)
        return cel_tree_stop(&parser.tree, 0, "an expression has at most %d bytes", CEL_SOURCE_MAX);
    if (!is_text(source, length))
        return cel_tree_stop(&parser.tree, 0, "an expression is UTF-8 text");
    cel_parser_advance(&parser);
    root = cel_parser_expression(&parser);
    if (root && parser.token.kind != CEL_TOKEN_END)
        cel_parser_unexpected(&parser, "an operator or the end of the expression");
    return issues->count == before ? root : NULL;
}
