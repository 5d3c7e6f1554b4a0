/* cel_regex_table.c - a table of states for a pattern that is searched often: one look-up a byte.
 * A state is a set of instructions and what stood before; the table is built whole or not at all,
 * so that searches change nothing. Bytes that no set tells apart are one column.
 */
#include <stdlib.h>
#include <string.h>

#include "rules/cel/cel_arena.h"
#include "rules/cel/regex/cel_regex_program.h"

#define STATES_MAX 256
#define CELLS_MAX 8192    /* 16 KiB: ten thousand rules have a hundred MiB for them at most */
#define STEPS_MAX 2000000 /* instructions looked at while it is built: some ms */

#define MATCHED UINT16_MAX
#define LOST (UINT16_MAX - 1)

struct cel_regex_table {
    uint16_t columns; /* the last is the end of the text */
    uint8_t column[256];
    uint16_t cells[]; /* of each state: the first cell of the next one */
};

struct builder {
    const struct cel_regex *regex;
    size_t columns, count;
    uint8_t column[256];
    uint8_t of_column[256]; /* one byte of each */
    size_t words;           /* of the set of a state */
    uint64_t *sets;         /* of STATES_MAX states */
    uint8_t before[STATES_MAX];
    uint16_t cells[CELLS_MAX];
    size_t steps;
    struct cel_regex_walk walk;
};

/* Splits the columns by one more question about a byte. */
static void tell_apart(struct builder *builder, const bool answers[256])
{
    uint16_t known[256][2];
    size_t columns = 0;

    memset(known, 0xff, sizeof(known));
    for (unsigned byte = 0; byte < 256; byte++) {
        uint16_t *column = &known[builder->column[byte]][answers[byte]];

        if (*column == UINT16_MAX) {
            *column = (uint16_t)columns;
            builder->of_column[columns++] = (uint8_t)byte;
        }
        builder->column[byte] = (uint8_t)*column;
    }
    builder->columns = columns;
}

static void find_columns(struct builder *builder)
{
    const struct cel_regex *regex = builder->regex;
    bool answers[256] = {false};

    tell_apart(builder, answers);
    for (size_t i = 0; i < regex->sets_count; i++) {
        for (unsigned byte = 0; byte < 256; byte++)
            answers[byte] = cel_regex_has(&regex->sets[i], byte);
        tell_apart(builder, answers);
    }
    if (!regex->placed)
        return;
    for (unsigned byte = 0; byte < 256; byte++)
        answers[byte] = byte == '\n';
    tell_apart(builder, answers);
    for (unsigned byte = 0; byte < 256; byte++)
        answers[byte] = cel_regex_continues(byte);
    tell_apart(builder, answers);
    for (unsigned byte = 0; byte < 256; byte++)
        answers[byte] = cel_regex_before(byte) & CEL_REGEX_BEFORE_WORD;
    tell_apart(builder, answers);
}

/* The state that the walk is in now: its first cell, or LOST. False: there is no room for it. */
static bool state_of(struct builder *builder, unsigned before, uint16_t *ret)
{
    const struct cel_regex_states *now = &builder->walk.now;
    uint64_t *set = builder->sets + builder->count * builder->words;
    size_t i = 0;

    *ret = LOST;
    if (now->count == 0)
        return true;
    if (builder->count == STATES_MAX || (builder->count + 1) * (builder->columns + 1) > CELLS_MAX)
        return false;
    memset(set, 0, builder->words * sizeof(*set));
    for (size_t k = 0; k < now->count; k++)
        set[now->items[k] / 64] |= UINT64_C(1) << (now->items[k] % 64);
    builder->before[builder->count] = (uint8_t)before;
    while (builder->before[i] != before ||
           memcmp(builder->sets + i * builder->words, set, builder->words * sizeof(*set)) != 0)
        i++; /* at the latest it finds itself */
    builder->count += i == builder->count;
    *ret = (uint16_t)(i * (builder->columns + 1));
    return true;
}

static void enter(struct builder *builder, size_t state)
{
    const uint64_t *set = builder->sets + state * builder->words;
    struct cel_regex_states *now = &builder->walk.now;

    now->count = 0;
    now->step++;
    for (size_t i = 0; i < builder->regex->count; i++)
        if (set[i / 64] >> (i % 64) & 1)
            cel_regex_states_add(now, (uint16_t)i);
}

static bool fill_cell(struct builder *builder, size_t state, size_t column)
{
    unsigned byte = column < builder->columns ? builder->of_column[column] : CEL_REGEX_END;
    uint16_t *cell = &builder->cells[state * (builder->columns + 1) + column];

    builder->steps += builder->regex->count; /* the most that a step looks at */
    enter(builder, state);
    if (cel_regex_step(&builder->walk, builder->before[state], byte)) {
        *cell = MATCHED;
        return true;
    }
    if (byte == CEL_REGEX_END) {
        *cell = LOST;
        return true;
    }
    return builder->steps <= STEPS_MAX &&
           state_of(builder, builder->regex->placed ? cel_regex_before(byte) : 0, cell);
}

static bool fill(struct builder *builder)
{
    uint16_t first;

    if (!state_of(builder, builder->regex->placed ? CEL_REGEX_BEFORE_NOTHING : 0, &first))
        return false;
    for (size_t state = 0; state < builder->count; state++)
        for (size_t column = 0; column <= builder->columns; column++)
            if (!fill_cell(builder, state, column))
                return false;
    return true;
}

static struct cel_regex_table *table_of(const struct builder *builder, struct cel_arena *arena)
{
    size_t cells = builder->count * (builder->columns + 1);
    struct cel_regex_table *table =
        cel_arena_take(arena, sizeof(*table) + cells * sizeof(table->cells[0]));

    if (!table)
        return NULL;
    table->columns = (uint16_t)(builder->columns + 1);
    memcpy(table->column, builder->column, sizeof(table->column));
    memcpy(table->cells, builder->cells, cells * sizeof(table->cells[0]));
    return table;
}

const struct cel_regex *cel_regex_quicken(const struct cel_regex *regex, struct cel_arena *arena)
{
    size_t words = (regex->count + 63) / 64;
    struct cel_regex *quick = NULL;
    struct builder *builder;
    void *memory;

    if (regex->only_literal)
        return regex;
    builder = calloc(1, sizeof(*builder));
    memory = calloc(1, cel_regex_walk_size(regex));
    if (builder && memory && (builder->sets = calloc(STATES_MAX * words, sizeof(uint64_t)))) {
        builder->regex = regex;
        builder->words = words;
        find_columns(builder);
        cel_regex_walk_start(&builder->walk, regex, memory);
        if (fill(builder) && (quick = cel_arena_take(arena, sizeof(*quick)))) {
            *quick = *regex;
            quick->table = table_of(builder, arena);
        }
        free(builder->sets);
    }
    free(builder);
    free(memory);
    return quick ? quick : regex;
}

bool cel_regex_table_search(const struct cel_regex *regex, const char *text, size_t length,
                            size_t *ret_read)
{
    const struct cel_regex_table *table = regex->table;
    const char *at = text, *end = text + length;
    unsigned state = 0;

    for (; at < end; at++) {
        state = table->cells[state + table->column[(unsigned char)*at]];
        if (state >= LOST) {
            *ret_read = (size_t)(at - text) + 1;
            return state == MATCHED;
        }
    }
    *ret_read = length;
    return table->cells[state + table->columns - 1u] == MATCHED;
}
