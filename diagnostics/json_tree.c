/* json_tree.c - see json_tree.h. Strings shrink as they are decoded, so they are written back over
 * their own source: no allocation, and nothing outside [bytes, bytes + length] is ever touched.
 */
#include "diagnostics/json_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"

struct parser {
    struct json_tree *tree;
    char *begin, *at, *end;
    struct error *err;
};

static struct json_node *parse_value(struct parser *parser, unsigned depth);

static void *fault(struct parser *parser, const char *what)
{
    error_set_code(parser->err, ERROR_INVALID, "byte %zu: %s", (size_t)(parser->at - parser->begin),
                   what);
    return NULL;
}

static void skip_space(struct parser *parser)
{
    while (parser->at < parser->end && strchr(" \t\r\n", *parser->at) && *parser->at)
        parser->at++;
}

static bool take(struct parser *parser, char c)
{
    skip_space(parser);
    if (parser->at == parser->end || *parser->at != c)
        return false;
    parser->at++;
    return true;
}

static struct json_node *new_node(struct parser *parser, enum json_kind kind)
{
    struct json_node *node;

    if (parser->tree->count == JSON_TREE_NODES)
        return fault(parser, "more values than this program reads");
    node = &parser->tree->nodes[parser->tree->count++];
    memset(node, 0, sizeof(*node));
    node->kind = kind;
    return node;
}

static int hex4(const char *at, const char *end, unsigned *ret_unit)
{
    unsigned char bytes[2];
    char digits[5];

    if (end - at < 4)
        return -1;
    memcpy(digits, at, 4);
    digits[4] = '\0';
    if (text_unhex(digits, bytes, 2) < 0)
        return -1;
    *ret_unit = (unsigned)bytes[0] << 8 | bytes[1];
    return 0;
}

static char *put_utf8(char *out, unsigned point)
{
    if (point < 0x80) {
        *out++ = (char)point;
    } else if (point < 0x800) {
        *out++ = (char)(0xc0 | point >> 6);
        *out++ = (char)(0x80 | (point & 63));
    } else if (point < 0x10000) {
        *out++ = (char)(0xe0 | point >> 12);
        *out++ = (char)(0x80 | (point >> 6 & 63));
        *out++ = (char)(0x80 | (point & 63));
    } else {
        *out++ = (char)(0xf0 | point >> 18);
        *out++ = (char)(0x80 | (point >> 12 & 63));
        *out++ = (char)(0x80 | (point >> 6 & 63));
        *out++ = (char)(0x80 | (point & 63));
    }
    return out;
}

/* 'at' stands behind "\u". */
static int escaped_point(struct parser *parser, unsigned *ret_point)
{
    unsigned high, low;

    if (hex4(parser->at, parser->end, &high) < 0 || high == 0)
        return -1;
    parser->at += 4;
    *ret_point = high;
    if (high < 0xd800 || high > 0xdfff)
        return 0;
    if (high > 0xdbff || parser->end - parser->at < 6 || parser->at[0] != '\\' ||
        parser->at[1] != 'u' || hex4(parser->at + 2, parser->end, &low) < 0 || low < 0xdc00 ||
        low > 0xdfff)
        return -1;
    parser->at += 6;
    *ret_point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return 0;
}

/* 'at' stands behind the opening quote. */
static const char *parse_string(struct parser *parser)
{
    static const char FROM[] = "\"\\/bfnrt", TO[] = "\"\\/\b\f\n\r\t";
    char *start = parser->at, *out = parser->at;

    while (parser->at < parser->end && *parser->at != '"') {
        const char *known;
        unsigned point;

        if ((unsigned char)*parser->at < 0x20)
            return fault(parser, "a control character inside a string");
        if (*parser->at != '\\') {
            *out++ = *parser->at++;
            continue;
        }
        if (++parser->at == parser->end)
            break;
        if (*parser->at == 'u') {
            parser->at++;
            if (escaped_point(parser, &point) < 0)
                return fault(parser, "an escape that is no character");
            out = put_utf8(out, point);
            continue;
        }
        known = *parser->at ? strchr(FROM, *parser->at) : NULL;
        if (!known)
            return fault(parser, "an unknown escape");
        *out++ = TO[known - FROM];
        parser->at++;
    }
    if (parser->at == parser->end)
        return fault(parser, "a string without an end");
    parser->at++;
    *out = '\0';
    return start;
}

static unsigned skip_digits(struct parser *parser)
{
    unsigned count = 0;

    for (; parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9'; parser->at++)
        count++;
    return count;
}

static struct json_node *parse_number(struct parser *parser)
{
    char *start = parser->at;
    bool integral = true;
    unsigned digits;
    struct json_node *node;

    if (*parser->at == '-')
        parser->at++;
    digits = skip_digits(parser);
    if (digits == 0 || (digits > 1 && parser->at[-(int)digits] == '0'))
        return fault(parser, "not a JSON number");
    if (parser->at < parser->end && *parser->at == '.') {
        integral = false;
        parser->at++;
        if (skip_digits(parser) == 0)
            return fault(parser, "not a JSON number");
    }
    if (parser->at < parser->end && (*parser->at == 'e' || *parser->at == 'E')) {
        integral = false;
        parser->at++;
        if (parser->at < parser->end && (*parser->at == '+' || *parser->at == '-'))
            parser->at++;
        if (skip_digits(parser) == 0)
            return fault(parser, "not a JSON number");
    }
    node = new_node(parser, JSON_REAL);
    if (!node || !integral)
        return node;
    /* The byte behind the digits is no digit, or the NUL behind the document. */
    errno = 0;
    node->integer = strtoll(start, NULL, 10);
    if (errno == 0)
        node->kind = JSON_INTEGER;
    return node;
}

static bool named_before(const struct json_node *parent, const char *name)
{
    return json_tree_member(parent, name) != NULL;
}

static struct json_node *parse_container(struct parser *parser, enum json_kind kind, char close,
                                         unsigned depth)
{
    struct json_node *node = new_node(parser, kind), *last = NULL;

    if (!node || depth == JSON_TREE_DEPTH)
        return node ? fault(parser, "nested deeper than this program reads") : NULL;
    if (take(parser, close))
        return node;
    do {
        const char *name = NULL;
        struct json_node *child;

        if (kind == JSON_OBJECT) {
            if (!take(parser, '"'))
                return fault(parser, "a member's name is missing");
            if (!(name = parse_string(parser)))
                return NULL;
            if (named_before(node, name))
                return fault(parser, "a member is there twice");
            if (!take(parser, ':'))
                return fault(parser, "a colon is missing");
        }
        if (!(child = parse_value(parser, depth + 1)))
            return NULL;
        child->name = name;
        if (last)
            last->next = child;
        else
            node->first = child;
        last = child;
    } while (take(parser, ','));
    return take(parser, close) ? node : fault(parser, "a comma or the closing bracket is missing");
}

static struct json_node *parse_word(struct parser *parser, const char *word, enum json_kind kind,
                                    int64_t value)
{
    size_t length = strlen(word);
    struct json_node *node;

    if ((size_t)(parser->end - parser->at) < length || memcmp(parser->at, word, length) != 0)
        return fault(parser, "not a JSON value");
    parser->at += length;
    if ((node = new_node(parser, kind)))
        node->integer = value;
    return node;
}

static struct json_node *parse_value(struct parser *parser, unsigned depth)
{
    struct json_node *node;

    skip_space(parser);
    if (parser->at == parser->end)
        return fault(parser, "a value is missing");
    switch (*parser->at) {
    case '{':
        parser->at++;
        return parse_container(parser, JSON_OBJECT, '}', depth);
    case '[':
        parser->at++;
        return parse_container(parser, JSON_LIST, ']', depth);
    case '"':
        parser->at++;
        if ((node = new_node(parser, JSON_TEXT)) && !(node->string = parse_string(parser)))
            return NULL;
        return node;
    case 't':
        return parse_word(parser, "true", JSON_BOOL, 1);
    case 'f':
        return parse_word(parser, "false", JSON_BOOL, 0);
    case 'n':
        return parse_word(parser, "null", JSON_NULL, 0);
    default:
        return parse_number(parser);
    }
}

const struct json_node *json_tree_parse(struct json_tree *tree, char *bytes, size_t length,
                                        struct error *err)
{
    struct parser parser = {tree, bytes, bytes, bytes + length, err};
    struct json_node *root;

    tree->count = 0;
    if (!text_is_utf8(bytes, length))
        return fault(&parser, "the document is not UTF-8");
    if (!(root = parse_value(&parser, 0)))
        return NULL;
    skip_space(&parser);
    return parser.at == parser.end ? root : fault(&parser, "something follows the document");
}

const struct json_node *json_tree_member(const struct json_node *object, const char *name)
{
    if (!object || object->kind != JSON_OBJECT)
        return NULL;
    for (const struct json_node *node = object->first; node; node = node->next)
        if (strcmp(node->name, name) == 0)
            return node;
    return NULL;
}

const char *json_tree_string(const struct json_node *object, const char *name)
{
    const struct json_node *node = json_tree_member(object, name);

    return node && node->kind == JSON_TEXT ? node->string : NULL;
}

int64_t json_tree_integer(const struct json_node *object, const char *name, int64_t absent)
{
    const struct json_node *node = json_tree_member(object, name);

    return node && node->kind == JSON_INTEGER ? node->integer : absent;
}
