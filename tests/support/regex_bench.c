/* storey: rules - the bench regex_hostile: patterns on which others take exponential or quadratic
 * time, each on a text and on one twice as long, both by walking the program and by its table. One
 * line each: how it was searched, growth of the time, growth of the steps, ns a byte, ms to
 * compile, the pattern.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/regex/cel_regex.h"

#define ROUNDS_MIN 25
#define ROUNDS_MAX 401
#define ROUNDS_NS 5e8 /* for all rounds of a pattern */
/* Bytes: some 100 us a search, which is seldom interrupted. By its table, and walked: not less than
 * so many for each instruction, since some bytes go by before all ways are open that will ever be.
 */
#define TABLE_TEXT 65520
#define WALK_TEXT 8160
#define WALK_TEXT_EACH 20

/* The text is 'unit' again and again, then 'tail'; nothing matches before the end. */
static const struct hostile {
    const char *pattern, *unit, *tail;
} HOSTILE[] = {
    {"(a*)*b", "a", ""},
    {"(a+)+$", "a", "!"},
    {"^(a|a)*$", "a", "!"},
    {"^(a|aa)+$", "a", "!"},
    {"^(([a-z])+.)+[A-Z]([a-z])+$", "a", ""},
    {"(x+x+)+y", "x", ""},
    {"(.*)*=[0-9]", "x", "="},
    {".*.*.*=[0-9]", "x=", ""},
    {"(?:.*a){12}.*b$", "a", "!"},
    {"\\s+$", " ", "!"},
    {"^([a-zA-Z0-9])(([.-]|_+)?([a-zA-Z0-9]+))*@x\\.com$", "a", "!"},
    {"(\\w+\\d+)+C", "1", ""},
    {"\\b(\\w+\\b\\W*)*!$", "ab ", "?"},
    {"(?m)^(.*,)*x$", ",", "y"},
    {"(a|b)*a(a|b){14}c", "abaab", ""},
    {"(?:a?){250}a{250}b", "a", ""},
    {"((a{1,8}){1,8}){1,8}b", "a", ""},
    {"(.{0,60}){0,2}x$", "y", ""},
    {"(?i)(\\pL\\PL?)*\\p{Greek}$", "\xc3\xa9-", ""},
    {"(?:\"|'|\\]|\\}|\\\\|\\d|(?:nan|true|null|math)|`|-|\\+)+[)]*;?((?:\\s|-|~|!|\\|\\|)*.*(?:.*="
     "[0-9]))",
     "-x=", ""},
};

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static char *text_of(const struct hostile *hostile, size_t length)
{
    size_t unit = strlen(hostile->unit), tail = strlen(hostile->tail);
    char *text = malloc(length + 1);

    if (!text)
        exit(1);
    for (size_t i = 0; i < length; i++)
        text[i] = hostile->unit[i % unit];
    memcpy(text + length - tail, hostile->tail, tail);
    return text;
}

static double search_ns(const struct cel_regex *regex, const struct hostile *hostile,
                        const char *text, size_t length, struct cel_arena *arena, double *ret_steps)
{
    uint64_t left = UINT64_MAX;
    double began = now_ns();
    int found = cel_regex_search(regex, text, length, arena, &left);

    if (found != 0) {
        fprintf(stderr, "%s: found %d\n", hostile->pattern, found);
        exit(1);
    }
    began = now_ns() - began;
    *ret_steps = (double)(UINT64_MAX - left);
    cel_arena_reset(arena);
    return began;
}

static int by_size(const void *left, const void *right)
{
    const double *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

struct growth {
    double time, steps;
    double ns; /* of the double, at its fastest */
};

/* How much longer the double takes, in the middle of all rounds: what else runs on the machine
 * slows both of a round, or only a few. Both texts end in the same place, so that both lie in the
 * same caches. */
static struct growth growth_of(const struct cel_regex *regex, const struct hostile *hostile,
                               size_t length)
{
    struct cel_arena *arena = cel_arena_create(1 << 20);
    char *twice = text_of(hostile, 2 * length);
    struct growth growth = {0};
    double times[ROUNDS_MAX], spent = 0;
    int rounds = 0;

    for (; rounds < ROUNDS_MIN || (rounds < ROUNDS_MAX && spent < ROUNDS_NS); rounds++) {
        double once_steps, twice_steps;
        double once = search_ns(regex, hostile, twice + length, length, arena, &once_steps);
        double took = search_ns(regex, hostile, twice, 2 * length, arena, &twice_steps);

        spent += once + took;
        times[rounds] = took / once;
        growth.steps = twice_steps / once_steps;
        if (rounds == 0 || took < growth.ns)
            growth.ns = took;
    }
    qsort(times, (size_t)rounds, sizeof(times[0]), by_size);
    growth.time = times[rounds / 2];
    free(twice);
    cel_arena_destroy(arena);
    return growth;
}

static void measure(const char *how, const struct cel_regex *regex, const struct hostile *hostile,
                    double compile_ns)
{
    size_t size = cel_regex_size(regex), length = size == 1 ? TABLE_TEXT : WALK_TEXT;
    struct growth growth;

    if (length < size * WALK_TEXT_EACH)
        length = size * WALK_TEXT_EACH;
    length -= length % 60; /* whole units, also of the double */
    growth = growth_of(regex, hostile, length);
    printf("%s %.3f %.3f %.2f %.3f %s\n", how, growth.time, growth.steps,
           growth.ns / (2.0 * (double)length), compile_ns / 1e6, hostile->pattern);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(HOSTILE) / sizeof(HOSTILE[0]); i++) {
        const struct hostile *hostile = &HOSTILE[i];
        struct cel_arena *arena = cel_arena_create(1 << 22);
        uint64_t steps = CEL_REGEX_STEPS_MAX;
        struct error err = {0};
        double began = now_ns(), compiled;
        const struct cel_regex *quick,
            *regex =
                cel_regex_compile(arena, hostile->pattern, strlen(hostile->pattern), &steps, &err);

        if (!regex) {
            fprintf(stderr, "%s: %s\n", hostile->pattern, error_text(&err));
            return 1;
        }
        compiled = now_ns() - began;
        measure("walk", regex, hostile, compiled);
        began = now_ns();
        quick = cel_regex_quicken(regex, arena);
        if (quick != regex)
            measure("table", quick, hostile, compiled + now_ns() - began);
        cel_arena_destroy(arena);
    }
    return 0;
}
