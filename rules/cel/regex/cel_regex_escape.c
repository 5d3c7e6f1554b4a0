/* cel_regex_escape.c - what a backslash and square brackets stand for (cel_regex_reader.h). What
 * RE2 does not have is refused by its name: a pattern never means something else than in other
 * tools. */
#include <string.h>

#include "common/text.h"
#include "rules/cel/regex/cel_regex_reader.h"

/* \x7f and \x{10ffff} */
static int hex_rune(struct cel_regex_reader *reader, const char *from, uint32_t *ret)
{
    bool braces = cel_regex_take(reader, "{");
    size_t digits = 0, max = braces ? 8 : 2;
    uint32_t rune = 0;

    for (; cel_regex_more(reader) && digits < max && text_hex_digit(*reader->at) >= 0; digits++)
        rune = rune * 16 + (uint32_t)text_hex_digit(*reader->at++);
    if (digits == 0 || (!braces && digits != 2) || (braces && !cel_regex_take(reader, "}")))
        return cel_regex_wrong(reader, from, "write \\x7f or \\x{10ffff}");
    if (rune > CEL_RUNE_MAX)
        return cel_regex_wrong(reader, from, "there is no character above \\x{10ffff}");
    *ret = rune;
    return 0;
}

/* \0, \012, \123; one digit from 1 on would be a back-reference. */
static int octal_rune(struct cel_regex_reader *reader, const char *from, uint32_t *ret)
{
    size_t digits = 0;
    uint32_t rune = 0;

    for (; digits < 3 && cel_regex_more(reader) && *reader->at >= '0' && *reader->at <= '7';
         digits++)
        rune = rune * 8 + (uint32_t)(*reader->at++ - '0');
    if (from[1] != '0' && digits < 2)
        return cel_regex_wrong(reader, from, "back-references do not run in linear time");
    *ret = rune;
    return 0;
}

static int refuse(struct cel_regex_reader *reader, const char *from)
{
    static const struct {
        char letter;
        const char *remedy;
    } known[] = {
        {'C', "a single byte (\\C) is no character: use . or (?s:.)"},
        {'Z', "\\Z is not known: use \\z, or \\n?\\z"},
        {'G', "\\G is not known: a search begins at the beginning"},
        {'K', "\\K is not known: there is nothing to keep where only a match is asked for"},
        {'k', "back-references do not run in linear time"},
        {'g', "back-references do not run in linear time"},
        {'R', "\\R is not known: use (?:\\r\\n|\\n)"},
        {'X', "\\X is not known: use \\PM\\pM*"},
        {'h', "\\h is not known: use [\\t ]"},
        {'N', "\\N is not known: use [^\\n]"},
        {'u', "\\u is not known: use \\x{...}"},
        {'U', "\\U is not known: use \\x{...}"},
        {'c', "\\c is not known: use \\x1f"},
        {'e', "\\e is not known: use \\x1b"},
        {'E', "\\E ends what \\Q begins, and there is no \\Q"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (from[1] == known[i].letter)
            return cel_regex_wrong(reader, from, "%s", known[i].remedy);
    return cel_regex_wrong(reader, from, "this escape is not known");
}

int cel_regex_escaped_rune(struct cel_regex_reader *reader, const char *from, uint32_t *ret)
{
    static const char letters[] = "aftnrv", runes[] = "\a\f\t\n\r\v";
    const char *known;
    char c;

    if (!cel_regex_more(reader))
        return cel_regex_wrong(reader, from, "a backslash at the end escapes nothing");
    c = *reader->at;
    if (c >= '0' && c <= '7')
        return octal_rune(reader, from, ret);
    if (c == '8' || c == '9')
        return cel_regex_wrong(reader, from, "back-references do not run in linear time");
    reader->at++;
    if (c == 'x')
        return hex_rune(reader, from, ret);
    known = c ? strchr(letters, c) : NULL;
    if (known) {
        *ret = (unsigned char)runes[known - letters];
        return 0;
    }
    if ((unsigned char)c < 0x20 || (unsigned char)c >= 0x7f || (c >= 'a' && c <= 'z') ||
        (c >= 'A' && c <= 'Z'))
        return refuse(reader, from);
    *ret = (unsigned char)c; /* punctuation is itself */
    return 0;
}

/* Folding comes before negating: (?i)[^a] has no 'A' in it. */
static void add_finished(struct cel_regex_reader *reader, struct cel_regex_set *set,
                         struct cel_regex_set *part, bool negated)
{
    if (reader->flags.fold)
        cel_regex_set_fold(part);
    if (negated)
        cel_regex_set_negate(part);
    cel_regex_set_add_all(set, part);
}

/* \pL, \PL, \p{Greek}, \p{^Greek} */
static int unicode_set(struct cel_regex_reader *reader, const char *from, struct cel_regex_set *set)
{
    struct cel_regex_set part = {.arena = reader->arena, .steps = reader->steps};
    bool negated = from[1] == 'P';
    const char *name = reader->at;
    size_t length = 1;

    if (cel_regex_take(reader, "{")) {
        if (cel_regex_take(reader, "^"))
            negated = !negated;
        name = reader->at;
        while (cel_regex_more(reader) && *reader->at != '}')
            reader->at++;
        length = (size_t)(reader->at - name);
        if (!cel_regex_take(reader, "}"))
            return cel_regex_wrong(reader, from, "this { is not closed");
    } else if (cel_regex_more(reader)) {
        reader->at++;
    } else {
        return cel_regex_wrong(reader, from, "write \\pL or \\p{Greek}");
    }
    if (!cel_regex_add_unicode(&part, name, length))
        return cel_regex_wrong(reader, from,
                               "there is no general category and no script of this name: write "
                               "one like L, Lu or Greek");
    add_finished(reader, set, &part, negated);
    return 1;
}

int cel_regex_escaped_set(struct cel_regex_reader *reader, const char *from,
                          struct cel_regex_set *set)
{
    struct cel_regex_set part = {.arena = reader->arena, .steps = reader->steps};
    char c = cel_regex_more(reader) ? *reader->at : '\0';

    if (c == 'p' || c == 'P') {
        reader->at++;
        return unicode_set(reader, from, set);
    }
    if (!cel_regex_add_perl(&part, (char)(c | 0x20)))
        return 0;
    reader->at++;
    add_finished(reader, set, &part, c < 'a');
    return 1;
}

/* "[:alpha:]" within brackets. 1, 0: it is none, -1. */
static int posix_set(struct cel_regex_reader *reader, struct cel_regex_set *set)
{
    struct cel_regex_set part = {.arena = reader->arena, .steps = reader->steps};
    const char *from = reader->at, *name, *close;
    bool negated;

    if (!cel_regex_take(reader, "[:"))
        return 0;
    close = memmem(reader->at, (size_t)(reader->end - reader->at), ":]", 2);
    if (!close) {
        reader->at = from;
        return 0;
    }
    negated = cel_regex_take(reader, "^");
    name = reader->at;
    if (name > close || !cel_regex_add_posix(&part, name, (size_t)(close - name)))
        return cel_regex_wrong(reader, from,
                               "there is no such class: write one like [:alpha:] or [:^digit:]");
    reader->at = close + 2;
    add_finished(reader, set, &part, negated);
    return 1;
}

static int class_rune(struct cel_regex_reader *reader, uint32_t *ret)
{
    const char *from = reader->at;

    if (!cel_regex_more(reader))
        return cel_regex_wrong(reader, from, "a class ends here without its ]");
    return cel_regex_take(reader, "\\") ? cel_regex_escaped_rune(reader, from, ret)
                                        : cel_regex_rune(reader, ret);
}

static int class_range(struct cel_regex_reader *reader, struct cel_regex_set *set)
{
    struct cel_regex_set part = {.arena = reader->arena, .steps = reader->steps};
    const char *from = reader->at;
    uint32_t low, high;

    if (class_rune(reader, &low) < 0)
        return -1;
    high = low;
    if (reader->end - reader->at >= 2 && reader->at[0] == '-' && reader->at[1] != ']') {
        reader->at++;
        if (class_rune(reader, &high) < 0)
            return -1;
        if (high < low)
            return cel_regex_wrong(reader, from, "this range runs backwards");
    }
    cel_regex_set_add(&part, low, high);
    add_finished(reader, set, &part, false);
    return 0;
}

static int class_item(struct cel_regex_reader *reader, struct cel_regex_set *set)
{
    const char *from = reader->at;
    int rc = posix_set(reader, set);

    if (rc)
        return rc;
    if (cel_regex_take(reader, "\\")) {
        rc = cel_regex_escaped_set(reader, from, set);
        if (rc)
            return rc;
        reader->at = from;
    }
    return class_range(reader, set);
}

struct cel_regex_node *cel_regex_brackets(struct cel_regex_reader *reader, const char *from)
{
    struct cel_regex_set set = {.arena = reader->arena, .steps = reader->steps};
    bool negated = cel_regex_take(reader, "^");

    /* A ']' that comes first is itself. */
    for (bool first = true; first || !cel_regex_ahead(reader, ']'); first = false) {
        if (!cel_regex_more(reader)) {
            cel_regex_wrong(reader, from, "this [ is not closed");
            return NULL;
        }
        if (class_item(reader, &set) < 0)
            return NULL;
        if (set.broken) {
            cel_regex_no_room(reader);
            return NULL;
        }
    }
    reader->at++;
    if (negated)
        cel_regex_set_negate(&set);
    return cel_regex_class_node(reader, &set);
}
