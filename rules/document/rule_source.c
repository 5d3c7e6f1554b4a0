/* rule_source.c - see rule_source.h. Walks text and file side by side: what is no white space
 * stands in both, in the same order, but for escapes; white space is matched where it is the same
 * and else skipped. Invariant: the cursor never leaves the file, whatever the two hold.
 */
#include "rules/document/rule_source.h"

#include <stdbool.h>
#include <string.h>

#include "common/yaml.h"

struct cursor {
    const char *at, *end;
    unsigned line, column;
    char style; /* '"', '\'', '|', '>', or 0: plain */
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t character_length(const char *at, size_t left)
{
    size_t length = 1;

    while (length < left && length < 4 && ((unsigned char)at[length] & 0xc0) == 0x80)
        length++;
    return length;
}

/* YAML 1.1 ends a line with CR LF, CR, LF, U+0085, U+2028 and U+2029. */
static size_t break_at(const char *at, size_t left)
{
    if (*at == '\r')
        return left > 1 && at[1] == '\n' ? 2 : 1;
    if (*at == '\n')
        return 1;
    if (left > 1 && memcmp(at, "\xc2\x85", 2) == 0)
        return 2;
    return left > 2 && (memcmp(at, "\xe2\x80\xa8", 3) == 0 || memcmp(at, "\xe2\x80\xa9", 3) == 0)
               ? 3
               : 0;
}

static void step(struct cursor *cursor)
{
    size_t left = (size_t)(cursor->end - cursor->at), length;

    if (left == 0)
        return;
    length = break_at(cursor->at, left);
    if (length) {
        cursor->at += length;
        cursor->line++;
        cursor->column = 1;
        return;
    }
    cursor->at += character_length(cursor->at, left);
    cursor->column++;
}

static void open_scalar(struct cursor *cursor, const struct yaml_node *scalar)
{
    if (cursor->end - cursor->at >= 3 && memcmp(cursor->at, "\xef\xbb\xbf", 3) == 0)
        cursor->at += 3;
    while (cursor->at < cursor->end &&
           (cursor->line < scalar->line ||
            (cursor->line == scalar->line && cursor->column < scalar->column)))
        step(cursor);
    if (scalar->plain || cursor->at == cursor->end || !strchr("\"'|>", *cursor->at))
        return;
    cursor->style = *cursor->at;
    step(cursor);
    /* The header of a block: indicators, and perhaps a comment. */
    if (cursor->style == '|' || cursor->style == '>')
        for (unsigned line = cursor->line; cursor->at < cursor->end && cursor->line == line;)
            step(cursor);
}

/* An escape of a double-quoted scalar is one character of text; a broken line is none. */
static void step_escape(struct cursor *cursor, bool *ret_is_character)
{
    int digits;

    step(cursor);
    *ret_is_character = cursor->at < cursor->end && !break_at(cursor->at, 1);
    if (!*ret_is_character) {
        while (cursor->at < cursor->end && is_space(*cursor->at))
            step(cursor);
        return;
    }
    digits = *cursor->at == 'x' ? 2 : *cursor->at == 'u' ? 4 : *cursor->at == 'U' ? 8 : 0;
    step(cursor);
    while (digits-- > 0)
        step(cursor);
}

static bool at_escape(const struct cursor *cursor)
{
    return cursor->style == '"' && cursor->at < cursor->end && *cursor->at == '\\';
}

/* The file's place of one character of text that is white space: the same one, or nothing, where a
 * line break stands for it that was passed already. */
static void pass_space(struct cursor *cursor, char c)
{
    bool is_character;

    if (at_escape(cursor))
        step_escape(cursor, &is_character);
    else if (cursor->at < cursor->end &&
             (*cursor->at == c || (is_space(*cursor->at) && (c == ' ' || c == '\n'))))
        step(cursor);
}

/* To the place of the next character of text that is no white space: over what YAML folded away,
 * escaped line breaks, and escaped spaces that others were matched for. */
static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end) {
        bool is_character;

        if (is_space(*cursor->at)) {
            step(cursor);
            continue;
        }
        if (!at_escape(cursor) || cursor->end - cursor->at < 2 ||
            !strchr("\r\n nt\t", cursor->at[1]))
            return;
        step_escape(cursor, &is_character);
    }
}

static void pass_character(struct cursor *cursor)
{
    bool is_character;

    if (at_escape(cursor)) {
        step_escape(cursor, &is_character);
        return;
    }
    if (cursor->style == '\'' && cursor->end - cursor->at > 1 && cursor->at[0] == '\'' &&
        cursor->at[1] == '\'')
        step(cursor);
    step(cursor);
}

void rule_source_place(const struct rule_source *source, const struct yaml_node *scalar,
                       size_t offset, unsigned *ret_line, unsigned *ret_column)
{
    struct cursor cursor = {source->bytes, source->bytes + source->length, 1, 1, 0};
    const char *text = scalar->text, *stop;
    size_t length = strlen(text);

    open_scalar(&cursor, scalar);
    stop = text + (offset < length ? offset : length);
    while (stop > text && ((unsigned char)*stop & 0xc0) == 0x80)
        stop--;
    while (text < stop) {
        if (is_space(*text)) {
            pass_space(&cursor, *text++);
            continue;
        }
        skip_space(&cursor);
        text += character_length(text, (size_t)(stop - text));
        pass_character(&cursor);
    }
    if (*text && !is_space(*text))
        skip_space(&cursor);
    *ret_line = cursor.line;
    *ret_column = cursor.column;
}
