/* cel_optionals.c - the library of optionals. What their syntax does (a.?b, a[?b], a.b and a[b] of
 * an optional) is cel_access.c's; for the checker it is declared here. */
#include "rules/cel/cel_arena.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/functions/cel_standard.h"

static struct cel_value none(void)
{
    return (struct cel_value){.kind = CEL_OPTIONAL};
}

static struct cel_value some(struct cel_run *run, struct cel_value value)
{
    struct cel_value *inner = cel_arena_take(run->arena, sizeof(*inner));

    if (!inner)
        return cel_out_of_memory();
    *inner = value;
    return (struct cel_value){.kind = CEL_OPTIONAL, .inner = inner};
}

static CEL_FUNCTION(make_none)
{
    (void)run;
    (void)args;
    (void)count;
    return none();
}

static CEL_FUNCTION(make)
{
    (void)count;
    return some(run, args[0]);
}

/* What a field has that was never set. */
static bool is_zero(struct cel_value value)
{
    switch (value.kind) {
    case CEL_NULL:
        return true;
    case CEL_BOOL:
        return !value.boolean;
    case CEL_INT:
    case CEL_UINT:
        return value.natural == 0;
    case CEL_DOUBLE:
        return value.real == 0;
    case CEL_STRING:
    case CEL_BYTES:
        return value.extra == 0;
    case CEL_TIMESTAMP:
    case CEL_DURATION:
        return value.integer == 0 && value.extra == 0;
    case CEL_LIST:
        return value.list->count == 0;
    case CEL_MAP:
        return value.map->count == 0;
    case CEL_OPTIONAL:
        return !value.inner;
    default:
        return false;
    }
}

static CEL_FUNCTION(make_non_zero)
{
    (void)count;
    return is_zero(args[0]) ? none() : some(run, args[0]);
}

static CEL_FUNCTION(has_value)
{
    (void)run;
    (void)count;
    return cel_bool(args[0].inner != NULL);
}

static CEL_FUNCTION(value_of)
{
    (void)run;
    (void)count;
    return args[0].inner ? *args[0].inner : cel_error("optional.none() has no value");
}

static CEL_FUNCTION(or_other)
{
    (void)run;
    (void)count;
    return args[0].inner ? args[0] : args[1];
}

static CEL_FUNCTION(or_value)
{
    (void)run;
    (void)count;
    return args[0].inner ? *args[0].inner : args[1];
}

/* The values that there are, without the gaps. */
static CEL_FUNCTION(unwrap)
{
    const struct cel_list *from = args[0].list;
    struct cel_list *list = cel_arena_take(run->arena, sizeof(*list));
    struct cel_value *items = cel_arena_take(run->arena, from->count * sizeof(*items));

    (void)count;
    if (!list || !items)
        return cel_out_of_memory();
    list->items = items;
    for (size_t i = 0; i < from->count; i++) {
        if (from->items[i].kind != CEL_OPTIONAL)
            return cel_no_overload(run->arena, "unwrap: an element", &from->items[i], 1);
        if (from->items[i].inner)
            items[list->count++] = *from->items[i].inner;
    }
    return cel_list(list);
}

static CEL_FUNCTION(first)
{
    (void)count;
    return args[0].list->count ? some(run, args[0].list->items[0]) : none();
}

static CEL_FUNCTION(last)
{
    size_t length = args[0].list->count;

    (void)count;
    return length ? some(run, args[0].list->items[length - 1]) : none();
}

static CEL_FUNCTION(index_optional)
{
    (void)count;
    return cel_index_optional(run, args[0], args[1]);
}

static const struct cel_overload OVERLOADS[] = {
    {"_[?_]", "(list<A>, int) -> optional<A>", index_optional, false},
    {"_[?_]", "(map<A, B>, A) -> optional<B>", index_optional, false},
    {"_[?_]", "(optional<list<A>>, int) -> optional<A>", index_optional, false},
    {"_[?_]", "(optional<map<A, B>>, A) -> optional<B>", index_optional, false},
    {"_[_]", "(optional<list<A>>, int) -> optional<A>", cel_index, false},
    {"_[_]", "(optional<map<A, B>>, A) -> optional<B>", cel_index, false},
    {"optional.none", "() -> optional<A>", make_none, false},
    {"optional.of", "(A) -> optional<A>", make, false},
    {"optional.ofNonZeroValue", "(A) -> optional<A>", make_non_zero, false},
    {"hasValue", "optional<A>.() -> bool", has_value, false},
    {"value", "optional<A>.() -> A", value_of, false},
    {"or", "optional<A>.(optional<A>) -> optional<A>", or_other, false},
    {"orValue", "optional<A>.(A) -> A", or_value, false},
    {"optional.unwrap", "(list<optional<A>>) -> list<A>", unwrap, true},
    {"unwrapOpt", "list<optional<A>>.() -> list<A>", unwrap, true},
    {"first", "list<A>.() -> optional<A>", first, false},
    {"last", "list<A>.() -> optional<A>", last, false},
};

const struct cel_library cel_optionals = {
    .name = "optionals",
    .overloads = OVERLOADS,
    .count = sizeof(OVERLOADS) / sizeof(OVERLOADS[0]),
};
