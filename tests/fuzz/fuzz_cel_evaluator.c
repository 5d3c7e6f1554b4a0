/* fuzz_cel_evaluator.c - storey: rules. Variables as JSON in the first line, an expression behind
 * it. It runs checked and unchecked within its budget and its memory; what it spends is no more
 * than the estimate says; a second run gives the same; where both forms have a value it is one; and
 * what can be written reads back as an equal.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_issues.h"
#include "rules/cel/cel_json.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_program.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define BUDGET 20000
#define MEMORY (4 << 20)

static const struct {
    const char *name, *type;
    enum cel_kind kind; /* CEL_ABSENT: any */
} VARIABLES[] = {
    {"x", "dyn", CEL_ABSENT},
    {"y", "dyn", CEL_ABSENT},
    {"n", "int", CEL_INT},
    {"d", "double", CEL_DOUBLE},
    {"s", "string", CEL_STRING},
    {"b", "bool", CEL_BOOL},
    {"l", "list<dyn>", CEL_LIST},
    {"m", "map<string, dyn>", CEL_MAP},
    {"event.type", "string", CEL_STRING},
    {"event.count", "int", CEL_INT},
    {"asset", "dyn", CEL_ABSENT},
};
#define COUNT (sizeof(VARIABLES) / sizeof(VARIABLES[0]))

static void require(bool holds)
{
    if (!holds)
        abort();
}

static const struct cel_env *environment(void)
{
    static struct cel_env *env;
    int slot;

    if (env)
        return env;
    env = cel_env_create(cel_libraries, NULL);
    require(env != NULL);
    for (size_t i = 0; i < COUNT; i++)
        require(cel_env_declare(env, VARIABLES[i].name, VARIABLES[i].type, &slot, NULL) == 0 &&
                slot == (int)i);
    return env;
}

static void read_slots(struct cel_arena *arena, const json_t *json, struct cel_value slots[COUNT])
{
    for (size_t i = 0; i < COUNT; i++) {
        const json_t *member = json_object_get(json, VARIABLES[i].name);

        slots[i] = member ? cel_json_value(arena, member) : (struct cel_value){0};
        if (VARIABLES[i].kind != CEL_ABSENT && slots[i].kind != VARIABLES[i].kind)
            slots[i] = (struct cel_value){0};
    }
}

/* Everything in a NaN is equal to nothing, the value itself included. */
static bool has_nan(const json_t *json)
{
    char *text = json_dumps(json, 0);
    bool found = text && strstr(text, "\"NaN\"");

    free(text);
    return found;
}

static void reads_back(struct cel_arena *arena, struct cel_value value)
{
    json_t *json = cel_json_write(value);
    struct cel_value again;

    if (json && !has_nan(json) && cel_json_read(arena, json, &again, NULL) == 0)
        require(cel_value_equal(value, again));
    json_decref(json);
}

static struct cel_value run(const struct cel_program *program, const struct cel_value *slots,
                            struct cel_arena *arena, size_t length)
{
    struct cel_run state = {.slots = slots, .arena = arena, .budget = BUDGET};
    uint64_t cost = cel_program_cost(program, length);
    struct cel_value value = cel_program_run(program, &state);

    require(state.budget <= BUDGET);
    require(state.budget == 0 || cost >= BUDGET - state.budget);
    require(value.kind != CEL_ABSENT && value.kind < CEL_KINDS);
    require(value.kind != CEL_ERROR || (value.text[0] && value.extra <= length));
    return value;
}

/* The same kind, and the same text of it: order and bits, not only equality. */
static bool same(struct cel_value left, struct cel_value right)
{
    json_t *one = cel_json_write(left), *other = cel_json_write(right);
    bool equal = left.kind == right.kind && (!one || !other || json_equal(one, other));

    json_decref(one);
    json_decref(other);
    return equal;
}

static void evaluate(const char *source, size_t length, const struct cel_value *slots,
                     struct cel_arena *arena, size_t longest)
{
    const struct cel_options unchecked = {.unchecked = true};
    struct cel_issues issues = {0};
    struct cel_program *free_form, *checked;
    struct cel_value value, again;

    free_form = cel_program_compile(environment(), source, length, &unchecked, &issues);
    require((free_form != NULL) == (issues.count == 0));
    cel_issues_clear(&issues);
    checked = cel_program_compile(environment(), source, length, NULL, &issues);
    require((checked != NULL) == (issues.count == 0));
    cel_issues_clear(&issues);
    require(free_form || !checked);
    if (free_form) {
        value = run(free_form, slots, arena, longest);
        again = run(free_form, slots, arena, longest);
        require(same(value, again) || again.kind == CEL_ERROR); /* less memory was left */
        if (value.kind != CEL_ERROR)
            reads_back(arena, value);
        if (checked) {
            again = run(checked, slots, arena, longest);
            require(value.kind == CEL_ERROR || again.kind == CEL_ERROR || same(value, again));
        }
    }
    cel_program_destroy(checked);
    cel_program_destroy(free_form);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const uint8_t *line = memchr(bytes, '\n', length);
    size_t vars = line ? (size_t)(line - bytes) : 0;
    struct cel_arena *arena = cel_arena_create(MEMORY);
    struct cel_value slots[COUNT];
    json_t *json;

    require(arena != NULL);
    json = json_loadb((const char *)bytes, vars, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
    read_slots(arena, json, slots);
    if (line)
        vars++;
    evaluate((const char *)bytes + vars, length - vars, slots, arena, length + 16);
    json_decref(json);
    cel_arena_destroy(arena);
    return 0;
}
