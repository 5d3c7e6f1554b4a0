/* cel_conversions.h - values as text, for who shows them. */
#pragma once

#include "rules/cel/cel_run.h"
#include "rules/cel/cel_value.h"

/* What string(value) is: a string of the run's arena, or an error: it has no text. */
struct cel_value cel_as_string(struct cel_run *run, struct cel_value value);

/* The shortest digits that read back as the same number, as ECMAScript writes them: "0.0045",
 * "1e+21", "NaN", "-Infinity". */
#define CEL_DOUBLE_TEXT_SIZE 32
#define CEL_DOUBLE_TEXT_COST 32 /* for a caller with a budget: finding the digits takes that */
void cel_double_text(double real, char out[CEL_DOUBLE_TEXT_SIZE]);
