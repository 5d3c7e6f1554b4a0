/* cel_standard.h - the functions behind the table in cel_standard.c, for it and the evaluator.
 * All are cel_function: arguments of the kinds that the table names, or of any where it says dyn.
 * Spec: the public CEL language definition, "List of Standard Definitions".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rules/cel/cel_env.h"
#include "rules/cel/cel_value.h"

struct cel_regex;

#define CEL_FUNCTION(name)                                                                         \
    struct cel_value name(struct cel_run *run, const struct cel_value *args, size_t count)

/* cel_arithmetic.c: each takes any pair that the table has for its operator. */
CEL_FUNCTION(cel_add);
CEL_FUNCTION(cel_subtract);
CEL_FUNCTION(cel_multiply);
CEL_FUNCTION(cel_divide);
CEL_FUNCTION(cel_modulo);
CEL_FUNCTION(cel_negate);

/* cel_comparisons.c */
CEL_FUNCTION(cel_equal);
CEL_FUNCTION(cel_not_equal);
CEL_FUNCTION(cel_less);
CEL_FUNCTION(cel_less_equal);
CEL_FUNCTION(cel_greater);
CEL_FUNCTION(cel_greater_equal);

/* cel_logic.c: what the evaluator does before it looks at all arguments, for who has them all. */
CEL_FUNCTION(cel_not);
CEL_FUNCTION(cel_and);
CEL_FUNCTION(cel_or);
CEL_FUNCTION(cel_choose);
CEL_FUNCTION(cel_not_strictly_false);

/* cel_conversions.c */
CEL_FUNCTION(cel_to_bool);
CEL_FUNCTION(cel_to_int);
CEL_FUNCTION(cel_to_uint);
CEL_FUNCTION(cel_to_double);
CEL_FUNCTION(cel_to_string);
CEL_FUNCTION(cel_to_bytes);
CEL_FUNCTION(cel_to_timestamp);
CEL_FUNCTION(cel_to_duration);
CEL_FUNCTION(cel_to_dyn);
CEL_FUNCTION(cel_to_type);

/* cel_texts.c */
CEL_FUNCTION(cel_contains);
CEL_FUNCTION(cel_starts_with);
CEL_FUNCTION(cel_ends_with);
CEL_FUNCTION(cel_matches);
struct cel_value cel_matches_compiled(struct cel_run *run, const struct cel_regex *regex,
                                      struct cel_value text);

/* cel_access.c */
CEL_FUNCTION(cel_size);
CEL_FUNCTION(cel_in);
CEL_FUNCTION(cel_index);
CEL_FUNCTION(cel_map_insert);
/* operand.field; of an optional: an optional. */
struct cel_value cel_select(struct cel_run *run, struct cel_value operand, struct cel_value field);
/* has(operand.field) */
struct cel_value cel_has(struct cel_run *run, struct cel_value operand, struct cel_value field);
/* operand.?field and operand[?key]: an optional, none when it is not there. */
struct cel_value cel_index_optional(struct cel_run *run, struct cel_value operand,
                                    struct cel_value key);

/* cel_moments.c */
CEL_FUNCTION(cel_full_year);
CEL_FUNCTION(cel_month);
CEL_FUNCTION(cel_day_of_year);
CEL_FUNCTION(cel_day_of_month);
CEL_FUNCTION(cel_date);
CEL_FUNCTION(cel_day_of_week);
CEL_FUNCTION(cel_hours);
CEL_FUNCTION(cel_minutes);
CEL_FUNCTION(cel_seconds);
CEL_FUNCTION(cel_milliseconds);
