/* cel_regex_compile.c - a tree as instructions, from its end to its beginning: each part is told
 * what comes after it, so that nothing is patched but the way back of a loop. */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/regex/cel_regex_program.h"

#define BUCKETS 256
#define NOTHING UINT16_MAX
#define FAN_STEP 16      /* bytes of which one step tells where they lead */
#define PATTERN_STEPS 64 /* any pattern, however short; and one a byte for finding its literal */

struct compiler {
    struct cel_arena *arena;
    struct cel_regex_instruction *program;
    struct cel_regex_bytes *sets;
    size_t count, room, sets_count, sets_room;
    uint16_t *sets_chain; /* beside them: the next one with the same hash */
    uint64_t *steps;      /* that are left */
    uint16_t buckets[BUCKETS], sets_buckets[BUCKETS];
    bool too_large, no_room, placed;
};

/* Twice the room; what is there is copied. */
static void *grown(struct compiler *compiler, const void *old, size_t *room, size_t first,
                   size_t size)
{
    size_t wanted = *room ? *room * 2 : first;
    void *grown = cel_arena_take(compiler->arena, wanted * size);

    if (!grown) {
        compiler->no_room = true;
        return NULL;
    }
    if (*room)
        memcpy(grown, old, *room * size);
    *room = wanted;
    return grown;
}

/* Also what makes no instruction takes its time: a repeat of nothing, a class without members. */
static void pay(struct compiler *compiler, uint64_t steps)
{
    if (!cel_regex_spend(compiler->steps, steps))
        compiler->no_room = true;
}

static bool failed(const struct compiler *compiler)
{
    return compiler->too_large || compiler->no_room;
}

static uint16_t emit(struct compiler *compiler, enum cel_regex_op op, uint16_t next,
                     uint16_t argument)
{
    if (compiler->count >= CEL_REGEX_PROGRAM_MAX)
        compiler->too_large = true;
    pay(compiler, 2);
    if (!failed(compiler) && compiler->count == compiler->room) {
        void *program =
            grown(compiler, compiler->program, &compiler->room, 32, sizeof(compiler->program[0]));

        if (program)
            compiler->program = program;
    }
    if (failed(compiler))
        return CEL_REGEX_FAIL;
    compiler->program[compiler->count] = (struct cel_regex_instruction){
        .op = (uint8_t)op, .next = next, .argument = argument, .chain = NOTHING};
    return (uint16_t)compiler->count++;
}

/* The same instruction if there is one: equal ends of choices and classes are shared. */
static uint16_t emit_once(struct compiler *compiler, enum cel_regex_op op, uint16_t next,
                          uint16_t argument)
{
    unsigned hash = ((unsigned)op * 31u + next * 61u + argument * 7u) % BUCKETS;
    uint16_t at = compiler->buckets[hash];

    pay(compiler, 1);
    for (; at != NOTHING; at = compiler->program[at].chain) {
        const struct cel_regex_instruction *same = &compiler->program[at];

        pay(compiler, 1);
        if (same->op == op && same->next == next && same->argument == argument)
            return at;
    }
    at = emit(compiler, op, next, argument);
    if (!failed(compiler)) {
        compiler->program[at].chain = compiler->buckets[hash];
        compiler->buckets[hash] = at;
    }
    return at;
}

/* Either of two; of which one may lead nowhere. */
static uint16_t either(struct compiler *compiler, uint16_t left, uint16_t right)
{
    if (left == CEL_REGEX_FAIL || left == right)
        return right;
    return right == CEL_REGEX_FAIL ? left : emit_once(compiler, CEL_REGEX_OP_SPLIT, left, right);
}

static unsigned hash_of(const struct cel_regex_bytes *set)
{
    uint64_t mixed = 0;

    for (size_t i = 0; i < 4; i++)
        mixed = (mixed ^ set->bits[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(mixed >> 56) % BUCKETS;
}

/* Room for one more. */
static bool room_for_set(struct compiler *compiler)
{
    size_t room = compiler->sets_room;
    void *sets, *chain;

    if (compiler->sets_count < room)
        return true;
    chain = grown(compiler, compiler->sets_chain, &room, 8, sizeof(compiler->sets_chain[0]));
    sets = grown(compiler, compiler->sets, &compiler->sets_room, 8, sizeof(compiler->sets[0]));
    if (!chain || !sets)
        return false;
    compiler->sets_chain = chain;
    compiler->sets = sets;
    return true;
}

static uint16_t set_of(struct compiler *compiler, const struct cel_regex_bytes *set)
{
    unsigned hash = hash_of(set);
    uint16_t at = compiler->sets_buckets[hash];

    pay(compiler, 1);
    for (; at != NOTHING; at = compiler->sets_chain[at]) {
        pay(compiler, 1);
        if (memcmp(&compiler->sets[at], set, sizeof(*set)) == 0)
            return at;
    }
    if (!room_for_set(compiler))
        return 0;
    compiler->sets[compiler->sets_count] = *set;
    compiler->sets_chain[compiler->sets_count] = compiler->sets_buckets[hash];
    compiler->sets_buckets[hash] = (uint16_t)compiler->sets_count;
    return (uint16_t)compiler->sets_count++;
}

static uint16_t emit_bytes(struct compiler *compiler, const struct cel_regex_bytes *set,
                           uint16_t next)
{
    if (next == CEL_REGEX_FAIL)
        return next;
    return emit_once(compiler, CEL_REGEX_OP_BYTES, next, set_of(compiler, set));
}

static uint16_t emit_byte(struct compiler *compiler, unsigned byte, uint16_t next)
{
    struct cel_regex_bytes set = {{0}};

    set.bits[byte / 64] |= UINT64_C(1) << (byte % 64);
    return emit_bytes(compiler, &set, next);
}

static size_t utf8_of(uint32_t rune, char out[4])
{
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    if (rune < 0x800) {
        out[0] = (char)(0xc0 | rune >> 6);
        out[1] = (char)(0x80 | (rune & 0x3f));
        return 2;
    }
    if (rune < 0x10000) {
        out[0] = (char)(0xe0 | rune >> 12);
        out[1] = (char)(0x80 | (rune >> 6 & 0x3f));
        out[2] = (char)(0x80 | (rune & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | rune >> 18);
    out[1] = (char)(0x80 | (rune >> 12 & 0x3f));
    out[2] = (char)(0x80 | (rune >> 6 & 0x3f));
    out[3] = (char)(0x80 | (rune & 0x3f));
    return 4;
}

static uint16_t emit_rune(struct compiler *compiler, uint32_t rune, uint16_t next)
{
    char bytes[4];

    for (size_t length = utf8_of(rune, bytes); length > 0; length--)
        next = emit_byte(compiler, (unsigned char)bytes[length - 1], next);
    return next;
}

/* ---- classes ---- */

struct class
{
    const struct cel_range *ranges;
    size_t count, at; /* those before 'at' lie before all that is asked for from now on */
    uint16_t next;
    uint16_t all[4]; /* any 0 to 3 bytes more, once it is made */
};

enum cover { COVER_NONE, COVER_PART, COVER_ALL };

/* How much of low..high the class has; 'low' never goes back. */
static enum cover cover_of(struct compiler *compiler, struct class *class, uint32_t low,
                           uint32_t high)
{
    const struct cel_range *range;

    pay(compiler, 1);
    for (; class->at < class->count && class->ranges[class->at].high < low; class->at++)
        pay(compiler, 1);
    if (class->at == class->count)
        return COVER_NONE;
    range = &class->ranges[class->at];
    if (range->low > high)
        return COVER_NONE;
    return range->low <= low && range->high >= high ? COVER_ALL : COVER_PART;
}

/* The bytes from 'first' on lead to targets[i] each: one instruction for each target. */
static uint16_t fan_out(struct compiler *compiler, const uint16_t *targets, unsigned first,
                        unsigned count)
{
    uint16_t way = CEL_REGEX_FAIL;
    bool done[256] = {false};

    pay(compiler, count / FAN_STEP);
    for (unsigned i = 0; i < count; i++) {
        struct cel_regex_bytes set = {{0}};

        if (done[i] || targets[i] == CEL_REGEX_FAIL)
            continue;
        pay(compiler, (count - i) / FAN_STEP + 1);
        for (unsigned k = i; k < count; k++)
            if (targets[k] == targets[i]) {
                done[k] = true;
                set.bits[(first + k) / 64] |= UINT64_C(1) << ((first + k) % 64);
            }
        way = either(compiler, emit_bytes(compiler, &set, targets[i]), way);
    }
    return way;
}

static uint16_t any_tail(struct compiler *compiler, struct class *class, unsigned levels)
{
    uint16_t targets[64];

    if (class->all[levels] == NOTHING) {
        uint16_t next = any_tail(compiler, class, levels - 1);

        for (unsigned i = 0; i < 64; i++)
            targets[i] = next;
        class->all[levels] = fan_out(compiler, targets, 0x80, 64);
    }
    return class->all[levels];
}

/* 'levels' more bytes of a character that begins at 'base' of those which may be written so, from
 * 'least' on: a shorter form is none of them. */
static uint16_t tail(struct compiler *compiler, struct class *class, uint32_t base, unsigned levels,
                     uint32_t least)
{
    uint32_t size = UINT32_C(1) << (6 * levels);
    enum cover cover = COVER_NONE;
    uint16_t targets[64];

    if (base + size > least)
        cover = cover_of(compiler, class, base < least ? least : base, base + size - 1);
    if (cover == COVER_NONE || failed(compiler))
        return CEL_REGEX_FAIL;
    if (levels == 0)
        return class->next;
    if (cover == COVER_ALL && base >= least)
        return any_tail(compiler, class, levels);
    for (unsigned i = 0; i < 64; i++)
        targets[i] = tail(compiler, class, base + i * (size / 64), levels - 1, least);
    return fan_out(compiler, targets, 0x80, 64);
}

static uint16_t emit_class(struct compiler *compiler, const struct cel_regex_node *node,
                           uint16_t next)
{
    struct class class = {.ranges = node->class.ranges,
                          .count = node->class.count,
                          .next = next,
                          .all = {next, NOTHING, NOTHING, NOTHING}};
    uint16_t targets[256];

    for (unsigned byte = 0; byte < 256; byte++) {
        if (byte < 0x80)
            targets[byte] = tail(compiler, &class, byte, 0, 0);
        else if (byte >= 0xc2 && byte < 0xe0)
            targets[byte] = tail(compiler, &class, (byte & 0x1f) << 6, 1, 0x80);
        else if (byte >= 0xe0 && byte < 0xf0)
            targets[byte] = tail(compiler, &class, (byte & 0x0f) << 12, 2, 0x800);
        else if (byte >= 0xf0 && byte < 0xf5)
            targets[byte] = tail(compiler, &class, (byte & 0x07) << 18, 3, 0x10000);
        else
            targets[byte] = CEL_REGEX_FAIL;
    }
    return fan_out(compiler, targets, 0, 256);
}

/* ---- the tree ---- */

static uint16_t emit_node(struct compiler *compiler, const struct cel_regex_node *node,
                          uint16_t next);

static uint16_t emit_loop(struct compiler *compiler, const struct cel_regex_node *of, uint16_t next,
                          bool at_least_once)
{
    uint16_t loop = emit(compiler, CEL_REGEX_OP_SPLIT, CEL_REGEX_FAIL, next);
    uint16_t body = emit_node(compiler, of, loop);

    if (failed(compiler))
        return CEL_REGEX_FAIL;
    compiler->program[loop].next = body;
    return at_least_once ? body : loop;
}

static uint16_t emit_repeat(struct compiler *compiler, const struct cel_regex_node *node,
                            uint16_t next)
{
    int min = node->repeat.min;
    uint16_t after = next;

    if (node->repeat.max == CEL_REGEX_ENDLESS) {
        next = emit_loop(compiler, node->repeat.of, next, min > 0);
        min -= min > 0;
    } else { /* each of the rest may be the last */
        for (int i = min; i < node->repeat.max && !failed(compiler); i++)
            next = either(compiler, emit_node(compiler, node->repeat.of, next), after);
    }
    for (; min > 0 && !failed(compiler); min--)
        next = emit_node(compiler, node->repeat.of, next);
    return next;
}

static uint16_t emit_parts(struct compiler *compiler, const struct cel_regex_node *node,
                           uint16_t next)
{
    bool choice = node->form == CEL_REGEX_CHOICE;
    uint16_t way = choice ? CEL_REGEX_FAIL : next;

    for (const struct cel_regex_node *part = node->last; part; part = part->previous)
        way = choice ? either(compiler, emit_node(compiler, part, next), way)
                     : emit_node(compiler, part, way);
    return way;
}

static uint16_t emit_node(struct compiler *compiler, const struct cel_regex_node *node,
                          uint16_t next)
{
    pay(compiler, 1);
    if (failed(compiler))
        return CEL_REGEX_FAIL;
    switch (node->form) {
    case CEL_REGEX_EMPTY:
        return next;
    case CEL_REGEX_RUNE:
        return emit_rune(compiler, node->rune, next);
    case CEL_REGEX_CLASS:
        return emit_class(compiler, node, next);
    case CEL_REGEX_PLACE:
        compiler->placed = true;
        return emit_once(compiler, CEL_REGEX_OP_PLACE, next, (uint16_t)node->place);
    case CEL_REGEX_REPEAT:
        return emit_repeat(compiler, node, next);
    default:
        return emit_parts(compiler, node, next);
    }
}

/* ---- what can be seen before it runs ---- */

static bool is_place(const struct cel_regex_node *node, enum cel_regex_place place)
{
    return node->form == CEL_REGEX_PLACE && node->place == place;
}

static const struct cel_regex_node *first_of(const struct cel_regex_node *sequence)
{
    const struct cel_regex_node *first = sequence->last;

    while (first && first->previous)
        first = first->previous;
    return first;
}

static bool is_anchored(const struct cel_regex_node *node)
{
    const struct cel_regex_node *part;

    switch (node->form) {
    case CEL_REGEX_PLACE:
        return node->place == CEL_REGEX_TEXT_BEGIN;
    case CEL_REGEX_SEQUENCE:
        part = first_of(node);
        return part && is_anchored(part);
    case CEL_REGEX_CHOICE:
        for (part = node->last; part; part = part->previous)
            if (!is_anchored(part))
                return false;
        return true;
    case CEL_REGEX_REPEAT:
        return node->repeat.min > 0 && is_anchored(node->repeat.of);
    default:
        return false;
    }
}

/* The characters that a sequence begins with, after "^"; if that is all of it but a "$", the whole
 * search is a comparison. */
static int find_literal(struct compiler *compiler, const struct cel_regex_node *tree,
                        struct cel_regex *regex)
{
    const struct cel_regex_node **parts;
    size_t count = 0, at;
    char *literal;

    if (tree->form != CEL_REGEX_SEQUENCE)
        return 0;
    for (const struct cel_regex_node *part = tree->last; part; part = part->previous)
        count++;
    parts = cel_arena_take(compiler->arena, (count + 1) * sizeof(*parts));
    literal = cel_arena_take(compiler->arena, count * 4 + 1);
    if (!parts || !literal)
        return -1;
    at = count;
    for (const struct cel_regex_node *part = tree->last; part; part = part->previous)
        parts[--at] = part;
    if (count > 0 && is_place(parts[0], CEL_REGEX_TEXT_BEGIN))
        at++;
    regex->literal = literal;
    for (; at < count && parts[at]->form == CEL_REGEX_RUNE; at++)
        regex->literal_length += utf8_of(parts[at]->rune, literal + regex->literal_length);
    regex->to_end = at + 1 == count && is_place(parts[at], CEL_REGEX_TEXT_END);
    regex->only_literal = at == count || regex->to_end;
    return 0;
}

/* Room that growing left unused stays with the arena; what is kept is what was made. */
static void take_over(const struct compiler *compiler, uint16_t start, struct cel_regex *regex)
{
    regex->program = compiler->program;
    regex->count = compiler->count;
    regex->sets = compiler->sets;
    regex->sets_count = compiler->sets_count;
    regex->placed = compiler->placed;
    regex->start = start;
}

const struct cel_regex *cel_regex_compile(struct cel_arena *arena, const char *pattern,
                                          size_t length, uint64_t *steps, struct error *err)
{
    struct compiler compiler = {.arena = arena, .steps = steps};
    struct cel_regex *regex = cel_arena_take(arena, sizeof(*regex));
    struct cel_regex_node *tree = cel_regex_parse(arena, pattern, length, steps, err);
    uint16_t start;

    if (!tree)
        return NULL;
    memset(compiler.buckets, 0xff, sizeof(compiler.buckets));
    memset(compiler.sets_buckets, 0xff, sizeof(compiler.sets_buckets));
    pay(&compiler, PATTERN_STEPS + length);
    emit(&compiler, CEL_REGEX_OP_MATCH, 0, 0);
    emit(&compiler, CEL_REGEX_OP_FAIL, 0, 0);
    start = emit_node(&compiler, tree, CEL_REGEX_MATCH);
    if (compiler.too_large) {
        error_set_code(err, ERROR_INVALID,
                       "pattern: its repeats and classes make more than %d instructions",
                       CEL_REGEX_PROGRAM_MAX);
        return NULL;
    }
    if (!regex || compiler.no_room || find_literal(&compiler, tree, regex) < 0) {
        cel_regex_too_much(*steps, err);
        return NULL;
    }
    regex->anchored = is_anchored(tree);
    take_over(&compiler, start, regex);
    return regex;
}

size_t cel_regex_size(const struct cel_regex *regex)
{
    return regex->only_literal || regex->table ? 1 : regex->count;
}
