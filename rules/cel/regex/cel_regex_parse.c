/* cel_regex_parse.c - a pattern as a tree (cel_regex_tree.h). Spec: RE2's published syntax. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/regex/cel_regex.h"
#include "rules/cel/regex/cel_regex_reader.h"

#define GROUP_NAMES_MAX 64
#define NODE_STEPS 8 /* reading a part of a pattern, its memory included */

int cel_regex_wrong(struct cel_regex_reader *reader, const char *at, const char *format, ...)
{
    size_t character = 1;
    char words[200];
    va_list args;

    for (const char *c = reader->pattern; c < at; c++)
        character += ((unsigned char)c[0] & 0xc0) != 0x80;
    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    return error_set_code(reader->err, ERROR_INVALID, "pattern, character %zu: %s", character,
                          words);
}

int cel_regex_no_room(struct cel_regex_reader *reader)
{
    cel_regex_too_much(*reader->steps, reader->err);
    return -1;
}

void cel_regex_too_much(uint64_t steps, struct error *err)
{
    error_set_code(err, ERROR_INVALID, "pattern: it takes more %s than there is for it",
                   steps == 0 ? "time" : "memory");
}

bool cel_regex_take(struct cel_regex_reader *reader, const char *expected)
{
    size_t length = strlen(expected);

    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, expected, length) != 0)
        return false;
    reader->at += length;
    return true;
}

static bool continues(const struct cel_regex_reader *reader, unsigned count)
{
    if ((size_t)(reader->end - reader->at) <= count)
        return false;
    for (unsigned i = 1; i <= count; i++)
        if (((unsigned char)reader->at[i] & 0xc0) != 0x80)
            return false;
    return true;
}

int cel_regex_rune(struct cel_regex_reader *reader, uint32_t *ret)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)*reader->at;
    unsigned count = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    uint32_t rune = count ? lead & (0x3fu >> count) : lead;

    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || !continues(reader, count))
        return cel_regex_wrong(reader, reader->at, "this is not UTF-8");
    for (unsigned i = 1; i <= count; i++)
        rune = rune << 6 | ((unsigned char)reader->at[i] & 0x3f);
    if (rune < least[count] || rune > CEL_RUNE_MAX || (rune >= 0xd800 && rune <= 0xdfff))
        return cel_regex_wrong(reader, reader->at, "this is not UTF-8");
    reader->at += count + 1;
    *ret = rune;
    return 0;
}

struct cel_regex_node *cel_regex_node(struct cel_regex_reader *reader, enum cel_regex_form form)
{
    struct cel_regex_node *node = NULL;

    if (cel_regex_spend(reader->steps, NODE_STEPS))
        node = cel_arena_take(reader->arena, sizeof(*node));
    if (node)
        node->form = form;
    else
        cel_regex_no_room(reader);
    return node;
}

struct cel_regex_node *cel_regex_class_node(struct cel_regex_reader *reader,
                                            struct cel_regex_set *set)
{
    struct cel_regex_node *node;

    cel_regex_set_sort(set);
    reader->ranges += set->count;
    if (set->broken || reader->ranges > CEL_REGEX_RANGES_MAX) {
        cel_regex_no_room(reader);
        return NULL;
    }
    node = cel_regex_node(reader, CEL_REGEX_CLASS);
    if (node) {
        node->class.ranges = set->ranges;
        node->class.count = set->count;
    }
    return node;
}

struct cel_regex_node *cel_regex_rune_node(struct cel_regex_reader *reader, uint32_t rune)
{
    struct cel_regex_set set = {.arena = reader->arena, .steps = reader->steps};
    struct cel_regex_node *node;

    if (reader->flags.fold) {
        cel_regex_set_add(&set, rune, rune);
        cel_regex_set_fold(&set);
        if (set.broken || set.count > 1 || set.ranges[0].low != set.ranges[0].high)
            return cel_regex_class_node(reader, &set);
    }
    node = cel_regex_node(reader, CEL_REGEX_RUNE);
    if (node)
        node->rune = rune;
    return node;
}

static struct cel_regex_node *place(struct cel_regex_reader *reader, enum cel_regex_place at)
{
    struct cel_regex_node *node = cel_regex_node(reader, CEL_REGEX_PLACE);

    if (node)
        node->place = at;
    return node;
}

static struct cel_regex_node *any(struct cel_regex_reader *reader)
{
    struct cel_regex_set set = {.arena = reader->arena, .steps = reader->steps};

    if (!reader->flags.all)
        cel_regex_set_add(&set, '\n', '\n');
    cel_regex_set_negate(&set);
    return cel_regex_class_node(reader, &set);
}

static void append(struct cel_regex_node *parent, struct cel_regex_node *part)
{
    part->previous = parent->last;
    parent->last = part;
}

static struct cel_regex_node *escape(struct cel_regex_reader *reader, const char *from)
{
    struct cel_regex_set set = {.arena = reader->arena, .steps = reader->steps};
    uint32_t rune;
    int rc;

    if (cel_regex_take(reader, "A"))
        return place(reader, CEL_REGEX_TEXT_BEGIN);
    if (cel_regex_take(reader, "z"))
        return place(reader, CEL_REGEX_TEXT_END);
    if (cel_regex_take(reader, "b"))
        return place(reader, CEL_REGEX_WORD_EDGE);
    if (cel_regex_take(reader, "B"))
        return place(reader, CEL_REGEX_NO_WORD_EDGE);
    rc = cel_regex_escaped_set(reader, from, &set);
    if (rc > 0)
        return cel_regex_class_node(reader, &set);
    if (rc < 0 || cel_regex_escaped_rune(reader, from, &rune) < 0)
        return NULL;
    return cel_regex_rune_node(reader, rune);
}

/* ---- repeats ---- */

static bool number(struct cel_regex_reader *reader, int *ret)
{
    const char *from = reader->at;

    for (*ret = 0; cel_regex_more(reader) && *reader->at >= '0' && *reader->at <= '9'; reader->at++)
        if (*ret <= CEL_REGEX_REPEAT_MAX)
            *ret = *ret * 10 + *reader->at - '0';
    return reader->at > from;
}

/* "{2}", "{2,}", "{2,5}". Anything else with a brace is text, as in RE2. */
static bool counted(struct cel_regex_reader *reader, int *ret_min, int *ret_max)
{
    const char *from = reader->at;

    if (cel_regex_take(reader, "{") && number(reader, ret_min)) {
        *ret_max = *ret_min;
        if (cel_regex_take(reader, ",") && !number(reader, ret_max))
            *ret_max = CEL_REGEX_ENDLESS;
        if (cel_regex_take(reader, "}"))
            return true;
    }
    reader->at = from;
    return false;
}

static bool quantifier(struct cel_regex_reader *reader, int *ret_min, int *ret_max)
{
    *ret_max = CEL_REGEX_ENDLESS;
    if (cel_regex_take(reader, "*")) {
        *ret_min = 0;
    } else if (cel_regex_take(reader, "+")) {
        *ret_min = 1;
    } else if (cel_regex_take(reader, "?")) {
        *ret_min = 0;
        *ret_max = 1;
    } else {
        return counted(reader, ret_min, ret_max);
    }
    return true;
}

static struct cel_regex_node *nothing_to_repeat(struct cel_regex_reader *reader, const char *from)
{
    cel_regex_wrong(reader, from, "there is nothing here to repeat");
    return NULL;
}

/* ---- groups ---- */

static struct cel_regex_node *choice(struct cel_regex_reader *reader);

static bool word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* "name>": nothing is given back by it, but two of one name are a mistake. */
static int group_name(struct cel_regex_reader *reader)
{
    const char *name = reader->at;
    size_t length;

    while (cel_regex_more(reader) && word(*reader->at))
        reader->at++;
    length = (size_t)(reader->at - name);
    if (length == 0 || !cel_regex_take(reader, ">"))
        return cel_regex_wrong(reader, name,
                               "the name of a group is letters, digits and _, then >");
    for (size_t i = 0; i < reader->name_count; i++)
        if (reader->name_lengths[i] == length && memcmp(reader->names[i], name, length) == 0)
            return cel_regex_wrong(reader, name, "this name stands twice");
    if (reader->name_count == GROUP_NAMES_MAX)
        return cel_regex_wrong(reader, name, "at most %d groups have names", GROUP_NAMES_MAX);
    reader->names[reader->name_count] = name;
    reader->name_lengths[reader->name_count++] = length;
    return 0;
}

static int refuse_group(struct cel_regex_reader *reader, const char *from)
{
    static const struct {
        const char *begins, *says;
    } known[] = {
        {"(?<=", "look-behind does not run in linear time"},
        {"(?<!", "look-behind does not run in linear time"},
        {"(?=", "look-ahead does not run in linear time"},
        {"(?!", "look-ahead does not run in linear time"},
        {"(?>", "atomic groups are not known: use (?:...)"},
        {"(?|", "branch reset is not known: use (?:...)"},
        {"(?#", "comments are not known"},
        {"(?P=", "back-references do not run in linear time"},
        {"(?P>", "recursion does not run in linear time"},
        {"(?R", "recursion does not run in linear time"},
        {"(?&", "recursion does not run in linear time"},
        {"(?(", "conditions are not known"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t length = strlen(known[i].begins);

        if ((size_t)(reader->end - from) >= length && memcmp(from, known[i].begins, length) == 0)
            return cel_regex_wrong(reader, from, "%s", known[i].says);
    }
    return 0;
}

/* "i-s:" or "i-s)" behind "(?". 1: a group follows; 0: the flags hold from here on. */
static int read_flags(struct cel_regex_reader *reader, const char *from)
{
    struct cel_regex_flags flags = reader->flags;
    bool on = true, any_letter = false;

    for (; cel_regex_more(reader); reader->at++) {
        char c = *reader->at;

        if (c == 'i')
            flags.fold = on;
        else if (c == 'm')
            flags.lines = on;
        else if (c == 's')
            flags.all = on;
        else if (c == '-' && on)
            on = false;
        else if (c != 'U') /* who is greedy: no matter here */
            break;
        any_letter = c != '-';
    }
    if ((!any_letter && !on) || (!cel_regex_ahead(reader, ':') && !cel_regex_ahead(reader, ')')))
        return cel_regex_wrong(reader, from, "behind (? stand flags of i, m, s and U, then : or )");
    reader->flags = flags;
    return *reader->at++ == ':';
}

/* Behind "(". *ret_flags_only: it was "(?i)", which is no node. */
static int group_head(struct cel_regex_reader *reader, const char *from, bool *ret_flags_only)
{
    int rc;

    *ret_flags_only = false;
    if (!cel_regex_take(reader, "?"))
        return 0;
    if (refuse_group(reader, from) < 0)
        return -1;
    if (cel_regex_take(reader, "P<") || cel_regex_take(reader, "<"))
        return group_name(reader);
    rc = read_flags(reader, from);
    *ret_flags_only = rc == 0;
    return rc < 0 ? -1 : 0;
}

static struct cel_regex_node *group(struct cel_regex_reader *reader, const char *from)
{
    struct cel_regex_flags outside = reader->flags;
    struct cel_regex_node *node;
    bool flags_only;
    int min, max;

    if (reader->depth == CEL_REGEX_DEPTH_MAX) {
        cel_regex_wrong(reader, from, "more than %d brackets are open", CEL_REGEX_DEPTH_MAX);
        return NULL;
    }
    if (group_head(reader, from, &flags_only) < 0)
        return NULL;
    if (flags_only)
        return quantifier(reader, &min, &max) ? nothing_to_repeat(reader, from)
                                              : cel_regex_node(reader, CEL_REGEX_EMPTY);
    reader->depth++;
    node = choice(reader);
    reader->depth--;
    reader->flags = outside;
    if (node && !cel_regex_take(reader, ")")) {
        cel_regex_wrong(reader, from, "this ( is not closed");
        return NULL;
    }
    return node;
}

/* ---- sequences and choices ---- */

/* NULL with 'err'; 'node' itself when nothing repeats it. */
static struct cel_regex_node *repeated(struct cel_regex_reader *reader, struct cel_regex_node *node)
{
    const char *from = reader->at;
    struct cel_regex_node *repeat;
    int min, max, other_min, other_max;

    if (!quantifier(reader, &min, &max))
        return node;
    if (min > CEL_REGEX_REPEAT_MAX || max > CEL_REGEX_REPEAT_MAX)
        cel_regex_wrong(reader, from, "at most %d repeats", CEL_REGEX_REPEAT_MAX);
    else if (max != CEL_REGEX_ENDLESS && max < min)
        cel_regex_wrong(reader, from, "the greater number comes second");
    else if (!cel_regex_take(reader, "?") && cel_regex_ahead(reader, '+'))
        cel_regex_wrong(reader, reader->at, "possessive repeats are not known");
    else if (from = reader->at, quantifier(reader, &other_min, &other_max))
        cel_regex_wrong(reader, from, "this repeats a repeat: put brackets around it");
    else if ((repeat = cel_regex_node(reader, CEL_REGEX_REPEAT))) {
        repeat->repeat.of = node;
        repeat->repeat.min = min;
        repeat->repeat.max = max;
        return repeat;
    }
    return NULL;
}

static struct cel_regex_node *atom(struct cel_regex_reader *reader)
{
    const char *from = reader->at;
    uint32_t rune;
    int min, max;

    if (cel_regex_take(reader, "("))
        return group(reader, from);
    if (cel_regex_take(reader, "["))
        return cel_regex_brackets(reader, from);
    if (cel_regex_take(reader, "\\"))
        return escape(reader, from);
    if (cel_regex_take(reader, "."))
        return any(reader);
    if (cel_regex_take(reader, "^"))
        return place(reader, reader->flags.lines ? CEL_REGEX_LINE_BEGIN : CEL_REGEX_TEXT_BEGIN);
    if (cel_regex_take(reader, "$"))
        return place(reader, reader->flags.lines ? CEL_REGEX_LINE_END : CEL_REGEX_TEXT_END);
    if (quantifier(reader, &min, &max))
        return nothing_to_repeat(reader, from);
    return cel_regex_rune(reader, &rune) < 0 ? NULL : cel_regex_rune_node(reader, rune);
}

/* \Q...\E is text; the end of the pattern ends it too. What repeats it repeats its last character.
 */
static int quoted(struct cel_regex_reader *reader, struct cel_regex_node *sequence)
{
    bool open = !cel_regex_take(reader, "\\E");

    while (open && cel_regex_more(reader)) {
        struct cel_regex_node *part;
        uint32_t rune;

        if (cel_regex_rune(reader, &rune) < 0 || !(part = cel_regex_rune_node(reader, rune)))
            return -1;
        open = !cel_regex_take(reader, "\\E");
        if (!open && !(part = repeated(reader, part)))
            return -1;
        append(sequence, part);
    }
    return 0;
}

static int sequence_part(struct cel_regex_reader *reader, struct cel_regex_node *sequence)
{
    struct cel_regex_node *part;

    if (cel_regex_take(reader, "\\Q"))
        return quoted(reader, sequence);
    part = atom(reader);
    if (part)
        part = repeated(reader, part);
    if (!part)
        return -1;
    append(sequence, part);
    return 0;
}

static struct cel_regex_node *sequence(struct cel_regex_reader *reader)
{
    struct cel_regex_node *node = cel_regex_node(reader, CEL_REGEX_SEQUENCE);

    while (node && cel_regex_more(reader) && *reader->at != '|' && *reader->at != ')')
        if (sequence_part(reader, node) < 0)
            return NULL;
    return node;
}

static struct cel_regex_node *choice(struct cel_regex_reader *reader)
{
    struct cel_regex_node *first = sequence(reader), *node, *next;

    if (!first || !cel_regex_ahead(reader, '|'))
        return first;
    if (!(node = cel_regex_node(reader, CEL_REGEX_CHOICE)))
        return NULL;
    append(node, first);
    while (cel_regex_take(reader, "|")) {
        if (!(next = sequence(reader)))
            return NULL;
        append(node, next);
    }
    return node;
}

struct cel_regex_node *cel_regex_parse(struct cel_arena *arena, const char *pattern, size_t length,
                                       uint64_t *steps, struct error *err)
{
    const char *names[GROUP_NAMES_MAX];
    size_t name_lengths[GROUP_NAMES_MAX];
    struct cel_regex_reader reader = {.arena = arena,
                                      .steps = steps,
                                      .err = err,
                                      .pattern = pattern,
                                      .at = pattern,
                                      .end = pattern + length,
                                      .names = names,
                                      .name_lengths = name_lengths};
    struct cel_regex_node *node;

    if (length > CEL_REGEX_BYTES_MAX) {
        error_set_code(err, ERROR_INVALID, "pattern: it has %zu bytes, at most %d are allowed",
                       length, CEL_REGEX_BYTES_MAX);
        return NULL;
    }
    node = choice(&reader);
    if (node && cel_regex_more(&reader)) {
        cel_regex_wrong(&reader, reader.at, "this ) closes nothing");
        return NULL;
    }
    return node;
}
