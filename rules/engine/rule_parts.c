/* rule_parts.c - see rule_parts.h. By tokens: && binds closer than || and ?:, so an expression with
 * one of these outside of brackets is one part. */
#include "rules/engine/rule_parts.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_lexer.h"

static bool opens(enum cel_token_kind kind)
{
    return kind == CEL_TOKEN_PAREN || kind == CEL_TOKEN_BRACKET || kind == CEL_TOKEN_BRACE;
}

static bool closes(enum cel_token_kind kind)
{
    return kind == CEL_TOKEN_PAREN_END || kind == CEL_TOKEN_BRACKET_END ||
           kind == CEL_TOKEN_BRACE_END;
}

static bool relates(enum cel_token_kind kind)
{
    return kind == CEL_TOKEN_IN || (kind >= CEL_TOKEN_EQUAL && kind <= CEL_TOKEN_GREATER_EQUAL);
}

static size_t trimmed(const char *text, size_t offset, size_t end)
{
    while (end > offset && strchr(" \t\r\n", text[end - 1]))
        end--;
    return end - offset;
}

static size_t whole(const char *text, struct rule_part ret[RULE_PARTS_MAX])
{
    ret[0] = (struct rule_part){.length = strlen(text)};
    return 1;
}

size_t rule_parts_split(const char *text, struct rule_part ret[RULE_PARTS_MAX])
{
    struct cel_issues issues = {0};
    struct cel_lexer lexer = {.source = text, .length = strlen(text), .issues = &issues};
    struct cel_token token;
    size_t count = 0, depth = 0;
    bool fresh = true; /* the next token begins a part */
    int rc;

    while ((rc = cel_lexer_next(&lexer, &token)) == 0 && token.kind != CEL_TOKEN_END) {
        if (depth == 0 && (token.kind == CEL_TOKEN_OR || token.kind == CEL_TOKEN_QUESTION))
            return whole(text, ret);
        if (depth == 0 && token.kind == CEL_TOKEN_AND && count < RULE_PARTS_MAX) {
            fresh = true;
            continue;
        }
        if (fresh)
            ret[count++] = (struct rule_part){.offset = token.offset};
        fresh = false;
        if (depth == 0 && relates(token.kind) && ret[count - 1].left == 0)
            ret[count - 1].left = trimmed(text, ret[count - 1].offset, token.offset);
        ret[count - 1].length = token.offset + token.length - ret[count - 1].offset;
        depth += opens(token.kind);
        depth -= closes(token.kind) && depth > 0;
    }
    cel_issues_clear(&issues);
    return rc < 0 || count == 0 ? whole(text, ret) : count;
}
