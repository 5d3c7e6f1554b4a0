/* cel_standard.c - the table of the standard functions: what the checker is told of each, and what
 * is called. Functions that tell their arguments' kinds apart themselves stand for many rows. */
#include "rules/cel/functions/cel_standard.h"
#include "rules/cel/cel_libraries.h"

#define COMPARISON(name, call)                                                                     \
    {name, "(bool, bool) -> bool", call, false}, {name, "(int, int) -> bool", call, false},        \
        {name, "(uint, uint) -> bool", call, false},                                               \
        {name, "(double, double) -> bool", call, false},                                           \
        {name, "(int, uint) -> bool", call, false}, {name, "(int, double) -> bool", call, false},  \
        {name, "(uint, int) -> bool", call, false}, {name, "(uint, double) -> bool", call, false}, \
        {name, "(double, int) -> bool", call, false},                                              \
        {name, "(double, uint) -> bool", call, false},                                             \
        {name, "(string, string) -> bool", call, true},                                            \
        {name, "(bytes, bytes) -> bool", call, true},                                              \
        {name, "(timestamp, timestamp) -> bool", call, false},                                     \
    {                                                                                              \
        name, "(duration, duration) -> bool", call, false                                          \
    }

#define OF_DATE(name, call)                                                                        \
    {name, "timestamp.() -> int", call, false},                                                    \
    {                                                                                              \
        name, "timestamp.(string) -> int", call, false                                             \
    }

#define OF_TIME(name, call)                                                                        \
    OF_DATE(name, call),                                                                           \
    {                                                                                              \
        name, "duration.() -> int", call, false                                                    \
    }

static const struct cel_overload OVERLOADS[] = {
    {"_+_", "(int, int) -> int", cel_add, false},
    {"_+_", "(uint, uint) -> uint", cel_add, false},
    {"_+_", "(double, double) -> double", cel_add, false},
    {"_+_", "(string, string) -> string", cel_add, true},
    {"_+_", "(bytes, bytes) -> bytes", cel_add, true},
    {"_+_", "(list<A>, list<A>) -> list<A>", cel_add, true},
    {"_+_", "(timestamp, duration) -> timestamp", cel_add, false},
    {"_+_", "(duration, timestamp) -> timestamp", cel_add, false},
    {"_+_", "(duration, duration) -> duration", cel_add, false},
    {"_-_", "(int, int) -> int", cel_subtract, false},
    {"_-_", "(uint, uint) -> uint", cel_subtract, false},
    {"_-_", "(double, double) -> double", cel_subtract, false},
    {"_-_", "(timestamp, timestamp) -> duration", cel_subtract, false},
    {"_-_", "(timestamp, duration) -> timestamp", cel_subtract, false},
    {"_-_", "(duration, duration) -> duration", cel_subtract, false},
    {"_*_", "(int, int) -> int", cel_multiply, false},
    {"_*_", "(uint, uint) -> uint", cel_multiply, false},
    {"_*_", "(double, double) -> double", cel_multiply, false},
    {"_/_", "(int, int) -> int", cel_divide, false},
    {"_/_", "(uint, uint) -> uint", cel_divide, false},
    {"_/_", "(double, double) -> double", cel_divide, false},
    {"_%_", "(int, int) -> int", cel_modulo, false},
    {"_%_", "(uint, uint) -> uint", cel_modulo, false},
    {"-_", "(int) -> int", cel_negate, false},
    {"-_", "(double) -> double", cel_negate, false},

    {"_==_", "(A, A) -> bool", cel_equal, true},
    {"_!=_", "(A, A) -> bool", cel_not_equal, true},
    COMPARISON("_<_", cel_less),
    COMPARISON("_<=_", cel_less_equal),
    COMPARISON("_>_", cel_greater),
    COMPARISON("_>=_", cel_greater_equal),

    {"!_", "(bool) -> bool", cel_not, false},
    {"_&&_", "(bool, bool) -> bool", cel_and, false},
    {"_||_", "(bool, bool) -> bool", cel_or, false},
    {"_?_:_", "(bool, A, A) -> A", cel_choose, false},
    {"@not_strictly_false", "(bool) -> bool", cel_not_strictly_false, false},

    {"size", "(string) -> int", cel_size, true},
    {"size", "(bytes) -> int", cel_size, false},
    {"size", "(list<A>) -> int", cel_size, false},
    {"size", "(map<A, B>) -> int", cel_size, false},
    {"size", "string.() -> int", cel_size, true},
    {"size", "bytes.() -> int", cel_size, false},
    {"size", "list<A>.() -> int", cel_size, false},
    {"size", "map<A, B>.() -> int", cel_size, false},
    {"@in", "(A, list<A>) -> bool", cel_in, true},
    {"@in", "(A, map<A, B>) -> bool", cel_in, false},
    {"_[_]", "(list<A>, int) -> A", cel_index, false},
    {"_[_]", "(map<A, B>, A) -> B", cel_index, false},
    {"@map_insert", "(map<A, B>, A, B) -> map<A, B>", cel_map_insert, true},
    {"@map_insert", "(map<A, B>, map<A, B>) -> map<A, B>", cel_map_insert, true},

    {"contains", "string.(string) -> bool", cel_contains, true},
    {"startsWith", "string.(string) -> bool", cel_starts_with, true},
    {"endsWith", "string.(string) -> bool", cel_ends_with, true},
    {"matches", "(string, string) -> bool", cel_matches, false},
    {"matches", "string.(string) -> bool", cel_matches, false},

    {"bool", "(bool) -> bool", cel_to_bool, false},
    {"bool", "(string) -> bool", cel_to_bool, false},
    {"int", "(int) -> int", cel_to_int, false},
    {"int", "(uint) -> int", cel_to_int, false},
    {"int", "(double) -> int", cel_to_int, false},
    {"int", "(string) -> int", cel_to_int, true},
    {"int", "(timestamp) -> int", cel_to_int, false},
    {"uint", "(uint) -> uint", cel_to_uint, false},
    {"uint", "(int) -> uint", cel_to_uint, false},
    {"uint", "(double) -> uint", cel_to_uint, false},
    {"uint", "(string) -> uint", cel_to_uint, true},
    {"double", "(double) -> double", cel_to_double, false},
    {"double", "(int) -> double", cel_to_double, false},
    {"double", "(uint) -> double", cel_to_double, false},
    {"double", "(string) -> double", cel_to_double, true},
    {"string", "(string) -> string", cel_to_string, false},
    {"string", "(bool) -> string", cel_to_string, false},
    {"string", "(int) -> string", cel_to_string, false},
    {"string", "(uint) -> string", cel_to_string, false},
    {"string", "(double) -> string", cel_to_string, false},
    {"string", "(bytes) -> string", cel_to_string, true},
    {"string", "(timestamp) -> string", cel_to_string, false},
    {"string", "(duration) -> string", cel_to_string, false},
    {"bytes", "(bytes) -> bytes", cel_to_bytes, false},
    {"bytes", "(string) -> bytes", cel_to_bytes, false},
    {"timestamp", "(timestamp) -> timestamp", cel_to_timestamp, false},
    {"timestamp", "(int) -> timestamp", cel_to_timestamp, false},
    {"timestamp", "(string) -> timestamp", cel_to_timestamp, false},
    {"duration", "(duration) -> duration", cel_to_duration, false},
    {"duration", "(string) -> duration", cel_to_duration, false},
    {"dyn", "(A) -> dyn", cel_to_dyn, false},
    {"type", "(A) -> type<A>", cel_to_type, false},

    OF_DATE("getFullYear", cel_full_year),
    OF_DATE("getMonth", cel_month),
    OF_DATE("getDayOfYear", cel_day_of_year),
    OF_DATE("getDayOfMonth", cel_day_of_month),
    OF_DATE("getDate", cel_date),
    OF_DATE("getDayOfWeek", cel_day_of_week),
    OF_TIME("getHours", cel_hours),
    OF_TIME("getMinutes", cel_minutes),
    OF_TIME("getSeconds", cel_seconds),
    OF_TIME("getMilliseconds", cel_milliseconds),
};

const struct cel_library cel_standard = {
    .name = "standard",
    .overloads = OVERLOADS,
    .count = sizeof(OVERLOADS) / sizeof(OVERLOADS[0]),
};
