/* cel_strings.c - the library of strings. Positions count code points and are checked; searches run
 * in time linear in both texts, whoever wrote them. Spec: the string extensions' published
 * description and their conformance tests; docs/cel-functions.md.
 */
#include <inttypes.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/functions/cel_output.h"
#include "rules/cel/functions/cel_standard.h"
#include "rules/cel/functions/cel_string_format.h"

static struct cel_value out_of_range(struct cel_run *run, int64_t index)
{
    return cel_error_format(run->arena, "index out of range: %" PRId64, index);
}

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The byte at which that code point begins; SIZE_MAX: there are fewer. The one behind the last
 * begins at the end. */
static size_t byte_of(struct cel_value text, int64_t index)
{
    size_t at = 0;

    if (index < 0)
        return SIZE_MAX;
    for (; index > 0 && at < text.extra; index--)
        for (at++; at < text.extra && continues(text.text[at]);)
            at++;
    return index > 0 ? SIZE_MAX : at;
}

static struct cel_value index_of_byte(struct cel_value text, size_t at)
{
    return cel_int((int64_t)cel_string_size(cel_string(text.text, at)));
}

static struct cel_value part(struct cel_value text, size_t from, size_t to)
{
    return cel_string(text.text + from, to - from);
}

static CEL_FUNCTION(char_at)
{
    size_t at = byte_of(args[0], args[1].integer), end;

    (void)count;
    if (at == SIZE_MAX)
        return out_of_range(run, args[1].integer);
    for (end = at + (at < args[0].extra); end < args[0].extra && continues(args[0].text[end]);)
        end++;
    return part(args[0], at, end);
}

/* Where to search from or up to; a position is one of a character that is there. */
static bool position(struct cel_run *run, const struct cel_value *args, size_t count,
                     size_t *ret_at, struct cel_value *ret_error)
{
    *ret_at = byte_of(args[0], count > 2 ? args[2].integer : 0);
    if (count > 2 && (*ret_at == SIZE_MAX || *ret_at == args[0].extra)) {
        *ret_error = out_of_range(run, args[2].integer);
        return false;
    }
    return true;
}

static CEL_FUNCTION(index_of)
{
    struct cel_value text = args[0], wanted = args[1], error;
    const char *found;
    size_t at;

    if (!position(run, args, count, &at, &error))
        return error;
    found = memmem(text.text + at, text.extra - at, wanted.text, wanted.extra);
    return found ? index_of_byte(text, (size_t)(found - text.text)) : cel_int(-1);
}

static char *backwards(struct cel_run *run, const char *bytes, size_t length)
{
    char *copy = cel_arena_take(run->arena, length + 1);

    for (size_t i = 0; copy && i < length; i++)
        copy[i] = bytes[length - 1 - i];
    return copy;
}

/* The last occurrence is the first one of the text read backwards. */
static struct cel_value search_back(struct cel_run *run, struct cel_value text, size_t length,
                                    struct cel_value wanted)
{
    char *text_back = backwards(run, text.text, length);
    char *wanted_back = backwards(run, wanted.text, wanted.extra);
    const char *found;

    if (!text_back || !wanted_back)
        return cel_out_of_memory();
    found = memmem(text_back, length, wanted_back, wanted.extra);
    if (!found)
        return cel_int(-1);
    return index_of_byte(text, length - wanted.extra - (size_t)(found - text_back));
}

static CEL_FUNCTION(last_index_of)
{
    struct cel_value text = args[0], wanted = args[1], error;
    size_t at;

    if (!position(run, args, count, &at, &error))
        return error;
    if (count == 2 || text.extra - at < wanted.extra)
        return search_back(run, text, text.extra, wanted);
    return search_back(run, text, at + wanted.extra, wanted); /* begins there or before */
}

static CEL_FUNCTION(substring)
{
    size_t from = byte_of(args[0], args[1].integer), to = args[0].extra;

    if (count > 2) {
        if (args[1].integer > args[2].integer)
            return cel_error_format(run->arena,
                                    "invalid substring range. start: %" PRId64 ", end: %" PRId64,
                                    args[1].integer, args[2].integer);
        to = byte_of(args[0], args[2].integer);
    }
    if (from == SIZE_MAX)
        return out_of_range(run, args[1].integer);
    if (to == SIZE_MAX)
        return out_of_range(run, args[2].integer);
    return part(args[0], from, to);
}

static struct cel_value change_case(struct cel_run *run, struct cel_value text, char first)
{
    char *copy = cel_arena_copy(run->arena, text.text, text.extra);

    if (!copy)
        return cel_out_of_memory();
    for (uint32_t i = 0; i < text.extra; i++)
        if (copy[i] >= first && copy[i] < first + 26)
            copy[i] ^= 0x20;
    return cel_string(copy, text.extra);
}

static CEL_FUNCTION(lower_ascii)
{
    (void)count;
    return change_case(run, args[0], 'A');
}

static CEL_FUNCTION(upper_ascii)
{
    (void)count;
    return change_case(run, args[0], 'a');
}

static CEL_FUNCTION(reverse)
{
    struct cel_value text = args[0];
    char *out = cel_arena_take(run->arena, text.extra + (size_t)1);
    size_t end = text.extra;

    (void)count;
    if (!out)
        return cel_out_of_memory();
    for (size_t at = 0, next; at < text.extra; at = next) {
        for (next = at + 1; next < text.extra && continues(text.text[next]);)
            next++;
        end -= next - at;
        memcpy(out + end, text.text + at, next - at);
    }
    return cel_string(out, text.extra);
}

/* How many bytes of white space of Unicode stand at the beginning; 0: none. */
static size_t space_at(const char *at, size_t length)
{
    static const char *const spaces[] = {"\t",           "\n",           "\v",
                                         "\f",           "\r",           " ",
                                         "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80",
                                         "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
                                         "\xe2\x81\x9f", "\xe3\x80\x80"};

    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
        size_t size = strlen(spaces[i]);

        if (length >= size && memcmp(at, spaces[i], size) == 0)
            return size;
    }
    /* U+2000 to U+200A */
    return length >= 3 && memcmp(at, "\xe2\x80", 2) == 0 && (unsigned char)at[2] >= 0x80 &&
                   (unsigned char)at[2] <= 0x8a
               ? 3
               : 0;
}

static CEL_FUNCTION(trim)
{
    size_t from = 0, to = args[0].extra, size;

    (void)run;
    (void)count;
    while ((size = space_at(args[0].text + from, to - from)) > 0)
        from += size;
    while (to > from) {
        size_t last = to - 1;

        while (last > from && continues(args[0].text[last]))
            last--;
        if (space_at(args[0].text + last, to - last) != to - last)
            break;
        to = last;
    }
    return part(args[0], from, to);
}

static CEL_FUNCTION(join)
{
    struct cel_output output = {.run = run};
    const struct cel_list *list = args[0].list;

    for (size_t i = 0; i < list->count && cel_output_ok(&output); i++) {
        if (list->items[i].kind != CEL_STRING)
            return cel_no_overload(run->arena, "join: an element", &list->items[i], 1);
        if (i > 0 && count > 1)
            cel_output_add(&output, args[1].text, args[1].extra);
        cel_output_add(&output, list->items[i].text, list->items[i].extra);
    }
    return cel_output_value(&output);
}

/* The bytes of the character at 'at', or 0 at the end. */
static size_t character(struct cel_value text, size_t at)
{
    size_t next = at;

    if (at < text.extra)
        for (next++; next < text.extra && continues(text.text[next]);)
            next++;
    return next - at;
}

/* An empty 'old' stands before each character and at the end. */
static void replace_nothing(struct cel_output *output, struct cel_value text, struct cel_value new,
                            uint64_t left)
{
    for (size_t at = 0;; left--) {
        size_t size = left > 0 ? character(text, at) : text.extra - at;

        if (left > 0)
            cel_output_add(output, new.text, new.extra);
        cel_output_add(output, text.text + at, size);
        at += size;
        if (left == 0 || size == 0 || !cel_output_ok(output))
            return;
    }
}

static CEL_FUNCTION(replace)
{
    struct cel_value text = args[0], old = args[1], new = args[2];
    /* A negative number is all of them. */
    uint64_t left = count > 3 && args[3].integer >= 0 ? (uint64_t)args[3].integer : UINT64_MAX;
    struct cel_output output = {.run = run};
    size_t at = 0;

    if (old.extra == 0) {
        replace_nothing(&output, text, new, left);
        return cel_output_value(&output);
    }
    for (; left > 0 && cel_output_ok(&output); left--) {
        const char *found = memmem(text.text + at, text.extra - at, old.text, old.extra);

        if (!found)
            break;
        cel_output_add(&output, text.text + at, (size_t)(found - text.text) - at);
        cel_output_add(&output, new.text, new.extra);
        at = (size_t)(found - text.text) + old.extra;
    }
    cel_output_add(&output, text.text + at, text.extra - at);
    return cel_output_value(&output);
}

/* The end of the part that begins at 'at', and where the next one begins; false: it is the last. */
static bool next_part(struct cel_value text, struct cel_value separator, size_t at, size_t *ret_end,
                      size_t *ret_next)
{
    const char *found;

    if (separator.extra == 0) { /* characters */
        *ret_end = *ret_next = at + character(text, at);
        return *ret_end < text.extra;
    }
    found = memmem(text.text + at, text.extra - at, separator.text, separator.extra);
    if (!found)
        return false;
    *ret_end = (size_t)(found - text.text);
    *ret_next = *ret_end + separator.extra;
    return true;
}

static size_t count_parts(struct cel_value text, struct cel_value separator, uint64_t most)
{
    size_t parts = 1, at = 0, end;

    if (text.extra == 0 && separator.extra == 0)
        return 0;
    while (parts < most && next_part(text, separator, at, &end, &at))
        parts++;
    return parts;
}

static CEL_FUNCTION(split)
{
    struct cel_value text = args[0], separator = args[1];
    uint64_t most = count > 2 && args[2].integer >= 0 ? (uint64_t)args[2].integer : UINT64_MAX;
    size_t parts = most == 0 ? 0 : count_parts(text, separator, most), at = 0, end, next;
    struct cel_list *list;
    struct cel_value *items;

    if (!cel_run_spend(run, parts))
        return cel_over_budget();
    list = cel_arena_take(run->arena, sizeof(*list));
    items = cel_arena_take(run->arena, parts * sizeof(*items));
    if (!list || !items)
        return cel_out_of_memory();
    for (size_t i = 0; i < parts; i++, at = next) {
        if (i + 1 == parts || !next_part(text, separator, at, &end, &next))
            end = next = text.extra; /* the rest */
        items[i] = part(text, at, end);
    }
    *list = (struct cel_list){.count = parts, .items = items};
    return cel_list(list);
}

static CEL_FUNCTION(quote)
{
    static const char plain[] = "\a\b\f\n\r\t\v\\\"", escaped[] = "abfnrtv\\\"";
    struct cel_output output = {.run = run};
    struct cel_value text = args[0];
    size_t from = 0;

    (void)count;
    cel_output_text(&output, "\"");
    for (size_t i = 0; i < text.extra; i++) {
        const char *found = text.text[i] ? strchr(plain, text.text[i]) : NULL;

        if (!found)
            continue;
        cel_output_mended(&output, text.text + from, i - from);
        cel_output_add(&output, (const char[]){'\\', escaped[found - plain]}, 2);
        from = i + 1;
    }
    cel_output_mended(&output, text.text + from, text.extra - from);
    cel_output_text(&output, "\"");
    return cel_output_value(&output);
}

static const struct cel_overload OVERLOADS[] = {
    {"charAt", "string.(int) -> string", char_at, true},
    {"indexOf", "string.(string) -> int", index_of, true},
    {"indexOf", "string.(string, int) -> int", index_of, true},
    {"lastIndexOf", "string.(string) -> int", last_index_of, true},
    {"lastIndexOf", "string.(string, int) -> int", last_index_of, true},
    {"substring", "string.(int) -> string", substring, true},
    {"substring", "string.(int, int) -> string", substring, true},
    {"lowerAscii", "string.() -> string", lower_ascii, true},
    {"upperAscii", "string.() -> string", upper_ascii, true},
    {"reverse", "string.() -> string", reverse, true},
    {"trim", "string.() -> string", trim, true},
    {"join", "list<string>.() -> string", join, true},
    {"join", "list<string>.(string) -> string", join, true},
    {"replace", "string.(string, string) -> string", replace, true},
    {"replace", "string.(string, string, int) -> string", replace, true},
    {"split", "string.(string) -> list<string>", split, true},
    {"split", "string.(string, int) -> list<string>", split, true},
    {"strings.quote", "(string) -> string", quote, true},
    {"format", "string.(list<dyn>) -> string", cel_string_format, true},
};

const struct cel_library cel_strings = {
    .name = "strings",
    .overloads = OVERLOADS,
    .count = sizeof(OVERLOADS) / sizeof(OVERLOADS[0]),
};
