/* cel_value.h - a value of CEL in 16 bytes. Values own nothing: text, lists and maps are borrowed
 * from an arena or from who made the value, and nobody changes them. An error is a value too: it
 * goes through an expression until an operator absorbs it.
 * Spec: the public CEL language definition, "Values"; equality and order across number types as
 * "Overview: numeric comparisons".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cel_arena;
struct cel_list;
struct cel_map;

enum cel_kind {
    CEL_ABSENT, /* no value: a variable that was not given; as a value of zeros */
    CEL_ERROR,  /* text: why, with a NUL; extra: where in the source, in bytes, or CEL_NOWHERE */
    CEL_NULL,
    CEL_BOOL,
    CEL_INT,
    CEL_UINT,
    CEL_DOUBLE,
    CEL_STRING,    /* text, extra bytes of UTF-8; no NUL behind it */
    CEL_BYTES,     /* the same of any bytes */
    CEL_TIMESTAMP, /* integer: seconds since 1970; extra: nanoseconds, 0..999999999 */
    CEL_DURATION,  /* integer: seconds, rounded down; extra: nanoseconds, 0..999999999 */
    CEL_LIST,
    CEL_MAP,
    CEL_TYPE,     /* text, extra: its name */
    CEL_OPTIONAL, /* inner; NULL: none */
    CEL_ADDRESS,  /* net.IP: text, extra bytes: cel_network.c's; equal when all bytes are */
    CEL_CIDR,     /* net.CIDR: the same */
    CEL_KINDS,
};

struct cel_value {
    uint32_t kind; /* enum cel_kind */
    uint32_t extra;
    union {
        bool boolean;
        int64_t integer;
        uint64_t natural;
        double real;
        const char *text;
        const struct cel_list *list;
        const struct cel_map *map;
        const struct cel_value *inner;
    };
};

struct cel_list {
    size_t count;
    const struct cel_value *items;
};

struct cel_entry {
    struct cel_value key, value;
};

struct cel_map {
    size_t count;
    const struct cel_entry *entries; /* in the order they were written */
    const uint32_t *index;           /* into entries, in the order of keys; NULL: few entries */
};

/* Whole seconds. Timestamps by the definition: years 1 to 9999. Durations: what 64 bits of
 * nanoseconds hold, about 292 years, which is where other evaluators end too. */
#define CEL_TIMESTAMP_MIN INT64_C(-62135596800)
#define CEL_TIMESTAMP_MAX INT64_C(253402300799)
#define CEL_DURATION_MAX INT64_C(9223372036)

static inline bool cel_is(struct cel_value value, enum cel_kind kind)
{
    return value.kind == kind;
}

static inline struct cel_value cel_bool(bool boolean)
{
    return (struct cel_value){.kind = CEL_BOOL, .boolean = boolean};
}

static inline struct cel_value cel_int(int64_t integer)
{
    return (struct cel_value){.kind = CEL_INT, .integer = integer};
}

static inline struct cel_value cel_uint(uint64_t natural)
{
    return (struct cel_value){.kind = CEL_UINT, .natural = natural};
}

static inline struct cel_value cel_double(double real)
{
    return (struct cel_value){.kind = CEL_DOUBLE, .real = real};
}

static inline struct cel_value cel_null(void)
{
    return (struct cel_value){.kind = CEL_NULL};
}

/* Borrowed; at most UINT32_MAX bytes, of UTF-8. */
struct cel_value cel_string(const char *text, size_t length);
struct cel_value cel_bytes(const void *bytes, size_t length);
struct cel_value cel_list(const struct cel_list *list);
struct cel_value cel_map(const struct cel_map *map);
/* 'text' is borrowed and ends in NUL; where it happened is the evaluator's to add. */
#define CEL_NOWHERE UINT32_MAX
struct cel_value cel_error(const char *text);
struct cel_value cel_error_format(struct cel_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct cel_value cel_out_of_memory(void);
/* For "%.*s" with a string in a message: at most 64 of its bytes, and no part of a character. */
int cel_shown(struct cel_value text);
/* "no such overload", with the kinds of the arguments. */
struct cel_value cel_no_overload(struct cel_arena *arena, const char *function,
                                 const struct cel_value *args, size_t count);

/* A map over 'entries' (borrowed), whose keys are bool, int, uint or string. CEL_ERROR: a key of
 * another kind, a key that stands twice, or no room in the arena. */
struct cel_value cel_map_make(struct cel_arena *arena, const struct cel_entry *entries,
                              size_t count);
/* NULL: no such key. A number is found by any number equal to it. */
const struct cel_value *cel_map_find(const struct cel_map *map, struct cel_value key);
const struct cel_value *cel_map_find_text(const struct cel_map *map, const char *key,
                                          size_t length);

/* Never an error: values of different kinds differ, but for numbers. */
bool cel_value_equal(struct cel_value left, struct cel_value right);
/* The same in at most *left_over steps, which are taken off: lists that share parts can hold more
 * than could be walked. 1, 0, or -1: more steps, or deeper than CEL_VALUE_DEPTH_MAX. */
#define CEL_VALUE_DEPTH_MAX 256
int cel_value_compare(struct cel_value left, struct cel_value right, uint64_t *left_over);
/* False: these two have no order (NaN has none either). *ret_order < 0, 0, > 0. */
bool cel_value_order(struct cel_value left, struct cel_value right, int *ret_order);

const char *cel_kind_name(enum cel_kind kind); /* "int", "google.protobuf.Timestamp" */
/* Code points of a string. */
size_t cel_string_size(struct cel_value string);
