/* cel_regex_run.c - all ways through the program at once, byte by byte: each instruction is looked
 * at at most once a byte, whatever the pattern. */
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/regex/cel_regex_program.h"

#define ON_STACK 4096 /* bytes of a walk: programs of some 200 instructions ask for no memory */

size_t cel_regex_walk_size(const struct cel_regex *regex)
{
    /* Three marks and four lists; the stack holds each instruction once. */
    return regex->count * (3 * sizeof(uint32_t) + 4 * sizeof(uint16_t));
}

void cel_regex_walk_start(struct cel_regex_walk *walk, const struct cel_regex *regex, void *memory)
{
    size_t count = regex->count;
    uint32_t *marks = memory;
    uint16_t *items = (uint16_t *)(marks + 3 * count);

    *walk = (struct cel_regex_walk){
        .regex = regex,
        .now = {.items = items, .marks = marks, .step = 1},
        .next = {.items = items + count, .marks = marks + count, .step = 1},
        .seen = {.items = items + 2 * count, .marks = marks + 2 * count, .step = 1},
        .stack = items + 3 * count};
    cel_regex_states_add(&walk->now, regex->start);
}

void cel_regex_states_add(struct cel_regex_states *states, uint16_t instruction)
{
    if (states->marks[instruction] == states->step)
        return;
    states->marks[instruction] = states->step;
    states->items[states->count++] = instruction;
}

static void clear(struct cel_regex_states *states)
{
    states->count = 0;
    states->step++;
}

static bool word(unsigned byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || byte == '_';
}

unsigned cel_regex_before(unsigned byte)
{
    return (byte == '\n' ? CEL_REGEX_BEFORE_LINE : 0u) | (word(byte) ? CEL_REGEX_BEFORE_WORD : 0u);
}

static bool holds(enum cel_regex_place place, unsigned before, unsigned byte)
{
    bool edge = ((before & CEL_REGEX_BEFORE_WORD) != 0) != word(byte);

    switch (place) {
    case CEL_REGEX_TEXT_BEGIN:
        return before & CEL_REGEX_BEFORE_NOTHING;
    case CEL_REGEX_TEXT_END:
        return byte == CEL_REGEX_END;
    case CEL_REGEX_LINE_BEGIN:
        return before & (CEL_REGEX_BEFORE_NOTHING | CEL_REGEX_BEFORE_LINE);
    case CEL_REGEX_LINE_END:
        return byte == CEL_REGEX_END || byte == '\n';
    case CEL_REGEX_WORD_EDGE:
        return edge;
    default: /* a place within a character is none */
        return !edge && (byte == CEL_REGEX_END || !cel_regex_continues(byte));
    }
}

/* Put on the stack once a step, so that it holds no more than there are instructions. */
static void push(struct cel_regex_walk *walk, size_t *depth, uint16_t instruction)
{
    if (walk->seen.marks[instruction] == walk->seen.step)
        return;
    walk->seen.marks[instruction] = walk->seen.step;
    walk->stack[(*depth)++] = instruction;
}

/* All that is reached from one state without a byte, and over the byte. True: a match. */
static bool follow(struct cel_regex_walk *walk, uint16_t from, unsigned before, unsigned byte)
{
    const struct cel_regex *regex = walk->regex;
    size_t depth = 0;

    push(walk, &depth, from);
    for (; depth > 0; walk->steps++) {
        const struct cel_regex_instruction *at = &regex->program[walk->stack[--depth]];

        switch (at->op) {
        case CEL_REGEX_OP_MATCH:
            return true;
        case CEL_REGEX_OP_BYTES:
            if (byte != CEL_REGEX_END && cel_regex_has(&regex->sets[at->argument], byte))
                cel_regex_states_add(&walk->next, at->next);
            break;
        case CEL_REGEX_OP_SPLIT:
            push(walk, &depth, at->argument);
            push(walk, &depth, at->next);
            break;
        case CEL_REGEX_OP_PLACE:
            if (holds((enum cel_regex_place)at->argument, before, byte))
                push(walk, &depth, at->next);
            break;
        default:
            break;
        }
    }
    return false;
}

bool cel_regex_step(struct cel_regex_walk *walk, unsigned before, unsigned byte)
{
    struct cel_regex_states now = walk->now;

    clear(&walk->next);
    clear(&walk->seen);
    for (size_t i = 0; i < now.count; i++)
        if (follow(walk, now.items[i], before, byte))
            return true;
    if (!walk->regex->anchored) /* a match may begin behind the byte */
        cel_regex_states_add(&walk->next, walk->regex->start);
    walk->now = walk->next;
    walk->next = now;
    return false;
}

/* At most *steps, which are taken off it. 1, 0 or -1. */
static int walk_text(const struct cel_regex *regex, void *memory, const char *text, size_t length,
                     uint64_t *steps)
{
    unsigned before = CEL_REGEX_BEFORE_NOTHING;
    struct cel_regex_walk walk;
    bool matched = false;
    size_t i = 0;

    cel_regex_walk_start(&walk, regex, memory);
    for (; i < length && walk.now.count > 0 && !matched && walk.steps < *steps; i++) {
        unsigned byte = (unsigned char)text[i];

        matched = cel_regex_step(&walk, before, byte);
        before = cel_regex_before(byte);
    }
    if (i == length && !matched && walk.now.count > 0)
        matched = cel_regex_step(&walk, before, CEL_REGEX_END);
    return cel_regex_spend(steps, walk.steps + i) ? matched : -1;
}

static bool search_literal(const struct cel_regex *regex, const char *text, size_t length)
{
    if (regex->literal_length > length ||
        (regex->anchored && regex->to_end && regex->literal_length != length))
        return false;
    if (regex->to_end)
        text += length - regex->literal_length;
    if (regex->anchored || regex->to_end)
        return memcmp(text, regex->literal, regex->literal_length) == 0;
    return memmem(text, length, regex->literal, regex->literal_length) != NULL;
}

/* Moves to where the first match may begin. False: there is none. */
static bool skip(const struct cel_regex *regex, const char **text, size_t *length)
{
    const char *found;

    if (regex->literal_length == 0)
        return true;
    if (regex->anchored)
        return regex->literal_length <= *length &&
               memcmp(*text, regex->literal, regex->literal_length) == 0;
    found = memmem(*text, *length, regex->literal, regex->literal_length);
    if (found && !regex->placed) { /* else it matters what stands before */
        *length -= (size_t)(found - *text);
        *text = found;
    }
    return found != NULL;
}

static int search_table(const struct cel_regex *regex, const char *text, size_t length,
                        uint64_t *steps)
{
    size_t read, most = length < *steps ? length : (size_t)*steps;
    bool matched = cel_regex_table_search(regex, text, most, &read);

    return cel_regex_spend(steps, read) ? matched : -1;
}

int cel_regex_search(const struct cel_regex *regex, const char *text, size_t length,
                     struct cel_arena *arena, uint64_t *steps)
{
    _Alignas(uint32_t) char on_stack[ON_STACK];
    size_t size = cel_regex_walk_size(regex);
    void *memory = on_stack;

    if (length == 0)
        text = "";
    if (regex->literal_length > 0 && !cel_regex_spend(steps, length))
        return -1;
    if (regex->only_literal)
        return search_literal(regex, text, length);
    if (!skip(regex, &text, &length))
        return 0;
    if (regex->table)
        return search_table(regex, text, length, steps);
    if (!cel_regex_spend(steps, regex->count)) /* its memory is cleared */
        return -1;
    if (size > sizeof(on_stack)) {
        if (!(memory = cel_arena_take(arena, size)))
            return -1;
    } else {
        memset(memory, 0, size);
    }
    return walk_text(regex, memory, text, length, steps);
}

uint64_t cel_regex_steps(size_t size, uint64_t length)
{
    uint64_t all;

    /* Each byte, the end and the memory; and all bytes for the literal, and for going on. */
    if (length >= UINT32_MAX || __builtin_mul_overflow(size + 2, length + 2, &all))
        return UINT64_MAX;
    return all;
}
