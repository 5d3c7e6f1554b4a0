/* cel_bench - storey: rules. What an expression costs beside the same predicate in C, for benches.
 *
 * cel_bench simple: four predicates over slots, all of them looked at; the peer is a C function
 * over a struct of C strings, as one writes it by hand. with_lengths is the same over the slots,
 * where the compiler knows each constant's length. Prints one JSON line; nanoseconds each, the best
 * of many rounds, all of them in turn.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_program.h"

#define EVENTS 1024
#define SLOTS 4
#define TURNS 8 /* over all events, a round: short, so that some are not interrupted */
#define ROUNDS 300

static const char SOURCE[] = "event.type == 'raid_degraded' && event.severity in ['critical', "
                             "'major'] && event.count >= 3 && asset.site != 'laboratory'";
static const char *const NAMES[SLOTS][2] = {{"event.type", "string"},
                                            {"event.severity", "string"},
                                            {"event.count", "int"},
                                            {"asset.site", "string"}};

static struct cel_value text(const char *string)
{
    return cel_string(string, strlen(string));
}

/* One in four is of the laboratory: the last predicate decides, and not always the same. */
static void make_events(struct cel_value events[EVENTS][SLOTS])
{
    static const char *const SITES[] = {"frankfurt", "laboratory", "helsinki", "ashburn-2"};
    uint32_t random = 1;

    for (size_t i = 0; i < EVENTS; i++) {
        random = random * 1664525 + 1013904223;
        events[i][0] = text("raid_degraded");
        events[i][1] = text(random >> 30 & 1 ? "critical" : "major");
        events[i][2] = cel_int(3 + (random >> 20 & 15));
        events[i][3] = text(SITES[random >> 28 & 3]);
    }
}

struct event {
    const char *type, *severity, *site;
    int64_t count;
};

static void make_strings(struct event *out, struct cel_value events[EVENTS][SLOTS])
{
    for (size_t i = 0; i < EVENTS; i++)
        out[i] = (struct event){.type = events[i][0].text,
                                .severity = events[i][1].text,
                                .count = events[i][2].integer,
                                .site = events[i][3].text};
}

static bool __attribute__((noinline)) by_hand(const struct event *event)
{
    return strcmp(event->type, "raid_degraded") == 0 &&
           (strcmp(event->severity, "critical") == 0 || strcmp(event->severity, "major") == 0) &&
           event->count >= 3 && strcmp(event->site, "laboratory") != 0;
}

static bool is(struct cel_value value, const char *string, size_t length)
{
    return value.kind == CEL_STRING && value.extra == length &&
           memcmp(value.text, string, length) == 0;
}
#define IS(value, string) is(value, string, sizeof(string) - 1)

static bool __attribute__((noinline)) with_lengths(const struct cel_value *slots)
{
    return IS(slots[0], "raid_degraded") && (IS(slots[1], "critical") || IS(slots[1], "major")) &&
           slots[2].kind == CEL_INT && slots[2].integer >= 3 && !IS(slots[3], "laboratory");
}

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Nanoseconds each; *matched: how many held. */
static double run_program(const struct cel_program *program, struct cel_value events[EVENTS][SLOTS],
                          struct cel_arena *arena, uint64_t *matched)
{
    double begin = now_ns();

    for (size_t turn = 0; turn < TURNS; turn++) {
        for (size_t i = 0; i < EVENTS; i++) {
            struct cel_run run = {.slots = events[i], .arena = arena, .budget = CEL_BUDGET_DEFAULT};
            struct cel_value value = cel_program_run(program, &run);

            *matched += value.kind == CEL_BOOL && value.boolean;
        }
    }
    return (now_ns() - begin) / (TURNS * EVENTS);
}

static double run_by_hand(const struct event *strings, uint64_t *matched)
{
    double begin = now_ns();

    for (size_t turn = 0; turn < TURNS; turn++)
        for (size_t i = 0; i < EVENTS; i++)
            *matched += by_hand(&strings[i]);
    return (now_ns() - begin) / (TURNS * EVENTS);
}

static double run_with_lengths(struct cel_value events[EVENTS][SLOTS], uint64_t *matched)
{
    double begin = now_ns();

    for (size_t turn = 0; turn < TURNS; turn++)
        for (size_t i = 0; i < EVENTS; i++)
            *matched += with_lengths(events[i]);
    return (now_ns() - begin) / (TURNS * EVENTS);
}

static void keep_least(double *least, double value)
{
    if (*least == 0 || value < *least)
        *least = value;
}

static int bench(const struct cel_program *program, struct cel_arena *arena)
{
    static struct cel_value events[EVENTS][SLOTS];
    static struct event strings[EVENTS];
    double ours = 0, hand = 0, lengths = 0;
    uint64_t matched = 0, by_strings = 0, by_lengths = 0;

    make_events(events);
    make_strings(strings, events);
    for (int round = 0; round < ROUNDS; round++) {
        keep_least(&ours, run_program(program, events, arena, &matched));
        keep_least(&hand, run_by_hand(strings, &by_strings));
        keep_least(&lengths, run_with_lengths(events, &by_lengths));
    }
    if (matched != by_strings || matched != by_lengths || cel_arena_used(arena) > 0) {
        fprintf(stderr, "cel_bench: %" PRIu64 " held, %" PRIu64 " by hand; %zu bytes taken\n",
                matched, by_strings, cel_arena_used(arena));
        return EXIT_FAILURE;
    }
    printf("{\"bench\": \"cel_simple\", \"value\": %.1f, \"unit\": \"ns\", \"peer\": \"the same "
           "predicate by hand in C\", \"peer_value\": %.1f, \"ratio\": %.2f, \"with_lengths\": "
           "%.1f}\n",
           ours, hand, ours / hand, lengths);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct cel_arena *arena = cel_arena_create(1 << 20);
    struct cel_program *program = NULL;
    struct cel_issues issues = {0};
    struct error err = {0};
    struct cel_env *env = cel_env_create(cel_libraries, &err);
    int rc = EXIT_FAILURE, slot;

    if (argc != 2 || strcmp(argv[1], "simple") != 0)
        return fprintf(stderr, "usage: cel_bench simple\n"), 2;
    for (size_t i = 0; env && i < SLOTS; i++)
        if (cel_env_declare(env, NAMES[i][0], NAMES[i][1], &slot, &err) < 0)
            break;
    if (env && arena)
        program = cel_program_compile(env, SOURCE, strlen(SOURCE), NULL, &issues);
    if (program)
        rc = bench(program, arena);
    else
        fprintf(stderr, "cel_bench: %s\n",
                issues.count ? issues.items[0].message : error_text(&err));
    cel_program_destroy(program);
    cel_issues_clear(&issues);
    cel_env_destroy(env);
    cel_arena_destroy(arena);
    return rc;
}
